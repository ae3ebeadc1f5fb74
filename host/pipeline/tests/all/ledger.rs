//! What a mailbox holds, and what of it is here.

use crate::house::{Test, actor, letter};
use posthouse_mail::maildir::Maildir;
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::heartbeat::{self, Trouble};
use posthouse_pipeline::{fetch, ledger};
use posthouse_store::Cursor;
use std::fs;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn deliver(test: &Test, name: &str, mail: &str) {
    let maildir = test.folder.path().join("maildir");
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    fs::write(maildir.join("new").join(name), mail).unwrap();
}

/// How many were fetched, and the ledger of the one folder there is.
fn only(mut looked: ledger::Looked) -> (usize, ledger::Balance) {
    assert_eq!((looked.balances.len(), looked.troubles.len()), (1, 0), "{looked:?}");
    (looked.taken, looked.balances.remove(0))
}

/// Follows the mailbox until so many mails are here.
async fn follow(test: &Test, mails: usize) {
    let stop = CancellationToken::new();
    let following = tokio::spawn(fetch::run(test.house.clone(), stop.clone()));
    let mut wake = test.house.store().wakeups();
    let here = async || {
        let balances = test.tenant.scope.balances().await.unwrap();
        let mut count = 0;
        for &outcome in Outcome::ALL {
            count += test.tenant.scope.messages_by_outcome(outcome, None, 200).await.unwrap().len();
        }
        count >= mails && !balances.is_empty()
    };
    tokio::time::timeout(Duration::from_secs(60), async {
        while !here().await {
            // Keeping a ledger wakes nobody: what was missed is seen at the next look.
            let _ = tokio::time::timeout(Duration::from_millis(50), wake.changed()).await;
        }
    })
    .await
    .expect("the mails did not come");
    stop.cancel();
    following.await.unwrap();
    test.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_skipped_over_is_seen_told_and_fetched() {
    let test = Test::new(Vec::new(), |_| {}).await;
    let mailbox = test.tenant.mailboxes()[0].clone();
    deliver(&test, "1.a", &letter("a", "Where is it?", "Where is my order?"));
    deliver(&test, "2.b", "\r\n\r\n\u{1}not a mail");
    follow(&test, 2).await;
    let balance = only(ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap()).1;
    assert!(balance.is_even(), "{balance:?}");
    assert_eq!(balance.days.iter().map(|day| day.held).sum::<usize>(), 2);
    let outcomes = &balance.days[0].outcomes;
    assert_eq!(outcomes.get(&Outcome::Parked), Some(&1), "{outcomes:?}");

    // Two mails come, and a fault moves the cursor past them.
    deliver(&test, "3.c", &letter("c", "Refund", "Please refund me."));
    deliver(&test, "4.d", &letter("d", "Where?", "Where is it?"));
    let balance = only(ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap()).1;
    assert_eq!((balance.missing.len(), balance.to_come), (0, 2), "what has not been looked at yet is not missing");
    let uid_validity = Maildir::open(test.folder.path().join("maildir"), test.house.clock()).unwrap().uid_validity();
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let cursor = Cursor { mailbox: test.mailbox, folder: String::new(), uid_validity, last_uid: 4 };
    tx.set_cursor(&cursor).await.unwrap();
    tx.commit().await.unwrap();
    let balance = only(ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap()).1;
    assert_eq!((balance.missing.as_slice(), balance.to_come), ([3, 4].as_slice(), 0));

    // It is an incident until it is mended.
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let open = test.tenant.scope.open_incidents().await.unwrap();
    assert_eq!(open.iter().map(|incident| incident.key.as_str()).collect::<Vec<_>>(), ["ledger:support"]);
    assert!(open[0].detail.contains("2 mails that are not here"), "{}", open[0].detail);

    // As a person asks for it on the desk; twice is once.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.ask_repair("support", &actor()).await.unwrap();
    tx.ask_repair("support", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.tenant.scope.repairs().await.unwrap(), ["support"]);
    test.run().await;
    assert!(test.tenant.scope.repairs().await.unwrap().is_empty());
    let balance = only(ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap()).1;
    assert!(balance.is_even(), "{balance:?}");
    assert_eq!(test.tenant.scope.messages_by_outcome(Outcome::Ticket, None, 10).await.unwrap().len(), 3);
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert!(test.tenant.scope.open_incidents().await.unwrap().is_empty());
    let (again, _) = only(ledger::repair(&test.house, &test.tenant, &mailbox).await.unwrap());
    assert_eq!(again, 0, "an even ledger asks for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_not_ours() {
    let test = Test::new(Vec::new(), |config| config.mailboxes[0].import_existing = false).await;
    let mailbox = test.tenant.mailboxes()[0].clone();
    deliver(&test, "1.old", &letter("old", "Old", "From last year."));
    follow(&test, 0).await;
    deliver(&test, "2.new", &letter("new", "New", "Where is my order?"));
    follow(&test, 1).await;
    let balance = only(ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap()).1;
    assert!(balance.is_even() && balance.days.iter().map(|day| day.held).sum::<usize>() == 1, "{balance:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_by_a_day_holds_up_no_mail() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let test = Test::new(Vec::new(), |_| {}).await;
    let mailbox = test.tenant.mailboxes()[0].clone();
    deliver(&test, "1.a", &letter("a", "First", "Where is my order?"));
    follow(&test, 1).await;
    test.clock.back(DAY);
    deliver(&test, "2.b", &letter("b", "Second", "Where is my order?"));
    follow(&test, 2).await;
    test.clock.forward(2 * DAY);
    deliver(&test, "3.c", &letter("c", "Third", "Where is my order?"));
    follow(&test, 3).await;
    test.clock.back(DAY);
    deliver(&test, "4.d", &letter("d", "Fourth", "Where is my order?"));
    follow(&test, 4).await;
    let scope = &test.tenant.scope;
    assert_eq!(scope.messages_by_outcome(Outcome::Ticket, None, 10).await.unwrap().len(), 4);
    assert!(scope.messages_by_outcome(Outcome::Pending, None, 10).await.unwrap().is_empty());
    let balance = ledger::balance(&test.house, &test.tenant, &mailbox).await.unwrap();
    assert!(balance.is_even() && balance.balances.iter().all(|one| one.to_come == 0), "{balance:?}");
}

#[test]
fn an_uneven_ledger_has_a_key_of_its_mailbox() {
    let trouble = Trouble::Ledger { mailbox: "support".to_owned(), since: posthouse_model::Timestamp(0), missing: 1 };
    assert_eq!(trouble.key(), "ledger:support");
}
