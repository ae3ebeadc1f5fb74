//! Who sits at the desk: the session, checked before any handler runs. What a route asks for stands in the
//! table of routes ([`crate::route::ROUTES`]), and this is the one place where it is enforced.

use crate::desk::Desk;
use crate::page::frame::{Frame, Me, Note, Place, Team};
use crate::page::gate::SignInPage;
use crate::page::when::Lens;
use crate::refusal::Refusal;
use crate::request::{Device, Fields, SESSION, api_path, clean_text, cookie, safe_next, slug_of};
use crate::route::Access;
use crate::route::sign_in::client;
use crate::words::Lang;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts, Multipart, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use jiff::tz::TimeZone;
use posthouse_model::config::{SecondFactor, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_model::role::{Role, TokenScope};
use posthouse_store::{AgentRow, Scope, TenantRow};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Most bytes of a posted form.
pub(crate) const BODY_BYTES_MAX: usize = 1_500_000;
/// Most bytes of a reply's form with its files.
pub(crate) const FILES_BYTES_MAX: usize = posthouse_store::REPLY_BYTES_MAX + BODY_BYTES_MAX;
/// Most bytes of a posted form with a file: a package may have 66 MiB.
pub(crate) const UPLOAD_BYTES_MAX: usize = 70 << 20;

/// Wrong API tokens of one client within a quarter of an hour; then none of its tokens is looked at until that is over.
const WRONG_TOKENS: u32 = 30;
/// How long a request waits for the note that its session is used.
const NOTE_MAX: Duration = Duration::from_millis(50);

/// A signed-in person at a team's desk.
#[derive(Clone)]
pub(crate) struct Seat {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) desk: Desk,
    pub(crate) tenant: TenantRow,
    pub(crate) config: TenantConfig,
    pub(crate) scope: Scope,
    pub(crate) agent: AgentRow,
    /// The session's; of a program with an API token: none, as empty text.
    pub(crate) token: String,
    /// What a program's API token may.
    pub(crate) bearer: Option<TokenScope>,
    pub(crate) device: Device,
    /// Path and query of the request.
    pub(crate) here: String,
}

impl std::ops::Deref for Seat {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Seat {
    pub(crate) fn lang(&self) -> Lang {
        Lang::from_tag(&self.agent.language)
    }

    pub(crate) fn actor(&self) -> Actor {
        self.agent.actor()
    }

    pub(crate) fn csrf(&self) -> String {
        csrf(&self.token)
    }

    pub(crate) fn team(&self) -> Team {
        Team { slug: self.tenant.tenant.slug.clone(), name: self.tenant.tenant.name.clone() }
    }

    pub(crate) fn lens(&self) -> Lens {
        Lens { lang: self.lang(), zone: self.zone(), now: self.desk.now() }
    }

    /// Her own time zone, else the team's.
    fn zone(&self) -> TimeZone {
        let named = [self.agent.time_zone.as_deref(), Some(self.tenant.tenant.time_zone.as_str())];
        named.into_iter().flatten().find_map(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC)
    }

    /// The team asks everybody for a second factor, and she has none yet.
    pub(crate) fn must_set_up_factor(&self) -> bool {
        self.config.sign_in.second_factor == SecondFactor::Required
            && !self.agent.second_factor
            // Whoever made the token was asked.
            && self.bearer.is_none()
    }

    /// Whether she may look through the record of the whole team, in which every ticket is.
    pub(crate) fn audits(&self) -> bool {
        self.agent.role.may_audit() && !self.scope.is_narrowed()
    }

    /// The query part of the request's address.
    pub(crate) fn query(&self) -> &str {
        self.here.split_once('?').map_or("", |(_, query)| query)
    }

