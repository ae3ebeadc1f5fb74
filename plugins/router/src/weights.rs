//! What makes a ticket more urgent than another, as a sum that a person can read.
//!
//! Every term says why, how much, and on what ground; together they are the priority. The host shows them beside the
//! decision in the reader's language, so a ground is a number, a name or an amount, never a sentence.

use crate::rules::Subject;
use serde::Deserialize;
use std::collections::BTreeMap;

const BUNDLED: &str = include_str!("../rules/weights.json");
/// Most points that one weight may say, in either direction.
pub const POINTS_MAX: i16 = 100;

/// One term of the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// `base`, `rule`, `deadline`, `value`, `history`, `vip`, `sentiment`, `channel`, `bound`.
    pub reason: &'static str,
    /// Added, or taken away where it is negative.
    pub points: i32,
    /// The ground: a rule's name, minutes, an amount.
    pub words: String,
}

impl Term {
    /// One term.
    pub fn new(reason: &'static str, points: impl Into<i32>, words: impl Into<String>) -> Self {
        Self { reason, points: points.into(), words: words.into() }
    }
}

/// What a tenant says of weights; what it leaves out is bundled, or nothing where bundled rules are off.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct WeightSettings {
    /// By how soon the answer is due; the smallest that holds counts.
    pub deadline: Option<Vec<DeadlineWeight>>,
    /// By what the customer's orders are worth together; the largest amount that is reached counts, per currency.
    pub value: Option<Vec<ValueWeight>>,
    /// By how many other tickets the customer opened in the 30 days before; the largest number that is reached counts.
    pub earlier_tickets: Option<Vec<CountWeight>>,
    /// Customers to whom the house pays attention.
    pub vip: Option<VipWeight>,
    /// `{ "angry": 10 }`
    pub sentiment: Option<BTreeMap<String, i16>>,
    /// By where the mail came in; every one that holds counts.
    pub channel: Option<Vec<ChannelWeight>>,
}

/// The answer is due within so many minutes; 0: it is late.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct DeadlineWeight {
    /// Minutes by the clock.
    pub within_minutes: u32,
    /// Added.
    pub points: i16,
}

/// Orders of this currency are worth at least so much.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ValueWeight {
    /// ISO 4217.
    pub currency: String,
    /// Whole units of the currency.
    pub at_least: u32,
    /// Added.
    pub points: i16,
}

/// At least so many.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct CountWeight {
    /// How many.
    pub at_least: u32,
    /// Added.
    pub points: i16,
}

/// Who is a VIP: any of the three is enough.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct VipWeight {
    /// A tag of the ticket.
    pub tags: Vec<String>,
    /// A fact that an enricher found, whose value is neither empty nor `no`, `false` or `0`.
    pub facts: Vec<String>,
    /// An address, or what follows the @.
    pub customers: Vec<String>,
    /// Added.
    pub points: i16,
}

/// A way in.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ChannelWeight {
    /// Shown to people.
    pub name: String,
    /// What follows the @ of the customer's address; see the deadlines' `domains`.
    #[serde(default)]
    pub domains: Vec<String>,
    /// One of our own addresses that the mail was written to.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Added.
    pub points: i16,
}

/// Weights, checked and complete.
#[derive(Debug, Default, Clone)]
pub struct Weights {
    deadline: Vec<DeadlineWeight>,
    value: Vec<ValueWeight>,
    earlier_tickets: Vec<CountWeight>,
    vip: VipWeight,
    sentiment: BTreeMap<String, i16>,
    channel: Vec<ChannelWeight>,
}

impl WeightSettings {
    /// With the bundled ones for what is not said, where they are wanted.
    pub fn complete(&self, bundled: bool) -> Result<Weights, String> {
        let ours: Self = match bundled {
            true => serde_json::from_str(BUNDLED).map_err(|error| format!("bundled weights: {error}"))?,
            false => Self::default(),
        };
        fn of<T: Clone + Default>(own: &Option<T>, ours: Option<T>) -> T {
            own.clone().or(ours).unwrap_or_default()
        }
        let mut weights = Weights {
            deadline: of(&self.deadline, ours.deadline),
            value: of(&self.value, ours.value),
            earlier_tickets: of(&self.earlier_tickets, ours.earlier_tickets),
            vip: of(&self.vip, ours.vip),
            sentiment: of(&self.sentiment, ours.sentiment),
            channel: of(&self.channel, ours.channel),
        };
        weights.check()?;
        weights.deadline.sort_by_key(|weight| weight.within_minutes);
        weights.value.sort_by_key(|weight| std::cmp::Reverse(weight.at_least));
        weights.earlier_tickets.sort_by_key(|weight| std::cmp::Reverse(weight.at_least));
        Ok(weights)
    }
}

