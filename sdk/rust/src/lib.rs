//! Write Posthouse plugins in Rust.
//!
//! A plugin is a type that implements the trait of its world, and one macro:
//!
//! ```
//! use posthouse_sdk::{Classifier, Failure, desk, triaging::Triage};
//!
//! #[derive(serde::Deserialize, Default)]
//! #[serde(default, deny_unknown_fields)]
//! struct Settings {
//!     word: String,
//! }
//!
//! struct WordClassifier {
//!     word: String,
//! }
//!
//! impl Classifier for WordClassifier {
//!     type Settings = Settings;
//!
//!     fn new(settings: Settings) -> Result<Self, String> {
//!         Ok(Self { word: settings.word })
//!     }
//!
//!     fn classify(&self, _call: &desk::Call, message: &desk::Message, out: &Triage) -> Result<(), Failure> {
//!         if message.body().contains(&self.word) {
//!             out.set_category("refund", 0.9);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! posthouse_sdk::export_classifier!(WordClassifier);
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown`; the host's tools turn that core module into a component.
//! The component imports only what the code really calls: a plugin that never sends a request does
//! not ask for `http`.
//!
//! `new` runs once, when the plugin is activated, and the memory it leaves behind is what every call
//! starts from. Prepare everything there. Each call runs in a fresh copy of that memory, so a plugin
//! cannot carry anything from one message to the next.
//!
//! The views (`desk::Message`, `desk::Ticket` …) are handles of the host and exist only inside a component.
//! Keep a plugin's logic in functions over plain values, and test those natively.

pub mod bindings;
pub mod http;
pub mod notice;
pub mod settings;
pub mod span;
pub mod text;
mod worlds;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[doc(hidden)]
pub mod state;

pub use bindings::posthouse::plugin::{
    checking, desk, drafting, enriching, knowledge, log, model, notices, routing, store, triaging, types,
};
pub use types::{
    CivilTime, Date, Failure, Finding, Instant, MailboxAddress, Money, Sentiment, Span, TextPart, Urgency,
};
pub use worlds::{Checker, Classifier, Drafter, Enricher, Notifier, Router};
