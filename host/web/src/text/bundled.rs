//! The templates that come with the bundled drafters, to be read and taken over.

use posthouse_model::template::{Template, tidy};
use serde::Deserialize;
use serde_json::Value;
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
    templates: Vec<Value>,
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
}
