//! The lines that the shipped model is trained on: `plugins/training`, written for this project.

use crate::lines::{Labelled, read, read_mails, read_moods};

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
    for (language, text) in files::MOODS {
        all.extend(read_moods(language, text).map_err(|what| format!("plugins/training/moods.{language}.tsv{what}"))?);
    }
    for (language, text) in files::MAILS {
        all.extend(read_mails(language, text).map_err(|what| format!("plugins/training/mails.{language}.tsv{what}"))?);
    }
    Ok(all)
}

/// The languages that there are lines of.
#[must_use]
pub fn languages() -> Vec<&'static str> {
    files::FILES.iter().map(|(language, _)| *language).collect()
}
