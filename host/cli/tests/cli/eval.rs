use crate::host::Host;

const DATA: &str = "id\tlabel\ttext\tnote\n\
1\tshipping\tWhere is my parcel? It has not been delivered yet.\tx\n\
2\trefund|return\tI want my money back, please refund me.\tx\n\
3\taccount\tWhere is my parcel? It has not been delivered yet.\tx\n";

#[test]
fn figures_and_confusion_are_printed() {
    let host = Host::new();
    host.write("data.tsv", DATA);
    let json = host.run(&["eval", "--classifier", "classifier", "--data", "data.tsv", "--json"]).ok().json();
    assert_eq!((&json["rows"], &json["failed"]), (&3.into(), &0.into()), "{json:#}");
    assert!((json["accuracy"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9, "{json:#}");
    assert_eq!(json["confusion"]["labels"], serde_json::json!(["account", "refund", "shipping"]), "{json:#}");
    assert_eq!(json["confusion"]["matrix"], serde_json::json!([[0, 0, 1], [0, 1, 0], [0, 0, 1]]));
    let text = host.run(&["eval", "--classifier", "classifier", "--data", "data.tsv", "--wrong", "5"]).ok().out;
    let text: Vec<_> = text.lines().skip(1).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_component_is_named_by_file_or_folder_too() {
    let host = Host::new();
    host.write("data.tsv", DATA);
    let list = host.run(&["plugin", "list", "--json"]).ok().json();
    let path = list
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "classifier")
        .expect("run `cargo xtask plugins` first")["path"]
        .clone();
    host.write("own/mine.wasm", std::fs::read(path.as_str().unwrap()).unwrap());
    for named in ["own", "own/mine.wasm", path.as_str().unwrap()] {
        assert_eq!(host.run(&["eval", "--classifier", named, "--data", "data.tsv", "--json"]).ok().json()["rows"], 3);
    }
    let dir = std::path::Path::new(path.as_str().unwrap()).parent().unwrap().to_str().unwrap().to_owned();
    host.run(&["--plugins-dir", &dir, "eval", "--classifier", "classifier", "--data", "data.tsv"]).ok();
}

#[test]
fn what_cannot_be_measured_says_why() {
    let host = Host::new();
    host.write("data.tsv", DATA);
    host.write("bad.tsv", "text\nhello\n");
    let bad = host.run(&["eval", "--classifier", "classifier", "--data", "bad.tsv"]).problem();
    assert!(
        bad.err.contains("bad.tsv:1: there is no column `label`") || bad.err.contains("there is no column `label`"),
        "{}",
        bad.err
    );
    let router = host.run(&["eval", "--classifier", "router", "--data", "data.tsv"]).problem();
    assert!(router.err.contains("router is a router, not a classifier"), "{}", router.err);
}

#[test]
fn the_spam_filter_is_tried_on_own_mail() {
    let host = Host::new();
    for n in 0..60 {
        host.write(
            &format!("spam/{n}.eml"),
            format!(
                "From: win{n}@prize.example\r\nSubject: You won {n}\r\n\r\nClaim your free prize now, number {n}!\r\n"
            ),
        );
        host.write(
            &format!("mail/{n}.eml"),
            format!("From: c{n}@home.example\r\nSubject: My order {n}\r\n\r\nHello, where is my parcel {n}? It has not come.\r\n"),
        );
    }
    let json = host.run(&["eval", "--spam", "spam", "--ham", "mail", "--json"]).ok().json();
    assert_eq!((&json["taught"]["spam"], &json["asked"]["ham"]), (&30.into(), &30.into()), "{json:#}");
    assert_eq!((&json["ham_lost"], &json["spam_missed"]), (&0.into(), &0.into()), "{json:#}");
    let text = host.run(&["eval", "--spam", "spam", "--ham", "mail"]).ok().out;
    assert!(text.contains("right        100.00 %"), "{text}");
    // From no confidence on, everything is spam.
    let all = host.run(&["eval", "--spam", "spam", "--ham", "mail", "--spam-min", "0", "--wrong", "1"]).ok().out;
    assert!(all.contains("mail lost    100.00 %  (30)") && all.contains("mail/1"), "{all}");
}

#[test]
fn a_spam_filter_that_has_too_little_to_learn_from_says_how_much_it_needs() {
    let host = Host::new();
    host.write("spam/1.eml", "Subject: a\r\n\r\nb\r\n");
    host.write("mail/1.eml", "Subject: c\r\n\r\nd\r\n");
    let failed = host.run(&["eval", "--spam", "spam", "--ham", "mail"]).problem();
    assert!(failed.err.contains("give at least 40 of each"), "{}", failed.err);
    assert!(host.run(&["eval", "--spam", "spam"]).err.contains("--ham"));
    assert!(host.run(&["eval"]).err.contains("--classifier"));
}
