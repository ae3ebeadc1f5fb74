//! What a plugin may ask of the world, when granted: log, templates, HTTP, a model.

use super::wit::{http, log, model, templates};
use crate::error::CallError;
use crate::host::{LogLevel, ModelAnswer, ModelRefusal, ModelRequest, SecretValue};
use crate::http::{self as wire, Answer, HEADERS_MAX, Outbound, Refusal, header_name, host_of};
use crate::state::{CallState, abort};
use crate::template::{DigestEncoding, Escape, Secrets, TEXT_MAX, Template, is_secret_name};
use crate::valid;
use posthouse_model::capability::{Denial, host_matches, secret_may_go};
use posthouse_model::decision::HostCall;
use posthouse_model::exchange::{Content, Exchange, HttpAsk, Told, carries_credentials};
use std::collections::BTreeSet;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};

const OUTPUT_TOKENS_MAX: u32 = 4_096;
/// Bytes of a model's answer that reach the plugin.
const COMPLETION_MAX: usize = 256 << 10;
/// Bytes of an error from outside that reach the plugin and the record.
const REASON_MAX: usize = 500;

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, text: String) -> Result<()> {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.log(level, &text);
        Ok(())
    }
}

impl CallState {
    /// A new object of the plugin's.
    pub(super) fn object<T: Send + 'static>(&mut self, object: T) -> Result<Resource<T>> {
        let limit = self.table.max_capacity() as u64;
        match self.table.push(object) {
            Err(ResourceTableError::Full) => abort(CallError::TooLarge { what: "the number of objects made", limit }),
            other => Ok(other?),
        }
    }
}

impl templates::Host for CallState {}

fn escape_in(escape: templates::Escape) -> Escape {
    match escape {
        templates::Escape::None => Escape::None,
        templates::Escape::Percent => Escape::Percent,
        templates::Escape::Json => Escape::Json,
    }
}

fn full<T>() -> Result<T> {
    abort(CallError::TooLarge { what: "a template, in bytes,", limit: TEXT_MAX as u64 })
}

impl templates::HostTemplate for CallState {
    fn new(&mut self) -> Result<Resource<Template>> {
        self.object(Template::default())
    }

    fn literal(&mut self, this: Resource<Template>, text: String) -> Result<()> {
        self.hold(text.len())?;
        if self.table.get_mut(&this)?.literal(text) { Ok(()) } else { full() }
    }

    fn secret(&mut self, this: Resource<Template>, name: String, escape: templates::Escape) -> Result<()> {
        self.hold(name.len())?;
        if self.table.get_mut(&this)?.secret(name, escape_in(escape)) { Ok(()) } else { full() }
    }

    fn hmac_sha256(
        &mut self,
        this: Resource<Template>,
        key: Resource<Template>,
        message: Resource<Template>,
        encoding: templates::DigestEncoding,
        escape: templates::Escape,
    ) -> Result<()> {
        let encoding = match encoding {
            templates::DigestEncoding::Hex => DigestEncoding::Hex,
            templates::DigestEncoding::Base64 => DigestEncoding::Base64,
            templates::DigestEncoding::Base64Url => DigestEncoding::Base64Url,
        };
        let (key, message) = (self.table.get(&key)?.clone(), self.table.get(&message)?.clone());
        let fits = self.table.get_mut(&this)?.hmac(&key, &message, encoding, escape_in(escape));
        if fits { Ok(()) } else { full() }
    }

    fn base64(&mut self, this: Resource<Template>, of: Resource<Template>) -> Result<()> {
        let of = self.table.get(&of)?.clone();
        if self.table.get_mut(&this)?.base64(&of) { Ok(()) } else { full() }
    }

