//! The team's people, for its admins, and how somebody who was invited comes in.

use super::sign_in::{form_is_own, form_token, hashed};
use super::tokens;
use crate::desk::Desk;
use crate::load;
use crate::load::list::queue_title;
use crate::page::frame::{Note, Place, Team};
use crate::page::people::{PeoplePage, PersonLine, PersonPage, WelcomePage};
use crate::refusal::Refusal;
use crate::request::{Device, Fields};
use crate::seat::{Seat, same_site, tenant_of};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use posthouse_model::config::is_slug;
use posthouse_model::role::Role;
use posthouse_model::{AgentId, Timestamp};
use posthouse_store::{AgentChange, AgentStands, INVITATION_LASTS, StoreError, TenantRow};

fn line(seat: &Seat, stands: AgentStands) -> PersonLine {
    let agent = stands.agent;
    let title = |queue: &String| queue_title(&seat.config, queue, seat.lang());
    PersonLine {
        id: agent.id.0,
        sees: agent.queues.as_ref().map(|queues| queues.iter().map(title).collect()),
        has_password: !agent.password_hash.is_empty(),
        name: if agent.name.trim().is_empty() { agent.email.clone() } else { agent.name },
        email: agent.email,
        role: agent.role,
        active: agent.active,
        second_factor: agent.second_factor,
        seen_at: stands.seen_at,
        invited_until: stands.invited_until,
        service: agent.service,
    }
}

/// What was just done or refused, as the address names it.
fn note_of(seat: &Seat) -> Option<Note> {
    let t = seat.lang();
    let (_, said) = url::form_urlencoded::parse(seat.query().as_bytes()).find(|(name, _)| name == "said")?;
    let (refused, text) = match said.as_ref() {
        "saved" => (false, t.person_saved()),
        "factor" => (false, t.person_factor_reset()),
        "sessions" => (false, t.person_sessions_ended()),
        "taken" => (true, t.person_taken()),
        "service" => (true, t.service_taken()),
        "token" => (true, t.token_said_name()),
        "revoked" => (false, t.token_said_revoked()),
        _ => return None,
    };
    Some(Note { refused, text: text.to_owned() })
}

pub(super) async fn list(seat: Seat) -> Result<Response, Refusal> {
    let frame = load::frame::frame(&seat, Place::People, note_of(&seat)).await?;
    let people = seat.scope.people().await?.into_iter().map(|stands| line(&seat, stands)).collect();
    Ok(PeoplePage { people }.draw(&frame).into_response())
}

/// A name as typed, short enough for a column.
fn name(fields: &Fields) -> String {
    fields.line("name").chars().take(100).collect()
}

/// A service's name stands before the @ of its address.
async fn add_service(seat: &Seat, fields: &Fields) -> Result<Response, Refusal> {
    let (name, role) = (fields.line("name"), fields.get("role"));
    let role: Role = role.parse().map_err(|_| Refusal::Malformed("`role`".to_owned()))?;
    let taken = || Redirect::to(&format!("{}?said=service", seat.team().path("/people"))).into_response();
    if !is_slug(&name) {
        return Ok(taken());
    }
    let mut tx = seat.scope.begin().await?;
    let id = match tx.add_service(&name, role, &seat.tenant.tenant.language, &seat.actor()).await {
        Ok(id) => id,
        Err(StoreError::Refused(_)) => return Ok(taken()),
        Err(error) => return Err(error.into()),
    };
    tx.commit().await?;
    Ok(Redirect::to(&seat.team().path(&format!("/people/{id}"))).into_response())
}

pub(super) async fn invite(seat: Seat, fields: Fields) -> Result<Response, Refusal> {
    if fields.get("service") == "1" {
        return add_service(&seat, &fields).await;
    }
    let email = fields.line("email").to_lowercase();
    let taken = || Redirect::to(&format!("{}?said=taken", seat.team().path("/people"))).into_response();
    let sound = email
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if !sound || email.len() > 254 || email.contains(char::is_whitespace) {
        return Ok(taken());
    }
    let role: Role = fields.get("role").parse().map_err(|_| Refusal::Malformed("`role`".to_owned()))?;
    let token = seat.desk.deps.entropy.token(32);
    let mut tx = seat.scope.begin().await?;
    let language = &seat.tenant.tenant.language;
    let id = match tx.invite_agent(&email, &name(&fields), role, language, &token, &seat.actor()).await {
        Ok(id) => id,
        Err(StoreError::Refused(_)) if seat.scope.agent_by_email(&email).await?.is_some() => return Ok(taken()),
        Err(error) => return Err(error.into()),
    };
    let until = tx.now().plus(INVITATION_LASTS);
    tx.commit().await?;
    draw(&seat, id, Some((link(&seat, &token), until)), None, None).await
}

