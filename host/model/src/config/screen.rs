//! What happens to mail before any plugin is asked: who is left out, what is spam, and for how long either is kept.

use super::SecretRef;
use super::mailbox::any_host_of;
use serde::{Deserialize, Serialize};

/// What happens before any plugin is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenConfig {
    /// Senders left out as skipped: `name@example.com`, `@example.com` for a whole domain, or `@.example.com` for the
    /// domain and everything beneath it.
    pub blocked_senders: Vec<String>,
    /// Senders never taken for spam and never left out, in the same form: who is on both lists is trusted.
    pub trusted_senders: Vec<String>,
    /// From which confidence (0.0 to 1.0) of a classifier a mail is spam. Default 0.8.
    pub spam_confidence_min: f32,
    /// From which confidence (0.5 to 1.0) of the filter that learns from "spam" and "not spam" a mail is spam; 1.0 all but turns
    /// it off. Default 0.7.
    pub learned_spam_min: f32,
    /// Whether the mark that the mail server's own filter put on a mail (`X-Spam-Flag: YES` and its like) is believed. Default on.
    pub spam_headers: bool,
    /// For how many days skipped mail and spam keep their bytes and texts, 1 to 3,650; 0: for good. Default 90.
    pub keep_days: u32,
    /// A Rspamd that is asked about every mail that begins a conversation; none: it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rspamd: Option<RspamdConfig>,
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self {
            blocked_senders: Vec::new(),
            trusted_senders: Vec::new(),
            spam_confidence_min: 0.8,
            learned_spam_min: 0.7,
            spam_headers: true,
            keep_days: 90,
            rspamd: None,
        }
    }
}

/// The client's Rspamd, by its HTTP protocol (<https://rspamd.com/doc/developers/protocol.html>).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RspamdConfig {
    /// Its normal worker: `http://127.0.0.1:11333`. No path.
    pub url: String,
    /// Mails, and the password, may travel over `http://` to another machine: one on your own network. Default off.
    #[serde(default)]
    pub plain_http: bool,
    /// Its password; none: it asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// Whether it is taught what people say of mails. Default off: others may use it too.
    #[serde(default)]
    pub learn: bool,
    /// Its controller, which learns: `http://127.0.0.1:11334`. None: it is at `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn_url: Option<String>,
    /// From which of Rspamd's scores a mail is spam, -100 to 1,000. None: where Rspamd would mark or reject it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_min: Option<f64>,
    /// For how long it is waited for, 1 to 60. A mail is triaged without Rspamd where it does not answer. Default 10.
    #[serde(default = "timeout")]
    pub timeout_seconds: u32,
}

impl RspamdConfig {
    /// The machine it is on.
    #[must_use]
    pub fn host(&self) -> String {
        any_host_of(&self.url).unwrap_or_default()
    }

    /// Where it is taught.
    #[must_use]
    pub fn teacher(&self) -> Self {
        Self { url: self.learn_url.clone().unwrap_or_else(|| self.url.clone()), ..self.clone() }
    }
}

const fn timeout() -> u32 {
    10
}
