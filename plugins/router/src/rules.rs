//! Which rules speak for a ticket, and what they say together.

use crate::settings::{Rule, Then, When};

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
    /// 0 to 100.
    pub priority: u8,
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

/// Asks the rules in order.
pub fn decide(rules: &[Rule], fallback: &Then, subject: &Subject) -> Plan {
    let mut plan = Plan::default();
    let mut priority = None;
    let mut added = i32::from(fallback.add_priority);
    let (mut ours, mut theirs) = (None::<u32>, None::<u32>);
    for rule in rules {
        let Some(words) = reasons(&rule.when, subject) else { continue };
        let then = &rule.then;
        if then.queue.is_some() {
            plan.queue.clone_from(&then.queue);
        }
        priority = then.priority.or(priority);
        added += i32::from(then.add_priority);
        if let Some(minutes) = then.respond_within_minutes {
            let shortest = if rule.bundled { &mut ours } else { &mut theirs };
            *shortest = Some(shortest.map_or(minutes, |known| known.min(minutes)));
        }
        add_new(&mut plan.notifiers, &then.notifiers);
        add_new(&mut plan.tags, &then.tags);
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
    let base = i32::from(priority.or(fallback.priority).unwrap_or(PRIORITY_DEFAULT));
    plan.priority = u8::try_from((base + added).clamp(0, 100)).unwrap_or(100);
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
    if words.is_empty() {
        words.push("always".to_owned());
    }
    Some(words.join(", "))
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
        assert_eq!((plan.priority, plan.respond_within_minutes), (40, Some(700)));
        assert!(plan.spoke.is_empty());
    }

    #[test]
    fn bundled_rules_follow_urgency_and_mood() {
        let plan = plan("", &refund());
        assert_eq!((plan.priority, plan.respond_within_minutes), (80, Some(240)));
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
    fn priority_stays_between_0_and_100() {
        let settings = r#"{"rules":[{"name":"up","then":{"add_priority":500}}]}"#;
        assert_eq!(plan(settings, &refund()).priority, 100);
        let settings = r#"{"rules":[{"name":"down","then":{"add_priority":-500}}]}"#;
        assert_eq!(plan(settings, &refund()).priority, 0);
    }
}
