//! Settings and their schema.

use crate::support::small;
use posthouse_package::{SettingsSchema, fuzz};
use serde_json::json;

fn refused(schema: &serde_json::Value) -> String {
    SettingsSchema::parse(&schema.to_string()).unwrap_err()
}

#[test]
fn settings_are_checked_and_every_problem_has_its_place() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["url"],
        "properties": {
            "url": { "type": "string", "format": "uri" },
            "rules": { "type": "array", "items": { "$ref": "#/$defs/rule" } },
        },
        "$defs": { "rule": { "type": "object", "properties": { "tag": { "type": "string", "pattern": "^[a-z]+$" } } } },
    });
    let package = small().schema(schema.to_string()).build().unwrap();
    package.validate_settings(&json!({ "url": "https://a.example", "rules": [{ "tag": "late" }] })).unwrap();
    let settings = json!({ "url": 1, "rules": [{ "tag": "late" }, { "tag": "s3cret!" }], "more": true });
    let problems = package.validate_settings(&settings).unwrap_err();
    let mut paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["", "/rules/1/tag", "/url"]);
    assert!(problems.iter().all(|problem| !problem.to_string().contains("s3cret")), "{problems:?}");
    assert!(package.validate_settings(&json!({ "url": "no url" })).is_err());
}

#[test]
fn without_a_schema_any_settings_do() {
    small().build().unwrap().validate_settings(&json!({ "anything": [1] })).unwrap();
}

#[test]
fn problems_are_at_most_fifty() {
    let schema = SettingsSchema::parse(r#"{ "items": { "type": "string" } }"#).unwrap();
    assert_eq!(schema.validate(&json!(vec![1; 1_000])).unwrap_err().len(), 50);
}

#[test]
fn what_is_not_a_schema_is_refused() {
    assert!(SettingsSchema::parse("{").unwrap_err().contains("not JSON"));
    assert!(refused(&json!({ "type": "text" })).contains("not a JSON Schema"));
    assert!(refused(&json!([])).contains("not a JSON Schema"));
    assert!(refused(&json!({ "$schema": "http://json-schema.org/draft-07/schema#" })).contains("2020-12"));
    assert!(refused(&json!({ "pattern": "(a" })).contains("schema"));
    let error = small().schema("{").build().unwrap_err().to_string();
    assert!(error.starts_with("settings.schema.json: this is not JSON"), "{error}");
}

#[test]
fn nothing_outside_the_schema_is_referred_to() {
    for reference in ["https://example.com/a.json", "file:///etc/passwd", "other.json", "", "#name", "#/$defs/none"] {
        refused(&json!({ "$ref": reference }));
    }
    for key in ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"] {
        refused(&json!({ "properties": { "a": { key: "#x" } } }));
    }
}

#[test]
fn a_schema_cannot_run_in_circles_or_blow_up() {
    assert!(refused(&json!({ "$ref": "#" })).contains("circle"));
    assert!(refused(&json!({ "properties": { "a": { "$ref": "#" } } })).contains("circle"));
    let two = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } });
    assert!(refused(&two).contains("circle"));
    // Each level uses the next one twice: a million parts from twenty lines.
    let mut defs = serde_json::Map::new();
    for level in 0..20 {
        let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        defs.insert(format!("l{level}"), json!({ "allOf": [next, next] }));
    }
    defs.insert("l20".into(), json!({ "type": "object" }));
    assert!(refused(&json!({ "$ref": "#/$defs/l0", "$defs": defs })).contains("20000 parts"));
    // Deeper than the reader of JSON goes.
    let deep = format!("{}{}", r#"{"not":"#.repeat(1_000), "}".repeat(1_000));
    assert!(SettingsSchema::parse(&deep).unwrap_err().contains("not JSON"));
}

#[test]
fn patterns_take_linear_time() {
    let schema = SettingsSchema::parse(r#"{ "pattern": "^(a+)+$" }"#).unwrap();
    assert!(schema.validate(&json!(format!("{}b", "a".repeat(50_000)))).is_err());
    // What needs to look back cannot be had in linear time.
    assert!(SettingsSchema::parse(r#"{ "pattern": "(a)\\1" }"#).is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_for_a_schema_is_read_or_refused(
        key in "(\\$ref|type|items|properties|pattern|allOf|format|minimum|const|if|not|\\$defs)",
        value in "(1|true|\"a\"|\"#\"|\\[\\]|\\{\\}|\\[\\{\\}\\]|null|\"uri\"|\"#/a\"|-1e400)",
    ) {
        fuzz::schema(format!("{{\"{key}\":{value}}}").as_bytes());
    }
}
