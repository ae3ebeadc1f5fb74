//! Mailboxes that sign in with OAuth2: renewed before they end, replaced refresh tokens kept before anything else, refusals told.

use crate::house::{Test, bundled};
use posthouse_mail::imap::ImapClient;
use posthouse_mail::net::{Auth, Secret};
use posthouse_model::job::SignInState;
use posthouse_pipeline::{heartbeat, outlet};
use posthouse_sandbox::SecretValue;
use posthouse_servers::{Dovecot, SignInServer};
use posthouse_store::SignInRow;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub const USER: &str = "support@acme.example";

pub async fn set_up(server: &SignInServer, imap_port: u16) -> Test {
    let oauth = json!({
        "client_id": SignInServer::CLIENT, "refresh_token": { "secret": "token" }, "token_url": server.url("/token"),
        "device_url": server.url("/device"), "authorize_url": server.url("/authorize"),
        "scopes": SignInServer::SCOPE.split(' ').collect::<Vec<_>>()
    });
    Test::new(vec![bundled("router")], |config| {
        let mailbox = &mut config.mailboxes[0];
        mailbox.maildir = None;
        mailbox.oauth = Some(serde_json::from_value(oauth).unwrap());
        mailbox.imap = Some(
            serde_json::from_value(
                json!({ "host": "127.0.0.1", "port": imap_port, "security": "plain", "user": USER }),
            )
            .unwrap(),
        );
        mailbox.complete();
    })
    .await
}

pub fn keep(test: &Test, value: &str, hosts: &[&str]) {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    test.secrets.more.lock().unwrap().insert("token".to_owned(), SecretValue { value: value.to_owned(), hosts });
}

pub fn kept(test: &Test) -> String {
    test.secrets.more.lock().unwrap()["token"].value.clone()
}

/// Asks as a sign-in does.
pub async fn token(test: &Test, refused: Option<&Secret>) -> Result<Secret, String> {
    let imap = test.tenant.config.mailboxes[0].imap.clone().unwrap();
    let config = outlet::imap(&test.house, &test.tenant, &imap).await.unwrap();
    let Auth::OAuth2 { tokens, username } = config.auth else { panic!("{:?}", config.auth) };
    assert_eq!(username, USER);
    tokens.0.token(refused).await
}

