//! Files that go with replies: added while a reply is written, sent with the one that is approved next.
//!
//! A reply that fails keeps its files, so that it can be tried again as it was, and they are offered again for the reply that is
//! written instead. One that is taken back gives them back.

use crate::sql::{Connection, Row, sql, sql_of};
use crate::tickets::by_id;
use crate::{OutboxRow, Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::mail::Attachment;
use posthouse_model::{OutboxId, TenantId, TicketId, picture};
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

/// SQL: the file `f` that belongs to a mail is also, the same, among those of the next reply.
const OFFERED: &str = "select p.id from reply_file p where p.tenant_id = f.tenant_id and p.ticket_id = f.ticket_id \
     and p.outbox_id is null and p.name = f.name and p.size = f.size and p.content = f.content";

/// A file of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplyFile {
    /// Its id.
    pub id: i64,
    /// What it is called. Untrusted text.
    pub name: String,
    /// `application/pdf`; one of a picture ([`picture::is_kind`]) only where its first bytes say so.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
}

impl ReplyFile {
    /// Its name when it is a picture that can be shown in the text, else nothing: as [`picture::pieces`] wants it.
    #[must_use]
    pub fn picture_name(&self) -> &str {
        if picture::is_kind(&self.media_type) { &self.name } else { "" }
    }
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
        self.admit_of(&mut *self.read().await?, Some(ticket), "ticket", ticket.0).await?;
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

    /// One file that goes with the next reply to a ticket, with its bytes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reply_file(&self, ticket: TicketId, id: i64) -> Result<Option<(ReplyFile, Vec<u8>)>> {
        self.admit_of(&mut *self.read().await?, Some(ticket), "ticket", ticket.0).await?;
        sql("select id, name, media_type, size, content from reply_file where tenant_id = $1 and ticket_id = $2 and id = $3 \
             and outbox_id is null")
        .bind(self.tenant)
        .bind(ticket)
        .bind(id)
        .optional(&mut *self.read().await?)
        .await?
        .map(|row| Ok((read(&row)?, row.get(4)?)))
        .transpose()
    }

    /// Whether this very file, by name and bytes, goes with the next reply to a ticket already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_reply_file(&self, ticket: TicketId, file: &NewReplyFile<'_>) -> Result<bool> {
        Ok(there_already(&mut *self.read().await?, self.tenant, ticket, file).await?.is_ok())
    }

    /// Names of what goes with an approved mail, in the order it was added; see [`Scope::outbox_files`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn outbox_file_names(&self, outbox: OutboxId) -> Result<Vec<String>> {
        sql("select name from reply_file where tenant_id = $1 and outbox_id = $2 order by id")
            .bind(self.tenant)
            .bind(outbox)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(|row| row.get(0))
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

/// The name as it is kept.
fn plain_name(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    if name.trim().is_empty() { "file".to_owned() } else { name.trim().to_owned() }
}

/// `label.png`, `label (2).png` …: how a file of this name is called, the first, the second …
fn numbered(name: &str, number: usize) -> String {
    match (number, name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())) {
        (0..=1, _) => name.to_owned(),
        (_, Some((stem, ending))) => format!("{stem} ({number}).{ending}"),
        (_, None) => format!("{name} ({number})"),
    }
}

/// The file's id when it is there, by name and bytes; else the name that is free for it.
async fn there_already(
    on: &mut Connection,
    tenant: TenantId,
    ticket: TicketId,
    file: &NewReplyFile<'_>,
) -> Result<std::result::Result<i64, String>> {
    let rows = sql("select id, name, case when size = $3 then content end from reply_file \
         where tenant_id = $1 and ticket_id = $2 and outbox_id is null order by id")
    .bind(tenant)
    .bind(ticket)
    .bind(i64::try_from(file.content.len()).unwrap_or(i64::MAX))
    .all(on)
    .await?;
    let mut taken: Vec<(i64, String, bool)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let same = row.get::<Option<Vec<u8>>>(2)?.is_some_and(|content| content == file.content);
        taken.push((row.get(0)?, row.get(1)?, same));
    }
    let name = plain_name(file.name);
    // One of so many is free.
    for number in 1..=taken.len() {
        let called = numbered(&name, number);
        match taken.iter().find(|(_, other, _)| *other == called) {
            Some((id, _, true)) => return Ok(Ok(*id)),
            Some(_) => {}
            None => return Ok(Err(called)),
        }
    }
    Ok(Err(numbered(&name, taken.len() + 1)))
}

impl Tx {
    /// Adds a file to the reply that is being written. The very same one is there once, however often it is added; another one of
    /// the same name gets a number, since names are what the text refers to. A picture is what its first bytes say it is.
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
        let name = match there_already(self.on(), tenant, ticket, file).await? {
            Ok(id) => return Ok(id),
            Err(name) => name,
        };
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
        let media_type = match picture::kind(file.content) {
            Some(kind) => kind,
            None if picture::is_kind(file.media_type) => "application/octet-stream",
            None => file.media_type,
        };
        let size = i64::try_from(file.content.len()).unwrap_or(i64::MAX);
        let id: i64 =
            sql("insert into reply_file (tenant_id, ticket_id, name, media_type, size, content, added_by, added_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id")
            .bind(tenant)
            .bind(ticket)
            .bind(&name)
            .bind(media_type)
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

