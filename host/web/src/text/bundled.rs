//! The templates that come with the bundled drafters, to be read and taken over.

use posthouse_model::template::{Template, tidy};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const FILES: [&str; 6] = [
    include_str!("../../../../plugins/drafting/templates/en.json"),
    include_str!("../../../../plugins/drafting/templates/zh.json"),
    include_str!("../../../../plugins/drafting/templates/es.json"),
    include_str!("../../../../plugins/drafting/templates/de.json"),
    include_str!("../../../../plugins/drafting/templates/fr.json"),
    include_str!("../../../../plugins/drafting/templates/ja.json"),
];

#[derive(Deserialize)]
struct File {
    language: String,
    questions: BTreeMap<String, String>,
    templates: Vec<Value>,
}

static QUESTIONS: LazyLock<Vec<(String, BTreeMap<String, String>)>> = LazyLock::new(|| {
    // They are part of this build, and a test reads them.
    let files = FILES.iter().filter_map(|text| serde_json::from_str::<File>(text).ok());
    files.map(|file| (file.language, file.questions)).collect()
});

/// How one asks for something that is missing (`order-number`), in a language of those that come with the host; in English else.
/// None for what they do not know.
#[must_use]
pub fn question(key: &str, language: &str) -> Option<String> {
    let primary = language.split('-').next().unwrap_or(language);
    let of = |language: &str| QUESTIONS.iter().find(|(known, _)| known == language)?.1.get(key).cloned();
    of(primary).or_else(|| of("en"))
}

static ALL: LazyLock<Vec<Template>> = LazyLock::new(|| FILES.iter().flat_map(|text| read(text)).collect());

fn read(text: &str) -> Vec<Template> {
    // They are part of this build, and a test reads them.
    let Ok(file) = serde_json::from_str::<File>(text) else { return Vec::new() };
    let template = |entry: Value| {
        let Value::Object(mut front) = entry else { return None };
        front.entry("language").or_insert_with(|| Value::from(file.language.as_str()));
        let settings = serde_json::json!({ "default_language": file.language, "templates": [front] });
        posthouse_model::template::templates_in("", settings.as_object()?)?.pop()
    };
    file.templates.into_iter().filter_map(template).collect()
}

/// All of them, for the drafter of that name.
#[must_use]
pub fn templates(plugin: &str) -> Vec<Template> {
    ALL.iter().map(|one| Template { plugin: plugin.to_owned(), body: tidy(&one.body), ..one.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_templates_and_all_are_sound() {
        let all = templates("drafter");
        for language in ["en", "zh", "es", "de", "fr", "ja"] {
            let count = all.iter().filter(|one| one.language() == Some(language)).count();
            assert!(count >= 10, "{language}: {count}");
        }
        assert!(all.iter().any(|one| one.id == "shipping-de" && one.category() == "shipping"));
        for one in &all {
            assert!(posthouse_template::Template::new(&one.body).is_ok(), "{}", one.id);
        }
    }

    #[test]
    fn what_is_missing_is_asked_for_in_the_customer_s_language() {
        for language in ["en", "zh", "es", "de", "fr", "ja"] {
            let asked = question("order-number", language).unwrap_or_default();
            assert!(
                !asked.is_empty() && (language == "en" || Some(asked) != question("order-number", "en")),
                "{language}"
            );
        }
        assert_eq!(question("photo", "de-AT"), question("photo", "de"));
        assert_eq!(question("photo", "nl"), question("photo", "en"));
        assert_eq!(question("nothing of the kind", "en"), None);
    }
}
