//! What agents do.

use crate::world::{START, agent, host};
use posthouse_model::Timestamp;
use posthouse_model::job::Job;
use posthouse_model::role::Role;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::{JobState, NewAgent, StoreError};
use std::time::Duration;

on_both! {
    async fn automatic_mail_that_a_person_takes_up_is_answered_in_its_thread(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        world.outcome(message, Outcome::Automatic).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.reopen(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
        let draft = world.draft(ticket, "It is on its way.").await;
        let outbox = world.approve(&world.approval(ticket, draft, "one")).await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.in_reply_to.as_deref(), row.answers), (Some("a@x"), Some(message)));
    }

    async fn handled_and_reopened(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(ticket, "by phone", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().closed_reason.as_deref(), Some("by phone"));
        let mut tx = world.scope.begin().await.unwrap();
        tx.reopen(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.closed_reason), (TicketStatus::Waiting, None));
        let events = world.scope.ticket_events(ticket).await.unwrap();
        let acts: Vec<_> = events.iter().rev().take(2).map(|e| (e.kind.as_str(), e.actor.as_str())).collect();
        assert_eq!(acts, [("ticket.reopened", "agent:li@shop.example"), ("ticket.handled", "agent:li@shop.example")]);
    }

    async fn spam_and_not_spam_move_the_ledger_too(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_spam(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.message(message).await.unwrap().outcome, Outcome::Spam);
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_not_spam(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.message(message).await.unwrap();
        assert_eq!((row.outcome, row.reason), (Outcome::Ticket, None));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|job| job.job == Job::Draft { ticket }));
    }

    async fn a_sent_ticket_cannot_become_spam(world) {
        let (ticket, _) = world.approved("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let error = tx.mark_spam(ticket, &agent()).await.unwrap_err();
        assert!(error.to_string().contains("is sent and cannot become spam"), "{error}");
    }

    async fn a_corrected_category_asks_for_a_new_draft(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_category(ticket, "refund", &agent()).await.unwrap();
        assert!(matches!(tx.set_category(ticket, " ", &agent()).await.unwrap_err(), StoreError::Refused(_)));
        assert!(matches!(tx.set_queue(ticket, &"x".repeat(65), &agent()).await.unwrap_err(), StoreError::Refused(_)));
        tx.set_queue(ticket, "returns", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.category.as_deref(), row.queue.as_deref()), (Some("refund"), Some("returns")));
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|job| job.job == Job::Draft { ticket }));
        // The same again is no event.
        let events = world.kinds().await.len();
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_category(ticket, "refund", &agent()).await.unwrap();
        tx.set_queue(ticket, "returns", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.kinds().await.len(), events);
    }

    async fn assigning_needs_an_active_agent_of_this_tenant(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let new = NewAgent {
            email: "Li@Shop.example".into(),
            name: "Li".into(),
            role: Role::Agent,
            password_hash: "hash".into(),
            language: "zh-CN".into(),
        };
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        let theirs = tx.add_agent(&new, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        let li = tx.add_agent(&new, &host()).await.unwrap();
        assert!(tx.assign(ticket, Some(theirs), &agent()).await.is_err());
        tx.assign(ticket, Some(li), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().assignee, Some(li));
        let mut tx = world.scope.begin().await.unwrap();
        tx.assign(ticket, None, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().assignee, None);
    }

    async fn snoozed_tickets_come_back(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let until = START.plus(Duration::from_secs(3600));
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.snooze(ticket, Timestamp(0), &agent()).await.is_err());
        tx.snooze(ticket, until, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.next_snooze_end().await.unwrap(), Some(until));
        let wake = async || {
            let mut tx = world.scope.begin().await.unwrap();
            let woken = tx.wake_snoozed(&host()).await.unwrap();
            tx.commit().await.unwrap();
            woken
        };
        assert_eq!(wake().await, 0);
        world.advance(3600);
        assert_eq!(wake().await, 1);
        assert_eq!(wake().await, 0);
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.snoozed_until), (TicketStatus::Waiting, None));
        assert_eq!(world.scope.next_snooze_end().await.unwrap(), None);
    }

    async fn a_new_mail_ends_a_snooze(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.snooze(ticket, START.plus(Duration::from_secs(3600)), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.take_new(&world.reply("b@x", "a@x")).await;
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.snoozed_until), (TicketStatus::New, None));
    }
}
