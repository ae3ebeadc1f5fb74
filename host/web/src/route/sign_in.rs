//! Signing in and out.

use super::public::YEAR;
use super::{code, device};
use crate::desk::Desk;
use crate::page::frame::Team;
use crate::page::gate::SignInPage;
use crate::page::when::Lens;
use crate::password::PasswordError;
use crate::refusal::Refusal;
use crate::request::{Device, Fields, LANGUAGE, SESSION, SIGN_IN, clean_text, cookie, safe_next, set_cookie};
use crate::seat::{Seat, same_site, tenant_of};
use crate::words::Lang;
use crate::{password, request};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::tz::TimeZone;
use posthouse_model::config::TenantConfig;
use posthouse_model::event::Actor;
use posthouse_store::{AgentRow, SignedInFrom, TenantRow};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Failed tries per address and account within the window.
const TRIES_ACCOUNT_AND_CLIENT: u32 = 5;
/// Failed tries per account, from everywhere: higher, so that nobody can lock another out quickly.
const TRIES_ACCOUNT: u32 = 50;
/// Failed tries per client, whatever the account.
const TRIES_CLIENT: u32 = 30;
/// How long the sign-in form may stay open, in seconds.
const FORM_SECONDS: u64 = 24 * 3_600;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SignInQuery {
    next: String,
    language: Option<String>,
    out: Option<String>,
    welcome: Option<String>,
}

