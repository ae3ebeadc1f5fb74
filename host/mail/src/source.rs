//! Source.
use std::path::PathBuf;

/// One mail found.
#[derive(Clone, Debug)]
pub struct SourceMail {
    /// `mails.mbox#3`
    pub origin: String,
    /// Bytes.
    pub raw: Vec<u8>,
    /// Progress.
    pub bytes_read: u64,
}
/// How much.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}
/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", .path.display())]
pub struct SourceError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}
/// Counts.
#[allow(clippy::missing_errors_doc)]
pub fn measure(_paths: &[PathBuf]) -> Result<Size, SourceError> {
    Ok(Size::default())
}
/// Walks.
pub fn mails(_paths: &[PathBuf]) -> impl Iterator<Item = Result<SourceMail, SourceError>> + Send {
    std::iter::empty()
}
