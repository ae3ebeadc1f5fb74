//! Wake-ups: what was committed makes workers and open pages react at once, in this process through watches,
//! in others through PostgreSQL's NOTIFY. They are hints: whoever waits also looks by itself now and then.

use crate::engine::{Engine, Kind};
use crate::sql::{Connection, sql};
use crate::{Result, StoreError};
use posthouse_model::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

const CHANNEL: &str = "posthouse";
/// Between two tries to listen again after the connection broke.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Counters that go up when something was committed.
#[derive(Clone, Default)]
pub(crate) struct Wakeups {
    inner: Arc<Inner>,
}

struct Inner {
    jobs: watch::Sender<u64>,
    tenants: Mutex<HashMap<TenantId, watch::Sender<u64>>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self { jobs: watch::Sender::new(0), tenants: Mutex::default() }
    }
}

/// What a transaction did that others want to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) jobs: bool,
    pub(crate) tenant: Option<TenantId>,
}

impl Touched {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }

    fn payload(self) -> String {
        let tenant = self.tenant.map(|t| t.to_string()).unwrap_or_default();
        format!("{tenant}{}", if self.jobs { "j" } else { "" })
    }

    fn parse(payload: &str) -> Self {
        let number = payload.strip_suffix('j');
        Self { jobs: number.is_some(), tenant: number.unwrap_or(payload).parse().ok() }
    }
}

impl Wakeups {
    pub(crate) fn jobs(&self) -> watch::Receiver<u64> {
        self.inner.jobs.subscribe()
    }

    pub(crate) fn tenant(&self, tenant: TenantId) -> watch::Receiver<u64> {
        let mut tenants = self.inner.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(tenant).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// After the commit: wakes this process.
    pub(crate) fn wake(&self, touched: Touched) {
        if touched.jobs {
            self.inner.jobs.send_modify(|n| *n += 1);
        }
        if let Some(tenant) = touched.tenant {
            let mut tenants = self.inner.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(sender) = tenants.get(&tenant) {
                if sender.receiver_count() == 0 {
                    tenants.remove(&tenant);
                } else {
                    sender.send_modify(|n| *n += 1);
                }
            }
        }
    }

    fn wake_all(&self) {
        self.inner.jobs.send_modify(|n| *n += 1);
        let tenants = self.inner.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in tenants.values() {
            sender.send_modify(|n| *n += 1);
        }
    }
}

/// Before the commit: asks PostgreSQL to tell the other processes when it happens.
pub(crate) async fn announce(kind: Kind, on: &mut Connection, touched: Touched) -> Result<()> {
    if kind == Kind::Postgres && !touched.is_nothing() {
        sql("select pg_notify($1, $2)").bind(CHANNEL).bind(touched.payload()).run(on).await?;
    }
    Ok(())
}

/// Passes on what other processes commit, until dropped.
pub(crate) struct Listener(tokio::task::JoinHandle<()>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts to listen, on PostgreSQL.
pub(crate) async fn listen(engine: &Engine, wakeups: Wakeups) -> Result<Option<Listener>> {
    if engine.kind == Kind::Sqlite {
        return Ok(None);
    }
    let url = engine.url.clone();
    let mut listener = connect(&url).await.map_err(StoreError::Database)?;
    let task = tokio::spawn(async move {
        loop {
            match listener.recv().await {
                Ok(notification) => wakeups.wake(Touched::parse(notification.payload())),
                Err(error) => {
                    tracing::warn!(%error, "listening for database notifications broke off; polling until it works again");
                    listener = loop {
                        tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
                        if let Ok(listener) = connect(&url).await {
                            break listener;
                        }
                    };
                    // Something may have happened meanwhile.
                    wakeups.wake_all();
                }
            }
        }
    });
    Ok(Some(Listener(task)))
}

async fn connect(url: &str) -> sqlx::Result<sqlx::postgres::PgListener> {
    let mut listener = sqlx::postgres::PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_round_trips() {
        for touched in [
            Touched { jobs: true, tenant: Some(TenantId(12)) },
            Touched { jobs: false, tenant: Some(TenantId(3)) },
            Touched { jobs: true, tenant: None },
        ] {
            assert_eq!(Touched::parse(&touched.payload()), touched);
        }
    }

    #[test]
    fn only_those_who_listen_are_woken() {
        let wakeups = Wakeups::default();
        let one = wakeups.tenant(TenantId(1));
        let two = wakeups.tenant(TenantId(2));
        wakeups.wake(Touched { jobs: false, tenant: Some(TenantId(1)) });
        assert!(one.has_changed().unwrap());
        assert!(!two.has_changed().unwrap());
    }
}
