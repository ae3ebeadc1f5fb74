//! The form of macros: each a group of its own, and an empty one for the next.

use super::{Around, Read, listed, number_or_none, optional};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use posthouse_model::config::{
    MACRO_NAME_CHARS_MAX, MACRO_SNOOZE_HOURS_MAX, MACRO_TEXT_CHARS_MAX, MacroConfig, TenantConfig,
};

/// What the group of a macro that is not there yet is called in the form.
const NEW: &str = "new";

fn chars(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}

pub(super) fn form(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let mut groups: Vec<Group> = (config.macros.iter().enumerate())
        .map(|(at, one)| {
            let mut fields = fields(one, &at.to_string(), at, config, around);
            fields.push(Field::tick(&format!("remove:{at}"), "", around.t.macro_remove(), false));
            Group { title: Some(one.name.clone()), hint: None, row: true, fields }
        })
        .collect();
    let fields = fields(&MacroConfig::default(), NEW, config.macros.len(), config, around);
    groups.push(Group { title: Some(around.t.macro_new().to_owned()), hint: None, row: true, fields });
    groups
}

fn fields(one: &MacroConfig, at: &str, place: usize, config: &TenantConfig, around: &Around) -> Vec<Field> {
    let t = around.t;
    let field = |name: &str, key: &str, label: &str, control: Control, value: String| {
        Field::new(&format!("{name}:{at}"), &format!("macro[{place}].{key}"), label, control, value)
    };
    let leave = || (String::new(), t.macro_leave().to_owned());
    let mut categories = vec![leave()];
    categories.extend(config.categories.iter().map(|name| (name.clone(), t.category_name(name))));
    let mut hands = vec![
        leave(),
        ("me".to_owned(), t.macro_assign_me().to_owned()),
        ("nobody".to_owned(), t.assign_nobody().to_owned()),
    ];
    hands.extend(around.agents.iter().cloned());
    // What stands in the folder and is not offered here stays what it is.
    for (offered, value) in [(&mut categories, &one.category), (&mut hands, &one.assign)] {
        if let Some(value) = value.as_ref().filter(|value| !offered.iter().any(|(known, _)| known == *value)) {
            offered.push((value.clone(), value.clone()));
        }
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        field("name", "name", t.macro_name(), Control::Line("text", chars(MACRO_NAME_CHARS_MAX)), one.name.clone()),
        field("category", "category", t.macro_category(), Control::Choice(categories), text(&one.category)),
        field("assign", "assign", t.macro_assign(), Control::Choice(hands), text(&one.assign)),
        field("tags", "tags", t.macro_tags(), Control::Line("text", 420), one.tags.join(", "))
            .hint(t.macro_tags_hint()),
        field(
            "priority",
            "priority",
            t.macro_priority(),
            Control::Number(0, 100),
            one.priority.map(|value| value.to_string()).unwrap_or_default(),
        ),
        field(
            "snooze",
            "snooze_hours",
            t.macro_snooze(),
            Control::Number(1, i64::from(MACRO_SNOOZE_HOURS_MAX)),
            one.snooze_hours.map(|value| value.to_string()).unwrap_or_default(),
        ),
        field("close", "close", t.macro_close(), Control::Line("text", 200), text(&one.close)),
        field("text", "text", t.macro_text(), Control::Lines(4, chars(MACRO_TEXT_CHARS_MAX)), text(&one.text))
            .hint(t.macro_text_hint()),
    ]
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let before = config.macros.len();
    let names = (0..before).map(|at| at.to_string()).filter(|at| fields.get(&format!("remove:{at}")).is_empty());
    let new = Some(NEW.to_owned()).filter(|at| optional(fields, &format!("name:{at}")).is_some());
    config.macros = names.chain(new).map(|at| one(fields, &at, around, read)).collect();
}

fn one(fields: &Fields, at: &str, around: &Around, read: &mut Read) -> MacroConfig {
    let t = around.t;
    let name = |field: &str| format!("{field}:{at}");
    let text = fields.text(&name("text")).trim().to_owned();
    MacroConfig {
        name: fields.line(&name("name")),
        category: optional(fields, &name("category")),
        tags: listed(&fields.line(&name("tags"))),
        assign: optional(fields, &name("assign")),
        priority: number_or_none(fields, &name("priority"), t, read),
        snooze_hours: number_or_none(fields, &name("snooze"), t, read),
        close: optional(fields, &name("close")),
        text: Some(text).filter(|text| !text.is_empty()),
    }
}
