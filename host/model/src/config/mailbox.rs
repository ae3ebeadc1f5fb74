//! One address: its way in and its way out.

use super::{Provider, SecretRef, yes};
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
    /// Put below each reply, above what is quoted, after a line `-- `: at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Other addresses that are ours as well: mail from them is not a customer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Off: not fetched, nothing is sent from it. Default on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Mail that was there before the first fetch is taken in. Off: only what comes after. Default on.
    #[serde(default = "yes")]
    pub import_existing: bool,
    /// A provider whose servers are known: what is not written below is filled in. See `docs/mail-providers.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Signing in with OAuth2 instead of a password, to fetch and to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthConfig>,
    /// Mails sent from it in any minute at most, 1 to 10,000; what is over waits. Default: the provider's limit, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_per_minute: Option<u32>,
    /// Mails sent from it in any 24 hours at most, 1 to 1,000,000; what is over waits. Default: the provider's limit, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_per_day: Option<u32>,
    /// Names of the DKIM keys that sign its mail (RFC 6376, 3.1), for `posthouse doctor`: at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim_selectors: Vec<String>,
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

    /// Every OAuth2 set-up in it with its path in the mailbox; what was filled in from the mailbox's own is told once.
    pub fn oauths(&self) -> impl Iterator<Item = (&'static str, &OAuthConfig)> {
        let imap = self.imap.as_ref().and_then(|imap| imap.oauth.as_ref()).map(|oauth| ("imap.oauth", oauth));
        let smtp = self.smtp.as_ref().and_then(|smtp| smtp.oauth.as_ref()).map(|oauth| ("smtp.oauth", oauth));
        let apart = imap.into_iter().chain(smtp).filter(|(_, oauth)| self.oauth.as_ref() != Some(oauth));
        self.oauth.as_ref().map(|oauth| ("oauth", oauth)).into_iter().chain(apart)
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

/// Fetching over IMAP (RFC 9051, RFC 3501).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImapConfig {
    /// Name or address of the server. May be left out where the mailbox names its provider.
    #[serde(default)]
    pub host: String,
    /// Default: 993 with `tls`, else 143.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Default `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Login name. Default, where the mailbox names its provider: the address.
    #[serde(default)]
    pub user: String,
    /// By name; none: `oauth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// OAuth2 for this server alone. Default, where there is no password: the mailbox's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthConfig>,
    /// The one folder to follow; `folders` for several. Default `INBOX`.
    #[serde(default = "inbox", skip_serializing_if = "is_inbox")]
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
    /// Replies are copied into the Sent folder. Off where the SMTP server does so itself. Default: on, and off for a provider
    /// that is known to do so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append_sent: Option<bool>,
    /// Mails are marked as read on the server once they are stored here. Default: nothing on the server is changed. A mail of which
    /// only the headers are kept here stays unread; so may one that was stored just before the host stopped.
    #[serde(default)]
    pub mark_seen: bool,
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
    /// Nothing said yet.
    pub(crate) fn empty() -> Self {
        Self {
            host: String::new(),
            port: None,
            security: None,
            user: String::new(),
            password: None,
            oauth: None,
            folder: inbox(),
            folders: Vec::new(),
            skip_folders: Vec::new(),
            sent_folder: None,
            append_sent: None,
            mark_seen: false,
            poll_seconds: poll_seconds(),
            ca_pem: None,
            ca_file: None,
        }
    }

    /// How the connection is protected.
    #[must_use]
    pub fn security(&self) -> Security {
        self.security.unwrap_or(Security::Tls)
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security() == Security::Tls { 993 } else { 143 })
    }

    /// Whether replies are copied into the Sent folder.
    #[must_use]
    pub fn append_sent(&self) -> bool {
        self.append_sent.unwrap_or(true)
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
    /// Name or address of the server. May be left out where the mailbox names its provider.
    #[serde(default)]
    pub host: String,
    /// Default: 465 with `tls`, else 587.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Default `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Login name; none: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// By name; required with `user`, unless `oauth` is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// OAuth2 for this server alone. Default, where there is no password: the mailbox's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthConfig>,
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
    /// Nothing said yet.
    pub(crate) fn empty() -> Self {
        Self {
            host: String::new(),
            port: None,
            security: None,
            user: None,
            password: None,
            oauth: None,
            timeout_seconds: smtp_timeout_seconds(),
            ca_pem: None,
            ca_file: None,
        }
    }

    /// How the connection is protected.
    #[must_use]
    pub fn security(&self) -> Security {
        self.security.unwrap_or(Security::Tls)
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security() == Security::Tls { 465 } else { 587 })
    }
}

/// Signing in with OAuth2 (RFC 6749) and SASL XOAUTH2. A person agrees once, on the desk or with `posthouse mailbox sign-in`; from the refresh
/// token that this gives, access tokens are had for as long as the provider lets it live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthConfig {
    /// What the provider calls this program: from the app registration there.
    pub client_id: String,
    /// By name, where the provider gave one to the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretRef>,
    /// By name; the sign-in keeps it there, and so does every renewal that brings a new one.
    pub refresh_token: SecretRef,
    /// Where tokens are given. Default: the provider's.
    #[serde(default)]
    pub token_url: String,
    /// Where a person agrees in a browser. Default: the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize_url: Option<String>,
    /// Where a code for another device is given (RFC 8628). Default: the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_url: Option<String>,
    /// What is asked for. Default: the provider's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

impl OAuthConfig {
    /// The host that the refresh token and the client's secret are sent to, in lower case; empty when there is no address.
    #[must_use]
    pub fn token_host(&self) -> String {
        host_of(&self.token_url).unwrap_or_default()
    }
}

/// The host of an `https://` address, or of an `http://` one on loopback, in lower case; none for anything else.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let host = any_host_of(url)?;
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (url.starts_with("https://") || loopback).then_some(host)
}

/// The host of an `https://` or `http://` address, in lower case; none for anything else.
pub(crate) fn any_host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    let sound = !host.is_empty() && !authority.contains('@') && !url.contains(char::is_whitespace);
    (sound && matches!(scheme, "https" | "http")).then(|| host.to_lowercase())
}

/// Outgoing mail as files, for trying out and for tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Where `.eml` files are written; relative to the host's `data_dir`. Made when it is not there.
    pub path: String,
}

fn is_inbox(folder: &str) -> bool {
    folder == "INBOX"
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
