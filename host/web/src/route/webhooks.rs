//! The webhooks of a team, for its admins. Nothing is told from here: a job does it.

use crate::load;
use crate::page::frame::{Note, Place};
use crate::page::webhooks::{ToldLine, WebhookPart, WebhooksPage};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};

/// What is shown of each.
const SHOWN: u32 = 50;

pub(super) async fn page(seat: Seat) -> Result<Response, Refusal> {
    let t = seat.lang();
    let said = url::form_urlencoded::parse(seat.query().as_bytes()).find(|(name, _)| name == "said");
    let text = match said.as_ref().map(|(_, said)| said.as_ref()) {
        Some("again") => Some(t.webhook_said_again()),
        Some("on") => Some(t.webhook_said_on()),
        Some("test") => Some(t.webhook_said_test()),
        _ => None,
    };
    let note = text.map(|text| Note { refused: false, text: text.to_owned() });
    let rows = seat.scope.webhooks().await?;
    let mut webhooks = Vec::new();
    for webhook in &seat.config.webhooks {
        let row = rows.iter().find(|row| row.name == webhook.name);
        let told = seat.scope.deliveries(&webhook.name, SHOWN).await?;
        webhooks.push(WebhookPart {
            name: webhook.name.clone(),
            url: webhook.url.clone(),
            enabled: webhook.enabled,
            failing_since: row.and_then(|row| row.failing_since),
            disabled_at: row.and_then(|row| row.disabled_at),
            told: told
                .into_iter()
                .map(|told| ToldLine {
                    id: told.id,
                    kind: told.kind,
                    state: told.state,
                    tries: told.tries,
                    status: told.status,
                    answer: told.answer,
                    at: told.tried_at.unwrap_or(told.created_at),
                })
                .collect(),
        });
    }
    let frame = load::frame::frame(&seat, Place::Settings, note).await?;
    Ok(WebhooksPage { webhooks }.draw(&frame).into_response())
}

/// Tells something again, or turns one on again.
pub(super) async fn act(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let back = |said: &str| Redirect::to(&format!("{}?said={said}", seat.team().path("/webhooks"))).into_response();
    let mut tx = seat.scope.begin().await?;
    let said = match fields.number("again") {
        Some(id) => {
            tx.replay_delivery(id, &seat.actor()).await?;
            "again"
        }
        None if !fields.get("on").is_empty() => {
            tx.enable_webhook(fields.get("on"), &seat.actor()).await?;
            "on"
        }
        None if seat.config.webhooks.iter().any(|webhook| webhook.enabled && webhook.name == fields.get("test")) => {
            tx.test_webhook(fields.get("test"), &seat.actor());
            "test"
        }
        None => return Err(Refusal::NotFound),
    };
    tx.commit().await?;
    Ok(back(said))
}
