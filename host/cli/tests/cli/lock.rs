//! Packages from a real registry: locked, fetched once, and then the same on every host without it.

use crate::host::{ACME, Host};
use crate::package::project;
use posthouse_servers::Registry;
use serde_json::Value;

/// A host with a signed package at `team/hook:1` of a registry, and the line of the key that signed it.
fn published(server: &Registry) -> (Host, String) {
    let host = Host::new();
    host.run(&["plugin", "keygen", "publisher"]).ok();
    publish(&host, server, "# Team hook\n");
    let text = std::fs::read_to_string(host.path("publisher.pub")).unwrap();
    let key = text.lines().find(|line| line.starts_with("RW")).unwrap().to_owned();
    (host, key)
}

fn publish(host: &Host, server: &Registry, readme: &str) {
    project(host, "");
    host.write("project/README.md", readme);
    host.run(&["plugin", "pack", "project", "--out", "hook.phx"]).ok();
    host.run(&["plugin", "sign", "hook.phx", "--key", "publisher.key"]).ok();
    host.run(&["plugin", "publish", "hook.phx", &format!("{}/team/hook:1", server.address())]).ok();
}

fn tenant(key: &str, component: &str) -> String {
    let acme = ACME.replacen("name =", &format!("trusted_keys = [\"{key}\"]\nname ="), 1);
    format!(
        "{acme}\n[[plugin]]\nname = \"hook\"\ncomponent = \"{component}\"\nsettings = {{ url = \"https://hooks.acme.example/x\" }}\n\
         grants.http = [{{ host = \"hooks.acme.example\" }}]\ngrants.secrets = {{ webhook_key = [\"hooks.acme.example\"] }}\n"
    )
}

fn locked(host: &Host, more: &[&str]) -> Value {
    let args = [&["plugin", "lock", "acme", "--json"], more].concat();
    host.run(&args).ok().json()[0].clone()
}

#[test]
fn a_package_from_a_registry_is_locked_and_then_comes_from_this_host() {
    let Some(server) = Registry::start() else { return };
    let (host, key) = published(&server);
    let component = format!("oci:{}/team/hook:1", server.address());
    host.write("acme/tenant.toml", tenant(&key, &component));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(
        refused.err.contains("is not locked") && refused.err.contains("posthouse plugin lock acme"),
        "{}",
        refused.err
    );

    let first = locked(&host, &[]);
    assert_eq!(
        (&first["version"], &first["was"], &first["source"]),
        (&"1.4.2".into(), &Value::Null, &component.into())
    );
    assert_eq!(first["signed_by"].as_str().unwrap().len(), 16);
    host.run(&["tenant", "apply", "acme"]).ok();

    // The tag moves on. What is locked stays, also on a host that has nothing yet.
    publish(&host, &server, "# Team hook, improved\n");
    assert_eq!(locked(&host, &[])["digest"], first["digest"]);
    std::fs::remove_dir_all(host.path("data/packages")).unwrap();
    let again = host.run(&["tenant", "apply", "acme"]).ok();
    assert!(again.out.contains("nothing to change"), "{}", again.out);

    let moved = locked(&host, &["--update", "hook"]);
    assert_ne!(moved["digest"], first["digest"]);
    assert_eq!(moved["was"], first["digest"]);

    // Once it is here, the registry is not needed; without either it is said.
    drop(server);
    host.run(&["tenant", "apply", "acme"]).ok();
    assert!(host.run(&["plugin", "grants", "acme"]).ok().out.contains("hooks.acme.example"));
    std::fs::remove_dir_all(host.path("data/packages")).unwrap();
    let away = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(away.err.contains("plugin `hook` cannot be fetched"), "{}", away.err);
}

