//! Bad guests: each ends as a typed error within its limit, and nobody else notices.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{classifier_text, context, from_text, host, load, message, sandbox, spec};
use posthouse_model::triage::Evidence;
use posthouse_sandbox::{CallError, CallLimits, Called, LoadError, Plugin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

async fn classify(plugin: &Plugin) -> Called<posthouse_model::triage::Triage> {
    plugin.classify(context(), host(), message()).await
}

async fn error_of(mode: &str) -> CallError {
    let plugin = load(&sandbox(), "hostile", mode).await.unwrap();
    classify(&plugin).await.result.unwrap_err()
}

#[tokio::test]
async fn an_endless_loop_ends_at_its_deadline() {
    let limit = Duration::from_millis(50);
    let mut spec = spec("hostile", "loop");
    spec.limits.cpu = limit;
    let plugin = sandbox().load(spec).await.unwrap();
    let begun = Instant::now();
    let called = classify(&plugin).await;
    assert_eq!(called.result, Err(CallError::Deadline { limit }));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(called.result.unwrap_err().blames_plugin());
    // The deadline is set anew for every call.
    assert_eq!(classify(&plugin).await.result, Err(CallError::Deadline { limit }));
}

#[tokio::test]
async fn others_go_on_while_one_computes_without_end() {
    let sandbox = sandbox();
    let mut greedy = spec("hostile", "loop");
    greedy.limits.cpu = Duration::from_secs(600);
    greedy.limits.wall = Duration::from_secs(600);
    let greedy = sandbox.load(greedy).await.unwrap();
    let good = load(&sandbox, "hostile", "nothing").await.unwrap();
    // One thread for both: only because the loop is interrupted does the other get its turn.
    let looping = tokio::spawn({
        let greedy = greedy.clone();
        async move { classify(&greedy).await }
    });
    tokio::task::yield_now().await;
    for _ in 0..20 {
        assert!(classify(&good).await.result.is_ok());
        tokio::task::yield_now().await;
    }
    assert!(!looping.is_finished());
    // Ending a call early gives its place back.
    looping.abort();
    assert!(looping.await.unwrap_err().is_cancelled());
    assert!(classify(&good).await.result.is_ok());
}

#[tokio::test]
async fn a_memory_bomb_ends_at_its_limit() {
    let mut spec = spec("hostile", "bomb");
    spec.limits.memory_bytes = 16 << 20;
    let plugin = sandbox().load(spec).await.unwrap();
    let called = classify(&plugin).await;
    assert_eq!(called.result, Err(CallError::Memory { limit: 16 << 20 }));
    assert!(called.cost.memory_bytes <= 16 << 20 && called.cost.memory_bytes > 8 << 20);
}

#[tokio::test]
async fn a_growing_table_ends_at_its_limit() {
    let text = classifier_text(
        "(table $t 1 funcref)",
        "(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))",
    );
    let mut spec = spec("hostile", "");
    spec.component = from_text(&text);
    spec.limits.table_elements = 50_000;
    let plugin = sandbox().load(spec).await.unwrap();
    assert!(!plugin.snapshotted(), "the state of tables cannot be kept, so it is configured anew");
    assert_eq!(classify(&plugin).await.result, Err(CallError::Table { limit: 50_000 }));
}

#[tokio::test]
async fn a_component_that_starts_out_too_large_is_not_loaded() {
    let text = classifier_text("(table 200000 funcref)", "");
    let mut spec = spec("hostile", "");
    spec.component = from_text(&text);
    let error = sandbox().load(spec).await.unwrap_err();
    assert!(matches!(error, LoadError::Configure { error: CallError::Table { .. }, .. }), "{error}");
}

#[tokio::test]
async fn an_endless_start_ends_too() {
    let text = classifier_text("(func $f (loop (br 0))) (start $f)", "");
    let mut spec = spec("hostile", "");
    spec.component = from_text(&text);
    spec.limits.configure_cpu = Duration::from_millis(100);
    let error = sandbox().load(spec).await.unwrap_err();
    assert!(matches!(error, LoadError::Configure { error: CallError::Deadline { .. }, .. }), "{error}");
}

#[tokio::test]
async fn a_crash_says_where() {
    let error = error_of("trap").await;
    let CallError::Trap { reason } = &error else { panic!("{error:?}") };
    assert!(reason.contains("unreachable"), "{reason}");
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn what_was_answered_before_a_crash_is_thrown_away() {
    assert!(matches!(error_of("answer-then-trap").await, CallError::Trap { .. }));
}

#[tokio::test]
async fn a_deep_recursion_ends() {
    // On the guest's own stack in linear memory, and on the engine's.
    assert_eq!(error_of("recurse").await, CallError::Stack);
    let mut spec = spec("hostile", "");
    spec.component = from_text(&classifier_text("(func $f (call $f))", "(call $f)"));
    let plugin = sandbox().load(spec).await.unwrap();
    assert_eq!(classify(&plugin).await.result, Err(CallError::Stack));
}

#[tokio::test]
async fn huge_answers_end_the_call() {
    let limits = CallLimits::default();
    let too_large = |error| match error {
        CallError::TooLarge { limit, .. } => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(too_large(error_of("huge-answer").await), limits.answer_bytes);
    assert_eq!(too_large(error_of("huge-text").await), 8 << 20);
    assert_eq!(too_large(error_of("many-answers").await), u64::from(limits.answer_items));
    assert_eq!(too_large(error_of("many-handles").await), u64::from(limits.handles));
}

#[tokio::test]
async fn numbers_that_are_none_are_left_out() {
    let plugin = load(&sandbox(), "hostile", "numbers").await.unwrap();
    let called = classify(&plugin).await;
    let triage = called.result.unwrap();
    assert_eq!((triage.category, triage.urgency, triage.spam), (None, None, None));
    let kept: Vec<_> = triage.entities.iter().map(|e| e.value.text()).collect();
    assert_eq!(kept, ["0.01 EUR", "2024-02-29"]);
    let notes = called.notes.join("; ");
    for part in
        ["confidence that is not 0 to 1 (×20)", "amount that is not exact money", "day that does not exist (×1)"]
    {
        assert!(notes.contains(part), "{notes}");
    }
}

#[tokio::test]
async fn spans_outside_the_text_are_left_out() {
    let plugin = load(&sandbox(), "hostile", "spans").await.unwrap();
    let called = classify(&plugin).await;
    let triage = called.result.unwrap();
    assert_eq!(triage.entities.len(), 6, "the findings themselves stay");
    let with_span: Vec<_> = triage.entities.iter().filter(|e| e.span.is_some()).map(|e| e.value.text()).collect();
    assert_eq!(with_span, ["whole"]);
    assert_eq!(triage.risks[0].span, None);
    assert!(called.notes.join("").contains("span outside the text (×6)"), "{:?}", called.notes);
}

#[tokio::test]
async fn names_that_are_none_are_left_out() {
    let plugin = load(&sandbox(), "hostile", "names").await.unwrap();
    let triage = classify(&plugin).await.result.unwrap();
    assert_eq!(triage.category.unwrap().value, "退款");
    assert_eq!(triage.tags.len(), 32);
    assert!(triage.missing.is_empty() && triage.risks.is_empty() && triage.entities.is_empty());
    assert_eq!(triage.language, None);
    assert_eq!(triage.evidence, [Evidence::Text { text: "nul \u{fffd} inside".to_owned() }]);
}

#[tokio::test]
async fn giving_up_is_told_apart() {
    let CallError::Failure { temporary: true, text, retry_after: None } = error_of("give-up").await else { panic!() };
    assert_eq!(text.len(), 2_000);
    let error = error_of("give-up-for-good").await;
    assert_eq!(error.to_string(), "the plugin gave up: no such shop\u{fffd}");
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn no_call_sees_another() {
    let plugin = load(&sandbox(), "hostile", "remember").await.unwrap();
    for _ in 0..10 {
        let triage = classify(&plugin).await.result.unwrap();
        assert_eq!(triage.evidence, [Evidence::Text { text: "calls before: 0".to_owned() }]);
    }
}

#[tokio::test]
async fn a_call_as_something_else_is_refused() {
    let plugin = load(&sandbox(), "hostile", "nothing").await.unwrap();
    let called = plugin.route(context(), host(), Arc::new(common::ticket())).await;
    assert!(matches!(called.result, Err(CallError::OtherWorld { .. })));
}
