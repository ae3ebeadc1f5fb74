//! The six guests; a component holds the one that its feature chooses.
#![allow(dead_code, reason = "a build without features holds none")]

use crate::lines::{of_call, of_message, of_notification, of_outgoing, of_ticket};
use crate::uses::{use_http, use_knowledge, use_log, use_model, use_store};
use crate::{Settings, fail_when_told};
use posthouse_sdk::{
    Checker, Classifier, Date, Drafter, Enricher, Failure, Finding, Money, Notifier, Router, Sentiment, Span, TextPart,
    Urgency, checking, desk, drafting, enriching, log, notices, routing, triaging,
};

struct Surface(Settings);

fn span(part: TextPart, range: std::ops::Range<usize>) -> Option<Span> {
    Some(Span { part, start: range.start as u32, end: range.end as u32 })
}

/// The first digits, hyphen, digits.
fn number_in(body: &str) -> Option<Span> {
    let hyphen = body.match_indices('-').map(|(at, _)| at).find(|at| {
        let bytes = body.as_bytes();
        *at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    })?;
    let digit = |c: char| c.is_ascii_digit();
    let start = body[..hyphen].trim_end_matches(digit).len();
    let end = body.len() - body[hyphen + 1..].trim_start_matches(digit).len();
    span(TextPart::Body, start..end)
}

impl Classifier for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn classify(&self, call: &desk::Call, message: &desk::Message, out: &triaging::Triage) -> Result<(), Failure> {
        let subject = message.subject();
        fail_when_told(&subject)?;
        of_call(call).into_iter().chain(of_message(message)).for_each(|line| out.add_evidence(&line));
        for used in &self.0.uses {
            let lines = match used.as_str() {
                "log" => {
                    use_log();
                    Vec::new()
                }
                "knowledge" => use_knowledge(),
                _ => use_store(),
            };
            lines.iter().for_each(|line| out.add_evidence(line));
        }
        let number = number_in(&message.body());
        let finding = |confidence, span| Finding { confidence, span };
        out.set_category("shipping", 0.5);
        out.set_category("refund", 0.75);
        out.set_urgency(Urgency::High, 0.5);
        out.set_sentiment(Sentiment::Angry, 0.25);
        out.set_language("en", 1.0);
        out.mark_spam(0.125);
        out.add_order_number("1042-88", finding(0.5, number));
        out.add_tracking_number("1Z9", Some("UPS"), finding(1.0, None));
        out.add_tracking_number("YT1", None, finding(1.0, None));
        out.add_sku("LAMP-1", finding(1.0, None));
        out.add_amount(&Money { units: 4_990, scale: 2, currency: "EUR".to_owned() }, finding(1.0, None));
        out.add_date(Date { year: 2026, month: 3, day: 1 }, finding(1.0, None));
        out.add_match("greeting", "你好", span(TextPart::Subject, 0..subject.len()));
        out.add_tag("vip");
        out.add_missing("photo");
        out.add_risk("safety", "burns", number);
        Ok(())
    }
}

impl Router for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn route(&self, call: &desk::Call, ticket: &desk::Ticket, out: &routing::Route) -> Result<(), Failure> {
        fail_when_told(&ticket.subject())?;
        of_call(call).into_iter().chain(of_ticket(ticket)).for_each(|line| out.add_evidence(&line));
        if self.0.tries("store") {
            use_store().iter().for_each(|line| out.add_evidence(line));
        }
        out.set_queue("refunds");
        out.set_priority(250);
        out.set_deadline(call.now() + 3_600);
        out.add_notifier("team");
        out.add_tag("vip");
        out.add_match("angry", "never again");
        Ok(())
    }
}

