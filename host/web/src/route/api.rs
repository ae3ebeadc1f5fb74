//! The JSON API: the same as the pages, for programs of the same people.
//!
//! A program sends an API token (`Authorization: Bearer …`), or goes with a browser's session: then it reads `csrf` from
//! `GET api/me` and sends it as `X-CSRF-Token` with every POST. Errors are `{"error": code, "message": words}` with 401 (sign
//! in), 403 (the token's scope), 404 (not there or not for you), 409 (things have changed), 422 (not like this), 429 (too fast).
//! What there is, [`super::openapi`] describes.

use super::act::{Action, Trouble, Typed, default_to, perform};
use super::settings::outcome_of;
use super::tickets::number_of;
use super::work::{Work, moment};
use crate::load;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::request::clean_text;
use crate::seat::Seat;
use axum::Json;
use axum::extract::Path;
use bytes::Bytes;
use posthouse_model::draft::Misfit;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::Outcome;
use posthouse_model::{AgentId, DraftId, MessageId, OutboxId};
use serde::Deserialize;
use serde_json::{Value, json};

type Answer = Result<Json<Value>, Refusal>;

pub(super) async fn me(seat: Seat) -> Json<Value> {
    let a = &seat.agent;
    let mut me = json!({
        "id": a.id, "email": a.email, "name": a.name, "role": a.role, "language": a.language,
        "team": { "slug": seat.tenant.tenant.slug, "name": seat.tenant.tenant.name },
    });
    match seat.bearer {
        Some(scope) => me["scope"] = json!(scope),
        None => me["csrf"] = json!(seat.csrf()),
    }
    Json(me)
}

/// Takes the same query as the page: `view`, `saved`, `q`, `queue`, `category`, `urgency`, `language`, `after`. `cut`: there may be more than
/// is listed. `search_behind`: mails stored before it are not found yet.
pub(super) async fn tickets(seat: Seat) -> Answer {
    let query = ListQuery::parse(seat.query());
    let page = seat.scope.tickets(&load::list::wanted(&seat, &query).await?).await?;
    let behind = if query.text.is_empty() { None } else { seat.scope.search_behind().await? };
    Ok(Json(json!({ "tickets": page.rows, "next": page.next, "cut": page.cut, "search_behind": behind })))
}

pub(super) async fn ticket(seat: Seat, Path((_, number)): Path<(String, String)>) -> Answer {
    let detail = seat.scope.ticket_detail(number_of(&number)?).await?;
    serde_json::to_value(&detail).map(Json).map_err(|error| {
        tracing::error!(%error, "a ticket could not be written as JSON");
        Refusal::Broken
    })
}

pub(super) async fn counts(seat: Seat) -> Answer {
    let (views, counts) = load::list::counts(&seat).await?;
    let views: serde_json::Map<_, _> =
        views.into_iter().map(|(view, n)| (view.as_str().to_owned(), json!(n))).collect();
    Ok(Json(json!({ "views": views, "all": counts })))
}

/// Notes that speak to the one who asks, the newest first, at most 100.
pub(super) async fn mentions(seat: Seat) -> Answer {
    Ok(Json(json!({ "mentions": seat.scope.mentions(seat.agent.id, 100).await? })))
}

/// How often which template did not fit, and why.
pub(super) async fn misfits(seat: Seat) -> Answer {
    Ok(Json(json!({ "misfits": seat.scope.misfits().await? })))
}

/// Parked mail, or what `outcome` says (`parked`, `skipped`, `spam`, `automatic`).
pub(super) async fn messages(seat: Seat) -> Answer {
    let outcome = outcome_of(seat.query()).unwrap_or(Outcome::Parked);
    Ok(Json(json!({ "messages": seat.scope.messages_by_outcome(outcome, None, 200).await? })))
}

/// Takes a mail up that was left out.
pub(super) async fn take_up(seat: Seat, Path((_, id)): Path<(String, String)>) -> Answer {
    let number = super::mail::taken_up(&seat, &id).await?;
    let ticket = seat.scope.ticket_by_number(number).await?;
    Ok(Json(json!({ "done": "taken-up", "ticket": ticket })))
}

pub(super) async fn status(seat: Seat) -> Answer {
    let page = load::status::status(&seat).await?;
    Ok(Json(json!({
        "host": seat.desk.deps.operations.trouble().map(|trouble| seat.lang().host_trouble(trouble)),
        "incidents": page.incidents.iter().map(|i| json!({ "text": i.text, "since": i.since.to_rfc3339() })).collect::<Vec<_>>(),
        "mailboxes": page.mailboxes.iter().map(|m| json!({
            "address": m.address, "active": m.active, "trouble": m.trouble, "fetched_at": m.fetched_at.map(|t| t.to_rfc3339()),
        })).collect::<Vec<_>>(),
        "plugins": page.plugins.iter().map(|p| json!({
            "name": p.name, "world": p.world, "version": p.version, "digest": p.digest,
        })).collect::<Vec<_>>(),
        "failed_jobs": page.failed.iter().map(|j| json!({ "job": j.kind, "error": j.error, "tries": j.tries })).collect::<Vec<_>>(),
    })))
}

