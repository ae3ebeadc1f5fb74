//! The audit view.

use crate::load;
use crate::page::audit::{AuditForm, AuditLine, AuditPage};
use crate::page::frame::Place;
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use posthouse_model::event::Event;
use posthouse_model::{TicketId, Timestamp};
use posthouse_store::{AuditQuery, StoreError};

/// Events on one page.
const ROWS: usize = 100;
/// Longest details shown, in characters.
const DATA_CHARS_MAX: usize = 400;

pub(super) async fn page(seat: Seat) -> Result<Response, Refusal> {
    let asked = |wanted: &str| {
        let value = url::form_urlencoded::parse(seat.query().as_bytes()).find(|(name, _)| name == wanted);
        value.map_or_else(String::new, |(_, value)| value.trim().chars().take(200).collect())
    };
    let form = AuditForm {
        who: asked("who"),
        what: asked("what"),
        ticket: asked("ticket").trim_start_matches('#').to_owned(),
        from: asked("from"),
        to: asked("to"),
    };
    let subject = match form.ticket.as_str() {
        "" => None,
        number => Some(match number.parse() {
            Ok(number) => match seat.scope.ticket_by_number(number).await {
                Ok(ticket) => format!("ticket:{}", ticket.id),
                Err(StoreError::NotFound { .. }) => "ticket:none".to_owned(),
                Err(error) => return Err(error.into()),
            },
            Err(_) => "ticket:none".to_owned(),
        }),
    };
    let query = AuditQuery {
        who: form.who.clone(),
        what: form.what.clone(),
        subject,
        from: day(&seat, &form.from, 0),
        // The day that is named is counted in.
        to: day(&seat, &form.to, 1),
        before: asked("before").parse().ok(),
        limit: ROWS,
    };
    let found = seat.scope.audit(&query).await?;
    let mut lines = Vec::with_capacity(found.events.len());
    for event in found.events {
        lines.push(line(&seat, event).await?);
    }
    let older = found.next.map(|next| {
        let fields = [
            ("who", &form.who),
            ("what", &form.what),
            ("ticket", &form.ticket),
            ("from", &form.from),
            ("to", &form.to),
        ];
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        address.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        address.append_pair("before", &next.to_string());
        format!("{}?{}", seat.team().path("/audit"), address.finish())
    });
    let frame = load::frame::frame(&seat, Place::Audit, None).await?;
    Ok(AuditPage { form, lines, older }.draw(&frame).into_response())
}

/// The beginning of a day in the reader's zone, and so many days on; none for what is no day.
fn day(seat: &Seat, text: &str, on: i32) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    let begin = date.checked_add(on.days()).ok()?.to_zoned(seat.lens().zone).ok()?;
    Some(Timestamp(begin.timestamp().as_microsecond()))
}

async fn line(seat: &Seat, event: Event) -> Result<AuditLine, Refusal> {
    let id = event.subject.strip_prefix("ticket:").and_then(|id| id.parse().ok()).map(TicketId);
    let ticket = match id {
        None => None,
        Some(id) => match seat.scope.ticket(id).await {
            Ok(ticket) => Some(ticket.number),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        },
    };
    Ok(AuditLine {
        seq: event.seq,
        at: event.at,
        actor: event.actor,
        kind: event.kind,
        subject: event.subject,
        ticket,
        data: event.data.chars().take(DATA_CHARS_MAX).collect(),
    })
}
