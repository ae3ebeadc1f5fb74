//! Says who handles a ticket, by when, and who is told, by rules that are settings.

pub mod hours;
pub mod rules;
pub mod settings;

use hours::{Hours, LocalClock, LocalTime, Working};
use posthouse_sdk::routing::Route;
use posthouse_sdk::{Failure, Router, Sentiment, Urgency, desk};
use rules::{Plan, Subject};
use settings::{Rule, Settings};

/// How old a mail may be for its own time to start the clock; an older or a future one starts it now.
const TRUSTED_AGE_SECONDS_MAX: i64 = 2 * 24 * 3600;

/// A configured router.
pub struct RuleRouter {
    time_zone: String,
    hours: Hours,
    rules: Vec<Rule>,
    fallback: settings::Then,
}

impl Router for RuleRouter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        let hours = settings.working_hours()?;
        let rules = settings.all_rules()?;
        Ok(Self { time_zone: settings.time_zone, hours, rules, fallback: settings.default })
    }

    fn route(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Route) -> Result<(), Failure> {
        let now = call.now();
        let clock = HostClock { call, time_zone: &self.time_zone };
        let working = Working { hours: &self.hours, clock: &clock };
        if clock.at(now).is_none() {
            out.add_evidence(&format!(
                "time zone `{}` is unknown here: hours are counted around the clock",
                self.time_zone
            ));
        }

        let subject = read(ticket, working.is_open(now));
        let plan = rules::decide(&self.rules, &self.fallback, &subject);
        say(out, &plan);

        if let Some(minutes) = plan.respond_within_minutes {
            let sent = ticket.latest().sent_at();
            let start = if (0..=TRUSTED_AGE_SECONDS_MAX).contains(&(now - sent)) { sent } else { now };
            match working.after(start, minutes) {
                Some(at) => out.set_deadline(at),
                None => out.add_evidence("no working hour within a year: no deadline"),
            }
        }
        Ok(())
    }
}

fn say(out: &Route, plan: &Plan) {
    if let Some(queue) = &plan.queue {
        out.set_queue(queue);
    }
    out.set_priority(plan.priority);
    for notifier in &plan.notifiers {
        out.add_notifier(notifier);
    }
    for tag in &plan.tags {
        out.add_tag(tag);
    }
    for spoke in &plan.spoke {
        out.add_match(&spoke.rule, &spoke.words);
    }
}

fn read(ticket: &desk::Ticket, open: bool) -> Subject {
    Subject {
        category: ticket.category(),
        urgency: ticket.urgency().map(|urgency| {
            match urgency {
                Urgency::Low => "low",
                Urgency::Medium => "medium",
                Urgency::High => "high",
                Urgency::Urgent => "urgent",
            }
            .to_owned()
        }),
        sentiment: ticket.sentiment().map(|sentiment| {
            match sentiment {
                Sentiment::Positive => "positive",
                Sentiment::Neutral => "neutral",
                Sentiment::Negative => "negative",
                Sentiment::Angry => "angry",
            }
            .to_owned()
        }),
        language: ticket.language(),
        tags: ticket.tags(),
        risks: ticket.risks(),
        missing: ticket.missing(),
        customer: ticket.customer().address,
        title: ticket.subject(),
        orders: ticket.orders().len(),
        messages: ticket.message_count(),
        open,
    }
}

/// The host's clock of a time zone.
struct HostClock<'a> {
    call: &'a desk::Call,
    time_zone: &'a str,
}

impl LocalClock for HostClock<'_> {
    fn at(&self, instant: i64) -> Option<LocalTime> {
        let civil = self.call.local_time(instant, self.time_zone)?;
        Some(LocalTime {
            year: civil.date.year,
            month: civil.date.month,
            day: civil.date.day,
            minute: u16::from(civil.hour) * 60 + u16::from(civil.minute),
            second: civil.second,
            offset_seconds: civil.offset_seconds,
        })
    }
}

posthouse_sdk::export_router!(RuleRouter);
