//! What was found, into the host's hands.

use crate::doubt::is_suspect;
use posthouse_asking::MAYBE_SPAM;
use posthouse_learned::{Choice, Verdict};
use posthouse_rules::{Entity, Findings, Mail, Mood, Part, Urgency as Level, Value};
use posthouse_sdk::triaging::Triage;
use posthouse_sdk::{Date, Finding, Money, Sentiment, Span, TextPart, Urgency, span};

/// Longest stretch of the mail that is quoted as a reason, in bytes.
const QUOTED_MAX: usize = 80;

/// What the model went by, in words; and that it is unsure, where it is.
pub(crate) fn explain(out: &Triage, verdict: &Verdict, mail: &Mail<'_>, agent_language: &str) {
    let chinese = agent_language.starts_with("zh");
    if let (Choice::Model, Some((part, start, end))) = (verdict.by, verdict.words) {
        let source = if part == Part::Subject { mail.subject } else { mail.body };
        let mut cut = end.min(start + QUOTED_MAX);
        while !source.is_char_boundary(cut) {
            cut -= 1;
        }
        let words = source.get(start..cut).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let rule = format!("trained model: {} {:.2}", verdict.category, verdict.confidence);
        out.add_match(&rule, &words, place(part, start, cut));
    }
    if verdict.unsure {
        let second = verdict.second.as_ref().filter(|(_, likely)| *likely >= 0.1);
        out.add_evidence(&match (chinese, second) {
            (false, None) => format!("unsure: {} only {:.2}", verdict.category, verdict.confidence),
            (false, Some((name, likely))) => {
                format!("unsure: {} {:.2} or {name} {likely:.2}", verdict.category, verdict.confidence)
            }
            (true, None) => format!("不确定：{} 仅 {:.2}", verdict.category, verdict.confidence),
            (true, Some((name, likely))) => {
                format!("不确定：{} {:.2} 还是 {name} {likely:.2}", verdict.category, verdict.confidence)
            }
        });
    }
}

/// Says of a mail that becomes a ticket that it is likely unwanted.
pub(crate) fn suspect(out: &Triage, verdict: &Verdict, findings: &Findings, agent_language: &str) {
    if findings.spam.is_none() && is_suspect(verdict) {
        let reason = match agent_language.starts_with("zh") {
            true => format!("训练模型：垃圾邮件 {:.2}", verdict.unwanted),
            false => format!("trained model: spam {:.2}", verdict.unwanted),
        };
        out.add_risk(MAYBE_SPAM, &reason, None);
    }
}

/// Everything that was found.
pub(crate) fn say(out: &Triage, findings: &Findings) {
    if let Some((name, confidence)) = &findings.category {
        out.set_category(name, *confidence);
    }
    if let Some((level, confidence)) = findings.urgency {
        let urgency = match level {
            Level::Low => Urgency::Low,
            Level::Medium => Urgency::Medium,
            Level::High => Urgency::High,
            Level::Urgent => Urgency::Urgent,
        };
        out.set_urgency(urgency, confidence);
    }
    if let Some((mood, confidence)) = findings.mood {
        let sentiment = match mood {
            Mood::Positive => Sentiment::Positive,
            Mood::Neutral => Sentiment::Neutral,
            Mood::Negative => Sentiment::Negative,
            Mood::Angry => Sentiment::Angry,
        };
        out.set_sentiment(sentiment, confidence);
    }
    if let Some((tag, confidence)) = &findings.language {
        out.set_language(tag, *confidence);
    }
    if let Some(confidence) = findings.spam {
        out.mark_spam(confidence);
    }
    for entity in &findings.entities {
        let finding = Finding { confidence: entity.confidence, span: place(entity.part, entity.start, entity.end) };
        name(out, &entity.value, finding);
    }
    for found in &findings.matches {
        out.add_match(&found.rule, &found.words, place(found.part, found.start, found.end));
    }
    for tag in &findings.tags {
        out.add_tag(tag);
    }
    for key in &findings.missing {
        out.add_missing(key);
    }
    for risk in &findings.risks {
        out.add_risk(&risk.kind, &risk.found.words, place(risk.found.part, risk.found.start, risk.found.end));
    }
}

/// What stands in the quoted part only is less likely what the mail is about.
const QUOTED_CONFIDENCE: f32 = 0.7;

/// Numbers and amounts that stand in what the customer quotes, such as the order of a confirmation she answers. They have no place in
/// the text that is shown. Dates of quotes are dates of mails, mostly.
pub(crate) fn mention(out: &Triage, quoted: &[Entity], known: &[Entity]) {
    for (at, entity) in quoted.iter().enumerate() {
        let is_known = known.iter().chain(&quoted[..at]).any(|other| other.value == entity.value);
        if !is_known && !matches!(entity.value, Value::Date(_)) {
            name(out, &entity.value, Finding { confidence: entity.confidence * QUOTED_CONFIDENCE, span: None });
        }
    }
}

fn name(out: &Triage, value: &Value, finding: Finding) {
    match value {
        Value::Order(number) => out.add_order_number(number, finding),
        Value::Tracking { number, carrier } => out.add_tracking_number(number, *carrier, finding),
        Value::Sku(number) => out.add_sku(number, finding),
        Value::Amount { units, scale, currency } => {
            let currency = String::from_utf8_lossy(currency).into_owned();
            out.add_amount(&Money { units: *units, scale: *scale, currency }, finding);
        }
        Value::Date(day) => out.add_date(Date { year: day.year, month: day.month, day: day.day }, finding),
    }
}

fn place(part: Part, start: usize, end: usize) -> Option<Span> {
    let part = match part {
        Part::Subject => TextPart::Subject,
        Part::Body => TextPart::Body,
    };
    span::span(part, start..end)
}
