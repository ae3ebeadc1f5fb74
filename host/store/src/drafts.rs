//! Drafts.
use crate::{Result, Scope, Tx};
use posthouse_model::draft::{CheckFinding, DraftOrigin, DraftProposal};
use posthouse_model::event::Actor;
use posthouse_model::{DraftId, TicketId, Timestamp};
use serde::Serialize;

/// One revision of a draft.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DraftRow {
    /// Its id: a new one for every revision.
    pub id: DraftId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Counts the drafter's calls for this ticket.
    pub round: i64,
    /// 1 to 3: side by side on the page.
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
    /// The revision that was changed; none begins an empty draft of her own.
    pub base: Option<DraftId>,
    /// Subject line; none keeps the draft's.
    pub subject: Option<String>,
    /// The new text.
    pub body: String,
}

impl Scope {
    /// The newest revision of each draft that still stands.
    pub async fn drafts(&self, _ticket: TicketId) -> Result<Vec<DraftRow>> { todo!() }
    /// One revision.
    pub async fn draft(&self, _id: DraftId) -> Result<DraftRow> { todo!() }
}

impl Tx {
    /// Adds one round of proposals, each with what checkers found; the rounds before no longer show, save what an agent wrote.
    pub async fn add_drafts(&mut self, _ticket: TicketId, _plugin: &str, _drafts: &[(DraftProposal, Vec<CheckFinding>)], _actor: &Actor) -> Result<Vec<DraftId>> { todo!() }
    /// Writes a person's revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](crate::StoreError::Conflict) when the base is not the newest revision any more.
    pub async fn edit_draft(&mut self, _ticket: TicketId, _edit: &DraftEdit, _actor: &Actor) -> Result<DraftRow> { todo!() }
    /// Writes what checkers found in a revision.
    pub async fn set_checks(&mut self, _draft: DraftId, _checks: &[CheckFinding], _actor: &Actor) -> Result<()> { todo!() }
}