    /// What every page knows, save what needs the store.
    pub(crate) fn frame(&self, place: Place, note: Option<Note>) -> Frame {
        Frame {
            lens: self.lens(),
            team: self.team(),
            me: Me {
                name: self.agent.name.clone(),
                email: self.agent.email.clone(),
                role: self.agent.role,
                audits: self.audits(),
            },
            csrf: self.csrf(),
            theme: self.device.theme,
            place,
            troubles: 0,
            host: self.desk.deps.operations.trouble(),
            here: self.here.clone(),
            note,
            undo: None,
            back: None,
            mentions: 0,
            bulk: None,
        }
    }
}

impl FromRequestParts<Desk> for Seat {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Desk) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal::NotFound)
    }
}

impl FromRequestParts<Desk> for Fields {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Desk) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal::NotFound)
    }
}

/// The token of a session's forms: derived, so nothing more is stored; of no use without the session.
pub(crate) fn csrf(session: &str) -> String {
    hex::encode(Sha256::digest(format!("posthouse form token\n{session}")))
}

/// The active tenant that a path names.
pub(crate) async fn tenant_of(desk: &Desk, path: &str) -> Result<TenantRow, Refusal> {
    let slug = slug_of(path).ok_or(Refusal::NotFound)?;
    desk.deps.store.tenant_by_slug(slug).await?.filter(|t| t.active).ok_or(Refusal::NotFound)
}

/// The guard of every route within a team.
pub(crate) async fn guard(State((desk, access)): State<(Desk, Access)>, request: Request, next: Next) -> Response {
    match admit(&desk, access, request).await {
        Ok(request) => next.run(request).await,
        Err(response) => *response,
    }
}

async fn admit(desk: &Desk, access: Access, request: Request) -> Result<Request, Box<Response>> {
    let refuse = |refusal: Refusal| Box::new(refusal.into_response());
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let api = api_path(&path);
    let tenant = tenant_of(desk, &path).await.map_err(refuse)?;
    let seat = seat(desk, tenant.clone(), &parts).await.map_err(refuse)?;
    let posts = parts.method != Method::GET && parts.method != Method::HEAD;
    let upload = posts && !api && is_multipart(&parts.headers);
    // A file is read only from somebody who may hand one in.
    let may_upload = seat.as_ref().is_some_and(|seat| match access {
        Access::Administering => seat.agent.role == Role::Admin,
        Access::Attaching => seat.agent.role.may_act(),
        Access::Public | Access::Reading | Access::Own | Access::Auditing | Access::Acting | Access::Leading => false,
    });
    let (bytes, fields) = if upload && may_upload {
        let (fields, files) = with_files(&parts, body).await.map_err(refuse)?;
        parts.extensions.insert(files.last().cloned().unwrap_or_default());
        parts.extensions.insert(HandedFiles(files));
        (Default::default(), fields)
    } else if posts && !upload {
        let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| refuse(Refusal::TooLarge))?;
        let fields = if api { Fields::default() } else { Fields::parse(&bytes) };
        (bytes, fields)
    } else {
        Default::default()
    };
    let typed = Some(fields.text("body")).filter(|t| !t.is_empty());
    let Some(seat) = seat else {
        return Err(Box::new(if api {
            Refusal::SignIn.into_response()
        } else {
            ask_to_sign_in(desk, &tenant, &parts, typed)
        }));
    };
    let may = match access {
        Access::Public | Access::Reading | Access::Own => true,
        Access::Acting | Access::Attaching => seat.agent.role.may_act(),
        Access::Leading => seat.agent.role.may_lead(),
        Access::Auditing => seat.audits(),
        Access::Administering => seat.agent.role == Role::Admin,
    };
    if !may {
        return Err(refuse(Refusal::NotFound));
    }
    if seat.bearer.is_some_and(|scope| scope < needed(access)) {
        return Err(refuse(Refusal::Scope));
    }
    if access != Access::Own && seat.must_set_up_factor() {
        return Err(Box::new(if api {
            Refusal::SecondFactor.into_response()
        } else {
            Redirect::to(&seat.team().path("/account#second-factor")).into_response()
        }));
    }
    if posts && seat.bearer.is_some() {
        // No browser sends a token by itself, so no other site can make it.
        parts.extensions.insert(fields);
    } else if posts {
        let given = if api {
            parts.headers.get("x-csrf-token").map_or(&b""[..], |h| h.as_bytes())
        } else {
            fields.get("csrf").as_bytes()
        };
        if !bool::from(given.ct_eq(seat.csrf().as_bytes())) || !same_site(desk, &parts.headers) {
            return Err(refuse(Refusal::Forged { typed }));
        }
        parts.extensions.insert(fields);
    }
    parts.extensions.insert(seat);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// What a token must be good for.
