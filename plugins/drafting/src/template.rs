//! Templates: text with variables and blocks.
//!
//! `{{name}}` a variable · `{{name|else this}}` with a fallback · `{{#if name}} … {{else}} … {{/if}}` and
//! `{{#unless name}} … {{/unless}}` by whether a variable is known · `{{#alt}} one {{or}} another {{/alt}}` one of
//! several wordings. What is filled in is never read as a template again.

use std::collections::BTreeMap;

/// A compiled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, fallback: Option<String> },
    If { name: String, then: Vec<Part>, otherwise: Vec<Part> },
    Alternatives(Vec<Vec<Part>>),
}

/// What became of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Unfilled variables stand in it as `{{name}}`.
    pub text: String,
    /// Variable and value, in order, each once.
    pub filled: Vec<(String, String)>,
    /// Variables without a value, in order, each once.
    pub unfilled: Vec<String>,
}

/// Values of variables.
pub type Values = BTreeMap<String, String>;

const DEPTH_MAX: usize = 8;

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// What is wrong, with the piece it is about.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text };
        let (parts, end) = reader.parts(0)?;
        match end {
            End::Text => Ok(Self { parts }),
            End::Tag(tag) => Err(format!("`{{{{{tag}}}}}` without its beginning")),
        }
    }

    /// Fills it. `seed` chooses among alternatives.
    #[must_use]
    pub fn render(&self, values: &Values, seed: u64) -> Rendered {
        let mut rendered = Rendered::default();
        render(&self.parts, values, seed, &mut rendered);
        rendered.text = tidy(&rendered.text);
        rendered
    }

    /// Names of all variables that are printed without a fallback.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.parts, &mut names);
        names
    }
}

struct Reader<'a> {
    rest: &'a str,
}

enum End {
    Text,
    Tag(String),
}

