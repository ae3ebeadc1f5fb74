//! OAuth2 for mailboxes: tokens renewed (RFC 6749, 6), and a person's consent had by a code on another device (RFC 8628), or by
//! a browser that comes back to this machine (RFC 8252) or to the desk (RFC 6749, 4.1), with PKCE of RFC 7636.
//!
//! Nothing here keeps a token: whoever asks gets it and decides. Waiting between two looks, time and randomness are the
//! caller's.

mod browser;
mod openid;

pub use browser::{Consent, Errand, Pkce, authorize_url, challenge, listen};
pub use openid::{Discovered, Expected, Identity, Keys, identify};

use crate::net::Secret;
use serde::Deserialize;
use std::time::Duration;

/// A provider's endpoints, and who this program is there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where tokens are given.
    pub token_url: String,
    /// Where a person agrees, in a browser.
    pub authorize_url: Option<String>,
    /// Where a device's code is given.
    pub device_url: Option<String>,
    /// What the provider calls this program.
    pub client_id: String,
    /// Where the provider gave one.
    pub client_secret: Option<Secret>,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// What a provider gave.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Signs in to the mail servers.
    pub access: Secret,
    /// How long it does.
    pub lifetime: Duration,
    /// A new refresh token, when the old one is to be replaced.
    pub refresh: Option<Secret>,
    /// Who agreed, where that was asked for (OpenID Connect).
    pub id_token: Option<Secret>,
}

/// A code to be entered on another device.
#[derive(Clone, Debug)]
pub struct DeviceCode {
    /// What the person enters.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// How long it is good for.
    pub lifetime: Duration,
    /// How long to wait between two looks (RFC 8628, 3.2: 5 s where nothing is said).
    pub interval: Duration,
    device_code: Secret,
}

/// What looking after a device's code came to.
#[derive(Clone, Debug)]
pub enum Polled {
    /// The person agreed.
    Granted(Granted),
    /// Not yet: look again after the interval.
    Pending,
    /// Not yet, and the looks come too often: add five seconds to the interval (RFC 8628, 3.5).
    SlowDown,
}

/// Why there is no token. The words hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The provider said no: its error code (RFC 6749, 5.2) and its words.
    #[error("{code}: {words}")]
    Refused {
        /// `invalid_grant` …
        code: String,
        /// In the provider's words.
        words: String,
    },
    /// It cannot be reached, or it is out of order: trying again may help.
    #[error("the sign-in server cannot be reached: {0}")]
    Unreachable(String),
    /// Its answer makes no sense.
    #[error("the sign-in server's answer cannot be understood: {0}")]
    Odd(String),
    /// What is asked for cannot be done with this set-up.
    #[error("{0}")]
    Setup(String),
}

impl OAuthError {
    /// The refresh token is no good any more.
    #[must_use]
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "invalid_grant")
    }
}

