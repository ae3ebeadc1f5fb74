//! What types cannot say about caps on automatic mail.

use super::Check;
use crate::config::{AutomaticConfig, Cap};

impl Check {
    pub(super) fn automatic(&mut self, config: &AutomaticConfig) {
        for (key, caps) in [("per_ticket", &config.per_ticket), ("per_recipient", &config.per_recipient)] {
            self.caps(&format!("automatic.{key}"), caps);
        }
    }

    fn caps(&mut self, at: &str, caps: &[Cap]) {
        let most = AutomaticConfig::WINDOWS_MAX;
        if caps.is_empty() || caps.len() > most {
            self.say(
                at,
                format!("{} windows are given", caps.len()),
                format!("give 1 to {most}, or leave it out for the default"),
            );
        }
        for (i, cap) in caps.iter().enumerate() {
            self.range(format!("{at}[{i}].most"), cap.most, 1, AutomaticConfig::MOST_MAX);
            self.range(format!("{at}[{i}].minutes"), cap.minutes, 1, AutomaticConfig::MINUTES_MAX);
        }
        for (i, pair) in caps.windows(2).enumerate() {
            if pair[1].minutes <= pair[0].minutes {
                self.say(
                    format!("{at}[{}].minutes", i + 1),
                    "the window is no longer than the one before",
                    "write the windows from the shortest to the longest",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::config::{AutomaticConfig, Cap, TenantConfig};

    fn problems(caps: &[(u32, u32)]) -> Vec<String> {
        let mut config = TenantConfig::new("acme", "Acme");
        config.automatic.per_recipient = caps.iter().map(|&(most, minutes)| Cap { most, minutes }).collect();
        config.problems().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn windows_are_bounded_and_grow() {
        assert_eq!(problems(&[(1, 1), (1_000, 10_080)]), [""; 0]);
        assert_eq!(
            problems(&[(0, 1), (1_001, 10_080)]),
            ["automatic.per_recipient[0].most", "automatic.per_recipient[1].most"]
        );
        assert_eq!(problems(&[(1, 0)]), ["automatic.per_recipient[0].minutes"]);
        assert_eq!(problems(&[(1, 10_081)]), ["automatic.per_recipient[0].minutes"]);
        assert_eq!(problems(&[(1, 5), (2, 5)]), ["automatic.per_recipient[1].minutes"]);
        assert_eq!(problems(&[]), ["automatic.per_recipient"]);
        let windows: Vec<(u32, u32)> = (1..=11).map(|n| (n, n)).collect();
        assert_eq!(problems(&windows[..10]), [""; 0]);
        assert_eq!(problems(&windows), ["automatic.per_recipient"]);
    }

    #[test]
    fn what_is_not_said_is_as_it_was() {
        let config: AutomaticConfig =
            serde_json::from_str(r#"{ "per_ticket": [{ "most": 1, "minutes": 60 }] }"#).unwrap();
        assert_eq!(config.per_ticket, [Cap { most: 1, minutes: 60 }]);
        assert_eq!(config.per_recipient, AutomaticConfig::CAPS);
        assert!(serde_json::from_str::<AutomaticConfig>(r#"{ "per_day": [] }"#).is_err());
    }
}
