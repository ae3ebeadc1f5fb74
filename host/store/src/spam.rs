//! What the spam filter learned: in how many mails of either kind each feature was seen, per tenant.
//!
//! What a feature is and what the counts say about a mail is `posthouse_mail::spam`'s; here they are numbers.

use crate::sql::{Connection, Row, sql, sql_of};
use crate::tickets::by_id;
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{MessageId, TenantId, TicketId};
use serde_json::json;
use std::collections::HashMap;

/// Features asked for in one statement; SQLite allows many more values, PostgreSQL 65,535.
const ASKED_AT_ONCE: usize = 500;
/// Features written in one statement.
const WRITTEN_AT_ONCE: usize = 200;

/// In how many mails something was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpamCount {
    /// Of those that a person called spam.
    pub spam: i64,
    /// Of those that a person called mail.
    pub ham: i64,
}

impl Scope {
    /// How many mails the filter learned from.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn spam_learned(&self) -> Result<SpamCount> {
        let row = sql("select spam, ham from spam_learned where tenant_id = $1")
            .bind(self.tenant)
            .optional(&mut *self.read().await?)
            .await?;
        row.map_or_else(|| Ok(SpamCount::default()), |row| count(&row, 0))
    }

    /// In how many mails each of these features was seen, in their order. None may be there twice.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn spam_counts(&self, features: &[i64]) -> Result<Vec<SpamCount>> {
        let mut known = HashMap::with_capacity(features.len());
        let mut on = self.read().await?;
        for asked in features.chunks(ASKED_AT_ONCE) {
            let places: Vec<String> = (2..asked.len() + 2).map(|place| format!("${place}")).collect();
            let text = format!(
                "select feature, spam, ham from spam_feature where tenant_id = $1 and feature in ({})",
                places.join(", ")
            );
            for row in sql_of(text).bind(self.tenant).bind_all(asked.iter().copied()).all(&mut on).await? {
                known.insert(row.get::<i64>(0)?, count(&row, 1)?);
            }
        }
        Ok(features.iter().map(|feature| known.get(feature).copied().unwrap_or_default()).collect())
    }
}

impl Scope {
    /// What a person says of a message as far as the filter was taught it: spam or not; none: nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn spam_taught(&self, message: MessageId) -> Result<Option<bool>> {
        let row = sql("select spam from spam_taught where tenant_id = $1 and message_id = $2")
            .bind(self.tenant)
            .bind(message)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| row.get::<i64>(0)).transpose().map(|spam| spam.map(|spam| spam != 0))
    }
}

impl Tx {
    /// Keeps on record what became of teaching the tenant's Rspamd a message: `learned`, `known` or `not learned`, and its words.
    pub fn rspamd_taught(&mut self, message: MessageId, spam: bool, answer: &str, words: Option<&str>, actor: &Actor) {
        let data = json!({ "spam": spam, "answer": answer, "words": words });
        self.record(actor, "rspamd.taught", format_args!("message:{message}"), data);
    }

    /// Whether a person or triage has put a ticket among the spam, as this transaction sees it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn is_spam(&mut self, ticket: TicketId) -> Result<bool> {
        let tenant = self.tenant();
        Ok(by_id(self.on(), tenant, ticket).await?.status == TicketStatus::Spam)
    }

    /// Teaches the filter that a message is spam, or that it is not. What it was taught of the same message before is taken
    /// back; the same again changes nothing. Says whether it learned anything.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn teach_spam(
        &mut self,
        message: MessageId,
        features: &[i64],
        spam: bool,
        actor: &Actor,
    ) -> Result<bool> {
        let tenant = self.tenant();
        let before = sql("select spam from spam_taught where tenant_id = $1 and message_id = $2")
            .bind(tenant)
            .bind(message)
            .optional(self.on())
            .await?;
        let before = before.map(|row| row.get::<i64>(0)).transpose()?.map(|spam| spam != 0);
        if before == Some(spam) {
            return Ok(false);
        }
        sql("insert into spam_taught (message_id, tenant_id, spam) values ($1, $2, $3) \
             on conflict (message_id) do update set spam = excluded.spam")
        .bind(message)
        .bind(tenant)
        .bind(i64::from(spam))
        .run(self.on())
        .await?;
        // What it said before goes over to the other side.
        let step = |wanted: bool| i64::from(spam == wanted) - i64::from(before == Some(wanted));
        let by = SpamCount { spam: step(true), ham: step(false) };
        sql(
            "insert into spam_learned (tenant_id, spam, ham) values ($1, $2, $3) on conflict (tenant_id) do update set \
             spam = spam_learned.spam + excluded.spam, ham = spam_learned.ham + excluded.ham",
        )
        .bind(tenant)
        .bind(by.spam)
        .bind(by.ham)
        .run(self.on())
        .await?;
        for written in features.chunks(WRITTEN_AT_ONCE) {
            add(self.on(), tenant, written, by).await?;
        }
        self.record(
            actor,
            "spam-filter.taught",
            format_args!("message:{message}"),
            json!({ "spam": spam, "was": before }),
        );
        Ok(true)
    }
}

async fn add(on: &mut Connection, tenant: TenantId, features: &[i64], by: SpamCount) -> Result<()> {
    let rows: Vec<String> = (4..features.len() + 4).map(|place| format!("($1, ${place}, $2, $3)")).collect();
    let text = format!(
        "insert into spam_feature (tenant_id, feature, spam, ham) values {} on conflict (tenant_id, feature) do update set \
         spam = spam_feature.spam + excluded.spam, ham = spam_feature.ham + excluded.ham",
        rows.join(", ")
    );
    sql_of(text).bind(tenant).bind(by.spam).bind(by.ham).bind_all(features.iter().copied()).run(on).await?;
    Ok(())
}

fn count(row: &Row, first: usize) -> Result<SpamCount> {
    Ok(SpamCount { spam: row.get(first)?, ham: row.get(first + 1)? })
}
