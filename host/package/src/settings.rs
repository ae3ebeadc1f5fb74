//! The JSON Schema of a plugin's settings.
//!
//! A schema comes from outside. Nothing is fetched for it, its patterns run in linear time, and its references
//! are followed here first: what would never end, or would cost too much, is refused before it is used.

use crate::error::shown;
use crate::limits::{PROBLEMS, SCHEMA_SUBSCHEMAS};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What settings a plugin takes.
pub struct SettingsSchema {
    json: Value,
    validator: jsonschema::Validator,
}

/// One thing that is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// Where, as a JSON pointer: `/rules/0/tag`. Empty for the settings as a whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the settings" } else { &self.path };
        write!(f, "{path}: {}", self.what)
    }
}

impl SettingsSchema {
    /// Reads a schema: JSON Schema, draft 2020-12.
    ///
    /// # Errors
    /// In words, when it is not JSON or no schema, refers to anything outside itself, refers to itself in a
    /// circle, or comes to more than 20,000 subschemas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|e| format!("this is not JSON: {e}"))?;
        let draft = "https://json-schema.org/draft/2020-12/schema";
        match json.get("$schema") {
            None => {}
            Some(Value::String(named)) if named.trim_end_matches('#') == draft => {}
            Some(other) => return Err(format!("`$schema` is {}; write \"{draft}\"", shown(&other.to_string()))),
        }
        References { schema: &json, sizes: BTreeMap::new(), open: Vec::new() }.size(&json)?;
        if let Err(error) = jsonschema::draft202012::meta::validate(&json) {
            return Err(format!(
                "this is not a JSON Schema: at `{}`: {}",
                error.instance_path(),
                shown(&error.to_string())
            ));
        }
        let options = jsonschema::draft202012::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true);
        match options.build(&json) {
            Ok(validator) => Ok(Self { json, validator }),
            Err(error) => Err(format!("this schema cannot be used: {}", shown(&error.to_string()))),
        }
    }

    /// The schema itself.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Whether these settings fit.
    ///
    /// # Errors
    /// Everything that is wrong, at most 50 problems.
    pub fn validate(&self, settings: &Value) -> Result<(), Vec<SettingsProblem>> {
        let problems: Vec<SettingsProblem> = self
            .validator
            .iter_errors(settings)
            .take(PROBLEMS)
            .map(|error| SettingsProblem {
                path: error.instance_path().to_string(),
                // A value may be a secret that somebody typed into the wrong place.
                what: error.masked().to_string(),
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl fmt::Debug for SettingsSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsSchema").field("json", &self.json).finish_non_exhaustive()
    }
}

/// Follows the references of a schema.
struct References<'a> {
    schema: &'a Value,
    /// What each reference comes to, once known.
    sizes: BTreeMap<&'a str, u64>,
    /// The references that are being followed.
    open: Vec<&'a str>,
}

impl<'a> References<'a> {
    /// To how many objects this part of the schema comes with its references written out. Whatever looks like a
    /// reference is taken for one, also where it is only an example: a schema for settings can do without those.
    fn size(&mut self, part: &'a Value) -> Result<u64, String> {
        let mut size = 1_u64;
        match part {
            Value::Array(items) => {
                for item in items {
                    size = size.saturating_add(self.size(item)?);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    size = size.saturating_add(self.size(member)?);
                    match (key.as_str(), member) {
                        ("$ref", Value::String(reference)) => size = size.saturating_add(self.follow(reference)?),
                        ("$dynamicRef" | "$recursiveRef" | "$dynamicAnchor" | "$anchor" | "$id", Value::String(_)) => {
                            return Err(format!(
                                "`{key}` is not used in schemas of settings; refer with \"$ref\": \"#/…\""
                            ));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        if size > SCHEMA_SUBSCHEMAS {
            return Err(format!(
                "it comes to more than {SCHEMA_SUBSCHEMAS} parts with its references: make it simpler"
            ));
        }
        Ok(size)
    }

    fn follow(&mut self, reference: &'a str) -> Result<u64, String> {
        if let Some(size) = self.sizes.get(reference) {
            return Ok(*size);
        }
        let named = shown(reference);
        if self.open.contains(&reference) || self.open.len() > 64 {
            return Err(format!("`{named}` refers to itself in a circle, or too deeply: write the levels out"));
        }
        let pointer = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%'));
        let pointer = pointer.ok_or_else(|| format!("`{named}` refers to another document; write it into this one"))?;
        let target = self.schema.pointer(pointer).ok_or_else(|| format!("`{named}` is not in this schema"))?;
        self.open.push(reference);
        let size = self.size(target)?;
        self.open.pop();
        self.sizes.insert(reference, size);
        Ok(size)
    }
}