    fn drop(&mut self, this: Resource<Template>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

/// A request as far as the plugin has put it together.
pub struct RequestParts {
    method: &'static str,
    url: Template,
    headers: Vec<(String, Template)>,
    body: Option<(String, Body)>,
}

#[derive(Clone)]
enum Body {
    Text(Template),
    Bytes(Vec<u8>),
}

impl RequestParts {
    /// Everything in it that may hold secrets.
    fn texts(&self) -> impl Iterator<Item = &Template> {
        let body = match &self.body {
            Some((_, Body::Text(text))) => Some(text),
            _ => None,
        };
        std::iter::once(&self.url).chain(self.headers.iter().map(|(_, value)| value)).chain(body)
    }

    fn secrets(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for text in self.texts() {
            text.secrets(&mut names);
        }
        names
    }

    /// As it may be kept.
    fn shown(&self) -> HttpAsk {
        let mut headers = std::collections::BTreeMap::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| !carries_credentials(name)) {
            headers.insert(name.clone(), value.shown());
        }
        let (media_type, body) = match &self.body {
            None => (None, None),
            Some((kind, Body::Text(text))) => (Some(kind.clone()), Some(Content::Text(text.shown()))),
            Some((kind, Body::Bytes(bytes))) => (Some(kind.clone()), Some(Content::of(bytes.clone()))),
        };
        HttpAsk { method: self.method.to_owned(), url: self.url.shown(), headers, media_type, body }
    }

    fn complete(&self, secrets: Secrets) -> std::result::Result<Outbound, Refusal> {
        let text = |t: &Template| {
            t.complete(&secrets).ok_or_else(|| Refusal::TooLarge(format!("a text is longer than {TEXT_MAX} bytes")))
        };
        let url = text(&self.url)?;
        let headers = self.headers.iter().map(|(n, v)| Ok((n.clone(), text(v)?))).collect::<Result<_, Refusal>>()?;
        let body = match &self.body {
            None => None,
            Some((kind, Body::Text(t))) => Some((kind.clone(), text(t)?.into_bytes())),
            Some((kind, Body::Bytes(bytes))) => Some((kind.clone(), bytes.clone())),
        };
        let mut disguised = Secrets::new();
        for text in self.texts() {
            text.disguised(&secrets, &mut disguised);
        }
        Ok(Outbound { method: self.method, url, headers, body, secrets, disguised })
    }
}

impl From<Refusal> for http::HttpError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(t) => Self::Denied(t),
            Refusal::Unreachable(t) => Self::Unreachable(t),
            Refusal::TooLarge(t) => Self::TooLarge(t),
            Refusal::Invalid(t) => Self::Invalid(t),
        }
    }
}

impl http::Host for CallState {}

impl http::HostRequest for CallState {
    fn new(&mut self, method: http::Method, url: Resource<Template>) -> Result<Resource<RequestParts>> {
        let method = match method {
            http::Method::Get => "GET",
            http::Method::Head => "HEAD",
            http::Method::Post => "POST",
            http::Method::Put => "PUT",
            http::Method::Patch => "PATCH",
            http::Method::Delete => "DELETE",
        };
        let url = self.table.get(&url)?.clone();
        self.object(RequestParts { method, url, headers: Vec::new(), body: None })
    }

