//! The client's own model is asked what a mail is about only where rules and trained model are unsure, and never of spam.

use crate::house::{Test, bundled, ids, letter, plugin};
use crate::provider::Provider;
use posthouse_model::capability::Grants;
use posthouse_model::config::PluginConfig;
use posthouse_model::decision::World;
use serde_json::json;

/// A mail that could be anything.
const VAGUE: &str = "Hi, it is about what we spoke of. Can you please look at it again? Thanks";

fn plugins() -> Vec<PluginConfig> {
    let grants = Grants { model: Some(Default::default()), ..Grants::default() };
    let settings = json!({ "model": { "enabled": true }, "trained": { "sure_from": 0.9 } });
    vec![plugin("classifier", "classifier-model", settings, grants), bundled("router"), bundled("drafter")]
}

async fn house(provider: &Provider) -> Test {
    let config = provider.config(json!({}));
    Test::new(plugins(), |tenant| tenant.model = Some(config)).await
}

/// What the classifier said of the newest ticket: its category, and everything it said.
async fn classified(test: &Test, subject: &str, body: &str) -> (String, String) {
    let taken = test.mail(letter("a", subject, body)).await;
    let (_, ticket) = ids(&taken);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let said = decisions.iter().find(|decision| decision.record.world == World::Classifier).unwrap();
    (row.category.unwrap_or_default(), serde_json::to_string(&said.record).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_model_settles_what_is_unsure() {
    let provider = Provider::says(r#"{"category": "account", "confidence": 0.8, "reason": "earlier talk"}"#).await;
    let test = house(&provider).await;
    let (category, said) = classified(&test, "Hello", VAGUE).await;
    assert_eq!(category, "account", "{said}");
    assert!(said.contains("the client's model: account 0.80: earlier talk"), "{said}");
    let asked = provider.asked();
    assert_eq!(asked.len(), 1, "once");
    let (told, mail) = (asked[0]["messages"][0]["content"].as_str().unwrap(), asked[0]["messages"].to_string());
    assert!(told.contains("- shipping: ") && !told.contains("what we spoke of"), "{told}");
    assert!(mail.contains("what we spoke of"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sure_costs_nothing() {
    let provider = Provider::says(r#"{"category": "account"}"#).await;
    let test = house(&provider).await;
    let clear = "Where is my parcel? The tracking number has not moved for two weeks and my order has not arrived.";
    let (category, said) = classified(&test, "Where is my parcel?", clear).await;
    assert_eq!(category, "shipping", "{said}");
    assert_eq!(provider.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_out_of_the_list_changes_nothing() {
    let provider = Provider::says(r#"{"category": "refund everything", "confidence": 1}"#).await;
    let test = house(&provider).await;
    let (category, said) = classified(&test, "Hello", VAGUE).await;
    assert_ne!(category, "refund everything");
    assert!(said.contains("named a category that does not exist") && said.contains("unsure"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_in_trouble_leaves_it_unsure() {
    let provider = Provider::echo().await;
    provider.set_well(false);
    let test = house(&provider).await;
    let (_, said) = classified(&test, "Hello", VAGUE).await;
    assert!(said.contains("the category stays unsure"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_reaches_no_model() {
    let provider = Provider::says(r#"{"category": "account"}"#).await;
    let test = house(&provider).await;
    let offer = "Dear webmaster, we offer guest posts and SEO backlinks to rank your website on page one of Google. \
                 Cheap price, buy backlinks now! Reply for our price list. Unsubscribe here: http://seo.example";
    let taken = test.mail(letter("a", "SEO backlinks and guest post offer", offer)).await;
    let (message, _) = ids(&taken);
    let row = test.tenant.scope.message(message).await.unwrap();
    assert_eq!(row.outcome, posthouse_model::ticket::Outcome::Spam, "{:?}", row.reason);
    assert_eq!(provider.asked().len(), 0);
}
