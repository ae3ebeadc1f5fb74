//! The short forms: team, queues, review, notices, the watch, the model, a secret.

use super::{Around, Read, TypedSecret, lines, number, number_or_none, optional, ticked};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{DigestConfig, QueueConfig, TenantConfig, TimeOfDay, Weekday};
use std::collections::BTreeSet;

const LANGUAGES: [&str; 2] = ["zh", "en"];

fn group(fields: Vec<Field>) -> Group {
    Group { fields, ..Group::default() }
}

pub(super) fn team(config: &TenantConfig, t: Lang) -> Vec<Group> {
    vec![group(vec![
        Field::new("name", "name", t.setup_name(), Control::Line("text", 100), &config.name).hint(t.setup_name_hint()),
        Field::new("language", "agent_language", t.setup_language(), Control::Line("text", 35), &config.agent_language)
            .hint(t.setup_language_hint()),
        Field::new("zone", "time_zone", t.setup_zone(), Control::Line("text", 64), &config.time_zone)
            .hint(t.setup_zone_hint()),
        Field::new(
            "categories",
            "categories",
            t.setup_categories(),
            Control::Lines(6, 4_000),
            config.categories.join("\n"),
        )
        .hint(t.setup_categories_hint()),
    ])]
}

pub(super) fn read_team(fields: &Fields, config: &mut TenantConfig) {
    config.name = fields.line("name");
    config.agent_language = fields.line("language");
    config.time_zone = fields.line("zone");
    config.categories = lines(fields, "categories");
}

pub(super) fn queues(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let titles = |name: &str, at: &str, queue: Option<&QueueConfig>| -> Vec<Field> {
        let title = |language: &str| queue.and_then(|queue| queue.title.get(language)).cloned().unwrap_or_default();
        let field = |language: &str, label: &str| {
            let path = format!("queue[{at}].title.{language}");
            Field::new(&format!("{language}:{name}"), &path, label, Control::Line("text", 60), title(language))
        };
        vec![field("zh", t.setup_queue_zh()), field("en", t.setup_queue_en())]
    };
    let mut groups: Vec<Group> = config
        .queues
        .iter()
        .enumerate()
        .map(|(place, queue)| {
            let name = &queue.name;
            let mut fields = titles(name, name, Some(queue));
            let most = i64::try_from(config.queues.len()).unwrap_or(i64::MAX).saturating_add(1);
            fields.push(Field::new(
                &format!("place:{name}"),
                &format!("queue[{name}].name"),
                t.setup_queue_place(),
                Control::Number(1, most),
                (place + 1).to_string(),
            ));
            fields.push(Field::tick(&format!("remove:{name}"), "", t.setup_queue_remove(), false));
            Group { title: Some(name.clone()), hint: None, row: true, fields }
        })
        .collect();
    let mut fields = vec![
        Field::new("new", "queue[].name", t.setup_queue_name(), Control::Line("text", 64), "")
            .hint(t.setup_queue_name_hint()),
    ];
    fields.extend(titles("", "", None));
    groups.push(Group { title: Some(t.setup_queue_new().to_owned()), hint: None, row: true, fields });
    groups
}

pub(super) fn read_queues(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let mut placed: Vec<(i64, QueueConfig)> = Vec::new();
    for (at, queue) in config.queues.iter().enumerate() {
        let name = &queue.name;
        if !fields.get(&format!("remove:{name}")).is_empty() {
            match around.waiting.get(name) {
                Some(count) if *count > 0 => read.say(format!("remove:{name}"), t.setup_queue_in_use(count)),
                _ => {}
            }
            continue;
        }
        let mut queue = queue.clone();
        set_titles(fields, name, &mut queue);
        let place = number(fields, &format!("place:{name}"), t, read).unwrap_or(0);
        // Of two in one place, the one that was moved there goes first.
        let moved = place != i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1);
        placed.push((place.saturating_mul(2).saturating_sub(i64::from(moved)), queue));
    }
    placed.sort_by_key(|(place, _)| *place);
    config.queues = placed.into_iter().map(|(_, queue)| queue).collect();
    if let Some(name) = optional(fields, "new") {
        let mut queue = QueueConfig { name, title: Default::default() };
        set_titles(fields, "", &mut queue);
        config.queues.push(queue);
    }
}

fn set_titles(fields: &Fields, name: &str, queue: &mut QueueConfig) {
    for language in LANGUAGES {
        match optional(fields, &format!("{language}:{name}")) {
            Some(title) => drop(queue.title.insert(language.to_owned(), title)),
            None => drop(queue.title.remove(language)),
        }
    }
}

pub(super) fn review(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let seconds = config.review.undo_seconds.to_string();
    vec![group(vec![
        Field::new("undo", "review.undo_seconds", t.setup_undo(), Control::Number(0, 600), seconds)
            .hint(t.setup_undo_hint()),
        Field::tick("quote", "review.quote_original", t.setup_quote(), config.review.quote_original),
    ])]
}

pub(super) fn read_review(fields: &Fields, config: &mut TenantConfig, t: Lang, read: &mut Read) {
    if let Some(seconds) = number(fields, "undo", t, read) {
        config.review.undo_seconds = seconds;
    }
    config.review.quote_original = !fields.get("quote").is_empty();
}

pub(super) fn notices(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let t = around.t;
    vec![group(vec![
        Field::ticks(
            "notifiers",
            "notify.notifiers",
            t.setup_notify(),
            around.offered(),
            config.notify.notifiers.clone(),
        )
        .hint(t.setup_notify_hint()),
        Field::new(
            "link-days",
            "notify.link_days",
            t.setup_link_days(),
            Control::Number(1, 365),
            config.notify.link_days.to_string(),
        )
        .hint(t.setup_link_days_hint()),
    ])]
}

