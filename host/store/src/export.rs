//! Export.
use crate::{Result, Store};
use serde::Serialize;
use tokio::io::AsyncWrite;

/// What was written or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// The schema version of the content.
    pub schema: i64,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over all lines before the last.
    pub sha256: String,
}

impl Store {
    /// Writes everything from one moment.
    pub async fn export(&self, _to: &mut (dyn AsyncWrite + Unpin + Send)) -> Result<ExportReport> { todo!() }
}
