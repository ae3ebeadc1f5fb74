//! Drafts: what drafters propose and agents make of it, every revision kept.

use crate::sql::{Connection, Json, Row, sql};
use crate::tickets::by_id;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::draft::{CheckFinding, DraftOrigin, DraftProposal};
use posthouse_model::event::Actor;
use posthouse_model::{DraftId, TenantId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// Longest text of a draft in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// One revision of a draft.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DraftRow {
    /// Its id: a new one for every revision.
    pub id: DraftId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Counts the drafter's calls for this ticket.
    pub round: i64,
    /// 1 to 3 stand side by side on the page; 0 is an agent's own.
    pub position: i64,
    /// 1, 2, 3 …
    pub revision: i64,
    /// What wrote it.
    pub origin: DraftOrigin,
    /// `host:draft`, `agent:li@shop.example`.
    pub author: String,
    /// The plugin that proposed it.
    pub plugin: Option<String>,
    /// Text and all that belongs to it.
    pub proposal: DraftProposal,
    /// What checkers found.
    pub checks: Vec<CheckFinding>,
    /// When.
    pub created_at: Timestamp,
}

/// A person's change of a draft.
#[derive(Clone, Debug)]
pub struct DraftEdit {
    /// The revision that was changed; none begins a draft of her own.
    pub base: Option<DraftId>,
    /// Subject line; none keeps the draft's.
    pub subject: Option<String>,
    /// The new text, at most 256 KiB.
    pub body: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, ticket_id, round, position, revision, origin, author, plugin, proposal, checks, created_at \
             from draft ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<DraftRow> {
    let mut row = row.reader();
    Ok(DraftRow {
        id: row.next()?,
        ticket: row.next()?,
        round: row.next()?,
        position: row.next()?,
        revision: row.next()?,
        origin: row.next()?,
        author: row.next()?,
        plugin: row.next()?,
        proposal: row.json()?,
        checks: row.json()?,
        created_at: row.next()?,
    })
}

impl Scope {
    /// The newest revision of each draft that still stands: those of the newest round, and what agents wrote in
    /// earlier rounds and is not sent.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drafts(&self, ticket: TicketId) -> Result<Vec<DraftRow>> {
        standing(&mut *self.read().await?, self.tenant, ticket).await
    }

    /// One revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn draft(&self, id: DraftId) -> Result<DraftRow> {
        let mut on = self.read().await?;
        let draft = by_draft_id(&mut on, self.tenant, id).await?;
        self.admit_of(&mut on, Some(draft.ticket), "draft", id.0).await?;
        Ok(draft)
    }

    /// What was proposed at first, of which a revision was made; none for what an agent began herself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn proposed(&self, id: DraftId) -> Result<Option<DraftRow>> {
        let mut on = self.read().await?;
        let row = by_draft_id(&mut on, self.tenant, id).await?;
        let first = first_revision(&mut on, self.tenant, &row).await?;
        Ok(first.filter(|first| first.origin != DraftOrigin::Agent))
    }
}

pub(crate) async fn by_draft_id(on: &mut Connection, tenant: TenantId, id: DraftId) -> Result<DraftRow> {
    let row = sql(select!("where tenant_id = $1 and id = $2")).bind(tenant).bind(id).optional(on).await?;
    read(&row.ok_or_else(|| StoreError::not_found(format_args!("draft {id}")))?)
}

/// What a draft was at first.
pub(crate) async fn first_revision(on: &mut Connection, tenant: TenantId, row: &DraftRow) -> Result<Option<DraftRow>> {
    let first =
        sql(select!("where tenant_id + 0 = $1 and ticket_id = $2 and round = $3 and position = $4 and revision = 1"))
            .bind(tenant)
            .bind(row.ticket)
            .bind(row.round)
            .bind(row.position)
            .optional(on)
            .await?;
    first.as_ref().map(read).transpose()
}

