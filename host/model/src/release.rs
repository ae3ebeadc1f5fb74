//! Releases of a plugin: what was installed under its name over time, and how far each has got.
//!
//! ```text
//!              ┌────────┐   ┌────────┐
//! installed ──▶│ shadow │──▶│ canary │──▶ active ──▶ retired
//!     │        └────────┘   └────────┘      │           │
//!     └───────── any of the three ──────────┘           └──▶ active again (roll back)
//!                     └──▶ withdrawn, rolled back
//! ```
//!
//! Of one plugin at most one release is active, and at most one is a candidate (installed, shadow or canary).

use crate::{TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

crate::triage::named! {
    /// How far a release has got.
    pub enum ReleaseState {
        /// Verified, compiled and configured; never called.
        Installed = "installed",
        /// Called beside the active one on live mail; what it answers is recorded and changes nothing.
        Shadow = "shadow",
        /// Answers for its share of the tickets.
        Canary = "canary",
        /// Answers.
        Active = "active",
        /// Was active until another took its place.
        Retired = "retired",
        /// Taken back because of what it did, by a person or by the watch over its failures.
        RolledBack = "rolled-back",
        /// A candidate that was given up.
        Withdrawn = "withdrawn",
    }
}

crate::triage::named! {
    /// How far a package that was handed in on the desk has got.
    pub enum UploadState {
        /// A worker will see to it.
        Waiting = "waiting",
        /// It is a release.
        Installed = "installed",
        /// It is none, for a reason that is kept.
        Refused = "refused",
    }
}

impl ReleaseState {
    /// Whether it may yet become the active one.
    #[must_use]
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Installed | Self::Shadow | Self::Canary)
    }

    /// Whether it is called at all.
    #[must_use]
    pub fn is_called(self) -> bool {
        matches!(self, Self::Shadow | Self::Canary | Self::Active)
    }
}

crate::triage::named! {
    /// As what a release was called.
    pub enum Stage {
        /// The active one.
        Active = "active",
        /// For its share of the tickets.
        Canary = "canary",
        /// Beside the active one, for comparison.
        Shadow = "shadow",
        /// On what was recorded earlier. Never stored.
        Replay = "replay",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enum derives what all of them have")]
impl Default for Stage {
    fn default() -> Self {
        Self::Active
    }
}

/// How a call was made, beside what it was about: enough to make it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Number of the plugin's release; 0: of a time when they were not counted.
    pub release: i64,
    /// As what it was called.
    pub stage: Stage,
    /// The time it was told.
    pub now: Timestamp,
    /// The seed it was told.
    pub seed: u64,
}

/// Releases of one plugin that are kept, the newest; older ones that are neither active nor candidates go.
pub const RELEASES_KEPT: usize = 20;

/// Whether a ticket belongs to a canary's share, in per cent. The same ticket always gives the same answer, and a ticket
/// that is in a smaller share is in every larger one: raising the share takes none away.
#[must_use]
pub fn is_in_share(plugin: &str, ticket: TicketId, share: u32) -> bool {
    // FNV-1a with a last mix (from MurmurHash3): it has to be even and the same for ever, not secret.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in plugin.bytes().chain(ticket.0.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash % 100 < u64::from(share)
}

/// When a release is taken back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The last calls that are looked at.
    pub window: usize,
    /// Failures among them that are too many, if they are also more than [`failed_percent`](Self::failed_percent).
    pub failed: usize,
    /// Of the calls looked at, in per cent.
    pub failed_percent: usize,
    /// Calls ended by a time limit that are too many, whatever their share.
    pub late: usize,
    /// How long a release that has become active is watched.
    pub probation: Duration,
}

/// What holds for every release.
pub const PATIENCE: Patience =
    Patience { window: 50, failed: 5, failed_percent: 10, late: 3, probation: Duration::from_secs(24 * 60 * 60) };

/// How a watched call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an answer, or with a failure that does not speak against the plugin.
    Fine,
    /// With a failure.
    Failed,
    /// By a limit on its time.
    Late,
}

/// The last calls of a watched release.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    endings: std::collections::VecDeque<Ending>,
}

