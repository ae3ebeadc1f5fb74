//! From a project's folder to a signed package that a tenant takes.

use crate::host::{ACME, Host, bundled};

const MANIFEST: &str = r#"id = "acme/team-hook"
version = "1.4.2"
world = "notifier"
api = "1.0"
summary = "Tells the team's own server."
license = "Apache-2.0"
authors = ["Acme <dev@acme.example>"]

[capabilities]
http = [{ host = "hooks.acme.example", methods = ["POST"] }]
secrets = { webhook_key = ["hooks.acme.example"] }
"#;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": { "url": { "type": "string", "pattern": "^https://" }, "key": { "type": ["string", "null"] } },
  "required": ["url"],
  "additionalProperties": false
}"#;

const HOOK: &str = r#"[[plugin]]
name = "hook"
component = "../team-hook-1.4.2.phx"
settings = { url = "https://hooks.acme.example/x" }
grants.http = [{ host = "hooks.acme.example", methods = ["POST", "DELETE"] }, { host = "elsewhere.example" }]
grants.secrets = { webhook_key = ["hooks.acme.example"] }
grants.model = true
"#;

/// A project whose manifest ends in this.
pub fn project(host: &Host, asks: &str) {
    host.write("project/plugin.toml", format!("{MANIFEST}{asks}"));
    host.write("project/settings.schema.json", SCHEMA);
    host.write("project/README.md", "# Team hook\n");
    host.write("project/LICENSE", "Apache-2.0\n");
    host.write("project/plugin.wasm", bundled("notifier-webhook"));
}

/// A host with a project beside it, packed.
fn packed() -> Host {
    let host = Host::new();
    project(&host, "");
    let packed = host.run(&["plugin", "pack", "project"]).ok();
    assert!(
        packed.out.contains("packed team-hook-1.4.2.phx") && packed.out.contains("acme/team-hook 1.4.2"),
        "{}",
        packed.out
    );
    assert!(packed.out.contains("http to hooks.acme.example, secret webhook_key"), "{}", packed.out);
    host
}

