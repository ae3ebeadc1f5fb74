//! Approving a reply: what goes out is fixed, with its Message-ID, in the transaction that queues it.

use crate::drafts::{DraftEdit, DraftRow, by_draft_id, has_placeholder};
use crate::scheduled::scheduled;
use crate::sql::{Json, sql};
use crate::tickets::{TicketRow, by_id};
use crate::{Result, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{DraftId, MessageId, OutboxId, TicketId, Timestamp};
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
    /// When it goes out, where a person chose a time: at most [`SCHEDULE_MAX`](crate::SCHEDULE_MAX) ahead, and never before the undo window ends.
    pub send_at: Option<Timestamp>,
    /// Without angle brackets; fixed from here on.
    pub message_id: String,
    /// No person has read it.
    pub automatic: bool,
}

impl Tx {
    /// Approves a reply: stores what goes out, the job that sends it when the undo window ends, and moves the ticket to
    /// sent. Approving the same revision again gives the same row, so a double click sends once. Use
    /// [`Scope::begin_durable`](crate::Scope::begin_durable): it is a promise to a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a newer mail has come or the draft has a newer revision; [`StoreError::Refused`]
    /// when it may not go out like this: no recipient, no text, unfilled variables, a checker's objection, a picture that is not
    /// there.
    pub async fn approve(&mut self, approval: &Approval, actor: &Actor) -> Result<OutboxId> {
        let (tenant, now) = (self.tenant(), self.now());
        let ticket = by_id(self.on(), tenant, approval.ticket).await?;
        ticket.is_here()?;
        let draft = by_draft_id(self.on(), tenant, approval.draft).await?;
        if draft.ticket != ticket.id {
            return Err(StoreError::not_found(format_args!("draft {}", draft.id)));
        }
        if let Some(outbox) = self.approved_already(approval).await? {
            return Ok(outbox);
        }
        let recipients = recipients(approval)?;
        may_go_out(approval, &draft)?;
        self.files_fit(ticket.id, &approval.body, approval.automatic).await?;
        if approval.automatic {
            let addresses: Vec<&Address> = recipients.iter().map(|(address, _)| address).collect();
            self.may_go_out_automatically(ticket.id, &addresses).await?;
        }
        let thread = self.thread_of(&ticket, approval.seen).await?;
        let draft = if draft.proposal.body == approval.body {
            // Taken back and approved again it was taken once; edited it was taken then.
            if draft.revision == 1 && !self.was_approved(approval).await? {
                self.template_taken(draft.plugin.as_deref(), draft.proposal.template.as_deref()).await?;
            }
            draft.id
        } else {
            let subject = Some(approval.subject.clone());
            let edit = DraftEdit { base: Some(draft.id), subject, body: approval.body.clone() };
            self.edit_draft(ticket.id, &edit, actor).await?.id
        };
        let scheduled = scheduled(approval, now)?;
        let due = scheduled.unwrap_or(now.plus(approval.undo));
        let outbox: OutboxId =
            sql("insert into outbox (tenant_id, ticket_id, mailbox_id, approved_draft, draft_id, state, \
             message_id_header, in_reply_to, reference_list, answers, subject, body, language, automatic, approved_by, \
             approved_at, due_at, scheduled_at, tries) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0) returning id")
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
            .bind(scheduled)
            .one(self.on())
            .await?
            .get(0)?;
        for ((address, cc), position) in recipients.iter().zip(0_i64..) {
            sql(
                "insert into outbox_recipient (outbox_id, tenant_id, position, address_key, address, name, cc, state) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
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
        // Files were added by hand: they go with what a person approves.
        let files = if approval.automatic { 0 } else { self.files_go_with(ticket.id, outbox).await? };
        self.enqueue_at(&Job::Dispatch { outbox }, due).await?;
        if !approval.automatic {
            // Nobody answers spam: what a person answers teaches the filter what mail is.
            self.enqueue(&Job::Learn { ticket: ticket.id, spam: false }).await?;
        }
        self.move_ticket(&ticket, TicketStatus::Sent).await?;
        if approval.automatic {
            self.autonomy_approved(ticket.id, outbox, actor).await?;
        } else {
            self.autonomy_answered(ticket.id, Some((&approval.body, outbox)), actor).await?;
        }
        self.saved_typed(ticket.id, Some(approval.draft), actor).await?;
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
                "files": files,
                "body_sha256": body_sha256,
                "due": due,
                "scheduled": scheduled.is_some(),
                "automatic": approval.automatic,
            }),
        );
        Ok(outbox)
    }

    async fn approved_already(&mut self, approval: &Approval) -> Result<Option<OutboxId>> {
        let tenant = self.tenant();
        // By two ways that each have an index, which SQLite does not find out for an “or”.
        let row = sql("select min(id) from (select id from outbox where tenant_id = $1 and message_id_header = $2 \
             union all select id from outbox where tenant_id + 0 = $1 and ticket_id = $3 and approved_draft = $4 \
             and state not in ('cancelled', 'failed')) known")
        .bind(tenant)
        .bind(&approval.message_id)
        .bind(approval.ticket)
        .bind(approval.draft)
        .one(self.on())
        .await?;
        row.get(0)
    }

    /// Whether a reply was made of this revision before, whatever became of it.
    async fn was_approved(&mut self, approval: &Approval) -> Result<bool> {
        let tenant = self.tenant();
        let row =
            sql("select 1 from outbox where tenant_id + 0 = $1 and ticket_id = $2 and approved_draft = $3 limit 1")
                .bind(tenant)
                .bind(approval.ticket)
                .bind(approval.draft)
                .optional(self.on())
                .await?;
        Ok(row.is_some())
    }

    /// What the reply answers. Refused when the customer has written more than the agent saw.
    async fn thread_of(&mut self, ticket: &TicketRow, seen: Option<MessageId>) -> Result<Thread> {
        let tenant = self.tenant();
        let row = sql("select id, read_json from message where tenant_id + 0 = $1 and ticket_id = $2 \
             and direction = 'incoming' and outcome in ('pending', 'ticket') order by at desc, id desc limit 1")
        .bind(tenant)
        .bind(ticket.id)
        .optional(self.on())
        .await?;
        if let Some(seen) = seen {
            let newer =
                sql("select id from message where tenant_id + 0 = $1 and ticket_id = $2 and direction = 'incoming' \
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
        .filter(|variable| unchanged || has_placeholder(&approval.body, variable))
        .collect();
    if !unfilled.is_empty() {
        return Err(StoreError::refused(format_args!("fill in first: {}", unfilled.join(", "))));
    }
    match draft.checks.iter().find(|finding| unchanged && finding.blocks) {
        Some(finding) => Err(StoreError::refused(format_args!("it may not go out like this: {}", finding.reason))),
        None => Ok(()),
    }
}
