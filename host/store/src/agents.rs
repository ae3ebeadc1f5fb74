//! Agents and their sessions.

use crate::sql::{Reader, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::role::Role;
use posthouse_model::{AgentId, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A person about to be added.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// Signs in with it; kept in lower case, unique per tenant.
    pub email: String,
    /// For people.
    pub name: String,
    /// What she may do.
    pub role: Role,
    /// PHC string (argon2id). The store never sees a password.
    pub password_hash: String,
    /// BCP 47 of her pages.
    pub language: String,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentRow {
    /// Her id.
    pub id: AgentId,
    /// Signs in with it, lower case.
    pub email: String,
    /// For people.
    pub name: String,
    /// What she may do.
    pub role: Role,
    /// PHC string (argon2id).
    #[serde(skip)]
    pub password_hash: String,
    /// BCP 47 of her pages.
    pub language: String,
    /// Off: cannot sign in.
    pub active: bool,
    /// When she was added.
    pub created_at: Timestamp,
}

impl AgentRow {
    /// As the actor of an event.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Agent(self.email.clone())
    }

    fn read(row: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.next()?,
            email: row.next()?,
            name: row.next()?,
            role: row.next()?,
            password_hash: row.next()?,
            language: row.next()?,
            active: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// A sign-in that holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionRow {
    /// Whose.
    pub agent: AgentId,
    /// When she signed in.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// How a session's token is stored: SHA-256, lower-case hexadecimal. Who reads the database cannot sign in with it.
#[must_use]
pub fn hash_token(token: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(token.as_bytes()))
}

macro_rules! select_agent {
    ($rest:literal) => {
        concat!("select id, email, name, role, password_hash, language, active, created_at from agent ", $rest)
    };
}

impl Scope {
    /// All agents, by e-mail address.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn agents(&self) -> Result<Vec<AgentRow>> {
        let rows = sql(select_agent!("where tenant_id = $1 order by email"))
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| AgentRow::read(&mut row.reader())).collect()
    }

    /// One agent.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn agent(&self, id: AgentId) -> Result<Option<AgentRow>> {
        let row = sql(select_agent!("where tenant_id = $1 and id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| AgentRow::read(&mut row.reader())).transpose()
    }

    /// The agent with this address, in any case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn agent_by_email(&self, email: &str) -> Result<Option<AgentRow>> {
        let row = sql(select_agent!("where tenant_id = $1 and email = $2"))
            .bind(self.tenant)
            .bind(normal(email))
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| AgentRow::read(&mut row.reader())).transpose()
    }

    /// The session of a token (in the clear, as the cookie carries it) and its agent, while the session holds and both
    /// agent and tenant are active.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn session(&self, token: &str) -> Result<Option<(SessionRow, AgentRow)>> {
        let row =
            sql("select s.agent_id, s.created_at, s.expires_at, a.id, a.email, a.name, a.role, a.password_hash, \
             a.language, a.active, a.created_at from session s join agent a on a.id = s.agent_id \
             join tenant t on t.id = s.tenant_id \
             where s.token_hash = $1 and s.tenant_id = $2 and s.expires_at > $3 and a.active = 1 and t.active = 1")
            .bind(hash_token(token))
            .bind(self.tenant)
            .bind(self.store.now())
            .optional(&mut *self.read().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row = row.reader();
        let session = SessionRow { agent: row.next()?, created_at: row.next()?, expires_at: row.next()? };
        Ok(Some((session, AgentRow::read(&mut row)?)))
    }
}

impl Tx {
    /// Adds an agent.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the address is taken in this tenant.
    pub async fn add_agent(&mut self, agent: &NewAgent, actor: &Actor) -> Result<AgentId> {
        let email = normal(&agent.email);
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("insert into agent (tenant_id, email, name, role, password_hash, language, active, created_at) \
             values ($1, $2, $3, $4, $5, $6, 1, $7) on conflict (tenant_id, email) do nothing returning id")
        .bind(tenant)
        .bind(&email)
        .bind(&agent.name)
        .bind(agent.role)
        .bind(&agent.password_hash)
        .bind(&agent.language)
        .bind(now)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::refused(format_args!("there is an agent with the address {email} already")))?;
        let id: AgentId = row.get(0)?;
        self.record(
            actor,
            "agent.added",
            format_args!("agent:{id}"),
            json!({ "email": email, "role": agent.role.as_str() }),
        );
        Ok(id)
    }

    /// Sets name, role, language and whether she may sign in; ends her sessions when she may not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_agent(
        &mut self,
        id: AgentId,
        name: &str,
        role: Role,
        language: &str,
        active: bool,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update agent set name = $1, role = $2, language = $3, active = $4 \
             where tenant_id = $5 and id = $6")
        .bind(name)
        .bind(role)
        .bind(language)
        .bind(active)
        .bind(tenant)
        .bind(id)
        .run(self.on())
        .await?;
        found(changed, id)?;
        if !active {
            self.end_sessions(id).await?;
        }
        self.record(
            actor,
            "agent.changed",
            format_args!("agent:{id}"),
            json!({ "role": role.as_str(), "active": active }),
        );
        Ok(())
    }

    /// Sets a new password's hash and ends all her sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_password(&mut self, id: AgentId, password_hash: &str, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update agent set password_hash = $1 where tenant_id = $2 and id = $3")
            .bind(password_hash)
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        found(changed, id)?;
        self.end_sessions(id).await?;
        self.record(actor, "agent.password-set", format_args!("agent:{id}"), json!({}));
        Ok(())
    }

    /// Signs in: keeps the token's hash for as long as given. Also forgets the tenant's sessions that have ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn open_session(
        &mut self,
        agent: AgentId,
        token: &str,
        lasts: Duration,
        actor: &Actor,
    ) -> Result<SessionRow> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("select id from agent where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(agent)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("agent {agent}")))?;
        sql("delete from session where tenant_id = $1 and expires_at <= $2")
            .bind(tenant)
            .bind(now)
            .run(self.on())
            .await?;
        let session = SessionRow { agent, created_at: now, expires_at: now.plus(lasts) };
        sql(
            "insert into session (token_hash, tenant_id, agent_id, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        )
        .bind(hash_token(token))
        .bind(tenant)
        .bind(agent)
        .bind(now)
        .bind(session.expires_at)
        .run(self.on())
        .await?;
        self.record(actor, "agent.signed-in", format_args!("agent:{agent}"), json!({}));
        Ok(session)
    }

    /// Signs out. Nothing happens when the session is not there any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn close_session(&mut self, token: &str, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let closed = sql("delete from session where token_hash = $1 and tenant_id = $2 returning agent_id")
            .bind(hash_token(token))
            .bind(tenant)
            .optional(self.on())
            .await?;
        if let Some(row) = closed {
            let agent: AgentId = row.get(0)?;
            self.record(actor, "agent.signed-out", format_args!("agent:{agent}"), json!({}));
        }
        Ok(())
    }

    async fn end_sessions(&mut self, agent: AgentId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from session where tenant_id = $1 and agent_id = $2")
            .bind(tenant)
            .bind(agent)
            .run(self.on())
            .await?;
        Ok(())
    }
}

pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

fn found(changed: u64, id: AgentId) -> Result<()> {
    if changed == 0 { Err(StoreError::not_found(format_args!("agent {id}"))) } else { Ok(()) }
}
