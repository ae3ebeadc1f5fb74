//! Taking mail in.
use crate::{Result, Tx};
use posthouse_model::mail::ReadMail;
use posthouse_model::event::Actor;
use posthouse_model::{MailboxId, MessageId, TicketId, Timestamp};
use serde::Serialize;

/// Where a mail was found: unique per mailbox, so that finding it again stores nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `INBOX`, empty for files.
    pub folder: String,
    /// What tells it from every other mail of this folder, for good.
    pub key: String,
}

impl Source {
    /// A mail on an IMAP server.
    #[must_use]
    pub fn imap(folder: &str, uid_validity: u32, uid: u32) -> Self {
        Self { folder: folder.to_owned(), key: format!("{uid_validity}:{uid}") }
    }
    /// A file in a Maildir, by its unique name without flags.
    #[must_use]
    pub fn maildir(folder: &str, unique: &str) -> Self {
        Self { folder: folder.to_owned(), key: unique.to_owned() }
    }
    /// A mail fed by hand, by the SHA-256 of its bytes.
    #[must_use]
    pub fn file(sha256_hex: &str) -> Self {
        Self { folder: String::new(), key: sha256_hex.to_owned() }
    }
}

/// A mail about to be taken in.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Where it came in.
    pub mailbox: MailboxId,
    /// What tells it from others there.
    pub source: Source,
    /// As it came.
    pub raw: Vec<u8>,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Once read.
    pub read: ReadMail,
    /// Why it cannot be read: it is kept for a person and makes no ticket.
    pub parked: Option<String>,
    /// The ticket that a *verified* token names (signed plus-address), when the mail's own headers find none.
    pub ticket_number: Option<i64>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "taken", rename_all = "kebab-case")]
pub enum Taken {
    /// Stored; triage will look at it.
    New { /// The mail.
        message: MessageId, /// Its ticket.
        ticket: TicketId, /// The ticket's number.
        number: i64, /// The ticket was made for it.
        opened: bool },
    /// Was stored before from the same place: nothing was written.
    Known { /// The mail.
        message: MessageId },
    /// The same mail came by another way (another mailbox, a renumbered folder, a copy of our own): stored and skipped.
    Duplicate { /// This one.
        message: MessageId, /// The first one.
        of: MessageId },
    /// Stored for a person.
    Parked { /// The mail.
        message: MessageId },
}

impl Tx {
    /// Takes one mail in.
    pub async fn intake(&mut self, _mail: &Intake, _actor: &Actor) -> Result<Taken> { todo!() }
    /// Takes many in, ordered by date first so that threads come out the same in whatever order they were fetched. Answers in the order given.
    pub async fn intake_many(&mut self, _mails: &[Intake], _actor: &Actor) -> Result<Vec<Taken>> { todo!() }
}
