//! Delivery reports and answers that tell what became of our own mail.

use crate::house::{Test, bundled, ids, letter};
use crate::sending::approve;
use posthouse_model::OutboxId;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::OutboxLease;
use std::time::Duration;

async fn test() -> Test {
    Test::new(["classifier", "router", "drafter"].map(bundled).to_vec(), |_| {}).await
}

/// A reply that went out, with its Message-ID.
async fn sent(test: &Test) -> (OutboxId, String) {
    let taken = test.mail(letter("q", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let outbox = approve(test, ids(&taken).1, "It is on its way.").await;
    test.clock.forward(Duration::from_secs(60));
    test.run().await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!(row.state, OutboxState::Sent);
    (outbox, row.message_id)
}

fn report(id: &str, of: &str, status: &str, action: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mail.example\r\nTo: support@acme.example\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Message-ID: <{id}@mail.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n\
         Final-Recipient: rfc822; mary@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 no such user here\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
         From: support@acme.example\r\nMessage-ID: <{of}>\r\nSubject: Re: Where is my parcel?\r\n\r\nIt is on its way.\r\n--b--\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_came_back_waits_with_the_servers_words() {
    let test = test().await;
    let (outbox, id) = sent(&test).await;
    let taken = test.mail(report("r", &id, "5.1.1", "failed")).await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    let note = row.recipients[0].bounce.clone().expect("the report is about it");
    assert!(note.hard && note.words.contains("550 no such user here"), "{note:?}");
    assert_eq!(test.tenant.scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Waiting);
    assert!(test.tenant.scope.bounced("mary@example.com").await.unwrap().is_some());
    // The report itself is automatic mail of the same thread.
    let (message, _) = ids(&taken);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Automatic);
    // She writes again: somebody is there.
    test.mail(letter("again", "Hello?", "I have a new question about my order 1042-88, please answer.")).await;
    assert!(test.tenant.scope.bounced("mary@example.com").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_does_not_bring_the_ticket_back() {
    let test = test().await;
    let (outbox, id) = sent(&test).await;
    test.mail(report("r", &id, "4.4.1", "delayed")).await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert!(!row.recipients[0].bounce.clone().expect("the report is about it").hard);
    assert_eq!(test.tenant.scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_proves_that_it_went_out() {
    let test = test().await;
    let taken = test.mail(letter("q", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let outbox = approve(&test, ids(&taken).1, "It is on its way.").await;
    test.clock.forward(Duration::from_secs(60));
    let lease = test.tenant.scope.lease_outbox(outbox, "gone", Duration::from_secs(60)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    test.tenant.scope.hand_over(outbox, mail.attempt).await.unwrap();
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Uncertain);
    let answer = format!(
        "From: Mary Walker <mary@example.com>\r\nTo: support@acme.example\r\nSubject: Re: Where is my parcel?\r\n\
         Message-ID: <thanks@example.com>\r\nIn-Reply-To: <{}>\r\n\r\nThank you, and when exactly?\r\n",
        mail.row.message_id
    );
    test.mail(answer).await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!(row.state, OutboxState::Sent);
    assert_eq!(test.tenant.scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Waiting, "she asks something");
    assert_eq!(test.tenant.scope.thread(row.ticket, 10).await.unwrap().len(), 3, "what she answers is in the thread");
    let events = test.tenant.scope.events(0, 1000).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "outbox.proved"), "{events:?}");
}
