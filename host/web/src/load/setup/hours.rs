//! Business hours, holidays and deadlines: what the bundled router's settings say of them. Its rules, and whatever else stands in its
//! settings, are left as they are. What is written here the router takes; a test asks it.

use super::{Around, Read, lines, number_or_none};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use jiff::civil::Date;
use opening_hours::localization::Country;
use posthouse_model::config::{TenantConfig, Weekday};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Marketplaces and the domains of their relays, as the router knows them: a dot at the end stands for every country.
const MARKETPLACES: [(&str, &[&str]); 6] = [
    ("Amazon", &["marketplace.amazon."]),
    ("eBay", &["members.ebay.", "reply.ebay."]),
    ("Etsy", &["conversations.etsy.", "mail.etsy."]),
    ("Walmart", &["relay.walmart."]),
    ("Shopee", &["message-mail.shopee."]),
    ("Cdiscount", &["mail.cdiscount."]),
];
/// Longest deadline of a marketplace, in hours: 30 days.
const HOURS_MAX: i64 = 720;
/// Longest response time, in working minutes: the router takes what passes within a year; this is a month around the clock.
const MINUTES_MAX: i64 = 43_200;
/// Most lines of holidays.
const HOLIDAYS_MAX: usize = 1_000;

fn settings<'a>(config: &'a TenantConfig, around: &Around) -> Option<&'a Map<String, Value>> {
    config.plugin(around.router.as_deref()?).map(|plugin| &plugin.settings)
}

pub(super) fn form(config: &TenantConfig, around: &Around) -> Vec<Group> {
    let t = around.t;
    let Some(settings) = settings(config, around) else { return Vec::new() };
    let text = |key: &str| settings.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let week = week(settings.get("hours"));
    let days = Weekday::ALL.iter().zip(week).map(|(day, spans)| {
        Field::new(
            &format!("hours:{}", day.as_str()),
            "",
            t.setup_day(*day),
            Control::Line("text", 100),
            spans.join(", "),
        )
    });
    let zone = text("time_zone");
    let zone = if zone.is_empty() { "UTC".to_owned() } else { zone };
    let mut first = vec![
        Field::new("zone", "", t.setup_zone(), Control::Line("text", 64), zone)
            .hint(t.setup_hours_zone_hint(&config.time_zone)),
    ];
    first.extend(days);
    let holidays = strings(settings.get("holidays")).join("\n");
    let countries = std::iter::once((String::new(), t.setup_country_none().to_owned()))
        .chain(Country::ALL.iter().map(|country| (country.iso_code().to_owned(), country.name().to_owned())))
        .collect();
    let years = [around.year, around.year + 1].map(|year| (year.to_string(), year.to_string())).to_vec();
    let minutes =
        settings.get("default").and_then(|default| default.get("respond_within_minutes")).and_then(Value::as_u64);
    let markets = MARKETPLACES.iter().map(|(name, _)| {
        let minutes = deadline(settings, name).and_then(|entry| entry.get("within_minutes")).and_then(Value::as_u64);
        let hours = minutes.map(|minutes| minutes.div_ceil(60).to_string()).unwrap_or_default();
        Field::new(&format!("market:{name}"), "", name, Control::Number(1, HOURS_MAX), hours)
    });
    vec![
        Group {
            title: Some(t.setup_week().to_owned()),
            hint: Some(t.setup_week_hint().to_owned()),
            row: false,
            fields: first,
        },
        Group {
            title: Some(t.setup_holidays().to_owned()),
            hint: Some(t.setup_holidays_hint().to_owned()),
            row: false,
            fields: vec![
                Field::new("holidays", "", t.setup_holidays_list(), Control::Lines(8, 20_000), holidays),
                Field::new("country", "", t.setup_country(), Control::Choice(countries), "")
                    .hint(t.setup_country_hint()),
                Field::new("year", "", t.setup_year(), Control::Choice(years), around.year.to_string()),
                Field::new(
                    "special",
                    "",
                    t.setup_special(),
                    Control::Lines(3, 10_000),
                    special(settings.get("special_days")).join("\n"),
                )
                .hint(t.setup_special_hint()),
            ],
        },
        Group {
            title: Some(t.setup_respond().to_owned()),
            hint: None,
            row: false,
            fields: vec![
                Field::new(
                    "respond",
                    "",
                    t.setup_respond_within(),
                    Control::Number(1, MINUTES_MAX),
                    minutes.map(|m| m.to_string()).unwrap_or_default(),
                )
                .hint(t.setup_respond_hint()),
            ],
        },
        Group {
            title: Some(t.setup_markets().to_owned()),
            hint: Some(t.setup_markets_hint().to_owned()),
            row: true,
            fields: markets.collect(),
        },
    ]
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn special(value: Option<&Value>) -> Vec<String> {
    let days = value.and_then(Value::as_object).into_iter().flatten();
    days.map(|(day, spans)| format!("{day} {}", strings(Some(spans)).join(", ")).trim_end().to_owned()).collect()
}

fn deadline<'a>(settings: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let all = settings.get("deadlines").and_then(Value::as_array)?;
    all.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
}

