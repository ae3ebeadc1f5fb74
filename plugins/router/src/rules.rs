//! Which rules speak for a ticket, and what they say together.

use crate::settings::{Rule, Then, When, span};
use crate::weights::{Term, bounded};
use std::collections::BTreeMap;

/// What rules look at.
#[derive(Debug, Default, Clone)]
pub struct Subject {
    /// None: unsorted.
    pub category: Option<String>,
    /// low … urgent
    pub urgency: Option<String>,
    /// positive … angry
    pub sentiment: Option<String>,
    /// BCP 47
    pub language: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Kinds.
    pub risks: Vec<String>,
    /// Keys.
    pub missing: Vec<String>,
    /// The customer's address.
    pub customer: String,
    /// The ticket's subject.
    pub title: String,
    /// How many are known.
    pub orders: usize,
    /// In the thread.
    pub messages: u32,
    /// Now is within working hours.
    pub open: bool,
    /// Key and value.
    pub facts: Vec<(String, String)>,
    /// Whole units of each currency that the known orders cost together.
    pub worth: BTreeMap<String, i64>,
    /// Days since the newest known order was placed.
    pub order_days: Option<i64>,
    /// Other tickets that the customer opened in the 30 days before.
    pub earlier_tickets: u32,
    /// The addresses that the mail was written to.
    pub written_to: Vec<String>,
    /// Minute of the day by the clock of the tenant's time zone.
    pub minute: Option<u16>,
    /// By what the customer is known as a VIP.
    pub vip: Option<String>,
}

/// A rule that spoke and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Spoke {
    /// Its name.
    pub rule: String,
    /// What made it speak.
    pub words: String,
}

/// What the rules say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The last rule that named one.
    pub queue: Option<String>,
    /// The priority as the sum of these, before weights and bounds.
    pub terms: Vec<Term>,
    /// Working minutes; the shortest a tenant's rule asks for, else the shortest of ours, else the default.
    pub respond_within_minutes: Option<u32>,
    /// Every one named.
    pub notifiers: Vec<String>,
    /// Every one named.
    pub tags: Vec<String>,
    /// In order.
    pub spoke: Vec<Spoke>,
}

const PRIORITY_DEFAULT: u8 = 40;
/// What a skill that is asked for becomes.
const SKILL_TAG: &str = "skill/";

impl Plan {
    /// Adds what weights say; all terms together are the priority.
    pub fn settle(&mut self, weighed: Vec<Term>) -> u8 {
        let mut terms = std::mem::take(&mut self.terms);
        terms.extend(weighed);
        let (terms, priority) = bounded(terms);
        self.terms = terms;
        priority
    }
}

/// Asks the rules in order.
pub fn decide(rules: &[Rule], fallback: &Then, subject: &Subject) -> Plan {
    let mut plan = Plan::default();
    let mut base = None;
    let mut added = Vec::new();
    let (mut ours, mut theirs) = (None::<u32>, None::<u32>);
    for rule in rules {
        let Some(words) = reasons(&rule.when, subject) else { continue };
        let then = &rule.then;
        if then.queue.is_some() {
            plan.queue.clone_from(&then.queue);
        }
        if let Some(priority) = then.priority {
            base = Some(Term::new("base", priority, &rule.name));
        }
        if then.add_priority != 0 {
            added.push(Term::new("rule", then.add_priority, &rule.name));
        }
        if let Some(minutes) = then.respond_within_minutes {
            let shortest = if rule.bundled { &mut ours } else { &mut theirs };
            *shortest = Some(shortest.map_or(minutes, |known| known.min(minutes)));
        }
        add_new(&mut plan.notifiers, &then.notifiers);
        add_new(&mut plan.tags, &then.tags);
        add_new(&mut plan.tags, &then.skills.iter().map(|skill| format!("{SKILL_TAG}{skill}")).collect::<Vec<_>>());
        plan.spoke.push(Spoke { rule: rule.name.clone(), words });
        if rule.stop {
            break;
        }
    }
    plan.queue = plan.queue.or_else(|| fallback.queue.clone());
    if plan.notifiers.is_empty() {
        add_new(&mut plan.notifiers, &fallback.notifiers);
    }
    add_new(&mut plan.tags, &fallback.tags);
    plan.respond_within_minutes = theirs.or(ours).or(fallback.respond_within_minutes);
    let ordinary = || Term::new("base", fallback.priority.unwrap_or(PRIORITY_DEFAULT), "");
    plan.terms.push(base.unwrap_or_else(ordinary));
    if fallback.add_priority != 0 {
        plan.terms.push(Term::new("rule", fallback.add_priority, "default"));
    }
    plan.terms.append(&mut added);
    plan
}

