//! One act on many tickets, from the list or as JSON, and taking it back.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::page::list;
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::request::{Fields, clean_text};
use crate::seat::Seat;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::StatusCode;
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_store::{BULK_MAX, BulkAct, BulkReport, MacroActs, Picked, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest reason for closing, in characters.
const REASON_CHARS_MAX: usize = 200;

enum Trouble {
    /// In the reader's language.
    Refused(String),
    Other(Refusal),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(words) => Self::Refused(words),
            other => Self::Other(other.into()),
        }
    }
}

/// Does it, when the reader may.
async fn perform(seat: &Seat, picked: &[Picked], act: BulkAct) -> Result<BulkReport, Trouble> {
    let t = seat.lang();
    let refuse = |words: String| Err(Trouble::Refused(words));
    if picked.is_empty() {
        return refuse(t.refused_bulk_none().to_owned());
    }
    if picked.len() > BULK_MAX {
        return refuse(t.refused_bulk_many(BULK_MAX));
    }
    let act = match act {
        BulkAct::Assign(Some(id)) => {
            // Giving it to another is a lead's.
            let may = id == seat.agent.id || seat.agent.role >= Role::Lead;
            let agent = seat.scope.agent(id).await?.filter(|a| may && a.active && a.role.may_act());
            if agent.is_none() {
                return refuse(t.refused_agent().to_owned());
            }
            BulkAct::Assign(Some(id))
        }
        BulkAct::Handled(reason) => {
            let reason: String = clean_text(&reason).trim().chars().take(REASON_CHARS_MAX).collect();
            if reason.is_empty() {
                return refuse(t.refused_reason().to_owned());
            }
            BulkAct::Handled(reason)
        }
        BulkAct::Category(name) => {
            let name = name.trim().to_lowercase();
            let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
            if !plain || !(1..=40).contains(&name.chars().count()) {
                return refuse(t.refused_category().to_owned());
            }
            BulkAct::Category(name)
        }
        // What it does is what the team has set up, whatever was sent with its name.
        BulkAct::Macro(wanted) => match super::macros::acts(seat, &wanted.name).await {
            Ok(act) => act,
            Err(super::act::Trouble::Refused(words)) => return refuse(words),
            Err(super::act::Trouble::Other(refusal)) => return Err(Trouble::Other(refusal)),
            Err(_) => return Err(Trouble::Other(Refusal::NotFound)),
        },
        BulkAct::Assign(None) | BulkAct::Spam => act,
    };
    let mut tx = seat.scope.begin().await?;
    let report = tx.bulk(seat.agent.id, picked, act, &seat.actor()).await?;
    tx.commit().await?;
    Ok(report)
}

async fn take_back(seat: &Seat, id: &str) -> Result<BulkReport, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Other(Refusal::NotFound))?;
    let mut tx = seat.scope.begin().await?;
    let report = match tx.undo_bulk(seat.agent.id, id, &seat.actor()).await {
        Err(StoreError::Refused(_)) => return Err(Trouble::Refused(seat.lang().refused_bulk_late().to_owned())),
        other => other?,
    };
    tx.commit().await?;
    Ok(report)
}

pub(super) async fn act(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let mut picked: Vec<Picked> = fields
        .names_after("t")
        .filter_map(|number| {
            let number: i64 = number.parse().ok()?;
            Some(Picked { number, version: fields.number(&format!("t{number}")) })
        })
        .collect();
    picked.sort_by_key(|one| one.number);
    let act = match fields.get("do") {
        "assign" => BulkAct::Assign(fields.number("agent").map(AgentId)),
        "handled" => BulkAct::Handled(fields.line("reason")),
        "spam" => BulkAct::Spam,
        "category" => BulkAct::Category(fields.line("category")),
        "macro" => BulkAct::Macro(MacroActs { name: fields.get("macro").to_owned(), ..MacroActs::default() }),
        _ => return Err(Refusal::NotFound),
    };
    answer(&seat, perform(&seat, &picked, act).await).await
}

pub(super) async fn undo(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    answer(&seat, take_back(&seat, &id).await).await
}

/// Back to the list, which says what became of it.
async fn answer(seat: &Seat, result: Result<BulkReport, Trouble>) -> Result<Response, Refusal> {
    let query = ListQuery::parse(seat.query());
    let words = match result {
        Ok(BulkReport { id: Some(id), act, done, undone, .. }) => {
            let query = query.to_query();
            let joint = if query.is_empty() { '?' } else { '&' };
            // A macro on one ticket that was taken back: the ticket is looked at again.
            let open = match (act, done.as_slice(), undone) {
                (BulkAct::Macro(_), [number], true) => format!("/{number}"),
                _ => String::new(),
            };
            let path = format!("/tickets{open}{query}{joint}bulk={id}");
            return Ok(Redirect::to(&seat.team().path(&path)).into_response());
        }
        Ok(BulkReport { left, .. }) => {
            let t = seat.lang();
            let why = left.iter().map(|(number, why)| format!("#{number} {}", t.bulk_left(*why)));
            format!("{} {}", t.refused_bulk_nothing(), why.collect::<Vec<_>>().join(" · "))
        }
        Err(Trouble::Refused(words)) => words,
        Err(Trouble::Other(refusal)) => return Err(refusal),
    };
    let note = Some(Note { refused: true, text: words });
    let (frame, pane) =
        tokio::try_join!(load::frame::frame(seat, Place::Tickets, note), load::list::list(seat, &query, None))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, list::page(&frame, &pane, None)).into_response())
}

/// `{"tickets": [{"number": 1042, "version": 7}], "act": {"handled": "…"}}`, `"spam"`, `{"category": "…"}`, `{"assign": 5}` or
/// `{"assign": null}`. Without a version a ticket is closed whatever it has become.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tickets: Vec<One>,
    act: BulkAct,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    number: i64,
    #[serde(default)]
    version: Option<i64>,
}

type Answer = Result<Json<Value>, Refusal>;

fn as_json(result: Result<BulkReport, Trouble>) -> Answer {
    match result {
        Ok(report) => Ok(Json(json!({ "bulk": report }))),
        Err(Trouble::Refused(words)) => Err(Refusal::Refused(words)),
        Err(Trouble::Other(refusal)) => Err(refusal),
    }
}

pub(super) async fn api_act(seat: Seat, bytes: Bytes) -> Answer {
    let body: Body = serde_json::from_slice(&bytes).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let picked: Vec<Picked> =
        body.tickets.iter().map(|one| Picked { number: one.number, version: one.version }).collect();
    as_json(perform(&seat, &picked, body.act).await)
}

pub(super) async fn api_undo(seat: Seat, Path((_, id)): Path<(String, String)>) -> Answer {
    as_json(take_back(&seat, &id).await)
}
