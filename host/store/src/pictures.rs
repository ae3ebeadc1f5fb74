//! Senders whose remote pictures are shown without being asked for, until somebody takes that back.

use crate::sql::{placeholders, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{MessageId, TicketId};
use serde_json::json;
use std::collections::HashSet;

/// Senders that one team keeps, at most. Beyond it pictures are asked for mail by mail.
pub const PICTURE_SENDERS_MAX: i64 = 20_000;
/// Senders asked about at once.
const AT_ONCE: usize = 50;

impl Scope {
    /// Which of these senders have their pictures shown. Addresses in the form used to compare.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn picture_senders(&self, address_keys: &[String]) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        for some in address_keys.chunks(AT_ONCE) {
            let Some(last) = some.last() else { continue };
            let keys = some.iter().chain(std::iter::repeat(last)).take(AT_ONCE);
            let rows = sql_of(format!(
                "select address_key from picture_sender where tenant_id = $1 and address_key in ({})",
                placeholders(2, AT_ONCE)
            ))
            .bind(self.tenant)
            .bind_all(keys)
            .all(&mut *self.read().await?)
            .await?;
            for row in &rows {
                found.insert(row.get(0)?);
            }
        }
        Ok(found)
    }
}

impl Tx {
    /// From now on shows the pictures of whoever sent this mail, or asks again; whether that changed anything.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a mail without a sender, and beyond [`PICTURE_SENDERS_MAX`].
    pub async fn set_pictures(&mut self, message: MessageId, always: bool, actor: &Actor) -> Result<bool> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("select ticket_id, from_key from message where tenant_id + 0 = $1 and id = $2")
            .bind(tenant)
            .bind(message)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("message {message}")))?;
        let (ticket, sender): (Option<TicketId>, String) = (row.get(0)?, row.get(1)?);
        if sender.is_empty() {
            return Err(StoreError::refused(format_args!("message {message} names no sender")));
        }
        let changed = if always {
            let there =
                sql("select count(*) from picture_sender where tenant_id = $1").bind(tenant).one(self.on()).await?;
            if there.get::<i64>(0)? >= PICTURE_SENDERS_MAX {
                return Err(StoreError::refused(format_args!(
                    "pictures are shown for {PICTURE_SENDERS_MAX} senders already: take some back first"
                )));
            }
            sql("insert into picture_sender (tenant_id, address_key, allowed_by, allowed_at) values ($1, $2, $3, $4) \
                 on conflict (tenant_id, address_key) do nothing")
            .bind(tenant)
            .bind(&sender)
            .bind(actor.as_text())
            .bind(now)
            .run(self.on())
            .await?
        } else {
            sql("delete from picture_sender where tenant_id = $1 and address_key = $2")
                .bind(tenant)
                .bind(&sender)
                .run(self.on())
                .await?
        };
        if changed == 0 {
            return Ok(false);
        }
        let kind = if always { "pictures.always" } else { "pictures.asked-for" };
        let subject = ticket.map_or_else(|| format!("message:{message}"), |ticket| format!("ticket:{ticket}"));
        self.record(actor, kind, subject, json!({ "message": message }));
        Ok(true)
    }
}
