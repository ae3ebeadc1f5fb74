//! Decisions: the record of every plugin call.

use crate::sql::{Connection, Json, Reader, Row, placeholders, sql_of};
use crate::{Result, Scope, Tx};
use posthouse_model::decision::{CallCost, Decision, HostCall, NewDecision, World};
use posthouse_model::event::Actor;
use posthouse_model::keep::Changes;
use posthouse_model::release::{CallRecord, Stage};
use posthouse_model::{DecisionId, MessageId, TenantId, TicketId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Decisions written by one statement.
const ROWS_PER_STATEMENT: usize = 8;
/// Values of a decision beside tenant and time.
const COLUMNS_OF_ONE: usize = 16;
/// Decisions shown of one ticket.
const SHOWN_MAX: i64 = 200;
/// Decisions read at once with everything that was asked and answered (256 KiB each at most).
const RECORDED_MAX: u32 = 100;
/// What [`read`] reads, in its order.
const COLUMNS: &str = "id, at, ticket_id, message_id, world, plugin, version, digest, input_hash, output, error, host_calls, \
                       duration_us, memory_bytes, release, stage, told_now, told_seed";

impl Tx {
    /// Records one plugin call. The audit chain gets the digests of component and output, so that neither can be
    /// changed later without a trace.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn add_decision(&mut self, decision: &NewDecision, actor: &Actor) -> Result<DecisionId> {
        let ids = self.add_decisions(std::slice::from_ref(decision), actor).await?;
        Ok(ids[0])
    }

    /// Records several plugin calls, in order, and keeps what they wrote to their stores.
    ///
    /// # Errors
    /// As [`Tx::add_decision`]. [`StoreError::Overtaken`](crate::StoreError::Overtaken) when another call changed meanwhile
    /// what one of them had read of its store: drop the transaction and call again.
    pub async fn add_decisions(&mut self, decisions: &[NewDecision], actor: &Actor) -> Result<Vec<DecisionId>> {
        let mut ids = Vec::with_capacity(decisions.len());
        for decisions in decisions.chunks(ROWS_PER_STATEMENT) {
            let outputs: Vec<Option<String>> =
                decisions.iter().map(|decision| decision.output.as_ref().map(serde_json::Value::to_string)).collect();
            let mut new = self.insert_decisions(decisions, &outputs).await?;
            // Ids are given in the order of the rows, but nothing says that they come back in it.
            new.sort_unstable();
            for ((decision, output), id) in decisions.iter().zip(outputs).zip(&new) {
                self.record_decision(*id, decision, output, actor);
            }
            ids.append(&mut new);
            self.add_log(decisions).await?;
            let counts = |decision: &&NewDecision| !decision.changes.is_empty() && decision.call.stage != Stage::Shadow;
            for decision in decisions.iter().filter(counts) {
                self.keep(&decision.plugin, &decision.changes, decision.world == World::Notifier).await?;
            }
        }
        Ok(ids)
    }

    async fn insert_decisions(
        &mut self,
        decisions: &[NewDecision],
        outputs: &[Option<String>],
    ) -> Result<Vec<DecisionId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let slots: Vec<String> = (0..decisions.len())
            .map(|n| format!("($1, $2, {})", placeholders(3 + n * COLUMNS_OF_ONE, COLUMNS_OF_ONE)))
            .collect();
        let mut statement = sql_of(format!(
            "insert into decision (tenant_id, at, ticket_id, message_id, world, plugin, version, digest, input_hash, output, \
             error, host_calls, duration_us, memory_bytes, release, stage, told_now, told_seed) values {} returning id",
            slots.join(", ")
        ))
        .bind(tenant)
        .bind(now);
        for (decision, output) in decisions.iter().zip(outputs) {
            statement = statement
                .bind(decision.ticket)
                .bind(decision.message)
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
                .bind(decision.call.release)
                .bind(decision.call.stage)
                .bind(decision.call.now)
                // All 64 bits of a seed, as the databases hold them.
                .bind(decision.call.seed.cast_signed());
        }
        statement.all(self.on()).await?.iter().map(|row| row.get(0)).collect()
    }

    fn record_decision(&mut self, id: DecisionId, decision: &NewDecision, output: Option<String>, actor: &Actor) {
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
            "release": decision.call.release,
            "stage": decision.call.stage,
            "input": decision.input_hash,
            "output_sha256": output.map(|output| hex::encode(Sha256::digest(output))),
            "failed": decision.error.is_some(),
        });
        self.record(actor, "plugin.called", subject, data);
    }
}