pub(super) async fn page(
    State(desk): State<Desk>,
    uri: Uri,
    Query(query): Query<SignInQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, uri.path()).await?;
    let slug = &tenant.tenant.slug;
    let next = safe_next(slug, &query.next);
    let signed_in = match cookie(&headers, SESSION) {
        Some(token) => desk.deps.store.tenant(tenant.id).session(token).await?.is_some(),
        None => false,
    };
    if signed_in {
        return Ok(Redirect::to(&next.unwrap_or_else(|| format!("/t/{slug}/tickets"))).into_response());
    }
    let chosen = query.language.as_deref().map(Lang::from_tag);
    let mut device = Device::of(&headers);
    device.lang = chosen.unwrap_or(device.lang);
    let notice = query.out.map(|_| (false, device.lang.signed_out().to_owned()));
    let notice = notice.or_else(|| query.welcome.map(|_| (false, device.lang.welcome_done().to_owned())));
    let mut response = draw(&desk, &tenant, device, &headers, Form { next, notice, ..Form::default() });
    if let Some(lang) = chosen {
        let cookie = set_cookie(LANGUAGE, lang.code(), "/", YEAR, desk.is_secure());
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What the gate shows.
#[derive(Default)]
pub(super) struct Form {
    pub(super) next: Option<String>,
    pub(super) email: String,
    pub(super) notice: Option<(bool, String)>,
    pub(super) status: StatusCode,
    /// The password was right: a code is asked for.
    pub(super) code: bool,
    /// The device is to be remembered.
    pub(super) remember: bool,
}

pub(super) fn draw(desk: &Desk, tenant: &TenantRow, device: Device, headers: &HeaderMap, form: Form) -> Response {
    let slug = &tenant.tenant.slug;
    let (cookie, token) = form_token(desk, headers, slug);
    let page = SignInPage {
        lang: device.lang,
        theme: device.theme,
        team: Team { slug: slug.clone(), name: tenant.tenant.name.clone() },
        next: form.next,
        email: form.email,
        token,
        notice: form.notice,
        typed: None,
        code: form.code,
        remember: form.remember,
        provider: provider(tenant),
    };
    let mut response = (form.status, page.draw()).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What the team's own provider is called, where it has one.
fn provider(tenant: &TenantRow) -> Option<String> {
    let config: TenantConfig = serde_json::from_value(tenant.tenant.settings.clone()).ok()?;
    config.sign_in.oidc.map(|oidc| oidc.title())
}

/// The sign-in form's token, and the cookie it is derived from when the browser has none yet: another site can
/// post the form, but not know the cookie.
pub(crate) fn form_token(desk: &Desk, headers: &HeaderMap, slug: &str) -> (Option<HeaderValue>, String) {
    match cookie(headers, SIGN_IN).filter(|c| c.len() == 32) {
        Some(known) => (None, form_token_of(known)),
        None => {
            let fresh = desk.deps.entropy.token(16);
            let cookie = set_cookie(SIGN_IN, &fresh, &format!("/t/{slug}"), FORM_SECONDS, desk.is_secure());
            (Some(cookie), form_token_of(&fresh))
        }
    }
}

/// Whether a form carries the token of this browser's cookie.
pub(super) fn form_is_own(headers: &HeaderMap, token: &str) -> bool {
    cookie(headers, SIGN_IN).is_some_and(|known| form_token_of(known).as_bytes().ct_eq(token.as_bytes()).into())
}

fn form_token_of(cookie: &str) -> String {
    hex::encode(Sha256::digest(format!("posthouse sign-in form\n{cookie}")))
}

pub(super) async fn enter(State(desk): State<Desk>, request: Request) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, request.uri().path()).await?;
    let client = client(&desk, request.headers(), request.extensions());
    let (parts, body) = request.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, 16_384).await.map_err(|_| Refusal::TooLarge)?;
    let fields = Fields::parse(&bytes);
    let headers = &parts.headers;
    let device = Device::of(headers);
    let slug = tenant.tenant.slug.clone();
    let next = safe_next(&slug, fields.get("next"));
    let email = fields.line("email").to_lowercase();
    let remember = device::asked(&fields);
    let refuse = |status: StatusCode, words: String| {
        draw(
            &desk,
            &tenant,
            device,
            headers,
            Form {
                next: next.clone(),
                email: email.clone(),
                notice: Some((true, words)),
                status,
                remember,
                ..Form::default()
            },
        )
    };
    if !form_is_own(headers, fields.get("token")) || !same_site(&desk, headers) {
        return Ok(refuse(StatusCode::FORBIDDEN, device.lang.sign_in_expired().to_owned()));
    }
    let keys = [
        (format!("{}\n{email}\n{client}", tenant.id), TRIES_ACCOUNT_AND_CLIENT),
        (format!("{}\n{email}", tenant.id), TRIES_ACCOUNT),
        (format!("\n{client}"), TRIES_CLIENT),
    ];
    let now = desk.now();
    if let Some(wait) = keys.iter().filter_map(|(key, tries)| desk.limiter.wait(key, *tries, now)).max() {
        let lens = Lens { lang: device.lang, zone: TimeZone::UTC, now };
        let words = device.lang.sign_in_wait(lens.short(wait.max(Duration::from_secs(60))));
        let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, words);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        return Ok(response);
    }
    let scope = desk.deps.store.tenant(tenant.id);
    let agent = scope.agent_by_email(&email).await?.filter(|a| a.active);
    if !fits(&desk, agent.as_ref().map(|a| a.password_hash.clone()), fields.get("password").to_owned()).await? {
        for (key, _) in &keys {
            desk.limiter.failed(key, now);
        }
        return Ok(refuse(StatusCode::UNPROCESSABLE_ENTITY, device.lang.sign_in_wrong().to_owned()));
    }
    let Some(agent) = agent else { return Err(Refusal::NotFound) };
    desk.limiter.forget(&keys[0].0);
    if agent.second_factor && !device::is_known(&desk, &tenant, &agent, headers).await? {
        return code::ask(&desk, &tenant, &agent, next.as_deref(), remember).await;
    }
    entered(&desk, &tenant, &agent, Entry { next: next.as_deref(), headers, address: client, remember }).await
}

/// How somebody comes in.
pub(super) struct Entry<'a> {
    /// Where she goes on to.
    pub(super) next: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    /// Where she comes from.
    pub(super) address: String,
    /// She wants to stay signed in on this device.
    pub(super) remember: bool,
}

