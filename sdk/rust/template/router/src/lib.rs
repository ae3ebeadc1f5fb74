//! Sends tickets to queues by category.

use posthouse_sdk::routing::Route;
use posthouse_sdk::{Failure, Router, Urgency, desk};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Category and queue.
    queues: BTreeMap<String, String>,
    /// Within how many hours the customer must have an answer; a quarter of it when urgent.
    hours: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queues: BTreeMap::new(),
            hours: 24.0,
        }
    }
}

struct Plugin {
    queues: BTreeMap<String, String>,
    seconds: i64,
}

impl Plugin {
    /// Priority, and seconds until the customer must have an answer.
    fn urgency(&self, urgency: Option<Urgency>) -> (u8, i64) {
        match urgency {
            Some(Urgency::Urgent) => (90, self.seconds / 4),
            _ => (50, self.seconds),
        }
    }
}

impl Router for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(settings: Settings) -> Result<Self, String> {
        if !(settings.hours > 0.0) {
            return Err("settings, `hours`: must be more than 0".to_owned());
        }
        Ok(Self {
            queues: settings.queues,
            seconds: (settings.hours * 3600.0) as i64,
        })
    }

    /// For every ticket.
    fn route(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Route) -> Result<(), Failure> {
        let category = ticket.category().unwrap_or_default();
        if let Some(queue) = self.queues.get(&category) {
            out.set_queue(queue);
            out.add_match("category", &category);
        }
        let (priority, seconds) = self.urgency(ticket.urgency());
        out.set_priority(priority);
        out.set_deadline(call.now() + seconds);
        Ok(())
    }
}

posthouse_sdk::export_router!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(hours: f64) -> Result<Plugin, String> {
        Plugin::new(Settings {
            hours,
            ..Settings::default()
        })
    }

    #[test]
    fn urgent_tickets_get_a_nearer_deadline() {
        let plugin = plugin(8.0).unwrap();
        assert_eq!(plugin.urgency(Some(Urgency::Urgent)), (90, 2 * 3600));
        assert_eq!(plugin.urgency(None), (50, 8 * 3600));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let refused = plugin(0.0).err().unwrap();
        assert!(refused.contains("more than 0"), "{refused}");
    }
}
