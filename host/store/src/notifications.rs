//! Notifications: each told to its notifier once.

use crate::sql::{Json, Row, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::notice::{Delivery, Notice};
use posthouse_model::{NotificationId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for NotificationState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "queued" => Ok(Self::Queued),
            "sent" => Ok(Self::Sent),
            "failed" => Ok(Self::Failed),
            _ => Err(format!("`{s}` is not one of queued, sent, failed")),
        }
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
    /// The platform's receipt, or why it was given up.
    pub result: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was told or given up.
    pub settled_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, notifier, key, ticket_id, notice, state, result, created_at, settled_at from notification ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<NotificationRow> {
    let mut row = row.reader();
    Ok(NotificationRow {
        id: row.next()?,
        notifier: row.next()?,
        key: row.next()?,
        ticket: row.next()?,
        notice: row.json()?,
        state: row.next()?,
        result: row.next()?,
        created_at: row.next()?,
        settled_at: row.next()?,
    })
}

impl Scope {
    /// One notification.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn notification(&self, id: NotificationId) -> Result<NotificationRow> {
        let row = sql(select!("where tenant_id = $1 and id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?;
        read(&row.ok_or_else(|| StoreError::not_found(format_args!("notification {id}")))?)
    }

    /// The newest, newest first, at most 500.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn notifications(&self, limit: u32) -> Result<Vec<NotificationRow>> {
        let rows = sql(select!("where tenant_id = $1 order by id desc limit $2"))
            .bind(self.tenant)
            .bind(limit.min(500))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

impl Tx {
    /// Makes a notification and the job that tells it; none when this notifier was told this key before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn notify(&mut self, new: &NewNotification, actor: &Actor) -> Result<Option<NotificationId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("insert into notification (tenant_id, notifier, key, ticket_id, notice, state, created_at) \
             values ($1, $2, $3, $4, $5, 'queued', $6) on conflict (tenant_id, notifier, key) do nothing returning id")
        .bind(tenant)
        .bind(&new.notifier)
        .bind(&new.key)
        .bind(new.ticket)
        .bind(Json(&new.notice))
        .bind(now)
        .optional(self.on())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id: NotificationId = row.get(0)?;
        self.enqueue(&Job::Notify { notification: id }).await?;
        let data = json!({ "notification": id, "notifier": new.notifier, "key": new.key });
        self.record(actor, "notification.queued", subject(new.ticket, id), data);
        Ok(Some(id))
    }

    /// Told.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn notification_sent(&mut self, id: NotificationId, delivery: &Delivery, actor: &Actor) -> Result<()> {
        self.settle_notification(id, NotificationState::Sent, delivery.receipt.as_deref(), actor).await
    }

    /// Given up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn notification_failed(&mut self, id: NotificationId, reason: &str, actor: &Actor) -> Result<()> {
        self.settle_notification(id, NotificationState::Failed, Some(reason), actor).await
    }

    async fn settle_notification(
        &mut self,
        id: NotificationId,
        state: NotificationState,
        result: Option<&str>,
        actor: &Actor,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("update notification set state = $1, result = $2, settled_at = $3 \
             where tenant_id = $4 and id = $5 returning ticket_id, notifier")
        .bind(state)
        .bind(result)
        .bind(now)
        .bind(tenant)
        .bind(id)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("notification {id}")))?;
        let (ticket, notifier): (Option<TicketId>, String) = (row.get(0)?, row.get(1)?);
        let data = json!({ "notification": id, "notifier": notifier, "result": result });
        self.record(actor, &format!("notification.{}", state.as_str()), subject(ticket, id), data);
        Ok(())
    }
}

fn subject(ticket: Option<TicketId>, id: NotificationId) -> String {
    ticket.map_or_else(|| format!("notification:{id}"), |ticket| format!("ticket:{ticket}"))
}