/// The link with which a person sets her password. The token stands in the query, which no log line holds.
fn link(seat: &Seat, token: &str) -> String {
    let at = seat.desk.deps.public_url.as_str().trim_end_matches('/');
    format!("{at}{}?invitation={token}", seat.team().path("/welcome"))
}

fn id_of(text: &str) -> Result<AgentId, Refusal> {
    text.parse().map(AgentId).map_err(|_| Refusal::NotFound)
}

/// The page of a person; `link` and `made`: an invitation and a token that were just made, shown once.
async fn draw(
    seat: &Seat,
    id: AgentId,
    link: Option<(String, Timestamp)>,
    made: Option<String>,
    note: Option<Note>,
) -> Result<Response, Refusal> {
    let stands =
        seat.scope.people().await?.into_iter().find(|stands| stands.agent.id == id).ok_or(Refusal::NotFound)?;
    let seen = stands.agent.queues.clone().unwrap_or_default();
    let mut names: Vec<String> = seat.config.queues.iter().map(|queue| queue.name.clone()).collect();
    // One that the set-up does not name any more can be taken away still.
    names.extend(seen.iter().filter(|name| seat.config.queue(name).is_none()).cloned());
    let t = seat.lang();
    let tokens = if id == seat.agent.id { None } else { Some(tokens::part(seat, &stands.agent, made).await?) };
    let page = PersonPage {
        tokens,
        is_me: id == seat.agent.id,
        queues: names
            .into_iter()
            .map(|name| (name.clone(), queue_title(&seat.config, &name, t), seen.contains(&name)))
            .collect(),
        person: line(seat, stands),
        link,
    };
    let frame = load::frame::frame(seat, Place::People, note).await?;
    Ok(page.draw(&frame).into_response())
}

