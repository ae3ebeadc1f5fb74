//! What plugins keep between calls.

use crate::world::host;
use posthouse_model::decision::{CallCost, NewDecision, World as PluginWorld};
use posthouse_model::keep::Changes;
use posthouse_store::{Scope, StoreError};

fn decision(plugin: &str, world: PluginWorld, changes: Changes) -> NewDecision {
    NewDecision {
        ticket: None,
        message: None,
        world,
        plugin: plugin.into(),
        version: "1.0.0".into(),
        digest: "abc".into(),
        input_hash: "def".into(),
        output: None,
        error: None,
        host_calls: Vec::new(),
        cost: CallCost::default(),
        call: Default::default(),
        log: Vec::new(),
        changes,
    }
}

async fn keep(scope: &Scope, plugin: &str, changes: Changes) -> Result<(), StoreError> {
    let mut tx = scope.begin().await?;
    tx.add_decision(&decision(plugin, PluginWorld::Enricher, changes), &host()).await?;
    tx.commit().await
}

fn write(entries: &[(&str, Option<&str>)], allowed: u64) -> Changes {
    let mut changes = Changes::within(allowed);
    for (key, value) in entries {
        changes.write((*key).to_owned(), value.map(|value| value.as_bytes().to_vec()));
    }
    changes
}

on_both! {
    async fn entries_belong_to_one_plugin_of_one_tenant(world) {
        let scope = &world.scope;
        keep(scope, "crm", write(&[("a", Some("1")), ("b", Some("2"))], 100)).await.unwrap();
        keep(scope, "other", write(&[("a", Some("other"))], 100)).await.unwrap();
        assert_eq!(scope.kept("crm", "a").await.unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(scope.kept("other", "a").await.unwrap().as_deref(), Some(&b"other"[..]));
        assert_eq!(scope.kept("third", "a").await.unwrap(), None);
        assert_eq!((scope.kept_bytes("crm").await.unwrap(), scope.kept_bytes("other").await.unwrap()), (4, 6));
        let stranger = world.other_tenant("stranger").await;
        assert_eq!(stranger.kept("crm", "a").await.unwrap(), None);
        assert_eq!(stranger.kept_keys("crm", "", None, 10).await.unwrap(), Vec::<String>::new());
        keep(scope, "crm", write(&[("a", None)], 100)).await.unwrap();
        assert_eq!(scope.kept("crm", "a").await.unwrap(), None);
    }

    async fn keys_come_in_the_order_of_their_bytes(world) {
        let keys = ["", "B", "a", "a/", "a/1", "a/é", "a/\u{10ffff}", "a0", "é", "\u{10ffff}"];
        let entries: Vec<_> = keys.iter().skip(1).map(|key| (*key, Some("v"))).collect();
        keep(&world.scope, "crm", write(&entries, 1_000)).await.unwrap();
        let list = async |prefix: &str, after: Option<&str>, limit: u32| {
            world.scope.kept_keys("crm", prefix, after, limit).await.unwrap()
        };
        assert_eq!(list("", None, 100).await, keys[1..]);
        assert_eq!(list("a/", None, 100).await, ["a/", "a/1", "a/é", "a/\u{10ffff}"]);
        assert_eq!(list("a/", Some("a/1"), 1).await, ["a/é"]);
        assert_eq!(list("\u{10ffff}", None, 100).await, ["\u{10ffff}"]);
        assert_eq!(list("", Some("é"), 100).await, ["\u{10ffff}"]);
        assert!(list("%", None, 100).await.is_empty());
    }

    async fn a_call_that_was_overtaken_writes_nothing(world) {
        let scope = &world.scope;
        let count = |seen: Option<&str>, value: &str| {
            let mut changes = write(&[("count", Some(value))], 100);
            changes.saw("count", seen.map(str::as_bytes));
            changes
        };
        keep(scope, "crm", count(None, "1")).await.unwrap();
        // Two calls read 1; the second to come is told.
        keep(scope, "crm", count(Some("1"), "2")).await.unwrap();
        let events = scope.events(0, 1000).await.unwrap().len();
        let error = keep(scope, "crm", count(Some("1"), "2")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Overtaken { plugin } if plugin == "crm"), "{error}");
        assert_eq!(scope.events(0, 1000).await.unwrap().len(), events, "nor is its decision on record");
        assert_eq!(scope.kept("crm", "count").await.unwrap().as_deref(), Some(&b"2"[..]));
        // The same for a listing.
        let mut changes = write(&[("z", Some("1"))], 100);
        changes.saw_keys("", None, 10, &[]);
        assert!(matches!(keep(scope, "crm", changes).await, Err(StoreError::Overtaken { .. })));
        let mut changes = write(&[("z", Some("1"))], 100);
        changes.saw_keys("", None, 10, &["count".to_owned()]);
        keep(scope, "crm", changes).await.unwrap();
    }

    async fn a_notifier_is_never_overtaken(world) {
        let mut changes = write(&[("last", Some("5"))], 100);
        changes.saw("last", Some(b"something else"));
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_decision(&decision("bot", PluginWorld::Notifier, changes), &host()).await.unwrap();
        // What has no room is dropped, the decision stays.
        let full = write(&[("more", Some("far too long"))], 8);
        tx.add_decision(&decision("bot", PluginWorld::Notifier, full), &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.kept_keys("bot", "", None, 10).await.unwrap(), ["last"]);
    }

    async fn room_taken_meanwhile_is_noticed(world) {
        keep(&world.scope, "crm", write(&[("a", Some("1234"))], 10)).await.unwrap();
        assert!(matches!(keep(&world.scope, "crm", write(&[("b", Some("12345"))], 10)).await, Err(StoreError::Overtaken { .. })));
        keep(&world.scope, "crm", write(&[("b", Some("1234"))], 10)).await.unwrap();
        assert_eq!(world.scope.kept_bytes("crm").await.unwrap(), 10);
    }
}
