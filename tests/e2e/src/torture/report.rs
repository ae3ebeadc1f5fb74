//! What came of it.

use super::Fault;
use super::fault::BOUNDARIES;
use std::collections::BTreeMap;
use std::time::Duration;

/// What was done and what was counted.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// `SQLite` or `PostgreSQL`.
    pub database: &'static str,
    /// Deaths at each boundary.
    pub at_boundaries: BTreeMap<&'static str, usize>,
    /// Deaths by SIGKILL at a random moment.
    pub at_moments: usize,
    /// Boundaries that were not come to in time; the process was killed instead.
    pub not_come_to: Vec<String>,
    /// The process ended by itself where it should not have, with the end of its log.
    pub ended_alone: Vec<String>,
    /// Mails delivered.
    pub mails: usize,
    /// Mails without a ticket, by number.
    pub lost: Vec<usize>,
    /// Mails with more than one.
    pub twice: Vec<usize>,
    /// Replies that no customer got.
    pub unsent: Vec<usize>,
    /// Replies that a customer got more than once.
    pub sent_twice: Vec<usize>,
    /// Replies without a copy in the Sent folder.
    pub without_copy: Vec<usize>,
    /// Replies with more than one.
    pub copied_twice: Vec<usize>,
    /// Replies that a person had to decide about.
    pub uncertain: usize,
    /// Of them, those that had not been handed over: nobody should have been asked.
    pub uncertain_without_reason: Vec<String>,
    /// Tickets that the chat group was never told of.
    pub untold: usize,
    /// Cards that came once more: a process that dies before it has written the platform's answer cannot know of it.
    pub told_again: usize,
    /// What the chat platform refused, in its words.
    pub refused_by_chat: Vec<String>,
    /// Everything the server holds is here.
    pub ledger_is_even: bool,
    /// `posthouse audit verify`.
    pub chain_is_whole: bool,
    /// From the first start to the last count.
    pub duration: Duration,
}

impl Report {
    pub(super) fn died(&mut self, fault: Fault, by_itself: bool, log: &str) {
        match fault {
            Fault::Boundary { name, .. } if by_itself => *self.at_boundaries.entry(name).or_insert(0) += 1,
            Fault::Boundary { name, time } => {
                self.at_moments += 1;
                self.not_come_to.push(format!("{name}:{time}"));
            }
            Fault::Moment(_) => {
                self.at_moments += 1;
                if by_itself {
                    let end: Vec<&str> = log.lines().rev().take(5).collect();
                    self.ended_alone.push(end.into_iter().rev().collect::<Vec<_>>().join("\n"));
                }
            }
        }
    }

    /// How often it died.
    #[must_use]
    pub fn deaths(&self) -> usize {
        self.at_boundaries.values().sum::<usize>() + self.at_moments
    }

    pub(super) fn so_far(&self) -> String {
        format!("{} decided by a person, {} boundaries not come to", self.uncertain, self.not_come_to.len())
    }

    /// Everything that must not be. Empty: the house is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let lists = [
            ("mails lost", &self.lost),
            ("mails with more than one ticket", &self.twice),
            ("replies that did not go out", &self.unsent),
            ("replies that went out more than once", &self.sent_twice),
            ("replies without a copy in the Sent folder", &self.without_copy),
            ("replies with more than one copy", &self.copied_twice),
        ];
        for (what, list) in lists {
            if !list.is_empty() {
                problems.push(format!("{what}: {list:?}"));
            }
        }
        let words = [
            ("asked a person without need", &self.uncertain_without_reason),
            ("the process ended by itself", &self.ended_alone),
            ("the chat platform refused", &self.refused_by_chat),
        ];
        for (what, list) in words {
            problems.extend(list.iter().map(|one| format!("{what}: {one}")));
        }
        if self.untold > 0 {
            problems.push(format!("tickets that nobody was told of: {}", self.untold));
        }
        if !self.ledger_is_even {
            problems.push("the ledger is not even".to_owned());
        }
        if !self.chain_is_whole {
            problems.push("the chain of events is not whole".to_owned());
        }
        problems
    }

    /// Boundaries at which it never died.
    #[must_use]
    pub fn boundaries_missed(&self) -> Vec<&'static str> {
        BOUNDARIES.into_iter().filter(|name| !self.at_boundaries.contains_key(name)).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {} deaths in {:.1} min", self.database, self.deaths(), self.duration.as_secs_f64() / 60.0)?;
        let boundaries: Vec<String> =
            self.at_boundaries.iter().map(|(name, count)| format!("{name} {count}")).collect();
        writeln!(f, "  at boundaries: {}; at random moments {}", boundaries.join(", "), self.at_moments)?;
        if !self.not_come_to.is_empty() {
            writeln!(f, "  not come to in time: {}", self.not_come_to.join(", "))?;
        }
        writeln!(
            f,
            "  {} mails: lost {}, twice {}, replies unsent {}, sent twice {}, without copy {}, copied twice {}",
            self.mails,
            self.lost.len(),
            self.twice.len(),
            self.unsent.len(),
            self.sent_twice.len(),
            self.without_copy.len(),
            self.copied_twice.len()
        )?;
        writeln!(
            f,
            "  decided by a person {} (without need {}), untold {}, told again {}, ledger {}, chain {}",
            self.uncertain,
            self.uncertain_without_reason.len(),
            self.untold,
            self.told_again,
            if self.ledger_is_even { "even" } else { "NOT even" },
            if self.chain_is_whole { "whole" } else { "NOT whole" }
        )?;
        for problem in self.problems() {
            writeln!(f, "  PROBLEM {problem}")?;
        }
        Ok(())
    }
}
