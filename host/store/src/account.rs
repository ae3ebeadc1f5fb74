//! What a person does with her own account: her sessions, her password, her pages' language and time zone.

use crate::agents::{found, hash_token};
use crate::sql::sql;
use crate::{Result, Scope, SessionRow, Tx};
use posthouse_model::AgentId;
use posthouse_model::event::Actor;
use serde_json::json;
use std::time::Duration;

/// How exactly it is known when a session was last used: noted at most this often, since every note is a write.
pub const USED_EVERY: Duration = Duration::from_secs(300);

impl Scope {
    /// An agent's sessions that hold, the last used first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn sessions(&self, agent: AgentId) -> Result<Vec<SessionRow>> {
        let rows = sql("select agent_id, created_at, expires_at, used_at, token_hash, user_agent, address from session \
             where agent_id = $1 and tenant_id + 0 = $2 and expires_at > $3 order by used_at desc, created_at desc, token_hash")
        .bind(agent)
        .bind(self.tenant)
        .bind(self.store.now())
        .all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| SessionRow::read(&mut row.reader())).collect()
    }

    /// Notes that a session is used, unless that was noted within [`USED_EVERY`]. No event: nothing is decided by it.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn session_used(&self, session: &SessionRow) -> Result<()> {
        let now = self.store.now();
        if session.used_at.plus(USED_EVERY) > now {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        sql("update session set used_at = $1 where token_hash = $2 and tenant_id + 0 = $3")
            .bind(now)
            .bind(&session.key)
            .bind(self.tenant)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Sets what her pages look like: language, and time zone (IANA; none: the tenant's). Both are checked by whoever calls.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn set_preferences(
        &mut self,
        id: AgentId,
        language: &str,
        time_zone: Option<&str>,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update agent set language = $1, time_zone = $2 where tenant_id = $3 and id = $4")
            .bind(language)
            .bind(time_zone)
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        found(changed, id)?;
        let data = json!({ "language": language, "time_zone": time_zone });
        self.record(actor, "agent.preferences-set", format_args!("agent:{id}"), data);
        Ok(())
    }

    /// Sets her new password's hash, ends her sessions but the one of this token, in which she set it, and forgets her devices.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn set_own_password(
        &mut self,
        id: AgentId,
        password_hash: &str,
        token: &str,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update agent set password_hash = $1 where tenant_id = $2 and id = $3")
            .bind(password_hash)
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        found(changed, id)?;
        self.end_others(id, token).await?;
        self.record(actor, "agent.password-set", format_args!("agent:{id}"), json!({}));
        Ok(())
    }

    /// Ends one of her sessions, named by the hash of its token; false when it is not hers or not there.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn end_session(&mut self, id: AgentId, key: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let ended = sql("delete from session where token_hash = $1 and tenant_id + 0 = $2 and agent_id + 0 = $3")
            .bind(key)
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        if ended > 0 {
            self.record(actor, "agent.session-ended", format_args!("agent:{id}"), json!({ "sessions": ended }));
        }
        Ok(ended > 0)
    }

    /// Ends all her sessions but the one of this token, and forgets her devices; how many sessions there were.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn end_other_sessions(&mut self, id: AgentId, token: &str, actor: &Actor) -> Result<u64> {
        let ended = self.end_others(id, token).await?;
        if ended > 0 {
            self.record(actor, "agent.session-ended", format_args!("agent:{id}"), json!({ "sessions": ended }));
        }
        Ok(ended)
    }

    async fn end_others(&mut self, id: AgentId, token: &str) -> Result<u64> {
        let tenant = self.tenant();
        self.forget_devices(id).await?;
        sql("delete from session where agent_id = $1 and tenant_id + 0 = $2 and token_hash <> $3")
            .bind(id)
            .bind(tenant)
            .bind(hash_token(token))
            .run(self.on())
            .await
    }
}
