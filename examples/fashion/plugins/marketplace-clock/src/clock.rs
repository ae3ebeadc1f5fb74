//! When an answer is due, and what follows from that. Plain values only, so that every case can be tested.

use crate::settings::{Marketplace, Night};

/// A mail of the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// By its own date, in seconds since 1970.
    pub at: i64,
    /// The customer's, not ours.
    pub incoming: bool,
}

/// When the marketplace's clock began: with the oldest mail that we have not answered yet. A date in the future starts it
/// now, because nobody gets more time by a wrong date.
///
/// `newest_first` holds the newest mails of the thread.
#[must_use]
pub fn started(newest_first: &[Heard], now: i64) -> i64 {
    let waiting = newest_first.iter().take_while(|mail| mail.incoming).last();
    waiting.map_or(now, |mail| mail.at.min(now))
}

/// What is decided.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// When the customer must have an answer, in seconds since 1970.
    pub due: i64,
    /// The time has run out.
    pub is_late: bool,
    /// Little time is left, or none.
    pub is_short: bool,
    /// The night shift answers it.
    pub is_for_the_night: bool,
}

/// `due_minute`: the minute of the day at which it is due, where the shifts work; none when the zone is unknown.
#[must_use]
pub fn decide(due: i64, due_minute: Option<u16>, now: i64, night: Option<&Night>, hurry_minutes: u32) -> Verdict {
    let is_late = due <= now;
    let is_short = due - now < i64::from(hurry_minutes) * 60;
    // What is late waits for no shift: whoever is there takes it from the ordinary queue.
    let is_for_the_night = !is_late && due_minute.is_some_and(|minute| night.is_some_and(|night| night.covers(minute)));
    Verdict { due, is_late, is_short: is_short || is_late, is_for_the_night }
}

/// When an answer is due that began to be waited for at `started`.
#[must_use]
pub fn due(marketplace: &Marketplace, started: i64) -> i64 {
    started.saturating_add(i64::from(marketplace.reply_within_hours) * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_794_888_000;

    fn heard(at: i64, incoming: bool) -> Heard {
        Heard { at, incoming }
    }

    #[test]
    fn the_clock_runs_from_the_oldest_mail_without_an_answer() {
        let thread = [heard(NOON - 60, true), heard(NOON - 7200, true), heard(NOON - 9000, false), heard(0, true)];
        assert_eq!(started(&thread, NOON), NOON - 7200);
        assert_eq!(started(&thread[..1], NOON), NOON - 60);
        assert_eq!(started(&[heard(NOON + 86_400, true)], NOON), NOON, "a date in the future starts it now");
        assert_eq!(started(&[heard(NOON, false)], NOON), NOON, "nothing waits");
    }

    #[test]
    fn late_short_and_night_are_told_apart() {
        let night = Night { from: 18 * 60, to: 2 * 60, queue: "night".into(), notifiers: vec![] };
        let of = |due: i64, minute: Option<u16>| decide(due, minute, NOON, Some(&night), 240);
        let far = of(NOON + 20 * 3600, Some(9 * 60));
        assert!(!far.is_late && !far.is_short && !far.is_for_the_night);
        assert!(of(NOON + 20 * 3600, Some(20 * 60)).is_for_the_night);
        assert!(!of(NOON + 4 * 3600, Some(600)).is_short, "exactly the limit is left");
        assert!(of(NOON + 4 * 3600 - 1, Some(600)).is_short);
        let late = of(NOON, Some(20 * 60));
        assert!(late.is_late && late.is_short && !late.is_for_the_night);
        assert!(!of(NOON + 20 * 3600, None).is_for_the_night, "an unknown zone has no night");
    }
}
