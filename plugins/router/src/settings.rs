//! Settings of the router: working hours and rules.

use crate::hours::{Hours, Span, day_number};
use crate::weights::{WeightSettings, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;

const DEFAULT_RULES: &str = include_str!("../rules/default.json");

/// Everything a tenant can say.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// IANA name.
    pub time_zone: String,
    /// `"mon-fri": ["09:00-18:00"]`; empty: around the clock.
    pub hours: BTreeMap<String, Vec<String>>,
    /// `2026-10-01`, `2026-10-01..2026-10-07`, or `12-25` for every year.
    pub holidays: Vec<String>,
    /// Days with other hours than their weekday: `"2026-10-10": ["09:00-18:00"]`.
    pub special_days: BTreeMap<String, Vec<String>>,
    /// What holds where no rule said anything.
    pub default: Then,
    /// Answers that somebody else's clock waits for.
    pub deadlines: Vec<Deadline>,
    /// In order.
    pub rules: Vec<Rule>,
    /// What is added to the priority that rules find, and for what.
    pub weights: WeightSettings,
    /// Priority and response time by urgency and risk, before the tenant's own rules; and the bundled weights.
    pub use_default_rules: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            hours: BTreeMap::new(),
            holidays: Vec::new(),
            special_days: BTreeMap::new(),
            default: Then::default(),
            deadlines: Vec::new(),
            rules: Vec::new(),
            weights: WeightSettings::default(),
            use_default_rules: true,
        }
    }
}

/// An answer that somebody else's clock waits for: a marketplace's, which stops for no night, weekend or holiday.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Shown to people as the reason.
    pub name: String,
    /// What follows the @ of the customer's address: `example.com` holds for `shop.example.com` too, and a name that ends in a dot
    /// for whatever country follows: `marketplace.amazon.`.
    pub domains: Vec<String>,
    /// Minutes by the clock, 1 to 43,200 (30 days).
    pub within_minutes: u32,
}

/// Longest deadline by the clock.
pub const CLOCK_MINUTES_MAX: u32 = 43_200;

impl Deadline {
    /// Whether it holds for a customer.
    pub fn holds_for(&self, customer: &str) -> bool {
        domain_holds(&self.domains, customer)
    }
}

/// Whether a customer's address ends in one of these domains; one with a dot at its end holds for whatever country follows.
pub fn domain_holds(domains: &[String], customer: &str) -> bool {
    let Some((_, domain)) = customer.rsplit_once('@') else { return false };
    let domain = domain.to_lowercase();
    domains.iter().any(|known| {
        let known = known.to_lowercase();
        if let Some(begin) = known.strip_suffix('.') {
            // A country's ending, of one or two pieces: `de`, `co.uk`.
            let ending = domain.strip_prefix(begin).and_then(|rest| rest.strip_prefix('.'));
            ending.is_some_and(|ending| {
                ending.split('.').count() <= 2 && ending.split('.').all(|piece| (2..=3).contains(&piece.len()))
            })
        } else {
            domain == known || domain.strip_suffix(&known).is_some_and(|rest| rest.ends_with('.'))
        }
    })
}

/// When something holds, say something.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Shown to people as the reason.
    pub name: String,
    /// Everything given must hold.
    #[serde(default)]
    pub when: When,
    /// What it says.
    #[serde(default)]
    pub then: Then,
    /// No rule after this one is asked.
    #[serde(default)]
    pub stop: bool,
    /// One of ours, not the tenant's.
    #[serde(skip)]
    pub bundled: bool,
}