impl Weights {
    fn check(&self) -> Result<(), String> {
        let lists = [
            ("deadline", self.deadline.iter().map(|weight| weight.points).collect::<Vec<_>>()),
            ("value", self.value.iter().map(|weight| weight.points).collect()),
            ("earlier_tickets", self.earlier_tickets.iter().map(|weight| weight.points).collect()),
            ("vip", vec![self.vip.points]),
            ("sentiment", self.sentiment.values().copied().collect()),
            ("channel", self.channel.iter().map(|weight| weight.points).collect()),
        ];
        for (key, points) in lists {
            if points.iter().any(|points| !(-POINTS_MAX..=POINTS_MAX).contains(points)) {
                return Err(format!("settings, `weights.{key}`: points are -{POINTS_MAX} to {POINTS_MAX}"));
            }
        }
        if let Some(name) = self.sentiment.keys().find(|name| !SENTIMENTS.contains(&name.as_str())) {
            return Err(format!("settings, `weights.sentiment`: `{name}` is not one of {}", SENTIMENTS.join(", ")));
        }
        for (at, value) in self.value.iter().enumerate() {
            if value.currency.len() != 3 || !value.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(format!(
                    "settings, `weights.value[{at}].currency`: `{}` is no currency; write USD",
                    value.currency
                ));
            }
        }
        for (at, channel) in self.channel.iter().enumerate() {
            if channel.name.trim().is_empty() || (channel.domains.is_empty() && channel.addresses.is_empty()) {
                return Err(format!(
                    "settings, `weights.channel[{at}]`: name it, and say by which `domains` or `addresses` it is known"
                ));
            }
        }
        Ok(())
    }

    /// Whether the house pays attention to this customer, and by what that is known.
    pub fn vip(&self, subject: &Subject) -> Option<String> {
        let vip = &self.vip;
        if let Some(tag) = vip.tags.iter().find(|tag| subject.tags.contains(*tag)) {
            return Some(tag.clone());
        }
        let says_no = |value: &str| matches!(value.trim().to_lowercase().as_str(), "" | "no" | "false" | "0");
        if let Some((key, _)) = subject.facts.iter().find(|(key, value)| vip.facts.contains(key) && !says_no(value)) {
            return Some(key.clone());
        }
        let customer = subject.customer.to_lowercase();
        vip.customers.iter().find(|known| is_of(&customer, &known.to_lowercase())).cloned()
    }

    /// What is added to the priority that the rules found. `minutes_left` until the deadline, negative when it has passed.
    pub fn terms(&self, subject: &Subject, minutes_left: Option<i64>) -> Vec<Term> {
        let mut terms = Vec::new();
        if let Some(left) = minutes_left
            && let Some(weight) = self.deadline.iter().find(|weight| left <= i64::from(weight.within_minutes))
        {
            terms.push(Term::new("deadline", weight.points, left.to_string()));
        }
        let mut seen: Vec<&str> = Vec::new();
        for weight in &self.value {
            let worth = subject.worth.get(&weight.currency).copied().unwrap_or(0);
            if worth >= i64::from(weight.at_least) && !seen.contains(&weight.currency.as_str()) {
                seen.push(&weight.currency);
                terms.push(Term::new("value", weight.points, format!("{worth} {}", weight.currency)));
            }
        }
        let known = |weight: &&CountWeight| subject.earlier_tickets >= weight.at_least;
        if let Some(weight) = self.earlier_tickets.iter().find(known) {
            terms.push(Term::new("history", weight.points, subject.earlier_tickets.to_string()));
        }
        if let Some(known_by) = self.vip(subject) {
            terms.push(Term::new("vip", self.vip.points, known_by));
        }
        if let Some((name, points)) =
            subject.sentiment.as_ref().and_then(|sentiment| self.sentiment.get_key_value(sentiment))
        {
            terms.push(Term::new("sentiment", *points, name.clone()));
        }
        for channel in &self.channel {
            let ours = |address: &String| subject.written_to.iter().any(|to| to.eq_ignore_ascii_case(address));
            if crate::settings::domain_holds(&channel.domains, &subject.customer) || channel.addresses.iter().any(ours)
            {
                terms.push(Term::new("channel", channel.points, channel.name.clone()));
            }
        }
        terms.retain(|term| term.points != 0);
        terms
    }
}

const SENTIMENTS: [&str; 4] = ["positive", "neutral", "negative", "angry"];

