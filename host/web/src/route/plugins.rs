//! The plugins pages: reading them, and each step of a release's life as a form. Nothing is called here: a step is a change of
//! rows that the workers take over, and a replay is a job.

use crate::load;
use crate::load::frame::Done;
use crate::page::frame::{Note, Place};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::{Handed, Seat};
use crate::words::Lang;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use posthouse_model::job::Job;
use posthouse_model::release::ReleaseState;
use posthouse_store::StoreError;

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let (frame, page) =
        tokio::try_join!(load::frame::frame(&seat, Place::Plugins, None), load::plugins::plugins(&seat))?;
    Ok(page.draw(&frame).into_response())
}

pub(super) async fn plugin(seat: Seat, Path((_, name)): Path<(String, String)>) -> Result<Response, Refusal> {
    draw(&seat, &name, None, StatusCode::OK).await
}

/// A package, handed in: kept, and a job for whoever may read it.
pub(super) async fn hand_in(seat: Seat, handed: Handed) -> Result<Response, Refusal> {
    if handed.content.is_empty() {
        return Ok(Redirect::to(&seat.team().path("/plugins")).into_response());
    }
    let mut tx = seat.scope.begin().await?;
    tx.hand_in(&handed.name, &handed.content, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&seat.team().path(&format!("/plugins?done={}", Done::HandedIn.as_str()))).into_response())
}

async fn draw(seat: &Seat, name: &str, note: Option<Note>, status: StatusCode) -> Result<Response, Refusal> {
    let (frame, page) =
        tokio::try_join!(load::frame::frame(seat, Place::Plugins, note), load::plugins::plugin(seat, name))?;
    Ok((status, page.draw(&frame)).into_response())
}

pub(super) async fn act(
    seat: Seat,
    Path((_, name, verb)): Path<(String, String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let number = fields.number("release").ok_or(Refusal::NotFound)?;
    match step(&seat, &name, number, &verb, &fields).await {
        Ok(done) => {
            let path = seat.team().path(&format!("/plugins/{name}?done={}", done.as_str()));
            Ok(Redirect::to(&path).into_response())
        }
        Err(Trouble::NotDone(text)) => {
            let note = Note { refused: true, text };
            draw(&seat, &name, Some(note), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(Trouble::Other(refusal)) => Err(refusal),
    }
}

enum Trouble {
    /// In words of the store, for the page.
    NotDone(String),
    Other(Refusal),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(words) => Self::NotDone(words),
            other => Self::Other(other.into()),
        }
    }
}

async fn step(seat: &Seat, name: &str, number: i64, verb: &str, fields: &Fields) -> Result<Done, Trouble> {
    let actor = seat.actor();
    let mut tx = seat.scope.begin().await?;
    let mut done = Done::Staged;
    match verb {
        "shadow" => tx.stage_release(name, number, ReleaseState::Shadow, 0, &actor).await?,
        "canary" => {
            let share = fields.number("share").and_then(|share| u32::try_from(share).ok()).unwrap_or(0);
            tx.stage_release(name, number, ReleaseState::Canary, share, &actor).await?;
        }
        "activate" => tx.activate_release(name, number, &actor).await?,
        "withdraw" => tx.withdraw_release(name, number, Lang::En.withdrawn_here(), &actor).await?,
        "rollback" => {
            tx.roll_back(name, Some(number), None, Lang::En.taken_back_here(), &actor).await?;
        }
        "replay" => {
            // Only of what is there.
            tx.release(name, number).await?;
            tx.enqueue(&Job::Replay { plugin: name.to_owned(), release: number }).await?;
            done = Done::Replay;
        }
        _ => return Err(Trouble::Other(Refusal::NotFound)),
    }
    tx.commit().await?;
    Ok(done)
}
