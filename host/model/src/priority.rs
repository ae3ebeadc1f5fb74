//! The priority as a sum: what a router says it is made of.
//!
//! A router says a term as a match (`add-match`) by a rule named `priority/REASON`, whose words begin with the points:
//! `+20 vip`. So a router that was built for the first version of the API can say it, and a host that does not know the
//! convention shows an ordinary reason.

use crate::triage::{Evidence, Routing, named};

/// How the rule of a term is named, before its reason.
pub const TERM_RULE: &str = "priority/";
/// The fact by which plugins are told how many other tickets the customer opened in the days before this one.
pub const EARLIER_TICKETS_FACT: &str = "history.tickets-30d";
/// How many days before a ticket its customer's other tickets count as history.
pub const HISTORY_DAYS: u64 = 30;
/// Furthest that one term may reach.
const POINTS_MAX: i32 = 100_000;

named! {
    /// What a term stands for.
    pub enum TermReason {
        /// What it starts from.
        Base = "base",
        /// A rule of the tenant's.
        Rule = "rule",
        /// How soon an answer is due.
        Deadline = "deadline",
        /// What the customer bought.
        Value = "value",
        /// The customer wrote before.
        History = "history",
        /// The house pays attention to this customer.
        Vip = "vip",
        /// How the customer sounds.
        Sentiment = "sentiment",
        /// Where the mail came in.
        Channel = "channel",
        /// What keeps the sum within 0 to 100.
        Bound = "bound",
    }
}

/// One term of a priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it stands for.
    pub reason: TermReason,
    /// Added, or taken away where it is negative.
    pub points: i32,
    /// The ground: a name, a number, an amount. Untrusted text, may be empty.
    pub words: String,
}

impl Term {
    /// The term that a router's reason is; none for any other reason.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Option<Self> {
        let Evidence::Match { rule, words, .. } = evidence else { return None };
        let reason = rule.strip_prefix(TERM_RULE)?.parse().ok()?;
        let (points, words) = words.split_once(' ').unwrap_or((words, ""));
        let points: i32 = points.parse().ok()?;
        (-POINTS_MAX..=POINTS_MAX).contains(&points).then(|| Self { reason, points, words: words.trim().to_owned() })
    }
}

impl Routing {
    /// What the priority is made of; empty where the router did not say, or where what it said does not add up.
    #[must_use]
    pub fn terms(&self) -> Vec<Term> {
        let terms: Vec<Term> = self.evidence.iter().filter_map(Term::of).collect();
        let sum: i64 = terms.iter().map(|term| i64::from(term.points)).sum();
        if self.priority.is_some_and(|priority| i64::from(priority) == sum) { terms } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn says(rule: &str, words: &str) -> Evidence {
        Evidence::Match { rule: rule.to_owned(), words: words.to_owned(), span: None }
    }

    #[test]
    fn a_term_is_read_from_what_the_router_says() {
        let term = Term::of(&says("priority/vip", "+20 ann@a.example")).unwrap();
        assert_eq!((term.reason, term.points, term.words.as_str()), (TermReason::Vip, 20, "ann@a.example"));
        let bare = Term::of(&says("priority/bound", "-35 ")).unwrap();
        assert_eq!((bare.points, bare.words.as_str()), (-35, ""));
        for other in [
            says("vip", "+20 x"),
            says("priority/colour", "+20 x"),
            says("priority/vip", "much"),
            says("priority/vip", "+9999999 x"),
            Evidence::Text { text: "priority/vip +20".to_owned() },
        ] {
            assert_eq!(Term::of(&other), None, "{other:?}");
        }
    }

    #[test]
    fn a_sum_that_does_not_add_up_is_not_shown_as_one() {
        let evidence =
            vec![says("high", "urgency: high"), says("priority/base", "+70 high"), says("priority/vip", "+20 vip")];
        let routing = Routing { priority: Some(90), evidence: evidence.clone(), ..Routing::default() };
        assert_eq!(routing.terms().len(), 2);
        assert!(Routing { priority: Some(91), evidence, ..Routing::default() }.terms().is_empty());
    }
}