fn add_new(to: &mut Vec<String>, names: &[String]) {
    for name in names {
        if !to.contains(name) {
            to.push(name.clone());
        }
    }
}

/// What made all conditions hold, in words; none when one does not. No condition always holds.
fn reasons(when: &When, subject: &Subject) -> Option<String> {
    let mut words = Vec::new();
    let mut say = |what: &str, value: &str| words.push(format!("{what}: {value}"));

    let single = [
        ("category", &when.category, subject.category.as_deref()),
        ("urgency", &when.urgency, subject.urgency.as_deref()),
        ("sentiment", &when.sentiment, subject.sentiment.as_deref()),
    ];
    for (what, wanted, value) in single {
        if !wanted.is_empty() {
            say(what, wanted_one(wanted, value, |name, value| name == value)?);
        }
    }
    if !when.language.is_empty() {
        let same = |name: &str, value: &str| {
            value.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
                && matches!(value.as_bytes().get(name.len()), None | Some(b'-' | b'_'))
        };
        say("language", wanted_one(&when.language, subject.language.as_deref(), same)?);
    }
    let several = [
        ("tag", &when.tags, &subject.tags),
        ("risk", &when.risks, &subject.risks),
        ("missing", &when.missing, &subject.missing),
    ];
    for (what, wanted, values) in several {
        if !wanted.is_empty() {
            say(what, wanted_any(wanted, values)?);
        }
    }
    if !when.customer_domain.is_empty() {
        let domain = subject.customer.rsplit('@').next().unwrap_or_default().to_lowercase();
        let below = |wanted: &&String| {
            let wanted = wanted.to_lowercase();
            domain == wanted || domain.strip_suffix(&wanted).is_some_and(|rest| rest.ends_with('.'))
        };
        say("customer", when.customer_domain.iter().find(below)?);
    }
    if !when.subject_contains.is_empty() {
        let title = subject.title.to_lowercase();
        say("subject", when.subject_contains.iter().find(|word| title.contains(&word.to_lowercase()))?);
    }
    if let Some(outside) = when.outside_hours {
        if outside == subject.open {
            return None;
        }
        say("hours", if outside { "outside" } else { "inside" });
    }
    if let Some(least) = when.orders_at_least {
        if subject.orders < least {
            return None;
        }
        say("orders", &subject.orders.to_string());
    }
    if let Some(least) = when.messages_at_least {
        if subject.messages < least {
            return None;
        }
        say("messages", &subject.messages.to_string());
    }
    known_of_the_customer(when, subject, &mut say)?;
    if words.is_empty() {
        words.push("always".to_owned());
    }
    Some(words.join(", "))
}

