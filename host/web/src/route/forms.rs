//! The forms of the review page: posted, done, and on to the next page. Nothing that was typed is ever lost:
//! what is refused comes back with the text in the editor and the reason above it.

use super::act::{Action, Trouble, Typed, perform};
use super::tickets::{TicketView, number_of};
use super::work::time_of;
use crate::load::frame::Done;
use crate::load::list::next_after;
use crate::page::draft::Conflict;
use crate::page::frame::Note;
use crate::page::query::{ListQuery, View};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::{Handed, HandedFiles, Seat};
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use posthouse_model::job::Job;
use posthouse_model::{AgentId, DraftId, MessageId, OutboxId, TicketId, picture};
use posthouse_store::{NewReplyFile, REPLY_BYTES_MAX, REPLY_FILES_MAX, ReplyFile, Tx};

pub(super) type At = Path<(String, String)>;

pub(super) fn typed(seat: &Seat, fields: &Fields) -> Typed {
    Typed {
        draft: fields.number("draft").filter(|id| *id > 0).map(DraftId),
        seen: seen(fields),
        to: fields.line("to"),
        cc: fields.line("cc"),
        subject: fields.line("subject"),
        body: fields.text("body"),
        send_at: time_of(seat, fields, "send_at", "send_on"),
    }
}

fn seen(fields: &Fields) -> Option<MessageId> {
    fields.number("seen").filter(|id| *id > 0).map(MessageId)
}

pub(super) async fn approve(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    // Who sends later goes on: nothing is left to do here.
    let next = fields.get("then") == "next" || !fields.get("send_at").is_empty();
    // Without script a file is only chosen until it is added: the reply must not go out without it.
    if !fields.get("file").is_empty() {
        let words = Trouble::Refused(seat.lang().refused_file_chosen().to_owned());
        return refused(&seat, number_of(&number)?, words, Some(typed(&seat, &fields))).await;
    }
    run(&seat, &number, Action::Approve(typed(&seat, &fields)), next).await
}

pub(super) async fn draft(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Save(typed(&seat, &fields)), false).await
}

/// Saves what was typed and adds the files to the reply.
pub(super) async fn attach(
    seat: Seat,
    Path((_, number)): At,
    fields: Fields,
    HandedFiles(handed): HandedFiles,
) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let (t, typed) = (seat.lang(), typed(&seat, &fields));
    if let Err(trouble) = keep(&seat, number, &typed).await {
        return refused(&seat, number, trouble, Some(typed)).await;
    }
    let ticket = seat.scope.ticket_by_number(number).await?.id;
    // What is there already, from a form that was sent twice, is nothing to add.
    let mut files = Vec::with_capacity(handed.len());
    for file in handed {
        if file.content.is_empty() || !seat.scope.has_reply_file(ticket, &as_new(&file)).await? {
            files.push(file);
        }
    }
    let there = seat.scope.reply_files(ticket).await?;
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    let before: usize = there.iter().filter_map(|file| usize::try_from(file.size).ok()).sum();
    let words = if there.len() + files.len() > REPLY_FILES_MAX {
        Some(t.refused_files_many(REPLY_FILES_MAX))
    } else if before + bytes > REPLY_BYTES_MAX {
        Some(t.refused_files_large(REPLY_BYTES_MAX >> 20))
    } else {
        files.iter().find(|file| file.content.is_empty()).map(|file| t.refused_file_empty(&file.name))
    };
    if let Some(words) = words {
        return refused(&seat, number, Trouble::Refused(words), Some(typed)).await;
    }
    let mut tx = seat.scope.begin().await?;
    for file in &files {
        if let Err(error) = tx.add_reply_file(ticket, &as_new(file), &seat.actor()).await {
            return refused(&seat, number, error.into(), Some(typed)).await;
        }
    }
    check_again(&seat, &mut tx, ticket).await?;
    tx.commit().await?;
    Ok(onward(&seat, &ListQuery::parse(seat.query()), number, Done::Saved, false, None))
}

/// What the checkers say may rest on which files there are.
async fn check_again(seat: &Seat, tx: &mut Tx, ticket: TicketId) -> Result<(), Refusal> {
    for draft in seat.scope.drafts(ticket).await? {
        tx.enqueue(&Job::Check { draft: draft.id }).await?;
    }
    Ok(())
}

fn as_new(file: &Handed) -> NewReplyFile<'_> {
    NewReplyFile { name: &file.name, media_type: &file.media_type, content: &file.content }
}

