//! A provider of people's sign-ins (OpenID Connect): discovery, keys, consent and ID tokens, which checks what it is asked as providers do.

use crate::oauth::{pairs, request, url_safe};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running provider on a loopback port. It stops when dropped.
#[derive(Debug)]
pub struct OpenIdServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    port: u16,
    key: EcdsaKeyPair,
    kid: u32,
    client_secret: Option<String>,
    redirect: String,
    claims: Value,
    now: i64,
    out_of_order: bool,
    codes: HashMap<String, (String, String)>,
    log: Vec<String>,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).expect("that key")
}

impl OpenIdServer {
    /// What it calls the program that asks.
    pub const CLIENT: &'static str = "posthouse-desk";

    /// Starts one that sends browsers back to this address alone, at a time given in seconds since 1970.
    pub async fn start(redirect: &str, now: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let state = State {
            port,
            key: key(),
            kid: 1,
            client_secret: None,
            redirect: redirect.to_owned(),
            claims: json!({ "sub": "7", "email": "li@acme.example", "email_verified": true, "name": "Li Wei" }),
            now,
            out_of_order: false,
            codes: HashMap::new(),
            log: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((mut visit, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let Some((method, target, body)) = request(&mut visit).await else { return };
                    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                    let (status, answer, to) =
                        shared.lock().unwrap_or_else(PoisonError::into_inner).answer(&method, path, query, &body);
                    let (body, to) =
                        (answer.to_string(), to.map(|to| format!("Location: {to}\r\n")).unwrap_or_default());
                    let head = format!(
                        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{to}Connection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = visit.write_all(format!("{head}{body}").as_bytes()).await;
                    let _ = visit.shutdown().await;
                });
            }
        });
        Self { port, state, task }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it calls itself.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on tokens say this.
    pub fn claim(&self, name: &str, value: Value) {
        self.with(|state| state.claims[name] = value);
    }

    /// From now on this secret of the client's is asked for.
    pub fn ask_for_secret(&self, secret: &str) {
        self.with(|state| state.client_secret = Some(secret.to_owned()));
    }

    /// Signs with another key from now on, and knows the one before no more.
    pub fn change_keys(&self) {
        self.with(|state| {
            state.key = key();
            state.kid += 1;
        });
    }

    /// From now on (or no longer) every request is answered 503.
    pub fn out_of_order(&self, is: bool) {
        self.with(|state| state.out_of_order = is);
    }

    /// What was done, in order; complaints begin with `BAD`.
    pub fn log(&self) -> Vec<String> {
        self.with(|state| state.log.clone())
    }
}

impl Drop for OpenIdServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn answer(&mut self, method: &str, path: &str, query: &str, body: &str) -> (u16, Value, Option<String>) {
        let at = |path: &str| format!("http://127.0.0.1:{}{path}", self.port);
        match (method, path) {
            _ if self.out_of_order => (503, json!({}), None),
            ("GET", "/.well-known/openid-configuration") => {
                let found = json!({
                    "issuer": at(""), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/keys"),
                });
                self.log.push("discover".to_owned());
                (200, found, None)
            }
            ("GET", "/keys") => {
                self.log.push("keys".to_owned());
                let point = self.key.public_key().as_ref();
                let key = json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid.to_string(), "x": url_safe(&point[1..33]),
                    "y": url_safe(&point[33..]),
                });
                (200, json!({ "keys": [key] }), None)
            }
            ("GET", "/authorize") => match self.authorize(&pairs(query)) {
                Some(to) => (302, json!({}), Some(to)),
                None => (400, json!({}), None),
            },
            ("POST", "/token") => {
                let (status, answer) = self.token(&pairs(body));
                (status, answer, None)
            }
            _ => (404, json!({}), None),
        }
    }

    /// OpenID Connect Core 1.0, 3.1.2.2.
    fn authorize(&mut self, query: &HashMap<String, String>) -> Option<String> {
        let get = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
        let sound = get("client_id") == OpenIdServer::CLIENT
            && get("response_type") == "code"
            && get("scope").split(' ').any(|scope| scope == "openid")
            && get("code_challenge_method") == "S256"
            && get("code_challenge").len() == 43
            && get("nonce").len() == 43
            && !get("state").is_empty()
            && get("redirect_uri") == self.redirect;
        if !sound {
            self.log.push(format!("BAD authorize: {query:?}"));
            return None;
        }
        let code = format!("code-{}", self.log.len());
        self.codes.insert(code.clone(), (get("code_challenge").to_owned(), get("nonce").to_owned()));
        self.log.push("authorize".to_owned());
        let mut to = url::Url::parse(&self.redirect).ok()?;
        to.query_pairs_mut().append_pair("code", &code).append_pair("state", get("state"));
        Some(to.into())
    }

    fn token(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let get = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
        let known = self.codes.remove(get("code"));
        let Some((_, nonce)) = known.filter(|(challenge, _)| {
            get("grant_type") == "authorization_code"
                && get("client_id") == OpenIdServer::CLIENT
                && get("redirect_uri") == self.redirect
                && self.client_secret.as_deref().is_none_or(|secret| secret == get("client_secret"))
                && url_safe(&Sha256::digest(get("code_verifier").as_bytes())) == *challenge
        }) else {
            self.log.push("BAD token".to_owned());
            return (400, json!({ "error": "invalid_grant", "error_description": "no such code, secret or verifier" }));
        };
        self.log.push("token".to_owned());
        let mut claims = json!({
            "iss": format!("http://127.0.0.1:{}", self.port), "aud": OpenIdServer::CLIENT, "iat": self.now, "exp": self.now + 300,
            "nonce": nonce,
        });
        for (name, value) in self.claims.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let header = json!({ "alg": "ES256", "kid": self.kid.to_string() });
        let signed = format!("{}.{}", url_safe(header.to_string().as_bytes()), url_safe(claims.to_string().as_bytes()));
        let seal = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        let token = format!("{signed}.{}", url_safe(seal.as_ref()));
        (200, json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token }))
    }
}
