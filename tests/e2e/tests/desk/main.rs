//! The review desk in a real browser, on a house with an example shop's mail in it.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods)]

mod access;
mod acts;
mod admin;
mod blocks;
mod door;
mod files;
mod flow;
mod hostile;
mod keyboard;
mod mailbox;
mod many;
mod plugins;
mod reading;
mod screening;
mod settings;
mod support;
mod templates;
mod translation;
mod typed;
mod widths;
mod work;
mod writing;
