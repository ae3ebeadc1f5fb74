//! Fixtures tried and made.

use crate::host::{Host, MAIL};
use std::path::PathBuf;

const MANIFEST: &str = r#"id = "acme/sorter"
version = "1.4.2"
world = "classifier"
api = "1.0"
summary = "Sorts mail."
license = "Apache-2.0"
authors = ["Acme <dev@acme.example>"]

[capabilities]
log = true

[limits]
cpu_ms = 900
"#;

fn component(folder: &str, variable: &str, name: &str) -> Vec<u8> {
    let folder = std::env::var_os(variable)
        .map(PathBuf::from)
        .unwrap_or_else(|| std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join(folder));
    std::fs::read(folder.join(name).with_extension("wasm")).unwrap()
}

fn bundled(name: &str) -> Vec<u8> {
    component("plugins", "POSTHOUSE_PLUGINS", name)
}

/// A project with the bundled classifier in it.
fn project() -> Host {
    let host = Host::new();
    host.write("sorter/plugin.toml", MANIFEST);
    host.write("sorter/README.md", "# Sorter\n");
    host.write("sorter/LICENSE", "Apache-2.0\n");
    host.write("sorter/plugin.wasm", bundled("classifier"));
    host.write("sorter/fixtures/first.eml", MAIL);
    host.write(
        "sorter/fixtures/late-parcel.fixture.toml",
        "world = \"classifier\"\nmail = \"first.eml\"\n\n[expect]\ncategory.value = \"shipping\"\n\
         entities = { contains = [{ kind = \"order-number\", value = \"1042-88\" }] }\nmissing = { nothing = true }\n",
    );
    host
}

