//! Approved mail: what a row holds, and what a person may still do about it.

use crate::proof::BounceNote;
use crate::sql::{Connection, Row, sql};
use crate::tickets::by_id;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::Address;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{DraftId, MailboxId, MessageId, OutboxId, TenantId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// One recipient of approved mail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecipientRow {
    /// Whom.
    pub address: Address,
    /// Cc, not To.
    pub cc: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// The server's last words.
    pub words: Option<String>,
    /// It came back, or is late: what a delivery report said.
    pub bounce: Option<BounceNote>,
}

/// One try at submitting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptRow {
    /// 1, 2, 3 …
    pub number: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was settled; none while it is under way or when it was interrupted.
    pub finished_at: Option<Timestamp>,
    /// When the mail was about to be given to the server; none: nobody was given a byte of it.
    pub handed_over_at: Option<Timestamp>,
    /// What it came to, per recipient.
    pub outcomes: Vec<(String, SubmitOutcome)>,
}

/// Approved mail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutboxRow {
    /// Its id.
    pub id: OutboxId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Through which mailbox it goes out.
    pub mailbox: MailboxId,
    /// The revision that goes out.
    pub draft: DraftId,
    /// Where it stands as a whole.
    pub state: OutboxState,
    /// Without angle brackets.
    pub message_id: String,
    /// Message-ID of what it answers.
    pub in_reply_to: Option<String>,
    /// The thread, oldest first.
    pub references: Vec<String>,
    /// The message it answers.
    pub answers: Option<MessageId>,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// BCP 47.
    pub language: Option<String>,
    /// No person has read it.
    pub automatic: bool,
    /// Who approved it, as [`Actor::as_text`].
    pub approved_by: String,
    /// When; also the Date of the mail, unless a person chose a time.
    pub approved_at: Timestamp,
    /// End of the undo window, the time a person chose, or the next try.
    pub due_at: Timestamp,
    /// The time a person chose for it to go out.
    pub scheduled_at: Option<Timestamp>,
    /// Why it was refused, given up or stopped.
    pub reason: Option<String>,
    /// The message it became in the thread.
    pub message: Option<MessageId>,
    /// Whom, To first.
    pub recipients: Vec<RecipientRow>,
    /// Tries so far, oldest first.
    pub attempts: Vec<AttemptRow>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, ticket_id, mailbox_id, draft_id, state, message_id_header, in_reply_to, reference_list, answers, \
             subject, body, language, automatic, approved_by, approved_at, due_at, scheduled_at, reason, message_id from outbox ",
            $rest
        )
    };
}

async fn read(on: &mut Connection, row: &Row) -> Result<OutboxRow> {
    let mut row = row.reader();
    let mut outbox = OutboxRow {
        id: row.next()?,
        ticket: row.next()?,
        mailbox: row.next()?,
        draft: row.next()?,
        state: row.next()?,
        message_id: row.next()?,
        in_reply_to: row.next()?,
        references: row.json()?,
        answers: row.next()?,
        subject: row.next()?,
        body: row.next()?,
        language: row.next()?,
        automatic: row.next()?,
        approved_by: row.next()?,
        approved_at: row.next()?,
        due_at: row.next()?,
        scheduled_at: row.next()?,
        reason: row.next()?,
        message: row.next()?,
        recipients: Vec::new(),
        attempts: Vec::new(),
    };
    let recipients =
        sql("select name, address, cc, state, words, bounced_at, bounced_hard, bounced_words from outbox_recipient where outbox_id = $1 order by position")
            .bind(outbox.id)
            .all(on)
            .await?;
    for row in &recipients {
        let mut row = row.reader();
        outbox.recipients.push(RecipientRow {
            address: Address { name: row.next()?, address: row.next()? },
            cc: row.next()?,
            state: row.next()?,
            words: row.next()?,
            bounce: {
                let (at, hard, words) = (row.next()?, row.next::<Option<bool>>()?, row.next::<Option<String>>()?);
                Option::map(at, |at| BounceNote {
                    at,
                    hard: hard.unwrap_or_default(),
                    words: words.unwrap_or_default(),
                })
            },
        });
    }
    let attempts =
        sql("select number, started_at, finished_at, handed_over_at, outcomes from attempt where outbox_id = $1 order by number")
            .bind(outbox.id)
            .all(on)
            .await?;
    for row in &attempts {
        let mut row = row.reader();
        outbox.attempts.push(AttemptRow {
            number: row.next()?,
            started_at: row.next()?,
            finished_at: row.next()?,
            handed_over_at: row.next()?,
            outcomes: row.json()?,
        });
    }
    Ok(outbox)
}

