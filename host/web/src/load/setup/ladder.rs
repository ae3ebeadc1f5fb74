//! The form of the ladder that an open ticket climbs around its deadline: each rung a group of its own, and an empty one for the next.

use super::{Around, Read, number, number_or_none, optional, queues, ticked_as};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use posthouse_model::config::{EscalationConfig, TenantConfig};

/// What the rung that is not there yet is called in the form; no rung can be.
const NEW: &str = "";

pub(super) fn form(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let t = around.t;
    let mut groups: Vec<Group> = (config.escalation.iter())
        .map(|rung| {
            let mut fields = fields(Some(rung), config, around);
            fields.push(Field::tick(&format!("remove:{}", rung.name), "", t.rung_remove(), false));
            Group { title: Some(rung.name.clone()), hint: None, row: true, fields }
        })
        .collect();
    let mut new = vec![
        Field::new("name", "escalation[].name", t.rung_name(), Control::Line("text", 64), "").hint(t.rung_name_hint()),
    ];
    new.extend(fields(None, config, around));
    groups.push(Group { title: Some(t.rung_new().to_owned()), hint: None, row: true, fields: new });
    groups
}

fn fields(rung: Option<&EscalationConfig>, config: &TenantConfig, around: &Around) -> Vec<Field> {
    let t = around.t;
    let at = rung.map_or(NEW, |rung| &rung.name);
    let name = |field: &str| format!("{field}:{at}");
    let path = |key: &str| format!("escalation[{at}].{key}");
    let leave = || (String::new(), t.macro_leave().to_owned());
    let places = std::iter::once(leave()).chain(queues(config, t)).collect();
    let mut hands: Vec<(String, String)> = std::iter::once(leave()).chain(around.agents.iter().cloned()).collect();
    let assign = rung.and_then(|rung| rung.assign.clone()).unwrap_or_default();
    // What the folder says and is not offered here stays what it is.
    if !hands.iter().any(|(known, _)| *known == assign) {
        hands.push((assign.clone(), assign.clone()));
    }
    let most = i64::from(EscalationConfig::MINUTES_MAX);
    let text = |value: Option<String>| value.unwrap_or_default();
    vec![
        Field::new(
            &name("minutes"),
            &path("minutes"),
            t.rung_minutes(),
            Control::Number(-most, most),
            text(rung.map(|rung| rung.minutes.to_string())),
        )
        .hint(t.rung_minutes_hint()),
        Field::ticks(
            &name("queues"),
            &path("queues"),
            t.rung_queues(),
            queues(config, t),
            rung.map(|rung| rung.queues.clone()).unwrap_or_default(),
        )
        .hint(t.rung_queues_hint()),
        Field::new(
            &name("priority"),
            &path("priority"),
            t.rung_priority(),
            Control::Number(0, 100),
            text(rung.and_then(|rung| rung.priority).map(|priority| priority.to_string())),
        ),
        Field::new(
            &name("queue"),
            &path("queue"),
            t.rung_queue(),
            Control::Choice(places),
            text(rung.and_then(|rung| rung.queue.clone())),
        ),
        Field::new(&name("assign"), &path("assign"), t.rung_assign(), Control::Choice(hands), assign),
        Field::new(
            &name("tag"),
            &path("tag"),
            t.rung_tag(),
            Control::Line("text", 64),
            text(rung.and_then(|rung| rung.tag.clone())),
        ),
        Field::ticks(
            &name("notifiers"),
            &path("notifiers"),
            t.rung_notifiers(),
            around.offered(),
            rung.map(|rung| rung.notifiers.clone()).unwrap_or_default(),
        ),
    ]
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let offered: Vec<String> = config.queues.iter().map(|queue| queue.name.clone()).collect();
    let stay = config.escalation.iter().filter(|rung| fields.get(&format!("remove:{}", rung.name)).is_empty());
    let mut rungs: Vec<(String, String)> = stay.map(|rung| (rung.name.clone(), rung.name.clone())).collect();
    match optional(fields, "name") {
        Some(name) => rungs.push((NEW.to_owned(), name)),
        None if ["minutes:", "priority:", "queue:", "assign:", "tag:"]
            .iter()
            .any(|field| !fields.line(field).is_empty()) =>
        {
            read.say("name", around.t.name_missing());
        }
        None => {}
    }
    let before = std::mem::take(&mut config.escalation);
    config.escalation = rungs
        .into_iter()
        .map(|(at, name)| {
            let field = |field: &str| format!("{field}:{at}");
            let old = before.iter().find(|rung| rung.name == at);
            let as_before = |name: &str, offered: &[String], list: fn(&EscalationConfig) -> &Vec<String>| {
                ticked_as(fields, &field(name), offered, old.map(list).map_or(&[][..], Vec::as_slice))
            };
            EscalationConfig {
                name,
                minutes: number(fields, &field("minutes"), around.t, read).unwrap_or(0),
                queues: as_before("queues", &offered, |rung| &rung.queues),
                queue: optional(fields, &field("queue")),
                priority: number_or_none(fields, &field("priority"), around.t, read),
                assign: optional(fields, &field("assign")),
                tag: optional(fields, &field("tag")),
                notifiers: as_before("notifiers", &around.notifiers, |rung| &rung.notifiers),
            }
        })
        .collect();
}
