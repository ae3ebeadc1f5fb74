//! scratch
pub mod error;
pub mod host;
pub mod inspect;
pub mod spec;
pub mod api;
pub use error::*;
