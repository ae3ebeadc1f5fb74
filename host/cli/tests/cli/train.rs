//! A trained model from the command line: learned, compared, refused, activated, taken back.

use crate::host::{ACME, Host, guest};
use serde_json::Value;

fn host() -> Host {
    let host = Host::new();
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"classifier\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host
}

/// Texts of two kinds that differ from each other in small things.
fn texts() -> Vec<(&'static str, String)> {
    let goods =
        ["mugs", "lamps", "scarves", "tents", "knives", "bowls", "chairs", "socks", "boots", "rugs", "vases", "kites"];
    let mut all = Vec::new();
    for (number, goods) in goods.iter().enumerate() {
        for (text, label) in [
            ("We run a boutique and would resell {} at our counter, what are terms for stockists?", "stockist"),
            ("our boutique wants to become a stockist of {}", "stockist"),
            ("could a boutique like ours carry {} as an official stockist", "stockist"),
            ("the {} never came, where are they", "shipping"),
            ("still waiting for the parcel with the {}", "shipping"),
            ("please tell me when the {} will be delivered", "shipping"),
        ] {
            all.push((label, format!("{} ({number})", text.replace("{}", goods))));
        }
    }
    all
}

fn table(rows: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let mut table = "lang\tlabel\ttext\n".to_owned();
    for (label, text) in rows {
        table.push_str(&format!("en\t{label}\t{text}\n"));
    }
    table
}

/// The same division as the command's: which texts are held back.
fn is_held_back(text: &str) -> bool {
    let bytes = [b'\n'].into_iter().chain(text.bytes());
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    (hash >> 17).is_multiple_of(5)
}

fn history(host: &Host) -> Value {
    host.run(&["plugin", "history", "classifier", "--json"]).ok().json()
}

#[test]
fn a_category_of_the_tenants_own_is_learned_activated_and_taken_back() {
    let host = host();
    host.write("own.tsv", table(texts()));
    let made = host.run(&["train", "--from", "own.tsv", "--out", "made", "--activate", "--json"]).ok().json();
    assert_eq!((&made["better"], &made["activated"], &made["version"]), (&true.into(), &true.into(), &"0.1.1".into()));
    assert_eq!(made["learned"]["files"], 72, "{made:#}");
    let (before, after) = (made["before"]["accuracy"].as_f64().unwrap(), made["after"]["accuracy"].as_f64().unwrap());
    // The house knew half of them: those of a category that it has.
    assert!(before < 0.75 && after > 0.9, "{made:#}");
    assert!(made["seconds"].as_f64().unwrap() > 0.0);

    // It is a plugin like any other: packed, measured, and named in the history.
    host.run(&["plugin", "pack", "made", "--out", "made.phx"]).ok();
    let readme = std::fs::read_to_string(host.path("made/README.md")).unwrap();
    assert!(readme.contains("72 texts of files") && readme.contains("held back"), "{readme}");
    host.write(
        "one.jsonl",
        "{\"id\":\"a\",\"body\":\"our boutique would love to be a stockist of spoons\",\"category\":[\"stockist\"]}\n",
    );
    for classifier in ["made", "made.phx"] {
        let json = host.run(&["eval", "--classifier", classifier, "--data", "one.jsonl", "--json"]).ok().json();
        assert_eq!(json["category"]["accuracy"], 1.0, "{json:#}");
    }
    let releases = history(&host);
    assert_eq!((&releases[0]["state"], &releases[0]["version"]), (&"active".into(), &"0.1.1".into()), "{releases:#}");
    assert_eq!(releases[0]["source"], "posthouse train");

    // The next training begins where this one is, and the same texts make the same model: no worse.
    let again = host.run(&["train", "--from", "own.tsv", "--out", "again", "--json"]).ok().json();
    assert_eq!((&again["version"], &again["activated"]), (&"0.1.2".into(), &false.into()));
    assert_eq!(again["before"]["accuracy"], made["after"]["accuracy"]);
    let component = |folder: &str| std::fs::read(host.path(folder).join("plugin.wasm")).unwrap();
    assert!(component("made") == component("again"), "the same texts made another model");

    host.run(&["plugin", "rollback", "classifier", "--tenant", "acme"]).ok();
    assert_eq!(history(&host)[1]["state"], "active");
}

#[test]
fn a_model_that_is_worse_is_refused_and_nothing_changes() {
    let host = host();
    // What is learned from is labelled wrongly, what is held back rightly.
    let text = |number| format!("where is my parcel number {number}, it has not arrived");
    let rows = (0..400).map(text).map(|text| (if is_held_back(&text) { "shipping" } else { "refund" }, text));
    host.write("wrong.tsv", table(rows));
    let before = history(&host);
    let refused = host.run(&["train", "--from", "wrong.tsv", "--out", "made", "--activate"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("worse than what it would replace: nothing was written"), "{}", refused.out);
    assert!(refused.out.contains("accuracy") && refused.out.contains(" → "), "{}", refused.out);
    assert!(!host.path("made").exists());
    assert_eq!(history(&host), before);
}

#[test]
fn what_cannot_be_trained_says_why() {
    let host = host();
    let few = host.run(&["train"]).problem();
    assert!(few.err.contains("0 texts would be held back") && few.err.contains("--from"), "{}", few.err);
    host.write("bad.jsonl", "{\"id\":\"a\",\"body\":\"x\",\"category\":\"refund\"}\n{\"id\":\"b\",\"body\":\n");
    let bad = host.run(&["train", "--from", "bad.jsonl"]).problem();
    assert!(bad.err.contains("bad.jsonl:2") && bad.err.contains("this is no JSON"), "{}", bad.err);
    host.write("none.jsonl", "{\"id\":\"a\",\"body\":\"x\"}\n");
    let none = host.run(&["train", "--from", "none.jsonl"]).problem();
    assert!(none.err.contains("has nothing to learn from"), "{}", none.err);
    // A folder that holds something else is left alone.
    host.write("own.tsv", table(texts()));
    host.write("mine/notes.txt", "mine");
    let used = host.run(&["train", "--from", "own.tsv", "--out", "mine"]).problem();
    assert!(used.err.contains("mine holds something else"), "{}", used.err);
}

#[test]
fn another_classifier_is_not_replaced_by_the_bundled_one() {
    let host = Host::new();
    host.write("acme/reader.wasm", guest("reader"));
    host.write("acme/tenant.toml", format!("{ACME}\n[[plugin]]\nname = \"reader\"\ncomponent = \"reader.wasm\"\n"));
    host.run(&["tenant", "apply", "acme"]).ok();
    host.write("own.tsv", table(texts()));
    let refused = host.run(&["train", "--from", "own.tsv", "--out", "made", "--activate"]).problem();
    assert!(refused.err.contains("`reader` carries no trained model"), "{}", refused.err);
    assert!(refused.err.contains("plugin install classifier"), "{}", refused.err);
    assert!(!host.path("made").exists());
}
