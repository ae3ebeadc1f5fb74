//! Two versions of a classifier on a thousand stored mails.

use crate::host::{ACME, Host};

const MAILS: usize = 1_000;

/// A tenant with a thousand mails; every fifth asks for an engraving.
fn host() -> Host {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"classifier\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    let mut mbox = String::new();
    for number in 0..MAILS {
        let (subject, body) = if number % 5 == 0 {
            ("A question", "Can you put an engraving on the watch that I want to give to my sister?")
        } else {
            ("Where is it?", "Where is my parcel? It has not arrived yet.")
        };
        mbox.push_str(&format!(
            "From c{number}@home.example Sun Mar  1 08:30:00 2026\nFrom: c{number}@home.example\nTo: support@acme.example\n\
             Subject: {subject} {number}\nDate: Sun, 01 Mar 2026 08:30:00 +0100\nMessage-ID: <{number}@home.example>\n\n{body}\n\n"
        ));
    }
    host.write("all.mbox", mbox);
    host.run(&["ingest", "all.mbox", "--tenant", "acme"]).ok();
    host
}

#[test]
fn a_changed_rule_is_seen_on_every_mail_that_it_changes() {
    let host = host();
    host.write(
        "new.json",
        r#"{ "words": { "engrave": { "en": ["engrav*"] } },
             "rules": [{ "name": "own.engraving", "when": ["engrave"], "category": "engraving", "weight": 4 }] }"#,
    );
    let json = host.run(&["replay", "--tenant", "acme", "--against", "new.json", "--json"]).ok().json();
    assert_eq!((&json["mails"], &json["differ"]), (&MAILS.into(), &(MAILS / 5).into()), "{:#}", json["fields"]);
    let category = json["fields"].as_array().unwrap().iter().find(|field| field["name"] == "category").unwrap();
    let changes = category["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["to"] == "engraving"), "{category:#}");
    let tickets: usize = changes.iter().map(|change| change["tickets"].as_array().unwrap().len()).sum();
    assert_eq!(tickets, MAILS / 5);
    assert_eq!(json["tickets"].as_array().unwrap().len(), MAILS / 5);
    assert_eq!(json["tickets"][0]["changes"]["category"]["to"], "engraving");

    let text = host.run(&["replay", "--against", "new.json", "--last", "100", "--list", "3"]).ok().out;
    assert!(text.starts_with("20 of 100 mails change (classifier of acme against new.json)"), "{text}");
    assert!(text.contains("→  engraving") && text.contains("and 17 more"), "{text}");

    // The same version changes nothing, as settings and as a plugin.
    host.write("same.json", "{}");
    for against in ["same.json", "classifier"] {
        let json = host.run(&["replay", "--against", against, "--last", "50", "--json"]).ok().json();
        assert_eq!((&json["mails"], &json["differ"]), (&50.into(), &0.into()), "{against}: {json:#}");
    }
    // And the tenant's own history can be measured: nobody has spoken on it yet.
    let none = host.run(&["eval", "--tenant", "acme", "--last", "10", "--json"]).ok();
    assert_eq!(none.json(), serde_json::json!({}));
    assert!(none.err.contains("no mail says what is right about it"), "{}", none.err);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"classifier\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host.write("bad.json", "{\"no_such_key\": 1}");
    for (against, words) in
        [("bad.json", "no_such_key"), ("router", "router is a router, not a classifier"), ("gone.phx", "gone.phx")]
    {
        let refused = host.run(&["replay", "--against", against]).problem();
        assert!(refused.err.contains(words), "{against}: {}", refused.err);
    }
}
