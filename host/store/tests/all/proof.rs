//! What becomes known of our own mail afterwards.

use crate::world::{World, address, agent, host};
use posthouse_model::config::AutomaticConfig;
use posthouse_model::job::Job;
use posthouse_model::mail::Bounce;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{OutboxId, TicketId};
use posthouse_store::{Approval, JobState, OutboxLease, StoreError};
use std::time::Duration;

const ANA: &str = "ana@customer.example";

fn bounce(recipient: Option<&str>, hard: bool) -> Bounce {
    Bounce {
        original_message_id: Some("reply-a@x".into()),
        recipient: recipient.map(str::to_owned),
        status: Some(if hard { "5.1.1" } else { "4.4.1" }.into()),
        diagnostic: Some("smtp; 550\n no such user".into()),
        hard,
    }
}

/// A reply of which the server said this.
async fn settled(world: &World, outcome: SubmitOutcome) -> (TicketId, OutboxId) {
    let (ticket, outbox) = world.approved("a@x").await;
    let OutboxLease::Ready(mail) = world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap() else {
        panic!()
    };
    let mut tx = world.scope.begin().await.unwrap();
    let outcomes = [(address(ANA), outcome)];
    tx.settle_outbox(outbox, mail.attempt, &outcomes, b"raw", false, &host()).await.unwrap();
    tx.commit().await.unwrap();
    (ticket, outbox)
}

fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { reply: "250 ok".into() }
}

fn uncertain() -> SubmitOutcome {
    SubmitOutcome::Uncertain { reason: "the connection broke".into() }
}

async fn take_bounce(world: &World, outbox: OutboxId, bounce: &Bounce) -> Option<TicketId> {
    let mut tx = world.scope.begin().await.unwrap();
    let ticket = tx.take_bounce(outbox, bounce, &host()).await.unwrap();
    tx.commit().await.unwrap();
    ticket
}

async fn automatic(world: &World, id: &str) -> Result<OutboxId, StoreError> {
    let (_, ticket) = world.waiting(id).await;
    on_ticket(world, ticket, id).await
}

async fn on_ticket(world: &World, ticket: TicketId, id: &str) -> Result<OutboxId, StoreError> {
    let draft = world.draft(ticket, "It is on its way.").await;
    let approval = Approval { automatic: true, ..world.approval(ticket, draft, &format!("auto-{id}")) };
    world.approve(&approval).await
}

