//! Mailboxes: what they are, how far each was fetched, who fetches it, and whether that works.

use crate::sql::{Row, placeholders, sql, sql_of};
use crate::wake::Touched;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{MailboxId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

/// Source keys asked for in one query.
const KEYS_PER_QUERY: usize = 200;

/// A mailbox as the tenant's folder describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewMailbox {
    /// Its name in the tenant's folder; unique per tenant.
    pub name: String,
    /// Its address.
    pub address: String,
    /// How mail comes in and goes out, as the configuration understands it. Never a secret.
    pub settings: serde_json::Value,
}

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MailboxRow {
    /// Its id.
    pub id: MailboxId,
    /// What it is.
    #[serde(flatten)]
    pub mailbox: NewMailbox,
    /// Off: taken out of the tenant's folder; its mail stays.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When fetching last worked.
    pub fetched_at: Option<Timestamp>,
    /// Why fetching does not work.
    pub fetch_error: Option<String>,
    /// Since when fetching does not work.
    pub failing_since: Option<Timestamp>,
    /// Mails that a long catch-up has yet to fetch.
    pub left_to_fetch: Option<i64>,
}

/// How far a folder was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cursor {
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// `INBOX`
    pub folder: String,
    /// The server's UIDVALIDITY (RFC 3501, 2.3.1.1).
    pub uid_validity: u32,
    /// Everything up to this UID is stored.
    pub last_uid: u32,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, name, address, settings, active, created_at, fetched_at, fetch_error, failing_since, \
             left_to_fetch from mailbox ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<MailboxRow> {
    let mut row = row.reader();
    Ok(MailboxRow {
        id: row.next()?,
        mailbox: NewMailbox { name: row.next()?, address: row.next()?, settings: row.json()? },
        active: row.next()?,
        created_at: row.next()?,
        fetched_at: row.next()?,
        fetch_error: row.next()?,
        failing_since: row.next()?,
        left_to_fetch: row.next()?,
    })
}

impl Scope {
    /// All mailboxes, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mailboxes(&self) -> Result<Vec<MailboxRow>> {
        let rows =
            sql(select!("where tenant_id = $1 order by name")).bind(self.tenant).all(&mut *self.read().await?).await?;
        rows.iter().map(read).collect()
    }

    /// One mailbox.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn mailbox(&self, id: MailboxId) -> Result<MailboxRow> {
        let row = sql(select!("where tenant_id = $1 and id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?;
        read(&row.ok_or_else(|| StoreError::not_found(format_args!("mailbox {id}")))?)
    }

    /// The mailbox with this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mailbox_by_name(&self, name: &str) -> Result<Option<MailboxRow>> {
        let row = sql(select!("where tenant_id = $1 and name = $2"))
            .bind(self.tenant)
            .bind(name)
            .optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// How far a folder was fetched.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn cursor(&self, mailbox: MailboxId, folder: &str) -> Result<Option<Cursor>> {
        let row =
            sql("select uid_validity, last_uid from cursor where tenant_id = $1 and mailbox_id = $2 and folder = $3")
                .bind(self.tenant)
                .bind(mailbox)
                .bind(folder)
                .optional(&mut *self.read().await?)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let number = |at| {
            let value: i64 = row.get(at)?;
            u32::try_from(value).map_err(|e| StoreError::corrupt(format_args!("cursor of mailbox {mailbox}"), e))
        };
        Ok(Some(Cursor { mailbox, folder: folder.to_owned(), uid_validity: number(0)?, last_uid: number(1)? }))
    }

    /// Which of these source keys are stored already: for Maildir and files, which have no cursor.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn known_keys(&self, mailbox: MailboxId, folder: &str, keys: &[String]) -> Result<HashSet<String>> {
        let mut known = HashSet::new();
        let mut connection = self.read().await?;
        for keys in keys.chunks(KEYS_PER_QUERY) {
            // A whole chunk is one prepared statement whatever its length: a short one repeats its last key.
            let padded = keys.iter().chain(std::iter::repeat(&keys[keys.len() - 1])).take(KEYS_PER_QUERY);
            let rows = sql_of(format!(
                "select source_key from message where tenant_id + 0 = $1 and mailbox_id = $2 and folder = $3 \
                 and source_key in ({})",
                placeholders(4, KEYS_PER_QUERY)
            ))
            .bind(self.tenant)
            .bind(mailbox)
            .bind(folder)
            .bind_all(padded)
            .all(&mut connection)
            .await?;
            for row in rows {
                known.insert(row.get(0)?);
            }
        }
        Ok(known)
    }

    /// Takes or keeps the lease on fetching a mailbox; false when another worker has it or it is not active.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lease_mailbox(&self, mailbox: MailboxId, worker: &str, lease: Duration) -> Result<bool> {
        let now = self.store.now();
        let mut tx = self.store.write().await?;
        let taken = sql("update mailbox set lease_owner = $1, lease_until = $2 where tenant_id = $3 and id = $4 \
             and active = 1 and (lease_owner is null or lease_owner = $1 or lease_until <= $5)")
        .bind(worker)
        .bind(now.plus(lease))
        .bind(self.tenant)
        .bind(mailbox)
        .bind(now)
        .run(&mut tx)
        .await?;
        self.store.commit(tx, Touched::default()).await?;
        Ok(taken > 0)
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release_mailbox(&self, mailbox: MailboxId, worker: &str) -> Result<()> {
        let mut tx = self.store.write().await?;
        sql("update mailbox set lease_owner = null, lease_until = null \
             where tenant_id = $1 and id = $2 and lease_owner = $3")
        .bind(self.tenant)
        .bind(mailbox)
        .bind(worker)
        .run(&mut tx)
        .await?;
        self.store.commit(tx, Touched::default()).await
    }

    /// Notes that fetching works.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn fetch_worked(&self, mailbox: MailboxId) -> Result<()> {
        let mut tx = self.store.write().await?;
        sql("update mailbox set fetched_at = $1, fetch_error = null, failing_since = null \
             where tenant_id = $2 and id = $3")
        .bind(self.store.now())
        .bind(self.tenant)
        .bind(mailbox)
        .run(&mut tx)
        .await?;
        self.store.commit(tx, Touched::default()).await
    }

    /// Notes how many mails a long catch-up has yet to fetch; none: it is done. That it goes on shows that fetching works.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn fetch_progress(&self, mailbox: MailboxId, left: Option<u64>) -> Result<()> {
        let mut tx = self.store.write().await?;
        sql("update mailbox set left_to_fetch = $1, fetched_at = $2 where tenant_id = $3 and id = $4")
            .bind(left.map(|left| i64::try_from(left).unwrap_or(i64::MAX)))
            .bind(self.store.now())
            .bind(self.tenant)
            .bind(mailbox)
            .run(&mut tx)
            .await?;
        self.store.commit(tx, Touched::default()).await
    }

    /// Notes why fetching does not work. Since when is kept from the first failure on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn fetch_failed(&self, mailbox: MailboxId, error: &str) -> Result<()> {
        let mut tx = self.store.write().await?;
        sql("update mailbox set fetch_error = $1, failing_since = coalesce(failing_since, $2) \
             where tenant_id = $3 and id = $4")
        .bind(error)
        .bind(self.store.now())
        .bind(self.tenant)
        .bind(mailbox)
        .run(&mut tx)
        .await?;
        self.store.commit(tx, Touched { jobs: false, tenant: Some(self.tenant) }).await
    }
}

