//! Times and durations as people read them.

use crate::words::Lang;
use jiff::tz::{Offset, TimeZone};
use maud::{Markup, html};
use posthouse_model::Timestamp;
use std::time::Duration;

/// How a page sees the world: in which language, from which zone, at what moment.
#[derive(Clone, Debug)]
pub struct Lens {
    /// The reader's language.
    pub lang: Lang,
    /// The reader's zone.
    pub zone: TimeZone,
    /// The moment the page is made.
    pub now: Timestamp,
}

impl Lens {
    /// `4 min ago`, `in 2 h`; the exact time is in the title.
    #[must_use]
    pub fn relative(&self, at: Timestamp) -> Markup {
        let text = if at > self.now {
            let left = at.since(self.now);
            if left.as_secs() < 60 { self.lang.later_moment().to_owned() } else { self.lang.from_now(self.short(left)) }
        } else {
            let gone = self.now.since(at);
            if gone.as_secs() < 60 { self.lang.just_now().to_owned() } else { self.lang.ago(self.short(gone)) }
        };
        self.time(at, &text)
    }

    /// `4 min`, `3 h`, `2 d`, then the day: for the narrow column of a list.
    #[must_use]
    pub fn age(&self, at: Timestamp) -> Markup {
        let gone = self.now.since(at);
        let text = match gone.as_secs() {
            0..60 => self.lang.just_now().to_owned(),
            60..1_209_600 => self.short(gone),
            _ => self.day(at),
        };
        self.time(at, &text)
    }

    /// The clock time when it is today, else day and time.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let zoned = at.to_jiff().to_zoned(self.zone.clone());
        if zoned.date() == self.now.to_jiff().to_zoned(self.zone.clone()).date() {
            zoned.strftime("%H:%M").to_string()
        } else {
            self.exact(at)
        }
    }

    /// `Mon 9 Mar 09:00`, or `3月9日 周一 09:00`: for times to come.
    #[must_use]
    pub fn weekday(&self, at: Timestamp) -> String {
        self.lang.weekday_time(&at.to_jiff().to_zoned(self.zone.clone()))
    }

    /// With seconds, for the undo window of a page without script.
    #[must_use]
    pub fn clock_seconds(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// `2026-03-01 14:03`, in the reader's zone.
    #[must_use]
    pub fn exact(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-03-01`, in the reader's zone.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// `10:42 (UTC+2)`: the present time at an offset given in minutes east of UTC.
    #[must_use]
    pub fn there(&self, offset_minutes: i32) -> Option<String> {
        let offset = Offset::from_seconds(offset_minutes.checked_mul(60)?).ok()?;
        let time = self.now.to_jiff().to_zoned(offset.to_time_zone()).strftime("%H:%M").to_string();
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset_minutes.abs() / 60, offset_minutes.abs() % 60);
        Some(if minutes == 0 {
            format!("{time} (UTC{sign}{hours})")
        } else {
            format!("{time} (UTC{sign}{hours}:{minutes:02})")
        })
    }

    /// One unit: `4 min`, `3 h`, `2 d`.
    #[must_use]
    pub fn short(&self, span: Duration) -> String {
        let seconds = span.as_secs();
        match seconds {
            0..60 => self.lang.seconds(seconds),
            60..3_600 => self.lang.minutes(seconds / 60),
            3_600..172_800 => self.lang.hours(seconds / 3_600),
            _ => self.lang.days(seconds / 86_400),
        }
    }

    /// Two units where it matters: `3 h 20 min`.
    #[must_use]
    pub fn long(&self, span: Duration) -> String {
        let seconds = span.as_secs();
        let minutes = seconds % 3_600 / 60;
        if (3_600..86_400).contains(&seconds) && minutes > 0 {
            self.lang.hours_minutes(seconds / 3_600, minutes)
        } else {
            self.short(span)
        }
    }

    fn time(&self, at: Timestamp, text: &str) -> Markup {
        html! { time datetime=(at.to_rfc3339()) title=(self.exact(at)) { (text) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(lang: Lang) -> Lens {
        Lens {
            lang,
            zone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC),
            now: Timestamp::from_seconds(1_772_323_200),
        }
    }

    #[test]
    fn durations_read_naturally() {
        let en = lens(Lang::En);
        assert_eq!(en.long(Duration::from_secs(12_000)), "3 h 20 min");
        assert_eq!(lens(Lang::Zh).long(Duration::from_secs(12_000)), "3 小时 20 分");
        assert_eq!(en.short(Duration::from_secs(200_000)), "2 d");
        let then = en.now.minus(Duration::from_secs(250));
        assert!(en.relative(then).into_string().contains(">4 min ago<"));
        assert!(lens(Lang::Zh).relative(then).into_string().contains(">4 分钟前<"));
    }

    #[test]
    fn local_time_of_the_customer() {
        let en = lens(Lang::En);
        assert_eq!(en.there(120).as_deref(), Some("02:00 (UTC+2)"));
        assert_eq!(en.there(-210).as_deref(), Some("20:30 (UTC-3:30)"));
        assert_eq!(en.there(i32::MAX), None);
    }

    #[test]
    fn exact_times_are_in_the_reader_s_zone() {
        assert_eq!(lens(Lang::En).exact(Timestamp::from_seconds(1_772_323_200)), "2026-03-01 08:00");
    }
}
