//! What a person may see: all of her tenant's tickets, or those of some queues.
//!
//! A [`Scope`] that is narrowed with [`Scope::seen_within`] knows no other tickets: what it reads of one is not found, what it lists
//! or counts leaves it out. Every method of a scope that leads to a ticket, a mail, a draft or a reply asks here.

use crate::sql::Connection;
use crate::{Result, Scope, StoreError};
use posthouse_model::{MessageId, TicketId};
use std::sync::Arc;

/// Queues that one person may be restricted to at most.
pub const SEEN_QUEUES_MAX: usize = 100;

impl Scope {
    /// The same tenant, of which only the tickets in these queues are there; none: all of them. A ticket that waits in no queue yet
    /// is in none of them.
    #[must_use]
    pub fn seen_within(mut self, queues: Option<&[String]>) -> Self {
        self.sees = queues.map(Arc::from);
        self
    }

    /// Whether tickets of that queue are there.
    #[must_use]
    pub fn sees(&self, queue: Option<&str>) -> bool {
        self.sees.as_ref().is_none_or(|queues| queue.is_some_and(|queue| queues.iter().any(|one| one == queue)))
    }

    /// Whether there are tickets that are left out.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.sees.is_some()
    }

    /// Refuses a ticket that is not seen, as if it were not there.
    pub(crate) fn admit(&self, queue: Option<&str>, what: impl std::fmt::Display) -> Result<()> {
        if self.sees(queue) { Ok(()) } else { Err(StoreError::not_found(what)) }
    }

    /// As [`Scope::admit`], for what belongs to a ticket; what belongs to none is not seen by who does not see all.
    pub(crate) async fn admit_of(
        &self,
        on: &mut Connection,
        ticket: Option<TicketId>,
        what: &'static str,
        id: i64,
    ) -> Result<()> {
        if self.sees.is_none() {
            return Ok(());
        }
        let Some(ticket) = ticket else { return Err(StoreError::not_found(format_args!("{what} {id}"))) };
        let row = crate::sql::sql("select queue from ticket where tenant_id + 0 = $1 and id = $2")
            .bind(self.tenant)
            .bind(ticket)
            .optional(on)
            .await?;
        let queue: Option<String> = match row {
            Some(row) => row.get(0)?,
            None => None,
        };
        self.admit(queue.as_deref(), format_args!("{what} {id}"))
    }

    /// As [`Scope::admit_of`], for a mail.
    pub(crate) async fn admit_message(&self, on: &mut Connection, id: MessageId) -> Result<()> {
        if self.sees.is_none() {
            return Ok(());
        }
        let row = crate::sql::sql("select ticket_id from message where tenant_id + 0 = $1 and id = $2")
            .bind(self.tenant)
            .bind(id)
            .optional(on)
            .await?;
        let ticket: Option<TicketId> = match row {
            Some(row) => row.get(0)?,
            None => None,
        };
        self.admit_of(on, ticket, "message", id.0).await
    }
}
