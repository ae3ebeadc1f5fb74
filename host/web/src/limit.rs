//! How often somebody may try to sign in.

use posthouse_model::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts failures per key within a window that begins with the first.
#[derive(Debug)]
pub struct Limiter {
    window: Duration,
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Limiter {
    /// More keys than this are never kept: the oldest windows go first.
    const KEYS_MAX: usize = 20_000;

    /// With windows of this length.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { window, failures: Mutex::default() }
    }

    /// How long to wait, when the key has used up its tries.
    #[must_use]
    pub fn wait(&self, key: &str, tries: u32, now: Timestamp) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, since) = *failures.get(key)?;
        let end = since.plus(self.window);
        (count >= tries && end > now).then(|| end.since(now))
    }

    /// Counts a failure.
    pub fn failed(&self, key: &str, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= Self::KEYS_MAX {
            failures.retain(|_, (_, since)| since.plus(self.window) > now);
            if failures.len() >= Self::KEYS_MAX
                && let Some(oldest) = failures.iter().min_by_key(|(_, (_, since))| *since).map(|(k, _)| k.clone())
            {
                failures.remove(&oldest);
            }
        }
        let entry = failures.entry(key.to_owned()).or_insert((0, now));
        if entry.1.plus(self.window) <= now {
            *entry = (0, now);
        }
        entry.0 = entry.0.saturating_add(1);
    }

    /// Forgets a key's failures.
    pub fn forget(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_run_out_and_come_back() {
        let limiter = Limiter::new(Duration::from_secs(60));
        let at = Timestamp::from_seconds;
        for _ in 0..3 {
            assert_eq!(limiter.wait("a", 3, at(0)), None);
            limiter.failed("a", at(0));
        }
        assert_eq!(limiter.wait("a", 3, at(10)), Some(Duration::from_secs(50)));
        assert_eq!(limiter.wait("b", 3, at(10)), None);
        assert_eq!(limiter.wait("a", 3, at(60)), None);
        limiter.failed("a", at(60));
        assert_eq!(limiter.wait("a", 3, at(61)), None);
        limiter.failed("a", at(61));
        limiter.failed("a", at(61));
        assert!(limiter.wait("a", 3, at(61)).is_some());
        limiter.forget("a");
        assert_eq!(limiter.wait("a", 3, at(61)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(Duration::from_secs(60));
        for i in 0..30_000 {
            limiter.failed(&i.to_string(), Timestamp::from_seconds(1));
        }
        assert!(limiter.failures.lock().unwrap_or_else(PoisonError::into_inner).len() <= Limiter::KEYS_MAX);
    }
}
