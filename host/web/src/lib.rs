//! The review desk: server-rendered pages and the JSON API beside them.
//!
//! Read in this order: [`page`] (what the pages are: typed contexts and pure functions that draw them),
//! [`words`] (every word on them, in both languages), [`route`] (the table of routes; who may ask for what),
//! `seat` (who sits at the desk: session, form token, role), `load` (from the store's rows to page contexts)
//! and `route::act` (what a person does with a ticket).
//!
//! Nothing here sends mail or calls a plugin on the request path: a route records a decision and makes a job,
//! in one transaction of the store. Nothing here runs in a browser from anything but the desk's own files.

pub mod assets;
pub mod deps;
mod desk;
mod factor;
mod limit;
mod load;
pub mod page;
pub mod password;
mod presence;
mod refusal;
mod request;
pub mod route;
mod seat;
mod security;
mod serve;
pub mod text;
pub mod words;

pub use deps::{
    AttachmentReader, Health, HostTrouble, MessageIdMaker, OidcAddress, Operations, SecretDesk, SecretLook,
    SignInAddress, WebDeps,
};
pub use route::router;
pub use serve::serve;
