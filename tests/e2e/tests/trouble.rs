//! What a house goes through: a full disk, a locked database, servers that are away. Each is said by `doctor`, by
//! `/health` and, where agents feel it, at the desk; and afterwards everything is there once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_e2e::desk::Desk;
use posthouse_e2e::door::Door;
use posthouse_e2e::house::{House, put_mail};
use posthouse_e2e::lock::Lock;
use posthouse_e2e::smtp::{MailServer, Step};
use posthouse_servers::{Dovecot, postgres, sqlite3};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SUPPORT: &str = "support@shop.example";

/// A small file system in memory; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "posthouse-test"]).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            _ => {
                println!("left out: a small file system can only be mounted by root");
                None
            }
        }
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 4_096, 1] {
            let block = vec![b'x'; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the process under test may still end.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_lost_and_everybody_is_told() {
    let mut house = House::new(None);
    let Some(disk) = SmallDisk::mount(&house.path().join("disk")) else { return };
    house.change_set_up("data_dir = \"data\"", "data_dir = \"disk/data\"");
    let server = MailServer::start().await;
    let maildir = house.path().join("mail");
    let way_in = format!("maildir = {{ path = \"{}\" }}", maildir.display());
    house.apply("shop", &tenant(&way_in, server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    put_mail(&maildir, "1", &mail(1, 0));
    let first = desk.wait_for_tickets(1).await["Question 1"];
    assert!(!desk.get("/tickets").await.body.contains("host-trouble"));

    // The disk is full at the moment when a reply has been taken by the mail server.
    server.stop_at(Step::Taken);
    desk.approve(first, "It is on its way.").await;
    server.wait_until_stopped(Step::Taken).await;
    disk.fill();
    server.go_on();
    for number in 2..=6 {
        put_mail(&maildir, &number.to_string(), &mail(number, 200_000));
    }

    let health = house.wait_for_health("the disk is full", |health| health["database"]["ok"] == false).await;
    assert_eq!(health["database"]["trouble"], "disk-full", "{health:#}");
    assert!(health["database"]["mend"].as_str().unwrap().contains("free space"), "{health:#}");
    assert_eq!(health["disk"]["ok"], false, "{health:#}");
    // A small write may still pass for a moment, and what a write last said is what the desk knows.
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let page = desk.get("/tickets").await.body;
        let status = desk.json("/api/status").await["host"].as_str().unwrap_or_default().to_owned();
        let told = page.contains("id=\"host-trouble\"") && page.contains("The disk is full");
        if told && status.contains("The disk is full") {
            break;
        }
        assert!(Instant::now() < end, "{status} {page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (code, words) = doctor(&house);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("BAD disk") && words.contains("BAD database: the disk is full"), "{words}");
    assert!(words.contains("free space on the disk"), "{words}");
    // What cannot be kept is not said to be done.
    let handled = desk.act(first, "reopen", &json!({})).await;
    assert_eq!(handled.status, 503, "{handled:?}");
    assert_eq!(desk.wait_for_tickets(1).await.len(), 1, "nothing half stored");

    disk.free();
    let tickets = desk.wait_for_tickets(6).await;
    assert_eq!(tickets.len(), 6);
    house
        .wait_for_health("all is well", |health| health["database"]["ok"] == true && health["disk"]["ok"] == true)
        .await;
    wait_for_reply(&house, &desk, first, "sent").await;
    assert_eq!(server.taken().len(), 1, "the reply went out once, and what the server said was not forgotten");
    assert!(!desk.get("/tickets").await.body.contains("host-trouble"));
    assert_eq!(messages(&desk).await, 6);
    house.kill();
    house.run(&["audit", "verify"]);
    // The last one to close the database folds its log away.
    house.run(&["tenant", "apply", "shop"]);
    assert!(!house.path().join("disk/data/posthouse.db-wal").exists());

    // A disk that was full before the house opens.
    disk.fill();
    put_mail(&maildir, "7", &mail(7, 0));
    let (code, words) = served(&house);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("the disk is full") && words.contains("free space on the disk"), "{words}");
    let looked = house.try_run(&["doctor", "--json"], "");
    assert_eq!(looked.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&looked.stdout).unwrap();
    let bad = findings.as_array().unwrap().iter().filter(|finding| finding["ok"] == false);
    let bad: Vec<_> = bad.map(|finding| finding["what"].as_str().unwrap()).collect();
    assert_eq!(bad, ["disk", "database"], "{findings:#}");
    disk.free();
    house.serve().await;
    desk.wait_for_tickets(7).await;
    assert_eq!(messages(&desk).await, 7);
    house.kill();
}

/// The second way to a disk that takes no more, for which one need not be root: the process may not make a file larger than
/// so much. SQLite sees a disk that reports errors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_that_reports_errors_nothing_is_lost_and_everybody_is_told() {
    let mut house = House::new(None);
    let server = MailServer::start().await;
    house.apply("shop", &tenant("maildir = { path = \"mail\" }", server.port()));
    // In blocks of 512 bytes; what is beyond is an error and no signal.
    house.serve_after("trap '' XFSZ; ulimit -S -f 4000").await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");
    put_mail(&maildir, "1", &mail(1, 0));
    desk.wait_for_tickets(1).await;
    for number in 2..=12 {
        put_mail(&maildir, &number.to_string(), &mail(number, 400_000));
    }
    let health = house.wait_for_health("the disk fails", |health| health["database"]["ok"] == false).await;
    assert_eq!(health["database"]["trouble"], "database-failing", "{health:#}");
    assert!(health["database"]["why"].as_str().unwrap().contains("the disk reports an error"), "{health:#}");
    assert!(health["database"]["mend"].as_str().unwrap().contains("look at the disk"), "{health:#}");
    let page = desk.get("/tickets").await;
    assert!(page.body.contains("id=\"host-trouble\"") && page.body.contains("reports errors"), "{}", page.body);

    let process = house.pid().unwrap().to_string();
    let raised = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited"]).status().unwrap();
    assert!(raised.success());
    assert_eq!(desk.wait_for_tickets(12).await.len(), 12);
    assert_eq!(messages(&desk).await, 12);
    house.wait_for_health("all is well", |health| health["database"]["ok"] == true).await;
    house.run(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_locks_the_database_nothing_is_lost_and_everybody_is_told() {
    let Some(_) = sqlite3() else { return };
    let mut house = House::new(None);
    let server = MailServer::start().await;
    house.apply("shop", &tenant("maildir = { path = \"mail\" }", server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");
    put_mail(&maildir, "1", &mail(1, 0));
    let first = desk.wait_for_tickets(1).await["Question 1"];
    server.stop_at(Step::Taken);
    desk.approve(first, "It is on its way.").await;
    server.wait_until_stopped(Step::Taken).await;

    let lock = Lock::take(&house.path().join("data/posthouse.db"));
    server.go_on();
    put_mail(&maildir, "2", &mail(2, 0));
    put_mail(&maildir, "3", &mail(3, 0));
    let health = house.wait_for_health("it is locked", |health| health["database"]["ok"] == false).await;
    assert_eq!(health["database"]["trouble"], "database-locked", "{health:#}");
    assert!(health["database"]["mend"].as_str().unwrap().contains("which other program"), "{health:#}");
    let (code, words) = doctor(&house);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("BAD database: the database is locked by another process"), "{words}");
    // Reading goes on, with a word about it.
    let page = desk.get("/tickets").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("id=\"host-trouble\"") && page.body.contains("Another program"), "{}", page.body);
    lock.release();

    assert_eq!(desk.wait_for_tickets(3).await.len(), 3);
    wait_for_reply(&house, &desk, first, "sent").await;
    assert_eq!(server.taken().len(), 1);
    house.wait_for_health("all is well", |health| health["database"]["ok"] == true).await;
    assert_eq!(messages(&desk).await, 3);
    house.run(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_mail_servers_are_away_it_is_said_which_and_everything_is_made_up_for() {
    let Some(dovecot) = Dovecot::start() else { return };
    let server = MailServer::start().await;
    let mut imap = Door::to(dovecot.imap_port()).await;
    let mut smtp = Door::to(server.port()).await;
    let mut house = House::new(None);
    house.secret("shop", "imap_password", dovecot.password());
    let way_in = format!(
        "imap = {{ host = \"127.0.0.1\", port = {}, security = \"plain\", user = \"{SUPPORT}\", password = {{ secret = \"imap_password\" }}, append_sent = false }}",
        imap.port()
    );
    house.apply("shop", &tenant(&way_in, smtp.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    dovecot.deliver("ana@customer.example", SUPPORT, &mail(1, 0)).await;
    let first = desk.wait_for_tickets(1).await["Question 1"];

    imap.shut().await;
    smtp.shut().await;
    dovecot.deliver("ana@customer.example", SUPPORT, &mail(2, 0)).await;
    desk.approve(first, "It is on its way.").await;
    let health = house
        .wait_for_health("both are told", |health| {
            let tenant = &health["tenants"][0];
            let why = tenant["failing_mailboxes"][0]["why"].as_str().unwrap_or_default();
            why.contains("127.0.0.1") && tenant["deferred_replies"][0]["ticket"].is_number()
        })
        .await;
    assert_eq!(health["ready"], true, "the desk itself works: {health:#}");
    let tenant = &health["tenants"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    assert_eq!(tenant["failing_mailboxes"][0]["mailbox"], "support", "{health:#}");
    assert!(text(&tenant["failing_mailboxes"][0]["mend"]).contains("doctor"), "{health:#}");
    assert!(text(&tenant["deferred_replies"][0]["why"]).contains("refused"), "{health:#}");
    let (code, words) = doctor(&house);
    assert_eq!(code, Some(1), "{words}");
    for line in ["BAD mailbox support, in: ", "BAD mailbox support, out: "] {
        let at = words.find(line).unwrap_or_else(|| panic!("{line} is not in {words}"));
        assert!(words[at..].lines().nth(1).is_some_and(|next| next.contains('→')), "it says what to do: {words}");
    }
    let page = desk.get("/status").await.body;
    assert!(page.contains("127.0.0.1"), "{page}");

    imap.open().await;
    smtp.open().await;
    assert_eq!(desk.wait_for_tickets(2).await.len(), 2);
    server.wait_for(1).await;
    wait_for_reply(&house, &desk, first, "sent").await;
    let all_well = |health: &Value| {
        let tenant = &health["tenants"][0];
        tenant["failing_mailboxes"] == json!([]) && tenant["deferred_replies"] == json!([])
    };
    house.wait_for_health("all is well", all_well).await;
    assert_eq!((messages(&desk).await, server.taken().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_away_nothing_is_lost_and_it_is_said() {
    let Some(cluster) = postgres() else { return };
    let url = cluster.fresh_database().await;
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (port, database) = rest.split_once('/').unwrap();
    let mut door = Door::to(port.parse().unwrap()).await;
    let mut house = House::new(Some(&format!("{before}:{}/{database}", door.port())));
    let server = MailServer::start().await;
    house.apply("shop", &tenant("maildir = { path = \"mail\" }", server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");
    put_mail(&maildir, "1", &mail(1, 0));
    let first = desk.wait_for_tickets(1).await["Question 1"];
    server.stop_at(Step::Taken);
    desk.approve(first, "It is on its way.").await;
    server.wait_until_stopped(Step::Taken).await;

    door.shut().await;
    server.go_on();
    for number in 2..=4 {
        put_mail(&maildir, &number.to_string(), &mail(number, 0));
    }
    let health = house.wait_for_health("it is away", |health| health["database"]["ok"] == false).await;
    assert_eq!(
        (&health["ready"], &health["database"]["trouble"]),
        (&false.into(), &"database-away".into()),
        "{health:#}"
    );
    assert!(health["database"]["mend"].as_str().unwrap().contains("database server runs"), "{health:#}");
    let (code, words) = doctor(&house);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("the database cannot be reached"), "{words}");
    assert_eq!(desk.get("/tickets").await.status, 503, "a page says that the store is away");
    door.open().await;

    assert_eq!(desk.wait_for_tickets_again(4).await.len(), 4);
    wait_for_reply(&house, &desk, first, "sent").await;
    assert_eq!((messages(&desk).await, server.taken().len()), (4, 1));
    house.wait_for_health("all is well", |health| health["ready"] == true).await;
    house.run(&["audit", "verify"]);
}

/// How `posthouse serve` ends that cannot begin.
fn served(house: &House) -> (Option<i32>, String) {
    let mut child =
        house.command(&["serve"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Where it serves after all this ends it, and the code says so.
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn doctor(house: &House) -> (Option<i32>, String) {
    let output = house.try_run(&["doctor", "--no-notifiers"], "");
    let words = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), words)
}

/// Waits until the ticket's reply is in a state.
async fn wait_for_reply(house: &House, desk: &Desk, ticket: i64, state: &str) {
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let detail = desk.json(&format!("/api/tickets/{ticket}")).await;
        let outbox = &detail["outbox"][0];
        if outbox["state"] == state {
            return;
        }
        assert!(outbox["state"] != "uncertain" && Instant::now() < end, "{outbox:#}\n{}", house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many mails came in, over all tickets.
async fn messages(desk: &Desk) -> usize {
    let list = desk.json("/api/tickets?view=all").await;
    let mut count = 0;
    for row in list["tickets"].as_array().unwrap() {
        let detail = desk.json(&format!("/api/tickets/{}", row["number"])).await;
        let messages = detail["messages"].as_array().unwrap();
        count += messages.iter().filter(|message| message["direction"] == "incoming").count();
    }
    count
}

fn mail(number: usize, size: usize) -> Vec<u8> {
    let filler = "All work and no play makes Ana a patient customer.\r\n".repeat(size / 52);
    format!(
        "From: Ana <ana@customer.example>\r\nTo: {SUPPORT}\r\nSubject: Question {number}\r\n\
         Message-ID: <q{number}@customer.example>\r\n\r\nWhere is my order?\r\n{filler}"
    )
    .into_bytes()
}

fn tenant(way_in: &str, smtp: u16) -> String {
    format!(
        r#"
slug = "shop"
name = "The Shop"

[[mailbox]]
name = "support"
address = "{SUPPORT}"
import_existing = true
{way_in}
smtp = {{ host = "127.0.0.1", port = {smtp}, security = "plain" }}

[review]
undo_seconds = 1
"#
    )
}
