//! Macros: several acts under one name, for what a team does again and again.

use super::check::ConfigProblem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Macros of one tenant at most.
pub const MACROS_MAX: usize = 50;
/// Longest name of a macro, in characters.
pub const MACRO_NAME_CHARS_MAX: usize = 60;
/// Tags that a macro gives at most.
pub const MACRO_TAGS_MAX: usize = 10;
/// Longest snooze of a macro, in hours: a year.
pub const MACRO_SNOOZE_HOURS_MAX: u32 = 8_760;
/// Longest text of a macro, in characters.
pub const MACRO_TEXT_CHARS_MAX: usize = 10_000;

/// Several acts under one name, done by an agent with one press.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacroConfig {
    /// What agents read: 1 to 60 characters on one line.
    pub name: String,
    /// The ticket is about this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Tags that it gets; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who has it then: `me` (whoever presses), `nobody`, or an agent's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<String>,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// It is put aside for so many hours: 1 to 8,760.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snooze_hours: Option<u32>,
    /// It is closed without a reply, for this reason: 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<String>,
    /// Goes into the reply, as a template: `{{customer_name}}`. At most 10,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl MacroConfig {
    /// It does something with the ticket, beside putting a text into the reply.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.category.is_some()
            || !self.tags.is_empty()
            || self.assign.is_some()
            || self.priority.is_some()
            || self.snooze_hours.is_some()
            || self.close.is_some()
    }
}

fn within(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// What is wrong with a tenant's macros.
pub(super) fn problems(macros: &[MacroConfig]) -> Vec<ConfigProblem> {
    let mut found = Vec::new();
    let mut say = |path: String, what: String, mend: &str| {
        found.push(ConfigProblem { path, what, mend: mend.to_owned() });
    };
    if macros.len() > MACROS_MAX {
        say("macro".to_owned(), format!("there are {}", macros.len()), "use at most 50 macros");
    }
    let mut names = BTreeSet::new();
    for (i, one) in macros.iter().enumerate() {
        let path = |key: &str| format!("macro[{i}].{key}");
        if !within(&one.name, MACRO_NAME_CHARS_MAX) {
            say(path("name"), "it is empty, too long or not one line".to_owned(), "use 1 to 60 characters on one line");
        } else if !names.insert(one.name.as_str()) {
            say(path("name"), format!("`{}` is already the name of another macro", one.name), "give each its own name");
        }
        if one.category.as_deref().is_some_and(|name| !super::is_name(name)) {
            say(path("category"), "it is not a category".to_owned(), "use the name of a category, such as refund");
        }
        // As the store takes them.
        let sound = |tag: &String| within(tag, 40) && tag.chars().all(|c| c.is_alphanumeric() || "-_.:/ ".contains(c));
        if one.tags.len() > MACRO_TAGS_MAX || !one.tags.iter().all(sound) {
            say(
                path("tags"),
                "one is no tag, or there are too many".to_owned(),
                "use at most 10 tags of 1 to 40 characters",
            );
        }
        if one.assign.as_deref().is_some_and(|who| !matches!(who, "me" | "nobody") && !who.contains('@')) {
            say(path("assign"), "it names nobody".to_owned(), "use \"me\", \"nobody\" or an agent's address");
        }
        if one.priority.is_some_and(|priority| priority > 100) {
            say(path("priority"), "it is out of range".to_owned(), "use 0 to 100");
        }
        if one.snooze_hours.is_some_and(|hours| !(1..=MACRO_SNOOZE_HOURS_MAX).contains(&hours)) {
            say(path("snooze_hours"), "it is out of range".to_owned(), "use 1 to 8760");
        }
        if one.close.as_deref().is_some_and(|reason| !within(reason, 200)) {
            say(path("close"), "it is no reason".to_owned(), "use a reason of 1 to 200 characters on one line");
        }
        if one.close.is_some() && (one.snooze_hours.is_some() || one.text.is_some()) {
            say(
                path("close"),
                "a ticket that is closed without a reply is neither put aside nor answered".to_owned(),
                "leave out close, or both snooze_hours and text",
            );
        }
        if one.text.as_deref().is_some_and(|text| text.trim().is_empty() || text.chars().count() > MACRO_TEXT_CHARS_MAX)
        {
            say(path("text"), "it is empty or too long".to_owned(), "use 1 to 10000 characters of text");
        }
        if !one.acts() && one.text.is_none() {
            say(path("name"), "it does nothing".to_owned(), "give the macro an act or a text");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(one: MacroConfig) -> Vec<String> {
        problems(&[one]).into_iter().map(|problem| problem.path).collect()
    }

    fn named(name: &str) -> MacroConfig {
        MacroConfig { name: name.to_owned(), priority: Some(100), ..MacroConfig::default() }
    }

    #[test]
    fn limits_hold_at_their_edges() {
        assert_eq!(paths(named(&"名".repeat(60))), Vec::<String>::new());
        for (one, key) in [
            (named(&"名".repeat(61)), "name"),
            (named("two\nlines"), "name"),
            (MacroConfig { name: "a".into(), ..MacroConfig::default() }, "name"),
            (MacroConfig { category: Some("No Name".into()), ..named("a") }, "category"),
            (MacroConfig { tags: vec!["t".into(); 11], ..named("a") }, "tags"),
            (MacroConfig { assign: Some("li".into()), ..named("a") }, "assign"),
            (MacroConfig { priority: Some(101), ..named("a") }, "priority"),
            (MacroConfig { snooze_hours: Some(0), ..named("a") }, "snooze_hours"),
            (MacroConfig { snooze_hours: Some(8_761), ..named("a") }, "snooze_hours"),
            (MacroConfig { close: Some(" ".into()), ..named("a") }, "close"),
            (MacroConfig { close: Some("done".into()), text: Some("Hello".into()), ..named("a") }, "close"),
            (MacroConfig { text: Some("x".repeat(10_001)), ..named("a") }, "text"),
        ] {
            assert_eq!(paths(one.clone()), [format!("macro[0].{key}")], "{one:?}");
        }
        let sound = MacroConfig {
            tags: vec!["t".repeat(40); 10],
            snooze_hours: Some(8_760),
            assign: Some("li@shop.example".into()),
            text: Some("x".repeat(10_000)),
            ..named("a")
        };
        assert_eq!(paths(sound), Vec::<String>::new());
        assert_eq!(problems(&[named("a"), named("a")]).len(), 1);
        let many: Vec<_> = (0..51).map(|n| named(&format!("m{n}"))).collect();
        assert_eq!(problems(&many).len(), 1);
        assert_eq!(problems(&many[..50]).len(), 0);
    }
}
