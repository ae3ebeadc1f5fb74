//! A release on its way through a tenant: installed, replayed, run in shadow, given a share, made active, taken back.

use crate::host::{ACME, Host, MAIL, bundled, guest};
use serde_json::{Value, json};

/// A host whose tenant routed two mails.
fn host() -> Host {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"classifier\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host.write("mails/first.eml", MAIL);
    host.write("mails/second.eml", MAIL.replace("first@", "second@").replace("1042-88", "1050-17"));
    host.run(&["ingest", "mails", "--tenant", "acme"]).ok();
    // The same router, which says a tag and is another file.
    host.write("new/router.wasm", [bundled("router"), vec![0, 4, 3, b'n', b'e', b'w']].concat());
    host.write("new/settings.toml", "default = { queue = \"general\", tags = [\"asked\"] }\n");
    host
}

fn install(host: &Host) -> Value {
    let args =
        ["plugin", "install", "new/router.wasm", "--tenant", "acme", "--settings", "new/settings.toml", "--json"];
    host.run(&args).ok().json()
}

/// Number and state of each release, the newest first; of a canary its share.
fn history(host: &Host) -> Vec<(i64, String)> {
    let all = host.run(&["plugin", "history", "router", "--tenant", "acme", "--json"]).ok().json();
    let of = |row: &Value| {
        let state = row["state"].as_str().unwrap();
        let share = if state == "canary" { format!(" {}", row["share"]) } else { String::new() };
        (row["number"].as_i64().unwrap(), format!("{state}{share}"))
    };
    all.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_release_goes_all_its_way_and_back() {
    let host = host();
    let installed = install(&host);
    assert_eq!(
        (&installed["plugin"], &installed["release"], &installed["world"]),
        (&"router".into(), &2.into(), &"router".into())
    );
    assert_eq!(history(&host), [(2, "installed".to_owned()), (1, "active".to_owned())]);

    let replayed = host.run(&["plugin", "replay", "router"]).ok();
    assert!(replayed.out.starts_with("2 of 2 tickets change tags (router "), "{}", replayed.out);
    assert!(replayed.out.contains("2×  –") && replayed.out.contains("→  asked"), "{}", replayed.out);
    assert!(replayed.out.contains("2 of 2 inputs are exactly those of then"), "{}", replayed.out);
    let report = host.run(&["plugin", "replay", "router", "--last", "1", "--json"]).ok().json();
    assert_eq!((&report["calls"], &report["release"], &report["against"]), (&1.into(), &2.into(), &1.into()));

    let shadow = host.run(&["plugin", "shadow", "router"]).ok();
    assert!(shadow.out.contains("(release 2) runs in shadow"), "{}", shadow.out);
    let canary = host.run(&["plugin", "canary", "router", "--share", "100"]).ok();
    assert!(canary.out.contains("(release 2) answers for 100 % of the tickets"), "{}", canary.out);
    assert_eq!(history(&host)[0], (2, "canary 100".to_owned()));

    // It answers for the next mail, and is named on its ticket.
    host.write("more/third.eml", MAIL.replace("first@", "third@").replace("1042-88", "1061-03"));
    host.run(&["ingest", "more", "--tenant", "acme"]).ok();
    let ticket = host.run(&["ticket", "show", "3", "--tenant", "acme", "--json"]).ok().json();
    assert_eq!(ticket["ticket"]["tags"], json!(["shipping/tracking", "asked"]), "{ticket:#}");

    let active = host.run(&["plugin", "activate", "router"]).ok();
    assert!(active.out.contains("posthouse plugin rollback router --tenant acme"), "{}", active.out);
    assert_eq!(history(&host), [(2, "active".to_owned()), (1, "retired".to_owned())]);
    let table = host.run(&["plugin", "history", "router"]).ok();
    assert!(table.out.contains("router.wasm") && table.out.contains("tenant's folder"), "{}", table.out);

    let back = host.run(&["plugin", "rollback", "router", "--reason", "too many tags", "--json"]).ok().json();
    assert_eq!((&back["from"], &back["to"]), (&2.into(), &1.into()));
    assert_eq!(history(&host), [(2, "rolled-back".to_owned()), (1, "active".to_owned())]);
    let table = host.run(&["plugin", "history", "router"]).ok();
    assert!(table.out.contains("too many tags"), "{}", table.out);
}

#[test]
fn steps_that_lead_nowhere_are_refused_and_change_nothing() {
    let host = host();
    let before = history(&host);
    for (args, words) in [
        (&["plugin", "shadow", "router"][..], "`router` has no candidate"),
        (&["plugin", "shadow", "nobody"], "acme has no plugin `nobody`"),
        (&["plugin", "activate", "router", "--release", "7"], "`router` has no release 7"),
        (&["plugin", "rollback", "router"], "router"),
        (&["plugin", "replay", "router", "--release", "1"], "release 1 of `router` is the active one"),
        (&["plugin", "install", "new", "--tenant", "nobody"], "nobody"),
        (&["plugin", "install", "gone.phx", "--tenant", "acme"], "gone.phx"),
    ] {
        let refused = host.run(args).problem();
        assert!(refused.err.contains(words), "{args:?}: {}", refused.err);
    }
    assert_eq!(host.run(&["plugin", "canary", "router", "--share", "0"]).code, 2);
    assert_eq!(host.run(&["plugin", "canary", "router", "--share", "101"]).code, 2);
    // Settings that the plugin refuses, an import that it was not granted.
    host.write("new/settings.toml", "no_such_key = 1\n");
    let args = ["plugin", "install", "new/router.wasm", "--tenant", "acme", "--settings", "new/settings.toml"];
    let refused = host.run(&args).problem();
    assert!(refused.err.contains("nothing was installed") && refused.err.contains("no_such_key"), "{}", refused.err);
    let refused = host.run(&["plugin", "install", "notifier-webhook", "--tenant", "acme"]).problem();
    assert!(
        refused.err.contains("nothing was installed") && refused.words().contains("grants.http"),
        "{}",
        refused.err
    );
    assert_eq!(history(&host), before);
}

#[test]
fn a_second_candidate_takes_the_place_of_the_first_and_one_may_be_withdrawn() {
    let host = host();
    install(&host);
    host.write("new/settings.toml", "default = { queue = \"general\", tags = [\"again\"] }\n");
    assert_eq!(install(&host)["release"], 3);
    assert_eq!(history(&host)[..2], [(3, "installed".to_owned()), (2, "withdrawn".to_owned())]);
    host.run(&["plugin", "withdraw", "router"]).ok();
    assert_eq!(history(&host)[0], (3, "withdrawn".to_owned()));
    // A tenant folder that is applied is a release like any other.
    host.write("acme/tenant.toml", ACME.replace("queue = \"general\" }", "queue = \"general\", priority = 9 }"));
    host.run(&["tenant", "apply", "acme"]).ok();
    assert_eq!(history(&host)[0], (4, "active".to_owned()));
    let from = host.run(&["plugin", "history", "router", "--json"]).ok().json();
    assert_eq!(from[0]["source"], "");
}

#[test]
fn what_a_plugin_logged_is_shown_with_release_and_ticket() {
    let host = Host::new();
    host.write("acme/reader.wasm", guest("reader"));
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"reader\"\ncomponent = \"reader.wasm\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host.write("mails/first.eml", MAIL);
    host.run(&["ingest", "mails", "--tenant", "acme"]).ok();
    let logs = host.run(&["plugin", "logs", "reader", "--tenant", "acme"]).ok();
    assert!(logs.out.contains("warn  reader #1 ticket 1 line 0 "), "{}", logs.out);
    let line: Value =
        serde_json::from_str(host.run(&["plugin", "logs", "--json"]).ok().out.lines().next().unwrap()).unwrap();
    assert_eq!((&line["plugin"], &line["ticket"], &line["release"]), (&"reader".into(), &1.into(), &1.into()));
    assert!(host.run(&["plugin", "logs", "router"]).ok().out.is_empty());
    let refused = host.run(&["plugin", "logs", "nobody"]).problem();
    assert!(refused.err.contains("acme has no plugin `nobody`"), "{}", refused.err);
}
