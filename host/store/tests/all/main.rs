//! Tests of the store, each on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[macro_use]
mod world;

mod account;
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
mod notes;
mod notices;
mod numbers;
mod open;
mod outbox;
mod people;
mod plans;
mod proof;
mod releases;
mod scheduled;
mod search;
mod setup;
mod spam;
mod take_up;
mod threads;
mod tokens;
mod translations;
mod triage;
mod turns;
mod typed;
mod uploads;
mod views;
mod visit;
mod webhooks;
