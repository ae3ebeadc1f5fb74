//! Tokens with which programs use the JSON API as somebody.

use crate::account::USED_EVERY;
use crate::agents::{agent_columns, hash_token};
use crate::sql::{Reader, sql};
use crate::{AgentRow, NewAgent, Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::role::{Role, TokenScope};
use posthouse_model::{AgentId, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Tokens of one agent that hold, at most.
pub const TOKENS_MAX: i64 = 50;
/// Longest life of a token.
pub const TOKEN_LASTS_MAX: Duration = Duration::from_secs(365 * 24 * 3_600);
/// What stands behind the @ of a service's address: no mail goes there.
pub const SERVICE_DOMAIN: &str = "service";

/// A token that is about to be made.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// As whom programs act with it.
    pub agent: AgentId,
    /// What it is for.
    pub name: &'a str,
    /// The token in the clear; not kept.
    pub token: &'a str,
    /// How it begins: shown, so that people can tell which one it is.
    pub begins: &'a str,
    /// What may be done with it.
    pub scope: TokenScope,
    /// How long it holds, at most [`TOKEN_LASTS_MAX`].
    pub lasts: Duration,
}

/// A token, not what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// As whom programs act with it.
    pub agent: AgentId,
    /// How it begins.
    pub begins: String,
    /// What it is for.
    pub name: String,
    /// What may be done with it.
    pub scope: TokenScope,
    /// Who made it, as [`Actor::as_text`].
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// When it was last used, to about five minutes.
    pub used_at: Option<Timestamp>,
    /// Since when it does not hold any more.
    pub revoked_at: Option<Timestamp>,
}

impl TokenRow {
    fn read(row: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.next()?,
            agent: row.next()?,
            begins: row.next()?,
            name: row.next()?,
            scope: row.next()?,
            made_by: row.next()?,
            created_at: row.next()?,
            expires_at: row.next()?,
            used_at: row.next()?,
            revoked_at: row.next()?,
        })
    }
}

impl Scope {
    /// The tokens of an agent, the newest first, those that were revoked or ran out too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tokens(&self, agent: AgentId) -> Result<Vec<TokenRow>> {
        let rows =
            sql("select id, agent_id, begins, name, scope, made_by, created_at, expires_at, used_at, revoked_at \
             from api_token where agent_id = $1 and tenant_id + 0 = $2 order by id desc limit 200")
            .bind(agent)
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| TokenRow::read(&mut row.reader())).collect()
    }

    /// The token that this is, in the clear, and as whom it acts: while it holds and both agent and tenant are active.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn token(&self, token: &str) -> Result<Option<(TokenRow, AgentRow)>> {
        let row = sql(concat!(
            "select k.id, k.agent_id, k.begins, k.name, k.scope, k.made_by, k.created_at, k.expires_at, k.used_at, k.revoked_at, ",
            agent_columns!(),
            " from api_token k join agent a on a.id = k.agent_id join tenant t on t.id = k.tenant_id \
             where k.token_hash = $1 and k.tenant_id + 0 = $2 and k.expires_at > $3 and k.revoked_at is null \
             and a.active = 1 and t.active = 1"
        ))
        .bind(hash_token(token))
        .bind(self.tenant)
        .bind(self.store.now())
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row = row.reader();
        Ok(Some((TokenRow::read(&mut row)?, AgentRow::read(&mut row)?)))
    }

    /// Notes that a token is used, unless that was noted within [`USED_EVERY`]. No event: nothing is decided by it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn token_used(&self, token: &TokenRow) -> Result<()> {
        let now = self.store.now();
        if token.used_at.is_some_and(|used| used.plus(USED_EVERY) > now) {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        sql("update api_token set used_at = $1 where id = $2 and tenant_id + 0 = $3")
            .bind(now)
            .bind(token.id)
            .bind(self.tenant)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Adds a service: an agent that never signs in.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is one of that name.
    pub async fn add_service(&mut self, name: &str, role: Role, language: &str, actor: &Actor) -> Result<AgentId> {
        let new = NewAgent {
            email: format!("{name}@{SERVICE_DOMAIN}"),
            name: name.to_owned(),
            role,
            password_hash: String::new(),
            language: language.to_owned(),
        };
        let id = self.add_agent(&new, actor).await?;
        sql("update agent set service = 1 where id = $1").bind(id).run(self.on()).await?;
        Ok(id)
    }

    /// Keeps a token's hash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a life that is longer than [`TOKEN_LASTS_MAX`] or none, and when
    /// [`TOKENS_MAX`] hold already.
    pub async fn add_token(&mut self, new: &NewToken<'_>, actor: &Actor) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        if new.lasts.is_zero() || new.lasts > TOKEN_LASTS_MAX {
            return Err(StoreError::refused("a token holds for 1 to 365 days"));
        }
        sql("select id from agent where id = $1 and tenant_id + 0 = $2")
            .bind(new.agent)
            .bind(tenant)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("agent {}", new.agent)))?;
        let there: i64 = sql(
            "select count(*) from api_token where agent_id = $1 and tenant_id + 0 = $2 and expires_at > $3 and revoked_at is null",
        )
        .bind(new.agent)
        .bind(tenant)
        .bind(now)
        .one(self.on())
        .await?
        .get(0)?;
        if there >= TOKENS_MAX {
            return Err(StoreError::refused(format_args!("{TOKENS_MAX} tokens hold already: revoke some first")));
        }
        let row = sql("insert into api_token \
             (tenant_id, agent_id, token_hash, begins, name, scope, made_by, created_at, expires_at, used_at, revoked_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, null, null) returning id")
        .bind(tenant)
        .bind(new.agent)
        .bind(hash_token(new.token))
        .bind(new.begins)
        .bind(new.name)
        .bind(new.scope)
        .bind(actor.as_text())
        .bind(now)
        .bind(now.plus(new.lasts))
        .one(self.on())
        .await?;
        let data = json!({ "token": new.begins, "name": new.name, "scope": new.scope.as_str() });
        self.record(actor, "agent.token-made", format_args!("agent:{}", new.agent), data);
        row.get(0)
    }

    /// Revokes a token of an agent: it does not hold any more. False when it is not there, not hers, or revoked already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn revoke_token(&mut self, agent: AgentId, id: i64, actor: &Actor) -> Result<bool> {
        let (tenant, now) = (self.tenant(), self.now());
        let revoked = sql("update api_token set revoked_at = $1 \
             where id = $2 and agent_id + 0 = $3 and tenant_id + 0 = $4 and revoked_at is null returning begins")
        .bind(now)
        .bind(id)
        .bind(agent)
        .bind(tenant)
        .optional(self.on())
        .await?;
        let Some(revoked) = revoked else { return Ok(false) };
        let begins: String = revoked.get(0)?;
        self.record(actor, "agent.token-revoked", format_args!("agent:{agent}"), json!({ "token": begins }));
        Ok(true)
    }
}
