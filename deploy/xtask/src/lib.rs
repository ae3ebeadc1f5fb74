//! What a checkout of Posthouse needs done, as ordinary Rust: build the guests, install what tests need, run them,
//! start the demonstration. `cargo xtask help` lists the commands.
//!
//! It depends on no crate of the host, so that it is compiled within seconds on a new machine.
#![allow(clippy::disallowed_methods)] // A build tool runs on the real clock.

pub mod api;
pub mod bench;
pub mod demo;
pub mod examples;
pub mod fuzz;
pub mod guest;
pub mod machine;
pub mod suite;
pub mod torture;

mod progress;
mod sdks;
mod shell;
mod wasm_target;

pub use shell::{repository, target_folder};
