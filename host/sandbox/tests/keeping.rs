//! What a plugin keeps between calls, and the articles it searches.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use async_trait::async_trait;
use common::{context, guest, sandbox, ticket};
use posthouse_model::capability::{Capability, Grants, StoreAllowance};
use posthouse_model::keep::Seen;
use posthouse_model::triage::{Enrichment, Evidence};
use posthouse_sandbox::{
    CallError, CallHost, CallLimits, Called, KnowledgeHit, KnowledgeQuery, LoadError, LogLevel, ModelAnswer,
    ModelRefusal, ModelRequest, PluginSpec, SecretValue,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A house with some entries and articles.
#[derive(Default)]
struct House {
    kept: BTreeMap<String, Vec<u8>>,
    trouble: Option<String>,
}

#[async_trait]
impl CallHost for House {
    async fn model(&self, _: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        Err(ModelRefusal::NotConfigured)
    }
    async fn secret(&self, _: &str) -> Option<SecretValue> {
        None
    }
    fn log(&self, _: LogLevel, _: &str) {}

    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let hit = |n: u32| KnowledgeHit {
            id: format!("a{n}"),
            title: query.text.clone(),
            language: query.language.clone().unwrap_or_else(|| "none".to_owned()),
            text: "x".repeat(n as usize),
            score: 0.5,
        };
        // More than was asked for: the sandbox holds the line.
        Ok((1..=query.limit + 3).map(hit).collect())
    }

    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.trouble.clone().map_or_else(|| Ok(self.kept.get(key).cloned()), Err)
    }

    async fn kept_keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, String> {
        let keys = self.kept.keys().filter(|k| k.starts_with(prefix) && after.is_none_or(|a| k.as_str() > a));
        Ok(keys.take(limit as usize).cloned().collect())
    }

    async fn kept_bytes(&self) -> Result<u64, String> {
        Ok(self.kept.iter().map(|(k, v)| (k.len() + v.len()) as u64).sum())
    }
}

fn house(entries: &[(&str, &str)]) -> House {
    let kept = entries.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect();
    House { kept, trouble: None }
}

fn spec(orders: &str, bytes: u64) -> PluginSpec {
    PluginSpec {
        name: "keeper".to_owned(),
        version: "1.0.0".to_owned(),
        component: guest("keeper"),
        settings: orders.to_owned(),
        grants: Grants { knowledge: true, store: Some(StoreAllowance { bytes }), ..Grants::default() },
        limits: CallLimits::default(),
    }
}

async fn call(house: House, orders: &str, bytes: u64) -> Called<Enrichment> {
    let plugin = sandbox().load(spec(orders, bytes)).await.unwrap();
    plugin.enrich(context(), Arc::new(house), Arc::new(ticket())).await
}

async fn said(house: House, orders: &str, bytes: u64) -> Vec<String> {
    let evidence = call(house, orders, bytes).await.result.unwrap().evidence;
    evidence.into_iter().filter_map(|e| if let Evidence::Text { text } = e { Some(text) } else { None }).collect()
}

#[tokio::test]
async fn a_call_reads_what_is_kept_and_what_it_wrote() {
    let orders = "get a\nset a new\nget a\ndelete a\nget a\nget b\nset b 2\nkeys - - 10";
    let heard = said(house(&[("a", "old"), ("c", "3")]), orders, 1_000).await;
    let wanted = ["3 bytes: old", "Ok(())", "3 bytes: new", "Ok(())", "none", "none", "Ok(())", "Ok([\"b\", \"c\"])"];
    assert_eq!(heard, wanted);
}

#[tokio::test]
async fn what_was_read_and_written_is_handed_over() {
    let called = call(house(&[("a", "old")]), "get a\nset a new\ndelete z\nkeys p - 5", 1_000).await;
    let changes = called.changes;
    assert_eq!(changes.reads().get("a"), Some(&Seen::of(Some(b"old"))));
    assert_eq!(changes.reads().len(), 1, "writing is not reading");
    assert_eq!(changes.writes().get("a"), Some(&Some(b"new".to_vec())));
    assert_eq!(changes.writes().get("z"), Some(&None));
    assert_eq!((changes.listings().len(), changes.allowed()), (1, 1_000));
}

#[tokio::test]
async fn a_call_that_fails_keeps_nothing() {
    let called = call(house(&[]), "set a 1\nfail", 1_000).await;
    assert!(matches!(called.result, Err(CallError::Failure { temporary: false, .. })));
    assert!(called.changes.is_empty());
}

