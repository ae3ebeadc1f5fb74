//! Tests of the store, each on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[macro_use]
mod world;

mod actions;
mod agents;
mod backup;
mod bulk;
mod caps;
mod chain;
mod drafts;
mod files;
mod gone;
mod intake;
mod isolation;
mod jobs;
mod keep;
mod ledger;
mod list;
mod locks;
mod merge;
mod notices;
mod numbers;
mod open;
mod outbox;
mod plans;
mod proof;
mod releases;
mod search;
mod setup;
mod spam;
mod take_up;
mod threads;
mod triage;
mod turns;
mod uploads;
mod views;
mod visit;
