//! What a person may see: all of her tenant's tickets, or those of some queues.
//!
//! A [`Scope`] that is narrowed with [`Scope::seen_within`] knows no other tickets: what it reads of one is not found, what it lists
//! or counts leaves it out. Every method of a scope that leads to a ticket, a mail, a draft or a reply asks here.

use crate::list::Counts;
use crate::sql::{Connection, placeholders, sql_of};
use crate::{Result, Scope, StoreError};
use posthouse_model::{AgentId, MessageId, TicketId};
use std::sync::Arc;
use std::time::Duration;

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

    /// The counts of [`Scope::counts`] within some queues: counted in an index that begins with them.
    pub(crate) async fn counts_within(&self, queues: &[String], agent: Option<AgentId>) -> Result<Counts> {
        let mut counts = Counts::default();
        if queues.is_empty() {
            return Ok(counts);
        }
        let now = self.store.now();
        let mut on = self.store.inner.engine.snapshot().await?;
        let slots = placeholders(2, queues.len());
        let rows = sql_of(format!(
            "select queue, status, count(*) from ticket where tenant_id = $1 and queue in ({}) group by queue, status",
            slots
        ))
        .bind(self.tenant)
        .bind_all(queues.iter())
        .all(&mut on)
        .await?;
        for row in rows {
            let (queue, status, count): (String, posthouse_model::ticket::TicketStatus, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            *counts.by_status.entry(status).or_default() += count;
            if status == posthouse_model::ticket::TicketStatus::Waiting {
                *counts.waiting_by_queue.entry(queue.clone()).or_default() += count;
            }
            if matches!(status.as_str(), "new" | "waiting" | "snoozed") {
                *counts.by_queue.entry(queue).or_default() += count;
            }
        }
        for row in sql_of(format!(
            "select category, count(*) from ticket where tenant_id = $1 and queue in ({}) \
             and status in ('new', 'waiting', 'snoozed') and category is not null group by category",
            slots
        ))
        .bind(self.tenant)
        .bind_all(queues.iter())
        .all(&mut on)
        .await?
        {
            counts.by_category.insert(row.get(0)?, row.get(1)?);
        }
        let waiting = sql_of(format!(
            "select coalesce(sum(case when assignee_id = $2 then 1 else 0 end), 0), \
             coalesce(sum(case when assignee_id is null then 1 else 0 end), 0), \
             coalesce(sum(case when deadline_at <= $3 then 1 else 0 end), 0), \
             coalesce(sum(case when deadline_at > $3 and deadline_at <= $4 then 1 else 0 end), 0), \
             min(last_message_at) from ticket where tenant_id = $1 and queue in ({}) and status = 'waiting'",
            placeholders(5, queues.len())
        ))
        .bind(self.tenant)
        .bind(agent.map_or(-1, |agent| agent.0))
        .bind(now)
        .bind(now.plus(Duration::from_secs(3600)))
        .bind_all(queues.iter())
        .one(&mut on)
        .await?;
        counts.mine = waiting.get(0)?;
        counts.unassigned = waiting.get(1)?;
        counts.overdue = waiting.get(2)?;
        counts.due_within_hour = waiting.get(3)?;
        counts.oldest_waiting = waiting.get(4)?;
        // Parked mail and replies that failed are looked after by who sees all.
        Ok(counts)
    }
}
