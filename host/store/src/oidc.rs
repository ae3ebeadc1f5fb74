//! People on their way through their own provider's sign-in (OpenID Connect). The browser alone knows the state that names its way;
//! kept is its hash. What it brings back is taken once, in time, and leads to one session.

use crate::agents::hash_token;
use crate::sql::sql;
use crate::visit::{Brought, VISIT_LASTS, VISITS_MAX};
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::{AgentId, Timestamp};
use serde_json::json;

/// How such a way stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcWay {
    /// By what it is known in jobs: the hash of its state.
    pub visit: String,
    /// Where the provider lets browsers in, once that is known.
    pub endpoint: Option<String>,
    /// What the browser brought back and nobody has exchanged yet.
    pub code: Option<String>,
    /// The browser is back.
    pub is_back: bool,
    /// Who it is.
    pub agent: Option<AgentId>,
    /// Why it came to nothing.
    pub words: Option<String>,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Where on the desk she was going; checked by whoever goes there.
    pub next: Option<String>,
}

impl Scope {
    /// The way of this state, while it is good and has led to no session.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn oidc_way(&self, state: &str) -> Result<Option<OidcWay>> {
        self.oidc_visit(&hash_token(state)).await
    }

    /// As [`Scope::oidc_way`], by its hash.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn oidc_visit(&self, visit: &str) -> Result<Option<OidcWay>> {
        let row = sql("select state_hash, endpoint, code, back_at, agent_id, words, expires_at, next from oidc_way \
             where state_hash = $1 and tenant_id + 0 = $2 and expires_at > $3 and entered_at is null")
        .bind(visit)
        .bind(self.tenant)
        .bind(self.store.now())
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row = row.reader();
        Ok(Some(OidcWay {
            visit: row.next()?,
            endpoint: row.next()?,
            code: row.next()?,
            is_back: row.next::<Option<Timestamp>>()?.is_some(),
            agent: row.next()?,
            words: row.next()?,
            expires_at: row.next()?,
            next: row.next()?,
        }))
    }
}

impl Tx {
    /// Begins one: a job finds out where the provider lets browsers in. Of more than [`VISITS_MAX`] that are under way, those that
    /// began first are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn begin_oidc(&mut self, state: &str, next: Option<&str>) -> Result<()> {
        let (tenant, now, visit) = (self.tenant(), self.now(), hash_token(state));
        sql("delete from oidc_way where tenant_id = $1 and expires_at <= $2")
            .bind(tenant)
            .bind(now)
            .run(self.on())
            .await?;
        sql("insert into oidc_way (state_hash, tenant_id, expires_at, next) values ($1, $2, $3, $4)")
            .bind(&visit)
            .bind(tenant)
            .bind(now.plus(VISIT_LASTS))
            .bind(next)
            .run(self.on())
            .await?;
        sql("delete from oidc_way where tenant_id = $1 and state_hash not in \
             (select state_hash from oidc_way where tenant_id = $1 order by expires_at desc, state_hash limit $2)")
        .bind(tenant)
        .bind(VISITS_MAX)
        .run(self.on())
        .await?;
        self.enqueue(&Job::FindProvider { visit }).await
    }

    /// Notes where the provider lets browsers in.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn set_oidc_endpoint(&mut self, visit: &str, endpoint: &str) -> Result<()> {
        let tenant = self.tenant();
        sql("update oidc_way set endpoint = $1 where state_hash = $2 and tenant_id + 0 = $3")
            .bind(endpoint)
            .bind(visit)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// Takes what the browser brings back: once, in time. False when it is not taken.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn bring_oidc(&mut self, state: &str, brought: &Brought) -> Result<bool> {
        let (tenant, now, visit) = (self.tenant(), self.now(), hash_token(state));
        let (code, words) = match brought {
            Brought::Code(code) => (Some(code.as_str()), None),
            Brought::Refusal(words) => (None, Some(words.as_str())),
        };
        let taken = sql("update oidc_way set back_at = $1, code = $2, words = $3 \
             where state_hash = $4 and tenant_id + 0 = $5 and back_at is null and expires_at > $1 and endpoint is not null")
        .bind(now)
        .bind(code)
        .bind(words)
        .bind(&visit)
        .bind(tenant)
        .run(self.on())
        .await?;
        if taken > 0 && code.is_some() {
            self.enqueue(&Job::Identify { visit }).await?;
        }
        Ok(taken > 0)
    }

    /// Writes down who it is, or why nobody is let in; the code is of no use any more.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn end_oidc(
        &mut self,
        visit: &str,
        who: std::result::Result<AgentId, &str>,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        sql("update oidc_way set code = null, agent_id = $1, words = $2 where state_hash = $3 and tenant_id + 0 = $4")
            .bind(who.ok())
            .bind(who.err())
            .bind(visit)
            .bind(tenant)
            .run(self.on())
            .await?;
        if let Err(words) = who {
            self.record(actor, "agent.provider-refused", "sign-in", json!({ "reason": words }));
        }
        Ok(())
    }

    /// Uses the way up: who it is, once.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn take_oidc(&mut self, state: &str) -> Result<Option<AgentId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("update oidc_way set entered_at = $1 where state_hash = $2 and tenant_id + 0 = $3 \
             and entered_at is null and agent_id is not null and expires_at > $1 returning agent_id")
        .bind(now)
        .bind(hash_token(state))
        .bind(tenant)
        .optional(self.on())
        .await?;
        row.map(|row| row.get(0)).transpose()
    }
}
