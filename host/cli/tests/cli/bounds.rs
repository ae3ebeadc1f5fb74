//! A plugin gets what its package asks for, as far as tenant and host give; beyond that it is refused with the line that
//! would allow it.

use crate::host::{ACME, Host};
use crate::package::project;

const HOST: &str = "data_dir = \"data\"\n[plugins]\nallow_unsigned = true\n";

/// A host with a package whose manifest asks for this beyond what its component needs.
fn host(asks: &str) -> Host {
    let host = Host::new();
    host.write("posthouse.toml", HOST);
    project(&host, asks);
    host.run(&["plugin", "pack", "project"]).ok();
    host
}

fn hook(given: &str) -> String {
    let hook = r#"[[plugin]]
name = "hook"
component = "../team-hook-1.4.2.phx"
settings = { url = "https://hooks.acme.example/x" }
grants.http = [{ host = "hooks.acme.example", methods = ["POST"] }]
grants.secrets = { webhook_key = ["hooks.acme.example"] }
"#;
    format!("{ACME}\n{hook}{given}\n")
}

#[test]
fn limits_are_asked_for_by_the_package_and_given_by_tenant_and_host() {
    let host = host("[limits]\ncpu_ms = 1000\nmemory_mib = 128\n");
    host.write("acme/tenant.toml", hook("limits.cpu_ms = 999"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    let words = "plugin[1].limits.cpu_ms: the plugin asks for cpu_ms = 1000 in a call, this tenant gives \
                 999 mend: write limits.cpu_ms = 1000 under this plugin in tenant.toml";
    assert!(refused.words().contains(words), "{}", refused.err);

    host.write("acme/tenant.toml", hook("limits = { cpu_ms = 1000, wall_ms = 9000 }"));
    host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\nmemory_mib = 127\n"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    let words = "the plugin asks for memory_mib = 128 in a call, this host gives 127 mend: write memory_mib = 128 under \
                 [plugins.ceiling] in posthouse.toml";
    assert!(refused.words().contains(words), "{}", refused.err);
    let shown = host.run(&["plugin", "grants", "acme", "--json"]).ok().json();
    let of = |shown: &serde_json::Value, power: &str| {
        let mut lines = shown.as_array().unwrap().iter();
        let line = lines.find(|line| line["plugin"] == "hook" && line["power"] == power).unwrap();
        ["asked", "granted", "allowed", "effective"].map(|key| line[key].as_str().unwrap().to_owned())
    };
    assert_eq!(of(&shown, "memory_mib"), ["128", "–", "127", "–"]);

    host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\nmemory_mib = 128\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    let list = host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json();
    let limits = list.as_array().unwrap().iter().find(|p| p["name"] == "hook").unwrap()["limits"].clone();
    assert_eq!(limits, serde_json::json!({ "cpu_ms": 1000, "memory_mib": 128 }));
    let shown = host.run(&["plugin", "grants", "acme", "--json"]).ok().json();
    assert_eq!(of(&shown, "memory_mib"), ["128", "–", "128", "128"]);
    assert_eq!(of(&shown, "cpu_ms"), ["1000", "1000", "5000", "1000"]);
    assert_eq!(of(&shown, "wall_ms"), ["–", "9000", "120000", "9000"]);
    // Called as it is set up, and refused where the operator has lowered what there is since.
    let called = host.run(&["plugin", "run", "router", "--tenant", "acme", "--mail", "no.eml"]).problem();
    assert!(called.err.contains("no.eml"), "{}", called.err);
    host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\ncpu_ms = 700\n"));
    let called = host.run(&["plugin", "run", "hook", "--tenant", "acme"]).problem();
    assert!(called.err.contains("write cpu_ms = 1000 under [plugins.ceiling]"), "{}", called.err);
}

#[test]
fn a_component_without_a_package_gets_what_its_tenant_writes() {
    let host = Host::new();
    let with =
        |limit: &str| ACME.replace("settings = { default", &format!("limits.cpu_ms = {limit}\nsettings = {{ default"));
    host.write("acme/tenant.toml", with("5000"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host.write("acme/tenant.toml", with("5001"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.words().contains("this host gives 5000 mend: write cpu_ms = 5001"), "{}", refused.err);
    host.write("acme/tenant.toml", with("60001"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(
        refused.words().contains("plugin[0].limits.cpu_ms: 60001 is out of range mend: use 1 to 60000"),
        "{}",
        refused.err
    );
}

#[test]
fn what_no_tenant_may_grant_is_refused() {
    let host = host("");
    host.write("acme/tenant.toml", hook(""));
    host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\nhttp_hosts = [\"*.example.com\"]\nmodel = false\n"));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    let words = "plugin[1].grants.http: this host lets no plugin call `hooks.acme.example` mend: add \"hooks.acme.example\" to \
                 http_hosts under [plugins.ceiling] in posthouse.toml, or take the grant out";
    assert!(refused.words().contains(words), "{}", refused.err);
    host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\nhttp_hosts = [\"*.acme.example\"]\n"));
    host.run(&["tenant", "apply", "acme"]).ok();

    for (key, words) in [
        ("http_hosts = [\"https://a.example\"]", "plugins.ceiling.http_hosts[0]: `https://a.example` is not a host"),
        ("store_bytes = 16777217", "plugins.ceiling.store_bytes: 16777217 is out of range mend: use 0 to 16777216"),
        ("cpu_ms = 0", "plugins.ceiling.cpu_ms: 0 is out of range mend: use 1 to 60000"),
    ] {
        host.write("posthouse.toml", format!("{HOST}[plugins.ceiling]\n{key}\n"));
        let refused = host.run(&["tenant", "apply", "acme"]).problem();
        assert!(refused.words().contains(words), "{}", refused.err);
    }
}
