//! What types cannot say about giving tickets out and about escalation.

use super::Check;
use crate::config::{EscalationConfig, TenantConfig, is_name};
use std::collections::BTreeSet;

impl Check {
    pub(super) fn crew(&mut self, config: &TenantConfig) {
        for (i, queue) in config.assign.queues.iter().enumerate() {
            self.known_queue(config, format!("assign.queues[{i}]"), queue);
        }
        if !config.assign.queues.is_empty() && config.crew.is_empty() {
            self.say("assign.queues", "there is no crew to give tickets to", "add a [[crew]] with an agent's address");
        }
        let mut seen = BTreeSet::new();
        for (i, one) in config.crew.iter().enumerate() {
            let at = format!("crew[{i}]");
            if !one.agent.contains('@') {
                self.say(
                    format!("{at}.agent"),
                    format!("`{}` is no address", one.agent),
                    "write the address she signs in with",
                );
            } else if !seen.insert(one.agent.to_lowercase()) {
                self.say(
                    format!("{at}.agent"),
                    format!("`{}` is there twice", one.agent),
                    "write one [[crew]] per agent",
                );
            }
            for (n, skill) in one.skills.iter().enumerate() {
                if !is_name(skill) {
                    self.say(format!("{at}.skills[{n}]"), format!("`{skill}` cannot be a name"), super::NAME_RULE);
                }
            }
            for (n, language) in one.languages.iter().enumerate() {
                self.language(format!("{at}.languages[{n}]"), language);
            }
            for (n, shift) in one.shifts.iter().enumerate() {
                if shift.days.is_empty() {
                    self.say(
                        format!("{at}.shifts[{n}].days"),
                        "it is on no day",
                        "leave `days` out for every day, or name some",
                    );
                }
            }
            self.range(format!("{at}.tickets_max"), one.tickets_max, 1, 10_000);
        }
        self.escalation(config);
    }

    fn escalation(&mut self, config: &TenantConfig) {
        let most = EscalationConfig::MOST;
        if config.escalation.len() > most {
            self.say(
                "escalation",
                format!("there are {} rungs", config.escalation.len()),
                format!("use at most {most}"),
            );
        }
        self.unique("escalation", "name", config.escalation.iter().map(|rung| rung.name.as_str()));
        for (i, rung) in config.escalation.iter().enumerate() {
            let at = format!("escalation[{i}]");
            self.range(
                format!("{at}.minutes"),
                rung.minutes,
                -EscalationConfig::MINUTES_MAX,
                EscalationConfig::MINUTES_MAX,
            );
            if let Some(priority) = rung.priority {
                self.range(format!("{at}.priority"), priority, 0, 100);
            }
            for (n, queue) in rung.queues.iter().enumerate() {
                self.known_queue(config, format!("{at}.queues[{n}]"), queue);
            }
            if let Some(queue) = &rung.queue {
                self.known_queue(config, format!("{at}.queue"), queue);
            }
            if let Some(tag) = rung.tag.as_ref().filter(|tag| !is_name(tag)) {
                self.say(format!("{at}.tag"), format!("`{tag}` cannot be a tag"), super::NAME_RULE);
            }
            for (n, notifier) in rung.notifiers.iter().enumerate().filter(|(_, name)| config.plugin(name).is_none()) {
                self.say(
                    format!("{at}.notifiers[{n}]"),
                    format!("there is no plugin named `{notifier}`"),
                    "name a [[plugin]] of this file that is a notifier",
                );
            }
            let nothing =
                rung.queue.is_none() && rung.priority.is_none() && rung.assign.is_none() && rung.tag.is_none();
            if nothing && rung.notifiers.is_empty() {
                self.say(at, "it does nothing", "give it `queue`, `priority`, `assign`, `tag` or `notifiers`");
            }
        }
    }

    fn known_queue(&mut self, config: &TenantConfig, path: String, queue: &str) {
        if config.queue(queue).is_none() {
            self.say(path, format!("there is no queue named `{queue}`"), "name a [[queue]] of this file");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::config::TenantConfig;
    use serde_json::json;

    fn problems(value: serde_json::Value) -> Vec<String> {
        let mut base = json!({ "slug": "acme", "name": "Acme" });
        base.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        let config: TenantConfig = serde_json::from_value(base).unwrap();
        config.problems().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_crew_and_a_ladder_that_make_sense_are_sound() {
        assert_eq!(
            problems(json!({
                "assign": { "queues": ["inbox"] },
                "crew": [{ "agent": "mei@acme.example", "skills": ["refund"], "languages": ["de"],
                           "shifts": [{ "from": "22:00", "to": "06:00" }] }],
                "escalation": [{ "name": "soon", "minutes": -30, "priority": 90 },
                               { "name": "late", "minutes": 15, "queues": ["inbox"], "tag": "late" }],
            })),
            [""; 0]
        );
    }

    #[test]
    fn every_mistake_has_its_place() {
        assert_eq!(problems(json!({ "assign": { "queues": ["inbox"] } })), ["assign.queues"]);
        assert_eq!(
            problems(json!({
                "assign": { "queues": ["nowhere"] },
                "crew": [
                    { "agent": "mei", "skills": ["A b"], "languages": ["german"], "tickets_max": 0 },
                    { "agent": "li@acme.example", "shifts": [{ "days": [], "from": "22:00", "to": "06:00" }] },
                    { "agent": "LI@acme.example" },
                ],
            })),
            [
                "assign.queues[0]",
                "crew[0].agent",
                "crew[0].skills[0]",
                "crew[0].languages[0]",
                "crew[0].tickets_max",
                "crew[1].shifts[0].days",
                "crew[2].agent"
            ]
        );
        assert_eq!(
            problems(json!({ "escalation": [
                { "name": "a", "minutes": 10_081, "queue": "nowhere", "priority": 101, "tag": "a b", "notifiers": ["x"] },
                { "name": "a", "minutes": 0 },
            ] })),
            [
                "escalation[1].name",
                "escalation[0].minutes",
                "escalation[0].priority",
                "escalation[0].queue",
                "escalation[0].tag",
                "escalation[0].notifiers[0]",
                "escalation[1]"
            ]
        );
    }
}
