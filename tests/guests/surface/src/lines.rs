//! What a guest read, as lines `name=JSON`. Lists instead of objects, so that every language writes the same.
#![allow(dead_code, reason = "each world reads its own part")]

use posthouse_sdk::{Date, MailboxAddress, Money, Sentiment, Span, TextPart, Urgency, checking, desk, notices};
use serde_json::{Value, json};

pub(crate) fn line(name: &str, value: Value) -> String {
    format!("{name}={value}")
}

fn lines(values: Vec<(&str, Value)>) -> Vec<String> {
    values.into_iter().map(|(name, value)| line(name, value)).collect()
}

/// Whole numbers without a point, as JavaScript writes them.
pub(crate) fn number(value: f32) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

fn address(a: &MailboxAddress) -> Value {
    json!([a.name, a.address])
}

fn addresses(all: &[MailboxAddress]) -> Value {
    all.iter().map(address).collect()
}

fn money(m: Money) -> Value {
    json!([m.units, m.scale, m.currency])
}

fn date(d: Date) -> Value {
    json!([d.year, d.month, d.day])
}

fn span(s: Span) -> Value {
    let part = match s.part {
        TextPart::Subject => "subject",
        TextPart::Body => "body",
    };
    json!([part, s.start, s.end])
}

fn urgency(u: Urgency) -> &'static str {
    match u {
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
        Urgency::Urgent => "urgent",
    }
}

fn sentiment(s: Sentiment) -> &'static str {
    match s {
        Sentiment::Positive => "positive",
        Sentiment::Neutral => "neutral",
        Sentiment::Negative => "negative",
        Sentiment::Angry => "angry",
    }
}

pub(crate) fn of_call(call: &desk::Call) -> Vec<String> {
    let local = call
        .local_time(call.now(), "Asia/Shanghai")
        .map(|t| json!([date(t.date), t.hour, t.minute, t.second, t.weekday, t.offset_seconds]));
    lines(vec![
        ("now", json!(call.now())),
        ("seed", json!(call.seed())),
        ("local", json!(local)),
        ("nowhere", json!(call.local_time(0, "Nowhere/City").map(|t| t.hour))),
        ("tenant", json!(call.tenant_name())),
        ("agents", json!(call.agent_language())),
    ])
}

pub(crate) fn of_message(message: &desk::Message) -> Vec<String> {
    let files: Value =
        message.attachments().iter().map(|f| json!([f.name(), f.media_type(), f.size(), f.is_inline()])).collect();
    lines(vec![
        ("subject", json!(message.subject())),
        ("body", json!(message.body())),
        ("full", json!(message.full_text())),
        ("from", json!(message.from().as_ref().map(address))),
        ("reply-to", json!(message.reply_to().as_ref().map(address))),
        ("to", addresses(&message.to())),
        ("cc", addresses(&message.cc())),
        ("sent", json!(message.sent_at())),
        ("incoming", json!(message.is_incoming())),
        ("language", json!(message.language())),
        ("header", json!(message.header("x-SHOP"))),
        ("no-header", json!(message.header("x-nothing"))),
        ("files", files),
    ])
}

pub(crate) fn of_ticket(ticket: &desk::Ticket) -> Vec<String> {
    let entities: Value = ticket
        .entities()
        .iter()
        .map(|e| {
            let finding = e.finding();
            json!([
                e.kind(),
                e.value(),
                number(finding.confidence),
                finding.span.map(span),
                e.carrier(),
                e.money().map(money),
                e.date().map(date)
            ])
        })
        .collect();
    let facts: Value = ticket.facts().into_iter().map(|f| json!([f.key, f.label, f.value])).collect();
    let orders: Value = ticket
        .orders()
        .iter()
        .map(|o| {
            json!([
                o.number(),
                o.status(),
                o.placed_on().map(date),
                o.total().map(money),
                o.country(),
                o.tracking_number(),
                o.carrier()
            ])
        })
        .collect();
    lines(vec![
        ("number", json!(ticket.number())),
        ("subject", json!(ticket.subject())),
        ("status", json!(ticket.status())),
        ("created", json!(ticket.created_at())),
        ("customer", address(&ticket.customer())),
        ("category", json!(ticket.category())),
        ("urgency", json!(ticket.urgency().map(urgency))),
        ("sentiment", json!(ticket.sentiment().map(sentiment))),
        ("language", json!(ticket.language())),
        ("entities", entities),
        ("tags", json!(ticket.tags())),
        ("queue", json!(ticket.queue())),
        ("deadline", json!(ticket.deadline())),
        ("missing", json!(ticket.missing())),
        ("risks", json!(ticket.risks())),
        ("facts", facts),
        ("orders", orders),
        ("count", json!(ticket.message_count())),
        ("latest", json!(ticket.latest().subject())),
        ("recent", ticket.recent(2).iter().map(|m| json!(m.subject())).collect()),
    ])
}

pub(crate) fn of_notification(n: &notices::Notification) -> Vec<String> {
    lines(vec![
        ("id", json!(n.id())),
        ("kind", json!(n.kind())),
        ("language", json!(n.language())),
        ("title", json!(n.title())),
        ("lines", json!(n.lines())),
        ("fields", n.fields().into_iter().map(|f| json!([f.label, f.value])).collect()),
        ("link", json!(n.link().map(|l| json!([l.label, l.url])))),
        ("urgency", json!(n.urgency().map(urgency))),
        ("deadline", json!(n.deadline())),
        ("ticket", json!(n.ticket().map(|t| t.number()))),
    ])
}

pub(crate) fn of_outgoing(outgoing: &checking::Outgoing) -> Vec<String> {
    lines(vec![
        ("subject", json!(outgoing.subject())),
        ("body", json!(outgoing.body())),
        ("to", addresses(&outgoing.to())),
        ("cc", addresses(&outgoing.cc())),
        ("language", json!(outgoing.language())),
        ("files", json!(outgoing.attachment_names())),
        ("automatic", json!(outgoing.is_automatic())),
        ("ticket", json!(outgoing.ticket().number())),
    ])
}
