//! The form of what earned autonomy asks for, and of caps on mail that no person has read. Nothing here lets anything out: levels are
//! gone up on the page of earned autonomy, a category at a time.

use super::{Read, lines, number};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::autonomy::Level;
use posthouse_model::config::{AutonomyConfig, BarConfig, Cap, TenantConfig};
use std::collections::BTreeMap;

/// A whole number of the set-up: its key, which names its field, least and most, its label, and where it stands.
type Whole = (&'static str, i64, i64, fn(Lang) -> &'static str, fn(&mut AutonomyConfig) -> &mut u32);

const NUMBERS: [Whole; 7] = [
    ("window_days", 7, 730, Lang::bar_window, |config| &mut config.window_days),
    ("drift_window", 3, 500, Lang::bar_drift, |config| &mut config.drift_window),
    ("review_percent", 1, 99, Lang::bar_review, |config| &mut config.review_percent),
    ("undo_seconds", 30, 86_400, Lang::bar_undo, |config| &mut config.undo_seconds),
    ("answer_days", 1, 90, Lang::bar_answers, |config| &mut config.answer_days),
    ("sure_percent", 0, 100, Lang::bar_sure, |config| &mut config.sure_percent),
    ("draft_sure_percent", 0, 100, Lang::bar_draft_sure, |config| &mut config.draft_sure_percent),
];

fn bars(config: &AutonomyConfig) -> [(Level, BarConfig); 3] {
    [(Level::Suggested, config.suggested), (Level::Sampled, config.sampled), (Level::Automatic, config.automatic)]
}

pub(super) fn form(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let mut autonomy = config.autonomy.clone();
    let confidences = ["90", "95", "99"].map(|one| (one.to_owned(), format!("{one} %"))).to_vec();
    let mut first = vec![
        Field::new(
            "confidence",
            "autonomy.confidence_percent",
            t.bar_confidence(),
            Control::Choice(confidences),
            autonomy.confidence_percent.to_string(),
        )
        .hint(t.bar_confidence_hint()),
    ];
    first.extend(NUMBERS.map(|(key, least, most, label, place)| {
        let value = place(&mut autonomy).to_string();
        Field::new(key, &format!("autonomy.{key}"), label(t), Control::Number(least, most), value)
    }));
    first.push(
        Field::tick("model_drafts", "autonomy.model_drafts", t.bar_model(), autonomy.model_drafts)
            .hint(t.bar_model_hint()),
    );
    let mut groups = vec![Group { fields: first, ..Group::default() }];
    groups.extend(bars(&autonomy).map(|(level, bar)| {
        let field = |key: &str, label: &str, least: i64, most: i64, value: u32| {
            let (name, path) = (format!("{key}:{}", level.as_str()), format!("autonomy.{}.{key}", level.as_str()));
            Field::new(&name, &path, label, Control::Number(least, most), value.to_string())
        };
        Group {
            title: Some(t.autonomy_next(t.autonomy_level_name(level))),
            hint: None,
            row: true,
            fields: vec![
                // What is wrong with the bar as a whole is said here.
                Field {
                    path: format!("autonomy.{}", level.as_str()),
                    ..field("compared", t.bar_compared(), 1, 10_000, bar.compared)
                },
                field("unchanged_percent", t.bar_unchanged(), 1, 99, bar.unchanged_percent),
                field("rejected_percent", t.bar_rejected(), 0, 100, bar.rejected_percent),
            ],
        }
    }));
    let money: Vec<String> = autonomy.money_max.iter().map(|(currency, most)| format!("{currency} {most}")).collect();
    let caps = |caps: &[Cap]| caps.iter().map(|cap| format!("{} / {}", cap.most, cap.minutes)).collect::<Vec<_>>();
    let limit = |name: &str, path: &str, label: &str, lines: Vec<String>| {
        Field::new(name, path, label, Control::Lines(5, 2_000), lines.join("\n"))
    };
    groups.push(Group {
        title: Some(t.bar_limits().to_owned()),
        hint: None,
        row: false,
        fields: vec![
            limit("money", "autonomy.money_max", t.bar_money(), money).hint(t.bar_money_hint()),
            limit("ticket", "automatic.per_ticket", t.bar_per_ticket(), caps(&config.automatic.per_ticket))
                .hint(t.bar_caps_hint()),
            limit("recipient", "automatic.per_recipient", t.bar_per_recipient(), caps(&config.automatic.per_recipient))
                .hint(t.bar_caps_hint()),
        ],
    });
    groups
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, t: Lang, read: &mut Read) {
    let autonomy = &mut config.autonomy;
    if let Some(percent) = number(fields, "confidence", t, read) {
        autonomy.confidence_percent = percent;
    }
    for (key, _, _, _, place) in NUMBERS {
        if let Some(typed) = number(fields, key, t, read) {
            *place(autonomy) = typed;
        }
    }
    autonomy.model_drafts = !fields.get("model_drafts").is_empty();
    let mut bar = |level: Level, bar: &mut BarConfig| {
        for (key, value) in [
            ("compared", &mut bar.compared),
            ("unchanged_percent", &mut bar.unchanged_percent),
            ("rejected_percent", &mut bar.rejected_percent),
        ] {
            if let Some(typed) = number(fields, &format!("{key}:{}", level.as_str()), t, read) {
                *value = typed;
            }
        }
    };
    bar(Level::Suggested, &mut autonomy.suggested);
    bar(Level::Sampled, &mut autonomy.sampled);
    bar(Level::Automatic, &mut autonomy.automatic);
    autonomy.money_max = money(fields, t, read);
    for (name, known) in
        [("ticket", &mut config.automatic.per_ticket), ("recipient", &mut config.automatic.per_recipient)]
    {
        if let Some(caps) = caps(fields, name, t, read) {
            *known = caps;
        }
    }
}

/// `EUR 40`, one a line.
fn money(fields: &Fields, t: Lang, read: &mut Read) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for line in lines(fields, "money") {
        let parts: Vec<&str> = line.split_whitespace().collect();
        match parts.as_slice() {
            [currency, most] if most.parse::<u32>().is_ok() => {
                found.insert(currency.to_uppercase(), most.parse().unwrap_or_default());
            }
            _ => read.say("money", t.bar_no_money(line)),
        }
    }
    found
}

/// `10 / 60`, ten mails in sixty minutes, one a line. None where a line cannot be read.
fn caps(fields: &Fields, name: &str, t: Lang, read: &mut Read) -> Option<Vec<Cap>> {
    let mut found = Vec::new();
    for line in lines(fields, name) {
        let cap = line.split_once('/').and_then(|(most, minutes)| {
            Some(Cap { most: most.trim().parse().ok()?, minutes: minutes.trim().parse().ok()? })
        });
        match cap {
            Some(cap) => found.push(cap),
            None => {
                read.say(name, t.bar_no_cap(line));
                return None;
            }
        }
    }
    Some(found)
}
