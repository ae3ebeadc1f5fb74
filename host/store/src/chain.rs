//! Writing the audit chain: each event is sealed with the seal of the one before it.

use crate::engine::Kind;
use crate::sql::{Connection, sql};
use crate::{Result, StoreError};
use posthouse_model::event::{NewEvent, genesis, seal};
use posthouse_model::{TenantId, Timestamp};

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
        for event in events {
            self.append_one(on, at, event).await?;
        }
        sql("update event_head set seq = $1, hash = $2 where tenant_id = $3")
            .bind(self.seq)
            .bind(&self.hash)
            .bind(self.tenant)
            .run(on)
            .await?;
        Ok(())
    }

    async fn append_one(&mut self, on: &mut Connection, at: Timestamp, event: NewEvent) -> Result<()> {
        let seq = self.seq + 1;
        // What is sealed must be what is stored, and PostgreSQL cannot store U+0000.
        let actor = clean(event.actor.as_text());
        let kind = clean(event.kind);
        let subject = clean(event.subject);
        // JSON writes U+0000 as an escape.
        let data = event.data.to_string();
        let hash = seal(&self.hash, seq, at, &actor, &kind, &subject, &data);
        sql("insert into event (tenant_id, seq, at, actor, kind, subject, data, previous, hash) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(self.tenant)
        .bind(seq)
        .bind(at)
        .bind(actor)
        .bind(kind)
        .bind(subject)
        .bind(data)
        .bind(&self.hash)
        .bind(&hash)
        .run(on)
        .await?;
        self.seq = seq;
        self.hash = hash;
        Ok(())
    }
}

fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