/// Conditions. A list holds when any of its names does; `none` stands for "not known", `*` for "any".
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Names of categories.
    pub category: Vec<String>,
    /// low, medium, high, urgent
    pub urgency: Vec<String>,
    /// positive, neutral, negative, angry
    pub sentiment: Vec<String>,
    /// BCP 47; `zh` holds for `zh-Hans` too.
    pub language: Vec<String>,
    /// Any of these.
    pub tags: Vec<String>,
    /// Any of these.
    pub risks: Vec<String>,
    /// Any of these is missing.
    pub missing: Vec<String>,
    /// What follows the @ of the customer's address; `example.com` holds for `shop.example.com` too.
    pub customer_domain: Vec<String>,
    /// Any of these words, without regard to case.
    pub subject_contains: Vec<String>,
    /// True: the mail came outside working hours.
    pub outside_hours: Option<bool>,
    /// Orders known of this customer.
    pub orders_at_least: Option<usize>,
    /// Messages in the thread, ours and theirs.
    pub messages_at_least: Option<u32>,
    /// True: the sender is a VIP, as `weights.vip` knows them; false: is none.
    pub vip: Option<bool>,
    /// Other tickets that the customer opened in the 30 days before this one.
    pub earlier_tickets_at_least: Option<u32>,
    /// What the customer's known orders are worth together, in whole units of any of these currencies: `{ "EUR": 200 }`.
    pub order_value_at_least: BTreeMap<String, u32>,
    /// The newest known order was placed at least so many days ago.
    pub order_age_days_at_least: Option<u32>,
    /// The newest known order was placed at most so many days ago.
    pub order_age_days_at_most: Option<u32>,
    /// The clock of `time_zone` is within one of these spans: `22:00-06:00`.
    pub local_time: Vec<String>,
    /// One of our own addresses that the mail was written to.
    pub written_to: Vec<String>,
}

/// What a rule says.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct Then {
    /// Of the tenant.
    pub queue: Option<String>,
    /// 0 to 100.
    pub priority: Option<u8>,
    /// Added after all rules were asked.
    pub add_priority: i16,
    /// Working minutes until the customer must have an answer.
    pub respond_within_minutes: Option<u32>,
    /// Of the tenant.
    pub notifiers: Vec<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// What the agent must know who gets it; becomes the tags `skill/NAME`, by which the host chooses among its crew.
    pub skills: Vec<String>,
}

impl Settings {
    /// Weights, checked and complete.
    pub fn all_weights(&self) -> Result<Weights, String> {
        self.weights.complete(self.use_default_rules)
    }

