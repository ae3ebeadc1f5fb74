//! Import: an export into an empty database, all or nothing.

use crate::chain::Chain;
use crate::engine::{Durability, Kind};
use crate::export::{Begins, ExportReport, FORMAT, FORMAT_VERSION, First, Last};
use crate::sql::{Connection, placeholders, sql, sql_of};
use crate::tables::{Holds, TABLES, Table};
use crate::wake::Touched;
use crate::{Result, Store, StoreError, schema, search};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::{OutboxId, TenantId, TicketId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Longest line: a mail of 150 MB in base64, which no mail server hands over.
const LINE_BYTES_MAX: u64 = 200 * 1024 * 1024;

impl Store {
    /// Reads an export into this database, which must hold nothing and need not be migrated: afterwards it is at this host's
    /// schema version. An export that was made at an earlier version is read into that one and then migrated. All or nothing.
    ///
    /// Replies that were about to be sent when the export was taken become uncertain: the machine it was taken on may
    /// have sent them since, and a person must decide. Each is an event.
    ///
    /// # Errors
    /// [`StoreError::Import`] for a file that is cut, altered, from a newer host or not an export, and for a database
    /// that is not empty; [`StoreError::Schema`] for one that a newer host has migrated. Nothing is written then.
    pub async fn import(&self, from: &mut (dyn AsyncBufRead + Unpin + Send)) -> Result<ExportReport> {
        let mut lines = Lines { from, hash: Sha256::new(), line: Vec::new(), number: 0 };
        let first = read_first(&mut lines).await?;
        let kind = self.inner.engine.kind;
        let mut tx = self.inner.engine.write(Durability::Machine).await?;
        self.make_ready(&mut tx, first.schema).await?;
        let report = read_all(&mut tx, &mut lines, &first).await?;
        continue_counting(kind, &mut tx, first.schema).await?;
        schema::climb(kind, &mut tx, self.now(), first.schema, schema::WANTED).await?;
        continue_counting(kind, &mut tx, schema::WANTED).await?;
        // No backup holds the search index.
        search::put_all(&mut tx).await?;
        self.stop_unsent(&mut tx).await?;
        self.commit(tx, Touched { jobs: true, tenant: None }).await?;
        Ok(report)
    }

    /// An empty database at this schema version.
    async fn make_ready(&self, on: &mut Connection, wanted: i64) -> Result<()> {
        let kind = self.inner.engine.kind;
        schema::lock(kind, on).await?;
        let found = schema::version(kind, on).await?;
        if found > schema::WANTED {
            return Err(StoreError::Schema { found, wanted: schema::WANTED });
        }
        if found > 0 {
            for table in ["tenant", "component"] {
                if self.has_rows(on, table).await? {
                    return Err(refused("the database is not empty: restore into a new one"));
                }
            }
        }
        if found != wanted {
            if found > 0 {
                schema::clear(on).await?;
            }
            schema::climb(kind, on, self.now(), 0, wanted).await?;
        }
        sql("delete from meta").run(on).await?;
        Ok(())
    }

    async fn stop_unsent(&self, on: &mut Connection) -> Result<()> {
        let reason =
            "restored from a backup: it may have gone out since the backup was taken; decide whether to send it";
        let now = self.now();
        let unsent =
            sql("select id, tenant_id, ticket_id from outbox where state in ('queued', 'deferred', 'submitting') \
             order by tenant_id, id")
            .all(on)
            .await?;
        let mut tenants: Vec<(TenantId, Vec<NewEvent>)> = Vec::new();
        for row in &unsent {
            let (outbox, tenant, ticket): (OutboxId, TenantId, TicketId) = (row.get(0)?, row.get(1)?, row.get(2)?);
            sql("update outbox set state = 'uncertain', reason = $1, lease_owner = null, lease_until = null where id = $2")
                .bind(reason)
                .bind(outbox)
                .run(on)
                .await?;
            sql("update outbox_recipient set state = 'uncertain' \
                 where outbox_id = $1 and state in ('queued', 'deferred', 'submitting')")
            .bind(outbox)
            .run(on)
            .await?;
            sql("update ticket set status = 'waiting', version = version + 1, updated_at = $1 \
                 where id = $2 and status = 'sent'")
            .bind(now)
            .bind(ticket)
            .run(on)
            .await?;
            let event = NewEvent {
                actor: Actor::Operator,
                kind: "outbox.uncertain".to_owned(),
                subject: format!("ticket:{ticket}"),
                data: json!({ "outbox": outbox, "reason": reason }),
            };
            match tenants.last_mut().filter(|(last, _)| *last == tenant) {
                Some((_, events)) => events.push(event),
                None => tenants.push((tenant, vec![event])),
            }
        }
        for (tenant, events) in tenants {
            Chain::lock(self.inner.engine.kind, on, tenant).await?.append(on, now, events).await?;
        }
        Ok(())
    }
}

async fn read_first(lines: &mut Lines<'_>) -> Result<First> {
    let first: First = lines.next().await?.parse().map_err(|_| refused("this is not an export of Posthouse"))?;
    if first.format != FORMAT || first.schema < 1 {
        return Err(refused("this is not an export of Posthouse"));
    }
    if first.version != FORMAT_VERSION || first.schema > schema::WANTED {
        return Err(refused(format_args!(
            "it was made by a newer version of the host (schema {}, this host has {}): update this host, then restore",
            first.schema,
            schema::WANTED
        )));
    }
    Ok(first)
}

async fn read_all(on: &mut Connection, lines: &mut Lines<'_>, first: &First) -> Result<ExportReport> {
    let version = first.schema;
    let mut rows = 0;
    let mut table: Option<(&Table, String)> = None;
    loop {
        let before = lines.hash.clone();
        let line = lines.next().await?;
        if line.starts_with_array() {
            let (table, insert) = table.as_ref().ok_or_else(|| line.damaged("a row before any table"))?;
            insert_row(on, table, version, insert, &line).await?;
            rows += 1;
        } else if let Ok(begins) = line.parse::<Begins>() {
            table = Some(begin(&begins, version, &line)?);
        } else if let Ok(last) = line.parse::<Last>() {
            let sha256 = hex::encode(before.finalize());
            if last.rows != rows || last.sha256 != sha256 {
                return Err(refused("its content does not match its seal: it was altered or damaged"));
            }
            return Ok(ExportReport { schema: first.schema, taken_at: first.taken_at, rows, sha256 });
        } else {
            return Err(line.damaged("neither a table nor a row"));
        }
    }
}

fn begin(begins: &Begins, version: i64, line: &Line<'_>) -> Result<(&'static Table, String)> {
    let table = TABLES.iter().find(|table| table.name == begins.table && table.is_in(version));
    let table = table.ok_or_else(|| line.damaged("a table that its version does not have"))?;
    let columns: Vec<&str> = table.columns_at(version).map(|(name, _)| name).collect();
    if columns != begins.columns {
        return Err(line.damaged("other columns than its version has"));
    }
    let insert =
        format!("insert into {} ({}) values ({})", table.name, columns.join(", "), placeholders(1, columns.len()));
    Ok((table, insert))
}

async fn insert_row(on: &mut Connection, table: &Table, version: i64, insert: &str, line: &Line<'_>) -> Result<()> {
    let values: Vec<Value> = line.parse().map_err(|_| line.damaged("not a row"))?;
    if values.len() != table.columns_at(version).count() {
        return Err(line.damaged("a row with too many or too few values"));
    }
    let mut statement = sql_of(insert.to_owned());
    for ((_, holds), value) in table.columns_at(version).zip(values) {
        let wrong = || line.damaged("a value of the wrong kind");
        statement = match (holds, value) {
            (Holds::Integer, Value::Null) => statement.bind(None::<i64>),
            (Holds::Real, Value::Null) => statement.bind(None::<f64>),
            (Holds::Text, Value::Null) => statement.bind(None::<String>),
            (Holds::Bytes, Value::Null) => statement.bind(None::<Vec<u8>>),
            (Holds::Integer, value) => statement.bind(value.as_i64().ok_or_else(wrong)?),
            (Holds::Real, Value::String(text)) => statement.bind(text.parse::<f64>().map_err(|_| wrong())?),
            (Holds::Text, Value::String(text)) => statement.bind(text),
            (Holds::Bytes, Value::String(text)) => statement.bind(STANDARD.decode(text).map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
    }
    statement.run(on).await?;
    Ok(())
}

/// PostgreSQL counts ids in sequences, which do not see rows that bring their own.
async fn continue_counting(kind: Kind, on: &mut Connection, version: i64) -> Result<()> {
    if kind != Kind::Postgres {
        return Ok(());
    }
    for table in TABLES.iter().filter(|table| table.counts && table.is_in(version)) {
        sql_of(format!(
            "select setval(pg_get_serial_sequence('{0}', 'id'), coalesce((select max(id) from {0}), 0) + 1, false)",
            table.name
        ))
        .one(on)
        .await?;
    }
    Ok(())
}

struct Lines<'a> {
    from: &'a mut (dyn AsyncBufRead + Unpin + Send),
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    async fn next(&mut self) -> Result<Line<'_>> {
        self.line.clear();
        self.number += 1;
        let mut limited = (&mut *self.from).take(LINE_BYTES_MAX);
        let length = limited.read_until(b'\n', &mut self.line).await?;
        if length == 0 || self.line.last() != Some(&b'\n') {
            return Err(refused(format_args!("it ends in line {}: the file was cut", self.number)));
        }
        self.hash.update(&self.line);
        Ok(Line { bytes: &self.line, number: self.number })
    }
}

struct Line<'a> {
    bytes: &'a [u8],
    number: u64,
}

impl Line<'_> {
    fn parse<T: serde::de::DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.bytes)
    }

    fn starts_with_array(&self) -> bool {
        self.bytes.first() == Some(&b'[')
    }

    fn damaged(&self, what: &str) -> StoreError {
        refused(format_args!("line {} holds {what}: it was altered or damaged", self.number))
    }
}

fn refused(why: impl std::fmt::Display) -> StoreError {
    StoreError::Import(why.to_string())
}
