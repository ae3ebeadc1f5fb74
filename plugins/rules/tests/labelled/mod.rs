//! Labelled mails (JSONL, one a line) and how well they are read. Used by the tests, by `--example eval`, and by the trained
//! model's `--example try`.
#![allow(dead_code, unreachable_pub, reason = "the test and the example each use a part")]

use posthouse_rules::{Engine, Findings, Mail, Mood, Urgency, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The day mails were sent that do not say when, 2026-03-12 at noon: "yesterday" is the 11th.
pub const SENT_AT: i64 = 1_773_316_800;

/// One mail with what a careful reader finds in it.
#[derive(Deserialize, Debug)]
pub struct Labelled {
    pub id: String,
    pub subject: String,
    pub body: String,
    /// The day it was sent, `2026-03-12`.
    #[serde(default)]
    pub date: String,
    /// BCP 47; `zh` is simplified, `zh-Hant` traditional.
    pub language: String,
    /// Any of these is right; `spam` too.
    pub category: Vec<String>,
    #[serde(default)]
    pub urgency: Vec<String>,
    #[serde(default)]
    pub sentiment: Vec<String>,
    #[serde(default)]
    pub entities: Entities,
}

impl Labelled {
    /// As it is read.
    pub fn mail(&self) -> Mail<'_> {
        Mail {
            subject: &self.subject,
            body: &self.body,
            sent_at: noon_of(&self.date).unwrap_or(SENT_AT),
            ..Mail::default()
        }
    }

    /// Nobody should have to read it.
    pub fn is_spam(&self) -> bool {
        self.category.iter().any(|name| name == "spam")
    }
}

/// Seconds since 1970 at noon of a day (the proleptic Gregorian calendar, years counted from March).
fn noon_of(day: &str) -> Option<i64> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Some(days * 86_400 + 43_200)
}

/// What is done about a mail that may be unwanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treated {
    /// Marked as spam: nobody sees it who does not look there.
    Marked,
    /// A ticket that no model is asked about.
    Suspected,
    /// Mail like any other.
    Mail,
}

/// How mails are treated: of spam and of other mail how many are marked, suspected, and neither.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwanted {
    pub spam: [usize; 3],
    pub other: [usize; 3],
}

impl Unwanted {
    pub fn of(mails: &[Labelled], treat: &mut dyn FnMut(&Labelled) -> Treated) -> Self {
        let mut counts = Self::default();
        for mail in mails {
            let row = if mail.is_spam() { &mut counts.spam } else { &mut counts.other };
            row[treat(mail) as usize] += 1;
        }
        counts
    }

    /// Of a hundred spam mails so many cost no model's call.
    pub fn kept_from_models(&self) -> f64 {
        let all: usize = self.spam.iter().sum();
        100.0 * (self.spam[0] + self.spam[1]) as f64 / all.max(1) as f64
    }
}

/// All numbers of a mail that mean something, and no others.
#[derive(Deserialize, Debug, Default)]
pub struct Entities {
    pub order_no: Vec<String>,
    pub tracking_no: Vec<String>,
    pub sku: Vec<String>,
    /// `USD 49.90`
    pub amount: Vec<String>,
    /// `2026-03-01`
    pub date: Vec<String>,
}

/// How many were found rightly, too many, and not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub right: usize,
    pub extra: usize,
    pub missed: usize,
}

impl Found {
    /// Harmonic mean of precision and recall, in per cent; 100 where nothing was to be found.
    pub fn f1(self) -> f64 {
        let all = 2 * self.right + self.extra + self.missed;
        if all == 0 { 100.0 } else { 200.0 * self.right as f64 / all as f64 }
    }

    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.extra += other.extra;
        self.missed += other.missed;
    }
}

/// Counts over some mails.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub mails: usize,
    pub category: usize,
    pub language: usize,
    pub urgency: usize,
    pub sentiment: usize,
    /// By kind: `order_no` …
    pub entities: BTreeMap<&'static str, Found>,
}

impl Counts {
    /// All kinds of entities together.
    pub fn all_entities(&self) -> Found {
        let mut all = Found::default();
        self.entities.values().for_each(|found| all.add(*found));
        all
    }

    pub fn percent(&self, right: usize) -> f64 {
        100.0 * right as f64 / self.mails.max(1) as f64
    }
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Report {
    pub all: Counts,
    pub languages: BTreeMap<String, Counts>,
    /// One line for each mistake.
    pub mistakes: Vec<String>,
}

/// Reads labelled mails; a line that is none names itself.
pub fn read(text: &str) -> Result<Vec<Labelled>, String> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1)))
        .collect()
}

/// Reads every mail with the rules and compares.
pub fn measure(engine: &Engine, mails: &[Labelled]) -> Report {
    measure_with(mails, &mut |mail| engine.read(mail))
}

