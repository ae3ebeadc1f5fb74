//! The second factor of a sign-in (RFC 6238): sealed seeds, codes that are taken once, recovery codes, and people half signed in.
//!
//! The store never sees a seed or a code. Whoever calls opens the seed and says of which time step a code is; here it is decided, in
//! the transaction that writes it, whether that step may still be taken and whether there are tries left. Transactions of a tenant
//! follow one another, so of two that bring the same code at once one is taken.

use crate::agents::{agent_columns, hash_token};
use crate::sql::sql;
use crate::{AgentRow, Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{AgentId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// Wrong codes within [`FACTOR_WINDOW`], after which none is looked at until the window ends: a guess hits one of three codes
/// in a million, so nobody gets in by guessing within years.
pub const FACTOR_TRIES: i64 = 5;
/// The window begins with the first wrong code.
pub const FACTOR_WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long somebody may take to give a code after her password.
pub const HALF_LASTS: Duration = Duration::from_secs(10 * 60);
/// How many recovery codes there are at a time.
pub const RECOVERY_CODES: usize = 10;

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRow {
    /// The seed, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is asked for; none: its owner has yet to show that she has it.
    pub confirmed_at: Option<Timestamp>,
    /// Recovery codes that are left.
    pub codes_left: i64,
}

/// What somebody gave as a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenCode<'a> {
    /// The code of this time step; none: of no step around now.
    Step(Option<i64>),
    /// A recovery code, as its hash.
    Recovery(&'a str),
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriedCode {
    /// It is right, and used up.
    Taken,
    /// It is wrong.
    Wrong,
    /// It was right, and was used before.
    Replayed,
    /// Too many were wrong: none is looked at before that moment.
    Wait(Timestamp),
    /// There is no second factor to give a code of.
    None,
}

impl Scope {
    /// An agent's second factor, confirmed or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn second_factor(&self, agent: AgentId) -> Result<Option<FactorRow>> {
        let row = sql("select f.sealed, f.created_at, f.confirmed_at, \
             (select count(*) from recovery_code c where c.agent_id = f.agent_id and c.used_at is null) \
             from second_factor f where f.agent_id = $1 and f.tenant_id + 0 = $2")
        .bind(agent)
        .bind(self.tenant)
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut row = row.reader();
        Ok(Some(FactorRow {
            sealed: row.next()?,
            created_at: row.next()?,
            confirmed_at: row.next()?,
            codes_left: row.next()?,
        }))
    }

    /// Who gave her password with this token in hand and has yet to give a code, while that holds and she is active.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn half_signed_in(&self, token: &str) -> Result<Option<AgentRow>> {
        let row = sql(concat!(
            "select ",
            agent_columns!(),
            " from half_sign_in h join agent a on a.id = h.agent_id \
             where h.token_hash = $1 and h.tenant_id + 0 = $2 and h.expires_at > $3 and a.active = 1"
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
    /// Keeps a new seed that its owner has yet to confirm, in place of one that she never confirmed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when there is a confirmed one: it is removed first.
    pub async fn propose_second_factor(&mut self, agent: AgentId, sealed: &[u8], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("select id from agent where id = $1 and tenant_id + 0 = $2")
            .bind(agent)
            .bind(tenant)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("agent {agent}")))?;
        let kept = sql("insert into second_factor \
             (agent_id, tenant_id, sealed, created_at, confirmed_at, last_step, tries, tries_since) \
             values ($1, $2, $3, $4, null, 0, 0, 0) \
             on conflict (agent_id) do update set sealed = excluded.sealed, created_at = excluded.created_at \
             where second_factor.confirmed_at is null")
        .bind(agent)
        .bind(tenant)
        .bind(sealed)
        .bind(now)
        .run(self.on())
        .await?;
        if kept == 0 {
            return Err(StoreError::refused("there is a second factor already: remove it first"));
        }
        self.record(actor, "agent.second-factor-proposed", format_args!("agent:{agent}"), json!({}));
        Ok(())
    }

    /// Looks at a code and uses it up. Wrong ones are counted, and are events.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn try_code(&mut self, agent: AgentId, given: GivenCode<'_>, actor: &Actor) -> Result<TriedCode> {
        let (tenant, now) = (self.tenant(), self.now());
        let row =
            sql("select last_step, tries, tries_since from second_factor where agent_id = $1 and tenant_id + 0 = $2")
                .bind(agent)
                .bind(tenant)
                .optional(self.on())
                .await?;
        let Some(row) = row else { return Ok(TriedCode::None) };
        let (last_step, tries, since): (i64, i64, Timestamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let end = since.plus(FACTOR_WINDOW);
        let (tries, since) = if tries > 0 && end > now { (tries, since) } else { (0, now) };
        if tries >= FACTOR_TRIES {
            return Ok(TriedCode::Wait(end));
        }
        let tried = match given {
            GivenCode::Step(None) => TriedCode::Wrong,
            GivenCode::Step(Some(step)) if step <= last_step => TriedCode::Replayed,
            GivenCode::Step(Some(_)) => TriedCode::Taken,
            GivenCode::Recovery(hash) => {
                let used = sql("update recovery_code set used_at = $1 \
                     where agent_id = $2 and code_hash = $3 and tenant_id + 0 = $4 and used_at is null")
                .bind(now)
                .bind(agent)
                .bind(hash)
                .bind(tenant)
                .run(self.on())
                .await?;
                if used > 0 { TriedCode::Taken } else { TriedCode::Wrong }
            }
        };
        let step = match (given, tried) {
            (GivenCode::Step(Some(step)), TriedCode::Taken) => step,
            _ => last_step,
        };
        let (tries, since) = if tried == TriedCode::Taken { (0, now) } else { (tries + 1, since) };
        sql("update second_factor set last_step = $1, tries = $2, tries_since = $3 where agent_id = $4")
            .bind(step)
            .bind(tries)
            .bind(since)
            .bind(agent)
            .run(self.on())
            .await?;
        let (kind, data) = match (tried, given) {
            (TriedCode::Taken, GivenCode::Recovery(_)) => ("agent.recovery-code-used", json!({})),
            (TriedCode::Taken, _) => return Ok(tried),
            (TriedCode::Replayed, _) => ("agent.code-refused", json!({ "why": "used before", "tries": tries })),
            _ => ("agent.code-refused", json!({ "why": "wrong", "tries": tries })),
        };
        self.record(actor, kind, format_args!("agent:{agent}"), data);
        Ok(tried)
    }

    /// From now on a code is asked for. Sets the recovery codes, as hashes.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is none to confirm.
    pub async fn confirm_second_factor(&mut self, agent: AgentId, code_hashes: &[String], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let confirmed = sql("update second_factor set confirmed_at = $1 \
             where agent_id = $2 and tenant_id + 0 = $3 and confirmed_at is null")
        .bind(now)
        .bind(agent)
        .bind(tenant)
        .run(self.on())
        .await?;
        if confirmed == 0 {
            return Err(StoreError::refused("there is no second factor to confirm: begin again"));
        }
        self.put_recovery_codes(agent, code_hashes).await?;
        self.record(actor, "agent.second-factor-on", format_args!("agent:{agent}"), json!({}));
        Ok(())
    }

    /// Sets other recovery codes; the ones before are worth nothing then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_recovery_codes(&mut self, agent: AgentId, code_hashes: &[String], actor: &Actor) -> Result<()> {
        self.put_recovery_codes(agent, code_hashes).await?;
        self.record(actor, "agent.recovery-codes-renewed", format_args!("agent:{agent}"), json!({}));
        Ok(())
    }

    async fn put_recovery_codes(&mut self, agent: AgentId, code_hashes: &[String]) -> Result<()> {
        let tenant = self.tenant();
        self.forget_recovery_codes(agent).await?;
        for hash in code_hashes {
            sql("insert into recovery_code (agent_id, tenant_id, code_hash, used_at) values ($1, $2, $3, null)")
                .bind(agent)
                .bind(tenant)
                .bind(hash)
                .run(self.on())
                .await?;
        }
        Ok(())
    }

    async fn forget_recovery_codes(&mut self, agent: AgentId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from recovery_code where agent_id = $1 and tenant_id + 0 = $2")
            .bind(agent)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// Takes the second factor away, confirmed or not; false when there is none. What follows signs in with the password alone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_second_factor(&mut self, agent: AgentId, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let removed = sql("delete from second_factor where agent_id = $1 and tenant_id + 0 = $2")
            .bind(agent)
            .bind(tenant)
            .run(self.on())
            .await?;
        self.forget_recovery_codes(agent).await?;
        self.forget_devices(agent).await?;
        if removed > 0 {
            self.record(actor, "agent.second-factor-off", format_args!("agent:{agent}"), json!({}));
        }
        Ok(removed > 0)
    }

    /// As [`Tx::remove_second_factor`], by somebody else than its owner: ends her sessions too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reset_second_factor(&mut self, agent: AgentId, actor: &Actor) -> Result<bool> {
        let removed = self.remove_second_factor(agent, actor).await?;
        if removed {
            self.end_sessions(agent).await?;
        }
        Ok(removed)
    }

    /// Notes that the holder of this token gave the right password. Also forgets the tenant's notes that have run out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_half(&mut self, agent: AgentId, token: &str) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("delete from half_sign_in where tenant_id = $1 and expires_at <= $2")
            .bind(tenant)
            .bind(now)
            .run(self.on())
            .await?;
        sql("insert into half_sign_in (token_hash, tenant_id, agent_id, expires_at) values ($1, $2, $3, $4)")
            .bind(hash_token(token))
            .bind(tenant)
            .bind(agent)
            .bind(now.plus(HALF_LASTS))
            .run(self.on())
            .await?;
        Ok(())
    }

    /// Forgets it: she is signed in, or begins anew. False when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_half(&mut self, token: &str) -> Result<bool> {
        let tenant = self.tenant();
        let ended = sql("delete from half_sign_in where token_hash = $1 and tenant_id + 0 = $2")
            .bind(hash_token(token))
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(ended > 0)
    }
}
