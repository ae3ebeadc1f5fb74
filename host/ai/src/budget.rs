//! Tokens per day: arithmetic only. The store keeps the numbers.
//!
//! Before a call its likely cost is set aside ([`DayBudget::reserve`]); afterwards the true cost takes its place
//! ([`DayBudget::settle`]). So calls that run at the same time cannot spend the same tokens, and a tenant exceeds its
//! limit by no more than what a provider charges beyond the estimate.

use posthouse_model::Timestamp;

/// One tenant's tokens of one local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayBudget {
    /// Allowed per day; 0 allows nothing.
    pub limit: u64,
    /// Spent today.
    pub used: u64,
    /// Set aside for calls in progress.
    pub reserved: u64,
}

/// The budget of today does not allow another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model's budget for today is used up: {used} of {limit} tokens, and this call may take {wanted}")]
pub struct OverBudget {
    /// Allowed per day.
    pub limit: u64,
    /// Spent or set aside today.
    pub used: u64,
    /// What the call may take.
    pub wanted: u64,
}

impl DayBudget {
    /// A day on which `used` tokens are spent.
    #[must_use]
    pub fn new(limit: u64, used: u64) -> Self {
        Self { limit, used, reserved: 0 }
    }

    /// What is left to set aside.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used).saturating_sub(self.reserved)
    }

    /// Sets tokens aside for a call.
    ///
    /// # Errors
    /// [`OverBudget`] when fewer are left; nothing is set aside then.
    pub fn reserve(&mut self, tokens: u64) -> Result<(), OverBudget> {
        if tokens > self.left() {
            let used = self.used.saturating_add(self.reserved);
            return Err(OverBudget { limit: self.limit, used, wanted: tokens });
        }
        self.reserved += tokens;
        Ok(())
    }

    /// Puts what a call cost (0 when it failed before it was charged) in the place of what was set aside for it.
    pub fn settle(&mut self, reserved: u64, spent: u64) {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.used = self.used.saturating_add(spent);
    }
}

/// How many tokens a text is likely to be, on the high side: four bytes of ASCII to a token, every other character a
/// token of its own, and a few for the message around it.
#[must_use]
pub fn estimate_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.chars().filter(|c| !c.is_ascii()).count() as u64;
    ascii.div_ceil(4) + other + 4
}

/// The local calendar day that a moment belongs to, `2026-03-01`: the key of a day's numbers. A zone that is not known
/// counts as UTC.
#[must_use]
pub fn day(at: Timestamp, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_jiff().to_zoned(zone).date().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_begins_where_the_tenant_is() {
        let at = Timestamp::from_seconds(1_772_382_600); // 2026-03-01T16:30:00Z
        assert_eq!(day(at, "UTC"), "2026-03-01");
        assert_eq!(day(at, "Asia/Shanghai"), "2026-03-02");
        assert_eq!(day(at, "Mars/Olympus"), "2026-03-01");
    }

    #[test]
    fn nothing_is_allowed_on_a_limit_of_nothing() {
        let refused = DayBudget::new(0, 0).reserve(1).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the model's budget for today is used up: 0 of 0 tokens, and this call may take 1"
        );
    }

    #[test]
    fn estimates_are_on_the_high_side_for_every_script() {
        assert_eq!(estimate_tokens(""), 4);
        assert_eq!(estimate_tokens("where is my order"), 5 + 4);
        assert_eq!(estimate_tokens("我的订单在哪里"), 7 + 4);
    }

    proptest! {
        #[test]
        fn what_is_set_aside_never_exceeds_the_limit(limit in 0u64..10_000, calls in prop::collection::vec((0u64..3_000, 0u64..3_000), 0..40)) {
            let mut budget = DayBudget::new(limit, 0);
            let mut open = Vec::new();
            for (i, (wanted, spent)) in calls.into_iter().enumerate() {
                if budget.reserve(wanted).is_ok() {
                    open.push((wanted, spent.min(wanted)));
                }
                prop_assert!(budget.used + budget.reserved <= limit);
                if i % 3 == 2 && let Some((wanted, spent)) = open.pop() {
                    budget.settle(wanted, spent);
                }
            }
            for (wanted, spent) in open {
                budget.settle(wanted, spent);
            }
            prop_assert_eq!(budget.reserved, 0);
            prop_assert!(budget.used <= limit);
        }
    }
}