on_both! {
    async fn a_reply_that_comes_back_for_good_is_its_agents_again(world) {
        let (ticket, outbox) = settled(&world, accepted()).await;
        assert_eq!(world.scope.outbox_named(&["x@y".into(), "reply-a@x".into()]).await.unwrap(), Some(outbox));
        assert_eq!(take_bounce(&world, outbox, &bounce(Some(" Ana@Customer.example"), true)).await, Some(ticket));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!(row.state, OutboxState::Sent, "it did go out");
        let note = row.recipients[0].bounce.clone().unwrap();
        assert_eq!((note.hard, note.words.as_str()), (true, "5.1.1 smtp; 550 no such user"));
        assert!(world.kinds().await.contains(&"outbox.bounced".to_owned()));

        // Nothing goes there automatically any more, but a person may; and once somebody writes from there, all is well.
        let refused = automatic(&world, "b@x").await.unwrap_err().to_string();
        assert!(refused.starts_with("S51 mail to the address came back: nothing is sent to ana@customer.example automatically"), "{refused}");
        world.approved("c@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.forgive_bounce(ANA, ticket, &host()).await.unwrap());
        assert!(!tx.forgive_bounce(ANA, ticket, &host()).await.unwrap());
        tx.commit().await.unwrap();
        automatic(&world, "d@x").await.unwrap();
    }

    async fn a_delay_is_shown_and_nothing_else(world) {
        let (ticket, outbox) = settled(&world, accepted()).await;
        take_bounce(&world, outbox, &bounce(None, false)).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
        assert!(!world.scope.outbox(outbox).await.unwrap().recipients[0].bounce.clone().unwrap().hard);
        assert_eq!(world.scope.bounced(ANA).await.unwrap(), None);
    }

    async fn a_mailbox_that_forwards_is_reported_by_where_it_forwards_to(world) {
        let (ticket, outbox) = settled(&world, accepted()).await;
        let report = bounce(Some("ana@elsewhere.example"), true);
        assert_eq!(take_bounce(&world, outbox, &report).await, Some(ticket));
        assert!(world.scope.bounced(ANA).await.unwrap().is_some());
        // The same report looked at again, and a late delay, change nothing.
        let events = world.kinds().await.len();
        take_bounce(&world, outbox, &report).await;
        take_bounce(&world, outbox, &bounce(None, false)).await;
        assert_eq!(world.kinds().await.len(), events);
        assert!(world.scope.outbox(outbox).await.unwrap().recipients[0].bounce.clone().unwrap().hard);
    }

    async fn a_full_mailbox_is_told_and_not_remembered(world) {
        let (ticket, outbox) = settled(&world, accepted()).await;
        for status in ["5.2.2", "4.4.7"] {
            let report = Bounce { status: Some(status.into()), ..bounce(None, true) };
            take_bounce(&world, outbox, &report).await;
            assert_eq!(world.scope.bounced(ANA).await.unwrap(), None, "{status}");
        }
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn a_report_about_somebody_else_changes_nothing(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let two = vec![address(ANA), address("tom@customer.example")];
        let outbox = world.approve(&Approval { to: two, ..world.approval(ticket, draft, "reply-a@x") }).await.unwrap();
        assert_eq!(take_bounce(&world, outbox, &bounce(Some("eve@elsewhere.example"), true)).await, None);
        assert_eq!(take_bounce(&world, outbox, &bounce(None, true)).await, None);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
        let other = world.other_tenant("other").await;
        assert_eq!(other.outbox_named(&["reply-a@x".into()]).await.unwrap(), None);
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.take_bounce(outbox, &bounce(None, true), &host()).await, Err(StoreError::NotFound { .. })));
        assert!(matches!(tx.prove_sent(outbox, "x", &host()).await, Err(StoreError::NotFound { .. })));
    }

    async fn what_was_uncertain_is_settled_by_proof(world) {
        let (ticket, outbox) = settled(&world, uncertain()).await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|row| row.job == Job::Prove { outbox }), "the Sent folder is looked into");
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.prove_sent(outbox, "it was answered", &host()).await.unwrap());
        assert!(!tx.prove_sent(outbox, "it was answered", &host()).await.unwrap(), "once");
        tx.commit().await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.recipients[0].state, row.reason), (OutboxState::Sent, OutboxState::Sent, None));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent, "nobody needs to look any more");
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|row| row.job == Job::AppendSent { outbox }));
    }

    async fn a_report_proves_that_it_went_out_and_came_back(world) {
        let (ticket, outbox) = settled(&world, uncertain()).await;
        take_bounce(&world, outbox, &bounce(None, true)).await;
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.reason.as_deref()), (OutboxState::Failed, Some("5.1.1 smtp; 550 no such user")));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn a_customer_who_wrote_meanwhile_still_waits(world) {
        let (ticket, outbox) = settled(&world, uncertain()).await;
        world.advance(5);
        let (message, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        world.outcome(message, posthouse_model::ticket::Outcome::Ticket).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.prove_sent(outbox, "it was answered", &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn two_machines_that_answer_each_other_run_dry(world) {
        let (_, ticket) = world.waiting("first@x").await;
        let mut sent = 0;
        for number in 0..200 {
            match on_ticket(&world, ticket, &format!("{number}")).await {
                Ok(_) => sent += 1,
                Err(error) => {
                    let words = error.to_string();
                    assert!(words.starts_with(&format!("S50 too many automatic mails: {sent} automatic mails went out on this ticket within 10 min")), "{words}");
                    break;
                }
            }
            let mut tx = world.scope.begin().await.unwrap();
            tx.reopen(ticket, &agent()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let caps = AutomaticConfig::CAPS;
        assert_eq!(sent, caps[0].most);
        // Nor on other tickets of the same address; later more, up to the next cap.
        let words = automatic(&world, "other@x").await.unwrap_err().to_string();
        assert!(words.contains("to ana@customer.example within 10 minutes"), "{words}");
        world.clock.advance(caps[0].within());
        for number in 0..caps[1].most - caps[0].most {
            automatic(&world, &format!("later-{number}@x")).await.unwrap();
        }
        let words = automatic(&world, "last@x").await.unwrap_err().to_string();
        assert!(words.contains("15 automatic mails") && words.contains("within 30 minutes"), "{words}");
        // What a person approves is not counted and not held up.
        world.approved("person@x").await;
    }
}