pub(super) async fn person(seat: Seat, Path((_, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    draw(&seat, id_of(&id)?, None, None, note_of(&seat)).await
}

fn back(seat: &Seat, id: AgentId, said: &str) -> Response {
    Redirect::to(&format!("{}?said={said}", seat.team().path(&format!("/people/{id}")))).into_response()
}

pub(super) async fn change(
    seat: Seat,
    Path((_, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let agent = seat.scope.agent(id).await?.ok_or(Refusal::NotFound)?;
    let name = name(&fields);
    let name = if name.is_empty() { agent.name.clone() } else { name };
    let change = if id == seat.agent.id {
        // Nobody locks herself out by a slip.
        AgentChange { name, role: agent.role, active: agent.active, queues: agent.queues }
    } else {
        let role: Role = fields.get("role").parse().map_err(|_| Refusal::Malformed("`role`".to_owned()))?;
        let known = seat.config.queues.iter().map(|queue| queue.name.clone());
        let known =
            known.chain(agent.queues.iter().flatten().filter(|name| seat.config.queue(name).is_none()).cloned());
        let chosen: Vec<String> = known.filter(|queue| fields.get(&format!("queue:{queue}")) == "1").collect();
        let queues = if fields.get("all") == "1" { None } else { Some(chosen) };
        AgentChange { name, role, active: fields.get("active") == "1", queues }
    };
    let mut tx = seat.scope.begin().await?;
    tx.set_agent(id, &change, &seat.actor()).await?;
    tx.commit().await?;
    Ok(back(&seat, id, "saved"))
}

pub(super) async fn act(
    seat: Seat,
    Path((_, id, verb)): Path<(String, String, String)>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let agent = seat.scope.agent(id).await?.ok_or(Refusal::NotFound)?;
    if verb == "token" {
        // Nobody acts as another person.
        if !agent.service {
            return Err(Refusal::NotFound);
        }
        return match tokens::made(&seat, &agent, &fields).await? {
            Some(token) => draw(&seat, id, None, Some(token), None).await,
            None => Ok(back(&seat, id, "token")),
        };
    }
    let mut tx = seat.scope.begin().await?;
    match verb.as_str() {
        "revoke" => {
            tx.revoke_token(id, fields.number("token").unwrap_or_default(), &seat.actor()).await?;
            tx.commit().await?;
            Ok(back(&seat, id, "revoked"))
        }
        "invite" if !agent.service => {
            let token = seat.desk.deps.entropy.token(32);
            tx.invite(id, &token, &seat.actor()).await?;
            let until = tx.now().plus(INVITATION_LASTS);
            tx.commit().await?;
            draw(&seat, id, Some((link(&seat, &token), until)), None, None).await
        }
        // Her own she takes away with a code, on her own page.
        "reset-second-factor" if id != seat.agent.id => {
            tx.reset_second_factor(id, &seat.actor()).await?;
            tx.commit().await?;
            Ok(back(&seat, id, "factor"))
        }
        "end-sessions" if id != seat.agent.id => {
            tx.end_all_sessions(id, &seat.actor()).await?;
            tx.commit().await?;
            Ok(back(&seat, id, "sessions"))
        }
        _ => Err(Refusal::NotFound),
    }
}

fn welcome_page(
    desk: &Desk,
    tenant: &TenantRow,
    headers: &HeaderMap,
    invited: Option<(String, String)>,
    wrong: Option<String>,
) -> Response {
    let device = Device::of(headers);
    let (cookie, token) = form_token(desk, headers, &tenant.tenant.slug);
    let page = WelcomePage {
        lang: device.lang,
        theme: device.theme,
        team: Team { slug: tenant.tenant.slug.clone(), name: tenant.tenant.name.clone() },
        token,
        wrong,
        invited,
    };
    let status = match (&page.invited, &page.wrong) {
        (None, _) => StatusCode::NOT_FOUND,
        (Some(_), Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (Some(_), None) => StatusCode::OK,
    };
    let mut response = (status, page.draw()).into_response();
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// What an invitation leads to.
pub(super) async fn welcome(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, uri.path()).await?;
    let query = uri.query().unwrap_or("");
    let token = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "invitation");
    let token = token.map_or_else(String::new, |(_, token)| token.into_owned());
    let invited = desk.deps.store.tenant(tenant.id).invited(&token).await?;
    let mut response = welcome_page(&desk, &tenant, &headers, invited.map(|agent| (agent.email, token)), None);
    // The token stands in the address: no page that is gone to from here hears of it.
    response.headers_mut().insert(header::REFERRER_POLICY, http::HeaderValue::from_static("no-referrer"));
    Ok(response)
}

pub(super) async fn enter(State(desk): State<Desk>, request: Request) -> Result<Response, Refusal> {
    let tenant = tenant_of(&desk, request.uri().path()).await?;
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 16_384).await.map_err(|_| Refusal::TooLarge)?;
    let (fields, headers) = (Fields::parse(&bytes), &parts.headers);
    let t = Device::of(headers).lang;
    let scope = desk.deps.store.tenant(tenant.id);
    let token = fields.get("invitation").to_owned();
    let invited = scope.invited(&token).await?.map(|agent| (agent.email, token.clone()));
    if invited.is_none() {
        return Ok(welcome_page(&desk, &tenant, headers, None, None));
    }
    let refuse = |words: &str| Ok(welcome_page(&desk, &tenant, headers, invited.clone(), Some(words.to_owned())));
    // The page came without a cookie when its browser keeps none, or from elsewhere.
    if !form_is_own(headers, fields.get("token")) || !same_site(&desk, headers) {
        return refuse(t.sign_in_expired());
    }
    if fields.get("new") != fields.get("again") {
        return refuse(t.password_differ());
    }
    let Some(hash) = hashed(&desk, fields.get("new").to_owned()).await? else { return refuse(t.password_unfit()) };
    let mut tx = scope.begin().await?;
    let taken = tx.take_invitation(&token, &hash).await?;
    tx.commit().await?;
    if taken.is_none() {
        return Ok(welcome_page(&desk, &tenant, headers, None, None));
    }
    Ok(Redirect::to(&format!("/t/{}/sign-in?welcome=1", tenant.tenant.slug)).into_response())
}
