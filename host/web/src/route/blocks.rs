//! Blocks of templates for a reply.

use super::forms::At;
use super::tickets::number_of;
use crate::load;
use crate::page::frame::Place;
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};

pub(super) async fn list(seat: Seat, Path((_, number)): At) -> Result<Response, Refusal> {
    let position = url::form_urlencoded::parse(seat.query().as_bytes())
        .find(|(name, _)| name == "draft")
        .and_then(|(_, value)| value.parse().ok());
    let page = load::blocks::blocks(&seat, number_of(&number)?, position).await?;
    let frame = load::frame::frame(&seat, Place::Tickets, None).await?;
    Ok(page.draw(&frame).into_response())
}
