//! The two databases and what little differs between them.

use crate::lane::{Lane, LaneTransaction, Leased};
use crate::sql::{Connection, sql};
use crate::{Result, StoreError};
use futures::future::BoxFuture;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{AnyPool, ConnectOptions as _, Connection as _};
use std::ops::{Deref, DerefMut};
use std::str::FromStr as _;
use std::time::Duration;

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
    connections: Connections,
}

enum Connections {
    /// One writer: SQLite allows no more, and waiting here is fair where waiting for its lock is not.
    Sqlite(Box<Lanes>),
    Postgres(AnyPool),
}

struct Lanes {
    writer: Lane,
    readers: Lane,
}

impl Engine {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let kind = scheme(url)?;
        let connections = match kind {
            Kind::Sqlite => Self::open_sqlite(url).await?,
            Kind::Postgres => Self::open_postgres(url).await?,
        };
        Ok(Self { kind, url: url.to_owned(), connections })
    }

    async fn open_sqlite(url: &str) -> Result<Connections> {
        let options = options(&with_create(url))?;
        let writer = Lane::writer(options.clone());
        // Opens the file: what is wrong with it shows now.
        writer.acquire(ACQUIRE_TIMEOUT).await?;
        Ok(Connections::Sqlite(Box::new(Lanes { writer, readers: Lane::readers(options, SQLITE_READERS_MAX) })))
    }

    async fn open_postgres(url: &str) -> Result<Connections> {
        let options = options(url)?;
        // A pool tries again and again when a server refuses connections; whoever opens a store wants to know at once.
        sqlx::AnyConnection::connect_with(&options).await?.close().await?;
        let pool = AnyPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false);
        Ok(Connections::Postgres(pool.connect_lazy_with(options)))
    }

    /// A connection for reading.
    pub(crate) fn read(&self) -> BoxFuture<'_, Result<Reading>> {
        Box::pin(async {
            Ok(match &self.connections {
                Connections::Sqlite(lanes) => Reading::Sqlite(lanes.readers.acquire(ACQUIRE_TIMEOUT).await?),
                Connections::Postgres(pool) => Reading::Postgres(pool.acquire().await?),
            })
        })
    }

    /// A transaction in which every read sees the same moment.
    pub(crate) fn snapshot(&self) -> BoxFuture<'_, Result<Transaction>> {
        Box::pin(async {
            Ok(match &self.connections {
                Connections::Sqlite(lanes) => {
                    Transaction::Sqlite(lanes.readers.acquire(ACQUIRE_TIMEOUT).await?.begin("begin").await?)
                }
                Connections::Postgres(pool) => begin(pool, "begin isolation level repeatable read read only").await?,
            })
        })
    }

    /// A transaction that writes. On SQLite it holds the one write lock from here on.
    pub(crate) fn write(&self, durability: Durability) -> BoxFuture<'_, Result<Transaction>> {
        Box::pin(async move {
            Ok(match &self.connections {
                Connections::Sqlite(lanes) => {
                    let mut lease = lanes.writer.acquire(ACQUIRE_TIMEOUT).await?;
                    lease.sync(durability == Durability::Machine).await?;
                    Transaction::Sqlite(lease.begin("begin immediate").await?)
                }
                Connections::Postgres(pool) => begin(pool, "begin").await?,
            })
        })
    }

    pub(crate) fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match &self.connections {
                Connections::Sqlite(lanes) => {
                    lanes.readers.close().await;
                    lanes.writer.close().await;
                }
                Connections::Postgres(pool) => pool.close().await,
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

/// Begins a transaction on PostgreSQL, in a task of its own: a caller that goes away while the server begins would leave
/// the pool a connection in a transaction that nobody knows of. This way it is begun, and then undone when dropped.
async fn begin(pool: &AnyPool, statement: &'static str) -> Result<Transaction> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    Ok(Transaction::Postgres(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??))
}

/// A connection for reading; goes back when dropped.
pub(crate) enum Reading {
    Sqlite(Leased),
    Postgres(PoolConnection<sqlx::Any>),
}

impl Deref for Reading {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match self {
            Self::Sqlite(lease) => lease.connection_ref(),
            Self::Postgres(connection) => connection,
        }
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Sqlite(lease) => lease.connection(),
            Self::Postgres(connection) => connection,
        }
    }
}

/// A transaction; undone when dropped without [`Transaction::commit`].
pub(crate) enum Transaction {
    Sqlite(LaneTransaction),
    Postgres(sqlx::Transaction<'static, sqlx::Any>),
}

impl Transaction {
    pub(crate) fn commit(self) -> BoxFuture<'static, Result<()>> {
        Box::pin(async {
            match self {
                Self::Sqlite(transaction) => transaction.commit().await,
                Self::Postgres(transaction) => Ok(transaction.commit().await?),
            }
        })
    }
}

impl Deref for Transaction {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match self {
            Self::Sqlite(transaction) => transaction.lease_ref().connection_ref(),
            Self::Postgres(transaction) => transaction,
        }
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Sqlite(transaction) => transaction.lease().connection(),
            Self::Postgres(transaction) => transaction,
        }
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction")
    }
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
