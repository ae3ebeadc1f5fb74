//! How a command ends when it cannot do what it was asked to.

use crate::setup::Problem;
use std::fmt::Display;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// All is well.
    Ok,
    /// A problem was found, or the command failed.
    Problem,
    /// The command line makes no sense.
    Usage,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(match code {
            Code::Ok => 0,
            Code::Problem => 1,
            Code::Usage => 2,
        })
    }
}

/// What happened, to what, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// One sentence without a full stop.
    pub what: String,
    /// One sentence without a full stop.
    pub mend: Option<String>,
    /// Problems in files, each with its place.
    pub problems: Vec<Problem>,
    /// How the command ends.
    pub code: Code,
    io: Option<std::io::ErrorKind>,
}

/// What a command gives.
pub type Result<T = Code> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with no advice.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), mend: None, problems: Vec::new(), code: Code::Problem, io: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// A command line that makes no sense in a way the parser cannot see.
    pub fn usage(what: impl Into<String>) -> Self {
        Self { code: Code::Usage, ..Self::new(what) }
    }

    /// Problems in files.
    pub fn of_problems(what: impl Into<String>, problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::new(what) }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.io == Some(std::io::ErrorKind::BrokenPipe)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        for problem in &self.problems {
            write!(f, "\n{problem}")?;
        }
        if let Some(mend) = &self.mend {
            write!(f, "\n{mend}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// Puts words before an error that says only half.
pub trait While<T> {
    /// `what` says what was being done: `cannot read backup.tar`.
    ///
    /// # Errors
    /// The error, in words.
    fn while_doing(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> While<T> for std::result::Result<T, E> {
    fn while_doing(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { io: Some(error.kind()), ..Self::new(error.to_string()) }
    }
}

impl From<posthouse_kit::Trouble> for Failure {
    fn from(trouble: posthouse_kit::Trouble) -> Self {
        Self { mend: trouble.mend, ..Self::new(trouble.what) }
    }
}

impl From<posthouse_store::StoreError> for Failure {
    fn from(error: posthouse_store::StoreError) -> Self {
        use posthouse_store::StoreError;
        let failure = Self::new(error.to_string());
        match error {
            StoreError::Database(_) if error.trouble().is_some() => {
                failure.mend(error.trouble().map_or("", posthouse_store::StoreTrouble::mend))
            }
            StoreError::Database(_) | StoreError::Io(_) => failure.mend(
                "look at the disk's free space, at who else uses the database, and at database.url in posthouse.toml; \
                 `posthouse doctor` looks at all of it",
            ),
            StoreError::Corrupt { .. } => failure.mend("restore a backup with `posthouse restore`"),
            _ => failure,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::of_problems("the configuration cannot be used", vec![problem])
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::of_problems("the configuration cannot be used", problems)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => Self { io: Some(kind), ..Self::new(error.to_string()) },
            None => Self::new(error.to_string()),
        }
    }
}
