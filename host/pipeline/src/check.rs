//! Looks again at a draft that a person changed, so that what the page says about it fits its text.
//!
//! Sending does not rest on this: [`crate::dispatch`] checks the very text that goes out.

use crate::caller::{self, About};
use crate::draft;
use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use crate::view;
use posthouse_model::DraftId;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::ticket::Direction;
use posthouse_store::{ClaimedJob, DraftRow};
use std::sync::Arc;

/// Checks one revision; completes the job. A revision that does not stand any more (a newer one, sent, another round) is
/// left as it is.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: DraftId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let draft = scope.draft(id).await.map_err(store)?;
    let stands = scope.drafts(draft.ticket).await.map_err(store)?.iter().any(|standing| standing.id == id);
    let checked = if stands { Some(look(house, tenant, &draft).await?) } else { None };
    let mut tx = scope.begin().await.map_err(store)?;
    if let Some(checked) = &checked {
        for decision in &checked.decisions {
            tx.add_decision(decision, &actor()).await.map_err(store)?;
        }
        // "Nothing found" is said only when every checker has answered.
        if checked.failed.is_empty() || !checked.findings.is_empty() {
            tx.set_checks(id, &checked.findings, &actor()).await.map_err(store)?;
        }
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

async fn look(house: &House, tenant: &Arc<Tenant>, draft: &DraftRow) -> Result<draft::Checked, JobFailure> {
    let ticket = tenant.scope.ticket(draft.ticket).await.map_err(store)?;
    let thread = tenant.scope.thread(draft.ticket, view::THREAD_MAX).await.map_err(store)?;
    let newest = thread.iter().find(|m| m.direction == Direction::Incoming).map(|m| m.id);
    let view = Arc::new(view::ticket(&ticket, thread.iter().map(|m| Arc::new(view::message(m))).collect()));
    let files = draft::file_names(tenant, draft.ticket).await.map_err(store)?;
    let outgoing = Arc::new(draft::outgoing(&draft.proposal, &view, &files));
    let context = caller::context(house, tenant, house.now());
    let about = About { ticket: Some(draft.ticket), message: newest };
    Ok(draft::check(house, tenant, &context, about, &outgoing, &view).await)
}

fn actor() -> Actor {
    Actor::Host("check".to_owned())
}