pub(crate) async fn by_outbox_id(on: &mut Connection, tenant: TenantId, id: OutboxId) -> Result<OutboxRow> {
    let row = sql(select!("where tenant_id = $1 and id = $2"))
        .bind(tenant)
        .bind(id)
        .optional(on)
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("approved mail {id}")))?;
    read(on, &row).await
}

pub(crate) async fn of_ticket(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<OutboxRow>> {
    let rows =
        sql(select!("where tenant_id = $1 and ticket_id = $2 order by id")).bind(tenant).bind(ticket).all(on).await?;
    let mut outbox = Vec::with_capacity(rows.len());
    for row in &rows {
        outbox.push(read(on, row).await?);
    }
    Ok(outbox)
}

impl Scope {
    /// One row.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn outbox(&self, id: OutboxId) -> Result<OutboxRow> {
        let mut on = self.read().await?;
        let row = by_outbox_id(&mut on, self.tenant, id).await?;
        self.admit_of(&mut on, Some(row.ticket), "outbox", id.0).await?;
        Ok(row)
    }

    /// Rows in a state, oldest first, at most 500: what waits, failed or is uncertain.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn outbox_in(&self, state: OutboxState) -> Result<Vec<OutboxRow>> {
        let mut on = self.read().await?;
        let rows = sql(select!("where tenant_id = $1 and state = $2 order by due_at, id limit 500"))
            .bind(self.tenant)
            .bind(state)
            .all(&mut on)
            .await?;
        let mut outbox = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = read(&mut on, row).await?;
            match self.admit_of(&mut on, Some(row.ticket), "outbox", row.id.0).await {
                Ok(()) => outbox.push(row),
                Err(crate::StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(outbox)
    }
}

impl Tx {
    /// Takes a reply back while nothing was submitted; the ticket waits again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too late.
    pub async fn cancel_send(&mut self, outbox: OutboxId, actor: &Actor) -> Result<()> {
        let row = self.unsent(outbox, "taken back").await?;
        self.set_outbox(outbox, OutboxState::Cancelled, None).await?;
        self.set_recipients(outbox, &[OutboxState::Queued, OutboxState::Deferred], OutboxState::Cancelled).await?;
        self.files_come_back(outbox).await?;
        self.ticket_waits(row.ticket).await?;
        if row.automatic {
            self.autonomy_cancelled(outbox, actor).await?;
        }
        self.record(actor, "outbox.cancelled", format_args!("ticket:{}", row.ticket), json!({ "outbox": outbox }));
        Ok(())
    }

    /// Refuses to send before anything was submitted (a checker's objection, a mailbox that is gone): failed, with
    /// the reason; the ticket waits again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too late.
    pub async fn refuse_send(&mut self, outbox: OutboxId, reason: &str, actor: &Actor) -> Result<()> {
        let row = self.unsent(outbox, "refused").await?;
        self.set_outbox(outbox, OutboxState::Failed, Some(reason)).await?;
        self.set_recipients(outbox, &[OutboxState::Queued, OutboxState::Deferred], OutboxState::Failed).await?;
        self.files_are_offered(outbox).await?;
        self.ticket_waits(row.ticket).await?;
        if row.automatic {
            self.autonomy_held(outbox).await?;
        }
        self.record(
            actor,
            "outbox.refused",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "reason": reason }),
        );
        Ok(())
    }

    /// A person says what became of an uncertain or failed mail: `Sent`, `Failed`, `Cancelled`, or `Queued` to try
    /// again with those recipients who did not get it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when its state does not allow it.
    pub async fn resolve_send(&mut self, outbox: OutboxId, to: OutboxState, actor: &Actor) -> Result<()> {
        use OutboxState::{Cancelled, Failed, Queued, Sent, Uncertain};
        let (tenant, now) = (self.tenant(), self.now());
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        let allowed = matches!(row.state, Uncertain | Failed)
            && matches!(to, Sent | Failed | Queued | Cancelled)
            && row.state.may_become(to);
        if !allowed {
            return Err(StoreError::refused(format_args!(
                "this reply is {}: it cannot be made {to} by hand",
                row.state
            )));
        }
        self.set_outbox(outbox, to, None).await?;
        self.set_recipients(outbox, &[Uncertain, Failed], to).await?;
        match (row.state, to) {
            (_, Failed) => self.files_are_offered(outbox).await?,
            (Uncertain, Cancelled) => self.files_come_back(outbox).await?,
            // They were offered when it failed; who took some away does not want them back.
            (_, Cancelled) => self.files_are_out(outbox).await?,
            (Failed, _) => self.files_are_wanted(outbox).await?,
            (_, Sent) if row.message.is_some() => self.files_are_out(outbox).await?,
            _ => {}
        }
        if to == Queued {
            // A person's wish begins the ladder anew, and what a person sends is not automatic any more: no cap holds it again.
            let read = matches!(actor, Actor::Agent(_) | Actor::Operator) || !row.automatic;
            sql("update outbox set due_at = $1, scheduled_at = null, tries = 0, automatic = $2 where tenant_id = $3 and id = $4")
                .bind(now)
                .bind(!read)
                .bind(tenant)
                .bind(outbox)
                .run(self.on())
                .await?;
            self.enqueue(&Job::Dispatch { outbox }).await?;
        }
        if to == Sent {
            // Whoever was submitting it died before it could be put into the thread and the Sent folder.
            self.enqueue(&Job::AppendSent { outbox }).await?;
        }
        if matches!(to, Sent | Queued) {
            let ticket = by_id(self.on(), tenant, row.ticket).await?;
            if ticket.status.may_become(TicketStatus::Sent) {
                self.move_ticket(&ticket, TicketStatus::Sent).await?;
            }
        }
        self.record(
            actor,
            "outbox.resolved",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "was": row.state, "now": to }),
        );
        Ok(())
    }

    /// Brings a sent ticket back to its agents.
    pub(crate) async fn ticket_waits(&mut self, ticket: TicketId) -> Result<()> {
        let tenant = self.tenant();
        let ticket = by_id(self.on(), tenant, ticket).await?;
        if ticket.status == TicketStatus::Sent {
            self.move_ticket(&ticket, TicketStatus::Waiting).await?;
        }
        Ok(())
    }

    /// Sets a row's state and ends its lease.
    pub(crate) async fn set_outbox(&mut self, outbox: OutboxId, to: OutboxState, reason: Option<&str>) -> Result<()> {
        let tenant = self.tenant();
        sql("update outbox set state = $1, reason = $2, lease_owner = null, lease_until = null \
             where tenant_id = $3 and id = $4")
        .bind(to)
        .bind(reason)
        .bind(tenant)
        .bind(outbox)
        .run(self.on())
        .await?;
        if to == OutboxState::Sent {
            self.template_sent(outbox).await?;
        }
        Ok(())
    }

    /// Moves all recipients that are in one of some states.
    pub(crate) async fn set_recipients(
        &mut self,
        outbox: OutboxId,
        from: &[OutboxState],
        to: OutboxState,
    ) -> Result<()> {
        let tenant = self.tenant();
        for from in from {
            sql("update outbox_recipient set state = $1 where tenant_id = $2 and outbox_id = $3 and state = $4")
                .bind(to)
                .bind(tenant)
                .bind(outbox)
                .bind(*from)
                .run(self.on())
                .await?;
        }
        Ok(())
    }

    async fn unsent(&mut self, outbox: OutboxId, what: &str) -> Result<OutboxRow> {
        let tenant = self.tenant();
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        if matches!(row.state, OutboxState::Queued | OutboxState::Deferred) {
            Ok(row)
        } else {
            Err(StoreError::refused(format_args!("this reply is {}: it cannot be {what} any more", row.state)))
        }
    }
}
