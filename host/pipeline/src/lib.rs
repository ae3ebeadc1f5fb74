//! One message's way through the house: intake, triage, draft, notify, dispatch, settle; and beside it the
//! digest and the heartbeat.
//!
//! Everything here is a job on rows of the store: claimed, done, and completed in the same transaction that writes its
//! result. A crash between any two steps loses nothing and sends nothing twice.
//!
//! Start at [`house`] (what all steps share) and [`worker`] (what runs them), then follow a mail: [`fetch`],
//! [`intake`], [`triage`], [`draft`], [`notify`], [`dispatch`].

mod autonomy;
pub mod breaker;
pub mod caller;
pub mod card;
pub mod check;
mod crew;
pub mod denials;
pub mod digest;
pub mod dispatch;
pub mod draft;
pub mod escalate;
pub mod fetch;
mod gaps;
pub mod heartbeat;
mod hosts;
pub mod house;
mod inbox;
mod index;
pub mod intake;
pub mod knowledge;
pub mod learn;
pub mod ledger;
pub mod life;
pub mod metrics;
pub mod model;
pub mod notice;
pub mod notify;
pub mod oauth;
pub mod oidc;
pub mod outlet;
pub mod pace;
pub mod proof;
pub mod rebuild;
pub mod schedule;
pub mod screening;
pub mod secrets;
pub mod sent;
pub mod sign_in;
pub mod template_trial;
pub mod tenant;
mod translate;
pub mod triage;
pub mod trial;
pub mod trouble;
pub mod view;
pub mod webhooks;
pub mod words;
pub mod worker;

pub use house::{House, HouseOptions};
pub use secrets::{SecretError, SecretSource};
