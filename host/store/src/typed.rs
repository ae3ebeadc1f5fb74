//! What agents are typing: kept while they type, so that no crash, no closed lid and no ended session loses it; and who writes at the
//! reply to a ticket, so that two do not answer one mail.
//!
//! Neither is a change of the ticket: it is no event until it is saved, and nobody else's page follows along for it.

use crate::drafts::{BODY_BYTES_MAX, by_draft_id};
use crate::sql::{Row, sql};
use crate::tickets::by_id;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{AgentId, DraftId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Who has not written for this long does not hold the reply any more.
pub const WRITING_LASTS: Duration = Duration::from_secs(60);
/// How long what was typed is kept.
pub const TYPED_LASTS: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Bytes of recipients and subject, each.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// What stands in an agent's editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTyped {
    /// The revision it is made from; none: her own text.
    pub draft: Option<DraftId>,
    /// To, as it was typed; at most 8 KiB, as Cc and the subject.
    pub to: String,
    /// Cc.
    pub cc: String,
    /// Subject line.
    pub subject: String,
    /// Plain text, at most 256 KiB.
    pub body: String,
}

/// What an agent has typed and not saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypedRow {
    /// Who.
    pub agent: AgentId,
    /// At which of the drafts beside each other; 0: her own.
    pub position: i64,
    /// The revision it is made from; none: her own text.
    pub draft: Option<DraftId>,
    /// To, as it was typed.
    pub to: String,
    /// Cc.
    pub cc: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it was kept.
    pub at: Timestamp,
}

/// Who writes at the reply to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Writing {
    /// Who.
    pub agent: AgentId,
    /// Since when.
    pub since: Timestamp,
}

fn read(row: &Row) -> Result<TypedRow> {
    let mut row = row.reader();
    Ok(TypedRow {
        agent: row.next()?,
        position: row.next()?,
        draft: row.next()?,
        to: row.next()?,
        cc: row.next()?,
        subject: row.next()?,
        body: row.next()?,
        at: row.next()?,
    })
}

impl Scope {
    /// What agents have typed at a ticket and not saved, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn typed(&self, ticket: TicketId) -> Result<Vec<TypedRow>> {
        sql("select agent_id, position, draft_id, recipients, copies, subject, body, at from typed \
             where tenant_id + 0 = $1 and ticket_id = $2 order by at desc, agent_id, position limit 50")
        .bind(self.tenant)
        .bind(ticket)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Who writes at the reply to a ticket now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn writing(&self, ticket: TicketId) -> Result<Option<Writing>> {
        let since = self.store.now().minus(WRITING_LASTS);
        sql("select agent_id, since from writing where tenant_id + 0 = $1 and ticket_id = $2 and seen_at > $3")
            .bind(self.tenant)
            .bind(ticket)
            .bind(since)
            .optional(&mut *self.read().await?)
            .await?
            .map(|row| Ok(Writing { agent: row.get(0)?, since: row.get(1)? }))
            .transpose()
    }
}

impl Tx {
    /// Keeps what stands in an agent's editor, in place of what was kept before, and holds the reply for her unless another holds it.
    /// Returns who holds it. Commit it with [`Tx::commit_quietly`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for more than is kept.
    pub async fn keep_typed(&mut self, ticket: TicketId, agent: AgentId, new: &NewTyped) -> Result<Writing> {
        let lines = [&new.to, &new.cc, &new.subject];
        if new.body.len() > BODY_BYTES_MAX || lines.iter().any(|line| line.len() > LINE_BYTES_MAX) {
            return Err(StoreError::refused(format_args!(
                "the text is longer than {} KiB: shorten it or send it as a file",
                BODY_BYTES_MAX / 1024
            )));
        }
        let (tenant, now) = (self.tenant(), self.now());
        by_id(self.on(), tenant, ticket).await?;
        let position = self.position(ticket, new.draft).await?;
        sql("insert into typed (tenant_id, ticket_id, agent_id, position, draft_id, recipients, copies, subject, body, at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (ticket_id, agent_id, position) do update set \
             draft_id = excluded.draft_id, recipients = excluded.recipients, copies = excluded.copies, \
             subject = excluded.subject, body = excluded.body, at = excluded.at")
        .bind(tenant)
        .bind(ticket)
        .bind(agent)
        .bind(position)
        .bind(new.draft)
        .bind(&new.to)
        .bind(&new.cc)
        .bind(&new.subject)
        .bind(&new.body)
        .bind(now)
        .run(self.on())
        .await?;
        sql("delete from typed where tenant_id = $1 and at < $2")
            .bind(tenant)
            .bind(now.minus(TYPED_LASTS))
            .run(self.on())
            .await?;
        self.hold(ticket, agent, false).await
    }

