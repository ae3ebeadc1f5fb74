//! Approved mail: from approval to the moment a worker leases it, and what a person may still do about it.

use crate::drafts::{DraftEdit, DraftRow, by_draft_id};
use crate::sql::{Connection, Json, Row, sql};
use crate::tickets::{TicketRow, by_id};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{DraftId, MailboxId, MessageId, OutboxId, TenantId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Most recipients of one reply. Many servers refuse more than 100 (RFC 5321, 4.5.3.1.8 asks for that many).
const RECIPIENTS_MAX: usize = 100;
/// References written into a reply: the first, which names the thread, and the newest.
const REFERENCES_MAX: usize = 20;

/// A reply that a person approves.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Which ticket.
    pub ticket: TicketId,
    /// The revision she had before her.
    pub draft: DraftId,
    /// The newest message she had before her. The approval is refused when a newer one from the customer has come.
    pub seen: Option<MessageId>,
    /// Subject line.
    pub subject: String,
    /// Plain text, as it goes out. When it differs from the draft's, it becomes a revision of its own.
    pub body: String,
    /// At least one; to and cc at most 100 together.
    pub to: Vec<Address>,
    /// Maybe none.
    pub cc: Vec<Address>,
    /// How long it can be taken back.
    pub undo: Duration,
    /// Without angle brackets; fixed from here on.
    pub message_id: String,
    /// No person has read it.
    pub automatic: bool,
}

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
    /// When; also the Date of the mail.
    pub approved_at: Timestamp,
    /// End of the undo window, or the next try.
    pub due_at: Timestamp,
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
             subject, body, language, automatic, approved_by, approved_at, due_at, reason, message_id from outbox ",
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
        reason: row.next()?,
        message: row.next()?,
        recipients: Vec::new(),
        attempts: Vec::new(),
    };
    let recipients =
        sql("select name, address, cc, state, words from outbox_recipient where outbox_id = $1 order by position")
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
        });
    }
    let attempts = sql("select number, started_at, finished_at, outcomes from attempt where outbox_id = $1 order by number")
        .bind(outbox.id)
        .all(on)
        .await?;
    for row in &attempts {
        let mut row = row.reader();
        outbox.attempts.push(AttemptRow {
            number: row.next()?,
            started_at: row.next()?,
            finished_at: row.next()?,
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
    let rows = sql(select!("where tenant_id = $1 and ticket_id = $2 order by id"))
        .bind(tenant)
        .bind(ticket)
        .all(on)
        .await?;
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
        by_outbox_id(&mut *self.read().await?, self.tenant, id).await
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
            outbox.push(read(&mut on, row).await?);
        }
        Ok(outbox)
    }
}

