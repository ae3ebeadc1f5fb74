//! Outbound HTTP for plugins: where to, with what, and how much comes back.

use crate::address::{Reach, reach};
use crate::error::SandboxError;
use crate::template::{Secrets, redact, redact_text};
use posthouse_model::capability::{Grants, HttpAllowance, host_matches};
pub(crate) use posthouse_model::exchange::HttpRefusal as Refusal;
use posthouse_model::exchange::{Content, HttpAnswer, carries_credentials};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::{Host, Url};

/// Of a whole exchange.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(10);
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Of a body, both ways.
pub(crate) const BODY_MAX: usize = 1 << 20;
const URL_MAX: usize = 8 << 10;
pub(crate) const HEADERS_MAX: usize = 64;
const HEADER_MAX: usize = 8 << 10;

/// A request as the plugin put it together, completed.
pub(crate) struct Outbound {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<(String, Vec<u8>)>,
    /// The secrets that went into it. None of their values leaves this module again.
    pub(crate) secrets: Secrets,
    /// What they look like where they were encoded together with other text: taken out of answers too.
    pub(crate) disguised: Secrets,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The two ways out: to the internet only, and to what the operator named. Connections are never shared
/// between the two, so a check made for one does not serve the other.
pub(crate) struct Outlet {
    public: reqwest::Client,
    named: reqwest::Client,
}

/// Makes the outlet at the first request: reading the system's certificates takes time and memory that a host
/// without such plugins should not pay.
pub(crate) struct LazyOutlet {
    extra_roots: Vec<Vec<u8>>,
    user_agent: String,
    made: OnceLock<Result<Outlet, String>>,
}

impl LazyOutlet {
    pub(crate) fn new(extra_roots: Vec<Vec<u8>>, user_agent: String) -> Result<Self, SandboxError> {
        if HeaderValue::from_str(&user_agent).is_err() {
            return Err(SandboxError::Http(format!("`{user_agent}` cannot be sent as User-Agent")));
        }
        Ok(Self { extra_roots, user_agent, made: OnceLock::new() })
    }