/// Has every mail read and compares.
pub fn measure_with(mails: &[Labelled], reader: &mut dyn FnMut(&Mail<'_>) -> Findings) -> Report {
    let mut report = Report::default();
    for mail in mails {
        let found = reader(&mail.mail());
        let mut counts = Counts { mails: 1, ..Counts::default() };
        let mut wrong = Vec::new();
        let mut settle = |what: &str, said: &str, wanted: &[String]| {
            let right = wanted.iter().any(|wanted| wanted == said);
            if !right {
                wrong.push(format!("{what} {} taken for {said}", wanted.join("|")));
            }
            usize::from(right)
        };
        counts.category = settle("category", said_category(&found), &mail.category);
        let language = found.language.as_ref().map_or("none", |(tag, _)| tag.as_str());
        let language = if language == "zh-Hans" { "zh" } else { language };
        counts.language = settle("language", language, std::slice::from_ref(&mail.language));
        counts.urgency = settle("urgency", found.urgency.map_or("none", |(level, _)| urgency(level)), &mail.urgency);
        counts.sentiment = settle("sentiment", found.mood.map_or("none", |(mood, _)| sentiment(mood)), &mail.sentiment);
        for (kind, wanted) in wanted(&mail.entities) {
            let mut said: Vec<String> = found
                .entities
                .iter()
                .filter_map(|entity| shown(&entity.value))
                .filter(|(of, _)| *of == kind)
                .map(|(_, value)| value)
                .collect();
            let mut tally = Found::default();
            for value in &wanted {
                match said.iter().position(|one| one == value) {
                    Some(at) => {
                        said.remove(at);
                        tally.right += 1;
                    }
                    None => {
                        tally.missed += 1;
                        wrong.push(format!("{kind} {value} missed"));
                    }
                }
            }
            tally.extra = said.len();
            wrong.extend(said.iter().map(|value| format!("{kind} {value} is none")));
            counts.entities.insert(kind, tally);
        }
        if !wrong.is_empty() {
            let rules: Vec<String> = found.matches.iter().map(|m| format!("{}({})", m.rule, m.words)).collect();
            report.mistakes.push(format!("{}: {}\n    {}", mail.id, wrong.join("; "), rules.join(" ")));
        }
        join(&mut report.all, &counts);
        join(report.languages.entry(mail.language.clone()).or_default(), &counts);
    }
    report
}

fn join(all: &mut Counts, one: &Counts) {
    all.mails += one.mails;
    all.category += one.category;
    all.language += one.language;
    all.urgency += one.urgency;
    all.sentiment += one.sentiment;
    for (kind, found) in &one.entities {
        all.entities.entry(kind).or_default().add(*found);
    }
}

fn said_category(found: &Findings) -> &str {
    match (&found.spam, &found.category) {
        (Some(_), _) => "spam",
        (None, Some((name, _))) => name,
        (None, None) => "none",
    }
}

fn wanted(entities: &Entities) -> [(&'static str, Vec<String>); 5] {
    let plain = |list: &[String]| list.iter().map(|value| value.to_ascii_uppercase()).collect();
    [
        ("order_no", plain(&entities.order_no)),
        ("tracking_no", plain(&entities.tracking_no)),
        ("sku", plain(&entities.sku)),
        ("amount", entities.amount.iter().map(|value| amount(value)).collect()),
        ("date", plain(&entities.date)),
    ]
}

/// `EUR 49.9` and `EUR 49.90` are one.
fn amount(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, cents)) => {
            let cents = cents.trim_end_matches('0');
            if cents.is_empty() { whole.to_owned() } else { format!("{whole}.{cents}") }
        }
        None => text.to_owned(),
    }
}

fn shown(value: &Value) -> Option<(&'static str, String)> {
    Some(match value {
        Value::Order(number) => ("order_no", number.to_ascii_uppercase()),
        Value::Tracking { number, .. } => ("tracking_no", number.clone()),
        Value::Sku(number) => ("sku", number.to_ascii_uppercase()),
        Value::Amount { units, scale, currency } => {
            let digits = format!("{:0>width$}", units, width = usize::from(*scale) + 1);
            let (whole, cents) = digits.split_at(digits.len() - usize::from(*scale));
            let currency = std::str::from_utf8(currency).ok()?;
            let point = if cents.is_empty() { "" } else { "." };
            ("amount", amount(&format!("{currency} {whole}{point}{cents}")))
        }
        Value::Date(day) => ("date", format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)),
    })
}

fn urgency(level: Urgency) -> &'static str {
    match level {
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
        Urgency::Urgent => "urgent",
    }
}

fn sentiment(mood: Mood) -> &'static str {
    match mood {
        Mood::Positive => "positive",
        Mood::Neutral => "neutral",
        Mood::Negative => "negative",
        Mood::Angry => "angry",
    }
}
