//! Plugins, and models, that keep failing are cut off, for one tenant alone, until they have recovered: their world's fallback then costs
//! a mail no time.
//!
//! Closed: calls go through; failures in a row are counted. Open: calls are refused for a while that doubles each time.
//! Half-open: one call is let through to see; its end closes or opens the breaker.

use posthouse_model::{TenantId, Timestamp};
use posthouse_sandbox::CallError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Failures in a row until a plugin is cut off.
pub const FAILURES_MAX: u32 = 5;
/// For how long at first.
pub const PAUSE_MIN: Duration = Duration::from_secs(30);
/// And at most.
pub const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);

/// Which installation of a plugin a breaker is about: when it was installed, and the number of its release. Another one begins
/// afresh.
pub type Installation = (Timestamp, i64);

/// What a call may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Run.
    Go,
    /// Not run: the plugin is cut off.
    CutOff {
        /// Failures in a row.
        failures: u32,
        /// When the next call is let through.
        until: Timestamp,
        /// The last failure.
        reason: String,
    },
}

/// A plugin that is cut off now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// Its name in the tenant.
    pub plugin: String,
    /// Since when.
    pub since: Timestamp,
    /// The last failure.
    pub reason: String,
}

#[derive(Clone, Debug, Default)]
struct Breaker {
    installation: Installation,
    failures: u32,
    reason: String,
    open: Option<Open>,
    /// Has answered since this process started, after whatever failures.
    proven: bool,
}

#[derive(Clone, Debug)]
struct Open {
    since: Timestamp,
    until: Timestamp,
    pause: Duration,
    /// A call is out to see whether it works again; given up when it does not end within the pause.
    trial_since: Option<Timestamp>,
}

/// All breakers of a house: one per tenant and plugin, or model.
#[derive(Debug, Default)]
pub struct Breakers {
    all: Mutex<HashMap<(TenantId, String), Breaker>>,
}

impl Breakers {
    /// Asks for leave to call.
    pub fn ask(&self, tenant: TenantId, plugin: &str, installation: Installation, now: Timestamp) -> Leave {
        self.with(tenant, plugin, installation, |breaker| {
            let Some(open) = &mut breaker.open else { return Leave::Go };
            let on_trial = open.trial_since.is_some_and(|began| now.since(began) < open.pause);
            if now >= open.until && !on_trial {
                open.trial_since = Some(now);
                return Leave::Go;
            }
            let until = if on_trial { now.plus(Duration::from_secs(1)) } else { open.until };
            Leave::CutOff { failures: breaker.failures, until, reason: breaker.reason.clone() }
        })
    }

    /// Takes down how a call ended. Failures that do not speak against the plugin change nothing, nor does one that asks to be
    /// tried again at a set time: that plugin knows what it does.
    pub fn ended(
        &self,
        tenant: TenantId,
        plugin: &str,
        installation: Installation,
        now: Timestamp,
        result: Result<(), &CallError>,
    ) {
        match result {
            Ok(()) => self.answered(tenant, plugin, installation, now, None),
            Err(error) if error.blames_plugin() && error.retry_after().is_none() => {
                self.answered(tenant, plugin, installation, now, Some(error.to_string()));
            }
            // The trial said nothing about the plugin: the next call is the next trial.
            Err(_) => self.not_called(tenant, plugin, installation),
        }
    }

    /// A call that leave was given for was not made after all, or said nothing: the next one is the next trial.
    pub fn not_called(&self, tenant: TenantId, name: &str, installation: Installation) {
        self.with(tenant, name, installation, |breaker| {
            if let Some(open) = &mut breaker.open {
                open.trial_since = None;
            }
        });
    }

    /// Takes down that a call was answered, or how it failed.
    pub fn answered(
        &self,
        tenant: TenantId,
        name: &str,
        installation: Installation,
        now: Timestamp,
        failed: Option<String>,
    ) {
        self.with(tenant, name, installation, |breaker| match failed {
            None => {
                *breaker = Breaker { installation, proven: true, ..Breaker::default() };
            }
            Some(reason) => {
                breaker.failures = breaker.failures.saturating_add(1);
                breaker.reason = reason;
                breaker.proven = false;
                match &mut breaker.open {
                    Some(open) => {
                        open.pause = (open.pause * 2).min(PAUSE_MAX);
                        open.until = now.plus(open.pause);
                        open.trial_since = None;
                    }
                    None if breaker.failures >= FAILURES_MAX => {
                        let until = now.plus(PAUSE_MIN);
                        breaker.open = Some(Open { since: now, until, pause: PAUSE_MIN, trial_since: None });
                    }
                    None => {}
                }
            }
        });
    }

