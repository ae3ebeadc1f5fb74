//! Releases of plugins, and what plugins logged.

use crate::world::{World, host};
use posthouse_model::capability::Grants;
use posthouse_model::config::TenantConfig;
use posthouse_model::decision::{CallCost, LogLevel, LogLine, NewDecision, World as PluginWorld};
use posthouse_model::event::Actor;
use posthouse_model::keep::Changes;
use posthouse_model::release::{CallRecord, RELEASES_KEPT, ReleaseState, Stage};
use posthouse_store::{NewPlugin, NewRelease, NewTenant, RolledBack, StoreError};
use serde_json::json;

fn plugin(name: &str, version: &str, digest: &str) -> NewPlugin {
    NewPlugin {
        name: name.into(),
        world: PluginWorld::Classifier,
        version: version.into(),
        digest: digest.into(),
        settings: json!({ "version": version }),
        grants: Grants { log: true, ..Grants::default() },
        limits: Default::default(),
    }
}

fn release(plugin: NewPlugin) -> NewRelease {
    NewRelease { plugin, allowance: None, source: "rules.phx".into() }
}

async fn apply(world: &World, plugins: &[NewPlugin]) {
    let mut tx = world.scope.begin().await.unwrap();
    tx.set_plugins(plugins, &Actor::Operator).await.unwrap();
    tx.commit().await.unwrap();
}

async fn install(world: &World, new: &NewRelease) -> i64 {
    let mut tx = world.scope.begin().await.unwrap();
    let number = tx.install_release(new, &Actor::Operator).await.unwrap();
    tx.commit().await.unwrap();
    number
}

async fn stage(world: &World, number: i64, state: ReleaseState, share: u32) -> Result<(), StoreError> {
    let mut tx = world.scope.begin().await?;
    tx.stage_release("rules", number, state, share, &Actor::Operator).await?;
    tx.commit().await
}

async fn activate(world: &World, number: i64) -> Result<(), StoreError> {
    let mut tx = world.scope.begin().await?;
    tx.activate_release("rules", number, &Actor::Operator).await?;
    tx.commit().await
}

async fn roll_back(world: &World, from: Option<i64>, to: Option<i64>) -> Result<RolledBack, StoreError> {
    let mut tx = world.scope.begin().await?;
    let done = tx.roll_back("rules", from, to, "it failed", &Actor::Operator).await?;
    tx.commit().await?;
    Ok(done)
}

/// `number state` of each, the newest first.
async fn states(world: &World) -> Vec<String> {
    let rows = world.scope.releases("rules").await.unwrap();
    rows.iter().map(|row| format!("{} {}", row.number, row.state)).collect()
}

async fn active(world: &World) -> (String, i64) {
    let row = world.scope.plugins().await.unwrap().into_iter().find(|row| row.plugin.name == "rules").unwrap();
    (row.plugin.version, row.release)
}

/// A component and a tenant whose set-up this host understands.
async fn ready(world: &World) -> String {
    let mut config = TenantConfig::new("acme", "Acme");
    config.plugins.push(posthouse_model::config::PluginConfig::new("rules", None));
    let row = world.scope.tenant().await.unwrap().tenant;
    let tenant = NewTenant { settings: serde_json::to_value(&config).unwrap(), ..row };
    world.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
    world.store.put_component(b"\0asm one").await.unwrap()
}

fn decision(release: i64, stage: Stage, failed: bool, lines: &[&str]) -> NewDecision {
    NewDecision {
        ticket: None,
        message: None,
        world: PluginWorld::Classifier,
        plugin: "rules".into(),
        version: "1".into(),
        digest: "abc".into(),
        input_hash: "def".into(),
        output: None,
        error: failed.then(|| "trap".to_owned()),
        host_calls: Vec::new(),
        cost: CallCost { duration_us: 100 * u64::try_from(release).unwrap(), memory_bytes: 0 },
        call: CallRecord { release, stage, seed: u64::MAX, ..CallRecord::default() },
        log: lines.iter().map(|text| LogLine { level: LogLevel::Info, text: (*text).to_owned() }).collect(),
        changes: Changes::default(),
    }
}

