//! What agents do with tickets.
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{AgentId, TicketId, Timestamp};

impl Tx {
    /// Closes it without a reply.
    pub async fn mark_handled(&mut self, _ticket: TicketId, _reason: &str, _actor: &Actor) -> Result<()> { todo!() }
    /// Brings it back to waiting.
    pub async fn reopen(&mut self, _ticket: TicketId, _actor: &Actor) -> Result<()> { todo!() }
    /// Unwanted mail.
    pub async fn mark_spam(&mut self, _ticket: TicketId, _actor: &Actor) -> Result<()> { todo!() }
    /// Not unwanted after all: waits, and a draft is made.
    pub async fn mark_not_spam(&mut self, _ticket: TicketId, _actor: &Actor) -> Result<()> { todo!() }
    /// Corrects the category; a new draft is made.
    pub async fn set_category(&mut self, _ticket: TicketId, _category: &str, _actor: &Actor) -> Result<()> { todo!() }
    /// Gives it to an agent, or to nobody.
    pub async fn assign(&mut self, _ticket: TicketId, _agent: Option<AgentId>, _actor: &Actor) -> Result<()> { todo!() }
    /// Puts it aside until a set time.
    pub async fn snooze(&mut self, _ticket: TicketId, _until: Timestamp, _actor: &Actor) -> Result<()> { todo!() }
    /// Sends it to a queue.
    pub async fn set_queue(&mut self, _ticket: TicketId, _queue: &str, _actor: &Actor) -> Result<()> { todo!() }
    /// Brings back all tickets whose time has come; how many.
    pub async fn wake_snoozed(&mut self, _actor: &Actor) -> Result<u64> { todo!() }
}

impl Scope {
    /// When the next snoozed ticket comes back.
    pub async fn next_snooze_end(&self) -> Result<Option<Timestamp>> { todo!() }
}
