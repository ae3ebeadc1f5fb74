//! How much a category must have shown before it is answered by itself, and what stays with people whatever it has shown.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Earned autonomy. Nothing here lets anything out: every category begins with people, and a person agrees to each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutonomyConfig {
    /// How sure the bounds of the measured share are, in per cent: 90, 95 or 99. Default 95.
    pub confidence_percent: u32,
    /// Comparisons of so many days count, 7 to 730. Default 90.
    pub window_days: u32,
    /// The newest so many comparisons say whether a level has drifted, 3 to 500. Default 20.
    pub drift_window: u32,
    /// The share of the tickets of a sampled category that a person still reviews, in per cent, 1 to 99. Default 20.
    pub review_percent: u32,
    /// How long a reply that goes out by itself can be stopped, in seconds, 30 to 86,400. Default 600.
    pub undo_seconds: u32,
    /// For how many days a customer's answer to a reply that went out by itself speaks against it, 1 to 90. Default 14.
    pub answer_days: u32,
    /// How sure a classifier must be of the category, in per cent, 0 to 100. Default 60.
    pub sure_percent: u32,
    /// How sure a drafter must be that says how sure it is, in per cent, 0 to 100. Default 60.
    pub draft_sure_percent: u32,
    /// Replies that a model wrote, be it in part, may go out by themselves too. Default off.
    pub model_drafts: bool,
    /// What must be shown before the ticket says which draft would be sent.
    pub suggested: BarConfig,
    /// What must be shown before drafts go out by themselves, a share of them still reviewed.
    pub sampled: BarConfig,
    /// What must be shown before all drafts go out by themselves.
    pub automatic: BarConfig,
    /// The most money a mail or its reply may speak of, by currency (ISO 4217), in whole units. A currency that is not listed, and a
    /// percentage, is always too much. Default: see [`AutonomyConfig::MONEY`].
    pub money_max: BTreeMap<String, u32>,
}

/// What must be shown to come to a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarConfig {
    /// At least so many comparisons, 1 to 10,000.
    pub compared: u32,
    /// The lower bound of the share that agents sent as it was proposed, in per cent, 1 to 99.
    pub unchanged_percent: u32,
    /// At most this share was rejected, in per cent, 0 to 100.
    pub rejected_percent: u32,
}

impl AutonomyConfig {
    /// The most money, unless the tenant says otherwise: about what a small order costs.
    pub const MONEY: [(&'static str, u32); 6] =
        [("CNY", 300), ("EUR", 40), ("GBP", 35), ("JPY", 6_000), ("KRW", 60_000), ("USD", 40)];
    /// The confidences that can be chosen, with the quantile of the normal distribution for each, one-sided.
    const CONFIDENCES: [(u32, f64); 3] =
        [(90, 1.281_551_565_544_600_4), (95, 1.644_853_626_951_472_7), (99, 2.326_347_874_040_841)];

    /// The quantile for the confidence; the strictest for one that cannot be chosen.
    #[must_use]
    pub fn z(&self) -> f64 {
        let known = Self::CONFIDENCES.iter().find(|(percent, _)| *percent == self.confidence_percent);
        known.map_or(Self::CONFIDENCES[2].1, |(_, z)| *z)
    }

    /// Whether this confidence can be chosen.
    #[must_use]
    pub fn is_confidence(percent: u32) -> bool {
        Self::CONFIDENCES.iter().any(|(known, _)| *known == percent)
    }

    /// How far back comparisons count.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.window_days) * 24 * 3_600)
    }

    /// How long a reply can be stopped.
    #[must_use]
    pub fn undo(&self) -> Duration {
        Duration::from_secs(u64::from(self.undo_seconds))
    }

    /// How long an answer to a reply speaks against it.
    #[must_use]
    pub fn answers_count_for(&self) -> Duration {
        Duration::from_secs(u64::from(self.answer_days) * 24 * 3_600)
    }
}

impl Default for AutonomyConfig {
    fn default() -> Self {
        let bar =
            |compared, unchanged_percent, rejected_percent| BarConfig { compared, unchanged_percent, rejected_percent };
        Self {
            suggested: bar(10, 40, 20),
            sampled: bar(50, 80, 5),
            automatic: bar(100, 90, 2),
            confidence_percent: 95,
            window_days: 90,
            drift_window: 20,
            review_percent: 20,
            undo_seconds: 600,
            answer_days: 14,
            sure_percent: 60,
            draft_sure_percent: 60,
            model_drafts: false,
            money_max: Self::MONEY.iter().map(|(currency, most)| ((*currency).to_owned(), *most)).collect(),
        }
    }
}