on_both! {
    async fn a_set_up_makes_releases_and_knows_them_again(world) {
        let one = ready(&world).await;
        apply(&world, &[plugin("rules", "1", &one)]).await;
        apply(&world, &[plugin("rules", "1", &one)]).await;
        assert_eq!(states(&world).await, ["1 active"]);
        apply(&world, &[plugin("rules", "2", &one)]).await;
        assert_eq!((states(&world).await, active(&world).await), (vec!["2 active".into(), "1 retired".into()], ("2".into(), 2)));
        apply(&world, &[plugin("rules", "1", &one)]).await;
        assert_eq!((states(&world).await, active(&world).await), (vec!["2 retired".into(), "1 active".into()], ("1".into(), 1)));
        assert_eq!(world.scope.plugins_with_predecessor().await.unwrap(), ["rules"]);
        let number = install(&world, &release(plugin("rules", "3", &one))).await;
        apply(&world, &[]).await;
        assert_eq!(states(&world).await, ["3 withdrawn", "2 retired", "1 retired"]);
        assert_eq!(number, 3);
        assert!(world.scope.verify_chain().await.unwrap().faults.is_empty());
    }

    async fn a_candidate_goes_from_stage_to_stage_and_becomes_active(world) {
        let one = ready(&world).await;
        let first = install(&world, &release(plugin("rules", "1", &one))).await;
        let alone = stage(&world, first, ReleaseState::Shadow, 0).await.unwrap_err();
        assert_eq!(alone.to_string(), "no release of `rules` is active that this one could run beside: activate it");
        activate(&world, first).await.unwrap();
        assert_eq!(active(&world).await, ("1".into(), 1));

        let second = install(&world, &release(plugin("rules", "2", &one))).await;
        let third = install(&world, &release(plugin("rules", "3", &one))).await;
        assert_eq!(states(&world).await, ["3 installed", "2 withdrawn", "1 active"]);
        let gone = stage(&world, second, ReleaseState::Shadow, 0).await.unwrap_err();
        assert_eq!(gone.to_string(), "release 2 of `rules` is withdrawn: only a candidate can become shadow; install it again");

        let mut applied_at = world.scope.tenant().await.unwrap().applied_at;
        for (state, share) in [(ReleaseState::Shadow, 0), (ReleaseState::Canary, 1), (ReleaseState::Canary, 100)] {
            stage(&world, third, state, share).await.unwrap();
            let row = &world.scope.releases_in(&[state]).await.unwrap()[0];
            assert_eq!((row.number, row.share), (third, share));
            // The clock stands still, and a running host must see it all the same.
            let now = world.scope.tenant().await.unwrap().applied_at;
            assert!(now > applied_at);
            applied_at = now;
        }
        for share in [0, 101] {
            let error = stage(&world, third, ReleaseState::Canary, share).await.unwrap_err();
            assert_eq!(error.to_string(), format!("a share of {share} % is out of range: 1 to 100"));
        }
        assert!(stage(&world, third, ReleaseState::Active, 0).await.is_err());
        activate(&world, third).await.unwrap();
        assert_eq!((states(&world).await, active(&world).await), (vec!["3 active".into(), "2 withdrawn".into(), "1 retired".into()], ("3".into(), 3)));
        // What was applied says what is in force.
        let settings = world.scope.tenant().await.unwrap().tenant.settings;
        let config: TenantConfig = serde_json::from_value(settings).unwrap();
        assert_eq!(config.plugin("rules").unwrap().settings["version"], "3");
        assert!(activate(&world, 9).await.unwrap_err().to_string().contains("release 9 of plugin `rules`"));
        let other = NewPlugin { world: PluginWorld::Router, ..plugin("rules", "4", &one) };
        let mut tx = world.scope.begin().await.unwrap();
        let error = tx.install_release(&release(other), &host()).await.unwrap_err();
        assert_eq!(error.to_string(), "`rules` is a classifier and this is a router: install it under another name");
    }

    async fn rolling_back_takes_the_candidate_first_and_then_the_active_one(world) {
        let one = ready(&world).await;
        for version in ["1", "2", "3"] {
            let number = install(&world, &release(plugin("rules", version, &one))).await;
            activate(&world, number).await.unwrap();
            world.advance(60);
        }
        let fourth = install(&world, &release(plugin("rules", "4", &one))).await;
        // One that is only installed is not called: nothing of it could be taken back.
        assert!(roll_back(&world, Some(fourth), None).await.unwrap_err().to_string().contains("release 4 of `rules` is installed"));
        stage(&world, fourth, ReleaseState::Canary, 5).await.unwrap();
        assert_eq!(roll_back(&world, None, None).await.unwrap(), RolledBack { from: 4, to: None });
        assert_eq!(active(&world).await, ("3".into(), 3));
        assert_eq!(roll_back(&world, None, None).await.unwrap(), RolledBack { from: 3, to: Some(2) });
        assert_eq!(roll_back(&world, None, None).await.unwrap(), RolledBack { from: 2, to: Some(1) });
        let none = roll_back(&world, None, None).await.unwrap_err();
        assert_eq!(none.to_string(), "release 1 is the first of `rules`: there is none to go back to");
        assert_eq!(states(&world).await, ["4 rolled-back", "3 rolled-back", "2 rolled-back", "1 active"]);
        assert_eq!(world.scope.releases("rules").await.unwrap()[0].reason.as_deref(), Some("it failed"));
        // To one that is named, whatever became of it.
        assert_eq!(roll_back(&world, None, Some(3)).await.unwrap(), RolledBack { from: 1, to: Some(3) });
        assert!(matches!(roll_back(&world, None, Some(3)).await, Err(StoreError::NotFound { .. })));
        assert!(matches!(roll_back(&world, Some(77), None).await, Err(StoreError::NotFound { .. })));
        // A set-up that says what was rolled back is a new release: somebody meant it.
        apply(&world, &[plugin("rules", "2", &one)]).await;
        assert_eq!(states(&world).await[0], "5 active");
        assert!(world.kinds().await.contains(&"plugin.rolled-back".to_owned()));
    }

    async fn old_releases_go_and_their_components_with_them(world) {
        let one = ready(&world).await;
        let old = world.store.put_component(b"\0asm old").await.unwrap();
        apply(&world, &[plugin("rules", "0", &old)]).await;
        for version in 1..RELEASES_KEPT {
            apply(&world, &[plugin("rules", &version.to_string(), &one)]).await;
        }
        assert_eq!(states(&world).await.len(), RELEASES_KEPT);
        world.store.prune_components().await.unwrap();
        assert!(world.store.component(&old).await.unwrap().is_some(), "one may still go back to it");
        apply(&world, &[plugin("rules", "last", &one)]).await;
        assert_eq!(states(&world).await.len(), RELEASES_KEPT);
        world.store.prune_components().await.unwrap();
        assert_eq!(world.store.component(&old).await.unwrap(), None);
    }

    async fn replays_are_kept_with_the_release(world) {
        let one = ready(&world).await;
        let number = install(&world, &release(plugin("rules", "1", &one))).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_replay("rules", number, &json!({ "calls": 3 }), &host()).await.unwrap();
        assert!(tx.set_replay("rules", 9, &json!({}), &host()).await.is_err());
        tx.commit().await.unwrap();
        assert_eq!(world.scope.releases("rules").await.unwrap()[0].replay, Some(json!({ "calls": 3 })));
        let stranger = world.other_tenant("stranger").await;
        assert!(stranger.releases("rules").await.unwrap().is_empty());
    }

    async fn what_releases_did_is_counted_by_stage(world) {
        let mut tx = world.scope.begin().await.unwrap();
        for (release, stage, failed) in [(1, Stage::Active, false), (1, Stage::Active, true), (2, Stage::Shadow, true), (2, Stage::Canary, false)] {
            tx.add_decision(&decision(release, stage, failed, &[]), &host()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let used = world.scope.release_use("rules").await.unwrap();
        let shown: Vec<_> = used.iter().map(|u| (u.release, u.stage, u.calls, u.failed, u.mean_us)).collect();
        assert_eq!(shown, [(2, Stage::Canary, 1, 0, 200), (2, Stage::Shadow, 1, 1, 200), (1, Stage::Active, 2, 1, 100)]);
    }

    async fn what_a_shadow_wants_to_keep_is_not_kept(world) {
        let mut shadow = decision(2, Stage::Shadow, false, &[]);
        shadow.changes = Changes::within(100);
        shadow.changes.write("a".into(), Some(b"1".to_vec()));
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_decision(&shadow, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.kept("rules", "a").await.unwrap(), None);
    }

    async fn the_newest_lines_of_the_log_are_kept(world) {
        let lines: Vec<String> = (0..600).map(|n| format!("line {n}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for _ in 0..10 {
            let mut tx = world.scope.begin().await.unwrap();
            tx.add_decision(&decision(1, Stage::Active, false, &lines), &host()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let kept = world.scope.plugin_log(Some("rules"), 0, 10_000).await.unwrap();
        assert!((5_000..=5_500).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last().unwrap().text, "line 599");
        let newest = world.scope.plugin_log(None, 0, 2).await.unwrap();
        assert_eq!(newest.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["line 598", "line 599"]);
        assert!(world.scope.plugin_log(Some("rules"), newest[1].id, 10).await.unwrap().is_empty());
        assert!(world.scope.plugin_log(Some("other"), 0, 10).await.unwrap().is_empty());
        let stranger = world.other_tenant("stranger").await;
        assert!(stranger.plugin_log(None, 0, 10).await.unwrap().is_empty());
    }
}
