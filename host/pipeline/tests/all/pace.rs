//! What is over a mailbox's rate limit waits, says why, and goes out when its time comes.

use crate::house::{Test, bundled, ids, letter};
use crate::sending::approve;
use posthouse_model::OutboxId;
use posthouse_model::outbox::OutboxState;
use posthouse_store::OutboxRow;
use std::time::Duration;

async fn replies(test: &Test, count: usize) -> Vec<OutboxId> {
    let mut rows = Vec::new();
    for i in 0..count {
        let ticket = ids(&test.mail(letter(&format!("m{i}"), &format!("Question {i}"), "Where is it?")).await).1;
        rows.push(approve(test, ticket, "It is on its way.").await);
    }
    rows
}

/// Those that are out, and those that wait; jobs of one moment run in any order.
async fn parted(test: &Test, rows: &[OutboxId]) -> (Vec<OutboxRow>, Vec<OutboxRow>) {
    let (mut sent, mut waiting) = (Vec::new(), Vec::new());
    for id in rows {
        let row = test.tenant.scope.outbox(*id).await.unwrap();
        match row.state {
            OutboxState::Sent => sent.push(row),
            OutboxState::Queued => waiting.push(row),
            other => panic!("{other}"),
        }
    }
    (sent, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_limit_waits_and_says_why() {
    let test = Test::new(vec![bundled("router")], |config| {
        config.mailboxes[0].send_per_minute = Some(2);
        config.mailboxes[0].send_per_day = Some(4);
    })
    .await;
    let rows = replies(&test, 5).await;
    test.clock.forward(Duration::from_secs(10));
    test.run().await;
    let (sent, waiting) = parted(&test, &rows).await;
    assert_eq!((sent.len(), waiting.len()), (2, 3), "five at once, and two places");
    for held in &waiting {
        let reason = "mailbox “support” has sent 2 mails in a minute, which is its limit (send_per_minute): it waits";
        assert_eq!(held.reason.as_deref(), Some(reason));
        assert!(held.attempts.is_empty(), "nothing was tried");
    }
    let begun = sent[0].attempts[0].started_at;
    assert!(waiting.iter().all(|held| held.due_at == begun.plus(Duration::from_secs(60))));
    assert!(test.events().await.contains(&"outbox.held-back".to_owned()));

    // At the edge: a moment before the minute is over nothing goes out, and then two more do.
    test.clock.forward(Duration::from_secs(60) - Duration::from_millis(1));
    test.run().await;
    assert_eq!(parted(&test, &rows).await.0.len(), 2);
    test.clock.forward(Duration::from_millis(1));
    test.run().await;
    let (sent, waiting) = parted(&test, &rows).await;
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|row| row.reason.is_none()), "what was said is over");

    // Four in a day: the fifth goes out a day after the first.
    let reason = waiting[0].reason.clone().unwrap();
    assert!(reason.contains("4 mails in 24 hours, which is its limit (send_per_day)"), "{reason}");
    assert_eq!(waiting[0].due_at, begun.plus(Duration::from_secs(86_400)));
    test.clock.forward(Duration::from_secs(86_400));
    test.run().await;
    assert_eq!(parted(&test, &rows).await.0.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_nothing_waits() {
    let test = Test::new(vec![bundled("router")], |_| {}).await;
    let rows = replies(&test, 5).await;
    test.clock.forward(Duration::from_secs(10));
    test.run().await;
    assert_eq!(parted(&test, &rows).await.0.len(), 5);
}
