//! Packages from outside: what is read, what is refused, and in which words.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod folder;
mod hostile;
mod limits;
mod lock;
mod manifest;
mod mutations;
mod roundtrip;
mod settings;
mod signing;
mod support;
mod zip_witness;
