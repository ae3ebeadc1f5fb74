//! Short lines in twelve languages, written for this test: the rules must keep sorting most of them.

use posthouse_rules::{Engine, Mail, Settings, bundled};

/// Of a hundred; what is reached is printed by `--example eval`.
const RIGHT_MIN: usize = 90;

#[test]
fn most_lines_are_sorted_rightly_in_every_language() {
    let engine = match Engine::new(Settings::default(), bundled()) {
        Ok(engine) => engine,
        Err(what) => panic!("{what}"),
    };
    let mut by_language: std::collections::BTreeMap<&str, (usize, Vec<String>)> = std::collections::BTreeMap::new();
    for line in include_str!("lines.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [language, label, text] = cells.as_slice() else { panic!("not three cells: {line}") };
        let found = engine.read(&Mail { body: text, ..Mail::default() });
        let said = found.category.map(|(name, _)| name).unwrap_or_default();
        let (count, wrong) = by_language.entry(language).or_default();
        *count += 1;
        if found.spam.is_some() || !label.split('|').any(|label| label == said) {
            wrong.push(format!("{label} taken for {said}: {text}"));
        }
    }
    for (language, (count, wrong)) in by_language {
        let right = 100 * (count - wrong.len()) / count;
        assert!(right >= RIGHT_MIN, "{language}: only {right} % of {count}\n{}", wrong.join("\n"));
    }
}