fn needed(access: Access) -> TokenScope {
    match access {
        Access::Public | Access::Reading | Access::Own | Access::Auditing => TokenScope::Read,
        Access::Acting | Access::Attaching | Access::Leading => TokenScope::Act,
        Access::Administering => TokenScope::Administer,
    }
}

/// A file that came with a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handed {
    /// What it was called. Untrusted text.
    pub(crate) name: String,
    /// What the browser takes it for.
    pub(crate) media_type: String,
    /// Its bytes.
    pub(crate) content: axum::body::Bytes,
}

/// All files that came with a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandedFiles(pub(crate) Vec<Handed>);

impl FromRequestParts<Desk> for HandedFiles {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Desk) -> Result<Self, Refusal> {
        Ok(parts.extensions.remove::<Self>().unwrap_or_default())
    }
}

impl FromRequestParts<Desk> for Handed {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Desk) -> Result<Self, Refusal> {
        Ok(parts.extensions.remove::<Self>().unwrap_or_default())
    }
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.to_ascii_lowercase().starts_with("multipart/form-data")
}

/// The fields of a form and the files in it (RFC 7578).
async fn with_files(parts: &Parts, body: Body) -> Result<(Fields, Vec<Handed>), Refusal> {
    let mut request = Request::new(body);
    *request.headers_mut() = parts.headers.clone();
    *request.extensions_mut() = parts.extensions.clone();
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| Refusal::NotFound)?;
    let (mut fields, mut handed) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|_| Refusal::TooLarge)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(clean_text);
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let content = field.bytes().await.map_err(|_| Refusal::TooLarge)?;
        match file {
            // A field for files that was left empty is sent as a file without a name.
            Some(file) if file.is_empty() && content.is_empty() => {}
            Some(file) => handed.push(Handed { name: file.replace(['\n', '\t'], " "), media_type, content }),
            None => fields.push((name, String::from_utf8_lossy(&content).into_owned())),
        }
    }
    Ok((fields.into_iter().collect(), handed))
}

async fn seat(desk: &Desk, tenant: TenantRow, parts: &Parts) -> Result<Option<Seat>, Refusal> {
    let scope = desk.deps.store.tenant(tenant.id);
    let (agent, token, bearer) = match bearer(parts) {
        Some(token) => {
            let Some((scope, agent)) = by_token(desk, &scope, parts, token).await? else { return Ok(None) };
            (agent, String::new(), Some(scope))
        }
        None => {
            let Some(token) = cookie(&parts.headers, SESSION).filter(|t| t.len() == 64) else { return Ok(None) };
            let Some((session, agent)) = scope.session(token).await? else { return Ok(None) };
            // A note worth having, but no page waits or fails for it.
            if let Ok(Err(error)) = tokio::time::timeout(NOTE_MAX, scope.session_used(&session)).await {
                tracing::debug!(%error, "the use of a session was not noted");
            }
            (agent, token.to_owned(), None)
        }
    };
    // From here on nothing of a ticket that she does not see can be had.
    let scope = scope.seen_within(agent.queues.as_deref());
    let config = serde_json::from_value(tenant.tenant.settings.clone())
        .unwrap_or_else(|_| TenantConfig::new(&tenant.tenant.slug, &tenant.tenant.name));
    Ok(Some(Seat {
        inner: Arc::new(Inner {
            desk: desk.clone(),
            config,
            scope,
            token,
            bearer,
            device: Device::of(&parts.headers),
            here: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            agent,
            tenant,
        }),
    }))
}

