//! Several folders of one mailbox: each is followed, none holds up another, and a mail that is in two is one ticket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use posthouse_e2e::house::House;
use posthouse_servers::{Dovecot, sqlite3};
use serde_json::json;

const SUPPORT: &str = "support@shop.example";
const WAIT: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_followed_each_by_itself() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut there = dovecot.open(SUPPORT, "INBOX").await;
    for folder in ["Shop.Returns", "Shop.Old", "Shop.Trash"] {
        there.create(folder).await;
    }
    there.put("INBOX", &mail(0)).await;
    // The same mail twice, and what no pattern means.
    there.put("Shop.Returns", &mail(0)).await;
    there.put("Shop.Returns", &mail(1)).await;
    for folder in ["Shop.Old", "Shop.Trash", "Sent", "Junk"] {
        there.put(folder, &mail(99)).await;
    }
    let mut house = House::new(None);
    house.secret("shop", "mail_password", dovecot.password());
    follow(&house, &dovecot, true, r#"folders = ["INBOX", "Nowhere", "Shop.*"], skip_folders = ["Shop.Old"]"#);
    house.serve().await;
    each_once(&house, &[0, 1]).await;

    // A folder that comes later, and the one that is waited at.
    there.create("Shop.New").await;
    there.put("Shop.New", &mail(2)).await;
    there.put("INBOX", &mail(3)).await;
    each_once(&house, &[0, 1, 2, 3]).await;

    // The one that is not there is told of, by name, and has stopped nobody.
    let health = house
        .wait_for_health("it says what is wrong", |health| {
            health["tenants"][0]["failing_mailboxes"].as_array().is_some_and(|all| !all.is_empty())
        })
        .await;
    let failed = house.try_run(&["ledger", "--tenant", "shop"], "");
    let words = String::from_utf8_lossy(&failed.stderr);
    assert!(!failed.status.success() && words.contains("Nowhere"), "{words}\n{health:#}");

    // Without it all is well, and each folder has a ledger that is even. A folder that goes away is no trouble.
    there.delete("Shop.New").await;
    follow(&house, &dovecot, true, r#"folders = ["INBOX", "Shop.*"], skip_folders = ["Shop.Old"]"#);
    house
        .wait_for_health("all is well", |health| {
            health["tenants"][0]["failing_mailboxes"].as_array().is_some_and(Vec::is_empty)
        })
        .await;
    let ledger = house.json(&["ledger", "--tenant", "shop", "--json"]);
    let held: BTreeMap<&str, u64> = ledger
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let days = one["days"].as_array().unwrap();
            (one["folder"].as_str().unwrap(), days.iter().map(|day| day["held"].as_u64().unwrap()).sum())
        })
        .collect();
    assert_eq!(held, BTreeMap::from([("INBOX", 2), ("Shop.Returns", 2)]), "{ledger:#}");
    each_once(&house, &[0, 1, 2, 3]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_before_is_left_alone_and_what_comes_while_nobody_looks_is_not() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut there = dovecot.open(SUPPORT, "INBOX").await;
    for folder in ["Shop.Returns", "Shop.Empty"] {
        there.create(folder).await;
    }
    there.put("Shop.Returns", &mail(99)).await;
    let mut house = House::new(None);
    house.secret("shop", "mail_password", dovecot.password());
    follow(&house, &dovecot, false, r#"folders = ["INBOX", "Shop.*"]"#);
    house.serve().await;
    let database = house.path().join("data/posthouse.db");
    let end = Instant::now() + WAIT;
    while house.sqlite(&database, "select count(*) from mailbox where fetched_at is not null").trim() != "1" {
        assert!(Instant::now() < end, "it never looked\n{}", house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // While the house is down: the first mail of folders that were empty, one more of another, and a folder with its first mail.
    house.kill();
    there.create("Shop.New").await;
    for (folder, number) in [("INBOX", 0), ("Shop.Empty", 1), ("Shop.Returns", 2), ("Shop.New", 3)] {
        there.put(folder, &mail(number)).await;
    }
    house.serve().await;
    each_once(&house, &[0, 1, 2, 3]).await;
}

/// Nothing tells who stays in a folder that it was deleted and made again under its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_deleted_and_made_again_is_followed_on() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut there = dovecot.open(SUPPORT, "INBOX").await;
    there.create("Orders").await;
    there.put("Orders", &mail(0)).await;
    let mut house = House::new(None);
    house.secret("shop", "mail_password", dovecot.password());
    follow(&house, &dovecot, true, r#"folders = ["Orders"]"#);
    house.serve().await;
    each_once(&house, &[0]).await;
    there.delete("Orders").await;
    there.create("Orders").await;
    for number in 1..4 {
        put_afresh(&dovecot, "Orders", &mail(number)).await;
    }
    each_once(&house, &[0, 1, 2, 3]).await;
    put_afresh(&dovecot, "Orders", &mail(4)).await;
    each_once(&house, &[0, 1, 2, 3, 4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_fault_skipped_over_is_seen_and_fetched_by_repair() {
    let Some(dovecot) = Dovecot::start() else { return };
    if sqlite3().is_none() {
        return;
    }
    let mut there = dovecot.open(SUPPORT, "INBOX").await;
    there.create("Shop.Returns").await;
    there.put("INBOX", &mail(0)).await;
    there.put("Shop.Returns", &mail(1)).await;
    let mut house = House::new(None);
    house.secret("shop", "mail_password", dovecot.password());
    follow(&house, &dovecot, true, r#"folders = ["INBOX", "Shop.*"]"#);
    house.serve().await;
    each_once(&house, &[0, 1]).await;

    // Mail comes while the house is down, and its cursors are moved past it, one past both mails of a folder.
    house.kill();
    for (folder, number) in [("INBOX", 2), ("Shop.Returns", 3), ("Shop.Returns", 4)] {
        there.put(folder, &mail(number)).await;
    }
    let database = house.path().join("data/posthouse.db");
    let _ = house.sqlite(&database, "update cursor set last_uid = 2 where folder = 'INBOX'");
    let _ = house.sqlite(&database, "update cursor set last_uid = 3 where folder = 'Shop.Returns'");
    house.serve().await;
    there.put("INBOX", &mail(5)).await;
    each_once(&house, &[0, 1, 5]).await;

    let output = house.try_run(&["ledger", "--tenant", "shop", "--json"], "");
    assert_eq!(output.status.code(), Some(1), "a difference is a failure");
    let ledger: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&ledger[0]["missing"], &ledger[1]["missing"]), (&json!([2]), &json!([2, 3])), "{ledger:#}");
    let said = house.run(&["ledger", "--tenant", "shop", "--repair"]);
    assert!(said.contains("3 fetched"), "{said}");
    each_once(&house, &[0, 1, 2, 3, 4, 5]).await;
    let said = house.run(&["ledger", "--tenant", "shop", "--repair"]);
    assert!(!said.contains("fetched"), "an even ledger asks for nothing: {said}");
}

fn follow(house: &House, dovecot: &Dovecot, import_existing: bool, folders: &str) {
    house.apply(
        "shop",
        &format!(
            r#"
slug = "shop"
name = "The Shop"

[[mailbox]]
name = "support"
address = "{SUPPORT}"
import_existing = {import_existing}
imap = {{ host = "127.0.0.1", port = {}, security = "plain", user = "{SUPPORT}", password = {{ secret = "mail_password" }}, poll_seconds = 5, {folders} }}
files = {{ path = "out" }}
"#,
            dovecot.imap_port()
        ),
    );
}

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: Customer {number} <c{number}@customer.example>\r\nTo: {SUPPORT}\r\nSubject: Question {number}\r\n\
         Message-ID: <{number}@customer.example>\r\n\r\nWhere is my order?\r\n"
    )
    .into_bytes()
}

/// Puts a mail into a folder that was just made anew. Each try is a connection of its own: a process of Dovecot's keeps what it
/// knew of the folder's index for ten seconds after every look at it, and says all that time that the folder is gone.
async fn put_afresh(dovecot: &Dovecot, folder: &str, raw: &[u8]) {
    let end = Instant::now() + WAIT;
    loop {
        let said = dovecot.open(SUPPORT, "INBOX").await.append(folder, raw).await;
        if said.starts_with("OK") {
            return;
        }
        assert!(Instant::now() < end, "APPEND: the server said {said}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits for these tickets, and sees that there is one for each and no other.
async fn each_once(house: &House, mails: &[usize]) {
    let end = Instant::now() + WAIT;
    let expected: BTreeMap<String, usize> = mails.iter().map(|number| (format!("Question {number}"), 1)).collect();
    loop {
        let list = house.json(&["ticket", "list", "--tenant", "shop", "--all", "--limit", "200", "--json"]);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in list["rows"].as_array().unwrap() {
            *counts.entry(row["subject"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        if counts.len() >= expected.len() {
            assert_eq!(counts, expected);
            return;
        }
        assert!(Instant::now() < end, "{counts:?} of {mails:?}\n{}", house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
