//! Every world: what a plugin reads arrives, what it answers comes back checked.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{TestHost, address, context, host, load, message, notice, sandbox, spec, ticket};
use posthouse_model::Timestamp;
use posthouse_model::call::{MessageView, OutgoingView};
use posthouse_model::ticket::Direction;
use posthouse_model::triage::{
    Date, Entity, EntityValue, Evidence, Fact, Money, Order, Risk, Sentiment, Span, TextPart, Urgency,
};
use posthouse_sandbox::{CallError, LogLevel, ModelAnswer, ModelRefusal, Sandbox, SandboxConfig};
use std::sync::Arc;
use std::time::Duration;

fn said(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().filter_map(|e| if let Evidence::Text { text } = e { Some(text.clone()) } else { None }).collect()
}

#[tokio::test]
async fn a_message_is_read() {
    let mut spec = spec("reader", "300");
    spec.grants.log = true;
    let plugin = sandbox().load(spec).await.unwrap();
    assert_eq!((plugin.name(), plugin.version()), ("reader", "1.2.3"));
    let host = host();
    let mut long = MessageView::clone(&message());
    long.body = "é".repeat(200_000);
    long.full_text = "é".repeat(600_000);
    let called = plugin.classify(context(), host.clone(), Arc::new(long)).await;
    let lines = said(&called.result.unwrap().evidence);
    assert_eq!(
        lines,
        [
            "now=1774745999",
            "seed=42",
            "local=Some(\"08:59\")",
            "tenant=Acme",
            "agents=zh",
            "subject=你好",
            "body=262144",
            "full=1048576",
            "from=Some(\"Ann\") ann@example.com",
            "reply-to=",
            "to=1",
            "cc=0",
            "sent=1774745000",
            "incoming=true",
            "language=Some(\"en\")",
            "header=a|b",
            "file=photo.jpg image/jpeg 1234 true",
        ]
    );
    // The log is cut, and that is said.
    let logged = host.logged.lock().unwrap();
    assert!(logged.iter().all(|(level, _)| *level == LogLevel::Warn));
    let bytes: usize = logged.iter().map(|(_, text)| text.len()).sum();
    assert!(bytes <= 16 << 10 && bytes > 15 << 10, "{bytes}");
    assert!(called.notes[0].starts_with("log: ") && called.notes[0].ends_with("bytes dropped"), "{:?}", called.notes);
    assert!(called.cost.memory_bytes > 0);
}

#[tokio::test]
async fn a_ticket_is_read_and_routed() {
    let span = Some(Span { part: TextPart::Body, start: 18, end: 25 });
    let entity = |value| Entity { value, confidence: 0.5, span };
    let mut outgoing = MessageView::clone(&message());
    outgoing.subject = "Re: ours".to_owned();
    outgoing.direction = Direction::Outgoing;
    let mut view = ticket();
    view.urgency = Some(Urgency::High);
    view.sentiment = Some(Sentiment::Angry);
    view.entities = vec![
        entity(EntityValue::TrackingNumber { value: "1Z9".into(), carrier: Some("UPS".into()) }),
        entity(EntityValue::Amount { value: Money { units: 4990, scale: 2, currency: "EUR".into() } }),
        entity(EntityValue::Date { value: Date { year: 2026, month: 3, day: 1 } }),
    ];
    view.tags = vec!["a".into(), "b".into()];
    view.risks = vec![Risk { kind: "safety".into(), reason: "burns".into(), span: None }];
    view.facts = vec![Fact { key: "k".into(), label: "l".into(), value: "v".into() }];
    view.orders = vec![Order { number: "7".into(), country: Some("DE".into()), ..Order::default() }];
    view.recent = vec![Arc::new(outgoing), message(), message()];
    let plugin = load(&sandbox(), "router", "").await.unwrap();
    let called = plugin.route(context(), host(), Arc::new(view)).await;
    let routing = called.result.unwrap();
    let lines = said(&routing.evidence).join("\n");
    for part in [
        "number=1042\n",
        "status=new\n",
        "customer=ann@example.com\n",
        "urgency=Some(Urgency::High)\n",
        "sentiment=Some(Sentiment::Angry)\n",
        "entity=tracking-number 1Z9 Some(\"UPS\") None None 0.5 Some((18, 25))\n",
        "entity=amount 49.90 EUR None Some(4990) None 0.5 Some((18, 25))\n",
        "entity=date 2026-03-01 None None Some(2026) 0.5 Some((18, 25))\n",
        "tags=a|b\n",
        "risks=safety\n",
        "fact=k l v\n",
        "order=7 None None None Some(\"DE\") None None\n",
        "latest=你好\n",
        "recent=Re: ours|你好",
    ] {
        assert!(lines.contains(part), "{part:?} in\n{lines}");
    }
    assert_eq!(routing.queue.as_deref(), Some("refunds"));
    assert_eq!(routing.priority, Some(100));
    assert_eq!(routing.deadline, Some(Timestamp::from_seconds(1_774_749_599)));
    assert_eq!((routing.notifiers.len(), routing.tags.as_slice()), (8, ["vip".to_owned()].as_slice()));
    assert!(routing.evidence.contains(&Evidence::Match {
        rule: "angry".into(),
        words: "never again".into(),
        span: None
    }));
}

