//! The review desk: server-rendered pages and the JSON API beside them.
//!
//! Read in this order: [`page`] (what the pages are: typed contexts and pure functions that draw them),
//! [`words`] (every word on them, in both languages), then the routes. Nothing here sends mail or calls a
//! plugin on the request path: a route records a decision and makes a job, in one transaction of the store.

pub mod assets;
pub mod page;
pub mod text;
pub mod words;