/// Saves what was typed and takes a file away from the reply, and a picture out of its text.
pub(super) async fn detach(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let ticket = seat.scope.ticket_by_number(number).await?.id;
    let name = picture_name(&seat, ticket, fields.number("remove")).await?;
    let changed = |body: &str| name.as_ref().map_or_else(|| body.to_owned(), |name| picture::take_out(body, name));
    let typed = typed(&seat, &fields);
    if let Err(trouble) = keep_with(&seat, number, &typed, changed).await {
        return refused(&seat, number, trouble, Some(typed)).await;
    }
    let mut tx = seat.scope.begin().await?;
    tx.remove_reply_file(ticket, fields.number("remove").ok_or(Refusal::NotFound)?, &seat.actor()).await?;
    check_again(&seat, &mut tx, ticket).await?;
    tx.commit().await?;
    Ok(onward(&seat, &ListQuery::parse(seat.query()), number, Done::Saved, false, None))
}

/// Shows a picture in the text, where the cursor was, or takes it out of the text again; saves what was typed with it.
pub(super) async fn picture(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let ticket = seat.scope.ticket_by_number(number).await?.id;
    let show = fields.number("show");
    let name = picture_name(&seat, ticket, show.or(fields.number("only"))).await?;
    let caret = fields.number("caret").and_then(|at| usize::try_from(at).ok());
    // One that was removed meanwhile changes nothing: the page that follows does not have it.
    let changed = |body: &str| match &name {
        Some(name) if show.is_some() => picture::put_in(body, name, caret),
        Some(name) => picture::take_out(body, name),
        None => body.to_owned(),
    };
    let typed = typed(&seat, &fields);
    if let Err(trouble) = keep_with(&seat, number, &typed, changed).await {
        return refused(&seat, number, trouble, Some(typed)).await;
    }
    Ok(onward(&seat, &ListQuery::parse(seat.query()), number, Done::Saved, false, None))
}

/// What the text calls a picture of the reply; none for any other file, and for one that is not there.
async fn picture_name(seat: &Seat, ticket: TicketId, id: Option<i64>) -> Result<Option<String>, Refusal> {
    let files = seat.scope.reply_files(ticket).await?;
    let name = files.iter().find(|file| Some(file.id) == id).map(ReplyFile::picture_name);
    Ok(name.filter(|name| !name.is_empty()).map(str::to_owned))
}

/// Saves what was typed, with a change to its text.
async fn keep_with(seat: &Seat, number: i64, typed: &Typed, changed: impl Fn(&str) -> String) -> Result<(), Trouble> {
    let new = Typed { body: changed(&typed.body), ..typed.clone() };
    if new.body == typed.body {
        return keep(seat, number, typed).await;
    }
    perform(seat, number, Action::Save(new)).await.map(drop)
}

/// Saves what was typed, where anything was.
pub(super) async fn keep(seat: &Seat, number: i64, typed: &Typed) -> Result<(), Trouble> {
    if typed.body.trim().is_empty() {
        return Ok(());
    }
    perform(seat, number, Action::Save(typed.clone())).await.map(drop)
}

pub(super) async fn handled(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Handled { reason: fields.line("reason"), seen: seen(&fields) }, true).await
}

pub(super) async fn spam(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Spam { seen: seen(&fields) }, true).await
}

pub(super) async fn not_spam(seat: Seat, Path((_, number)): At) -> Result<Response, Refusal> {
    run(&seat, &number, Action::NotSpam, false).await
}

pub(super) async fn reopen(seat: Seat, Path((_, number)): At) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Reopen, false).await
}

pub(super) async fn category(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let own = number_of(&number)?;
    let was = seat.scope.ticket_by_number(own).await?.category;
    match perform(&seat, own, Action::Category(fields.line("category"))).await {
        Ok(done) => {
            let mut path = path_onward(&seat, &ListQuery::parse(seat.query()), own, done, false, None);
            // What one click takes back.
            if let Some(was) = was {
                let was: String = url::form_urlencoded::byte_serialize(was.as_bytes()).collect();
                path.push_str(&format!("&of={own}&was={was}"));
            }
            Ok(Redirect::to(&path).into_response())
        }
        Err(trouble) => refused(&seat, own, trouble, None).await,
    }
}

pub(super) async fn assign(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Assign(fields.number("agent").map(AgentId)), false).await
}