/// The body of an action. What an action does not need is not looked at; unknown fields are errors.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Body {
    /// `approve`, `draft`: the revision the text was made from.
    draft: Option<i64>,
    /// `approve`, `handled`, `spam`: the newest message that was read.
    seen: Option<i64>,
    /// `approve`; none: the customer.
    to: Option<String>,
    /// `approve`.
    cc: Option<String>,
    /// `approve`, `draft`; none keeps the draft's.
    subject: Option<String>,
    /// `approve`, `draft`; none keeps the draft's. `note`, `edit-note`: what it says.
    body: Option<String>,
    /// `approve`: when it goes out, as RFC 3339 writes it; none: at once.
    send_at: Option<String>,
    /// `edit-note`, `delete-note`.
    note: Option<i64>,
    /// `priority`: 0 to 100.
    priority: Option<u8>,
    /// `tag`, `untag`.
    tag: String,
    /// `snooze`: until when, as RFC 3339 writes it.
    until: Option<String>,
    /// `misfit`: why the template of `draft` did not fit.
    misfit: Option<Misfit>,
    /// `misfit`: in one's own words.
    words: String,
    /// `handled`.
    reason: String,
    /// `category`.
    category: String,
    /// `assign`; none: nobody.
    agent: Option<i64>,
    /// `undo`, `resolve`.
    outbox: Option<i64>,
    /// `merge`: the number of the ticket that everything goes to.
    into: Option<i64>,
    /// `split`: the mail that gets a ticket of its own.
    message: Option<i64>,
    /// `resolve`: `sent`, `queued`, `failed`, `cancelled`.
    state: Option<OutboxState>,
}

pub(super) async fn act(seat: Seat, Path((_, number, verb)): Path<(String, String, String)>, bytes: Bytes) -> Answer {
    let number = number_of(&number)?;
    let body: Body = if bytes.is_empty() {
        Body::default()
    } else {
        serde_json::from_slice(&bytes).map_err(|error| Refusal::Malformed(error.to_string()))?
    };
    let seen = body.seen.map(MessageId);
    let outbox = || body.outbox.map(OutboxId).ok_or_else(|| Refusal::Malformed("`outbox` is missing".to_owned()));
    let action = match verb.as_str() {
        "approve" => Action::Approve(typed(&seat, number, &body).await?),
        "draft" => Action::Save(typed(&seat, number, &body).await?),
        "handled" => Action::Handled { reason: body.reason.clone(), seen },
        "spam" => Action::Spam { seen },
        "not-spam" => Action::NotSpam,
        "reopen" => Action::Reopen,
        "category" => Action::Category(body.category.clone()),
        "assign" => Action::Assign(body.agent.map(AgentId)),
        "undo" => Action::Undo(outbox()?),
        "resolve" => {
            let state = body.state.ok_or_else(|| Refusal::Malformed("`state` is missing".to_owned()))?;
            Action::Resolve(outbox()?, state)
        }
        "merge" => {
            let into = body.into.ok_or_else(|| Refusal::Malformed("`into` is missing".to_owned()))?;
            Action::Merge { into, seen }
        }
        "split" => {
            let message = body.message.ok_or_else(|| Refusal::Malformed("`message` is missing".to_owned()))?;
            Action::Split(MessageId(message))
        }
        other => Action::Work(work(other, &body)?),
    };
    let done = perform(&seat, number, action).await.map_err(|trouble| match trouble {
        Trouble::Refused(words) => Refusal::Refused(words),
        Trouble::Newer => Refusal::Conflict(seat.lang().refused_newer().to_owned()),
        Trouble::Changed { .. } => Refusal::Conflict(seat.lang().conflict_ticket().to_owned()),
        Trouble::Other(refusal) => refusal,
    })?;
    let ticket = seat.scope.ticket_by_number(number).await?;
    Ok(Json(json!({ "done": done.as_str(), "ticket": ticket })))
}

/// What is noted and set beside answering.
fn work(verb: &str, body: &Body) -> Result<Work, Refusal> {
    let missing = |name: &str| Refusal::Malformed(format!("`{name}` is missing"));
    let text = || clean_text(body.body.as_deref().unwrap_or_default());
    let note = || body.note.ok_or_else(|| missing("note"));
    Ok(match verb {
        "note" => Work::Note(text()),
        "edit-note" => Work::EditNote(note()?, text()),
        "delete-note" => Work::DeleteNote(note()?),
        "priority" => Work::Priority(body.priority),
        "tag" => Work::Tag(body.tag.clone()),
        "untag" => Work::Untag(body.tag.clone()),
        "snooze" => {
            let until = body.until.as_deref().ok_or_else(|| missing("until"))?;
            Work::Snooze(Some(moment("until", until)?))
        }
        "wake" => Work::Wake,
        "misfit" => {
            let draft = body.draft.map(DraftId).ok_or_else(|| missing("draft"))?;
            Work::Misfit(draft, body.misfit.ok_or_else(|| missing("misfit"))?, clean_text(&body.words))
        }
        _ => return Err(Refusal::NotFound),
    })
}

/// What is not given is as the page would show it.
async fn typed(seat: &Seat, number: i64, body: &Body) -> Result<Typed, Refusal> {
    let detail = seat.scope.ticket_detail(number).await?;
    let draft = body.draft.map(DraftId);
    let base = match draft {
        Some(id) => Some(seat.scope.draft(id).await?.proposal),
        None => None,
    };
    let line = |text: &str| clean_text(text).replace('\n', " ").trim().to_owned();
    Ok(Typed {
        draft,
        seen: body.seen.map(MessageId),
        to: body.to.clone().unwrap_or_else(|| default_to(&detail)),
        cc: body.cc.clone().unwrap_or_default(),
        subject: body.subject.as_deref().map(line).or_else(|| base.as_ref()?.subject.clone()).unwrap_or_default(),
        body: body.body.as_deref().map(clean_text).or_else(|| base.map(|b| b.body)).unwrap_or_default(),
        send_at: body.send_at.as_deref().map(|at| moment("send_at", at).map(Some)).transpose()?,
    })
}