/// Whether an address is this one, or of this domain or one below it.
fn is_of(address: &str, known: &str) -> bool {
    if known.contains('@') && !known.starts_with('@') {
        return address == known;
    }
    let known = known.trim_start_matches('@');
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    !known.is_empty() && (domain == known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

/// The terms with what keeps their sum within 0 to 100, and that sum: they always add up.
pub fn bounded(mut terms: Vec<Term>) -> (Vec<Term>, u8) {
    let sum: i32 = terms.iter().map(|term| term.points).sum();
    let bound = sum.clamp(0, 100);
    if bound != sum {
        terms.push(Term::new("bound", bound - sum, ""));
    }
    (terms, u8::try_from(bound).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn weights(text: &str) -> Weights {
        posthouse_sdk::settings::parse::<WeightSettings>(text).unwrap().complete(true).unwrap()
    }

    fn li() -> Subject {
        Subject {
            customer: "Li@Shop.Example.com".into(),
            sentiment: Some("angry".into()),
            worth: [("EUR".to_owned(), 450), ("USD".to_owned(), 10)].into(),
            earlier_tickets: 2,
            written_to: vec!["Help@Acme.example".into()],
            ..Subject::default()
        }
    }

    fn told(terms: &[Term]) -> Vec<String> {
        terms.iter().map(|term| format!("{:+} {} {}", term.points, term.reason, term.words)).collect()
    }

    #[test]
    fn every_ground_is_one_term() {
        let weights = weights(
            r#"{"value":[{"currency":"EUR","at_least":100,"points":3},{"currency":"EUR","at_least":400,"points":7}],
                "vip":{"customers":["example.com"],"points":20},
                "channel":[{"name":"Amazon","domains":["marketplace.amazon."],"points":9},
                           {"name":"Help","addresses":["help@acme.example"],"points":-4}]}"#,
        );
        assert_eq!(
            told(&weights.terms(&li(), Some(12))),
            [
                "+10 deadline 12",
                "+7 value 450 EUR",
                "+5 history 2",
                "+20 vip example.com",
                "+10 sentiment angry",
                "-4 channel Help"
            ]
        );
        assert_eq!(told(&weights.terms(&Subject::default(), Some(-5))), ["+20 deadline -5"]);
        assert!(weights.terms(&Subject::default(), Some(31)).is_empty());
        let relay = Subject { customer: "x@marketplace.amazon.de".into(), ..Subject::default() };
        assert_eq!(told(&weights.terms(&relay, None)), ["+9 channel Amazon"]);
    }

    #[test]
    fn a_vip_is_known_by_tag_fact_address_or_domain() {
        let weights = weights(
            r#"{"vip":{"tags":["gold"],"facts":["customer.vip"],"customers":["ann@a.example","b.example"],"points":1}}"#,
        );
        let of = |customer: &str| Subject { customer: customer.into(), ..Subject::default() };
        let fact = |value: &str| Subject { facts: vec![("customer.vip".into(), value.into())], ..of("x@x.example") };
        for known in ["ann@a.example", "ANN@A.example", "x@b.example", "x@eu.b.example"] {
            assert!(weights.vip(&of(known)).is_some(), "{known}");
        }
        for stranger in ["bob@a.example", "x@notb.example", "b.example", ""] {
            assert_eq!(weights.vip(&of(stranger)), None, "{stranger}");
        }
        assert_eq!(weights.vip(&Subject { tags: vec!["gold".into()], ..of("x@x.example") }), Some("gold".into()));
        assert!(
            weights.vip(&fact("yes")).is_some()
                && weights.vip(&fact("No")).is_none()
                && weights.vip(&fact(" ")).is_none()
        );
    }

    #[test]
    fn the_sum_is_kept_within_bounds_and_still_adds_up() {
        for (points, sum) in [(vec![70, 20], 90), (vec![90, 20, 10], 100), (vec![10, -30], 0), (vec![], 0)] {
            let terms: Vec<Term> = points.iter().map(|points| Term::new("rule", *points, "x")).collect();
            let (terms, bound) = bounded(terms);
            assert_eq!(bound, sum);
            assert_eq!(terms.iter().map(|term| term.points).sum::<i32>(), i32::from(sum));
        }
    }

    #[test]
    fn what_is_not_said_is_bundled_or_nothing() {
        let angry = Subject { sentiment: Some("angry".into()), ..Subject::default() };
        let settings = posthouse_sdk::settings::parse::<WeightSettings>("").unwrap();
        assert_eq!(told(&settings.complete(true).unwrap().terms(&angry, None)), ["+10 sentiment angry"]);
        assert!(settings.complete(false).unwrap().terms(&angry, None).is_empty());
        let own = posthouse_sdk::settings::parse::<WeightSettings>(r#"{"sentiment":{"angry":0}}"#).unwrap();
        assert!(own.complete(true).unwrap().terms(&angry, None).is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, words) in [
            (r#"{"sentiment":{"furious":1}}"#, "`furious` is not one of"),
            (r#"{"deadline":[{"within_minutes":5,"points":101}]}"#, "`weights.deadline`"),
            (r#"{"value":[{"currency":"euro","at_least":5,"points":1}]}"#, "`weights.value[0].currency`"),
            (r#"{"channel":[{"name":"x","points":1}]}"#, "`weights.channel[0]`"),
        ] {
            let error = posthouse_sdk::settings::parse::<WeightSettings>(text).unwrap().complete(true).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
