//! Consent in a browser: the address that it is sent to, and, on this machine (RFC 8252, 7.3), a loopback port that waits for the one
//! visit that brings the code.

use super::{Endpoint, OAuthError, line};
use crate::net::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posthouse_model::Entropy;
use sha2::{Digest as _, Sha256};
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// A proof that who exchanges the code is who asked for it (RFC 7636).
#[derive(Clone, Debug)]
pub struct Pkce {
    verifier: Secret,
    state: Secret,
}

impl Pkce {
    /// A new one: 256 bits for the verifier, 128 for the state.
    #[must_use]
    pub fn new(entropy: &dyn Entropy) -> Self {
        let (mut verifier, mut state) = ([0; 32], [0; 16]);
        entropy.fill(&mut verifier);
        entropy.fill(&mut state);
        let text = |bytes: &[u8]| Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        Self { verifier: text(&verifier), state: text(&state) }
    }

    /// What proves it: 43 characters.
    #[must_use]
    pub fn verifier(&self) -> &Secret {
        &self.verifier
    }

    /// `code_challenge` of the method S256.
    #[must_use]
    pub fn challenge(&self) -> String {
        challenge(&self.verifier)
    }
}

/// `code_challenge` of a verifier, by the method S256 (RFC 7636, 4.2).
#[must_use]
pub fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.reveal().as_bytes()))
}

/// What a browser is sent to the provider with.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// Where the provider sends it back to: to the letter what was registered there.
    pub redirect_uri: &'a str,
    /// Comes back unchanged, and nobody else knows it (RFC 6749, 10.12).
    pub state: &'a str,
    /// See [`challenge`].
    pub challenge: &'a str,
    /// Whose mailbox it is: the provider's page suggests this account (OpenID Connect Core 1.0, 3.1.2.1). None: it suggests none.
    pub login_hint: Option<&'a str>,
}

/// The host at which Microsoft signs people in, whatever the directory.
const MICROSOFT: &str = "login.microsoftonline.com";

/// The address at which a person agrees (RFC 6749, 4.1.1).
///
/// # Errors
/// [`OAuthError::Setup`] when the provider has no such address.
pub fn authorize_url(endpoint: &Endpoint, errand: &Errand<'_>) -> Result<String, OAuthError> {
    let Some(authorize) = &endpoint.authorize_url else {
        return Err(OAuthError::Setup(
            "this provider's address for browsers is not known: add oauth.authorize_url".to_owned(),
        ));
    };
    let mut url = Url::parse(authorize).map_err(|error| OAuthError::Setup(format!("oauth.authorize_url: {error}")))?;
    // Google gives a refresh token only with `offline` and `consent`, and OpenID Connect asks for `consent` (Core 1.0, 11). Microsoft
    // gives one for the scope `offline_access`; `consent` would ask an administrator anew where one has agreed for everybody:
    // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
    let asked: &[(&str, &str)] = if url.host_str() == Some(MICROSOFT) {
        &[("prompt", "select_account")]
    } else {
        &[("access_type", "offline"), ("prompt", "consent")]
    };
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &endpoint.client_id)
        .append_pair("redirect_uri", errand.redirect_uri)
        .append_pair("scope", &endpoint.scopes.join(" "))
        .append_pair("state", errand.state)
        .append_pair("code_challenge", errand.challenge)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(asked);
    if let Some(hint) = errand.login_hint {
        url.query_pairs_mut().append_pair("login_hint", hint);
    }
    Ok(url.into())
}

/// A port that waits for the browser.
#[derive(Debug)]
pub struct Consent {
    listener: TcpListener,
    /// What the provider sends the browser back to.
    pub redirect_uri: String,
    /// What the person opens.
    pub url: String,
    state: Secret,
}

/// Opens a loopback port (0: any) and makes the address that a person opens. `host` is what the provider knows this machine by:
/// `127.0.0.1`, or `localhost` where it knows only that (Microsoft).
///
/// # Errors
/// [`OAuthError::Setup`] when the port is taken or the provider has no such address.
pub async fn listen(endpoint: &Endpoint, pkce: &Pkce, host: &str, port: u16) -> Result<Consent, OAuthError> {
    let taken =
        |error: std::io::Error| OAuthError::Setup(format!("port {port} of this machine cannot be opened: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(taken)?;
    let port = listener.local_addr().map_err(taken)?.port();
    let redirect_uri = format!("http://{host}:{port}/");
    let challenge = pkce.challenge();
    let errand =
        Errand { redirect_uri: &redirect_uri, state: pkce.state.reveal(), challenge: &challenge, login_hint: None };
    let url = authorize_url(endpoint, &errand)?;
    Ok(Consent { listener, redirect_uri, url, state: pkce.state.clone() })
}

/// Of a visit, only this much is read, in bytes.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

impl Consent {
    /// Waits for the visit that brings the code. Visits with another `state`, and those for anything else, are answered and
    /// change nothing.
    ///
    /// # Errors
    /// The person or the provider said no.
    pub async fn code(&self) -> Result<Secret, OAuthError> {
        loop {
            let Ok((mut visit, _)) = self.listener.accept().await else { continue };
            let patience = std::time::Duration::from_secs(10);
            let Ok(Some(target)) = tokio::time::timeout(patience, target(&mut visit)).await else { continue };
            match self.understand(&target) {
                Some(Ok(code)) => {
                    answer(&mut visit, "200 OK", "Signed in. You can close this window. 登录成功，可以关闭此窗口。")
                        .await;
                    return Ok(code);
                }
                Some(Err(error)) => {
                    answer(
                        &mut visit,
                        "200 OK",
                        "The sign-in was refused. You can close this window. 登录被拒绝，可以关闭此窗口。",
                    )
                    .await;
                    return Err(error);
                }
                None => answer(&mut visit, "404 Not Found", "Nothing here.").await,
            }
        }
    }

    fn understand(&self, target: &str) -> Option<Result<Secret, OAuthError>> {
        let url = Url::parse("http://localhost/").ok()?.join(target).ok()?;
        let value = |key: &str| url.query_pairs().find(|(k, _)| k == key).map(|(_, value)| value.into_owned());
        if url.path() != "/" || value("state")? != self.state.reveal() {
            return None;
        }
        if let Some(code) = value("error") {
            let words = value("error_description").map_or_else(|| "no reason given".to_owned(), |words| line(&words));
            return Some(Err(OAuthError::Refused { code: line(&code), words }));
        }
        value("code").filter(|code| !code.is_empty()).map(|code| Ok(Secret::new(code)))
    }
}

/// What a GET asks for.
async fn target(visit: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut piece = [0; 2_048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = visit.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
        if request.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&request);
    let mut words = head.lines().next()?.split(' ');
    (words.next() == Some("GET")).then(|| words.next().map(str::to_owned))?
}

async fn answer(visit: &mut TcpStream, status: &str, words: &str) {
    let page = format!("<!doctype html><meta charset=\"utf-8\"><title>Posthouse</title><p>{words}</p>\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n",
        page.len()
    );
    let _ = visit.write_all(head.as_bytes()).await;
    let _ = visit.write_all(page.as_bytes()).await;
    let _ = visit.shutdown().await;
}
