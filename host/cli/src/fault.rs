//! Dying on purpose: `POSTHOUSE_DIE_AT`, for those who want to see what a crash at a certain moment leaves behind.

use posthouse_model::{GoesOn, Step, Steps};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the process is to die: `submitted`, or `submitted:3` for the third time that it comes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DieAt {
    /// The boundary.
    pub step: Step,
    /// How often it is come to, this time included; at least 1.
    pub time: u64,
}

impl std::str::FromStr for DieAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (step, time) = text.split_once(':').unwrap_or((text, "1"));
        let step = step.parse().map_err(|error| format!("POSTHOUSE_DIE_AT: {error}"))?;
        match time.parse() {
            Ok(time) if time > 0 => Ok(Self { step, time }),
            _ => Err(format!("POSTHOUSE_DIE_AT: `{time}` is not a number from 1 on; write `{step}` or `{step}:3`")),
        }
    }
}

impl DieAt {
    /// What is done at boundaries: nothing, unless the process is to die at one.
    #[must_use]
    pub fn steps(asked: Option<Self>) -> Arc<dyn Steps> {
        match asked {
            Some(at) => Arc::new(Dies { at, come: AtomicU64::new(0) }),
            None => Arc::new(GoesOn),
        }
    }
}

struct Dies {
    at: DieAt,
    come: AtomicU64,
}

impl Steps for Dies {
    fn reached(&self, step: Step) {
        if step == self.at.step && self.come.fetch_add(1, Ordering::Relaxed) + 1 == self.at.time {
            // Nothing is written, closed or said: as when the machine goes away.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_boundary_and_which_time() {
        assert_eq!("told".parse(), Ok(DieAt { step: Step::Told, time: 1 }));
        assert_eq!("handed-over:12".parse(), Ok(DieAt { step: Step::HandedOver, time: 12 }));
        let refused = "nowhere".parse::<DieAt>().unwrap_err();
        assert!(refused.contains("`nowhere` is not one of fetched, committing"), "{refused}");
        let refused = "told:0".parse::<DieAt>().unwrap_err();
        assert_eq!(refused, "POSTHOUSE_DIE_AT: `0` is not a number from 1 on; write `told` or `told:3`");
    }
}
