//! Mail servers that cannot be reached: how soon each is tried again, for all mailboxes there together.
//!
//! A server that is down is tried by one mailbox at a time, after waits that double from a second to five minutes; when one gets
//! through, all others follow at once. A hundred mailboxes at one provider knock no more often than one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// Waits between tries at a server that cannot be reached, doubling from the first to the last.
pub(crate) const BACK_OFF_MIN: Duration = Duration::from_secs(1);
/// See [`BACK_OFF_MIN`].
pub(crate) const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// All servers that were ever tried.
#[derive(Default)]
pub(crate) struct Hosts {
    known: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Default)]
struct Host {
    /// Who has it tries the server; taken only while the server cannot be reached.
    gate: Arc<tokio::sync::Mutex<()>>,
    failing: Mutex<Failing>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failing {
    /// Tries in a row that did not get through.
    tries: u32,
    /// When the next is due.
    again: Option<Instant>,
}

/// Leave to try a server.
pub(crate) struct Turn {
    host: Arc<Host>,
    _gate: Option<OwnedMutexGuard<()>>,
}

impl Hosts {
    /// Waits until a server may be tried. `jitter` is added to each wait.
    pub(crate) async fn turn(&self, host: &str, jitter: Duration) -> Turn {
        let host = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(host.to_ascii_lowercase()).or_default())
        };
        if host.failing().again.is_none() {
            return Turn { host, _gate: None };
        }
        let gate = Arc::clone(&host.gate).lock_owned().await;
        // Who went before may have got through.
        match host.failing().again {
            None => Turn { host, _gate: None },
            Some(again) => {
                tokio::time::sleep_until(again + jitter).await;
                Turn { host, _gate: Some(gate) }
            }
        }
    }
}

impl Host {
    fn failing(&self) -> Failing {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// It answered, whatever it said.
    pub(crate) fn answered(self) {
        *self.host.failing.lock().unwrap_or_else(PoisonError::into_inner) = Failing::default();
    }

    /// It could not be reached.
    pub(crate) fn failed(self) {
        let mut failing = self.host.failing.lock().unwrap_or_else(PoisonError::into_inner);
        // Of several that tried at the same time the first counts.
        if self._gate.is_some() || failing.again.is_none() {
            let wait = BACK_OFF_MIN.saturating_mul(1 << failing.tries.min(16)).min(BACK_OFF_MAX);
            failing.tries = failing.tries.saturating_add(1);
            failing.again = Some(Instant::now() + wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_down_is_tried_by_one_at_a_time_and_ever_more_seldom() {
        let hosts = Arc::new(Hosts::default());
        // Ten mailboxes find out at the same time: that is one failure.
        let mut turns = Vec::new();
        for _ in 0..10 {
            turns.push(hosts.turn("imap.example", NONE).await);
        }
        turns.into_iter().for_each(Turn::failed);
        let tries = Arc::new(Mutex::new(Vec::new()));
        let begun = Instant::now();
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (hosts, tries) = (Arc::clone(&hosts), Arc::clone(&tries));
                tokio::spawn(async move {
                    loop {
                        let turn = hosts.turn("IMAP.example", NONE).await;
                        let at = begun.elapsed().as_secs();
                        tries.lock().unwrap_or_else(PoisonError::into_inner).push(at);
                        // It is back after an hour.
                        if at >= 3_600 {
                            return turn.answered();
                        }
                        turn.failed();
                    }
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.is_ok());
        }
        let tries = tries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(&tries[..10], [1, 3, 7, 15, 31, 63, 127, 255, 511, 811]);
        let (down, up): (Vec<u64>, Vec<u64>) = tries.iter().partition(|at| **at < 3_600);
        assert!(down.len() < 21, "an hour has twelve times five minutes: {down:?}");
        assert_eq!(up.len(), 10);
        assert!(up.iter().all(|at| *at == up[0]), "when one gets through, all follow at once: {up:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn another_server_does_not_wait() {
        let hosts = Hosts::default();
        hosts.turn("a.example", NONE).await.failed();
        let begun = Instant::now();
        hosts.turn("b.example", NONE).await.answered();
        assert_eq!(begun.elapsed(), NONE);
        hosts.turn("a.example", NONE).await.answered();
        assert_eq!(begun.elapsed(), BACK_OFF_MIN);
        hosts.turn("a.example", NONE).await.answered();
        assert_eq!(begun.elapsed(), BACK_OFF_MIN, "it works again");
    }
}