pub(crate) async fn standing(on: &mut Connection, tenant: TenantId, ticket: TicketId) -> Result<Vec<DraftRow>> {
    let rows = sql(select!(
        "d where d.tenant_id = $1 and d.ticket_id = $2 \
         and d.revision = (select max(n.revision) from draft n where n.ticket_id = d.ticket_id and n.round = d.round \
         and n.position = d.position) \
         and (d.round = (select t.draft_round from ticket t where t.id = d.ticket_id) or d.origin = 'agent') \
         and not exists (select 1 from outbox o where o.draft_id = d.id and o.state not in ('cancelled', 'failed')) \
         order by d.round desc, d.position, d.id limit 20"
    ))
    .bind(tenant)
    .bind(ticket)
    .all(on)
    .await?;
    rows.iter().map(read).collect()
}

impl Tx {
    /// Adds one round of proposals, each with what checkers found. Rounds before no longer show, save what an agent
    /// wrote.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn add_drafts(
        &mut self,
        ticket: TicketId,
        plugin: &str,
        drafts: &[(DraftProposal, Vec<CheckFinding>)],
        actor: &Actor,
    ) -> Result<Vec<DraftId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let round: i64 =
            sql("update ticket set draft_round = draft_round + 1, version = version + 1, updated_at = $1 \
             where tenant_id = $2 and id = $3 returning draft_round")
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("ticket {ticket}")))?
            .get(0)?;
        let mut ids = Vec::with_capacity(drafts.len());
        for ((proposal, checks), position) in drafts.iter().take(DraftProposal::PER_CALL_MAX).zip(1..) {
            let origin = if proposal.model_written { DraftOrigin::Model } else { DraftOrigin::Template };
            let new =
                NewRevision { ticket, round, position, revision: 1, origin, plugin: Some(plugin), proposal, checks };
            ids.push(self.insert_draft(&new, actor).await?);
            if let Some(template) = &proposal.template {
                self.template_proposed(plugin, template).await?;
            }
        }
        self.record(
            actor,
            "draft.proposed",
            format_args!("ticket:{ticket}"),
            json!({ "plugin": plugin, "round": round, "drafts": ids }),
        );
        Ok(ids)
    }

    /// Writes a person's revision. The same text again writes nothing and gives the base.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the base is not the newest revision of its draft any more;
    /// [`StoreError::Refused`] when the text is too long.
    pub async fn edit_draft(&mut self, ticket: TicketId, edit: &DraftEdit, actor: &Actor) -> Result<DraftRow> {
        if edit.body.len() > BODY_BYTES_MAX {
            return Err(StoreError::refused(format_args!(
                "the text is longer than {} KiB: shorten it or send it as a file",
                BODY_BYTES_MAX / 1024
            )));
        }
        let tenant = self.tenant();
        let (base, round, position) = match edit.base {
            Some(base) => {
                let base = by_draft_id(self.on(), tenant, base).await?;
                if base.ticket != ticket {
                    return Err(StoreError::not_found(format_args!("draft {}", base.id)));
                }
                let (round, position) = (base.round, base.position);
                (Some(base), round, position)
            }
            None => {
                by_id(self.on(), tenant, ticket).await?;
                let round = sql("select draft_round from ticket where id = $1").bind(ticket).one(self.on()).await?;
                (None, round.get(0)?, 0)
            }
        };
        let newest: i64 = sql("select coalesce(max(revision), 0) from draft \
             where ticket_id = $1 and round = $2 and position = $3")
        .bind(ticket)
        .bind(round)
        .bind(position)
        .one(self.on())
        .await?
        .get(0)?;
        let expected = base.as_ref().map_or(0, |base| base.revision);
        if newest != expected {
            return Err(StoreError::conflict("the draft"));
        }
        let before = base.as_ref().map(|base| base.proposal.clone()).unwrap_or_default();
        let proposal = edited(before, edit);
        if let Some(base) = base.as_ref().filter(|base| base.proposal == proposal) {
            let base = base.clone();
            self.saved_typed(ticket, Some(base.id), actor).await?;
            return Ok(base);
        }
        let new = NewRevision {
            ticket,
            round,
            position,
            revision: newest + 1,
            origin: DraftOrigin::Agent,
            plugin: base.as_ref().and_then(|base| base.plugin.as_deref()),
            proposal: &proposal,
            checks: &[],
        };
        let id = self.insert_draft(&new, actor).await?;
        if newest == 1 && base.as_ref().is_some_and(|base| base.origin != DraftOrigin::Agent) {
            self.template_taken(new.plugin, proposal.template.as_deref()).await?;
        }
        self.saved_typed(ticket, base.as_ref().map(|base| base.id), actor).await?;
        self.record(
            actor,
            "draft.edited",
            format_args!("ticket:{ticket}"),
            json!({ "draft": id, "base": edit.base, "revision": newest + 1 }),
        );
        by_draft_id(self.on(), tenant, id).await
    }

    /// Writes what checkers found in a revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_checks(&mut self, draft: DraftId, checks: &[CheckFinding], actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let ticket: TicketId = sql("update draft set checks = $1 where tenant_id = $2 and id = $3 returning ticket_id")
            .bind(Json(&checks))
            .bind(tenant)
            .bind(draft)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("draft {draft}")))?
            .get(0)?;
        let codes: Vec<&str> = checks.iter().map(|c| c.code.as_str()).collect();
        let blocks = checks.iter().any(|c| c.blocks);
        self.record(
            actor,
            "draft.checked",
            format_args!("ticket:{ticket}"),
            json!({ "draft": draft, "found": codes, "blocks": blocks }),
        );
        Ok(())
    }

    async fn insert_draft(&mut self, new: &NewRevision<'_>, actor: &Actor) -> Result<DraftId> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("insert into draft (tenant_id, ticket_id, round, position, revision, origin, author, plugin, proposal, checks, \
             created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id")
        .bind(tenant)
        .bind(new.ticket)
        .bind(new.round)
        .bind(new.position)
        .bind(new.revision)
        .bind(new.origin)
        .bind(actor.as_text())
        .bind(new.plugin)
        .bind(Json(new.proposal))
        .bind(Json(&new.checks))
        .bind(now)
        .one(self.on())
        .await?
        .get(0)
    }
}

