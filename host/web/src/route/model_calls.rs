//! What a model was asked and answered, for who may audit.

use crate::load;
use crate::page::frame::Place;
use crate::page::model_calls::{ModelCallPage, ModelCallsPage};
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use posthouse_model::TicketId;
use posthouse_store::StoreError;

/// Calls on one page.
const ROWS: usize = 50;

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let asked = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(seat.query().as_bytes());
        pairs.find(|(name, _)| name == wanted).and_then(|(_, value)| value.trim_start_matches('#').parse::<i64>().ok())
    };
    let ticket = asked("ticket");
    let of = match ticket {
        Some(number) => Some(seat.scope.ticket_by_number(number).await?.id),
        None => None,
    };
    let mut found = seat.scope.kept_calls(of, asked("before"), ROWS as u32 + 1).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let older = found.last().filter(|_| more).map(|last| {
        let of = ticket.map_or_else(String::new, |number| format!("ticket={number}&"));
        format!("{}?{of}before={}", seat.team().path("/model"), last.id)
    });
    let mut calls = Vec::with_capacity(found.len());
    for kept in found {
        let number = number(&seat, kept.call.ticket).await?;
        calls.push((kept, number));
    }
    let frame = load::frame::frame(&seat, Place::Settings, None).await?;
    Ok(ModelCallsPage { calls, ticket, older }.draw(&frame).into_response())
}

pub(super) async fn one(seat: Seat, Path((_, id)): Path<(String, i64)>) -> Result<Response, Refusal> {
    let (kept, exchange) = seat.scope.kept_call(id).await?;
    let ticket = number(&seat, kept.call.ticket).await?;
    let frame = load::frame::frame(&seat, Place::Settings, None).await?;
    Ok(ModelCallPage { kept, ticket, exchange }.draw(&frame).into_response())
}

async fn number(seat: &Seat, ticket: Option<TicketId>) -> Result<Option<i64>, Refusal> {
    let Some(ticket) = ticket else { return Ok(None) };
    match seat.scope.ticket(ticket).await {
        Ok(ticket) => Ok(Some(ticket.number)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
