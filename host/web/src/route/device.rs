//! Devices that are remembered: who signs in on one of them stays signed in longer and is asked for no code.

use super::account::{Said, back};
use crate::desk::Desk;
use crate::refusal::Refusal;
use crate::request::{Fields, cookie, set_cookie};
use crate::seat::Seat;
use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use posthouse_model::event::Actor;
use posthouse_store::{AgentRow, DEVICE_LASTS, TenantRow};

/// Cookie of a remembered device.
const DEVICE: &str = "posthouse_device";
/// The box on the sign-in forms.
const BOX: &str = "remember";

/// Whether a form asks that this device be remembered.
pub(super) fn asked(fields: &Fields) -> bool {
    fields.get(BOX) == "1"
}

/// Whether the browser shows a device of this person's, for which no code is asked.
pub(super) async fn is_known(
    desk: &Desk,
    tenant: &TenantRow,
    agent: &AgentRow,
    headers: &HeaderMap,
) -> Result<bool, Refusal> {
    let Some(token) = cookie(headers, DEVICE).filter(|token| token.len() == 64) else { return Ok(false) };
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    let known = tx.know_device(agent.id, token).await?;
    tx.commit().await?;
    Ok(known)
}

/// Remembers the browser; the cookie that says so to it.
pub(super) async fn remember(
    desk: &Desk,
    tenant: &TenantRow,
    agent: &AgentRow,
    user_agent: &str,
) -> Result<HeaderValue, Refusal> {
    let token = desk.deps.entropy.token(32);
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    tx.remember_device(agent.id, &token, user_agent, &Actor::Agent(agent.email.clone())).await?;
    tx.commit().await?;
    let path = format!("/t/{}", tenant.tenant.slug);
    Ok(set_cookie(DEVICE, &token, &path, DEVICE_LASTS.as_secs(), desk.is_secure()))
}

/// Forgets one, from the account's page.
pub(super) async fn forget(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let device = fields.number("device").unwrap_or_default();
    let mut tx = seat.scope.begin().await?;
    // One that is gone already is as good as forgotten.
    tx.forget_device(seat.agent.id, device, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, Said::Forgotten))
}
