//! Earned autonomy, for leads and admins: looking, agreeing to a step, taking it back, stopping everything.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};
use posthouse_model::autonomy::Level;
use posthouse_store::StoreError;

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
