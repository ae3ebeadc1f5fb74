//! Templates of replies that a tenant has written: what the setting `templates` of its drafters is made of.
//!
//! They are content and no settings: the store keeps them apart from the plugin, with versions, and they come into its settings when it
//! is loaded. In the tenant's folder each is a Markdown file with its fields above the text.

use crate::config::PluginConfig;
use crate::draft::DraftProposal;
use crate::triage::named;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// The setting of a drafter that holds its templates.
pub const TEMPLATES_KEY: &str = "templates";
/// Longest name of a template, in bytes.
pub const TEMPLATE_NAME_MAX: usize = 200;
/// Components that come with the host, and with templates of their own.
const BUNDLED_DRAFTERS: [&str; 2] = ["drafter", "drafter-model"];

/// A template that a tenant has written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The drafter that it is for, by its name in the tenant.
    pub plugin: String,
    /// Its name, unique for the drafter: the path of its file below the templates' folder without `.md`. See [`is_template_name`].
    pub id: String,
    /// Its fields but name and text: `category`, `language`, `country`, `subject`, `needs`, and what a drafter of the tenant's own asks
    /// for beside them.
    pub front: Map<String, Value>,
    /// Its text, without white space at either end.
    pub body: String,
}

impl Template {
    fn text(&self, key: &str) -> Option<&str> {
        self.front.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// What it answers; `*`: anything. Empty where nobody said.
    #[must_use]
    pub fn category(&self) -> &str {
        self.text("category").unwrap_or_default()
    }

    /// BCP 47; none: the drafter's default language.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.text("language")
    }

    /// ISO 3166-1 alpha-2: it is for customers there alone.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.text("country")
    }

    /// None keeps "Re: " and the ticket's subject.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    /// It competes with the others of this name.
    #[must_use]
    pub fn trial(&self) -> Option<&str> {
        self.front.get("trial").and_then(Value::as_str).filter(|trial| !trial.trim().is_empty())
    }

    /// Variables that must be known for it to be taken.
    #[must_use]
    pub fn needs(&self) -> Vec<&str> {
        self.front.get("needs").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// As an entry of the drafter's setting.
    #[must_use]
    pub fn to_setting(&self) -> Value {
        let mut entry = self.front.clone();
        entry.insert("id".to_owned(), Value::from(self.id.as_str()));
        entry.insert("body".to_owned(), Value::from(self.body.as_str()));
        Value::Object(entry)
    }

    /// An entry of a drafter's setting; none where it is none that could be a file.
    fn from_setting(plugin: &str, entry: &Value, default_language: &str) -> Option<Self> {
        let mut front = entry.as_object()?.clone();
        let body = match front.shift_remove("body")? {
            Value::String(text) => text,
            Value::Array(paragraphs) => paragraphs.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("\n\n"),
            _ => return None,
        };
        let id = front.shift_remove("id");
        front.retain(|_, value| !value.is_null());
        let mut template = Self { plugin: plugin.to_owned(), id: String::new(), front, body: tidy(&body) };
        template.id = match id {
            Some(id) => id.as_str()?.to_owned(),
            // As the drafters call it.
            None => {
                let language = template.language().unwrap_or(default_language);
                format!("{}-{}", template.category(), language.split(['-', '_']).next()?.to_ascii_lowercase())
            }
        };
        (is_template_name(&template.id) && !template.body.is_empty()).then_some(template)
    }

    /// Fields and text as lines, for comparing and reading.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut lines: Vec<String> = self
            .front
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => format!("{key}: {text}"),
                Value::Array(list) if list.iter().all(Value::is_string) => {
                    format!("{key}: {}", list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
                }
                other => format!("{key}: {other}"),
            })
            .collect();
        lines.sort();
        format!("{}\n\n{}\n", lines.join("\n"), self.body)
    }
}

/// A text as it is kept: lines end with `\n`, and there is no white space at either end.
#[must_use]
pub fn tidy(body: &str) -> String {
    body.replace("\r\n", "\n").trim().to_owned()
}

