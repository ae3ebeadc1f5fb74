//! Notifiers over an HTTP platform: a notice as plain data, the request it becomes, what its answer means.

use crate::http::{Answer, Request};
use crate::{Failure, Urgency, desk, notices};

/// A label and a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// In the group's language.
    pub label: String,
    /// Text; may be a customer's words.
    pub value: String,
}

/// The one button.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// In the group's language.
    pub label: String,
    /// Absolute.
    pub url: String,
}

/// A notification as plain data. All text is in the group's language; none of it is markup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The same for every try.
    pub id: String,
    /// "ticket", "digest", "alert", "recovery", "test", or one of a later version.
    pub kind: String,
    /// BCP 47.
    pub language: String,
    /// One line.
    pub title: String,
    /// A paragraph each.
    pub lines: Vec<String>,
    /// Label and value.
    pub fields: Vec<Field>,
    /// The one button.
    pub link: Option<Link>,
    /// Of the ticket.
    pub urgency: Option<Urgency>,
    /// When the customer must have an answer, seconds since 1970.
    pub deadline: Option<i64>,
    /// The ticket's number.
    pub ticket_number: Option<u64>,
    /// Now, seconds since 1970: platforms sign it.
    pub now: i64,
}

impl Notice {
    /// Reads everything from the host.
    #[must_use]
    pub fn read(call: &desk::Call, notification: &notices::Notification) -> Self {
        Self {
            id: notification.id(),
            kind: notification.kind(),
            language: notification.language(),
            title: notification.title(),
            lines: notification.lines(),
            fields: notification
                .fields()
                .into_iter()
                .map(|field| Field { label: field.label, value: field.value })
                .collect(),
            link: notification.link().map(|link| Link { label: link.label, url: link.url }),
            urgency: notification.urgency(),
            deadline: notification.deadline(),
            ticket_number: notification.ticket().map(|ticket| ticket.number()),
            now: call.now(),
        }
    }

    /// How loud it is: what a card's colour says.
    #[must_use]
    pub fn tone(&self) -> Tone {
        match (self.kind.as_str(), self.urgency) {
            ("recovery", _) => Tone::Good,
            ("alert", _) | (_, Some(Urgency::Urgent)) => Tone::Alarm,
            (_, Some(Urgency::High)) => Tone::Caution,
            _ => Tone::Calm,
        }
    }
}

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The ordinary case.
    Calm,
    /// It works again.
    Good,
    /// Today.
    Caution,
    /// Now.
    Alarm,
}

/// What a platform's answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was posted.
    Delivered {
        /// The platform's own id of it.
        receipt: Option<String>,
    },
    /// Trying again later may help.
    TryLater {
        /// For the people who run the plugin.
        reason: String,
        /// Not before this many seconds.
        after_seconds: Option<u32>,
    },
    /// Trying again will not help: settings, secret or content must change.
    Refused {
        /// For the people who run the plugin.
        reason: String,
    },
}

impl Outcome {
    /// The meaning of an HTTP status alone: 2xx delivered; 408, 425, 429 and 5xx later; else refused.
    #[must_use]
    pub fn of_status(answer: &Answer) -> Self {
        let reason = format!("HTTP {}: {}", answer.status, crate::text::clip(answer.text.trim(), 300));
        match answer.status {
            200..=299 => Self::Delivered { receipt: None },
            408 | 425 | 429 | 500..=599 => Self::TryLater { reason, after_seconds: answer.retry_after_seconds },
            _ => Self::Refused { reason },
        }
    }
}

/// A chat platform reached by one HTTP request per notice.
pub trait Platform {
    /// What is sent.
    fn request(&self, notice: &Notice) -> Request;

    /// What the platform's answer means.
    fn judge(&self, answer: &Answer) -> Outcome;
}

/// Sends a notification through a platform and reports what came of it.
///
/// # Errors
/// Temporary when trying again may help, permanent when not.
#[cfg(target_arch = "wasm32")]
pub fn deliver(
    platform: &impl Platform,
    call: &desk::Call,
    notification: &notices::Notification,
    out: &notices::Delivery,
) -> Result<(), Failure> {
    let notice = Notice::read(call, notification);
    let answer = platform.request(&notice).send().map_err(crate::http::NoAnswer::into_failure)?;
    match platform.judge(&answer) {
        Outcome::Delivered { receipt } => {
            if let Some(receipt) = receipt {
                out.set_receipt(&receipt);
            }
            Ok(())
        }
        Outcome::TryLater { reason, after_seconds } => {
            if let Some(seconds) = after_seconds {
                out.set_retry_after(seconds.min(3600));
            }
            Err(Failure::Temporary(reason))
        }
        Outcome::Refused { reason } => Err(Failure::Permanent(reason)),
    }
}

/// Requests leave only from inside a component.
///
/// # Errors
/// Always.
#[cfg(not(target_arch = "wasm32"))]
pub fn deliver(
    _platform: &impl Platform,
    _call: &desk::Call,
    _notification: &notices::Notification,
    _out: &notices::Delivery,
) -> Result<(), Failure> {
    Err(Failure::Permanent("requests leave only from inside a component".to_owned()))
}
