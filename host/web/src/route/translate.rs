//! Asks the team's model for a translation: a job does it, and the page looks for it.

use super::act::Trouble;
use super::forms::{At, keep, refused, typed};
use super::tickets::number_of;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use posthouse_model::MessageId;
use posthouse_model::translation::TranslationOf;

/// Of a mail (`message`), or of the reply as it stands in the editor, which is saved first.
pub(super) async fn ask(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let ticket = seat.scope.ticket_by_number(number).await?;
    if seat.config.model.is_none() {
        return Err(Refusal::NotFound);
    }
    let of = match fields.number("message").map(MessageId) {
        Some(message) => {
            let row = seat.scope.message(message).await?;
            if row.ticket != Some(ticket.id) {
                return Err(Refusal::NotFound);
            }
            TranslationOf::Message(message)
        }
        None => {
            let typed = typed(&seat, &fields);
            if typed.body.trim().is_empty() {
                let words = Trouble::Refused(seat.lang().translation_no_text().to_owned());
                return refused(&seat, number, words, Some(typed)).await;
            }
            if let Err(trouble) = keep(&seat, number, &typed).await {
                return refused(&seat, number, trouble, Some(typed)).await;
            }
            let drafts = seat.scope.drafts(ticket.id).await?;
            let same = drafts.iter().filter(|draft| draft.proposal.body == typed.body);
            let saved = same.max_by_key(|draft| (Some(draft.id) == typed.draft, draft.id)).ok_or(Refusal::NotFound)?;
            TranslationOf::Draft(saved.id)
        }
    };
    let mut tx = seat.scope.begin().await?;
    tx.ask_translation(of, seat.lang().code(), &seat.actor()).await?;
    tx.commit().await?;
    let query = ListQuery::parse(seat.query());
    Ok(Redirect::to(&seat.team().path(&format!("/tickets/{number}{}", query.to_query()))).into_response())
}
