//! Replies that go out at a time that a person chose.
//!
//! The time stands in the row and in its job: a restart changes nothing. A mail of the customer's that came meanwhile holds the reply
//! for a person, since nobody approved it as an answer to that.

use crate::approve::Approval;
use crate::outbox::by_outbox_id;
use crate::sql::{Connection, sql};
use crate::{OutboxRow, Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::{OutboxId, TenantId, TicketId, Timestamp};
use std::time::Duration;

/// How far ahead a reply can be scheduled, and a ticket put aside.
pub const SCHEDULE_MAX: Duration = Duration::from_secs(366 * 24 * 3_600);

impl OutboxRow {
    /// The Date of the mail, and where it stands in the thread.
    #[must_use]
    pub fn date(&self) -> Timestamp {
        self.scheduled_at.unwrap_or(self.approved_at)
    }
}

/// When an approved reply goes out, where a person chose a time.
pub(crate) fn scheduled(approval: &Approval, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(at) = approval.send_at else { return Ok(None) };
    if at <= now {
        return Err(StoreError::refused("a reply can be sent at a time to come, not at one that has passed"));
    }
    if at > now.plus(SCHEDULE_MAX) {
        return Err(StoreError::refused("a reply can be scheduled for at most 366 days ahead"));
    }
    Ok(Some(at.max(now.plus(approval.undo))))
}

/// Mails of the customer that came after a reply was approved.
async fn newer(on: &mut Connection, tenant: TenantId, row: &OutboxRow) -> Result<i64> {
    sql("select count(*) from message where tenant_id + 0 = $1 and ticket_id = $2 and direction = 'incoming' \
         and outcome in ('pending', 'ticket') and id > $3 and stored_at >= $4")
    .bind(tenant)
    .bind(row.ticket)
    .bind(row.answers.map_or(0, |id| id.0))
    .bind(row.approved_at)
    .one(on)
    .await?
    .get(0)
}

impl Scope {
    /// How many mails the customer has written since a reply was approved.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn written_since(&self, outbox: OutboxId) -> Result<u64> {
        let mut on = self.read().await?;
        let row = by_outbox_id(&mut on, self.tenant, outbox).await?;
        Ok(u64::try_from(newer(&mut on, self.tenant, &row).await?).unwrap_or(0))
    }

    /// The reply to a ticket that was scheduled last and still waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn scheduled_for(&self, ticket: TicketId) -> Result<Option<OutboxRow>> {
        let mut on = self.read().await?;
        let row = sql("select id from outbox where tenant_id + 0 = $1 and ticket_id = $2 and state = 'queued' \
             and scheduled_at is not null order by id desc limit 1")
        .bind(self.tenant)
        .bind(ticket)
        .optional(&mut on)
        .await?;
        match row {
            Some(row) => Ok(Some(by_outbox_id(&mut on, self.tenant, row.get(0)?).await?)),
            None => Ok(None),
        }
    }

    /// The reply that an actor approved last and can still take back before its undo window ends; none that was scheduled.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn undoable(&self, actor: &Actor) -> Result<Option<OutboxRow>> {
        let now = self.store.now();
        let mut on = self.read().await?;
        let row = sql("select id from outbox where tenant_id = $1 and state = 'queued' and due_at > $2 \
             and scheduled_at is null and approved_by = $3 and tries = 0 order by approved_at desc, id desc limit 1")
        .bind(self.tenant)
        .bind(now)
        .bind(actor.as_text())
        .optional(&mut on)
        .await?;
        match row {
            Some(row) => Ok(Some(by_outbox_id(&mut on, self.tenant, row.get(0)?).await?)),
            None => Ok(None),
        }
    }
}

impl Tx {
    /// Looks at a reply that was scheduled, or that nobody has read, when it is about to go out for the first time. Where the customer
    /// has written since, it is failed with the reason, and its ticket waits for a person.
    pub(crate) async fn overtaken(&mut self, row: &OutboxRow) -> Result<Option<Reason>> {
        if (row.scheduled_at.is_none() && !row.automatic) || !row.attempts.is_empty() {
            return Ok(None);
        }
        let tenant = self.tenant();
        if newer(self.on(), tenant, row).await? == 0 {
            return Ok(None);
        }
        let words =
            "a newer mail came before the time this reply was to go out: read it, then send this or write another";
        let reason = Reason::new(ReasonCode::Overtaken, words);
        self.refuse_send(row.id, &reason.to_string(), &Actor::Host("dispatch".to_owned())).await?;
        Ok(Some(reason))
    }
}
