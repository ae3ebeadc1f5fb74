//! Making and revoking tokens of the JSON API: one's own on one's account, a service's by admins.

use super::account::{Asked, ask_password};
use crate::page::account::wait_words;
use crate::page::frame::Note;
use crate::page::tokens::{DAYS, TokenLine, TokensPart};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::response::{IntoResponse, Redirect, Response};
use posthouse_model::role::TokenScope;
use posthouse_store::{AgentRow, NewToken};
use std::time::Duration;

/// What every token begins with, so that a program that looks for leaked secrets knows it.
pub(crate) const MARK: &str = "posthouse_";
/// Characters of a token that are kept and shown.
const BEGINS: usize = MARK.len() + 6;

/// The tokens of somebody. `made`: one that was just made.
pub(super) async fn part(seat: &Seat, owner: &AgentRow, made: Option<String>) -> Result<TokensPart, Refusal> {
    let t = seat.lang();
    let own = owner.id == seat.agent.id;
    let tokens = seat.scope.tokens(owner.id).await?;
    let base = if own { "/account/tokens".to_owned() } else { format!("/people/{}", owner.id) };
    let path = |verb: &str| seat.team().path(&format!("{base}/{verb}"));
    Ok(TokensPart {
        tokens: tokens
            .into_iter()
            .map(|token| TokenLine {
                id: token.id,
                name: token.name,
                begins: token.begins,
                scope: token.scope,
                until: token.expires_at,
                used: token.used_at,
                revoked: token.revoked_at.is_some(),
            })
            .collect(),
        made,
        // Nobody acts as another person, an admin neither.
        make: (own || owner.service).then(|| {
            (if own { seat.team().path("/account/tokens") } else { path("token") }, !owner.password_hash.is_empty())
        }),
        revoke: path("revoke"),
        hint: if own { t.tokens_hint() } else { t.tokens_service_hint() },
    })
}

/// A token as the form asks for it; none when the form makes no sense.
pub(super) async fn made(seat: &Seat, owner: &AgentRow, fields: &Fields) -> Result<Option<String>, Refusal> {
    let name: String = fields.line("name").chars().take(100).collect();
    let days = fields.number("days").and_then(|days| u32::try_from(days).ok()).filter(|days| DAYS.contains(days));
    let (Ok(scope), Some(days)) = (fields.get("scope").parse::<TokenScope>(), days) else { return Ok(None) };
    if name.is_empty() {
        return Ok(None);
    }
    let token = format!("{MARK}{}", seat.desk.deps.entropy.token(32));
    let new = NewToken {
        agent: owner.id,
        name: &name,
        token: &token,
        begins: token.get(..BEGINS).unwrap_or_default(),
        scope,
        lasts: Duration::from_secs(u64::from(days) * 24 * 3_600),
    };
    let mut tx = seat.scope.begin().await?;
    tx.add_token(&new, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Some(token))
}

fn back(seat: &Seat, said: &str) -> Response {
    Redirect::to(&format!("{}?said={said}", seat.team().path("/account"))).into_response()
}

/// Makes one of her own: whoever finds her desk open does not.
pub(super) async fn make(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    match ask_password(&seat, fields.get("password")).await? {
        Asked::Right => {}
        Asked::Wrong => return Ok(back(&seat, "wrong")),
        Asked::Wait(until) => {
            let note = Note { refused: true, text: wait_words(&seat.lens(), until) };
            return super::account::draw(&seat, Some(note), None).await;
        }
    }
    match made(&seat, &seat.agent, &fields).await? {
        Some(token) => super::account::draw(&seat, None, Some(token)).await,
        None => Ok(back(&seat, "token")),
    }
}

pub(super) async fn revoke(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    let mut tx = seat.scope.begin().await?;
    tx.revoke_token(seat.agent.id, fields.number("token").unwrap_or_default(), &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, "revoked"))
}
