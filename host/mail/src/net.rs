//! What IMAP and SMTP share: how a connection is secured, how one signs in, and how a probe reports.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How a connection is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (ports 993 and 465, RFC 8314).
    #[default]
    Tls,
    /// Plain first, then STARTTLS before anything else is said (ports 143 and 587). A server that does not offer
    /// it is refused.
    StartTls,
    /// No protection. Only to a loopback address: anywhere else it is refused before connecting.
    Plain,
}

/// A password or token. Never printed, never serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// How to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// User name and password (or the provider's "authorisation code" that stands for one).
    Password {
        /// User name, usually the address.
        username: String,
        /// Password.
        password: Secret,
    },
    /// XOAUTH2 with an access token that is asked for at every sign-in.
    OAuth2 {
        /// User name, usually the address.
        username: String,
        /// Gives access tokens.
        tokens: Tokens,
    },
}

/// Gives access tokens and keeps them fresh.
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync {
    /// A token to sign in with. `refused`: one that a server has just refused, so another is wanted.
    ///
    /// # Errors
    /// In words for a person: the provider refused, cannot be reached, or a secret is missing.
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret, String>;
}

/// A shared [`TokenSource`]. Two are equal when they are the same one.
#[derive(Clone)]
pub struct Tokens(pub Arc<dyn TokenSource>);

impl Tokens {
    /// One that always gives the same token.
    #[must_use]
    pub fn fixed(token: Secret) -> Self {
        Self(Arc::new(Fixed(token)))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Tokens {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Tokens {}

struct Fixed(Secret);

#[async_trait::async_trait]
impl TokenSource for Fixed {
    async fn token(&self, _: Option<&Secret>) -> Result<Secret, String> {
        Ok(self.0.clone())
    }
}

/// What XOAUTH2 says first (<https://developers.google.com/gmail/imap/xoauth2-protocol>).
pub(crate) fn xoauth2(username: &str, token: &Secret) -> String {
    format!("user={username}\x01auth=Bearer {}\x01\x01", token.reveal())
}

/// The error that an XOAUTH2 server puts into its challenge, as a server's words: `status 400, scope https://mail.google.com/`.
pub(crate) fn xoauth2_error(challenge: &[u8]) -> String {
    let text = String::from_utf8_lossy(challenge);
    let Ok(serde_json::Value::Object(said)) = serde_json::from_str(text.trim()) else {
        return text.chars().filter(|c| !c.is_control()).take(200).collect();
    };
    let known = ["status", "error", "error_description", "scope"];
    let pairs = known.iter().filter_map(|key| {
        let value = said.get(*key)?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(format!("{key} {}", value.chars().filter(|c| !c.is_control()).take(200).collect::<String>()))
    });
    pairs.collect::<Vec<_>>().join(", ")
}

impl Auth {
    /// The user name.
    #[must_use]
    pub fn username(&self) -> &str {
        match self {
            Self::Password { username, .. } | Self::OAuth2 { username, .. } => username,
        }
    }
}

/// One step of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeStep {
    /// `connect`, `tls`, `sign-in` …
    pub name: &'static str,
    /// It worked.
    pub ok: bool,
    /// What was found, or what went wrong, in the server's words where there are any.
    pub words: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

/// What a probe found, step by step. It stops at the first step that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeReport {
    /// In order.
    pub steps: Vec<ProbeStep>,
}

impl ProbeReport {
    /// Every step worked.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.steps.iter().all(|s| s.ok)
    }

    /// The step that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&ProbeStep> {
        self.steps.iter().find(|s| !s.ok)
    }

    pub(crate) fn pass(&mut self, name: &'static str, words: impl Into<String>, started: tokio::time::Instant) {
        self.steps.push(ProbeStep { name, ok: true, words: words.into(), hint: None, duration: started.elapsed() });
    }

    pub(crate) fn fail(
        &mut self,
        name: &'static str,
        words: impl Into<String>,
        hint: Option<String>,
        started: tokio::time::Instant,
    ) {
        self.steps.push(ProbeStep { name, ok: false, words: words.into(), hint, duration: started.elapsed() });
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("{0}")]
    Config(String),
    #[error("cannot find {host}: {source}")]
    Resolve { host: String, source: std::io::Error },
    #[error("cannot connect to {host}:{port}: {source}")]
    Connect { host: String, port: u16, source: std::io::Error },
    #[error("no answer from {host}:{port} within {} s", .after.as_secs())]
    Timeout { host: String, port: u16, after: Duration },
    #[error("TLS with {host} failed: {source}")]
    Tls { host: String, source: std::io::Error },
}

/// Either a TCP stream or TLS over one.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> Stream for T {}
pub(crate) type BoxStream = Box<dyn Stream>;