fn count(server: &SignInServer, what: &str) -> usize {
    server.log().iter().filter(|line| line.as_str() == what).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_until_shortly_before_it_ends() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    let missing = token(&test, None).await.unwrap_err();
    assert_eq!(missing, "nobody has signed in yet: run `posthouse mailbox sign-in acme support`");
    keep(&test, &server.grant(), &["login.example"]);
    let elsewhere = token(&test, None).await.unwrap_err();
    assert!(elsewhere.contains("may not be sent to 127.0.0.1"), "{elsewhere}");
    assert_eq!(server.log(), [""; 0], "nothing was asked");

    keep(&test, &server.grant(), &["127.0.0.1"]);
    let first = token(&test, None).await.unwrap();
    assert_eq!(token(&test, None).await.unwrap(), first);
    test.clock.forward(Duration::from_secs(3_600 - 61));
    assert_eq!(token(&test, None).await.unwrap(), first);
    assert_eq!(count(&server, "refresh"), 1);
    test.clock.forward(Duration::from_secs(1));
    let second = token(&test, None).await.unwrap();
    assert_ne!(second, first);
    // A mail server refused it: another one. Who still holds the older one gets the newer one.
    let third = token(&test, Some(&second)).await.unwrap();
    assert_ne!(third, second);
    assert_eq!(token(&test, Some(&second)).await.unwrap(), third);
    assert_eq!(count(&server, "refresh"), 3);
    // One that lives shortly is used for half its life.
    server.lifetime(10);
    let short = token(&test, Some(&third)).await.unwrap();
    test.clock.forward(Duration::from_secs(4));
    assert_eq!(token(&test, None).await.unwrap(), short);
    test.clock.forward(Duration::from_secs(1));
    assert_ne!(token(&test, None).await.unwrap(), short);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_refresh_token_is_never_lost() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    let first = server.grant();
    keep(&test, &first, &["127.0.0.1"]);
    server.rotate();
    let access = token(&test, None).await.unwrap();
    assert_eq!(Some(kept(&test)), server.refresh_token());
    assert_ne!(kept(&test), first);
    assert_eq!(test.secrets.more.lock().unwrap()["token"].hosts, ["127.0.0.1"], "it may go where it might before");

    // Nothing can be kept: work goes on with what is in memory, twice, and it is kept when there is room.
    test.secrets.full.store(true, Ordering::SeqCst);
    let stale = kept(&test);
    let access = token(&test, Some(&access)).await.unwrap();
    let access = token(&test, Some(&access)).await.unwrap();
    assert_eq!(kept(&test), stale);
    test.secrets.full.store(false, Ordering::SeqCst);
    assert_eq!(token(&test, None).await.unwrap(), access);
    assert_eq!(Some(kept(&test)), server.refresh_token());

    // Another process was given a new one: this one finds it in the vault.
    let other = server.grant();
    keep(&test, &other, &["127.0.0.1"]);
    assert!(token(&test, Some(&access)).await.is_ok());

    // A person signs in anew while one is held in memory: theirs stays.
    test.secrets.full.store(true, Ordering::SeqCst);
    let access = token(&test, None).await.unwrap();
    token(&test, Some(&access)).await.unwrap();
    test.secrets.full.store(false, Ordering::SeqCst);
    let anew = server.grant();
    keep(&test, &anew, &["127.0.0.1"]);
    token(&test, None).await.unwrap();
    assert_eq!(kept(&test), anew);
    assert!(server.log().iter().all(|line| !line.starts_with("BAD")), "{:?}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dovecot_mailbox_is_fetched_and_a_revoked_sign_in_becomes_an_incident() {
    let server = SignInServer::start(USER).await;
    let Some(dovecot) = Dovecot::start_with_tokens(&server.url("/introspect?token=")) else { return };
    let test = set_up(&server, dovecot.imap_port()).await;
    keep(&test, &server.grant(), &["127.0.0.1"]);
    let imap = test.tenant.config.mailboxes[0].imap.clone().unwrap();
    let config = outlet::imap(&test.house, &test.tenant, &imap).await.unwrap();
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    // Its access token ends while the connection is open: the next connection has a new one.
    server.forget_access();
    test.clock.forward(Duration::from_secs(3_600));
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert_eq!(count(&server, "refresh"), 2);
    assert_eq!(count(&server, "introspect worthless"), 0);

    server.refuse("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked");
    test.clock.forward(Duration::from_secs(3_600));
    let error = ImapClient::connect(&config).await.unwrap_err();
    test.tenant.scope.fetch_failed(test.mailbox, &error.to_string()).await.unwrap();
    test.clock.forward(Duration::from_secs(3_600));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let incidents = test.tenant.scope.open_incidents().await.unwrap();
    let detail = &incidents.iter().find(|incident| incident.key == "fetch:support").unwrap().detail;
    assert!(detail.contains("AADSTS50173"), "the provider's own words: {detail}");
    assert!(detail.ends_with("sign in again with `posthouse mailbox sign-in`"), "what to do: {detail}");
    server.forgive();
    assert!(ImapClient::connect(&config).await.is_ok());
}

/// Waits until the sign-in stands otherwise than waiting.
async fn settled(test: &Test) -> SignInRow {
    let mut changes = test.tenant.scope.changes();
    let wait = async {
        loop {
            let row = test.tenant.scope.sign_ins().await.unwrap().remove(0);
            if row.state != SignInState::Waiting {
                return row;
            }
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap()
}

async fn ask(test: &Test, mailbox: &str) -> SignInRow {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.ask_sign_in(mailbox, &crate::house::actor()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.tenant.scope.sign_ins().await.unwrap()[0].state, SignInState::Asked);
    test.run().await;
    test.tenant.scope.sign_ins().await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_the_desk_shows_a_code_and_keeps_what_it_gives() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    server.out_of_order(true);
    let failed = ask(&test, "support").await;
    assert_eq!(failed.state, SignInState::Failed);
    assert!(failed.words.unwrap().contains("cannot be reached"));
    server.out_of_order(false);

    let waiting = ask(&test, "support").await;
    assert_eq!((waiting.state, waiting.user_code.as_deref()), (SignInState::Waiting, Some("WDJB-MJHT")));
    assert_eq!(waiting.address.as_deref(), Some("https://sign-in.example/device"));
    assert_eq!(waiting.expires_at, Some(waiting.changed_at.plus(Duration::from_secs(900))));
    server.agree_after(0);
    assert_eq!(settled(&test).await.state, SignInState::Done);
    assert_eq!(Some(kept(&test)), server.refresh_token());
    assert_eq!(
        test.secrets.more.lock().unwrap()["token"].hosts,
        ["127.0.0.1"],
        "and it goes to the sign-in server alone"
    );
    assert!(token(&test, None).await.is_ok());
    let events = test.events().await;
    for kind in ["mailbox.sign-in-asked", "mailbox.sign-in-waiting", "mailbox.sign-in-done", "mailbox.sign-in-failed"] {
        assert!(events.contains(&kind.to_owned()), "{kind} in {events:?}");
    }
    let told = format!("{:?}", test.tenant.scope.events(0, 500).await.unwrap());
    assert!(!told.contains("WDJB-MJHT") && !told.contains(&kept(&test)), "no event holds a code or a token");
    assert!(server.log().iter().all(|line| !line.starts_with("BAD")), "{:?}", server.log());
}
