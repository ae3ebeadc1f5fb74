//! The binary as people and programs meet it: exit codes, output, files.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod audit;
mod backup;
mod bounds;
mod eval;
mod fixtures;
mod help;
mod host;
mod installer;
mod ledger;
mod life;
mod lock;
mod mail;
mod mailbox;
mod model;
mod package;
mod plugin;
mod project;
mod secret;
mod tenant;
mod ticket;
mod user;
