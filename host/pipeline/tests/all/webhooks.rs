//! Webhooks, from what happens to what an endpoint gets: against one that listens on this machine.

use crate::house::{Test, actor};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use posthouse_model::config::{DeliveryState, SecretRef, WebhookConfig, WebhookEvent};
use posthouse_pipeline::{heartbeat, webhooks};
use posthouse_sandbox::SecretValue;
use serde_json::Value;
use sha2::Sha256;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const NEW: &str = "the new secret of this test";
const OLD: &str = "the old secret of this test";
const MAIL: &str = "From: Ana <ana@customer.example>\r\nTo: support@acme.example\r\nSubject: Where is it?\r\n\
    Message-ID: <one@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\n\r\nSecret words of a customer.\r\n";

/// An endpoint: what it answers, and what it got, head and body.
struct Endpoint {
    port: u16,
    answer: Arc<Mutex<&'static str>>,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Endpoint {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (answer, got) = (Arc::new(Mutex::new("204 No Content")), Arc::new(Mutex::new(Vec::new())));
        let (answers, gets) = (Arc::clone(&answer), Arc::clone(&got));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let (head, length) = loop {
                    let mut piece = [0; 4_096];
                    let n = stream.read(&mut piece).await.unwrap();
                    bytes.extend_from_slice(&piece[..n]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let head = head.to_ascii_lowercase();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    if body.len() >= length.parse::<usize>().unwrap() {
                        break (head, body.to_owned());
                    }
                };
                gets.lock().unwrap().push((head, length));
                let answer = *answers.lock().unwrap();
                let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        Self { port, answer, got }
    }

    fn answers(&self, answer: &'static str) {
        *self.answer.lock().unwrap() = answer;
    }

