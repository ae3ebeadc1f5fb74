//! Sorts mail by words.

use posthouse_sdk::triaging::Triage;
use posthouse_sdk::{Classifier, Failure, desk, log, span};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Category, and words that mean it.
    words: BTreeMap<String, Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        let refund = ["refund", "money back"].map(str::to_owned);
        Self {
            words: BTreeMap::from([("refund".to_owned(), refund.to_vec())]),
        }
    }
}

struct Plugin {
    words: BTreeMap<String, Vec<String>>,
}

impl Plugin {
    /// The category whose word stands first in the text, and where that word stands.
    fn sort(&self, body: &str) -> Option<(&str, Range<usize>)> {
        // ASCII letters keep their length, so the place fits the text as it was written.
        let body = body.to_ascii_lowercase();
        let found = self.words.iter().flat_map(|(category, words)| {
            let places = words
                .iter()
                .filter_map(|word| Some((body.find(word.as_str())?, word)));
            places.map(|(start, word)| (category.as_str(), start..start + word.len()))
        });
        found.min_by_key(|(_, place)| place.start)
    }
}

impl Classifier for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(mut settings: Settings) -> Result<Self, String> {
        for word in settings.words.values_mut().flatten() {
            word.make_ascii_lowercase();
        }
        Ok(Self {
            words: settings.words,
        })
    }

    /// For every mail.
    fn classify(
        &self,
        _: &desk::Call,
        message: &desk::Message,
        out: &Triage,
    ) -> Result<(), Failure> {
        let body = message.body();
        match self.sort(&body) {
            Some((category, place)) => {
                // The agent sees which words spoke, and where they stand.
                out.add_match(category, &body[place.clone()], span::in_body(place));
                out.set_category(category, 0.9);
            }
            None => log::write(log::Level::Debug, "no word found"),
        }
        Ok(())
    }
}

posthouse_sdk::export_classifier!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_the_category() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        let sorted = plugin.sort("Give me a Refund, please");
        assert_eq!(sorted, Some(("refund", 10..16)));
    }

    #[test]
    fn mail_without_any_of_the_words_stays_unsorted() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        assert_eq!(plugin.sort("Hello"), None);
    }
}
