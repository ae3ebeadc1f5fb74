//! Plugin projects: making one ([`new`]) and building it to a component ([`project`]), in each of the three languages.
//!
//! It depends on no crate of the host and runs no component, so that the build tool of the checkout (`deploy/xtask`) uses
//! the same code for the bundled plugins ([`wasm`]) as the command `posthouse plugin build`.

pub mod new;
pub mod process;
pub mod project;
pub mod sources;
pub mod wasm;

mod javascript;
mod python;
mod rust;
mod trouble;

pub use trouble::Trouble;

/// What this crate's functions give.
pub type Result<T> = std::result::Result<T, Trouble>;
