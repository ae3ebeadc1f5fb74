//! The jobs, with the real store, the real sandbox and the bundled plugins, and a clock that the test sets.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod autonomy;
mod breaker;
mod ceiling;
mod denials;
mod doubt;
mod drafts;
mod heartbeat;
mod house;
mod keeping;
mod learn;
mod ledger;
mod life;
mod models;
mod oauth;
mod oidc;
mod pace;
mod proof;
mod provider;
mod quoted;
mod rebuild;
mod redaction;
mod screening;
mod secrets;
mod sending;
mod sent_folder;
mod templates;
mod triage;
mod trial;
mod visit;
mod webhooks;