/// How sign-in servers are reached.
#[derive(Clone, Debug, Default)]
pub struct OAuthOptions {
    /// `http://proxy.example:3128`; none: straight. The environment is not looked at.
    pub proxy: Option<String>,
    /// Certificates (DER) trusted besides the system's.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Speaks with sign-in servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    http: reqwest::Client,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Longest token taken, in bytes.
const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// Where a provider does not say how long an access token lives (RFC 6749, 5.1: it should).
const LIFETIME_UNSAID: Duration = Duration::from_secs(300);
const LIFETIME_MAX: u64 = 7 * 24 * 3_600;

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    #[serde(default)]
    token_type: String,
    // Some servers write it as text.
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct DeviceAnswer {
    device_code: Option<String>,
    user_code: Option<String>,
    #[serde(alias = "verification_url")]
    verification_uri: Option<String>,
    expires_in: Option<u64>,
    interval: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

impl OAuthClient {
    /// # Errors
    /// [`OAuthError::Setup`] when the proxy's address or a certificate cannot be used.
    pub fn new(options: OAuthOptions) -> Result<Self, OAuthError> {
        let setup =
            |error: &dyn std::fmt::Display| OAuthError::Setup(format!("the HTTP client cannot be made: {error}"));
        let tls = crate::net::tls_with(options.extra_roots).map_err(|error| setup(&error))?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .user_agent(concat!("posthouse/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .no_proxy();
        if let Some(proxy) = options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(&proxy).map_err(|error| setup(&error))?);
        }
        Ok(Self { http: builder.build().map_err(|error| setup(&error))? })
    }

    /// A new access token.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn refresh(&self, endpoint: &Endpoint, refresh: &Secret) -> Result<Granted, OAuthError> {
        let scope = endpoint.scopes.join(" ");
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.reveal())];
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        let answer: Answer = self.post(&endpoint.token_url, endpoint, form).await?;
        granted(answer)
    }

    /// A code that a person enters on any device with a browser.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn device_code(&self, endpoint: &Endpoint) -> Result<DeviceCode, OAuthError> {
        let Some(url) = &endpoint.device_url else {
            return Err(OAuthError::Setup(
                "this provider gives no codes for other devices: sign in with a browser".to_owned(),
            ));
        };
        let scope = endpoint.scopes.join(" ");
        let answer: DeviceAnswer = self.post(url, endpoint, vec![("scope", &scope)]).await?;
        if let Some(code) = answer.error {
            return Err(refused(code, answer.error_description));
        }
        match (answer.device_code, answer.user_code, answer.verification_uri) {
            (Some(device_code), Some(user_code), Some(verification_uri)) => Ok(DeviceCode {
                user_code: line(&user_code),
                verification_uri: line(&verification_uri),
                lifetime: Duration::from_secs(answer.expires_in.unwrap_or(900).min(24 * 3_600)),
                interval: Duration::from_secs(answer.interval.unwrap_or(5).clamp(1, 300)),
                device_code: Secret::new(device_code),
            }),
            _ => Err(OAuthError::Odd("it holds no code".to_owned())),
        }
    }

    /// Looks whether the person has agreed.
    ///
    /// # Errors
    /// See [`OAuthError`]; `access_denied` and `expired_token` are final.
    pub async fn poll(&self, endpoint: &Endpoint, code: &DeviceCode) -> Result<Polled, OAuthError> {
        let form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code.device_code.reveal()),
        ];
        let answer: Answer = self.post(&endpoint.token_url, endpoint, form).await?;
        match answer.error.as_deref() {
            Some("authorization_pending") => Ok(Polled::Pending),
            Some("slow_down") => Ok(Polled::SlowDown),
            _ => granted(answer).map(Polled::Granted),
        }
    }

    /// Tokens for the code that a browser brought back (RFC 6749, 4.1.3), with the verifier whose [`challenge`] was shown when it was
    /// asked for.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn exchange(
        &self,
        endpoint: &Endpoint,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Granted, OAuthError> {
        let form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.reveal()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.reveal()),
        ];
        let answer: Answer = self.post(&endpoint.token_url, endpoint, form).await?;
        granted(answer)
    }

    async fn post<T: for<'a> Deserialize<'a>>(
        &self,
        url: &str,
        endpoint: &Endpoint,
        mut form: Vec<(&str, &str)>,
    ) -> Result<T, OAuthError> {
        form.push(("client_id", &endpoint.client_id));
        if let Some(secret) = &endpoint.client_secret {
            form.push(("client_secret", secret.reveal()));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body);
        // The address of a request may stand in the library's words; the form, with its secrets, does not.
        let away = |error: reqwest::Error| OAuthError::Unreachable(line(&crate::net::causes(&error.without_url())));
        let mut response = request.send().await.map_err(away)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(OAuthError::Odd(format!("it is longer than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(OAuthError::Unreachable(format!("it answers {status}")));
        }
        serde_json::from_slice(&bytes).map_err(|_| OAuthError::Odd(format!("{status} without JSON")))
    }
}

fn granted(answer: Answer) -> Result<Granted, OAuthError> {
    if let Some(code) = answer.error {
        return Err(refused(code, answer.error_description));
    }
    let sound = |token: String| {
        let fits = !token.is_empty() && token.len() <= TOKEN_BYTES_MAX && token.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Secret::new(token))
            .ok_or_else(|| OAuthError::Odd("it holds a token that cannot be one".to_owned()))
    };
    let Some(access) = answer.access_token else { return Err(OAuthError::Odd("it holds no token".to_owned())) };
    if !answer.token_type.is_empty() && !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(OAuthError::Odd(format!("it is a token of the kind `{}`", line(&answer.token_type))));
    }
    let seconds = answer.expires_in.and_then(|said| said.as_u64().or_else(|| said.as_str()?.parse().ok()));
    Ok(Granted {
        access: sound(access)?,
        lifetime: seconds.map_or(LIFETIME_UNSAID, |seconds| Duration::from_secs(seconds.min(LIFETIME_MAX))),
        refresh: answer.refresh_token.filter(|token| !token.is_empty()).map(&sound).transpose()?,
        id_token: answer.id_token.filter(|token| !token.is_empty()).map(&sound).transpose()?,
    })
}

fn refused(code: String, words: Option<String>) -> OAuthError {
    OAuthError::Refused {
        code: line(&code),
        words: words.map_or_else(|| "no reason given".to_owned(), |words| line(&words)),
    }
}

/// On one line, and not too long.
fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
