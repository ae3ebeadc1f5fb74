//! What the guests of a language must answer.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

mod views;

use crate::common::context;
use crate::compat_host::{House, grants, server};
use posthouse_model::call::OutgoingView;
use posthouse_model::triage::Evidence;
use posthouse_sandbox::{CallError, CallLimits, LoadError, Plugin, PluginSpec, Sandbox, SandboxConfig, inspect};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use views::{call_lines, lines, mail, notice, reply, store_lines, ticket, ticket_lines};

/// Each world, and what its guest asks for.
const WORLDS: [(&str, &[&str]); 6] = [
    ("classifier", &["log", "knowledge", "store"]),
    ("router", &["store"]),
    ("drafter", &["model", "knowledge"]),
    ("notifier", &["log", "http"]),
    ("enricher", &["http", "store"]),
    ("checker", &[]),
];

/// Checks the six guests of one language: `classifier.wasm`, `router.wasm` … in a folder named after it.
pub async fn run_all(folder: &Path) {
    // Compiling an interpreter takes seconds: what was compiled is kept from run to run.
    let cache_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compat"));
    let sandbox = Sandbox::new(SandboxConfig { cache_dir, ..SandboxConfig::default() }).unwrap();
    let guests = Guests { folder: folder.to_owned(), sandbox };
    for (world, asks) in WORLDS {
        guests.asks_for(world, asks);
    }
    guests.classifies().await;
    guests.routes().await;
    guests.drafts().await;
    guests.notifies().await;
    guests.enriches().await;
    guests.checks_and_fails().await;
    guests.refuses_settings().await;
}

/// The guests of one language.
struct Guests {
    folder: PathBuf,
    sandbox: Sandbox,
}

