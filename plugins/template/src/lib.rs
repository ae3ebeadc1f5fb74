//! Templates: text with variables and blocks.
//!
//! `{{name}}` a variable · `{{name|else this}}` with a fallback · `{{#if name}} … {{else}} … {{/if}}` and
//! `{{#unless name}} … {{/unless}}` by whether a variable is known · `{{#alt}} one {{or}} another {{/alt}}` one of
//! several wordings. What is filled in is never read as a template again.

use std::collections::BTreeMap;
use std::fmt;

/// Variables that the bundled drafters fill from a ticket where it is known, beside the shop's own, facts of enrichers, and those of
/// [`KNOWN_BEGINNINGS`].
pub const KNOWN: [&str; 26] = [
    "greeting",
    "greeting_named",
    "signoff",
    "signature",
    "questions",
    "customer_name",
    "tenant_name",
    "shop_name",
    "subject",
    "order_number",
    "order_status",
    "order_date",
    "order_total",
    "order_country",
    "tracking_number",
    "carrier",
    "product",
    "first_name",
    "apology_light",
    "apology_strong",
    "cause",
    "options",
    "compensation",
    "policy",
    "closing",
    "wish",
];
/// How variables begin that say what a ticket lacks, which risks were seen, and which holiday it is.
pub const KNOWN_BEGINNINGS: [&str; 3] = ["missing_", "risk_", "occasion_"];

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte of the text at which the piece begins that it is about.
    pub at: usize,
    /// What it is.
    pub kind: FaultKind,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `{{/if}}`, `{{else}}`, `{{or}}` … where no block is open: its tag.
    WithoutBeginning(String),
    /// Blocks in blocks beyond [`DEPTH_MAX`].
    TooDeep,
    /// `{{` without `}}`: what follows it.
    NeverClosed(String),
    /// A block that there is not: its tag.
    NoBlock(String),
    /// A block whose end is missing: the end's tag, and of which variable.
    NoEnd {
        /// `/if`, `/unless` or `/alt`.
        end: &'static str,
        /// The variable; none for `#alt`.
        of: Option<String>,
    },
    /// What stands in the brackets cannot be a variable's name: letters, digits, `_`, `-` and `.`, at most 64 bytes.
    NoName(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::WithoutBeginning(tag) => write!(f, "`{{{{{tag}}}}}` without its beginning"),
            FaultKind::TooDeep => write!(f, "blocks more than {DEPTH_MAX} deep"),
            FaultKind::NeverClosed(rest) => write!(f, "`{{{{{rest}` is never closed"),
            FaultKind::NoBlock(tag) => {
                write!(f, "`{{{{{tag}}}}}` is not a block; there are #if, #unless and #alt")
            }
            FaultKind::NoEnd { end, of: Some(of) } => write!(f, "`{{{{{end}}}}}` of `{of}` is missing"),
            FaultKind::NoEnd { end, of: None } => write!(f, "`{{{{{end}}}}}` is missing"),
            FaultKind::NoName(name) => write!(f, "`{{{{{name}}}}}` is not a name"),
        }
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

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

/// So deep blocks may stand in blocks.
pub const DEPTH_MAX: usize = 8;

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// What is wrong, with the piece it is about and its place.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader { rest: text, length: text.len() };
        let (parts, end) = reader.parts(0)?;
        match end {
            End::Text => Ok(Self { parts }),
            End::Tag { tag, at } => Err(Fault { at, kind: FaultKind::WithoutBeginning(tag) }),
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
        collect(&self.parts, &mut Vec::new(), &mut |name, _| names.push(name));
        names
    }

    /// Those of them that may stay open: printed where no `#if` has made sure that they are known. Each once, in order.
    #[must_use]
    pub fn open_variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.parts, &mut Vec::new(), &mut |name, sure| {
            if !sure && !names.contains(&name) {
                names.push(name);
            }
        });
        names
    }
}

struct Reader<'a> {
    rest: &'a str,
    length: usize,
}

enum End {
    Text,
    Tag { tag: String, at: usize },
}

