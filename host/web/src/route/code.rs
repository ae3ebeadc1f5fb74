//! The second step of a sign-in: a code, after the password.

use super::device;
use super::sign_in::{Entry, Form, client, draw, entered, form_is_own, user_agent};
use crate::desk::Desk;
use crate::factor;
use crate::page::account::wait_words;
use crate::page::when::Lens;
use crate::refusal::Refusal;
use crate::request::{Device, Fields, cookie, safe_next, set_cookie};
use crate::seat::{same_site, tenant_of};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::tz::TimeZone;
use posthouse_model::event::Actor;
use posthouse_store::{AgentRow, GivenCode, HALF_LASTS, TenantRow, TriedCode};

/// Cookie of somebody who gave her password and has yet to give a code.
const HALF: &str = "posthouse_half";

/// Sends somebody whose password was right on to the second step.
pub(super) async fn ask(
    desk: &Desk,
    tenant: &TenantRow,
    agent: &AgentRow,
    next: Option<&str>,
    remember: bool,
) -> Result<Response, Refusal> {
    let token = desk.deps.entropy.token(32);
    let mut tx = desk.deps.store.tenant(tenant.id).begin().await?;
    tx.begin_half(agent.id, &token).await?;
    tx.commit().await?;
    let path = format!("/t/{}", tenant.tenant.slug);
    let mut to = format!("{path}/sign-in/code");
    if next.is_some() || remember {
        let next = next.map(|next| ("next", next));
        let query = next.into_iter().chain(remember.then_some(("remember", "1")));
        to.push('?');
        to.push_str(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    }
    let mut response = Redirect::to(&to).into_response();
    let half = set_cookie(HALF, &token, &path, HALF_LASTS.as_secs(), desk.is_secure());
    response.headers_mut().append(header::SET_COOKIE, half);
    Ok(response)
}

/// Who is half signed in, with the token of it.
async fn half(desk: &Desk, tenant: &TenantRow, headers: &HeaderMap) -> Result<Option<(String, AgentRow)>, Refusal> {
    let Some(token) = cookie(headers, HALF).filter(|token| token.len() == 64) else { return Ok(None) };
    let agent = desk.deps.store.tenant(tenant.id).half_signed_in(token).await?;
    Ok(agent.map(|agent| (token.to_owned(), agent)))
}

pub(super) async fn page(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, uri.path()).await?;
    let slug = &tenant.tenant.slug;
    if half(&desk, &tenant, &headers).await?.is_none() {
        return Ok(Redirect::to(&format!("/t/{slug}/sign-in")).into_response());
    }
    let query = Fields::parse(uri.query().unwrap_or("").as_bytes());
    let (next, remember) = (safe_next(slug, query.get("next")), device::asked(&query));
    Ok(draw(&desk, &tenant, Device::of(&headers), &headers, Form { next, code: true, remember, ..Form::default() }))
}

pub(super) async fn enter(State(desk): State<Desk>, request: Request) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, request.uri().path()).await?;
    let client = client(&desk, request.headers(), request.extensions());
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 16_384).await.map_err(|_| Refusal::TooLarge)?;
    let (fields, headers) = (Fields::parse(&bytes), &parts.headers);
    let device = Device::of(headers);
    let next = safe_next(&tenant.tenant.slug, fields.get("next"));
    let remember = device::asked(&fields);
    let refuse = |status: StatusCode, code: bool, words: String| {
        let form = Form { next: next.clone(), notice: Some((true, words)), status, code, remember, ..Form::default() };
        draw(&desk, &tenant, device, headers, form)
    };
    let half = half(&desk, &tenant, headers).await?;
    let Some((token, agent)) = half.filter(|_| form_is_own(headers, fields.get("token")) && same_site(&desk, headers))
    else {
        return Ok(refuse(StatusCode::FORBIDDEN, false, device.lang.sign_in_expired().to_owned()));
    };
    let scope = desk.deps.store.tenant(tenant.id);
    let actor = Actor::Agent(agent.email.clone());
    let given = fields.line("code");
    let tried = match scope.second_factor(agent.id).await? {
        None => TriedCode::None,
        Some(row) => {
            let hash = factor::recovery_hash(tenant.id, agent.id, &given);
            let given = match factor::typed_code(&given) {
                None => GivenCode::Recovery(&hash),
                Some(code) => {
                    let opened = desk.deps.people_vault.open(tenant.id, &factor::sealed_as(agent.id), &row.sealed);
                    let Ok(seed) = opened else {
                        let words = device.lang.factor_unreadable().to_owned();
                        return Ok(refuse(StatusCode::UNPROCESSABLE_ENTITY, true, words));
                    };
                    GivenCode::Step(factor::fitting_step(&seed, &code, desk.now()))
                }
            };
            let mut tx = scope.begin().await?;
            let tried = tx.try_code(agent.id, given, &actor).await?;
            if tried == TriedCode::Taken {
                tx.end_half(&token).await?;
            }
            tx.commit().await?;
            tried
        }
    };
    match tried {
        TriedCode::Taken => {
            let entry = Entry { next: next.as_deref(), headers, address: client, remember };
            let mut response = entered(&desk, &tenant, &agent, entry).await?;
            if remember {
                let cookie = device::remember(&desk, &tenant, &agent, &user_agent(headers)).await?;
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            let path = format!("/t/{}", tenant.tenant.slug);
            response.headers_mut().append(header::SET_COOKIE, set_cookie(HALF, "", &path, 0, desk.is_secure()));
            Ok(response)
        }
        // It was reset meanwhile: the password is asked for again, and will do.
        TriedCode::None => Ok(refuse(StatusCode::FORBIDDEN, false, device.lang.sign_in_expired().to_owned())),
        TriedCode::Wait(until) => {
            let lens = Lens { lang: device.lang, zone: TimeZone::UTC, now: desk.now() };
            let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, true, wait_words(&lens, until));
            let seconds = until.since(desk.now()).as_secs().max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        TriedCode::Wrong | TriedCode::Replayed => {
            Ok(refuse(StatusCode::UNPROCESSABLE_ENTITY, true, device.lang.factor_wrong().to_owned()))
        }
    }
}
