//! Writing the audit chain: each event is sealed with the seal of the one before it.

use crate::engine::Kind;
use crate::sql::{Connection, placeholders, sql, sql_of};
use crate::{Result, StoreError};
use posthouse_model::event::{Event, NewEvent, genesis, seal};
use posthouse_model::{TenantId, Timestamp};

/// Events written by one statement: what a transaction usually has, and few enough different lengths to stay prepared.
const ROWS_PER_STATEMENT: usize = 10;
/// Values of an event beside its tenant.
const COLUMNS_OF_ONE: usize = 8;

/// The end of one tenant's chain, locked for the rest of the transaction.
#[derive(Debug)]
pub(crate) struct Chain {
    tenant: TenantId,
    seq: i64,
    hash: String,
}

impl Chain {
    /// Makes the empty chain of a new tenant.
    pub(crate) async fn start(on: &mut Connection, tenant: TenantId) -> Result<Self> {
        let chain = Self { tenant, seq: 0, hash: genesis(tenant) };
        sql("insert into event_head (tenant_id, seq, hash) values ($1, 0, $2)")
            .bind(tenant)
            .bind(&chain.hash)
            .run(on)
            .await?;
        Ok(chain)
    }

    /// Takes the head. On PostgreSQL this row's lock is also the tenant's write lock: every transaction takes it
    /// first, so the order of locks is the same everywhere and none can deadlock.
    pub(crate) async fn lock(kind: Kind, on: &mut Connection, tenant: TenantId) -> Result<Self> {
        let head = sql(match kind {
            Kind::Sqlite => "select seq, hash from event_head where tenant_id = $1",
            Kind::Postgres => "select seq, hash from event_head where tenant_id = $1 for update",
        })
        .bind(tenant)
        .optional(on)
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("tenant {tenant}")))?;
        Ok(Self { tenant, seq: head.get(0)?, hash: head.get(1)? })
    }

    /// Seals and writes events in order, then the new head.
    pub(crate) async fn append(mut self, on: &mut Connection, at: Timestamp, events: Vec<NewEvent>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let rows: Vec<Event> = events.into_iter().map(|event| self.seal(at, event)).collect();
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            self.write(on, rows).await?;
        }
        sql("update event_head set seq = $1, hash = $2 where tenant_id = $3")
            .bind(self.seq)
            .bind(&self.hash)
            .bind(self.tenant)
            .run(on)
            .await?;
        Ok(())
    }

    fn seal(&mut self, at: Timestamp, event: NewEvent) -> Event {
        let seq = self.seq + 1;
        // What is sealed must be what is stored, and PostgreSQL cannot store U+0000.
        let actor = clean(event.actor.as_text());
        let kind = clean(event.kind);
        let subject = clean(event.subject);
        // JSON writes U+0000 as an escape.
        let data = event.data.to_string();
        let hash = seal(&self.hash, seq, at, &actor, &kind, &subject, &data);
        self.seq = seq;
        let previous = std::mem::replace(&mut self.hash, hash.clone());
        Event { seq, at, actor, kind, subject, data, previous, hash }
    }

    async fn write(&self, on: &mut Connection, rows: &[Event]) -> Result<()> {
        let slots: Vec<String> = (0..rows.len())
            .map(|n| format!("($1, {})", placeholders(2 + n * COLUMNS_OF_ONE, COLUMNS_OF_ONE)))
            .collect();
        let mut statement = sql_of(format!(
            "insert into event (tenant_id, seq, at, actor, kind, subject, data, previous, hash) values {}",
            slots.join(", ")
        ))
        .bind(self.tenant);
        for row in rows {
            statement = statement
                .bind(row.seq)
                .bind(row.at)
                .bind(&row.actor)
                .bind(&row.kind)
                .bind(&row.subject)
                .bind(&row.data)
                .bind(&row.previous)
                .bind(&row.hash);
        }
        statement.run(on).await?;
        Ok(())
    }
}

fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