pub(super) fn read_notices(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    config.notify.notifiers = ticked(fields, "notifiers", &around.notifiers);
    if let Some(days) = number(fields, "link-days", around.t, read) {
        config.notify.link_days = days;
    }
}

pub(super) fn watch(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let t = around.t;
    let (digest, heartbeat) = (config.digest.as_ref(), &config.heartbeat);
    let days = Weekday::ALL.iter().map(|day| (day.as_str().to_owned(), t.setup_day(*day).to_owned())).collect();
    let on = heartbeat.days.iter().map(|day| day.as_str().to_owned()).collect();
    let time = |name: &str, path: &str, label: &str, value: String| {
        Field::new(name, path, label, Control::Line("time", 5), value)
    };
    vec![
        Group {
            title: Some(t.setup_digest().to_owned()),
            fields: vec![
                Field::tick("digest", "", t.setup_digest_on(), digest.is_some()),
                time(
                    "at",
                    "digest.at",
                    t.setup_digest_at(),
                    digest.map_or_else(|| "18:00".to_owned(), |d| d.at.to_string()),
                ),
                Field::ticks(
                    "digest-to",
                    "digest.notifiers",
                    t.setup_to(),
                    around.offered(),
                    digest.map(|d| d.notifiers.clone()).unwrap_or_default(),
                )
                .hint(t.setup_to_hint()),
                Field::new(
                    "examples",
                    "digest.examples",
                    t.setup_examples(),
                    Control::Number(0, 10),
                    digest.map_or(3, |d| d.examples).to_string(),
                ),
            ],
            ..Group::default()
        },
        Group {
            title: Some(t.setup_heartbeat().to_owned()),
            hint: Some(t.setup_heartbeat_hint().to_owned()),
            row: false,
            fields: vec![
                Field::new(
                    "silent",
                    "heartbeat.silent_after_minutes",
                    t.setup_silent(),
                    Control::Number(5, 10_080),
                    heartbeat.silent_after_minutes.map(|m| m.to_string()).unwrap_or_default(),
                )
                .hint(t.setup_silent_hint()),
                Field::new(
                    "stuck",
                    "heartbeat.stuck_after_minutes",
                    t.setup_stuck(),
                    Control::Number(1, 1_440),
                    heartbeat.stuck_after_minutes.to_string(),
                ),
                Field::ticks("days", "heartbeat.days", t.setup_days(), days, on),
                time("from", "heartbeat.from", t.setup_from(), heartbeat.from.to_string()),
                time("to", "heartbeat.to", t.setup_until(), heartbeat.to.to_string()).hint(t.setup_until_hint()),
                Field::ticks(
                    "alert-to",
                    "heartbeat.notifiers",
                    t.setup_to(),
                    around.offered(),
                    heartbeat.notifiers.clone(),
                )
                .hint(t.setup_to_hint()),
            ],
        },
    ]
}

pub(super) fn read_watch(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let time = |name: &str, read: &mut Read| -> Option<TimeOfDay> {
        // Some browsers add seconds.
        let text = fields.line(name);
        let parsed = text.get(..5).unwrap_or(&text).parse().ok();
        if parsed.is_none() {
            read.say(name, t.setup_no_time());
        }
        parsed
    };
    config.digest = if fields.get("digest").is_empty() {
        None
    } else {
        let (at, examples) = (time("at", read), number(fields, "examples", t, read));
        Some(DigestConfig {
            at: at.unwrap_or(TimeOfDay::MIDNIGHT),
            notifiers: ticked(fields, "digest-to", &around.notifiers),
            examples: examples.unwrap_or(0),
        })
    };
    let heartbeat = &mut config.heartbeat;
    heartbeat.silent_after_minutes = number_or_none(fields, "silent", t, read);
    if let Some(minutes) = number(fields, "stuck", t, read) {
        heartbeat.stuck_after_minutes = minutes;
    }
    heartbeat.days =
        Weekday::ALL.iter().copied().filter(|day| !fields.get(&format!("days:{}", day.as_str())).is_empty()).collect();
    if let Some(from) = time("from", read) {
        heartbeat.from = from;
    }
    if let Some(to) = time("to", read) {
        heartbeat.to = to;
    }
    heartbeat.notifiers = ticked(fields, "alert-to", &around.notifiers);
}

/// A secret typed beside what it is for goes to where that sends it, and nowhere else.
pub(super) fn keep_secret(fields: &Fields, field: &str, name: &str, config: &TenantConfig, read: &mut Read) {
    read.beside.insert(name.to_owned(), field.to_owned());
    let value = fields.get(field);
    if value.is_empty() {
        return;
    }
    let hosts: BTreeSet<String> = config
        .secret_destinations()
        .into_iter()
        .filter(|used| used.secret == name && !used.host.is_empty())
        .map(|used| used.host)
        .collect();
    read.secrets.push(TypedSecret {
        name: name.to_owned(),
        value: value.to_owned(),
        hosts: hosts.into_iter().collect(),
    });
}

pub(super) fn secret(t: Lang) -> Vec<Group> {
    vec![Group {
        title: Some(t.secret_set_one().to_owned()),
        hint: Some(t.secret_set_hint().to_owned()),
        row: false,
        fields: vec![
            Field::new("name", "", t.secret_name(), Control::Line("text", 64), "").hint(t.secret_name_hint()),
            Field::new("value", "", t.secret_value(), Control::Hidden, "").hint(t.secret_value_hint()),
            Field::new("hosts", "", t.secret_to(), Control::Line("text", 500), "").hint(t.secret_to_hint()),
        ],
    }]
}
