//! What applying a folder would change, found by comparing two documents: what is in force and what is wanted.

use posthouse_model::config::{ArticleConfig, TenantConfig, differences};
use posthouse_model::decision::World;
use posthouse_model::template::Template;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `plugins.classifier.settings.dollar`
    pub path: String,
    /// The same, key by key: names may hold dots.
    #[serde(skip)]
    keys: Vec<String>,
    /// None: it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// None: it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// A plugin as it is, or will be, installed.
#[derive(Clone, Debug)]
pub struct PluginState {
    /// Its name in the tenant.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// Of the component.
    pub version: String,
    /// Of the component.
    pub digest: String,
}

/// A tenant's whole set-up as one document in which lists of named things are objects by name, so that a difference
/// names the thing and not its place.
#[must_use]
pub fn document(
    config: &TenantConfig,
    plugins: &[PluginState],
    articles: &[ArticleConfig],
    templates: &[Template],
) -> Value {
    let mut document = config.document();
    for plugin in plugins {
        if let Some(Value::Object(item)) = document["plugins"].get_mut(&plugin.name) {
            // What it is made of is said by the digest; where that was found does not matter.
            item.shift_remove("component");
            item.insert("world".to_owned(), plugin.world.as_str().into());
            item.insert("version".to_owned(), plugin.version.as_str().into());
            item.insert("digest".to_owned(), plugin.digest.as_str().into());
        }
    }
    let articles = articles.iter().map(|article| {
        let sha256 = hex::encode(Sha256::digest(&article.body));
        (article.id.clone(), json!({"title": article.title, "language": article.language, "sha256": sha256}))
    });
    document["articles"] = Value::Object(articles.collect());
    let templates = templates.iter().map(|template| {
        let sha256 = hex::encode(Sha256::digest(&template.body));
        // Names are unique for a drafter; most tenants have one.
        (format!("{} {}", template.plugin, template.id), json!({"fields": template.front, "sha256": sha256}))
    });
    document["templates"] = Value::Object(templates.collect());
    document
}

/// What is in force where there is no tenant yet.
#[must_use]
pub fn nothing() -> Value {
    json!({"queues": {}, "mailboxes": {}, "plugins": {}, "macros": {}, "articles": {}, "templates": {}})
}

/// All differences, in the order of the wanted document, then what goes.
#[must_use]
pub fn changes(from: &Value, to: &Value) -> Vec<Change> {
    let found: Vec<Change> = differences(from, to)
        .into_iter()
        .map(|difference| Change {
            path: difference.path(),
            keys: difference.keys,
            from: difference.from,
            to: difference.to,
        })
        .collect();
    // That names were added or removed is told by the things themselves; only a pure change of order is news.
    let is_news = |change: &Change| {
        let Some(list) = change.path.strip_suffix("_order") else { return true };
        let plural = format!("{list}s");
        let comes_or_goes =
            |other: &Change| other.keys.len() == 2 && other.keys[0] == plural.as_str() && other.mark() != '~';
        !found.iter().any(comes_or_goes)
    };
    let news: Vec<bool> = found.iter().map(is_news).collect();
    found.into_iter().zip(news).filter_map(|(change, is_news)| is_news.then_some(change)).collect()
}

impl Change {
    /// `+`, `-` or `~`.
    #[must_use]
    pub fn mark(&self) -> char {
        match (&self.from, &self.to) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        }
    }

    /// A thing of the tenant (a plugin, a mailbox, a queue, a macro, an article, a template), or something about one.
    #[must_use]
    pub fn is_about_thing(&self) -> bool {
        self.thing().is_some()
    }

    fn thing(&self) -> Option<(&'static str, &str, &[String])> {
        let [group, name, rest @ ..] = self.keys.as_slice() else { return None };
        let kind = match group.as_str() {
            "plugins" => "plugin",
            "mailboxes" => "mailbox",
            "queues" => "queue",
            "macros" => "macro",
            "articles" => "article",
            "templates" => "template",
            _ => return None,
        };
        Some((kind, name, rest))
    }

    /// What a person reads: the thing in words, and what is said about it.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        match self.thing() {
            None => (self.path.clone(), self.difference()),
            Some((kind, name, [])) => {
                let value = self.to.as_ref().or(self.from.as_ref()).unwrap_or(&Value::Null);
                (format!("{kind} {name}"), summary(kind, value))
            }
            Some((kind, name, [key])) if key == "sha256" => (format!("{kind} {name}"), "another text".to_owned()),
            Some((kind, name, rest)) => {
                (format!("{kind} {name}"), format!("{}: {}", rest.join("."), self.difference()))
            }
        }
    }

    fn difference(&self) -> String {
        let last = self.keys.last().map_or("", String::as_str);
        let show = |value: &Value| brief(last, value);
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("{} → {}", show(from), show(to)),
            (Some(value), None) | (None, Some(value)) => show(value),
            (None, None) => String::new(),
        }
    }
}

