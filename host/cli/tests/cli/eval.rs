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

const MAILS: &str = r#"{"id":"m1","from":"ana@home.example","subject":"Order 1042-88","body":"Where is my parcel? Order #1042-88, I paid $49.90.","language":"en","category":["shipping","order"],"entities":{"order_no":["1042-88"],"amount":["USD 49.90"]},"missing_info":[]}
{"id":"m2","from":"bob@home.example","subject":"<b>Broken</b>","body":"The lamp arrived broken. I will call my lawyer <script>alert(1)</script>","category":["account"],"urgency":["low","medium","high","urgent"],"sentiment":["negative","angry"],"must_not_auto_send":true}
{"id":"m3","subject":"","body":"Thanks, that works.\n\nOn Mon, 2 Mar 2026 at 10:00, Support <s@acme.example> wrote:\n> Did it work?","reply_text":"Thanks, that works."}
"#;

#[test]
fn every_field_of_labelled_mails_is_measured() {
    let host = Host::new();
    host.write("mails.jsonl", MAILS);
    let json = host.run(&["eval", "--data", "mails.jsonl", "--json"]).ok().json();
    let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    let all = [
        "category",
        "urgency",
        "sentiment",
        "language",
        "entities",
        "must_not_auto_send",
        "missing_info",
        "reply_text",
    ];
    assert_eq!(fields, all, "{json:#}");
    assert_eq!((&json["category"]["accuracy"], &json["category"]["wrong"]), (&0.5.into(), &serde_json::json!(["m2"])));
    assert_eq!(json["entities"]["recall"], 1.0, "{json:#}");
    for field in ["urgency", "language", "must_not_auto_send", "reply_text"] {
        assert_eq!(json[field]["accuracy"], 1.0, "{field}: {json:#}");
    }
    let text = host.run(&["eval", "--data", "mails.jsonl", "--wrong", "3"]).ok().out;
    assert!(text.contains("category: m2: account taken for complaint"), "{text}");
}

#[test]
fn the_report_shows_a_mail_as_text() {
    let host = Host::new();
    host.write("mails.jsonl", MAILS);
    host.write("data.tsv", DATA);
    host.run(&["eval", "--data", "mails.jsonl", "--html", "report.html"]).ok();
    let page = std::fs::read_to_string(host.path("report.html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;b&gt;Broken"), "{page}");
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("default-src 'none'") && page.contains("class=\"matrix\"") && page.contains("Worst errors"));
    host.run(&["eval", "--data", "data.tsv", "--html", "lines.html"]).ok();
    assert!(std::fs::read_to_string(host.path("lines.html")).unwrap().contains("Where is my parcel?"));
    let nowhere = host.run(&["eval", "--data", "data.tsv", "--html", "no/such/folder.html"]).problem();
    assert!(nowhere.err.contains("cannot be written"), "{}", nowhere.err);
}

#[test]
fn a_wrong_line_of_mails_is_named() {
    let host = Host::new();
    for (line, words) in [
        ("{\"id\":", "this is no JSON"),
        ("{\"id\":\"m1\",\"body\":\"x\"}", "the id `m1` is that of line 1 already"),
        ("{\"id\":\"m9\",\"body\":\"x\",\"entities\":{\"amount\":[\"much\"]}}", "`much` is no amount"),
    ] {
        host.write("mails.jsonl", format!("{MAILS}{line}\n"));
        let refused = host.run(&["eval", "--data", "mails.jsonl"]).problem();
        assert!(refused.err.contains("mails.jsonl:4") && refused.err.contains(words), "{words}: {}", refused.err);
    }
}

#[test]
fn the_trained_model_is_measured_on_what_it_did_not_learn() {
    let host = Host::new();
    let mut data = "source\tlang\tsplit\tlabel\ttext\n".to_owned();
    for number in 0..12 {
        for (label, text) in [("shipping", "the zorb has not come"), ("zorbing", "may we zorb in your hall")] {
            data.push_str(&format!("a\ten\tall\t{label}\t{text} {number}\n"));
            let split = if number < 8 { "train" } else { "test" };
            data.push_str(&format!("b\ten\t{split}\t{label}\t{text} {number}\n"));
        }
    }
    host.write("data.tsv", data);
    let json = host.run(&["eval", "--data", "data.tsv", "--folds", "2", "--json"]).ok().json();
    assert_eq!((&json[0]["source"], &json[0]["rows"], &json[0]["how"]), (&"a".into(), &24.into(), &"2 folds".into()));
    assert_eq!(
        (&json[1]["source"], &json[1]["rows"], &json[1]["how"]),
        (&"b".into(), &8.into(), &"train and test".into())
    );
    assert!(json[1]["accuracy"].as_f64().unwrap() > 0.9, "{json:#}");
}
