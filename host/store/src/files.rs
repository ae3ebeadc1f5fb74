//! Files that go with replies: added while a reply is written, sent with the one that is approved next.

use crate::sql::{Row, sql};
use crate::tickets::by_id;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::mail::Attachment;
use posthouse_model::{OutboxId, TicketId};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Files of one reply.
pub const REPLY_FILES_MAX: usize = 20;
/// Bytes of all files of one reply: a third more on the wire, where 25 MB is what most mail servers take.
pub const REPLY_BYTES_MAX: usize = 18 << 20;
/// Characters of a file's name that are kept.
const NAME_CHARS_MAX: usize = 150;
/// Where the first file stands among the parts of a mail of ours: after the whole, the alternative, its text and its HTML.
const FIRST_PART: u32 = 4;

/// A file of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplyFile {
    /// Its id.
    pub id: i64,
    /// What it is called. Untrusted text.
    pub name: String,
    /// `application/pdf`
    pub media_type: String,
    /// In bytes.
    pub size: i64,
}

/// A file about to be added.
#[derive(Clone, Debug)]
pub struct NewReplyFile<'a> {
    /// What it is called.
    pub name: &'a str,
    /// `application/pdf`
    pub media_type: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
}

fn read(row: &Row) -> Result<ReplyFile> {
    let mut row = row.reader();
    Ok(ReplyFile { id: row.next()?, name: row.next()?, media_type: row.next()?, size: row.next()? })
}

impl Scope {
    /// What goes with the next reply to a ticket, in the order it was added.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reply_files(&self, ticket: TicketId) -> Result<Vec<ReplyFile>> {
        sql("select id, name, media_type, size from reply_file where tenant_id = $1 and ticket_id = $2 \
             and outbox_id is null order by id")
        .bind(self.tenant)
        .bind(ticket)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// What goes with an approved mail, with the bytes, in the order it was added. Nothing once the mail is sent and kept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn outbox_files(&self, outbox: OutboxId) -> Result<Vec<(ReplyFile, Vec<u8>)>> {
        sql("select id, name, media_type, size, content from reply_file where tenant_id = $1 and outbox_id = $2 order by id")
            .bind(self.tenant)
            .bind(outbox)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(|row| Ok((read(row)?, row.get(4)?)))
            .collect()
    }
}

impl Tx {
    /// Adds a file to the reply that is being written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a file without bytes, the twenty-first, and what is more than 18 MiB in
    /// all.
    pub async fn add_reply_file(&mut self, ticket: TicketId, file: &NewReplyFile<'_>, actor: &Actor) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        by_id(self.on(), tenant, ticket).await?.is_here()?;
        if file.content.is_empty() {
            return Err(StoreError::refused("the file is empty"));
        }
        let row = sql("select count(*), cast(coalesce(sum(size), 0) as bigint) from reply_file \
             where tenant_id = $1 and ticket_id = $2 and outbox_id is null")
        .bind(tenant)
        .bind(ticket)
        .one(self.on())
        .await?;
        let (count, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        let whole = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        if whole(count) >= REPLY_FILES_MAX {
            return Err(StoreError::refused(format_args!("a reply takes at most {REPLY_FILES_MAX} files")));
        }
        if whole(bytes).saturating_add(file.content.len()) > REPLY_BYTES_MAX {
            let most = REPLY_BYTES_MAX >> 20;
            return Err(StoreError::refused(format_args!(
                "the files of one reply may have {most} MB in all, since mail servers take no more: send a link instead"
            )));
        }
        let name: String = file.name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        let name = if name.trim().is_empty() { "file" } else { name.trim() };
        let size = i64::try_from(file.content.len()).unwrap_or(i64::MAX);
        let id: i64 =
            sql("insert into reply_file (tenant_id, ticket_id, name, media_type, size, content, added_by, added_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id")
            .bind(tenant)
            .bind(ticket)
            .bind(name)
            .bind(file.media_type)
            .bind(size)
            .bind(file.content)
            .bind(actor.as_text())
            .bind(now)
            .one(self.on())
            .await?
            .get(0)?;
        let sha256 = hex::encode(Sha256::digest(file.content));
        let data = json!({ "name": name, "size": size, "sha256": sha256 });
        self.record(actor, "reply.file-added", format_args!("ticket:{ticket}"), data);
        Ok(id)
    }

    /// Takes a file away again. One that is gone, or on its way, is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_reply_file(&mut self, ticket: TicketId, id: i64, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let gone =
            sql("delete from reply_file where tenant_id = $1 and ticket_id = $2 and id = $3 and outbox_id is null \
             returning name")
            .bind(tenant)
            .bind(ticket)
            .bind(id)
            .optional(self.on())
            .await?;
        if let Some(row) = gone {
            let name: String = row.get(0)?;
            self.record(actor, "reply.file-removed", format_args!("ticket:{ticket}"), json!({ "name": name }));
        }
        Ok(())
    }

    /// What was added goes with this mail; how many files.
    pub(crate) async fn files_go_with(&mut self, ticket: TicketId, outbox: OutboxId) -> Result<u64> {
        let tenant = self.tenant();
        sql("update reply_file set outbox_id = $1 where tenant_id = $2 and ticket_id = $3 and outbox_id is null")
            .bind(outbox)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await
    }

    /// A mail does not go out: its files go with the next one.
    pub(crate) async fn files_come_back(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql("update reply_file set outbox_id = null where tenant_id = $1 and outbox_id = $2")
            .bind(tenant)
            .bind(outbox)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// A mail is sent, and its bytes are kept with its message: the files need not be kept twice.
    pub(crate) async fn files_are_out(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from reply_file where tenant_id = $1 and outbox_id = $2")
            .bind(tenant)
            .bind(outbox)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// The files of a mail as the thread lists them.
    pub(crate) async fn files_of(&mut self, outbox: OutboxId) -> Result<Vec<Attachment>> {
        let tenant = self.tenant();
        let rows = sql("select id, name, media_type, size, content from reply_file where tenant_id = $1 and outbox_id = $2 order by id")
            .bind(tenant)
            .bind(outbox)
            .all(self.on())
            .await?;
        rows.iter()
            .zip(FIRST_PART..)
            .map(|(row, part)| {
                let (file, content) = (read(row)?, row.get::<Vec<u8>>(4)?);
                Ok(Attachment {
                    name: Some(file.name),
                    media_type: file.media_type,
                    size: u64::try_from(file.size).unwrap_or_default(),
                    sha256: hex::encode(Sha256::digest(&content)),
                    part,
                    content_id: None,
                    inline: false,
                })
            })
            .collect()
    }
}