    fn set_header(
        &mut self,
        this: Resource<RequestParts>,
        name: String,
        value: Resource<Template>,
    ) -> Result<std::result::Result<(), http::HttpError>> {
        self.hold(name.len())?;
        let name = match header_name(&name) {
            Ok(name) => name.as_str().to_owned(),
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let value = self.table.get(&value)?.clone();
        let headers = &mut self.table.get_mut(&this)?.headers;
        headers.retain(|(n, _)| *n != name);
        if headers.len() >= HEADERS_MAX {
            return Ok(Err(http::HttpError::TooLarge(format!("more than {HEADERS_MAX} headers"))));
        }
        headers.push((name, value));
        Ok(Ok(()))
    }

    fn set_body(&mut self, this: Resource<RequestParts>, media_type: String, body: Resource<Template>) -> Result<()> {
        self.hold(media_type.len())?;
        let body = self.table.get(&body)?.clone();
        self.table.get_mut(&this)?.body = Some((media_type, Body::Text(body)));
        Ok(())
    }

    fn set_body_bytes(&mut self, this: Resource<RequestParts>, media_type: String, body: Vec<u8>) -> Result<()> {
        self.hold(media_type.len() + body.len())?;
        self.table.get_mut(&this)?.body = Some((media_type, Body::Bytes(body)));
        Ok(())
    }

    async fn send(
        &mut self,
        this: Resource<RequestParts>,
    ) -> Result<std::result::Result<Resource<Answer>, http::HttpError>> {
        let begun = tokio::time::Instant::now();
        self.turn.end();
        let mut to = String::new();
        let (mut asked, mut noted) = (None, false);
        let result = self.request(&this, &mut to, &mut asked, &mut noted).await;
        self.turn.begin().await;
        let outcome = match &result {
            Ok(answer) => answer.status.to_string(),
            Err(refusal) => valid::cut(&refusal.words(), REASON_MAX).to_owned(),
        };
        let what = format!("{}{to}", self.table.get(&this)?.method);
        if matches!(result, Err(Refusal::Denied(_))) && !noted {
            self.deny(Denial::Http, &what);
        }
        let exchange = asked.and_then(|ask| {
            let least = ask.body.as_ref().map_or(0, |body| body.as_bytes().len());
            let least = least + result.as_ref().map_or(0, |answer| answer.body.len());
            let reply = || result.as_ref().map(Answer::kept).map_err(Clone::clone);
            self.exchange(least, || Exchange::Http(Told { ask, reply: reply() }))
        });
        self.record("http", what, outcome, begun, exchange);
        match result {
            Ok(answer) => {
                self.hold_answer(&answer)?;
                Ok(Ok(self.object(answer)?))
            }
            Err(refusal) => Ok(Err(refusal.into())),
        }
    }

    fn drop(&mut self, this: Resource<RequestParts>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl CallState {
    /// Sends it. `asked` is set when it passed every check, so that the answer is not the host's own; `noted` when a refusal is
    /// noted already, or does not speak of what the plugin may do.
    async fn request(
        &mut self,
        this: &Resource<RequestParts>,
        to: &mut String,
        asked: &mut Option<HttpAsk>,
        noted: &mut bool,
    ) -> Result<Answer, Refusal> {
        let limit = self.common.limits.http_requests;
        if self.http_requests >= limit {
            return Err(Refusal::TooLarge(format!("at most {limit} requests per call")));
        }
        self.http_requests += 1;

        let stray = |_| Refusal::Invalid("no such request".to_owned());
        let names = self.table.get(this).map_err(stray)?.secrets();
        let mut secrets = Secrets::new();
        let mut allowed = Vec::new();
        for name in names {
            let found = self.secret_value(&name).await;
            *noted = found.is_err();
            let SecretValue { value, hosts } = found?;
            allowed.push((name.clone(), hosts));
            secrets.insert(name, value);
        }
        let request = self.table.get(this).map_err(stray)?.complete(secrets)?;
        // Set where the set-up lets a secret go elsewhere only: refused below.
        let mut stranger = None;
        // The record names the host only where no secret can be in it, or where it is granted.
        if let Ok(url) = url::Url::parse(&request.url) {
            let host = host_of(&url);
            let granted = self.common.grants.http.iter().any(|g| host_matches(&g.host, &host));
            if granted || request.secrets.is_empty() {
                *to = format!(" {}", valid::cut(&host, 255));
            }
            let may_go = |name: &String| {
                let hosts = self.common.grants.secrets.get(name).map(Vec::as_slice).unwrap_or_default();
                hosts.iter().any(|pattern| host_matches(pattern, &host))
            };
            stranger =
                request.secrets.keys().find(|name| granted && !may_go(name)).map(|name| format!("{name} {host}"));
            // What the set-up grants is one thing; where the person who set the secret lets it go is another, and holds too.
            // A host that is not granted is refused below, in words that do not name it.
            if let Some((name, _)) = allowed.iter().find(|(_, hosts)| granted && !secret_may_go(hosts, &host)) {
                self.host.clone().secret_refused(name, &host).await;
                *noted = true;
                return Err(Refusal::Denied(format!(
                    "secret `{name}` may not be sent to {host}, as the person who set it said; nothing was sent"
                )));
            }
        }
        if let Some(name) = stranger {
            self.deny(Denial::Secret, &name);
            *noted = true;
        }
        let request = wire::check(&self.common.grants, request)?;
        let ask = asked.insert(self.table.get(this).map_err(stray)?.shown());
        let host = self.host.clone();
        match host.http(ask).await {
            Some(reply) => reply.map(Answer::from),
            None => self.common.outlet.clone().get()?.send(request).await,
        }
    }

    async fn secret_value(&mut self, name: &str) -> Result<SecretValue, Refusal> {
        if !is_secret_name(name) {
            return Err(Refusal::Invalid(
                "a secret's name has 1 to 64 lower-case letters, digits, - _ or /".to_owned(),
            ));
        }
        if !self.common.grants.secrets.contains_key(name) {
            self.deny(Denial::Secret, name);
            return Err(Refusal::Denied(format!(
                "secret `{name}` is not granted; in tenant.toml, under this plugin: grants.secrets = {{ {name} = [\"the \
                 host it may go to\"] }}"
            )));
        }
        let host = self.host.clone();
        host.secret(name).await.ok_or_else(|| {
            Refusal::Denied(format!("secret `{name}` has no value for this tenant: set it, then try again"))
        })
    }

    pub(super) fn record(
        &mut self,
        capability: &str,
        what: String,
        outcome: String,
        begun: tokio::time::Instant,
        exchange: Option<Exchange>,
    ) {
        self.turn.waits(begun);
        let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.host_calls.push(HostCall { capability: capability.to_owned(), what, outcome, duration_us, exchange });
    }
}

impl http::HostResponse for CallState {
    fn status(&mut self, this: Resource<Answer>) -> Result<u16> {
        Ok(self.table.get(&this)?.status)
    }

    fn header(&mut self, this: Resource<Answer>, name: String) -> Result<Option<String>> {
        let headers = &self.table.get(&this)?.headers;
        Ok(headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(&name)).map(|(_, v)| v.clone()))
    }

    fn body(&mut self, this: Resource<Answer>) -> Result<Vec<u8>> {
        Ok(self.table.get(&this)?.body.clone())
    }

    fn text(&mut self, this: Resource<Answer>) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.table.get(&this)?.body).into_owned())
    }

    fn drop(&mut self, this: Resource<Answer>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

/// A model request as far as the plugin has put it together.
#[derive(Clone, Default)]
pub struct PromptParts(ModelRequest);

impl model::Host for CallState {}

impl model::HostPrompt for CallState {
    fn new(&mut self) -> Result<Resource<PromptParts>> {
        self.object(PromptParts::default())
    }

    fn set_instructions(&mut self, this: Resource<PromptParts>, text: String) -> Result<()> {
        self.hold(text.len())?;
        self.table.get_mut(&this)?.0.instructions = text;
        Ok(())
    }

    fn add_input(&mut self, this: Resource<PromptParts>, text: String) -> Result<()> {
        // Empty texts take room too.
        self.hold(text.len() + size_of::<String>())?;
        self.table.get_mut(&this)?.0.inputs.push(text);
        Ok(())
    }

    fn set_max_output_tokens(&mut self, this: Resource<PromptParts>, count: u32) -> Result<()> {
        self.table.get_mut(&this)?.0.max_output_tokens = Some(count.min(OUTPUT_TOKENS_MAX));
        Ok(())
    }

    async fn complete(
        &mut self,
        this: Resource<PromptParts>,
    ) -> Result<std::result::Result<Resource<ModelAnswer>, model::ModelError>> {
        let limit = self.common.limits.model_calls;
        if self.model_calls >= limit {
            return Ok(Err(model::ModelError::Rejected(format!("at most {limit} model calls per call"))));
        }
        self.model_calls += 1;
        self.turn.end();
        let begun = tokio::time::Instant::now();
        let request = self.table.get(&this)?.0.clone();
        let host = self.host.clone();
        let mut result = host.model(request.clone()).await;
        self.turn.begin().await;
        if let Ok(answer) = &mut result {
            answer.text = valid::text(std::mem::take(&mut answer.text), COMPLETION_MAX);
        }
        let outcome = match &result {
            Ok(answer) => format!("ok, {}", valid::cut(&answer.model, REASON_MAX)),
            Err(ModelRefusal::NotConfigured) => "not configured".to_owned(),
            Err(ModelRefusal::OverBudget) => {
                self.deny(Denial::Model, "over the day's budget");
                "over budget".to_owned()
            }
            Err(ModelRefusal::Unavailable(t)) => format!("unavailable: {}", valid::cut(t, REASON_MAX)),
            Err(ModelRefusal::Rejected(t)) => format!("rejected: {}", valid::cut(t, REASON_MAX)),
        };
        let asked = request.instructions.len() + request.inputs.iter().map(String::len).sum::<usize>();
        let least = asked + result.as_ref().map_or(0, |answer| answer.text.len());
        let exchange = self.exchange(least, || Exchange::Model(Told { ask: request, reply: result.clone() }));
        self.record("model", "complete".to_owned(), outcome, begun, exchange);
        match result {
            Ok(answer) => {
                self.hold(answer.text.len())?;
                Ok(Ok(self.object(answer)?))
            }
            Err(ModelRefusal::NotConfigured) => Ok(Err(model::ModelError::NotConfigured)),
            Err(ModelRefusal::OverBudget) => Ok(Err(model::ModelError::OverBudget)),
            Err(ModelRefusal::Unavailable(t)) => Ok(Err(model::ModelError::Unavailable(t))),
            Err(ModelRefusal::Rejected(t)) => Ok(Err(model::ModelError::Rejected(t))),
        }
    }

    fn drop(&mut self, this: Resource<PromptParts>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl model::HostCompletion for CallState {
    fn text(&mut self, this: Resource<ModelAnswer>) -> Result<String> {
        Ok(self.table.get(&this)?.text.clone())
    }

    fn model_name(&mut self, this: Resource<ModelAnswer>) -> Result<String> {
        Ok(self.table.get(&this)?.model.clone())
    }

    fn drop(&mut self, this: Resource<ModelAnswer>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
