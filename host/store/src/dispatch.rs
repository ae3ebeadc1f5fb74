//! Submitting: lease before, settle after.
use crate::{OutboxRow, Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::{OutboxId, Timestamp};
use std::time::Duration;

/// What asking for the lease came to.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboxLease {
    /// Submit now, then settle with this attempt's number. It is on disk that a try has begun.
    Ready(Box<OutboxMail>),
    /// Not due yet.
    NotYet {
        /// When it is.
        due: Timestamp,
    },
    /// Another worker is at it.
    Busy {
        /// When its lease ends.
        until: Timestamp,
    },
    /// A worker died while submitting: now uncertain, a person decides.
    BecameUncertain,
    /// Nothing to do.
    Settled(OutboxState),
}

/// Mail to submit.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxMail {
    /// The row. Submit only to its recipients in `open`.
    pub row: OutboxRow,
    /// Addresses that have not got it yet.
    pub open: Vec<String>,
    /// 1, 2, 3 …
    pub attempt: i64,
}

impl Scope {
    /// Leases a row for submitting, durably: when this returns `Ready`, a power failure cannot make anybody forget that a try has begun.
    pub async fn lease_outbox(&self, _outbox: OutboxId, _worker: &str, _lease: Duration) -> Result<OutboxLease> { todo!() }
}

impl Tx {
    /// Writes what a try came to, per recipient, and everything that follows: the next try, the message in the thread (`raw`: the bytes that were submitted), the copy for the Sent folder when `append_sent`, the ticket back to waiting when it failed.
    pub async fn settle_outbox(&mut self, _outbox: OutboxId, _attempt: i64, _outcomes: &[(String, SubmitOutcome)], _raw: &[u8], _append_sent: bool, _actor: &Actor) -> Result<OutboxState> { todo!() }
}
