use crate::host::{Host, MAIL};

#[test]
fn a_backup_brings_the_same_host_up_elsewhere() {
    let mut host = Host::with_acme();
    host.write("first.eml", MAIL);
    host.run(&["ingest", "first.eml"]).ok();
    host.run_with(&["secret", "set", "acme", "imap_password"], b"very secret value").ok();
    host.run(&["user", "add", "acme", "li@acme.example"]).ok();

    let none = host.run(&["backup", "copy.posthouse"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("there is no passphrase"), "{}", none.err);
    host.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    let made = host.run(&["backup", "copy.posthouse", "--json"]).ok().json();
    assert!(made["rows"].as_u64().unwrap() > 5, "{made:#}");
    assert!(host.run(&["backup", "copy.posthouse"]).problem().err.contains("is there already"));
    assert!(!host.path("copy.posthouse.partial").exists());
    let bytes = std::fs::read(host.path("copy.posthouse")).unwrap();
    let key = std::fs::read(host.path("data/master.key")).unwrap();
    for secret in [&b"very secret value"[..], key.trim_ascii()] {
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret),
            "a secret stands in the backup in the clear"
        );
    }

    let mut other = Host::new();
    let file = host.path("copy.posthouse");
    let file = file.to_str().unwrap();
    other.write("wrong.txt", "another phrase\n");
    let wrong = other.run(&["restore", file, "--passphrase-file", "wrong.txt"]).problem();
    assert!(wrong.err.contains("the passphrase is wrong"), "{}", wrong.err);
    other.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    let restored = other.run(&["restore", file]).ok();
    assert!(restored.out.starts_with("restored "), "{}", restored.out);

    for command in [
        &["ticket", "show", "1", "--json"][..],
        &["tenant", "list", "--json"],
        &["plugin", "list", "--tenant", "acme", "--json"],
        &["secret", "list", "acme", "--json"],
        &["audit", "verify", "--json"],
    ] {
        assert_eq!(other.run(command).json(), host.run(command).json(), "{command:?}");
    }
    assert_eq!(std::fs::read(other.path("data/master.key")).unwrap(), key);
    let twice = other.run(&["restore", file]).problem();
    assert!(!twice.err.is_empty());
    // What was restored goes on: the next mail of the customer joins her ticket.
    other.write(
        "second.eml",
        MAIL.replace("<first@", "<second@")
            .replace("Subject: ", "In-Reply-To: <first@customer.example>\r\nSubject: Re: "),
    );
    other.run(&["ingest", "second.eml"]).ok();
    assert_eq!(other.run(&["ticket", "show", "1", "--json"]).json()["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_backup_or_was_altered_is_refused() {
    let mut host = Host::with_acme();
    host.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    host.run(&["backup", "copy"]).ok();
    let text = std::fs::read_to_string(host.path("copy")).unwrap();
    let mut other = Host::new();
    other.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    other.write("none", "hello\n");
    assert!(other.run(&["restore", "none"]).problem().err.contains("is not a backup of Posthouse"));
    other.write("altered", text.replace("Acme Outdoor", "Acme 0utdoor"));
    other.run(&["restore", "altered"]).problem();
    let lines: Vec<_> = text.lines().collect();
    other.write("cut", lines[..lines.len() - 1].join("\n"));
    other.run(&["restore", "cut"]).problem();
    other.write("whole", text);
    other.run(&["restore", "whole"]).ok();
    host.write("x/posthouse.toml", "data_dir = \"data\"\n");
    assert_eq!(other.run(&["tenant", "list", "--json"]).ok().json()[0]["slug"], "acme");
}

/// Made when the database was at schema 2: before a plugin's limits were kept.
const OLDER: &[u8] = include_bytes!("../fixtures/schema-2.backup");

#[test]
fn a_backup_of_an_older_posthouse_is_brought_up_to_this_one() {
    for migrated in [false, true] {
        let mut host = Host::new();
        host.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
        if migrated {
            host.run(&["migrate"]).ok();
        }
        host.write("older.posthouse", OLDER);
        let restored = host.run(&["restore", "older.posthouse", "--json"]).ok().json();
        assert_eq!(restored["schema"], 2);
        let plugins = host.run(&["plugin", "list", "--tenant", "acme", "--json"]).ok().json();
        assert_eq!((&plugins[0]["name"], &plugins[0]["limits"]), (&"orders".into(), &serde_json::json!({})));
        assert_eq!(host.run(&["ticket", "show", "1", "--json"]).ok().json()["messages"].as_array().unwrap().len(), 1);
        host.run(&["audit", "verify"]).ok();
        let secrets = host.run(&["secret", "list", "acme"]);
        assert!(secrets.out.contains("imap_password"), "{secrets:?}");
        host.write("second.eml", MAIL.replace("<first@", "<second@"));
        host.run(&["ingest", "second.eml"]).ok();
    }
}

#[test]
fn a_backup_of_sqlite_comes_up_on_postgresql() {
    let Some(server) = posthouse_servers::postgres() else { return };
    let mut host = Host::with_acme();
    host.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    host.write("first.eml", MAIL);
    host.run(&["ingest", "first.eml"]).ok();
    host.run_with(&["secret", "set", "acme", "imap_password"], b"very secret value").ok();
    host.run(&["backup", "copy"]).ok();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = runtime.block_on(server.fresh_database());
    let mut other = Host::new();
    other.set("POSTHOUSE_PASSPHRASE", "a phrase for the safe");
    other.set("POSTHOUSE_DATABASE_URL", &url);
    other.run(&["restore", host.path("copy").to_str().unwrap()]).ok();
    for command in
        [&["ticket", "show", "1", "--json"][..], &["secret", "list", "acme", "--json"], &["audit", "verify", "--json"]]
    {
        assert_eq!(other.run(command).json(), host.run(command).json(), "{command:?}");
    }
    assert!(!other.path("data/posthouse.db").exists());
}
