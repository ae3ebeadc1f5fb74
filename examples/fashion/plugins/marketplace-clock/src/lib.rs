//! A marketplace gives its sellers so many hours to answer a buyer, nights and holidays included, and counts by itself.
//!
//! Buyers write through the marketplace's relay, so their address says which marketplace it is. For all other mail this
//! router says nothing, and the next one decides.

mod clock;
mod settings;
mod words;

use clock::Heard;
use posthouse_sdk::routing::Route;
use posthouse_sdk::{CivilTime, Failure, Router, desk};
use settings::{Marketplace, Night, Settings};
use words::{Words, moment};

/// How many mails of a thread are looked at: as many as the host shows.
const THREAD_MAX: u32 = 20;
/// Of a ticket whose time runs out, 0 to 100.
const SHORT_PRIORITY: u8 = 90;
/// On every ticket of a marketplace.
const TAG: &str = "marketplace";
/// On a ticket whose time runs out.
const SHORT_TAG: &str = "clock-short";
/// On a ticket that the night shift takes.
const NIGHT_TAG: &str = "night-shift";

struct MarketplaceClock {
    time_zone: String,
    marketplaces: Vec<Marketplace>,
    night: Option<Night>,
    hurry_minutes: u32,
}

impl Router for MarketplaceClock {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.marketplaces.is_empty() {
            return Err("settings, `marketplaces`: name at least one marketplace".to_owned());
        }
        settings.marketplaces.iter().try_for_each(Marketplace::check)?;
        let night = settings.night.map(settings::NightSettings::checked).transpose()?;
        let Settings { time_zone, marketplaces, hurry_minutes, .. } = settings;
        Ok(Self { time_zone, marketplaces, night, hurry_minutes })
    }

    fn route(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Route) -> Result<(), Failure> {
        let customer = ticket.customer().address;
        let Some(marketplace) = self.marketplaces.iter().find(|marketplace| marketplace.owns(&customer)) else {
            return Ok(());
        };
        let words = Words::of(&call.agent_language());
        let now = call.now();
        let thread: Vec<Heard> = ticket
            .recent(THREAD_MAX)
            .iter()
            .map(|mail| Heard { at: mail.sent_at(), incoming: mail.is_incoming() })
            .collect();
        let started = clock::started(&thread, now);
        let due = clock::due(marketplace, started);
        let local = |at| call.local_time(at, &self.time_zone);
        let due_local = local(due);
        let verdict = clock::decide(due, due_local.as_ref().map(minute), now, self.night.as_ref(), self.hurry_minutes);

        out.set_deadline(verdict.due);
        out.add_tag(TAG);
        out.add_match("marketplace-clock", &marketplace.name);
        match (local(started), &due_local) {
            (Some(from), Some(at)) => {
                let hours = marketplace.reply_within_hours;
                out.add_evidence(&words.due(&marketplace.name, hours, &moment(&from), &moment(at)));
            }
            _ => out.add_evidence(&words.unknown_zone(&self.time_zone)),
        }
        if verdict.is_late {
            out.add_evidence(words.late());
        }
        if verdict.is_short {
            out.set_priority(SHORT_PRIORITY);
            out.add_tag(SHORT_TAG);
        }
        // A threat or a risk is for people who are not there at night: the next router knows them.
        let is_calm = ticket.risks().is_empty();
        if let Some(night) = self.night.as_ref().filter(|_| verdict.is_for_the_night && is_calm) {
            out.set_queue(&night.queue);
            out.add_tag(NIGHT_TAG);
            out.add_evidence(&words.night(night.from, night.to));
            for notifier in &night.notifiers {
                out.add_notifier(notifier);
            }
        }
        Ok(())
    }
}

/// Of the day.
fn minute(time: &CivilTime) -> u16 {
    u16::from(time.hour) * 60 + u16::from(time.minute)
}

posthouse_sdk::export_router!(MarketplaceClock);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn made(text: &str) -> Result<MarketplaceClock, String> {
        posthouse_sdk::settings::parse(text).and_then(MarketplaceClock::new)
    }

    #[test]
    fn the_sample_settings_are_taken() {
        let clock = made(include_str!("../fixtures/settings.json")).unwrap();
        assert_eq!(clock.marketplaces.iter().map(|m| m.reply_within_hours).collect::<Vec<_>>(), [24, 48]);
        assert_eq!(clock.night.unwrap().queue, "night");
        assert_eq!(clock.hurry_minutes, 240);
    }

    #[test]
    fn settings_that_say_nothing_or_something_unknown_are_refused() {
        let refused = |text: &str| made(text).err().unwrap_or_default();
        assert!(refused(r#"{"time_zone":"UTC","marketplaces":[]}"#).contains("name at least one"));
        assert!(refused(r#"{"time_zone":"UTC"}"#).contains("marketplaces"));
        assert!(refused(r#"{"time_zone":"UTC","marketplaces":[],"nite":{}}"#).contains("nite"));
    }
}
