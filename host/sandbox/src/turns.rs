//! Turns for calls that compute for long. A call that meets a tick of the epoch waits for a turn before it goes on, and there
//! is one turn fewer than there are processors: however many calls compute without end, one processor is left for calls that
//! take microseconds, and for everything else the host does.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All turns of a sandbox.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

/// The place for one call's turn: empty until it has computed for longer than a tick.
#[derive(Clone, Default)]
pub(crate) struct Turn(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Turns {
    /// `count` at once, at least 1.
    pub(crate) fn new(count: u32) -> Self {
        Self(Arc::new(Semaphore::new(count.max(1) as usize)))
    }

    /// Gives the call's turn to whoever waits longest, and waits for the next.
    pub(crate) async fn next(self, turn: Turn) {
        turn.end();
        // Others on this thread come first in any case.
        tokio::task::yield_now().await;
        // The semaphore is never closed.
        if let Ok(permit) = self.0.acquire_owned().await {
            *turn.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        }
    }
}

impl Turn {
    /// Ends the turn, if the call has it: before it waits for anything outside.
    pub(crate) fn end(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
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
}
