//! What the operator of a host allows counts when a tenant is loaded, not only when it is applied.

use crate::house::{Test, bundled, ids, letter, plugin, silent_group, this_machine};
use posthouse_model::capability::{Grants, StoreAllowance};
use posthouse_model::ceiling::Ceiling;
use posthouse_model::config::PluginConfig;
use posthouse_model::decision::World;
use posthouse_model::limits::Limits;
use std::time::Duration;

fn keeper(bytes: u64) -> PluginConfig {
    let grants = Grants { log: true, knowledge: true, store: Some(StoreAllowance { bytes }), ..Grants::default() };
    plugin("keeper", "guests/keeper", serde_json::json!({ "orders": "get a" }), grants)
}

/// Why the tenant's plugin of that name is not loaded, if it is not.
fn refused(test: &Test, name: &str) -> Option<String> {
    let installed = test.tenant.all_plugins().iter().find(|p| p.name() == name).unwrap();
    installed.plugin().err().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_no_longer_fits_is_not_loaded_and_says_which_line_would_allow_it() {
    let fits = Ceiling { store_bytes: 1_000, ..this_machine() };
    let test = Test::under(fits, vec![keeper(1_000), silent_group()], |_| {}).await;
    assert_eq!((refused(&test, "keeper"), refused(&test, "team")), (None, None));

    let lowered = Ceiling { store_bytes: 999, private_hosts: Vec::new(), ..Ceiling::default() };
    let test = Test::under(lowered, vec![keeper(1_000), silent_group(), bundled("router")], |_| {}).await;
    assert_eq!(
        refused(&test, "keeper").unwrap(),
        "grants.store: the plugin is to keep 1000 bytes, this host gives 999; write store_bytes = 1000 under \
         [plugins.ceiling] in posthouse.toml, or grant less"
    );
    let team = refused(&test, "team").unwrap();
    assert!(team.contains("add \"127.0.0.1\" to plugins.private_hosts in posthouse.toml"), "{team}");
    // The others are, and mail is handled without those that are not.
    assert_eq!(refused(&test, "router"), None);
    let ticket = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await).1;
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let asked = |world| decisions.iter().find(|d| d.record.world == world).unwrap().record.error.clone();
    assert!(asked(World::Enricher).unwrap().starts_with("not loaded: grants.store: "));
    assert_eq!(asked(World::Router), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_gets_what_was_asked_for_as_far_as_tenant_and_host_give() {
    let mut asks = bundled("router");
    asks.limits = Limits { cpu_ms: Some(700), memory_mib: Some(100), ..Limits::default() };
    let host = Limits { cpu_ms: Some(700), wall_ms: Some(9_000), ..Limits::default() };
    let test = Test::under(Ceiling { limits: host, ..Ceiling::default() }, vec![asks.clone()], |_| {}).await;
    let limits = test.tenant.all_plugins()[0].plugin().unwrap().limits().clone();
    assert_eq!((limits.cpu, limits.memory_bytes), (Duration::from_millis(700), 100 << 20));
    assert_eq!(limits.wall, Duration::from_secs(9), "nobody asked: what is usual is cut down");

    let lowered = Limits { cpu_ms: Some(699), ..Limits::default() };
    let test = Test::under(Ceiling { limits: lowered, ..Ceiling::default() }, vec![asks], |_| {}).await;
    let words = refused(&test, "router").unwrap();
    assert!(words.contains("write cpu_ms = 700 under [plugins.ceiling] in posthouse.toml"), "{words}");
}
