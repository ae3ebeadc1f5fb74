//! The list and the review page.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::page::list;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;

pub(super) async fn home(seat: Seat) -> Redirect {
    Redirect::to(&seat.team().path("/tickets"))
}

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let query = ListQuery::parse(seat.query());
    let (frame, pane) =
        tokio::try_join!(load::frame::frame(&seat, Place::Tickets, None), load::list::list(&seat, &query, None))?;
    Ok(list::page(&frame, &pane, None).into_response())
}

pub(super) async fn ticket(seat: Seat, Path((_, number)): Path<(String, String)>) -> Result<Response, Refusal> {
    let draft = url::form_urlencoded::parse(seat.query().as_bytes())
        .find(|(name, _)| name == "draft")
        .and_then(|(_, value)| value.parse().ok());
    let number = number_of(&number)?;
    super::work::read_mentions(&seat, number).await?;
    let view = TicketView { number, draft, ..TicketView::default() };
    view.draw(&seat).await
}

/// The number of a ticket in a path.
pub(super) fn number_of(text: &str) -> Result<i64, Refusal> {
    text.parse().ok().filter(|n| *n > 0).ok_or(Refusal::NotFound)
}

/// A ticket's page, plain or after something was refused.
#[derive(Default)]
pub(super) struct TicketView {
    pub(super) number: i64,
    /// Position of the draft asked for.
    pub(super) draft: Option<i64>,
    /// What was refused.
    pub(super) note: Option<Note>,
    /// 200 unless said otherwise.
    pub(super) status: StatusCode,
    /// What was typed: stands in the editor instead of the draft.
    pub(super) typed: Option<super::act::Typed>,
    /// Somebody else was quicker.
    pub(super) conflict: Option<crate::page::draft::Conflict>,
    /// A note that was not taken.
    pub(super) note_refused: Option<String>,
    /// What was asked to be compared.
    pub(super) difference: Option<crate::page::tools::Difference>,
}

impl TicketView {
    pub(super) async fn draw(self, seat: &Seat) -> Result<Response, Refusal> {
        let query = ListQuery::parse(seat.query());
        let (frame, pane, mut ticket) = tokio::try_join!(
            load::frame::frame(seat, Place::Tickets, self.note),
            load::list::list(seat, &query, Some(self.number)),
            load::ticket::ticket(seat, self.number, &query, self.draft)
        )?;
        if let Some(typed) = self.typed {
            let editor = &mut ticket.reply.editor;
            editor.to = typed.to;
            editor.cc = typed.cc;
            editor.subject = typed.subject;
            editor.body = typed.body;
            editor.unsaved = true;
            editor.typed_at = None;
            editor.conflict = self.conflict;
            ticket.reply.folded = false;
        }
        ticket.note_refused = self.note_refused;
        ticket.reply.difference = self.difference;
        Ok((self.status, list::page(&frame, &pane, Some(&ticket))).into_response())
    }
}
