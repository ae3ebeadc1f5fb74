//! The bundled words are checked one by one, so that a mistake names all of them at once.

use posthouse_rules::data::WordFile;
use posthouse_rules::lexicon::LexiconBuilder;

#[test]
fn every_bundled_term_can_be_used() {
    let mut bad = Vec::new();
    for text in posthouse_rules::bundled().words {
        let file: WordFile = match serde_json::from_str(text) {
            Ok(file) => file,
            Err(error) => panic!("{error}: {}", &text[..80]),
        };
        for (group, terms) in &file.words {
            for term in terms {
                if let Err(what) = LexiconBuilder::default().add(0, term, 1) {
                    bad.push(format!("{} {group} `{term}`: {what:?}", file.language));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
