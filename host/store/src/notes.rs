//! Notes on tickets: what agents tell each other, never sent to anybody; and whom they speak to.
//!
//! The chain keeps that a note was written, changed or deleted, by whom, and the hash of what it said: what was deleted is gone, and
//! what was said can still be proved by who has it.

use crate::sql::{Connection, Row, sql};
use crate::tickets::{by_id, snippet};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::mention::{self, Person};
use posthouse_model::role::Role;
use posthouse_model::{AgentId, TenantId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Characters of a note.
pub const NOTE_CHARS_MAX: usize = 10_000;
/// Notes on one ticket.
pub const NOTES_MAX: usize = 500;
/// People that one note speaks to.
pub const MENTIONS_MAX: usize = 20;

/// A note on a ticket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoteRow {
    /// Its id.
    pub id: i64,
    /// Who wrote it, as [`Actor::as_text`].
    pub author: String,
    /// Plain text.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
}

/// A note that speaks to an agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MentionRow {
    /// Of its ticket: #1042.
    pub number: i64,
    /// Of its ticket.
    pub subject: String,
    /// The note.
    pub note: i64,
    /// Who wrote it, as [`Actor::as_text`].
    pub author: String,
    /// Its beginning, on one line.
    pub snippet: String,
    /// When it was written.
    pub at: Timestamp,
    /// When she opened the ticket after that.
    pub read_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<NoteRow> {
    let mut row = row.reader();
    Ok(NoteRow {
        id: row.next()?,
        author: row.next()?,
        body: row.next()?,
        created_at: row.next()?,
        edited_at: row.next()?,
    })
}

/// Notes of a ticket, oldest first.
pub(crate) async fn of_ticket(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<NoteRow>> {
    sql("select id, author, body, created_at, edited_at from note where tenant_id + 0 = $1 and ticket_id = $2 \
         order by created_at, id limit 1000")
    .bind(tenant)
    .bind(ticket)
    .all(on)
    .await?
    .iter()
    .map(read)
    .collect()
}

impl Scope {
    /// Notes that speak to an agent, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mentions(&self, agent: AgentId, limit: u32) -> Result<Vec<MentionRow>> {
        let rows =
            sql("select t.number, t.subject, n.id, n.author, n.body, n.created_at, m.read_at, t.queue from mention m \
             join note n on n.id = m.note_id join ticket t on t.id = n.ticket_id \
             where m.tenant_id + 0 = $1 and m.agent_id = $2 order by m.note_id desc limit $3")
            .bind(self.tenant)
            .bind(agent)
            .bind(limit)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .filter(|row| {
                !self.is_narrowed() || row.get(7).is_ok_and(|queue: Option<String>| self.sees(queue.as_deref()))
            })
            .map(|row| {
                let mut row = row.reader();
                Ok(MentionRow {
                    number: row.next()?,
                    subject: row.next()?,
                    note: row.next()?,
                    author: row.next()?,
                    snippet: snippet(&row.next::<String>()?),
                    at: row.next()?,
                    read_at: row.next()?,
                })
            })
            .collect()
    }

    /// How many notes speak to an agent whose tickets she has not opened since, and whether one is on this ticket.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unread_mentions(&self, agent: AgentId, ticket: Option<TicketId>) -> Result<(u64, bool)> {
        let rows = sql("select t.queue, n.ticket_id, count(*) from mention m join note n on n.id = m.note_id \
             join ticket t on t.id = n.ticket_id where m.tenant_id + 0 = $1 and m.agent_id = $2 and m.read_at is null \
             group by t.queue, n.ticket_id")
        .bind(self.tenant)
        .bind(agent)
        .all(&mut *self.read().await?)
        .await?;
        let (mut count, mut here) = (0, false);
        for row in rows {
            let (queue, of, notes): (Option<String>, TicketId, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if self.sees(queue.as_deref()) {
                count += u64::try_from(notes).unwrap_or(0);
                here |= ticket == Some(of);
            }
        }
        Ok((count, here))
    }
}

impl Tx {
    /// Writes a note; its id. Everybody it speaks to (see [`mention::find`]), the writer aside, has it among her mentions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a note that is empty or longer than [`NOTE_CHARS_MAX`], one that speaks to
    /// more than [`MENTIONS_MAX`] people, and one more than [`NOTES_MAX`] on a ticket.
    pub async fn add_note(&mut self, ticket: TicketId, body: &str, actor: &Actor) -> Result<i64> {
        let body = text(body)?;
        let (tenant, now) = (self.tenant(), self.now());
        by_id(self.on(), tenant, ticket).await?.is_here()?;
        let there: i64 = sql("select count(*) from note where tenant_id + 0 = $1 and ticket_id = $2")
            .bind(tenant)
            .bind(ticket)
            .one(self.on())
            .await?
            .get(0)?;
        if there >= NOTES_MAX as i64 {
            return Err(StoreError::refused(format_args!(
                "a ticket takes at most {NOTES_MAX} notes: delete some first"
            )));
        }
        let people = self.spoken_to(body, actor).await?;
        let note: i64 = sql("insert into note (tenant_id, ticket_id, author, body, created_at) \
             values ($1, $2, $3, $4, $5) returning id")
        .bind(tenant)
        .bind(ticket)
        .bind(actor.as_text())
        .bind(body)
        .bind(now)
        .one(self.on())
        .await?
        .get(0)?;
        self.set_mentions(note, &people).await?;
        self.touch(ticket).await?;
        let data = json!({ "note": note, "sha256": hash(body), "mentions": people });
        self.record(actor, "note.added", format_args!("ticket:{ticket}"), data);
        Ok(note)
    }

