//! A tenant's plugins.
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::capability::Grants;
use posthouse_model::decision::World;
use posthouse_model::event::Actor;
use serde::{Deserialize, Serialize};

/// A plugin as the tenant's folder describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewPlugin {
    /// Its name in this tenant; unique per tenant.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// The plugin's own version.
    pub version: String,
    /// Of its component, which must be stored.
    pub digest: String,
    /// For the plugin.
    pub settings: serde_json::Value,
    /// What it may do.
    pub grants: Grants,
}

/// An installed plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginRow {
    /// What it is.
    #[serde(flatten)]
    pub plugin: NewPlugin,
    /// Its place among those of its world, from 0.
    pub position: i64,
    /// When this digest, these settings or these grants were installed.
    pub installed_at: Timestamp,
}

impl Scope {
    /// All, in their order.
    pub async fn plugins(&self) -> Result<Vec<PluginRow>> { todo!() }
}

impl Tx {
    /// Sets the whole list, in order. Idempotent; an event for each that is added, changed or removed.
    pub async fn set_plugins(&mut self, _plugins: &[NewPlugin], _actor: &Actor) -> Result<()> { todo!() }
}
