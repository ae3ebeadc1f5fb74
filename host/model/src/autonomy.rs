//! Earned autonomy: how far the house may answer a category of mail by itself, on which evidence, and what it never answers.
//!
//! A category climbs one step at a time, [`Level::Manual`] to [`Level::Automatic`]. A step up needs measured evidence ([`Evidence`],
//! [`may_promote`]) *and* a person who agrees; a step down happens by itself ([`Cause`]) and leads to [`Level::Suggested`]. Whatever the
//! level, one mail is looked at alone: [`never()`] names every reason why a person must read the answer first.
//!
//! Everything here is a pure function: the store keeps the levels and what was compared, the pipeline asks.

pub mod bound;
pub mod marks;
pub mod money;
mod never;

pub use never::{Candidate, Never, never};

use crate::TicketId;
use crate::config::{AutonomyConfig, BarConfig};
use crate::release;
use crate::template::changed_words;
use crate::triage::named;
use bound::Bound;
use serde::{Deserialize, Serialize};

named! {
    /// How far the house goes by itself in a category of mail.
    pub enum Level {
        /// People answer. What would have been sent is only compared with what they send.
        Manual = "manual",
        /// The ticket says which draft would have been sent. People still send.
        Suggested = "suggested",
        /// The draft goes out by itself after a delay in which it can be stopped; a share of the tickets is still reviewed.
        Sampled = "sampled",
        /// Every draft goes out by itself after the delay.
        Automatic = "automatic",
    }
}

impl Level {
    /// The step above; none at the top.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| *level > self)
    }

    /// Something goes out that nobody has read.
    #[must_use]
    pub fn sends(self) -> bool {
        self >= Self::Sampled
    }
}

named! {
    /// What became of the draft that would have been sent.
    pub enum Compared {
        /// Nobody has answered yet.
        Open = "open",
        /// An agent sent it as it was proposed; only white space at its ends may differ.
        Unchanged = "unchanged",
        /// An agent changed a few words: see [`SMALL_EDIT_PERCENT`].
        SmallEdit = "small-edit",
        /// An agent changed more, up to [`OTHER_TEXT_PERCENT`].
        LargeEdit = "large-edit",
        /// Another text was sent, or the ticket was closed without a reply, or the sending was stopped.
        Rejected = "rejected",
        /// It went out, or is about to, without a person: no evidence for anything.
        Automatic = "automatic",
    }
}

/// Up to so many per cent of changed words (see [`changed_words`]) are a small edit.
pub const SMALL_EDIT_PERCENT: u32 = 10;
/// More than so many per cent of changed words make another text.
pub const OTHER_TEXT_PERCENT: u32 = 50;

/// What an agent made of the draft that would have been sent, and how many per cent of the words she changed.
#[must_use]
pub fn compare(proposed: &str, sent: &str) -> (Compared, u32) {
    if proposed.trim() == sent.trim() {
        return (Compared::Unchanged, 0);
    }
    let changed = changed_words(proposed, sent);
    let compared = match changed {
        0..=SMALL_EDIT_PERCENT => Compared::SmallEdit,
        _ if changed <= OTHER_TEXT_PERCENT => Compared::LargeEdit,
        _ => Compared::Rejected,
    };
    (compared, changed)
}

named! {
    /// Why a category's level changed.
    pub enum Cause {
        /// A person agreed to more, on the evidence that is kept with it.
        Consent = "consent",
        /// A person took it back.
        ByHand = "by-hand",
        /// A customer complained in answer to a reply that went out by itself.
        Complaint = "complaint",
        /// A reply that went out by itself did not settle the matter: the customer wrote again, or an agent reopened the ticket.
        Reopened = "reopened",
        /// A reply that went out by itself came back for good, or was refused by the server.
        Bounced = "bounced",
        /// A check objected to a reply that was about to go out by itself.
        CheckFailed = "check-failed",
        /// Agents change or reject more of the drafts than the level allows.
        Drift = "drift",
    }
}

impl Cause {
    /// No person did it.
    #[must_use]
    pub fn is_automatic(self) -> bool {
        !matches!(self, Self::Consent | Self::ByHand)
    }
}

/// What was measured: of the drafts that would have been sent, how many agents sent as they were, changed, or did not send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Sent as proposed.
    pub unchanged: u32,
    /// A few words changed.
    pub small_edits: u32,
    /// More changed.
    pub large_edits: u32,
    /// Not sent.
    pub rejected: u32,
}

