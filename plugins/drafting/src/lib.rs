//! Templates and drafts: what the two bundled drafters share. `drafter` is this with templates alone;
//! `drafter-model` adds the client's model, and therefore imports it.

pub mod amounts;
pub mod blocks;
pub mod choose;
pub mod facts;
mod guard;
pub mod market;
pub mod model;
pub mod occasions;
pub mod settings;
pub mod write;

pub use choose::{Draft, Shelf};
pub use facts::Case;
pub use posthouse_template as template;
pub use settings::Settings;
