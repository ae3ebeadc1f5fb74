//! Browsers on their way to a mailbox's provider and back (RFC 6749, 4.1): what one brings back is taken once, from the session that
//! sent it, and in time.

use crate::agents::hash_token;
use crate::sign_in::SignInRow;
use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, SignInState};
use serde_json::json;
use std::time::Duration;

/// How long a browser may be away.
pub const VISIT_LASTS: Duration = Duration::from_secs(600);
/// How many browsers of one tenant may be away at a time: of more, those that left first are forgotten.
pub const VISITS_MAX: i64 = 100;
/// How long one is remembered after its time, so that a late or second return is told apart from one that nobody knows.
const REMEMBERED: Duration = Duration::from_secs(24 * 3_600);
/// Longest code taken, in bytes: providers' have some hundreds to two thousand.
pub const CODE_BYTES_MAX: usize = 8_192;

/// By what a visit is known in jobs and to the verifier: the hash of its state, which alone says nothing of it.
#[must_use]
pub fn visit_name(state: &str) -> String {
    hash_token(state)
}

/// What a browser brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// A code to exchange.
    Code(String),
    /// The provider's or the person's no, in the provider's words; an answer without a code is one too.
    Refusal(String),
}

/// What became of a browser's return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// What it brought is taken: the code is exchanged by a job, or the refusal stands with the mailbox.
    Taken,
    /// Nobody sent it, or so long ago that it is forgotten.
    Unknown,
    /// It was away for longer than [`VISIT_LASTS`].
    Late,
    /// It has been back already.
    Twice,
    /// Another session sent it.
    Elsewhere,
}

/// A code that has yet to be exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitCode {
    /// What the provider gave.
    pub code: String,
    /// Until when it is worth trying.
    pub expires_at: Timestamp,
}

impl Scope {
    /// The code that a visit brought; none when it is exchanged or was never brought.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn visit_code(&self, visit: &str) -> Result<Option<VisitCode>> {
        let row = sql(
            "select code, expires_at from sign_in_visit where tenant_id = $1 and state_hash = $2 and code is not null",
        )
        .bind(self.tenant)
        .bind(visit)
        .optional(&mut *self.read().await?)
        .await?;
        row.map(|row| Ok(VisitCode { code: row.get(0)?, expires_at: row.get(1)? })).transpose()
    }
}

impl Tx {
    /// Sends a browser off to a mailbox's provider: `state` comes back with it, `session` is the token of whoever sends it. Neither is
    /// kept but as a hash.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn begin_visit(&mut self, state: &str, mailbox: &str, session: &str, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("delete from sign_in_visit where tenant_id = $1 and expires_at < $2")
            .bind(tenant)
            .bind(now.minus(REMEMBERED))
            .run(self.on())
            .await?;
        sql("insert into sign_in_visit (tenant_id, state_hash, mailbox, session_hash, expires_at) values ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(visit_name(state))
            .bind(mailbox)
            .bind(hash_token(session))
            .bind(now.plus(VISIT_LASTS))
            .run(self.on())
            .await?;
        sql("delete from sign_in_visit where tenant_id = $1 and used_at is null and state_hash not in \
             (select state_hash from sign_in_visit where tenant_id = $1 and used_at is null \
              order by expires_at desc, state_hash limit $2)")
        .bind(tenant)
        .bind(VISITS_MAX)
        .run(self.on())
        .await?;
        self.record(actor, "mailbox.sign-in-begun", format_args!("mailbox:{mailbox}"), json!({ "by": "browser" }));
        Ok(())
    }

    /// Takes what a browser brings back. Of two that come at once with the same state, one is taken.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn end_visit(
        &mut self,
        state: &str,
        session: &str,
        brought: &Brought,
        actor: &Actor,
    ) -> Result<Returned> {
        let (tenant, now, visit) = (self.tenant(), self.now(), visit_name(state));
        let code = match brought {
            Brought::Code(code) => Some(code.as_str()),
            Brought::Refusal(_) => None,
        };
        let taken = sql("update sign_in_visit set used_at = $1, code = $2 where tenant_id = $3 and state_hash = $4 \
             and session_hash = $5 and used_at is null and expires_at > $1 returning mailbox")
        .bind(now)
        .bind(code)
        .bind(tenant)
        .bind(visit.as_str())
        .bind(hash_token(session))
        .optional(self.on())
        .await?;
        let Some(taken) = taken else { return self.why_not(&visit, session, actor).await };
        let mailbox: String = taken.get(0)?;
        let (state, words) = match brought {
            Brought::Code(_) => (SignInState::Agreed, None),
            Brought::Refusal(words) => (SignInState::Failed, Some(words.clone())),
        };
        let row = SignInRow {
            mailbox: mailbox.clone(),
            state,
            user_code: None,
            address: None,
            words,
            changed_at: now,
            expires_at: None,
        };
        self.set_sign_in(&row, actor).await?;
        if code.is_some() {
            self.enqueue(&Job::FinishSignIn { mailbox, visit }).await?;
        }
        Ok(Returned::Taken)
    }

    async fn why_not(&mut self, visit: &str, session: &str, actor: &Actor) -> Result<Returned> {
        let tenant = self.tenant();
        let known =
            sql("select mailbox, session_hash, used_at from sign_in_visit where tenant_id = $1 and state_hash = $2")
                .bind(tenant)
                .bind(visit)
                .optional(self.on())
                .await?;
        let Some(known) = known else { return Ok(Returned::Unknown) };
        let (mailbox, sent_by, used): (String, String, Option<Timestamp>) =
            (known.get(0)?, known.get(1)?, known.get(2)?);
        let (returned, why) = if sent_by != hash_token(session) {
            (Returned::Elsewhere, "sent by another session")
        } else if used.is_some() {
            (Returned::Twice, "used before")
        } else {
            (Returned::Late, "expired")
        };
        self.record(actor, "mailbox.sign-in-refused", format_args!("mailbox:{mailbox}"), json!({ "why": why }));
        Ok(returned)
    }

    /// Forgets a visit's code: it is exchanged, or of no use.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn forget_visit_code(&mut self, visit: &str) -> Result<()> {
        let tenant = self.tenant();
        sql("update sign_in_visit set code = null where tenant_id = $1 and state_hash = $2")
            .bind(tenant)
            .bind(visit)
            .run(self.on())
            .await?;
        Ok(())
    }
}
