//! Digest, ledger, progress.

use crate::world::{START, address, agent, host};
use posthouse_model::outbox::SubmitOutcome;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::Outcome;
use posthouse_store::{LedgerRow, OutboxLease};
use std::time::Duration;

on_both! {
    async fn every_mail_is_in_exactly_one_place(world) {
        let outcomes = [Outcome::Ticket, Outcome::Spam, Outcome::Automatic, Outcome::Skipped, Outcome::Ticket];
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let (message, _) = world.take_new(&world.mail(&format!("{n}@x"))).await;
            world.outcome(message, outcome).await;
        }
        let mut parked = world.mail("parked@x");
        parked.parked = Some(Reason::new(ReasonCode::NotMail, "unreadable"));
        world.take(&parked).await;
        world.take(&world.mail("pending@x")).await;
        world.take(&world.mail("pending@x")).await;
        let day = Duration::from_secs(86_400);
        world.clock.advance(day);
        world.take(&world.mail("tomorrow@x")).await;

        let days = [START, START.plus(day), START.plus(day).plus(day)];
        let ledger = world.scope.ledger(&days).await.unwrap();
        let row = |n: usize, outcome, count| LedgerRow { day: days[n], mailbox: world.mailbox, outcome, count };
        assert_eq!(
            ledger,
            [
                row(0, Outcome::Automatic, 1),
                row(0, Outcome::Parked, 1),
                row(0, Outcome::Pending, 1),
                row(0, Outcome::Skipped, 1),
                row(0, Outcome::Spam, 1),
                row(0, Outcome::Ticket, 2),
                row(1, Outcome::Pending, 1),
            ]
        );
        let digest = world.scope.digest(days[0], days[1]).await.unwrap();
        assert_eq!((digest.received, digest.spam, digest.automatic, digest.skipped, digest.parked), (7, 1, 1, 1, 1));
        assert_eq!((digest.waiting, digest.most_urgent.len()), (2, 2));
        assert_eq!(digest.oldest_waiting.unwrap().number, 1);
        assert_eq!(digest.new_tickets, 4);
    }

    async fn the_digest_counts_what_was_done(world) {
        let (_, outbox) = world.approved("a@x").await;
        let OutboxLease::Ready(mail) = world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap() else {
            panic!()
        };
        let (_, handled) = world.waiting("b@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let outcomes = [(address("ana@customer.example"), SubmitOutcome::Accepted { reply: "250".into() })];
        tx.settle_outbox(outbox, mail.attempt, &outcomes, b"raw", false, &host()).await.unwrap();
        tx.mark_handled(handled, "by phone", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let digest = world.scope.digest(START, START.plus(Duration::from_secs(1))).await.unwrap();
        assert_eq!((digest.received, digest.sent, digest.handled, digest.waiting), (2, 1, 1, 0));
        let later = START.plus(Duration::from_secs(1));
        let empty = world.scope.digest(later, later.plus(Duration::from_secs(1))).await.unwrap();
        assert_eq!((empty.received, empty.sent, empty.handled, empty.new_tickets), (0, 0, 0, 0));
    }

    async fn progress_shows_what_is_stuck(world) {
        let nothing = world.scope.progress().await.unwrap();
        assert_eq!(nothing, posthouse_store::Progress::default());
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        world.advance(60);
        let pending = world.scope.progress().await.unwrap();
        assert_eq!((pending.last_intake, pending.oldest_pending, pending.last_triage), (Some(START), Some(START), None));
        world.take_new(&world.mail("c@x")).await;
        assert_eq!((world.scope.progress().await.unwrap().pending, pending.pending), (2, 1));
        world.outcome(message, Outcome::Ticket).await;
        let other = world.scope.progress().await.unwrap();
        assert_eq!((other.oldest_pending, other.pending), (Some(START.plus(Duration::from_secs(60))), 1));
    }

    async fn progress_shows_replies_that_are_stuck(world) {
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        world.advance(60);
        world.outcome(message, Outcome::Ticket).await;
        let triaged = world.scope.progress().await.unwrap();
        assert_eq!((triaged.oldest_pending, triaged.last_triage), (None, Some(world.store.now())));
        world.approved("b@x").await;
        let stuck = world.scope.progress().await.unwrap();
        assert_eq!((stuck.oldest_unsent, stuck.unsent), (Some(world.store.now()), 1));
    }
}
