//! Signing in with OAuth2, against a sign-in server that checks what it is asked, and a real Dovecot that asks it about tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use async_trait::async_trait;
use posthouse_mail::imap::{ImapClient, ImapConfig, ImapError};
use posthouse_mail::net::{Auth, Secret, Security, TokenSource, Tokens};
use posthouse_mail::oauth::{
    DeviceCode, Endpoint, Errand, Granted, OAuthClient, OAuthError, OAuthOptions, Pkce, Polled, authorize_url,
    challenge, listen,
};
use posthouse_mail::submit::{Envelope, SmtpConfig, SmtpSubmitter, Submitter as _, Unrecorded};
use posthouse_mail::{BatchLimit, imap, submit};
use posthouse_model::Entropy;
use posthouse_model::outbox::SubmitOutcome;
use posthouse_servers::{Certificate, Dovecot, ForwardProxy, Postfix, SignInServer};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const USER: &str = "help@shop.example";

fn endpoint(server: &SignInServer) -> Endpoint {
    Endpoint {
        token_url: server.url("/token"),
        authorize_url: Some(server.url("/authorize")),
        device_url: Some(server.url("/device")),
        client_id: SignInServer::CLIENT.to_owned(),
        client_secret: None,
        scopes: SignInServer::SCOPE.split(' ').map(str::to_owned).collect(),
    }
}

fn no_complaints(server: &SignInServer) {
    let log = server.log();
    assert!(log.iter().all(|line| !line.starts_with("BAD")), "{log:?}");
}

#[tokio::test]
async fn a_token_is_renewed_and_a_refusal_is_told_in_the_providers_words() {
    let server = SignInServer::start(USER).await;
    let client = OAuthClient::new(OAuthOptions::default()).unwrap();
    let at = endpoint(&server);
    let first = Secret::new(server.grant());
    let granted = client.refresh(&at, &first).await.unwrap();
    assert_eq!(granted.lifetime, Duration::from_secs(3_600));
    assert!(granted.access.reveal().starts_with("access-") && granted.refresh.is_none());

    server.rotate();
    let second = client.refresh(&at, &first).await.unwrap().refresh.unwrap();
    let error = client.refresh(&at, &first).await.unwrap_err();
    assert!(error.is_invalid_grant());
    assert_eq!(error.to_string(), "invalid_grant: Token has been expired or revoked.");
    assert!(client.refresh(&at, &second).await.is_ok());

    server.ask_for_secret("hush");
    let error = client.refresh(&at, &second).await.unwrap_err();
    assert!(matches!(&error, OAuthError::Refused { code, .. } if code == "invalid_client"), "{error}");
    let with_secret = Endpoint { client_secret: Some(Secret::new("hush")), ..at.clone() };
    let third = server.grant();
    assert!(client.refresh(&with_secret, &Secret::new(&third)).await.is_ok());

    server.out_of_order(true);
    let error = client.refresh(&with_secret, &Secret::new(&third)).await.unwrap_err();
    assert_eq!(error.to_string(), "the sign-in server cannot be reached: it answers 503 Service Unavailable");
    let away = Endpoint { token_url: "http://127.0.0.1:1/token".to_owned(), ..at.clone() };
    let error = client.refresh(&away, &second).await.unwrap_err();
    assert!(matches!(error, OAuthError::Unreachable(_)), "{error}");
    assert!(!error.to_string().contains(second.reveal()));
    let odd = Endpoint { token_url: server.url("/introspect"), ..at };
    server.out_of_order(false);
    let error = client.refresh(&odd, &second).await.unwrap_err();
    assert_eq!(error.to_string(), "the sign-in server's answer cannot be understood: it holds no token");
}

#[tokio::test]
async fn a_code_is_entered_on_another_device() {
    let server = SignInServer::start(USER).await;
    let client = OAuthClient::new(OAuthOptions::default()).unwrap();
    let at = endpoint(&server);
    let code: DeviceCode = client.device_code(&at).await.unwrap();
    assert_eq!((code.user_code.as_str(), code.interval), ("WDJB-MJHT", Duration::from_secs(1)));
    assert!(!format!("{code:?}").contains("device-code"), "what is secret of it is not printed");
    assert!(matches!(client.poll(&at, &code).await.unwrap(), Polled::Pending));
    server.agree_after(2);
    assert!(matches!(client.poll(&at, &code).await.unwrap(), Polled::SlowDown));
    assert!(matches!(client.poll(&at, &code).await.unwrap(), Polled::Pending));
    let Polled::Granted(Granted { refresh, .. }) = client.poll(&at, &code).await.unwrap() else { panic!() };
    assert_eq!(refresh.unwrap().reveal(), server.refresh_token().unwrap());
    no_complaints(&server);
    let without = Endpoint { device_url: None, ..at };
    assert!(client.device_code(&without).await.unwrap_err().to_string().contains("sign in with a browser"));
}

