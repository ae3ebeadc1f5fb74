//! The words of Posthouse as types: ids, records, states and their transitions, time.
//!
//! This crate does no I/O and asks nobody for the time or for randomness: both come in through
//! [`Clock`] and [`Entropy`], so that every test and every replay is exact.
//!
//! Read in this order: [`id`] and [`time`], then [`mail`] (what a mail is once read), [`triage`]
//! (what plugins find in it), [`ticket`], [`draft`], [`outbox`], and [`event`] (how every change is chained).

pub mod autonomy;
pub mod call;
pub mod capability;
pub mod ceiling;
pub mod config;
pub mod decision;
pub mod draft;
pub mod event;
pub mod exchange;
pub mod id;
pub mod job;
pub mod keep;
pub mod limits;
pub mod mail;
pub mod mention;
pub mod notice;
pub mod outbox;
pub mod picture;
pub mod priority;
pub mod reason;
pub mod refusal;
pub mod release;
pub mod replay;
pub mod rich;
pub mod role;
pub mod significance;
pub mod step;
pub mod template;
pub mod ticket;
pub mod time;
pub mod translation;
pub mod triage;
pub mod trial;
pub mod view;

pub use id::*;
pub use step::{GoesOn, Step, Steps};
pub use time::{Clock, Entropy, Timestamp};