    /// A tenant's plugins that are cut off.
    #[must_use]
    pub fn cut_off(&self, tenant: TenantId) -> Vec<CutOff> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<CutOff> = all
            .iter()
            .filter(|((of, _), _)| *of == tenant)
            .filter_map(|((_, plugin), breaker)| {
                let open = breaker.open.as_ref()?;
                Some(CutOff { plugin: plugin.clone(), since: open.since, reason: breaker.reason.clone() })
            })
            .collect();
        found.sort_by(|a, b| a.plugin.cmp(&b.plugin));
        found
    }

    /// Whether a plugin has answered since its last failure, as far as this process knows.
    #[must_use]
    pub fn is_proven(&self, tenant: TenantId, plugin: &str) -> bool {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(tenant, plugin.to_owned())).is_some_and(|breaker| breaker.proven)
    }

    fn with<T>(
        &self,
        tenant: TenantId,
        plugin: &str,
        installation: Installation,
        change: impl FnOnce(&mut Breaker) -> T,
    ) -> T {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = all.entry((tenant, plugin.to_owned())).or_default();
        if breaker.installation != installation {
            *breaker = Breaker { installation, ..Breaker::default() };
        }
        change(breaker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1);
    const START: Timestamp = Timestamp(0);
    const FIRST: Installation = (START, 1);

    struct Watched {
        breakers: Breakers,
        now: Timestamp,
    }

    impl Watched {
        fn new() -> Self {
            Self { breakers: Breakers::default(), now: START }
        }
        fn may(&self) -> bool {
            self.breakers.ask(TENANT, "p", FIRST, self.now) == Leave::Go
        }
        fn fails(&self) {
            let error = CallError::Trap { reason: "unreachable".to_owned() };
            self.breakers.ended(TENANT, "p", FIRST, self.now, Err(&error));
        }
        fn answers(&self) {
            self.breakers.ended(TENANT, "p", FIRST, self.now, Ok(()));
        }
        fn later(&mut self, wait: Duration) {
            self.now = self.now.plus(wait);
        }
    }

    #[test]
    fn five_failures_in_a_row_cut_off_and_one_answer_begins_anew() {
        let watched = Watched::new();
        for _ in 0..FAILURES_MAX - 1 {
            assert!(watched.may());
            watched.fails();
        }
        watched.answers();
        for _ in 0..FAILURES_MAX {
            assert!(watched.may());
            watched.fails();
        }
        assert!(!watched.may());
        let cut_off = watched.breakers.cut_off(TENANT);
        assert_eq!((cut_off.len(), cut_off[0].plugin.as_str()), (1, "p"));
        // Nobody else is.
        assert_eq!(watched.breakers.ask(TenantId(2), "p", FIRST, watched.now), Leave::Go);
        assert_eq!(watched.breakers.ask(TENANT, "q", FIRST, watched.now), Leave::Go);
    }

    #[test]
    fn one_call_at_a_time_is_let_through_to_see_and_the_pause_doubles() {
        let mut watched = Watched::new();
        (0..FAILURES_MAX).for_each(|_| watched.fails());
        let mut pause = PAUSE_MIN;
        for _ in 0..8 {
            watched.later(pause - Duration::from_micros(1));
            assert!(!watched.may());
            watched.later(Duration::from_micros(1));
            assert!(watched.may(), "half-open");
            assert!(!watched.may(), "one only");
            watched.fails();
            pause = (pause * 2).min(PAUSE_MAX);
        }
        assert_eq!(pause, PAUSE_MAX);
        watched.later(pause);
        assert!(watched.may());
        assert!(!watched.breakers.is_proven(TENANT, "p"));
        watched.answers();
        assert!(watched.may() && watched.may());
        assert!(watched.breakers.is_proven(TENANT, "p"));
        assert!(watched.breakers.cut_off(TENANT).is_empty());
    }

    #[test]
    fn a_trial_that_never_ends_or_says_nothing_is_followed_by_another() {
        let mut watched = Watched::new();
        (0..FAILURES_MAX).for_each(|_| watched.fails());
        watched.later(PAUSE_MIN);
        assert!(watched.may());
        watched.later(PAUSE_MIN);
        assert!(watched.may(), "the first trial was lost");
        let busy = CallError::Busy { waited: Duration::ZERO };
        watched.breakers.ended(TENANT, "p", FIRST, watched.now, Err(&busy));
        assert!(watched.may());
    }

    #[test]
    fn what_does_not_speak_against_the_plugin_is_not_counted() {
        let watched = Watched::new();
        let again =
            CallError::Failure { temporary: true, text: "busy".to_owned(), retry_after: Some(Duration::from_secs(60)) };
        for error in [again, CallError::Busy { waited: Duration::ZERO }, CallError::Host { reason: "x".to_owned() }] {
            for _ in 0..=FAILURES_MAX {
                watched.breakers.ended(TENANT, "p", FIRST, watched.now, Err(&error));
            }
        }
        assert!(watched.may());
    }

    #[test]
    fn another_version_begins_afresh() {
        let watched = Watched::new();
        (0..FAILURES_MAX).for_each(|_| watched.fails());
        assert!(!watched.may());
        assert_eq!(watched.breakers.ask(TENANT, "p", (START, 2), watched.now), Leave::Go);
    }
}
