//! Says who handles a ticket, by when, and who is told, by rules that are settings.

pub mod hours;
pub mod rules;
pub mod settings;
pub mod weights;

use hours::{Hours, LocalClock, LocalTime, Working, day_number};
use posthouse_sdk::routing::Route;
use posthouse_sdk::{Failure, Router, Sentiment, Urgency, desk};
use rules::{Plan, Subject};
use settings::{Deadline, Rule, Settings};
use std::collections::BTreeMap;
use weights::Weights;

/// The fact under which the host says how many other tickets the customer opened in the 30 days before.
const EARLIER_TICKETS: &str = "history.tickets-30d";
/// A match by a rule of this name is a term of the priority: its words begin with the points.
const TERM: &str = "priority/";

/// How old a mail may be for its own time to start the clock; an older or a future one starts it now.
const TRUSTED_AGE_SECONDS_MAX: i64 = 2 * 24 * 3600;

/// A configured router.
pub struct RuleRouter {
    time_zone: String,
    hours: Hours,
    rules: Vec<Rule>,
    deadlines: Vec<Deadline>,
    weights: Weights,
    fallback: settings::Then,
}

impl Router for RuleRouter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        let hours = settings.working_hours()?;
        let rules = settings.all_rules()?;
        let deadlines = settings.clock_deadlines()?;
        let weights = settings.all_weights()?;
        Ok(Self { time_zone: settings.time_zone, hours, rules, deadlines, weights, fallback: settings.default })
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

        let mut subject = read(ticket, working.is_open(now), now);
        subject.minute = clock.at(now).map(|local| local.minute);
        subject.vip = self.weights.vip(&subject);
        let mut plan = rules::decide(&self.rules, &self.fallback, &subject);
        say(out, &plan);

        let sent = ticket.latest().sent_at();
        let start = if (0..=TRUSTED_AGE_SECONDS_MAX).contains(&(now - sent)) { sent } else { now };
        let mut deadline = None;
        if let Some(minutes) = plan.respond_within_minutes {
            deadline = working.after(start, minutes);
            if deadline.is_none() {
                out.add_evidence("no working hour within a year: no deadline");
            }
        }
        if let Some((by, name)) = earliest(&self.deadlines, &subject.customer, start)
            && deadline.is_none_or(|own| by < own)
        {
            out.add_evidence(&format!("{name} waits by the clock, nights and weekends included"));
            deadline = Some(by);
        }
        if let Some(at) = deadline {
            out.set_deadline(at);
        }
        let minutes_left = deadline.map(|at| at.saturating_sub(now).div_euclid(60));
        out.set_priority(plan.settle(self.weights.terms(&subject, minutes_left)));
        for term in &plan.terms {
            out.add_match(&format!("{TERM}{}", term.reason), &format!("{:+} {}", term.points, term.words));
        }
        Ok(())
    }
}

/// The first moment by which somebody else's clock wants an answer, and whose clock that is.
fn earliest<'a>(deadlines: &'a [Deadline], customer: &str, start: i64) -> Option<(i64, &'a str)> {
    deadlines
        .iter()
        .filter(|deadline| deadline.holds_for(customer))
        .filter_map(|deadline| {
            Some((start.checked_add(i64::from(deadline.within_minutes) * 60)?, deadline.name.as_str()))
        })
        .min()
}

fn say(out: &Route, plan: &Plan) {
    if let Some(queue) = &plan.queue {
        out.set_queue(queue);
    }
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

fn read(ticket: &desk::Ticket, open: bool, now: i64) -> Subject {
    let facts: Vec<(String, String)> = ticket.facts().into_iter().map(|fact| (fact.key, fact.value)).collect();
    let earlier = facts.iter().find(|(key, _)| key == EARLIER_TICKETS);
    let orders = ticket.orders();
    let latest = ticket.latest();
    let mut worth: BTreeMap<String, i64> = BTreeMap::new();
    for money in orders.iter().filter_map(desk::Order::total) {
        let units = money.units / 10_i64.pow(u32::from(money.scale.min(6)));
        let sum = worth.entry(money.currency).or_default();
        *sum = sum.saturating_add(units);
    }
    let newest =
        orders.iter().filter_map(desk::Order::placed_on).map(|day| day_number(day.year, day.month, day.day)).max();
    Subject {
        earlier_tickets: earlier.and_then(|(_, value)| value.parse().ok()).unwrap_or(0),
        facts,
        worth,
        order_days: newest.map(|day| now.div_euclid(86_400).saturating_sub(day)),
        written_to: latest.to().into_iter().chain(latest.cc()).map(|one| one.address).collect(),
        minute: None,
        vip: None,
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
        orders: orders.len(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_clock_that_waits_for_a_customer_counts() {
        let deadline = |name: &str, domain: &str, within_minutes| Deadline {
            name: name.to_owned(),
            domains: vec![domain.to_owned()],
            within_minutes,
        };
        let all = [
            deadline("Amazon", "marketplace.amazon.", 1_440),
            deadline("Amazon, ours", "marketplace.amazon.de", 720),
            deadline("eBay", "members.ebay.", 60),
        ];
        // Saturday 2026-03-07 10:00 UTC: the weekend does not stop it.
        let start = 1_772_877_600;
        assert_eq!(earliest(&all, "a@marketplace.amazon.com", start), Some((start + 86_400, "Amazon")));
        assert_eq!(earliest(&all, "a@marketplace.amazon.de", start), Some((start + 43_200, "Amazon, ours")));
        assert_eq!(earliest(&all, "a@customer.example", start), None);
        assert_eq!(earliest(&all, "a@marketplace.amazon.com", i64::MAX), None);
    }
}
