//! Opening, migrating, health, wake-ups.

use crate::world::{START, TestClock, World, host, nobody, open};
use posthouse_model::Clock as _;
use posthouse_store::{Store, StoreError, StoreOptions};
use std::sync::Arc;

on_both! {
    async fn migrating_twice_changes_nothing(world) {
        assert_eq!(world.store.schema_version().await.unwrap(), Store::schema_wanted());
        assert_eq!(world.store.migrate().await.unwrap(), Store::schema_wanted());
        world.store.check_schema().await.unwrap();
        world.store.ping().await.unwrap();
        assert!(world.store.size_bytes().await.unwrap() > 0);
    }

    async fn a_newer_database_is_refused_and_left_alone(world) {
        world.tamper("insert into schema_version (version, applied_at) values (999, 0)").await;
        let error = world.store.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::Schema { found: 999, .. }));
        assert!(error.to_string().ends_with("update the host"), "{error}");
        assert!(world.store.ping().await.is_err());
    }

    async fn an_empty_database_says_what_to_do(world) {
        let empty = world.empty(world.store.kind() == "postgres").await.unwrap();
        empty.tamper("drop table schema_version").await;
        let error = empty.store.check_schema().await.unwrap_err();
        assert!(error.to_string().contains("posthouse migrate"), "{error}");
    }

    async fn a_tenant_that_is_not_there_shows_at_first_use(world) {
        let scope = world.store.tenant(nobody());
        assert!(matches!(scope.begin().await.unwrap_err(), StoreError::NotFound { .. }));
        assert!(matches!(scope.tenant().await.unwrap_err(), StoreError::NotFound { .. }));
    }

    async fn a_commit_wakes_workers_and_pages(world) {
        let mut jobs = world.store.wakeups();
        let mut changes = world.scope.changes();
        jobs.mark_unchanged();
        changes.mark_unchanged();
        world.take(&world.mail("a@x")).await;
        jobs.changed().await.unwrap();
        changes.changed().await.unwrap();
    }

    async fn what_is_not_committed_wakes_nobody_and_leaves_nothing(world) {
        let jobs = world.store.wakeups();
        let before = world.kinds().await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.intake(&world.mail("a@x"), &host()).await.unwrap();
        drop(tx);
        assert!(!jobs.has_changed().unwrap());
        assert_eq!(world.kinds().await, before);
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), None);
        assert!(world.scope.ticket_by_number(1).await.is_err());
        // And the number was not used up.
        world.take(&world.mail("a@x")).await;
        world.scope.ticket_by_number(1).await.unwrap();
    }

    async fn transactions_of_a_tenant_run_one_after_the_other(world) {
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let scope = world.scope.clone();
                let mail = world.mail(&format!("{n}@x"));
                tokio::spawn(async move {
                    let mut tx = scope.begin().await.unwrap();
                    tx.intake(&mail, &host()).await.unwrap();
                    tx.commit().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let report = world.scope.verify_chain().await.unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(world.scope.ticket_by_number(20).await.unwrap().number, 20);
    }

    async fn small_facts_are_kept_by_key(world) {
        assert_eq!(world.store.meta("a").await.unwrap(), None);
        world.store.set_meta("a", "1").await.unwrap();
        world.store.set_meta("a", "2").await.unwrap();
        assert_eq!(world.store.meta("a").await.unwrap().as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn another_process_is_woken_through_postgres() {
    let Some(world) = World::on_postgres().await else { return };
    let other = world.other_process().await;
    let mut jobs = other.wakeups();
    let mut changes = other.tenant(world.scope.id()).changes();
    world.take(&world.mail("a@x")).await;
    jobs.changed().await.unwrap();
    changes.changed().await.unwrap();
}

#[tokio::test]
async fn two_new_processes_migrate_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut urls = vec![format!("sqlite:{}", folder.path().join("a.db").display())];
    if let Some(server) = posthouse_servers::postgres() {
        urls.push(server.fresh_database().await);
    }
    let clock = Arc::new(TestClock::default());
    for url in urls {
        let (one, two) = (open(&url, &clock).await, open(&url, &clock).await);
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        assert_eq!(first.unwrap(), second.unwrap());
    }
}

#[tokio::test]
async fn a_bad_address_is_explained() {
    let world = World::on_sqlite().await;
    let open = |url: &str| {
        Store::open(StoreOptions {
            url: url.into(),
            clock: world.store.clock().clone(),
            entropy: world.store.entropy().clone(),
        })
    };
    let error = open("mysql://localhost/x").await.unwrap_err();
    assert!(error.to_string().contains("`sqlite:` or `postgres:`"), "{error}");
    let error = open("postgres://nobody@127.0.0.1:1/none").await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    let error = open("sqlite:/no/such/folder/x.db").await.unwrap_err();
    assert!(!error.to_string().is_empty());
    assert_eq!(world.clock.now(), START);
}
