//! Who computes when: so that however much the plugins of one tenant compute, a processor is left for everybody else.
//!
//! Every tenant has a lane, in which so many of its calls compute at the same time; the others wait in order. A call that
//! waits for something outside leaves its place meanwhile. And a call that computes for long (it meets a tick of the epoch when
//! it has computed for longer than ticks are apart, or its plugin's last call was long) waits for one of the house's turns
//! besides. Of both there is one fewer than there are processors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A call that computes for longer than this makes its plugin a long one.
const LONG: Duration = Duration::from_millis(2);

/// Places for calls that compute, one set per tenant. Cheap to clone; clones share the places. See
/// [`Sandbox::lane`](crate::Sandbox::lane).
#[derive(Clone, Debug)]
pub struct Lane(Arc<Semaphore>);

impl Lane {
    pub(crate) fn new(places: u32) -> Self {
        Self(Arc::new(Semaphore::new(places.max(1) as usize)))
    }
}

/// The house's turns for long calls.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    /// `count` at once, at least 1.
    pub(crate) fn new(count: u32) -> Self {
        Self(Arc::new(Semaphore::new(count.max(1) as usize)))
    }

    /// Gives the call's turn to whoever waits longest, and waits for the next.
    pub(crate) async fn next(self, turn: Turn) {
        turn.end();
        let begun = Instant::now();
        // Others on this thread come first in any case.
        tokio::task::yield_now().await;
        let place = turn.place().await;
        // The semaphore is never closed.
        let permit = self.0.acquire_owned().await.ok();
        let mut held = turn.held();
        (held.place, held.permit) = (place, permit);
        held.waited += begun.elapsed();
    }
}

/// One call's place in its tenant's lane, and its turn while it has one.
#[derive(Clone, Default)]
pub(crate) struct Turn {
    lane: Option<Lane>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    place: Option<OwnedSemaphorePermit>,
    permit: Option<OwnedSemaphorePermit>,
    /// How long it waited for turns and for what is outside.
    waited: Duration,
}

impl Turn {
    pub(crate) fn in_lane(lane: Option<Lane>) -> Self {
        Self { lane, held: Arc::default() }
    }

    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        match &self.lane {
            // The semaphore is never closed.
            Some(lane) => lane.0.clone().acquire_owned().await.ok(),
            None => None,
        }
    }

    /// Waits for a place in the lane; at once where there is none to wait for.
    pub(crate) async fn begin(&self) {
        if self.lane.is_some() {
            let begun = Instant::now();
            let place = self.place().await;
            let mut held = self.held();
            held.place = place;
            held.waited += begun.elapsed();
        }
    }

    /// Gives place and turn back, if the call has them: before it waits for anything outside.
    pub(crate) fn end(&self) {
        let mut held = self.held();
        (held.place, held.permit) = (None, None);
    }

    /// It has waited since then.
    pub(crate) fn waits(&self, since: Instant) {
        self.held().waited += since.elapsed();
    }

    pub(crate) fn waited(&self) -> Duration {
        self.held().waited
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a plugin's calls are long, as its last one says.
#[derive(Default)]
pub(crate) struct Habit(AtomicBool);

impl Habit {
    /// Whether the next call waits for a turn before it begins.
    pub(crate) fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes down for how long a call computed.
    pub(crate) fn computed(&self, time: Duration) {
        self.0.store(time > LONG, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_computes_at_a_time_and_gives_its_turn_on() {
        let turns = Turns::new(1);
        let (first, second) = (Turn::default(), Turn::default());
        turns.clone().next(first.clone()).await;
        let mut waiting = Box::pin(turns.clone().next(second.clone()));
        assert!(futures::poll!(&mut waiting).is_pending());
        assert!(futures::poll!(&mut waiting).is_pending());
        // The first meets its next tick: the second comes before it.
        let mut again = Box::pin(turns.clone().next(first.clone()));
        assert!(futures::poll!(&mut again).is_pending());
        assert!(futures::poll!(&mut waiting).is_ready());
        assert!(futures::poll!(&mut again).is_pending());
        second.end();
        assert!(futures::poll!(&mut again).is_ready());
    }

    #[tokio::test]
    async fn a_call_that_goes_away_gives_its_turn_back() {
        let turns = Turns::new(0);
        let turn = Turn::default();
        turns.clone().next(turn.clone()).await;
        drop(turn);
        turns.next(Turn::default()).await;
    }

    #[tokio::test]
    async fn calls_of_one_tenant_wait_for_one_another_and_for_nobody_else() {
        let lane = Lane::new(1);
        let (first, second) = (Turn::in_lane(Some(lane.clone())), Turn::in_lane(Some(lane)));
        first.begin().await;
        let mut waiting = Box::pin(second.begin());
        assert!(futures::poll!(&mut waiting).is_pending());
        let another_tenants = Turn::in_lane(Some(Lane::new(1)));
        another_tenants.begin().await;
        // While it waits for a server, the place is another's.
        first.end();
        waiting.await;
        let mut back = Box::pin(first.begin());
        assert!(futures::poll!(&mut back).is_pending());
        second.end();
        assert!(futures::poll!(&mut back).is_ready());
    }

    #[test]
    fn a_plugin_is_long_as_its_last_call_was() {
        let habit = Habit::default();
        for (time, long) in [(LONG, false), (LONG + Duration::from_nanos(1), true), (Duration::ZERO, false)] {
            habit.computed(time);
            assert_eq!(habit.is_long(), long);
        }
    }
}