impl Tx {
    /// Approves a reply: stores what goes out, the job that sends it when the undo window ends, and moves the ticket to
    /// sent. Approving the same revision again gives the same row, so a double click sends once. Use
    /// [`Scope::begin_durable`]: it is a promise to a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a newer mail has come or the draft has a newer revision; [`StoreError::Refused`]
    /// when it may not go out like this: no recipient, no text, unfilled variables, a checker's objection.
    pub async fn approve(&mut self, approval: &Approval, actor: &Actor) -> Result<OutboxId> {
        let (tenant, now) = (self.tenant(), self.now());
        let ticket = by_id(self.on(), tenant, approval.ticket).await?;
        let draft = by_draft_id(self.on(), tenant, approval.draft).await?;
        if draft.ticket != ticket.id {
            return Err(StoreError::not_found(format_args!("draft {}", draft.id)));
        }
        if let Some(outbox) = self.approved_already(approval).await? {
            return Ok(outbox);
        }
        let recipients = recipients(approval)?;
        may_go_out(approval, &draft)?;
        let thread = self.thread_of(&ticket, approval.seen).await?;
        let draft = if draft.proposal.body == approval.body {
            draft.id
        } else {
            let subject = Some(approval.subject.clone());
            let edit = DraftEdit { base: Some(draft.id), subject, body: approval.body.clone() };
            self.edit_draft(ticket.id, &edit, actor).await?.id
        };
        let due = now.plus(approval.undo);
        let outbox: OutboxId = sql("insert into outbox (tenant_id, ticket_id, mailbox_id, approved_draft, draft_id, state, \
             message_id_header, in_reply_to, reference_list, answers, subject, body, language, automatic, approved_by, \
             approved_at, due_at, tries) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0) returning id")
        .bind(tenant)
        .bind(ticket.id)
        .bind(ticket.mailbox)
        .bind(approval.draft)
        .bind(draft)
        .bind(OutboxState::Queued)
        .bind(&approval.message_id)
        .bind(thread.in_reply_to.as_ref())
        .bind(Json(&thread.references))
        .bind(thread.answers)
        .bind(&approval.subject)
        .bind(&approval.body)
        .bind(ticket.language.as_ref())
        .bind(approval.automatic)
        .bind(actor.as_text())
        .bind(now)
        .bind(due)
        .one(self.on())
        .await?
        .get(0)?;
        for ((address, cc), position) in recipients.iter().zip(0_i64..) {
            sql("insert into outbox_recipient (outbox_id, tenant_id, position, address_key, address, name, cc, state) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(outbox)
            .bind(tenant)
            .bind(position)
            .bind(address.key())
            .bind(&address.address)
            .bind(address.name.as_ref())
            .bind(*cc)
            .bind(OutboxState::Queued)
            .run(self.on())
            .await?;
        }
        self.enqueue_at(&Job::Dispatch { outbox }, due).await?;
        self.move_ticket(&ticket, TicketStatus::Sent).await?;
        let body_sha256 = hex::encode(Sha256::digest(&approval.body));
        self.record(
            actor,
            "outbox.approved",
            format_args!("ticket:{}", ticket.id),
            json!({
                "outbox": outbox,
                "draft": draft,
                "message_id": approval.message_id,
                "recipients": recipients.len(),
                "body_sha256": body_sha256,
                "due": due,
                "automatic": approval.automatic,
            }),
        );
        Ok(outbox)
    }

    /// Takes a reply back while nothing was submitted; the ticket waits again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too late.
    pub async fn cancel_send(&mut self, outbox: OutboxId, actor: &Actor) -> Result<()> {
        let row = self.unsent(outbox, "taken back").await?;
        self.set_outbox(outbox, OutboxState::Cancelled, None).await?;
        self.set_recipients(outbox, &[OutboxState::Queued, OutboxState::Deferred], OutboxState::Cancelled).await?;
        self.ticket_waits(row.ticket).await?;
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
        self.ticket_waits(row.ticket).await?;
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
        if to == Queued {
            // A person's wish begins the ladder anew.
            sql("update outbox set due_at = $1, tries = 0 where tenant_id = $2 and id = $3")
                .bind(now)
                .bind(tenant)
                .bind(outbox)
                .run(self.on())
                .await?;
            self.enqueue(&Job::Dispatch { outbox }).await?;
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

    async fn approved_already(&mut self, approval: &Approval) -> Result<Option<OutboxId>> {
        let tenant = self.tenant();
        let row = sql("select id from outbox where tenant_id = $1 and (message_id_header = $2 \
             or (ticket_id = $3 and approved_draft = $4 and state not in ('cancelled', 'failed'))) order by id limit 1")
        .bind(tenant)
        .bind(&approval.message_id)
        .bind(approval.ticket)
        .bind(approval.draft)
        .optional(self.on())
        .await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// What the reply answers. Refused when the customer has written more than the agent saw.
    async fn thread_of(&mut self, ticket: &TicketRow, seen: Option<MessageId>) -> Result<Thread> {
        let tenant = self.tenant();
        let row = sql("select id, read_json from message where tenant_id = $1 and ticket_id = $2 \
             and direction = 'incoming' and outcome in ('pending', 'ticket') order by at desc, id desc limit 1")
        .bind(tenant)
        .bind(ticket.id)
        .optional(self.on())
        .await?;
        if let Some(seen) = seen {
            let newer = sql("select id from message where tenant_id = $1 and ticket_id = $2 and direction = 'incoming' \
                 and outcome in ('pending', 'ticket') and id > $3 limit 1")
            .bind(tenant)
            .bind(ticket.id)
            .bind(seen)
            .optional(self.on())
            .await?;
            if newer.is_some() {
                return Err(StoreError::conflict(format_args!("ticket #{} (a newer mail has come)", ticket.number)));
            }
        }
        let Some(row) = row else { return Ok(Thread::default()) };
        let answers: MessageId = row.get(0)?;
        let mail: ReadMail = row.get::<Json<ReadMail>>(1)?.0;
        let Some(id) = mail.message_id else {
            // A made-up identity must not go out.
            return Ok(Thread { answers: Some(answers), ..Thread::default() });
        };
        let mut references = if mail.references.is_empty() { mail.in_reply_to } else { mail.references };
        references.retain(|reference| *reference != id);
        references.push(id.clone());
        if references.len() > REFERENCES_MAX {
            references.drain(1..=references.len() - REFERENCES_MAX);
        }
        Ok(Thread { answers: Some(answers), in_reply_to: Some(id), references })
    }
}

#[derive(Default)]
struct Thread {
    answers: Option<MessageId>,
    in_reply_to: Option<String>,
    references: Vec<String>,
}

/// To and Cc in order, each address once.
fn recipients(approval: &Approval) -> Result<Vec<(Address, bool)>> {
    let mut recipients: Vec<(Address, bool)> = Vec::new();
    let to = approval.to.iter().map(|a| (a, false));
    for (address, cc) in to.chain(approval.cc.iter().map(|a| (a, true))) {
        if !address.address.contains('@') {
            return Err(StoreError::refused(format_args!("`{}` is not a mail address", address.address)));
        }
        if recipients.iter().all(|(known, _)| known.key() != address.key()) {
            recipients.push((address.clone(), cc));
        }
    }
    if approval.to.is_empty() {
        return Err(StoreError::refused("a reply needs at least one recipient"));
    }
    if recipients.len() > RECIPIENTS_MAX {
        return Err(StoreError::refused(format_args!(
            "a reply may have {RECIPIENTS_MAX} recipients; this one has {}",
            recipients.len()
        )));
    }
    Ok(recipients)
}

fn may_go_out(approval: &Approval, draft: &DraftRow) -> Result<()> {
    if approval.body.trim().is_empty() {
        return Err(StoreError::refused("the reply is empty: write something first"));
    }
    let unchanged = draft.proposal.body == approval.body;
    let unfilled: Vec<&str> = draft
        .proposal
        .unfilled
        .iter()
        .map(String::as_str)
        .filter(|variable| unchanged || crate::drafts::has_placeholder(&approval.body, variable))
        .collect();
    if !unfilled.is_empty() {
        return Err(StoreError::refused(format_args!("fill in first: {}", unfilled.join(", "))));
    }
    match draft.checks.iter().find(|finding| unchanged && finding.blocks) {
        Some(finding) => Err(StoreError::refused(format_args!("it may not go out like this: {}", finding.reason))),
        None => Ok(()),
    }
}
