//! Incidents: what is wrong with a tenant's mail, told once when it begins and once when it ends.
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::Serialize;

/// Something that is or was wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentRow {
    /// Its id.
    pub id: i64,
    /// What: `fetch:support`, `triage-silent`. One can be open per key.
    pub key: String,
    /// In words.
    pub detail: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when.
    pub closed_at: Option<Timestamp>,
}

impl Scope {
    /// Those that are open, oldest first.
    pub async fn open_incidents(&self) -> Result<Vec<IncidentRow>> { todo!() }
}

impl Tx {
    /// Opens one; none when it is open already.
    pub async fn open_incident(&mut self, _key: &str, _detail: &str, _actor: &Actor) -> Result<Option<IncidentRow>> { todo!() }
    /// Closes one; none when it was not open.
    pub async fn close_incident(&mut self, _key: &str, _actor: &Actor) -> Result<Option<IncidentRow>> { todo!() }
}