/// What is measured differs from run to run and from build to build.
fn settle(out: &str) -> String {
    let mut settled = String::new();
    for line in out.lines() {
        let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let measured = cells.len() == 9 && cells[0] != "limit" && cells[1] != "computing";
        if measured {
            settled += &format!("{}: measured in {} columns\n", cells[0], cells.len() - 1);
        } else {
            settled += &format!("{}\n", line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    settled
}

#[test]
fn what_passes_and_what_does_not_is_told_with_what_it_used() {
    let host = project();
    host.write(
        "sorter/fixtures/refund.fixture.toml",
        "mail = \"first.eml\"\n[expect]\ncategory = { value = \"refund\", confidence = { at_least = 0.01 } }\ntags = [\"vip\"]\n",
    );
    host.write("sorter/fixtures/fails.fixture.toml", "mail = \"first.eml\"\nfailure = \"for ever\"\n");
    let ran = host.run(&["plugin", "test", "sorter"]).problem();
    insta::assert_snapshot!(settle(&ran.out));
    let passing = host.run(&["plugin", "test", "sorter", "--only", "late"]).ok();
    assert!(passing.out.ends_with("\n1 fixture passed\n"), "{}", passing.out);
}

#[test]
fn instructions_are_counted_the_same_each_time() {
    let host = project();
    let fuel = || {
        let report = host.run(&["plugin", "test", "sorter", "--json"]).ok().json();
        assert_eq!((&report["passed"], &report["failed"]), (&1.into(), &0.into()), "{report:#}");
        assert_eq!(
            (&report["limits"]["computing_us"], &report["limits"]["fuel"]),
            (&900_000.into(), &serde_json::Value::Null)
        );
        report["fixtures"][0]["used"]["fuel"].as_u64().unwrap()
    };
    let first = fuel();
    assert!(first > 10_000, "{first}");
    assert_eq!(fuel(), first);
    let report = host.run(&["plugin", "test", "sorter", "--json", "--no-fuel"]).ok().json();
    assert_eq!(report["fixtures"][0]["used"]["fuel"], serde_json::Value::Null);
}

#[test]
fn a_package_is_tried_on_what_it_carries() {
    let host = project();
    host.run(&["plugin", "pack", "sorter", "--out", "sorter.phx"]).ok();
    std::fs::remove_dir_all(host.path("sorter")).unwrap();
    let ran = host.run(&["plugin", "test", "sorter.phx"]).ok();
    assert!(ran.out.starts_with("sorter\n  ok    late-parcel\n"), "{}", ran.out);
}

#[test]
fn what_is_wrong_in_a_fixture_has_its_place() {
    let host = project();
    for (text, words) in [
        ("mial = \"first.eml\"", "x.fixture.toml:1:1: there is no key `mial` here; did you mean `mail`?"),
        ("mail = \"gone.eml\"\n[expect]", "x.fixture.toml:1:8: mail: cannot be read: "),
        (
            "mail = \"../first.eml\"\n[expect]",
            "x.fixture.toml:1:8: mail: `../first.eml` leads out of the fixtures' folder",
        ),
        ("mail = \"first.eml\"", "nothing is expected; write what must be in the answer under [expect]"),
        (
            "mail = \"first.eml\"\nfailure = \"a\"\n[expect]",
            "x.fixture.toml:2:11: failure: a call that fails has no answer",
        ),
        (
            "world = \"router\"\nmail = \"first.eml\"\n[expect]",
            "x.fixture.toml:1:9: world: this fixture is for a router, the plugin is a classifier",
        ),
        ("[expect]", "a classifier needs [mail]"),
        ("mail = \"first.eml\"\n[notice]\ntitle = \"a\"\n[expect]", "notice: a classifier is given no notice"),
        (
            "mail = \"first.eml\"\n[expect]\ntags = { contains = 3 }",
            "expect.tags.contains: `contains` is given a text or a list",
        ),
        ("mail = { subjct = \"a\" }\n[expect]", "there is no key `subjct` here; did you mean `subject`?"),
        ("mail = \"first.eml\"\nnow = \"soon\"\n[expect]", "x.fixture.toml:2:7: `soon` is no moment"),
        (
            "mail = \"first.eml\"\n[[calls]]\nhttp.ask = { method = \"GET\" }\n[expect]",
            "give either `answer` or `error`",
        ),
        ("mail = \"first.eml\"\n[settings]\nno_such = 1\n[expect]", "plugin `sorter` refused its settings"),
    ] {
        host.write("sorter/fixtures/x.fixture.toml", text);
        let ran = host.run(&["plugin", "test", "sorter", "--only", "x", "--no-fuel"]).problem();
        assert!(ran.out.contains(words), "{text}: {}", ran.out);
    }
    let nothing = host.run(&["plugin", "test", "sorter", "--fixtures", "elsewhere"]).problem();
    assert!(nothing.err.contains("there is no fixture in elsewhere"), "{}", nothing.err);
    std::fs::remove_file(host.path("sorter/plugin.wasm")).unwrap();
    let unbuilt = host.run(&["plugin", "test", "sorter"]).problem();
    assert!(unbuilt.err.contains("is not built: there is no plugin.wasm"), "{}", unbuilt.err);
}

const SLACK: &str = "[notice]\nkind = \"ticket\"\ntitle = \"A parcel is late\"\nlines = [\"Where is it?\"]\n";

#[test]
fn what_a_notifier_would_send_is_answered_from_the_fixture() {
    let host = Host::new();
    host.write("hook.wasm", bundled("notifier-webhook"));
    host.write(
        "grants.toml",
        "http = [{ host = \"hooks.acme.example\" }]\nsecrets = { webhook_key = [\"hooks.acme.example\"] }\n",
    );
    host.write("fixtures/settings.toml", "url = \"https://hooks.acme.example/x\"\n");
    host.write("fixtures/told.fixture.toml", format!("{SLACK}[expect]\n"));
    let test = ["plugin", "test", "hook.wasm", "--grants", "grants.toml", "--no-fuel"];
    let asked = host.run(&test).problem();
    // What is missing is printed as it would have to stand there.
    let lines: Vec<&str> = asked.out.lines().map(str::trim).collect();
    let begin = lines.iter().position(|line| *line == "[[calls]]").unwrap_or_else(|| panic!("{}", asked.out));
    let call: Vec<&str> =
        lines[begin..].iter().copied().take_while(|line| !line.starts_with("the call failed")).collect();
    let call = format!("{}\n[calls.http.answer]\nstatus = 200\nbody = \"{{}}\"\n", call.join("\n"));
    host.write("fixtures/told.fixture.toml", format!("{call}{SLACK}[expect]\n"));
    let told = host.run(&test).ok();
    assert!(told.out.contains("ok    told") && !call.contains("stand-in-for"), "{}\n{call}", told.out);
    // A failure of the platform is a fixture too.
    let away =
        call.replace("[calls.http.answer]\nstatus = 200\nbody = \"{}\"", "[calls.http.error]\nunreachable = \"away\"");
    host.write("fixtures/told.fixture.toml", format!("failure = \"gave up for now\"\n{away}{SLACK}"));
    assert!(host.run(&test).ok().out.contains("ok    told"));
}

const SHOP: &str = r#"
[[plugin]]
name = "classifier"

[[plugin]]
name = "drafter"
"#;

#[test]
fn fixtures_of_real_calls_hold_nobody_and_pass() {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{}{SHOP}", crate::host::ACME));
    host.run(&["tenant", "apply", "acme"]).ok();
    // Hosts that are reserved for examples are nobody's, and would stay.
    let personal = MAIL
        .replace("customer.example", "garcia-mayor.net")
        .replace("Ana\r\n", "Ana García\r\nCalle Mayor 7\r\n+34 600 123 456\r\n");
    host.write("mails/first.eml", &personal);
    host.write("mails/second.eml", personal.replace("first@", "second@").replace("1042-88", "1050-17"));
    host.run(&["ingest", "mails", "--tenant", "acme"]).ok();

    for (plugin, world) in [("classifier", "classifier"), ("router", "router"), ("drafter", "drafter")] {
        let args = ["plugin", "record", "--tenant", "acme", plugin, "--out", plugin, "--json"];
        let made = host.run(&args).ok().json();
        let made = made.as_array().unwrap();
        assert_eq!(made.len(), 2, "{made:#?}");
        for fixture in made {
            assert_eq!(
                (&fixture["exact"], &fixture["skipped"]),
                (&true.into(), &serde_json::Value::Null),
                "{plugin}: {fixture:#}"
            );
            assert_eq!(fixture["doubts"], serde_json::json!([]), "{plugin}: {fixture:#}");
            let text = std::fs::read_to_string(host.path(fixture["file"].as_str().unwrap())).unwrap();
            assert!(text.contains(&format!("world = \"{world}\"")), "{text}");
            for gone in ["Ana", "García", "ana@", "garcia-mayor", "1042-88", "1050-17", "Mayor", "600 123"] {
                assert!(!text.contains(gone), "{plugin}: {gone} is in {text}");
            }
        }
        host.write(&format!("{plugin}-project/plugin.wasm"), bundled(plugin));
        let test = ["plugin", "test", &format!("{plugin}-project/plugin.wasm"), "--fixtures", plugin, "--no-fuel"];
        let ran = host.run(&test).ok();
        assert!(ran.out.contains("2 fixtures passed"), "{}", ran.out);
        let again = host.run(&args).problem().json();
        assert!(again[0]["skipped"].as_str().unwrap().contains("is there already"), "{again:#}");
    }
    let one = host.run(&["plugin", "record", "--tenant", "acme", "router", "--ticket", "2", "--out", "one"]).ok();
    assert!(one.out.contains("1 of 1 written to one") && one.err.contains("look them over"), "{one:#?}");
    let none = host.run(&["plugin", "record", "--tenant", "acme", "nobody", "--out", "x"]).problem();
    assert!(none.err.contains("acme has no plugin `nobody`"), "{}", none.err);
}
