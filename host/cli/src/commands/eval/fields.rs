//! Field by field: what was right, what was answered, how good that is.

use super::mails::{Case, Kind, spelling};
use super::score::{Score, score};
use super::{NONE, label};
use posthouse_model::template::changed_words;
use posthouse_model::triage::{EntityValue, Triage};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One field of the data, measured.
#[derive(Debug)]
pub(crate) struct Field {
    /// As the file calls it.
    pub name: &'static str,
    pub measure: Measure,
    /// What went wrong, in the order of the file.
    pub wrong: Vec<Wrong>,
}

/// How a field is measured.
#[derive(Debug)]
pub(crate) enum Measure {
    /// One value of several.
    Choice(Score),
    /// Things found and not found; the same by kind, where there are kinds.
    Found(Counts, BTreeMap<&'static str, Counts>),
    /// Replies that went out, each as a draft and as it was sent.
    Drafts(Drafts),
}

/// What became of drafts.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq)]
pub(crate) struct Drafts {
    /// Replies that began as a plugin's draft and went out.
    pub sent: usize,
    /// Of them, those that nobody changed.
    pub unedited: usize,
    /// Mean share of words that was kept, from 0 to 1.
    pub kept: f64,
}

/// Things found.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq)]
pub(crate) struct Counts {
    pub right: usize,
    pub missed: usize,
    pub wrong: usize,
}

impl Counts {
    /// Of what was answered, how much is right; all of nothing is.
    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of what is there, how much was found.
    pub(crate) fn recall(self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub(crate) fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.missed + self.wrong)
    }