    pub(crate) fn get(&self) -> Result<&Outlet, Refusal> {
        self.made
            .get_or_init(|| Outlet::new(&self.extra_roots, &self.user_agent))
            .as_ref()
            .map_err(|e| Refusal::Unreachable(e.clone()))
    }
}

impl Outlet {
    fn new(extra_roots: &[Vec<u8>], user_agent: &str) -> Result<Self, String> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for der in extra_roots {
            let added = roots.add(rustls_pki_types::CertificateDer::from(der.clone()));
            added.map_err(|e| format!("a further certificate to trust cannot be read: {e}"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = |named: bool| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(Arc::new(CheckedResolver { named }))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .http1_only()
                .user_agent(user_agent)
                .connect_timeout(CONNECT_MAX)
                .pool_max_idle_per_host(4)
                .pool_idle_timeout(Duration::from_secs(30))
                .build()
                .map_err(|e| e.to_string())
        };
        Ok(Self { public: client(false)?, named: client(true)? })
    }

    /// Sends a request that was checked, and reads the whole answer.
    pub(crate) async fn send(&self, request: Checked) -> Result<Answer, Refusal> {
        let Checked { method, url, private, headers, body, secrets } = request;
        let client = if private { &self.named } else { &self.public };
        let mut builder = client.request(method, url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let answer = tokio::time::timeout(TIME_MAX, exchange(builder)).await;
        match answer {
            Err(_) => Err(Refusal::Unreachable(format!("no answer within {} s", TIME_MAX.as_secs()))),
            Ok(Err(Refusal::Unreachable(text))) => Err(Refusal::Unreachable(redact_text(text, &secrets))),
            Ok(Err(Refusal::Denied(text))) => Err(Refusal::Denied(redact_text(text, &secrets))),
            Ok(Err(other)) => Err(other),
            Ok(Ok(mut answer)) if !secrets.is_empty() => {
                answer.body = redact(answer.body, &secrets);
                for (_, value) in &mut answer.headers {
                    *value = redact_text(std::mem::take(value), &secrets);
                }
                Ok(answer)
            }
            Ok(Ok(answer)) => Ok(answer),
        }
    }
}

/// A request that the grants allow, ready to be sent.
pub(crate) struct Checked {
    method: reqwest::Method,
    url: Url,
    /// Its grant names a private address.
    private: bool,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    /// To be taken out of the answer, the disguised ones too.
    secrets: Secrets,
}

/// Everything that can be said against a request before it is sent.
pub(crate) fn check(grants: &Grants, request: Outbound) -> Result<Checked, Refusal> {
    let url = check_url(&request)?;
    let grant = find_grant(grants, request.method, &url, &request.secrets)?;
    check_secrets(grants, &url, &request.secrets)?;
    check_literal_address(&url, grant.private)?;
    let headers = check_headers(&request)?;
    #[expect(clippy::expect_used, reason = "the six names of methods are all valid")]
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).expect("a method");
    let mut secrets = request.secrets;
    secrets.extend(request.disguised);
    let body = request.body.map(|(_, body)| body);
    Ok(Checked { method, url, private: grant.private, headers, body, secrets })
}

impl Answer {
    /// As it is kept: without what belongs to the connection and without credentials.
    pub(crate) fn kept(&self) -> HttpAnswer {
        const OF_THE_CONNECTION: &[&str] = &["connection", "keep-alive", "trailer", "transfer-encoding", "upgrade"];
        let mut headers = std::collections::BTreeMap::new();
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            if !carries_credentials(&name) && !OF_THE_CONNECTION.contains(&name.as_str()) {
                headers.entry(name).or_insert_with(|| value.clone());
            }
        }
        HttpAnswer { status: self.status, headers, body: Content::of(self.body.clone()) }
    }
}

impl From<HttpAnswer> for Answer {
    fn from(kept: HttpAnswer) -> Self {
        let body = match kept.body {
            Content::Text(text) => text.into_bytes(),
            Content::Bytes(bytes) => bytes,
        };
        Self { status: kept.status, headers: kept.headers.into_iter().collect(), body }
    }
}

async fn exchange(builder: reqwest::RequestBuilder) -> Result<Answer, Refusal> {
    let mut response = builder.send().await.map_err(unreachable)?;
    let too_large = || Refusal::TooLarge(format!("the answer is larger than {BODY_MAX} bytes"));
    if response.content_length().is_some_and(|n| n > BODY_MAX as u64) {
        return Err(too_large());
    }
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
    let mut answer = Answer { status: response.status().as_u16(), headers, body: Vec::new() };
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if answer.body.len() + chunk.len() > BODY_MAX {
            return Err(too_large());
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// The error's own words and those of its causes, without the address (which may hold secrets).
fn unreachable(error: reqwest::Error) -> Refusal {
    let error = error.without_url();
    let mut words = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        if let Some(NotPublic(text)) = inner.downcast_ref() {
            return Refusal::Denied(text.clone());
        }
        let text = inner.to_string();
        if !words.iter().any(|w| w.contains(&text)) {
            words.push(text);
        }
        cause = inner.source();
    }
    Refusal::Unreachable(words.join(": "))
}

fn check_url(request: &Outbound) -> Result<Url, Refusal> {
    if request.url.len() > URL_MAX {
        return Err(Refusal::TooLarge(format!("the address is longer than {URL_MAX} bytes")));
    }
    // The address itself stays out of the words: it may hold a secret.
    let mut url = Url::parse(&request.url).map_err(|e| Refusal::Invalid(format!("not an address: {e}")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refusal::Invalid("the address is neither https nor http".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Invalid("the address holds a user name: send it in a header".to_owned()));
    }
    if url.host().is_none() || url.port_or_known_default().is_none() {
        return Err(Refusal::Invalid("the address names no host".to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

fn find_grant<'a>(
    grants: &'a Grants,
    method: &str,
    url: &Url,
    secrets: &Secrets,
) -> Result<&'a HttpAllowance, Refusal> {
    let host = host_of(url);
    let port = url.port_or_known_default();
    let here = |g: &&HttpAllowance| {
        let granted_port = g.port.or(if g.scheme == "http" { Some(80) } else { Some(443) });
        g.scheme == url.scheme() && granted_port == port && host_matches(&g.host, &host)
    };
    let mut to_here = grants.http.iter().filter(here).peekable();
    let reached = to_here.peek().is_some();
    if let Some(grant) = to_here.find(|g| method_matches(g, method)) {
        return Ok(grant);
    }
    if !secrets.is_empty() && !reached {
        // Where the address was made with secrets, even its host may be one.
        return Err(Refusal::Denied(
            "the address, completed with secrets, leads to a host that is not granted".to_owned(),
        ));
    }
    let mut line = format!("grants.http = [{{ host = \"{host}\"");
    if url.scheme() == "http" {
        line.push_str(", scheme = \"http\"");
    }
    if let Some(port) = url.port() {
        line.push_str(&format!(", port = {port}"));
    }
    if !matches!(method, "GET" | "POST") || reached {
        line.push_str(&format!(", methods = [\"{method}\"]"));
    }
    line.push_str(" }]");
    Err(Refusal::Denied(format!("{method} to {host} is not granted; in tenant.toml, under this plugin: {line}")))
}

fn method_matches(grant: &HttpAllowance, method: &str) -> bool {
    if grant.methods.is_empty() { matches!(method, "GET" | "POST") } else { grant.methods.iter().any(|m| m == method) }
}

/// Each secret must be allowed to go to this very host.
fn check_secrets(grants: &Grants, url: &Url, secrets: &Secrets) -> Result<(), Refusal> {
    let host = host_of(url);
    for name in secrets.keys() {
        let hosts = grants.secrets.get(name).map(Vec::as_slice).unwrap_or_default();
        if !hosts.iter().any(|pattern| host_matches(pattern, &host)) {
            return Err(Refusal::Denied(format!(
                "secret `{name}` may not go to {host}; in tenant.toml, under this plugin: grants.secrets = {{ {name} = \
                 [\"{host}\"] }}"
            )));
        }
    }
    Ok(())
}

fn check_literal_address(url: &Url, named: bool) -> Result<(), Refusal> {
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(v4)) => v4.into(),
        Some(Host::Ipv6(v6)) => v6.into(),
        _ => return Ok(()),
    };
    match reach(address) {
        Reach::Public => Ok(()),
        // The operator wrote this very address and that it is private.
        Reach::Private | Reach::Metadata if named => Ok(()),
        _ => Err(Refusal::Denied(not_public(&address.to_string()))),
    }
}

fn not_public(host: &str) -> String {
    format!("{host} is not an address on the internet; if it is meant, add `private = true` to its grant")
}

fn check_headers(request: &Outbound) -> Result<HeaderMap, Refusal> {
    if request.headers.len() > HEADERS_MAX {
        return Err(Refusal::TooLarge(format!("more than {HEADERS_MAX} headers")));
    }
    let mut headers = HeaderMap::new();
    if let Some((media_type, body)) = &request.body {
        if body.len() > BODY_MAX {
            return Err(Refusal::TooLarge(format!("the body is larger than {BODY_MAX} bytes")));
        }
        let value = HeaderValue::from_str(media_type).map_err(|_| Refusal::Invalid("the media type".to_owned()))?;
        headers.insert(reqwest::header::CONTENT_TYPE, value);
    }
    for (name, value) in &request.headers {
        if value.len() > HEADER_MAX {
            return Err(Refusal::TooLarge(format!("header `{name}` is longer than {HEADER_MAX} bytes")));
        }
        let parsed = header_name(name)?;
        let mut value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| Refusal::Invalid(format!("the value of header `{name}` holds a control character")))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

/// A header that a plugin may set.
pub(crate) fn header_name(name: &str) -> Result<HeaderName, Refusal> {
    const OURS: &[&str] = &[
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let shown = crate::valid::cut(name, 80);
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Refusal::Invalid(format!("`{}` is not the name of a header", shown.escape_default())))?;
    if OURS.contains(&parsed.as_str()) {
        return Err(Refusal::Invalid(format!("header `{parsed}` belongs to the host")));
    }
    Ok(parsed)
}

/// Host as compared: lower case, without the brackets of IPv6.
pub(crate) fn host_of(url: &Url) -> String {
    match url.host() {
        Some(Host::Ipv6(v6)) => v6.to_string(),
        Some(Host::Ipv4(v4)) => v4.to_string(),
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        None => String::new(),
    }
}

/// Resolves a name once and hands on only addresses that may be reached; the connection is made to exactly
/// those. A name that resolves to anything else as well is refused altogether: it is broken or a trick.
struct CheckedResolver {
    named: bool,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let named = self.named;
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            check_resolved(name.as_str(), &addresses, named).map_err(NotPublic)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A name leads to where it may not; told apart from one that leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotPublic(String);

fn check_resolved(name: &str, addresses: &[SocketAddr], named: bool) -> Result<(), String> {
    if addresses.is_empty() {
        return Err(format!("{name} has no address"));
    }
    for address in addresses {
        match reach(address.ip()) {
            Reach::Public => {}
            Reach::Private if named => {}
            _ => return Err(not_public(&format!("{name} ({})", address.ip()))),
        }
    }
    Ok(())
}

/// What is wrong with a tenant's grants, if anything.
pub(crate) fn grant_problem(grants: &Grants) -> Option<String> {
    for grant in &grants.http {
        let host = grant.host.strip_prefix("*.").unwrap_or(&grant.host);
        let plain = host.trim_start_matches('[').trim_end_matches(']');
        let is_ip = plain.parse::<IpAddr>().is_ok();
        let canonical = match Host::parse(if plain.contains(':') { host } else { plain }) {
            Ok(Host::Domain(name)) => Some(name),
            Ok(Host::Ipv4(v4)) => Some(v4.to_string()),
            Ok(Host::Ipv6(v6)) => Some(v6.to_string()),
            Err(_) => plain.parse::<IpAddr>().ok().map(|a| a.to_string()),
        };
        match canonical {
            Some(name) if name == plain => {}
            Some(name) => return Some(format!("grants.http: write host `{}` as `{name}`", grant.host)),
            None => {
                return Some(format!(
                    "grants.http: `{}` is not a host; write a name (`api.example.com`), `*.example.com`, or an address",
                    grant.host
                ));
            }
        }
        if grant.host.starts_with("*.") && (is_ip || !host.contains('.')) {
            return Some(format!("grants.http: `{}` would allow too much; name the hosts", grant.host));
        }
        if !matches!(grant.scheme.as_str(), "https" | "http") {
            return Some(format!(
                "grants.http: scheme `{}` of host `{}` is neither https nor http",
                grant.scheme, grant.host
            ));
        }
        if let Some(method) =
            grant.methods.iter().find(|m| !matches!(m.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"))
        {
            return Some(format!("grants.http: method `{method}` is none of GET, POST, PUT, PATCH, DELETE"));
        }
    }
    for (name, hosts) in &grants.secrets {
        if hosts.is_empty() {
            return Some(format!(
                "grants.secrets: `{name}` may go nowhere; name its hosts: {name} = [\"api.example.com\"]"
            ));
        }
        for host in hosts {
            let covered = grants.http.iter().any(|g| g.host == *host || host_matches(&g.host, host));
            if !covered {
                return Some(format!(
                    "grants.secrets: `{name}` may go to `{host}`, but grants.http does not allow that host"
                ));
            }
        }
    }
    None
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
