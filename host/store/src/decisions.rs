//! Decisions: the record of every plugin call.

use crate::sql::{Connection, Json, Row, sql};
use crate::{Result, Scope, Tx};
use posthouse_model::decision::{CallCost, Decision, NewDecision};
use posthouse_model::event::Actor;
use posthouse_model::{DecisionId, TenantId, TicketId};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Decisions shown of one ticket.
const SHOWN_MAX: i64 = 200;

impl Tx {
    /// Records one plugin call. The audit chain gets the digests of component and output, so that neither can be
    /// changed later without a trace.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn add_decision(&mut self, decision: &NewDecision, actor: &Actor) -> Result<DecisionId> {
        let (tenant, now) = (self.tenant(), self.now());
        let output = decision.output.as_ref().map(serde_json::Value::to_string);
        let id: DecisionId = sql("insert into decision (tenant_id, ticket_id, message_id, at, world, plugin, version, digest, \
             input_hash, output, error, host_calls, duration_us, memory_bytes) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id")
        .bind(tenant)
        .bind(decision.ticket)
        .bind(decision.message)
        .bind(now)
        .bind(decision.world)
        .bind(&decision.plugin)
        .bind(&decision.version)
        .bind(&decision.digest)
        .bind(&decision.input_hash)
        .bind(output.as_ref())
        .bind(decision.error.as_ref())
        .bind(Json(&decision.host_calls))
        .bind(i64::try_from(decision.cost.duration_us).unwrap_or(i64::MAX))
        .bind(i64::try_from(decision.cost.memory_bytes).unwrap_or(i64::MAX))
        .one(self.on())
        .await?
        .get(0)?;
        let subject = match (decision.ticket, decision.message) {
            (Some(ticket), _) => format!("ticket:{ticket}"),
            (None, Some(message)) => format!("message:{message}"),
            (None, None) => format!("plugin:{}", decision.plugin),
        };
        let data = json!({
            "decision": id,
            "world": decision.world,
            "plugin": decision.plugin,
            "version": decision.version,
            "digest": decision.digest,
            "input": decision.input_hash,
            "output_sha256": output.map(|output| hex::encode(Sha256::digest(output))),
            "failed": decision.error.is_some(),
        });
        self.record(actor, "plugin.called", subject, data);
        Ok(id)
    }
}

impl Scope {
    /// Of one ticket, oldest first, the newest 200.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn decisions(&self, ticket: TicketId) -> Result<Vec<Decision>> {
        of_ticket(&mut *self.read().await?, self.tenant, ticket).await
    }
}

pub(crate) async fn of_ticket(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<Decision>> {
    let rows = sql("select id, at, ticket_id, message_id, world, plugin, version, digest, input_hash, output, error, \
         host_calls, duration_us, memory_bytes from decision where tenant_id = $1 and ticket_id = $2 \
         order by id desc limit $3")
    .bind(tenant)
    .bind(ticket)
    .bind(SHOWN_MAX)
    .all(on)
    .await?;
    rows.iter().rev().map(read).collect()
}

fn read(row: &Row) -> Result<Decision> {
    let mut row = row.reader();
    Ok(Decision {
        id: row.next()?,
        at: row.next()?,
        record: NewDecision {
            ticket: row.next()?,
            message: row.next()?,
            world: row.next()?,
            plugin: row.next()?,
            version: row.next()?,
            digest: row.next()?,
            input_hash: row.next()?,
            output: row.next::<Option<Json<serde_json::Value>>>()?.map(|json| json.0),
            error: row.next()?,
            host_calls: row.json()?,
            cost: CallCost {
                duration_us: u64::try_from(row.next::<i64>()?).unwrap_or(0),
                memory_bytes: u64::try_from(row.next::<i64>()?).unwrap_or(0),
            },
        },
    })
}