    /// Forgets what an agent has typed at one of the drafts: it was saved, or she does not want it. The reply is free again. Commit it
    /// with [`Tx::commit_quietly`] where nothing else is done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_typed(&mut self, ticket: TicketId, agent: AgentId, draft: Option<DraftId>) -> Result<()> {
        let position = self.position(ticket, draft).await?;
        let tenant = self.tenant();
        sql("delete from typed where tenant_id + 0 = $1 and ticket_id = $2 and agent_id = $3 and position = $4")
            .bind(tenant)
            .bind(ticket)
            .bind(agent)
            .bind(position)
            .run(self.on())
            .await?;
        sql("delete from writing where tenant_id + 0 = $1 and ticket_id = $2 and agent_id = $3")
            .bind(tenant)
            .bind(ticket)
            .bind(agent)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// What an agent typed at a draft is saved, or on its way.
    pub(crate) async fn saved_typed(&mut self, ticket: TicketId, draft: Option<DraftId>, actor: &Actor) -> Result<()> {
        let Actor::Agent(email) = actor else { return Ok(()) };
        let tenant = self.tenant();
        let agent = sql("select id from agent where tenant_id = $1 and email = $2")
            .bind(tenant)
            .bind(email)
            .optional(self.on())
            .await?;
        match agent {
            Some(agent) => self.drop_typed(ticket, agent.get(0)?, draft).await,
            None => Ok(()),
        }
    }

    /// Takes the reply over from whoever writes at it. What the other typed stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn take_over(&mut self, ticket: TicketId, agent: AgentId, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        by_id(self.on(), tenant, ticket).await?.is_here()?;
        let before = self.holder(ticket).await?;
        self.hold(ticket, agent, true).await?;
        if let Some(before) = before.filter(|before| before.agent != agent) {
            let data = json!({ "from": before.agent, "to": agent });
            self.record(actor, "reply.taken-over", format_args!("ticket:{ticket}"), data);
        }
        Ok(())
    }

    async fn position(&mut self, ticket: TicketId, draft: Option<DraftId>) -> Result<i64> {
        let tenant = self.tenant();
        let Some(draft) = draft else { return Ok(0) };
        let row = by_draft_id(self.on(), tenant, draft).await?;
        if row.ticket == ticket { Ok(row.position) } else { Err(StoreError::not_found(format_args!("draft {draft}"))) }
    }

    async fn holder(&mut self, ticket: TicketId) -> Result<Option<Writing>> {
        let (tenant, since) = (self.tenant(), self.now().minus(WRITING_LASTS));
        sql("select agent_id, since from writing where tenant_id + 0 = $1 and ticket_id = $2 and seen_at > $3")
            .bind(tenant)
            .bind(ticket)
            .bind(since)
            .optional(self.on())
            .await?
            .map(|row| Ok(Writing { agent: row.get(0)?, since: row.get(1)? }))
            .transpose()
    }

    /// Holds the reply, from another only when it is taken.
    async fn hold(&mut self, ticket: TicketId, agent: AgentId, take: bool) -> Result<Writing> {
        let (tenant, now) = (self.tenant(), self.now());
        let before = self.holder(ticket).await?;
        let since = match before {
            Some(holder) if holder.agent == agent => holder.since,
            Some(holder) if !take => return Ok(holder),
            _ => now,
        };
        sql("insert into writing (tenant_id, ticket_id, agent_id, since, seen_at) values ($1, $2, $3, $4, $5) \
             on conflict (ticket_id) do update set agent_id = excluded.agent_id, since = excluded.since, seen_at = excluded.seen_at")
        .bind(tenant)
        .bind(ticket)
        .bind(agent)
        .bind(since)
        .bind(now)
        .run(self.on())
        .await?;
        Ok(Writing { agent, since })
    }
}
