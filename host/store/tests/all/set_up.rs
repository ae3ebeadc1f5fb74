//! The set-up as it is changed on the desk, and trials.

use crate::world::{World, host};
use posthouse_model::config::TenantConfig;
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::trial::Finding;
use posthouse_store::{JobState, NewTenant};
use serde_json::{Value, json};

fn eve() -> Actor {
    Actor::Agent("eve@acme.example".into())
}

fn config() -> TenantConfig {
    let mut config = TenantConfig::new("acme", "Acme");
    config.mailboxes = serde_json::from_value(json!([
        { "name": "support", "address": "support@acme.example", "maildir": { "path": "in" }, "files": { "path": "out" } }
    ]))
    .unwrap();
    config
}

async fn apply(world: &World, config: &TenantConfig, digest: &str) {
    let tenant = NewTenant {
        slug: "acme".into(),
        name: config.name.clone(),
        language: config.agent_language.clone(),
        time_zone: config.time_zone.clone(),
        settings: serde_json::to_value(config).unwrap(),
        digest: digest.into(),
    };
    world.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
}

async fn change(world: &World, edit: impl FnOnce(&mut TenantConfig)) -> Vec<String> {
    let mut tx = world.scope.begin().await.unwrap();
    let now = tx.set_up().await.unwrap();
    let mut next = now.clone();
    edit(&mut next);
    let changed = tx.change_set_up(&now, &next, &eve()).await.unwrap();
    tx.commit().await.unwrap();
    changed.iter().map(|difference| difference.path()).collect()
}

on_both! {
    async fn a_change_is_one_event_and_remembered_until_a_folder_is_applied(world) {
        apply(&world, &config(), "d1").await;
        let before = world.scope.tenant().await.unwrap();
        let paths = change(&world, |next| { next.name = "Acme Ltd".into(); next.review.undo_seconds = 20; }).await;
        assert_eq!(paths, ["name", "review.undo_seconds"]);
        let after = world.scope.tenant().await.unwrap();
        assert_eq!(after.tenant.name, "Acme Ltd");
        assert!(after.applied_at > before.applied_at, "two changes within one reading of the clock are two");
        assert_eq!(after.tenant.digest, before.tenant.digest, "the folder is what it was");
        let event = world.scope.events(0, 500).await.unwrap().pop().unwrap();
        assert_eq!((event.kind.as_str(), event.subject.as_str(), event.actor.as_str()), ("setup.changed", "tenant", "agent:eve@acme.example"));
        let data: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(data["changes"][1], json!({ "path": "review.undo_seconds", "from": 10, "to": 20 }));
        let set = world.scope.desk_settings().await.unwrap();
        assert_eq!(set.iter().map(|set| set.path.as_str()).collect::<Vec<_>>(), ["name", "review.undo_seconds"]);
        assert!(set[0].changed_by == "agent:eve@acme.example" && set[0].is_touched_by("name") && !set[0].is_touched_by("names"));
        // Nothing changed is nothing written.
        let events = world.kinds().await.len();
        assert_eq!(change(&world, |_| {}).await, [""; 0]);
        assert_eq!((world.kinds().await.len(), world.scope.tenant().await.unwrap()), (events, after));
        apply(&world, &config(), "d2").await;
        assert_eq!(world.scope.desk_settings().await.unwrap(), []);
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn mailboxes_follow(world) {
        apply(&world, &config(), "d1").await;
        change(&world, |next| {
            next.mailboxes[0].enabled = false;
            let mut more = next.mailboxes[0].clone();
            (more.name, more.address, more.enabled) = ("sales".into(), "sales@acme.example".into(), true);
            next.mailboxes.push(more);
        }).await;
        let rows: Vec<_> = world.scope.mailboxes().await.unwrap().into_iter().map(|row| (row.mailbox.name, row.active)).collect();
        assert_eq!(rows, [("sales".to_owned(), true), ("support".to_owned(), false)]);
    }

    async fn a_long_value_is_cut_in_the_record(world) {
        apply(&world, &config(), "d1").await;
        change(&world, |next| next.mailboxes[0].signature = Some("签".repeat(2_000))).await;
        let event = world.scope.events(0, 500).await.unwrap().into_iter().find(|event| event.kind == "setup.changed").unwrap();
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let to = data["changes"][0]["to"].as_str().unwrap();
        assert!(to.ends_with('…') && to.len() <= 2_003, "{}", to.len());
    }

    async fn a_change_that_is_not_committed_is_nothing(world) {
        apply(&world, &config(), "d1").await;
        let before = (world.scope.tenant().await.unwrap(), world.kinds().await);
        let mut tx = world.scope.begin().await.unwrap();
        let now = tx.set_up().await.unwrap();
        let mut next = now.clone();
        next.name = "Other".into();
        tx.change_set_up(&now, &next, &eve()).await.unwrap();
        drop(tx);
        assert_eq!((world.scope.tenant().await.unwrap(), world.kinds().await), before);
        assert_eq!(world.scope.desk_settings().await.unwrap(), []);
    }

    async fn a_trial_is_asked_for_and_done(world) {
        let mut tx = world.scope.begin().await.unwrap();
        tx.ask_trial("notifier:team", &eve()).await.unwrap();
        tx.ask_trial("notifier:team", &eve()).await.unwrap();
        tx.commit().await.unwrap();
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert_eq!(jobs.iter().filter(|job| job.job == Job::TryOut { what: "notifier:team".into() }).count(), 1);
        let row = world.scope.trials().await.unwrap().remove(0);
        assert!(row.done_at.is_none() && row.findings.is_empty() && row.asked_by == "agent:eve@acme.example");
        world.advance(3);
        let found = Finding::plain("notifier team".into(), false, "the group is gone".into(), Some("look".into()));
        let mut tx = world.scope.begin().await.unwrap();
        tx.end_trial("notifier:team", std::slice::from_ref(&found), &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.trials().await.unwrap().remove(0);
        assert_eq!((row.findings, row.done_at.unwrap() > row.asked_at), (vec![found], true));
        // Asked for again, what was found is forgotten.
        let mut tx = world.scope.begin().await.unwrap();
        tx.ask_trial("notifier:team", &eve()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.trials().await.unwrap()[0].done_at.is_none());
    }

    async fn spending_of_days_adds_up(world) {
        let mut tx = world.scope.begin().await.unwrap();
        for day in ["2026-02-28", "2026-03-01", "2026-03-02"] {
            let call = posthouse_store::ModelCall {
                at: tx.now(), ticket: None, plugin: "p".into(), version: "1.0.0".into(), model: "m".into(), tokens_in: 10, tokens_out: 1, duration_ms: 1, outcome: "ok".into(), cost: 0, currency: String::new(),
            };
            tx.record_model_call(day, posthouse_store::SetAside::default(), &call, &host()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let used = world.scope.model_use_between("2026-03-01", "2026-03-02").await.unwrap();
        assert_eq!((used.calls, used.tokens_in, used.tokens_out), (2, 20, 2));
        assert_eq!(world.scope.model_use_between("2027-01-01", "2027-02-01").await.unwrap().calls, 0);
    }
}