#[tokio::test]
async fn a_draft_is_written_with_the_model() {
    let sandbox = sandbox();
    let mut granted = spec("drafter", "1");
    granted.grants.model = Some(Default::default());
    let plugin = sandbox.load(granted).await.unwrap();
    let host = Arc::new(TestHost {
        answer: Some(Ok(ModelAnswer { text: "Dear Ann".into(), model: "small".into() })),
        ..TestHost::default()
    });
    let called = plugin.draft(context(), host.clone(), Arc::new(ticket())).await;
    let drafts = called.result.unwrap();
    assert_eq!(drafts.len(), 3);
    assert_eq!(drafts[0].body, "Dear Ann (small)");
    assert_eq!(drafts[0].subject.as_deref(), Some("Re: your  Bcc: everybody@example.com"));
    assert!(drafts[0].model_written && drafts[0].confidence == Some(0.75));
    assert_eq!(
        (drafts[0].unfilled.as_slice(), drafts[0].questions.len()),
        (["tracking_number".to_owned()].as_slice(), 1)
    );
    let asked = host.asked.lock().unwrap();
    assert_eq!((asked[0].instructions.as_str(), asked[0].max_output_tokens), ("Answer kindly.", Some(4_096)));
    assert_eq!(asked[0].inputs, ["Where is my order 1042-88?"]);
    assert_eq!(
        (called.host_calls[0].capability.as_str(), called.host_calls[0].outcome.as_str()),
        ("model", "ok, small")
    );
}

#[tokio::test]
async fn without_a_model_the_drafter_says_so() {
    let mut granted = spec("drafter", "6");
    granted.grants.model = Some(Default::default());
    let plugin = sandbox().load(granted).await.unwrap();
    let refusing = |refusal| Arc::new(TestHost { answer: Some(Err(refusal)), ..TestHost::default() });
    let called = plugin.draft(context(), refusing(ModelRefusal::OverBudget), Arc::new(ticket())).await;
    // The fifth and sixth time the host itself says no.
    assert_eq!(said(&called.result.unwrap()[0].evidence), ["rejected at most 4 model calls per call"]);
    assert_eq!(called.host_calls.len(), 4);
    assert!(called.host_calls.iter().all(|c| c.outcome == "over budget"));
}

#[tokio::test]
async fn a_model_that_never_answers_ends_at_the_wall_clock() {
    let mut granted = spec("drafter", "1");
    granted.grants.model = Some(Default::default());
    granted.limits.wall = Duration::from_millis(50);
    let sandbox = sandbox();
    let plugin = sandbox.load(granted).await.unwrap();
    let called = plugin.draft(context(), host(), Arc::new(ticket())).await;
    let error = called.result.unwrap_err();
    assert_eq!(error, CallError::WallClock { limit: Duration::from_millis(50) });
    assert!(error.is_temporary());
}

#[tokio::test]
async fn calls_wait_for_a_turn_and_give_up() {
    let config =
        SandboxConfig { concurrent_calls: 1, queue_wait: Duration::from_millis(50), ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).unwrap();
    let mut granted = spec("drafter", "1");
    granted.grants.model = Some(Default::default());
    granted.limits.wall = Duration::from_millis(500);
    let plugin = sandbox.load(granted).await.unwrap();
    let waiting = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.draft(context(), host(), Arc::new(ticket())).await }
    });
    tokio::task::yield_now().await;
    let called = plugin.draft(context(), host(), Arc::new(ticket())).await;
    let busy = called.result.unwrap_err();
    assert_eq!(busy, CallError::Busy { waited: Duration::from_millis(50) });
    assert!(busy.is_temporary() && !busy.blames_plugin());
    assert!(matches!(waiting.await.unwrap().result, Err(CallError::WallClock { .. })));
}

