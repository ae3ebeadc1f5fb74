//! What all routes share.

use crate::deps::WebDeps;
use crate::limit::Limiter;
use crate::presence::Presence;
use posthouse_model::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// State of the router; cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) deps: WebDeps,
    /// Failed sign-ins.
    pub(crate) limiter: Limiter,
    /// Requests of API tokens.
    pub(crate) pace: Limiter,
    /// Hashing a password takes 19 MiB: only so many at once.
    pub(crate) hashing: Semaphore,
    /// Live streams open at once.
    pub(crate) streams: Arc<Semaphore>,
    /// Who looks at which ticket.
    pub(crate) presence: Arc<Presence>,
}

impl std::ops::Deref for Desk {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Desk {
    /// How long failed sign-ins count.
    pub(crate) const WINDOW: Duration = Duration::from_secs(15 * 60);
    /// How long a session holds.
    pub(crate) const SESSION: Duration = Duration::from_secs(7 * 24 * 3_600);
    /// How long one holds on a device whose owner asked to stay signed in on it.
    pub(crate) const LONG_SESSION: Duration = Duration::from_secs(30 * 24 * 3_600);
    /// Requests of one API token within [`Desk::PACE_WINDOW`], in one process.
    pub(crate) const PACE: u32 = 600;
    /// The window begins with the first request.
    pub(crate) const PACE_WINDOW: Duration = Duration::from_secs(60);
    const HASHING_MAX: usize = 2;
    const STREAMS_MAX: usize = 2_000;

    pub(crate) fn new(deps: WebDeps) -> Self {
        Self {
            inner: Arc::new(Inner {
                deps,
                limiter: Limiter::new(Self::WINDOW),
                pace: Limiter::new(Self::PACE_WINDOW),
                hashing: Semaphore::new(Self::HASHING_MAX),
                streams: Arc::new(Semaphore::new(Self::STREAMS_MAX)),
                presence: Arc::new(Presence::new()),
            }),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    /// Where browsers come back to from mailboxes' providers.
    pub(crate) fn came_back_url(&self) -> String {
        format!("{}{}", self.deps.public_url.as_str().trim_end_matches('/'), crate::route::CAME_BACK)
    }

    /// Cookies are for encrypted connections only.
    pub(crate) fn is_secure(&self) -> bool {
        self.deps.public_url.scheme() == "https"
    }
}