    fn add(&mut self, gold: &BTreeSet<String>, said: &BTreeSet<String>) {
        self.right += gold.intersection(said).count();
        self.missed += gold.difference(said).count();
        self.wrong += said.difference(gold).count();
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// A mail that went wrong in one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub id: String,
    pub right: String,
    pub answered: String,
    /// How sure the classifier was, where it says so.
    pub confidence: Option<f32>,
    /// Subject and beginning of the mail.
    pub text: String,
}

/// Measures every field that any mail says something of.
pub(crate) fn measure(cases: &[Case], answers: &[Result<Triage, String>]) -> Vec<Field> {
    let said: Vec<(&Case, Option<&Triage>)> =
        cases.iter().zip(answers).map(|(case, answer)| (case, answer.as_ref().ok())).collect();
    let fields = [
        choice(
            "category",
            &said,
            |case| case.gold.category.clone(),
            |triage| (label(triage), triage.category.as_ref().map(|scored| scored.confidence)),
        ),
        choice(
            "urgency",
            &said,
            |case| case.gold.urgency.clone(),
            |triage| {
                scored(triage.urgency.as_ref().map(|scored| (scored.value.as_str().to_owned(), scored.confidence)))
            },
        ),
        choice(
            "sentiment",
            &said,
            |case| case.gold.sentiment.clone(),
            |triage| {
                scored(triage.sentiment.as_ref().map(|scored| (scored.value.as_str().to_owned(), scored.confidence)))
            },
        ),
        language(&said),
        entities(&said),
        choice(
            "must_not_auto_send",
            &said,
            |case| case.gold.must_not_auto_send.map(|value| vec![value.to_string()]),
            |triage| ((!triage.risks.is_empty() || label(triage) == SPAM).to_string(), None),
        ),
        kept_from_models(&said),
        missing(&said),
        reply_text(cases),
    ];
    fields.into_iter().flatten().collect()
}

fn scored(value: Option<(String, f32)>) -> (String, Option<f32>) {
    value.map_or((NONE.to_owned(), None), |(value, confidence)| (value, Some(confidence)))
}

fn choice(
    name: &'static str,
    said: &[(&Case, Option<&Triage>)],
    gold: impl Fn(&Case) -> Option<Vec<String>>,
    answer: impl Fn(&Triage) -> (String, Option<f32>),
) -> Option<Field> {
    let mut rows = Vec::new();
    for (case, triage) in said {
        let Some(right) = gold(case) else { continue };
        let (answered, confidence) = triage.map_or((NONE.to_owned(), None), &answer);
        rows.push((*case, right, answered, confidence));
    }
    if rows.is_empty() {
        return None;
    }
    let pairs: Vec<_> = rows.iter().map(|(_, right, answered, _)| (right.as_slice(), answered.as_str())).collect();
    let score = score(&pairs);
    let wrong = rows
        .into_iter()
        .filter(|(_, right, answered, _)| !right.contains(answered))
        .map(|(case, right, answered, confidence)| Wrong {
            id: case.id.clone(),
            right: right.join(" | "),
            answered,
            confidence,
            text: beginning(case),
        })
        .collect();
    Some(Field { name, measure: Measure::Choice(score), wrong })
}

/// A tag that says less or more than the right one (`zh`, `zh-Hant`) is right.
fn language(said: &[(&Case, Option<&Triage>)]) -> Option<Field> {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    choice(
        "language",
        said,
        |case| case.gold.language.as_ref().map(|list| list.iter().map(|tag| primary(tag)).collect()),
        |triage| scored(triage.language.as_ref().map(|scored| (primary(&scored.value), scored.confidence))),
    )
}

fn found(triage: &Triage) -> BTreeMap<Kind, BTreeSet<String>> {
    let mut all: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for entity in &triage.entities {
        let kind = match &entity.value {
            EntityValue::OrderNumber { .. } => Kind::OrderNo,
            EntityValue::TrackingNumber { .. } => Kind::TrackingNo,
            EntityValue::Sku { .. } => Kind::Sku,
            EntityValue::Amount { .. } => Kind::Amount,
            EntityValue::Date { .. } => Kind::Date,
        };
        if let Some(same) = spelling(kind, &entity.value.text()) {
            all.entry(kind).or_default().insert(same);
        }
    }
    all
}

fn entities(said: &[(&Case, Option<&Triage>)]) -> Option<Field> {
    let mut whole = Counts::default();
    let mut kinds: BTreeMap<&'static str, Counts> = BTreeMap::new();
    let (mut wrong, mut any) = (Vec::new(), false);
    let nothing = BTreeSet::new();
    for (case, triage) in said {
        let Some(gold) = &case.gold.entities else { continue };
        any = true;
        let answered = triage.map(found).unwrap_or_default();
        let (mut missed, mut too_many) = (Vec::new(), Vec::new());
        for kind in Kind::ALL {
            let (gold, answered) = (gold.get(&kind).unwrap_or(&nothing), answered.get(&kind).unwrap_or(&nothing));
            whole.add(gold, answered);
            if !gold.is_empty() || !answered.is_empty() {
                kinds.entry(kind.name()).or_default().add(gold, answered);
            }
            missed.extend(gold.difference(answered).map(|value| format!("{} {value}", kind.name())));
            too_many.extend(answered.difference(gold).map(|value| format!("{} {value}", kind.name())));
        }
        if !missed.is_empty() || !too_many.is_empty() {
            wrong.push(differing(case, &missed, &too_many));
        }
    }
    any.then_some(Field { name: "entities", measure: Measure::Found(whole, kinds), wrong })
}

const SPAM: &str = "spam";
/// The bundled classifiers' word for a ticket whose mail is likely spam: the bundled plugins ask no model about it.
const MAYBE_SPAM: &str = "maybe-spam";

/// Spam that no model is paid for: recall is the share of it that is marked, as spam or as what may be; precision is low where mail
/// of customers is. Only where the data has spam.
fn kept_from_models(said: &[(&Case, Option<&Triage>)]) -> Option<Field> {
    let mut whole = Counts::default();
    let (mut wrong, mut any) = (Vec::new(), false);
    for (case, triage) in said {
        let Some(gold) = &case.gold.category else { continue };
        let is_spam = !gold.is_empty() && gold.iter().all(|name| name == SPAM);
        if !is_spam && gold.iter().any(|name| name == SPAM) {
            continue;
        }
        any |= is_spam;
        let is_kept = triage
            .is_some_and(|triage| label(triage) == SPAM || triage.risks.iter().any(|risk| risk.kind == MAYBE_SPAM));
        match (is_spam, is_kept) {
            (true, true) => whole.right += 1,
            (true, false) => whole.missed += 1,
            (false, true) => whole.wrong += 1,
            (false, false) => continue,
        }
        if is_spam != is_kept {
            let word = |kept: bool| if kept { "kept from models" } else { "shown to models" }.to_owned();
            let (right, answered) = (word(is_spam), word(is_kept));
            wrong.push(Wrong { id: case.id.clone(), right, answered, confidence: None, text: beginning(case) });
        }
    }
    any.then_some(Field { name: "kept_from_models", measure: Measure::Found(whole, BTreeMap::new()), wrong })
}

fn missing(said: &[(&Case, Option<&Triage>)]) -> Option<Field> {
    let mut whole = Counts::default();
    let (mut wrong, mut any) = (Vec::new(), false);
    for (case, triage) in said {
        let Some(gold) = &case.gold.missing_info else { continue };
        any = true;
        let answered: BTreeSet<String> =
            triage.map(|triage| triage.missing.iter().cloned().collect()).unwrap_or_default();
        whole.add(gold, &answered);
        if *gold != answered {
            let list = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
            wrong.push(differing(case, &list(gold, &answered), &list(&answered, gold)));
        }
    }
    any.then_some(Field { name: "missing_info", measure: Measure::Found(whole, BTreeMap::new()), wrong })
}

fn differing(case: &Case, missed: &[String], too_many: &[String]) -> Wrong {
    let list = |list: &[String]| if list.is_empty() { "–".to_owned() } else { list.join(", ") };
    Wrong {
        id: case.id.clone(),
        right: format!("not found: {}", list(missed)),
        answered: format!("wrongly found: {}", list(too_many)),
        confidence: None,
        text: beginning(case),
    }
}

/// What is new in a mail with quoted history: the host's own work, whatever the classifier.
fn reply_text(cases: &[Case]) -> Option<Field> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wrong = Vec::new();
    let mut pairs = Vec::new();
    for case in cases {
        let Some(right) = &case.gold.reply_text else { continue };
        let answered = posthouse_mail::quote::reply_text(&case.body);
        let is_right = words(&answered) == words(right);
        pairs.push((vec!["the new text".to_owned()], if is_right { "the new text" } else { "another text" }));
        if !is_right {
            wrong.push(Wrong {
                id: case.id.clone(),
                right: crate::output::short(&words(right), 200),
                answered: crate::output::short(&words(&answered), 200),
                confidence: None,
                text: beginning(case),
            });
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let pairs: Vec<_> = pairs.iter().map(|(right, answered)| (right.as_slice(), *answered)).collect();
    Some(Field { name: "reply_text", measure: Measure::Choice(score(&pairs)), wrong })
}

fn beginning(case: &Case) -> String {
    let body = case.body.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if case.subject.is_empty() { body } else { format!("{} · {body}", case.subject) };
    crate::output::short(&text, 240)
}

/// Drafts beside what was sent instead: id, the draft, the reply.
pub(crate) fn drafts(pairs: &[(String, String, String)]) -> Option<Field> {
    if pairs.is_empty() {
        return None;
    }
    let mut drafts = Drafts { sent: pairs.len(), ..Drafts::default() };
    let (mut wrong, mut kept) = (Vec::new(), 0.0);
    for (id, draft, sent) in pairs {
        if draft.trim() == sent.trim() {
            drafts.unedited += 1;
            kept += 1.0;
            continue;
        }
        let share = 1.0 - f64::from(changed_words(draft, sent)).min(100.0) / 100.0;
        kept += share;
        wrong.push(Wrong {
            id: id.clone(),
            right: crate::output::short(sent, 200),
            answered: crate::output::short(draft, 200),
            confidence: None,
            text: format!("{:.0} % of its words were kept", share * 100.0),
        });
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = pairs.len() as f64;
    drafts.kept = kept / count;
    Some(Field { name: "drafts", measure: Measure::Drafts(drafts), wrong })
}

/// One entry per field.
pub(crate) fn as_json(fields: &[Field]) -> Value {
    let mut all = Map::new();
    for field in fields {
        let wrong: Vec<&str> = field.wrong.iter().map(|wrong| wrong.id.as_str()).collect();
        let value = match &field.measure {
            Measure::Choice(score) => json!({
                "mails": score.rows, "accuracy": score.accuracy, "macro_f1": score.macro_f1, "classes": score.classes,
                "confusion": score.confusion, "wrong": wrong,
            }),
            Measure::Found(counts, kinds) => {
                let figures = |counts: &Counts| {
                    json!({
                        "precision": counts.precision(), "recall": counts.recall(), "f1": counts.f1(),
                        "right": counts.right, "missed": counts.missed, "wrongly_found": counts.wrong,
                    })
                };
                let mut value = figures(counts);
                if !kinds.is_empty() {
                    value["kinds"] = kinds.iter().map(|(name, counts)| ((*name).to_owned(), figures(counts))).collect();
                }
                value["wrong"] = json!(wrong);
                value
            }
            Measure::Drafts(drafts) => json!({
                "sent": drafts.sent, "unedited": drafts.unedited, "kept": drafts.kept, "wrong": wrong,
            }),
        };
        all.insert(field.name.to_owned(), value);
    }
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::mails::parse;
    use super::*;
    use posthouse_model::triage::{Entity, Money, Risk, Scored, Sentiment, Urgency};
    use std::path::Path;

    fn triage() -> Triage {
        let entity = |value| Entity { value, confidence: 1.0, span: None };
        Triage {
            category: Some(Scored { value: "refund".to_owned(), confidence: 0.8 }),
            urgency: Some(Scored { value: Urgency::High, confidence: 0.5 }),
            sentiment: Some(Scored { value: Sentiment::Angry, confidence: 0.5 }),
            language: Some(Scored { value: "zh-Hant".to_owned(), confidence: 0.5 }),
            entities: vec![
                entity(EntityValue::OrderNumber { value: "#1042".to_owned() }),
                entity(EntityValue::Amount { value: Money { units: 4990, scale: 2, currency: "USD".to_owned() } }),
            ],
            missing: vec!["photo".to_owned()],
            risks: vec![Risk { kind: "legal-threat".to_owned(), reason: String::new(), span: None }],
            ..Triage::default()
        }
    }

    #[test]
    fn every_field_is_measured_and_only_those_that_are_there() {
        let line = r#"{"id":"a","body":"x","category":["return","refund"],"urgency":["low"],"sentiment":["angry"],"language":"zh",
            "entities":{"order_no":["1042"],"amount":["USD 49.90"],"sku":["A-1"]},"must_not_auto_send":true,"missing_info":["photo","order_no"],
            "reply_text":"x"}"#
            .replace('\n', " ");
        let cases = parse(Path::new("m"), &line).unwrap();
        let fields = measure(&cases, &[Ok(triage())]);
        let json = as_json(&fields);
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(
            names,
            [
                "category",
                "urgency",
                "sentiment",
                "language",
                "entities",
                "must_not_auto_send",
                "missing_info",
                "reply_text"
            ]
        );
        for (name, accuracy) in [
            ("category", 1.0),
            ("urgency", 0.0),
            ("sentiment", 1.0),
            ("language", 1.0),
            ("must_not_auto_send", 1.0),
            ("reply_text", 1.0),
        ] {
            assert_eq!(json[name]["accuracy"], accuracy, "{name}: {json:#}");
        }
        assert_eq!(json["urgency"]["wrong"], json!(["a"]));
        assert_eq!((&json["entities"]["precision"], &json["entities"]["missed"]), (&json!(1.0), &json!(1)));
        assert_eq!(json["entities"]["kinds"]["sku"]["recall"], 0.0);
        assert_eq!(json["missing_info"]["recall"], 0.5);
        let few =
            measure(&parse(Path::new("m"), r#"{"id":"b","body":"x","category":"refund"}"#).unwrap(), &[Ok(triage())]);
        assert_eq!(few.len(), 1);
    }

    #[test]
    fn spam_is_kept_from_models_when_it_is_marked_as_that_or_as_what_may_be() {
        let line = |id: &str, category: &str| format!("{{\"id\":\"{id}\",\"body\":\"x\",\"category\":{category}}}");
        let lines = [
            ("a", "\"spam\""),
            ("b", "\"spam\""),
            ("c", "\"spam\""),
            ("d", "\"refund\""),
            ("e", "[\"spam\",\"other\"]"),
        ];
        let lines: Vec<String> = lines.iter().map(|(id, category)| line(id, category)).collect();
        let cases = parse(Path::new("m"), &lines.join("\n")).unwrap();
        let maybe = Risk { kind: MAYBE_SPAM.to_owned(), reason: String::new(), span: None };
        let answers = [
            Triage { spam: Some(0.9), ..triage() },
            Triage { risks: vec![maybe.clone()], ..triage() },
            Triage { spam: Some(0.7), risks: vec![], ..triage() },
            Triage { risks: vec![maybe], ..triage() },
            triage(),
        ];
        let json = as_json(&measure(&cases, &answers.map(Ok)));
        let kept = &json["kept_from_models"];
        assert_eq!((&kept["right"], &kept["missed"], &kept["wrongly_found"]), (&json!(2), &json!(1), &json!(1)));
        assert_eq!(kept["wrong"], json!(["c", "d"]));
    }

    #[test]
    fn drafts_are_measured_by_what_was_kept_of_them() {
        let pair = |id: &str, draft: &str, sent: &str| (id.to_owned(), draft.to_owned(), sent.to_owned());
        assert!(drafts(&[]).is_none());
        let field = drafts(&[
            pair("#1", "It is on its way.", "It is on its way.\n"),
            pair("#2", "one two three four", "one two three five"),
        ]);
        let json = as_json(&[field.unwrap()]);
        let drafts = &json["drafts"];
        assert_eq!((&drafts["sent"], &drafts["unedited"], &drafts["wrong"]), (&json!(2), &json!(1), &json!(["#2"])));
        let kept = drafts["kept"].as_f64().unwrap();
        assert!(kept > 0.5 && kept < 1.0, "{kept}");
    }

    #[test]
    fn a_mail_that_failed_is_wrong_in_all() {
        let cases = parse(Path::new("m"), r#"{"id":"a","body":"x","category":"refund","entities":{"order_no":["1"]}}"#)
            .unwrap();
        let json = as_json(&measure(&cases, &[Err("out of time".to_owned())]));
        assert_eq!((&json["category"]["wrong"], &json["entities"]["wrong"]), (&json!(["a"]), &json!(["a"])));
    }
}
