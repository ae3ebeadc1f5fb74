//! Working time: when it is open, and when so many working minutes will have passed.

use std::collections::{BTreeMap, BTreeSet};

/// Minutes of a day, start inclusive, end exclusive.
pub type Span = (u16, u16);

const DAY_MINUTES: u16 = 1440;
const DAYS_MAX: i64 = 366;

/// Weekly hours and their exceptions. Without any weekly hours it is open around the clock.
#[derive(Debug, Default, Clone)]
pub struct Hours {
    weekly: [Vec<Span>; 7],
    /// Days since 1970-01-01 without working hours.
    pub closed_days: BTreeSet<i64>,
    /// Month and day without working hours.
    pub closed_each_year: BTreeSet<(u8, u8)>,
    /// Days with hours of their own: they win over weekday and holiday.
    pub special_days: BTreeMap<i64, Vec<Span>>,
}

impl Hours {
    /// Adds a span to a weekday (0 is Monday); an end before the start runs past midnight.
    pub fn add(&mut self, weekday: usize, start: u16, end: u16) {
        if start < end {
            self.weekly[weekday].push((start, end));
        } else {
            self.weekly[weekday].push((start, DAY_MINUTES));
            if end > 0 {
                self.weekly[(weekday + 1) % 7].push((0, end));
            }
        }
    }

    /// Sorts the spans and joins those that touch; makes "no hours at all" around the clock.
    pub fn settle(&mut self) {
        for spans in &mut self.weekly {
            spans.sort_unstable();
            let mut joined: Vec<Span> = Vec::new();
            for &(start, end) in spans.iter() {
                match joined.last_mut() {
                    Some(last) if start <= last.1 => last.1 = last.1.max(end),
                    _ => joined.push((start, end)),
                }
            }
            *spans = joined;
        }
        if self.weekly.iter().all(Vec::is_empty) {
            self.weekly = std::array::from_fn(|_| vec![(0, DAY_MINUTES)]);
        }
    }

    fn on(&self, day: i64) -> &[Span] {
        if let Some(spans) = self.special_days.get(&day) {
            return spans;
        }
        let (_, month, day_of_month) = civil(day);
        if self.closed_days.contains(&day) || self.closed_each_year.contains(&(month, day_of_month)) {
            return &[];
        }
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        &self.weekly[weekday]
    }
}

/// A wall clock reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Gregorian.
    pub year: i32,
    /// 1 to 12
    pub month: u8,
    /// 1 to 31
    pub day: u8,
    /// Of the day.
    pub minute: u16,
    /// 0 to 59
    pub second: u8,
    /// Local minus UTC.
    pub offset_seconds: i32,
}

/// Knows the wall clock of the tenant's time zone.
pub trait LocalClock {
    /// The reading at an instant; none when the zone is unknown.
    fn at(&self, instant: i64) -> Option<LocalTime>;
}

/// Working hours on a clock.
pub struct Working<'a> {
    /// When it is open.
    pub hours: &'a Hours,
    /// Whose wall clock.
    pub clock: &'a dyn LocalClock,
}

impl Working<'_> {
    /// Whether it is open. An unknown time zone counts as open.
    pub fn is_open(&self, instant: i64) -> bool {
        let Some(local) = self.clock.at(instant) else { return true };
        let day = day_number(local.year, local.month, local.day);
        self.hours.on(day).iter().any(|&(start, end)| (start..end).contains(&local.minute))
    }

    /// The instant at which `minutes` of working time have passed since `start`; none when that is more
    /// than a year away.
    pub fn after(&self, start: i64, minutes: u32) -> Option<i64> {
        let mut left = i64::from(minutes) * 60;
        let Some(local) = self.clock.at(start) else { return start.checked_add(left) };
        let first = day_number(local.year, local.month, local.day);
        let mut from = i64::from(local.minute) * 60 + i64::from(local.second);
        for day in first..=first + DAYS_MAX {
            for &(opens, closes) in self.hours.on(day) {
                let (opens, closes) = (i64::from(opens) * 60, i64::from(closes) * 60);
                let begin = opens.max(from);
                if begin >= closes {
                    continue;
                }
                if left <= closes - begin {
                    return Some(self.instant(day, begin + left, local.offset_seconds));
                }
                left -= closes - begin;
            }
            from = 0;
        }
        None
    }

    /// The instant of a wall clock reading; the offset that holds there is asked for, since it may have
    /// changed since the start (daylight saving time).
    fn instant(&self, day: i64, second_of_day: i64, offset_guess: i32) -> i64 {
        let wall = day * 86_400 + second_of_day;
        let guess = wall - i64::from(offset_guess);
        let offset = self.clock.at(guess).map_or(offset_guess, |local| local.offset_seconds);
        wall - i64::from(offset)
    }
}