/// The token of a program (RFC 6750, 2.1), on the JSON API alone: no page is ever drawn for one.
fn bearer(parts: &Parts) -> Option<&str> {
    if !api_path(parts.uri.path()) {
        return None;
    }
    let (scheme, token) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whose token it is and what it may, unless it or its sender is too fast.
async fn by_token(
    desk: &Desk,
    scope: &Scope,
    parts: &Parts,
    token: &str,
) -> Result<Option<(TokenScope, AgentRow)>, Refusal> {
    let now = desk.now();
    let wrong = format!("token\n{}", client(desk, &parts.headers, &parts.extensions));
    if let Some(wait) = desk.limiter.wait(&wrong, WRONG_TOKENS, now) {
        return Err(Refusal::TooFast(wait.as_secs().max(1)));
    }
    let Some((row, agent)) = scope.token(token).await? else {
        desk.limiter.failed(&wrong, now);
        return Ok(None);
    };
    let key = row.id.to_string();
    if let Some(wait) = desk.pace.wait(&key, Desk::PACE, now) {
        return Err(Refusal::TooFast(wait.as_secs().max(1)));
    }
    desk.pace.failed(&key, now);
    if let Ok(Err(error)) = tokio::time::timeout(NOTE_MAX, scope.token_used(&row)).await {
        tracing::debug!(%error, "the use of a token was not noted");
    }
    Ok(Some((row.scope, agent)))
}

/// To the sign-in, and back to where one was going. A form that was posted shows what was typed, so that
/// nothing is lost with the session.
fn ask_to_sign_in(desk: &Desk, tenant: &TenantRow, parts: &Parts, typed: Option<String>) -> Response {
    let slug = &tenant.tenant.slug;
    let read = parts.method == Method::GET || parts.method == Method::HEAD;
    let next = if read {
        parts.uri.path_and_query().and_then(|p| safe_next(slug, p.as_str()))
    } else {
        // The page whose form this was: `…/tickets/12/approve` stands on `…/tickets/12`.
        parts
            .uri
            .path()
            .rsplit_once('/')
            .and_then(|(page, _)| safe_next(slug, page))
            .filter(|p| p.contains("/tickets/"))
            // Any other form: the page that the browser says it stood on. Only a page of this team can come of it.
            .or_else(|| {
                let page: url::Url = parts.headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
                safe_next(slug, &page[url::Position::BeforePath..url::Position::AfterQuery])
            })
    };
    if read {
        let mut path = format!("/t/{slug}/sign-in");
        if let Some(next) = next {
            path.push_str("?next=");
            path.extend(url::form_urlencoded::byte_serialize(next.as_bytes()));
        }
        return Redirect::to(&path).into_response();
    }
    let device = Device::of(&parts.headers);
    let (cookie, token) = crate::route::sign_in::form_token(desk, &parts.headers, slug);
    let page = SignInPage {
        lang: device.lang,
        theme: device.theme,
        team: Team { slug: slug.clone(), name: tenant.tenant.name.clone() },
        next,
        email: String::new(),
        token,
        notice: Some((true, device.lang.sign_in_expired().to_owned())),
        typed,
        // With what was typed on the page, a password keeps it in view.
        provider: None,
        code: false,
        remember: false,
    };
    let mut response = (StatusCode::UNAUTHORIZED, page.draw()).into_response();
    response.headers_mut().extend(cookie.map(|c| (header::SET_COOKIE, c)));
    response
}

/// Whether a posting page is one of ours, as far as the browser says (Fetch Metadata, RFC 6454). Browsers that
/// say nothing are held by the token and the cookie's SameSite alone.
pub(crate) fn same_site(desk: &Desk, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|h| h.to_str().ok());
    if headers.get("sec-fetch-site").is_some_and(|s| s != "same-origin" && s != "none") {
        return false;
    }
    match text(header::ORIGIN) {
        None => true,
        Some(origin) => {
            let own = desk.deps.public_url.origin().ascii_serialization();
            let host = text(header::HOST).unwrap_or("");
            origin == own
                || origin.split_once("://").is_some_and(|(_, authority)| !host.is_empty() && authority == host)
        }
    }
}