    /// Changes a note of one's own. The same text again changes nothing.
    ///
    /// # Errors
    /// As [`Tx::add_note`]; [`StoreError::Refused`] for somebody else's note.
    pub async fn edit_note(&mut self, ticket: TicketId, note: i64, body: &str, actor: &Actor) -> Result<()> {
        let body = text(body)?;
        let was = self.own_note(ticket, note, actor).await?;
        if was.body == body {
            return Ok(());
        }
        let people = self.spoken_to(body, actor).await?;
        let (tenant, now) = (self.tenant(), self.now());
        sql("update note set body = $1, edited_at = $2 where tenant_id + 0 = $3 and id = $4")
            .bind(body)
            .bind(now)
            .bind(tenant)
            .bind(note)
            .run(self.on())
            .await?;
        self.set_mentions(note, &people).await?;
        self.touch(ticket).await?;
        let data = json!({ "note": note, "was_sha256": hash(&was.body), "sha256": hash(body), "mentions": people });
        self.record(actor, "note.edited", format_args!("ticket:{ticket}"), data);
        Ok(())
    }

    /// Deletes a note of one's own: its text is gone, and that it was there stays on record.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for somebody else's note.
    pub async fn delete_note(&mut self, ticket: TicketId, note: i64, actor: &Actor) -> Result<()> {
        let was = self.own_note(ticket, note, actor).await?;
        let tenant = self.tenant();
        sql("delete from note where tenant_id + 0 = $1 and id = $2").bind(tenant).bind(note).run(self.on()).await?;
        self.touch(ticket).await?;
        let data = json!({ "note": note, "was_sha256": hash(&was.body) });
        self.record(actor, "note.deleted", format_args!("ticket:{ticket}"), data);
        Ok(())
    }

    /// An agent has opened a ticket: the notes on it that speak to her are read. How many were new to her.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn read_mentions(&mut self, ticket: TicketId, agent: AgentId, actor: &Actor) -> Result<u64> {
        let (tenant, now) = (self.tenant(), self.now());
        let read =
            sql("update mention set read_at = $1 where tenant_id + 0 = $2 and agent_id = $3 and read_at is null \
             and note_id in (select n.id from note n where n.ticket_id = $4)")
            .bind(now)
            .bind(tenant)
            .bind(agent)
            .bind(ticket)
            .run(self.on())
            .await?;
        if read > 0 {
            self.record(actor, "note.read", format_args!("ticket:{ticket}"), json!({ "notes": read }));
        }
        Ok(read)
    }

    async fn own_note(&mut self, ticket: TicketId, note: i64, actor: &Actor) -> Result<NoteRow> {
        let tenant = self.tenant();
        by_id(self.on(), tenant, ticket).await?.is_here()?;
        let row = sql("select id, author, body, created_at, edited_at from note \
             where tenant_id + 0 = $1 and ticket_id = $2 and id = $3")
        .bind(tenant)
        .bind(ticket)
        .bind(note)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("note {note}")))?;
        let row = read(&row)?;
        if row.author == actor.as_text() {
            Ok(row)
        } else {
            Err(StoreError::refused("only who wrote a note may change or delete it"))
        }
    }

    /// Whom a text speaks to: those who may work on tickets, the writer aside.
    async fn spoken_to(&mut self, body: &str, actor: &Actor) -> Result<Vec<AgentId>> {
        let tenant = self.tenant();
        let rows = sql("select id, name, email, role from agent where tenant_id = $1 and active = 1 order by id")
            .bind(tenant)
            .all(self.on())
            .await?;
        let mut people = Vec::new();
        for row in &rows {
            let mut row = row.reader();
            let person = Person { id: row.next()?, name: row.next()?, email: row.next()? };
            if row.next::<Role>()?.may_act() && Actor::Agent(person.email.clone()) != *actor {
                people.push(person);
            }
        }
        let mut found: Vec<AgentId> = mention::find(body, &people).into_iter().flat_map(|one| one.people).collect();
        found.sort_unstable();
        found.dedup();
        if found.len() > MENTIONS_MAX {
            return Err(StoreError::refused(format_args!(
                "a note may speak to {MENTIONS_MAX} people; this one speaks to {}",
                found.len()
            )));
        }
        Ok(found)
    }

    /// Who was spoken to before keeps whether she has read it.
    async fn set_mentions(&mut self, note: i64, people: &[AgentId]) -> Result<()> {
        let tenant = self.tenant();
        let before = sql("select agent_id from mention where tenant_id + 0 = $1 and note_id = $2")
            .bind(tenant)
            .bind(note)
            .all(self.on())
            .await?;
        for row in &before {
            let agent: AgentId = row.get(0)?;
            if !people.contains(&agent) {
                sql("delete from mention where tenant_id + 0 = $1 and agent_id = $2 and note_id = $3")
                    .bind(tenant)
                    .bind(agent)
                    .bind(note)
                    .run(self.on())
                    .await?;
            }
        }
        for agent in people {
            sql("insert into mention (tenant_id, agent_id, note_id) values ($1, $2, $3) on conflict (agent_id, note_id) do nothing")
                .bind(tenant)
                .bind(*agent)
                .bind(note)
                .run(self.on())
                .await?;
        }
        Ok(())
    }

    /// Something about the ticket has changed that is in none of its columns.
    async fn touch(&mut self, ticket: TicketId) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set version = version + 1, updated_at = $1 where tenant_id = $2 and id = $3")
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        Ok(())
    }
}

fn text(body: &str) -> Result<&str> {
    let body = body.trim();
    let length = body.chars().count();
    if (1..=NOTE_CHARS_MAX).contains(&length) {
        Ok(body)
    } else {
        Err(StoreError::refused(format_args!("a note has 1 to {NOTE_CHARS_MAX} characters; this one has {length}")))
    }
}

fn hash(body: &str) -> String {
    hex::encode(Sha256::digest(body))
}
