//! Everything Posthouse knows about mail: reading it, finding the new text in it, fetching it, composing
//! and submitting it. Nothing here stores anything, and nothing here decides what becomes of a message.
//!
//! In: [`imap`], [`maildir`], [`mbox`] and [`source`] hand over raw bytes. [`read`] turns bytes into a
//! [`ReadMail`](posthouse_model::mail::ReadMail) and never fails; beneath it stand [`html`], [`quote`] and
//! [`language`]. [`screen`] says whether a mail is automatic, [`thread`] where it belongs.
//! Out: [`compose`] makes bytes, [`submit`] hands them to a server and reports what is known per recipient.

pub mod compose;
pub mod dns;
pub mod fuzz;
pub mod hop;
pub mod html;
pub mod imap;
pub mod language;
pub mod maildir;
pub mod marked;
pub mod mbox;
pub mod net;
pub mod oauth;
pub mod quote;
pub mod read;
pub mod rspamd;
pub mod screen;
pub mod source;
pub mod spam;
pub mod submit;
pub mod thread;

/// How much one batch of fetched mail may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimit {
    /// Messages.
    pub count: usize,
    /// Bytes; a single larger message still comes, alone.
    pub bytes: u64,
}

impl Default for BatchLimit {
    fn default() -> Self {
        Self { count: 50, bytes: 16 * 1024 * 1024 }
    }
}

/// One message as it was found in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// IMAP UID, or the number the Maildir's own list gave it. Grows; 0 never occurs.
    pub uid: u32,
    /// When the mailbox received it (IMAP INTERNALDATE, a Maildir file's time of change).
    pub arrived_at: Option<posthouse_model::Timestamp>,
    /// The bytes, or why there are none.
    pub content: Content,
}

/// A message that a mailbox holds, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// As [`Fetched::uid`].
    pub uid: u32,
    /// As [`Fetched::arrived_at`].
    pub arrived_at: Option<posthouse_model::Timestamp>,
}

/// The bytes of a fetched message, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The raw message.
    Mail(Vec<u8>),
    /// Over the limit: only the header section was fetched, so that the message can be parked and shown.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The header section, as far as it could be had.
        headers: Vec<u8>,
    },
    /// The server or the disk would not give it, although others before and after it came.
    Unreadable {
        /// In the server's or system's words.
        reason: String,
    },
}

/// Why waiting for new mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something changed: fetch.
    Changed,
    /// The time is up; fetching is right as well.
    Timeout,
}
