//! The example clients as tests use them: copied without what is only for building, with or without their own plugins.

use crate::house::House;
use posthouse_package::{Package, PackageBuilder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The example's folder in the checkout.
#[must_use]
pub fn folder(shop: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(shop)
}

/// Copies an example and takes its own plugins out of its set-up: for tests of everything else, which then need nothing built.
///
/// # Panics
/// When the copy cannot be written.
pub fn copy_bare(shop: &str, to: &Path) {
    copy(&folder(shop), to);
    let path = to.join("tenant.toml");
    let text = std::fs::read_to_string(&path).expect("the example has a set-up");
    let mut kept = String::new();
    let mut blocks = text.split("[[plugin]]\n");
    kept.push_str(blocks.next().unwrap_or_default());
    for block in blocks {
        if !block.contains("component = \"plugins/") {
            kept.push_str("[[plugin]]\n");
            kept.push_str(block);
            continue;
        }
        // What follows the plugin's own tables stays.
        let mut inside = true;
        for line in block.split_inclusive('\n') {
            inside &= !(line.starts_with('[') && !line.starts_with("[plugin.") && !line.starts_with("[[plugin."));
            if !inside {
                kept.push_str(line);
            }
        }
    }
    std::fs::write(path, kept).expect("the copy can be written");
}

/// Copies an example with its own plugins' packages; false, with the reason printed, where one is not built.
///
/// # Panics
/// When the copy cannot be written; when [`posthouse_servers::REQUIRE`] names `examples` and a package is missing.
#[must_use]
pub fn copy_whole(shop: &str, to: &Path) -> bool {
    copy(&folder(shop), to);
    let plugins = folder(shop).join("plugins");
    std::fs::create_dir_all(to.join("plugins")).expect("the copy can be written");
    for entry in std::fs::read_dir(&plugins).expect("the example has plugins").flatten() {
        if !entry.path().join("plugin.toml").is_file() {
            continue;
        }
        let package = entry.path().with_extension("phx");
        if !package.is_file() {
            posthouse_servers::skip("examples", &format!("{} is not built: `cargo xtask examples`", package.display()));
            return false;
        }
        let name = package.file_name().expect("it has a name");
        std::fs::copy(&package, to.join("plugins").join(name)).expect("the copy can be written");
    }
    true
}

/// Packs a package anew with a part of its manifest replaced: so that it may ask for a server of the test.
///
/// # Panics
/// When it is no package, or its manifest has no such part.
pub fn change_manifest(package: &Path, from: &str, to: &str) {
    let read = Package::read(&std::fs::read(package).expect("the package is there")).expect("a package");
    let mut builder = PackageBuilder::new();
    for (name, content) in read.files() {
        if name == "plugin.toml" {
            let text = std::str::from_utf8(content).expect("UTF-8");
            assert!(text.contains(from), "`{from}` is not in {text}");
            builder = builder.manifest(text.replace(from, to));
        } else {
            builder = builder.file(name, content.clone());
        }
    }
    let bytes = builder.build().and_then(|package| package.write()).expect("it can be packed again");
    std::fs::write(package, bytes).expect("it can be written");
}

/// Everything but plugins' projects and packages.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the copy can be written");
    for entry in std::fs::read_dir(from).expect("the example can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_file() {
            std::fs::copy(entry.path(), target).expect("the copy can be written");
        } else if entry.file_name() != "plugins" {
            copy(&entry.path(), &target);
        }
    }
}

/// What a person says about a sample mail: a row of `expected.tsv` by its head line.
pub type Row = BTreeMap<String, String>;

/// The rows of `expected.tsv`.
///
/// # Panics
/// When a row has other columns than the head.
#[must_use]
pub fn expected(shop: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(folder(shop).join("expected.tsv")).expect("the example has expected.tsv");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split('\t').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        head.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    lines.map(row).collect()
}

/// What became of a mail file that was taken in: its outcome, the category and language that its own triage came to (a later
/// mail of the ticket may have changed them since), and of its ticket number, queue, tags, deadline.
///
/// # Panics
/// When it was not taken in.
#[must_use]
pub fn became(house: &House, mail: &[u8]) -> Value {
    let key = hex(&Sha256::digest(mail));
    let text = house.sqlite(
        &house.path().join("data/posthouse.db"),
        &format!(
            "select json_object('outcome', m.outcome, 'reason', m.reason, 'number', t.number, \
             'category', e.data ->> 'category', 'language', e.data ->> 'language', \
             'queue', t.queue, 'tags', json(t.tags), 'deadline', t.deadline_at) \
             from message m left join ticket t on t.id = m.ticket_id \
             left join event e on e.tenant_id = m.tenant_id and e.subject = 'ticket:' || m.ticket_id \
             and e.kind = 'ticket.triaged' and e.data ->> 'message' = m.id \
             where m.source_key like '%{key}%' order by e.seq desc limit 1"
        ),
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Compares a shop's sample mails with what is expected of them; every difference is a line.
///
/// # Panics
/// When a mail has no row, or was not taken in.
#[must_use]
pub fn differences(house: &House, shop: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut mails: Vec<PathBuf> = std::fs::read_dir(folder(shop).join("mails"))
        .expect("the example has mails")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    mails.sort();
    let rows = expected(shop);
    assert_eq!(rows.len(), mails.len(), "a row for each mail of {shop}");
    for (row, mail) in rows.iter().zip(mails) {
        assert_eq!(mail.file_name().and_then(|name| name.to_str()), Some(row["file"].as_str()), "in the same order");
        let was = became(house, &std::fs::read(&mail).expect("it can be read"));
        let mut compare = |column: &str, fits: bool| {
            if row[column] != "-" && !fits {
                found.push(format!("{shop}/{}: {column} should be {}: {was}", row["file"], row[column]));
            }
        };
        compare("outcome", was["outcome"] == row["outcome"].as_str());
        let category = was["category"].as_str().unwrap_or_default();
        compare("category", row["category"].split('|').any(|right| right == category));
        if row["outcome"] == "ticket" {
            compare("language", was["language"] == row["language"].as_str());
        }
        compare("queue", was["queue"] == row["queue"].as_str());
        let tags = was["tags"].as_array().cloned().unwrap_or_default();
        compare("tags", row["tags"].split(',').all(|tag| tags.iter().any(|is| is == tag)));
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
