//! What a model may cost, what is asked of which, and when it is left alone.

use crate::house::{Test, actor, bundled, ids, letter, silent_group};
use crate::provider::Provider;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::config::ModelTask;
use posthouse_model::notice::NoticeKind;
use posthouse_model::translation::{TranslationOf, TranslationState};
use posthouse_pipeline::heartbeat;
use posthouse_pipeline::model::{Asking, again, ask};
use posthouse_sandbox::{ModelRefusal, ModelRequest};
use serde_json::json;
use std::time::Duration;

/// 100,000 tokens asked and 10,000 answered each time.
async fn provider() -> Provider {
    Provider::says("Good day").await.bills(100_000, 10_000)
}

async fn asked(test: &Test, task: ModelTask) -> Result<String, ModelRefusal> {
    let request =
        ModelRequest { instructions: "Be brief.".into(), inputs: vec!["Hello".into()], max_output_tokens: None };
    let allowance = ModelAllowance::default();
    let asking = Asking { plugin: "drafter", task, allowance: &allowance, ticket: None };
    ask(&test.house, &test.tenant, asking, request).await.map(|answer| answer.model)
}

async fn notices(test: &Test, kind: NoticeKind) -> Vec<String> {
    let rows = test.tenant.scope.notifications(50).await.unwrap();
    rows.into_iter().filter(|row| row.notice.kind == kind).map(|row| row.notice.lines.join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_keeps_failing_is_left_alone_and_told_of_until_it_answers() {
    let provider = provider().await;
    let test = Test::new(vec![silent_group()], |config| {
        config.model = Some(provider.config(json!({})));
        config.notify.notifiers = vec!["team".to_owned()];
    })
    .await;
    provider.set_well(false);
    for _ in 0..7 {
        assert!(matches!(asked(&test, ModelTask::Draft).await, Err(ModelRefusal::Unavailable(_))));
    }
    assert_eq!(provider.asked().len(), 5, "two were not even tried");
    let refusal = asked(&test, ModelTask::Draft).await.unwrap_err();
    let ModelRefusal::Unavailable(words) = refusal else { panic!("{refusal:?}") };
    assert!(words.contains("not asked for another 30 s") && words.contains("503"), "{words}");
    for _ in 0..2 {
        heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    }
    let alerts = notices(&test, NoticeKind::Alert).await;
    assert!(alerts.len() == 1 && alerts[0].contains("“large”"), "{alerts:?}");

    provider.set_well(true);
    test.clock.forward(Duration::from_secs(30));
    assert_eq!(asked(&test, ModelTask::Draft).await.unwrap(), "large");
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(notices(&test, NoticeKind::Recovery).await.len(), 1);
    assert!(test.tenant.scope.open_incidents().await.unwrap().is_empty());
}

/// 100,000 tokens read at 2 and 10,000 written at 10 for a million: 0.30 a call.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_costs_no_more_money_than_it_may() {
    let provider = provider().await;
    let price = json!({ "price": { "currency": "EUR", "input": 2, "output": 10, "per_day": 0.65 } });
    let test = Test::new(vec![silent_group()], |config| {
        config.model = Some(provider.config(price));
        config.notify.notifiers = vec!["team".to_owned()];
    })
    .await;
    asked(&test, ModelTask::Draft).await.unwrap();
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(notices(&test, NoticeKind::Alert).await.len(), 0, "less than half");
    asked(&test, ModelTask::Draft).await.unwrap();
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let alerts = notices(&test, NoticeKind::Alert).await;
    assert!(alerts.len() == 1 && alerts[0].contains("Most of") && alerts[0].contains("(0.6 / 0.65 EUR)"), "{alerts:?}");
    asked(&test, ModelTask::Draft).await.unwrap();
    assert_eq!(asked(&test, ModelTask::Draft).await.unwrap_err(), ModelRefusal::OverBudget);
    assert_eq!(provider.asked().len(), 3);

    let calls = test.tenant.scope.model_calls(10).await.unwrap();
    assert!(calls.iter().all(|call| (call.cost, call.currency.as_str()) == (300_000, "EUR")), "{calls:?}");
    let day = posthouse_ai::budget::day(crate::house::START, "UTC");
    let used = test.tenant.scope.model_use(&day).await.unwrap();
    assert_eq!((used.cost, used.cost_reserved, used.reserved), (900_000, 0, 0));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let alerts = notices(&test, NoticeKind::Alert).await;
    assert!(alerts.len() == 2 && alerts.iter().any(|alert| alert.contains("used up (0.9 / 0.65 EUR)")), "{alerts:?}");
    assert_eq!(notices(&test, NoticeKind::Recovery).await.len(), 0, "it got worse, not well");
    // The next day has its own.
    test.clock.forward(Duration::from_secs(24 * 3600));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(notices(&test, NoticeKind::Recovery).await.len(), 2);
    asked(&test, ModelTask::Draft).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_the_model_that_was_chosen_for_it() {
    let provider = provider().await;
    let tasks = json!({ "tasks": { "translate": { "model": "small", "output_tokens_max": 500 } } });
    let test = Test::new(["classifier", "router"].map(bundled).to_vec(), |config| {
        config.model = Some(provider.config(tasks));
    })
    .await;
    asked(&test, ModelTask::Draft).await.unwrap();
    let (message, ticket) = ids(&test.mail(letter("a", "Where is my parcel?", "It has not arrived.")).await);
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.ask_translation(TranslationOf::Message(message), "zh", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let rows = test.tenant.scope.translations(ticket, "zh").await.unwrap();
    assert_eq!(rows[0].state, TranslationState::Done, "{rows:?}");
    let bodies = provider.asked();
    let models: Vec<_> =
        bodies.iter().map(|body| (body["model"].as_str().unwrap(), body["max_tokens"].as_u64().unwrap())).collect();
    assert_eq!(models, [("large", 1_000), ("small", 500)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_kept_for_its_days_and_can_be_asked_again() {
    let provider = provider().await;
    let test = Test::new(vec![silent_group()], |config| {
        config.model = Some(provider.config(json!({ "keep_exchanges_days": 2 })));
    })
    .await;
    asked(&test, ModelTask::Draft).await.unwrap();
    let calls = test.tenant.scope.kept_calls(None, None, 10).await.unwrap();
    assert!(calls.len() == 1 && calls[0].has_exchange && !calls[0].call.version.is_empty(), "{calls:?}");
    let (kept, exchange) = test.tenant.scope.kept_call(calls[0].id).await.unwrap();
    let exchange = exchange.unwrap();
    assert_eq!((exchange.instructions.as_str(), exchange.inputs.as_slice()), ("Be brief.", &["Hello".to_owned()][..]));
    assert_eq!((exchange.task, exchange.answer.as_deref()), (ModelTask::Draft, Some("Good day")));

    // The same again, of another model: the provider gets the very same question.
    let answer = again(&test.house, &test.tenant, exchange, kept.call.ticket, Some("other".to_owned())).await.unwrap();
    assert_eq!(answer.text, "Good day");
    let bodies = provider.asked();
    assert_eq!(bodies[0]["messages"], bodies[1]["messages"]);
    assert_eq!((&bodies[0]["model"], &bodies[1]["model"]), (&json!("large"), &json!("other")));

    // Its days are over: what was said is gone, that it was said stays.
    test.clock.forward(Duration::from_secs(2 * 24 * 3_600) + Duration::from_millis(1));
    posthouse_pipeline::schedule::tick(&test.house).await.unwrap();
    let calls = test.tenant.scope.kept_calls(None, None, 10).await.unwrap();
    assert_eq!(calls.iter().map(|kept| kept.has_exchange).collect::<Vec<_>>(), [false, false], "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_nothing_has_the_call_alone() {
    let provider = provider().await;
    let test = Test::new(vec![silent_group()], |config| {
        config.model = Some(provider.config(json!({ "keep_exchanges_days": 0 })));
    })
    .await;
    asked(&test, ModelTask::Draft).await.unwrap();
    let calls = test.tenant.scope.kept_calls(None, None, 10).await.unwrap();
    assert!(calls.len() == 1 && !calls[0].has_exchange, "{calls:?}");
}