/// Each day's spans, from keys such as `mon`, `mon-fri`, `sat,sun` and `daily`.
fn week(hours: Option<&Value>) -> [Vec<String>; 7] {
    let mut week: [Vec<String>; 7] = Default::default();
    for (days, spans) in hours.and_then(Value::as_object).into_iter().flatten() {
        for day in days_of(days) {
            week[day].extend(strings(Some(spans)));
        }
    }
    week
}

fn days_of(text: &str) -> Vec<usize> {
    let one = |name: &str| Weekday::ALL.iter().position(|day| day.as_str() == name.trim());
    let mut found = Vec::new();
    for piece in text.to_lowercase().split(',') {
        match piece.split_once('-') {
            Some((first, last)) => {
                if let (Some(first), Some(last)) = (one(first), one(last)) {
                    found.extend((0..=(last + 7 - first) % 7).map(|step| (first + step) % 7));
                }
            }
            None if piece.trim() == "daily" => found.extend(0..7),
            None => found.extend(one(piece)),
        }
    }
    found
}

/// Days that follow each other with the same hours under one key: `mon-fri`.
fn compact(week: &[Vec<String>; 7]) -> Map<String, Value> {
    let mut hours = Map::new();
    let mut day = 0;
    while day < 7 {
        let last = (day..7).take_while(|other| week[*other] == week[day]).last().unwrap_or(day);
        if !week[day].is_empty() {
            let name = |day: usize| Weekday::ALL[day].as_str();
            let key = if last == day { name(day).to_owned() } else { format!("{}-{}", name(day), name(last)) };
            hours.insert(key, json!(week[day]));
        }
        day = last + 1;
    }
    hours
}

/// `9:00-18:00` as `09:00-18:00`; none for what is no span. An end before the start runs past midnight.
fn span(text: &str) -> Option<String> {
    let minutes = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once([':', '：'])?;
        let digits = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour) || minute.len() != 2 || !digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
    };
    let (start, end) = text.split_once(['-', '–', '~'])?;
    let (start, end) = (minutes(start)?, minutes(end)?);
    let written = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    (start != end && start < 1_440).then(|| format!("{}-{}", written(start), written(end)))
}

/// Spans with commas between them.
fn spans(text: &str) -> Option<Vec<String>> {
    text.split([',', '，', '、']).map(str::trim).filter(|piece| !piece.is_empty()).map(span).collect()
}

