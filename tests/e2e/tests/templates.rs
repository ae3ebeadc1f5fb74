//! Templates of replies from the folder to the desk and back: written on the desk, tried in the sandbox, guarded against an older
//! folder, exported, and the same again byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use posthouse_e2e::desk::Desk;
use posthouse_e2e::house::House;
use std::collections::BTreeMap;
use std::path::Path;

const SHOP: &str = r#"
slug = "shop"
name = "The Shop"

[[mailbox]]
name = "support"
address = "support@shop.example"
maildir = { path = "mail" }
files = { path = "out" }

[[plugin]]
name = "classifier"

[[plugin]]
name = "drafter"
settings = { variables = { eta = "three days" } }
templates_folder = "replies"
"#;

const LATE: &str = "+++\ncategory = \"shipping\"\nlanguage = \"en\"\n+++\n\nIt comes within {{eta}}.\n";
const OTHER: &str =
    "+++\n# Ours alone.\nneeds = [\"order_status\"]\ncategory = \"refund\"\ncountry = \"AT\"\n+++\n\nGrüß Gott.\n";

const MAIL: &str = "From: Ana <ana@customer.example>\r\nTo: support@shop.example\r\nSubject: Where is my parcel?\r\n\
    Message-ID: <1@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n\r\n\
    Hello, where is my parcel? My order has not arrived and I am waiting for delivery.\r\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, at: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{at}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, "", &mut found);
    found
}

#[tokio::test]
async fn templates_go_from_the_folder_to_the_desk_and_back() {
    let mut house = House::new(None);
    let shop = house.path().join("shop");
    write(&shop, "tenant.toml", SHOP);
    write(&shop, "replies/late.md", LATE);
    let applied = house.run(&["tenant", "apply", "shop"]);
    assert!(applied.contains("template drafter late  shipping, en"), "{applied}");
    assert_eq!(house.run(&["tenant", "apply", "shop"]), "shop: nothing to change\n");
    write(&shop, "replies/de/refund.md", OTHER);
    let changed = house.run(&["tenant", "apply", "shop"]);
    assert!(changed.contains("+ template drafter de/refund  refund, AT") && !changed.contains("plugin"), "{changed}");

    write(&house.path().join("mails"), "1.eml", MAIL);
    house.run(&["ingest", "--tenant", "shop", "mails"]);
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let ticket = desk.json("/api/tickets/1").await;
    assert!(ticket["drafts"].to_string().contains("It comes within three days."), "{ticket}");

    // Tried before it is saved, by the drafter itself.
    let text = "Dear {{customer_name}}, within {{eta}}. {{promise}}";
    let fields = [
        ("plugin", "drafter"),
        ("id", "late"),
        ("version", "1"),
        ("category", "shipping"),
        ("language", "en"),
        ("number", "1"),
        ("body", text),
    ];
    let tried = desk.form("/templates/try", &fields).await;
    assert_eq!(tried.status, 303, "{}", tried.body);
    let to = tried.headers.iter().find(|(name, _)| name == "location").unwrap().1.clone();
    let to = to.strip_prefix("/t/shop").unwrap().split('#').next().unwrap().to_owned();
    let page = desk.get(&to).await.body;
    assert!(page.contains("It would be proposed first."), "{page}");
    assert!(page.contains("Dear <span class=\"var\" title=\"customer_name\">Ana</span>, within"), "{page}");
    assert!(page.contains("<mark class=\"open\">{{promise}}</mark>"), "{page}");

    // Saved, it is not lost by applying the folder as it was.
    assert_eq!(desk.form("/templates/save", &fields).await.status, 303);
    let refused = house.try_run(&["tenant", "apply", "shop"], "");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "it was written over");
    assert!(words.contains("late.md\n    li@shop.example wrote another template on the desk"), "{words}");
    house.run(&["tenant", "export", "shop", "copy"]);
    let copy = files(&house.path().join("copy"));
    let exported = |name: &str| String::from_utf8(copy[name].clone()).unwrap();
    assert_eq!(
        exported("templates/late.md"),
        format!("+++\ncategory = \"shipping\"\nlanguage = \"en\"\n+++\n\n{text}\n")
    );
    assert_eq!(
        exported("templates/de/refund.md"),
        "+++\ncategory = \"refund\"\ncountry = \"AT\"\nneeds = [\"order_status\"]\n+++\n\nGrüß Gott.\n"
    );
    assert_eq!(house.run(&["tenant", "apply", "copy"]), "shop: nothing to change\n");
    house.run(&["tenant", "export", "shop", "again"]);
    assert_eq!(files(&house.path().join("again")), copy, "byte for byte");

    // Or replaced on purpose: what it said on the desk is among its versions.
    house.run(&["tenant", "apply", "shop", "--replace-desk"]);
    let page = desk.get("/templates/template?plugin=drafter&id=late&version=2").await.body;
    assert!(page.contains("It comes within {{eta}}.</ins>") && page.contains("{{promise}}</del>"), "{page}");
    assert_eq!(house.run(&["tenant", "apply", "shop"]), "shop: nothing to change\n");

    // With the last one removed the folder has none, and says so no longer.
    for (id, version) in [("late", "3"), ("de/refund", "1")] {
        let fields = [("plugin", "drafter"), ("id", id), ("version", version)];
        assert_eq!(desk.form("/templates/remove", &fields).await.status, 303, "{id}");
    }
    house.run(&["tenant", "export", "shop", "none"]);
    let none = files(&house.path().join("none"));
    assert!(none.keys().all(|name| !name.contains("templates")), "{:?}", none.keys());
    assert_eq!(house.run(&["tenant", "apply", "none"]), "shop: nothing to change\n");
}
