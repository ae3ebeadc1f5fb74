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
    /// IANA time zone of her pages; none: the tenant's.
    pub time_zone: Option<String>,
    /// A code is asked for beside the password.
    pub second_factor: bool,
    /// The queues whose tickets she sees; none: all. Of an admin: none.
    pub queues: Option<Vec<String>>,
    /// No person: programs act as it with tokens, and it never signs in.
    pub service: bool,
}

impl AgentRow {
    /// Whether she sees tickets of that queue.
    #[must_use]
    pub fn sees(&self, queue: Option<&str>) -> bool {
        self.queues.as_ref().is_none_or(|queues| queue.is_some_and(|queue| queues.iter().any(|one| one == queue)))
    }

    /// As the actor of an event.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Agent(self.email.clone())
    }

    pub(crate) fn read(row: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.next()?,
            email: row.next()?,
            name: row.next()?,
            role: row.next()?,
            password_hash: row.next()?,
            language: row.next()?,
            active: row.next()?,
            created_at: row.next()?,
            time_zone: row.next()?,
            second_factor: row.next()?,
            queues: row.next::<Option<String>>()?.map(|queues| names(&queues)),
            service: row.next()?,
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
    /// When it was last used, to about five minutes.
    pub used_at: Timestamp,
    /// The hash of its token: names it, and signs nobody in.
    pub key: String,
    /// From where.
    #[serde(flatten)]
    pub from: SignedInFrom,
}

/// From where somebody signed in, as far as her browser says: shown to her and to nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignedInFrom {
    /// What the browser calls itself, at most [`USER_AGENT_CHARS_MAX`] characters. Untrusted text.
    pub user_agent: String,
    /// The network address; empty when it is not known.
    pub address: String,
}

/// Longest name of a browser that is kept, in characters.
pub const USER_AGENT_CHARS_MAX: usize = 300;

impl SessionRow {
    pub(crate) fn read(row: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            agent: row.next()?,
            created_at: row.next()?,
            expires_at: row.next()?,
            used_at: row.next()?,
            key: row.next()?,
            from: SignedInFrom { user_agent: row.next()?, address: row.next()? },
        })
    }
}

/// How a session's token is stored: SHA-256, lower-case hexadecimal. Who reads the database cannot sign in with it.
#[must_use]
pub fn hash_token(token: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The columns of an [`AgentRow`], of the table `agent a`.
macro_rules! agent_columns {
    () => {
        "a.id, a.email, a.name, a.role, a.password_hash, a.language, a.active, a.created_at, a.time_zone, \
         (select count(*) from second_factor f where f.agent_id = a.id and f.confirmed_at is not null), a.queues, a.service"
    };
}
pub(crate) use agent_columns;

macro_rules! select_agent {
    ($rest:literal) => {
        concat!("select ", agent_columns!(), " from agent a ", $rest)
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
        let row = sql(concat!(
            "select s.agent_id, s.created_at, s.expires_at, s.used_at, s.token_hash, s.user_agent, s.address, ",
            agent_columns!(),
            " from session s join agent a on a.id = s.agent_id join tenant t on t.id = s.tenant_id \
             where s.token_hash = $1 and s.tenant_id = $2 and s.expires_at > $3 and a.active = 1 and t.active = 1"
        ))
        .bind(hash_token(token))
        .bind(self.tenant)
        .bind(self.store.now())
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row = row.reader();
        let session = SessionRow::read(&mut row)?;
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

    /// As [`Tx::open_session_from`], from nowhere in particular.
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
        self.open_session_from(agent, token, lasts, &SignedInFrom::default(), actor).await
    }

    /// Signs in: keeps the token's hash for as long as given. Also forgets the tenant's sessions that have ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn open_session_from(
        &mut self,
        agent: AgentId,
        token: &str,
        lasts: Duration,
        from: &SignedInFrom,
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
        let from = SignedInFrom {
            user_agent: from.user_agent.chars().take(USER_AGENT_CHARS_MAX).collect(),
            address: from.address.clone(),
        };
        let (expires_at, key) = (now.plus(lasts), hash_token(token));
        let session = SessionRow { agent, created_at: now, expires_at, used_at: now, key, from };
        sql("insert into session (token_hash, tenant_id, agent_id, created_at, expires_at, used_at, user_agent, address) \
             values ($1, $2, $3, $4, $5, $4, $6, $7)")
        .bind(&session.key)
        .bind(tenant)
        .bind(agent)
        .bind(now)
        .bind(session.expires_at)
        .bind(&session.from.user_agent)
        .bind(&session.from.address)
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

    /// Ends all her sessions, and forgets her devices.
    pub(crate) async fn end_sessions(&mut self, agent: AgentId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from session where tenant_id = $1 and agent_id = $2")
            .bind(tenant)
            .bind(agent)
            .run(self.on())
            .await?;
        self.forget_devices(agent).await
    }
}

/// The names in a list of queues. One that cannot be read names none: who should see some sees nothing rather than everything.
pub(crate) fn names(queues: &str) -> Vec<String> {
    serde_json::from_str(queues).unwrap_or_default()
}

pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(crate) fn found(changed: u64, id: AgentId) -> Result<()> {
    if changed == 0 { Err(StoreError::not_found(format_args!("agent {id}"))) } else { Ok(()) }
}
