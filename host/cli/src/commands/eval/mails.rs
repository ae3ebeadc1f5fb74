//! Labelled mails: JSON lines.

use crate::failure::{Failure, Result};
use crate::setup::{Problem, source::read_text};
use posthouse_model::Timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is right about a mail; none of what nobody said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gold {
    /// Categories, each of them right.
    pub category: Option<Vec<String>>,
    pub urgency: Option<Vec<String>>,
    pub sentiment: Option<Vec<String>>,
    pub language: Option<Vec<String>>,
    /// By kind, in one spelling each.
    pub entities: Option<BTreeMap<Kind, BTreeSet<String>>>,
    pub must_not_auto_send: Option<bool>,
    pub missing_info: Option<BTreeSet<String>>,
    /// The new text, without what was quoted.
    pub reply_text: Option<String>,
}

/// A kind of number in a mail, as the file calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    OrderNo,
    TrackingNo,
    Sku,
    Amount,
    Date,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::OrderNo, Self::TrackingNo, Self::Sku, Self::Amount, Self::Date];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrderNo => "order_no",
            Self::TrackingNo => "tracking_no",
            Self::Sku => "sku",
            Self::Amount => "amount",
            Self::Date => "date",
        }
    }
}

/// A mail and what is right about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    pub id: String,
    pub from: String,
    pub subject: String,
    pub body: String,
    /// When it was sent; none: now. "Yesterday" and "3 March" are read from there.
    pub sent_at: Option<Timestamp>,
    pub gold: Gold,
}

const BYTES_MAX: u64 = 256 * 1024 * 1024;

pub(crate) fn read(path: &Path) -> Result<Vec<Case>> {
    let text = read_text(path, BYTES_MAX)?;
    parse(path, &text).map_err(Failure::from)
}

pub(crate) fn parse(path: &Path, text: &str) -> std::result::Result<Vec<Case>, Problem> {
    let problem = |line: usize, what: String, mend: &str| Problem::file(path, what, mend).at_line(line);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cases = Vec::new();
    let mut ids = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let value: Value = serde_json::from_str(line).map_err(|error| {
            let what = format!("this is no JSON: {}", error.to_string().replace("at line 1 column", "at column"));
            problem(number, what, "write one mail a line, as one JSON object")
        })?;
        let Value::Object(object) = value else {
            let mend = "write one mail a line: {\"id\": …, \"subject\": …, \"body\": …}";
            return Err(problem(number, "this is no JSON object".to_owned(), mend));
        };
        let case = case(&object).map_err(|(what, mend)| problem(number, what, mend))?;
        if let Some(before) = ids.insert(case.id.clone(), number) {
            let what = format!("the id `{}` is that of line {before} already", case.id);
            return Err(problem(number, what, "give every mail an id of its own"));
        }
        cases.push(case);
    }
    if cases.is_empty() {
        return Err(problem(1, "there is no mail in it".to_owned(), "write one mail a line, as one JSON object"));
    }
    Ok(cases)
}

type Wrong = (String, &'static str);

fn case(object: &Map<String, Value>) -> std::result::Result<Case, Wrong> {
    let id = match object.get("id") {
        Some(Value::String(id)) if !id.trim().is_empty() => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => return Err(("`id` is no text".to_owned(), "write \"id\": \"m1\"")),
        None => {
            return Err(("there is no `id`".to_owned(), "give every mail an id: the report names those it got wrong"));
        }
    };
    if object.get("body").is_none() && object.get("subject").is_none() {
        return Err(("there is neither `subject` nor `body`".to_owned(), "say at least one of them"));
    }
    let text = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err((format!("`{key}` is no text"), "write it in quotation marks")),
    };
    let sent_at = match text("date")? {
        date if date.trim().is_empty() => None,
        date => Some(moment(date.trim()).ok_or_else(|| {
            (
                format!("`date` is `{date}`: no time"),
                "write 2026-03-12, 2026-03-12T09:30:00Z, or as a mail's Date line does",
            )
        })?),
    };
    Ok(Case { id, from: text("from")?, subject: text("subject")?, body: text("body")?, sent_at, gold: gold(object)? })
}

/// A time as RFC 3339 or RFC 5322 writes it; a day alone is its noon in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let at = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
        .or_else(|| {
            let noon = text.parse::<jiff::civil::Date>().ok()?.at(12, 0, 0, 0);
            noon.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })?;
    Some(Timestamp(at.as_microsecond()))
}

