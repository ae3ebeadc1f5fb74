//! A plugin that asks for more than it may gets a typed error, is counted, and stands on record.

use crate::house::{Test, bundled, letter, plugin};
use posthouse_model::capability::{Grants, HttpAllowance, ModelAllowance, StoreAllowance};
use posthouse_model::config::{ModelConfig, PluginConfig};
use posthouse_sandbox::SecretValue;
use serde_json::json;
use std::collections::BTreeMap;

fn http(host: &str) -> HttpAllowance {
    HttpAllowance { host: host.to_owned(), port: None, scheme: "https".to_owned(), methods: vec![], private: false }
}

/// A webhook that posts there, and what it was granted.
fn hook(url: &str, grants: Grants) -> PluginConfig {
    plugin("hook", "notifier-webhook", json!({ "url": url }), grants)
}

/// What is on record about a kind of power.
async fn on_record(test: &Test, capability: &str) -> Vec<String> {
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    let denied = events.into_iter().filter(|event| event.kind == "plugin.denied");
    let denied = denied.map(|event| (event.subject, serde_json::from_str::<serde_json::Value>(&event.data).unwrap()));
    let denied = denied.filter(|(_, data)| data["capability"] == capability);
    denied.map(|(subject, data)| format!("{subject} {}", data["what"].as_str().unwrap())).collect()
}

fn counted(test: &Test, capability: &str) -> u64 {
    let begins = format!("posthouse_plugin_denied_total{{capability=\"{capability}\"}} ");
    let text = test.house.metrics().render();
    text.lines().find_map(|line| line.strip_prefix(&begins)).map_or(0, |count| count.parse().unwrap())
}

async fn two_mails(test: &Test) {
    for n in ["a", "b"] {
        test.mail(letter(n, &format!("Question {n}"), "Where is my parcel 1042-88?")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_not_granted() {
    let grants = Grants { http: vec![http("hooks.example")], ..Grants::default() };
    let mut unsigned = hook("https://evil.example/x", grants);
    unsigned.settings.insert("key".to_owned(), serde_json::Value::Null);
    let plugins = vec![bundled("classifier"), bundled("router"), unsigned];
    let test = Test::new(plugins, |config| config.notify.notifiers = vec!["hook".to_owned()]).await;
    two_mails(&test).await;
    assert!(counted(&test, "http") >= 2, "each time");
    assert_eq!(on_record(&test, "http").await, ["plugin:hook POST evil.example"], "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_may_not_go_there() {
    let grants = Grants {
        http: vec![http("hooks.example"), http("evil.example")],
        secrets: BTreeMap::from([("webhook_key".to_owned(), vec!["hooks.example".to_owned()])]),
        ..Grants::default()
    };
    let plugins = vec![bundled("classifier"), bundled("router"), hook("https://evil.example/x", grants)];
    let test = Test::new(plugins, |config| config.notify.notifiers = vec!["hook".to_owned()]).await;
    test.secrets.more.lock().unwrap().insert("webhook_key".to_owned(), SecretValue::anywhere("s3cret-value"));
    two_mails(&test).await;
    assert!(counted(&test, "secret") >= 2);
    assert_eq!(on_record(&test, "secret").await, ["plugin:hook webhook_key evil.example"]);
    assert_eq!(counted(&test, "http"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_room_than_its_store_has() {
    let grants = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 100 }), ..Grants::default() };
    let keeper = plugin("keeper", "guests/keeper", json!({ "orders": "fill a 99\nfill b 100" }), grants);
    let test = Test::new(vec![keeper], |_| {}).await;
    two_mails(&test).await;
    assert_eq!(counted(&test, "store"), 2);
    assert_eq!(on_record(&test, "store").await, ["plugin:keeper more than 100 bytes"]);
    assert_eq!(test.tenant.scope.kept("keeper", "a").await.unwrap().map(|v| v.len()), Some(99));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_of_the_model_than_its_own_part_of_the_day() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let model: ModelConfig = serde_json::from_value(json!({
        "base_url": format!("http://127.0.0.1:{port}/v1"), "model": "m", "plain_http": true, "timeout_seconds": 1
    }))
    .unwrap();
    let grants = Grants { model: Some(ModelAllowance { calls: Some(1), tokens_per_day: None }), ..Grants::default() };
    let drafter = plugin("drafter", "drafter-model", json!({ "model": { "enabled": true } }), grants);
    let plugins = vec![bundled("classifier"), bundled("router"), drafter];
    let test = Test::new(plugins, |config| config.model = Some(model)).await;
    two_mails(&test).await;
    // The first call was made, and nobody answered; the second was not.
    let day = posthouse_ai::budget::day(crate::house::START, "UTC");
    let used = test.tenant.scope.plugin_model_use("drafter", &day).await.unwrap();
    assert_eq!((used.calls, used.reserved), (1, 0));
    assert_eq!(counted(&test, "model"), 1);
    assert_eq!(on_record(&test, "model").await, ["plugin:drafter over the day's budget"]);
}
