//! What can go wrong while mail is fetched: the wire breaks, the server numbers anew, restarts, two processes look after one mailbox. Each
//! mail arrives once, and the ledger is even.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use posthouse_e2e::house::House;
use posthouse_e2e::set_up::{MAIL_PASSWORD, SetUp};
use posthouse_servers::{Cut, Dovecot, Proxy, postgres, sqlite3};
use serde_json::Value;

const SUPPORT: &str = "support@shop.example";
const WAIT: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_breaks_in_the_middle_of_a_mail_costs_nothing() {
    let Some(dovecot) = Dovecot::start() else { return };
    for number in 0..30 {
        deliver(&dovecot, number).await;
    }
    let proxy = Proxy::start(dovecot.imap_port()).await;
    let mut house = house(&dovecot, proxy.port(), None);
    // Within the greeting, the list of what is there, the first mail, and some later ones.
    let cuts = [20, 900, 9_000, 60_000];
    proxy.cut(Cut::FromServer(cuts[0]));
    house.serve().await;
    for (times, next) in (1..).zip(cuts.iter().skip(1).map(Some).chain([None])) {
        proxy.wait_for_cuts(times).await;
        if let Some(bytes) = next {
            proxy.cut(Cut::FromServer(*bytes));
        }
    }
    each_once(&house, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_numbered_anew_brings_nothing_twice() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    for number in 0..5 {
        deliver(&dovecot, number).await;
    }
    let mut house = house(&dovecot, dovecot.imap_port(), None);
    house.serve().await;
    each_once(&house, 5).await;
    dovecot.renumber(SUPPORT);
    deliver(&dovecot, 5).await;
    each_once(&house, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_stays_unread_on_the_server_unless_the_mailbox_asks_otherwise() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut house = House::new(None);
    house.secret("shop", MAIL_PASSWORD, dovecot.password());
    let set_up = || SetUp::new("shop", "The Shop", SUPPORT).import_existing().files();
    for number in 0..3 {
        deliver(&dovecot, number).await;
    }
    let mut inbox = dovecot.open(SUPPORT, "INBOX").await;
    house.apply("shop", &set_up().imap(dovecot.imap_port()).toml());
    house.serve().await;
    each_once(&house, 3).await;
    assert_eq!(inbox.unseen().await, 3, "nobody asked for anything to be marked");

    // Set up anew. What came before stays as it is; what comes from now on is marked.
    house.kill();
    house.apply("shop", &set_up().imap_that_marks(dovecot.imap_port()).toml());
    house.serve().await;
    for number in 3..5 {
        deliver(&dovecot, number).await;
    }
    each_once(&house, 5).await;
    let end = Instant::now() + WAIT;
    while inbox.unseen().await != 3 {
        assert!(Instant::now() < end, "{} unread\n{}", inbox.unseen().await, house.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // And a mail that somebody has read elsewhere comes in like any other.
    house.kill();
    deliver(&dovecot, 5).await;
    inbox.read_all().await;
    house.serve().await;
    each_once(&house, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_and_comes_back_is_followed_on() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    deliver(&dovecot, 0).await;
    let mut house = house(&dovecot, dovecot.imap_port(), None);
    house.serve().await;
    each_once(&house, 1).await;
    dovecot.stop();
    let failing =
        |health: &Value| health["tenants"][0]["failing_mailboxes"].as_array().is_some_and(|all| !all.is_empty());
    house.wait_for_health("it says that the mailbox is away", failing).await;
    dovecot.start_again();
    deliver(&dovecot, 1).await;
    each_once(&house, 2).await;
    house.wait_for_health("and that it is back", |health| !failing(health)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_look_after_one_mailbox_take_each_mail_once() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(server) = postgres() else { return };
    let mut house = house(&dovecot, dovecot.imap_port(), Some(&server.fresh_database().await));
    house.serve().await;
    let second = Second::start(&house);
    for number in 0..40 {
        deliver(&dovecot, number).await;
    }
    each_once(&house, 40).await;
    drop(second);
}

/// A fault moves the cursor past mails that were not fetched: the ledger says which are missing, and its repair fetches them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_told_and_filled_by_repair() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(_) = sqlite3() else { return };
    for number in 0..5 {
        deliver(&dovecot, number).await;
    }
    let mut house = house(&dovecot, dovecot.imap_port(), None);
    house.serve().await;
    each_once(&house, 5).await;
    house.kill();
    for number in 5..8 {
        deliver(&dovecot, number).await;
    }
    let _ = house.sqlite(&house.path().join("data/posthouse.db"), "update cursor set last_uid = 8");
    house.serve().await;
    let told = house.try_run(&["ledger", "--tenant", "shop", "--json"], "");
    assert!(!told.status.success(), "an uneven ledger is a failure to whoever asks");
    let folders: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(folders[0]["missing"], serde_json::json!([6, 7, 8]), "{folders}");
    // While the host runs: it triages what comes of it.
    house.run(&["ledger", "--tenant", "shop", "--repair"]);
    each_once(&house, 8).await;
}

/// Another process of the same house.
struct Second(Child);

impl Second {
    fn start(house: &House) -> Self {
        let mut command = house.command(&["serve", "--role", "worker", "--worker-name", "second"]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn house(dovecot: &Dovecot, imap: u16, database: Option<&str>) -> House {
    let mut house = House::new(database);
    house.secret("shop", MAIL_PASSWORD, dovecot.password());
    let set_up = SetUp::new("shop", "The Shop", SUPPORT).import_existing().imap(imap).files();
    house.apply("shop", &set_up.toml());
    house
}

/// A mail of some kilobytes, so that a wire can break within it.
async fn deliver(dovecot: &Dovecot, number: usize) {
    let lines =
        format!("Line after line about order AC-1{number:04}, so that it takes a while to come over.\r\n").repeat(60);
    let mail = format!(
        "From: Customer {number} <c{number}@customer.example>\r\nTo: {SUPPORT}\r\nSubject: Question {number}\r\n\
         Message-ID: <{number}@customer.example>\r\n\r\n{lines}"
    );
    dovecot.deliver(&format!("c{number}@customer.example"), SUPPORT, mail.as_bytes()).await;
}

/// Waits for so many tickets, and sees that there is one for each mail, with the whole mail in it, and that the ledger is even.
async fn each_once(house: &House, mails: usize) {
    let end = Instant::now() + WAIT;
    let counts = loop {
        let list = house.json(&["ticket", "list", "--tenant", "shop", "--all", "--limit", "200", "--json"]);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in list["rows"].as_array().unwrap() {
            *counts.entry(row["subject"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        if counts.len() >= mails {
            break counts;
        }
        assert!(Instant::now() < end, "{} of {mails} tickets\n{}", counts.len(), house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let expected: BTreeMap<String, usize> = (0..mails).map(|number| (format!("Question {number}"), 1)).collect();
    assert_eq!(counts, expected);
    let ledger = house.json(&["ledger", "--tenant", "shop", "--json"]);
    assert_eq!(ledger[0]["missing"], serde_json::json!([]), "{ledger:#}");
    let held: u64 = ledger[0]["days"].as_array().unwrap().iter().map(|day| day["held"].as_u64().unwrap()).sum();
    assert_eq!(held, mails as u64, "{ledger:#}");
}
