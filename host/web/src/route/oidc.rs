//! Signing in at the team's own provider (OpenID Connect). The provider is never asked from here: the browser goes there, and jobs
//! find out where it is and who came back. The browser alone holds the state, in a cookie: what is brought back in another browser, or
//! was begun by another site, is not taken.

use super::sign_in::{Entry, Form, client, draw, entered, form_is_own};
use super::visit::{BROUGHT, go_on, one_line, value};
use super::{code, device};
use crate::desk::Desk;
use crate::page::frame::Team;
use crate::page::gate::WayPage;
use crate::refusal::Refusal;
use crate::request::{Device, Fields, cookie, safe_next, set_cookie, slug_of};
use crate::seat::{same_site, tenant_of};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use posthouse_model::config::{OidcConfig, TenantConfig};
use posthouse_store::{Brought, CODE_BYTES_MAX, OidcWay, TenantRow, VISIT_LASTS};
use std::time::Duration;
use url::Url;

/// Cookie that holds the state of the way this browser is on.
const WAY: &str = "posthouse_oidc";
/// Ways that one client may begin within a quarter of an hour: each asks the provider something.
const BEGUN_MAX: u32 = 30;
/// How long a request waits for a job's answer before the page looks again by itself.
const WAITS: Duration = Duration::from_secs(3);

fn config(tenant: &TenantRow) -> Result<OidcConfig, Refusal> {
    let config: Option<TenantConfig> = serde_json::from_value(tenant.tenant.settings.clone()).ok();
    config.and_then(|config| config.sign_in.oidc).ok_or(Refusal::NotFound)
}

/// Begins a way: from here on this browser's cookie names it.
pub(super) async fn begin(State(desk): State<Desk>, request: Request) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, request.uri().path()).await?;
    config(&tenant)?;
    let client = format!("way\n{}", client(&desk, request.headers(), request.extensions()));
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 16_384).await.map_err(|_| Refusal::TooLarge)?;
    let (fields, headers) = (Fields::parse(&bytes), &parts.headers);
    let device = Device::of(headers);
    if !form_is_own(headers, fields.get("token")) || !same_site(&desk, headers) {
        let notice = Some((true, device.lang.sign_in_expired().to_owned()));
        let form = Form { notice, status: StatusCode::FORBIDDEN, ..Form::default() };
        return Ok(draw(&desk, &tenant, device, headers, form));
    }
    let now = desk.now();
    if let Some(wait) = desk.limiter.wait(&client, BEGUN_MAX, now) {
        return Err(Refusal::TooFast(wait.as_secs().max(1)));
    }
    desk.limiter.failed(&client, now);
    let slug = &tenant.tenant.slug;
    let state = format!("{slug}.{}", desk.deps.entropy.token(32));
    let next = safe_next(slug, fields.get("next"));
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    tx.begin_oidc(&state, next.as_deref()).await?;
    tx.commit().await?;
    let mut response = Redirect::to(&format!("/t/{slug}/sign-in/oidc")).into_response();
    let way = set_cookie(WAY, &state, &format!("/t/{slug}"), VISIT_LASTS.as_secs(), desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, way);
    Ok(response)
}

