//! Sealed secrets. The store keeps bytes; `vault` seals and opens them.
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::Serialize;

/// That a secret is there; not what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    /// Its name.
    pub name: String,
    /// When it was last set.
    pub updated_at: Timestamp,
}

impl Scope {
    /// The sealed bytes under a name.
    pub async fn sealed_secret(&self, _name: &str) -> Result<Option<Vec<u8>>> { todo!() }
    /// The names, sorted.
    pub async fn secrets(&self) -> Result<Vec<SecretRow>> { todo!() }
}

impl Tx {
    /// Keeps sealed bytes under a name.
    pub async fn put_secret(&mut self, _name: &str, _sealed: &[u8], _actor: &Actor) -> Result<()> { todo!() }
    /// Forgets one; false when it was not there.
    pub async fn remove_secret(&mut self, _name: &str, _actor: &Actor) -> Result<bool> { todo!() }
}
