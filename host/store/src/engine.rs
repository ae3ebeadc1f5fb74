//! The two databases and what little differs between them.

use crate::sql::{Connection, sql};
use crate::{Result, StoreError};
use futures::future::BoxFuture;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{AnyPool, ConnectOptions as _, Connection as _, Transaction};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a statement waits for another process's lock on SQLite.
const BUSY_TIMEOUT_MS: u32 = 10_000;
/// Readers on SQLite beside the one writer. Each has a thread and a page cache of its own.
const SQLITE_READERS_MAX: u32 = 4;
/// Connections to PostgreSQL per process: writers and readers together.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long to wait for a connection before saying that the database is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// How hard a commit must be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Survives the death of the process. On SQLite the last moments may be lost when the machine loses power;
    /// whatever is lost is fetched again, since cursors are in the same database.
    Process,
    /// Survives the death of the machine as well: for what has consequences outside, such as a lease to submit.
    Machine,
}

/// The open database.
pub(crate) struct Engine {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    writer: AnyPool,
    reader: AnyPool,
    /// SQLite: whether the writer connection is set to sync every commit. There is one writer connection, so
    /// whoever holds it is alone with this flag.
    writer_syncs: Arc<AtomicBool>,
}

impl Engine {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        match scheme(url)? {
            Kind::Sqlite => Self::open_sqlite(url).await,
            Kind::Postgres => Self::open_postgres(url).await,
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self> {
        let writer_syncs = Arc::new(AtomicBool::new(false));
        let options = options(&with_create(url))?;
        let flag = Arc::clone(&writer_syncs);
        let writer = pool(1)
            .after_connect(move |connection, _| {
                flag.store(false, Ordering::Release);
                Box::pin(async move { set_up_sqlite(connection, true).await })
            })
            .connect_with(options.clone())
            .await?;
        let reader = pool(SQLITE_READERS_MAX)
            .after_connect(|connection, _| Box::pin(async move { set_up_sqlite(connection, false).await }))
            .connect_lazy_with(options);
        Ok(Self { kind: Kind::Sqlite, url: url.to_owned(), writer, reader, writer_syncs })
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let options = options(url)?;
        // A pool tries again and again when a server refuses connections; whoever opens a store wants to know at once.
        sqlx::AnyConnection::connect_with(&options).await?.close().await?;
        let pool = pool(POSTGRES_CONNECTIONS_MAX).connect_lazy_with(options);
        Ok(Self {
            kind: Kind::Postgres,
            url: url.to_owned(),
            writer: pool.clone(),
            reader: pool,
            writer_syncs: Arc::new(AtomicBool::new(false)),
        })
    }

    /// A connection for reading.
    pub(crate) fn read(&self) -> BoxFuture<'_, Result<PoolConnection<sqlx::Any>>> {
        Box::pin(async { Ok(self.reader.acquire().await?) })
    }

    /// A transaction in which every read sees the same moment.
    pub(crate) fn snapshot(&self) -> BoxFuture<'_, Result<Transaction<'static, sqlx::Any>>> {
        Box::pin(async {
            Ok(match self.kind {
                Kind::Sqlite => self.reader.begin().await?,
                Kind::Postgres => self.reader.begin_with("begin isolation level repeatable read read only").await?,
            })
        })
    }

    /// A transaction that writes. On SQLite it holds the one write lock from here on.
    pub(crate) fn write(&self, durability: Durability) -> BoxFuture<'_, Result<Transaction<'static, sqlx::Any>>> {
        Box::pin(self.begin_write(durability))
    }

    async fn begin_write(&self, durability: Durability) -> Result<Transaction<'static, sqlx::Any>> {
        if self.kind == Kind::Postgres {
            return Ok(self.writer.begin().await?);
        }
        let mut connection = self.writer.acquire().await?;
        let sync = durability == Durability::Machine;
        if self.writer_syncs.load(Ordering::Acquire) != sync {
            let pragma = if sync { "pragma synchronous = full" } else { "pragma synchronous = normal" };
            sqlx::raw_sql(pragma).execute(&mut *connection).await?;
            self.writer_syncs.store(sync, Ordering::Release);
        }
        Ok(Transaction::begin(connection, Some(sqlx::SqlSafeStr::into_sql_str("begin immediate"))).await?)
    }

    pub(crate) fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.reader.close().await;
            if self.kind == Kind::Sqlite {
                self.writer.close().await;
            }
        })
    }

    /// Size of the database in bytes.
    pub(crate) async fn size(&self, on: &mut Connection) -> Result<i64> {
        let query = match self.kind {
            Kind::Sqlite => "select page_count * page_size from pragma_page_count(), pragma_page_size()",
            Kind::Postgres => "select pg_database_size(current_database())",
        };
        sql(query).one(on).await?.get(0)
    }
}

fn pool(max: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
}

fn scheme(url: &str) -> Result<Kind> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Kind::Sqlite),
        Some("postgres" | "postgresql") => Ok(Kind::Postgres),
        _ => Err(StoreError::Url("it must begin with `sqlite:` or `postgres:`".to_owned())),
    }
}

fn options(url: &str) -> Result<AnyConnectOptions> {
    let options = AnyConnectOptions::from_str(url).map_err(|e| StoreError::Url(e.to_string()))?;
    Ok(options.disable_statement_logging())
}

/// A SQLite file is made when it is not there, unless the address says how to open it.
fn with_create(url: &str) -> String {
    match url.split_once('?') {
        None => format!("{url}?mode=rwc"),
        Some((_, parameters)) if parameters.contains("mode=") => url.to_owned(),
        Some(_) => format!("{url}&mode=rwc"),
    }
}

async fn set_up_sqlite(connection: &mut Connection, writes: bool) -> sqlx::Result<()> {
    let mut pragmas = format!("pragma busy_timeout = {BUSY_TIMEOUT_MS}; pragma foreign_keys = on;");
    if writes {
        pragmas.push_str("pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -8192;");
    } else {
        pragmas.push_str("pragma query_only = on; pragma cache_size = -4096;");
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas)).execute(&mut *connection).await?;
    connection.ping().await
}
