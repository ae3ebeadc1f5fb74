//! Mail that was left out: taken up by a person, or let go after its time.

use crate::world::{START, agent, host};
use posthouse_model::job::Job;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::{JobState, StoreError, Taken};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

on_both! {
    async fn a_parked_mail_becomes_a_ticket(world) {
        let mut mail = world.mail("a@x");
        mail.parked = Some(Reason::new(ReasonCode::TooLarge, "61 MB"));
        let Taken::Parked { message } = world.take(&mail).await else { panic!() };
        let mut tx = world.scope.begin().await.unwrap();
        let (ticket, number) = tx.take_up(message, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.message(message).await.unwrap();
        assert_eq!((row.ticket, row.outcome), (Some(ticket), Outcome::Pending));
        assert!(row.taken_up_at.is_some());
        assert_eq!(row.reason.unwrap().code, ReasonCode::TooLarge, "why it had been left out is still known");
        let row = world.scope.ticket_by_number(number).await.unwrap();
        assert_eq!((row.id, row.status, row.message_count), (ticket, TicketStatus::New, 1));
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.job.clone()).collect::<Vec<_>>(), [Job::Triage { message }]);
        assert_eq!(world.kinds().await.last().unwrap(), "message.taken-up");
        // A second click finds it on its ticket.
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.take_up(message, &agent()).await, Err(StoreError::Refused(_))));
    }

    async fn spam_is_taken_up_on_its_ticket_and_the_filter_hears_of_it(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let (second, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        world.outcome(message, Outcome::Spam).await;
        world.outcome(second, Outcome::Spam).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Spam);
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.take_up(second, &agent()).await.unwrap().0, ticket);
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::New);
        assert_eq!(world.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
        assert_eq!(world.scope.message(second).await.unwrap().outcome, Outcome::Pending);
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|job| job.job == Job::Learn { ticket, spam: false }), "{jobs:?}");
    }

    async fn what_is_on_a_ticket_or_ours_cannot_be_taken_up(world) {
        let (message, _) = world.waiting("a@x").await;
        let (pending, _) = world.take_new(&world.mail("b@x")).await;
        let (_, outbox) = world.approved("c@x").await;
        let ours = world.scope.outbox(outbox).await.unwrap().answers.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        for message in [message, pending, ours] {
            assert!(matches!(tx.take_up(message, &agent()).await, Err(StoreError::Refused(_))));
        }
        drop(tx);
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.take_up(message, &agent()).await, Err(StoreError::NotFound { .. })));
    }

    async fn what_nobody_took_up_is_let_go_after_its_time(world) {
        let (spam, ticket) = world.take_new(&world.mail("a@x")).await;
        let (kept, _) = world.take_new(&world.mail("b@x")).await;
        let (skipped, _) = world.take_new(&world.mail("c@x")).await;
        world.outcome(spam, Outcome::Spam).await;
        world.outcome(kept, Outcome::Automatic).await;
        world.outcome(skipped, Outcome::Skipped).await;
        world.clock.advance(90 * DAY);
        let mut late = world.mail("d@x");
        late.raw.push(b'!');
        let (young, _) = world.take_new(&late).await;
        world.outcome(young, Outcome::Spam).await;
        let days = [START, START.plus(400 * DAY)];
        let before = world.scope.ledger(&days).await.unwrap();
        let let_go = async |before| {
            assert_eq!(world.scope.has_left_out(before).await.unwrap(), {
                let mut tx = world.scope.begin().await.unwrap();
                tx.let_go(before, &host()).await.unwrap() > 0
            });
            let mut tx = world.scope.begin().await.unwrap();
            let count = tx.let_go(before, &host()).await.unwrap();
            tx.commit().await.unwrap();
            count
        };
        // At the edge: what was stored at that very moment stays.
        let stored = world.scope.message(spam).await.unwrap().stored_at;
        assert_eq!(let_go(stored).await, 0);
        assert_eq!(let_go(stored.plus(Duration::from_micros(1))).await, 2);
        assert_eq!(let_go(stored.plus(Duration::from_micros(1))).await, 0, "once");
        for gone in [spam, skipped] {
            let row = world.scope.message(gone).await.unwrap();
            assert!(row.emptied_at.is_some() && row.read.text.is_empty() && row.read.headers.is_empty());
            assert!(row.read.from.is_some() && !row.read.subject.is_empty(), "who and what stays");
            assert!(row.reason.is_some());
            assert!(matches!(world.scope.raw(gone).await, Err(StoreError::NotFound { .. })));
            let mut tx = world.scope.begin().await.unwrap();
            assert!(matches!(tx.take_up(gone, &agent()).await, Err(StoreError::Refused(_))));
        }
        for here in [kept, young] {
            assert!(!world.scope.raw(here).await.unwrap().is_empty());
            assert!(world.scope.message(here).await.unwrap().emptied_at.is_none());
        }
        let rows = world.scope.tickets(&posthouse_store::TicketQuery::default()).await.unwrap().rows;
        assert!(rows.iter().all(|row| row.id != ticket || row.snippet.is_empty()));
        // The ledger counts them as before, and the same mail found again is known.
        assert_eq!(world.scope.ledger(&days).await.unwrap(), before);
        assert!(matches!(world.take(&world.mail("a@x")).await, Taken::Known { .. }));
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }
}