#[tokio::test]
async fn a_customer_is_looked_up() {
    let plugin = load(&sandbox(), "enricher", "").await.unwrap();
    let called = plugin.enrich(context(), host(), Arc::new(ticket())).await;
    let found = called.result.unwrap();
    assert_eq!((found.facts.len(), found.orders.len(), found.customer_name.as_deref()), (64, 32, Some("Ann")));
    let first = &found.orders[0];
    assert_eq!(
        (first.number.as_str(), first.status.as_deref(), first.country.as_deref()),
        ("10-0", Some("shipped"), Some("DE"))
    );
    assert_eq!(first.total.as_ref().unwrap().to_string(), "49.90 EUR");
    assert_eq!((first.tracking_number.as_deref(), first.carrier.as_deref()), (Some("1Z999"), Some("UPS")));
    assert!(called.notes.iter().any(|n| n.contains("more than the list may hold (×7)")), "{:?}", called.notes);
}

#[tokio::test]
async fn a_reply_is_checked() {
    let plugin = load(&sandbox(), "checker", "").await.unwrap();
    let outgoing = OutgoingView {
        subject: "Re: 你好".into(),
        body: "You get a refund.".into(),
        to: vec![address("ann@example.com")],
        cc: vec![],
        language: Some("en".into()),
        attachment_names: vec!["a.pdf".into()],
        automatic: true,
    };
    let called = plugin.check(context(), host(), Arc::new(outgoing), Arc::new(ticket())).await;
    let findings = called.result.unwrap().findings;
    assert!(findings[0].blocks && findings[0].code == "promised-refund");
    assert_eq!(findings[0].span, Some(Span { part: TextPart::Body, start: 10, end: 16 }));
    // A finding stays even when its form is wrong.
    assert_eq!((findings[1].blocks, findings[1].code.as_str(), findings[1].span), (false, "unnamed", None));
    assert_eq!(findings[1].reason, "Re: 你好 1 0 Some(\"en\") a.pdf true 你好");
}

#[tokio::test]
async fn a_group_is_told_later() {
    let mut granted = spec("notifier", "RETRY 99999");
    granted.grants.http = vec![common_allowance()];
    let plugin = sandbox().load(granted).await.unwrap();
    let called = plugin.notify(context(), host(), notice("rate limited"), None).await;
    let error = called.result.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert_eq!(error.to_string(), "the plugin gave up for now: rate limited");
}

#[tokio::test]
async fn templates_without_end_end_the_call() {
    let mut granted = spec("notifier", "TEMPLATES x");
    granted.grants.http = vec![common_allowance()];
    let plugin = sandbox().load(granted).await.unwrap();
    let called = plugin.notify(context(), host(), notice(""), None).await;
    assert!(matches!(called.result, Err(CallError::TooLarge { .. })), "{:?}", called.result);
}

fn common_allowance() -> posthouse_model::capability::HttpAllowance {
    posthouse_model::capability::HttpAllowance {
        host: "api.example.com".into(),
        port: None,
        scheme: "https".into(),
        methods: vec![],
        private: false,
    }
}

#[tokio::test]
async fn instructions_are_counted_where_they_are_asked_for() {
    let counting = Sandbox::new(SandboxConfig { count_fuel: true, ..SandboxConfig::default() }).unwrap();
    let plugin = counting.load(spec("router", "{}")).await.unwrap();
    let first = plugin.route(context(), host(), Arc::new(ticket())).await;
    let again = plugin.route(context(), host(), Arc::new(ticket())).await;
    assert!(first.result.is_ok() && first.used.fuel.is_some_and(|fuel| fuel > 0), "{:?}", first.used);
    assert_eq!(first.used.fuel, again.used.fuel);
    assert!(first.used.answer_bytes > 0 && first.used.answer_items > 0);
    let plain = load(&sandbox(), "router", "{}").await.unwrap();
    let called = plain.route(context(), host(), Arc::new(ticket())).await;
    assert_eq!(called.used.fuel, None);
    assert_eq!(called.result, first.result);
}
