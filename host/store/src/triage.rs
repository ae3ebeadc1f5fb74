//! What plugins found, written to the ticket.
use crate::{Result, Tx};
use posthouse_model::event::Actor;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Enrichment, Routing, Triage};
use posthouse_model::{MessageId, TicketId};

impl Tx {
    /// Writes what a classifier found in a message. An agent's category stays.
    pub async fn set_triage(&mut self, _ticket: TicketId, _message: MessageId, _triage: &Triage, _actor: &Actor) -> Result<()> { todo!() }
    /// Writes where a router sends it; `default_queue` when the router names none and the ticket has none.
    pub async fn set_routing(&mut self, _ticket: TicketId, _routing: &Routing, _default_queue: &str, _actor: &Actor) -> Result<()> { todo!() }
    /// Writes what the client's systems know.
    pub async fn set_enrichment(&mut self, _ticket: TicketId, _enrichment: &Enrichment, _actor: &Actor) -> Result<()> { todo!() }
    /// Settles where an incoming message ended, and moves its ticket accordingly. Returns where the ticket stands.
    pub async fn set_outcome(&mut self, _message: MessageId, _outcome: Outcome, _reason: Option<&str>, _actor: &Actor) -> Result<Option<TicketStatus>> { todo!() }
}
