//! What webhooks are told: how far each has been told of the audit chain, and every request with how it ended.

use crate::sql::{Reader, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::Timestamp;
use posthouse_model::config::{DeliveryState, WebhookEvent};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A webhook that has failed for as long as this, without one success, is turned off until an admin turns it on again.
pub const WEBHOOK_FAILS_MAX: Duration = Duration::from_secs(3 * 24 * 3_600);
/// For how long it is remembered what a webhook was told.
pub const DELIVERIES_KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Longest answer of an endpoint that is kept, in characters.
pub const WEBHOOK_ANSWER_CHARS_MAX: usize = 500;

/// How a webhook stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookRow {
    /// Its name in the set-up.
    pub name: String,
    /// Number of the last event that it was, or is being, told.
    pub seq: i64,
    /// Since when nothing reached it.
    pub failing_since: Option<Timestamp>,
    /// Since when it is turned off for that.
    pub disabled_at: Option<Timestamp>,
    /// Why, in the words of the last failure.
    pub reason: Option<String>,
}

/// Something that a webhook is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// Which webhook.
    pub webhook: String,
    /// The event that it tells of.
    pub seq: i64,
    /// As what.
    pub kind: WebhookEvent,
    /// The request's body.
    pub body: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// The last answer's status.
    pub status: Option<i64>,
    /// The last answer, or why there was none. Untrusted text.
    pub answer: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
}

impl DeliveryRow {
    fn read(row: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.next()?,
            webhook: row.next()?,
            seq: row.next()?,
            kind: row.next()?,
            body: row.next()?,
            state: row.next()?,
            tries: row.next()?,
            status: row.next()?,
            answer: row.next()?,
            created_at: row.next()?,
            tried_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, webhook, seq, kind, body, state, tries, status, answer, created_at, tried_at from webhook_delivery ",
            $rest
        )
    };
}

/// Something that a webhook is to be told.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Which webhook.
    pub webhook: String,
    /// The event's number.
    pub seq: i64,
    /// As what.
    pub kind: WebhookEvent,
    /// The request's body.
    pub body: String,
}

/// What came of telling it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The endpoint took it.
    pub taken: bool,
    /// The answer's status; none: there was no answer.
    pub status: Option<u16>,
    /// The answer, or why there was none.
    pub answer: String,
}

