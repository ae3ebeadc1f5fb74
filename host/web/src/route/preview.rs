//! The reply as the customer will see it: the HTML of the mail, made by what makes the mail, in the frame that mails are shown in.

use super::forms::At;
use super::mail::framed;
use super::tickets::number_of;
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use crate::text::sanitise::{InlinePicture, mail_html};
use axum::extract::Path;
use axum::response::Response;
use posthouse_model::picture;
use posthouse_model::rich::{self, Page, Placed};
use posthouse_model::ticket::Direction;
use posthouse_store::{ReplyFile, files_shown};
use std::collections::HashMap;

/// Mails of the thread that are looked through for the one that is answered.
const NEWEST_MAX: u32 = 20;

/// Shows what stands in the editor. Nothing is saved by it.
pub(super) async fn show(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let ticket = seat.scope.ticket_by_number(number_of(&number)?).await?;
    let mailbox = seat.scope.mailbox(ticket.mailbox).await?;
    let signature = seat.config.mailbox(&mailbox.mailbox.name).and_then(|mailbox| mailbox.signature.as_deref());
    let body = rich::clean(&rich::with_signature(fields.get("body"), signature));

    let mut pictures = HashMap::new();
    let mut placed = Vec::new();
    let files = seat.scope.reply_files(ticket.id).await?;
    let names: Vec<&str> = files.iter().map(ReplyFile::picture_name).collect();
    for (file, shown) in files.iter().zip(picture::shown(&body, &names)) {
        let Some((_, bytes)) = (if shown { seat.scope.reply_file(ticket.id, file.id).await? } else { None }) else {
            continue;
        };
        // As when it goes out: only what is a picture by its bytes.
        if files_shown(&body, std::iter::once((file.name.as_str(), bytes.as_slice()))) != [true] {
            continue;
        }
        let content_id = picture::content_id("preview@localhost", placed.len() + 1);
        pictures.insert(content_id.clone(), InlinePicture { media_type: file.media_type.clone(), bytes });
        placed.push(Placed { name: &file.name, content_id });
    }

    let language = ticket.language.as_deref().unwrap_or_default();
    let thread =
        if seat.config.review.quote_original { seat.scope.thread(ticket.id, NEWEST_MAX).await? } else { Vec::new() };
    let answered = thread.iter().find(|mail| mail.direction == Direction::Incoming);
    let quoted = answered.and_then(|mail| {
        let from = mail.read.from.as_ref()?;
        Some((rich::attribution(ticket.language.as_deref(), from, mail.at), rich::clean(&mail.read.reply_text)))
    });
    let html = rich::page(&Page {
        body: &body,
        language,
        quoted: quoted.as_ref().map(|(attribution, text)| (attribution.as_str(), text.as_str())),
        pictures: &placed,
    });
    drop(placed);
    let safe =
        tokio::task::spawn_blocking(move || mail_html(&html, pictures, false)).await.map_err(|_| Refusal::Broken)?;
    framed(safe)
}
