//! The form of giving tickets out: of which queues, to whom, and when they work.

use super::{Around, Read, lines, listed, number, queues, ticked_as};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use posthouse_model::config::{CrewConfig, Shift, TenantConfig, TimeOfDay, Weekday};

/// Those who can be given a ticket, and whoever the set-up names besides: address and name.
fn people(config: &TenantConfig, around: &Around) -> Vec<(String, String)> {
    let mut people = around.agents.clone();
    for one in &config.crew {
        if !people.iter().any(|(address, _)| address.eq_ignore_ascii_case(&one.agent)) {
            people.push((one.agent.clone(), one.agent.clone()));
        }
    }
    people
}

fn of<'a>(config: &'a TenantConfig, address: &str) -> Option<&'a CrewConfig> {
    config.crew.iter().find(|one| one.agent.eq_ignore_ascii_case(address))
}

pub(super) fn form(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let t = around.t;
    let mut groups = vec![Group {
        fields: vec![
            Field::ticks("queues", "assign.queues", t.assign_queues(), queues(config, t), config.assign.queues.clone())
                .hint(t.assign_queues_hint()),
        ],
        ..Group::default()
    }];
    groups.extend(people(config, around).into_iter().map(|(address, name)| {
        let one = of(config, &address);
        // As the set-up writes her: problems name her so.
        let at = one.map_or(&address, |one| &one.agent);
        let field = |field: &str, key: &str, label: &str, control: Control, value: String| {
            Field::new(&format!("{field}:{address}"), &format!("crew[{at}].{key}"), label, control, value)
        };
        let shifts = one.map(|one| one.shifts.iter().map(written).collect::<Vec<_>>().join("\n"));
        Group {
            title: Some(name),
            hint: None,
            row: true,
            fields: vec![
                Field::tick(&format!("in:{address}"), &format!("crew[{at}].agent"), t.assign_in(), one.is_some()),
                field(
                    "languages",
                    "languages",
                    t.assign_languages(),
                    Control::Line("text", 200),
                    one.map(|one| one.languages.join(", ")).unwrap_or_default(),
                )
                .hint(t.assign_languages_hint()),
                field(
                    "skills",
                    "skills",
                    t.assign_skills(),
                    Control::Line("text", 400),
                    one.map(|one| one.skills.join(", ")).unwrap_or_default(),
                )
                .hint(t.assign_skills_hint()),
                field(
                    "most",
                    "tickets_max",
                    t.assign_most(),
                    Control::Number(1, 10_000),
                    one.map_or(50, |one| one.tickets_max).to_string(),
                ),
                field("shifts", "shifts", t.assign_shifts(), Control::Lines(2, 2_000), shifts.unwrap_or_default())
                    .hint(t.assign_shifts_hint()),
            ],
        }
    }));
    groups
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let offered: Vec<String> = config.queues.iter().map(|queue| queue.name.clone()).collect();
    config.assign.queues = ticked_as(fields, "queues", &offered, &config.assign.queues);
    let mut crew: Vec<CrewConfig> = Vec::new();
    // Whoever stands in the set-up keeps her place.
    let known: Vec<String> = config.crew.iter().map(|one| one.agent.clone()).collect();
    let people = people(config, around).into_iter().map(|(address, _)| address);
    let new = people.filter(|address| !known.iter().any(|known| known.eq_ignore_ascii_case(address)));
    for address in known.iter().cloned().chain(new) {
        // The form names her as she signs in.
        let shown = around.agents.iter().map(|(shown, _)| shown).find(|shown| shown.eq_ignore_ascii_case(&address));
        let at = |field: &str| format!("{field}:{}", shown.unwrap_or(&address));
        if fields.get(&at("in")).is_empty() {
            continue;
        }
        let before = of(config, &address).map(|one| one.shifts.clone()).unwrap_or_default();
        let mut shifts = Vec::new();
        for line in lines(fields, &at("shifts")) {
            match shift(&line) {
                // Days may stand in the folder in any order.
                Some(shift) => shifts.push(before.iter().find(|old| is_same(old, &shift)).cloned().unwrap_or(shift)),
                None => read.say(at("shifts"), t.assign_no_shift(line)),
            }
        }
        crew.push(CrewConfig {
            skills: listed(&fields.line(&at("skills"))),
            languages: listed(&fields.line(&at("languages"))),
            shifts,
            tickets_max: number(fields, &at("most"), t, read).unwrap_or(0),
            agent: address,
        });
    }
    config.crew = crew;
}

