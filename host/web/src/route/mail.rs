//! A mail's own routes: its HTML in a policy of its own, its raw bytes, its files.

use super::act::Trouble;
use super::forms::{At, refused};
use super::tickets::number_of;
use crate::load::frame::Done;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use crate::text::look;
use crate::text::sanitise::{InlinePicture, Safe, mail_html};
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderName, HeaderValue, header};
use posthouse_model::mail::Attachment;
use posthouse_model::ticket::{Direction, Outcome};
use posthouse_model::{MessageId, picture};
use posthouse_store::{MessageRow, StoreError};
use std::collections::HashMap;

/// Pictures of a mail put into its HTML, in bytes: more than this is left to the list of files.
const INLINE_BYTES_MAX: u64 = 4_000_000;
/// Text files that are shown in the browser, in bytes: what is longer is for saving.
const TEXT_BYTES_MAX: usize = 1_000_000;
/// Nothing in what is served here may run or load, wherever it is opened.
const FILE_POLICY: &str = "default-src 'none'; sandbox";
/// The same, within a page of the desk.
const FRAMED_FILE_POLICY: &str = "default-src 'none'; frame-ancestors 'self'; sandbox";

async fn message(seat: &Seat, id: &str) -> Result<MessageRow, Refusal> {
    let id = id.parse().map(MessageId).map_err(|_| Refusal::NotFound)?;
    Ok(seat.scope.message(id).await?)
}

pub(super) async fn html(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let message = message(&seat, &id).await?;
    let html = message.read.html.clone().ok_or(Refusal::NotFound)?;
    let asked =
        url::form_urlencoded::parse(seat.query().as_bytes()).any(|(name, value)| name == "images" && value == "1");
    let remote = asked || pictures_always(&seat, &message).await?;
    let placed: Vec<Attachment> = placed(&message, &html);
    let raw = if placed.is_empty() { Vec::new() } else { seat.scope.raw(message.id).await? };
    let read = seat.desk.deps.attachment.clone();
    let safe = tokio::task::spawn_blocking(move || {
        let pictures: HashMap<String, InlinePicture> = placed
            .into_iter()
            .filter_map(|file| {
                let bytes = read(&raw, file.part).filter(|b| picture::kind(b) == Some(file.media_type.as_str()))?;
                Some((file.content_id?, InlinePicture { media_type: file.media_type, bytes }))
            })
            .collect();
        mail_html(&html, pictures, remote)
    })
    .await
    .map_err(|_| Refusal::Broken)?;
    framed(safe)
}

/// Whether somebody said of this mail's sender that her pictures are shown. Our own mail has no sender in that sense.
async fn pictures_always(seat: &Seat, message: &MessageRow) -> Result<bool, Refusal> {
    let Some(from) = message.read.from.as_ref().filter(|_| message.direction == Direction::Incoming) else {
        return Ok(false);
    };
    Ok(!seat.scope.picture_senders(&[from.key()]).await?.is_empty())
}

/// Shows the pictures of a mail's sender from now on (`always`), or asks again (`ask`): the value is the mail's id.
pub(super) async fn pictures(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let always = fields.number("always").is_some();
    let id = fields.number("always").or_else(|| fields.number("ask")).map(MessageId).ok_or(Refusal::NotFound)?;
    let ticket = seat.scope.ticket_by_number(number).await?;
    let message = seat.scope.message(id).await?;
    if message.ticket != Some(ticket.id) || message.direction != Direction::Incoming {
        return Err(Refusal::NotFound);
    }
    let mut tx = seat.scope.begin().await?;
    match tx.set_pictures(id, always, &seat.actor()).await {
        Ok(_) => tx.commit().await?,
        Err(StoreError::Refused(_)) => {
            drop(tx);
            let t = seat.lang();
            let named = message.read.from.is_some_and(|from| !from.key().is_empty());
            let words = if named { t.pictures_too_many() } else { t.pictures_no_sender() };
            return refused(&seat, number, Trouble::Refused(words.to_owned()), None).await;
        }
        Err(other) => return Err(other.into()),
    }
    let done = if always { Done::PicturesAlways } else { Done::PicturesAsked };
    let query = ListQuery::parse(seat.query()).to_query();
    let mark = if query.is_empty() { '?' } else { '&' };
    let path = format!("/tickets/{number}{query}{mark}done={}&of={number}&mail={id}", done.as_str());
    Ok(Redirect::to(&seat.team().path(&path)).into_response())
}

