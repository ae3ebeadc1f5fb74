//! Numbers: the daily digest, the ledger, and how the work goes on.
use crate::{Result, Scope, TicketSummary};
use posthouse_model::ticket::Outcome;
use posthouse_model::{MailboxId, Timestamp};
use serde::Serialize;

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
    /// A mail was stored.
    pub last_intake: Option<Timestamp>,
    /// A mail was triaged.
    pub last_triage: Option<Timestamp>,
    /// When the oldest mail that still waits for triage was stored.
    pub oldest_pending: Option<Timestamp>,
    /// When the oldest reply that should be out by now was due.
    pub oldest_unsent: Option<Timestamp>,
    /// Jobs given up.
    pub failed_jobs: i64,
}

impl Scope {
    /// Numbers from `from` (inclusive) to `to` (exclusive).
    pub async fn digest(&self, _from: Timestamp, _to: Timestamp) -> Result<DigestNumbers> { todo!() }
    /// The ledger: `days` are the beginnings of days and, last, the end of the last day, so that local days and summer time come out right.
    pub async fn ledger(&self, _days: &[Timestamp]) -> Result<Vec<LedgerRow>> { todo!() }
    /// When things last happened.
    pub async fn progress(&self) -> Result<Progress> { todo!() }
}
