//! The rules and words that come with the classifier.

/// Texts of the bundled files.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// Rules (JSON).
    pub rules: &'static str,
    /// Words, one language each (JSON).
    pub words: &'static [&'static str],
}

/// What stands in `plugins/classifier/rules`.
#[must_use]
pub fn bundled() -> Bundle {
    Bundle {
        rules: include_str!("../../classifier/rules/rules.json"),
        words: &[
            include_str!("../../classifier/rules/words.any.json"),
            include_str!("../../classifier/rules/words.en.json"),
            include_str!("../../classifier/rules/words.zh.json"),
            include_str!("../../classifier/rules/words.es.json"),
            include_str!("../../classifier/rules/words.de.json"),
            include_str!("../../classifier/rules/words.fr.json"),
            include_str!("../../classifier/rules/words.ja.json"),
            include_str!("../../classifier/rules/words.it.json"),
            include_str!("../../classifier/rules/words.pt.json"),
            include_str!("../../classifier/rules/words.nl.json"),
            include_str!("../../classifier/rules/words.pl.json"),
            include_str!("../../classifier/rules/words.ru.json"),
            include_str!("../../classifier/rules/words.ko.json"),
        ],
    }
}