    /// The text shows what there is, and what there is fits into a reply: files may have come back from one that was taken back.
    pub(crate) async fn files_fit(&mut self, ticket: TicketId, body: &str, automatic: bool) -> Result<()> {
        let tenant = self.tenant();
        let rows = sql("select id, name, media_type, size from reply_file \
             where tenant_id = $1 and ticket_id = $2 and outbox_id is null order by id")
        .bind(tenant)
        .bind(ticket)
        .all(self.on())
        .await?;
        // None of them goes with a mail that no person wrote.
        let rows = if automatic { &rows[..0] } else { &rows[..] };
        let files = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        let names: Vec<&str> = files.iter().map(ReplyFile::picture_name).collect();
        if let Some(name) = picture::unknown(body, &names) {
            return Err(StoreError::refused(format_args!(
                "the text says {}, and no picture of that name is among the files: add it, or take this out",
                picture::mark(name)
            )));
        }
        if !fits(&files) {
            return Err(StoreError::refused(format_args!(
                "a reply takes at most {REPLY_FILES_MAX} files and {} MB in all: take some away",
                REPLY_BYTES_MAX >> 20
            )));
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

    /// A mail does not go out: its files go with the next one, once each.
    pub(crate) async fn files_come_back(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql_of(format!(
            "delete from reply_file as f where f.tenant_id = $1 and f.outbox_id = $2 and exists ({OFFERED})"
        ))
        .bind(tenant)
        .bind(outbox)
        .run(self.on())
        .await?;
        sql("update reply_file set outbox_id = null where tenant_id = $1 and outbox_id = $2")
            .bind(tenant)
            .bind(outbox)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// A mail failed: it keeps its files, and the next reply has them too.
    pub(crate) async fn files_are_offered(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql_of(format!(
            "insert into reply_file (tenant_id, ticket_id, name, media_type, size, content, added_by, added_at) \
             select f.tenant_id, f.ticket_id, f.name, f.media_type, f.size, f.content, f.added_by, f.added_at \
             from reply_file f where f.tenant_id = $1 and f.outbox_id = $2 and not exists ({OFFERED}) order by f.id"
        ))
        .bind(tenant)
        .bind(outbox)
        .run(self.on())
        .await?;
        Ok(())
    }

    /// A mail that failed goes out after all, with its files: the next reply does not have them.
    pub(crate) async fn files_are_wanted(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql("delete from reply_file where tenant_id = $1 and outbox_id is null and exists (select f.id from reply_file f \
             where f.tenant_id = $1 and f.outbox_id = $2 and f.ticket_id = reply_file.ticket_id and f.name = reply_file.name \
             and f.size = reply_file.size and f.content = reply_file.content)")
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

    /// The files of a mail as the thread lists them: as they stand among its parts, those that its text shows first.
    pub(crate) async fn files_of(&mut self, mail: &OutboxRow) -> Result<Vec<Attachment>> {
        let tenant = self.tenant();
        let rows = sql("select id, name, media_type, size, content from reply_file where tenant_id = $1 and outbox_id = $2 order by id")
            .bind(tenant)
            .bind(mail.id)
            .all(self.on())
            .await?;
        let mut files = Vec::with_capacity(rows.len());
        for row in &rows {
            files.push((read(row)?, row.get::<Vec<u8>>(4)?));
        }
        let shown =
            files_shown(&mail.body, files.iter().map(|(file, content)| (file.name.as_str(), content.as_slice())));
        let (pictures, others): (Vec<_>, Vec<_>) = files.into_iter().zip(shown).partition(|(_, shown)| *shown);
        // Both kinds have a part around them, and the text is in the inner one.
        let first = FIRST_PART + u32::from(!pictures.is_empty() && !others.is_empty());
        let listed = |((file, content), inline): ((ReplyFile, Vec<u8>), bool), number: u32| Attachment {
            name: Some(file.name),
            media_type: file.media_type,
            size: u64::try_from(file.size).unwrap_or_default(),
            sha256: hex::encode(Sha256::digest(&content)),
            part: first + number,
            content_id: inline.then(|| picture::content_id(&mail.message_id, number as usize + 1)),
            inline,
        };
        Ok(pictures.into_iter().chain(others).zip(0..).map(|(file, number)| listed(file, number)).collect())
    }
}

/// Which files, by name and bytes, a text shows where its marks stand. What is no picture by its first bytes is never shown.
pub fn files_shown<'f>(body: &str, files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Vec<bool> {
    let names: Vec<&str> =
        files.map(|(name, content)| if picture::kind(content).is_some() { name } else { "" }).collect();
    picture::shown(body, &names)
}

fn fits(files: &[ReplyFile]) -> bool {
    let bytes: i64 = files.iter().map(|file| file.size).fold(0, i64::saturating_add);
    files.len() <= REPLY_FILES_MAX && usize::try_from(bytes).is_ok_and(|bytes| bytes <= REPLY_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_before_their_ending() {
        for (name, second) in
            [("label.png", "label (2).png"), ("a.tar.gz", "a.tar (2).gz"), ("label", "label (2)"), (".png", ".png (2)")]
        {
            assert_eq!((numbered(name, 1).as_str(), numbered(name, 2).as_str()), (name, second));
        }
        assert_eq!((plain_name("\n a\r.png "), plain_name(" \t")), ("a.png".to_owned(), "file".to_owned()));
    }
}