/// One line about a thing that comes or goes.
fn summary(kind: &str, value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match kind {
        "plugin" => {
            let capabilities = value.get("grants").map(grants).unwrap_or_default();
            format!("{} {} {}{capabilities}", text("world"), text("version"), brief("digest", &value["digest"]))
        }
        "mailbox" => {
            let way = |ways: [&str; 2]| {
                ways.into_iter()
                    .find(|way| value.get(way).is_some_and(|v| !v.is_null()))
                    .unwrap_or("nothing")
                    .to_owned()
            };
            format!("{}, in by {}, out by {}", text("address"), way(["imap", "maildir"]), way(["smtp", "files"]))
        }
        "article" => text("title"),
        "template" => {
            let field = |key: &str| value["fields"][key].as_str().map(str::to_owned);
            ["category", "language", "country"].into_iter().filter_map(field).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

fn grants(grants: &Value) -> String {
    let mut words = Vec::new();
    if grants["model"] == true || grants["model"].is_object() {
        words.push("model".to_owned());
    }
    if grants["knowledge"] == true {
        words.push("knowledge".to_owned());
    }
    if let Some(bytes) = grants["store"]["bytes"].as_u64() {
        words.push(format!("store {}", crate::output::bytes(bytes)));
    }
    for allowance in grants["http"].as_array().into_iter().flatten() {
        words.push(format!("http to {}", allowance["host"].as_str().unwrap_or_default()));
    }
    if words.is_empty() { String::new() } else { format!(", may: {}", words.join(", ")) }
}

/// A value on part of a line.
fn brief(key: &str, value: &Value) -> String {
    const CELLS: usize = 60;
    match value {
        Value::String(text) if matches!(key, "digest" | "sha256") => text.chars().take(12).collect(),
        Value::String(text) if text.contains('\n') => format!("text of {} lines", text.lines().count()),
        other => crate::output::short(&other.to_string(), CELLS),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use posthouse_model::config::PluginConfig;

    fn config(plugins: &[(&str, Value)]) -> TenantConfig {
        let mut config = TenantConfig::new("acme", "Acme");
        config.plugins = plugins
            .iter()
            .map(|(name, settings)| {
                serde_json::from_value::<PluginConfig>(json!({"name": name, "settings": settings})).unwrap()
            })
            .collect();
        config
    }

    fn states(names: &[&str]) -> Vec<PluginState> {
        let state = |name: &&str| PluginState {
            name: (*name).to_owned(),
            world: World::Router,
            version: "1.0.0".to_owned(),
            digest: "0123456789abcdef".to_owned(),
        };
        names.iter().map(state).collect()
    }

    fn lines(from: &Value, to: &Value) -> Vec<String> {
        changes(from, to)
            .iter()
            .map(|change| {
                let (thing, words) = change.words();
                format!("{} {thing}  {words}", change.mark()).trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn the_same_is_no_change() {
        let a = document(&config(&[("r", json!({"x": 1}))]), &states(&["r"]), &[], &[]);
        assert_eq!(changes(&a, &a.clone()), []);
    }

    #[test]
    fn differences_name_the_thing_and_its_key() {
        let mut old = config(&[("r", json!({"default": {"queue": "a"}})), ("gone", json!({}))]);
        let mut new = config(&[("r", json!({"default": {"queue": "b"}, "extra": [1]})), ("fresh", json!({}))]);
        new.review.undo_seconds = 20;
        new.plugins[1].grants = serde_json::from_value(json!({"http": [{"host": "a.example"}]})).unwrap();
        old.name = "Acme Ltd".to_owned();
        let article =
            |body: &str| ArticleConfig { id: "faq.en".into(), language: None, title: "FAQ".into(), body: body.into() };
        let from = document(&old, &states(&["r", "gone"]), &[], &[]);
        let to = document(&new, &states(&["r", "fresh"]), &[article("x")], &[]);
        assert_eq!(
            lines(&from, &to),
            [
                "~ name  \"Acme Ltd\" → \"Acme\"",
                "~ review.undo_seconds  10 → 20",
                "~ plugin r  settings.default.queue: \"a\" → \"b\"",
                "+ plugin r  settings.extra: [1]",
                "+ plugin fresh  router 1.0.0 0123456789ab, may: http to a.example",
                "- plugin gone  router 1.0.0 0123456789ab",
                "+ article faq.en  FAQ",
            ]
        );
        let changed = document(&new, &states(&["r", "fresh"]), &[article("y")], &[]);
        assert_eq!(lines(&to, &changed), ["~ article faq.en  another text"]);
    }

    #[test]
    fn order_is_news_only_by_itself() {
        let a = document(&config(&[("a", json!({})), ("b", json!({}))]), &states(&["a", "b"]), &[], &[]);
        let b = document(&config(&[("b", json!({})), ("a", json!({}))]), &states(&["a", "b"]), &[], &[]);
        assert_eq!(lines(&a, &b), ["~ plugin_order  [\"a\",\"b\"] → [\"b\",\"a\"]"]);
    }
}