pub(super) async fn undo(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let outbox = fields.number("outbox").map(OutboxId).ok_or(Refusal::NotFound)?;
    run(&seat, &number, Action::Undo(outbox), false).await
}

pub(super) async fn resolve(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let outbox = fields.number("outbox").map(OutboxId).ok_or(Refusal::NotFound)?;
    let to = fields.get("to").parse().map_err(Refusal::Malformed)?;
    run(&seat, &number, Action::Resolve(outbox, to), false).await
}

pub(super) async fn merge(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let own = number_of(&number)?;
    let into = fields.get("into").trim().trim_start_matches('#').parse().unwrap_or(0);
    match perform(&seat, own, Action::Merge { into, seen: seen(&fields) }).await {
        // Where everything is now.
        Ok(done) => Ok(onward(&seat, &ListQuery::parse(seat.query()), into, done, false, None)),
        Err(trouble) => refused(&seat, own, trouble, None).await,
    }
}

pub(super) async fn split(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let message = fields.number("message").map(MessageId).ok_or(Refusal::NotFound)?;
    run(&seat, &number, Action::Split(message), false).await
}

/// Does it and goes on: to the next ticket of the list when asked, else back to this one.
pub(super) async fn run(seat: &Seat, number: &str, action: Action, go_on: bool) -> Result<Response, Refusal> {
    let number = number_of(number)?;
    let query = ListQuery::parse(seat.query());
    // A list of open work loses the ticket that was just finished: the place to go on is found before.
    let open_work = matches!(query.view, View::Waiting | View::New | View::Mine | View::Urgent);
    let next = if go_on && open_work { next_after(seat, &query, number).await? } else { None };
    let back = match &action {
        Action::Approve(typed) | Action::Save(typed) => Some(typed.clone()),
        _ => None,
    };
    match perform(seat, number, action).await {
        Ok(done) => Ok(onward(seat, &query, number, done, go_on && open_work, next)),
        Err(trouble) => refused(seat, number, trouble, back).await,
    }
}

pub(super) fn onward(
    seat: &Seat,
    query: &ListQuery,
    number: i64,
    done: Done,
    go_on: bool,
    next: Option<i64>,
) -> Response {
    Redirect::to(&path_onward(seat, query, number, done, go_on, next)).into_response()
}

fn path_onward(seat: &Seat, query: &ListQuery, number: i64, done: Done, go_on: bool, next: Option<i64>) -> String {
    let mut path = match (go_on, next) {
        (false, _) => seat.team().path(&format!("/tickets/{number}")),
        (true, Some(next)) => seat.team().path(&format!("/tickets/{next}")),
        (true, None) => seat.team().path("/tickets"),
    };
    let query = query.to_query();
    path.push_str(&query);
    path.push(if query.is_empty() { '?' } else { '&' });
    path.push_str("done=");
    path.push_str(done.as_str());
    if go_on || matches!(done, Done::Snoozed | Done::Scheduled | Done::Spam | Done::Handled) {
        path.push_str(&format!("&of={number}"));
    }
    path
}

pub(super) async fn refused(
    seat: &Seat,
    number: i64,
    trouble: Trouble,
    typed: Option<Typed>,
) -> Result<Response, Refusal> {
    let t = seat.lang();
    let say = |text: String| Some(Note { refused: true, text });
    let view = match trouble {
        Trouble::Other(refusal) => return Err(refusal),
        Trouble::Refused(words) => {
            let draft = match typed.as_ref().and_then(|t| t.draft) {
                Some(id) => Some(seat.scope.draft(id).await?.position),
                None => None,
            };
            TicketView {
                number,
                draft,
                note: say(words),
                status: StatusCode::UNPROCESSABLE_ENTITY,
                typed,
                ..TicketView::default()
            }
        }
        Trouble::Newer => TicketView {
            number,
            note: say(t.refused_newer().to_owned()),
            status: StatusCode::CONFLICT,
            conflict: typed.as_ref().map(|_| Conflict { who: None, theirs: None }),
            typed,
            ..TicketView::default()
        },
        Trouble::Changed { who, theirs, position } => TicketView {
            number,
            draft: Some(position),
            note: None,
            status: StatusCode::CONFLICT,
            conflict: Some(Conflict { who, theirs: Some(theirs) }),
            typed,
            ..TicketView::default()
        },
    };
    view.draw(seat).await
}
