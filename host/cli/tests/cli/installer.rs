//! Packages handed in on the desk, as a worker meets them.

use crate::host::Host;
use crate::package::project;
use posthouse::installer::DeskInstaller;
use posthouse::setup::host::HostConfig;
use posthouse_model::capability::Grants;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_pipeline::life::install::Installer as _;
use posthouse_sandbox::{Sandbox, SandboxConfig};

fn installer(allow_unsigned: bool) -> DeskInstaller {
    let mut host = HostConfig::default();
    host.plugins.allow_unsigned = allow_unsigned;
    DeskInstaller::new(host, Sandbox::new(SandboxConfig::default()).unwrap())
}

/// A tenant that has the plugin already, with settings and grants.
fn tenant() -> TenantConfig {
    let mut tenant = TenantConfig::new("acme", "Acme");
    let mut plugin = PluginConfig::new("team-hook", None);
    plugin.settings = serde_json::from_str(r#"{ "url": "https://hooks.acme.example/x" }"#).unwrap();
    plugin.grants = Grants {
        http: serde_json::from_str(r#"[{ "host": "hooks.acme.example", "methods": ["POST"] }]"#).unwrap(),
        ..Grants::default()
    };
    tenant.plugins.push(plugin);
    tenant
}

#[tokio::test]
async fn a_package_is_prepared_as_the_plugin_of_its_name_is_set_up() {
    let host = Host::new();
    project(&host, "");
    host.run(&["plugin", "pack", "project"]).ok();
    let file = std::fs::read(host.path("team-hook-1.4.2.phx")).unwrap();
    let prepared = installer(true).prepare(&tenant(), "team-hook-1.4.2.phx", &file).await.unwrap();
    let plugin = &prepared.release.plugin;
    assert_eq!((plugin.name.as_str(), plugin.version.as_str(), plugin.world), ("team-hook", "1.4.2", World::Notifier));
    assert_eq!(plugin.settings["url"], "https://hooks.acme.example/x");
    assert_eq!(plugin.grants.http[0].host, "hooks.acme.example");
    assert_eq!(prepared.release.source, "team-hook-1.4.2.phx");

    // Unsigned, cut short, for a tenant that grants nothing and has no settings for it: in words, with what to do.
    let unsigned = installer(false).prepare(&tenant(), "hook.phx", &file).await.unwrap_err();
    assert!(unsigned.contains("not signed") && unsigned.contains("posthouse plugin sign"), "{unsigned}");
    let short = installer(true).prepare(&tenant(), "hook.phx", &file[..file.len() / 2]).await.unwrap_err();
    assert!(short.starts_with("hook.phx is no package: "), "{short}");
    let nothing = installer(true).prepare(&TenantConfig::new("b", "B"), "hook.phx", &file).await.unwrap_err();
    assert!(nothing.contains("url") && nothing.contains("grants.http"), "{nothing}");
}
