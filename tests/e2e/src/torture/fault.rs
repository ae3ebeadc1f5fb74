//! Where and when the process dies.

use std::time::Duration;

/// The boundaries by name (`posthouse_model::Step`), in the order of a mail's way.
pub const BOUNDARIES: [&str; 9] =
    ["fetched", "committing", "committed", "claimed", "told", "leased", "handed-over", "submitted", "copied"];
/// A boundary is chosen at its first or its second time.
const TIMES: u64 = 2;
/// A random moment is at most so long after the start. The start takes some of it: dying within it is part of the plan.
const MOMENT_MAX: Duration = Duration::from_millis(1500);

/// One death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// By itself, when it comes to a boundary for the nth time.
    Boundary {
        /// The boundary's name, as in `posthouse_model::Step`.
        name: &'static str,
        /// 1 or more.
        time: u64,
    },
    /// By SIGKILL, so long after it was started.
    Moment(Duration),
}

impl Fault {
    /// For `POSTHOUSE_DIE_AT`.
    #[must_use]
    pub fn die_at(self) -> Option<String> {
        match self {
            Self::Boundary { name, time } => Some(format!("{name}:{time}")),
            Self::Moment(_) => None,
        }
    }
}

/// An endless row of faults: boundaries in turn, and a random moment after each.
pub(super) struct Faults {
    random: u64,
    given: usize,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, given: 0 }
    }

    pub(super) fn next(&mut self) -> Fault {
        let turn = self.given / 2;
        self.given += 1;
        if self.given.is_multiple_of(2) {
            let millis = u64::try_from(MOMENT_MAX.as_millis()).unwrap_or(1);
            return Fault::Moment(Duration::from_millis(self.number() % millis));
        }
        let time = 1 + (turn / BOUNDARIES.len()) as u64 % TIMES;
        Fault::Boundary { name: BOUNDARIES[turn % BOUNDARIES.len()], time }
    }

    /// xorshift64 (Marsaglia, 2003): enough to choose a moment, and the same everywhere.
    fn number(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
