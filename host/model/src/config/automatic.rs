//! How much may go out that no person has read.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Caps on mail that no person has read. What is over one is held and put before a person; it is looked at when such a mail is
/// queued, and again when it is about to go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutomaticConfig {
    /// On one ticket, 1 to 10 windows, each longer than the one before. Default: [`AutomaticConfig::CAPS`].
    pub per_ticket: Vec<Cap>,
    /// To one address, on whatever tickets, in the same form. Default: the same.
    pub per_recipient: Vec<Cap>,
}

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// At most so many mails, 1 to 1,000.
    pub most: u32,
    /// Within so many minutes, 1 to 10,080 (a week).
    pub minutes: u32,
}

impl Cap {
    /// The window.
    #[must_use]
    pub fn within(self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }
}

impl AutomaticConfig {
    /// A guard in layers: a quick loop meets the first, a slow one the last.
    pub const CAPS: [Cap; 5] = [
        Cap { most: 10, minutes: 10 },
        Cap { most: 15, minutes: 30 },
        Cap { most: 25, minutes: 60 },
        Cap { most: 50, minutes: 180 },
        Cap { most: 100, minutes: 600 },
    ];
    /// Most windows of a kind.
    pub const WINDOWS_MAX: usize = 10;
    /// Most mails of a cap.
    pub const MOST_MAX: u32 = 1_000;
    /// Longest window, in minutes: a week.
    pub const MINUTES_MAX: u32 = 10_080;
}

impl Default for AutomaticConfig {
    fn default() -> Self {
        Self { per_ticket: Self::CAPS.to_vec(), per_recipient: Self::CAPS.to_vec() }
    }
}
