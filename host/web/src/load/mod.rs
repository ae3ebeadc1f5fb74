//! From the store's rows to the pages' contexts.

pub(crate) mod autonomy;
pub(crate) mod blocks;
pub(crate) mod compare;
pub(crate) mod frame;
pub(crate) mod knowledge;
pub(crate) mod known;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod plugins;
pub(crate) mod setup;
pub(crate) mod status;
pub(crate) mod templates;
pub(crate) mod ticket;
pub(crate) mod trail;
mod translation;
pub(crate) mod typed;
