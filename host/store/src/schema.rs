//! The tables and how a database gets to them, from any version to the newest in one step.

use crate::engine::{Durability, Kind};
use crate::sql::{Connection, sql, sql_of};
use crate::tables::{LEFT_OUT, TABLES};
use crate::{Result, Store, StoreError, search};
use posthouse_model::Timestamp;

/// Every migration, oldest first. The position, counted from 1, is the version it leads to. A released one is never
/// changed; what is new is added at the end.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_initial.sql"),
    include_str!("schema/0002_kept.sql"),
    include_str!("schema/0003_limits.sql"),
    include_str!("schema/0004_releases.sql"),
    include_str!("schema/0005_model_budget.sql"),
    include_str!("schema/0006_uploads.sql"),
    include_str!("schema/0007_ledger.sql"),
    include_str!("schema/0008_spam.sql"),
    include_str!("schema/0009_handover.sql"),
    include_str!("schema/0010_merge.sql"),
    include_str!("schema/0011_bounce.sql"),
    include_str!("schema/0012_sending_and_sign_in.sql"),
    include_str!("schema/0013_reasons.sql"),
    include_str!("schema/0014_indexes.sql"),
    include_str!("schema/0015_sign_in_by_browser.sql"),
    include_str!("schema/0016_article_version.sql"),
    include_str!("schema/0017_working_on_tickets.sql"),
    include_str!("schema/0018_search.sql"),
    include_str!("schema/0019_people.sql"),
    include_str!("schema/0020_devices.sql"),
    include_str!("schema/0021_templates.sql"),
    include_str!("schema/0022_set_up_on_the_desk.sql"),
    include_str!("schema/0023_translation.sql"),
    include_str!("schema/0024_urgent.sql"),
    include_str!("schema/0025_money.sql"),
    include_str!("schema/0026_model_exchange.sql"),
];

/// The version that this host works with.
pub(crate) const WANTED: i64 = MIGRATIONS.len() as i64;

/// Any number that no other program on the same PostgreSQL server is likely to use for an advisory lock.
const MIGRATION_LOCK: i64 = 0x706f_7374_686f_7573;

/// The version that the database is at; 0 when it is empty.
pub(crate) async fn version(kind: Kind, on: &mut Connection) -> Result<i64> {
    let exists = match kind {
        Kind::Sqlite => "select count(*) from sqlite_schema where type = 'table' and name = 'schema_version'",
        Kind::Postgres => {
            "select count(*) from pg_catalog.pg_tables where schemaname = current_schema() and tablename = 'schema_version'"
        }
    };
    if sql(exists).one(on).await?.get::<i64>(0)? == 0 {
        return Ok(0);
    }
    sql("select coalesce(max(version), 0) from schema_version").one(on).await?.get(0)
}

/// Brings the database to [`WANTED`] in one transaction.
pub(crate) async fn migrate(store: &Store) -> Result<i64> {
    let engine = &store.inner.engine;
    let mut tx = engine.write(Durability::Machine).await?;
    lock(engine.kind, &mut tx).await?;
    let found = version(engine.kind, &mut tx).await?;
    if found > WANTED {
        return Err(StoreError::Schema { found, wanted: WANTED });
    }
    if found == WANTED {
        return Ok(found);
    }
    climb(engine.kind, &mut tx, store.now(), found, WANTED).await?;
    tx.commit().await?;
    Ok(WANTED)
}

/// Brings a database from one version to a later one, as part of a transaction.
pub(crate) async fn climb(kind: Kind, on: &mut Connection, now: Timestamp, from: i64, to: i64) -> Result<()> {
    sql("create table if not exists schema_version (version bigint primary key, applied_at bigint not null)")
        .run(on)
        .await?;
    let (skip, last) = (usize::try_from(from).unwrap_or(0), usize::try_from(to).unwrap_or(0));
    for (migration, version) in MIGRATIONS.iter().zip(1_i64..).take(last).skip(skip) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(in_dialect(migration, kind))).execute(&mut *on).await?;
        sql("insert into schema_version (version, applied_at) values ($1, $2)").bind(version).bind(now).run(on).await?;
        tracing::info!(schema.version = version, "database migrated");
    }
    Ok(())
}

/// Takes every table of ours out of a database at [`WANTED`], as part of a transaction. Other tables stay.
pub(crate) async fn clear(on: &mut Connection) -> Result<()> {
    // Children before parents.
    for table in LEFT_OUT.iter().copied().chain(TABLES.iter().rev().map(|table| table.name)) {
        sql_of(format!("drop table if exists {table}")).run(on).await?;
    }
    Ok(())
}

/// Makes sure that no other process migrates before the transaction is over.
pub(crate) async fn lock(kind: Kind, on: &mut Connection) -> Result<()> {
    if kind == Kind::Postgres {
        // Two processes that start together: the second waits and finds nothing left to do.
        sql("select pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).run(on).await?;
    }
    Ok(())
}

/// The text with its three words in a database's own language.
fn in_dialect(text: &str, kind: Kind) -> String {
    let (id, bytes, search) = match kind {
        Kind::Sqlite => ("integer primary key autoincrement", "blob", search::SQLITE),
        Kind::Postgres => ("bigint generated by default as identity primary key", "bytea", search::POSTGRES),
    };
    text.replace("{id}", id).replace("{bytes}", bytes).replace("{search}", search)
}
