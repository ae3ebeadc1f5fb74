use crate::house::{Test, bundled, ids, letter, plugin};
use posthouse_model::capability::Grants;
use posthouse_model::config::ModelConfig;
use posthouse_model::decision::World;
use posthouse_model::draft::DraftOrigin;
use serde_json::json;

fn with_model() -> Vec<posthouse_model::config::PluginConfig> {
    let grants = Grants { model: true, ..Grants::default() };
    vec![
        bundled("classifier"),
        bundled("router"),
        plugin("drafter", "drafter-model", json!({ "model": { "enabled": true } }), grants),
    ]
}

fn model(base_url: &str, tokens_per_day: u64) -> ModelConfig {
    serde_json::from_value(json!({
        "base_url": base_url, "model": "m", "plain_http": true, "tokens_per_day": tokens_per_day, "timeout_seconds": 2
    }))
    .unwrap()
}

/// Whatever is the matter with the model, the template stands and the record says why.
async fn template_stands(model: Option<ModelConfig>) -> Vec<String> {
    let test = Test::new(with_model(), |config| config.model = model).await;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let (_, ticket) = ids(&taken);
    let drafts = test.tenant.scope.drafts(ticket).await.unwrap();
    assert_eq!(drafts[0].origin, DraftOrigin::Template);
    assert!(drafts[0].proposal.body.contains("1042-88"), "{}", drafts[0].proposal.body);
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let drafted = decisions.iter().find(|d| d.record.world == World::Drafter).unwrap();
    drafted.record.host_calls.iter().map(|call| call.outcome.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_the_template_stands() {
    template_stands(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_budget_the_template_stands() {
    template_stands(Some(model("http://127.0.0.1:9/v1", 1))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_dead_model_the_template_stands() {
    let outcomes = template_stands(Some(model("http://127.0.0.1:9/v1", 1_000_000))).await;
    assert!(!outcomes.is_empty(), "the call is on record");
}