impl Reader<'_> {
    fn parts(&mut self, depth: usize) -> Result<(Vec<Part>, End), String> {
        if depth > DEPTH_MAX {
            return Err(format!("blocks more than {DEPTH_MAX} deep"));
        }
        let mut parts = Vec::new();
        loop {
            let Some(open) = self.rest.find("{{") else {
                push_text(&mut parts, self.rest);
                self.rest = "";
                return Ok((parts, End::Text));
            };
            push_text(&mut parts, &self.rest[..open]);
            let inside = &self.rest[open + 2..];
            let close = inside.find("}}").ok_or_else(|| format!("`{{{{{}` is never closed", head(inside)))?;
            let tag = inside[..close].trim();
            self.rest = &inside[close + 2..];
            if let Some(name) = tag.strip_prefix("#if ") {
                parts.push(self.condition(name.trim(), "/if", false, depth)?);
            } else if let Some(name) = tag.strip_prefix("#unless ") {
                parts.push(self.condition(name.trim(), "/unless", true, depth)?);
            } else if tag == "#alt" {
                parts.push(self.alternatives(depth)?);
            } else if tag.starts_with('#') {
                return Err(format!("`{{{{{tag}}}}}` is not a block; there are #if, #unless and #alt"));
            } else if tag.starts_with('/') || tag == "else" || tag == "or" {
                return Ok((parts, End::Tag(tag.to_owned())));
            } else {
                let (name, fallback) = match tag.split_once('|') {
                    Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
                    None => (tag, None),
                };
                parts.push(Part::Variable { name: checked(name)?, fallback });
            }
        }
    }

    fn condition(&mut self, name: &str, end: &str, negative: bool, depth: usize) -> Result<Part, String> {
        let name = checked(name)?;
        let missing = |name: &str| format!("`{{{{{end}}}}}` of `{name}` is missing");
        let (then, stop) = self.parts(depth + 1)?;
        let (otherwise, stop) = match stop {
            End::Tag(tag) if tag == "else" => self.parts(depth + 1)?,
            other => (Vec::new(), other),
        };
        match stop {
            End::Tag(tag) if tag == end => Ok(if negative {
                Part::If { name, then: otherwise, otherwise: then }
            } else {
                Part::If { name, then, otherwise }
            }),
            _ => Err(missing(&name)),
        }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Part, String> {
        let mut all = Vec::new();
        loop {
            let (parts, end) = self.parts(depth + 1)?;
            all.push(parts);
            match end {
                End::Tag(tag) if tag == "or" => {}
                End::Tag(tag) if tag == "/alt" => return Ok(Part::Alternatives(all)),
                _ => return Err("`{{/alt}}` is missing".to_owned()),
            }
        }
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn checked(name: &str) -> Result<String, String> {
    let fine = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if fine { Ok(name.to_owned()) } else { Err(format!("`{{{{{}}}}}` is not a name", head(name))) }
}

fn head(text: &str) -> String {
    text.chars().take(30).collect()
}

fn collect<'a>(parts: &'a [Part], names: &mut Vec<&'a str>) {
    for part in parts {
        match part {
            Part::Variable { name, fallback: None } => names.push(name),
            Part::If { then, otherwise, .. } => {
                collect(then, names);
                collect(otherwise, names);
            }
            Part::Alternatives(all) => all.iter().for_each(|parts| collect(parts, names)),
            Part::Text(_) | Part::Variable { .. } => {}
        }
    }
}

fn render(parts: &[Part], values: &Values, seed: u64, out: &mut Rendered) {
    let known = |name: &str| values.get(name).map(String::as_str).filter(|value| !value.trim().is_empty());
    for part in parts {
        match part {
            Part::Text(text) => out.text.push_str(text),
            Part::Variable { name, fallback } => match (known(name), fallback) {
                (Some(value), _) => {
                    out.text.push_str(value);
                    if !out.filled.iter().any(|(filled, _)| filled == name) {
                        out.filled.push((name.clone(), value.to_owned()));
                    }
                }
                (None, Some(fallback)) => out.text.push_str(fallback),
                (None, None) => {
                    out.text.push_str(&format!("{{{{{name}}}}}"));
                    if !out.unfilled.contains(name) {
                        out.unfilled.push(name.clone());
                    }
                }
            },
            Part::If { name, then, otherwise } => {
                render(if known(name).is_some() { then } else { otherwise }, values, seed, out);
            }
            Part::Alternatives(all) => {
                let chosen = usize::try_from(seed % all.len() as u64).unwrap_or(0);
                render(&all[chosen], values, seed / 7, out);
            }
        }
    }
}

/// Blocks that vanished leave empty lines: at most one stays.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines() {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        blank = 0;
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn text(template: &str, pairs: &[(&str, &str)]) -> String {
        Template::new(template).unwrap().render(&values(pairs), 0).text
    }

    #[test]
    fn variables_fallbacks_and_conditions() {
        assert_eq!(text("Hi {{name|there}}!", &[]), "Hi there!");
        assert_eq!(text("Hi {{name|there}}!", &[("name", "Ana")]), "Hi Ana!");
        let template = "{{#if order}}Order {{order}}{{else}}No order{{/if}}{{#unless photo}}, send a photo{{/unless}}.";
        assert_eq!(text(template, &[("order", "1042")]), "Order 1042, send a photo.");
        assert_eq!(text(template, &[("photo", "yes")]), "No order.");
    }

    #[test]
    fn what_is_unfilled_stays_visible_and_is_named() {
        let rendered = Template::new("{{a}} {{b}} {{b}}").unwrap().render(&values(&[("a", "1")]), 0);
        assert_eq!(rendered.text, "1 {{b}} {{b}}");
        assert_eq!(rendered.unfilled, ["b"]);
        assert_eq!(rendered.filled, [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        assert_eq!(text("{{a}}", &[("a", "{{b}}"), ("b", "secret")]), "{{b}}");
    }

    #[test]
    fn alternatives_follow_the_seed() {
        let template = Template::new("{{#alt}}one{{or}}two{{/alt}}").unwrap();
        assert_eq!(template.render(&Values::new(), 0).text, "one");
        assert_eq!(template.render(&Values::new(), 1).text, "two");
    }

    #[test]
    fn mistakes_are_named() {
        for (template, what) in [
            ("{{#if a}}", "missing"),
            ("{{/if}}", "without its beginning"),
            ("{{a b}}", "not a name"),
            ("{{a", "never closed"),
            ("{{#each a}}{{/each}}", "not a block"),
            ("{{#alt}}a{{or}}b", "missing"),
        ] {
            let error = Template::new(template).unwrap_err();
            assert!(error.contains(what), "{template}: {error}");
        }
        assert!(Template::new(&"{{#if a}}".repeat(50)).unwrap_err().contains("deep"));
    }
}