struct NewRevision<'a> {
    ticket: TicketId,
    round: i64,
    position: i64,
    revision: i64,
    origin: DraftOrigin,
    plugin: Option<&'a str>,
    proposal: &'a DraftProposal,
    checks: &'a [CheckFinding],
}

/// The proposal with a person's text in it. A variable counts as filled once its placeholder is gone.
fn edited(mut proposal: DraftProposal, edit: &DraftEdit) -> DraftProposal {
    if proposal.body != edit.body {
        proposal.unfilled.retain(|variable| has_placeholder(&edit.body, variable));
        proposal.body.clone_from(&edit.body);
    }
    if edit.subject.is_some() {
        proposal.subject.clone_from(&edit.subject);
    }
    proposal
}

/// Whether a variable still stands in brackets of some kind: `{order_number}`, `{{ order_number }}`, `[order_number]`.
pub(crate) fn has_placeholder(text: &str, variable: &str) -> bool {
    !variable.is_empty()
        && text.match_indices(variable).any(|(at, _)| {
            let before = text[..at].trim_end().chars().next_back();
            let after = text[at + variable.len()..].trim_start().chars().next();
            matches!(
                (before, after),
                (Some('{' | '[' | '<' | '⟦' | '【' | '«'), Some('}' | ']' | '>' | '⟧' | '】' | '»'))
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_in_brackets() {
        for text in ["Order {order_number}.", "Order {{ order_number }}.", "订单【order_number】", "[order_number]"]
        {
            assert!(has_placeholder(text, "order_number"), "{text}");
        }
        for text in ["Order 1042.", "order_number", "{order_number_2}", ""] {
            assert!(!has_placeholder(text, "order_number"), "{text}");
        }
    }

    #[test]
    fn writing_the_value_fills_the_variable() {
        let proposal = DraftProposal {
            body: "Hello {name}, order {order}".into(),
            unfilled: vec!["name".into(), "order".into()],
            ..DraftProposal::default()
        };
        let edit = DraftEdit { base: None, subject: None, body: "Hello Ana, order {order}".into() };
        assert_eq!(edited(proposal, &edit).unfilled, ["order"]);
    }
}