/// Opens a session and goes on: whoever comes here has shown who she is.
pub(super) async fn entered(
    desk: &Desk,
    tenant: &TenantRow,
    agent: &AgentRow,
    entry: Entry<'_>,
) -> Result<Response, Refusal> {
    let Entry { next, headers, address, remember } = entry;
    let lasts = if remember { Desk::LONG_SESSION } else { Desk::SESSION };
    // A new token at every sign-in: one that was planted before is worth nothing.
    let token = desk.deps.entropy.token(32);
    let from = SignedInFrom { user_agent: user_agent(headers), address };
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    tx.open_session_from(agent.id, &token, lasts, &from, &Actor::Agent(agent.email.clone())).await?;
    tx.commit().await?;
    let path = format!("/t/{}", tenant.tenant.slug);
    let to = next.map_or_else(|| format!("{path}/tickets"), str::to_owned);
    let mut response = Redirect::to(&to).into_response();
    let secure = desk.is_secure();
    for cookie in [
        set_cookie(SESSION, &token, &path, lasts.as_secs(), secure),
        set_cookie(SIGN_IN, "", &path, 0, secure),
        set_cookie(LANGUAGE, Lang::from_tag(&agent.language).code(), "/", YEAR, secure),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What the browser calls itself.
pub(super) fn user_agent(headers: &HeaderMap) -> String {
    let user_agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    clean_text(&user_agent.unwrap_or_default())
}

/// Whether the password fits, off the async threads, a few at a time. Takes as long when there is no such agent.
pub(super) async fn fits(desk: &Desk, hash: Option<String>, given: String) -> Result<bool, Refusal> {
    let _turn = desk.hashing.acquire().await.map_err(|_| Refusal::Away)?;
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => password::verify(&given, &hash),
        None => {
            password::verify_nobody(&given);
            false
        }
    })
    .await
    .map_err(|_| Refusal::Broken)
}

/// The hash of a new password, off the async threads; none when it is too short or too long.
pub(super) async fn hashed(desk: &Desk, new: String) -> Result<Option<String>, Refusal> {
    let _turn = desk.hashing.acquire().await.map_err(|_| Refusal::Away)?;
    let entropy = std::sync::Arc::clone(&desk.deps.entropy);
    let hash = tokio::task::spawn_blocking(move || password::hash(&new, entropy.as_ref())).await;
    match hash.map_err(|_| Refusal::Broken)? {
        Ok(hash) => Ok(Some(hash)),
        Err(PasswordError::Short | PasswordError::Long) => Ok(None),
        Err(error) => {
            tracing::error!(%error, "a password could not be hashed");
            Err(Refusal::Broken)
        }
    }
}

/// Whom the proxy names. The last address is its own word; what stands before it anybody may have written.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// Who asks, for counting failures and for the list of one's sessions.
pub(crate) fn client(desk: &Desk, headers: &HeaderMap, extensions: &Extensions) -> String {
    if let Some(address) = forwarded_for(headers).filter(|_| desk.deps.behind_proxy) {
        return address.to_string();
    }
    extensions.get::<ConnectInfo<SocketAddr>>().map_or_else(String::new, |info| info.0.ip().to_string())
}

pub(super) async fn leave(seat: Seat) -> Result<Response, Refusal> {
    let mut tx = seat.scope.begin().await?;
    tx.close_session(&seat.token, &seat.actor()).await?;
    tx.commit().await?;
    let path = seat.team().path("");
    let mut response = Redirect::to(&format!("{path}/sign-in?out=1")).into_response();
    let gone = request::set_cookie(SESSION, "", &path, 0, seat.desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, gone);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_proxys_own_word_counts() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            forwarded_for(&headers).map(|address| address.to_string())
        };
        assert_eq!(of(&["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(of(&["10.0.0.1, 2001:db8::9"]).as_deref(), Some("2001:db8::9"));
        assert_eq!(of(&["198.51.100.1", "203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(of(&["203.0.113.7, somebody"]), None);
        assert_eq!(of(&[]), None);
    }
}
