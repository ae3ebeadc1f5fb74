//! What calls were given, put together again from what is stored.

use crate::house::{Test, actor, bundled, ids, letter, plugin, silent_group};
use posthouse_model::capability::{Grants, StoreAllowance};
use posthouse_model::decision::{Decision, World};
use posthouse_model::release::CallRecord;
use posthouse_pipeline::rebuild::{RebuildError, rebuild};
use posthouse_sandbox::{PlainHost, ReplayHost, Unrecorded};
use posthouse_store::RecordedQuery;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const WORLDS: [(&str, World); 6] = [
    ("classifier", World::Classifier),
    ("keeper", World::Enricher),
    ("router", World::Router),
    ("drafter", World::Drafter),
    ("checker", World::Checker),
    ("team", World::Notifier),
];

async fn house() -> Test {
    let grants = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 4_096 }), ..Grants::default() };
    let keeper = plugin("keeper", "guests/keeper", json!({ "orders": "add mails\nget mails" }), grants);
    let mut plugins = ["classifier", "router", "drafter", "checker"].map(bundled).to_vec();
    plugins.extend([keeper, silent_group()]);
    Test::new(plugins, |config| config.notify.notifiers = vec!["team".to_owned()]).await
}

async fn recorded(test: &Test, plugin: &str) -> Vec<Decision> {
    let query = RecordedQuery { plugin, ticket: None, before: None, limit: 100 };
    test.tenant.scope.recorded(&query).await.unwrap()
}

fn reply(id: &str, to: &str, body: &str) -> String {
    letter(id, "Re: Where is my parcel?", body)
        .replace("\r\n\r\n", &format!("\r\nIn-Reply-To: <{to}@example.com>\r\nReferences: <{to}@example.com>\r\n\r\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_two_mails_is_the_very_same() {
    let test = house().await;
    let first = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    test.clock.forward(Duration::from_secs(3_600));
    let second = test.mail(reply("b", "a", "I want my money back now, order 1042-88 and 1043-11!")).await;
    assert_eq!(ids(&first).1, ids(&second).1, "one ticket");
    for (name, world) in WORLDS {
        let decisions = recorded(&test, name).await;
        assert!(decisions.len() >= 2, "{name}: {decisions:#?}");
        for decision in &decisions {
            assert_eq!(decision.record.world, world);
            let rebuilt = rebuild(&test.tenant.scope, &test.tenant.config, decision).await.unwrap();
            assert!(rebuilt.exact, "{name}: {rebuilt:#?}");
            assert_eq!(rebuilt.doubts.is_empty(), world != World::Notifier, "{:?}", rebuilt.doubts);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_call_made_again_gives_the_same_answer() {
    let test = house().await;
    test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    test.mail(letter("c", "Where is my other parcel?", "My order 1050-11 has not arrived. Where is it?")).await;
    for (name, world) in WORLDS.into_iter().filter(|(_, world)| *world != World::Notifier) {
        let plugin = test.tenant.plugins(world).next().unwrap().plugin().unwrap().clone();
        for decision in recorded(&test, name).await {
            let rebuilt = rebuild(&test.tenant.scope, &test.tenant.config, &decision).await.unwrap();
            let calls = &decision.record.host_calls;
            let host = Arc::new(ReplayHost::new(Arc::new(PlainHost::default()), calls, Unrecorded::Refuse));
            let again = plugin.answer(rebuilt.context, host.clone(), rebuilt.input).await;
            assert_eq!(again.result.ok(), decision.record.output, "{name}");
            assert!(host.missing().is_empty(), "{name}: {:?}", host.missing());
        }
    }
    // What it read of its store was one mail after the other.
    let counted: Vec<_> = recorded(&test, "keeper").await.iter().map(|d| d.record.output.clone().unwrap()).collect();
    assert!(counted[0].to_string().contains("1 bytes: 2") && counted[1].to_string().contains("1 bytes: 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_changed_is_doubtful_and_said() {
    let test = house().await;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let ticket = ids(&taken).1;
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.set_category(ticket, "invoice", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    let again = async |decision: &Decision| rebuild(&test.tenant.scope, &test.tenant.config, decision).await.unwrap();
    let before = recorded(&test, "router").await.remove(0);
    assert!(again(&before).await.exact, "triage came before she sorted it");
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.set_queue(ticket, "night", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.mail(reply("b", "a", "I want my money back now!")).await;
    let rebuilt = again(&recorded(&test, "router").await[0]).await;
    assert!(!rebuilt.exact, "nothing on record says that she moved it: {rebuilt:#?}");
    assert_eq!(rebuilt.doubts.len(), 1);
    // The mail itself cannot change.
    let classifier = recorded(&test, "classifier").await.remove(0);
    assert!(again(&classifier).await.exact);

    // A record from before time and seed were kept.
    let mut old = classifier.clone();
    old.record.call = CallRecord::default();
    let rebuilt = again(&old).await;
    assert!(!rebuilt.exact && rebuilt.doubts[0].contains("not on record") && rebuilt.context.now == old.at);

    let mut gone = classifier;
    gone.record.message = None;
    let error = rebuild(&test.tenant.scope, &test.tenant.config, &gone).await.unwrap_err();
    assert!(matches!(error, RebuildError::Gone(_)) && error.to_string().contains("is not kept"), "{error}");
}
