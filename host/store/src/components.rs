//! Components: the `.wasm` bytes, by digest, shared by all tenants.

use crate::sql::{Connection, sql};
use crate::wake::Touched;
use crate::{Result, Store, Tx};
use posthouse_model::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A stored component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentRow {
    /// SHA-256, lower-case hexadecimal.
    pub digest: String,
    /// In bytes.
    pub size: i64,
    /// When it was first stored.
    pub stored_at: Timestamp,
}

impl Store {
    /// Stores a component by itself; its digest. Storing it again does nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn put_component(&self, bytes: &[u8]) -> Result<String> {
        let mut tx = self.write().await?;
        let digest = put(&mut tx, bytes, self.now()).await?;
        self.commit(tx, Touched::default()).await?;
        Ok(digest)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let row = sql("select content from component where digest = $1")
            .bind(digest)
            .optional(&mut *self.inner.engine.read().await?)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// All, by digest.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn components(&self) -> Result<Vec<ComponentRow>> {
        let rows = sql("select digest, size, stored_at from component order by digest")
            .all(&mut *self.inner.engine.read().await?)
            .await?;
        rows.iter()
            .map(|row| Ok(ComponentRow { digest: row.get(0)?, size: row.get(1)?, stored_at: row.get(2)? }))
            .collect()
    }

    /// Deletes those that no tenant uses or may go back to; how many.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn prune_components(&self) -> Result<u64> {
        let mut tx = self.write().await?;
        let pruned = sql("delete from component where not exists \
             (select 1 from plugin where plugin.digest = component.digest) and not exists \
             (select 1 from plugin_release where plugin_release.digest = component.digest)")
        .run(&mut tx)
        .await?;
        self.commit(tx, Touched::default()).await?;
        Ok(pruned)
    }
}

impl Tx {
    /// Stores a component together with what else the transaction writes; its digest. Storing it again does nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn put_component(&mut self, bytes: &[u8]) -> Result<String> {
        let now = self.now();
        put(self.on(), bytes, now).await
    }
}

async fn put(on: &mut Connection, bytes: &[u8], now: Timestamp) -> Result<String> {
    let digest = hex::encode(Sha256::digest(bytes));
    sql("insert into component (digest, size, stored_at, content) values ($1, $2, $3, $4) \
         on conflict (digest) do nothing")
    .bind(&digest)
    .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
    .bind(now)
    .bind(bytes)
    .run(on)
    .await?;
    Ok(digest)
}
