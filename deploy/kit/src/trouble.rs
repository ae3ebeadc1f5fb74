//! Why something was not done, for the person who asked for it.

use std::fmt;

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, to what: a sentence without a full stop; after it, on lines of their own, what a program printed.
    pub what: String,
    /// What to do next, where that is known: a sentence without a full stop.
    pub mend: Option<String>,
}

impl Trouble {
    /// Without advice.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), mend: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// A file or folder that could not be used, and the system's word for why.
    pub(crate) fn file(path: &std::path::Path, what: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{} {what}: {error}", path.display()))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.mend {
            Some(mend) => write!(f, "\n{mend}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Trouble {}