/// A mail's HTML with the policy that it is shown with, for a frame of the desk.
pub(super) fn framed(safe: Safe) -> Result<Response, Refusal> {
    let policy = HeaderValue::from_str(&safe.policy).map_err(|_| Refusal::Broken)?;
    let mut response = safe.html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// Pictures that the HTML names, as far as they fit.
fn placed(message: &MessageRow, html: &str) -> Vec<Attachment> {
    let mut room = INLINE_BYTES_MAX;
    message
        .read
        .attachments
        .iter()
        .filter(|file| picture::is_kind(&file.media_type))
        .filter(|file| file.content_id.as_deref().is_some_and(|id| html.contains(&format!("cid:{id}"))))
        .filter(|file| {
            let fits = file.size <= room;
            room = room.saturating_sub(if fits { file.size } else { 0 });
            fits
        })
        .cloned()
        .collect()
}

/// A mail that was left out gets, or goes on with, its ticket.
pub(super) async fn take_up(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let number = taken_up(&seat, &id).await?;
    Ok(Redirect::to(&seat.team().path(&format!("/tickets/{number}"))).into_response())
}

/// Takes it up; the number of its ticket.
pub(super) async fn taken_up(seat: &Seat, id: &str) -> Result<i64, Refusal> {
    let message = message(seat, id).await?;
    if message.direction != Direction::Incoming || matches!(message.outcome, Outcome::Ticket | Outcome::Pending) {
        // Somebody was faster, or clicked twice: that is no mistake.
        let ticket = message.ticket.ok_or(Refusal::NotFound)?;
        return Ok(seat.scope.ticket(ticket).await?.number);
    }
    if message.emptied_at.is_some() {
        return Err(Refusal::Refused(seat.lang().refused_let_go().to_owned()));
    }
    let mut tx = seat.scope.begin().await?;
    let (_, number) = tx.take_up(message.id, &seat.actor()).await?;
    tx.commit().await?;
    Ok(number)
}

pub(super) async fn raw(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let message = message(&seat, &id).await?;
    let raw = seat.scope.raw(message.id).await?;
    Ok(file(raw, "application/octet-stream", &disposition("attachment", &format!("message-{}.eml", message.id))))
}

pub(super) async fn attachment(
    seat: Seat,
    Path((_, id, part)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let message = message(&seat, &id).await?;
    let part: u32 = part.parse().map_err(|_| Refusal::NotFound)?;
    // Only what the mail lists as a file: no other part of it can be reached.
    let listed = message.read.attachments.iter().find(|a| a.part == part).cloned().ok_or(Refusal::NotFound)?;
    let raw = seat.scope.raw(message.id).await?;
    let read = seat.desk.deps.attachment.clone();
    let bytes = tokio::task::spawn_blocking(move || read(&raw, part))
        .await
        .map_err(|_| Refusal::Broken)?
        .ok_or(Refusal::NotFound)?;
    let name = listed.name.as_deref().unwrap_or("attachment");
    // A picture is shown only when its bytes are what it says, plain text as nothing but text; everything else is for saving.
    let show = seat.query().split('&').any(|p| p == "show");
    if show && is_text(&listed.media_type) && bytes.len() <= TEXT_BYTES_MAX && !bytes.contains(&0) {
        let text = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
        return Ok(file(text, "text/plain; charset=utf-8", &disposition("inline", name)));
    }
    match picture::kind(&bytes).filter(|kind| show && *kind == listed.media_type) {
        Some(kind) => {
            let mut response = file(bytes, kind, &disposition("inline", name));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400"));
            Ok(response)
        }
        None => Ok(file(bytes, "application/octet-stream", &disposition("attachment", name))),
    }
}

/// A file for a look on the page, in a frame: only a picture, a PDF, or text, each by its bytes and only to some length. What cannot be
/// looked at says why.
pub(super) async fn look_at(
    seat: Seat,
    Path((_, id, part)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let message = message(&seat, &id).await?;
    let part: u32 = part.parse().map_err(|_| Refusal::NotFound)?;
    let listed = message.read.attachments.iter().find(|a| a.part == part).cloned().ok_or(Refusal::NotFound)?;
    if !look::may_be_looked_at(&listed.media_type) {
        return Err(Refusal::NotFound);
    }
    let t = seat.lang();
    let raw = seat.scope.raw(message.id).await?;
    let read = seat.desk.deps.attachment.clone();
    let made = tokio::task::spawn_blocking(move || {
        let bytes = read(&raw, part)?;
        let name = listed.name.as_deref().unwrap_or(t.unnamed_file());
        let too_large = |most: usize| bytes.len() > most;
        let made = match picture::kind(&bytes).filter(|kind| *kind == listed.media_type) {
            _ if bytes.is_empty() => look::words(name, t.look_empty()),
            Some(_) if too_large(look::PICTURE_BYTES_MAX) => look::words(name, t.look_too_large()),
            Some(kind) => look::picture(kind, name, &bytes),
            None if listed.media_type == look::PDF && look::is_pdf(&bytes) => {
                if too_large(look::PDF_BYTES_MAX) {
                    look::words(name, t.look_too_large())
                } else {
                    return Some(Err((bytes, disposition("inline", name))));
                }
            }
            None if is_text(&listed.media_type) && !bytes[..bytes.len().min(look::TEXT_BYTES_MAX)].contains(&0) => {
                look::text(&listed.media_type, name, &bytes, t.look_cut())
            }
            None => look::words(name, t.look_not()),
        };
        Some(Ok(made))
    });
    match made.await.map_err(|_| Refusal::Broken)?.ok_or(Refusal::NotFound)? {
        Ok(safe) => framed(safe),
        Err((pdf, disposition)) => {
            let mut response = file(pdf, look::PDF, &disposition);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED_FILE_POLICY));
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            Ok(response)
        }
    }
}

/// A file that goes with the next reply: a picture is shown, everything else is for saving.
pub(super) async fn reply_file(
    seat: Seat,
    Path((_, number, id)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let ticket = seat.scope.ticket_by_number(number_of(&number)?).await?.id;
    let id = id.parse().map_err(|_| Refusal::NotFound)?;
    let (listed, bytes) = seat.scope.reply_file(ticket, id).await?.ok_or(Refusal::NotFound)?;
    Ok(match picture::kind(&bytes) {
        Some(kind) => file(bytes, kind, &disposition("inline", &listed.name)),
        None => file(bytes, "application/octet-stream", &disposition("attachment", &listed.name)),
    })
}

/// Files that may be looked at as text: never what a browser could take for a page.
pub(crate) fn is_text(media_type: &str) -> bool {
    matches!(media_type, "text/plain" | "text/csv" | "text/tab-separated-values" | "text/markdown" | "text/x-log")
}

fn file(bytes: Vec<u8>, media_type: &'static str, disposition: &str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY));
    headers.insert(HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen"));
    if let Ok(value) = HeaderValue::from_str(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Content-Disposition (RFC 6266) with the name in plain ASCII and in UTF-8 (RFC 8187). A name is a name: no
/// path, no control characters, no leading dot.
fn disposition(kind: &str, name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let name = name.trim().trim_start_matches('.');
    let name: String = if name.is_empty() { "attachment".into() } else { name.chars().take(120).collect() };
    let plain: String = name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_only_names() {
        assert_eq!(
            disposition("attachment", "../../etc/passwd\r\nX: y\".html"),
            "attachment; filename=\"_.._etc_passwd__X_ y_.html\"; filename*=UTF-8''_.._etc_passwd__X_%20y_.html"
        );
        assert_eq!(
            disposition("inline", "发票.pdf"),
            "inline; filename=\"__.pdf\"; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf"
        );
        assert!(disposition("attachment", "...").contains("\"attachment\""));
    }
}