    fn got(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}

fn secret(name: &str) -> SecretRef {
    SecretRef { secret: name.to_owned() }
}

async fn house(port: u16, change: impl FnOnce(&mut WebhookConfig)) -> Test {
    let mut webhook = WebhookConfig {
        name: "crm".to_owned(),
        url: format!("http://127.0.0.1:{port}/hook"),
        events: vec![WebhookEvent::TicketOpened, WebhookEvent::TicketChanged],
        secret: secret("new"),
        old_secret: Some(secret("old")),
        private: true,
        enabled: true,
    };
    change(&mut webhook);
    let test = Test::new(vec![], |config| config.webhooks.push(webhook)).await;
    for (name, value) in [("new", NEW), ("old", OLD)] {
        test.secrets.more.lock().unwrap().insert(name.to_owned(), SecretValue::anywhere(value));
    }
    // What was before is told to nobody.
    webhooks::look(&test.house).await.unwrap();
    test
}

async fn told(test: &Test) {
    webhooks::look(&test.house).await.unwrap();
    test.run().await;
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
        .unwrap_or_else(|| panic!("no {name} in {head}"))
}

fn signature(key: &str, signed: &str) -> String {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn states(test: &Test) -> Vec<(DeliveryState, i64)> {
    test.tenant.scope.deliveries("crm", 200).await.unwrap().iter().map(|row| (row.state, row.tries)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_once_and_signed_with_both_secrets() {
    let endpoint = Endpoint::start().await;
    let test = house(endpoint.port, |_| {}).await;
    assert_eq!(endpoint.got(), []);
    test.mail(MAIL).await;
    told(&test).await;
    let got = endpoint.got();
    assert!(got.len() >= 2, "the ticket was opened and sorted: {got:?}");
    for (head, body) in &got {
        assert!(head.starts_with("post /hook http/1.1") && head.contains("content-type: application/json"), "{head}");
        let told: Value = serde_json::from_str(body).unwrap();
        assert!(["ticket.opened", "ticket.changed"].contains(&told["type"].as_str().unwrap()), "{told}");
        assert_eq!((&told["data"]["team"], &told["data"]["ticket"]["number"]), (&"acme".into(), &1.into()), "{told}");
        assert!(!body.contains("Secret words") && !body.contains("ana@"), "no mail's words: {body}");
        let id = header(head, "webhook-id").to_owned();
        assert_eq!(id, format!("msg_acme_{}", told["data"]["event"]["seq"]));
        // Lower-cased above, which base 64 does not survive: what both secrets give is compared that way.
        let signed = format!("{id}.{}.{body}", header(head, "webhook-timestamp"));
        let expected = format!("{} {}", signature(NEW, &signed), signature(OLD, &signed)).to_ascii_lowercase();
        assert_eq!(header(head, "webhook-signature"), expected);
    }
    let mut ids: Vec<&str> = got.iter().map(|(head, _)| header(head, "webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), got.len());
    told(&test).await;
    assert_eq!(endpoint.got(), [], "nothing is told twice");
    assert!(states(&test).await.iter().all(|state| *state == (DeliveryState::Delivered, 1)));
    // By hand it is, and is the same to the byte.
    let row = test.tenant.scope.deliveries("crm", 200).await.unwrap().remove(0);
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.replay_delivery(row.id, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let again = endpoint.got();
    assert_eq!((again.len(), again[0].1.as_str()), (1, row.body.as_str()));
    // An admin's test reaches the one that is meant, which is told of other things alone; a test of another is not for it.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.test_webhook("crm", &actor());
    tx.test_webhook("another", &actor());
    tx.commit().await.unwrap();
    told(&test).await;
    let tried = endpoint.got();
    assert_eq!(tried.len(), 1, "{tried:?}");
    let body: Value = serde_json::from_str(&tried[0].1).unwrap();
    assert_eq!((&body["type"], &body["data"]["event"]["subject"]), (&"test".into(), &"webhook:crm".into()), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_away_is_tried_on_a_ladder_and_loses_nothing() {
    let endpoint = Endpoint::start().await;
    let test = house(endpoint.port, |webhook| webhook.events = vec![WebhookEvent::TicketOpened]).await;
    endpoint.answers("503 Service Unavailable");
    test.mail(MAIL).await;
    told(&test).await;
    assert_eq!((endpoint.got().len(), states(&test).await), (1, vec![(DeliveryState::Waiting, 1)]));
    test.clock.forward(Duration::from_secs(4));
    test.run().await;
    assert_eq!(endpoint.got().len(), 0, "not before its rung");
    test.clock.forward(Duration::from_secs(2));
    test.run().await;
    assert_eq!(endpoint.got().len(), 1);
    endpoint.answers("204 No Content");
    test.clock.forward(Duration::from_secs(301));
    test.run().await;
    assert_eq!((endpoint.got().len(), states(&test).await), (1, vec![(DeliveryState::Delivered, 3)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_gone_is_turned_off_and_told_of_and_goes_on_where_it_was() {
    let endpoint = Endpoint::start().await;
    let test = house(endpoint.port, |webhook| webhook.events = vec![WebhookEvent::TicketOpened]).await;
    endpoint.answers("410 Gone");
    test.mail(MAIL).await;
    told(&test).await;
    assert_eq!((endpoint.got().len(), states(&test).await), (1, vec![(DeliveryState::Failed, 1)]));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let incidents = test.tenant.scope.open_incidents().await.unwrap();
    assert!(
        incidents.iter().any(|incident| incident.key == "webhook:crm" && incident.detail.contains("crm")),
        "{incidents:?}"
    );
    test.mail(MAIL.replace("one@", "two@").replace("Where", "When")).await;
    told(&test).await;
    assert_eq!(endpoint.got().len(), 0, "it is off");
    endpoint.answers("200 OK");
    let mut tx = test.tenant.scope.begin().await.unwrap();
    assert!(tx.enable_webhook("crm", &actor()).await.unwrap());
    tx.commit().await.unwrap();
    told(&test).await;
    let got = endpoint.got();
    assert_eq!(got.len(), 1, "what happened meanwhile: {got:?}");
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert!(test.tenant.scope.open_incidents().await.unwrap().iter().all(|incident| incident.key != "webhook:crm"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_to_an_address_or_with_a_secret_that_was_not_meant() {
    let endpoint = Endpoint::start().await;
    let answer = async |test: &Test| {
        test.mail(MAIL).await;
        told(test).await;
        let row = test.tenant.scope.deliveries("crm", 200).await.unwrap().pop().unwrap();
        assert_eq!((row.state, row.status), (DeliveryState::Waiting, None), "{row:?}");
        row.answer.unwrap()
    };
    let test = house(endpoint.port, |webhook| webhook.private = false).await;
    let words = answer(&test).await;
    assert!(words.contains("127.0.0.1 is not an address on the internet"), "{words}");
    // A name that leads here is no better.
    let port = endpoint.port;
    let test = house(port, |webhook| {
        webhook.private = false;
        webhook.url = format!("http://localhost:{port}/hook");
    })
    .await;
    let words = answer(&test).await;
    assert!(words.contains("not an address on the internet"), "{words}");
    let test = house(endpoint.port, |webhook| webhook.secret = secret("nobody_set_it")).await;
    let words = answer(&test).await;
    assert!(words.contains("the secret `nobody_set_it` is not set: posthouse secret set acme"), "{words}");
    let test = house(endpoint.port, |_| {}).await;
    let elsewhere = SecretValue { value: NEW.to_owned(), hosts: vec!["elsewhere.example".to_owned()] };
    test.secrets.more.lock().unwrap().insert("new".to_owned(), elsewhere);
    let words = answer(&test).await;
    assert!(words.contains("may not be used toward 127.0.0.1"), "{words}");
    let test = house(endpoint.port, |_| {}).await;
    test.secrets.more.lock().unwrap().insert("new".to_owned(), SecretValue::anywhere("short"));
    assert!(answer(&test).await.contains("24 bytes or more"));
    assert_eq!(endpoint.got(), [], "and the endpoint heard of none of it");
}
