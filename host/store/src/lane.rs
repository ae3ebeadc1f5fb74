//! Connections to SQLite, handed out one at a time each.
//!
//! sqlx's pool asks a connection whether it lives each time it comes back, in a task of its own. To a server that is
//! worth it; to SQLite, whose every statement is a switch to the connection's thread and back, it costs as much as a
//! statement. So SQLite gets this: a list of open connections and a semaphore.

use crate::Result;
use crate::sql::{Connection, soon};
use futures::FutureExt as _;
use sqlx::Connection as _;
use sqlx::any::AnyConnectOptions;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT_MS: u32 = 10_000;

/// Pages of 4 KiB in the write-ahead log after which it is folded into the file: 16 MB. Triage writes the same pages again and again,
/// and each is folded in once.
const LOG_PAGES_MAX: u32 = 4_000;

/// A number of like connections.
pub(crate) struct Lane {
    options: AnyConnectOptions,
    set_up: String,
    max: u32,
    slots: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Kept>>>,
}

/// An open connection.
struct Kept {
    connection: Connection,
    /// Syncs the disk at every commit; none while nobody can say.
    syncs: Option<bool>,
}

impl Lane {
    /// The one connection that writes.
    pub(crate) fn writer(options: AnyConnectOptions) -> Self {
        let set_up = format!(
            "pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -8192; \
             pragma wal_autocheckpoint = {LOG_PAGES_MAX}"
        );
        Self::new(options, 1, &set_up)
    }

    /// Connections that cannot write.
    pub(crate) fn readers(options: AnyConnectOptions, max: u32) -> Self {
        Self::new(options, max, "pragma query_only = on; pragma cache_size = -4096")
    }

    fn new(options: AnyConnectOptions, max: u32, set_up: &str) -> Self {
        let set_up = format!("pragma busy_timeout = {BUSY_TIMEOUT_MS}; pragma foreign_keys = on; {set_up}");
        Self { options, set_up, max, slots: Arc::new(Semaphore::new(max as usize)), idle: Arc::default() }
    }

    /// A connection, as soon as one is free; opened when none is kept.
    pub(crate) async fn acquire(&self, wait_max: Duration) -> Result<Leased> {
        let slot = Arc::clone(&self.slots).acquire_owned();
        let slot = match tokio::time::timeout(wait_max, slot).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_closed)) => return Err(sqlx::Error::PoolClosed.into()),
            Err(_elapsed) => return Err(sqlx::Error::PoolTimedOut.into()),
        };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let kept = match idle {
            Some(kept) => kept,
            None => Kept { connection: self.connect().await?, syncs: Some(false) },
        };
        Ok(Leased { kept: Some(kept), idle: Arc::clone(&self.idle), _slot: slot })
    }

    async fn connect(&self) -> Result<Connection> {
        let mut connection = Connection::connect_with(&self.options).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(self.set_up.as_str())).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Waits until all have come back, then closes them. The last one folds the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        let all = self.slots.acquire_many(self.max).await;
        self.slots.close();
        let kept = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for kept in kept {
            // Closing can only fail in ways that the operating system mends when the process ends.
            let _ = kept.connection.close().await;
        }
        drop(all);
    }
}

/// A connection in use; goes back when dropped.
pub(crate) struct Leased {
    /// Taken only when dropped.
    kept: Option<Kept>,
    idle: Arc<Mutex<Vec<Kept>>>,
    _slot: OwnedSemaphorePermit,
}

impl Leased {
    /// The connection itself.
    #[expect(clippy::expect_used, reason = "`kept` is taken only by `drop` and `discard`, which end the lease")]
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.kept.as_mut().expect("a lease holds a connection").connection
    }

    #[expect(clippy::expect_used, reason = "as above")]
    pub(crate) fn connection_ref(&self) -> &Connection {
        &self.kept.as_ref().expect("a lease holds a connection").connection
    }

    /// Makes commits sync the disk, or not.
    pub(crate) async fn sync(&mut self, sync: bool) -> Result<()> {
        if self.kept.as_ref().is_some_and(|kept| kept.syncs != Some(sync)) {
            let pragma = if sync { "pragma synchronous = full" } else { "pragma synchronous = normal" };
            // A caller that goes away in the middle leaves it open which of the two holds.
            self.note_syncs(None);
            sqlx::raw_sql(pragma).execute(self.connection()).await?;
            self.note_syncs(Some(sync));
        }
        Ok(())
    }

    fn note_syncs(&mut self, syncs: Option<bool>) {
        if let Some(kept) = &mut self.kept {
            kept.syncs = syncs;
        }
    }

    /// Closes the connection instead of giving it back.
    fn discard(mut self) {
        self.kept = None;
    }

    /// Begins a transaction with this statement.
    pub(crate) async fn begin(mut self, statement: &'static str) -> Result<LaneTransaction> {
        // Whoever asked may stop waiting while another process holds the lock, and the statement takes effect all the same: a
        // connection left in the middle of it must be closed, not handed to the next one with a transaction open.
        let Some(mut kept) = self.kept.take() else { return Err(sqlx::Error::WorkerCrashed.into()) };
        let begun = soon(sqlx::raw_sql(statement).execute(&mut kept.connection)).await;
        match begun {
            Ok(_) => {
                self.kept = Some(kept);
                Ok(LaneTransaction { lease: Some(self) })
            }
            Err(error) => {
                // The lock of another process is no fault of this connection.
                let is_sound = matches!(&error, sqlx::Error::Database(e) if is_busy(e.code().as_deref()));
                self.kept = is_sound.then_some(kept);
                Err(error.into())
            }
        }
    }
}

/// SQLITE_BUSY and its extended codes.
fn is_busy(code: Option<&str>) -> bool {
    code.and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == 5)
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        }
    }
}

/// A transaction; undone when dropped without [`LaneTransaction::commit`].
pub(crate) struct LaneTransaction {
    /// Taken when it ends.
    lease: Option<Leased>,
}

impl LaneTransaction {
    #[expect(clippy::expect_used, reason = "`lease` is taken in `commit` and `drop`, which both end the transaction")]
    pub(crate) fn lease(&mut self) -> &mut Leased {
        self.lease.as_mut().expect("an open transaction holds a connection")
    }

    #[expect(clippy::expect_used, reason = "as above")]
    pub(crate) fn lease_ref(&self) -> &Leased {
        self.lease.as_ref().expect("an open transaction holds a connection")
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        soon(sqlx::raw_sql("commit").execute(self.lease().connection())).await?;
        self.lease = None;
        Ok(())
    }
}

impl Drop for LaneTransaction {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        let rollback = async move {
            let undone = sqlx::raw_sql("rollback").execute(lease.connection()).await;
            if undone.is_err() {
                // A connection in an unknown state: closing it undoes the transaction too.
                lease.discard();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(rollback)),
            // No runtime is left: nobody waits for the connection either. Dropping it undoes the transaction.
            Err(_) => drop(rollback.now_or_never()),
        }
    }
}
