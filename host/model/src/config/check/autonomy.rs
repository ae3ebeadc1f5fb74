//! What types cannot say about earned autonomy.

use super::Check;
use crate::config::{AutonomyConfig, BarConfig};

impl Check {
    pub(super) fn autonomy(&mut self, config: &AutonomyConfig) {
        let bars = [("suggested", config.suggested), ("sampled", config.sampled), ("automatic", config.automatic)];
        for (key, bar) in bars {
            let BarConfig { compared, unchanged_percent, rejected_percent } = bar;
            self.range(format!("autonomy.{key}.compared"), compared, 1, 10_000);
            self.range(format!("autonomy.{key}.unchanged_percent"), unchanged_percent, 1, 99);
            self.range(format!("autonomy.{key}.rejected_percent"), rejected_percent, 0, 100);
        }
        for pair in bars.windows(2) {
            let ((below, low), (key, high)) = (pair[0], pair[1]);
            if high.unchanged_percent < low.unchanged_percent || high.compared < low.compared {
                self.say(
                    format!("autonomy.{key}"),
                    format!("it asks for less than `autonomy.{below}`"),
                    "a step that lets more out must ask for as much at least",
                );
            }
        }
        if !AutonomyConfig::is_confidence(config.confidence_percent) {
            self.say(
                "autonomy.confidence_percent",
                format!("{} cannot be chosen", config.confidence_percent),
                "use 90, 95 or 99",
            );
        }
        self.range("autonomy.window_days", config.window_days, 7, 730);
        self.range("autonomy.drift_window", config.drift_window, 3, 500);
        self.range("autonomy.review_percent", config.review_percent, 1, 99);
        self.range("autonomy.undo_seconds", config.undo_seconds, 30, 86_400);
        self.range("autonomy.answer_days", config.answer_days, 1, 90);
        self.range("autonomy.sure_percent", config.sure_percent, 0, 100);
        self.range("autonomy.draft_sure_percent", config.draft_sure_percent, 0, 100);
        for currency in config.money_max.keys() {
            if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
                self.say(
                    format!("autonomy.money_max.{currency}"),
                    format!("`{currency}` is not a currency"),
                    "use a code of ISO 4217, such as EUR or CNY",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::config::{AutonomyConfig, TenantConfig};

    fn problems(change: impl FnOnce(&mut AutonomyConfig)) -> Vec<String> {
        let mut config = TenantConfig::new("acme", "Acme");
        change(&mut config.autonomy);
        config.problems().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        assert_eq!(problems(|_| {}), [""; 0], "the defaults are sound");
        assert_eq!(problems(|c| c.confidence_percent = 80), ["autonomy.confidence_percent"]);
        assert_eq!(problems(|c| c.undo_seconds = 29), ["autonomy.undo_seconds"]);
        assert_eq!(problems(|c| c.review_percent = 0), ["autonomy.review_percent"]);
        assert_eq!(problems(|c| c.automatic.unchanged_percent = 100), ["autonomy.automatic.unchanged_percent"]);
        assert_eq!(problems(|c| c.automatic.compared = 49), ["autonomy.automatic"]);
        assert_eq!(problems(|c| c.sampled.unchanged_percent = 91), ["autonomy.automatic"]);
        assert_eq!(problems(|c| c.money_max = [("euro".to_owned(), 5)].into()), ["autonomy.money_max.euro"]);
    }

    #[test]
    fn what_is_not_said_is_as_it_was() {
        let config: AutonomyConfig = serde_json::from_str(r#"{ "undo_seconds": 60 }"#).unwrap();
        assert_eq!(config, AutonomyConfig { undo_seconds: 60, ..AutonomyConfig::default() });
        assert!(serde_json::from_str::<AutonomyConfig>(r#"{ "undo": 60 }"#).is_err());
    }
}