/// Which recorded decisions to read whole.
#[derive(Clone, Debug)]
pub struct RecordedQuery<'a> {
    /// Of this plugin.
    pub plugin: &'a str,
    /// Of this ticket alone.
    pub ticket: Option<TicketId>,
    /// Older than this one: where the page before ended.
    pub before: Option<DecisionId>,
    /// At most so many; at most 100 come at once.
    pub limit: u32,
}

impl Scope {
    /// Of one ticket, oldest first, the newest 200, without what was asked of the host in full: for showing.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn decisions(&self, ticket: TicketId) -> Result<Vec<Decision>> {
        of_ticket(&mut *self.read().await?, self.tenant, ticket).await
    }

    /// On one message, oldest first, without what was asked of the host in full.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn decisions_on(&self, message: MessageId) -> Result<Vec<Decision>> {
        let statement =
            format!("select {COLUMNS} from decision where tenant_id = $1 and message_id = $2 order by id limit $3");
        let rows =
            sql_of(statement).bind(self.tenant).bind(message).bind(SHOWN_MAX).all(&mut *self.read().await?).await?;
        rows.iter().map(brief).collect()
    }

    /// Of one plugin, newest first, with everything that was asked and answered: for making the calls again.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn recorded(&self, query: &RecordedQuery<'_>) -> Result<Vec<Decision>> {
        let statement = format!(
            "select {COLUMNS} from decision where tenant_id = $1 and plugin = $2 and id < $3 \
             and ($4 = 0 or ticket_id = $4) order by id desc limit $5"
        );
        let rows = sql_of(statement)
            .bind(self.tenant)
            .bind(query.plugin)
            .bind(query.before.map_or(i64::MAX, |id| id.0))
            .bind(query.ticket.map_or(0, |id| id.0))
            .bind(i64::from(query.limit.min(RECORDED_MAX)))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| read(row, |row| row.json())).collect()
    }
}

pub(crate) async fn of_ticket(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<Decision>> {
    let statement =
        format!("select {COLUMNS} from decision where tenant_id = $1 and ticket_id = $2 order by id desc limit $3");
    let rows = sql_of(statement).bind(tenant).bind(ticket).bind(SHOWN_MAX).all(on).await?;
    rows.iter().rev().map(brief).collect()
}

/// Reads a host call past its exchange.
#[derive(Deserialize)]
struct Brief {
    capability: String,
    what: String,
    outcome: String,
    duration_us: u64,
}

fn brief(row: &Row) -> Result<Decision> {
    read(row, |row| {
        let calls: Vec<Brief> = row.json()?;
        let whole = |Brief { capability, what, outcome, duration_us }| HostCall {
            capability,
            what,
            outcome,
            duration_us,
            exchange: None,
        };
        Ok(calls.into_iter().map(whole).filter(|call| !call.is_for_replay()).collect())
    })
}

fn read(row: &Row, host_calls: impl FnOnce(&mut Reader<'_>) -> Result<Vec<HostCall>>) -> Result<Decision> {
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
            host_calls: host_calls(&mut row)?,
            cost: CallCost {
                duration_us: u64::try_from(row.next::<i64>()?).unwrap_or(0),
                memory_bytes: u64::try_from(row.next::<i64>()?).unwrap_or(0),
            },
            call: CallRecord {
                release: row.next()?,
                stage: row.next()?,
                now: row.next()?,
                seed: row.next::<i64>()?.cast_unsigned(),
            },
            log: Vec::new(),
            changes: Changes::default(),
        },
    })
}