#[test]
fn the_same_project_gives_the_same_file() {
    let host = packed();
    let first = std::fs::read(host.path("team-hook-1.4.2.phx")).unwrap();
    let again = host.run(&["plugin", "pack", "project", "--out", "again.phx", "--json"]).ok().json();
    assert_eq!(std::fs::read(host.path("again.phx")).unwrap(), first);
    assert_eq!((&again["id"], &again["version"]), (&"acme/team-hook".into(), &"1.4.2".into()));
    assert!(again["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn a_manifest_that_does_not_fit_its_component_is_refused() {
    let host = packed();
    host.write("project/plugin.toml", MANIFEST.replace("notifier", "router"));
    let refused = host.run(&["plugin", "pack", "project", "--out", "no.phx"]).problem();
    assert!(refused.err.contains("the manifest says it is a router, the component is a notifier"), "{}", refused.err);
    let without = MANIFEST.lines().filter(|l| !l.starts_with("http") && !l.starts_with("secrets")).collect::<Vec<_>>();
    host.write("project/plugin.toml", without.join("\n"));
    let refused = host.run(&["plugin", "pack", "project", "--out", "no.phx"]).problem();
    assert!(refused.err.contains("imports `http`, for which the manifest does not ask"), "{}", refused.err);
    host.write("project/plugin.toml", MANIFEST.replace("summary", "sumary"));
    let refused = host.run(&["plugin", "pack", "project", "--out", "no.phx"]).problem();
    assert!(refused.err.contains("sumary") && refused.err.contains("plugin.toml"), "{}", refused.err);
    assert!(!host.path("no.phx").exists(), "nothing was written");
}

#[test]
fn only_what_a_trusted_key_signed_is_taken() {
    let host = packed();
    let folder =
        |keys: &str| format!("{}\n{HOOK}", ACME.replacen("name =", &format!("trusted_keys = [{keys}]\nname ="), 1));
    host.write("acme/tenant.toml", folder(""));
    let unsigned = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(
        unsigned.err.contains("the package is not signed") && unsigned.err.contains("tenant.toml:"),
        "{}",
        unsigned.err
    );

    for name in ["publisher", "stranger"] {
        let made = host.run(&["plugin", "keygen", name]).ok();
        assert!(made.out.contains("trusted_keys = [\"RW"), "{}", made.out);
    }
    assert!(host.run(&["plugin", "keygen", "publisher"]).problem().err.contains("is there already"));
    let digest =
        host.run(&["plugin", "verify", "team-hook-1.4.2.phx", "--key", "publisher.pub", "--json"]).problem().json();
    let signed =
        host.run(&["plugin", "sign", "team-hook-1.4.2.phx", "--key", "publisher.key", "--comment", "first"]).ok();
    assert!(signed.out.contains(digest["digest"].as_str().unwrap()), "signing changes no digest: {}", signed.out);

    let key = |name: &str| {
        let text = std::fs::read_to_string(host.path(name)).unwrap();
        format!("\"{}\"", text.lines().find(|line| line.starts_with("RW")).unwrap())
    };
    host.write("acme/tenant.toml", folder(&key("stranger.pub")));
    let stranger = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(stranger.err.contains("which is not trusted"), "{}", stranger.err);
    assert!(
        host.run(&["plugin", "verify", "team-hook-1.4.2.phx", "--key", "stranger.pub"])
            .problem()
            .out
            .contains("not trusted")
    );

    host.write("acme/tenant.toml", folder(&key("publisher.pub")));
    host.run(&["tenant", "apply", "acme"]).ok();
    let list = host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json();
    let hook = list.as_array().unwrap().iter().find(|p| p["name"] == "hook").unwrap();
    assert_eq!(hook["version"], "1.4.2");
    // No more than the package asks for, however much the tenant grants.
    let grants = &hook["grants"];
    assert_eq!(grants["model"], false);
    assert_eq!(grants["http"].as_array().unwrap().len(), 1);
    assert_eq!(grants["http"][0]["methods"], serde_json::json!(["POST"]));
    assert_eq!(grants["log"], false, "it does not ask for its log");

    let shown = host.run(&["plugin", "grants", "acme", "--json"]).ok().json();
    let of = |power: &str| {
        let line = shown.as_array().unwrap().iter().find(|l| l["plugin"] == "hook" && l["power"] == power).unwrap();
        ["asked", "granted", "allowed", "effective"].map(|key| line[key].as_str().unwrap().to_owned())
    };
    assert_eq!(of("http hooks.acme.example"), ["POST", "POST DELETE", "yes", "POST"]);
    assert_eq!(of("http elsewhere.example"), ["–", "GET POST", "yes", "–"]);
    assert_eq!(of("model"), ["–", "yes", "yes", "–"]);
    let secret = "to hooks.acme.example";
    assert_eq!(of("secret webhook_key"), [secret, secret, "yes", secret]);
    assert!(host.run(&["plugin", "grants", "acme"]).ok().out.contains("package asks"));

    // One byte of the content changed after signing.
    host.write("project/README.md", "# Team hook, improved\n");
    host.run(&["plugin", "pack", "project", "--out", "other.phx"]).ok();
    host.run(&["plugin", "verify", "other.phx", "--key", "publisher.pub"]).problem();
}

#[test]
fn for_development_an_unsigned_package_may_be_allowed_and_its_schema_still_counts() {
    let host = packed();
    host.write("posthouse.toml", "data_dir = \"data\"\n[plugins]\nallow_unsigned = true\n");
    host.write("acme/tenant.toml", format!("{ACME}\n{}", HOOK.replace("https://hooks", "http://hooks")));
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(refused.err.contains("settings.schema.json") && refused.err.contains("url"), "{}", refused.err);
    host.write("acme/tenant.toml", format!("{ACME}\n{HOOK}"));
    host.run(&["tenant", "apply", "acme"]).ok();
    // Cut off: refused with words, and what is in force stays.
    let whole = std::fs::read(host.path("team-hook-1.4.2.phx")).unwrap();
    host.write("team-hook-1.4.2.phx", &whole[..whole.len() / 2]);
    let cut = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(cut.err.contains("the package cannot be used"), "{}", cut.err);
    assert_eq!(host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json().as_array().unwrap().len(), 2);
}
