//! One address: its way in and its way out.

use super::{SecretRef, yes};
use crate::triage::named;
use serde::{Deserialize, Serialize};

/// One address with exactly one way in (`imap` or `maildir`) and exactly one way out (`smtp` or `files`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxConfig {
    /// Name on the command line and in reports; see [`super::is_name`]. Never changes.
    pub name: String,
    /// What customers write to, and what replies come from.
    pub address: String,
    /// Display name on replies. Default: the tenant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// Other addresses that are ours as well: mail from them is not a customer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Off: not fetched, nothing is sent from it. Default on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Mail that was there before the first fetch is taken in. Off: only what comes after. Default on.
    #[serde(default = "yes")]
    pub import_existing: bool,
    /// In, from a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap: Option<ImapConfig>,
    /// In, from a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maildir: Option<MaildirConfig>,
    /// Out, through a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<SmtpConfig>,
    /// Out, as files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<FilesConfig>,
}

impl MailboxConfig {
    /// Whether an address is this mailbox or one of its aliases; case does not matter.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        let key = address.trim().to_lowercase();
        std::iter::once(&self.address).chain(&self.aliases).any(|own| own.trim().to_lowercase() == key)
    }
}

named! {
    /// How a connection is protected.
    pub enum Security {
        /// TLS from the first byte.
        Tls = "tls",
        /// Plain, then upgraded before anything is said. Refused when the server does not offer it.
        StartTls = "starttls",
        /// None: on loopback only.
        Plain = "plain",
    }
}

fn tls() -> Security {
    Security::Tls
}

/// Fetching over IMAP (RFC 9051, RFC 3501).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImapConfig {
    /// Name or address of the server.
    pub host: String,
    /// Default: 993 with `tls`, else 143.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Default `tls`.
    #[serde(default = "tls")]
    pub security: Security,
    /// Login name.
    pub user: String,
    /// By name.
    pub password: SecretRef,
    /// The one folder to follow; `folders` for several. Default `INBOX`.
    #[serde(default = "inbox")]
    pub folder: String,
    /// The folders to follow instead, 1 to 50: names, or patterns with `*` for anything and `%` for anything within one level (RFC
    /// 9051, 6.3.9). A pattern never means the folders for sent, unwanted, deleted and unfinished mail, nor Gmail's view of all
    /// mail; a name does. Default: `folder` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// Names and patterns of folders that no pattern means, at most 50. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_folders: Vec<String>,
    /// Where copies of replies go. Default: the folder that the server marks as Sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_folder: Option<String>,
    /// Replies are copied into the Sent folder. Off where the SMTP server does so itself (Gmail). Default on.
    #[serde(default = "yes")]
    pub append_sent: bool,
    /// Looked at no less often than this, also where the server offers IDLE, 5 to 3,600. Default 60.
    #[serde(default = "poll_seconds")]
    pub poll_seconds: u32,
    /// PEM certificates trusted besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// A file with those, relative to the tenant's folder. Never set in what is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl ImapConfig {
    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == Security::Tls { 993 } else { 143 })
    }

    /// Names and patterns at most, in [`Self::folders`] and in [`Self::skip_folders`].
    pub const FOLDERS_MAX: usize = 50;

    /// Names and patterns of what is followed, in order; never none.
    #[must_use]
    pub fn followed(&self) -> &[String] {
        if self.folders.is_empty() { std::slice::from_ref(&self.folder) } else { &self.folders }
    }

    /// The first folder that is named rather than meant by a pattern, else `INBOX`: what a look at the server opens.
    #[must_use]
    pub fn main_folder(&self) -> &str {
        self.followed().iter().find(|name| !is_pattern(name)).map_or("INBOX", String::as_str)
    }
}

/// Whether a folder's name has a wildcard of LIST in it (RFC 9051, 6.3.9).
#[must_use]
pub fn is_pattern(folder: &str) -> bool {
    folder.contains(['*', '%'])
}

/// Fetching from a Maildir.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaildirConfig {
    /// The folder that holds `new` and `cur`; relative to the host's `data_dir`. Made when it is not there.
    pub path: String,
    /// How often it is looked at where the system cannot tell of changes, 1 to 3,600. Default 2.
    #[serde(default = "maildir_poll_seconds")]
    pub poll_seconds: u32,
}

/// Submitting over SMTP (RFC 6409).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Name or address of the server.
    pub host: String,
    /// Default: 465 with `tls`, else 587.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Default `tls`.
    #[serde(default = "tls")]
    pub security: Security,
    /// Login name; none: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// By name; required with `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// A submission is given up after this long, 5 to 600. Default 60.
    #[serde(default = "smtp_timeout_seconds")]
    pub timeout_seconds: u32,
    /// PEM certificates trusted besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// A file with those, relative to the tenant's folder. Never set in what is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl SmtpConfig {
    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == Security::Tls { 465 } else { 587 })
    }
}

/// Outgoing mail as files, for trying out and for tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Where `.eml` files are written; relative to the host's `data_dir`. Made when it is not there.
    pub path: String,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

fn poll_seconds() -> u32 {
    60
}

fn maildir_poll_seconds() -> u32 {
    2
}

fn smtp_timeout_seconds() -> u32 {
    60
}
