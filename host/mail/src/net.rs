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
    /// XOAUTH2 with an access token that the caller keeps fresh.
    OAuth2 {
        /// User name, usually the address.
        username: String,
        /// Access token.
        access_token: Secret,
    },
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

/// Opens TCP, trying every address of the name in turn. With `plain`, only loopback addresses are allowed.
pub(crate) async fn tcp(host: &str, port: u16, plain: bool, limit: Duration) -> Result<TcpStream, ConnectError> {
    let timeout = || ConnectError::Timeout { host: host.to_owned(), port, after: limit };
    let connect = async {
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|source| ConnectError::Resolve { host: host.to_owned(), source })?
            .collect();
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
    tokio::time::timeout(limit, connect).await.map_err(|_| timeout())?
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
    let build = |roots: RootCertStore| -> Result<Arc<ClientConfig>, ConnectError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| ConnectError::Config(format!("TLS cannot be set up: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    };
    match extra_ca_pem {
        None => {
            if let Some(config) = SYSTEM.get() {
                return Ok(config.clone());
            }
            let config = build(system_roots())?;
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
            build(roots)
        }
    }
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
        let error = tcp("192.0.2.1", 143, true, Duration::from_secs(5)).await.unwrap_err();
        assert!(error.to_string().contains("only allowed to a loopback address"), "{error}");
    }

    #[test]
    fn an_empty_ca_file_says_so() {
        let error = tls_config(Some(b"nothing")).unwrap_err();
        assert_eq!(error.to_string(), "the extra CA file holds no certificate");
    }
}
