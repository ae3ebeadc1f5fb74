//! The open store: the host's side, which belongs to no tenant.

use crate::engine::{Durability, Engine, Transaction};
use crate::scope::Scope;
use crate::wake::{Listener, Touched, Wakeups, announce, listen};
use crate::{Result, StoreError, schema};
use futures::future::BoxFuture;
use posthouse_model::{Clock, Entropy, TenantId, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:/path/to/posthouse.db` (the file is made when it is not there) or `postgres://user@host/name`.
    pub url: String,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes for sealing and for tokens.
    pub entropy: Arc<dyn Entropy>,
}

/// The open store. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) wakeups: Wakeups,
    _listener: Option<Listener>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("Store").field("kind", &self.inner.engine.kind).finish_non_exhaustive()
    }
}

impl Store {
    /// Connects. Does not migrate: see [`Store::migrate`] and [`Store::check_schema`].
    ///
    /// # Errors
    /// [`StoreError::Url`] for an address that makes no sense, [`StoreError::Database`] when the database cannot
    /// be reached.
    pub fn open(options: StoreOptions) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move {
            let engine = Engine::open(&options.url).await?;
            let wakeups = Wakeups::default();
            let listener = listen(&engine, wakeups.clone()).await?;
            let StoreOptions { clock, entropy, .. } = options;
            Ok(Self { inner: Arc::new(Inner { engine, clock, entropy, wakeups, _listener: listener }) })
        })
    }

    /// Brings the database to this host's schema version, from any older one, in one transaction. Does nothing
    /// when it is there already. Several processes may call it at once. Returns the version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the database is newer than this host.
    pub fn migrate(&self) -> BoxFuture<'_, Result<i64>> {
        Box::pin(schema::migrate(self))
    }

    /// The version that the database is at; 0 when it is empty.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn schema_version(&self) -> Result<i64> {
        let mut connection = self.inner.engine.read().await?;
        schema::version(self.inner.engine.kind, &mut connection).await
    }

    /// The version that this host works with.
    #[must_use]
    pub fn schema_wanted() -> i64 {
        schema::WANTED
    }

    /// Refuses a database at another version than this host's.
    ///
    /// # Errors
    /// [`StoreError::Schema`] saying which command mends it.
    pub async fn check_schema(&self) -> Result<()> {
        let found = self.schema_version().await?;
        if found == schema::WANTED { Ok(()) } else { Err(StoreError::Schema { found, wanted: schema::WANTED }) }
    }

    /// The view of one tenant. No I/O: whether the tenant is there shows at the first use.
    #[must_use]
    pub fn tenant(&self, id: TenantId) -> Scope {
        Scope::new(self.clone(), id)
    }

    /// Goes up whenever jobs were made, here or (on PostgreSQL) in another process. A hint: workers also look
    /// when [`Store::next_job_at`] comes, and now and then.
    #[must_use]
    pub fn wakeups(&self) -> watch::Receiver<u64> {
        self.inner.wakeups.jobs()
    }

    /// The store's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The clock it was opened with.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The source of random bytes it was opened with, for tokens and for sealing.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.inner.entropy
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.inner.engine.kind {
            crate::engine::Kind::Sqlite => "sqlite",
            crate::engine::Kind::Postgres => "postgres",
        }
    }

    /// Reads and writes: what `/health` and `doctor` ask. Finds a full disk and a lock that does not go away.
    ///
    /// # Errors
    /// [`StoreError::Database`] in words for a person.
    pub async fn ping(&self) -> Result<()> {
        self.check_schema().await?;
        self.set_meta("ping", &self.now().0.to_string()).await
    }

    /// Size of the database in bytes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn size_bytes(&self) -> Result<i64> {
        let mut connection = self.inner.engine.read().await?;
        self.inner.engine.size(&mut connection).await
    }

    /// Closes the connections after the work that is under way. On SQLite this also folds the write-ahead log
    /// into the file.
    pub async fn close(&self) {
        self.inner.engine.close().await;
    }

    pub(crate) fn write(&self) -> BoxFuture<'_, Result<Transaction>> {
        self.inner.engine.write(Durability::Process)
    }

    /// Commits and wakes whoever waits for it.
    pub(crate) fn commit(&self, mut tx: Transaction, touched: Touched) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            announce(self.inner.engine.kind, &mut tx, touched).await?;
            tx.commit().await?;
            self.inner.wakeups.wake(touched);
            Ok(())
        })
    }

    /// Whether a table has any row.
    pub(crate) async fn has_rows(&self, on: &mut crate::sql::Connection, table: &'static str) -> Result<bool> {
        Ok(crate::sql::sql_of(format!("select 1 from {table} limit 1")).optional(on).await?.is_some())
    }
}
