//! Files that go with replies.

use crate::world::{World, agent};
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::{OutboxId, TicketId};
use posthouse_store::{Approval, NewReplyFile, OutboxLease, REPLY_BYTES_MAX, REPLY_FILES_MAX, StoreError};
use std::time::Duration;

fn file<'a>(name: &'a str, content: &'a [u8]) -> NewReplyFile<'a> {
    NewReplyFile { name, media_type: "application/pdf", content }
}

async fn approved(world: &World, ticket: TicketId, id: &str) -> OutboxId {
    let draft = world.draft(ticket, "It is on its way.").await;
    world.approve(&world.approval(ticket, draft, id)).await.unwrap()
}

async fn settle(world: &World, outbox: OutboxId, outcome: SubmitOutcome) {
    let lease = world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    let mut tx = world.scope.begin().await.unwrap();
    tx.settle_outbox(outbox, mail.attempt, &[(mail.open[0].clone(), outcome)], b"raw", false, &agent()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn resolve(world: &World, outbox: OutboxId, to: OutboxState) {
    let mut tx = world.scope.begin().await.unwrap();
    tx.resolve_send(outbox, to, &agent()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn what_was_added_goes_with_the_mail_that_is_approved_next(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let first = tx.add_reply_file(ticket, &file("label.pdf", b"one"), &agent()).await.unwrap();
        let second = tx.add_reply_file(ticket, &file("\n", b"two"), &agent()).await.unwrap();
        let third = tx.add_reply_file(ticket, &file("gone.pdf", b"three"), &agent()).await.unwrap();
        tx.remove_reply_file(ticket, third, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let files = world.scope.reply_files(ticket).await.unwrap();
        assert_eq!(files.iter().map(|f| (f.id, f.name.as_str(), f.size)).collect::<Vec<_>>(), [(first, "label.pdf", 3), (second, "file", 3)]);

        let outbox = approved(&world, ticket, "first").await;
        assert!(world.scope.reply_files(ticket).await.unwrap().is_empty(), "the next reply has none");
        let with = world.scope.outbox_files(outbox).await.unwrap();
        assert_eq!(with.iter().map(|(_, bytes)| bytes.as_slice()).collect::<Vec<_>>(), [b"one", b"two"]);
        // Taken back: they are there for the next one.
        let mut tx = world.scope.begin().await.unwrap();
        tx.cancel_send(outbox, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.reply_files(ticket).await.unwrap().len(), 2);

        let outbox = approved(&world, ticket, "second").await;
        let OutboxLease::Ready(mail) = world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap() else { panic!() };
        let mut tx = world.scope.begin().await.unwrap();
        let accepted = SubmitOutcome::Accepted { reply: "250".into() };
        let state = tx.settle_outbox(outbox, mail.attempt, &[(mail.open[0].clone(), accepted)], b"raw", true, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state, OutboxState::Sent);
        assert!(world.scope.outbox_files(outbox).await.unwrap().is_empty(), "its bytes are kept with the message");
        let message = world.scope.outbox(outbox).await.unwrap().message.unwrap();
        let listed = world.scope.message(message).await.unwrap().read.attachments;
        assert_eq!(listed.iter().map(|a| (a.name.as_deref(), a.part)).collect::<Vec<_>>(), [(Some("label.pdf"), 4), (Some("file"), 5)]);
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn number_and_size_are_bounded(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.add_reply_file(ticket, &file("a", b""), &agent()).await, Err(StoreError::Refused(_))));
        let whole = vec![7; REPLY_BYTES_MAX];
        let id = tx.add_reply_file(ticket, &file("a", &whole), &agent()).await.unwrap();
        let refused = tx.add_reply_file(ticket, &file("b", b"1"), &agent()).await.unwrap_err().to_string();
        assert!(refused.contains("18 MB in all"), "{refused}");
        tx.remove_reply_file(ticket, id, &agent()).await.unwrap();
        for number in 0..REPLY_FILES_MAX {
            tx.add_reply_file(ticket, &file("a", &[1, number as u8]), &agent()).await.unwrap();
        }
        let refused = tx.add_reply_file(ticket, &file("a", b"1"), &agent()).await.unwrap_err().to_string();
        assert!(refused.contains("at most 20 files"), "{refused}");
        drop(tx);
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.add_reply_file(ticket, &file("a", b"1"), &agent()).await, Err(StoreError::NotFound { .. })));
        assert!(other.reply_files(ticket).await.unwrap().is_empty());
    }

    async fn the_same_file_is_there_once_and_another_of_its_name_gets_a_number(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let mut ids = Vec::new();
        for content in [b"one", b"two", b"one", b"six", b"two"] {
            ids.push(tx.add_reply_file(ticket, &file("a.pdf", content), &agent()).await.unwrap());
        }
        tx.commit().await.unwrap();
        assert_eq!((ids[0], ids[1]), (ids[2], ids[4]), "a form that was sent twice");
        let files = world.scope.reply_files(ticket).await.unwrap();
        assert_eq!(files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a.pdf", "a (2).pdf", "a (3).pdf"]);
        assert!(world.scope.has_reply_file(ticket, &file("a.pdf", b"six")).await.unwrap());
        assert!(!world.scope.has_reply_file(ticket, &file("a.pdf", b"ten")).await.unwrap());
        assert_eq!(world.scope.reply_file(ticket, ids[1]).await.unwrap().unwrap().1, b"two");
        let (_, other) = world.waiting("b@x").await;
        assert_eq!(world.scope.reply_file(other, ids[1]).await.unwrap(), None);
    }

    async fn a_reply_that_fails_keeps_its_files_and_the_next_one_has_them(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        for content in [b"one", b"two"] {
            tx.add_reply_file(ticket, &file("a.pdf", content), &agent()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let names = |files: Vec<posthouse_store::ReplyFile>| files.into_iter().map(|f| f.name).collect::<Vec<_>>();
        let refused = || SubmitOutcome::Refused { reason: "552 too large".into() };

        let first = approved(&world, ticket, "first").await;
        settle(&world, first, refused()).await;
        assert_eq!(names(world.scope.reply_files(ticket).await.unwrap()), ["a.pdf", "a (2).pdf"]);
        assert_eq!(world.scope.outbox_files(first).await.unwrap().len(), 2, "it can be tried again as it was");

        // Tried again as it was: they are its own and nobody else's.
        resolve(&world, first, OutboxState::Queued).await;
        assert_eq!(names(world.scope.reply_files(ticket).await.unwrap()), [""; 0]);
        settle(&world, first, refused()).await;
        // The agent takes one away and writes another reply.
        let offered = world.scope.reply_files(ticket).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.remove_reply_file(ticket, offered[0].id, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let second = approved(&world, ticket, "second").await;
        let with = world.scope.outbox_files(second).await.unwrap();
        assert_eq!(with.iter().map(|(f, bytes)| (f.name.as_str(), bytes.as_slice())).collect::<Vec<_>>(), [("a (2).pdf", &b"two"[..])]);
        // The failed one is given up: what was taken away stays away.
        resolve(&world, first, OutboxState::Cancelled).await;
        assert!(world.scope.outbox_files(first).await.unwrap().is_empty());
        assert!(world.scope.reply_files(ticket).await.unwrap().is_empty());

        // Held back before the first try, or given up by a person: the same.
        let mut tx = world.scope.begin().await.unwrap();
        tx.refuse_send(second, "held back by a check", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(world.scope.reply_files(ticket).await.unwrap()), ["a (2).pdf"]);
        resolve(&world, second, OutboxState::Queued).await;
        settle(&world, second, SubmitOutcome::Uncertain { reason: "cut".into() }).await;
        assert!(world.scope.reply_files(ticket).await.unwrap().is_empty(), "it may be out");
        resolve(&world, second, OutboxState::Cancelled).await;
        assert_eq!(names(world.scope.reply_files(ticket).await.unwrap()), ["a (2).pdf"]);
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn what_came_back_beside_what_was_added_must_fit_again(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let add = async |content: u8| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.add_reply_file(ticket, &file("a", &[content]), &agent()).await.unwrap();
            tx.commit().await.unwrap();
        };
        add(0).await;
        add(1).await;
        let outbox = approved(&world, ticket, "first").await;
        for content in 1..=20 {
            add(content).await;
        }
        let mut tx = world.scope.begin().await.unwrap();
        tx.cancel_send(outbox, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let there = world.scope.reply_files(ticket).await.unwrap().len();
        assert!(there > REPLY_FILES_MAX, "{there}");
        let draft = world.draft(ticket, "It is on its way.").await;
        let words = world.approve(&world.approval(ticket, draft, "second")).await.unwrap_err().to_string();
        assert!(words.contains("at most 20 files"), "{words}");
    }

    async fn a_picture_is_shown_where_the_text_names_it(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        for (name, content) in [("b.pdf", &b"%PDF"[..]), ("a.png", b"\x89PNG\r\n"), ("page.png", b"<html>")] {
            let new = NewReplyFile { media_type: if name == "b.pdf" { "application/pdf" } else { "image/png" }, ..file(name, content) };
            tx.add_reply_file(ticket, &new, &agent()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let kinds: Vec<_> = world.scope.reply_files(ticket).await.unwrap().into_iter().map(|f| f.media_type).collect();
        assert_eq!(kinds, ["application/pdf", "image/png", "application/octet-stream"], "by its first bytes, whatever was said of it");
        for gone in ["gone.png", "b.pdf", "page.png"] {
            let draft = world.draft(ticket, &format!("See [image: {gone}].")).await;
            let approval = Approval { body: format!("See [image: {gone}]."), ..world.approval(ticket, draft, gone) };
            let words = world.approve(&approval).await.unwrap_err().to_string();
            assert!(words.contains(&format!("[image: {gone}], and no picture")), "{words}");
        }
        let body = "See [image: a.png].".to_owned();
        let draft = world.draft(ticket, &body).await;
        let approval = Approval { body: body.clone(), ..world.approval(ticket, draft, "shown") };
        // A machine's mail takes no files along, and so can show none.
        assert!(world.approve(&Approval { automatic: true, ..approval.clone() }).await.is_err());
        let outbox = world.approve(&approval).await.unwrap();
        settle(&world, outbox, SubmitOutcome::Accepted { reply: "250".into() }).await;
        let message = world.scope.outbox(outbox).await.unwrap().message.unwrap();
        let listed = world.scope.message(message).await.unwrap().read.attachments;
        let listed: Vec<_> = listed.iter().map(|a| (a.name.as_deref().unwrap(), a.part, a.inline, a.content_id.is_some())).collect();
        assert_eq!(listed, [("a.png", 5, true, true), ("b.pdf", 6, false, false), ("page.png", 7, false, false)]);
    }
}
