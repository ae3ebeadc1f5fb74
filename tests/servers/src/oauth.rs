//! A sign-in server that checks what it is asked: OAuth2 tokens, codes for devices, consent in a browser, and introspection for
//! Dovecot. It says no as real ones do, in their words, and keeps every complaint for the test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

/// A running sign-in server on a loopback port. It stops when dropped.
#[derive(Debug)]
pub struct SignInServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What the server knows and expects.
#[derive(Debug, Default)]
struct State {
    user: String,
    client_secret: Option<String>,
    lifetime: u64,
    rotates: bool,
    out_of_order: bool,
    refresh: Option<String>,
    access: Vec<String>,
    refused: Option<(String, String)>,
    count: u64,
    device_looks_left: Option<u32>,
    codes: HashMap<String, (String, String)>,
    registered: Vec<String>,
    declined: Option<(String, String)>,
    gives_no_refresh: bool,
    log: Vec<String>,
}

impl SignInServer {
    /// What programs must call themselves.
    pub const CLIENT: &'static str = "posthouse-test";
    /// What must be asked for.
    pub const SCOPE: &'static str = "mail offline_access";

    /// Starts one that lets `user` in.
    pub async fn start(user: &str) -> Self {
        Self::start_with(user, None).await
    }

    /// Starts one over TLS, with a certificate that only its authority vouches for.
    ///
    /// # Panics
    /// When the certificate cannot be used.
    pub async fn start_with_tls(user: &str, certificate: &Certificate) -> Self {
        Self::start_with(user, Some(certificate.acceptor())).await
    }

