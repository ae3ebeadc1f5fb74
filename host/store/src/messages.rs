//! Reading messages.
use crate::{Result, Scope};
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::ticket::{Direction, Outcome};
use posthouse_model::{MailboxId, MessageId, TicketId, Timestamp};
use serde::Serialize;

/// A message, whole but for its raw bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// None when it was parked or is a duplicate.
    pub ticket: Option<TicketId>,
    /// Where it came in or went out.
    pub mailbox: MailboxId,
    /// Which way.
    pub direction: Direction,
    /// Message-ID, or the identity made up for a mail that has none.
    pub identity: String,
    /// Where it ended.
    pub outcome: Outcome,
    /// Why, for everything but a ticket.
    pub reason: Option<String>,
    /// By its own Date header when that is sane, else when the server got it.
    pub at: Timestamp,
    /// When the server got it.
    pub received_at: Timestamp,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Size of the raw bytes.
    pub size: i64,
    /// Once read.
    pub read: ReadMail,
}

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageSummary {
    /// Its id.
    pub id: MessageId,
    /// Where it came in or went out.
    pub mailbox: MailboxId,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// From.
    pub from: Option<Address>,
    /// Decoded.
    pub subject: String,
    /// Where it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Size of the raw bytes.
    pub size: i64,
}

impl Scope {
    /// One message.
    pub async fn message(&self, _id: MessageId) -> Result<MessageRow> { todo!() }
    /// Its bytes as they came.
    pub async fn raw(&self, _id: MessageId) -> Result<Vec<u8>> { todo!() }
    /// The newest messages of a ticket, newest first.
    pub async fn thread(&self, _ticket: TicketId, _limit: u32) -> Result<Vec<MessageRow>> { todo!() }
    /// Messages that ended in a place, newest first, before an id when given: the parked and the skipped.
    pub async fn messages_by_outcome(&self, _outcome: Outcome, _before: Option<MessageId>, _limit: u32) -> Result<Vec<MessageSummary>> { todo!() }
}
