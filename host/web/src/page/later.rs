//! Times to come that one chooses with one key: later today, tomorrow morning, Monday morning, or any.

use super::when::Lens;
use jiff::civil::{DateTime, Weekday};
use jiff::{ToSpan as _, Zoned};
use maud::{Markup, html};
use posthouse_model::Timestamp;

/// When a working morning begins.
const MORNING: i8 = 9;
/// Later today is no later than this.
const EVENING: i8 = 20;

/// A time to come, in the reader's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is called.
    pub name: Name,
    /// When it is.
    pub at: Timestamp,
}

/// What a time is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// In three hours, on the half hour.
    Today,
    /// At nine.
    Tomorrow,
    /// The next one, at nine.
    Monday,
}

/// The times on offer: those that are still to come, each once.
#[must_use]
pub fn choices(lens: &Lens) -> Vec<Choice> {
    let now = lens.now.to_jiff().to_zoned(lens.zone.clone());
    let mut found: Vec<Choice> = Vec::new();
    let mut offer = |name, at: Option<Zoned>| {
        let Some(at) = at.map(|at| Timestamp::from(at.timestamp())) else { return };
        if at > lens.now && found.iter().all(|choice| choice.at != at) {
            found.push(Choice { name, at });
        }
    };
    offer(Name::Today, today(&now));
    offer(Name::Tomorrow, morning(&now, 1));
    // Never today itself: the Monday after this one.
    let days = now.weekday().until(Weekday::Monday);
    offer(Name::Monday, morning(&now, if days == 0 { 7 } else { i64::from(days) }));
    found
}

fn today(now: &Zoned) -> Option<Zoned> {
    let later = now.checked_add(3.hours()).ok()?;
    let half = if later.minute() < 30 { 0 } else { 30 };
    let later = later.with().minute(half).second(0).subsec_nanosecond(0).build().ok()?;
    (later.date() == now.date() && later.hour() < EVENING).then_some(later)
}

fn morning(now: &Zoned, days: i64) -> Option<Zoned> {
    let date = now.date().checked_add(days.days()).ok()?;
    date.at(MORNING, 0, 0, 0).to_zoned(now.time_zone().clone()).ok()
}

/// What a field for date and time holds (HTML, local date and time string), read in the reader's zone. A time that the clocks skip is the
/// one after them.
#[must_use]
pub fn read(lens: &Lens, text: &str) -> Option<Timestamp> {
    let local: DateTime = text.trim().parse().ok()?;
    Some(Timestamp::from(local.to_zoned(lens.zone.clone()).ok()?.timestamp()))
}

/// As the field for date and time wants it.
#[must_use]
pub(crate) fn field(lens: &Lens, at: Timestamp) -> String {
    at.to_jiff().to_zoned(lens.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Buttons for the times on offer and a field for any other. `name` is the field that carries the time, in seconds; `own` the one that
/// carries date and time; `action` where the buttons post to, when that is not the form's own place.
pub(crate) fn draw(lens: &Lens, name: &str, own: &str, action: Option<&str>) -> Markup {
    let t = lens.lang;
    html! {
        @for choice in choices(lens) {
            button.quiet.when name=(name) value=(choice.at.seconds()) formaction=[action] {
                span { (match choice.name { Name::Today => t.later_today(), Name::Tomorrow => t.later_tomorrow(), Name::Monday => t.later_monday() }) }
                span.mute { (lens.weekday(choice.at)) }
            }
        }
        label.field { span { (t.later_own()) }
            input type="datetime-local" name=(own) min=(field(lens, lens.now)) max=(field(lens, lens.now.plus(posthouse_store::SCHEDULE_MAX)));
        }
        button.quiet name=(name) value="own" formaction=[action] { (t.later_own_set()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::words::Lang;
    use jiff::tz::TimeZone;

    fn lens(zone: &str, local: &str) -> Lens {
        let zone = TimeZone::get(zone).unwrap();
        let now = local.parse::<DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
        Lens { lang: Lang::En, zone, now: Timestamp::from(now.timestamp()) }
    }

    fn offered(zone: &str, local: &str) -> Vec<(Name, String)> {
        let lens = lens(zone, local);
        choices(&lens).into_iter().map(|choice| (choice.name, field(&lens, choice.at))).collect()
    }

    #[test]
    fn times_are_those_of_the_reader() {
        // A Wednesday.
        assert_eq!(
            offered("Asia/Shanghai", "2026-03-04T10:42"),
            [
                (Name::Today, "2026-03-04T13:30".to_owned()),
                (Name::Tomorrow, "2026-03-05T09:00".to_owned()),
                (Name::Monday, "2026-03-09T09:00".to_owned()),
            ]
        );
        // In the evening there is no later today, and after a Sunday comes a Monday: once.
        assert_eq!(offered("Asia/Shanghai", "2026-03-08T19:00"), [(Name::Tomorrow, "2026-03-09T09:00".to_owned())]);
        // On a Monday it is the next one.
        assert_eq!(offered("UTC", "2026-03-09T08:00")[2], (Name::Monday, "2026-03-16T09:00".to_owned()));
    }

    #[test]
    fn clocks_that_are_put_forward_skip_nothing() {
        let berlin = lens("Europe/Berlin", "2026-03-28T12:00");
        // 02:30 is not there on that night.
        assert_eq!(read(&berlin, "2026-03-29T02:30").unwrap().to_rfc3339(), "2026-03-29T01:30:00Z");
        assert_eq!(read(&berlin, "2026-03-29T09:00").unwrap().to_rfc3339(), "2026-03-29T07:00:00Z");
        for odd in ["", "tomorrow", "2026-13-01T00:00", "09:00"] {
            assert_eq!(read(&berlin, odd), None, "{odd}");
        }
    }
}
