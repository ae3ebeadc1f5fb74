//! The filter that learns from people.

use crate::house::{Test, actor, ids, letter};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::SpamCount;

fn offer(n: usize) -> String {
    format!(
        "From: Deals <win{n}@prize.example>\r\nTo: support@acme.example\r\nSubject: You won prize {n}\r\n\
         Message-ID: <offer{n}@prize.example>\r\n\r\nClaim your free prize now, ticket {n}, before the lottery closes!\r\n"
    )
}

fn question(n: usize) -> String {
    letter(&format!("q{n}"), "My order", &format!("Hello, where is my parcel {n}? It has not come yet."))
        .replace("mary@", &format!("mary{n}@"))
}

/// A house whose people have said of `count` offers that they are spam, and answered as many questions.
async fn taught(count: usize) -> Test {
    let test = Test::new(Vec::new(), |_| {}).await;
    for n in 0..count {
        let (_, offer) = ids(&test.mail(offer(n)).await);
        let (_, question) = ids(&test.mail(question(n)).await);
        let mut tx = test.tenant.scope.begin().await.unwrap();
        tx.mark_spam(offer, &actor()).await.unwrap();
        // A person found it among the spam and said that it is none.
        tx.mark_spam(question, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = test.tenant.scope.begin().await.unwrap();
        tx.mark_not_spam(question, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        test.run().await;
    }
    test
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_like_what_people_called_spam_is_spam() {
    let test = taught(20).await;
    let scope = &test.tenant.scope;
    assert_eq!(scope.spam_learned().await.unwrap(), SpamCount { spam: 20, ham: 20 });
    let (message, ticket) = ids(&test.mail(offer(90)).await);
    let row = scope.message(message).await.unwrap();
    assert_eq!(row.outcome, Outcome::Spam);
    assert!(row.reason.unwrap().words.contains("learned from 20 spam and 20 other mails"));
    assert_eq!(scope.ticket(ticket).await.unwrap().status, TicketStatus::Spam);
    assert!(scope.decisions(ticket).await.unwrap().is_empty(), "no plugin was asked");
    let (message, _) = ids(&test.mail(question(91)).await);
    assert_eq!(scope.message(message).await.unwrap().outcome, Outcome::Ticket);

    // Taken back with one click, and learned from.
    let mut tx = scope.begin().await.unwrap();
    tx.mark_not_spam(ticket, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(scope.spam_learned().await.unwrap(), SpamCount { spam: 20, ham: 21 });
    assert!(test.events().await.contains(&"spam-filter.taught".to_owned()));
    assert!(scope.verify_chain().await.unwrap().faults.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_learned_little_says_nothing() {
    let test = taught(19).await;
    let (message, _) = ids(&test.mail(offer(90)).await);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_a_conversation_and_a_trusted_sender_are_never_spam() {
    let mut test = taught(20).await;
    let (_, ticket) = ids(&test.mail(question(50)).await);
    let answer = offer(51).replace("Message-ID:", "In-Reply-To: <q50@example.com>\r\nMessage-ID:");
    test.mail(answer).await;
    let thread = test.tenant.scope.thread(ticket, 10).await.unwrap();
    assert_eq!(thread.iter().map(|row| row.outcome).collect::<Vec<_>>(), [Outcome::Ticket, Outcome::Ticket]);

    let mut config = test.tenant.config.clone();
    config.screen.trusted_senders = vec!["@prize.example".to_owned()];
    test.apply(config).await;
    let (message, _) = ids(&test.mail(offer(52)).await);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
}
