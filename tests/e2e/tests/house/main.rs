//! The rules of the house: which crate may know which, and what never stands in the sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod arrows;
mod plugin_api;
mod sources;

use std::path::PathBuf;

/// The root of the checkout.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
