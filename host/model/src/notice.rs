//! What is told to a chat group.

use crate::Timestamp;
use crate::triage::{Urgency, named};
use serde::{Deserialize, Serialize};

named! {
    /// What a notification is about.
    pub enum NoticeKind {
        /// A ticket waits for review.
        Ticket = "ticket",
        /// The daily summary.
        Digest = "digest",
        /// Something is stuck or silent.
        Alert = "alert",
        /// It works again.
        Recovery = "recovery",
        /// A person asked whether it works.
        Test = "test",
    }
}

/// A label and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeField {
    /// In the group's language.
    pub label: String,
    /// Text.
    pub value: String,
}

/// The one button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLink {
    /// In the group's language.
    pub label: String,
    /// Absolute.
    pub url: String,
}

/// A notification as a notifier gets it: all text is in the group's language already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The same for every try: for platforms that drop duplicates.
    pub id: String,
    /// About what.
    pub kind: NoticeKind,
    /// BCP 47.
    pub language: String,
    /// One line.
    pub title: String,
    /// Text, a paragraph each.
    pub lines: Vec<String>,
    /// Label and value.
    pub fields: Vec<NoticeField>,
    /// The one button.
    pub link: Option<NoticeLink>,
    /// Of the ticket.
    pub urgency: Option<Urgency>,
    /// Of the ticket.
    pub deadline: Option<Timestamp>,
}

/// What came of telling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// The platform's own id of what was posted.
    pub receipt: Option<String>,
    /// With a temporary failure: not before this many seconds, at most 3,600.
    pub retry_after_seconds: Option<u32>,
}
