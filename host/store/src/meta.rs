//! Small facts of the host itself, by key.

use crate::sql::sql;
use crate::wake::Touched;
use crate::{Result, Store};

impl Store {
    /// The value under a key.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        let mut connection = self.inner.engine.read().await?;
        let row = sql("select value from meta where key = $1").bind(key).optional(&mut connection).await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// Sets the value under a key.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        let mut tx = self.write().await?;
        sql("insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value")
            .bind(key)
            .bind(value)
            .run(&mut tx)
            .await?;
        self.commit(tx, Touched::default()).await
    }
}
