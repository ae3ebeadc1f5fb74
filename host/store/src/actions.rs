//! What agents do with tickets.

use crate::sql::sql;
use crate::tickets::{TicketRow, by_id};
use crate::{Result, SCHEDULE_MAX, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::{AgentId, TicketId, Timestamp};
use serde_json::json;

/// Longest name of a category or queue in bytes.
const NAME_BYTES_MAX: usize = 64;

impl Tx {
    /// Closes it without a reply.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when its status does not allow it.
    pub async fn mark_handled(&mut self, ticket: TicketId, reason: &str, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        self.move_ticket(&before, TicketStatus::Handled).await?;
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set closed_reason = $1, closed_at = $2 where tenant_id = $3 and id = $4")
            .bind(reason)
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        self.autonomy_answered(ticket, None, actor).await?;
        self.record(actor, "ticket.handled", subject(ticket), json!({ "reason": reason }));
        Ok(())
    }

    /// Brings it back to waiting.
    ///
    /// # Errors
    /// As [`Tx::mark_handled`].
    pub async fn reopen(&mut self, ticket: TicketId, actor: &Actor) -> Result<()> {
        self.autonomy_reopened(ticket).await?;
        self.bring_back(ticket, actor).await
    }

    /// As [`Tx::reopen`], for what is only taken back: it says nothing about the reply.
    pub(crate) async fn bring_back(&mut self, ticket: TicketId, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        self.move_ticket(&before, TicketStatus::Waiting).await?;
        if before.status == TicketStatus::Automatic {
            // A person takes it up: its mails are on a ticket, and an answer to them belongs to their thread.
            self.recount(ticket, &[Outcome::Automatic, Outcome::Skipped], Outcome::Ticket, None).await?;
            self.enqueue(&Job::Draft { ticket }).await?;
        }
        self.record(actor, "ticket.reopened", subject(ticket), json!({ "was": before.status }));
        Ok(())
    }

    /// Unwanted mail. Its incoming mails count as spam in the ledger.
    ///
    /// # Errors
    /// As [`Tx::mark_handled`].
    pub async fn mark_spam(&mut self, ticket: TicketId, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        self.move_ticket(&before, TicketStatus::Spam).await?;
        let reason = Reason::new(ReasonCode::SpamByAgent, "");
        self.recount(ticket, &[Outcome::Ticket, Outcome::Automatic], Outcome::Spam, Some(&reason)).await?;
        self.enqueue(&Job::Learn { ticket, spam: true }).await?;
        self.autonomy_answered(ticket, None, actor).await?;
        self.record(actor, "ticket.marked-spam", subject(ticket), json!({ "was": before.status }));
        Ok(())
    }

    /// Not unwanted after all: it waits, and a draft is made.
    ///
    /// # Errors
    /// As [`Tx::mark_handled`].
    pub async fn mark_not_spam(&mut self, ticket: TicketId, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        self.move_ticket(&before, TicketStatus::Waiting).await?;
        self.recount(ticket, &[Outcome::Spam], Outcome::Ticket, None).await?;
        self.enqueue(&Job::Draft { ticket }).await?;
        self.enqueue(&Job::Learn { ticket, spam: false }).await?;
        self.record(actor, "ticket.marked-not-spam", subject(ticket), json!({ "was": before.status }));
        Ok(())
    }

    /// Corrects the category: triage will keep it, and a new draft is made while the ticket is open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a name that is empty or longer than 64 bytes.
    pub async fn set_category(&mut self, ticket: TicketId, category: &str, actor: &Actor) -> Result<()> {
        let category = name("category", category)?;
        let before = self.ticket_for_change(ticket).await?;
        if before.category_by_agent && before.category.as_deref() == Some(category) {
            return Ok(());
        }
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set category = $1, category_confidence = null, category_by_agent = 1, version = version + 1, \
             updated_at = $2 where tenant_id = $3 and id = $4")
        .bind(category)
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        if before.status.is_open() {
            self.enqueue(&Job::Draft { ticket }).await?;
        }
        let data = json!({ "category": category, "was": before.category });
        self.record(actor, "ticket.categorised", subject(ticket), data);
        Ok(())
    }

    /// Gives it to an agent, or to nobody.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the ticket or for an agent who is not active here.
    pub async fn assign(&mut self, ticket: TicketId, agent: Option<AgentId>, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        let (tenant, now) = (self.tenant(), self.now());
        if let Some(agent) = agent {
            sql("select id from agent where tenant_id = $1 and id = $2 and active = 1")
                .bind(tenant)
                .bind(agent)
                .optional(self.on())
                .await?
                .ok_or_else(|| StoreError::not_found(format_args!("agent {agent}")))?;
        }
        if before.assignee == agent {
            return Ok(());
        }
        sql("update ticket set assignee_id = $1, version = version + 1, updated_at = $2 where tenant_id = $3 and id = $4")
            .bind(agent)
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        self.record(actor, "ticket.assigned", subject(ticket), json!({ "agent": agent, "was": before.assignee }));
        Ok(())
    }

    /// Gives it to the active agent who signs in with this address, unless somebody has it already or there is no such agent;
    /// whether it was given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the ticket.
    pub async fn assign_if_free(&mut self, ticket: TicketId, email: &str, actor: &Actor) -> Result<bool> {
        let before = self.ticket_for_change(ticket).await?;
        let tenant = self.tenant();
        let agent = sql("select id from agent where tenant_id = $1 and email = $2 and active = 1")
            .bind(tenant)
            .bind(crate::agents::normal(email))
            .optional(self.on())
            .await?;
        let (Some(agent), None) = (agent, before.assignee) else { return Ok(false) };
        self.assign(ticket, Some(agent.get(0)?), actor).await?;
        Ok(true)
    }

    /// Puts it aside until a set time.
    ///
    /// # Errors
    /// As [`Tx::mark_handled`]; [`StoreError::Refused`] for a time that has passed or is more than [`SCHEDULE_MAX`] ahead.
    pub async fn snooze(&mut self, ticket: TicketId, until: Timestamp, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        if until <= now {
            return Err(StoreError::refused("a ticket can be put aside until a time to come, not one that has passed"));
        }
        if until > now.plus(SCHEDULE_MAX) {
            return Err(StoreError::refused("a ticket can be put aside for at most 366 days"));
        }
        let before = self.ticket_for_change(ticket).await?;
        self.move_ticket(&before, TicketStatus::Snoozed).await?;
        sql("update ticket set snoozed_until = $1 where tenant_id = $2 and id = $3")
            .bind(until)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        self.record(actor, "ticket.snoozed", subject(ticket), json!({ "until": until }));
        Ok(())
    }

    /// Ends a snooze before its time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a ticket that is not put aside.
    pub async fn wake(&mut self, ticket: TicketId, actor: &Actor) -> Result<()> {
        let before = self.ticket_for_change(ticket).await?;
        if before.status != TicketStatus::Snoozed {
            return Err(StoreError::refused(format_args!(
                "ticket #{} is {}, not put aside",
                before.number, before.status
            )));
        }
        self.move_ticket(&before, TicketStatus::Waiting).await?;
        self.record(actor, "ticket.woken", subject(ticket), json!({ "was": before.snoozed_until }));
        Ok(())
    }

    /// Sends it to a queue.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a name that is empty or longer than 64 bytes.
    pub async fn set_queue(&mut self, ticket: TicketId, queue: &str, actor: &Actor) -> Result<()> {
        let queue = name("queue", queue)?;
        let before = self.ticket_for_change(ticket).await?;
        if before.queue.as_deref() == Some(queue) {
            return Ok(());
        }
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set queue = $1, version = version + 1, updated_at = $2 where tenant_id = $3 and id = $4")
            .bind(queue)
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        self.record(actor, "ticket.queued", subject(ticket), json!({ "queue": queue, "was": before.queue }));
        Ok(())
    }

    /// Brings back all tickets whose time has come; how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn wake_snoozed(&mut self, actor: &Actor) -> Result<u64> {
        let (tenant, now) = (self.tenant(), self.now());
        let woken = sql("update ticket set status = 'waiting', snoozed_until = null, version = version + 1, \
             updated_at = $1 where tenant_id = $2 and status = 'snoozed' and snoozed_until <= $1 returning id")
        .bind(now)
        .bind(tenant)
        .all(self.on())
        .await?;
        for row in &woken {
            let ticket: TicketId = row.get(0)?;
            self.record(actor, "ticket.woken", subject(ticket), json!({}));
        }
        Ok(woken.len() as u64)
    }

    async fn ticket_for_change(&mut self, ticket: TicketId) -> Result<TicketRow> {
        let tenant = self.tenant();
        let row = by_id(self.on(), tenant, ticket).await?;
        row.is_here()?;
        Ok(row)
    }

    /// Moves a ticket's incoming mails from some places of the ledger to another.
    pub(crate) async fn recount(
        &mut self,
        ticket: TicketId,
        from: &[Outcome],
        to: Outcome,
        reason: Option<&Reason>,
    ) -> Result<()> {
        let tenant = self.tenant();
        for from in from {
            // `+ 0`: by the ticket's index, not through all of the tenant's mails that ended in that place.
            sql("update message set outcome = $1, reason = $2, reason_code = $6 \
                 where tenant_id + 0 = $3 and ticket_id = $4 and direction = 'incoming' and outcome = $5")
            .bind(to)
            .bind(reason.map(|reason| &reason.words))
            .bind(tenant)
            .bind(ticket)
            .bind(*from)
            .bind(reason.map(|reason| reason.code))
            .run(self.on())
            .await?;
        }
        Ok(())
    }
}

impl Scope {
    /// When the next snoozed ticket comes back.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_snooze_end(&self) -> Result<Option<Timestamp>> {
        sql("select min(snoozed_until) from ticket where tenant_id = $1 and status = 'snoozed'")
            .bind(self.tenant)
            .one(&mut *self.read().await?)
            .await?
            .get(0)
    }
}

fn subject(ticket: TicketId) -> String {
    format!("ticket:{ticket}")
}

fn name<'a>(what: &str, name: &'a str) -> Result<&'a str> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(StoreError::refused(format_args!(
            "a {what} needs a name of 1 to {NAME_BYTES_MAX} bytes; this one has {}",
            name.len()
        )));
    }
    Ok(name)
}
