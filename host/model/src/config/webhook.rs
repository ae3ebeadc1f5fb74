//! Addresses that are told what happens, each in a signed request of its own.

use super::SecretRef;
use crate::triage::named;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// An endpoint of the tenant's that is told what happens (standardwebhooks.com).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Its name; see [`super::is_name`]. Another name begins anew: what it was told stands with the old one.
    pub name: String,
    /// Where requests go: `https://`; `http://` only with `private`.
    pub url: String,
    /// What it is told. Default: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<WebhookEvent>,
    /// Signs the requests: `whsec_` and base 64, or any text of 24 bytes or more.
    pub secret: SecretRef,
    /// While secrets are changed over: the one before, which signs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret: Option<SecretRef>,
    /// The endpoint is on the own network: the host must allow it too (`plugins.private_hosts`). Default off: refused.
    #[serde(default)]
    pub private: bool,
    /// Off: it is told nothing. What happens meanwhile is told once it is on again. Default on.
    #[serde(default = "super::yes")]
    pub enabled: bool,
}

named! {
    /// What an endpoint is told.
    pub enum WebhookEvent {
        /// A ticket was made.
        TicketOpened = "ticket.opened",
        /// A ticket's state changed: sorted, moved, assigned, closed …
        TicketChanged = "ticket.changed",
        /// A customer's mail joined a ticket.
        MessageReceived = "message.received",
        /// A reply went out.
        ReplySent = "reply.sent",
        /// A reply could not be sent.
        ReplyFailed = "reply.failed",
        /// Something is wrong with the tenant's work.
        IncidentOpened = "incident.opened",
        /// It is right again.
        IncidentClosed = "incident.closed",
        /// An admin tries the endpoint out. The one that she means is told, whatever it is told else.
        Test = "test",
    }
}

named! {
    /// How a delivery stands.
    pub enum DeliveryState {
        /// It is being told, or will be.
        Waiting = "waiting",
        /// The endpoint took it.
        Delivered = "delivered",
        /// It was tried as often as allowed, or the webhook is off.
        Failed = "failed",
    }
}

impl WebhookEvent {
    /// What an event of the audit chain is told as; none: it is not told.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "ticket.opened" => Self::TicketOpened,
            "ticket.mail-received" => Self::MessageReceived,
            "outbox.sent" => Self::ReplySent,
            "outbox.failed" => Self::ReplyFailed,
            "incident.opened" => Self::IncidentOpened,
            "incident.closed" => Self::IncidentClosed,
            "webhook.tested" => Self::Test,
            other if other.starts_with("ticket.") => Self::TicketChanged,
            _ => return None,
        })
    }
}

impl WebhookConfig {
    /// How a secret begins that is written in base 64 (standardwebhooks.com).
    pub const SECRET_MARK: &'static str = "whsec_";
    /// Shortest key taken, in bytes (Standard Webhooks: 24 to 64).
    pub const SECRET_BYTES_MIN: usize = 24;

    /// The key that a secret stands for; none: it is too short, or not base 64 where it says so.
    #[must_use]
    pub fn key(secret: &str) -> Option<Vec<u8>> {
        let key = match secret.trim().strip_prefix(Self::SECRET_MARK) {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => secret.trim().as_bytes().to_vec(),
        };
        (key.len() >= Self::SECRET_BYTES_MIN).then_some(key)
    }

    /// Whether it is told of such an event.
    #[must_use]
    pub fn wants(&self, event: WebhookEvent) -> bool {
        event == WebhookEvent::Test || self.events.is_empty() || self.events.contains(&event)
    }
}
