//! What differs between two set-ups, value by value: what `tenant apply` shows, what a change on the desk puts on record, and what
//! of the desk a folder would take away.

use super::TenantConfig;
use serde_json::{Map, Value};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Key by key: names may hold dots.
    pub keys: Vec<String>,
    /// None: it is new.
    pub from: Option<Value>,
    /// None: it goes.
    pub to: Option<Value>,
}

impl Difference {
    /// `queues.returns.title.en`
    #[must_use]
    pub fn path(&self) -> String {
        self.keys.join(".")
    }
}

impl TenantConfig {
    /// The set-up as one document in which lists of named things are objects by name, so that a difference names the thing and
    /// not its place: `queues`, `mailboxes`, `plugins`, `macros`, and beside them `queue_order`, `plugin_order` and `macro_order`,
    /// whose order means something.
    #[must_use]
    pub fn document(&self) -> Value {
        // Plain data with text keys: serialising it cannot fail.
        let mut document = serde_json::to_value(self).unwrap_or_default();
        for (list, plural) in
            [("queue", "queues"), ("mailbox", "mailboxes"), ("plugin", "plugins"), ("macro", "macros")]
        {
            let items = match document.as_object_mut().and_then(|map| map.shift_remove(list)) {
                Some(Value::Array(items)) => items,
                // A list that is left out where it is empty: its first entry is told like any other.
                _ if list == "macro" => Vec::new(),
                _ => continue,
            };
            let mut by_name = Map::new();
            let mut order = Vec::new();
            for mut item in items {
                let name = item.as_object_mut().and_then(|map| map.shift_remove("name"));
                let name = name.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
                order.push(Value::from(name.clone()));
                by_name.insert(name, item);
            }
            document[plural] = Value::Object(by_name);
            // The order of mailboxes means nothing.
            if list != "mailbox" && !(list == "macro" && order.is_empty()) {
                document[format!("{list}_order")] = Value::Array(order);
            }
        }
        document
    }
}

/// All differences between two documents, in the order of the second, then what goes.
#[must_use]
pub fn differences(from: &Value, to: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), from, to, &mut found);
    found
}

fn compare(keys: &mut Vec<String>, from: &Value, to: &Value, found: &mut Vec<Difference>) {
    let difference = |keys: &[String], from: Option<&Value>, to: Option<&Value>| Difference {
        keys: keys.to_vec(),
        from: from.cloned(),
        to: to.cloned(),
    };
    match (from, to) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                keys.push(key.clone());
                match old.get(key) {
                    Some(old) => compare(keys, old, value, found),
                    None => found.push(difference(keys, None, Some(value))),
                }
                keys.pop();
            }
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                keys.push(key.clone());
                found.push(difference(keys, Some(value), None));
                keys.pop();
            }
        }
        _ if from == to => {}
        _ => found.push(difference(keys, Some(from), Some(to))),
    }
}

/// Whether one path is the other, or stands within it: `digest` and `digest.at`.
#[must_use]
pub fn paths_touch(one: &str, other: &str) -> bool {
    let within = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_thing_and_its_key() {
        let old = TenantConfig::new("acme", "Acme");
        let mut new = old.clone();
        new.review.undo_seconds = 20;
        new.queues[0].title.insert("de".to_owned(), "Eingang".to_owned());
        let found = differences(&old.document(), &new.document());
        let paths: Vec<_> = found.iter().map(Difference::path).collect();
        assert_eq!(paths, ["review.undo_seconds", "queues.inbox.title.de"]);
        assert_eq!((found[0].from.clone(), found[0].to.clone()), (Some(10.into()), Some(20.into())));
        assert_eq!((found[1].from.clone(), found[1].to.clone()), (None, Some("Eingang".into())));
        assert_eq!(differences(&new.document(), &new.document()), []);
    }

    #[test]
    fn paths_touch_at_whole_keys() {
        assert!(paths_touch("digest", "digest.at") && paths_touch("digest.at", "digest") && paths_touch("a", "a"));
        assert!(!paths_touch("digest", "digests.at") && !paths_touch("digest.at", "digest.notifiers"));
    }
}