fn date(text: &str) -> Option<Date> {
    // As the router reads them: four digits, two, two.
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// `2026-10-01`, `2026-10-01..2026-10-07`, `12-25`.
fn is_holiday(text: &str) -> bool {
    if let Some((first, last)) = text.split_once("..") {
        let (Some(first), Some(last)) = (date(first), date(last)) else { return false };
        return first <= last && first.until(last).is_ok_and(|span| span.get_days() <= 366);
    }
    // A leap year has all days that there are.
    date(text).is_some() || (text.len() == 5 && date(&format!("2028-{text}")).is_some())
}

/// The public holidays of a country in a year, as `2026-10-01`: those of the whole country.
fn holidays_of(country: &str, year: i16) -> Vec<String> {
    let Ok(country) = country.parse::<Country>() else { return Vec::new() };
    let begin = format!("{year}-");
    let holidays = country.holidays();
    let days = holidays.get_public().iter().map(|day| day.to_string());
    days.skip_while(|day| !day.starts_with(&begin)).take_while(|day| day.starts_with(&begin)).collect()
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let Some(name) = around.router.as_deref() else { return };
    let Some(plugin) = config.plugins.iter_mut().find(|plugin| plugin.name == name) else { return };
    let settings = &mut plugin.settings;
    let zone = fields.line("zone");
    if jiff::tz::TimeZoneDatabase::bundled().get(&zone).is_err() {
        read.say("zone", t.setup_no_zone());
    }
    if zone != "UTC" || settings.contains_key("time_zone") {
        settings.insert("time_zone".to_owned(), zone.into());
    }
    let mut typed: [Vec<String>; 7] = Default::default();
    for (at, day) in Weekday::ALL.iter().enumerate() {
        let field = format!("hours:{}", day.as_str());
        match spans(&fields.line(&field)) {
            Some(spans) => typed[at] = spans,
            None => read.say(field, t.setup_no_span()),
        }
    }
    if week(settings.get("hours")) != typed {
        set(settings, "hours", Value::Object(compact(&typed)));
    }
    let mut holidays = lines(fields, "holidays");
    if let Some(bad) = holidays.iter().find(|day| !is_holiday(day)) {
        read.say("holidays", t.setup_no_day(bad));
    }
    let year = fields.line("year").parse().unwrap_or(around.year);
    let country = fields.get("country");
    let known: BTreeSet<String> = holidays.iter().cloned().collect();
    let found = holidays_of(country, year);
    if !country.is_empty() && found.is_empty() {
        read.say("country", t.setup_no_holidays());
    }
    holidays.extend(found.into_iter().filter(|day| !known.contains(day)));
    if holidays.len() > HOLIDAYS_MAX {
        read.say("holidays", t.setup_too_many(HOLIDAYS_MAX));
    }
    if holidays != strings(settings.get("holidays")) {
        set(settings, "holidays", json!(holidays));
    }
    let mut days = Map::new();
    for line in lines(fields, "special") {
        let (day, rest) = line.split_once(' ').unwrap_or((&line, ""));
        // None of them runs past midnight.
        let within = |span: &String| span.split_once('-').is_some_and(|(start, end)| start < end);
        match spans(rest).filter(|spans| date(day).is_some() && spans.iter().all(within)) {
            Some(spans) => drop(days.insert(day.to_owned(), json!(spans))),
            None => read.say("special", t.setup_no_special(&line)),
        }
    }
    if settings.get("special_days").and_then(Value::as_object).cloned().unwrap_or_default() != days {
        set(settings, "special_days", Value::Object(days));
    }
    read_deadlines(fields, settings, t, read);
}

fn read_deadlines(fields: &Fields, settings: &mut Map<String, Value>, t: Lang, read: &mut Read) {
    let within = |minutes: i64, most: i64| (1..=most).contains(&minutes);
    let respond: Option<i64> = number_or_none(fields, "respond", t, read);
    if respond.is_some_and(|minutes| !within(minutes, MINUTES_MAX)) {
        read.say("respond", t.setup_range(1, MINUTES_MAX));
    }
    let mut default = settings.get("default").and_then(Value::as_object).cloned().unwrap_or_default();
    match respond {
        Some(minutes) => drop(default.insert("respond_within_minutes".to_owned(), minutes.into())),
        None => drop(default.shift_remove("respond_within_minutes")),
    }
    set(settings, "default", Value::Object(default));
    let mut deadlines = settings.get("deadlines").and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, domains) in MARKETPLACES {
        let field = format!("market:{name}");
        let hours: Option<i64> = number_or_none(fields, &field, t, read);
        if hours.is_some_and(|hours| !within(hours, HOURS_MAX)) {
            read.say(field, t.setup_range(1, HOURS_MAX));
            continue;
        }
        let at = deadlines.iter().position(|entry| entry.get("name").and_then(Value::as_str) == Some(name));
        match (hours, at) {
            (None, Some(at)) => drop(deadlines.remove(at)),
            (None, None) => {}
            (Some(hours), Some(at)) => {
                let shown =
                    deadlines[at].get("within_minutes").and_then(Value::as_i64).map(|minutes| (minutes + 59) / 60);
                // Minutes that a person wrote by hand stay, where the hours shown for them stay.
                if shown != Some(hours) {
                    deadlines[at]["within_minutes"] = (hours * 60).into();
                }
            }
            (Some(hours), None) => {
                deadlines.push(json!({ "name": name, "domains": domains, "within_minutes": hours * 60 }));
            }
        }
    }
    set(settings, "deadlines", Value::Array(deadlines));
}

