//! Sign-ins to mailboxes (OAuth2) that were begun on the desk: asked for by a person, carried out by a worker.

use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, SignInState};
use serde_json::json;

/// How a sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRow {
    /// The mailbox's name.
    pub mailbox: String,
    /// Where it stands.
    pub state: SignInState,
    /// While it waits: what the person enters.
    pub user_code: Option<String>,
    /// While it waits: where.
    pub address: Option<String>,
    /// Why it failed.
    pub words: Option<String>,
    /// When it came to stand so.
    pub changed_at: Timestamp,
    /// While it waits: until when the code is good.
    pub expires_at: Option<Timestamp>,
}

impl Scope {
    /// All, by mailbox.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn sign_ins(&self) -> Result<Vec<SignInRow>> {
        let rows = sql("select mailbox, state, user_code, address, words, changed_at, expires_at from sign_in \
             where tenant_id = $1 order by mailbox")
        .bind(self.tenant)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(SignInRow {
                    mailbox: row.next()?,
                    state: row.next()?,
                    user_code: row.next()?,
                    address: row.next()?,
                    words: row.next()?,
                    changed_at: row.next()?,
                    expires_at: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Asks for one: makes its job. One that is under way is begun anew.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn ask_sign_in(&mut self, mailbox: &str, actor: &Actor) -> Result<()> {
        let row = SignInRow {
            mailbox: mailbox.to_owned(),
            state: SignInState::Asked,
            user_code: None,
            address: None,
            words: None,
            changed_at: self.now(),
            expires_at: None,
        };
        self.set_sign_in(&row, actor).await?;
        self.enqueue(&Job::SignIn { mailbox: mailbox.to_owned() }).await
    }

    /// Writes how one stands now. The code itself goes into no event.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn set_sign_in(&mut self, row: &SignInRow, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into sign_in (tenant_id, mailbox, state, user_code, address, words, changed_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, mailbox) do update set state = excluded.state, \
             user_code = excluded.user_code, address = excluded.address, words = excluded.words, \
             changed_at = excluded.changed_at, expires_at = excluded.expires_at")
        .bind(tenant)
        .bind(row.mailbox.as_str())
        .bind(row.state)
        .bind(row.user_code.as_deref())
        .bind(row.address.as_deref())
        .bind(row.words.as_deref())
        .bind(row.changed_at)
        .bind(row.expires_at)
        .run(self.on())
        .await?;
        let kind = format!("mailbox.sign-in-{}", row.state);
        self.record(actor, &kind, format_args!("mailbox:{}", row.mailbox), json!({ "words": row.words }));
        Ok(())
    }
}
