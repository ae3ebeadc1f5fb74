use crate::host::{ACME, Host};

/// What changes from run to run.
fn steady(host: &Host, text: &str) -> String {
    let text = text.replace(&format!("{}/", host.dir.path().display()), "");
    let mut out = String::new();
    let mut hex = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() || ('a'..='f').contains(&c) {
            hex.push(c);
            continue;
        }
        out += if hex.len() == 12 { "<digest>" } else { &hex };
        hex.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

const HOOK: &str = r#"[[plugin]]
name = "hook"
component = "notifier-webhook"
enabled = false
settings = { url = "https://hooks.acme.example/x" }
grants.http = [{ host = "hooks.acme.example" }]
grants.secrets = { webhook_key = ["hooks.acme.example"] }
"#;

#[test]
fn apply_shows_what_it_does_and_does_it_once() {
    let host = Host::new();
    let acme = format!("{ACME}\n{HOOK}");
    host.write("acme/tenant.toml", &acme);
    host.write("acme/knowledge/returns.en.md", "# Returns\n30 days.\n");
    let dry = host.run(&["tenant", "apply", "acme", "--dry-run"]).ok();
    insta::assert_snapshot!("apply_dry_run", steady(&host, &dry.out));
    assert!(!host.path("data").exists(), "a dry run made something");

    let first = host.run(&["tenant", "apply", "acme"]).ok();
    assert_eq!(first.out, dry.out.replace("would be made", "is made"));
    let again = host.run(&["tenant", "apply", "acme"]).ok();
    assert_eq!(again.out, "acme: nothing to change\n");

    let changed =
        acme.replace("queue = \"general\" }", "queue = \"general\", priority = 55 }").replace("\"hook\"", "\"erp\"");
    host.write("acme/tenant.toml", changed);
    host.write("acme/knowledge/returns.en.md", "# Returns\n14 days.\n");
    let change = host.run(&["tenant", "apply", "acme"]).ok();
    insta::assert_snapshot!("apply_change", steady(&host, &change.out));
    assert_eq!(host.run(&["tenant", "apply", "acme", "--json"]).ok().json()["changes"].as_array().unwrap().len(), 0);
    let list = host.run(&["tenant", "list", "--json"]).ok().json();
    assert_eq!((&list[0]["slug"], &list[0]["plugins"], &list[0]["mailboxes"]), (&"acme".into(), &2.into(), &1.into()));
}

#[test]
fn what_is_wrong_is_refused_and_the_running_set_up_stays() {
    let host = Host::with_acme();
    let before = host.run(&["tenant", "list", "--json"]).ok().json();
    host.write("acme/broken.wasm", b"not a component");
    let bad = [
        ("unknown_key", ACME.replace("agent_language", "agent_langauge")),
        ("bad_component", format!("{ACME}\n[[plugin]]\nname = \"own\"\ncomponent = \"broken.wasm\"\n")),
        ("bad_settings", ACME.replace("queue = \"general\" }", "queue = 7 }")),
        (
            "missing_grant",
            format!(
                "{ACME}\n[[plugin]]\nname = \"hook\"\ncomponent = \"notifier-webhook\"\nsettings = {{ url = \"https://a.example/x\" }}\n"
            ),
        ),
        (
            "private_address",
            format!(
                "{ACME}\n[[plugin]]\nname = \"hook\"\ncomponent = \"notifier-webhook\"\nsettings = {{ url = \"http://127.0.0.1:1/x\", key = \"k\" }}\n\
                 grants.http = [{{ host = \"127.0.0.1\", scheme = \"http\", port = 1, private = true }}]\n\
                 grants.secrets = {{ k = [\"127.0.0.1\"] }}\n"
            ),
        ),
        ("not_a_notifier", format!("{ACME}\n[notify]\nnotifiers = [\"router\"]\n")),
        (
            "several",
            ACME.replace("Asia/Shanghai", "Asia/Nowhere")
                .replace("files = { path = \"out/acme\" }", "")
                .replace("[[plugin]]\nname = \"router\"", "[[plugin]]\nname = \"rooter\""),
        ),
    ];
    for (name, text) in bad {
        host.write("acme/tenant.toml", text);
        let ran = host.run(&["tenant", "apply", "acme"]).problem();
        assert_eq!(ran.out, "");
        let words = steady(&host, &ran.err);
        // Where this machine keeps its bundled plugins is no part of the words.
        let words: Vec<_> = words
            .lines()
            .map(|line| line.split(" in /").next().unwrap())
            .map(|line| line.split("bundled are: ").next().unwrap())
            .collect();
        insta::assert_snapshot!(format!("refused_{name}"), words.join("\n"));
        let after = host.run(&["tenant", "list", "--json"]).ok().json();
        assert_eq!(after, before, "{name} changed something");
    }
    host.write("acme/tenant.toml", ACME);
    host.write("acme/knowledge/returns.en.md", "+++\ncountry = \"Germany\"\n+++\n# Returns\n");
    let ran = host.run(&["tenant", "apply", "acme"]).problem();
    insta::assert_snapshot!("refused_article", steady(&host, &ran.err));
    assert_eq!(host.run(&["tenant", "list", "--json"]).ok().json(), before);
    let gone = host.run(&["tenant", "apply", "nowhere"]).problem();
    assert!(
        gone.err.contains("nowhere: there is no such folder") || gone.err.contains("there is no such folder"),
        "{}",
        gone.err
    );
}

#[test]
fn an_exported_folder_applied_changes_nothing() {
    let host = Host::new();
    let extra = "\n[[plugin]]\nname = \"hook\"\ncomponent = \"plugins/own.wasm\"\nenabled = false\nsettings_file = \"hook.json\"\n\
        grants.http = [{ host = \"a.example\" }]\n\n[digest]\nat = \"18:00\"\n";
    host.write("acme/tenant.toml", format!("{ACME}{extra}"));
    host.write("acme/hook.json", "{\"url\": \"https://a.example/x\", \"key\": null}");
    host.write("acme/knowledge/faq/returns.de.md", "# Rückgabe\n30 Tage.\n");
    let own = host.run(&["plugin", "list", "--json"]).ok().json();
    let webhook = own
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "notifier-webhook")
        .expect("run `cargo xtask plugins` first");
    host.write("acme/plugins/own.wasm", std::fs::read(webhook["path"].as_str().unwrap()).unwrap());
    host.run(&["tenant", "apply", "acme"]).ok();

    let files = host.run(&["tenant", "export", "acme", "copy", "--json"]).ok().json();
    assert_eq!(
        files["files"],
        serde_json::json!([
            "knowledge/faq/returns.de.md",
            "plugins/hook.wasm",
            "settings/hook.json",
            "settings/router.json",
            "tenant.toml"
        ])
    );
    let again = host.run(&["tenant", "apply", "copy"]).ok();
    assert_eq!(
        again.out,
        "acme: nothing to change\n",
        "{}",
        std::fs::read_to_string(host.path("copy/tenant.toml")).unwrap()
    );
    assert!(host.run(&["tenant", "export", "acme", "copy"]).problem().err.contains("copy is not empty"));
    assert!(host.run(&["tenant", "export", "other", "copy2"]).problem().err.contains("there are: acme"));

    // On another machine the folder makes the same tenant.
    let other = Host::new();
    let copy = host.path("copy");
    other.run(&["tenant", "apply", copy.to_str().unwrap()]).ok();
    let digest = |host: &Host| host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json();
    let names =
        |value: &serde_json::Value| value.as_array().unwrap().iter().map(|p| p["digest"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&digest(&host)), names(&digest(&other)));
}

