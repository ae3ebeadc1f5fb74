//! Something wrong in a file: where, what, and how to mend it.

use std::fmt;
use std::path::PathBuf;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// As the person named it.
    pub file: PathBuf,
    /// From 1; none when the whole file is meant.
    pub line: Option<u32>,
    /// From 1, in characters.
    pub column: Option<u32>,
    /// `mailbox[0].imap.port`; none where the file cannot be understood at all.
    pub key: Option<String>,
    /// What is wrong, in a sentence without a full stop.
    pub what: String,
    /// What to do, in a sentence without a full stop; may be empty.
    pub mend: String,
}

impl Problem {
    /// With a whole file.
    pub fn file(file: impl Into<PathBuf>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, key: None, what: what.into(), mend: mend.into() }
    }

    /// The same with its line, from 1.
    #[must_use]
    pub fn at_line(self, line: usize) -> Self {
        Self { line: u32::try_from(line).ok(), ..self }
    }

    /// The same with its line and column, from 1.
    #[must_use]
    pub fn at(self, line: usize, column: usize) -> Self {
        Self { column: u32::try_from(column).ok(), ..self.at_line(line) }
    }

    /// `acme/tenant.toml:12:5`
    #[must_use]
    pub fn place(&self) -> String {
        let file = self.file.display();
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            _ => file.to_string(),
        }
    }

    /// The key and what is wrong with it.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.key {
            Some(key) => format!("{key}: {}", self.what),
            None => self.what.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.words())?;
        if !self.mend.is_empty() {
            write!(f, "; {}", self.mend)?;
        }
        Ok(())
    }
}