/// Sets a value; what is empty and was not there stays away.
fn set(settings: &mut Map<String, Value>, key: &str, value: Value) {
    let is_empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if is_empty {
        settings.shift_remove(key);
    } else {
        settings.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_week_is_written_as_short_as_it_can_be_and_read_again() {
        let hours = json!({ "mon-fri": ["09:00-12:00", "13:30-18:00"], "sat": ["10:00-16:00"] });
        let days = week(Some(&hours));
        assert_eq!(days[4], ["09:00-12:00", "13:30-18:00"]);
        assert!(days[6].is_empty());
        assert_eq!(Value::Object(compact(&days)), hours);
        assert_eq!(
            week(Some(&json!({ "daily": ["00:00-24:00"] }))),
            std::array::from_fn(|_| vec!["00:00-24:00".to_owned()])
        );
        assert_eq!(days_of("fri-mon"), [4, 5, 6, 0]);
    }

    #[test]
    fn spans_are_what_the_router_takes() {
        assert_eq!(spans("9:00-12:00， 13:30–18:00").unwrap(), ["09:00-12:00", "13:30-18:00"]);
        assert_eq!(spans("22:00-06:00").unwrap(), ["22:00-06:00"]);
        assert_eq!(spans(" ").unwrap(), [""; 0]);
        for bad in
            ["9-18", "09:00", "24:00-25:00", "09:00-09:00", "24:00-06:00", "09:60-10:00", "-1:00-02:00", "九点-十点"]
        {
            assert_eq!(spans(bad), None, "{bad}");
        }
    }

    #[test]
    fn holidays_are_days_that_there_are() {
        for good in ["2026-10-01", "2026-10-01..2026-10-07", "12-25", "02-29"] {
            assert!(is_holiday(good), "{good}");
        }
        for bad in ["2026-02-30", "2026-10-07..2026-10-01", "02-30", "1 Oct", "", "2026-1-1", "2026-01-01..2028-01-01"]
        {
            assert!(!is_holiday(bad), "{bad}");
        }
    }

    #[test]
    fn public_holidays_are_known_by_country() {
        assert!(holidays_of("DE", 2026).contains(&"2026-10-03".to_owned()));
        assert!(holidays_of("CN", 2026).contains(&"2026-02-17".to_owned()));
        assert!(holidays_of("US", 2026).iter().all(|day| day.starts_with("2026-") && is_holiday(day)));
        assert!(holidays_of("XX", 2026).is_empty() && holidays_of("DE", 1900).is_empty());
    }
}
