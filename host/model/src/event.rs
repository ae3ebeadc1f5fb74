//! The audit chain: every change to data and every automatic act, one row each, each sealed by the
//! hash of the row before it.

use crate::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actor", content = "name", rename_all = "kebab-case")]
pub enum Actor {
    /// A signed-in person, by e-mail address.
    Agent(String),
    /// Somebody at the command line.
    Operator,
    /// The host itself: a job, by name.
    Host(String),
}

impl Actor {
    /// `agent:li@shop.example`, `operator`, `host:triage`.
    #[must_use]
    pub fn as_text(&self) -> String {
        match self {
            Self::Agent(name) => format!("agent:{name}"),
            Self::Operator => "operator".to_owned(),
            Self::Host(name) => format!("host:{name}"),
        }
    }
}

/// A change about to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Who.
    pub actor: Actor,
    /// What, as `noun.verb`: `ticket.categorised`, `outbox.approved`.
    pub kind: String,
    /// On what: `ticket:12`, `mailbox:3`, `tenant`.
    pub subject: String,
    /// Details; never a body, never a secret.
    pub data: serde_json::Value,
}

/// One row of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3 … per tenant, without a gap.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, as [`Actor::as_text`].
    pub actor: String,
    /// What.
    pub kind: String,
    /// On what.
    pub subject: String,
    /// Details, the exact text that was sealed.
    pub data: String,
    /// Seal of the row before; of the first: [`genesis`].
    pub previous: String,
    /// [`seal`] of this row, lower-case hexadecimal.
    pub hash: String,
}

/// What the first row of a tenant's chain names as the row before it.
#[must_use]
pub fn genesis(tenant: TenantId) -> String {
    hex::encode(Sha256::digest(format!("posthouse event chain v1 tenant {tenant}")))
}

/// The seal of a row: SHA-256 over every field, each preceded by its length, so that no two rows
/// that differ can have the same input.
#[must_use]
pub fn seal(previous: &str, seq: i64, at: Timestamp, actor: &str, kind: &str, subject: &str, data: &str) -> String {
    let mut hash = Sha256::new();
    for field in [previous, &seq.to_string(), &at.0.to_string(), actor, kind, subject, data] {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum ChainFault {
    /// A number is left out: rows were removed.
    #[error("event {expected} is missing: the next one present is {found}")]
    Missing {
        /// The number that should come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// A number comes twice or too early: a row was put in.
    #[error("event {found} stands where {expected} was expected: a row was inserted")]
    Inserted {
        /// The number that should come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// The row names another row before it than the one that is there.
    #[error("event {seq} does not follow from event {}: one of the two was altered or replaced", seq - 1)]
    Broken {
        /// Its number.
        seq: i64,
    },
    /// The row's content does not give its seal.
    #[error("event {seq} was altered after it was written")]
    Altered {
        /// Its number.
        seq: i64,
    },
    /// The chain ends before or after the head that was recorded.
    #[error("the chain ends at event {found}, but its head records {expected}: rows at the end were removed or added")]
    Head {
        /// Number at the head.
        expected: i64,
        /// Last number present.
        found: i64,
    },
}

/// Walks a chain row by row. Memory use does not grow with its length.
#[derive(Debug)]
pub struct ChainVerifier {
    next: i64,
    previous: String,
    faults: Vec<ChainFault>,
}

impl ChainVerifier {
    /// At most this many faults are kept; a chain broken more often than that is broken.
    pub const FAULTS_MAX: usize = 100;

    /// At the start of a tenant's chain.
    #[must_use]
    pub fn new(tenant: TenantId) -> Self {
        Self { next: 1, previous: genesis(tenant), faults: Vec::new() }
    }

    fn report(&mut self, fault: ChainFault) {
        if self.faults.len() < Self::FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    /// The next row, in the order of `seq`.
    pub fn push(&mut self, event: &Event) {
        if event.seq > self.next {
            self.report(ChainFault::Missing { expected: self.next, found: event.seq });
        } else if event.seq < self.next {
            self.report(ChainFault::Inserted { expected: self.next, found: event.seq });
        } else if event.previous != self.previous {
            self.report(ChainFault::Broken { seq: event.seq });
        }
        let hash = seal(&event.previous, event.seq, event.at, &event.actor, &event.kind, &event.subject, &event.data);
        if hash != event.hash {
            self.report(ChainFault::Altered { seq: event.seq });
        }
        self.next = event.seq.saturating_add(1);
        self.previous.clone_from(&event.hash);
    }

    /// At the end: compares with the recorded head and returns all faults, in order.
    #[must_use]
    pub fn finish(mut self, head_seq: i64, head_hash: &str) -> Vec<ChainFault> {
        if self.next - 1 != head_seq || (head_seq > 0 && self.previous != head_hash) {
            self.report(ChainFault::Head { expected: head_seq, found: self.next - 1 });
        }
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: i64) -> Vec<Event> {
        let mut previous = genesis(TenantId(1));
        (1..=n)
            .map(|seq| {
                let at = Timestamp(seq * 1000);
                let data = format!("{{\"n\":{seq}}}");
                let hash = seal(&previous, seq, at, "operator", "a.b", "ticket:1", &data);
                Event {
                    seq,
                    at,
                    actor: "operator".into(),
                    kind: "a.b".into(),
                    subject: "ticket:1".into(),
                    data,
                    previous: std::mem::replace(&mut previous, hash.clone()),
                    hash,
                }
            })
            .collect()
    }

    fn verify(events: &[Event], original: &[Event]) -> Vec<ChainFault> {
        let mut verifier = ChainVerifier::new(TenantId(1));
        for event in events {
            verifier.push(event);
        }
        let head = original.last().unwrap();
        verifier.finish(head.seq, &head.hash)
    }

    #[test]
    fn an_untouched_chain_is_whole() {
        let events = chain(5);
        assert_eq!(verify(&events, &events), []);
        assert_eq!(ChainVerifier::new(TenantId(1)).finish(0, ""), []);
    }

    #[test]
    fn every_kind_of_tampering_is_found() {
        let events = chain(5);

        let mut altered = events.clone();
        altered[2].data = "{\"n\":99}".into();
        assert_eq!(verify(&altered, &events), [ChainFault::Altered { seq: 3 }]);

        // Altered with a fresh seal: the next row no longer follows.
        let e = &mut altered[2];
        e.hash = seal(&e.previous, e.seq, e.at, &e.actor, &e.kind, &e.subject, &e.data);
        assert_eq!(verify(&altered, &events), [ChainFault::Broken { seq: 4 }]);

        let mut missing = events.clone();
        missing.remove(1);
        assert_eq!(verify(&missing, &events), [ChainFault::Missing { expected: 2, found: 3 }]);

        let mut inserted = events.clone();
        inserted.insert(2, events[1].clone());
        assert!(matches!(verify(&inserted, &events)[0], ChainFault::Inserted { expected: 3, found: 2 }));

        let cut = &events[..3];
        assert_eq!(verify(cut, &events), [ChainFault::Head { expected: 5, found: 3 }]);

        let mut other = ChainVerifier::new(TenantId(2));
        other.push(&events[0]);
        assert_eq!(other.finish(1, &events[0].hash), [ChainFault::Broken { seq: 1 }]);
    }
}
