//! The rules engine of the bundled classifier: pure Rust without I/O, so that the same code runs inside a
//! component, in native benchmarks and in tests.
//!
//! ```
//! use posthouse_rules::{Engine, Mail, Settings};
//! let engine = Engine::new(Settings::default(), posthouse_rules::bundled())?;
//! let found = engine.read(&Mail { subject: "", body: "Where is my parcel? Order #1042", ..Mail::default() });
//! assert_eq!(found.category.as_ref().map(|(name, _)| name.as_str()), Some("shipping"));
//! # Ok::<(), String>(())
//! ```
//!
//! One pass folds the text into words, a second asks the table of terms once per word; what they find are
//! *groups* ("cancel", "order", "late"), and rules say what groups mean when they meet in a sentence. A rule knows
//! no language, a group knows many: that is why a rule that works in one language works in all.
//!
//! Many functions here are marked `#[inline(never)]` on purpose. The native compiler would make one huge function
//! of everything; what compiles the component then keeps nothing in registers. Small functions are several times
//! quicker there and cost nothing natively.

mod bundle;
pub mod compile;
pub mod data;
mod engine;
pub mod entities;
pub mod fold;
pub mod found;
pub mod language;
mod letters;
pub mod lexicon;
pub mod pattern;
pub mod rules;
pub mod spoken;
mod verdict;

pub use bundle::{Bundle, bundled};
pub use data::{ModelSettings, Mood, Settings, Trained, Urgency};
pub use engine::{Engine, Mail};
pub use entities::{Entity, Part, Value};
pub use verdict::{Findings, Match, Risk, Settle, Standing};
