//! Every case of `tests/hostile/cases.toml`: a plugin that is out to do harm ends in the words that stand there, and a plugin
//! beside it does not notice.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{TestHost, classifier_text, context, from_text, guest, message, notice, sandbox, spec, ticket};
use posthouse_model::capability::{Grants, HttpAllowance, StoreAllowance};
use posthouse_model::decision::World;
use posthouse_sandbox::{CallError, CallLimits, Called, Plugin, PluginSpec, Sandbox, SecretValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    guest: Option<String>,
    core: Option<String>,
    extra: Option<String>,
    component: Option<String>,
    #[serde(default)]
    settings: String,
    #[serde(default)]
    title: String,
    grant: Option<String>,
    #[serde(default)]
    limits: Limits,
    #[serde(flatten)]
    end: End,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Limits {
    cpu_ms: Option<u64>,
    configure_ms: Option<u64>,
    wall_ms: Option<u64>,
    memory_mib: Option<u64>,
    tables: Option<u32>,
}

/// How it ends.
#[derive(Deserialize, Serialize, Default, Debug, PartialEq)]
struct End {
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Case {
    fn component(&self) -> Arc<[u8]> {
        match (&self.core, &self.component) {
            (Some(core), _) => from_text(&classifier_text(self.extra.as_deref().unwrap_or_default(), core)),
            (_, Some(text)) => wat::parse_str(text).unwrap().into(),
            _ => guest(self.guest.as_deref().unwrap_or("hostile")),
        }
    }

    fn spec(&self, port: u16) -> PluginSpec {
        let mut limits = CallLimits::default();
        let ms = Duration::from_millis;
        limits.cpu = self.limits.cpu_ms.map_or(limits.cpu, ms);
        limits.configure_cpu = self.limits.configure_ms.map_or(limits.configure_cpu, ms);
        limits.wall = self.limits.wall_ms.map_or(limits.wall, ms);
        limits.memory_bytes = self.limits.memory_mib.map_or(limits.memory_bytes, |mib| mib << 20);
        limits.table_elements = self.limits.tables.unwrap_or(limits.table_elements);
        PluginSpec {
            name: "hostile".to_owned(),
            version: "1.0.0".to_owned(),
            component: self.component(),
            settings: self.settings.replace("{port}", &port.to_string()),
            grants: self.grants(port),
            limits,
        }
    }

    fn grants(&self, port: u16) -> Grants {
        let http = |host: &str, port, private| HttpAllowance {
            host: host.to_owned(),
            port,
            scheme: "http".to_owned(),
            methods: Vec::new(),
            private,
        };
        let secret = |host: &str| BTreeMap::from([("token".to_owned(), vec![host.to_owned()])]);
        let local = http("127.0.0.1", Some(port), true);
        let base = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 100_000 }), ..Grants::default() };
        match self.grant.as_deref() {
            None => base,
            Some("log") => Grants { log: true, ..base },
            Some("local") => Grants { http: vec![local], secrets: secret("127.0.0.1"), ..base },
            Some("elsewhere") => {
                let http = vec![local, http("127.0.0.3", Some(port), true)];
                Grants { http, secrets: secret("127.0.0.3"), ..base }
            }
            Some("name") => Grants { http: vec![http("localhost", Some(port), false)], ..base },
            Some("metadata") => Grants { http: vec![http("169.254.169.254", None, false)], ..base },
            Some(other) => panic!("{}: no grant is called {other}", self.name),
        }
    }

    async fn run(&self, sandbox: &Sandbox, port: u16) -> End {
        let plain = |text: String| text.replace(&port.to_string(), "{port}");
        let plugin = match sandbox.load(self.spec(port)).await {
            Ok(plugin) => plugin,
            Err(error) => return End { refused: Some(plain(error.to_string())), ..End::default() },
        };
        let token = BTreeMap::from([("token".to_owned(), SecretValue::anywhere("s3cret-value"))]);
        let host = Arc::new(TestHost { secrets: token, ..TestHost::default() });
        let view = Arc::new(ticket());
        let (result, notes) = match plugin.world() {
            World::Classifier => ended(plugin.classify(context(), host, message()).await),
            World::Notifier => ended(plugin.notify(context(), host, notice(&self.title), None).await),
            World::Enricher => ended(plugin.enrich(context(), host, view).await),
            other => panic!("{}: no case calls a {other}", self.name),
        };
        match result {
            Ok(answer) => End { answer: Some(plain(answer)), notes, ..End::default() },
            Err(error) => End { error: Some(plain(error.to_string())), notes, ..End::default() },
        }
    }
}

/// The answer without what is empty.
fn ended<T: Serialize>(called: Called<T>) -> (Result<String, CallError>, Vec<String>) {
    let result = called.result.map(|answer| {
        let mut value = serde_json::to_value(answer).unwrap();
        let empty = |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
        value.as_object_mut().unwrap().retain(|_, v| !empty(v));
        value.to_string()
    });
    (result, called.notes)
}

/// A server that echoes, redirects and stalls.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match path.as_str() {
                    "/stall" => return std::future::pending().await,
                    "/redirect" => ("302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/", String::new()),
                    "/large" => ("200 OK", "x".repeat((1 << 20) + 1)),
                    _ => ("200 OK", path),
                };
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                // The other side may have had enough.
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    port
}

/// Calls a good plugin over and over while something else happens.
async fn beside<T>(neighbour: Arc<Plugin>, work: impl Future<Output = T>) -> (T, u64) {
    let stop = Arc::new(AtomicBool::new(false));
    let calls = tokio::spawn({
        let stop = stop.clone();
        async move {
            let mut calls = 0;
            while calls == 0 || !stop.load(Ordering::SeqCst) {
                let called = neighbour.classify(context(), common::host(), message()).await;
                called.result.expect("a neighbour's call failed");
                calls += 1;
                tokio::task::yield_now().await;
            }
            calls
        }
    });
    let result = work.await;
    stop.store(true, Ordering::SeqCst);
    (result, calls.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_in_its_own_words_and_nobody_else_notices() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/hostile/cases.toml")).unwrap();
    let cases: Cases = toml::from_str(&text).unwrap();
    assert!(cases.case.len() >= 25, "{}", cases.case.len());
    let sandbox = sandbox();
    let port = server().await;
    let neighbour = sandbox.load(spec("hostile", "nothing")).await.unwrap();
    let mut wrong = String::new();
    for case in &cases.case {
        let (end, _) = beside(neighbour.clone(), case.run(&sandbox, port)).await;
        if end != case.end {
            let _ = writeln!(wrong, "## {}\n{}", case.name, toml::to_string(&end).unwrap());
        }
    }
    assert!(wrong.is_empty(), "these ended otherwise:\n{wrong}");
}
