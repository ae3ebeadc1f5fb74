//! The desk through its router, on a real store: one module per concern, one host of two teams for each test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod account;
mod actions;
mod api;
mod autonomy;
mod bulk;
mod files;
mod hostile;
mod knowledge;
mod live;
mod macros;
mod mailboxes;
mod markup;
mod model_calls;
mod oidc;
mod people;
mod pictures;
mod plugins;
mod reading;
mod setup;
mod setup_rules;
mod sign_in;
mod strangers;
mod support;
mod templates;
mod tokens;
mod views;
mod visits;
mod webhooks;
mod work;
mod writing;
mod xss;
