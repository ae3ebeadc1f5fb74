//! A plugin's own memory and the tenant's articles, through the whole pipeline.

use crate::house::{Test, ids, letter, plugin};
use posthouse_model::capability::{Grants, StoreAllowance};
use posthouse_model::config::PluginConfig;
use posthouse_model::decision::World;
use posthouse_pipeline::knowledge::Asker;
use posthouse_sandbox::KnowledgeQuery;
use posthouse_store::Article;
use serde_json::json;
use std::sync::Arc;

fn keeper(orders: &str) -> PluginConfig {
    let grants = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 4_096 }), ..Grants::default() };
    plugin("keeper", "guests/keeper", json!({ "orders": orders }), grants)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_the_same_time_count_every_mail() {
    let test = Test::new(vec![keeper("add mails")], |_| {}).await;
    let mut tickets = Vec::new();
    for n in 0..40 {
        let mail = letter(&format!("m{n}"), &format!("Question {n}"), "Where is it?");
        tickets.push(ids(&test.take(mail).await).1);
    }
    // All forty are triaged at once, as many at a time as the worker runs.
    test.run().await;
    let kept = test.tenant.scope.kept("keeper", "mails").await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"40"[..]));
    for ticket in tickets {
        let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
        let calls: Vec<_> = decisions.iter().filter(|d| d.record.world == World::Enricher).collect();
        assert_eq!(calls.len(), 1, "a call that was overtaken is not on record");
        assert_eq!(calls[0].record.error, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_keeps_nothing() {
    let test = Test::new(vec![keeper("set a 1\nfail")], |_| {}).await;
    test.mail(letter("m", "Question", "Where is it?")).await;
    assert_eq!(test.tenant.scope.kept("keeper", "a").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_of_the_tenant_are_found() {
    let mut test = Test::new(vec![keeper("search de 3 Rücksendung möglich")], |_| {}).await;
    let article = |id: &str, language: &str, title: &str, body: &str| Article {
        id: id.into(),
        language: language.into(),
        title: title.into(),
        body: body.into(),
    };
    let articles = [
        article("returns", "de", "Rücksendung", "Binnen 30 Tagen."),
        article("returns", "en", "Returns", "Within 30 days."),
        article("size", "de", "Größen", "Siehe Tabelle."),
    ];
    test.articles(&articles).await;
    let taken = test.mail(letter("m", "Question", "Where is it?")).await;
    let decisions = test.tenant.scope.decisions(ids(&taken).1).await.unwrap();
    let call = &decisions.iter().find(|d| d.record.world == World::Enricher).unwrap().record;
    let said = call.output.as_ref().unwrap().to_string();
    assert!(said.contains("returns|Rücksendung|de|Binnen 30 Tagen.|"), "{said}");
    assert!(!said.contains("Within") && !said.contains("Größen"), "{said}");
    assert_eq!((call.host_calls[0].capability.as_str(), call.host_calls[0].outcome.as_str()), ("knowledge", "returns"));
}

/// The first enricher says that the order goes to Germany.
#[tokio::test(flavor = "multi_thread")]
async fn the_articles_of_the_orders_country_are_found_while_they_hold() {
    let orders = plugin("orders", "guests/enricher", json!({}), Grants::default());
    let mut test = Test::new(vec![orders, keeper("search en 5 returns")], |_| {}).await;
    let article = |id: &str, front: &str, body: &str| Article {
        id: id.into(),
        language: "en".into(),
        title: "Returns".into(),
        body: format!("+++\n{front}\n+++\n# Returns\n{body}\n"),
    };
    let articles = [
        article("germany", "country = \"DE\"", "Within 30 days."),
        article("france", "country = [\"FR\", \"BE\"]", "Within 14 days."),
        article("past", "valid_to = \"2001-01-01\"", "Until the millennium."),
        article("future", "valid_from = \"2101-01-01\"", "In the next century."),
    ];
    test.articles(&articles).await;
    let taken = test.mail(letter("m", "Question", "Where is it?")).await;
    let decisions = test.tenant.scope.decisions(ids(&taken).1).await.unwrap();
    let said =
        decisions.iter().find(|d| d.record.plugin == "keeper").unwrap().record.output.as_ref().unwrap().to_string();
    assert!(said.contains("germany|Returns|en|# Returns\\nWithin 30 days."), "{said}");
    assert!(!said.contains("+++"), "{said}");
    for other in ["france|", "past|", "future|"] {
        assert!(!said.contains(other), "{other}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_made_anew_only_where_articles_changed() {
    let mut test = Test::new(Vec::new(), |_| {}).await;
    let article = |id: &str| Article { id: id.into(), language: "en".into(), title: id.into(), body: "Text".into() };
    test.articles(&[article("a")]).await;
    let before = Arc::clone(&test.tenant);
    test.apply(before.config.clone()).await;
    assert!(!Arc::ptr_eq(&before, &test.tenant), "nothing was loaded");
    assert!(std::ptr::eq(before.knowledge(), test.tenant.knowledge()));

    test.articles(&[article("a"), article("b")]).await;
    assert!(!std::ptr::eq(before.knowledge(), test.tenant.knowledge()));
    let two = Arc::clone(&test.tenant);
    // Taken away and made again with another text: the version may be the same.
    test.articles(&[article("a")]).await;
    test.articles(&[article("a"), Article { body: "Other".into(), ..article("b") }]).await;
    assert!(!std::ptr::eq(two.knowledge(), test.tenant.knowledge()));
    let query = KnowledgeQuery { text: "other".into(), language: None, limit: 5 };
    let asker = Asker { country: None, today: jiff::civil::Date::constant(2026, 11, 28) };
    assert_eq!(test.tenant.knowledge().search(&query, &asker).len(), 1);
}
