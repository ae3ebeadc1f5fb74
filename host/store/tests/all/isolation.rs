//! One tenant never sees or changes what is another's, whatever id it asks for.

use crate::world::{address, agent, host};
use posthouse_model::draft::DraftProposal;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Enrichment, Routing, Triage};
use posthouse_store::{Approval, DraftEdit, JobState, StoreError, TicketQuery};
use std::time::Duration;

macro_rules! not_found {
    ($($call:expr),* $(,)?) => {$(
        let result = $call.await;
        assert!(matches!(result, Err(StoreError::NotFound { .. })), "{}: {:?}", stringify!($call), result.err());
    )*};
}

on_both! {
    async fn reading_by_id(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let row = world.scope.outbox(outbox).await.unwrap();
        let message = row.answers.unwrap();
        let other = world.other_tenant("other").await;
        not_found!(
            other.ticket(ticket),
            other.ticket_by_number(1),
            other.ticket_detail(1),
            other.message(message),
            other.raw(message),
            other.draft(row.draft),
            other.outbox(outbox),
            other.mailbox(world.mailbox),
        );
        assert!(other.thread(ticket, 10).await.unwrap().is_empty());
        assert!(other.drafts(ticket).await.unwrap().is_empty());
        assert!(other.decisions(ticket).await.unwrap().is_empty());
        assert!(other.ticket_events(ticket).await.unwrap().is_empty());
        assert!(other.jobs(JobState::Queued).await.unwrap().is_empty());
        assert!(other.outbox_in(OutboxState::Queued).await.unwrap().is_empty());
        assert!(other.messages_by_outcome(Outcome::Ticket, None, 10).await.unwrap().is_empty());
        assert!(other.tickets(&TicketQuery::default()).await.unwrap().rows.is_empty());
        assert!(other.counts(None).await.unwrap().by_status.is_empty());
        let keys = ["a@x".to_owned()];
        assert!(other.known_keys(world.mailbox, "INBOX", &keys).await.unwrap().is_empty());
        assert!(!other.lease_mailbox(world.mailbox, "w", Duration::from_secs(9)).await.unwrap());
    }

    async fn writing_by_id(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let before = world.scope.ticket_detail(1).await.unwrap();
        let row = &before.outbox[0];
        let message = row.answers.unwrap();
        let draft = row.draft;
        let other = world.other_tenant("other").await;
        let edit = DraftEdit { base: None, subject: None, body: "x".into() };
        let approval = Approval { message_id: "stolen".into(), ..world.approval(ticket, draft, "stolen") };
        let none: [(DraftProposal, Vec<_>); 0] = [];
        let mut tx = other.begin().await.unwrap();
        not_found!(
            tx.set_triage(ticket, message, &Triage::default(), &host()),
            tx.set_routing(ticket, &Routing::default(), "q", &host()),
            tx.set_enrichment(ticket, &Enrichment::default(), &host()),
            tx.set_outcome(message, Outcome::Spam, None, &host()),
            tx.add_drafts(ticket, "p", &none, &host()),
            tx.edit_draft(ticket, &edit, &agent()),
            tx.set_checks(draft, &[], &host()),
            tx.approve(&approval, &agent()),
            tx.cancel_send(outbox, &agent()),
            tx.refuse_send(outbox, "no", &host()),
            tx.resolve_send(outbox, OutboxState::Sent, &agent()),
            tx.settle_outbox(outbox, 1, &[], b"", false, &host()),
            tx.mark_handled(ticket, "x", &agent()),
            tx.reopen(ticket, &agent()),
            tx.mark_spam(ticket, &agent()),
            tx.mark_not_spam(ticket, &agent()),
            tx.set_category(ticket, "x", &agent()),
            tx.assign(ticket, None, &agent()),
            tx.set_queue(ticket, "x", &agent()),
        );
        let later = tx.now().plus(Duration::from_secs(9));
        not_found!(tx.snooze(ticket, later, &agent()));
        tx.set_mailbox_active(world.mailbox, false, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        not_found!(other.lease_outbox(outbox, "w", Duration::from_secs(9)));
        not_found!(other.hand_over(outbox, 1));
        let after = world.scope.ticket_detail(1).await.unwrap();
        assert_eq!((after.ticket, after.messages, after.outbox), (before.ticket, before.messages, before.outbox));
        assert!(world.scope.mailbox(world.mailbox).await.unwrap().active);
    }

    async fn a_thread_never_crosses_tenants(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let other = world.other_tenant("other").await;
        let mut reply = world.reply("b@x", "a@x");
        reply.mailbox = other.mailboxes().await.unwrap()[0].id;
        reply.ticket_number = Some(1);
        let mut copy = world.mail("a@x");
        copy.mailbox = reply.mailbox;
        let mut tx = other.begin().await.unwrap();
        tx.intake_many(&[copy, reply], &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().message_count, 1);
        assert_eq!(other.ticket_by_number(1).await.unwrap().message_count, 2);
        assert_eq!(address("x").address, "x");
    }

    async fn removing_a_tenant_leaves_the_others_alone(world) {
        world.approved("a@x").await;
        let other = world.other_tenant("other").await;
        let mut mail = world.mail("b@x");
        mail.mailbox = other.mailboxes().await.unwrap()[0].id;
        let mut tx = other.begin().await.unwrap();
        tx.intake(&mail, &host()).await.unwrap();
        tx.commit().await.unwrap();
        world.store.remove_tenant("acme").await.unwrap();
        not_found!(world.scope.ticket_by_number(1), world.scope.tenant(), world.store.remove_tenant("acme"));
        assert!(world.scope.events(0, 10).await.unwrap().is_empty());
        other.ticket_by_number(1).await.unwrap();
        assert_eq!(other.verify_chain().await.unwrap().faults, []);
    }
}
