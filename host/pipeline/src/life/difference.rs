//! What two answers to the same question differ in, in words for a person: `category: shipping → refund`.

use posthouse_model::decision::World;
use posthouse_model::replay::Difference;
use serde_json::Value;
use std::collections::BTreeMap;

/// Cells of a value that are shown.
const SHOWN_MAX: usize = 80;
/// What stands for an aspect that an answer does not have.
pub const NOTHING: &str = "–";

/// What is looked at beside the answer itself: why there is none.
const FAILURE: &str = "failure";

/// What a plugin answered, or why it did not.
pub type Said<'a> = Result<&'a Value, &'a str>;

/// All differences, by aspect. How sure a plugin was, its reasons and the places in the text are not compared: two versions
/// that come to the same say it in their own words.
#[must_use]
pub fn differences(world: World, first: Said<'_>, second: Said<'_>) -> Vec<Difference> {
    let (first, second) = (aspects(world, first), aspects(world, second));
    let nothing = || NOTHING.to_owned();
    let mut names: Vec<&String> = first.keys().chain(second.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| first.get(*name) != second.get(*name))
        .map(|name| Difference {
            aspect: name.clone(),
            from: first.get(name).map_or_else(nothing, |text| shortened(text)),
            to: second.get(name).map_or_else(nothing, |text| shortened(text)),
        })
        .collect()
}

/// The aspects of an answer that say something, with their whole values.
fn aspects(world: World, said: Said<'_>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    match said {
        Err(reason) => {
            found.insert(FAILURE.to_owned(), reason.to_owned());
        }
        Ok(Value::Array(items)) if world == World::Drafter => {
            for (number, draft) in (1..).zip(items) {
                fields(&format!("draft {number} "), draft, &mut found);
            }
        }
        Ok(answer) => fields("", answer, &mut found),
    }
    found
}

fn fields(prefix: &str, answer: &Value, found: &mut BTreeMap<String, String>) {
    const NOT_COMPARED: [&str; 3] = ["evidence", "confidence", "receipt"];
    for (key, value) in answer.as_object().into_iter().flatten() {
        if NOT_COMPARED.contains(&key.as_str()) {
            continue;
        }
        let text = if key == "spam" { spam(value) } else { form(value) };
        if let Some(text) = text {
            found.insert(format!("{prefix}{}", key.replace('_', " ")), text);
        }
    }
}

/// A mail is spam or not: how sure a plugin is matters only where it changes that.
fn spam(value: &Value) -> Option<String> {
    let sure = value.as_f64()?;
    (sure >= 0.5).then(|| "yes".to_owned())
}

/// A value on one line; none for what says nothing.
fn form(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let mut forms: Vec<String> = items.iter().filter_map(form).collect();
            // The order of what was found says nothing.
            forms.sort();
            Some(forms.join(", ")).filter(|text| !text.is_empty())
        }
        Value::Object(map) => match (map.get("value"), map.len()) {
            (Some(value), 2) if map.contains_key("confidence") => form(value),
            _ => {
                let parts: Vec<String> = map
                    .iter()
                    .filter(|(key, _)| !matches!(key.as_str(), "span" | "confidence" | "reason"))
                    .filter_map(|(_, value)| form(value))
                    .collect();
                Some(parts.join(" ")).filter(|text| !text.is_empty())
            }
        },
    }
}

/// The start of a long value, and enough of its end to tell two of them apart.
fn shortened(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN_MAX {
        return line;
    }
    line.chars().take(SHOWN_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(world: World, first: Said<'_>, second: Said<'_>) -> Vec<String> {
        differences(world, first, second).iter().map(|d| format!("{}: {} → {}", d.aspect, d.from, d.to)).collect()
    }

    #[test]
    fn how_sure_and_why_are_no_difference() {
        let first = json!({ "category": { "value": "shipping", "confidence": 0.9 }, "spam": 0.1, "tags": ["a", "b"],
            "evidence": [{ "kind": "text", "text": "x" }], "entities": [] });
        let second = json!({ "category": { "value": "shipping", "confidence": 0.7 }, "spam": null, "tags": ["b", "a"],
            "evidence": [] });
        assert_eq!(told(World::Classifier, Ok(&first), Ok(&second)), [""; 0]);
    }

    #[test]
    fn each_aspect_is_told_with_both_values() {
        let first = json!({ "category": { "value": "shipping", "confidence": 0.9 }, "urgency": null, "spam": 0.2,
            "entities": [{ "kind": "order-number", "number": "1042-88", "confidence": 0.9, "span": { "part": "body", "start": 1, "end": 8 } }] });
        let second = json!({ "category": { "value": "refund", "confidence": 0.9 },
            "urgency": { "value": "high", "confidence": 1.0 }, "spam": 0.9, "entities": [] });
        assert_eq!(
            told(World::Classifier, Ok(&first), Ok(&second)),
            ["category: shipping → refund", "entities: order-number 1042-88 → –", "spam: – → yes", "urgency: – → high"]
        );
    }

    #[test]
    fn drafts_are_compared_one_by_one_and_a_failure_is_an_aspect() {
        let first = json!([{ "body": "Dear Ana,\n\nit left us.", "language": "es" }]);
        let second = json!([{ "body": "Dear Ana,\n\nit left us today.", "language": "es" }, { "body": "Hello" }]);
        assert_eq!(
            told(World::Drafter, Ok(&first), Ok(&second)),
            ["draft 1 body: Dear Ana, it left us. → Dear Ana, it left us today.", "draft 2 body: – → Hello"]
        );
        let routed = json!({ "queue": "night" });
        assert_eq!(
            told(World::Router, Ok(&routed), Err("it gave up")),
            ["failure: – → it gave up", "queue: night → –"]
        );
    }

    #[test]
    fn long_values_are_shortened_after_comparing() {
        let (a, b) = (json!({ "x": "a".repeat(200) }), json!({ "x": format!("{}b", "a".repeat(199)) }));
        let found = differences(World::Router, Ok(&a), Ok(&b));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].from.chars().count(), SHOWN_MAX);
    }
}