fn is_same(one: &Shift, other: &Shift) -> bool {
    let days = |shift: &Shift| Weekday::ALL.iter().copied().filter(|day| shift.days.contains(day)).collect::<Vec<_>>();
    one.from == other.from && one.to == other.to && days(one) == days(other)
}

/// `mon-fri 09:00-18:00`; every day where no day is named.
fn written(shift: &Shift) -> String {
    let hours = format!("{}-{}", shift.from, shift.to);
    if shift.days.len() == Weekday::ALL.len() {
        return hours;
    }
    let mut runs: Vec<Vec<Weekday>> = Vec::new();
    for day in Weekday::ALL.iter().filter(|day| shift.days.contains(day)) {
        match runs.last_mut() {
            Some(run) if run.last() == Some(&day.before()) && *day != Weekday::Monday => run.push(*day),
            _ => runs.push(vec![*day]),
        }
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|run| match run.as_slice() {
            [first, .., last] => format!("{}-{}", first.as_str(), last.as_str()),
            days => days.iter().map(|day| day.as_str()).collect(),
        })
        .collect();
    format!("{} {hours}", runs.join(","))
}

/// What [`written`] writes, and what a person writes like it.
fn shift(line: &str) -> Option<Shift> {
    let line = line.to_lowercase().replace('，', ",").replace(['–', '—', '~'], "-");
    let at = line.find(|c: char| c.is_ascii_digit())?;
    let (days, hours) = line.split_at(at);
    let (from, to) = hours.split_once('-')?;
    let time = |text: &str| -> Option<TimeOfDay> {
        let text = text.trim();
        // 9:00 is 09:00.
        if text.len() == 4 { format!("0{text}").parse().ok() } else { text.parse().ok() }
    };
    Some(Shift { days: self::days(days)?, from: time(from)?, to: time(to)? })
}

fn days(text: &str) -> Option<Vec<Weekday>> {
    let day = |name: &str| Weekday::ALL.iter().position(|day| day.as_str() == name.trim());
    let mut named = [false; 7];
    let pieces: Vec<&str> = text.split([',', ' ']).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    if pieces.is_empty() {
        return Some(Weekday::ALL.to_vec());
    }
    for piece in pieces {
        let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
        let (first, last) = (day(first)?, day(last)?);
        // `sat-mon` goes round the week.
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|step| named[(first + step) % 7] = true);
    }
    Some(Weekday::ALL.iter().copied().zip(named).filter(|(_, named)| *named).map(|(day, _)| day).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_shift_reads_as_it_is_written() {
        for text in ["09:00-18:00", "mon-fri 09:00-18:00", "mon,wed 22:00-06:00", "mon-wed,sat-sun 10:00-16:00"] {
            assert_eq!(written(&shift(text).unwrap()), text);
        }
        for (typed, text) in [
            ("Mon - Fri 9:00 – 18:00", None),
            ("Mon–Fri 9:00–18:00", Some("mon-fri 09:00-18:00")),
            ("sat-mon 9:00-12:00", Some("mon,sat-sun 09:00-12:00")),
            ("mon, tue 09:00 - 12:00", Some("mon-tue 09:00-12:00")),
            ("mon-sun 09:00-12:00", Some("09:00-12:00")),
            ("", None),
            ("monday 09:00-12:00", None),
            ("mon 9-12", None),
            ("mon 09:00-24:00", None),
            ("mon", None),
        ] {
            assert_eq!(shift(typed).as_ref().map(written).as_deref(), text, "{typed}");
        }
    }
}
