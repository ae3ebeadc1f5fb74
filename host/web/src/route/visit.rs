//! A browser sent to a mailbox's provider and back (RFC 6749, 4.1), so that the mailbox's owner lets this host in.
//!
//! The provider is never asked from here: the browser goes there, and what it brings back is exchanged by a job. One address is
//! registered at the providers for all teams, so the state begins with the team's name; the session, whose cookie is the team's alone, is
//! asked for one step later.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::page::status::LeavePage;
use crate::refusal::Refusal;
use crate::request::{Device, Fields, clean_text, slug_of};
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use posthouse_store::{Brought, CODE_BYTES_MAX, Returned};
use std::time::Duration;
use url::Url;

/// How long the status page looks again by itself for the outcome of a sign-in.
pub(super) const COMPLETED_WITHIN: Duration = Duration::from_secs(120);
/// Longest words of a provider's that are kept, in characters.
const WORDS_CHARS_MAX: usize = 500;
/// What is passed on of what a provider appends (RFC 6749, 4.1.2).
pub(super) const BROUGHT: [&str; 4] = ["state", "code", "error", "error_description"];

/// Sends the browser off. No form of the desk may lead to another site, so this is a page, and the browser goes on from it.
pub(super) async fn leave(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let mailbox = seat.config.mailbox(fields.get("mailbox")).ok_or(Refusal::NotFound)?;
    if mailbox.oauths().next().is_none_or(|(_, oauth)| oauth.authorize_url.is_none()) {
        return Err(Refusal::NotFound);
    }
    let state = format!("{}.{}", seat.tenant.tenant.slug, seat.desk.deps.entropy.token(32));
    let url = (seat.desk.deps.sign_in_address)(mailbox, &state).map_err(Refusal::Refused)?;
    let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let mut tx = seat.scope.begin().await?;
    tx.begin_visit(&state, &mailbox.name, &seat.token, &seat.actor()).await?;
    tx.commit().await?;
    let frame = load::frame::frame(&seat, Place::Status, None).await?;
    let page = LeavePage { mailbox: mailbox.address.clone(), host, url };
    let mut response = page.draw(&frame).into_response();
    go_on(&mut response, 0, &page.url);
    Ok(response)
}

/// Has the browser go on by itself after so many seconds (HTML, 7.4.2.4: `Refresh`).
pub(super) fn go_on(response: &mut Response, seconds: u32, url: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("{seconds};url={url}")) {
        response.headers_mut().insert(HeaderName::from_static("refresh"), value);
    }
}

pub(super) fn value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Where every provider sends browsers back to: on to the team that the state names, with what was brought and nothing else.
pub(super) async fn came_back(uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let query = uri.query().unwrap_or("");
    let state = value(query, "state").unwrap_or_default();
    let team = state.split_once('.').map(|(slug, _)| format!("/t/{slug}/sign-in/mailbox"));
    let Some(path) = team.filter(|path| slug_of(path).is_some() && path.matches('/').count() == 4) else {
        return Err(Refusal::Malformed(Device::of(&headers).lang.sign_in_note_unknown().to_owned()));
    };
    let brought = BROUGHT.iter().filter_map(|name| Some((*name, value(query, name)?)));
    let brought = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(brought).finish();
    Ok(Redirect::to(&format!("{path}?{brought}")).into_response())
}

/// Takes what the browser brought, once, and shows how it stands. What is secret of it is gone from the address then.
pub(super) async fn back(seat: Seat) -> Result<Response, Refusal> {
    let get = |name| value(seat.query(), name).unwrap_or_default();
    let sound = |code: &str| {
        !code.is_empty() && code.len() <= CODE_BYTES_MAX && code.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let (code, error) = (get("code"), get("error"));
    let brought = if !error.is_empty() {
        Brought::Refusal(one_line(&format!("{error}: {}", get("error_description"))))
    } else if sound(&code) {
        Brought::Code(code)
    } else {
        Brought::Refusal("invalid_response: the provider sent neither a code nor an error".to_owned())
    };
    let mut tx = seat.scope.begin().await?;
    let returned = tx.end_visit(&get("state"), &seat.token, &brought, &seat.actor()).await?;
    tx.commit().await?;
    let how = match (returned, &brought) {
        (Returned::Taken, Brought::Code(_)) => "agreed",
        (Returned::Taken, Brought::Refusal(_)) => "refused",
        (Returned::Late, _) => "late",
        (Returned::Twice, _) => "twice",
        (Returned::Elsewhere, _) => "elsewhere",
        (Returned::Unknown, _) => "unknown",
    };
    Ok(Redirect::to(&format!("{}?sign-in={how}", seat.team().path("/status"))).into_response())
}

pub(super) fn one_line(text: &str) -> String {
    let text = clean_text(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS_CHARS_MAX).collect()
}

/// How a sign-in came back, as the address of the status page names it: only sentences of ours.
pub(super) fn note_of(seat: &Seat) -> Option<Note> {
    let t = seat.lang();
    let text = match value(seat.query(), "sign-in")?.as_str() {
        "agreed" => return Some(Note { refused: false, text: t.sign_in_note_agreed().to_owned() }),
        "refused" => t.sign_in_note_refused(),
        "late" => t.sign_in_note_late(),
        "twice" => t.sign_in_note_twice(),
        "elsewhere" => t.sign_in_note_elsewhere(),
        "unknown" => t.sign_in_note_unknown(),
        _ => return None,
    };
    Some(Note { refused: true, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::route::{CAME_BACK, ROUTES};

    #[test]
    fn the_address_that_is_registered_is_a_route() {
        assert!(ROUTES.iter().any(|route| route.path == CAME_BACK && route.method == "GET"));
    }
}
