//! What can be wrong with a package, in words for the person who has to mend it.

use crate::manifest::ManifestProblems;
use thiserror::Error;

/// A package was refused, or could not be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum PackageError {
    /// Something is over a limit.
    #[error("{what} is over the limit of {limit}: make it smaller")]
    TooLarge {
        /// What: a file's name, `the package`.
        what: String,
        /// The limit with its unit.
        limit: String,
    },
    /// The archive itself cannot be read, or can be read in two ways.
    #[error(
        "this is not a sound package file: {0}. Fetch it again, or pack it again from its folder (docs/packages.md says how a package is laid out)"
    )]
    Archive(String),
    /// One file of the package.
    #[error("{name}: {problem}")]
    File {
        /// Its name in the package.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file that every package has is not there.
    #[error("the package has no `{name}`: {todo}")]
    Missing {
        /// Its name in the package.
        name: &'static str,
        /// What to do.
        todo: &'static str,
    },
    /// The manifest.
    #[error("plugin.toml: {0}")]
    Manifest(#[from] ManifestProblems),
    /// A project's folder could not be read.
    #[error("{path}: {problem}")]
    Folder {
        /// Which file or folder.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl PackageError {
    pub(crate) fn file(name: &str, problem: impl Into<String>) -> Self {
        Self::File { name: shown(name), problem: problem.into() }
    }

    pub(crate) fn too_large(what: &str, bytes: u64) -> Self {
        Self::TooLarge { what: shown(what), limit: size(bytes) }
    }
}

/// Words from outside, fit for one line of a terminal or a page.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS: usize = 120;
    let mut shown: String = text.chars().take(CHARACTERS).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// A size as people write it.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}
