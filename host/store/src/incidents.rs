//! Incidents: what is wrong with a tenant's mail, told once when it begins and once when it ends.

use crate::sql::{Row, sql};
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::Serialize;
use serde_json::json;

/// Something that is or was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentRow {
    /// Its id; the same at its beginning and its end.
    pub id: i64,
    /// What: `fetch:support`, `triage-silent`. One can be open per key.
    pub key: String,
    /// In words.
    pub detail: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when.
    pub closed_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<IncidentRow> {
    let mut row = row.reader();
    Ok(IncidentRow {
        id: row.next()?,
        key: row.next()?,
        detail: row.next()?,
        opened_at: row.next()?,
        closed_at: row.next()?,
    })
}

impl Scope {
    /// Those that are open, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn open_incidents(&self) -> Result<Vec<IncidentRow>> {
        let rows = sql("select id, key, detail, opened_at, closed_at from incident \
             where tenant_id = $1 and closed_at is null order by id")
        .bind(self.tenant)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

impl Tx {
    /// Opens one; none when it is open already.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn open_incident(&mut self, key: &str, detail: &str, actor: &Actor) -> Result<Option<IncidentRow>> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("insert into incident (tenant_id, key, detail, opened_at) values ($1, $2, $3, $4) \
             on conflict (tenant_id, key) where closed_at is null do nothing \
             returning id, key, detail, opened_at, closed_at")
        .bind(tenant)
        .bind(key)
        .bind(detail)
        .bind(now)
        .optional(self.on())
        .await?;
        self.incident(row.as_ref(), "incident.opened", actor)
    }

    /// Closes one; none when it was not open.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn close_incident(&mut self, key: &str, actor: &Actor) -> Result<Option<IncidentRow>> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("update incident set closed_at = $1 where tenant_id = $2 and key = $3 and closed_at is null \
             returning id, key, detail, opened_at, closed_at")
        .bind(now)
        .bind(tenant)
        .bind(key)
        .optional(self.on())
        .await?;
        self.incident(row.as_ref(), "incident.closed", actor)
    }

    fn incident(&mut self, row: Option<&Row>, kind: &str, actor: &Actor) -> Result<Option<IncidentRow>> {
        let incident = row.map(read).transpose()?;
        if let Some(incident) = &incident {
            let data = json!({ "key": incident.key, "detail": incident.detail });
            self.record(actor, kind, format_args!("incident:{}", incident.id), data);
        }
        Ok(incident)
    }
}