#[tokio::test]
async fn listings_are_ordered_and_cut() {
    let many = [("k/1", "x"), ("k/2", "x"), ("k/3", "x"), ("l", "x")];
    let orders = "keys k/ - 2\nkeys k/ k/2 9\ndelete k/1\nkeys k/ - 2\nset k/15 x\nkeys k/ - 2\nkeys - - 0";
    let heard = said(house(&many), orders, 1_000).await;
    let lists: Vec<&str> = heard.iter().filter(|line| line.contains('[')).map(String::as_str).collect();
    assert_eq!(
        lists,
        ["Ok([\"k/1\", \"k/2\"])", "Ok([\"k/3\"])", "Ok([\"k/2\", \"k/3\"])", "Ok([\"k/15\", \"k/2\"])", "Ok([])"]
    );
}

#[tokio::test]
async fn room_is_counted_to_the_byte() {
    // Ten bytes are there: `a` and nine of its value.
    let before = || house(&[("a", "123456789")]);
    assert_eq!(said(before(), "set b 123456789", 20).await, ["Ok(())"]);
    let heard = said(before(), "set b 1234567890\nset a 1\nset b 1234567890\ndelete a\ndelete b\nfill c 20", 20).await;
    assert_eq!(heard[0], "Err(StoreError::OverQuota(\"10 of 20 bytes are used, and 11 more are wanted\"))");
    assert_eq!(heard[1..5], ["Ok(())", "Ok(())", "Ok(())", "Ok(())"]);
    assert_eq!(heard[5], "Err(StoreError::OverQuota(\"0 of 20 bytes are used, and 21 more are wanted\"))");
}

#[tokio::test]
async fn keys_and_values_have_their_size() {
    let orders = "long-key 256\nlong-key 257\nlong-key 0\nfill v 65536\nfill v 65537";
    let heard = said(house(&[]), orders, 1 << 20).await;
    assert_eq!(heard[0], "Ok(())");
    assert_eq!(heard[1], "Err(StoreError::Invalid(\"a key has 1 to 256 bytes, this one 257\"))");
    assert_eq!(heard[2], "Err(StoreError::Invalid(\"a key has 1 to 256 bytes, this one 0\"))");
    assert_eq!(heard[3], "Ok(())");
    assert_eq!(heard[4], "Err(StoreError::Invalid(\"a value has at most 65536 bytes, this one 65537\"))");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_told_and_asking_without_end_ends() {
    let away = House { trouble: Some("the database is away".to_owned()), ..House::default() };
    let heard = said(away, "get a\nset a 1\nsearch en 3 x", 100).await;
    assert_eq!(
        heard[0],
        "Err(StoreError::Unavailable(\"the database is away\"))".replace("Err(", "").replace("))", ")")
    );
    assert_eq!(heard[1], "Err(StoreError::Unavailable(\"the database is away\"))");
    assert_eq!(heard[2], "KnowledgeError::Unavailable(\"the database is away\")");
    let called = call(house(&[]), "flood", 100).await;
    assert_eq!(
        called.result.unwrap_err(),
        CallError::TooLarge { what: "the number of calls of its store", limit: 1_000 }
    );
}

#[tokio::test]
async fn articles_are_found_within_the_limits() {
    let heard = said(house(&[]), "search de 2 Wo ist es\nsearch not_a_language 99 x", 100).await;
    assert_eq!(heard[0], "a1|Wo ist es|de|x|0.5; a2|Wo ist es|de|xx|0.5");
    assert_eq!(heard[1].split("; ").count(), 20);
    assert!(heard[1].starts_with("a1|x|none|"), "{}", heard[1]);
    let nine = ["search en 1 x"; 9].join("\n");
    let heard = said(house(&[]), &nine, 100).await;
    assert_eq!(heard[8], "KnowledgeError::Invalid(\"at most 8 searches per call\")");
    let long = format!("search en 1 {}", "x".repeat(8_193));
    let heard = said(house(&[]), &long, 100).await;
    assert_eq!(heard[0], "KnowledgeError::Invalid(\"the text is longer than 8192 bytes\")");
    let called = call(house(&[]), "search en 2 x", 100).await;
    let asked: Vec<_> = called.host_calls.iter().map(|c| format!("{} {}", c.capability, c.outcome)).collect();
    assert_eq!(asked, ["knowledge a1, a2"]);
}

#[tokio::test]
async fn what_was_not_granted_is_not_linked() {
    let mut spec = spec("", 100);
    spec.grants.store = None;
    let error = sandbox().load(spec.clone()).await.unwrap_err();
    let LoadError::NotGranted { capability: Capability::Store, line, .. } = error else { panic!("{error}") };
    assert_eq!(line, "grants.store = { bytes = 65536 }");
    spec.grants = Grants { store: Some(StoreAllowance { bytes: 1 }), ..Grants::default() };
    let error = sandbox().load(spec).await.unwrap_err();
    let LoadError::NotGranted { capability: Capability::Knowledge, line, .. } = error else { panic!("{error}") };
    assert_eq!(line, "grants.knowledge = true");
}
