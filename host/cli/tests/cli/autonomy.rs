use crate::host::{ACME, Host, MAIL};

/// A host whose one ticket an agent has answered as proposed is not there yet: without answers nothing is compared, and nothing goes up.
fn host() -> Host {
    let host = Host::new();
    let plugins =
        ["classifier", "drafter", "checker"].map(|name| format!("\n[[plugin]]\nname = \"{name}\"\n")).concat();
    host.write("acme/tenant.toml", format!("{ACME}{plugins}"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host
}

#[test]
fn nothing_goes_up_without_evidence_and_consent() {
    let host = host();
    assert_eq!(host.run(&["autonomy", "show"]).ok().out, "nothing has been compared yet\n");
    host.write("first.eml", MAIL);
    host.run(&["ingest", "first.eml"]).ok();
    let asked = host.run(&["autonomy", "promote", "shipping"]);
    assert_eq!(asked.code, 2, "{asked:#?}");
    assert!(asked.words().contains("needs your consent") && asked.err.contains("--agree"), "{}", asked.err);
    let refused = host.run(&["autonomy", "promote", "shipping", "--agree"]).problem();
    assert!(refused.words().contains("`shipping` stays manual: 0 of 10 comparisons were made"), "{}", refused.err);
    assert!(host.run(&["autonomy", "demote", "shipping"]).problem().words().contains("no step down"));
    let shown = host.run(&["autonomy", "show", "--category", "shipping", "--json"]).ok().json();
    let one = &shown["categories"][0];
    assert_eq!((&one["level"], &one["lacks"][0]["lacks"]), (&"manual".into(), &"too-few".into()), "{shown:#}");
    assert_eq!((&shown["stop"], &shown["compared"]), (&serde_json::Value::Null, &serde_json::json!([])));
    let table = host.run(&["autonomy", "show", "--category", "shipping"]).ok().out;
    assert!(table.contains("shipping") && table.contains("0 of 10 comparisons"), "{table}");
}

#[test]
fn the_switches_of_tenant_and_house_are_two() {
    let host = host();
    assert_eq!(host.run(&["autonomy", "go"]).ok().out, "the automatic replies of `acme` were not stopped\n");
    host.run(&["autonomy", "stop", "--reason", "a bad template"]).ok();
    host.run(&["autonomy", "stop", "--house"]).ok();
    let shown = host.run(&["autonomy", "show", "--json"]).ok().json();
    assert_eq!((&shown["stop"]["reason"], &shown["stop"]["by"]), (&"a bad template".into(), &"operator".into()));
    assert_eq!(shown["house_stop"]["by"], "operator");
    let text = host.run(&["autonomy", "show"]).ok().out;
    assert!(text.contains("of all tenants are stopped") && text.contains("a bad template"), "{text}");
    let gone = host.run(&["autonomy", "go"]).ok();
    assert!(gone.out.ends_with("`acme` go on\n") && gone.err.contains("--house"), "{gone:#?}");
    assert!(host.run(&["autonomy", "go", "--house"]).ok().out.ends_with("go on\n"));
    let shown = host.run(&["autonomy", "show", "--json"]).ok().json();
    assert_eq!((&shown["stop"], &shown["house_stop"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(host.run(&["audit", "verify"]).ok().out.contains("acme"));
    assert_eq!(host.run(&["autonomy", "stop", "--house", "--tenant", "acme"]).code, 2);
}
