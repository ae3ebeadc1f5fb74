//! The audit chain.
use crate::{Result, Scope};
use posthouse_model::event::{ChainFault, Event};
use posthouse_model::{TenantId, TicketId};
use serde::Serialize;

/// What verifying a chain came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Whose.
    pub tenant: TenantId,
    /// How many rows were looked at.
    pub events: i64,
    /// What is wrong, in order; empty when the chain is whole.
    pub faults: Vec<ChainFault>,
}

impl Scope {
    /// Events after a number, oldest first.
    pub async fn events(&self, _after: i64, _limit: u32) -> Result<Vec<Event>> { todo!() }
    /// The newest events, newest first, before a number when given.
    pub async fn newest_events(&self, _before: Option<i64>, _limit: u32) -> Result<Vec<Event>> { todo!() }
    /// Of one ticket, oldest first, the newest 500.
    pub async fn ticket_events(&self, _ticket: TicketId) -> Result<Vec<Event>> { todo!() }
    /// Walks the whole chain in one snapshot. Memory does not grow with its length.
    pub async fn verify_chain(&self) -> Result<ChainReport> { todo!() }
}
