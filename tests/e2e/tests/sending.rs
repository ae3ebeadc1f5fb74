//! The process is killed at every step of sending a reply: no reply goes out twice without a person's decision, and none
//! is lost. The mail server takes a mail at its final dot, as real ones do, and counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_e2e::desk::Desk;
use posthouse_e2e::house::{House, put_mail};
use posthouse_e2e::lock::Lock;
use posthouse_e2e::smtp::{MailServer, Step};
use posthouse_servers::{Cut, Dovecot, Postfix, Proxy, postgres, sqlite3};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Every step at which the process dies, and how many copies the server has taken then. (Within the mail it depends on
/// how much of it was on its way already: nobody can know, and that is the point.)
/// Up to `Data` it has not been handed anything.
const STEPS: [(Step, Option<usize>); 7] = [
    (Step::Connected, Some(0)),
    (Step::Sender, Some(0)),
    (Step::Recipient, Some(0)),
    (Step::Data, Some(0)),
    (Step::Within, None),
    (Step::Taken, Some(1)),
    (Step::Answered, Some(1)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_sending_no_reply_is_lost_or_sent_twice_on_sqlite() {
    killed_at_every_step_of_sending(House::new(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_of_sending_no_reply_is_lost_or_sent_twice_on_postgresql() {
    let Some(server) = postgres() else { return };
    killed_at_every_step_of_sending(House::new(Some(&server.fresh_database().await))).await;
}

async fn killed_at_every_step_of_sending(mut house: House) {
    let server = MailServer::start().await;
    house.apply("shop", &tenant(server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");

    for (round, (step, expected)) in STEPS.into_iter().enumerate() {
        let words = format!("Reply number {round}.");
        let ticket = question(&maildir, &desk, round).await;
        server.stop_at(step);
        desk.approve(ticket, &words).await;
        server.wait_until_stopped(step).await;
        house.kill();
        server.go_on();
        server.wait_until_quiet().await;
        let taken = server.taken_with(&words);
        assert!(expected.is_none_or(|expected| expected == taken) && taken <= 1, "{step:?}: {taken} taken");
        house.serve().await;

        let outbox = settled(&house, &desk, ticket).await;
        if matches!(step, Step::Connected | Step::Sender | Step::Recipient | Step::Data) {
            // The server had not said that it waits for the mail: it went out after the restart, and nobody was asked.
            assert_eq!((outbox["state"].as_str(), server.taken_with(&words)), (Some("sent"), 1), "{step:?}: {outbox}");
            assert!(outbox["attempts"][0]["handed_over_at"].is_null(), "{outbox}");
            continue;
        }
        assert_eq!(server.taken_with(&words), taken, "{step:?}: nothing goes out again by itself");
        if outbox["state"] == "sent" {
            assert_eq!(step, Step::Answered, "only a server that answered can be known to have taken it");
            continue;
        }
        // A person is asked, on the page and in the list of what waits.
        assert_eq!(outbox["state"], "uncertain", "{step:?}: {outbox}");
        let page = desk.get(&format!("/tickets/{ticket}")).await.body;
        assert!(page.contains("It may or may not have gone out") || page.contains("it may or may not have gone out"));
        assert_eq!(desk.json(&format!("/api/tickets/{ticket}")).await["ticket"]["status"], "waiting", "{step:?}");
        // She sees at the provider what became of it, and says so.
        let decision = if taken == 1 { "sent" } else { "queued" };
        let resolve = json!({ "outbox": outbox["id"], "state": decision });
        assert_eq!(desk.act(ticket, "resolve", &resolve).await.status, 200, "{step:?}");
        assert_eq!(settled(&house, &desk, ticket).await["state"], "sent", "{step:?}");
        assert_eq!(server.taken_with(&words), 1, "{step:?}");
    }

    // Before anything was said to the server: within the undo window, and once more after all is done.
    let last = STEPS.len();
    let ticket = question(&maildir, &desk, last).await;
    desk.approve(ticket, &format!("Reply number {last}.")).await;
    house.kill();
    house.serve().await;
    assert_eq!(settled(&house, &desk, ticket).await["state"], "sent");
    house.kill();
    house.serve().await;
    // What is approved now goes out after everything that a restart might have begun anew.
    let after = question(&maildir, &desk, last + 1).await;
    desk.approve(after, &format!("Reply number {}.", last + 1)).await;
    settled(&house, &desk, after).await;

    for round in 0..=last + 1 {
        assert_eq!(server.taken_with(&format!("Reply number {round}.")), 1, "round {round}");
    }
    assert_eq!(server.taken().len(), last + 2, "each reply once");
    house.run(&["audit", "verify"]);
}

/// The mail server has said that it took it, and this process alone knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_servers_answer_and_the_database_a_reply_is_a_persons_to_decide() {
    let Some(_) = sqlite3() else { return };
    let server = MailServer::start().await;
    let mut house = House::new(None);
    house.apply("shop", &tenant(server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let ticket = question(&house.path().join("data/mail"), &desk, 0).await;
    server.stop_at(Step::Taken);
    desk.approve(ticket, "It is on its way.").await;
    server.wait_until_stopped(Step::Taken).await;
    let lock = Lock::take(&house.path().join("data/posthouse.db"));
    server.go_on();
    // The client has heard the answer: it said good-bye.
    server.wait_until_quiet().await;
    house.kill();
    lock.release();
    house.serve().await;
    let outbox = settled(&house, &desk, ticket).await;
    assert_eq!((&outbox["state"], server.taken().len()), (&"uncertain".into(), 1), "{outbox:#}");
    let resolve = json!({ "outbox": outbox["id"], "state": "sent" });
    assert_eq!(desk.act(ticket, "resolve", &resolve).await.status, 200);
    assert_eq!((&settled(&house, &desk, ticket).await["state"], server.taken().len()), (&"sent".into(), 1));
}

/// A service manager that ends it in the middle of a conversation: what is under way is finished and written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_while_sending_it_finishes_what_it_is_at() {
    let server = MailServer::start().await;
    let mut house = House::new(None);
    house.apply("shop", &tenant(server.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");
    for (round, step) in [Step::Connected, Step::Data, Step::Taken].into_iter().enumerate() {
        let ticket = question(&maildir, &desk, round).await;
        server.stop_at(step);
        desk.approve(ticket, &format!("Reply number {round}.")).await;
        server.wait_until_stopped(step).await;
        house.ask_to_end();
        server.go_on();
        house.wait_for_end().await;
        assert_eq!(server.taken().len(), round + 1, "{step:?}");
        house.serve().await;
        assert_eq!(settled(&house, &desk, ticket).await["state"], "sent", "{step:?}: nobody has to decide");
        assert_eq!(server.taken().len(), round + 1, "{step:?}");
    }
}

/// The wire to a real Postfix breaks: in the middle of the mail; and after the final dot, before the answer, after which nobody but a
/// person can know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_breaks_loses_no_reply_and_sends_none_twice() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(postfix) = Postfix::start(&dovecot, &["customer.example"]) else { return };
    let proxy = Proxy::start(postfix.smtp_port()).await;
    let mut house = House::new(None);
    house.apply("shop", &tenant(proxy.port()));
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let maildir = house.path().join("data/mail");
    let arrived = async || dovecot.open("ana@customer.example", "INBOX").await.mails().await.len();

    let ticket = question(&maildir, &desk, 0).await;
    proxy.cut(Cut::FromClient(30_000));
    desk.approve(ticket, &"It is on its way, and this is a long story. ".repeat(2_000)).await;
    proxy.wait_for_cuts(1).await;
    // How much the system had taken off the process by then decides what can be known: not all of it, and it is tried again by
    // itself; all of it, final dot included, and a person is asked.
    let broken = when(&house, &desk, ticket, &["deferred", "uncertain"]).await;
    assert_eq!(arrived().await, 0, "{broken:#}");
    if broken["state"] == "uncertain" {
        let resolve = json!({ "outbox": broken["id"], "state": "queued" });
        assert_eq!(desk.act(ticket, "resolve", &resolve).await.status, 200);
    }
    let outbox = when(&house, &desk, ticket, &["sent"]).await;
    assert_eq!(outbox["attempts"].as_array().map(Vec::len), Some(2), "{outbox:#}");
    dovecot.open("ana@customer.example", "INBOX").await.wait_for(1, Duration::from_secs(30)).await;

    let ticket = question(&maildir, &desk, 1).await;
    proxy.cut(Cut::AnswerTo(b"\r\n.\r\n"));
    desk.approve(ticket, "It will arrive tomorrow.").await;
    let outbox = settled(&house, &desk, ticket).await;
    assert_eq!(outbox["state"], "uncertain", "{outbox:#}");
    assert!(
        outbox["reason"].as_str().is_some_and(|words| words.contains("after the whole message was sent")),
        "{outbox:#}"
    );
    dovecot.open("ana@customer.example", "INBOX").await.wait_for(2, Duration::from_secs(30)).await;
    assert_eq!(arrived().await, 2, "each once");
}

/// A customer's mail, and the number of its ticket.
async fn question(maildir: &std::path::Path, desk: &Desk, round: usize) -> i64 {
    let subject = format!("Question {round}");
    let mail = format!(
        "From: Ana <ana@customer.example>\r\nTo: support@shop.example\r\nSubject: {subject}\r\n\
         Message-ID: <q{round}@customer.example>\r\n\r\nWhere is my order?\r\n"
    );
    put_mail(maildir, &format!("{round}.q"), mail.as_bytes());
    desk.wait_for_tickets(round + 1).await[&subject]
}

/// The reply's row, once nothing happens to it by itself any more.
async fn settled(house: &House, desk: &Desk, ticket: i64) -> Value {
    when(house, desk, ticket, &["sent", "uncertain", "failed"]).await
}

/// The reply's row, once it is in one of some states.
async fn when(house: &House, desk: &Desk, ticket: i64, states: &[&str]) -> Value {
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let detail = desk.json(&format!("/api/tickets/{ticket}")).await;
        let outbox = &detail["outbox"][0];
        if outbox["state"].as_str().is_some_and(|state| states.contains(&state)) {
            return outbox.clone();
        }
        assert!(Instant::now() < end, "{outbox:#}\n{}", house.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn tenant(smtp: u16) -> String {
    format!(
        r#"
slug = "shop"
name = "The Shop"

[[mailbox]]
name = "support"
address = "support@shop.example"
import_existing = true
maildir = {{ path = "mail" }}
smtp = {{ host = "127.0.0.1", port = {smtp}, security = "plain" }}

[review]
undo_seconds = 1
"#
    )
}
