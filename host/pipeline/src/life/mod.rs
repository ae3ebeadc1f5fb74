//! A plugin's life in a tenant while the host runs: installed, replayed on what was recorded, run in shadow, given a share
//! of the tickets, active, rolled back.
//!
//! Every step is a change of rows ([`posthouse_store::ReleaseRow`]) that running hosts take over as they take over any change
//! of a tenant: a call under way finishes on the release it began with.

pub mod difference;
pub mod install;
pub mod logbook;
pub mod replay;
pub mod shadow;
pub mod watch;