impl Scope {
    /// How the webhooks stand that were ever told of, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>> {
        let rows =
            sql("select name, seq, failing_since, disabled_at, reason from webhook where tenant_id = $1 order by name")
                .bind(self.tenant)
                .all(&mut *self.read().await?)
                .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(WebhookRow {
                    name: row.next()?,
                    seq: row.next()?,
                    failing_since: row.next()?,
                    disabled_at: row.next()?,
                    reason: row.next()?,
                })
            })
            .collect()
    }

    /// Number of the chain's last event.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_event(&self) -> Result<i64> {
        let row = sql("select seq from event_head where tenant_id = $1")
            .bind(self.tenant)
            .optional(&mut *self.read().await?)
            .await?;
        row.map_or(Ok(0), |row| row.get(0))
    }

    /// What a webhook was told, the newest first, at most 200.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn deliveries(&self, webhook: &str, limit: u32) -> Result<Vec<DeliveryRow>> {
        let rows = sql(select!("where tenant_id = $1 and webhook = $2 order by id desc limit $3"))
            .bind(self.tenant)
            .bind(webhook)
            .bind(limit.min(200))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| DeliveryRow::read(&mut row.reader())).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delivery(&self, id: i64) -> Result<Option<DeliveryRow>> {
        let row = sql(select!("where tenant_id + 0 = $1 and id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| DeliveryRow::read(&mut row.reader())).transpose()
    }
}

impl Tx {
    /// Notes that a webhook is told of the chain up to and with this event, never less than before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn follow_webhook(&mut self, name: &str, seq: i64) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into webhook (tenant_id, name, seq) values ($1, $2, $3) on conflict (tenant_id, name) \
             do update set seq = excluded.seq where webhook.seq < excluded.seq")
        .bind(tenant)
        .bind(name)
        .bind(seq)
        .run(self.on())
        .await?;
        Ok(())
    }

    /// Makes what is to be told and its job, unless the webhook is told of that event already. Forgets what is older than
    /// [`DELIVERIES_KEPT`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_deliveries(&mut self, deliveries: &[NewDelivery]) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("delete from webhook_delivery where tenant_id = $1 and created_at < $2")
            .bind(tenant)
            .bind(now.minus(DELIVERIES_KEPT))
            .run(self.on())
            .await?;
        for new in deliveries {
            let row = sql("insert into webhook_delivery (tenant_id, webhook, seq, kind, body, state, tries, created_at) \
                 values ($1, $2, $3, $4, $5, 'waiting', 0, $6) on conflict (tenant_id, webhook, seq) do nothing returning id")
            .bind(tenant)
            .bind(&new.webhook)
            .bind(new.seq)
            .bind(new.kind)
            .bind(&new.body)
            .bind(now)
            .optional(self.on())
            .await?;
            if let Some(row) = row {
                self.enqueue(&Job::Deliver { delivery: row.get(0)? }).await?;
            }
        }
        Ok(())
    }

    /// Writes down what came of telling a webhook something. A success ends its failing; failing for [`WEBHOOK_FAILS_MAX`], or an
    /// endpoint that says that it is gone (410), turns it off. True when it was turned off now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn told_webhook(&mut self, delivery: &DeliveryRow, told: &Told, actor: &Actor) -> Result<bool> {
        let (tenant, now) = (self.tenant(), self.now());
        let answer: String = told.answer.chars().take(WEBHOOK_ANSWER_CHARS_MAX).collect();
        let state = if told.taken { DeliveryState::Delivered } else { DeliveryState::Waiting };
        sql("update webhook_delivery set state = $1, tries = tries + 1, status = $2, answer = $3, tried_at = $4 \
             where id = $5 and tenant_id + 0 = $6")
        .bind(state)
        .bind(told.status.map(i64::from))
        .bind(&answer)
        .bind(now)
        .bind(delivery.id)
        .bind(tenant)
        .run(self.on())
        .await?;
        if told.taken {
            sql("update webhook set failing_since = null, reason = null where tenant_id = $1 and name = $2 \
                 and disabled_at is null and failing_since is not null")
            .bind(tenant)
            .bind(&delivery.webhook)
            .run(self.on())
            .await?;
            return Ok(false);
        }
        sql("update webhook set failing_since = coalesce(failing_since, $1), reason = $2 where tenant_id = $3 and name = $4")
            .bind(now)
            .bind(&answer)
            .bind(tenant)
            .bind(&delivery.webhook)
            .run(self.on())
            .await?;
        let longest = if told.status == Some(410) { now } else { now.minus(WEBHOOK_FAILS_MAX) };
        let off =
            sql("update webhook set disabled_at = $1 where tenant_id = $2 and name = $3 and disabled_at is null \
             and failing_since <= $4")
            .bind(now)
            .bind(tenant)
            .bind(&delivery.webhook)
            .bind(longest)
            .run(self.on())
            .await?;
        if off > 0 {
            self.record(
                actor,
                "webhook.turned-off",
                format_args!("webhook:{}", delivery.webhook),
                json!({ "reason": answer }),
            );
        }
        Ok(off > 0)
    }

    /// Gives something up that a webhook was to be told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn give_up_delivery(&mut self, id: i64, reason: &str) -> Result<()> {
        let tenant = self.tenant();
        let reason: String = reason.chars().take(WEBHOOK_ANSWER_CHARS_MAX).collect();
        sql("update webhook_delivery set state = 'failed', answer = coalesce(answer, $1) \
             where id = $2 and tenant_id + 0 = $3 and state = 'waiting'")
        .bind(&reason)
        .bind(id)
        .bind(tenant)
        .run(self.on())
        .await?;
        Ok(())
    }

    /// Tells it again, whatever became of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn replay_delivery(&mut self, id: i64, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let row = sql("update webhook_delivery set state = 'waiting', answer = null, status = null \
             where id = $1 and tenant_id + 0 = $2 returning webhook")
        .bind(id)
        .bind(tenant)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("delivery {id}")))?;
        let webhook: String = row.get(0)?;
        self.enqueue(&Job::Deliver { delivery: id }).await?;
        self.record(actor, "webhook.replayed", format_args!("webhook:{webhook}"), json!({ "delivery": id }));
        Ok(())
    }

    /// Has a webhook told that somebody tries it out: as everything else it is told, by the chain.
    pub fn test_webhook(&mut self, name: &str, actor: &Actor) {
        self.record(actor, "webhook.tested", format_args!("webhook:{name}"), json!({}));
    }

    /// Turns a webhook on again that was turned off for failing. False when it was not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn enable_webhook(&mut self, name: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let on = sql("update webhook set disabled_at = null, failing_since = null, reason = null \
             where tenant_id = $1 and name = $2 and disabled_at is not null")
        .bind(tenant)
        .bind(name)
        .run(self.on())
        .await?;
        if on > 0 {
            self.record(actor, "webhook.turned-on", format_args!("webhook:{name}"), json!({}));
        }
        Ok(on > 0)
    }
}
