//! Approved mail that is not settled yet, and the states it may pass.

use crate::triage::named;

named! {
    /// Where an outbox row (or one recipient of it) stands.
    pub enum OutboxState {
        /// Approved; waits for the end of the undo window or for its next try.
        Queued = "queued",
        /// A worker has leased it and is about to submit: written *before* the server is spoken to. A row
        /// found here after its lease ran out was interrupted, and nobody knows how far it came.
        Submitting = "submitting",
        /// The server took it.
        Sent = "sent",
        /// The server said 4xx: tried again on the ladder.
        Deferred = "deferred",
        /// The server said 5xx, or the ladder is used up.
        Failed = "failed",
        /// The connection broke after DATA, or a worker died while submitting: a person decides. Never
        /// retried blindly.
        Uncertain = "uncertain",
        /// Taken back within the undo window.
        Cancelled = "cancelled",
    }
}

impl OutboxState {
    /// Whether a row may go from here to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use OutboxState::{Cancelled, Deferred, Failed, Queued, Sent, Submitting, Uncertain};
        matches!(
            (self, next),
            (Queued | Deferred, Submitting | Cancelled | Failed)
                | (Submitting, Sent | Deferred | Failed | Uncertain)
                // A person found out what became of it, or chose to try again.
                | (Uncertain, Sent | Failed | Queued | Cancelled)
                | (Failed, Queued | Cancelled)
        )
    }

    /// Nothing will happen any more unless a person acts.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Uncertain | Self::Cancelled)
    }
}

/// What one try at submitting came to, for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum SubmitOutcome {
    /// The server took responsibility (2xx after the final dot).
    Accepted {
        /// The server's words.
        reply: String,
    },
    /// Nothing was handed over and trying again may help: 4xx, no connection.
    Deferred {
        /// The server's words or the connection's error.
        reason: String,
    },
    /// 5xx: trying again will not help.
    Refused {
        /// The server's words.
        reason: String,
    },
    /// The connection broke after the message's end was sent: it may or may not be out.
    Uncertain {
        /// What is known.
        reason: String,
    },
}

impl SubmitOutcome {
    /// The state that this outcome leads to while tries are left.
    #[must_use]
    pub fn state(&self) -> OutboxState {
        match self {
            Self::Accepted { .. } => OutboxState::Sent,
            Self::Deferred { .. } => OutboxState::Deferred,
            Self::Refused { .. } => OutboxState::Failed,
            Self::Uncertain { .. } => OutboxState::Uncertain,
        }
    }

    /// The words to show.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Accepted { reply } => reply,
            Self::Deferred { reason } | Self::Refused { reason } | Self::Uncertain { reason } => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sent_is_ever_sent_again() {
        for &next in OutboxState::ALL {
            assert!(!OutboxState::Sent.may_become(next), "sent → {next}");
        }
        // The only way to Submitting is from a row that is known not to be out.
        for &state in OutboxState::ALL {
            let ready = matches!(state, OutboxState::Queued | OutboxState::Deferred);
            assert_eq!(state.may_become(OutboxState::Submitting), ready, "{state}");
        }
    }
}
