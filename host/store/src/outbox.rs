//! Approved mail: from approval to the moment it is leased.
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::mail::Address;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::{DraftId, MailboxId, MessageId, OutboxId, TicketId, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// A reply that a person approves.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Which ticket.
    pub ticket: TicketId,
    /// The revision she had before her.
    pub draft: DraftId,
    /// The newest message she had before her. The approval is refused when a newer one has come.
    pub seen: Option<MessageId>,
    /// Subject line.
    pub subject: String,
    /// Plain text, as it goes out.
    pub body: String,
    /// At least one.
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
    /// Whom, To first.
    pub recipients: Vec<RecipientRow>,
    /// Tries so far, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Why it was refused or given up.
    pub reason: Option<String>,
    /// The message it became in the thread.
    pub message: Option<MessageId>,
}

impl Scope {
    /// One row.
    pub async fn outbox(&self, _id: OutboxId) -> Result<OutboxRow> { todo!() }
    /// Rows in a state, oldest first, at most 500: what waits, failed or is uncertain.
    pub async fn outbox_in(&self, _state: OutboxState) -> Result<Vec<OutboxRow>> { todo!() }
}

impl Tx {
    /// Approves a reply: stores what goes out, the job that will send it when the undo window ends, and moves the ticket to sent. Approving the same revision twice gives the same row.
    pub async fn approve(&mut self, _approval: &Approval, _actor: &Actor) -> Result<OutboxId> { todo!() }
    /// Takes a reply back while nothing was submitted; the ticket waits again.
    pub async fn cancel_send(&mut self, _outbox: OutboxId, _actor: &Actor) -> Result<()> { todo!() }
    /// Refuses to send before anything was submitted (a checker, a missing mailbox): failed, with the reason; the ticket waits again.
    pub async fn refuse_send(&mut self, _outbox: OutboxId, _reason: &str, _actor: &Actor) -> Result<()> { todo!() }
    /// A person says what became of an uncertain or failed mail: `Sent`, `Failed`, `Cancelled`, or `Queued` to try again those recipients that did not get it.
    pub async fn resolve_send(&mut self, _outbox: OutboxId, _to: OutboxState, _actor: &Actor) -> Result<()> { todo!() }
}
