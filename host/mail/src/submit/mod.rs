//! Handing a composed mail over, and saying for each recipient what is known afterwards.
//!
//! The one question that matters: may it be out? Only a server's 2xx after the final dot says yes, only a failure
//! before that dot says no. Anything between is [`SubmitOutcome::Uncertain`] and is never tried again blindly.

mod file;
mod handover;
mod smtp;
mod xoauth2;

pub use file::FileSubmitter;
pub(crate) use file::sync_folder;
pub use handover::{Handover, Unrecorded};
pub(crate) use smtp::connect_hint;
pub use smtp::{SmtpConfig, SmtpSubmitter, Timeouts, probe, probe_as};

use crate::net::ProbeReport;
use async_trait::async_trait;
use posthouse_model::outbox::SubmitOutcome;

/// Who a mail goes to, apart from what its headers say (RFC 5321, 2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where bounces go; none is the empty return path of automatic mail.
    pub from: Option<String>,
    /// Every recipient once.
    pub recipients: Vec<String>,
}

/// What one try came to for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientOutcome {
    /// As in the envelope.
    pub address: String,
    /// What is known.
    pub outcome: SubmitOutcome,
}

/// What one try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Where it was tried, for the attempt's record: `smtp.example.com:465`.
    pub server: String,
    /// One entry per recipient of the envelope, in its order.
    pub recipients: Vec<RecipientOutcome>,
}

impl Submission {
    /// The same outcome for everybody.
    #[must_use]
    pub fn for_all(server: &str, envelope: &Envelope, outcome: &SubmitOutcome) -> Self {
        Self {
            server: server.to_owned(),
            recipients: envelope
                .recipients
                .iter()
                .map(|address| RecipientOutcome { address: address.clone(), outcome: outcome.clone() })
                .collect(),
        }
    }

    /// Every recipient was accepted.
    #[must_use]
    pub fn all_accepted(&self) -> bool {
        self.recipients.iter().all(|r| matches!(r.outcome, SubmitOutcome::Accepted { .. }))
    }
}

/// A way out for mail.
#[async_trait]
pub trait Submitter: Send + Sync {
    /// Tries once. Never fails as a whole: what went wrong is in the outcomes. Dropping the future in the middle
    /// leaves it unknown how far it came, as a crash does; what is known is whether `handover` was asked. Before it was,
    /// nobody has a byte of the mail.
    async fn submit(&self, envelope: &Envelope, raw: &[u8], handover: &dyn Handover) -> Submission;

    /// Looks whether submitting would work, without sending anything.
    async fn probe(&self) -> ProbeReport;
}
