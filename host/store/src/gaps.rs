//! What the knowledge base does not answer: mails that no article speaks of, and articles proposed from how they were answered.

use crate::sql::sql;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{MessageId, TicketId, Timestamp};
use serde_json::json;

/// Largest proposal that is kept, in bytes.
pub const PROPOSAL_BYTES_MAX: usize = 32 * 1024;
/// Open gaps of a tenant; the oldest go first.
const GAPS_MAX: i64 = 1_000;

/// An article that is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedArticle {
    /// For people.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// A mail that no article speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    /// Its id.
    pub id: i64,
    /// Its ticket's number.
    pub number: i64,
    /// Its ticket's subject.
    pub subject: String,
    /// What it is about, as it was sorted.
    pub category: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// When it was found.
    pub at: Timestamp,
    /// Made from the reply that was sent.
    pub proposed: Option<ProposedArticle>,
}

/// One whose ticket was answered, and of which nothing was made yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredGap {
    /// Its id.
    pub id: i64,
    /// Its ticket.
    pub ticket: TicketId,
    /// The newest reply.
    pub reply: MessageId,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select g.id, t.number, t.subject, t.category, t.language, g.at, g.title, g.body, t.queue from gap g \
             join message m on m.id = g.message_id join ticket t on t.id = m.ticket_id \
             where g.tenant_id = $1 and g.state = 'open' ",
            $rest
        )
    };
}

impl Scope {
    /// Those that are open, the newest first: of tickets that are seen.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn gaps(&self, limit: u32) -> Result<Vec<GapRow>> {
        let rows = sql(select!("order by g.at desc, g.id desc limit $2"))
            .bind(self.tenant)
            .bind(limit)
            .all(&mut *self.read().await?)
            .await?;
        let seen = rows.iter().filter(|row| row.get(8).is_ok_and(|queue: Option<String>| self.sees(queue.as_deref())));
        seen.map(read).collect()
    }

    /// One that is open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for one that is settled, or of a ticket that is not seen.
    pub async fn gap(&self, id: i64) -> Result<GapRow> {
        let row = sql(select!("and g.id = $2")).bind(self.tenant).bind(id).optional(&mut *self.read().await?).await?;
        let row = row.ok_or_else(|| StoreError::not_found(format_args!("gap {id}")))?;
        let queue: Option<String> = row.get(8)?;
        self.admit(queue.as_deref(), format_args!("gap {id}"))?;
        read(&row)
    }

    /// Open ones whose ticket was answered and is closed, and that propose nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn answered_gaps(&self, limit: u32) -> Result<Vec<AnsweredGap>> {
        let rows = sql("select g.id, m.ticket_id, (select max(r.id) from message r where r.ticket_id = m.ticket_id \
             and r.direction = 'outgoing' and r.id > m.id) from gap g join message m on m.id = g.message_id \
             join ticket t on t.id = m.ticket_id where g.tenant_id = $1 and g.state = 'open' and g.body is null \
             and t.status in ('sent', 'handled') and exists (select r.id from message r where r.ticket_id = m.ticket_id \
             and r.direction = 'outgoing' and r.id > m.id) order by g.id limit $2")
        .bind(self.tenant)
        .bind(limit)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(AnsweredGap { id: row.next()?, ticket: row.next()?, reply: row.next()? })
            })
            .collect()
    }
}

fn read(row: &crate::sql::Row) -> Result<GapRow> {
    let mut row = row.reader();
    let (id, number, subject) = (row.next()?, row.next()?, row.next()?);
    let (category, language, at) = (row.next()?, row.next()?, row.next()?);
    let (title, body): (Option<String>, Option<String>) = (row.next()?, row.next()?);
    let proposed = title.zip(body).map(|(title, body)| ProposedArticle { title, body });
    Ok(GapRow { id, number, subject, category, language, at, proposed })
}

impl Tx {
    /// No article speaks of this mail. The same mail again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_gap(&mut self, message: MessageId, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let added = sql("insert into gap (tenant_id, message_id, state, at) values ($1, $2, 'open', $3) \
             on conflict (message_id) do nothing")
        .bind(tenant)
        .bind(message)
        .bind(now)
        .run(self.on())
        .await?;
        if added == 0 {
            return Ok(());
        }
        sql("delete from gap where tenant_id = $1 and state = 'open' and id <= \
             (select id from gap where tenant_id = $1 and state = 'open' order by id desc limit 1 offset $2)")
        .bind(tenant)
        .bind(GAPS_MAX)
        .run(self.on())
        .await?;
        self.record(actor, "gap.found", format_args!("message:{message}"), json!({}));
        Ok(())
    }

    /// Proposes an article for an open gap, made from how it was answered. A person approves it by saving it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a text beyond [`PROPOSAL_BYTES_MAX`].
    pub async fn propose_article(&mut self, gap: i64, article: &ProposedArticle, actor: &Actor) -> Result<()> {
        if article.body.len() > PROPOSAL_BYTES_MAX {
            return Err(StoreError::refused(format_args!("a proposed article has at most {PROPOSAL_BYTES_MAX} bytes")));
        }
        let tenant = self.tenant();
        let changed = sql("update gap set title = $1, body = $2 where tenant_id = $3 and id = $4 and state = 'open'")
            .bind(&article.title)
            .bind(&article.body)
            .bind(tenant)
            .bind(gap)
            .run(self.on())
            .await?;
        if changed > 0 {
            self.record(actor, "gap.proposed", format_args!("gap:{gap}"), json!({}));
        }
        Ok(())
    }

    /// Settles an open gap: by an article's id, or because none is needed. One that is settled already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn settle_gap(&mut self, gap: i64, article: Option<&str>, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let changed = sql("update gap set state = 'done', title = null, body = null, article = $1, settled_by = $2 \
             where tenant_id = $3 and id = $4 and state = 'open'")
        .bind(article)
        .bind(actor.as_text())
        .bind(tenant)
        .bind(gap)
        .run(self.on())
        .await?;
        if changed > 0 {
            self.record(actor, "gap.settled", format_args!("gap:{gap}"), json!({ "article": article }));
        }
        Ok(())
    }
}