fn gold(object: &Map<String, Value>) -> std::result::Result<Gold, Wrong> {
    let accepted = |key: &str| -> std::result::Result<Option<Vec<String>>, Wrong> {
        match object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Ok(Some(texts(key, value)?).filter(|list: &Vec<String>| !list.is_empty())),
        }
    };
    let entities = match object.get("entities") {
        None | Some(Value::Null) => None,
        Some(Value::Object(kinds)) => Some(entities(kinds)?),
        Some(_) => return Err(("`entities` is no object".to_owned(), "write {\"order_no\": [\"1042\"], …}")),
    };
    Ok(Gold {
        category: accepted("category")?,
        urgency: accepted("urgency")?,
        sentiment: accepted("sentiment")?,
        language: accepted("language")?,
        entities,
        must_not_auto_send: match object.get("must_not_auto_send") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(value)) => Some(*value),
            Some(_) => {
                return Err(("`must_not_auto_send` is neither true nor false".to_owned(), "write true or false"));
            }
        },
        missing_info: match object.get("missing_info") {
            None | Some(Value::Null) => None,
            Some(value) => Some(texts("missing_info", value)?.iter().map(|key| missing(key)).collect()),
        },
        reply_text: match object.get("reply_text") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(("`reply_text` is no text".to_owned(), "write it in quotation marks")),
        },
    })
}

