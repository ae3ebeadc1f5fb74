//! Who gets a ticket, and what happens as its deadline comes near.

use super::{TimeOfDay, Weekday};
use serde::{Deserialize, Serialize};

/// How tickets are given out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssignConfig {
    /// Queues whose new tickets are given to somebody of the crew. Empty (the default): agents take them themselves.
    pub queues: Vec<String>,
}

/// What an agent can do and when she works: for giving tickets out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrewConfig {
    /// The address she signs in with.
    pub agent: String,
    /// What she can do, as routers ask for it with tags `skill/NAME`.
    #[serde(default)]
    pub skills: Vec<String>,
    /// What she writes, BCP 47: `zh` is enough for `zh-Hans`. Empty: every language.
    #[serde(default)]
    pub languages: Vec<String>,
    /// When she works, in the tenant's time zone. Empty: always.
    #[serde(default)]
    pub shifts: Vec<Shift>,
    /// At most so many open tickets are given to her, 1 to 10,000. Default 50.
    #[serde(default = "fifty")]
    pub tickets_max: u32,
}

/// Hours of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The days on which it begins. Default: all.
    #[serde(default = "every_day")]
    pub days: Vec<Weekday>,
    /// Local time.
    pub from: TimeOfDay,
    /// Local time; at or before `from`: on the next day, as a night shift does.
    pub to: TimeOfDay,
}

impl Shift {
    /// Whether it is under way at this local day and time.
    #[must_use]
    pub fn is_on(&self, day: Weekday, time: TimeOfDay) -> bool {
        let (from, to, now) = (self.from.minutes(), self.to.minutes(), time.minutes());
        if from < to {
            self.days.contains(&day) && (from..to).contains(&now)
        } else {
            (self.days.contains(&day) && now >= from) || (self.days.contains(&day.before()) && now < to)
        }
    }
}

impl CrewConfig {
    /// Whether she can answer a ticket in this language that asks for these skills, at this local day and time.
    #[must_use]
    pub fn can(&self, language: Option<&str>, skills: &[&str], day: Weekday, time: TimeOfDay) -> bool {
        let speaks = language.is_none_or(|language| {
            self.languages.is_empty() || self.languages.iter().any(|known| is_within(language, known))
        });
        speaks
            && skills.iter().all(|wanted| self.skills.iter().any(|known| known == wanted))
            && (self.shifts.is_empty() || self.shifts.iter().any(|shift| shift.is_on(day, time)))
    }
}

/// Whether a language tag is another or a narrower form of it: `zh-Hans` is within `zh`.
fn is_within(tag: &str, wider: &str) -> bool {
    tag.get(..wider.len()).is_some_and(|head| head.eq_ignore_ascii_case(wider))
        && matches!(tag.as_bytes().get(wider.len()), None | Some(b'-'))
}

/// One rung of a ladder: what happens to an open ticket so long before or after its deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationConfig {
    /// See [`super::is_name`]; unique. People see it as the reason.
    pub name: String,
    /// Minutes by the clock before the deadline (negative) or after it, -10,080 to 10,080.
    pub minutes: i32,
    /// Only tickets of these queues. Empty: all.
    #[serde(default)]
    pub queues: Vec<String>,
    /// It moves to this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Its priority is raised to this, 0 to 100, unless a person set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// It is given to the agent who signs in with this address, whoever had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<String>,
    /// A tag to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Who is told.
    #[serde(default)]
    pub notifiers: Vec<String>,
}

impl EscalationConfig {
    /// Most rungs.
    pub const MOST: usize = 20;
    /// Furthest from the deadline, in minutes: a week.
    pub const MINUTES_MAX: i32 = 10_080;

    /// Whether it is for tickets of this queue.
    #[must_use]
    pub fn is_for(&self, queue: Option<&str>) -> bool {
        self.queues.is_empty() || queue.is_some_and(|queue| self.queues.iter().any(|one| one == queue))
    }
}

fn fifty() -> u32 {
    50
}

fn every_day() -> Vec<Weekday> {
    Weekday::ALL.to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    fn night() -> CrewConfig {
        serde_json::from_value(serde_json::json!({
            "agent": "mei@acme.example", "skills": ["jewellery"], "languages": ["de", "zh"],
            "shifts": [{ "days": ["fri"], "from": "22:00", "to": "06:00" }],
        }))
        .unwrap()
    }

    #[test]
    fn a_night_shift_belongs_to_the_day_it_began_on() {
        let can = |day, at| night().can(Some("de-AT"), &[], day, time(at));
        assert!(can(Weekday::Friday, "22:00") && can(Weekday::Saturday, "05:59"));
        assert!(!can(Weekday::Saturday, "06:00") && !can(Weekday::Friday, "05:00") && !can(Weekday::Friday, "21:59"));
    }

    #[test]
    fn language_and_every_skill_count() {
        let can =
            |language: Option<&str>, skills: &[&str]| night().can(language, skills, Weekday::Friday, time("23:00"));
        assert!(can(Some("zh-Hans"), &["jewellery"]) && can(None, &[]));
        assert!(!can(Some("zhx"), &[]) && !can(Some("en"), &[]) && !can(Some("de"), &["jewellery", "customs"]));
        let anyone = CrewConfig { languages: vec![], skills: vec![], shifts: vec![], ..night() };
        assert!(anyone.can(Some("fi"), &[], Weekday::Monday, time("03:00")));
    }
}
