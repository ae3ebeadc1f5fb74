//! Messages: how a mail once read is kept, and reading it back.

use crate::sql::{Connection, Json, Row, sql};
use crate::{Result, Scope, StoreError, search};
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Direction, Outcome};
use posthouse_model::{MailboxId, MessageId, TenantId, TicketId, Timestamp};
use serde::Serialize;

/// A mail's bytes are kept in pieces of this size.
const PIECE_BYTES: usize = 1 << 20;

/// A message, whole but for its raw bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// None when it was parked or is a duplicate.
    pub ticket: Option<TicketId>,
    /// Where it came in or went out.
    pub mailbox: MailboxId,
    /// Which way.
    pub direction: Direction,
    /// Message-ID without angle brackets, or the identity made up for a mail that has none.
    pub identity: String,
    /// Where it ended.
    pub outcome: Outcome,
    /// Why, for everything but a ticket.
    pub reason: Option<Reason>,
    /// By its own Date header when that is sane, else when the server got it.
    pub at: Timestamp,
    /// When the server got it.
    pub received_at: Timestamp,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Size of the raw bytes.
    pub size: i64,
    /// When a person took it up although it had been left out: screening lets it pass.
    pub taken_up_at: Option<Timestamp>,
    /// When its bytes and texts were let go; sender and subject stay.
    pub emptied_at: Option<Timestamp>,
    /// Once read.
    pub read: ReadMail,
}

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageSummary {
    /// Its id.
    pub id: MessageId,
    /// Where it came in or went out.
    pub mailbox: MailboxId,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// Its ticket's number.
    pub ticket_number: Option<i64>,
    /// From.
    pub from: Option<Address>,
    /// Decoded.
    pub subject: String,
    /// Where it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<Reason>,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Size of the raw bytes.
    pub size: i64,
    /// When its bytes and texts were let go.
    pub emptied_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, ticket_id, mailbox_id, direction, identity, outcome, reason_code, reason, at, received_at, stored_at, \
             size, taken_up_at, emptied_at, read_json, body_text, full_text, html from message ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<MessageRow> {
    let mut row = row.reader();
    Ok(MessageRow {
        id: row.next()?,
        ticket: row.next()?,
        mailbox: row.next()?,
        direction: row.next()?,
        identity: row.next()?,
        outcome: row.next()?,
        reason: reason(row.next()?, row.next()?),
        at: row.next()?,
        received_at: row.next()?,
        stored_at: row.next()?,
        size: row.next()?,
        taken_up_at: row.next()?,
        emptied_at: row.next()?,
        read: {
            let mut mail: ReadMail = row.json()?;
            mail.reply_text = row.next()?;
            let full: Option<String> = row.next()?;
            mail.text = full.unwrap_or_else(|| mail.reply_text.clone());
            mail.html = row.next()?;
            mail
        },
    })
}

/// A reason as it is kept: in two columns.
fn reason(code: Option<ReasonCode>, words: Option<String>) -> Option<Reason> {
    let words = words?;
    Some(Reason { code: code.unwrap_or(ReasonCode::Unnumbered), words })
}

impl Scope {
    /// One message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn message(&self, id: MessageId) -> Result<MessageRow> {
        let mut on = self.read().await?;
        self.admit_message(&mut on, id).await?;
        by_id(&mut on, self.tenant, id).await
    }

    /// Its bytes as they came or went.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn raw(&self, id: MessageId) -> Result<Vec<u8>> {
        let mut on = self.read().await?;
        self.admit_message(&mut on, id).await?;
        let row =
            sql("select r.content, m.size, (select count(*) from raw_piece p where p.message_id = r.message_id) \
             from raw_message r join message m on m.id = r.message_id where r.tenant_id = $1 and r.message_id = $2")
            .bind(self.tenant)
            .bind(id)
            .optional(&mut on)
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("message {id}")))?;
        let (mut raw, size, pieces): (Vec<u8>, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        drop(row);
        if pieces > 0 {
            raw.reserve_exact(usize::try_from(size).unwrap_or_default().saturating_sub(raw.len()));
        }
        for position in 1..=pieces {
            let piece = sql("select content from raw_piece where tenant_id = $1 and message_id = $2 and position = $3")
                .bind(self.tenant)
                .bind(id)
                .bind(position)
                .one(&mut on)
                .await?;
            raw.extend_from_slice(&piece.get::<Vec<u8>>(0)?);
        }
        Ok(raw)
    }

    /// The newest messages of a ticket, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn thread(&self, ticket: TicketId, limit: u32) -> Result<Vec<MessageRow>> {
        let mut on = self.read().await?;
        self.admit_of(&mut on, Some(ticket), "ticket", ticket.0).await?;
        thread(&mut on, self.tenant, ticket, limit).await
    }

    /// Messages that ended in a place, newest first, only those before an id when given: the parked, the skipped.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn messages_by_outcome(
        &self,
        outcome: Outcome,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageSummary>> {
        let rows =
            sql("select m.id, m.mailbox_id, m.ticket_id, t.number, m.read_json, m.outcome, m.reason_code, m.reason, \
             m.stored_at, m.size, m.emptied_at, t.queue from message m left join ticket t on t.id = m.ticket_id \
             where m.tenant_id = $1 and m.outcome = $2 and m.id < $3 order by m.id desc limit $4")
            .bind(self.tenant)
            .bind(outcome)
            .bind(before.map_or(i64::MAX, |id| id.0))
            .bind(limit.min(500))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .filter(|row| {
                !self.is_narrowed() || row.get(11).is_ok_and(|queue: Option<String>| self.sees(queue.as_deref()))
            })
            .map(|row| {
                let mut row = row.reader();
                let (id, mailbox, ticket, ticket_number) = (row.next()?, row.next()?, row.next()?, row.next()?);
                let ReadMail { from, subject, .. } = row.json()?;
                Ok(MessageSummary {
                    id,
                    mailbox,
                    ticket,
                    ticket_number,
                    from,
                    subject,
                    outcome: row.next()?,
                    reason: reason(row.next()?, row.next()?),
                    stored_at: row.next()?,
                    size: row.next()?,
                    emptied_at: row.next()?,
                })
            })
            .collect()
    }
}