/// What a template may be called: what a file below a folder can, in at most nine levels.
#[must_use]
pub fn is_template_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= TEMPLATE_NAME_MAX
        && !name.contains(['\\', ':', '"', '<', '>', '|', '*', '?'])
        && !name.chars().any(char::is_control)
        && name.split('/').count() <= 9
        && name.split('/').all(|piece| !piece.is_empty() && !piece.starts_with('.') && piece.trim() == piece)
}

impl PluginConfig {
    /// Whether its component is a drafter that comes with the host, whose templates' language is known here.
    #[must_use]
    pub fn is_bundled_drafter(&self) -> bool {
        BUNDLED_DRAFTERS.contains(&self.component())
    }

    /// Whether templates can be written for it on the desk: it has a list of them, or comes with one. Of a drafter alone this is to be
    /// asked.
    #[must_use]
    pub fn takes_templates(&self) -> bool {
        match self.settings.get(TEMPLATES_KEY) {
            // What could not be taken out is no list of files.
            Some(_) => templates_in(&self.name, &self.settings).is_some(),
            None => self.is_bundled_drafter(),
        }
    }
}

/// The templates of a drafter's settings, each once; none where there is no list of them, or one of its entries could not be a file.
#[must_use]
pub fn templates_in(plugin: &str, settings: &Map<String, Value>) -> Option<Vec<Template>> {
    let list = settings.get(TEMPLATES_KEY)?.as_array()?;
    let default_language = settings.get("default_language").and_then(Value::as_str).unwrap_or("en");
    let templates =
        list.iter().map(|entry| Template::from_setting(plugin, entry, default_language)).collect::<Option<Vec<_>>>()?;
    let mut names = HashSet::new();
    templates.iter().all(|template| names.insert(template.id.as_str())).then_some(templates)
}

/// Takes the templates out of a drafter's settings: what is left is what is applied as its settings. A drafter of the tenant's own
/// keeps an empty list, by which it is known to take templates.
pub fn take_out(plugin: &mut PluginConfig) -> Vec<Template> {
    let Some(templates) = templates_in(&plugin.name, &plugin.settings) else { return Vec::new() };
    if plugin.is_bundled_drafter() {
        plugin.settings.shift_remove(TEMPLATES_KEY);
    } else {
        plugin.settings.insert(TEMPLATES_KEY.to_owned(), Value::Array(Vec::new()));
    }
    templates
}

/// Puts templates into a drafter's settings, in the place of those that are there.
pub fn put_in<'a>(settings: &mut Value, templates: impl IntoIterator<Item = &'a Template>) {
    if let Value::Object(settings) = settings {
        let list = templates.into_iter().map(Template::to_setting).collect();
        settings.insert(TEMPLATES_KEY.to_owned(), Value::Array(list));
    }
}

/// How much of a text was changed, in per cent: words that were taken out or put in, of all words of both texts. Moving words about is
/// no change. Of languages without spaces each character is a word.
#[must_use]
pub fn changed_words(before: &str, after: &str) -> u32 {
    let (before, after) = (words(before), words(after));
    let all = before.len() + after.len();
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &before {
        *left.entry(word).or_default() += 1;
    }
    let mut same = 0;
    for word in &after {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            same += 2;
        }
    }
    let share = ((all - same) * 100).checked_div(all).unwrap_or(0);
    u32::try_from(share).unwrap_or(100)
}

fn words(text: &str) -> Vec<&str> {
    let alone = |c: char| matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{2ffff}');
    let mut words = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() && !alone(c) {
            begin.get_or_insert(at);
            continue;
        }
        if let Some(begin) = begin.take() {
            words.push(&text[begin..at]);
        }
        if alone(c) {
            words.push(&text[at..at + c.len_utf8()]);
        }
    }
    if let Some(begin) = begin {
        words.push(&text[begin..]);
    }
    words
}

named! {
    /// How far trying a template on a ticket has got.
    pub enum TrialState {
        /// A worker has yet to see to it.
        Waiting = "waiting",
        /// Its drafter was asked.
        Done = "done",
    }
}

