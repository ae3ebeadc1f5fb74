//! Notifications.
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::notice::{Delivery, Notice};
use posthouse_model::{NotificationId, TicketId, Timestamp};
use serde::Serialize;

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationState {
    /// Not told yet.
    Queued,
    /// Told.
    Sent,
    /// Given up.
    Failed,
}

impl NotificationState {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self { Self::Queued => "queued", Self::Sent => "sent", Self::Failed => "failed" }
    }
}

impl std::str::FromStr for NotificationState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s { "queued" => Ok(Self::Queued), "sent" => Ok(Self::Sent), "failed" => Ok(Self::Failed), _ => Err(format!("`{s}` is not a notification's state")) }
    }
}

/// Something to tell one notifier once.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// The notifier's name.
    pub notifier: String,
    /// Told once per notifier and key: `ticket:12:message:30`, `digest:2026-03-01`.
    pub key: String,
    /// About which ticket.
    pub ticket: Option<TicketId>,
    /// What.
    pub notice: Notice,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotificationRow {
    /// Its id.
    pub id: NotificationId,
    /// The notifier's name.
    pub notifier: String,
    /// Told once per notifier and key.
    pub key: String,
    /// About which ticket.
    pub ticket: Option<TicketId>,
    /// What.
    pub notice: Notice,
    /// Where it stands.
    pub state: NotificationState,
    /// What the platform said, or why not.
    pub result: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was told or given up.
    pub settled_at: Option<Timestamp>,
}

impl Scope {
    /// One notification.
    pub async fn notification(&self, _id: NotificationId) -> Result<NotificationRow> { todo!() }
    /// The newest, newest first.
    pub async fn notifications(&self, _limit: u32) -> Result<Vec<NotificationRow>> { todo!() }
}

impl Tx {
    /// Makes a notification and the job that tells it; none when this notifier was told this key before.
    pub async fn notify(&mut self, _notification: &NewNotification, _actor: &Actor) -> Result<Option<NotificationId>> { todo!() }
    /// Told.
    pub async fn notification_sent(&mut self, _id: NotificationId, _delivery: &Delivery, _actor: &Actor) -> Result<()> { todo!() }
    /// Given up.
    pub async fn notification_failed(&mut self, _id: NotificationId, _reason: &str, _actor: &Actor) -> Result<()> { todo!() }
}
