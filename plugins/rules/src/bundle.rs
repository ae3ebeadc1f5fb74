//! The rules and words that come with the classifier. The words are compiled into tables when this crate is built: a
//! component then starts with nothing but the tables in its memory.

use crate::lexicon::{Bucket, Entry, Lexicon};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// What is bundled.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// Rules (JSON).
    pub rules: &'static str,
    /// All bundled words but the little ones.
    pub words: Lexicon,
    /// "the", "und", "pour": they tell a language from another.
    pub little_words: Lexicon,
    /// Names of the groups in both; the first has the number after the last of [`crate::found::FOUND`].
    pub groups: &'static [&'static str],
    /// The languages of the words, by bit.
    pub languages: &'static [&'static str],
}

/// What stands in `plugins/classifier/rules`.
#[must_use]
pub fn bundled() -> Bundle {
    Bundle {
        rules: include_str!("../../classifier/rules/rules.json"),
        words: WORDS,
        little_words: LITTLE_WORDS,
        groups: GROUPS,
        languages: LANGUAGES,
    }
}