/// What came of trying a template on a ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trial {
    /// What it would say there; none where its drafter gave nothing for it.
    pub proposal: Option<DraftProposal>,
    /// Its place among the drafts that the ticket would get, from 1; none: the ticket would get others.
    pub place: Option<usize>,
    /// The templates that the ticket would get drafts from.
    pub chosen: Vec<String>,
    /// Why the drafter could not be asked, in its or the host's words.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn config(component: &str, settings: Value) -> PluginConfig {
        let mut config = PluginConfig::new("writer", Some(component.to_owned()));
        config.settings = settings.as_object().unwrap().clone();
        config
    }

    #[test]
    fn templates_leave_the_settings_and_come_back() {
        let settings = json!({"max_drafts": 1, "default_language": "de-AT", "templates": [
            {"id": "a/late", "category": "shipping", "language": "en", "country": "GB", "needs": ["order_status"], "body": " Hello\r\nyou \n"},
            {"category": "refund", "subject": null, "body": ["One", "Two"]},
        ]});
        let mut plugin = config("drafter", settings);
        let templates = take_out(&mut plugin);
        assert_eq!(Value::Object(plugin.settings.clone()), json!({"max_drafts": 1, "default_language": "de-AT"}));
        assert!(plugin.takes_templates());
        let [late, refund] = &templates[..] else { panic!("{templates:?}") };
        assert_eq!((late.id.as_str(), late.category(), late.language()), ("a/late", "shipping", Some("en")));
        assert_eq!(
            (late.country(), late.needs(), late.body.as_str()),
            (Some("GB"), vec!["order_status"], "Hello\nyou")
        );
        assert_eq!((refund.id.as_str(), refund.subject(), refund.body.as_str()), ("refund-de", None, "One\n\nTwo"));
        assert_eq!(refund.lines(), "category: refund\n\nOne\n\nTwo\n");
        let mut settings = Value::Object(plugin.settings.clone());
        put_in(&mut settings, &templates);
        assert_eq!(templates_in("writer", settings.as_object().unwrap()).unwrap(), templates);
    }

    #[test]
    fn what_could_be_no_file_stays_where_it_is() {
        for entry in [
            json!({"category": "a", "body": 7}),
            json!({"category": "a", "body": " "}),
            json!({"id": "../a", "category": "a", "body": "x"}),
            json!({"id": 7, "category": "a", "body": "x"}),
            json!("text"),
        ] {
            let mut plugin = config("drafter", json!({"templates": [entry]}));
            assert_eq!(take_out(&mut plugin), []);
            assert!(plugin.settings.contains_key("templates") && !plugin.takes_templates(), "{entry}");
        }
        let twice = json!({"templates": [{"id": "a", "category": "a", "body": "x"}, {"id": "a", "category": "b", "body": "y"}]});
        assert_eq!(take_out(&mut config("drafter", twice)), []);
        let mut own = config("plugins/own.phx", json!({"templates": [{"id": "a", "body": "x", "tone": "warm"}]}));
        assert_eq!(take_out(&mut own)[0].front, *json!({"tone": "warm"}).as_object().unwrap());
        assert_eq!(own.settings["templates"], json!([]), "by this it is known to take them");
        assert!(own.takes_templates() && !config("plugins/own.phx", json!({})).takes_templates());
    }

    #[test]
    fn names_are_those_of_files() {
        for good in ["a", "returns/germany.de", "shipping-en", "发货", "A 1", &"a".repeat(200)] {
            assert!(is_template_name(good), "{good}");
        }
        for bad in ["", "/a", "a/", "../a", ".a", "a\\b", "c:a", "a?", "a\n", " a", &"a".repeat(201), &"a/".repeat(10)]
        {
            assert!(!is_template_name(bad), "{bad}");
        }
    }

    #[test]
    fn changed_words_are_a_share_of_both_texts() {
        for (before, after, share) in [
            ("", "", 0),
            ("a b c d", "a b c d", 0),
            ("a b c d", "d, c, b; a!", 0),
            ("a b c d", "a b c e", 25),
            ("a b", "", 100),
            ("您好世界", "您好中国", 50),
            ("Hello Ana, it is on its way.", "Hello Ana, it is in Madrid.", 38),
        ] {
            assert_eq!(changed_words(before, after), share, "{before} → {after}");
        }
    }
}
