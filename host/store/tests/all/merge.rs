//! Tickets made one, and mails given a ticket of their own.

use crate::world::{World, address, agent, host};
use posthouse_model::TicketId;
use posthouse_model::job::Job;
use posthouse_model::mail::Address;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::{JobState, OutboxLease, StoreError, Taken};
use std::time::Duration;

async fn merge(world: &World, from: TicketId, into: TicketId) -> posthouse_store::Result<()> {
    let mut tx = world.scope.begin().await?;
    tx.merge_tickets(from, into, &agent()).await?;
    tx.commit().await
}

async fn status(world: &World, ticket: TicketId) -> TicketStatus {
    world.scope.ticket(ticket).await.unwrap().status
}

async fn thread(world: &World, ticket: TicketId) -> Vec<i64> {
    let mut ids: Vec<i64> = world.scope.thread(ticket, 50).await.unwrap().iter().map(|m| m.id.0).collect();
    ids.sort_unstable();
    ids
}

async fn wants(world: &World, job: &Job) -> bool {
    world.scope.jobs(JobState::Queued).await.unwrap().iter().any(|row| row.job == *job)
}

on_both! {
    async fn everything_moves_and_later_mail_follows(world) {
        let (first, gone) = world.waiting("a@x").await;
        world.advance(60);
        let (second, kept) = world.waiting("b@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(kept, "no reply needed", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let before = world.scope.ticket(gone).await.unwrap();
        merge(&world, gone, kept).await.unwrap();

        assert_eq!(thread(&world, kept).await, [first.0, second.0]);
        let row = world.scope.ticket(kept).await.unwrap();
        assert_eq!((row.status, row.message_count), (TicketStatus::Waiting, 2), "one of them was open");
        assert!(wants(&world, &Job::Draft { ticket: kept }).await);
        let left = world.scope.ticket(gone).await.unwrap();
        assert_eq!((left.status, left.merged_into, left.message_count), (TicketStatus::Handled, Some(row.number), 0));

        // An answer to its mail, and one that only names its number.
        assert!(matches!(world.take(&world.reply("c@x", "a@x")).await, Taken::New { ticket, opened: false, .. } if ticket == kept));
        let mut token = world.mail("d@x");
        token.ticket_number = Some(before.number);
        assert!(matches!(world.take(&token).await, Taken::New { ticket, opened: false, .. } if ticket == kept));
        let kinds = world.kinds().await;
        assert!(kinds.contains(&"ticket.merged".to_owned()) && kinds.contains(&"ticket.absorbed".to_owned()), "{kinds:?}");
        assert!(world.scope.verify_chain().await.is_ok());
    }

    async fn a_reply_under_way_goes_out_from_where_it_is_now(world) {
        let (gone, outbox) = world.approved("a@x").await;
        let (_, kept) = world.waiting("b@x").await;
        merge(&world, gone, kept).await.unwrap();
        let OutboxLease::Ready(mail) = world.scope.lease_outbox(outbox, "w", Duration::from_secs(9)).await.unwrap() else { panic!() };
        assert_eq!(mail.row.ticket, kept);
        let refused = SubmitOutcome::Refused { reason: "550 no such user".into() };
        let mut tx = world.scope.begin().await.unwrap();
        let outcomes = [(address("ana@customer.example"), refused)];
        tx.settle_outbox(outbox, mail.attempt, &outcomes, b"raw", false, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(status(&world, kept).await, TicketStatus::Waiting, "its agents hear of it");
        assert_eq!(status(&world, gone).await, TicketStatus::Handled);
    }

    async fn merged_twice_everything_is_at_the_last(world) {
        let mut tickets = Vec::new();
        for id in ["a@x", "b@x", "c@x"] {
            tickets.push(world.waiting(id).await.1);
        }
        let first = world.scope.ticket(tickets[0]).await.unwrap().number;
        merge(&world, tickets[0], tickets[1]).await.unwrap();
        merge(&world, tickets[1], tickets[2]).await.unwrap();
        let last = world.scope.ticket(tickets[2]).await.unwrap();
        assert_eq!(last.message_count, 3);
        assert_eq!(world.scope.ticket(tickets[0]).await.unwrap().merged_into, Some(last.number));
        let mut token = world.mail("d@x");
        token.ticket_number = Some(first);
        assert!(matches!(world.take(&token).await, Taken::New { ticket, .. } if ticket == tickets[2]));
    }

    async fn what_makes_no_sense_is_refused_in_words(world) {
        let (_, a) = world.waiting("a@x").await;
        let (_, b) = world.waiting("b@x").await;
        let (_, c) = world.waiting("c@x").await;
        let refusal = async |from, into| merge(&world, from, into).await.unwrap_err().to_string();
        assert_eq!(refusal(a, a).await, "a ticket cannot be merged into itself: name another");
        merge(&world, a, b).await.unwrap();
        assert_eq!(refusal(a, c).await, "ticket #1 was merged into #2: take that one");
        assert_eq!(refusal(c, a).await, "ticket #1 was merged into #2: take that one");
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(
            tx.reopen(a, &agent()).await.unwrap_err().to_string(),
            "ticket #1 was merged into #2: its mails are there"
        );
        assert!(tx.mark_spam(a, &agent()).await.is_err() && tx.set_queue(a, "refunds", &agent()).await.is_err());
        tx.mark_spam(c, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(refusal(c, b).await, "ticket #3 is spam: say first that it is not");
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.merge_tickets(a, b, &agent()).await, Err(StoreError::NotFound { .. })));
        let mail = world.scope.thread(b, 1).await.unwrap()[0].id;
        assert!(matches!(tx.split_message(mail, &agent()).await, Err(StoreError::NotFound { .. })));
    }

    async fn two_addresses_are_one_customers_after_a_merge(world) {
        let (_, a) = world.waiting("a@x").await;
        let mut other = world.mail("b@x");
        other.read.from = Some(Address { name: None, address: "garcia@work.example".into() });
        let (message, b) = world.take_new(&other).await;
        world.outcome(message, Outcome::Ticket).await;
        other = world.mail("c@x");
        other.read.from = Some(Address { name: None, address: "Garcia@Work.example".into() });
        let (_, c) = world.take_new(&other).await;
        assert_eq!(world.scope.siblings(c, 9).await.unwrap().iter().map(|s| s.number).collect::<Vec<_>>(), [2]);
        merge(&world, b, a).await.unwrap();
        // By its other address.
        assert_eq!(world.scope.siblings(c, 9).await.unwrap().iter().map(|s| s.number).collect::<Vec<_>>(), [1]);
        let found = world.scope.siblings(a, 9).await.unwrap();
        assert_eq!((found[0].number, found[0].subject.as_str(), found.len()), (3, "About c@x", 1));
        assert!(world.scope.siblings(a, 0).await.unwrap().is_empty());
    }

    async fn a_mail_is_split_off_with_its_answer(world) {
        let (first, ticket) = world.waiting("a@x").await;
        let alone = {
            let mut tx = world.scope.begin().await.unwrap();
            tx.split_message(first, &agent()).await.unwrap_err().to_string()
        };
        assert_eq!(alone, "this is the only mail of its ticket: there is nothing to split it off from");
        let (second, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        world.outcome(second, Outcome::Ticket).await;
        let mut tx = world.scope.begin().await.unwrap();
        let (apart, number) = tx.split_message(second, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((thread(&world, ticket).await, thread(&world, apart).await), (vec![first.0], vec![second.0]));
        let row = world.scope.ticket(apart).await.unwrap();
        assert_eq!((row.number, row.status, row.message_count, row.subject.as_str()), (number, TicketStatus::New, 1, "About b@x"));
        assert!(wants(&world, &Job::Triage { message: second }).await, "it is sorted anew");
        assert_eq!(world.scope.message(second).await.unwrap().outcome, Outcome::Pending);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().message_count, 1);

        // What answers it comes to its new place; together again, and apart once it was answered.
        assert!(matches!(world.take(&world.reply("c@x", "b@x")).await, Taken::New { ticket, .. } if ticket == apart));
        world.outcome(second, Outcome::Ticket).await;
        let draft = world.draft(apart, "It is on its way.").await;
        let mut approval = world.approval(apart, draft, "answer@shop");
        approval.seen = None;
        let outbox = world.approve(&approval).await.unwrap();
        let answers = world.scope.outbox(outbox).await.unwrap().answers.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        let (answered, _) = tx.split_message(answers, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.outbox(outbox).await.unwrap().ticket, answered);
        assert_eq!(world.scope.outbox(outbox).await.unwrap().state, OutboxState::Queued);
        assert_eq!(status(&world, answered).await, TicketStatus::Sent);
    }
}