/// Days since 1970-01-01 of a Gregorian date (Howard Hinnant's algorithm).
pub fn day_number(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number.
fn civil(day: i64) -> (i64, u8, u8) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = u8::try_from(day_of_year - (153 * shifted_month + 2) / 5 + 1).unwrap_or(1);
    let month = u8::try_from(if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 }).unwrap_or(1);
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::settings::Settings;

    /// A zone whose offset changes once.
    struct Zone {
        before: i32,
        change: i64,
        after: i32,
    }

    impl LocalClock for Zone {
        fn at(&self, instant: i64) -> Option<LocalTime> {
            let offset_seconds = if instant < self.change { self.before } else { self.after };
            let wall = instant + i64::from(offset_seconds);
            let (year, month, day) = civil(wall.div_euclid(86_400));
            let second = wall.rem_euclid(86_400);
            Some(LocalTime {
                year: i32::try_from(year).unwrap(),
                month,
                day,
                minute: u16::try_from(second / 60).unwrap(),
                second: u8::try_from(second % 60).unwrap(),
                offset_seconds,
            })
        }
    }

    const SHANGHAI: Zone = Zone { before: 8 * 3600, change: i64::MAX, after: 0 };

    fn at(clock: &Zone, date: (i32, u8, u8), hour: i64, minute: i64) -> i64 {
        let wall = day_number(date.0, date.1, date.2) * 86_400 + hour * 3600 + minute * 60;
        let guess = wall - i64::from(clock.before);
        if guess < clock.change { guess } else { wall - i64::from(clock.after) }
    }

    fn hours(json: &str) -> Hours {
        posthouse_sdk::settings::parse::<Settings>(json).unwrap().working_hours().unwrap()
    }

    const WEEK: &str = r#"{"hours":{"mon-fri":["09:00-12:00","13:30-18:00"],"sat":["10:00-16:00"]},
        "holidays":["2026-10-01..2026-10-07","12-25"],"special_days":{"2026-10-10":["09:00-18:00"]}}"#;

    #[test]
    fn days_and_dates_agree() {
        for day in [-719_468, -1, 0, 59, 60, 11_016, 20_819, 2_932_896] {
            let (year, month, day_of_month) = civil(day);
            assert_eq!(day_number(i32::try_from(year).unwrap(), month, day_of_month), day);
        }
        assert_eq!(day_number(2026, 3, 1), 20_513);
    }

    #[test]
    fn minutes_pass_only_while_open() {
        let hours = hours(WEEK);
        let working = Working { hours: &hours, clock: &SHANGHAI };
        let z = &SHANGHAI;
        // Friday 2026-03-06 11:30 + 60 min: 30 before lunch, 30 after.
        assert_eq!(working.after(at(z, (2026, 3, 6), 11, 30), 60), Some(at(z, (2026, 3, 6), 14, 0)));
        // Friday 17:45 + 60: 15 on Friday, 45 on Saturday from 10:00.
        assert_eq!(working.after(at(z, (2026, 3, 6), 17, 45), 60), Some(at(z, (2026, 3, 7), 10, 45)));
        // Sunday + 10: Monday 09:10.
        assert_eq!(working.after(at(z, (2026, 3, 8), 3, 0), 10), Some(at(z, (2026, 3, 9), 9, 10)));
        assert!(working.is_open(at(z, (2026, 3, 6), 11, 59)));
        assert!(!working.is_open(at(z, (2026, 3, 6), 12, 0)));
        assert!(!working.is_open(at(z, (2026, 3, 8), 12, 0)));
    }

    #[test]
    fn holidays_are_closed_and_special_days_open() {
        let hours = hours(WEEK);
        let working = Working { hours: &hours, clock: &SHANGHAI };
        let z = &SHANGHAI;
        // Wednesday 2026-09-30 17:30 + 60: 30 that day, then the holiday week, 30 on Thursday the 8th.
        assert_eq!(working.after(at(z, (2026, 9, 30), 17, 30), 60), Some(at(z, (2026, 10, 8), 9, 30)));
        assert!(working.is_open(at(z, (2026, 10, 10), 9, 30)), "a Saturday that is worked");
        assert!(!working.is_open(at(z, (2026, 12, 25), 9, 30)));
    }

    #[test]
    fn a_change_of_clocks_keeps_the_wall_clock() {
        // Berlin leaves summer time on Sunday 2026-10-25 at 01:00 UTC.
        let berlin = Zone { before: 7200, change: day_number(2026, 10, 25) * 86_400 + 3600, after: 3600 };
        let hours = hours(r#"{"hours":{"mon-fri":["09:00-17:00"]}}"#);
        let working = Working { hours: &hours, clock: &berlin };
        let start = at(&berlin, (2026, 10, 23), 16, 0);
        assert_eq!(working.after(start, 120), Some(at(&berlin, (2026, 10, 26), 10, 0)));
    }

    #[test]
    fn hours_run_past_midnight_and_around_the_clock() {
        let night = hours(r#"{"hours":{"sun":["22:00-06:00"]}}"#);
        let working = Working { hours: &night, clock: &SHANGHAI };
        assert!(working.is_open(at(&SHANGHAI, (2026, 3, 9), 5, 59)));
        assert!(!working.is_open(at(&SHANGHAI, (2026, 3, 9), 6, 0)));
        let always = hours("{}");
        let working = Working { hours: &always, clock: &SHANGHAI };
        assert_eq!(working.after(1_000_000, 3_000), Some(1_000_000 + 180_000));
    }

    #[test]
    fn a_shop_that_never_opens_has_no_deadline() {
        let closed = hours(r#"{"hours":{"mon":["09:00-09:01"]}}"#);
        let working = Working { hours: &closed, clock: &SHANGHAI };
        assert_eq!(working.after(0, 5_000), None);
    }
}