struct Counting(Mutex<u8>);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        buffer.iter_mut().for_each(|byte| {
            *byte = *next;
            *next = next.wrapping_add(1);
        });
    }
}

/// GETs an address on loopback; the status line and headers.
async fn visit(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_browser_brings_the_code_back_to_who_asked_for_it() {
    let server = SignInServer::start(USER).await;
    let client = OAuthClient::new(OAuthOptions::default()).unwrap();
    let at = endpoint(&server);
    let pkce = Pkce::new(&Counting(Mutex::default()));
    let consent = listen(&at, &pkce, "127.0.0.1", 0).await.unwrap();
    let (redirect, url) = (consent.redirect_uri.clone(), consent.url.clone());
    let browser = tokio::spawn(async move {
        // Somebody else's visit, and one with a forged state, change nothing.
        assert!(visit(&format!("{redirect}favicon.ico")).await.starts_with("HTTP/1.1 404"));
        assert!(visit(&format!("{redirect}?code=forged&state=guess")).await.starts_with("HTTP/1.1 404"));
        let answer = visit(&url).await;
        let to = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().trim().to_owned();
        let page = visit(&to).await;
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("Signed in"), "{page}");
    });
    let code = consent.code().await.unwrap();
    browser.await.unwrap();
    // Who does not know the verifier gets nothing for the code.
    let thief = Pkce::new(&Counting(Mutex::new(7)));
    let stolen = client.exchange(&at, &code, thief.verifier(), &consent.redirect_uri).await.unwrap_err();
    assert!(stolen.to_string().contains("verifier does not fit"), "{stolen}");
    let url = consent.url.clone();
    let again = tokio::spawn(async move {
        let answer = visit(&url).await;
        let to = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().trim().to_owned();
        visit(&to).await
    });
    let code = consent.code().await.unwrap();
    again.await.unwrap();
    let granted = client.exchange(&at, &code, pkce.verifier(), &consent.redirect_uri).await.unwrap();
    assert_eq!(granted.refresh.unwrap().reveal(), server.refresh_token().unwrap());

    let state = consent.url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let denied = format!("{}?error=access_denied&error_description=no+thanks&state={state}", consent.redirect_uri);
    let visitor = tokio::spawn(async move { visit(&denied).await });
    assert_eq!(consent.code().await.unwrap_err().to_string(), "access_denied: no thanks");
    visitor.await.unwrap();
}