impl Reader<'_> {
    fn at(&self) -> usize {
        self.length - self.rest.len()
    }

    fn parts(&mut self, depth: usize) -> Result<(Vec<Part>, End), Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault { at: self.at(), kind: FaultKind::TooDeep });
        }
        let mut parts = Vec::new();
        loop {
            let Some(open) = self.rest.find("{{") else {
                push_text(&mut parts, self.rest);
                self.rest = "";
                return Ok((parts, End::Text));
            };
            push_text(&mut parts, &self.rest[..open]);
            let at = self.at() + open;
            let fault = |kind: FaultKind| Fault { at, kind };
            let inside = &self.rest[open + 2..];
            let close = inside.find("}}").ok_or_else(|| fault(FaultKind::NeverClosed(head(inside))))?;
            let tag = inside[..close].trim();
            self.rest = &inside[close + 2..];
            if let Some(name) = tag.strip_prefix("#if ") {
                parts.push(self.condition(name.trim(), at, "/if", false, depth)?);
            } else if let Some(name) = tag.strip_prefix("#unless ") {
                parts.push(self.condition(name.trim(), at, "/unless", true, depth)?);
            } else if tag == "#alt" {
                parts.push(self.alternatives(at, depth)?);
            } else if tag.starts_with('#') {
                return Err(fault(FaultKind::NoBlock(tag.to_owned())));
            } else if tag.starts_with('/') || tag == "else" || tag == "or" {
                return Ok((parts, End::Tag { tag: tag.to_owned(), at }));
            } else {
                let (name, fallback) = match tag.split_once('|') {
                    Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
                    None => (tag, None),
                };
                parts.push(Part::Variable { name: checked(name, at)?, fallback });
            }
        }
    }

    fn condition(
        &mut self,
        name: &str,
        at: usize,
        end: &'static str,
        negative: bool,
        depth: usize,
    ) -> Result<Part, Fault> {
        let name = checked(name, at)?;
        let (then, stop) = self.parts(depth + 1)?;
        let (otherwise, stop) = match stop {
            End::Tag { tag, .. } if tag == "else" => self.parts(depth + 1)?,
            other => (Vec::new(), other),
        };
        match stop {
            End::Tag { tag, .. } if tag == end => Ok(if negative {
                Part::If { name, then: otherwise, otherwise: then }
            } else {
                Part::If { name, then, otherwise }
            }),
            _ => Err(Fault { at, kind: FaultKind::NoEnd { end, of: Some(name) } }),
        }
    }

    fn alternatives(&mut self, at: usize, depth: usize) -> Result<Part, Fault> {
        let mut all = Vec::new();
        loop {
            let (parts, end) = self.parts(depth + 1)?;
            all.push(parts);
            match end {
                End::Tag { tag, .. } if tag == "or" => {}
                End::Tag { tag, .. } if tag == "/alt" => return Ok(Part::Alternatives(all)),
                _ => return Err(Fault { at, kind: FaultKind::NoEnd { end: "/alt", of: None } }),
            }
        }
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn checked(name: &str, at: usize) -> Result<String, Fault> {
    let fine = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if fine { Ok(name.to_owned()) } else { Err(Fault { at, kind: FaultKind::NoName(head(name)) }) }
}

fn head(text: &str) -> String {
    text.chars().take(30).collect()
}

/// Every variable that is printed without a fallback, and whether a condition around it has made sure that it is known.
fn collect<'a>(parts: &'a [Part], sure: &mut Vec<&'a str>, into: &mut impl FnMut(&'a str, bool)) {
    for part in parts {
        match part {
            Part::Variable { name, fallback: None } => into(name, sure.contains(&name.as_str())),
            Part::If { name, then, otherwise } => {
                sure.push(name);
                collect(then, sure, into);
                sure.pop();
                collect(otherwise, sure, into);
            }
            Part::Alternatives(all) => all.iter().for_each(|parts| collect(parts, sure, into)),
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
            let error = Template::new(template).unwrap_err().to_string();
            assert!(error.contains(what), "{template}: {error}");
        }
        assert_eq!(Template::new(&"{{#if a}}".repeat(50)).unwrap_err().kind, FaultKind::TooDeep);
        assert!(Template::new(&("{{#if a}}".repeat(DEPTH_MAX) + &"{{/if}}".repeat(DEPTH_MAX))).is_ok());
    }

    #[test]
    fn a_mistake_has_a_place() {
        for (template, at) in
            [("您好\n{{/if}}", 7), ("a {{#if b}}c", 2), ("{{a}} {{b c}}", 6), ("ab{{", 2), ("{{#alt}}{{else}}", 0)]
        {
            assert_eq!(Template::new(template).unwrap_err().at, at, "{template}");
        }
    }

    #[test]
    fn what_may_stay_open_is_what_no_condition_has_made_sure_of() {
        let text =
            "{{a}} {{b|x}} {{#if c}}{{c}} {{d}}{{else}}{{c}}{{/if}} {{#unless e}}{{e}}{{else}}{{e}}{{/unless}} {{a}}";
        let template = Template::new(text).unwrap();
        assert_eq!(template.open_variables(), ["a", "d", "c", "e"]);
        assert_eq!(template.variables().len(), 7);
    }
}
