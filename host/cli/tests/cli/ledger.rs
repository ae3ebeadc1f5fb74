use crate::host::{ACME, Host, MAIL};

fn host() -> Host {
    let host = Host::new();
    host.write("acme/tenant.toml", ACME);
    host.run(&["tenant", "apply", "acme"]).ok();
    host
}

#[test]
fn a_mailbox_that_nobody_followed_yet_has_nothing_missing() {
    let host = host();
    for folder in ["tmp", "cur"] {
        std::fs::create_dir_all(host.path(&format!("data/mail/acme/{folder}"))).unwrap();
    }
    host.write("data/mail/acme/new/1.a", MAIL);
    let json = host.run(&["ledger", "--json"]).ok().json();
    assert_eq!((&json[0]["mailbox"], &json[0]["missing"]), (&"support".into(), &serde_json::json!([])), "{json:#}");
    let text = host.run(&["ledger"]).ok().out;
    assert!(text.starts_with("support: even"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_said_by_name() {
    let host = host();
    let other = host.run(&["ledger", "--mailbox", "sales"]);
    assert!(other.err.contains("`acme` has no mailbox `sales`"), "{}", other.err);
    host.write("data/mail/acme", "a file, not a folder");
    let away = host.run(&["ledger"]).problem();
    assert!(away.err.contains("support: "), "{}", away.err);
}
