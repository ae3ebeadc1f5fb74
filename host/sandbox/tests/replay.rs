//! Calls recorded and made again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use async_trait::async_trait;
use common::server::{Server, local, with_secrets};
use common::{TestHost, context, guest, notice, sandbox, spec, ticket};
use posthouse_model::capability::{Grants, StoreAllowance};
use posthouse_model::decision::{HostCall, World};
use posthouse_model::exchange::{
    Exchange, HttpAnswer, HttpAsk, HttpRefusal, KnowledgeHit, KnowledgeQuery, ModelAnswer, ModelRefusal, ModelRequest,
    Told,
};
use posthouse_sandbox::{
    CallHost, Called, LogLevel, Plugin, PluginSpec, Question, ReplayHost, SecretValue, Unrecorded,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

async fn loaded(spec: PluginSpec) -> Arc<Plugin> {
    sandbox().load(spec).await.unwrap()
}

/// A notifier that sends these lines.
async fn sender(lines: &str, grants: Grants) -> Arc<Plugin> {
    loaded(PluginSpec { grants, ..spec("notifier", lines) }).await
}

async fn tell(plugin: &Plugin, host: Arc<dyn CallHost>, title: &str) -> Called<Value> {
    plugin.answer(context(), host, Question::Notify(notice(title), None)).await
}

fn replay(inner: Arc<dyn CallHost>, recorded: &[HostCall], unrecorded: Unrecorded) -> Arc<ReplayHost> {
    Arc::new(ReplayHost::new(inner, recorded, unrecorded))
}

fn written(calls: &[HostCall]) -> String {
    serde_json::to_string(calls).unwrap()
}

/// A port where nobody listens.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_recorded_request_is_answered_without_the_network() {
    let server = Server::start().await;
    let base = format!("http://127.0.0.1:{}", server.port);
    let lines = format!("POST {base}/echo/{{token}}\nBASIC {base}/headers\nGET {base}/session");
    let plugin = sender(&lines, local(server.port)).await;
    let live = tell(&plugin, with_secrets(), "hello").await;
    let asked = server.got.lock().unwrap().len();
    assert_eq!(asked, 3);

    let host = replay(with_secrets(), &live.host_calls, Unrecorded::Refuse);
    let again = tell(&plugin, host.clone(), "hello").await;
    assert_eq!(again.result, live.result);
    assert_eq!(server.got.lock().unwrap().len(), asked, "nothing more was sent");
    assert!(host.missing().is_empty() && host.unused().is_empty());
    // A replay can be recorded too, and says the same.
    let exchanges = |called: &Called<Value>| called.host_calls.iter().map(|c| c.exchange.clone()).collect::<Vec<_>>();
    assert_eq!(exchanges(&again), exchanges(&live));
}

#[tokio::test]
async fn no_secret_is_in_an_exchange() {
    let server = Server::start().await;
    let base = format!("http://127.0.0.1:{}", server.port);
    let lines = format!("POST {base}/echo/{{token}}\nBASIC {base}/headers\nGET {base}/session\nPUT {base}/{{sign}}");
    let mut grants = local(server.port);
    grants.http[0].methods = ["GET", "POST", "PUT"].map(str::to_owned).into();
    let plugin = sender(&lines, grants).await;
    let calls = tell(&plugin, with_secrets(), "{token}").await.host_calls;
    assert_eq!(calls.iter().filter(|call| call.exchange.is_some()).count(), 4);
    let text = written(&calls);
    // Plain, percent-encoded, within base64, the signature made with it, a short one, a session.
    for form in ["s3cr/t", "s3cr%2Ft", "c2hvcDpzM2Ny", "3fb788de4238", "Jefe", "s3ssion"] {
        assert!(!text.contains(form), "{form}: {text}");
    }
    assert!(!text.contains("\"authorization\":") && !text.to_lowercase().contains("set-cookie"), "{text}");
    let Some(Exchange::Http(told)) = &calls[0].exchange else { panic!("{text}") };
    assert_eq!(told.ask.url, format!("{base}/echo/{{secret:token}}"));
    assert_eq!(told.ask.headers["x-title"], "{secret:token}");
    let body = std::str::from_utf8(told.ask.body.as_ref().unwrap().as_bytes()).unwrap();
    assert_eq!(body, "{\"lines\":\"one two\",\"sign\":\"{hmac-sha256 in hex, key {secret:sign}, message message}\"}");
    assert_eq!(told.reply.as_ref().unwrap().body, "you said /echo/[secret token]".into());
    let Some(Exchange::Http(told)) = &calls[2].exchange else { panic!("{text}") };
    assert_eq!(told.reply.as_ref().unwrap().headers["x-note"], "kept");
}

