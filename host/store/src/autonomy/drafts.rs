//! The drafts that would be sent, and what was sent in their place.

use super::tenant_stop;
use crate::drafts::by_draft_id;
use crate::sql::{Json, Row, sql};
use crate::tickets::by_id;
use crate::{Result, Scope, Tx};
use posthouse_model::autonomy::{Compared, Evidence, Level, Never, compare};
use posthouse_model::event::Actor;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{DraftId, OutboxId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// What would be sent on a ticket.
#[derive(Clone, Copy, Debug)]
pub struct NewAutonomyDraft<'a> {
    /// Which ticket.
    pub ticket: TicketId,
    /// The first of the newest round of drafts.
    pub draft: DraftId,
    /// Of the ticket.
    pub category: &'a str,
    /// Why a person must read it first; empty: it would have gone out, had its category earned it.
    pub never: &'a [Never],
}

/// What was found when it was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The category's level at this moment.
    pub level: Level,
    /// Somebody stopped all automatic replies.
    pub is_stopped: bool,
    /// A person is at the ticket: she has moved it, is writing, or has written.
    pub is_taken: bool,
}

/// A draft that would be sent, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AutonomyDraft {
    /// Its id.
    pub id: i64,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: i64,
    /// Of its thread.
    pub subject: String,
    /// What it was about then.
    pub category: String,
    /// How far the category was then.
    pub level: Level,
    /// Why a person had to read it first.
    pub never: Vec<Never>,
    /// What became of it.
    pub compared: Compared,
    /// How many per cent of the words were changed.
    pub changed: i64,
    /// What would have been sent.
    pub proposed: String,
    /// What was sent; none: nothing yet, or the ticket was closed without a reply.
    pub sent: Option<String>,
    /// Who answered, as [`Actor::as_text`].
    pub answered_by: Option<String>,
    /// When it was proposed.
    pub at: Timestamp,
    /// When it was answered.
    pub compared_at: Option<Timestamp>,
}

