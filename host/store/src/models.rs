//! Calls of the client's own model: each on record, the day's total against its budget.
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{TicketId, Timestamp};
use serde::Serialize;

/// A call of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCall {
    /// When; set by the store.
    pub at: Timestamp,
    /// For which ticket.
    pub ticket: Option<TicketId>,
    /// The plugin that asked.
    pub plugin: String,
    /// The model's name.
    pub model: String,
    /// As the provider counted.
    pub tokens_in: i64,
    /// As the provider counted.
    pub tokens_out: i64,
    /// Wall time in milliseconds.
    pub duration_ms: i64,
    /// `ok`, or why it failed; never a key.
    pub outcome: String,
}

/// A day's total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelUse {
    /// Calls made.
    pub calls: i64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// Tokens set aside for calls under way.
    pub reserved: i64,
}

impl Scope {
    /// A day's total.
    pub async fn model_use(&self, _day: &str) -> Result<ModelUse> { todo!() }
    /// The newest calls, newest first.
    pub async fn model_calls(&self, _limit: u32) -> Result<Vec<ModelCall>> { todo!() }
}

impl Tx {
    /// Sets tokens aside for a call; false when the day's budget does not allow it. Commit before calling.
    pub async fn reserve_tokens(&mut self, _day: &str, _tokens: i64, _budget: i64) -> Result<bool> { todo!() }
    /// Records a call and gives back what was set aside for it.
    pub async fn record_model_call(&mut self, _day: &str, _reserved: i64, _call: &ModelCall, _actor: &Actor) -> Result<()> { todo!() }
}
