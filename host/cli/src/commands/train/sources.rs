//! Where labelled texts come from.

use crate::commands::eval::history::Past;
use crate::commands::eval::{mails, table};
use crate::failure::{Failure, Result};
use posthouse_learned::lines::Labelled;
use posthouse_model::call::MessageView;
use posthouse_pipeline::view;
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;

/// One labelled text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub text: Labelled,
    /// The whole mail, where it is one of the tenant's.
    pub view: Option<MessageView>,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub corrected: usize,
    pub confirmed: usize,
    pub files: usize,
}

/// All of them, each text once.
#[derive(Debug, Default)]
pub(super) struct Sources {
    all: Vec<Source>,
    seen: HashSet<String>,
    counts: Counts,
}

/// One of so many texts is held back.
const HELD_BACK_EVERY: u64 = 5;

impl Sources {
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Tickets that a person has spoken on, the newest first: of two mails with the same text the newer one counts.
    pub(super) fn take_past(&mut self, past: &[Past]) {
        for past in past {
            let (corrected, confirmed) = (past.is_corrected(), past.is_confirmed());
            let Some(category) = past.ticket.category.clone().filter(|_| corrected || confirmed) else { continue };
            let view = view::message(&past.message);
            let text = Labelled {
                subject: view.subject.clone(),
                body: view.body.clone(),
                language: view.language.clone().unwrap_or_default(),
                labels: vec![category],
                ..Labelled::default()
            };
            if self.take(Source { text, view: Some(view) }) {
                if corrected {
                    self.counts.corrected += 1;
                } else {
                    self.counts.confirmed += 1;
                }
            }
        }
    }

    pub(super) fn take_file(&mut self, path: &Path) -> Result<()> {
        let before = self.all.len();
        if path.extension().is_some_and(|end| end == "jsonl" || end == "ndjson") {
            for case in mails::read(path)? {
                let Some(labels) = case.gold.category else { continue };
                let language = case.gold.language.and_then(|list| list.first().cloned()).unwrap_or_default();
                let text = Labelled { subject: case.subject, body: case.body, language, labels, ..Labelled::default() };
                self.take(Source { text, view: None });
            }
        } else {
            for row in table::read(path)? {
                let text = Labelled {
                    subject: String::new(),
                    body: row.text,
                    language: row.language,
                    labels: row.labels,
                    ..Labelled::default()
                };
                self.take(Source { text, view: None });
            }
        }
        if self.all.len() == before {
            return Err(Failure::new(format!(
                "{} has nothing to learn from that is not known already",
                path.display()
            ))
            .mend("it needs texts with what they are about: `label` in a .tsv, `category` in a .jsonl"));
        }
        self.counts.files += self.all.len() - before;
        Ok(())
    }

    fn take(&mut self, source: Source) -> bool {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let key = format!("{}\n{}", words(&source.text.subject), words(&source.text.body));
        let is_new = key.len() > 1 && self.seen.insert(key);
        if is_new {
            self.all.push(source);
        }
        is_new
    }

    /// What is learned from, and what is held back: always the same ones, whatever comes to them, so that one training is
    /// measured on nothing that an earlier one has seen.
    pub(super) fn divide(&self) -> (Vec<Source>, Vec<Source>) {
        self.all.iter().cloned().partition(|source| !hash(&source.text).is_multiple_of(HELD_BACK_EVERY))
    }
}

/// FNV-1a.
fn hash(text: &Labelled) -> u64 {
    let bytes = text.subject.bytes().chain([b'\n']).chain(text.body.bytes());
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    hash >> 17
}