impl Guests {
    fn language(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn component(&self, world: &str) -> Arc<[u8]> {
        let path = self.folder.join(world).with_extension("wasm");
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into()
    }

    async fn try_load(&self, world: &str, settings: &Value, port: Option<u16>) -> Result<Arc<Plugin>, LoadError> {
        let spec = PluginSpec {
            name: world.to_owned(),
            version: "1.0.0".to_owned(),
            component: self.component(world),
            settings: settings.to_string(),
            grants: grants(port),
            limits: CallLimits::default(),
        };
        self.sandbox.load(spec).await
    }

    async fn load(&self, world: &str, settings: Value, port: Option<u16>) -> Arc<Plugin> {
        let began = Instant::now();
        let loaded = self.try_load(world, &settings, port).await;
        let plugin = loaded.unwrap_or_else(|e| panic!("{} {world}: {e}", self.language()));
        println!(
            "{} {world}: {} bytes, loaded in {} ms, configured ahead: {}",
            self.language(),
            self.component(world).len(),
            began.elapsed().as_millis(),
            plugin.snapshotted()
        );
        plugin
    }

    /// The answer, as JSON without its evidence, which is compared line by line.
    fn answer(&self, result: Result<serde_json::Result<Value>, CallError>, expected: &[String]) -> Value {
        let answer = result.unwrap_or_else(|e| panic!("{}: {e}", self.language()));
        let mut answer = answer.unwrap();
        let holder = if answer.is_array() { &mut answer[0] } else { &mut answer };
        let evidence = holder.as_object_mut().unwrap().remove("evidence").unwrap();
        let (texts, matches): (Vec<_>, Vec<_>) = serde_json::from_value::<Vec<Evidence>>(evidence)
            .unwrap()
            .into_iter()
            .partition(|evidence| matches!(evidence, Evidence::Text { .. }));
        let said: Vec<_> =
            texts.into_iter().filter_map(|e| if let Evidence::Text { text } = e { Some(text) } else { None }).collect();
        assert_eq!(said, expected, "{}", self.language());
        if !matches.is_empty() {
            holder["matches"] = serde_json::to_value(matches).unwrap();
        }
        answer
    }

    fn asks_for(&self, world: &str, asks: &[&str]) {
        let info = inspect(&self.component(world)).unwrap();
        assert_eq!((info.world.as_str(), info.api_version.to_string().as_str()), (world, "1.0"), "{}", self.language());
        assert!(info.imports.iter().all(|name| name.starts_with("posthouse:plugin/")), "{:?}", info.imports);
        let asked: Vec<_> = info.capabilities.iter().map(|c| c.as_str()).collect();
        let mut expected = asks.to_vec();
        expected.sort_by_key(|name| ["log", "http", "model", "knowledge", "store"].iter().position(|n| n == name));
        assert_eq!(asked, expected, "{} {world}", self.language());
    }

    async fn classifies(&self) {
        let plugin = self.load("classifier", json!({ "use": ["log", "knowledge", "store"] }), Some(1)).await;
        let host = Arc::new(House::default());
        let called = plugin.classify(context(), host.clone(), Arc::new(mail())).await;
        let mut expected = call_lines();
        expected.extend(lines(&[
            r#"subject="你好""#,
            r#"body="Où est mon ordre 😀 1042-88?""#,
            r#"full="Où est mon ordre 😀 1042-88?\n\n> earlier""#,
            r#"from=["Ann","ann@example.com"]"#,
            "reply-to=null",
            r#"to=[["Ann","shop@example.com"]]"#,
            r#"cc=[[null,"boss@example.com"]]"#,
            "sent=1774745000",
            "incoming=true",
            r#"language="en""#,
            r#"header=["a","b"]"#,
            "no-header=[]",
            r#"files=[["photo.jpg","image/jpeg",1234,true]]"#,
            r#"knowledge=[["a1","returns","de","Returns.",0.5],["a2","returns","de","Returns.",0.25]]"#,
        ]));
        expected.extend(store_lines());
        let span = json!({ "part": "body", "start": 23, "end": 30 });
        assert_eq!(
            self.answer(called.result.map(serde_json::to_value), &expected),
            json!({
                "category": { "value": "refund", "confidence": 0.75 },
                "urgency": { "value": "high", "confidence": 0.5 },
                "sentiment": { "value": "angry", "confidence": 0.25 },
                "language": { "value": "en", "confidence": 1.0 },
                "spam": 0.125,
                "entities": [
                    { "kind": "order-number", "value": "1042-88", "confidence": 0.5, "span": span },
                    { "kind": "tracking-number", "value": "1Z9", "carrier": "UPS", "confidence": 1.0, "span": null },
                    { "kind": "tracking-number", "value": "YT1", "carrier": null, "confidence": 1.0, "span": null },
                    { "kind": "sku", "value": "LAMP-1", "confidence": 1.0, "span": null },
                    { "kind": "amount", "value": { "units": 4990, "scale": 2, "currency": "EUR" }, "confidence": 1.0, "span": null },
                    { "kind": "date", "value": { "year": 2026, "month": 3, "day": 1 }, "confidence": 1.0, "span": null },
                ],
                "matches": [{ "kind": "match", "rule": "greeting", "words": "你好", "span": { "part": "subject", "start": 0, "end": 6 } }],
                "tags": ["vip"],
                "missing": ["photo"],
                "risks": [{ "kind": "safety", "reason": "burns", "span": span }],
            }),
            "{}",
            self.language()
        );
        assert_eq!(host.lines(), ["debug d", "info i 1", "warn w", "error e"], "{}", self.language());
        self.time(&plugin).await;
        self.side_by_side(&plugin).await;
    }

    /// As many calls as the sandbox lets in: none is turned away for want of room, of however many parts its component is made.
    async fn side_by_side(&self, plugin: &Arc<Plugin>) {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..SandboxConfig::default().concurrent_calls {
            let plugin = Arc::clone(plugin);
            calls.spawn(async move {
                plugin.classify(context(), Arc::new(House::default()), Arc::new(mail())).await.result
            });
        }
        while let Some(result) = calls.join_next().await {
            result.unwrap().unwrap_or_else(|error| panic!("{}: {error}", self.language()));
        }
    }

    /// Prints what a call costs; the time depends on the machine and is not checked.
    async fn time(&self, plugin: &Plugin) {
        let (host, mail) = (Arc::new(House::default()), Arc::new(mail()));
        let mut times = Vec::new();
        for _ in 0..200 {
            let called = plugin.classify(context(), host.clone(), mail.clone()).await;
            called.result.unwrap();
            times.push(called.cost.duration_us);
        }
        times.sort_unstable();
        println!("{} classifier: {} µs a call (p50), {} µs (p95)", self.language(), times[100], times[190]);
    }

    async fn routes(&self) {
        let plugin = self.load("router", json!({ "use": ["store"] }), None).await;
        let called = plugin.route(context(), Arc::new(House::default()), Arc::new(ticket("你好"))).await;
        let expected = [call_lines(), ticket_lines(), store_lines()].concat();
        assert_eq!(
            self.answer(called.result.map(serde_json::to_value), &expected),
            json!({
                "queue": "refunds",
                "priority": 100,
                "deadline": 1_774_749_599_000_000_i64,
                "notifiers": ["team"],
                "tags": ["vip"],
                "assignee": null,
                "matches": [{ "kind": "match", "rule": "angry", "words": "never again", "span": null }],
            }),
            "{}",
            self.language()
        );
    }

    async fn drafts(&self) {
        let plugin = self.load("drafter", json!({ "use": ["model", "knowledge"] }), None).await;
        let host = Arc::new(House::default());
        let called = plugin.draft(context(), host.clone(), Arc::new(ticket("你好"))).await;
        let mut expected = [call_lines(), ticket_lines()].concat();
        expected.extend(lines(&[
            r#"model=["Dear Ann","small"]"#,
            r#"knowledge=[["a1","returns","de","Returns.",0.5],["a2","returns","de","Returns.",0.25]]"#,
        ]));
        let answer = self.answer(called.result.map(serde_json::to_value), &expected);
        assert_eq!(
            answer[0],
            json!({
                "body": "Dear Ann,\n\nhello.",
                "subject": "Re: your order",
                "language": "en",
                "template": "shipping-en",
                "confidence": 0.75,
                "model_written": true,
                "filled": [{ "variable": "order_number", "value": "1042-88" }],
                "unfilled": ["tracking_number"],
                "questions": [{ "key": "photo", "question": "Could you send a photo?" }],
                "citations": [{ "article": "returns", "title": "Returns" }],
            }),
            "{}",
            self.language()
        );
        assert_eq!((&answer[1]["body"], &answer[2]["body"]), (&json!("second"), &json!("third")));
        assert!(answer[2]["evidence"].to_string().contains("a fourth is refused"), "{answer}");
        assert_eq!(
            host.prompts(),
            [("Answer kindly.".to_owned(), vec!["one".to_owned(), "two".to_owned()], Some(100))]
        );

        let host = Arc::new(House::without_model());
        let called = plugin.draft(context(), host, Arc::new(ticket("你好"))).await;
        let said = serde_json::to_string(&called.result.unwrap()[0].evidence).unwrap();
        assert!(said.contains(r#"model-error=\"over-budget\""#), "{}: {said}", self.language());
    }

    async fn notifies(&self) {
        let (port, got) = server().await;
        let settings = json!({ "use": ["log", "http"], "url": format!("http://127.0.0.1:{port}") });
        let plugin = self.load("notifier", settings, Some(port)).await;
        let host = Arc::new(House::default());
        let told = plugin.notify(context(), host.clone(), notice("你好"), Some(Arc::new(ticket("s")))).await;
        let delivery = told.result.unwrap_or_else(|e| panic!("{}: {e}", self.language()));
        assert_eq!(delivery.receipt.as_deref(), Some("told n-1"));
        let mut expected: Vec<_> = call_lines()
            .into_iter()
            .chain(lines(&[
                r#"id="n-1""#,
                r#"kind="ticket""#,
                r#"language="en""#,
                r#"title="你好""#,
                r#"lines=["one","two"]"#,
                r#"fields=[["a","b"]]"#,
                r#"link=["Open","https://desk.example.com/"]"#,
                r#"urgency="high""#,
                "deadline=1774749599",
                "ticket=1042",
            ]))
            .map(|line| format!("info {line}"))
            .collect();
        expected.extend(lines(&["debug d", "info i 1", "warn w", "error e"]));
        expected.extend(views::http_lines().into_iter().map(|line| format!("info {line}")));
        assert_eq!(host.lines(), expected, "{}", self.language());
        views::check_requests(&got.lock().unwrap(), &self.language());

        let called = plugin.notify(context(), host, notice("fail: temporary"), None).await;
        assert_eq!(called.result.unwrap_err().retry_after(), Some(Duration::from_secs(3_600)));
    }

    async fn enriches(&self) {
        let (port, got) = server().await;
        let settings = json!({ "use": ["http", "store"], "url": format!("http://127.0.0.1:{port}") });
        let plugin = self.load("enricher", settings, Some(port)).await;
        let called = plugin.enrich(context(), Arc::new(House::default()), Arc::new(ticket("你好"))).await;
        let mut expected = [call_lines(), ticket_lines(), store_lines(), views::http_lines()].concat();
        expected.push("a 33rd order is refused".to_owned());
        let answer = self.answer(called.result.map(serde_json::to_value), &expected);
        views::check_requests(&got.lock().unwrap(), &self.language());
        assert_eq!((&answer["customer_name"], &answer["tags"]), (&json!("Ann"), &json!(["vip"])));
        assert_eq!(answer["facts"], json!([{ "key": "spent", "label": "Spent so far", "value": "149.70 EUR" }]));
        assert_eq!(answer["orders"].as_array().unwrap().len(), 32);
        assert_eq!(
            answer["orders"][0],
            json!({
                "number": "10-0",
                "status": "shipped",
                "placed_on": { "year": 2026, "month": 3, "day": 1 },
                "total": { "units": 4990, "scale": 2, "currency": "EUR" },
                "country": "DE",
                "tracking_number": "1Z999",
                "carrier": "UPS",
            })
        );
        assert_eq!(
            (&answer["orders"][1]["tracking_number"], &answer["orders"][1]["carrier"]),
            (&json!("YT1"), &Value::Null)
        );
    }

    async fn checks_and_fails(&self) {
        let plugin = self.load("checker", json!({}), None).await;
        let call = |outgoing: OutgoingView| {
            let plugin = plugin.clone();
            async move {
                let host = Arc::new(House::default());
                plugin.check(context(), host, Arc::new(outgoing), Arc::new(ticket("你好"))).await.result
            }
        };
        let verdict = call(reply("Re: 你好")).await.unwrap_or_else(|e| panic!("{}: {e}", self.language()));
        let (blocks, warns): (Vec<_>, Vec<_>) = verdict.findings.into_iter().partition(|finding| finding.blocks);
        let mut expected = call_lines();
        expected.extend(lines(&[
            r#"subject="Re: 你好""#,
            r#"body="Grüße: you get a refund.""#,
            r#"to=[["Ann","ann@example.com"]]"#,
            "cc=[]",
            r#"language="en""#,
            r#"files=["a.pdf"]"#,
            "automatic=true",
            "ticket=1042",
        ]));
        assert_eq!(warns.iter().map(|f| f.reason.clone()).collect::<Vec<_>>(), expected, "{}", self.language());
        assert!(warns.iter().all(|f| f.code == "read" && f.span.is_none()));
        assert_eq!(
            serde_json::to_value(&blocks).unwrap(),
            json!([{
                "blocks": true,
                "code": "promised-refund",
                "reason": "promises a refund",
                "span": { "part": "body", "start": 19, "end": 25 },
            }])
        );

        let told =
            [("fail: temporary", true, "later"), ("fail: permanent", false, "never"), ("fail: throw", false, "boom")];
        // Rust has nothing to throw.
        let throws = self.language() != "rust";
        for (subject, temporary, words) in told.into_iter().take(if throws { 3 } else { 2 }) {
            let error = call(reply(subject)).await.unwrap_err();
            let expected = CallError::Failure { temporary, text: words.to_owned(), retry_after: None };
            assert_eq!(error, expected, "{} {subject}", self.language());
        }
        // The language's own errors keep their names; nesting without end is one of them, or the host ends it.
        if throws {
            let error = call(reply("fail: type")).await.unwrap_err();
            assert!(
                matches!(&error, CallError::Failure { temporary: false, text, .. } if text.contains("Error: ")),
                "{error}"
            );
            let error = call(reply("fail: deep")).await.unwrap_err();
            assert!(matches!(error, CallError::Failure { temporary: false, .. } | CallError::Stack), "{error}");
        }
        let error = call(reply("fail: endless")).await.unwrap_err();
        assert!(matches!(error, CallError::Deadline { .. }), "{} {error}", self.language());
        // And the next call is as good as new.
        call(reply("Re: 你好")).await.unwrap();
    }

    async fn refuses_settings(&self) {
        let refused = self.try_load("checker", &json!({ "refuse": true }), None).await.unwrap_err();
        assert!(
            matches!(&refused, LoadError::Settings { reason, .. } if reason == "refused: settings"),
            "{}: {refused}",
            self.language()
        );
    }
}
