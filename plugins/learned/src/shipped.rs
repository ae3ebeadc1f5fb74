//! The lines that the shipped model is trained on: `plugins/training`, written for this project.

use crate::lines::{Labelled, read};

mod files {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// All of them, language after language.
///
/// # Errors
/// Names the file and the line that is wrong.
pub fn lines() -> Result<Vec<Labelled>, String> {
    let mut all = Vec::new();
    for (language, text) in files::FILES {
        all.extend(read(language, text).map_err(|what| format!("plugins/training/lines.{language}.tsv{what}"))?);
    }
    Ok(all)
}

/// The languages that there are lines of.
#[must_use]
pub fn languages() -> Vec<&'static str> {
    files::FILES.iter().map(|(language, _)| *language).collect()
}
