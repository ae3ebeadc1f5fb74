//! Taking mail in: idempotent, threaded, never lost.

use crate::world::{add_mailbox, agent, host};
use posthouse_model::job::Job;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{MailboxId, Timestamp};
use posthouse_store::{ClaimRequest, Cursor, JobState, Source, StoreError, Taken};
use std::time::Duration;

on_both! {
    async fn a_new_mail_makes_everything_at_once(world) {
        let mail = world.mail("a@x");
        let Taken::New { message, ticket, number, opened } = world.take(&mail).await else { panic!() };
        assert_eq!((number, opened), (1, true));
        let row = world.scope.message(message).await.unwrap();
        assert_eq!(row.read, mail.read);
        assert_eq!((row.ticket, row.direction, row.outcome), (Some(ticket), Direction::Incoming, Outcome::Pending));
        assert_eq!(world.scope.raw(message).await.unwrap(), mail.raw);
        let ticket = world.scope.ticket(ticket).await.unwrap();
        assert_eq!(ticket.status, TicketStatus::New);
        assert_eq!(ticket.customer.address, "Ana@Customer.example");
        assert_eq!(ticket.snippet, "Where is my parcel?");
        assert_eq!((ticket.message_count, ticket.deadline), (1, None));
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].job, Job::Triage { message });
        assert_eq!(world.kinds().await.last().unwrap(), "ticket.opened");
    }

    async fn the_same_place_again_stores_nothing(world) {
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        let events = world.kinds().await.len();
        assert_eq!(world.take(&world.mail("a@x")).await, Taken::Known { message });
        assert_eq!(world.kinds().await.len(), events);
        assert_eq!(world.scope.jobs(JobState::Queued).await.unwrap().len(), 1);
        let keys = ["a@x".to_owned(), "b@x".to_owned()];
        let known = world.scope.known_keys(world.mailbox, "INBOX", &keys).await.unwrap();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["a@x"]);
        assert!(world.scope.known_keys(world.mailbox, "INBOX", &[]).await.unwrap().is_empty());
    }

    async fn the_same_mail_by_another_way_is_a_duplicate(world) {
        let (first, _) = world.take_new(&world.mail("a@x")).await;
        let mut copy = world.mail("a@x");
        copy.mailbox = add_mailbox(&world.scope, "info").await;
        copy.raw = b"Received: by another way\r\n".to_vec();
        let Taken::Duplicate { message, of } = world.take(&copy).await else { panic!() };
        assert_eq!(of, first);
        let row = world.scope.message(message).await.unwrap();
        assert_eq!(row.outcome, Outcome::Skipped);
        let reason = row.reason.unwrap();
        assert_eq!(reason.code, ReasonCode::Duplicate);
        assert!(reason.words.starts_with(&format!("message {first}, the same mail")));
        // The server renumbered its folder: everything comes again.
        let mut renumbered = world.mail("a@x");
        renumbered.source.key = "2:1".into();
        assert!(matches!(world.take(&renumbered).await, Taken::Duplicate { .. }));
        assert_eq!(world.scope.jobs(JobState::Queued).await.unwrap().len(), 1);
    }

    async fn a_mailer_that_gives_every_mail_the_same_id_loses_none(world) {
        let (_, first) = world.take_new(&world.mail("constant@x")).await;
        let mut second = world.mail("constant@x");
        second.source.key = "other".into();
        second.read.text = "Something else".into();
        let (_, other) = world.take_new(&second).await;
        assert_ne!(first, other);
    }

    async fn mail_without_message_id_gets_an_identity(world) {
        let mut mail = world.mail("a");
        mail.read.message_id = None;
        let (message, _) = world.take_new(&mail).await;
        let identity = world.scope.message(message).await.unwrap().identity;
        assert!(identity.starts_with("no-message-id:"), "{identity}");
        // The same bytes from another place.
        mail.source.key = "b".into();
        assert!(matches!(world.take(&mail).await, Taken::Duplicate { of, .. } if of == message));
        // Other bytes are another mail.
        mail.source.key = "c".into();
        mail.raw.push(b'!');
        mail.read.text.push('!');
        world.take_new(&mail).await;
    }

    async fn bytes_come_back_as_they_came_whatever_their_number(world) {
        for (n, size) in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 7].into_iter().enumerate() {
            let mut mail = world.mail(&format!("{n}@x"));
            mail.raw = (0..=250_u8).cycle().take(size).collect();
            let (message, _) = world.take_new(&mail).await;
            assert!(world.scope.raw(message).await.unwrap() == mail.raw, "{size}");
            assert_eq!(world.scope.message(message).await.unwrap().size, i64::try_from(size).unwrap());
        }
    }

    async fn what_cannot_be_read_is_parked(world) {
        let mut mail = world.mail("a@x");
        let reason = Reason::new(ReasonCode::NotMail, "no header could be found");
        mail.parked = Some(reason.clone());
        let Taken::Parked { message } = world.take(&mail).await else { panic!() };
        let parked = world.scope.messages_by_outcome(Outcome::Parked, None, 10).await.unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!((parked[0].id, parked[0].ticket), (message, None));
        assert_eq!(parked[0].reason, Some(reason));
        assert_eq!(world.scope.raw(message).await.unwrap(), mail.raw);
        assert_eq!(world.scope.jobs(JobState::Queued).await.unwrap().len(), 0);
        assert!(world.scope.messages_by_outcome(Outcome::Parked, Some(message), 10).await.unwrap().is_empty());
    }

    async fn replies_join_their_ticket(world) {
        let (_, ticket) = world.waiting("a@x").await;
        world.advance(60);
        let Taken::New { ticket: joined, number, opened, .. } = world.take(&world.reply("b@x", "a@x")).await else {
            panic!()
        };
        assert_eq!((joined, number, opened), (ticket, 1, false));
        let mut third = world.mail("c@x");
        third.read.references = vec!["gone@x".into(), "b@x".into()];
        assert_eq!(world.take_new(&third).await.1, ticket);
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.message_count, row.status), (3, TicketStatus::New));
        let thread = world.scope.thread(ticket, 10).await.unwrap();
        assert_eq!(thread.iter().map(|m| m.identity.as_str()).collect::<Vec<_>>(), ["c@x", "b@x", "a@x"]);
        assert_eq!(world.scope.thread(ticket, 1).await.unwrap().len(), 1);
    }

    async fn siblings_whose_parent_is_not_here_are_one_thread_when_one_person_wrote_them(world) {
        let (_, ticket) = world.take_new(&world.reply("one@x", "parent@x")).await;
        assert_eq!(world.take_new(&world.reply("two@x", "parent@x")).await.1, ticket);
        // A mail to many is answered by many.
        let mut other = world.reply("three@x", "parent@x");
        other.read.from = Some(crate::world::address("tom@customer.example"));
        assert_ne!(world.take_new(&other).await.1, ticket);
        assert_eq!(world.take_new(&world.mail("parent@x")).await.1, ticket, "and so is the parent when it comes");
    }

    async fn a_late_parent_joins_its_child(world) {
        let (_, ticket) = world.take_new(&world.reply("child@x", "parent@x")).await;
        assert_eq!(world.take_new(&world.mail("parent@x")).await.1, ticket);
    }

    async fn a_batch_is_threaded_by_date_not_by_order(world) {
        let mut parent = world.mail("parent@x");
        parent.read.date = Some(Timestamp(parent.received_at.0 - 3_600_000_000));
        let child = world.reply("child@x", "parent@x");
        let mut tx = world.scope.begin().await.unwrap();
        let taken = tx.intake_many(&[child, parent], &host()).await.unwrap();
        tx.commit().await.unwrap();
        let Taken::New { opened: false, ticket: child, .. } = taken[0] else { panic!("{taken:?}") };
        let Taken::New { opened: true, ticket: parent, .. } = taken[1] else { panic!("{taken:?}") };
        assert_eq!(child, parent);
        assert_eq!(world.scope.ticket(parent).await.unwrap().subject, "About parent@x");
    }

    async fn a_verified_token_finds_the_ticket_when_headers_do_not(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut mail = world.mail("b@x");
        mail.ticket_number = Some(1);
        assert_eq!(world.take_new(&mail).await.1, ticket);
        mail = world.mail("c@x");
        mail.ticket_number = Some(77);
        assert_ne!(world.take_new(&mail).await.1, ticket);
    }

    async fn a_customer_comes_back(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(ticket, "answered by phone", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (message, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::New);
        world.outcome(message, Outcome::Ticket).await;
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.closed_reason), (TicketStatus::Waiting, None));
    }

    async fn spam_stays_spam_when_more_comes(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        world.outcome(message, Outcome::Spam).await;
        world.take_new(&world.reply("b@x", "a@x")).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Spam);
    }

    async fn nul_bytes_are_no_trouble(world) {
        let mut mail = world.mail("a@x");
        mail.read.subject = "a\0b".into();
        mail.read.text = "\0".into();
        mail.read.reply_text = "\0".into();
        mail.read.html = Some("<p>\0".into());
        mail.read.from = Some(posthouse_model::mail::Address { name: Some("\0".into()), address: "\0@x".into() });
        mail.source.key = "\0".into();
        mail.raw = vec![0; 10];
        let (message, _) = world.take_new(&mail).await;
        assert_eq!(world.scope.raw(message).await.unwrap(), mail.raw);
        assert_eq!(world.scope.message(message).await.unwrap().read.html.unwrap(), "<p>\u{fffd}");
        assert!(matches!(world.take(&mail).await, Taken::Known { .. }));
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn nothing_at_all_is_still_a_mail(world) {
        let mut mail = world.mail("a@x");
        mail.read = posthouse_model::mail::ReadMail::default();
        mail.raw.clear();
        let (_, ticket) = world.take_new(&mail).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().customer.address, "unknown@sender.invalid");
    }

    async fn a_date_from_the_future_is_not_believed(world) {
        let mut mail = world.mail("a@x");
        mail.read.date = Some(mail.received_at.plus(Duration::from_secs(400 * 86_400)));
        let (message, _) = world.take_new(&mail).await;
        assert_eq!(world.scope.message(message).await.unwrap().at, mail.received_at);
        mail = world.mail("b@x");
        mail.read.date = Some(Timestamp(0));
        let (message, _) = world.take_new(&mail).await;
        assert_eq!(world.scope.message(message).await.unwrap().at, mail.received_at);
    }

    async fn a_mailbox_that_is_not_ours_is_refused(world) {
        let other = world.other_tenant("other").await;
        let theirs = other.mailboxes().await.unwrap()[0].id;
        for mailbox in [theirs, MailboxId(999_999)] {
            let mut mail = world.mail("a@x");
            mail.mailbox = mailbox;
            let mut tx = world.scope.begin().await.unwrap();
            assert!(matches!(tx.intake(&mail, &host()).await.unwrap_err(), StoreError::NotFound { .. }));
            let error = tx.intake_many(&[mail], &host()).await.unwrap_err();
            assert!(matches!(error, StoreError::NotFound { .. }));
        }
    }

    async fn a_cursor_only_moves_forward(world) {
        let cursor = |uid_validity, last_uid| {
            Cursor { mailbox: world.mailbox, folder: "INBOX".into(), uid_validity, last_uid }
        };
        let set = async |cursor: Cursor| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_cursor(&cursor).await.unwrap();
            tx.commit().await.unwrap();
            world.scope.cursor(world.mailbox, "INBOX").await.unwrap().unwrap()
        };
        assert_eq!(world.scope.cursor(world.mailbox, "INBOX").await.unwrap(), None);
        assert_eq!(set(cursor(1, 10)).await, cursor(1, 10));
        assert_eq!(set(cursor(1, 5)).await, cursor(1, 10));
        assert_eq!(set(cursor(1, 11)).await, cursor(1, 11));
        assert_eq!(set(cursor(2, 3)).await, cursor(2, 3));
        assert_eq!(set(cursor(u32::MAX, u32::MAX)).await, cursor(u32::MAX, u32::MAX));
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        tx.set_cursor(&cursor(9, 9)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(other.cursor(world.mailbox, "INBOX").await.unwrap(), None);
    }

    async fn triage_jobs_come_oldest_first(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let mails: Vec<_> = (0..5).map(|n| world.mail(&format!("{n}@x"))).collect();
        tx.intake_many(&mails, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let request = ClaimRequest { worker: "w", kinds: &["triage"], limit: 10, lease: Duration::from_secs(60) };
        let jobs = world.store.claim(&request).await.unwrap();
        assert_eq!(jobs.len(), 5);
        assert!(jobs.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}

#[test]
fn sources_differ_by_validity_and_uid() {
    assert_ne!(Source::imap("INBOX", 1, 23), Source::imap("INBOX", 12, 3));
    assert_ne!(Source::file("a"), Source::maildir("INBOX", "a"));
}