impl Scope {
    /// The drafts of a category that were answered last, the newest first. Tickets that are not seen are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn autonomy_drafts(&self, category: &str, limit: u32) -> Result<Vec<AutonomyDraft>> {
        let rows =
            sql("select d.id, d.ticket_id, t.number, t.subject, d.category, d.level, d.never, d.compared, d.changed, \
             p.proposal, o.body, d.answered_by, d.at, d.compared_at, t.queue \
             from autonomy_draft d join ticket t on t.id = d.ticket_id join draft p on p.id = d.draft_id \
             left join outbox o on o.id = d.outbox_id \
             where d.tenant_id = $1 and d.category = $2 and d.compared_at is not null \
             order by d.compared_at desc, d.id desc limit $3")
            .bind(self.tenant)
            .bind(category)
            .bind(limit)
            .all(&mut *self.read().await?)
            .await?;
        let mut drafts = Vec::with_capacity(rows.len());
        for row in &rows {
            let queue: Option<String> = row.get(14)?;
            if self.sees(queue.as_deref()) {
                drafts.push(read(row)?);
            }
        }
        Ok(drafts)
    }

    /// What would be sent on a ticket, or was: the newest.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn autonomy_draft(&self, ticket: TicketId) -> Result<Option<AutonomyDraft>> {
        let mut on = self.read().await?;
        self.admit_of(&mut on, Some(ticket), "ticket", ticket.0).await?;
        let row =
            sql("select d.id, d.ticket_id, t.number, t.subject, d.category, d.level, d.never, d.compared, d.changed, \
             p.proposal, o.body, d.answered_by, d.at, d.compared_at \
             from autonomy_draft d join ticket t on t.id = d.ticket_id join draft p on p.id = d.draft_id \
             left join outbox o on o.id = d.outbox_id \
             where d.tenant_id + 0 = $1 and d.ticket_id = $2 order by d.id desc limit 1")
            .bind(self.tenant)
            .bind(ticket)
            .optional(&mut on)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The replies that are about to go out by themselves: ticket, outbox row, and when; what goes first stands first, at most 200.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn autonomy_leaving(&self) -> Result<Vec<(TicketId, OutboxId, Timestamp)>> {
        let rows = sql("select o.ticket_id, o.id, o.due_at, t.queue from outbox o join ticket t on t.id = o.ticket_id \
             where o.tenant_id = $1 and o.state = $2 and o.automatic = 1 and o.tries = 0 order by o.due_at, o.id limit 200")
        .bind(self.tenant)
        .bind(OutboxState::Queued)
        .all(&mut *self.read().await?)
        .await?;
        let mut leaving = Vec::with_capacity(rows.len());
        for row in &rows {
            let queue: Option<String> = row.get(3)?;
            if self.sees(queue.as_deref()) {
                leaving.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        Ok(leaving)
    }

    /// Whether replies of a category may go out by themselves at this moment, for a look before the work of finding out whether one
    /// does. It is asked again, in the transaction, by [`Tx::note_autonomy`].
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn autonomy_sends(&self, category: &str) -> Result<bool> {
        let level = self.autonomy_level(category).await?.level;
        if !level.sends() {
            return Ok(false);
        }
        let mut on = self.read().await?;
        Ok(super::house_stop(&mut on).await?.is_none() && tenant_stop(&mut on, self.tenant).await?.is_none())
    }
}

fn read(row: &Row) -> Result<AutonomyDraft> {
    let mut row = row.reader();
    Ok(AutonomyDraft {
        id: row.next()?,
        ticket: row.next()?,
        number: row.next()?,
        subject: row.next()?,
        category: row.next()?,
        level: row.next()?,
        never: row.json()?,
        compared: row.next()?,
        changed: row.next()?,
        proposed: row.json::<posthouse_model::draft::DraftProposal>()?.body,
        sent: row.next()?,
        answered_by: row.next()?,
        at: row.next()?,
        compared_at: row.next()?,
    })
}

/// A noted draft, as far as comparing needs it.
struct Draft {
    id: i64,
    category: String,
    draft: DraftId,
    is_evidence: bool,
    compared: Compared,
    outbox: Option<OutboxId>,
}

impl Tx {
    /// Notes the draft that would be sent. One that was noted before on the ticket and is not answered is replaced: what counts is
    /// what the agent had before her.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) for the ticket.
    pub async fn note_autonomy(&mut self, new: &NewAutonomyDraft<'_>) -> Result<Noted> {
        let (tenant, now) = (self.tenant(), self.now());
        let ticket = by_id(self.on(), tenant, new.ticket).await?;
        let level = self.autonomy_row(new.category).await?.level;
        sql("delete from autonomy_draft where tenant_id + 0 = $1 and ticket_id = $2 and compared = $3")
            .bind(tenant)
            .bind(new.ticket)
            .bind(Compared::Open)
            .run(self.on())
            .await?;
        sql("insert into autonomy_draft (tenant_id, ticket_id, draft_id, category, level, never, compared, changed, at) \
             values ($1, $2, $3, $4, $5, $6, $7, 0, $8)")
        .bind(tenant)
        .bind(new.ticket)
        .bind(new.draft)
        .bind(new.category)
        .bind(level)
        .bind(Json(&new.never))
        .bind(Compared::Open)
        .bind(now)
        .run(self.on())
        .await?;
        let at_it = sql("select (select count(*) from typed y where y.ticket_id = $1) \
             + (select count(*) from draft d where d.ticket_id = $1 and d.origin = 'agent') \
             + (select count(*) from outbox o where o.ticket_id = $1)")
        .bind(new.ticket)
        .one(self.on())
        .await?;
        let is_taken =
            at_it.get::<i64>(0)? > 0 || ticket.status != TicketStatus::Waiting || ticket.merged_into.is_some();
        Ok(Noted { level, is_stopped: self.autonomy_stopped().await?.is_some(), is_taken })
    }

    /// An agent has answered a ticket with a text, or closed it without one: what would have been sent is compared with it. A second
    /// reply says nothing about the draft, unless the first was taken back.
    pub(crate) async fn autonomy_answered(
        &mut self,
        ticket: TicketId,
        sent: Option<(&str, OutboxId)>,
        actor: &Actor,
    ) -> Result<()> {
        if matches!(actor, Actor::Host(_)) {
            return Ok(());
        }
        let Some(row) = self.newest_noted(ticket).await? else { return Ok(()) };
        if row.compared != Compared::Open && self.still_stands(row.outbox).await? {
            return Ok(());
        }
        // Closed after its reply was taken back, or stopped: it was rejected before.
        let tenant = self.tenant();
        let (compared, changed) = match sent {
            Some((text, _)) => {
                let draft = by_draft_id(self.on(), tenant, row.draft).await?;
                compare(&draft.proposal.body, text)
            }
            None => (Compared::Rejected, 100),
        };
        self.write_compared(&row, compared, changed, sent.map(|(_, outbox)| outbox), actor).await
    }

    /// A reply is on its way that no person has read.
    pub(crate) async fn autonomy_approved(&mut self, ticket: TicketId, outbox: OutboxId, actor: &Actor) -> Result<()> {
        match self.newest_noted(ticket).await? {
            Some(row) if row.compared == Compared::Open => {
                self.write_compared(&row, Compared::Automatic, 0, Some(outbox), actor).await
            }
            _ => Ok(()),
        }
    }

    /// A person stopped a reply that was about to go out by itself: she would not have sent it.
    pub(crate) async fn autonomy_cancelled(&mut self, outbox: OutboxId, actor: &Actor) -> Result<()> {
        match self.noted_of(outbox).await? {
            Some(row) if row.compared == Compared::Automatic => {
                self.write_compared(&row, Compared::Rejected, 100, None, actor).await
            }
            _ => Ok(()),
        }
    }

    /// The house held a reply back that was about to go out by itself: a person decides, and is compared.
    pub(crate) async fn autonomy_held(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        sql("update autonomy_draft set compared = $1, outbox_id = null, answered_by = null, compared_at = null \
             where tenant_id + 0 = $2 and outbox_id = $3 and compared = $4")
        .bind(Compared::Open)
        .bind(tenant)
        .bind(outbox)
        .bind(Compared::Automatic)
        .run(self.on())
        .await?;
        Ok(())
    }

    async fn write_compared(
        &mut self,
        row: &Draft,
        compared: Compared,
        changed: u32,
        outbox: Option<OutboxId>,
        actor: &Actor,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let ticket: TicketId = sql(
            "update autonomy_draft set compared = $1, changed = $2, outbox_id = $3, answered_by = $4, compared_at = $5 \
             where tenant_id = $6 and id = $7 returning ticket_id",
        )
        .bind(compared)
        .bind(changed)
        .bind(outbox)
        .bind(actor.as_text())
        .bind(now)
        .bind(tenant)
        .bind(row.id)
        .one(self.on())
        .await?
        .get(0)?;
        self.record(
            actor,
            "autonomy.compared",
            format_args!("ticket:{ticket}"),
            json!({ "category": row.category, "compared": compared, "changed": changed, "counts": row.is_evidence }),
        );
        if row.is_evidence && compared != Compared::Automatic {
            self.look_for_drift(&row.category, ticket).await?;
        }
        Ok(())
    }

    async fn newest_noted(&mut self, ticket: TicketId) -> Result<Option<Draft>> {
        let tenant = self.tenant();
        let row = sql("select id, category, draft_id, never, compared, outbox_id from autonomy_draft \
             where tenant_id + 0 = $1 and ticket_id = $2 order by id desc limit 1")
        .bind(tenant)
        .bind(ticket)
        .optional(self.on())
        .await?;
        row.as_ref().map(read_noted).transpose()
    }

    async fn noted_of(&mut self, outbox: OutboxId) -> Result<Option<Draft>> {
        let tenant = self.tenant();
        let row = sql("select id, category, draft_id, never, compared, outbox_id from autonomy_draft \
             where tenant_id + 0 = $1 and outbox_id = $2 order by id desc limit 1")
        .bind(tenant)
        .bind(outbox)
        .optional(self.on())
        .await?;
        row.as_ref().map(read_noted).transpose()
    }

    /// The category that an automatic reply was sent in; none for one that was not noted, or that a person has sent since.
    pub(crate) async fn autonomy_category(&mut self, outbox: OutboxId) -> Result<Option<String>> {
        let noted = self.noted_of(outbox).await?;
        Ok(noted.filter(|row| row.compared == Compared::Automatic).map(|row| row.category))
    }

    /// Whether a reply is there that was not taken back.
    async fn still_stands(&mut self, outbox: Option<OutboxId>) -> Result<bool> {
        let Some(outbox) = outbox else { return Ok(false) };
        let tenant = self.tenant();
        let row = sql("select state from outbox where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(outbox)
            .optional(self.on())
            .await?;
        let Some(row) = row else { return Ok(false) };
        Ok(!matches!(row.get::<OutboxState>(0)?, OutboxState::Cancelled | OutboxState::Failed))
    }

    /// The newest comparisons that count, of a category.
    pub(super) async fn recent(&mut self, category: &str, since: Timestamp, limit: u32) -> Result<Evidence> {
        let tenant = self.tenant();
        let rows =
            sql("select compared from autonomy_draft where tenant_id = $1 and category = $2 and compared_at > $3 \
             and never = '[]' and compared <> $4 order by compared_at desc, id desc limit $5")
            .bind(tenant)
            .bind(category)
            .bind(since)
            .bind(Compared::Automatic)
            .bind(limit)
            .all(self.on())
            .await?;
        let mut recent = Evidence::default();
        for row in &rows {
            recent.add(row.get(0)?, 1);
        }
        Ok(recent)
    }
}

fn read_noted(row: &Row) -> Result<Draft> {
    let mut row = row.reader();
    Ok(Draft {
        id: row.next()?,
        category: row.next()?,
        draft: row.next()?,
        is_evidence: row.json::<Vec<Never>>()?.is_empty(),
        compared: row.next()?,
        outbox: row.next()?,
    })
}
