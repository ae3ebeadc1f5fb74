use crate::host::{ACME, Host};

fn host() -> Host {
    let host = Host::new();
    let imap =
        "[mailbox.imap]\nhost = \"imap.acme.example\"\nuser = \"u\"\npassword = { secret = \"imap_password\" }\n";
    host.write(
        "acme/tenant.toml",
        ACME.replace("maildir = { path = \"mail/acme\" }\n", "")
            .replace("files = { path = \"out/acme\" }\n", &format!("files = {{ path = \"out/acme\" }}\n{imap}")),
    );
    let ran = host.run(&["tenant", "apply", "acme"]).ok();
    assert!(
        ran.err.contains("the secret `imap_password` has no value yet: posthouse secret set acme imap_password < FILE"),
        "{}",
        ran.err
    );
    host
}

#[test]
fn a_secret_is_kept_sealed_and_never_shown() {
    let host = host();
    let missing = host.run(&["secret", "list", "acme"]).problem();
    assert!(missing.out.contains("imap_password  missing"), "{}", missing.out);
    let value = "correct horse battery staple";
    let set = host
        .run_with(
            &["secret", "set", "acme", "imap_password", "--host", "imap.acme.example"],
            format!("{value}\n").as_bytes(),
        )
        .ok();
    assert_eq!(set.out, "kept imap_password of acme, encrypted\n");
    let list = host.run(&["secret", "list", "acme", "--json"]).ok().json();
    assert_eq!(list[0]["origin"], "store");
    assert_eq!(list[0]["hosts"], serde_json::json!(["imap.acme.example"]));
    assert_eq!(list[0]["used_by"], serde_json::json!(["mailbox support"]));
    // Nowhere in the clear.
    for entry in
        std::fs::read_dir(host.path("data")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(!bytes.windows(value.len()).any(|window| window == value.as_bytes()), "{}", entry.display());
    }
    assert_eq!(host.run(&["tenant", "apply", "acme"]).ok().err, "");
    host.run(&["secret", "remove", "acme", "imap_password"]).ok();
    assert!(host.run(&["secret", "remove", "acme", "imap_password"]).problem().err.contains("keeps no secret"));
}

#[test]
fn a_secret_goes_only_where_it_may() {
    let host = host();
    let elsewhere =
        host.run_with(&["secret", "set", "acme", "imap_password", "--host", "other.example"], b"x").problem();
    assert!(elsewhere.err.contains("sends the secret `imap_password` to imap.acme.example"), "{}", elsewhere.err);
    host.run_with(&["secret", "set", "acme", "imap_password", "--host", "imap.acme.example"], b"x").ok();
    let moved = std::fs::read_to_string(host.path("acme/tenant.toml"))
        .unwrap()
        .replace("imap.acme.example", "imap.thief.example");
    host.write("acme/tenant.toml", moved);
    let refused = host.run(&["tenant", "apply", "acme"]).problem();
    assert!(
        refused.err.contains("the secret `imap_password` may not be sent to imap.thief.example"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("acme/tenant.toml:"), "{}", refused.err);
}

#[test]
fn environment_and_files_go_first() {
    let mut host = host();
    host.write("posthouse.toml", "data_dir = \"data\"\n[secrets]\ndir = \"secrets\"\n");
    let origin = |host: &Host| host.run(&["secret", "list", "acme", "--json"]).json()[0]["origin"].clone();
    assert_eq!(origin(&host), serde_json::Value::Null);
    host.run_with(&["secret", "set", "acme", "imap_password"], b"from store").ok();
    assert_eq!(origin(&host), "store");
    host.write("secrets/acme/imap_password", "from file\n");
    assert_eq!(origin(&host), "file");
    host.set("POSTHOUSE_SECRET_ACME_IMAP_PASSWORD", "from environment");
    assert_eq!(origin(&host), "environment");
}

#[test]
fn values_and_names_that_cannot_be_are_refused() {
    let host = host();
    assert_eq!(host.run_with(&["secret", "set", "acme", "Bad-Name"], b"x").code, 2);
    assert!(host.run_with(&["secret", "set", "acme", "good_name"], b"\n").problem().err.contains("the value is empty"));
    assert!(
        host.run_with(&["secret", "set", "other", "good_name"], b"x")
            .problem()
            .err
            .contains("there is no tenant `other`")
    );
}

#[test]
fn a_database_without_its_key_says_so() {
    let host = host();
    host.run_with(&["secret", "set", "acme", "imap_password"], b"x").ok();
    let key = std::fs::read_to_string(host.path("data/master.key")).unwrap();
    assert_eq!(key.trim().len(), 64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(host.path("data/master.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(host.path("data/master.key")).unwrap();
    assert!(host.run(&["secret", "list", "acme"]).problem().err.contains("the master key is missing"));
    assert!(!host.path("data/master.key").exists(), "a new key was made silently");
    host.write("data/master.key", "00".repeat(32));
    assert!(
        host.run(&["secret", "list", "acme"]).problem().err.contains("not the one that this database was sealed with")
    );
    host.write("data/master.key", "nonsense");
    assert!(host.run(&["secret", "list", "acme"]).problem().err.contains("64 hexadecimal digits"));
    host.write("data/master.key", key);
    host.run(&["secret", "list", "acme"]).ok();
}
