//! Translations of mails and drafts, made by the team's own model.

use crate::triage::named;
use crate::{DraftId, MessageId};

/// Bytes of a text that are translated; of a longer one its beginning is.
pub const TRANSLATED_BYTES_MAX: usize = 12_000;

/// What is translated. Both never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TranslationOf {
    /// The new text of a mail.
    Message(MessageId),
    /// The text of a revision of a draft.
    Draft(DraftId),
}

named! {
    /// How a translation stands.
    pub enum TranslationState {
        /// Somebody asked for it.
        Asked = "asked",
        /// It is there.
        Done = "done",
        /// It came to nothing; it can be asked for again.
        Failed = "failed",
    }
}

named! {
    /// Why there is no translation.
    pub enum TranslationTrouble {
        /// The team has no model, or no key for it.
        NotConfigured = "not-configured",
        /// The budget of the day does not allow another call.
        OverBudget = "over-budget",
        /// The provider refused.
        Rejected = "rejected",
        /// The provider did not answer.
        Unavailable = "unavailable",
        /// There is no text, or it is no longer kept.
        NoText = "no-text",
    }
}
