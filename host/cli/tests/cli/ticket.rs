use crate::host::{ACME, Host, MAIL};

#[test]
fn a_mail_becomes_a_ticket_that_can_be_listed_and_shown() {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"classifier\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    assert_eq!(host.run(&["ticket", "list"]).ok().out, "no ticket fits\n");
    host.write("first.eml", MAIL);
    host.run(&["ingest", "first.eml"]).ok();

    let list = host.run(&["ticket", "list", "--json"]).ok().json();
    let row = &list["rows"][0];
    assert_eq!(
        (&row["number"], &row["category"], &row["queue"]),
        (&1.into(), &"shipping".into(), &"general".into()),
        "{list:#}"
    );
    assert_eq!(row["customer"]["name"], "Ana García");
    let table = host.run(&["ticket", "list"]).ok().out;
    assert!(table.contains("#1") && table.contains("Ana García") && !table.contains('\x1b'), "{table}");
    assert_eq!(host.run(&["ticket", "list", "--category", "refund"]).ok().out, "no ticket fits\n");
    assert_eq!(host.run(&["ticket", "list", "--status", "sent,handled"]).ok().out, "no ticket fits\n");
    assert!(
        host.run(&["ticket", "list", "--assignee", "li@acme.example"]).problem().err.contains("nobody signs in as")
    );

    let shown = host.run(&["ticket", "show", "1"]).ok().out;
    for words in [
        "#1 Where is my order 1042-88?",
        "ana@customer.example",
        "/t/acme/tickets/1",
        "shipping",
        "why here",
        "classifier",
        "Hello, where is my order",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    let detail = host.run(&["ticket", "show", "1", "--json"]).ok().json();
    assert!(detail["decisions"].as_array().unwrap().len() >= 2, "{detail:#}");
    assert!(host.run(&["ticket", "show", "2"]).problem().err.contains('2'));
}
