//! Sealed secrets. The store keeps bytes; [`crate::vault`] seals and opens them.

use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::Serialize;
use serde_json::json;

/// That a secret is there; not what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    /// Its name.
    pub name: String,
    /// When it was last set.
    pub updated_at: Timestamp,
}

impl Scope {
    /// The sealed bytes under a name.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn sealed_secret(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let row = sql("select sealed from secret where tenant_id = $1 and name = $2")
            .bind(self.tenant)
            .bind(name)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// The names, sorted.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn secrets(&self) -> Result<Vec<SecretRow>> {
        let rows = sql("select name, updated_at from secret where tenant_id = $1 order by name")
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| Ok(SecretRow { name: row.get(0)?, updated_at: row.get(1)? })).collect()
    }
}

impl Tx {
    /// Keeps sealed bytes under a name, in place of what was there.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn put_secret(&mut self, name: &str, sealed: &[u8], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("insert into secret (tenant_id, name, sealed, updated_at) values ($1, $2, $3, $4) \
             on conflict (tenant_id, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at")
        .bind(tenant)
        .bind(name)
        .bind(sealed)
        .bind(now)
        .run(self.on())
        .await?;
        self.record(actor, "secret.set", format_args!("secret:{name}"), json!({}));
        Ok(())
    }

    /// Forgets one; false when it was not there.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn remove_secret(&mut self, name: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let removed =
            sql("delete from secret where tenant_id = $1 and name = $2").bind(tenant).bind(name).run(self.on()).await?;
        if removed > 0 {
            self.record(actor, "secret.removed", format_args!("secret:{name}"), json!({}));
        }
        Ok(removed > 0)
    }
}
