//! Status, mail log, and what a person sets for herself.

use super::public::YEAR;
use super::visit;
use crate::load;
use crate::page::frame::{Place, Theme};
use crate::page::messages::MessagesPage;
use crate::refusal::Refusal;
use crate::request::{Fields, LANGUAGE, THEME, safe_next, set_cookie};
use crate::seat::Seat;
use crate::words::Lang;
use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use posthouse_model::ticket::Outcome;

pub(super) async fn status(seat: Seat) -> Result<Response, Refusal> {
    let note = visit::note_of(&seat);
    let (frame, page) = tokio::try_join!(load::frame::frame(&seat, Place::Status, note), load::status::status(&seat))?;
    let mut response = page.draw(&frame).into_response();
    if page.is_completing(frame.lens.now, visit::COMPLETED_WITHIN) {
        // The outcome shows itself, without a script.
        visit::go_on(&mut response, 2, &seat.team().path("/status"));
    }
    Ok(response)
}

/// Asks for a code with which a mailbox is signed in to: a job, since no provider is asked on the path of a request.
pub(super) async fn mailbox_sign_in(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let mailbox = seat.config.mailbox(fields.get("mailbox")).ok_or(Refusal::NotFound)?;
    if mailbox.oauths().next().is_none_or(|(_, oauth)| oauth.device_url.is_none()) {
        return Err(Refusal::NotFound);
    }
    let mut tx = seat.scope.begin().await?;
    tx.ask_sign_in(&mailbox.name, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&seat.team().path("/status")).into_response())
}

/// What the log is asked to show on its own.
pub(super) fn outcome_of(query: &str) -> Option<Outcome> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "outcome")
        .and_then(|(_, value)| value.parse().ok())
        .filter(|o| MessagesPage::OUTCOMES.contains(o))
}

pub(super) async fn messages(seat: Seat) -> Result<Response, Refusal> {
    let only = outcome_of(seat.query());
    let (frame, page) =
        tokio::try_join!(load::frame::frame(&seat, Place::Messages, None), load::messages::messages(&seat, only))?;
    Ok(page.draw(&frame).into_response())
}

/// Has a mailbox compared with what is stored of it, and what is missing fetched: a job, since no server is asked on the path
/// of a request.
pub(super) async fn repair(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let wanted = fields.get("mailbox");
    if !seat.scope.mailboxes().await?.iter().any(|row| row.mailbox.name == wanted) {
        return Err(Refusal::NotFound);
    }
    let mut tx = seat.scope.begin().await?;
    tx.ask_repair(wanted, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&seat.team().path("/messages")).into_response())
}

fn back(seat: &Seat, fields: &Fields) -> Response {
    let path = safe_next(&seat.tenant.tenant.slug, fields.get("back")).unwrap_or_else(|| seat.team().path("/tickets"));
    Redirect::to(&path).into_response()
}

/// The agent's own language: kept with the agent, and on the device for the pages before sign-in.
pub(super) async fn language(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let lang = Lang::from_tag(fields.get("language"));
    let a = &seat.agent;
    if a.language != lang.code() {
        let mut tx = seat.scope.begin().await?;
        tx.change_agent(a.id, &a.name, a.role, lang.code(), a.active, &seat.actor()).await?;
        tx.commit().await?;
    }
    let mut response = back(&seat, &fields);
    let cookie = set_cookie(LANGUAGE, lang.code(), "/", YEAR, seat.desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

pub(super) async fn theme(seat: Seat, fields: Fields) -> Response {
    let theme = Theme::from_name(fields.get("theme"));
    let mut response = back(&seat, &fields);
    let cookie = set_cookie(THEME, theme.as_str(), "/", YEAR, seat.desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
