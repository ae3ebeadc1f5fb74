//! What plugins keep between calls. Written only together with the decision of the call that wrote it.

use crate::sql::{Connection, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::TenantId;
use posthouse_model::keep::{Changes, Seen};

/// One plugin's space.
struct Space<'a> {
    tenant: TenantId,
    plugin: &'a str,
}

impl Scope {
    /// What a plugin keeps under a key.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn kept(&self, plugin: &str, key: &str) -> Result<Option<Vec<u8>>> {
        Space { tenant: self.tenant, plugin }.value(&mut *self.read().await?, key).await
    }

    /// The keys of a plugin that begin with a prefix, in the order of their bytes, those after one when given, at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn kept_keys(&self, plugin: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        Space { tenant: self.tenant, plugin }.keys(&mut *self.read().await?, prefix, after, limit).await
    }

    /// Bytes of all keys and values of a plugin.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn kept_bytes(&self, plugin: &str) -> Result<u64> {
        Space { tenant: self.tenant, plugin }.bytes(&mut *self.read().await?).await
    }
}

impl Tx {
    /// Keeps what a call wrote, if nothing that it read has changed since. What a notifier wrote is kept in any case: what it
    /// told a chat group cannot be untold, so it must not run again.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`]: drop the transaction and run the call again.
    pub(crate) async fn keep(&mut self, plugin: &str, changes: &Changes, untellable: bool) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let space = Space { tenant: self.tenant(), plugin };
        let overtaken = || StoreError::Overtaken { plugin: plugin.to_owned() };
        // Transactions of one tenant come one after the other: what is read here stays so until the end of this one.
        if !untellable {
            for (key, seen) in changes.reads() {
                if Seen::of(space.value(self.on(), key).await?.as_deref()) != *seen {
                    return Err(overtaken());
                }
            }
            for listing in changes.listings() {
                let keys = space.keys(self.on(), &listing.prefix, listing.after.as_deref(), listing.limit).await?;
                if Seen::of_keys(&keys) != listing.seen {
                    return Err(overtaken());
                }
            }
        }
        for (key, value) in changes.writes() {
            space.put(self.on(), key, value.as_deref()).await?;
        }
        if space.bytes(self.on()).await? <= changes.allowed() {
            return Ok(());
        }
        if !untellable {
            // Another call took the room: run again, this one is told so itself.
            return Err(overtaken());
        }
        for key in changes.writes().keys() {
            space.put(self.on(), key, None).await?;
        }
        tracing::warn!(tenant.id = %space.tenant, plugin, "what a notifier wanted to keep was dropped: no room");
        Ok(())
    }
}

impl Space<'_> {
    async fn value(&self, on: &mut Connection, key: &str) -> Result<Option<Vec<u8>>> {
        let row = sql("select value from kept where tenant_id = $1 and plugin = $2 and key = $3")
            .bind(self.tenant)
            .bind(self.plugin)
            .bind(key.as_bytes().to_vec())
            .optional(on)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }

    async fn keys(&self, on: &mut Connection, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        // Keys that begin with a prefix are those from it on and before the next text of its length. The prefix ends in
        // no byte 255: it is UTF-8.
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        let upper = if end.is_empty() { "" } else { "and key < $6" };
        let mut statement = sql_of(format!(
            "select key from kept where tenant_id = $1 and plugin = $2 and key >= $3 and key > $4 {upper} order by key limit $5"
        ))
        .bind(self.tenant)
        .bind(self.plugin)
        .bind(prefix.as_bytes().to_vec())
        .bind(after.unwrap_or_default().as_bytes().to_vec())
        .bind(limit);
        if !end.is_empty() {
            statement = statement.bind(end);
        }
        let rows = statement.all(on).await?;
        rows.iter().map(|row| Ok(String::from_utf8_lossy(&row.get::<Vec<u8>>(0)?).into_owned())).collect()
    }

    async fn bytes(&self, on: &mut Connection) -> Result<u64> {
        let sum = sql("select cast(coalesce(sum(length(key) + length(value)), 0) as bigint) from kept \
             where tenant_id = $1 and plugin = $2")
        .bind(self.tenant)
        .bind(self.plugin)
        .one(on)
        .await?
        .get::<i64>(0)?;
        Ok(u64::try_from(sum).unwrap_or(0))
    }

    async fn put(&self, on: &mut Connection, key: &str, value: Option<&[u8]>) -> Result<()> {
        let statement = match value {
            Some(value) => sql("insert into kept (tenant_id, plugin, key, value) values ($1, $2, $3, $4) \
                 on conflict (tenant_id, plugin, key) do update set value = excluded.value")
            .bind(self.tenant)
            .bind(self.plugin)
            .bind(key.as_bytes().to_vec())
            .bind(value.to_vec()),
            None => sql("delete from kept where tenant_id = $1 and plugin = $2 and key = $3")
                .bind(self.tenant)
                .bind(self.plugin)
                .bind(key.as_bytes().to_vec()),
        };
        statement.run(on).await.map(drop)
    }
}
