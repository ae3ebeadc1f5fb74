//! Export: everything, from one moment, in one form for both databases.
//!
//! The form is lines of JSON. The first says what it is; then per table a line with its columns and a line per row, an
//! array of values in their order (bytes as base64); the last says how many rows there were and seals the lines before
//! it with SHA-256, so that a cut or damaged file is noticed. Memory does not grow with the content.

use crate::sql::{Row, row_of, sql_of};
use crate::tables::{Holds, TABLES, Table};
use crate::{Result, Store, schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;
use posthouse_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// What a file of this kind calls itself.
pub(crate) const FORMAT: &str = "posthouse-export";
/// The form's own version.
pub(crate) const FORMAT_VERSION: i64 = 1;

/// What was written or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// The schema version of the content.
    pub schema: i64,
    /// When the content was as it is.
    pub taken_at: Timestamp,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over all lines before the last, lower-case hexadecimal.
    pub sha256: String,
}

/// First line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct First {
    pub(crate) format: String,
    pub(crate) version: i64,
    pub(crate) schema: i64,
    pub(crate) taken_at: Timestamp,
}

/// Begins a table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begins {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
}

/// Last line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) rows: u64,
    pub(crate) sha256: String,
}

impl Store {
    /// Writes everything, from one moment, while the store is in use. Secrets stay sealed; sign-ins are left out. Other
    /// work goes on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Io`](crate::StoreError::Io), [`StoreError::Schema`](crate::StoreError::Schema).
    pub async fn export(&self, to: &mut (dyn AsyncWrite + Unpin + Send)) -> Result<ExportReport> {
        self.check_schema().await?;
        let taken_at = self.now();
        let mut on = self.inner.engine.snapshot().await?;
        let mut out = Lines { to, hash: Sha256::new() };
        let first = First { format: FORMAT.to_owned(), version: FORMAT_VERSION, schema: schema::WANTED, taken_at };
        out.write(&first).await?;
        let mut written = 0;
        for table in TABLES {
            let columns: Vec<String> = table.columns().map(|(name, _)| name.to_owned()).collect();
            out.write(&Begins { table: table.name.to_owned(), columns }).await?;
            let query = format!("select {} from {} order by {}", table.column_list(), table.name, table.order);
            let mut rows = sql_of(query).stream(&mut on)?;
            while let Some(row) = rows.try_next().await? {
                out.write(&values(table, &row_of(row))?).await?;
                written += 1;
            }
        }
        let Lines { to, hash } = out;
        let sha256 = hex::encode(hash.finalize());
        let last =
            serde_json::to_string(&Last { rows: written, sha256: sha256.clone() }).map_err(std::io::Error::from)?;
        to.write_all(last.as_bytes()).await?;
        to.write_all(b"\n").await?;
        to.flush().await?;
        Ok(ExportReport { schema: schema::WANTED, taken_at, rows: written, sha256 })
    }
}

struct Lines<'a> {
    to: &'a mut (dyn AsyncWrite + Unpin + Send),
    hash: Sha256,
}

impl Lines<'_> {
    async fn write(&mut self, line: &(impl Serialize + Sync)) -> Result<()> {
        let mut line = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.to.write_all(&line).await?;
        Ok(())
    }
}

fn values(table: &Table, row: &Row) -> Result<Vec<Value>> {
    table
        .columns()
        .enumerate()
        .map(|(at, (_, holds))| {
            Ok(match holds {
                Holds::Integer => row.get::<Option<i64>>(at)?.into(),
                // As text: JSON readers may be off in the last bit.
                Holds::Real => row.get::<Option<f64>>(at)?.map(|number| number.to_string()).into(),
                Holds::Text => row.get::<Option<String>>(at)?.into(),
                Holds::Bytes => row.get::<Option<Vec<u8>>>(at)?.map(|bytes| STANDARD.encode(bytes)).into(),
            })
        })
        .collect()
}
