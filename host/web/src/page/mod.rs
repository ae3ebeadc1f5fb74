//! Pages: typed contexts and the pure functions that draw them. Nothing here reads a store, a clock or a
//! request, so every page can be drawn from sample data (see [`sample`]) and looked at.

pub mod bulk;
pub mod draft;
pub mod error;
pub mod frame;
pub mod gate;
mod icon;
pub mod letter;
pub mod list;
pub mod messages;
pub mod plugins;
pub mod query;
pub mod sample;
pub mod side;
pub mod status;
pub mod ticket;
pub mod trail;
pub mod views;
pub mod when;