impl Drafter for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn draft(&self, call: &desk::Call, ticket: &desk::Ticket, out: &drafting::Drafts) -> Result<(), Failure> {
        fail_when_told(&ticket.subject())?;
        let first = out.add("Dear Ann,\n\nhello.").map_err(Failure::Permanent)?;
        of_call(call).into_iter().chain(of_ticket(ticket)).for_each(|line| first.add_evidence(&line));
        for used in &self.0.uses {
            let lines = if used == "model" { use_model() } else { use_knowledge() };
            lines.iter().for_each(|line| first.add_evidence(line));
        }
        first.set_subject("Re: your order");
        first.set_language("en");
        first.set_template("shipping-en");
        first.set_confidence(0.75);
        first.set_model_written();
        first.add_filled("order_number", "1042-88");
        first.add_unfilled("tracking_number");
        first.add_question("photo", "Could you send a photo?");
        first.add_citation("returns", "Returns");
        out.add("second").map_err(Failure::Permanent)?;
        let third = out.add("third").map_err(Failure::Permanent)?;
        if out.add("fourth").is_err() {
            third.add_evidence("a fourth is refused");
        }
        Ok(())
    }
}

impl Notifier for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn notify(
        &self,
        call: &desk::Call,
        notification: &notices::Notification,
        out: &notices::Delivery,
    ) -> Result<(), Failure> {
        let title = notification.title();
        if title == "fail: temporary" {
            out.set_retry_after(99_999);
        }
        fail_when_told(&title)?;
        let say = |line: &String| log::write(log::Level::Info, line);
        of_call(call).iter().chain(&of_notification(notification)).for_each(say);
        if self.0.tries("log") {
            use_log();
        }
        if self.0.tries("http") {
            use_http(&self.0.url, self.0.head).iter().for_each(say);
        }
        out.set_receipt(&format!("told {}", notification.id()));
        Ok(())
    }
}

impl Enricher for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn enrich(&self, call: &desk::Call, ticket: &desk::Ticket, out: &enriching::Enrichment) -> Result<(), Failure> {
        fail_when_told(&ticket.subject())?;
        of_call(call).into_iter().chain(of_ticket(ticket)).for_each(|line| out.add_evidence(&line));
        if self.0.tries("store") {
            use_store().iter().for_each(|line| out.add_evidence(line));
        }
        if self.0.tries("http") {
            use_http(&self.0.url, self.0.head).iter().for_each(|line| out.add_evidence(line));
        }
        out.set_customer_name("Ann");
        out.add_tag("vip");
        out.add_fact("spent", "Spent so far", "149.70 EUR");
        let first = out.add_order("10-0").map_err(Failure::Permanent)?;
        first.set_status("shipped");
        first.set_placed_on(Date { year: 2026, month: 3, day: 1 });
        first.set_total(&Money { units: 4_990, scale: 2, currency: "EUR".to_owned() });
        first.set_country("DE");
        first.set_tracking("1Z999", Some("UPS"));
        out.add_order("10-1").map_err(Failure::Permanent)?.set_tracking("YT1", None);
        if (2..33).any(|n| out.add_order(&format!("10-{n}")).is_err()) {
            out.add_evidence("a 33rd order is refused");
        }
        Ok(())
    }
}

impl Checker for Surface {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        settings.accepted().map(Self)
    }

    fn check(&self, call: &desk::Call, outgoing: &checking::Outgoing, out: &checking::Verdict) -> Result<(), Failure> {
        fail_when_told(&outgoing.subject())?;
        for line in of_call(call).into_iter().chain(of_outgoing(outgoing)) {
            out.warn("read", &line, None);
        }
        let body = outgoing.body().to_lowercase();
        if let Some(at) = body.find("refund") {
            out.block("promised-refund", "promises a refund", span(TextPart::Body, at..at + "refund".len()));
        }
        Ok(())
    }
}

#[cfg(feature = "classifier")]
posthouse_sdk::export_classifier!(Surface);
#[cfg(feature = "router")]
posthouse_sdk::export_router!(Surface);
#[cfg(feature = "drafter")]
posthouse_sdk::export_drafter!(Surface);
#[cfg(feature = "notifier")]
posthouse_sdk::export_notifier!(Surface);
#[cfg(feature = "enricher")]
posthouse_sdk::export_enricher!(Surface);
#[cfg(feature = "checker")]
posthouse_sdk::export_checker!(Surface);
