//! What a replay found: how many answers would have been others, in what, and on which tickets.

use crate::Timestamp;
use crate::decision::World;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One thing in which two answers to the same question differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `category`, `queue`, `draft 1 body`.
    pub aspect: String,
    /// In the first answer.
    pub from: String,
    /// In the second.
    pub to: String,
}

/// Changes of one aspect that are listed, the commonest first; the rest are counted.
const CHANGES_MAX: usize = 20;
/// Tickets named as examples of one change.
const EXAMPLES_MAX: usize = 5;

/// What a replay found. Kept with the release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Of what the calls were.
    pub world: Option<World>,
    /// Number of the release that was asked.
    pub release: i64,
    /// Number of the active release, which it is compared with.
    pub against: i64,
    /// When.
    pub at: Timestamp,
    /// Recorded calls that were made again with both.
    pub calls: usize,
    /// Of these, with exactly the input of then; the others were put together from what is known now.
    pub exact: usize,
    /// Calls that could not be made again, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// Calls in which anything differs.
    pub differ: usize,
    /// Calls in which the active release failed.
    pub failed_before: usize,
    /// Calls in which this release failed.
    pub failed_after: usize,
    /// By aspect, the one with most differences first.
    pub aspects: Vec<Aspect>,
    /// Mean time of a call of the active release, in microseconds.
    pub mean_us_before: u64,
    /// Of this release.
    pub mean_us_after: u64,
}

/// One aspect in which answers differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aspect {
    /// `category`
    pub name: String,
    /// In how many calls.
    pub calls: usize,
    /// What became what, the commonest first, at most 20.
    pub changes: Vec<Change>,
}

/// One change of an aspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// In how many calls.
    pub calls: usize,
    /// Numbers of some of the tickets, at most five.
    pub tickets: Vec<i64>,
}

/// What was said before, and after.
type FromTo = (String, String);

/// How many calls, and the numbers of some of their tickets.
type Counted = (usize, Vec<i64>);

/// Adds calls up.
#[derive(Debug, Default)]
pub struct Adder {
    report: ReplayReport,
    changes: BTreeMap<String, BTreeMap<FromTo, Counted>>,
    us_before: u64,
    us_after: u64,
}

/// One recorded call, made again.
#[derive(Debug)]
pub struct Again {
    /// Number of its ticket.
    pub ticket: Option<i64>,
    /// With exactly the input of then.
    pub exact: bool,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Whether the active release failed, and how long it took in microseconds.
    pub before: (bool, u64),
    /// The same of the release that is tried.
    pub after: (bool, u64),
}

impl Adder {
    /// Takes a call in.
    pub fn add(&mut self, again: Again) {
        let report = &mut self.report;
        report.calls += 1;
        report.exact += usize::from(again.exact);
        report.differ += usize::from(!again.differences.is_empty());
        report.failed_before += usize::from(again.before.0);
        report.failed_after += usize::from(again.after.0);
        self.us_before += again.before.1;
        self.us_after += again.after.1;
        for Difference { aspect, from, to } in again.differences {
            let (calls, tickets) = self.changes.entry(aspect).or_default().entry((from, to)).or_default();
            *calls += 1;
            if let Some(ticket) = again.ticket
                && tickets.len() < EXAMPLES_MAX
                && !tickets.contains(&ticket)
            {
                tickets.push(ticket);
            }
        }
    }

    /// A call that could not be made again.
    pub fn leave_out(&mut self, reason: &str) {
        *self.report.left_out.entry(reason.to_owned()).or_default() += 1;
    }

    /// The whole.
    #[must_use]
    pub fn done(self) -> ReplayReport {
        let Self { mut report, changes, us_before, us_after } = self;
        for (name, changes) in changes {
            let calls = changes.values().map(|(calls, _)| calls).sum();
            let mut changes: Vec<Change> =
                changes.into_iter().map(|((from, to), (calls, tickets))| Change { from, to, calls, tickets }).collect();
            changes.sort_by_key(|change| Reverse(change.calls));
            changes.truncate(CHANGES_MAX);
            report.aspects.push(Aspect { name, calls, changes });
        }
        report.aspects.sort_by_key(|aspect| Reverse(aspect.calls));
        let calls = report.calls.max(1) as u64;
        (report.mean_us_before, report.mean_us_after) = (us_before / calls, us_after / calls);
        report
    }
}

/// What the calls of a world are about, in English, one and several.
fn things(world: Option<World>) -> (&'static str, &'static str) {
    match world {
        Some(World::Classifier) => ("mail", "mails"),
        Some(World::Checker) => ("reply", "replies"),
        Some(World::Notifier) => ("notice", "notices"),
        _ => ("ticket", "tickets"),
    }
}

impl ReplayReport {
    /// The first line: `12 of 400 mails change category`.
    #[must_use]
    pub fn headline(&self) -> String {
        let (one, many) = things(self.world);
        let of = format!("of {} {}", self.calls, if self.calls == 1 { one } else { many });
        match (self.calls, self.aspects.first()) {
            (0, _) => format!("no {one} on record could be tried again"),
            (_, None) => format!("0 {of} change"),
            (_, Some(first)) => {
                let verb = if first.calls == 1 { "changes" } else { "change" };
                let more = self.aspects.len() - 1;
                let more = match more {
                    0 => String::new(),
                    1 => ", and one more thing changes".to_owned(),
                    more => format!(", and {more} more things change"),
                };
                format!("{} {of} {verb} {}{more}", first.calls, first.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(ticket: i64, differences: &[(&str, &str, &str)]) -> Again {
        let differences = differences
            .iter()
            .map(|(aspect, from, to)| Difference {
                aspect: (*aspect).to_owned(),
                from: (*from).to_owned(),
                to: (*to).to_owned(),
            })
            .collect();
        Again {
            ticket: Some(ticket),
            exact: ticket % 2 == 0,
            differences,
            before: (false, 100),
            after: (ticket == 7, 300),
        }
    }

    #[test]
    fn the_commonest_change_comes_first_with_examples() {
        let mut adder = Adder::default();
        for ticket in 0..20 {
            let changes: &[_] = match ticket {
                0..8 => &[("category", "shipping", "refund")],
                8..11 => &[("category", "other", "refund"), ("urgency", "low", "high")],
                _ => &[],
            };
            adder.add(again(ticket, changes));
        }
        adder.leave_out("its mail is gone");
        let mut report = adder.done();
        report.world = Some(World::Classifier);
        assert_eq!(report.headline(), "11 of 20 mails change category, and one more thing changes");
        assert_eq!((report.calls, report.exact, report.differ), (20, 10, 11));
        assert_eq!((report.failed_before, report.failed_after), (0, 1));
        assert_eq!((report.mean_us_before, report.mean_us_after), (100, 300));
        let category = &report.aspects[0];
        assert_eq!((category.name.as_str(), category.calls), ("category", 11));
        let first = &category.changes[0];
        assert_eq!((first.from.as_str(), first.to.as_str(), first.calls), ("shipping", "refund", 8));
        assert_eq!(first.tickets, [0, 1, 2, 3, 4]);
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<ReplayReport>(&text).unwrap(), report);
    }

    #[test]
    fn nothing_changed_and_nothing_tried_are_told_apart() {
        assert_eq!(ReplayReport::default().headline(), "no ticket on record could be tried again");
        let one = ReplayReport { calls: 1, world: Some(World::Checker), ..ReplayReport::default() };
        assert_eq!(one.headline(), "0 of 1 reply change");
    }
}