impl Tx {
    /// Makes the mailbox, or changes the one with this name; turns it on again when it was off.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn upsert_mailbox(&mut self, mailbox: &NewMailbox, actor: &Actor) -> Result<MailboxId> {
        let (tenant, now) = (self.tenant(), self.now());
        let before = sql(select!("where tenant_id = $1 and name = $2"))
            .bind(tenant)
            .bind(&mailbox.name)
            .optional(self.on())
            .await?;
        let (id, kind) = match before.as_ref().map(read).transpose()? {
            Some(before) if before.mailbox == *mailbox && before.active => return Ok(before.id),
            Some(before) => {
                sql("update mailbox set address = $1, settings = $2, active = 1 where tenant_id = $3 and id = $4")
                    .bind(&mailbox.address)
                    .bind(mailbox.settings.to_string())
                    .bind(tenant)
                    .bind(before.id)
                    .run(self.on())
                    .await?;
                (before.id, "mailbox.changed")
            }
            None => {
                let row = sql("insert into mailbox (tenant_id, name, address, settings, active, created_at) \
                     values ($1, $2, $3, $4, 1, $5) returning id")
                .bind(tenant)
                .bind(&mailbox.name)
                .bind(&mailbox.address)
                .bind(mailbox.settings.to_string())
                .bind(now)
                .one(self.on())
                .await?;
                (row.get(0)?, "mailbox.added")
            }
        };
        self.record(
            actor,
            kind,
            format_args!("mailbox:{id}"),
            json!({ "name": mailbox.name, "address": mailbox.address }),
        );
        Ok(id)
    }

    /// Turns a mailbox on or off.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_mailbox_active(&mut self, id: MailboxId, active: bool, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update mailbox set active = $1 where tenant_id = $2 and id = $3 and active <> $1")
            .bind(active)
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        if changed > 0 {
            let kind = if active { "mailbox.activated" } else { "mailbox.deactivated" };
            self.record(actor, kind, format_args!("mailbox:{id}"), json!({}));
        }
        Ok(())
    }

    /// Turns off every mailbox but these.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_mailboxes(&mut self, keep: &[MailboxId], actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let active = sql("select id from mailbox where tenant_id = $1 and active = 1 order by id")
            .bind(tenant)
            .all(self.on())
            .await?;
        for row in &active {
            let id: MailboxId = row.get(0)?;
            if !keep.contains(&id) {
                self.set_mailbox_active(id, false, actor).await?;
            }
        }
        Ok(())
    }

    /// Moves a cursor forward, never back; for a new UIDVALIDITY, to wherever it is said to be. Call it in the
    /// transaction that takes the mail in. Not an event: it follows from the mail that is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_cursor(&mut self, cursor: &Cursor) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into cursor (mailbox_id, tenant_id, folder, uid_validity, last_uid) \
             select m.id, m.tenant_id, $3, $4, $5 from mailbox m where m.id = $1 and m.tenant_id = $2 \
             on conflict (mailbox_id, folder) do update set uid_validity = excluded.uid_validity, \
             last_uid = excluded.last_uid \
             where cursor.uid_validity <> excluded.uid_validity or cursor.last_uid < excluded.last_uid")
        .bind(cursor.mailbox)
        .bind(tenant)
        .bind(&cursor.folder)
        .bind(cursor.uid_validity)
        .bind(cursor.last_uid)
        .run(self.on())
        .await?;
        Ok(())
    }
}
