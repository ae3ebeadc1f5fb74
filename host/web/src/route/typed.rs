//! What is being typed, kept on the way; and who writes at a reply.

use super::act::Typed;
use super::forms::{At, onward, typed};
use super::tickets::number_of;
use crate::load::frame::Done;
use crate::load::list::agent_name;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use posthouse_model::TicketId;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_store::{NewTyped, Writing};
use serde_json::{Value, json};

/// Keeps what stands in the editor, or forgets it where it is as it was (`same`); says who else writes.
pub(super) async fn keep(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Json<Value>, Refusal> {
    let ticket = seat.scope.ticket_by_number(number_of(&number)?).await?;
    let typed = typed(&seat, &fields);
    let gone = ticket.status == TicketStatus::Sent && is_out(&seat, ticket.number, &typed.body).await?;
    let mut tx = seat.scope.begin().await?;
    if fields.get("same") == "1" || gone {
        tx.drop_typed(ticket.id, seat.agent.id, typed.draft).await?;
        tx.commit_quietly().await?;
        return state(&seat, seat.scope.writing(ticket.id).await?).await;
    }
    let holder = tx.keep_typed(ticket.id, seat.agent.id, &as_new(typed)).await?;
    tx.commit_quietly().await?;
    state(&seat, Some(holder)).await
}

fn as_new(typed: Typed) -> NewTyped {
    NewTyped { draft: typed.draft, to: typed.to, cc: typed.cc, subject: typed.subject, body: typed.body }
}

/// This very text is on its way: what comes late of its typing is nothing to keep.
async fn is_out(seat: &Seat, number: i64, body: &str) -> Result<bool, Refusal> {
    let me = seat.actor().as_text();
    let detail = seat.scope.ticket_detail(number).await?;
    let undone = |state| matches!(state, OutboxState::Cancelled | OutboxState::Failed);
    Ok(detail.outbox.iter().any(|row| row.approved_by == me && row.body == body && !undone(row.state)))
}

/// Who else writes.
pub(super) async fn writing(seat: Seat, Path((_, number)): At) -> Result<Json<Value>, Refusal> {
    let ticket: TicketId = seat.scope.ticket_by_number(number_of(&number)?).await?.id;
    state(&seat, seat.scope.writing(ticket).await?).await
}

async fn state(seat: &Seat, holder: Option<Writing>) -> Result<Json<Value>, Refusal> {
    let name = match holder.filter(|holder| holder.agent != seat.agent.id) {
        Some(holder) => agent_name(&seat.scope.agents().await?, holder.agent),
        None => None,
    };
    Ok(Json(json!({ "writing": name })))
}

/// From now on it is the reader who writes. What the other typed is kept and shown.
pub(super) async fn take_over(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let ticket = seat.scope.ticket_by_number(number_of(&number)?).await?;
    let typed = typed(&seat, &fields);
    let shown = match typed.draft {
        Some(draft) => seat.scope.draft(draft).await?.proposal.body,
        None => String::new(),
    };
    let mut tx = seat.scope.begin().await?;
    tx.take_over(ticket.id, seat.agent.id, &seat.actor()).await?;
    if !typed.body.trim().is_empty() && typed.body != shown.trim_end() {
        tx.keep_typed(ticket.id, seat.agent.id, &as_new(typed)).await?;
    }
    tx.commit().await?;
    Ok(onward(&seat, &ListQuery::parse(seat.query()), ticket.number, Done::TakenOver, false, None))
}

/// Forgets what the reader typed at a draft.
pub(super) async fn discard(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let ticket = seat.scope.ticket_by_number(number_of(&number)?).await?;
    let draft = typed(&seat, &fields).draft;
    let mut tx = seat.scope.begin().await?;
    tx.drop_typed(ticket.id, seat.agent.id, draft).await?;
    tx.commit_quietly().await?;
    Ok(onward(&seat, &ListQuery::parse(seat.query()), ticket.number, Done::Dropped, false, None))
}