/// A provider that only the proxy knows, with a certificate that only an authority of the company's vouches for.
#[tokio::test]
async fn a_proxy_is_the_only_way_out_and_the_companys_authority_is_trusted() {
    let certificate = Certificate::for_names(&["login.example"]);
    let server = SignInServer::start_with_tls(USER, &certificate).await;
    let proxy = ForwardProxy::start(&[("login.example:443", server.port())]).await;
    let at = Endpoint {
        token_url: "https://login.example/token".to_owned(),
        device_url: Some("https://login.example/device".to_owned()),
        authorize_url: Some(server.url("/authorize")),
        ..endpoint(&server)
    };
    let refresh = Secret::new(server.grant());
    let options = OAuthOptions { proxy: Some(proxy.url()), extra_roots: Vec::new() };
    let strict = OAuthClient::new(options.clone()).unwrap();
    let error = strict.refresh(&at, &refresh).await.unwrap_err().to_string();
    assert!(error.contains("cannot be reached") && error.to_lowercase().contains("certificate"), "{error}");
    let straight = OAuthOptions { proxy: None, extra_roots: certificate.authority_der() };
    let error = OAuthClient::new(straight).unwrap().refresh(&at, &refresh).await.unwrap_err();
    assert!(matches!(error, OAuthError::Unreachable(_)), "nobody else knows the name: {error}");
    assert_eq!((server.log(), proxy.asked().len()), (vec![], 1));

    let client = OAuthClient::new(OAuthOptions { extra_roots: certificate.authority_der(), ..options }).unwrap();
    client.refresh(&at, &refresh).await.unwrap();
    let code = client.device_code(&at).await.unwrap();
    server.agree_after(0);
    assert!(matches!(client.poll(&at, &code).await.unwrap(), Polled::Granted(_)));
    // The browser goes its own way; what it brings back is exchanged through the proxy.
    let pkce = Pkce::new(&Counting(Mutex::default()));
    let refused = client.exchange(&at, &Secret::new("code-9"), pkce.verifier(), "https://desk.example/").await;
    assert!(refused.unwrap_err().is_invalid_grant());
    assert_eq!(server.log(), ["refresh", "device", "look", "BAD invalid_grant: no such code, or used before"]);
    assert_eq!(proxy.asked().first().map(String::as_str), Some("login.example:443"));
    // A server that the proxy does not know is not asked round it.
    let elsewhere = Endpoint { token_url: "https://other.example/token".to_owned(), ..at };
    assert!(matches!(client.refresh(&elsewhere, &refresh).await, Err(OAuthError::Unreachable(_))));
    assert_eq!(proxy.asked().last().map(String::as_str), Some("other.example:443"));

    let bad = OAuthOptions { proxy: Some("no address".to_owned()), ..OAuthOptions::default() };
    assert!(matches!(OAuthClient::new(bad), Err(OAuthError::Setup(_))));
    let bad = OAuthOptions { extra_roots: vec![b"no certificate".to_vec()], ..OAuthOptions::default() };
    assert!(matches!(OAuthClient::new(bad), Err(OAuthError::Setup(words)) if words.contains("certificate")));
}

#[test]
fn a_browser_is_sent_with_what_each_provider_asks_for() {
    let pkce = Pkce::new(&Counting(Mutex::default()));
    let mut at = Endpoint {
        token_url: String::new(),
        authorize_url: Some("https://accounts.google.com/o/oauth2/v2/auth".to_owned()),
        device_url: None,
        client_id: "an id".to_owned(),
        client_secret: Some(Secret::new("hush")),
        scopes: vec!["https://mail.google.com/".to_owned()],
    };
    let challenge = challenge(pkce.verifier());
    let errand = Errand {
        redirect_uri: "https://desk.example/oauth/callback",
        state: "luma.state",
        challenge: &challenge,
        login_hint: Some("help+1@luma.example"),
    };
    let url = authorize_url(&at, &errand).unwrap();
    assert_eq!(
        url,
        format!(
            "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=an+id\
             &redirect_uri=https%3A%2F%2Fdesk.example%2Foauth%2Fcallback&scope=https%3A%2F%2Fmail.google.com%2F\
             &state=luma.state&code_challenge={challenge}&code_challenge_method=S256&access_type=offline&prompt=consent\
             &login_hint=help%2B1%40luma.example"
        )
    );
    assert!(!url.contains("hush") && !url.contains(pkce.verifier().reveal()));
    at.authorize_url = Some("https://login.microsoftonline.com/common/oauth2/v2.0/authorize".to_owned());
    let url = authorize_url(&at, &Errand { login_hint: None, ..errand }).unwrap();
    assert!(url.ends_with("&code_challenge_method=S256&prompt=select_account"), "{url}");
    at.authorize_url = None;
    let error = authorize_url(&at, &errand).unwrap_err().to_string();
    assert!(error.contains("add oauth.authorize_url"), "{error}");
}

/// Keeps one token and renews it when it was refused.
struct Keeper {
    client: OAuthClient,
    at: Endpoint,
    refresh: Secret,
    kept: tokio::sync::Mutex<Option<Secret>>,
}

#[async_trait]
impl TokenSource for Keeper {
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret, String> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| refused != Some(token)) {
            return Ok(token.clone());
        }
        let granted = self.client.refresh(&self.at, &self.refresh).await.map_err(|error| error.to_string())?;
        Ok(kept.insert(granted.access).clone())
    }
}

