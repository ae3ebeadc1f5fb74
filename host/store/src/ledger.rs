//! What of a server's folder is stored here: one side of the ledger. The other is what the server holds.

use crate::sql::{Json, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::ticket::Outcome;
use posthouse_model::{MailboxId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// A mail of a folder as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StoredUid {
    /// The server's number for it.
    pub uid: u32,
    /// Where it ended.
    pub outcome: Outcome,
    /// When the server got it.
    pub received_at: Timestamp,
}

/// How the ledger of a folder stood when it was last looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BalanceRow {
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// `INBOX`; empty for a Maildir.
    pub folder: String,
    /// When.
    pub checked_at: Timestamp,
    /// Mails that the server held.
    pub held: i64,
    /// Mails that the server holds and that are not stored.
    pub missing: i64,
    /// Since when any has been missing.
    pub missing_since: Option<Timestamp>,
    /// The ledger itself, as whoever drew it up wrote it.
    pub content: serde_json::Value,
}

impl Scope {
    /// How every folder's ledger stood when it was last looked at.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn balances(&self) -> Result<Vec<BalanceRow>> {
        let rows = sql("select mailbox_id, folder, checked_at, held, missing, missing_since, content from balance \
             where tenant_id = $1 order by mailbox_id, folder")
        .bind(self.tenant)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(BalanceRow {
                    mailbox: row.next()?,
                    folder: row.next()?,
                    checked_at: row.next()?,
                    held: row.next()?,
                    missing: row.next()?,
                    missing_since: row.next()?,
                    content: row.json()?,
                })
            })
            .collect()
    }

    /// The UID that following a folder began with, in this UIDVALIDITY; none where nobody knows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn followed_from(&self, mailbox: MailboxId, folder: &str, uid_validity: u32) -> Result<Option<u32>> {
        let row = sql("select first_uid from followed where tenant_id = $1 and mailbox_id = $2 and folder = $3 \
             and uid_validity = $4")
        .bind(self.tenant)
        .bind(mailbox)
        .bind(folder)
        .bind(uid_validity)
        .optional(&mut *self.read().await?)
        .await?;
        row.map(|row| uid(row.get(0)?)).transpose()
    }

    /// All that is stored of a folder, by UID.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stored_uids(&self, mailbox: MailboxId, folder: &str, uid_validity: u32) -> Result<Vec<StoredUid>> {
        let begins = format!("{uid_validity}:");
        // Not by a range of keys: in most languages' collations PostgreSQL passes over the colon at first, and "7:12" lies beyond "7;".
        let rows =
            sql("select source_key, outcome, received_at from message where tenant_id + 0 = $1 and mailbox_id = $2 \
             and folder = $3 and substr(source_key, 1, length($4)) = $4")
            .bind(self.tenant)
            .bind(mailbox)
            .bind(folder)
            .bind(&begins)
            .all(&mut *self.read().await?)
            .await?;
        let mut stored = Vec::with_capacity(rows.len());
        for row in &rows {
            let key: String = row.get(0)?;
            if let Some(Ok(uid)) = key.strip_prefix(&begins).map(str::parse) {
                stored.push(StoredUid { uid, outcome: row.get(1)?, received_at: row.get(2)? });
            }
        }
        stored.sort_unstable_by_key(|one| one.uid);
        Ok(stored)
    }
}

impl Scope {
    /// Names of the mailboxes that are to be compared, or are being compared, because a person asked for it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn repairs(&self) -> Result<Vec<String>> {
        let rows =
            sql("select content from job where tenant_id = $1 and kind = 'repair' and state in ('queued', 'running') \
                 and key in (select 'repair:' || name from mailbox where tenant_id = $1)")
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        let mut names = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Job::Repair { mailbox } = row.get::<Json<Job>>(0)?.0 {
                names.push(mailbox);
            }
        }
        Ok(names)
    }
}

impl Tx {
    /// Asks a worker to compare a mailbox with what is stored of it, and to fetch what is missing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ask_repair(&mut self, mailbox: &str, actor: &Actor) -> Result<()> {
        self.enqueue(&Job::Repair { mailbox: mailbox.to_owned() }).await?;
        self.record(actor, "ledger.repair-asked", "tenant", json!({ "mailbox": mailbox }));
        Ok(())
    }

    /// Keeps how a folder's ledger stands now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_balance(
        &mut self,
        mailbox: MailboxId,
        folder: &str,
        held: i64,
        missing: i64,
        content: &serde_json::Value,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("insert into balance (mailbox_id, tenant_id, folder, checked_at, held, missing, missing_since, content) \
             select m.id, m.tenant_id, $3, $4, $5, $6, $7, $8 from mailbox m where m.id = $1 and m.tenant_id = $2 \
             on conflict (mailbox_id, folder) do update set checked_at = excluded.checked_at, held = excluded.held, \
             missing = excluded.missing, \
             missing_since = case when excluded.missing = 0 then null \
             else coalesce(balance.missing_since, excluded.missing_since) end, content = excluded.content")
        .bind(mailbox)
        .bind(tenant)
        .bind(folder)
        .bind(now)
        .bind(held)
        .bind(missing)
        .bind((missing > 0).then_some(now))
        .bind(Json(content))
        .run(self.on())
        .await?;
        Ok(())
    }

    /// Forgets how the ledgers of a mailbox's other folders stood: nobody follows them any longer.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_balances(&mut self, mailbox: MailboxId, folders: &[String]) -> Result<()> {
        let tenant = self.tenant();
        let rows = sql("select folder from balance where tenant_id = $1 and mailbox_id = $2")
            .bind(tenant)
            .bind(mailbox)
            .all(self.on())
            .await?;
        for row in &rows {
            let folder: String = row.get(0)?;
            if !folders.contains(&folder) {
                sql("delete from balance where tenant_id = $1 and mailbox_id = $2 and folder = $3")
                    .bind(tenant)
                    .bind(mailbox)
                    .bind(folder)
                    .run(self.on())
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes down where following a folder begins; for a new UIDVALIDITY, anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn follow_from(
        &mut self,
        mailbox: MailboxId,
        folder: &str,
        uid_validity: u32,
        first_uid: u32,
    ) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into followed (mailbox_id, tenant_id, folder, uid_validity, first_uid) \
             select m.id, m.tenant_id, $3, $4, $5 from mailbox m where m.id = $1 and m.tenant_id = $2 \
             on conflict (mailbox_id, folder) do update set uid_validity = excluded.uid_validity, \
             first_uid = excluded.first_uid where followed.uid_validity <> excluded.uid_validity")
        .bind(mailbox)
        .bind(tenant)
        .bind(folder)
        .bind(uid_validity)
        .bind(first_uid)
        .run(self.on())
        .await?;
        Ok(())
    }
}

fn uid(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|e| StoreError::corrupt("the first UID of a folder", e))
}
