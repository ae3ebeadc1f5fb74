//! The thread that advances the engines' epochs, so that a guest that computes is interrupted every few
//! milliseconds: it then lets other tasks of its thread run, and ends at its deadline.
//!
//! It sleeps when no plugin was called for a while: an idle host does not wake a hundred times a second.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wasmtime::Engine;

/// The time between two ticks: the resolution of a deadline.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Ticks that are made up for when the thread was held up: busy processors are no reason to let a guest run longer. A machine
/// that was put to sleep is one.
const MISSED_MAX: u32 = 20;

/// After this many ticks without a call the thread sleeps until the next.
const IDLE_TICKS: u32 = 200;

pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Calls begun; the thread looks whether it moved.
    calls: AtomicU64,
    /// Calls in flight.
    active: AtomicU64,
    /// The thread sleeps, or is about to.
    asleep: AtomicBool,
    stop: Mutex<bool>,
    wake: Condvar,
}

impl Ticker {
    pub(crate) fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            calls: AtomicU64::new(0),
            active: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            stop: Mutex::new(false),
            wake: Condvar::new(),
        });
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("posthouse-ticks".to_owned()).spawn(move || {
            theirs.run(&engines);
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// While the guard lives, the epochs advance.
    pub(crate) fn watch(&self) -> Watch {
        let shared = self.shared.clone();
        shared.active.fetch_add(1, Ordering::SeqCst);
        shared.calls.fetch_add(1, Ordering::Relaxed);
        // Sequentially consistent with the thread, which first says that it sleeps and then looks for calls:
        // one of the two sees the other.
        if shared.asleep.load(Ordering::SeqCst) {
            let _held = shared.stop.lock().unwrap_or_else(PoisonError::into_inner);
            shared.wake.notify_one();
        }
        Watch(shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that only ticks cannot have failed in a way that matters here.
            let _ = thread.join();
        }
    }
}

/// See [`Ticker::watch`].
pub(crate) struct Watch(Arc<Shared>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn run(&self, engines: &[Engine]) {
        let (mut seen, mut idle) = (0, 0);
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        // Set instants, not pauses: a pause is always a little longer than asked for, and a long deadline would add that up.
        let mut due = now() + TICK;
        while !*stop {
            let calls = self.calls.load(Ordering::Relaxed);
            if calls != seen || self.active.load(Ordering::SeqCst) > 0 {
                (seen, idle) = (calls, 0);
            } else {
                idle += 1;
            }
            if idle > IDLE_TICKS {
                self.asleep.store(true, Ordering::SeqCst);
                while !*stop && self.active.load(Ordering::SeqCst) == 0 {
                    stop = self.wake.wait(stop).unwrap_or_else(PoisonError::into_inner);
                }
                self.asleep.store(false, Ordering::SeqCst);
                idle = 0;
                due = now() + TICK;
            }
            let wait = due.saturating_duration_since(now());
            stop = self.wake.wait_timeout(stop, wait).unwrap_or_else(PoisonError::into_inner).0;
            for _ in 0..passed(&mut due, now()) {
                for engine in engines {
                    engine.increment_epoch();
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own: no test can pause it, and none needs to")]
fn now() -> Instant {
    Instant::now()
}

/// How many ticks have been due until now; moves `due` to the first that has not.
fn passed(due: &mut Instant, now: Instant) -> u32 {
    let mut ticks = 0;
    while *due <= now {
        if ticks == MISSED_MAX {
            *due = now + TICK;
            break;
        }
        *due += TICK;
        ticks += 1;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_keep_to_set_instants_and_a_long_sleep_is_forgotten() {
        let start = now();
        let mut due = start + TICK;
        assert_eq!(passed(&mut due, start), 0, "woken early");
        assert_eq!(passed(&mut due, start + TICK + TICK / 5), 1);
        assert_eq!(due, start + 2 * TICK, "being late does not move the next");
        assert_eq!(passed(&mut due, start + 4 * TICK), 3, "what was missed is made up for");
        let late = due + MISSED_MAX * TICK;
        assert_eq!(passed(&mut due, late - TICK / 2), MISSED_MAX);
        let woken = late + 1000 * TICK;
        assert_eq!(passed(&mut due, woken), MISSED_MAX);
        assert_eq!(due, woken + TICK);
    }
}
