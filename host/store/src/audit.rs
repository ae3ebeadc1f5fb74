//! Looking through the audit chain: who, what, on what, when.
//!
//! The chain is read backwards by its numbers, which rise with the time, so that a time is found by halving and no index is needed
//! for what is asked for rarely. One look goes through at most [`LOOKED_AT_MAX`] events; where more are to be looked at, the answer
//! says from which number on.

use crate::events::{read, select};
use crate::sql::sql;
use crate::{Result, Scope};
use posthouse_model::Timestamp;
use posthouse_model::event::Event;

/// Events looked at for one answer.
pub const LOOKED_AT_MAX: i64 = 20_000;
/// Events of one answer at most.
pub const FOUND_MAX: usize = 200;
const PAGE: i64 = 1_000;

/// What is looked for. Empty fields do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Part of who did it, as the chain has it: `li@shop.example`, `operator`, `host:dispatch`.
    pub who: String,
    /// How its kind begins: `agent.`, `outbox.approved`.
    pub what: String,
    /// Exactly on what: `ticket:12`.
    pub subject: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Only events before this number.
    pub before: Option<i64>,
    /// At most so many, of [`FOUND_MAX`].
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// The newest first.
    pub events: Vec<Event>,
    /// There may be more, before this number.
    pub next: Option<i64>,
}

impl Scope {
    /// Looks for events, from the newest on.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn audit(&self, query: &AuditQuery) -> Result<AuditPage> {
        let limit = query.limit.clamp(1, FOUND_MAX);
        let mut before = query.before.unwrap_or(i64::MAX);
        if let Some(to) = query.to {
            before = before.min(self.first_event_from(to).await?);
        }
        let mut events: Vec<Event> = Vec::new();
        let mut looked_at = 0;
        loop {
            let page = self.events_before(before, query.subject.as_deref()).await?;
            let last = page.last().map(|event| event.seq);
            let full = page.len() as i64 == PAGE;
            looked_at += page.len() as i64;
            for event in page {
                if query.from.is_some_and(|from| event.at < from) {
                    return Ok(AuditPage { events, next: None });
                }
                if event.actor.contains(query.who.as_str()) && event.kind.starts_with(query.what.as_str()) {
                    if events.len() == limit {
                        let next = events.last().map(|event| event.seq);
                        return Ok(AuditPage { events, next });
                    }
                    events.push(event);
                }
            }
            match last {
                Some(last) if full => before = last,
                _ => return Ok(AuditPage { events, next: None }),
            }
            if looked_at >= LOOKED_AT_MAX {
                return Ok(AuditPage { events, next: Some(before) });
            }
        }
    }

    async fn events_before(&self, before: i64, subject: Option<&str>) -> Result<Vec<Event>> {
        let statement = match subject {
            None => sql(select!("where tenant_id = $1 and seq < $2 order by seq desc limit $3")),
            Some(_) => sql(select!("where tenant_id = $1 and seq < $2 and subject = $4 order by seq desc limit $3")),
        };
        let statement = statement.bind(self.tenant).bind(before).bind(PAGE);
        let statement = match subject {
            None => statement,
            Some(subject) => statement.bind(subject),
        };
        statement.all(&mut *self.read().await?).await?.iter().map(read).collect()
    }

    /// The number of the first event not before that moment; one more than the last when there is none.
    async fn first_event_from(&self, at: Timestamp) -> Result<i64> {
        let mut on = self.read().await?;
        let head = sql("select seq from event_head where tenant_id = $1").bind(self.tenant).optional(&mut on).await?;
        let mut high: i64 = match head {
            Some(row) => row.get::<i64>(0)? + 1,
            None => return Ok(1),
        };
        let mut low = 1;
        while low < high {
            let middle = low + (high - low) / 2;
            let row = sql("select at from event where tenant_id = $1 and seq = $2")
                .bind(self.tenant)
                .bind(middle)
                .optional(&mut on)
                .await?;
            let there: Timestamp = match row {
                Some(row) => row.get(0)?,
                // A chain with a gap is another command's to report.
                None => return Ok(high),
            };
            if there < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
