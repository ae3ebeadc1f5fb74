//! What a plugin asked for and was given holds exactly: so much goes through, one more does not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{TestHost, classifier_text, context, from_text, host, message, sandbox, spec, ticket};
use posthouse_model::limits::{CallBounds, Limits};
use posthouse_model::triage::Evidence;
use posthouse_sandbox::{CallError, CallLimits, ModelAnswer, PluginSpec};
use std::sync::Arc;
use std::time::Duration;

/// A plugin that asked for this and got it.
fn given(mut spec: PluginSpec, asked: Limits) -> PluginSpec {
    let bounds = asked.settle(&Limits::default(), &Limits::default()).unwrap();
    spec.limits = CallLimits::from(&bounds);
    spec
}

#[test]
fn who_asks_for_nothing_gets_what_is_usual() {
    let usual = CallLimits::from(&CallBounds::default());
    assert_eq!(usual, CallLimits::default());
    assert_eq!((usual.cpu, usual.wall), (Duration::from_millis(500), Duration::from_secs(30)));
    assert_eq!((usual.memory_bytes, usual.answer_bytes), (64 << 20, 1 << 20));
    assert_eq!((usual.http_requests, usual.model_calls), (8, 4));
}

#[tokio::test]
async fn memory_may_be_filled_to_the_last_page() {
    let mut ends = Vec::new();
    // One page of 64 KiB is there from the start: sixteen are a mebibyte.
    for pages in [15, 16] {
        let text = classifier_text("", &format!("(drop (memory.grow (i32.const {pages})))"));
        let mut spec = given(spec("hostile", ""), Limits { memory_mib: Some(1), ..Limits::default() });
        spec.component = from_text(&text);
        let plugin = sandbox().load(spec).await.unwrap();
        ends.push(plugin.classify(context(), host(), message()).await.result.unwrap_err());
    }
    // It crashes by itself once it has what it wanted.
    assert!(matches!(ends[0], CallError::Trap { .. }), "{:?}", ends[0]);
    assert_eq!(ends[1], CallError::Memory { limit: 1 << 20 });
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_was_asked_for() {
    let sandbox = sandbox();
    let answer = async |orders: &str| {
        let mut spec = given(spec("keeper", orders), Limits { answer_kib: Some(1), ..Limits::default() });
        spec.grants.knowledge = true;
        spec.grants.store = Some(posthouse_model::capability::StoreAllowance { bytes: 1 });
        let plugin = sandbox.load(spec).await.unwrap();
        plugin.enrich(context(), host(), Arc::new(ticket())).await.result
    };
    let bytes = |evidence: &[Evidence]| -> usize {
        evidence.iter().map(|e| if let Evidence::Text { text } = e { text.len() } else { 0 }).sum()
    };
    // What it does not understand it repeats, a few bytes longer.
    let one = bytes(&answer("x").await.unwrap().evidence);
    let filled = "x".repeat(1 + 1_024 - one);
    assert_eq!(bytes(&answer(&filled).await.unwrap().evidence), 1_024);
    let error = answer(&format!("{filled}x")).await.unwrap_err();
    assert_eq!(error, CallError::TooLarge { what: "the answer, in bytes,", limit: 1_024 });
}

#[tokio::test]
async fn the_model_is_called_as_often_as_was_asked_for() {
    let sandbox = sandbox();
    for (allowed, asks, answered) in [(0, 1_u64, 0), (2, 2, 2), (2, 3, 2), (6, 6, 6)] {
        let limits = Limits { model_calls: Some(allowed), ..Limits::default() };
        let mut spec = given(spec("drafter", &asks.to_string()), limits);
        spec.grants.model = Some(Default::default());
        let plugin = sandbox.load(spec).await.unwrap();
        let answer = ModelAnswer { text: "Dear Ann".into(), model: "small".into() };
        let host = Arc::new(TestHost { answer: Some(Ok(answer)), ..TestHost::default() });
        let drafts = plugin.draft(context(), host.clone(), Arc::new(ticket())).await.result.unwrap();
        assert_eq!(host.asked.lock().unwrap().len(), answered, "{allowed} {asks}");
        let refused = format!("rejected at most {allowed} model calls per call");
        let told = drafts[0].evidence.contains(&Evidence::Text { text: refused });
        assert_eq!(told, asks > allowed, "{allowed} {asks}");
    }
}

#[tokio::test]
async fn computing_and_waiting_end_when_they_were_to() {
    let limits = Limits { cpu_ms: Some(20), wall_ms: Some(60), ..Limits::default() };
    let endless = sandbox().load(given(spec("hostile", "loop"), limits)).await.unwrap();
    let error = endless.classify(context(), host(), message()).await.result.unwrap_err();
    assert_eq!(error, CallError::Deadline { limit: Duration::from_millis(20) });

    let mut waits = given(spec("drafter", "1"), limits);
    waits.grants.model = Some(Default::default());
    let waits = sandbox().load(waits).await.unwrap();
    let error = waits.draft(context(), host(), Arc::new(ticket())).await.result.unwrap_err();
    assert_eq!(error, CallError::WallClock { limit: Duration::from_millis(60) });
}
