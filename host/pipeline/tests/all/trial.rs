//! Trying out what was set up, as the desk asks for it: what is found is written down, also where nothing works.

use crate::house::{Test, actor, bundled, silent_group};
use posthouse_model::event::Actor;
use posthouse_model::trial::Finding;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// An endpoint that answers everything with the same.
struct Endpoint {
    port: u16,
    says: Arc<Mutex<(u16, &'static str)>>,
}

impl Endpoint {
    async fn saying(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let says = Arc::new(Mutex::new((status, body)));
        let shared = Arc::clone(&says);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 65_536];
                let _ = stream.read(&mut asked).await;
                let (status, body) = *shared.lock().unwrap();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, says }
    }
}

async fn tried(test: &Test, what: &str) -> Vec<Finding> {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.ask_trial(what, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let row = test.tenant.scope.trials().await.unwrap().into_iter().find(|row| row.what == what).unwrap();
    assert!(row.done_at.is_some());
    row.findings
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_looked_at_both_ways() {
    let test = Test::new(vec![], |_| {}).await;
    let found = tried(&test, "mailbox:support").await;
    let whats: Vec<_> = found.iter().map(|found| (found.what.as_str(), found.ok)).collect();
    assert_eq!(whats, [("mailbox support, in", true), ("mailbox support, out", true)], "{found:#?}");
    let gone = tried(&test, "mailbox:gone").await;
    assert_eq!((gone[0].ok, gone[0].words.as_str()), (false, "there is no such mailbox, or it is turned off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_told_step_by_step() {
    let test = Test::new(vec![], |config| {
        let imap = json!({ "host": "127.0.0.1", "port": 9, "security": "plain", "user": "u", "password": { "secret": "feishu_x" } });
        config.mailboxes[0].maildir = None;
        config.mailboxes[0].imap = Some(serde_json::from_value(imap).unwrap());
    })
    .await;
    let found = tried(&test, "mailbox:support").await;
    assert!(!found[0].ok && found[0].steps.last().is_some_and(|step| !step.ok), "{found:#?}");
    assert!(found[0].words.contains("connect"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notifier_is_called_in_its_sandbox_and_the_call_is_on_record() {
    let test = Test::new(vec![silent_group()], |_| {}).await;
    let found = tried(&test, "notifier:team").await;
    assert!(!found[0].ok && found[0].mend.is_some(), "{found:#?}");
    let kinds = test.events().await;
    for kind in ["trial.asked", "plugin.called", "trial.done"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind}: {kinds:?}");
    }
    let gone = tried(&test, "notifier:router").await;
    assert_eq!(gone[0].words, "there is no such notifier, or it is turned off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_asked_and_paid_for_and_its_refusal_is_told() {
    let mut test = Test::new(vec![], |_| {}).await;
    assert_eq!(tried(&test, "model").await[0].words, "no model is set up");
    let answer = r#"{"model":"tiny-1","choices":[{"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":2}}"#;
    let server = Endpoint::saying(200, answer).await;
    let mut config = test.tenant.config.clone();
    let model =
        json!({ "base_url": format!("http://127.0.0.1:{}/v1", server.port), "model": "tiny", "plain_http": true });
    config.model = Some(serde_json::from_value(model).unwrap());
    // What was saved is what is tried, without waiting for the next look at the tenants.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let now = tx.set_up().await.unwrap();
    tx.change_set_up(&now, &config, &Actor::Agent("eve@acme.example".into())).await.unwrap();
    tx.commit().await.unwrap();
    let found = tried(&test, "model").await;
    assert_eq!((found[0].ok, found[0].words.as_str()), (true, "tiny-1 answers"), "{found:#?}");
    let used = test.tenant.scope.model_use("2026-11-20").await.unwrap();
    assert_eq!((used.calls, used.tokens_in, used.tokens_out), (1, 11, 2));
    *server.says.lock().unwrap() = (401, r#"{"error":{"message":"Incorrect API key provided"}}"#);
    test.reload().await;
    let found = tried(&test, "model").await;
    assert!(!found[0].ok && found[0].words.contains("Incorrect API key provided"), "{found:#?}");
    assert!(found[0].mend.as_deref().unwrap().contains("check the key"), "{found:#?}");
}

/// What the form of hours writes, the router takes.
#[tokio::test(flavor = "multi_thread")]
async fn the_router_takes_what_the_form_of_hours_writes() {
    let settings = json!({
        "time_zone": "Asia/Shanghai",
        "hours": { "mon-thu": ["09:00-12:00", "13:30-18:00"], "fri": ["09:00-15:00"], "sat-sun": ["22:00-06:00"] },
        "holidays": ["12-25", "02-29", "2026-01-01", "2026-10-01..2026-10-07"],
        "special_days": { "2026-10-10": ["09:00-18:00"], "2026-10-11": [] },
        "default": { "respond_within_minutes": 43_200 },
        "deadlines": [
            { "name": "Amazon", "domains": ["marketplace.amazon."], "within_minutes": 1440 },
            { "name": "eBay", "domains": ["members.ebay.", "reply.ebay."], "within_minutes": 43_200 }
        ]
    });
    let mut router = bundled("router");
    router.settings = settings.as_object().unwrap().clone();
    let test = Test::new(vec![router], |_| {}).await;
    test.tenant.all_plugins()[0].plugin().map(|_| ()).unwrap();
    // By way of a marketplace, on a Friday after hours: due a day later, which is no working day.
    let mail = "From: 8x2k@marketplace.amazon.de\r\nTo: support@acme.example\r\nSubject: Order 302-1234567-7654321\r\n\
        Message-ID: <a@amazon.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\n\r\nWhere is it?\r\n";
    let taken = test.mail(mail).await;
    let (_, ticket) = crate::house::ids(&taken);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!(row.deadline.unwrap().to_rfc3339(), "2026-11-21T09:30:00Z");
}

/// A name server that refuses everything.
async fn refusing() -> std::net::SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut asked = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut asked).await {
            // An answer, REFUSED (RFC 1035, section 4.1.1).
            asked[2] |= 0x80;
            asked[3] = 5;
            socket.send_to(&asked[..length], from).await.unwrap();
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_of_a_mailbox_is_looked_at_too() {
    let test = Test::new(vec![], |config| {
        let smtp = json!({ "host": "127.0.0.1", "port": 9, "security": "plain", "user": "u", "password": { "secret": "feishu_x" } });
        config.mailboxes[0].address = "support@shop.posthouse-desk.dev".into();
        config.mailboxes[0].files = None;
        config.mailboxes[0].smtp = Some(serde_json::from_value(smtp).unwrap());
    })
    .await;
    let mailbox = &test.tenant.mailboxes()[0];
    let mut dns = posthouse_mail::dns::Dns::at(refusing().await);
    let found = posthouse_pipeline::trial::mailbox::look_at_all(&test.house, &test.tenant, mailbox, &mut dns).await;
    assert!(found.iter().any(|found| found.what.contains("shop.posthouse-desk.dev")), "{found:#?}");
}
