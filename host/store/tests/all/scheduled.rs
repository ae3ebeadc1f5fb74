//! Replies that go out at a time, and tickets that come back at one.

use crate::world::{START, agent, host};
use posthouse_model::job::Job;
use posthouse_model::outbox::OutboxState;
use posthouse_model::reason::ReasonCode;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::{Approval, JobState, OutboxLease, SCHEDULE_MAX, StoreError};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3_600)
}

on_both! {
    async fn a_reply_goes_out_at_its_time(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let at = START.plus(hours(10));
        let approval = Approval { send_at: Some(at), seen: Some(message), ..world.approval(ticket, draft, "one") };
        for (odd, words) in [(START, "passed"), (START.plus(SCHEDULE_MAX).plus(LEASE), "366 days")] {
            let error = world.approve(&Approval { send_at: Some(odd), ..approval.clone() }).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let outbox = world.approve(&approval).await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.due_at, row.scheduled_at, row.date()), (at, Some(at), at));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|job| job.job == Job::Dispatch { outbox } && job.due_at == at));
        // The bar that counts down is for what goes out now.
        assert_eq!(world.scope.undoable(&agent()).await.unwrap(), None);
        assert_eq!(world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap(), OutboxLease::NotYet { due: at });
        world.advance(10 * 3_600);
        assert!(matches!(world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap(), OutboxLease::Ready(_)));
    }

    async fn the_undo_window_is_the_least(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let soon = START.plus(Duration::from_secs(1));
        let approval = Approval { send_at: Some(soon), undo: LEASE, ..world.approval(ticket, draft, "one") };
        let outbox = world.approve(&approval).await.unwrap();
        assert_eq!(world.scope.outbox(outbox).await.unwrap().due_at, START.plus(LEASE));
        let mut tx = world.scope.begin_durable().await.unwrap();
        tx.cancel_send(outbox, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn what_goes_out_now_can_be_taken_back(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let outbox = world.approve(&Approval { undo: LEASE, ..world.approval(ticket, draft, "one") }).await.unwrap();
        assert_eq!(world.scope.undoable(&agent()).await.unwrap().map(|row| row.id), Some(outbox));
        assert_eq!(world.scope.undoable(&host()).await.unwrap(), None);
        world.advance(60);
        assert_eq!(world.scope.undoable(&agent()).await.unwrap(), None);
    }

    async fn a_mail_that_came_meanwhile_holds_it_for_a_person(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let at = START.plus(hours(1));
        let approval = Approval { send_at: Some(at), seen: Some(message), ..world.approval(ticket, draft, "one") };
        let outbox = world.approve(&approval).await.unwrap();
        assert_eq!(world.scope.written_since(outbox).await.unwrap(), 0);
        let (newer, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        assert_eq!(world.scope.written_since(outbox).await.unwrap(), 1);
        world.outcome(newer, Outcome::Ticket).await;
        world.advance(3_600);
        let OutboxLease::Held(reason) = world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap() else { panic!() };
        assert_eq!(reason.code, ReasonCode::Overtaken);
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.attempts.len()), (OutboxState::Failed, 0));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        // A person who has read it sends it all the same.
        let mut tx = world.scope.begin_durable().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap(), OutboxLease::Ready(_)));
    }

    async fn an_answering_machine_holds_nothing(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let approval = Approval { send_at: Some(START.plus(hours(1))), seen: Some(message), ..world.approval(ticket, draft, "one") };
        let outbox = world.approve(&approval).await.unwrap();
        let (machine, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        world.outcome(machine, Outcome::Automatic).await;
        world.advance(3_600);
        assert!(matches!(world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap(), OutboxLease::Ready(_)));
    }

    async fn a_snooze_outlives_an_answering_machine(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let until = START.plus(hours(2));
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.snooze(ticket, START.plus(SCHEDULE_MAX).plus(LEASE), &agent()).await, Err(StoreError::Refused(_))));
        tx.snooze(ticket, until, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (machine, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().snoozed_until, None);
        world.outcome(machine, Outcome::Automatic).await;
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.snoozed_until), (TicketStatus::Snoozed, Some(until)));
        // A mail that asks something ends it for good.
        let (asks, _) = world.take_new(&world.reply("c@x", "a@x")).await;
        world.outcome(asks, Outcome::Ticket).await;
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.snoozed_until), (TicketStatus::Waiting, None));
    }

    async fn a_snooze_can_be_ended_by_hand(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.wake(ticket, &agent()).await, Err(StoreError::Refused(_))));
        tx.snooze(ticket, START.plus(hours(2)), &agent()).await.unwrap();
        // Another time is no second snooze.
        tx.snooze(ticket, START.plus(hours(3)), &agent()).await.unwrap();
        tx.wake(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.snoozed_until), (TicketStatus::Waiting, None));
        assert_eq!(world.kinds().await.last().unwrap(), "ticket.woken");
    }
}
