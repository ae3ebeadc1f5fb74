//! The record of one plugin call.

use crate::exchange::Exchange;
use crate::keep::Changes;
use crate::release::CallRecord;
use crate::{DecisionId, MessageId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};

crate::triage::named! {
    /// What a plugin is for; the WIT world it was built for.
    pub enum World {
        /// Says what a mail is about.
        Classifier = "classifier",
        /// Says who handles it, by when, and who is told.
        Router = "router",
        /// Proposes replies.
        Drafter = "drafter",
        /// Tells a chat group.
        Notifier = "notifier",
        /// Asks the client's own systems.
        Enricher = "enricher",
        /// Looks at a reply before it goes out.
        Checker = "checker",
    }
}

/// One call of a host function that mattered: outbound HTTP, a model, a search, a reading of its store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostCall {
    /// `http`, `model`, `knowledge`, `store`; `host` for what the host has to say itself.
    pub capability: String,
    /// What was asked, without secrets and bodies: `POST open.feishu.cn`.
    pub what: String,
    /// `200`, `denied: …`.
    pub outcome: String,
    /// Wall time in microseconds.
    pub duration_us: u64,
    /// What was asked and answered, whole; none where nothing was asked of anybody (the host refused), or where it is over
    /// what is kept of one call ([`Exchange::BYTES_PER_CALL_MAX`]). It holds what customers wrote: nothing shows it unless
    /// asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

impl HostCall {
    /// The same without the exchange: for showing.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { exchange: None, ..self }
    }

    /// Whether it is on the record only so that the call can be made again, and says nothing to a person.
    #[must_use]
    pub fn is_for_replay(&self) -> bool {
        self.capability == "store"
    }
}

/// A line of a plugin's log. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// At most what the call's limit on its log left room for.
    pub text: String,
}

crate::triage::named! {
    /// How much a line of the log matters.
    pub enum LogLevel {
        /// For the plugin's author.
        Debug = "debug",
        /// Worth knowing.
        Info = "info",
        /// Something is odd.
        Warn = "warn",
        /// Something failed.
        Error = "error",
    }
}

/// What a call cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// Wall time in microseconds, host calls included.
    pub duration_us: u64,
    /// Largest linear memory in bytes.
    pub memory_bytes: u64,
}

/// A decision about to be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewDecision {
    /// On which ticket.
    pub ticket: Option<TicketId>,
    /// On which message.
    pub message: Option<MessageId>,
    /// The plugin's world.
    pub world: World,
    /// The plugin's name in this tenant.
    pub plugin: String,
    /// The plugin's own version.
    pub version: String,
    /// SHA-256 of the component, lower-case hexadecimal.
    pub digest: String,
    /// SHA-256 over everything the call could read, for finding the same input again.
    pub input_hash: String,
    /// What it answered (the model type as JSON), none when it failed.
    pub output: Option<serde_json::Value>,
    /// Why it failed.
    pub error: Option<String>,
    /// What it asked of the host.
    pub host_calls: Vec<HostCall>,
    /// What it cost.
    pub cost: CallCost,
    /// By which release, as what, and what it was told of time and chance.
    #[serde(default)]
    pub call: CallRecord,
    /// What it logged; kept apart from the record.
    #[serde(skip)]
    pub log: Vec<LogLine>,
    /// What it read of its own store and writes to it; kept apart from the record.
    #[serde(skip)]
    pub changes: Changes,
}

/// A recorded decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub record: NewDecision,
}