/// Where this browser's way stands: on to the provider, on to the desk, or back to the sign-in with why not.
pub(super) async fn go(State(desk): State<Desk>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let tenant = tenant_of(&desk, parts.uri.path()).await?;
    let (config, headers) = (config(&tenant)?, &parts.headers);
    let (slug, device) = (&tenant.tenant.slug, Device::of(headers));
    let refuse = |words: String| {
        let form = Form { notice: Some((true, words)), status: StatusCode::UNPROCESSABLE_ENTITY, ..Form::default() };
        draw(&desk, &tenant, device, headers, form)
    };
    let Some(state) = cookie(headers, WAY).map(str::to_owned) else {
        return Ok(refuse(device.lang.oidc_late().to_owned()));
    };
    let Some(way) = settled(&desk, &tenant, &state).await? else {
        return Ok(refuse(device.lang.oidc_late().to_owned()));
    };
    let next = way.next.and_then(|next| safe_next(slug, &next));
    if let Some(words) = way.words {
        return Ok(refuse(device.lang.oidc_failed(words)));
    }
    if way.agent.is_some() {
        let scope = desk.deps.store.tenant(tenant.id);
        let mut tx = scope.begin().await?;
        let taken = tx.take_oidc(&state).await?;
        tx.commit().await?;
        let agent = match taken {
            Some(id) => scope.agent(id).await?.filter(|agent| agent.active && !agent.service),
            None => None,
        };
        let Some(agent) = agent else { return Ok(refuse(device.lang.oidc_late().to_owned())) };
        let mut response = if agent.second_factor && !device::is_known(&desk, &tenant, &agent, headers).await? {
            // What the provider asks for is its own; what she set up here is asked for here.
            code::ask(&desk, &tenant, &agent, next.as_deref(), false).await?
        } else {
            let address = client(&desk, headers, &parts.extensions);
            let entry = Entry { next: next.as_deref(), headers, address, remember: false };
            entered(&desk, &tenant, &agent, entry).await?
        };
        let gone = set_cookie(WAY, "", &format!("/t/{slug}"), 0, desk.is_secure());
        response.headers_mut().append(header::SET_COOKIE, gone);
        return Ok(response);
    }
    let on = match way.endpoint.filter(|_| !way.is_back) {
        Some(endpoint) => {
            let url = (desk.deps.oidc_address)(&config, &endpoint, &state).map_err(Refusal::Refused)?;
            let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
            Some((url, host))
        }
        None => None,
    };
    let team = Team { slug: slug.clone(), name: tenant.tenant.name.clone() };
    let page = WayPage { lang: device.lang, theme: device.theme, team, on };
    let mut response = page.draw().into_response();
    match &page.on {
        // No form of the desk may lead to another site, so this is a page, and the browser goes on from it.
        Some((url, _)) => go_on(&mut response, 0, url),
        None => go_on(&mut response, 1, &format!("/t/{slug}/sign-in/oidc")),
    }
    Ok(response)
}

/// The way, once the job that it waits for has answered, or as it is after a moment.
async fn settled(desk: &Desk, tenant: &TenantRow, state: &str) -> Result<Option<OidcWay>, Refusal> {
    let scope = desk.deps.store.tenant(tenant.id);
    let mut changes = scope.changes();
    let end = tokio::time::Instant::now() + WAITS;
    loop {
        changes.mark_unchanged();
        let way = scope.oidc_way(state).await?;
        let waits = way
            .as_ref()
            .is_some_and(|way| way.words.is_none() && way.agent.is_none() && (way.endpoint.is_none() || way.is_back));
        if !waits || tokio::time::timeout_at(end, changes.changed()).await.is_err() {
            return Ok(way);
        }
    }
}

/// Where every provider sends people's browsers back to: on to the team that the state names, with what was brought and nothing else.
pub(super) async fn came_back(uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let query = uri.query().unwrap_or("");
    let state = value(query, "state").unwrap_or_default();
    let team = state.split_once('.').map(|(slug, _)| format!("/t/{slug}/sign-in/oidc/back"));
    let Some(path) = team.filter(|path| slug_of(path).is_some() && path.matches('/').count() == 5) else {
        return Err(Refusal::Malformed(Device::of(&headers).lang.oidc_late().to_owned()));
    };
    let brought = BROUGHT.iter().filter_map(|name| Some((*name, value(query, name)?)));
    let brought = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(brought).finish();
    Ok(Redirect::to(&format!("{path}?{brought}")).into_response())
}

/// Takes what the browser brought, once, when it is the browser that was sent.
pub(super) async fn back(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, uri.path()).await?;
    config(&tenant)?;
    let get = |name| value(uri.query().unwrap_or(""), name).unwrap_or_default();
    let (state, given, error) = (get("state"), get("code"), get("error"));
    let device = Device::of(&headers);
    let late = || {
        let notice = Some((true, device.lang.oidc_late().to_owned()));
        draw(&desk, &tenant, device, &headers, Form { notice, status: StatusCode::FORBIDDEN, ..Form::default() })
    };
    if state.is_empty() || cookie(&headers, WAY) != Some(state.as_str()) {
        return Ok(late());
    }
    let sound = !given.is_empty() && given.len() <= CODE_BYTES_MAX && given.bytes().all(|byte| byte.is_ascii_graphic());
    let brought = if !error.is_empty() {
        Brought::Refusal(one_line(&format!("{error}: {}", get("error_description"))))
    } else if sound {
        Brought::Code(given)
    } else {
        Brought::Refusal("invalid_response: the provider sent neither a code nor an error".to_owned())
    };
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    let taken = tx.bring_oidc(&state, &brought).await?;
    tx.commit().await?;
    if !taken {
        return Ok(late());
    }
    Ok(Redirect::to(&format!("/t/{}/sign-in/oidc", tenant.tenant.slug)).into_response())
}