#[test]
fn an_example_whose_own_plugins_are_not_built_says_what_to_run() {
    let host = Host::new();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for (name, own) in [("beauty", 2), ("electronics", 2), ("fashion", 1)] {
        copy_without_packages(&examples.join(name), &host.path(name));
        let refused = host.run(&["tenant", "apply", name]).problem().err;
        assert_eq!(refused.matches("the package is not built yet").count(), own, "{refused}");
        assert!(refused.contains("in a checkout of Posthouse run `cargo xtask examples`"), "{refused}");
        assert!(refused.contains(&format!("{name}/tenant.toml:")), "it has a place: {refused}");
    }
    assert!(!host.path("data/posthouse.db").exists(), "nothing was changed");
}

/// A folder with the plugins' manifests, and without what building leaves in it.
fn copy_without_packages(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_built = path.extension().is_some_and(|e| e == "phx" || e == "wasm");
        if path.is_file() && !is_built {
            std::fs::copy(&path, to.join(name)).unwrap();
        } else if path.is_dir() && !["node_modules", ".venv", "target"].iter().any(|n| name == *n) {
            copy_without_packages(&path, &to.join(name));
        }
    }
}

#[test]
fn with_several_tenants_a_command_asks_which() {
    let host = Host::with_acme();
    host.write("other/tenant.toml", ACME.replace("\"acme\"", "\"other\"").replace("/acme", "/other"));
    host.run(&["tenant", "apply", "other"]).ok();
    assert_eq!(host.run(&["tenant", "list", "--json"]).ok().json().as_array().unwrap().len(), 2);
    let several = host.run(&["ticket", "list"]);
    assert_eq!(several.code, 2);
    assert!(several.err.contains("say which with --tenant: acme, other"), "{}", several.err);
}
