//! Reading and verifying the audit chain.

use crate::sql::{Connection, Row, row_of, sql};
use crate::{Result, Scope, StoreError};
use futures::TryStreamExt as _;
use posthouse_model::event::{ChainFault, ChainVerifier, Event};
use posthouse_model::{TenantId, TicketId};
use serde::Serialize;

/// Events read at once.
const PAGE_MAX: u32 = 1000;
/// Events shown of one ticket.
const SHOWN_MAX: i64 = 500;

/// What verifying a chain came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Whose.
    pub tenant: TenantId,
    /// How many rows were looked at.
    pub events: i64,
    /// What is wrong, in order, at most [`ChainVerifier::FAULTS_MAX`]; empty when the chain is whole.
    pub faults: Vec<ChainFault>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("select seq, at, actor, kind, subject, data, previous, hash from event ", $rest)
    };
}

pub(crate) use select;

pub(crate) fn read(row: &Row) -> Result<Event> {
    let mut row = row.reader();
    Ok(Event {
        seq: row.next()?,
        at: row.next()?,
        actor: row.next()?,
        kind: row.next()?,
        subject: row.next()?,
        data: row.next()?,
        previous: row.next()?,
        hash: row.next()?,
    })
}

impl Scope {
    /// Events after a number (0: from the first), oldest first, at most 1000.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<Event>> {
        let rows = sql(select!("where tenant_id = $1 and seq > $2 order by seq limit $3"))
            .bind(self.tenant)
            .bind(after)
            .bind(limit.min(PAGE_MAX))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The newest events, newest first, only those before a number when given, at most 1000.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn newest_events(&self, before: Option<i64>, limit: u32) -> Result<Vec<Event>> {
        let rows = sql(select!("where tenant_id = $1 and seq < $2 order by seq desc limit $3"))
            .bind(self.tenant)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit.min(PAGE_MAX))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Of one ticket, oldest first, the newest 500.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_events(&self, ticket: TicketId) -> Result<Vec<Event>> {
        of_ticket(&mut *self.read().await?, self.tenant, ticket).await
    }

    /// Walks the whole chain, from one moment. Memory does not grow with its length.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such tenant.
    pub async fn verify_chain(&self) -> Result<ChainReport> {
        let mut on = self.store.inner.engine.snapshot().await?;
        let head = sql("select seq, hash from event_head where tenant_id = $1")
            .bind(self.tenant)
            .optional(&mut on)
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("tenant {}", self.tenant)))?;
        let mut verifier = ChainVerifier::new(self.tenant);
        let mut events = 0;
        let mut rows = sql(select!("where tenant_id = $1 order by seq")).bind(self.tenant).stream(&mut on)?;
        while let Some(row) = rows.try_next().await? {
            verifier.push(&read(&row_of(row))?);
            events += 1;
        }
        let faults = verifier.finish(head.get(0)?, &head.get::<String>(1)?);
        Ok(ChainReport { tenant: self.tenant, events, faults })
    }
}

pub(crate) async fn of_ticket(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<Event>> {
    let rows = sql(select!("where tenant_id = $1 and subject = $2 order by seq desc limit $3"))
        .bind(tenant)
        .bind(format!("ticket:{ticket}"))
        .bind(SHOWN_MAX)
        .all(on)
        .await?;
    rows.iter().rev().map(read).collect()
}
