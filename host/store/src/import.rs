//! Import.
use crate::{ExportReport, Result, Store};
use tokio::io::AsyncBufRead;

impl Store {
    /// Reads an export into an empty, migrated database, all or nothing.
    pub async fn import(&self, _from: &mut (dyn AsyncBufRead + Unpin + Send)) -> Result<ExportReport> { todo!() }
}
