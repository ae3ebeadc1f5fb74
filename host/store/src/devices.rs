//! Remembered devices: on one of them the code of the second factor is not asked for.
//!
//! A device shows a token of its own, which is worth nothing without the password. Whatever ends all of somebody's sessions, a new
//! password first of all, forgets her devices too.

use crate::agents::{USER_AGENT_CHARS_MAX, hash_token};
use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{AgentId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// How long a device is remembered after it was, and never longer.
pub const DEVICE_LASTS: Duration = Duration::from_secs(60 * 24 * 3_600);
/// Most remembered devices of one person; remembering one more forgets the one that was used longest ago.
pub const DEVICES_MAX: i64 = 20;

/// A remembered device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its id.
    pub id: i64,
    /// What the browser called itself.
    pub user_agent: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last stood in for a code.
    pub used_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Scope {
    /// Somebody's remembered devices, the last used first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn devices(&self, agent: AgentId) -> Result<Vec<DeviceRow>> {
        let rows = sql("select id, user_agent, created_at, used_at, expires_at from device \
             where agent_id = $1 and tenant_id + 0 = $2 and expires_at + 0 > $3 order by used_at desc, id desc")
        .bind(agent)
        .bind(self.tenant)
        .bind(self.store.now())
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(DeviceRow {
                    id: row.next()?,
                    user_agent: row.next()?,
                    created_at: row.next()?,
                    used_at: row.next()?,
                    expires_at: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Remembers a device by its token, of which only the hash is kept. Also forgets the tenant's devices that have run out.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn remember_device(
        &mut self,
        agent: AgentId,
        token: &str,
        user_agent: &str,
        actor: &Actor,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("delete from device where tenant_id = $1 and expires_at <= $2")
            .bind(tenant)
            .bind(now)
            .run(self.on())
            .await?;
        sql("delete from device where agent_id = $1 and tenant_id + 0 = $2 and id not in \
             (select id from device where agent_id = $1 order by used_at desc, id desc limit $3)")
        .bind(agent)
        .bind(tenant)
        .bind(DEVICES_MAX - 1)
        .run(self.on())
        .await?;
        sql("insert into device (tenant_id, agent_id, token_hash, user_agent, created_at, used_at, expires_at) \
             values ($1, $2, $3, $4, $5, $5, $6)")
        .bind(tenant)
        .bind(agent)
        .bind(hash_token(token))
        .bind(user_agent.chars().take(USER_AGENT_CHARS_MAX).collect::<String>())
        .bind(now)
        .bind(now.plus(DEVICE_LASTS))
        .run(self.on())
        .await?;
        self.record(actor, "agent.device-remembered", format_args!("agent:{agent}"), json!({}));
        Ok(())
    }

    /// Whether a token is of a remembered device of this person's; notes that it was used.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn know_device(&mut self, agent: AgentId, token: &str) -> Result<bool> {
        let (tenant, now) = (self.tenant(), self.now());
        let known =
            sql("update device set used_at = $1 where token_hash = $2 and tenant_id + 0 = $3 and agent_id + 0 = $4 \
             and expires_at > $1")
            .bind(now)
            .bind(hash_token(token))
            .bind(tenant)
            .bind(agent)
            .run(self.on())
            .await?;
        Ok(known > 0)
    }

    /// Forgets one of her devices; false when it is not hers or not there.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn forget_device(&mut self, agent: AgentId, device: i64, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let forgotten = sql("delete from device where id = $1 and tenant_id + 0 = $2 and agent_id + 0 = $3")
            .bind(device)
            .bind(tenant)
            .bind(agent)
            .run(self.on())
            .await?;
        if forgotten > 0 {
            self.record(actor, "agent.device-forgotten", format_args!("agent:{agent}"), json!({}));
        }
        Ok(forgotten > 0)
    }

    /// Forgets all of them.
    pub(crate) async fn forget_devices(&mut self, agent: AgentId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from device where agent_id = $1 and tenant_id + 0 = $2")
            .bind(agent)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }
}