pub(crate) async fn by_id(on: &mut Connection, tenant: TenantId, id: MessageId) -> Result<MessageRow> {
    let row = sql(select!("where tenant_id = $1 and id = $2")).bind(tenant).bind(id).optional(on).await?;
    read(&row.ok_or_else(|| StoreError::not_found(format_args!("message {id}")))?)
}

/// The newest messages of a ticket, newest first.
pub(crate) async fn thread(
    on: &mut Connection,
    tenant: TenantId,
    ticket: TicketId,
    limit: u32,
) -> Result<Vec<MessageRow>> {
    let rows = sql(select!("where tenant_id = $1 and ticket_id = $2 order by at desc, id desc limit $3"))
        .bind(tenant)
        .bind(ticket)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

/// A message about to be written.
pub(crate) struct NewMessage<'a> {
    pub(crate) ticket: Option<TicketId>,
    pub(crate) mailbox: MailboxId,
    pub(crate) folder: &'a str,
    pub(crate) source_key: &'a str,
    pub(crate) direction: Direction,
    pub(crate) identity: &'a str,
    pub(crate) content_hash: &'a str,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'a Reason>,
    pub(crate) at: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) stored_at: Timestamp,
    pub(crate) read: &'a ReadMail,
    pub(crate) raw: &'a [u8],
}

/// Writes a message and its bytes.
pub(crate) async fn insert(on: &mut Connection, tenant: TenantId, new: &NewMessage<'_>) -> Result<MessageId> {
    // The texts have columns of their own.
    let light = ReadMail { text: String::new(), reply_text: String::new(), html: None, ..new.read.clone() };
    let full = (new.read.text != new.read.reply_text).then_some(&new.read.text);
    let id: MessageId = sql("insert into message (tenant_id, ticket_id, mailbox_id, folder, source_key, direction, \
         identity, content_hash, from_key, outcome, reason, at, received_at, stored_at, size, read_json, body_text, \
         full_text, html, reason_code) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) returning id")
    .bind(tenant)
    .bind(new.ticket)
    .bind(new.mailbox)
    .bind(new.folder)
    .bind(new.source_key)
    .bind(new.direction)
    .bind(new.identity)
    .bind(new.content_hash)
    .bind(from_key(new.read))
    .bind(new.outcome)
    .bind(new.reason.map(|reason| &reason.words))
    .bind(new.at)
    .bind(new.received_at)
    .bind(new.stored_at)
    .bind(i64::try_from(new.raw.len()).unwrap_or(i64::MAX))
    .bind(Json(&light))
    .bind(&new.read.reply_text)
    .bind(full)
    .bind(new.read.html.as_ref())
    .bind(new.reason.map(|reason| reason.code))
    .one(on)
    .await?
    .get(0)?;
    // Each is copied several times on its way into the database, a whole mail of 50 MB would be too.
    let mut pieces = new.raw.chunks(PIECE_BYTES);
    sql("insert into raw_message (message_id, tenant_id, content) values ($1, $2, $3)")
        .bind(id)
        .bind(tenant)
        .bind(pieces.next().unwrap_or_default())
        .run(on)
        .await?;
    for (piece, position) in pieces.zip(1_i64..) {
        sql("insert into raw_piece (message_id, tenant_id, position, content) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(tenant)
            .bind(position)
            .bind(piece)
            .run(on)
            .await?;
    }
    if new.ticket.is_some() {
        search::add_mail(on, tenant, id, new.read).await?;
    }
    Ok(id)
}

/// The sender's address in the form used to compare; empty when there is none.
pub(crate) fn from_key(mail: &ReadMail) -> String {
    mail.from.as_ref().map(Address::key).unwrap_or_default()
}
