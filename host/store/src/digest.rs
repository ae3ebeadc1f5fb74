//! Numbers: the daily digest, the ledger, and how the work goes on.

use crate::counts::send_trouble;
use crate::list::page;
use crate::sql::sql;
use crate::{Result, Scope, TicketQuery, TicketSort, TicketSummary};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::{MailboxId, Timestamp};
use serde::Serialize;

/// Urgent tickets that a digest shows.
const URGENT_SHOWN: u32 = 5;

/// What the daily digest says about a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DigestNumbers {
    /// Mails that came in.
    pub received: i64,
    /// Tickets made that are neither spam nor automatic.
    pub new_tickets: i64,
    /// Replies that went out.
    pub sent: i64,
    /// Tickets closed without a reply.
    pub handled: i64,
    /// Mails found to be spam.
    pub spam: i64,
    /// Automatic mails.
    pub automatic: i64,
    /// Mails left out with a reason.
    pub skipped: i64,
    /// Mails that could not be read.
    pub parked: i64,
    /// Replies that failed or are uncertain now.
    pub send_trouble: i64,
    /// Waiting now.
    pub waiting: i64,
    /// Put aside now.
    pub snoozed: i64,
    /// Waiting now and past their deadline.
    pub overdue: i64,
    /// The most urgent that wait now, at most 5.
    pub most_urgent: Vec<TicketSummary>,
    /// The one that waits longest.
    pub oldest_waiting: Option<TicketSummary>,
}

/// One line of the ledger: how many mails of a mailbox ended in a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// Beginning of the day.
    pub day: Timestamp,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Where they ended.
    pub outcome: Outcome,
    /// How many incoming mails.
    pub count: i64,
}

/// For the heartbeat: when things last happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// A mail was last stored, in or out.
    pub last_intake: Option<Timestamp>,
    /// A mail was last triaged.
    pub last_triage: Option<Timestamp>,
    /// When the oldest mail that still waits for triage was stored.
    pub oldest_pending: Option<Timestamp>,
    /// How many mails wait for triage.
    pub pending: i64,
    /// When the oldest reply that should be out by now was due.
    pub oldest_unsent: Option<Timestamp>,
    /// How many replies should be out by now.
    pub unsent: i64,
    /// Jobs given up.
    pub failed_jobs: i64,
}

impl Scope {
    /// Numbers from `from` (inclusive) to `to` (exclusive), and what stands now, from one moment.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn digest(&self, from: Timestamp, to: Timestamp) -> Result<DigestNumbers> {
        let (tenant, now) = (self.tenant, self.store.now());
        let mut on = self.store.inner.engine.snapshot().await?;
        let mut numbers = DigestNumbers::default();
        for row in sql("select direction, outcome, count(*) from message where tenant_id = $1 \
             and stored_at >= $2 and stored_at < $3 group by direction, outcome")
        .bind(tenant)
        .bind(from)
        .bind(to)
        .all(&mut on)
        .await?
        {
            let count: i64 = row.get(2)?;
            if row.get::<String>(0)? == "outgoing" {
                numbers.sent += count;
                continue;
            }
            numbers.received += count;
            match row.get(1)? {
                Outcome::Spam => numbers.spam += count,
                Outcome::Automatic => numbers.automatic += count,
                Outcome::Skipped => numbers.skipped += count,
                Outcome::Parked => numbers.parked += count,
                Outcome::Pending | Outcome::Ticket => {}
            }
        }
        let tickets = sql("select \
             coalesce(sum(case when created_at >= $2 and created_at < $3 and status not in ('spam', 'automatic') \
             then 1 else 0 end), 0), \
             coalesce(sum(case when status = 'handled' and closed_at >= $2 and closed_at < $3 then 1 else 0 end), 0), \
             coalesce(sum(case when status = 'waiting' then 1 else 0 end), 0), \
             coalesce(sum(case when status = 'snoozed' then 1 else 0 end), 0), \
             coalesce(sum(case when status = 'waiting' and deadline_at <= $4 then 1 else 0 end), 0) \
             from ticket where tenant_id = $1 and (status in ('waiting', 'snoozed') or updated_at >= $2)")
        .bind(tenant)
        .bind(from)
        .bind(to)
        .bind(now)
        .one(&mut on)
        .await?;
        numbers.new_tickets = tickets.get(0)?;
        numbers.handled = tickets.get(1)?;
        numbers.waiting = tickets.get(2)?;
        numbers.snoozed = tickets.get(3)?;
        numbers.overdue = tickets.get(4)?;
        numbers.send_trouble = send_trouble(&mut on, tenant).await?;
        let waiting =
            |sort, limit| TicketQuery { status: vec![TicketStatus::Waiting], sort, limit, ..TicketQuery::default() };
        numbers.most_urgent = page(&mut on, tenant, &waiting(TicketSort::Priority, URGENT_SHOWN), now).await?.rows;
        numbers.oldest_waiting = page(&mut on, tenant, &waiting(TicketSort::Oldest, 1), now).await?.rows.pop();
        Ok(numbers)
    }

    /// The ledger of incoming mail by the day it was stored. `days` are the beginnings of days and, last, the end of
    /// the last one, so that local days and summer time come out right.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn ledger(&self, days: &[Timestamp]) -> Result<Vec<LedgerRow>> {
        let mut on = self.store.inner.engine.snapshot().await?;
        let mut ledger = Vec::new();
        for day in days.windows(2) {
            for row in sql("select mailbox_id, outcome, count(*) from message where tenant_id = $1 \
                 and direction = 'incoming' and stored_at >= $2 and stored_at < $3 \
                 group by mailbox_id, outcome order by mailbox_id, outcome")
            .bind(self.tenant)
            .bind(day[0])
            .bind(day[1])
            .all(&mut on)
            .await?
            {
                ledger.push(LedgerRow { day: day[0], mailbox: row.get(0)?, outcome: row.get(1)?, count: row.get(2)? });
            }
        }
        Ok(ledger)
    }

    /// When things last happened: what the heartbeat looks at.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn progress(&self) -> Result<Progress> {
        let mut on = self.store.inner.engine.snapshot().await?;
        // Each of these is one look into an index.
        let row = sql("select \
             (select max(stored_at) from message where tenant_id = $1), \
             (select max(triaged_at) from message where tenant_id = $1), \
             (select min(stored_at) from message where tenant_id = $1 and outcome = 'pending'), \
             (select count(*) from message where tenant_id = $1 and outcome = 'pending'), \
             (select min(due_at) from outbox where tenant_id = $1 and state in ('queued', 'submitting', 'deferred') \
             and due_at <= $2), \
             (select count(*) from outbox where tenant_id = $1 and state in ('queued', 'submitting', 'deferred') \
             and due_at <= $2), \
             (select count(*) from job where tenant_id = $1 and state = 'failed')")
        .bind(self.tenant)
        .bind(self.store.now())
        .one(&mut on)
        .await?;
        let mut row = row.reader();
        Ok(Progress {
            last_intake: row.next()?,
            last_triage: row.next()?,
            oldest_pending: row.next()?,
            pending: row.next()?,
            oldest_unsent: row.next()?,
            unsent: row.next()?,
            failed_jobs: row.next()?,
        })
    }
}
