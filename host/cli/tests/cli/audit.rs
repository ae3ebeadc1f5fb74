use crate::host::{Host, MAIL};

#[test]
fn an_event_altered_in_the_file_is_found() {
    let host = Host::with_acme();
    host.write("first.eml", MAIL);
    host.run(&["ingest", "first.eml"]).ok();
    let whole = host.run(&["audit", "verify"]).ok();
    assert!(whole.out.starts_with("acme: ") && whole.out.ends_with(" events, whole\n"), "{}", whole.out);
    let json = host.run(&["audit", "verify", "--tenant", "acme", "--json"]).ok().json();
    assert!(json[0]["events"].as_i64().unwrap() > 3 && json[0]["faults"] == serde_json::json!([]), "{json:#}");

    // Somebody with the database file in an editor: who did it becomes somebody else, of the same length.
    // `migrate` closes the database in order, which folds the write-ahead log into the file.
    host.run(&["migrate"]).ok();
    let path = host.path("data/posthouse.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (b"operator", b"operat0r");
    let mut altered = 0;
    for i in 0..bytes.len() - from.len() {
        if &bytes[i..i + from.len()] == from {
            bytes[i..i + from.len()].copy_from_slice(to);
            altered += 1;
        }
    }
    assert!(altered > 0, "no event by the operator in the file");
    std::fs::write(&path, bytes).unwrap();
    let broken = host.run(&["audit", "verify"]).problem();
    assert!(
        broken.out.contains("not whole") && broken.out.contains("was altered after it was written"),
        "{}",
        broken.out
    );
    let json = host.run(&["audit", "verify", "--json"]).problem().json();
    assert_eq!(json[0]["faults"][0]["fault"], "altered");
}
