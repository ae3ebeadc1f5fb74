//! Fixtures: calls of a plugin written down, each with what it is given and what it must answer. `docs/fixtures.md` says how
//! they are written.
//!
//! [`mod@file`] is what stands in a fixture, [`parts`] how mails, tickets and notices are written in it, [`shelf`] where fixtures
//! lie (a project's folder, a package), [`expect`] the comparison, and [`trial`] makes the call.
//! [`record`] makes fixtures of real calls, [`redact`]ed.

pub mod essence;
pub mod expect;
pub mod file;
pub mod host;
pub mod parts;
pub mod record;
pub mod redact;
pub mod shelf;
pub mod trial;
pub mod write;
pub mod written;

pub use file::Fixture;
pub use shelf::Shelf;
