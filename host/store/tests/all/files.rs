//! Files that go with replies.

use crate::world::{World, agent};
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::{OutboxId, TicketId};
use posthouse_store::{NewReplyFile, OutboxLease, REPLY_BYTES_MAX, REPLY_FILES_MAX, StoreError};
use std::time::Duration;

fn file<'a>(name: &'a str, content: &'a [u8]) -> NewReplyFile<'a> {
    NewReplyFile { name, media_type: "application/pdf", content }
}

async fn approved(world: &World, ticket: TicketId, id: &str) -> OutboxId {
    let draft = world.draft(ticket, "It is on its way.").await;
    world.approve(&world.approval(ticket, draft, id)).await.unwrap()
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
        for _ in 0..REPLY_FILES_MAX {
            tx.add_reply_file(ticket, &file("a", b"1"), &agent()).await.unwrap();
        }
        let refused = tx.add_reply_file(ticket, &file("a", b"1"), &agent()).await.unwrap_err().to_string();
        assert!(refused.contains("at most 20 files"), "{refused}");
        drop(tx);
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.add_reply_file(ticket, &file("a", b"1"), &agent()).await, Err(StoreError::NotFound { .. })));
        assert!(other.reply_files(ticket).await.unwrap().is_empty());
    }
}
