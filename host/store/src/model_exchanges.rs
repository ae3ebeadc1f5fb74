//! What a model was asked and what it answered. Kept beside the call's record for some days, so that a person can read why a draft says
//! what it says, and ask the same again of another model or version.
//!
//! It holds customers' words: it goes with the ticket, and after the days that the tenant keeps it.

use crate::models::{COLUMNS, ModelCall, read as read_call};
use crate::sql::{Json, Row, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::config::ModelTask;
use posthouse_model::event::Actor;
use posthouse_model::{TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// What went to a model, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelExchange {
    /// What for.
    pub task: ModelTask,
    /// What the plugin told it to do.
    pub instructions: String,
    /// Untrusted texts that it was given, as they left the house.
    pub inputs: Vec<String>,
    /// How many tokens it might write; none: as many as the set-up allows.
    pub output_tokens_max: Option<u32>,
    /// What it wrote. Untrusted text. None: it gave no answer.
    pub answer: Option<String>,
}

/// A call on record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeptCall {
    /// Its id.
    pub id: i64,
    /// The call.
    #[serde(flatten)]
    pub call: ModelCall,
    /// What was said is kept.
    pub has_exchange: bool,
}

/// Bytes of all texts of an exchange that are kept; of a longer one the call alone is on record.
pub const EXCHANGE_BYTES_MAX: usize = 2 * 1024 * 1024;

impl ModelExchange {
    fn bytes(&self) -> usize {
        let inputs: usize = self.inputs.iter().map(String::len).sum();
        self.instructions.len() + inputs + self.answer.as_ref().map_or(0, String::len)
    }
}

/// Of `model_call c left join model_exchange x`, in the order that [`read_kept`] takes them.
fn kept_columns() -> String {
    let call = COLUMNS.split(", ").map(|name| format!("c.{name}")).collect::<Vec<_>>().join(", ");
    format!("c.id, case when x.call_id is null then 0 else 1 end, {call}")
}

fn read_kept(row: &Row) -> Result<KeptCall> {
    Ok(KeptCall { id: row.get(0)?, has_exchange: row.get(1)?, call: read_call(row, 2)? })
}

impl Scope {
    /// The newest calls, newest first, at most 500; of one ticket where one is named, and those before an id, to go on from there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn kept_calls(&self, ticket: Option<TicketId>, before: Option<i64>, limit: u32) -> Result<Vec<KeptCall>> {
        let rows = sql_of(format!(
            "select {} from model_call c left join model_exchange x on x.call_id = c.id \
             where c.tenant_id = $1 and c.id < $2 {} order by c.id desc limit $3",
            kept_columns(),
            if ticket.is_some() { "and c.ticket_id = $4" } else { "" }
        ))
        .bind(self.tenant)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit.min(500));
        let rows = match ticket {
            Some(ticket) => rows.bind(ticket),
            None => rows,
        };
        rows.all(&mut *self.read().await?).await?.iter().map(read_kept).collect()
    }

    /// One call, with what was said where that is still kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]: no such call, or on a ticket that the reader does not see.
    pub async fn kept_call(&self, id: i64) -> Result<(KeptCall, Option<ModelExchange>)> {
        let mut on = self.read().await?;
        let row = sql_of(format!(
            "select {} from model_call c left join model_exchange x on x.call_id = c.id \
             where c.tenant_id = $1 and c.id = $2",
            kept_columns()
        ))
        .bind(self.tenant)
        .bind(id)
        .optional(&mut on)
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("model call {id}")))?;
        let kept = read_kept(&row)?;
        self.admit_of(&mut on, kept.call.ticket, "model call", id).await?;
        let exchange = sql("select task, instructions, inputs, output_tokens_max, answer from model_exchange \
             where tenant_id = $1 and call_id = $2")
        .bind(self.tenant)
        .bind(id)
        .optional(&mut on)
        .await?;
        Ok((kept, exchange.as_ref().map(read).transpose()?))
    }

    /// Whether anything is kept from before a time.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_exchanges_before(&self, before: Timestamp) -> Result<bool> {
        let row = sql("select 1 from model_exchange where tenant_id = $1 and at < $2 limit 1")
            .bind(self.tenant)
            .bind(before)
            .optional(&mut *self.read().await?)
            .await?;
        Ok(row.is_some())
    }
}

fn read(row: &Row) -> Result<ModelExchange> {
    let mut row = row.reader();
    let task: String = row.next()?;
    let instructions = row.next()?;
    let Json(inputs) = row.next()?;
    let most: Option<i64> = row.next()?;
    Ok(ModelExchange {
        task: task.parse().map_err(|words: String| StoreError::corrupt("task", words))?,
        instructions,
        inputs,
        output_tokens_max: most.and_then(|most| u32::try_from(most).ok()),
        answer: row.next()?,
    })
}

impl Tx {
    /// Keeps what was said in a call, whose id [`Tx::record_model_call`] gave; one over [`EXCHANGE_BYTES_MAX`] is left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_exchange(&mut self, call: i64, at: Timestamp, exchange: &ModelExchange) -> Result<()> {
        if exchange.bytes() > EXCHANGE_BYTES_MAX {
            return Ok(());
        }
        let tenant = self.tenant();
        sql("insert into model_exchange (call_id, tenant_id, at, task, instructions, inputs, output_tokens_max, answer) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(call)
        .bind(tenant)
        .bind(at)
        .bind(exchange.task.as_str())
        .bind(&exchange.instructions)
        .bind(Json(&exchange.inputs))
        .bind(exchange.output_tokens_max)
        .bind(exchange.answer.as_deref())
        .run(self.on())
        .await
        .map(drop)
    }

    /// Lets go of everything that was said before a time; the calls stay on record. How many there were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_exchanges(&mut self, before: Timestamp, actor: &Actor) -> Result<u64> {
        let tenant = self.tenant();
        let gone = sql("delete from model_exchange where tenant_id = $1 and at < $2")
            .bind(tenant)
            .bind(before)
            .run(self.on())
            .await?;
        if gone > 0 {
            self.record(actor, "model.let-go", "model", json!({ "exchanges": gone, "before": before }));
        }
        Ok(gone)
    }
}
