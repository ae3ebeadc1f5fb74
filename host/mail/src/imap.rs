//! The IMAP client (RFC 3501, 9051): hands over every message once, oldest first, by UID.
//!
//! It never looks at `\\Seen` and never deletes anything, and marks as read only where [`ImapConfig::mark_seen`] asks for
//! it: the cursor (UIDVALIDITY and last UID) is the caller's. One message that the server or the parser chokes on is reported and passed over, so it cannot block the
//! mailbox. IDLE tells of news at once; where a server has no IDLE it is asked now and then.

mod choose;
mod client;
mod folders;
mod held;
mod mark;
mod parts;
mod probe;
mod session;

pub use choose::{Chosen, FOLDERS_FOLLOWED_MAX, choose};
pub use client::ImapClient;
pub use probe::probe;

use crate::net::{Auth, Security};
use std::time::Duration;

/// How long each step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Finding the name, TCP, TLS handshake: each.
    pub connect: Duration,
    /// Each command that only moves little data: sign in, select, sizes.
    pub command: Duration,
    /// Fetching one message or appending one.
    pub body: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), command: Duration::from_secs(60), body: Duration::from_secs(300) }
    }
}

/// A way in by IMAP.
#[derive(Clone, Debug)]
pub struct ImapConfig {
    /// Host name or IP address.
    pub host: String,
    /// 993 for TLS, 143 for STARTTLS.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// How to sign in.
    pub auth: Auth,
    /// An extra certificate authority, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// Larger messages are not fetched but reported as [`Content::TooLarge`](crate::Content::TooLarge).
    pub mail_bytes_max: u64,
    /// How often a server without IDLE is asked for news.
    pub poll: Duration,
    /// Folders are opened so that [`ImapClient::mark_seen`] can mark what is stored; else for reading only.
    pub mark_seen: bool,
}

impl ImapConfig {
    /// With default limits (50 MiB, a poll every 15 s) and no extra authority.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, security: Security, auth: Auth) -> Self {
        Self {
            host: host.into(),
            port,
            security,
            auth,
            extra_ca_pem: None,
            timeouts: Timeouts::default(),
            mail_bytes_max: 50 * 1024 * 1024,
            poll: Duration::from_secs(15),
            mark_seen: false,
        }
    }
}

/// A folder that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// UIDs mean something only together with this (RFC 9051, 2.3.1.1): when it changes, the cursor starts anew.
    pub uid_validity: u32,
    /// The UID the next message will get, when the server says.
    pub uid_next: Option<u32>,
    /// Messages in the folder.
    pub exists: u32,
    /// The folder's HIGHESTMODSEQ (RFC 7162, 3.1.2.1), which grows with every change; none where the server keeps none.
    pub modseq: Option<u64>,
}

/// What a folder is for (RFC 6154, or guessed from well-known names).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderRole {
    /// Where mail arrives.
    Inbox,
    /// Copies of what was sent.
    Sent,
    /// Unfinished mail.
    Drafts,
    /// Unwanted mail.
    Junk,
    /// Deleted mail.
    Trash,
    /// Put away.
    Archive,
    /// Gmail's view of everything.
    All,
}

/// A folder of the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// For people and for configuration, decoded.
    pub name: String,
    /// What it is for.
    pub role: Option<FolderRole>,
    /// Can hold messages.
    pub selectable: bool,
    /// What stands between the levels of its name; none where there are no levels.
    pub delimiter: Option<char>,
}

/// What a folder is said to hold, without opening it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// See [`Selected::uid_validity`]; none when the server does not say.
    pub uid_validity: Option<u32>,
    /// See [`Selected::uid_next`].
    pub uid_next: Option<u32>,
}

impl Standing {
    /// Whether there is nothing beyond this cursor. What the server does not say is no answer: look.
    #[must_use]
    pub fn is_at(&self, uid_validity: u32, last_uid: u32) -> bool {
        self.uid_validity == Some(uid_validity) && self.uid_next.is_some_and(|next| next <= last_uid.saturating_add(1))
    }
}

/// What went wrong with a mail server.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// No connection: name, network, timeout.
    #[error("{0}")]
    Connect(String),
    /// The connection could not be secured.
    #[error("{0}")]
    Tls(String),
    /// The configuration cannot work.
    #[error("{0}")]
    Config(String),
    /// User name or password were refused.
    #[error("the mail server refused to sign in: {0}")]
    Auth(String),
    /// There is no access token to sign in with.
    #[error("no token to sign in with: {0}")]
    Token(String),
    /// The server said NO or BAD.
    #[error("the mail server refused {what}: {words}")]
    Refused {
        /// The command, for people.
        what: String,
        /// The server's words.
        words: String,
    },
    /// The server said something that makes no sense.
    #[error("the mail server's answer to {what} cannot be understood: {words}")]
    Protocol {
        /// The command, for people.
        what: String,
        /// What was odd.
        words: String,
    },
    /// No answer in time.
    #[error("no answer to {what} within {} s", .after.as_secs())]
    Timeout {
        /// The command, for people.
        what: String,
        /// The limit.
        after: Duration,
    },
    /// The connection ended.
    #[error("the mail server closed the connection during {0}")]
    Closed(String),
}

impl ImapError {
    /// Connecting anew may help without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::Auth(_) | Self::Config(_))
    }
}

#[cfg(test)]
mod tests;