impl Evidence {
    /// Takes one comparison in. What is open or went out by itself says nothing.
    pub fn add(&mut self, compared: Compared, count: u32) {
        match compared {
            Compared::Unchanged => self.unchanged += count,
            Compared::SmallEdit => self.small_edits += count,
            Compared::LargeEdit => self.large_edits += count,
            Compared::Rejected => self.rejected += count,
            Compared::Open | Compared::Automatic => {}
        }
    }

    /// Sample size.
    #[must_use]
    pub fn compared(self) -> u32 {
        self.unchanged + self.edited() + self.rejected
    }

    /// Sent with changes, small and large.
    #[must_use]
    pub fn edited(self) -> u32 {
        self.small_edits + self.large_edits
    }

    /// A share of the sample in thousandths, 0 to 1000; 0 of an empty sample.
    #[must_use]
    pub fn permille(self, part: u32) -> u32 {
        (part * 1000).checked_div(self.compared()).unwrap_or(0)
    }

    /// The share that was sent as proposed, between its one-sided bounds.
    #[must_use]
    pub fn bound(self, config: &AutonomyConfig) -> Bound {
        Bound::of(self.unchanged, self.compared(), config.z())
    }
}

/// What a step up still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lacks", rename_all = "kebab-case")]
pub enum Shortfall {
    /// There is no step above.
    AtTheTop,
    /// The sample is too small.
    TooFew {
        /// Comparisons so far.
        have: u32,
        /// Comparisons needed.
        need: u32,
    },
    /// The lower bound of the share that was sent as proposed is too low.
    Share {
        /// The lower bound, in thousandths.
        have_permille: u32,
        /// The share needed, in per cent.
        need_percent: u32,
    },
    /// Too many drafts were rejected.
    Rejected {
        /// Their share, in thousandths.
        have_permille: u32,
        /// The largest share allowed, in per cent.
        most_percent: u32,
    },
}

/// Whether the evidence is good enough for the next step, and which that is. Whoever calls this still needs a person's consent.
///
/// # Errors
/// Everything that is lacking.
pub fn may_promote(level: Level, evidence: Evidence, config: &AutonomyConfig) -> Result<Level, Vec<Shortfall>> {
    let Some(next) = level.next() else { return Err(vec![Shortfall::AtTheTop]) };
    let bar = bar(next, config);
    let mut lacks = Vec::new();
    let have = evidence.compared();
    if have < bar.compared {
        lacks.push(Shortfall::TooFew { have, need: bar.compared });
    }
    let have_permille = evidence.bound(config).lower_permille();
    if have_permille < bar.unchanged_percent * 10 {
        lacks.push(Shortfall::Share { have_permille, need_percent: bar.unchanged_percent });
    }
    if evidence.rejected * 100 > bar.rejected_percent * have {
        let have_permille = evidence.permille(evidence.rejected);
        lacks.push(Shortfall::Rejected { have_permille, most_percent: bar.rejected_percent });
    }
    if lacks.is_empty() { Ok(next) } else { Err(lacks) }
}

/// Whether the newest comparisons show that a level which sends is no longer earned: even the upper bound of the share that was sent as
/// proposed is below what the level asks for.
#[must_use]
pub fn has_drifted(level: Level, recent: Evidence, config: &AutonomyConfig) -> bool {
    level.sends()
        && recent.compared() > 0
        && recent.bound(config).upper_permille() < bar(level, config).unchanged_percent * 10
}

/// Whether a ticket of a sampled category is reviewed by a person all the same: the same answer for the same ticket each time.
#[must_use]
pub fn is_reviewed(level: Level, ticket: TicketId, config: &AutonomyConfig) -> bool {
    level == Level::Sampled && release::is_in_share("autonomy: reviewed", ticket, config.review_percent)
}

/// What must be shown to come to a level.
#[must_use]
pub fn bar(level: Level, config: &AutonomyConfig) -> BarConfig {
    match level {
        Level::Manual => BarConfig { compared: 0, unchanged_percent: 0, rejected_percent: 100 },
        Level::Suggested => config.suggested,
        Level::Sampled => config.sampled,
        Level::Automatic => config.automatic,
    }
}

#[cfg(test)]
mod tests;