#[test]
fn another_package_than_the_locked_one_is_refused_and_both_are_named() {
    let Some(server) = Registry::start() else { return };
    let (host, key) = published(&server);
    let address = format!("oci:{}/team/hook:1", server.address());
    host.write("acme/tenant.toml", tenant(&key, &address));
    let digest = locked(&host, &[])["digest"].as_str().unwrap().to_owned();
    let other = format!("sha256:{}", "0".repeat(64));
    let text = std::fs::read_to_string(host.path("acme/plugins.lock")).unwrap();
    // What the registry gives for the locked manifest is not what is locked.
    host.write("acme/plugins.lock", text.replace(&digest, &other));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains(&digest) && refused.err.contains(&other), "{}", refused.err);

    host.write("acme/plugins.lock", &text);
    host.write("acme/tenant.toml", tenant(&key, &address.replace("hook:1", "hook:2")));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains("hook:1` for the plugin `hook`, not `oci:"), "{}", refused.err);

    host.write("acme/tenant.toml", tenant(&key, "oci:hook"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains("`hook` is not an address in a registry"), "{}", refused.err);
    host.write("acme/plugins.lock", "format = 1\nx = 2\n");
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains("plugins.lock"), "{}", refused.err);
}

#[test]
fn only_what_a_trusted_key_signed_is_locked() {
    let Some(server) = Registry::start() else { return };
    let (host, _) = published(&server);
    host.run(&["plugin", "keygen", "stranger"]).ok();
    let text = std::fs::read_to_string(host.path("stranger.pub")).unwrap();
    let stranger = text.lines().find(|line| line.starts_with("RW")).unwrap().to_owned();
    host.write("acme/tenant.toml", tenant(&stranger, &format!("oci:{}/team/hook:1", server.address())));
    let refused = host.run(&["plugin", "lock", "acme"]).problem();
    assert!(refused.err.contains("which is not trusted") && refused.err.contains("trusted_keys"), "{}", refused.err);
    assert!(!host.path("acme/plugins.lock").exists() && !host.path("data/packages").exists());
}

#[test]
fn a_registry_may_ask_for_a_password() {
    let Some(server) = Registry::start_with_password() else { return };
    let mut host = Host::new();
    host.run(&["plugin", "keygen", "publisher"]).ok();
    project(&host, "");
    host.run(&["plugin", "pack", "project", "--out", "hook.phx"]).ok();
    let to = format!("{}/team/hook:1", server.address());
    let refused = host.run(&["plugin", "publish", "hook.phx", &to]).problem();
    assert!(refused.err.contains("refuses this user or asks for one"), "{}", refused.err);
    host.set("POSTHOUSE_REGISTRY_AUTH", &format!("{}={}:{}", server.address(), server.user(), server.password()));
    host.run(&["plugin", "publish", "hook.phx", &to]).ok();
}

#[test]
fn a_file_that_is_locked_stays_what_it_was_and_a_project_is_taken_as_it_is() {
    let host = Host::new();
    host.write("posthouse.toml", "data_dir = \"data\"\n[plugins]\nallow_unsigned = true\n");
    project(&host, "");
    host.run(&["plugin", "pack", "project", "--out", "acme/hook.phx"]).ok();
    let key = "";
    let folder = |component: &str| tenant(key, component).replacen("trusted_keys = [\"\"]\n", "", 1);
    host.write("acme/tenant.toml", folder("hook.phx"));
    host.run(&["tenant", "apply", "acme"]).ok();
    let first = locked(&host, &[]);
    assert_eq!((&first["source"], &first["signed_by"]), (&"file:hook.phx".into(), &Value::Null));
    host.write("project/README.md", "# Another\n");
    host.run(&["plugin", "pack", "project", "--out", "acme/hook.phx"]).ok();
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains(first["digest"].as_str().unwrap()), "{}", refused.err);
    assert!(refused.err.contains("posthouse plugin lock acme --update hook"), "{}", refused.err);
    locked(&host, &["--update", "hook"]);
    host.run(&["tenant", "apply", "acme"]).ok();

    // A project's folder is what it would be packed to.
    host.write("acme/tenant.toml", folder("../project"));
    host.run(&["tenant", "apply", "acme"]).ok();
    let list = host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json();
    assert_eq!(list.as_array().unwrap().iter().find(|p| p["name"] == "hook").unwrap()["version"], "1.4.2");
    std::fs::remove_file(host.path("project/plugin.wasm")).unwrap();
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(
        refused.err.contains("the project has no plugin.wasm") && refused.err.contains("build it first"),
        "{}",
        refused.err
    );
}