    async fn start_with(user: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let state = State { user: user.to_owned(), lifetime: 3_600, ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((visit, _)) = listener.accept().await {
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(visit, shared).await,
                        // Who does not trust the certificate is gone.
                        Some(tls) => {
                            if let Ok(visit) = tls.accept(visit).await {
                                serve(visit, shared).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, state, task }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A refresh token that is good from now on; every other is not.
    pub fn grant(&self) -> String {
        self.with(|state| {
            let token = format!("refresh-{}", state.next());
            state.refresh = Some(token.clone());
            token
        })
    }

    /// From now on every renewal gives a new refresh token, and the one before is worthless.
    pub fn rotate(&self) {
        self.with(|state| state.rotates = true);
    }

    /// From now on access tokens live this long, in seconds.
    pub fn lifetime(&self, seconds: u64) {
        self.with(|state| state.lifetime = seconds);
    }

    /// From now on this secret of the client's is asked for.
    pub fn ask_for_secret(&self, secret: &str) {
        self.with(|state| state.client_secret = Some(secret.to_owned()));
    }

    /// From now on every renewal is refused with this code and these words.
    pub fn refuse(&self, code: &str, words: &str) {
        self.with(|state| state.refused = Some((code.to_owned(), words.to_owned())));
    }

    /// From now on renewals are not refused any more.
    pub fn forgive(&self) {
        self.with(|state| state.refused = None);
    }

    /// From now on (or no longer) every request is answered 503.
    pub fn out_of_order(&self, is: bool) {
        self.with(|state| state.out_of_order = is);
    }

    /// Access tokens given so far are worthless.
    pub fn forget_access(&self) {
        self.with(|state| state.access.clear());
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on browsers are sent back to this address alone, to the letter; asked for another, it says so itself and sends
    /// nobody anywhere. Before the first, any address will do.
    pub fn register(&self, redirect_uri: &str) {
        self.with(|state| state.registered.push(redirect_uri.to_owned()));
    }

    /// From now on the person at the browser does not agree: with this code and these words.
    pub fn decline(&self, code: &str, words: &str) {
        self.with(|state| state.declined = Some((code.to_owned(), words.to_owned())));
    }

    /// From now on no refresh token is given to who comes with a code of a browser's.
    pub fn give_no_refresh(&self) {
        self.with(|state| state.gives_no_refresh = true);
    }

    /// From now on the person at the browser agrees, and a refresh token is given for it.
    pub fn accept(&self) {
        self.with(|state| {
            state.declined = None;
            state.gives_no_refresh = false;
        });
    }

    /// The person agrees to a device's code after so many looks.
    pub fn agree_after(&self, looks: u32) {
        self.with(|state| state.device_looks_left = Some(looks));
    }

    /// The refresh token that is good.
    pub fn refresh_token(&self) -> Option<String> {
        self.with(|state| state.refresh.clone())
    }

    /// What was done, in order: `refresh`, `device`, `look`, `exchange`, `introspect`, and complaints that begin with `BAD`.
    pub fn log(&self) -> Vec<String> {
        self.with(|state| state.log.clone())
    }
}

impl Drop for SignInServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn give(&mut self, with_refresh: bool) -> (u16, Value) {
        let access = format!("access-{}", self.next());
        self.access.push(access.clone());
        let mut answer = json!({ "access_token": access, "token_type": "Bearer", "expires_in": self.lifetime });
        if with_refresh {
            let refresh = format!("refresh-{}", self.next());
            self.refresh = Some(refresh.clone());
            answer["refresh_token"] = json!(refresh);
        }
        (200, answer)
    }

    fn bad(&mut self, code: &str, words: &str) -> (u16, Value) {
        self.log.push(format!("BAD {code}: {words}"));
        no(code, words)
    }

    fn token(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let get = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
        if get("client_id") != SignInServer::CLIENT {
            return self.bad("invalid_client", "no such client");
        }
        if let Some(secret) = self.client_secret.clone()
            && get("client_secret") != secret
        {
            return self.bad("invalid_client", "the client's secret is wrong");
        }
        match get("grant_type") {
            "refresh_token" => {
                if get("scope") != SignInServer::SCOPE {
                    return self.bad("invalid_scope", "another scope than was granted");
                }
                if let Some((code, words)) = self.refused.clone() {
                    self.log.push(format!("refused {code}"));
                    return no(&code, &words);
                }
                if self.refresh.as_deref() != Some(get("refresh_token")) {
                    self.log.push("refused invalid_grant".to_owned());
                    return no("invalid_grant", "Token has been expired or revoked.");
                }
                self.log.push("refresh".to_owned());
                self.give(self.rotates)
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                self.log.push("look".to_owned());
                if get("device_code") != "device-code" {
                    return self.bad("invalid_grant", "no such device code");
                }
                match self.device_looks_left {
                    None => no("authorization_pending", "not yet"),
                    Some(0) => self.give(true),
                    Some(left) => {
                        self.device_looks_left = Some(left - 1);
                        no(if left % 2 == 0 { "slow_down" } else { "authorization_pending" }, "not yet")
                    }
                }
            }
            "authorization_code" => {
                let Some((challenge, redirect)) = self.codes.remove(get("code")) else {
                    return self.bad("invalid_grant", "no such code, or used before");
                };
                if redirect != get("redirect_uri") {
                    return self.bad("invalid_grant", "another redirect_uri than was asked with");
                }
                if url_safe(&Sha256::digest(get("code_verifier").as_bytes())) != challenge {
                    return self.bad("invalid_grant", "the code verifier does not fit the challenge");
                }
                self.log.push("exchange".to_owned());
                self.give(!self.gives_no_refresh)
            }
            other => {
                let words = format!("`{other}`");
                self.bad("unsupported_grant_type", &words)
            }
        }
    }

    fn device(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        self.log.push("device".to_owned());
        let get = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
        if get("client_id") != SignInServer::CLIENT || get("scope") != SignInServer::SCOPE {
            return self.bad("invalid_client", "no such client or scope");
        }
        let answer = json!({
            "device_code": "device-code", "user_code": "WDJB-MJHT", "verification_uri": "https://sign-in.example/device",
            "expires_in": 900, "interval": 1
        });
        (200, answer)
    }

    /// Where the browser is sent on to.
    fn authorize(&mut self, query: &HashMap<String, String>) -> Option<String> {
        let get = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
        let sound = get("client_id") == SignInServer::CLIENT
            && get("response_type") == "code"
            && get("scope") == SignInServer::SCOPE
            && get("code_challenge_method") == "S256"
            && get("code_challenge").len() == 43
            && !get("state").is_empty()
            && (self.registered.is_empty() || self.registered.iter().any(|known| known == get("redirect_uri")));
        if !sound {
            self.log.push(format!("BAD authorize: {query:?}"));
            return None;
        }
        let mut to = url::Url::parse(get("redirect_uri")).ok()?;
        if let Some((code, words)) = &self.declined {
            to.query_pairs_mut().append_pair("error", code).append_pair("error_description", words);
            to.query_pairs_mut().append_pair("state", get("state"));
            return Some(to.into());
        }
        let code = format!("code-{}", self.next());
        self.codes.insert(code.clone(), (get("code_challenge").to_owned(), get("redirect_uri").to_owned()));
        to.query_pairs_mut().append_pair("code", &code).append_pair("state", get("state"));
        Some(to.into())
    }

    fn introspect(&mut self, token: &str) -> (u16, Value) {
        let is_active = self.access.iter().any(|known| known == token);
        self.log.push(format!("introspect {}", if is_active { "good" } else { "worthless" }));
        (200, if is_active { json!({ "active": true, "email": self.user }) } else { json!({ "active": false }) })
    }
}

fn no(code: &str, words: &str) -> (u16, Value) {
    (400, json!({ "error": code, "error_description": words }))
}

pub(crate) fn url_safe(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn pairs(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

async fn serve(mut visit: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) {
    let Some((method, target, body)) = request(&mut visit).await else { return };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut redirect = None;
    let (status, answer) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match (method.as_str(), path) {
            _ if state.out_of_order => (503, json!({})),
            ("POST", "/token") => state.token(&pairs(&body)),
            ("POST", "/device") => state.device(&pairs(&body)),
            ("GET", "/introspect") => state.introspect(pairs(query).get("token").map_or("", String::as_str)),
            ("GET", "/authorize") => {
                redirect = state.authorize(&pairs(query));
                (if redirect.is_some() { 302 } else { 400 }, json!({}))
            }
            _ => (404, json!({})),
        }
    };
    let body = answer.to_string();
    let location = redirect.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{location}Connection: close\r\n\r\n",
        body.len()
    );
    let _ = visit.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = visit.shutdown().await;
}

/// Method, target and body.
pub(crate) async fn request(visit: &mut (impl AsyncRead + Unpin)) -> Option<(String, String, String)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let mut words = head.lines().next()?.split(' ');
                return Some((words.next()?.to_owned(), words.next()?.to_owned(), body.to_owned()));
            }
        }
        let read = visit.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
}
