//! Maildir.
use crate::{BatchLimit, Fetched, Wake};
use posthouse_model::Clock;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What went wrong with a Maildir.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {source}; check that the folder exists and that posthouse may read and write it", path = .path.display())]
pub struct MaildirError {
    /// `cannot list` …
    pub what: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

/// A Maildir.
#[derive(Debug)]
pub struct Maildir {}
#[allow(missing_docs, unused_variables)]
impl Maildir {
    pub fn open(path: impl AsRef<Path>, clock: &dyn Clock) -> Result<Self, MaildirError> {
        Ok(Self {})
    }
    #[must_use]
    pub fn uid_validity(&self) -> u32 {
        0
    }
    pub fn fetch_since(&mut self, last_uid: u32, limit: BatchLimit) -> Result<Vec<Fetched>, MaildirError> {
        Ok(vec![])
    }
    pub async fn changed(&mut self, limit: Duration) -> Wake {
        Wake::Timeout
    }
    pub fn deliver(&self, raw: &[u8], unique: &str) -> Result<PathBuf, MaildirError> {
        Ok(PathBuf::new())
    }
}
