//! Templates and drafts: what the two bundled drafters share. `drafter` is this with templates alone;
//! `drafter-model` adds the client's model, and therefore imports it.

pub mod choose;
pub mod facts;
pub mod model;
pub mod settings;
pub mod template;
pub mod write;

pub use choose::{Draft, Shelf};
pub use facts::Case;
pub use settings::Settings;