/// Opens TCP, trying every address of the name in turn. With `plain`, only loopback addresses are allowed. What came of finding
/// the name and of connecting goes into the report.
pub(crate) async fn tcp(
    host: &str,
    port: u16,
    plain: bool,
    limit: Duration,
    report: &mut ProbeReport,
) -> Result<TcpStream, ConnectError> {
    let started = tokio::time::Instant::now();
    let timeout = || ConnectError::Timeout { host: host.to_owned(), port, after: limit };
    let mut found = None;
    let connect = async {
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|source| ConnectError::Resolve { host: host.to_owned(), source })?
            .collect();
        found = Some(tokio::time::Instant::now());
        if plain && !addresses.iter().all(|a| is_loopback(a.ip())) {
            return Err(ConnectError::Config(format!(
                "{host} is not this machine: an unprotected connection is only allowed to a loopback address; use \
                 `tls` or `starttls`"
            )));
        }
        let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Commands are small and answered one by one: waiting to fill a segment only adds delay.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(ConnectError::Connect { host: host.to_owned(), port, source: last })
    };
    let result = tokio::time::timeout(limit, connect).await.unwrap_or_else(|_| Err(timeout()));
    // A bare address is not looked up.
    if let (Some(_), Err(_)) = (found, host.parse::<IpAddr>()) {
        report.pass("name", format!("{host} is found"), started);
    }
    match &result {
        Ok(_) => report.pass("connect", format!("{host}:{port} answers"), found.unwrap_or(started)),
        Err(error) => {
            let step = if found.is_some() { "connect" } else { "name" };
            report.fail(step, error.to_string(), Some(crate::submit::connect_hint(error)), found.unwrap_or(started));
        }
    }
    result
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
    }
}

/// TLS over a stream, checked against the system's roots and an extra certificate authority.
pub(crate) async fn tls<S>(
    stream: S,
    host: &str,
    extra_ca_pem: Option<&[u8]>,
    limit: Duration,
) -> Result<BoxStream, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug + 'static,
{
    let config = tls_config(extra_ca_pem)?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ConnectError::Config(format!("`{host}` is neither a host name nor an IP address")))?;
    match tokio::time::timeout(limit, TlsConnector::from(config).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(source)) => Err(ConnectError::Tls { host: host.to_owned(), source }),
        Err(_) => Err(ConnectError::Tls {
            host: host.to_owned(),
            source: std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!("no handshake within {} s; is this the right port for TLS?", limit.as_secs()),
            ),
        }),
    }
}

fn tls_config(extra_ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, ConnectError> {
    static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    match extra_ca_pem {
        None => {
            if let Some(config) = SYSTEM.get() {
                return Ok(config.clone());
            }
            let config = trusting(system_roots())?;
            Ok(SYSTEM.get_or_init(|| config).clone())
        }
        Some(pem) => {
            let mut roots = system_roots();
            let mut added = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate
                    .map_err(|e| ConnectError::Config(format!("the extra CA file is not valid PEM: {e:?}")))?;
                roots.add(certificate).map_err(|e| {
                    ConnectError::Config(format!("a certificate of the extra CA file is unusable: {e}"))
                })?;
                added += 1;
            }
            if added == 0 {
                return Err(ConnectError::Config("the extra CA file holds no certificate".to_owned()));
            }
            trusting(roots)
        }
    }
}

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, ConnectError> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectError::Config(format!("TLS cannot be set up: {e}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// TLS checked against the system's roots alone.
pub(crate) fn system_tls() -> Result<Arc<ClientConfig>, ConnectError> {
    tls_config(None)
}

/// TLS checked against the system's roots and these certificates (DER).
pub(crate) fn tls_with(extra_roots: Vec<Vec<u8>>) -> Result<Arc<ClientConfig>, ConnectError> {
    if extra_roots.is_empty() {
        return system_tls();
    }
    let mut roots = system_roots();
    for der in extra_roots {
        roots
            .add(CertificateDer::from(der))
            .map_err(|e| ConnectError::Config(format!("a certificate of the extra CA file is unusable: {e}")))?;
    }
    trusting(roots)
}

/// An error with all its causes.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a system certificate could not be read");
    }
    roots.add_parsable_certificates(found.certs);
    roots
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let auth = Auth::Password { username: "u".into(), password: Secret::new("hunter2") };
        assert!(!format!("{auth:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn plain_is_refused_beyond_loopback() {
        let error = tcp("192.0.2.1", 143, true, Duration::from_secs(5), &mut ProbeReport::default()).await.unwrap_err();
        assert!(error.to_string().contains("only allowed to a loopback address"), "{error}");
    }

    #[test]
    fn an_xoauth2_error_is_told_in_words() {
        let told = xoauth2_error(br#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#);
        assert_eq!(told, "status 400, scope https://mail.google.com/");
        assert_eq!(xoauth2_error(b"no\x00 json"), "no json");
        assert_eq!(xoauth2("u@x", &Secret::new("t")), "user=u@x\u{1}auth=Bearer t\u{1}\u{1}");
    }

    #[test]
    fn an_empty_ca_file_says_so() {
        let error = tls_config(Some(b"nothing")).unwrap_err();
        assert_eq!(error.to_string(), "the extra CA file holds no certificate");
    }
}