fn texts(key: &str, value: &Value) -> std::result::Result<Vec<String>, Wrong> {
    let wrong = || (format!("`{key}` is neither a text nor a list of texts"), "write [\"one\", \"another\"]");
    match value {
        Value::String(text) => Ok(vec![text.trim().to_owned()]),
        Value::Array(list) => {
            list.iter().map(|item| item.as_str().map(|text| text.trim().to_owned()).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

fn entities(kinds: &Map<String, Value>) -> std::result::Result<BTreeMap<Kind, BTreeSet<String>>, Wrong> {
    let mut all: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for (name, values) in kinds {
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
            return Err((
                format!("`entities` has no kind `{name}`"),
                "the kinds are order_no, tracking_no, sku, amount, date",
            ));
        };
        if values.is_null() {
            continue;
        }
        for value in texts(name, values)? {
            let same = spelling(kind, &value).ok_or_else(|| match kind {
                Kind::Amount => (format!("`{value}` is no amount"), "write the currency and the number: USD 49.90"),
                _ => (format!("`{value}` is no date"), "write it as 2026-03-01"),
            })?;
            all.entry(kind).or_default().insert(same);
        }
    }
    Ok(all)
}

/// One spelling for all ways to write the same; none for what is no such thing.
pub(crate) fn spelling(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::OrderNo | Kind::Sku => {
            let value = value.trim().trim_start_matches(['#', '№']);
            Some(value.split_whitespace().collect::<String>().to_uppercase())
        }
        Kind::TrackingNo => Some(value.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase()),
        Kind::Amount => {
            let mut parts = value.split_whitespace();
            let (one, other) = (parts.next()?, parts.next()?);
            let (currency, number) =
                if one.starts_with(|c: char| c.is_ascii_alphabetic()) { (one, other) } else { (other, one) };
            let plain = number.strip_prefix('-').unwrap_or(number);
            let sound = plain.chars().all(|c| c.is_ascii_digit() || c == '.') && plain.matches('.').count() <= 1;
            if currency.len() != 3 || !sound || plain.is_empty() || parts.next().is_some() {
                return None;
            }
            let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
            Some(format!("{} {number}", currency.to_uppercase()))
        }
        Kind::Date => {
            let mut parts = value.trim().split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let number = |text: &str| text.parse::<u32>().ok();
            let sound = parts.next().is_none() && year.len() == 4;
            sound.then_some(())?;
            Some(format!("{:04}-{:02}-{:02}", number(year)?, number(month)?, number(day)?))
        }
    }
}

/// The house's name of something that is missing.
pub(crate) fn missing(key: &str) -> String {
    let key = key.trim().to_lowercase().replace(['_', ' '], "-");
    match key.as_str() {
        "order-no" | "order-id" | "order" => "order-number".to_owned(),
        "tracking-no" => "tracking-number".to_owned(),
        "photos" | "picture" | "image" => "photo".to_owned(),
        "address" => "new-address".to_owned(),
        "reason" => "return-reason".to_owned(),
        "email" => "account-email".to_owned(),
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error(text: &str) -> String {
        parse(Path::new("m.jsonl"), text).unwrap_err().to_string()
    }

    #[test]
    fn a_mail_is_read_with_all_that_is_right_about_it() {
        let line = r##"{"id":"a","from":"x@y.example","subject":"S","body":"B","language":"de","category":["refund","return"],
            "urgency":["high"],"sentiment":"angry","entities":{"order_no":["#1042"],"amount":["usd 49.90"],"date":["2026-3-1"],"sku":[]},
            "must_not_auto_send":true,"missing_info":["order_no"],"reply_text":"B","more":1}"##
            .replace('\n', " ");
        let cases = parse(Path::new("m"), &format!("\u{feff}{line}\n\n{{\"id\":7,\"body\":\"x\"}}\n")).unwrap();
        let gold = &cases[0].gold;
        assert_eq!(gold.category.as_ref().unwrap().join("|"), "refund|return");
        assert_eq!(gold.sentiment, Some(vec!["angry".to_owned()]));
        let entities = gold.entities.as_ref().unwrap();
        let one = |kind| entities[&kind].iter().next().unwrap().as_str();
        let sent = |text: &str| moment(text).map(|at| at.to_rfc3339());
        assert_eq!(sent("2026-03-12").as_deref(), Some("2026-03-12T12:00:00Z"));
        assert_eq!(sent("Thu, 12 Mar 2026 10:00:00 +0100"), sent("2026-03-12T09:00:00Z"));
        assert_eq!(sent("soon"), None);
        assert_eq!((one(Kind::OrderNo), one(Kind::Amount), one(Kind::Date)), ("1042", "USD 49.9", "2026-03-01"));
        assert!(gold.missing_info.as_ref().unwrap().contains("order-number"));
        assert_eq!((cases[1].id.as_str(), &cases[1].gold), ("7", &Gold::default()));
    }

    #[test]
    fn what_is_wrong_says_on_which_line() {
        let good = "{\"id\":\"a\",\"body\":\"x\"}\n";
        for (line, said) in [
            ("{\"id\":", "m.jsonl:2: this is no JSON"),
            ("[1]", "m.jsonl:2: this is no JSON object"),
            ("{\"body\":\"x\"}", "m.jsonl:2: there is no `id`"),
            ("{\"id\":\"a\",\"body\":\"x\"}", "m.jsonl:2: the id `a` is that of line 1 already"),
            ("{\"id\":\"b\"}", "m.jsonl:2: there is neither `subject` nor `body`"),
            ("{\"id\":\"b\",\"body\":3}", "m.jsonl:2: `body` is no text"),
            ("{\"id\":\"b\",\"body\":\"\",\"category\":{}}", "m.jsonl:2: `category` is neither a text nor"),
            ("{\"id\":\"b\",\"body\":\"\",\"entities\":{\"iban\":[]}}", "m.jsonl:2: `entities` has no kind `iban`"),
            ("{\"id\":\"b\",\"body\":\"\",\"entities\":{\"amount\":[\"49\"]}}", "m.jsonl:2: `49` is no amount"),
            ("{\"id\":\"b\",\"body\":\"\",\"entities\":{\"date\":[\"May\"]}}", "m.jsonl:2: `May` is no date"),
            ("{\"id\":\"b\",\"body\":\"\",\"must_not_auto_send\":1}", "m.jsonl:2: `must_not_auto_send` is neither"),
        ] {
            assert!(error(&format!("{good}{line}\n")).starts_with(said), "{}", error(&format!("{good}{line}\n")));
        }
        assert!(error("\n").starts_with("m.jsonl:1: there is no mail in it"));
    }

    #[test]
    fn amounts_have_one_spelling() {
        for (written, same) in
            [("USD 49.90", "USD 49.9"), ("49.9 usd", "USD 49.9"), ("JPY 6800", "JPY 6800"), ("EUR 10.00", "EUR 10")]
        {
            assert_eq!(spelling(Kind::Amount, written).as_deref(), Some(same));
        }
        assert_eq!(spelling(Kind::Amount, "EUR ten"), None);
        assert_eq!(spelling(Kind::TrackingNo, "1z 999 aa"), Some("1Z999AA".to_owned()));
    }
}