impl Watched {
    /// Takes down how a call ended, and says what is too much, if anything is.
    pub fn ended(&mut self, ending: Ending, patience: &Patience) -> Option<TooMuch> {
        self.endings.push_back(ending);
        if self.endings.len() > patience.window {
            self.endings.pop_front();
        }
        let calls = self.endings.len();
        let late = self.endings.iter().filter(|ending| **ending == Ending::Late).count();
        let failed = self.endings.iter().filter(|ending| **ending != Ending::Fine).count();
        if late >= patience.late {
            return Some(TooMuch::Late { late, calls });
        }
        (failed >= patience.failed && failed * 100 >= calls * patience.failed_percent)
            .then_some(TooMuch::Failed { failed, calls })
    }
}

/// Why a release is taken back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// So many of so many calls failed.
    Failed {
        /// These.
        failed: usize,
        /// Of these.
        calls: usize,
    },
    /// So many of so many calls ran into a time limit.
    Late {
        /// These.
        late: usize,
        /// Of these.
        calls: usize,
    },
}

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed { failed, calls } => write!(f, "{failed} of its last {calls} calls failed"),
            Self::Late { late, calls } => write!(f, "{late} of its last {calls} calls ran into a time limit"),
        }
    }
}

/// What a plugin's releases did: one row per release and stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseUse {
    /// Which release.
    pub release: i64,
    /// As what it was called.
    pub stage: Stage,
    /// How often.
    pub calls: i64,
    /// How often it failed.
    pub failed: i64,
    /// Mean wall time of a call, in microseconds.
    pub mean_us: i64,
    /// When it was last called.
    pub last_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_share_keeps_the_tickets_of_a_smaller_one() {
        for ticket in (1..2_000).map(TicketId) {
            let shares: Vec<bool> = (0..=100).map(|share| is_in_share("classifier", ticket, share)).collect();
            assert!(!shares[0] && shares[100]);
            assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]), "{ticket}");
        }
    }

    #[test]
    fn a_share_is_about_what_it_says_and_differs_between_plugins() {
        let count = |plugin, share| (0..10_000).filter(|n| is_in_share(plugin, TicketId(*n), share)).count();
        for (share, about) in [(1, 100), (10, 1_000), (50, 5_000), (99, 9_900)] {
            let got = count("router", share);
            assert!(got.abs_diff(about) < 150, "{share} %: {got}");
        }
        let both =
            (0..10_000).filter(|n| is_in_share("a", TicketId(*n), 10) && is_in_share("b", TicketId(*n), 10)).count();
        assert!((50..150).contains(&both), "{both}");
    }

    fn run(endings: impl IntoIterator<Item = Ending>) -> Option<(usize, TooMuch)> {
        let mut watched = Watched::default();
        endings.into_iter().enumerate().find_map(|(n, ending)| Some((n + 1, watched.ended(ending, &PATIENCE)?)))
    }

    #[test]
    fn too_many_failures_are_both_a_number_and_a_share() {
        use Ending::{Failed, Fine};
        assert_eq!(run([Failed; 4]), None);
        assert_eq!(run([Failed; 5]), Some((5, TooMuch::Failed { failed: 5, calls: 5 })));
        // Ten per cent of fifty are five: one in ten is too much, less is not.
        let one_in_ten = (1..200).map(|n| if n % 10 == 0 { Failed } else { Fine });
        assert_eq!(run(one_in_ten), Some((50, TooMuch::Failed { failed: 5, calls: 50 })));
        let one_in_thirteen = (1..1_000).map(|n| if n % 13 == 0 { Failed } else { Fine });
        assert_eq!(run(one_in_thirteen), None);
    }

    #[test]
    fn three_late_calls_within_the_window_are_too_many() {
        use Ending::{Fine, Late};
        assert_eq!(run([Late, Fine, Late, Fine, Late]), Some((5, TooMuch::Late { late: 3, calls: 5 })));
        // The window forgets.
        let rare = (0..1_000).map(|n| if n % 25 == 0 { Late } else { Fine });
        assert_eq!(run(rare), None);
    }

    #[test]
    fn states_know_what_they_are() {
        let candidates: Vec<_> = ReleaseState::ALL.iter().filter(|state| state.is_candidate()).collect();
        assert_eq!(candidates, [&ReleaseState::Installed, &ReleaseState::Shadow, &ReleaseState::Canary]);
        assert!(ReleaseState::Active.is_called() && !ReleaseState::Installed.is_called());
    }
}
