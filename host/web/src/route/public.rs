//! For everybody: which team, health, figures, files of the desk.

use crate::assets;
use crate::desk::Desk;
use crate::page::frame::Team;
use crate::page::gate::TeamPage;
use crate::refusal::Refusal;
use crate::request::{Device, LANGUAGE, set_cookie, slug_of};
use crate::words::Lang;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

/// A year, in seconds.
pub(super) const YEAR: u64 = 365 * 24 * 3_600;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TeamQuery {
    team: String,
    language: Option<String>,
}

/// Which team? One that is named is gone to; a host with a single team needs no question.
pub(super) async fn teams(
    State(desk): State<Desk>,
    Query(query): Query<TeamQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut device = Device::of(&headers);
    let chosen = query.language.as_deref().map(Lang::from_tag);
    device.lang = chosen.unwrap_or(device.lang);
    let slug = query.team.trim().to_ascii_lowercase();
    if !slug.is_empty() {
        let path = format!("/t/{slug}");
        if slug_of(&path).is_some() && desk.deps.store.tenant_by_slug(&slug).await?.is_some_and(|t| t.active) {
            return Ok(Redirect::to(&format!("{path}/tickets")).into_response());
        }
    }
    let active: Vec<Team> = desk
        .deps
        .store
        .tenants()
        .await?
        .into_iter()
        .filter(|t| t.active)
        .map(|t| Team { slug: t.tenant.slug, name: t.tenant.name })
        .collect();
    if slug.is_empty()
        && chosen.is_none()
        && let [only] = active.as_slice()
    {
        return Ok(Redirect::to(&only.path("/tickets")).into_response());
    }
    let teams = if desk.deps.list_teams { active } else { Vec::new() };
    let page = TeamPage { lang: device.lang, theme: device.theme, teams, unknown: !slug.is_empty() };
    let status = if page.unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let mut response = (status, page.draw()).into_response();
    if let Some(lang) = chosen {
        let cookie = set_cookie(LANGUAGE, lang.code(), "/", YEAR, desk.is_secure());
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

pub(super) async fn health(State(desk): State<Desk>) -> Response {
    let health = desk.deps.operations.health().await;
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health.report)).into_response()
}

pub(super) async fn metrics(State(desk): State<Desk>) -> Response {
    let text = desk.deps.operations.metrics().await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub(super) async fn asset(Path(file): Path<String>) -> Result<Response, Refusal> {
    let asset = assets::find(&format!("/assets/{file}")).ok_or(Refusal::NotFound)?;
    let mut response = asset.content().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}
