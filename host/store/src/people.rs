//! People as admins see to them: invitations, and which queues somebody sees.

use crate::agents::{agent_columns, found, hash_token, normal};
use crate::sight::SEEN_QUEUES_MAX;
use crate::sql::sql;
use crate::{AgentRow, Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::role::Role;
use posthouse_model::{AgentId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// How long an invitation may wait to be used.
pub const INVITATION_LASTS: Duration = Duration::from_secs(3 * 24 * 3_600);
/// People of one tenant at most, those who cannot sign in any more counted in.
pub const AGENTS_MAX: i64 = 1_000;

/// How an agent stands, for the list of admins.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentStands {
    /// She.
    pub agent: AgentRow,
    /// When she was last at the desk, as far as a session that holds tells.
    pub seen_at: Option<Timestamp>,
    /// Until when an invitation holds that she has not used.
    pub invited_until: Option<Timestamp>,
}

/// What an admin sets of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentChange {
    /// For people.
    pub name: String,
    /// What she may do.
    pub role: Role,
    /// May sign in.
    pub active: bool,
    /// The queues whose tickets she sees; none: all. Admins see all.
    pub queues: Option<Vec<String>>,
}

impl Scope {
    /// All agents as they stand, by e-mail address.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn people(&self) -> Result<Vec<AgentStands>> {
        let rows = sql(concat!(
            "select ",
            agent_columns!(),
            ", (select max(s.used_at) from session s where s.agent_id = a.id), \
             (select max(i.expires_at) from invitation i where i.agent_id = a.id and i.expires_at > $2) \
             from agent a where a.tenant_id = $1 order by a.email"
        ))
        .bind(self.tenant)
        .bind(self.store.now())
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(AgentStands { agent: AgentRow::read(&mut row)?, seen_at: row.next()?, invited_until: row.next()? })
            })
            .collect()
    }

    /// Who is invited with this token (in the clear, as the link carries it), while it holds and she is active.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn invited(&self, token: &str) -> Result<Option<AgentRow>> {
        let row = sql(concat!(
            "select ",
            agent_columns!(),
            " from invitation i join agent a on a.id = i.agent_id \
             where i.token_hash = $1 and i.tenant_id + 0 = $2 and i.expires_at > $3 and a.active = 1"
        ))
        .bind(hash_token(token))
        .bind(self.tenant)
        .bind(self.store.now())
        .optional(&mut *self.read().await?)
        .await?;
        row.map(|row| AgentRow::read(&mut row.reader())).transpose()
    }
}

impl Tx {
    /// Changes a person; ends her sessions when she may not sign in any more. What takes rights away takes effect at once, since every
    /// request reads it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when no active admin would be left, or for more than
    /// [`SEEN_QUEUES_MAX`] queues.
    pub async fn set_agent(&mut self, id: AgentId, change: &AgentChange, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        if change.queues.as_ref().is_some_and(|queues| queues.len() > SEEN_QUEUES_MAX) {
            return Err(StoreError::refused(format_args!(
                "a person sees all queues or at most {SEEN_QUEUES_MAX} of them"
            )));
        }
        let queues = change.queues.as_ref().filter(|_| change.role != Role::Admin);
        let queues = queues.map(|queues| json!(queues).to_string());
        let changed =
            sql("update agent set name = $1, role = $2, active = $3, queues = $4 where tenant_id = $5 and id = $6")
                .bind(&change.name)
                .bind(change.role)
                .bind(change.active)
                .bind(queues.as_deref())
                .bind(tenant)
                .bind(id)
                .run(self.on())
                .await?;
        found(changed, id)?;
        let admins: i64 = sql("select count(*) from agent where tenant_id = $1 and role = 'admin' and active = 1")
            .bind(tenant)
            .one(self.on())
            .await?
            .get(0)?;
        if admins == 0 {
            return Err(StoreError::refused(
                "somebody must stay who sets the team up: make another person an admin first",
            ));
        }
        if !change.active {
            self.end_sessions(id).await?;
            self.forget_invitations(id).await?;
        }
        let data = json!({ "role": change.role.as_str(), "active": change.active, "queues": change.queues });
        self.record(actor, "agent.changed", format_args!("agent:{id}"), data);
        Ok(())
    }

    /// Adds a person who sets her own password with an invitation; until then no password fits.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the address is taken or there are [`AGENTS_MAX`] people.
    pub async fn invite_agent(
        &mut self,
        email: &str,
        name: &str,
        role: Role,
        language: &str,
        token: &str,
        actor: &Actor,
    ) -> Result<AgentId> {
        let tenant = self.tenant();
        let there: i64 =
            sql("select count(*) from agent where tenant_id = $1").bind(tenant).one(self.on()).await?.get(0)?;
        if there >= AGENTS_MAX {
            return Err(StoreError::refused(format_args!("a team has at most {AGENTS_MAX} people")));
        }
        let new = crate::NewAgent {
            email: normal(email),
            name: name.to_owned(),
            role,
            password_hash: String::new(),
            language: language.to_owned(),
        };
        let id = self.add_agent(&new, actor).await?;
        self.invite(id, token, actor).await?;
        Ok(id)
    }

    /// Makes an invitation to set a password, in place of those before it. A password that she has holds until then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn invite(&mut self, id: AgentId, token: &str, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("select id from agent where id = $1 and tenant_id + 0 = $2")
            .bind(id)
            .bind(tenant)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("agent {id}")))?;
        self.forget_invitations(id).await?;
        sql("insert into invitation (token_hash, tenant_id, agent_id, expires_at) values ($1, $2, $3, $4)")
            .bind(hash_token(token))
            .bind(tenant)
            .bind(id)
            .bind(now.plus(INVITATION_LASTS))
            .run(self.on())
            .await?;
        self.record(actor, "agent.invited", format_args!("agent:{id}"), json!({}));
        Ok(())
    }

    /// Uses an invitation up: sets the password's hash and ends all sessions. None when it does not hold (any more).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_invitation(&mut self, token: &str, password_hash: &str) -> Result<Option<AgentId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let taken = sql("delete from invitation where token_hash = $1 and tenant_id + 0 = $2 and expires_at > $3 \
             and agent_id in (select a.id from agent a where a.id = agent_id and a.active = 1) returning agent_id")
        .bind(hash_token(token))
        .bind(tenant)
        .bind(now)
        .optional(self.on())
        .await?;
        let Some(taken) = taken else { return Ok(None) };
        let id: AgentId = taken.get(0)?;
        let email: String = sql("select email from agent where id = $1 and tenant_id + 0 = $2")
            .bind(id)
            .bind(tenant)
            .one(self.on())
            .await?
            .get(0)?;
        self.set_password(id, password_hash, &Actor::Agent(email)).await?;
        Ok(Some(id))
    }

    async fn forget_invitations(&mut self, id: AgentId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from invitation where agent_id = $1 and tenant_id + 0 = $2")
            .bind(id)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// Ends all sessions of a person, as an admin does it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_all_sessions(&mut self, id: AgentId, actor: &Actor) -> Result<()> {
        self.end_sessions(id).await?;
        self.record(actor, "agent.session-ended", format_args!("agent:{id}"), json!({ "sessions": "all" }));
        Ok(())
    }
}