    /// Our rules, where wanted, then the tenant's.
    pub fn all_rules(&self) -> Result<Vec<Rule>, String> {
        let mut rules = Vec::new();
        if self.use_default_rules {
            let bundled: Vec<Rule> =
                serde_json::from_str(DEFAULT_RULES).map_err(|error| format!("bundled rules: {error}"))?;
            rules.extend(bundled.into_iter().map(|rule| Rule { bundled: true, ..rule }));
        }
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.name.trim().is_empty() {
                return Err(format!("settings, `rules[{at}].name`: a rule needs a name: people see it as the reason"));
            }
            check_names(at, "urgency", &rule.when.urgency, &["low", "medium", "high", "urgent", "none"])?;
            check_names(at, "sentiment", &rule.when.sentiment, &["positive", "neutral", "negative", "angry", "none"])?;
            if rule.then.priority.is_some_and(|priority| priority > 100) {
                return Err(format!("settings, `rules[{at}].then.priority`: at most 100"));
            }
            for text in &rule.when.local_time {
                if span(text).is_none() {
                    return Err(bad_span(&format!("rules[{at}].when"), "local_time", text));
                }
            }
            let good = |skill: &String| {
                !skill.is_empty() && !skill.contains(char::is_whitespace) && *skill == skill.to_lowercase()
            };
            if let Some(skill) = rule.then.skills.iter().find(|skill| !good(skill)) {
                return Err(format!(
                    "settings, `rules[{at}].then.skills`: `{skill}`: write it in lower case and without spaces"
                ));
            }
            rules.push(rule.clone());
        }
        Ok(rules)
    }

    /// Deadlines by the clock, checked.
    pub fn clock_deadlines(&self) -> Result<Vec<Deadline>, String> {
        for (at, deadline) in self.deadlines.iter().enumerate() {
            if deadline.name.trim().is_empty() {
                return Err(format!(
                    "settings, `deadlines[{at}].name`: a deadline needs a name: people see it as the reason"
                ));
            }
            if deadline.domains.is_empty() || deadline.domains.iter().any(|domain| domain.trim_matches('.').is_empty())
            {
                return Err(format!(
                    "settings, `deadlines[{at}].domains`: name what follows the @ of the customers' addresses"
                ));
            }
            if !(1..=CLOCK_MINUTES_MAX).contains(&deadline.within_minutes) {
                return Err(format!("settings, `deadlines[{at}].within_minutes`: use 1 to {CLOCK_MINUTES_MAX}"));
            }
        }
        Ok(self.deadlines.clone())
    }

    /// Working hours, checked.
    pub fn working_hours(&self) -> Result<Hours, String> {
        let mut hours = Hours::default();
        for (days, spans) in &self.hours {
            let weekdays = weekdays(days)?;
            for text in spans {
                let (start, end) = span(text).ok_or_else(|| bad_span("hours", days, text))?;
                for &weekday in &weekdays {
                    hours.add(weekday, start, end);
                }
            }
        }
        for text in &self.holidays {
            let bad = || {
                format!(
                    "settings, `holidays`: `{text}` is not a day; write 2026-10-01, 2026-10-01..2026-10-07, or 12-25 for every year"
                )
            };
            if let Some((first, last)) = text.split_once("..") {
                let (first, last) = (date(first).ok_or_else(bad)?, date(last).ok_or_else(bad)?);
                if last < first || last - first > 366 {
                    return Err(bad());
                }
                hours.closed_days.extend(first..=last);
            } else if let Some(day) = date(text) {
                hours.closed_days.insert(day);
            } else {
                hours.closed_each_year.insert(month_and_day(text).ok_or_else(bad)?);
            }
        }
        for (day, spans) in &self.special_days {
            let number =
                date(day).ok_or_else(|| format!("settings, `special_days`: `{day}` is not a day; write 2026-10-10"))?;
            let spans: Result<Vec<Span>, String> = spans
                .iter()
                .map(|text| {
                    span(text).filter(|(start, end)| start < end).ok_or_else(|| bad_span("special_days", day, text))
                })
                .collect();
            let mut spans = spans?;
            spans.sort_unstable();
            hours.special_days.insert(number, spans);
        }
        hours.settle();
        Ok(hours)
    }
}

fn check_names(at: usize, key: &str, names: &[String], known: &[&str]) -> Result<(), String> {
    match names.iter().find(|name| *name != "*" && !known.contains(&name.as_str())) {
        Some(name) => Err(format!("settings, `rules[{at}].when.{key}`: `{name}` is not one of {}", known.join(", "))),
        None => Ok(()),
    }
}

fn bad_span(key: &str, day: &str, text: &str) -> String {
    format!("settings, `{key}.{day}`: `{text}` is not a time span; write 09:00-18:00")
}

/// `mon`, `mon-fri`, `sat,sun`, `daily`: weekdays from 0 (Monday).
fn weekdays(text: &str) -> Result<Vec<usize>, String> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let bad = || format!("settings, `hours`: `{text}` is not a weekday; write mon, mon-fri, sat,sun or daily");
    let one = |name: &str| NAMES.iter().position(|known| *known == name.trim()).ok_or_else(bad);
    let mut days = Vec::new();
    for piece in text.to_lowercase().split(',') {
        if piece.trim() == "daily" {
            days.extend(0..7);
        } else if let Some((first, last)) = piece.split_once('-') {
            let (first, last) = (one(first)?, one(last)?);
            let count = (last + 7 - first) % 7;
            days.extend((0..=count).map(|step| (first + step) % 7));
        } else {
            days.push(one(piece)?);
        }
    }
    Ok(days)
}

