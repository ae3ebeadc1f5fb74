//! Stops replies that promise too much.

use posthouse_sdk::checking::{Outgoing, Verdict};
use posthouse_sdk::{Checker, Failure, desk, span};
use serde::Deserialize;
use std::ops::Range;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Words that no reply may hold.
    never: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            never: vec!["guarantee".to_owned()],
        }
    }
}

struct Plugin {
    never: Vec<String>,
}

impl Plugin {
    /// The forbidden words of a text, and where they stand.
    fn found<'a>(&'a self, body: &str) -> Vec<(&'a str, Range<usize>)> {
        // ASCII letters keep their length, so the places fit the text as it was written.
        let body = body.to_ascii_lowercase();
        self.never
            .iter()
            .filter_map(|word| {
                let start = body.find(word.as_str())?;
                Some((word.as_str(), start..start + word.len()))
            })
            .collect()
    }
}

impl Checker for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(settings: Settings) -> Result<Self, String> {
        let never = settings.never.iter().map(|word| word.to_ascii_lowercase());
        Ok(Self {
            never: never.collect(),
        })
    }

    /// For every reply about to go out.
    fn check(&self, _: &desk::Call, outgoing: &Outgoing, out: &Verdict) -> Result<(), Failure> {
        for (word, place) in self.found(&outgoing.body()) {
            let reason = format!("\"{word}\" must not be in a reply");
            out.block("forbidden-word", &reason, span::in_body(place));
        }
        let risks = outgoing.ticket().risks();
        if outgoing.is_automatic() && !risks.is_empty() {
            let reason = format!("the ticket has risks: {}", risks.join(", "));
            out.warn("risk", &reason, None);
        }
        Ok(())
    }
}

posthouse_sdk::export_checker!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_word_is_found_where_it_stands() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        assert_eq!(plugin.found("We Guarantee it."), [("guarantee", 3..12)]);
    }

    #[test]
    fn other_replies_go_out() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        assert!(plugin.found("We will see.").is_empty());
    }
}
