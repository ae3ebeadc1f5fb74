//! Pages: typed contexts and the pure functions that draw them. Nothing here reads a store, a clock or a
//! request, so every page can be drawn from sample data (see [`sample`]) and looked at.

pub mod account;
pub mod audit;
pub mod blocks;
pub mod bulk;
pub mod draft;
pub mod error;
pub mod frame;
pub mod gate;
mod icon;
pub mod knowledge;
pub mod later;
pub mod letter;
pub mod list;
pub mod messages;
pub mod model_calls;
pub mod note;
pub mod people;
pub mod plugins;
pub mod query;
mod rich;
pub mod sample;
pub mod setup;
pub mod side;
pub mod status;
pub mod templates;
pub mod ticket;
pub mod tokens;
pub mod tools;
pub mod trail;
pub mod translation;
pub mod views;
pub mod webhooks;
pub mod when;
