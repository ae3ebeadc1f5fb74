use crate::host::{Host, MAIL};

#[test]
fn the_bundled_plugins_are_listed_and_load() {
    let host = Host::new();
    let list = host.run(&["plugin", "list", "--json"]).ok().json();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    for name in [
        "classifier",
        "router",
        "drafter",
        "checker",
        "notifier-webhook",
        "notifier-feishu",
        "notifier-dingtalk",
        "notifier-wecom",
        "notifier-slack",
    ] {
        assert!(names.contains(&name), "{name}: run `cargo xtask plugins` first; there are {names:?}");
    }
    let check = host.run(&["plugin", "check", "classifier", "--json"]).ok().json();
    assert_eq!(
        (&check["ok"], &check["world"], &check["needs"]),
        (&true.into(), &"classifier".into(), &serde_json::json!([])),
        "{check:#}"
    );
    assert!(host.run(&["plugin", "check", "classifier"]).ok().out.starts_with("classifier loads\n"));
}

#[test]
fn what_would_not_load_says_why() {
    let host = Host::new();
    host.write("x.wasm", b"\0asm\x01\0\0\0");
    let core = host.run(&["plugin", "check", "x.wasm"]).problem();
    assert!(core.out.contains("would not load") && core.out.contains("core WebAssembly module"), "{}", core.out);
    host.write("bad.json", "{\"no_such_key\": 1}");
    let settings = host.run(&["plugin", "check", "classifier", "--settings", "bad.json"]).problem();
    assert!(settings.out.contains("no_such_key"), "{}", settings.out);
    host.write("broken.json", "{\n  \"a\": }");
    let broken = host.run(&["plugin", "check", "classifier", "--settings", "broken.json"]).problem();
    assert!(broken.err.contains("broken.json:2:"), "{}", broken.err);
    let unknown = host.run(&["plugin", "check", "clasifier"]).problem();
    assert!(
        unknown.err.contains("there is no bundled plugin named `clasifier`") && unknown.err.contains("bundled are: "),
        "{}",
        unknown.err
    );
}

#[test]
fn a_plugin_runs_on_a_mail() {
    let host = Host::new();
    host.write("first.eml", MAIL);
    let ran = host.run(&["plugin", "run", "classifier", "--mail", "first.eml", "--json"]).ok().json();
    assert_eq!(ran["result"]["category"]["value"], "shipping", "{ran:#}");
    assert!(ran["cost"]["duration_us"].as_u64().unwrap() > 0);
    let draft =
        host.run(&["plugin", "run", "drafter", "--mail", "first.eml", "--category", "shipping", "--json"]).ok().json();
    assert!(!draft["result"][0]["body"].as_str().unwrap().is_empty(), "{draft:#}");
    let no_mail = host.run(&["plugin", "run", "classifier"]);
    assert_eq!(no_mail.code, 2, "{no_mail:#?}");
    // A notifier without its secret posts nothing and says what is missing.
    let notifier = host.run(&["plugin", "run", "notifier-slack", "--json"]).problem().json();
    assert_eq!(notifier["ok"], false, "{notifier:#}");
}
