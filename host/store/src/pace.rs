//! How fast a mailbox sends. Each try takes its place in the mailbox's minute and day before it begins, in one transaction, so that
//! any number of workers keep the limit together. Tries count, not accepted mails: a server counts what it refuses as well.

use crate::outbox::by_outbox_id;
use crate::sql::sql;
use crate::{Result, Tx};
use posthouse_model::event::Actor;
use posthouse_model::outbox::OutboxState;
use posthouse_model::{MailboxId, OutboxId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// Places are forgotten after this: no longer window can be asked for.
pub const PACE_WINDOW_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a try may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has its place and may begin.
    Taken,
    /// So much was begun that it must wait.
    Full {
        /// Which of the limits, by its place in what was asked.
        limit: usize,
        /// When there is room again.
        until: Timestamp,
    },
}

impl Tx {
    /// Takes a place for the next try at a reply, so that no window of time sees more than its limit: pairs of how many and how
    /// long, each at most [`PACE_WINDOW_MAX`]. Asking again before the try has begun moves its place to now.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn take_place(
        &mut self,
        mailbox: MailboxId,
        outbox: OutboxId,
        limits: &[(u32, Duration)],
    ) -> Result<Place> {
        let (tenant, now) = (self.tenant(), self.now());
        let number: i64 = sql("select count(*) from attempt where tenant_id = $1 and outbox_id = $2")
            .bind(tenant)
            .bind(outbox)
            .one(self.on())
            .await?
            .get(0)?;
        sql("delete from pace where tenant_id = $1 and mailbox_id = $2 and at <= $3")
            .bind(tenant)
            .bind(mailbox)
            .bind(now.minus(PACE_WINDOW_MAX))
            .run(self.on())
            .await?;
        let mut full: Option<(usize, Timestamp)> = None;
        for (i, (limit, window)) in limits.iter().enumerate() {
            // The one that must leave the window first is the one `limit` back from the newest.
            let row = sql("select at from pace where tenant_id = $1 and mailbox_id = $2 and at > $3 \
                 and (outbox_id <> $4 or number <> $5) order by at desc limit 1 offset $6")
            .bind(tenant)
            .bind(mailbox)
            .bind(now.minus(*window))
            .bind(outbox)
            .bind(number)
            .bind(i64::from((*limit).max(1)) - 1)
            .optional(self.on())
            .await?;
            let Some(at) = row.map(|row| row.get::<Timestamp>(0)).transpose()? else { continue };
            let until = at.plus(*window);
            if full.is_none_or(|(_, latest)| until > latest) {
                full = Some((i, until));
            }
        }
        if let Some((limit, until)) = full {
            return Ok(Place::Full { limit, until });
        }
        sql("insert into pace (tenant_id, mailbox_id, outbox_id, number, at) values ($1, $2, $3, $4, $5) \
             on conflict (tenant_id, outbox_id, number) do update set at = excluded.at")
        .bind(tenant)
        .bind(mailbox)
        .bind(outbox)
        .bind(number)
        .bind(now)
        .run(self.on())
        .await?;
        Ok(Place::Taken)
    }

    /// Lets a reply that waits to go out wait until then, and says why on its row. Returns false, and changes nothing, where it
    /// is not waiting any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn hold_back(&mut self, outbox: OutboxId, due: Timestamp, reason: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        if !matches!(row.state, OutboxState::Queued | OutboxState::Deferred) {
            return Ok(false);
        }
        sql("update outbox set due_at = $1, reason = $2 where tenant_id = $3 and id = $4")
            .bind(due)
            .bind(reason)
            .bind(tenant)
            .bind(outbox)
            .run(self.on())
            .await?;
        self.record(
            actor,
            "outbox.held-back",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "until": due.to_rfc3339(), "reason": reason }),
        );
        Ok(true)
    }
}
