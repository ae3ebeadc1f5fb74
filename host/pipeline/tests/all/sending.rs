use crate::house::{Test, actor, bundled, ids, letter};
use posthouse_mail::read::{attachment, read_mail};
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{Clock, OutboxId, TicketId, Timestamp};
use posthouse_pipeline::schedule;
use posthouse_sandbox::SecretValue;
use posthouse_servers::Dovecot;
use posthouse_store::{Approval, ClaimRequest, DraftEdit, NewReplyFile, OutboxLease};
use std::path::PathBuf;
use std::time::Duration;

const UNDO: Duration = Duration::from_secs(10);

async fn waiting(test: &Test) -> TicketId {
    let taken = test.mail(letter("q", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    ids(&taken).1
}

pub async fn approve(test: &Test, ticket: TicketId, body: &str) -> OutboxId {
    approve_at(test, ticket, body, None).await
}

async fn approve_at(test: &Test, ticket: TicketId, body: &str, send_at: Option<Timestamp>) -> OutboxId {
    let scope = &test.tenant.scope;
    let base = scope.drafts(ticket).await.unwrap().first().map(|draft| draft.id);
    let mut tx = scope.begin().await.unwrap();
    let edit = DraftEdit { base, subject: None, body: body.to_owned() };
    let draft = tx.edit_draft(ticket, &edit, &actor()).await.unwrap();
    let approval = Approval {
        ticket,
        draft: draft.id,
        seen: None,
        subject: "Re: Where is my parcel?".to_owned(),
        body: body.to_owned(),
        to: vec![Address { name: Some("Mary Walker".to_owned()), address: "mary@example.com".to_owned() }],
        cc: Vec::new(),
        undo: UNDO,
        send_at,
        message_id: format!("{}@acme.example", test.house.entropy().token(8)),
        automatic: false,
    };
    let outbox = tx.approve(&approval, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    outbox
}

fn sent_files(test: &Test) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(test.folder.path().join("out")) else { return Vec::new() };
    entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect()
}

async fn test() -> Test {
    Test::new(["classifier", "router", "drafter", "checker"].map(bundled).to_vec(), |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_reply_goes_out_after_the_undo_window_and_threads() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.run().await;
    assert!(sent_files(&test).is_empty(), "within the undo window");

    test.clock.forward(UNDO);
    test.run().await;
    let files = sent_files(&test);
    assert_eq!(files.len(), 1);
    let mail = read_mail(&std::fs::read(&files[0]).unwrap());
    assert_eq!(mail.in_reply_to, ["q@example.com"]);
    assert!(mail.reply_text.contains("It is on its way."));
    assert!(mail.text.contains("has not arrived"), "the customer's mail is quoted");
    assert!(mail.html.is_some());
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!(row.state, OutboxState::Sent);
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
    assert_eq!(test.tenant.scope.thread(ticket, 10).await.unwrap().len(), 2, "it is part of the thread");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_reply_goes_out_at_its_time_with_that_date() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let at = test.clock.now().plus(Duration::from_secs(10 * 3600));
    let outbox = approve_at(&test, ticket, "It is on its way.", Some(at)).await;
    test.clock.forward(Duration::from_secs(9 * 3600));
    test.run().await;
    assert!(sent_files(&test).is_empty(), "it is not its time");
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    let files = sent_files(&test);
    assert_eq!(files.len(), 1);
    let mail = read_mail(&std::fs::read(&files[0]).unwrap());
    assert_eq!(mail.date.map(Timestamp::seconds), Some(at.seconds()));
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_reply_is_held_when_the_customer_writes_again() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let at = test.clock.now().plus(Duration::from_secs(3600));
    let outbox = approve_at(&test, ticket, "It is on its way.", Some(at)).await;
    test.clock.forward(Duration::from_secs(60));
    let again = letter("r", "Re: Where is my parcel?", "It came. Thank you, but the lamp is broken.");
    let again = format!("In-Reply-To: <q@example.com>\r\n{again}");
    assert_eq!(ids(&test.mail(again).await).1, ticket);
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    assert!(sent_files(&test).is_empty(), "nobody approved it as an answer to that");
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!(row.state, OutboxState::Failed);
    assert!(row.reason.unwrap().starts_with("S52 "));
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_put_aside_comes_back_by_itself() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.snooze(ticket, test.clock.now().plus(Duration::from_secs(3600)), &actor()).await.unwrap();
    tx.commit().await.unwrap();
    schedule::tick(&test.house).await.unwrap();
    let status = async || test.tenant.scope.ticket(ticket).await.unwrap().status;
    assert_eq!(status().await, TicketStatus::Snoozed);
    test.clock.forward(Duration::from_secs(3600));
    schedule::tick(&test.house).await.unwrap();
    assert_eq!(status().await, TicketStatus::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_taken_back_never_goes_out() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "It is on its way.").await;
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.cancel_send(outbox, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    assert!(sent_files(&test).is_empty());
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_while_submitting_leaves_it_to_a_person() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(UNDO);
    // It is written that the mail is being handed over, and then the worker is gone: whether the server got it, nobody knows.
    let attempt = leased_by_one_that_is_gone(&test, outbox).await;
    test.tenant.scope.hand_over(outbox, attempt).await.unwrap();
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    assert!(sent_files(&test).is_empty(), "it is not submitted a second time");
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Uncertain);

    // A person says that it did not arrive: now it goes out, once.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.resolve_send(outbox, OutboxState::Queued, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.clock.forward(Duration::from_secs(60));
    test.run().await;
    assert_eq!(sent_files(&test).len(), 1);
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Sent);
}

async fn leased_by_one_that_is_gone(test: &Test, outbox: OutboxId) -> i64 {
    match test.tenant.scope.lease_outbox(outbox, "gone", Duration::from_secs(60)).await.unwrap() {
        OutboxLease::Ready(mail) => mail.attempt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_before_it_handed_anything_over_needs_no_person() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(UNDO);
    leased_by_one_that_is_gone(&test, outbox).await;
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!((row.state, row.attempts.len(), sent_files(&test).len()), (OutboxState::Sent, 2, 1));
    assert!(row.attempts[0].handed_over_at.is_none() && row.attempts[1].handed_over_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_was_sent_is_in_the_thread_although_its_worker_died() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(UNDO);
    let attempt = leased_by_one_that_is_gone(&test, outbox).await;
    test.tenant.scope.hand_over(outbox, attempt).await.unwrap();
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.resolve_send(outbox, OutboxState::Sent, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert!(sent_files(&test).is_empty(), "it is not submitted again");
    let thread = test.tenant.scope.thread(ticket, 10).await.unwrap();
    assert_eq!(thread.len(), 2);
    let ours = thread.iter().find(|message| message.direction == Direction::Outgoing).expect("it is in the thread");
    let raw = test.tenant.scope.raw(ours.id).await.unwrap();
    assert!(read_mail(&raw).reply_text.contains("It is on its way."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_with_an_unfilled_variable_is_held_back() {
    let test = test().await;
    let ticket = waiting(&test).await;
    let outbox = approve(&test, ticket, "Your parcel arrives on {{delivery_date}}.").await;
    test.clock.forward(UNDO);
    test.run().await;
    assert!(sent_files(&test).is_empty());
    let row = test.tenant.scope.outbox(outbox).await.unwrap();
    assert_eq!(row.state, OutboxState::Failed);
    assert!(row.reason.unwrap().contains("held back by a check"));
    assert_eq!(
        test.tenant.scope.ticket(ticket).await.unwrap().status,
        TicketStatus::Waiting,
        "it is before a person again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let test = test().await;
    let ticket = waiting(&test).await;
    // A file stands where the folder should be.
    let out = test.folder.path().join("out");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::write(&out, "in the way").unwrap();
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(UNDO);
    test.run().await;
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Deferred);
    std::fs::remove_file(&out).unwrap();
    test.clock.forward(Duration::from_secs(3600));
    test.run().await;
    assert_eq!(sent_files(&test).len(), 1);
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Sent);
}

/// Claims everything that is due, as a worker that is gone a moment later, until no job is left to claim.
async fn kill_every_worker(test: &Test) {
    loop {
        let request = ClaimRequest { worker: "doomed", kinds: &[], limit: 9, lease: Duration::from_secs(60) };
        if test.house.store().claim(&request).await.unwrap().is_empty()
            && test.house.store().next_job_at(&[]).await.unwrap().is_none()
        {
            return;
        }
        test.clock.forward(Duration::from_secs(20 * 3600));
        test.house.store().recover_expired().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_every_worker_that_takes_it_comes_before_a_person() {
    let test = test().await;
    let raw = letter("poison", "Where is my parcel?", "Where is it?");
    let taken = test.take(raw).await;
    let (message, ticket) = ids(&taken);
    kill_every_worker(&test).await;
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Pending);
    schedule::tick(&test.house).await.unwrap();
    let row = test.tenant.scope.message(message).await.unwrap();
    assert_eq!(row.outcome, Outcome::Ticket);
    assert!(row.reason.unwrap().words.contains("its worker stopped without a word"));
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);

    // The same with a reply: nothing was submitted, and the agent hears of it.
    let outbox = approve(&test, ticket, "It is on its way.").await;
    test.clock.forward(UNDO);
    kill_every_worker(&test).await;
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Queued);
    schedule::tick(&test.house).await.unwrap();
    assert_eq!(test.tenant.scope.outbox(outbox).await.unwrap().state, OutboxState::Failed);
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    assert!(sent_files(&test).is_empty());
    // Once: a person's decision afterwards stands.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.resolve_send(outbox, OutboxState::Queued, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    schedule::tick(&test.house).await.unwrap();
    test.run().await;
    assert_eq!(sent_files(&test).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_the_signature_go_with_the_reply() {
    let test = Test::new(Vec::new(), |config| {
        config.mailboxes[0].signature = Some("The Acme team\nhttps://acme.example\n".to_owned());
    })
    .await;
    let scope = &test.tenant.scope;
    let ticket = waiting(&test).await;
    let mut tx = scope.begin().await.unwrap();
    for (name, content) in [("面单.pdf", &b"%PDF\r\n.\r\n"[..]), ("b.png", b"\x89PNG")] {
        let file = NewReplyFile { name, media_type: "application/pdf", content };
        tx.add_reply_file(ticket, &file, &actor()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let outbox = approve(&test, ticket, "The label is attached.").await;
    test.clock.forward(UNDO);
    test.run().await;
    let raw = std::fs::read(&sent_files(&test)[0]).unwrap();
    let read = read_mail(&raw);
    assert!(
        read.text.starts_with("The label is attached.\n\n-- \nThe Acme team\nhttps://acme.example\n\n"),
        "{}",
        read.text
    );
    assert_eq!(
        read.reply_text, "The label is attached.",
        "whoever answers with a quote tells the signature from the text"
    );
    let names: Vec<_> = read.attachments.iter().map(|file| file.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["面单.pdf", "b.png"]);
    // As the thread lists them, they can be had from the bytes that are kept.
    let row = scope.outbox(outbox).await.unwrap();
    let kept = scope.message(row.message.unwrap()).await.unwrap();
    assert_eq!(kept.read.attachments, read.attachments);
    let bytes = attachment(&scope.raw(kept.id).await.unwrap(), kept.read.attachments[0].part).unwrap();
    assert_eq!(bytes, b"%PDF\r\n.\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_within_the_text_is_where_it_was_put_for_the_customer_and_in_the_thread() {
    let test = Test::new(Vec::new(), |config| {
        // What the text does not name is not shown because the signature does.
        config.mailboxes[0].signature = Some("Acme [image: b.png]".to_owned());
    })
    .await;
    let scope = &test.tenant.scope;
    let ticket = waiting(&test).await;
    let mut tx = scope.begin().await.unwrap();
    for (name, content) in [("b.png", &b"\x89PNGb"[..]), ("面单.png", b"\x89PNG\r\n.")] {
        let file = NewReplyFile { name, media_type: "application/octet-stream", content };
        tx.add_reply_file(ticket, &file, &actor()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let outbox = approve(&test, ticket, "Like this:\n\n[image: 面单.png]").await;
    test.clock.forward(UNDO);
    test.run().await;
    let raw = std::fs::read(&sent_files(&test)[0]).unwrap();
    let read = read_mail(&raw);
    assert_eq!(read.reply_text, "Like this:\n\n[image: 面单.png]");
    let id = read.attachments[0].content_id.clone().unwrap();
    assert_eq!(read.html.clone().unwrap().matches(&format!("<img src=\"cid:{id}\"")).count(), 1);
    let row = scope.outbox(outbox).await.unwrap();
    let kept = scope.message(row.message.unwrap()).await.unwrap();
    assert_eq!(kept.read.attachments.len(), 2);
    assert_eq!(kept.read.attachments, read.attachments, "the thread lists what a mail program finds");
    let bytes = attachment(&scope.raw(kept.id).await.unwrap(), kept.read.attachments[0].part).unwrap();
    assert_eq!(bytes, b"\x89PNG\r\n.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automatic_mail_over_a_cap_is_not_submitted_and_waits_for_a_person() {
    let test = Test::new(Vec::new(), |config| {
        let caps = serde_json::json!({ "per_ticket": [{ "most": 1, "minutes": 60 }] });
        config.automatic = serde_json::from_value(caps).unwrap();
    })
    .await;
    let scope = &test.tenant.scope;
    let ticket = waiting(&test).await;
    let mut queued = Vec::new();
    let mut base = scope.drafts(ticket).await.unwrap().first().map(|draft| draft.id);
    for body in ["We have your mail.", "We have it still."] {
        let mut tx = scope.begin().await.unwrap();
        let edit = DraftEdit { base, subject: None, body: body.to_owned() };
        let draft = tx.edit_draft(ticket, &edit, &actor()).await.unwrap();
        base = Some(draft.id);
        let approval = Approval {
            ticket,
            draft: draft.id,
            seen: None,
            subject: "Re: Where is my parcel?".to_owned(),
            body: body.to_owned(),
            to: vec![Address { name: None, address: "mary@example.com".to_owned() }],
            cc: Vec::new(),
            undo: Duration::from_secs(4_000),
            send_at: None,
            message_id: format!("{}@acme.example", test.house.entropy().token(8)),
            automatic: true,
        };
        queued.push(tx.approve(&approval, &actor()).await.unwrap());
        tx.reopen(ticket, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        // Each was alone in its hour when it was queued; they go out within one.
        test.clock.forward(Duration::from_secs(3_700));
    }
    test.run().await;
    assert_eq!(sent_files(&test).len(), 1, "the second is not due yet");
    test.clock.forward(Duration::from_secs(400));
    test.run().await;
    assert_eq!(sent_files(&test).len(), 1);
    let states = [scope.outbox(queued[0]).await.unwrap().state, scope.outbox(queued[1]).await.unwrap().state];
    assert_eq!(states, [OutboxState::Sent, OutboxState::Failed]);
    let row = scope.outbox(queued[1]).await.unwrap();
    assert!(row.reason.unwrap().starts_with("S50 too many automatic mails: 1 automatic mails went out on this ticket"));
    assert_eq!(row.attempts.len(), 0);
    assert_eq!(scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    // Once a person has looked, it goes.
    let mut tx = scope.begin().await.unwrap();
    tx.resolve_send(queued[1], OutboxState::Queued, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(sent_files(&test).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_the_server_does_not_take_goes_to_sent_without_its_files() {
    let Some(dovecot) = Dovecot::start_with_largest_mail(20_000) else { return };
    let port = dovecot.imap_port();
    let test = Test::new(Vec::new(), |config| {
        config.mailboxes[0].maildir = None;
        let imap = serde_json::json!({
            "host": "127.0.0.1", "port": port, "security": "plain", "user": "support@acme.example",
            "password": { "secret": "mail" },
        });
        config.mailboxes[0].imap = Some(serde_json::from_value(imap).unwrap());
    })
    .await;
    test.secrets.more.lock().unwrap().insert("mail".to_owned(), SecretValue::anywhere(dovecot.password()));
    let scope = &test.tenant.scope;
    let ticket = waiting(&test).await;
    let mut tx = scope.begin().await.unwrap();
    let content = vec![7; 40_000];
    let file = NewReplyFile { name: "film.mp4", media_type: "video/mp4", content: &content };
    tx.add_reply_file(ticket, &file, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    approve(&test, ticket, "See the film.").await;
    test.clock.forward(UNDO);
    test.run().await;
    assert_eq!(read_mail(&std::fs::read(&sent_files(&test)[0]).unwrap()).attachments.len(), 1, "the customer gets it");
    let copies = dovecot.open("support@acme.example", "Sent").await.wait_for(1, Duration::from_secs(20)).await;
    let copy = read_mail(&copies[0]);
    assert_eq!((copies.len(), copy.attachments.len()), (1, 0));
    assert!(copy.text.starts_with("See the film."), "{}", copy.text);
}
