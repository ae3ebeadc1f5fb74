//! Earned autonomy, for leads and admins: looking, agreeing to a step, taking it back, stopping everything. Programs may look, stop
//! and take back; a step up is agreed to on the page or at the command line.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use posthouse_model::Timestamp;
use posthouse_model::autonomy::{Evidence, Level};
use posthouse_store::StoreError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Longest reason for stopping, in characters.
const REASON_CHARS_MAX: usize = 200;

pub(super) async fn page(seat: Seat) -> Result<Response, Refusal> {
    let t = seat.lang();
    let said = url::form_urlencoded::parse(seat.query().as_bytes()).find(|(name, _)| name == "said");
    let (text, refused) = match said.as_ref().map(|(_, said)| said.as_ref()) {
        Some("promoted") => (t.autonomy_said_promoted(), false),
        Some("taken-back") => (t.autonomy_said_taken_back(), false),
        Some("stopped") => (t.autonomy_said_stopped(), false),
        Some("going") => (t.autonomy_said_going(), false),
        Some("known") => (t.autonomy_said_known(), false),
        Some("consent") => (t.autonomy_consent_missing(), true),
        Some("changed") => (t.autonomy_said_changed(), true),
        _ => ("", false),
    };
    let note = (!text.is_empty()).then(|| Note { refused, text: text.to_owned() });
    let page = load::autonomy::page(&seat).await?;
    let frame = load::frame::frame(&seat, Place::Autonomy, note).await?;
    Ok(page.draw(&frame).into_response())
}

pub(super) async fn act(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let category = fields.line("category");
    let said = match fields.get("verb") {
        "promote" if fields.get("consent") != "yes" => "consent",
        "promote" => {
            let from: Level = fields.get("from").parse().map_err(Refusal::Malformed)?;
            let mut tx = seat.scope.begin_durable().await?;
            match tx.promote_autonomy(&category, from, &seat.actor()).await {
                Ok(_) => {
                    tx.commit().await?;
                    "promoted"
                }
                Err(StoreError::Refused(_) | StoreError::Conflict { .. }) => "changed",
                Err(other) => return Err(other.into()),
            }
        }
        "demote" => {
            let to: Level = fields.get("to").parse().map_err(Refusal::Malformed)?;
            let mut tx = seat.scope.begin_durable().await?;
            match tx.take_back_autonomy(&category, to, "", &seat.actor()).await {
                Ok(()) => {
                    tx.commit().await?;
                    "taken-back"
                }
                Err(StoreError::Refused(_)) => "changed",
                Err(other) => return Err(other.into()),
            }
        }
        "stop" => {
            let reason: String = fields.line("reason").chars().take(REASON_CHARS_MAX).collect();
            let mut tx = seat.scope.begin_durable().await?;
            tx.stop_autonomy(&reason, &seat.actor()).await?;
            tx.commit().await?;
            "stopped"
        }
        "go" => {
            let mut tx = seat.scope.begin().await?;
            tx.resume_autonomy(&seat.actor()).await?;
            tx.commit().await?;
            "going"
        }
        "known" => {
            let mut tx = seat.scope.begin().await?;
            tx.acknowledge_autonomy(&category, &seat.actor()).await?;
            tx.commit().await?;
            "known"
        }
        _ => return Err(Refusal::NotFound),
    };
    Ok(Redirect::to(&format!("{}?said={said}", seat.team().path("/autonomy"))).into_response())
}

/// Levels, what was measured, and the switches.
pub(super) async fn api_show(seat: Seat) -> Result<Json<Value>, Refusal> {
    let (levels, evidence, stop, house) = tokio::try_join!(
        seat.scope.autonomy_levels(),
        seat.scope.autonomy_evidence(),
        seat.scope.autonomy_stop(),
        seat.desk.deps.store.house_autonomy_stop()
    )?;
    let mut names: BTreeSet<&str> = seat.config.categories.iter().map(String::as_str).collect();
    names.extend(levels.iter().map(|row| row.category.as_str()));
    names.extend(evidence.keys().map(String::as_str));
    let categories: Vec<Value> = names
        .into_iter()
        .map(|name| {
            let row = levels.iter().find(|row| row.category == name);
            let measured: Evidence = evidence.get(name).copied().unwrap_or_default();
            json!({
                "category": name,
                "level": row.map_or(Level::Manual, |row| row.level).as_str(),
                "since": row.map(|row| row.since.to_rfc3339()),
                "fell_at": row.and_then(|row| row.demoted_at).map(Timestamp::to_rfc3339),
                "unchanged": measured.unchanged,
                "small_edits": measured.small_edits,
                "large_edits": measured.large_edits,
                "not_sent": measured.rejected,
                "unchanged_at_least": f64::from(measured.bound(&seat.config.autonomy).lower_permille()) / 1_000.0,
            })
        })
        .collect();
    let stopped = |stop: Option<posthouse_store::Stopped>| {
        stop.map(|stop| json!({ "at": stop.at.to_rfc3339(), "by": stop.by, "reason": stop.reason }))
    };
    Ok(Json(json!({ "categories": categories, "stopped": stopped(stop), "house_stopped": stopped(house) })))
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Body {
    category: String,
    to: Option<String>,
    reason: String,
}

/// `stop`, `go`, `demote`, `known`.
pub(super) async fn api_act(
    seat: Seat,
    Path((_, verb)): Path<(String, String)>,
    bytes: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body: Body = if bytes.is_empty() {
        Body::default()
    } else {
        serde_json::from_slice(&bytes).map_err(|error| Refusal::Malformed(error.to_string()))?
    };
    let reason: String = body.reason.chars().take(REASON_CHARS_MAX).collect();
    let actor = seat.actor();
    let mut tx = seat.scope.begin_durable().await?;
    match verb.as_str() {
        "stop" => tx.stop_autonomy(&reason, &actor).await?,
        "go" => {
            tx.resume_autonomy(&actor).await?;
        }
        "demote" => {
            let to = body.to.as_deref().ok_or_else(|| Refusal::Malformed("`to` is missing".to_owned()))?;
            let to: Level = to.parse().map_err(Refusal::Malformed)?;
            tx.take_back_autonomy(&body.category, to, &reason, &actor).await?;
        }
        "known" => {
            tx.acknowledge_autonomy(&body.category, &actor).await?;
        }
        _ => return Err(Refusal::NotFound),
    }
    tx.commit().await?;
    api_show(seat).await
}
