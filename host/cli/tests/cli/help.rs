use crate::host::Host;

#[test]
fn the_commands_are_an_interface() {
    let host = Host::new();
    let help = host.run(&["--help"]).ok().out;
    for command in [
        "demo", "serve", "migrate", "doctor", "tenant", "user", "secret", "ingest", "ticket", "mail", "mailbox",
        "plugin", "model", "eval", "digest", "audit", "backup", "restore", "bench",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command} in\n{help}");
    }
    assert!(help.contains("Exit codes: 0 all is well; 1 a problem was found"), "{help}");
    for path in [
        &["tenant", "apply"][..],
        &["tenant", "list"],
        &["tenant", "export"],
        &["user", "add"],
        &["user", "reset-password"],
        &["secret", "set"],
        &["secret", "list"],
        &["secret", "remove"],
        &["mailbox", "sign-in"],
        &["ticket", "list"],
        &["ticket", "show"],
        &["mail", "read"],
        &["plugin", "list"],
        &["plugin", "check"],
        &["plugin", "run"],
        &["plugin", "test"],
        &["plugin", "record"],
        &["plugin", "new"],
        &["plugin", "build"],
        &["plugin", "dev"],
        &["plugin", "listen"],
        &["model", "calls"],
        &["model", "show"],
        &["model", "again"],
        &["audit", "verify"],
        &["eval"],
        &["backup"],
        &["restore"],
        &["migrate"],
    ] {
        let mut args = path.to_vec();
        args.push("--help");
        let help = host.run(&args).ok().out;
        assert!(help.contains("Usage: posthouse"), "{path:?}: {help}");
        assert!(!help.contains('\x1b'), "colour in a pipe: {help}");
    }
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_two() {
    let host = Host::new();
    for args in [&["tickets"][..], &["ticket", "show"], &["ticket", "show", "seven"], &["eval"], &[]] {
        let ran = host.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:#?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{ran:#?}");
    }
    assert!(host.run(&["--version"]).ok().out.starts_with("posthouse 0."));
}

#[test]
fn a_host_without_anything_says_how_to_start() {
    let host = Host::new();
    let ran = host.run(&["ticket", "list"]).problem();
    assert!(ran.err.contains("there is no database at ") && ran.err.contains("tenant apply DIR"), "{}", ran.err);
    assert!(!host.path("data").exists(), "looking made something");
    let made = host.run(&["migrate"]).ok();
    assert!(made.out.starts_with("made the database at schema version "), "{}", made.out);
    let again = host.run(&["migrate", "--json"]).ok().json();
    assert_eq!(again["from"], again["to"]);
    assert!(host.run(&["ticket", "list"]).problem().err.contains("there is no tenant yet"));
}

#[test]
fn what_is_wrong_in_the_hosts_set_up_has_a_place() {
    let host = Host::new();
    host.write("posthouse.toml", "data_dir = \"data\"\n\n[web]\nlissen = \"127.0.0.1:1\"\n");
    let ran = host.run(&["tenant", "list"]).problem();
    insta::assert_snapshot!(ran.err);
    let gone = host.run(&["--config", "gone.toml", "tenant", "list"]).problem();
    assert!(gone.err.contains("gone.toml"), "{}", gone.err);
}
