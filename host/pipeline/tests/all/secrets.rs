//! A secret goes only where the person who set it lets it go, checked where it is used: what the database says the set-up
//! is may have come past every other check.

use crate::house::{Test, bundled, ids, letter, plugin};
use futures::FutureExt as _;
use posthouse_model::capability::Grants;
use posthouse_model::config::{ModelConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::draft::DraftOrigin;
use posthouse_model::outbox::OutboxState;
use posthouse_pipeline::{SecretError, outlet};
use posthouse_sandbox::SecretValue;
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

/// Nobody may connect to it.
async fn forbidden() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn was_called(listener: &TcpListener) -> bool {
    listener.accept().now_or_never().is_some()
}

fn allow(test: &Test, name: &str, hosts: &[&str]) {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    test.secrets.more.lock().unwrap().insert(name.to_owned(), SecretValue { value: "s3cret-value".to_owned(), hosts });
}

/// What was put on record about secrets.
async fn refused(test: &Test) -> Vec<String> {
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    events
        .into_iter()
        .filter(|event| event.kind == "secret.refused")
        .map(|event| {
            assert!(!event.data.to_string().contains("s3cret-value"));
            format!("{} {}", event.subject, event.data)
        })
        .collect()
}

fn with_servers(config: &mut TenantConfig, port: u16) {
    let mailbox = &mut config.mailboxes[0];
    mailbox.maildir = None;
    mailbox.files = None;
    mailbox.imap = Some(
        serde_json::from_value(json!({
            "host": "127.0.0.1", "port": port, "security": "plain", "user": "support", "password": { "secret": "pw" }
        }))
        .unwrap(),
    );
    mailbox.smtp = Some(
        serde_json::from_value(json!({
            "host": "127.0.0.1", "port": port, "security": "plain", "user": "support", "password": { "secret": "pw" }
        }))
        .unwrap(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_sent_to_a_mail_server_that_it_may_not_go_to() {
    let (listener, port) = forbidden().await;
    let test = Test::new(vec![bundled("router")], |config| with_servers(config, port)).await;
    allow(&test, "pw", &["imap.example.com", "*.mail.example"]);

    let imap = test.tenant.config.mailboxes[0].imap.clone().unwrap();
    let error = outlet::imap(&test.house, &test.tenant, &imap).await.unwrap_err();
    let expected =
        SecretError::NotAllowed { tenant: "acme".to_owned(), name: "pw".to_owned(), host: "127.0.0.1".to_owned() };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("posthouse secret set acme pw --host 127.0.0.1"), "{error}");

    // An approved reply is not submitted there either; it waits, and what is the matter stands beside it.
    let ticket = ids(&test.mail(letter("q", "Where is my parcel?", "Where is it?")).await).1;
    let outbox = crate::sending::approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(Duration::from_secs(10));
    test.run().await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!((row.state, row.attempts.len()), (OutboxState::Queued, 0));
    assert!(!was_called(&listener), "nothing was sent");
    // Tried again and again, put on record once.
    outlet::imap(&test.house, &test.tenant, &imap).await.unwrap_err();
    assert_eq!(
        refused(&test).await,
        [
            r#"secret:pw {"host":"127.0.0.1","by":"imap support"}"#,
            r#"secret:pw {"host":"127.0.0.1","by":"smtp support"}"#
        ]
    );

    allow(&test, "pw", &["127.0.0.1"]);
    assert!(outlet::imap(&test.house, &test.tenant, &imap).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_models_key_is_not_sent_to_a_provider_that_it_may_not_go_to() {
    let (listener, port) = forbidden().await;
    let model: ModelConfig = serde_json::from_value(json!({
        "base_url": format!("http://127.0.0.1:{port}/v1"), "model": "m", "plain_http": true, "key": { "secret": "key" },
        "tokens_per_day": 100_000, "timeout_seconds": 2
    }))
    .unwrap();
    let grants = Grants { model: Some(Default::default()), ..Grants::default() };
    let drafter = plugin("drafter", "drafter-model", json!({ "model": { "enabled": true } }), grants);
    let plugins = vec![bundled("classifier"), bundled("router"), drafter];
    let test = Test::new(plugins, |config| config.model = Some(model)).await;
    allow(&test, "key", &["api.example.com"]);
    let ticket = ids(&test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived.")).await).1;

    assert!(!was_called(&listener), "nothing was sent");
    assert_eq!(test.tenant.scope.drafts(ticket).await.unwrap()[0].origin, DraftOrigin::Template);
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let drafted = decisions.iter().find(|d| d.record.world == World::Drafter).unwrap();
    let outcome = &drafted.record.host_calls[0].outcome;
    assert!(outcome.starts_with("rejected: the secret “key” may not be sent to 127.0.0.1"), "{outcome}");
    assert_eq!(refused(&test).await, [r#"secret:key {"host":"127.0.0.1","by":"model"}"#]);
    let day = posthouse_ai::budget::day(crate::house::START, "UTC");
    assert_eq!(test.tenant.scope.model_use(&day).await.unwrap().reserved, 0, "it costs nothing of the budget");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notifiers_token_is_not_sent_to_a_platform_that_it_may_not_go_to() {
    let (listener, port) = forbidden().await;
    let mut team = crate::house::silent_group();
    team.grants.http[0].port = Some(port);
    team.settings.insert("base_url".to_owned(), json!(format!("http://127.0.0.1:{port}")));
    let plugins = vec![bundled("classifier"), bundled("router"), team];
    let test = Test::new(plugins, |config| config.notify.notifiers = vec!["team".to_owned()]).await;
    allow(&test, "feishu_token", &["open.feishu.cn"]);
    test.mail(letter("a", "Where is my parcel?", "Where is it?")).await;
    assert!(!was_called(&listener), "nothing was sent");
    assert_eq!(refused(&test).await, [r#"secret:feishu_token {"host":"127.0.0.1","by":"plugin team"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_is_tried_again_on_its_ladder() {
    let (listener, port) = forbidden().await;
    drop(listener);
    let test = Test::new(vec![bundled("router")], |config| with_servers(config, port)).await;
    allow(&test, "pw", &[]);
    let ticket = ids(&test.mail(letter("q", "Where is my parcel?", "Where is it?")).await).1;
    let outbox = crate::sending::approve(&test, ticket, "It is on its way.").await;
    test.secrets.panics.store(1, std::sync::atomic::Ordering::SeqCst);
    test.clock.forward(Duration::from_secs(10));
    test.run().await;
    let jobs = test.tenant.scope.jobs(posthouse_store::JobState::Queued).await.unwrap();
    assert!(jobs[0].errors[0].reason.contains("broke off inside the host"), "{jobs:?}");
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().attempts.len(), 0);
    test.clock.forward(Duration::from_secs(60));
    test.run().await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!((row.state, row.attempts.len()), (OutboxState::Deferred, 1), "now it tried the server");
}