#[tokio::test]
async fn dovecot_takes_a_token_and_one_that_it_finds_worthless_is_renewed() {
    let server = SignInServer::start(USER).await;
    let Some(dovecot) = Dovecot::start_with_tokens(&server.url("/introspect?token=")) else { return };
    let keeper = Arc::new(Keeper {
        client: OAuthClient::new(OAuthOptions::default()).unwrap(),
        at: endpoint(&server),
        refresh: Secret::new(server.grant()),
        kept: tokio::sync::Mutex::default(),
    });
    let auth = Auth::OAuth2 { username: USER.to_owned(), tokens: Tokens(keeper.clone()) };
    let config = ImapConfig::new("127.0.0.1", dovecot.imap_port(), Security::Plain, auth);
    dovecot.deliver("ana@x.example", USER, b"From: ana@x.example\r\nSubject: one\r\n\r\nHello").await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert_eq!(client.fetch_since(0, BatchLimit::default()).await.unwrap().len(), 1);
    assert_eq!(server.log(), ["refresh", "introspect good"]);

    server.forget_access();
    let mut client = ImapClient::connect(&config).await.unwrap();
    assert_eq!(client.select("INBOX").await.unwrap().exists, 1);
    let log = server.log();
    assert_eq!(log[2..], ["introspect worthless", "refresh", "introspect good"], "renewed and taken");

    server.forget_access();
    server.refuse("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked");
    let error = ImapClient::connect(&config).await.unwrap_err();
    assert!(matches!(&error, ImapError::Token(words) if words.contains("AADSTS50173")), "{error}");
    let report = imap::probe(&config, "INBOX").await;
    let failed = report.first_failure().unwrap();
    assert_eq!(failed.name, "sign-in");
    assert!(failed.hint.as_ref().unwrap().contains("posthouse mailbox sign-in"), "{failed:?}");

    // A source that only ever has a worthless token: the server's refusal, once tried anew.
    let fixed = Auth::OAuth2 { username: USER.to_owned(), tokens: Tokens::fixed(Secret::new("worthless")) };
    let config = ImapConfig::new("127.0.0.1", dovecot.imap_port(), Security::Plain, fixed);
    let error = ImapClient::connect(&config).await.unwrap_err();
    assert!(
        matches!(&error, ImapError::Auth(words) if words.contains("status 401") || words.contains("status 400")),
        "{error}"
    );
    no_complaints(&server);
}

#[tokio::test]
async fn postfix_takes_a_token_to_submit_with() {
    let server = SignInServer::start(USER).await;
    let Some(dovecot) = Dovecot::start_with_tokens(&server.url("/introspect?token=")) else { return };
    let Some(postfix) = Postfix::start(&dovecot, &["shop.example"]) else { return };
    let keeper = Arc::new(Keeper {
        client: OAuthClient::new(OAuthOptions::default()).unwrap(),
        at: endpoint(&server),
        refresh: Secret::new(server.grant()),
        kept: tokio::sync::Mutex::default(),
    });
    let auth = Some(Auth::OAuth2 { username: USER.to_owned(), tokens: Tokens(keeper) });
    let config = SmtpConfig::new("127.0.0.1", postfix.submission_port(), Security::Plain, auth);
    let report = submit::probe_as(&config, Some(USER)).await;
    assert!(report.ok(), "{report:?}");
    let steps: Vec<_> = report.steps.iter().map(|step| step.name).collect();
    assert_eq!(steps, ["connect", "greeting", "sign-in", "sender"]);

    // Worthless before its time: renewed within the same connection, and the mail goes out once.
    server.forget_access();
    let envelope = Envelope { from: Some(USER.to_owned()), recipients: vec![USER.to_owned()] };
    let raw = b"From: help@shop.example\r\nTo: help@shop.example\r\nMessage-ID: <1@shop.example>\r\nSubject: out\r\n\r\nHello\r\n";
    let submission = SmtpSubmitter::new(config).submit(&envelope, raw, &Unrecorded).await;
    assert!(matches!(submission.recipients[0].outcome, SubmitOutcome::Accepted { .. }), "{submission:?}");
    let renewals = server.log().iter().filter(|line| *line == "refresh").count();
    assert_eq!(renewals, 2, "{:?}", server.log());
    let mut inbox = dovecot.open(USER, "INBOX").await;
    assert_eq!(inbox.wait_for(1, Duration::from_secs(20)).await.len(), 1);
    no_complaints(&server);
}