/// The conditions on who writes, when, and what was bought; none when one does not hold.
fn known_of_the_customer(when: &When, subject: &Subject, say: &mut impl FnMut(&str, &str)) -> Option<()> {
    if let Some(vip) = when.vip {
        if vip != subject.vip.is_some() {
            return None;
        }
        say("vip", subject.vip.as_deref().unwrap_or("no"));
    }
    if let Some(least) = when.earlier_tickets_at_least {
        if subject.earlier_tickets < least {
            return None;
        }
        say("earlier tickets", &subject.earlier_tickets.to_string());
    }
    if !when.order_value_at_least.is_empty() {
        let reached = |(currency, least): (&String, &u32)| {
            let worth = *subject.worth.get(currency)?;
            (worth >= i64::from(*least)).then(|| format!("{worth} {currency}"))
        };
        say("order value", &when.order_value_at_least.iter().find_map(reached)?);
    }
    if when.order_age_days_at_least.is_some() || when.order_age_days_at_most.is_some() {
        let days = subject.order_days?;
        let young = when.order_age_days_at_least.is_some_and(|least| days < i64::from(least));
        let old = when.order_age_days_at_most.is_some_and(|most| days > i64::from(most));
        if young || old {
            return None;
        }
        say("order age", &format!("{days} d"));
    }
    if !when.local_time.is_empty() {
        let minute = subject.minute?;
        let within = |text: &&String| {
            span(text).is_some_and(|(start, end)| match start < end {
                true => (start..end).contains(&minute),
                false => minute >= start || minute < end,
            })
        };
        say("time", when.local_time.iter().find(within)?);
    }
    if !when.written_to.is_empty() {
        let ours = |address: &&String| subject.written_to.iter().any(|to| to.eq_ignore_ascii_case(address));
        say("to", when.written_to.iter().find(ours)?);
    }
    Some(())
}

fn wanted_one<'a>(wanted: &[String], value: Option<&'a str>, same: impl Fn(&str, &str) -> bool) -> Option<&'a str> {
    match value {
        None => wanted.iter().any(|name| name == "none").then_some("none"),
        Some(value) => wanted.iter().any(|name| name == "*" || same(name, value)).then_some(value),
    }
}