#[tokio::test]
async fn another_request_is_refused_or_asked_by_mode() {
    let server = Server::start().await;
    let here = format!("http://127.0.0.1:{}/", server.port);
    let recorded = {
        let plugin = sender(&format!("GET {here}"), local(server.port)).await;
        tell(&plugin, with_secrets(), "one").await
    };
    let sent = || server.got.lock().unwrap().len();
    assert_eq!(sent(), 1);

    let failed = async |method: &str, title: &str, mode| {
        let plugin = sender(&format!("{method} {here}"), local(server.port)).await;
        let host = replay(with_secrets(), &recorded.host_calls, mode);
        let called = tell(&plugin, host.clone(), title).await;
        (called.result.err().map(|error| error.to_string()), host.missing().len(), host.unused().len())
    };
    // The header differs.
    let (error, missing, unused) = failed("GET", "two", Unrecorded::Refuse).await;
    assert_eq!(error.unwrap(), format!("the plugin gave up: denied: GET {here} is not on the recording of this call"));
    assert_eq!((missing, unused, sent()), (1, 1, 1));
    assert_eq!(failed("GET", "two", Unrecorded::AskSafe).await, (None, 0, 1));
    assert_eq!(sent(), 2);
    let (error, missing, _) = failed("POST", "one", Unrecorded::AskSafe).await;
    let words =
        format!("POST {here} is not on the recording of this call, and a replay sends nothing but GET and HEAD");
    assert_eq!(error.unwrap(), format!("the plugin gave up: denied: {words}"));
    assert_eq!((missing, sent()), (1, 2));
}

#[tokio::test]
async fn a_replay_refuses_what_the_real_call_would() {
    let port = closed_port().await;
    let url = format!("http://127.0.0.1:{port}/");
    let ask = HttpAsk {
        method: "GET".into(),
        url: format!("{url}{{secret:token}}"),
        headers: [("x-title".to_owned(), "t".to_owned())].into(),
        ..HttpAsk::default()
    };
    let answer = HttpAnswer { status: 200, body: "recorded".into(), ..HttpAnswer::default() };
    let recorded = Exchange::Http(Told { ask, reply: Ok(answer) });
    let mut elsewhere = local(port);
    elsewhere.secrets.clear();
    let cases = [
        (local(port), with_secrets(), None),
        (Grants { http: local(1).http, ..local(port) }, with_secrets(), Some("is not granted")),
        (elsewhere, with_secrets(), Some("secret `token` is not granted")),
        (local(port), common::host(), Some("secret `token` has no value")),
        (local(port), kept_home(), Some("secret `token` may not be sent to 127.0.0.1")),
    ];
    for (grants, inner, refusal) in cases {
        let plugin = sender(&format!("GET {url}{{token}}"), grants).await;
        let host = Arc::new(ReplayHost::of(inner.clone(), [recorded.clone()], Unrecorded::Refuse));
        let called = tell(&plugin, host, "t").await;
        match (refusal, called.result) {
            (None, answer) => assert!(answer.unwrap()["receipt"].as_str().unwrap().ends_with("recorded")),
            (Some(words), answer) => {
                let error = answer.unwrap_err().to_string();
                assert!(error.contains(words), "{error}");
                assert!(called.host_calls.iter().all(|call| call.exchange.is_none()), "the host's own no is not kept");
            }
        }
        assert!(inner.refused.lock().unwrap().is_empty(), "a replay leaves no mark");
    }
}

fn kept_home() -> Arc<TestHost> {
    let token = SecretValue { value: "s3cr/t-token".to_owned(), hosts: vec!["hooks.example.com".to_owned()] };
    Arc::new(TestHost { secrets: [("token".to_owned(), token)].into(), ..TestHost::default() })
}

#[tokio::test]
async fn equal_requests_are_answered_in_their_order_and_as_often() {
    let port = closed_port().await;
    let url = format!("http://127.0.0.1:{port}/");
    let ask = HttpAsk {
        method: "GET".into(),
        url: url.clone(),
        headers: [("x-title".to_owned(), "t".to_owned())].into(),
        ..HttpAsk::default()
    };
    let told = |reply| Exchange::Http(Told { ask: ask.clone(), reply });
    let said = |body: &str| Ok(HttpAnswer { status: 200, body: body.into(), ..HttpAnswer::default() });
    let tape = [told(said("first")), told(Err(HttpRefusal::Unreachable("away".into())))];
    for (times, wanted) in [(1, "first"), (2, "unreachable: away"), (3, "unreachable: away")] {
        let plugin = sender(&format!("GET {url}\n").repeat(times), local(port)).await;
        let host = Arc::new(ReplayHost::of(with_secrets(), tape.clone(), Unrecorded::Refuse));
        let called = tell(&plugin, host.clone(), "t").await;
        let text = called.result.map_or_else(|error| error.to_string(), |answer| answer.to_string());
        assert!(text.contains(wanted), "{times}: {text}");
        assert_eq!(host.unused().len(), 2 - times.min(2));
    }
}

