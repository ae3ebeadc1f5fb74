//! Bounded entry: so many at once, the others wait for a bounded time.

use crate::error::CallError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets a set number of calls in at once. The sandbox has one over all tenants; the pipeline may put one before
/// each tenant, so that no tenant fills the house.
#[derive(Clone, Debug)]
pub struct CallGate {
    permits: Arc<Semaphore>,
    wait: Duration,
}

/// A place inside; given back when dropped.
#[derive(Debug)]
pub struct CallPermit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl CallGate {
    /// `permits` at once (at least 1); the others wait for at most `wait`.
    #[must_use]
    pub fn new(permits: u32, wait: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(permits.max(1) as usize)), wait }
    }

    /// How long one waits for a place at most.
    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`CallError::Busy`] when none became free in time.
    pub async fn enter(&self) -> Result<CallPermit, CallError> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(CallPermit(permit));
        }
        match tokio::time::timeout(self.wait, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(CallPermit(permit)),
            // The semaphore is never closed: only time can run out.
            _ => Err(CallError::Busy { waited: self.wait }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_third_waits_and_gives_up_or_gets_in() {
        let gate = CallGate::new(2, Duration::from_millis(20));
        let first = gate.enter().await.unwrap();
        let _second = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.err(), Some(CallError::Busy { waited: Duration::from_millis(20) }));
        drop(first);
        assert!(gate.enter().await.is_ok());
    }
}