fn wanted_any<'a>(wanted: &[String], values: &'a [String]) -> Option<&'a str> {
    if values.is_empty() {
        return wanted.iter().any(|name| name == "none").then_some("none");
    }
    values.iter().find(|value| wanted.iter().any(|name| name == "*" || name == *value)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::settings::Settings;

    fn plan(settings: &str, subject: &Subject) -> Plan {
        let settings: Settings = posthouse_sdk::settings::parse(settings).unwrap();
        decide(&settings.all_rules().unwrap(), &settings.default, subject)
    }

    fn refund() -> Subject {
        Subject {
            category: Some("refund".into()),
            urgency: Some("high".into()),
            sentiment: Some("angry".into()),
            language: Some("zh-Hans".into()),
            customer: "li@shop.example.com".into(),
            title: "退款".into(),
            open: true,
            ..Subject::default()
        }
    }

    #[test]
    fn defaults_hold_where_no_rule_speaks() {
        let plan = plan(
            r#"{"default":{"queue":"general","notifiers":["team"],"respond_within_minutes":700}}"#,
            &Subject::default(),
        );
        assert_eq!(plan.queue.as_deref(), Some("general"));
        assert_eq!(plan.notifiers, ["team"]);
        assert_eq!((sum(&plan), plan.respond_within_minutes), (40, Some(700)));
        assert!(plan.spoke.is_empty());
    }

    #[test]
    fn bundled_rules_follow_urgency_and_mood() {
        let plan = plan("", &refund());
        assert_eq!((sum(&plan), plan.respond_within_minutes), (70, Some(240)));
        assert_eq!(plan.terms, [Term::new("base", 70, "high")]);
        assert_eq!(plan.spoke[0], Spoke { rule: "high".into(), words: "urgency: high".into() });
        assert_eq!(plan.queue, None);
    }

    #[test]
    fn a_tenants_times_win_over_ours_and_the_shortest_over_the_rest() {
        let settings = r#"{"rules":[
            {"name":"refunds","when":{"category":["refund"],"language":["zh"]},"then":{"queue":"refunds","respond_within_minutes":900,"notifiers":["a"]}},
            {"name":"shop","when":{"customer_domain":["example.com"]},"then":{"respond_within_minutes":600,"notifiers":["a","b"]},"stop":true},
            {"name":"never","then":{"queue":"never"}}]}"#;
        let plan = plan(settings, &refund());
        assert_eq!(plan.respond_within_minutes, Some(600));
        assert_eq!(plan.queue.as_deref(), Some("refunds"));
        assert_eq!(plan.notifiers, ["a", "b"]);
        assert_eq!(plan.spoke.last().unwrap().words, "customer: example.com");
    }

    #[test]
    fn every_condition_must_hold() {
        let settings = r#"{"use_default_rules":false,"rules":[
            {"name":"no","when":{"category":["refund"],"urgency":["low"]},"then":{"queue":"x"}},
            {"name":"unsorted","when":{"category":["none"]},"then":{"queue":"people"}},
            {"name":"night","when":{"outside_hours":true},"then":{"tags":["night"]}},
            {"name":"risky","when":{"risks":["*"]},"then":{"tags":["careful"]}}]}"#;
        assert!(plan(settings, &refund()).spoke.is_empty());
        let unsorted = plan(settings, &Subject { risks: vec!["legal-threat".into()], ..Subject::default() });
        assert_eq!(unsorted.queue.as_deref(), Some("people"));
        assert_eq!(unsorted.tags, ["night", "careful"]);
        assert_eq!(unsorted.spoke[2].words, "risk: legal-threat");
    }

    #[test]
    fn every_rule_that_adds_is_a_term() {
        let settings =
            r#"{"default":{"add_priority":1},"rules":[{"name":"up","then":{"add_priority":500}},{"name":"none"}]}"#;
        let mut plan = plan(settings, &refund());
        assert_eq!(
            plan.terms,
            [Term::new("base", 70, "high"), Term::new("rule", 1, "default"), Term::new("rule", 500, "up")]
        );
        assert_eq!(plan.settle(vec![Term::new("vip", 20, "vip")]), 100);
        assert_eq!(plan.terms.last(), Some(&Term::new("bound", -491, "")));
        assert_eq!(sum(&plan), 100);
    }

    #[test]
    fn who_writes_when_and_what_was_bought_are_conditions() {
        let subject = Subject {
            vip: Some("vip".into()),
            earlier_tickets: 2,
            worth: [("EUR".to_owned(), 250)].into(),
            order_days: Some(12),
            minute: Some(23 * 60),
            written_to: vec!["Help@Acme.example".into()],
            ..Subject::default()
        };
        let speaks = |when: &str, subject: &Subject| {
            let settings = format!(r#"{{"use_default_rules":false,"rules":[{{"name":"x","when":{when}}}]}}"#);
            plan(&settings, subject).spoke.pop().map(|spoke| spoke.words)
        };
        for (when, words) in [
            (r#"{"vip":true}"#, "vip: vip"),
            (r#"{"earlier_tickets_at_least":2}"#, "earlier tickets: 2"),
            (r#"{"order_value_at_least":{"EUR":200,"USD":200}}"#, "order value: 250 EUR"),
            (r#"{"order_age_days_at_least":10,"order_age_days_at_most":14}"#, "order age: 12 d"),
            (r#"{"local_time":["22:00-06:00"]}"#, "time: 22:00-06:00"),
            (r#"{"written_to":["help@acme.example"]}"#, "to: help@acme.example"),
        ] {
            assert_eq!(speaks(when, &subject).as_deref(), Some(words));
            assert_eq!(speaks(when, &Subject::default()), None, "{when}");
        }
        assert!(
            speaks(r#"{"vip":false}"#, &Subject::default()).is_some() && speaks(r#"{"vip":false}"#, &subject).is_none()
        );
        for (minute, night) in [(22 * 60, true), (6 * 60 - 1, true), (6 * 60, false), (12 * 60, false)] {
            let at = Subject { minute: Some(minute), ..Subject::default() };
            assert_eq!(speaks(r#"{"local_time":["22:00-06:00"]}"#, &at).is_some(), night, "{minute}");
        }
        for when in [r#"{"order_age_days_at_least":13}"#, r#"{"order_age_days_at_most":11}"#] {
            assert_eq!(speaks(when, &subject), None, "{when}");
        }
    }

    #[test]
    fn a_skill_that_is_asked_for_becomes_a_tag() {
        let settings = r#"{"use_default_rules":false,"rules":[{"name":"x","then":{"skills":["jewellery","german"]}}]}"#;
        assert_eq!(plan(settings, &refund()).tags, ["skill/jewellery", "skill/german"]);
    }

    fn sum(plan: &Plan) -> i32 {
        plan.terms.iter().map(|term| term.points).sum()
    }
}