#[tokio::test]
async fn a_call_is_kept_up_to_its_bound() {
    let server = Server::start().await;
    let recorded = async |bytes: usize| {
        let line = format!("GET http://127.0.0.1:{}/sized/{bytes}", server.port);
        let plugin = sender(&line, local(server.port)).await;
        tell(&plugin, with_secrets(), "").await
    };
    let small = recorded(100_000).await;
    let around = small.host_calls[0].exchange.as_ref().unwrap().bytes() - 100_000;
    let fits = Exchange::BYTES_PER_CALL_MAX - around;
    let full = recorded(fits).await;
    assert_eq!(full.host_calls[0].exchange.as_ref().unwrap().bytes(), Exchange::BYTES_PER_CALL_MAX);
    assert!(full.notes.is_empty());
    let over = recorded(fits + 1).await;
    assert!(over.result.is_ok(), "the call itself is none the worse");
    assert_eq!(over.host_calls[0].exchange, None);
    assert_eq!(over.notes, ["not recorded whole: 1 of what it asked the host, over 262144 bytes a call"]);
}

/// A house with one article, one entry, and a model.
#[derive(Default)]
struct House {
    asked: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl CallHost for House {
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        self.asked.lock().unwrap().push("model");
        Ok(ModelAnswer { text: format!("about {}", request.inputs[0]), model: "small".into() })
    }
    async fn secret(&self, _: &str) -> Option<SecretValue> {
        None
    }
    fn log(&self, _: LogLevel, _: &str) {}
    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        self.asked.lock().unwrap().push("knowledge");
        Ok(vec![KnowledgeHit { id: "a".into(), title: query.text, ..KnowledgeHit::default() }])
    }
    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.asked.lock().unwrap().push("kept");
        Ok((key == "a").then(|| vec![0xff, 1]))
    }
    async fn kept_keys(&self, _: &str, _: Option<&str>, _: u32) -> Result<Vec<String>, String> {
        self.asked.lock().unwrap().push("keys");
        Ok(vec!["a".to_owned()])
    }
    async fn kept_bytes(&self) -> Result<u64, String> {
        self.asked.lock().unwrap().push("used");
        Ok(3)
    }
}

async fn keeper(orders: &str) -> Arc<Plugin> {
    let grants = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 1_000 }), ..Grants::default() };
    loaded(PluginSpec { grants, component: guest("keeper"), ..spec("keeper", orders) }).await
}

async fn asked(plugin: &Plugin, host: Arc<dyn CallHost>) -> Called<Value> {
    let ticket = Arc::new(ticket());
    let question = match plugin.world() {
        World::Drafter => Question::Draft(ticket),
        _ => Question::Enrich(ticket),
    };
    plugin.answer(context(), host, question).await
}

#[tokio::test]
async fn searches_and_readings_of_the_store_are_recorded_too() {
    let plugin = keeper("get a\nget a\nset a 1\nget a\nset b 22\nget c\nkeys - - 5\nsearch de 2 Wo ist es").await;
    let live = asked(&plugin, Arc::new(House::default())).await;
    let kinds: Vec<_> = live.host_calls.iter().map(|call| (call.capability.as_str(), call.what.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("store", "get"),
            ("store", "used"),
            ("store", "get"),
            ("store", "get"),
            ("store", "keys"),
            ("knowledge", "search")
        ]
    );
    let silent = Arc::new(House::default());
    let again = asked(&plugin, replay(silent.clone(), &live.host_calls, Unrecorded::Refuse)).await;
    assert_eq!(again.result, live.result);
    assert_eq!(again.changes, live.changes, "what is written is written again, and is no exchange");
    assert!(silent.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_changes_nothing_is_asked_where_the_mode_says_so() {
    let plugin = keeper("get a\nkeys - - 5\nset a 1\nsearch de 2 Wo ist es").await;
    let house = Arc::new(House::default());
    let live = asked(&plugin, replay(house.clone(), &[], Unrecorded::AskSafe)).await;
    assert_eq!(*house.asked.lock().unwrap(), ["kept", "keys", "kept", "used", "knowledge"]);
    let refused = replay(house.clone(), &[], Unrecorded::Refuse);
    let strict = asked(&plugin, refused.clone()).await;
    assert_eq!(house.asked.lock().unwrap().len(), 5);
    assert_eq!(refused.missing().len(), 4);
    let text = strict.result.unwrap().to_string();
    for words in [
        "the store's key “a” is not on the recording",
        "the listing of keys “…” is not on the recording",
        "the search for “Wo ist es” is not on the recording",
    ] {
        assert!(text.contains(words) && !live.result.as_ref().unwrap().to_string().contains(words), "{text}");
    }
}

#[tokio::test]
async fn a_model_is_never_asked_in_a_replay() {
    let mut granted = spec("drafter", "1");
    granted.grants.model = Some(Default::default());
    let plugin = loaded(granted).await;
    let live = asked(&plugin, Arc::new(House::default())).await;
    let house = Arc::new(House::default());
    let again = asked(&plugin, replay(house.clone(), &live.host_calls, Unrecorded::AskSafe)).await;
    assert_eq!(again.result, live.result);
    for (mode, words) in [
        (Unrecorded::Refuse, "rejected this question to the model is not on the recording of this call\""),
        (Unrecorded::AskSafe, "is not on the recording of this call, and a replay calls no model\""),
    ] {
        let text = asked(&plugin, replay(house.clone(), &[], mode)).await.result.unwrap().to_string();
        assert!(text.contains(words), "{text}");
    }
    assert!(house.asked.lock().unwrap().is_empty());
}
