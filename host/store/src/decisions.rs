//! Decisions.
use crate::{Result, Scope, Tx};
use posthouse_model::decision::{Decision, NewDecision};
use posthouse_model::event::Actor;
use posthouse_model::{DecisionId, TicketId};

impl Tx {
    /// Records one plugin call.
    pub async fn add_decision(&mut self, _decision: &NewDecision, _actor: &Actor) -> Result<DecisionId> { todo!() }
}

impl Scope {
    /// Of one ticket, oldest first, the newest 200.
    pub async fn decisions(&self, _ticket: TicketId) -> Result<Vec<Decision>> { todo!() }
}