/// `09:00-18:00` in minutes of the day; an end before the start runs past midnight.
pub fn span(text: &str) -> Option<Span> {
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
    };
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minute(start)?, minute(end)?);
    (start != end && start < 1440).then_some((start, end))
}

fn date(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, '-');
    let year: i32 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let (month, day): (u8, u8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    valid(month, day).then(|| day_number(year, month, day))
}

fn month_and_day(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.trim().split_once('-')?;
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    valid(month, day).then_some((month, day))
}

fn valid(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn parsed(text: &str) -> Result<Settings, String> {
        posthouse_sdk::settings::parse(text)
    }

    #[test]
    fn bundled_rules_parse_and_stand_first() {
        let rules = parsed(r#"{"rules":[{"name":"mine"}]}"#).unwrap().all_rules().unwrap();
        assert!(rules[0].bundled && !rules.last().unwrap().bundled);
    }

    #[test]
    fn a_marketplace_is_known_by_its_relay() {
        let deadline = |domains: &str| {
            let text = format!(r#"{{"deadlines":[{{"name":"m","domains":{domains},"within_minutes":1440}}]}}"#);
            parsed(&text).unwrap().clock_deadlines().unwrap().remove(0)
        };
        let amazon = deadline(r#"["marketplace.amazon."]"#);
        for customer in ["a@marketplace.amazon.com", "A@Marketplace.Amazon.co.uk", "x@marketplace.amazon.de"] {
            assert!(amazon.holds_for(customer), "{customer}");
        }
        for stranger in [
            "a@marketplace.amazon.",
            "a@marketplace.amazon",
            "a@notmarketplace.amazon.com",
            "a@marketplace.amazon.evil.example",
            "a@marketplace.amazon.com.evil.example",
            "marketplace.amazon.com",
        ] {
            assert!(!amazon.holds_for(stranger), "{stranger}");
        }
        let shop = deadline(r#"["shop.example"]"#);
        assert!(shop.holds_for("a@shop.example") && shop.holds_for("a@eu.shop.example"));
        assert!(!shop.holds_for("a@workshop.example"));
    }

    #[test]
    fn deadlines_have_their_bounds() {
        let with = |minutes: u32, domains: &str, name: &str| {
            let text =
                format!(r#"{{"deadlines":[{{"name":"{name}","domains":{domains},"within_minutes":{minutes}}}]}}"#);
            parsed(&text).unwrap().clock_deadlines().map(|_| ())
        };
        assert_eq!(with(1, r#"["a.example"]"#, "m"), Ok(()));
        assert_eq!(with(43_200, r#"["a.example"]"#, "m"), Ok(()));
        for (minutes, domains, name, words) in [
            (0, r#"["a.example"]"#, "m", "`deadlines[0].within_minutes`"),
            (43_201, r#"["a.example"]"#, "m", "use 1 to 43200"),
            (1, "[]", "m", "`deadlines[0].domains`"),
            (1, r#"["."]"#, "m", "`deadlines[0].domains`"),
            (1, r#"["a.example"]"#, " ", "`deadlines[0].name`"),
        ] {
            assert!(with(minutes, domains, name).unwrap_err().contains(words), "{words}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let hours = |text: &str| parsed(text).unwrap().working_hours().unwrap_err();
        assert!(hours(r#"{"hours":{"monday":["09:00-18:00"]}}"#).contains("`monday` is not a weekday"));
        assert!(hours(r#"{"hours":{"mon":["9-18"]}}"#).contains("`9-18` is not a time span"));
        assert!(hours(r#"{"holidays":["1 Oct"]}"#).contains("`1 Oct` is not a day"));
        let rules = parsed(r#"{"rules":[{"name":"x","when":{"urgency":["hi"]}}]}"#).unwrap().all_rules().unwrap_err();
        assert!(rules.contains("`rules[0].when.urgency`: `hi` is not one of"), "{rules}");
        assert!(parsed(r#"{"rules":[{"name":"x","when":{"categori":["a"]}}]}"#).unwrap_err().contains("categori"));
    }
}
