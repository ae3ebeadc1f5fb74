//! Components: the `.wasm` bytes, by digest, shared by all tenants.
use crate::{Result, Store};
use posthouse_model::Timestamp;
use serde::Serialize;

/// A stored component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentRow {
    /// SHA-256, lower-case hexadecimal.
    pub digest: String,
    /// In bytes.
    pub size: i64,
    /// When it was first stored.
    pub stored_at: Timestamp,
}

impl Store {
    /// Stores a component; its digest. Storing it again does nothing.
    pub async fn put_component(&self, _bytes: &[u8]) -> Result<String> { todo!() }
    /// Its bytes.
    pub async fn component(&self, _digest: &str) -> Result<Option<Vec<u8>>> { todo!() }
    /// All, by digest.
    pub async fn components(&self) -> Result<Vec<ComponentRow>> { todo!() }
    /// Deletes those that no tenant uses; how many.
    pub async fn prune_components(&self) -> Result<u64> { todo!() }
}
