//! What the shop says: its marketplaces, how long each gives, and when the night shift works.

use serde::Deserialize;

/// Longest reply time, in hours: thirty days.
const HOURS_MAX: u32 = 720;

/// Everything a tenant can say. `settings.schema.json` says the same for editors.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// IANA name of the zone in which the shifts work.
    pub time_zone: String,
    /// At least one.
    pub marketplaces: Vec<Marketplace>,
    /// Without it nothing is special about the night.
    #[serde(default)]
    pub night: Option<NightSettings>,
    /// Minutes: with less left than this a ticket goes to the front.
    #[serde(default = "hurry")]
    pub hurry_minutes: u32,
}

/// One marketplace.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Marketplace {
    /// As agents call it.
    pub name: String,
    /// `@relay.example`, `@*.relay.example` for every name below it, or one address.
    pub relays: Vec<String>,
    /// Hours by the clock, nights and holidays included: 1 to 720.
    #[serde(default = "day")]
    pub reply_within_hours: u32,
}

/// The night shift as it is written.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct NightSettings {
    /// `HH:MM`
    pub from: String,
    /// `HH:MM`; before `from` it is the next day's.
    pub to: String,
    /// A queue of the tenant.
    pub queue: String,
    /// Who is told besides.
    #[serde(default)]
    pub notifiers: Vec<String>,
}

/// The night shift, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// Minute of the day, inclusive.
    pub from: u16,
    /// Minute of the day, exclusive; at or before `from` it is the next day's.
    pub to: u16,
    /// A queue of the tenant.
    pub queue: String,
    /// Who is told besides.
    pub notifiers: Vec<String>,
}

fn hurry() -> u32 {
    240
}

fn day() -> u32 {
    24
}

impl Night {
    /// Whether a minute of the day is within the shift.
    #[must_use]
    pub fn covers(&self, minute: u16) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl NightSettings {
    /// # Errors
    /// A time that is none, or a shift without length.
    pub fn checked(self) -> Result<Night, String> {
        let from = minute(&self.from).ok_or_else(|| bad_time("from", &self.from))?;
        let to = minute(&self.to).ok_or_else(|| bad_time("to", &self.to))?;
        if from == to {
            return Err(format!("settings, `night`: the shift begins and ends at {}", self.from));
        }
        Ok(Night { from, to, queue: self.queue, notifiers: self.notifiers })
    }
}

impl Marketplace {
    /// # Errors
    /// Says what cannot be meant.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=HOURS_MAX).contains(&self.reply_within_hours) {
            let hours = self.reply_within_hours;
            return Err(format!("settings, `{}`: reply_within_hours is {hours}; use 1 to {HOURS_MAX}", self.name));
        }
        for relay in &self.relays {
            let domain = relay.split_once('@').map(|(_, domain)| domain.strip_prefix("*.").unwrap_or(domain));
            if domain.is_none_or(|domain| domain.is_empty() || domain.contains(['@', '*', ' '])) {
                return Err(format!(
                    "settings, `{}`: `{relay}` is no relay; write @relay.example, @*.relay.example or an address",
                    self.name
                ));
            }
        }
        Ok(())
    }

    /// Whether an address is one of its relay's. Case does not matter.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.relays.iter().map(|relay| relay.to_lowercase()).any(|relay| match relay.strip_prefix('@') {
            None => relay == address,
            Some(wanted) => match wanted.strip_prefix("*.") {
                Some(parent) => domain.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                None => domain == wanted,
            },
        })
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn bad_time(key: &str, text: &str) -> String {
    format!("settings, `night.{key}`: `{text}` is not a time of day; write 18:00")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bazaar(relays: &[&str]) -> Marketplace {
        Marketplace {
            name: "Bazaar".into(),
            relays: relays.iter().map(|&relay| relay.into()).collect(),
            reply_within_hours: 24,
        }
    }

    #[test]
    fn a_relay_is_known_by_its_exact_domain_by_names_below_one_or_by_address() {
        let exact = bazaar(&["@buyers.bazaar.example"]);
        assert!(exact.owns("K7x2@Buyers.Bazaar.example"));
        for stranger in ["a@bazaar.example", "a@evilbuyers.bazaar.example", "a@buyers.bazaar.example.evil.example", "a"]
        {
            assert!(!exact.owns(stranger), "{stranger}");
        }
        let below = bazaar(&["@*.bazaar.example"]);
        assert!(below.owns("a@de.buyers.bazaar.example"));
        assert!(!below.owns("a@bazaar.example") && !below.owns("a@notbazaar.example"));
        assert!(bazaar(&["desk@bazaar.example"]).owns("Desk@bazaar.example"));
    }

    #[test]
    fn a_night_may_run_past_midnight_and_its_end_is_outside() {
        let night = |from: &str, to: &str| {
            NightSettings { from: from.into(), to: to.into(), queue: "night".into(), notifiers: vec![] }.checked()
        };
        let over = night("18:00", "02:00").unwrap();
        let minutes = [18 * 60 - 1, 18 * 60, 24 * 60 - 1, 0, 2 * 60 - 1, 2 * 60];
        assert_eq!(minutes.map(|minute| over.covers(minute)), [false, true, true, true, true, false]);
        let early = night("00:00", "06:00").unwrap();
        assert_eq!([0, 359, 360].map(|minute| early.covers(minute)), [true, true, false]);
        assert!(night("18:00", "18:00").unwrap_err().contains("begins and ends at 18:00"));
        assert!(night("6pm", "02:00").unwrap_err().contains("`6pm` is not a time of day"));
        assert!(night("18:00", "24:00").unwrap_err().contains("`night.to`"));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let hours = |hours| Marketplace { reply_within_hours: hours, ..bazaar(&["@a.example"]) }.check();
        assert!(hours(1).is_ok() && hours(720).is_ok());
        assert!(hours(0).unwrap_err().contains("reply_within_hours is 0; use 1 to 720"));
        assert!(hours(721).is_err());
        for bad in ["bazaar.example", "@", "@*.", "@a b.example", "@*.*.example"] {
            assert!(bazaar(&[bad]).check().is_err(), "{bad}");
        }
    }
}
