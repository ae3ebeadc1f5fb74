//! What happens by the clock: the daily summary, the watch over the work, and local times.

use crate::triage::named;
use serde::{Deserialize, Serialize};

/// The daily summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestConfig {
    /// Local time of day, `HH:MM`.
    pub at: TimeOfDay,
    /// Who gets it. Empty: `notify.notifiers`.
    #[serde(default)]
    pub notifiers: Vec<String>,
    /// How many of the most urgent tickets it shows, 0 to 10. Default 3.
    #[serde(default = "three")]
    pub examples: u32,
}

/// The watch over the tenant's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatConfig {
    /// Alert when no message was triaged for this long within active hours, 5 to 10,080. None: silence is no alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_after_minutes: Option<u32>,
    /// Alert when fetching fails, or triage or sending is behind, for this long, 1 to 1,440. Default 15.
    pub stuck_after_minutes: u32,
    /// Days on which mail is expected. Default: all.
    pub days: Vec<Weekday>,
    /// Start of active hours, local time. Default `00:00`.
    pub from: TimeOfDay,
    /// End of active hours, local time; at or before `from`: on the next day. Default `00:00`.
    pub to: TimeOfDay,
    /// Who is told. Empty: `notify.notifiers`.
    pub notifiers: Vec<String>,
}

impl Default for HeartbeatConfig {
    fn default() -> Self {
        Self {
            silent_after_minutes: None,
            stuck_after_minutes: 15,
            days: Weekday::ALL.to_vec(),
            from: TimeOfDay::MIDNIGHT,
            to: TimeOfDay::MIDNIGHT,
            notifiers: Vec::new(),
        }
    }
}

impl HeartbeatConfig {
    /// Whether mail is expected at this local day and time. Hours that run past midnight belong to the day they began on.
    #[must_use]
    pub fn is_active(&self, day: Weekday, time: TimeOfDay) -> bool {
        let (from, to) = (self.from.minutes(), self.to.minutes());
        let now = time.minutes();
        if from < to {
            self.days.contains(&day) && (from..to).contains(&now)
        } else {
            (self.days.contains(&day) && now >= from) || (self.days.contains(&day.before()) && now < to)
        }
    }
}

named! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

impl Weekday {
    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        let index = Self::ALL.iter().position(|&day| day == self).unwrap_or(0);
        Self::ALL[(index + 6) % 7]
    }

    /// From ISO 8601's number, 1 Monday to 7 Sunday.
    #[must_use]
    pub fn from_iso(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// A local time of day, written `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self { hour: 0, minute: 0 };

    /// None outside 00:00 to 23:59.
    #[must_use]
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }

    /// 0 to 23.
    #[must_use]
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// 0 to 59.
    #[must_use]
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// Minutes since midnight.
    #[must_use]
    pub fn minutes(self) -> u16 {
        u16::from(self.hour) * 60 + u16::from(self.minute)
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let digits = |part: &str| {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
        };
        s.split_once(':')
            .and_then(|(hour, minute)| Self::new(digits(hour)?, digits(minute)?))
            .ok_or_else(|| format!("`{s}` is not a time of day: write it as \"HH:MM\", such as \"18:00\""))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        s.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

fn three() -> u32 {
    3
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn time_of_day_is_exactly_hours_and_minutes() {
        assert_eq!("18:05".parse::<TimeOfDay>().unwrap().minutes(), 18 * 60 + 5);
        for bad in ["", "18", "24:00", "18:60", "6:00", "18:00:00", "+1:00", "1８:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn active_hours_may_run_past_midnight() {
        let time = |s: &str| s.parse::<TimeOfDay>().unwrap();
        let night = HeartbeatConfig {
            days: vec![Weekday::Friday],
            from: time("20:00"),
            to: time("04:00"),
            ..HeartbeatConfig::default()
        };
        assert!(night.is_active(Weekday::Friday, time("23:00")));
        assert!(night.is_active(Weekday::Saturday, time("03:59")));
        assert!(!night.is_active(Weekday::Saturday, time("04:00")));
        assert!(!night.is_active(Weekday::Friday, time("03:00")));
        let always = HeartbeatConfig::default();
        assert!(always.is_active(Weekday::Sunday, TimeOfDay::MIDNIGHT));
        assert!(always.is_active(Weekday::Monday, time("23:59")));
    }
}
