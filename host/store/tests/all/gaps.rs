//! What the knowledge base does not answer.

use crate::world::{address, agent, host};
use posthouse_model::outbox::SubmitOutcome;
use posthouse_model::ticket::Direction;
use posthouse_model::triage::Routing;
use posthouse_store::{OutboxLease, ProposedArticle, StoreError};
use std::time::Duration;

on_both! {
    async fn a_gap_is_found_once_proposed_and_settled(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_gap(message, &host()).await.unwrap();
        tx.add_gap(message, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let gap = world.scope.gaps(10).await.unwrap().remove(0);
        assert_eq!((gap.number, gap.proposed.as_ref()), (world.scope.ticket(ticket).await.unwrap().number, None));
        assert!(world.scope.answered_gaps(10).await.unwrap().is_empty(), "nobody answered yet");

        let proposed = ProposedArticle { title: "T".into(), body: "# T\n\nText".into() };
        let mut tx = world.scope.begin().await.unwrap();
        tx.propose_article(gap.id, &proposed, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.gap(gap.id).await.unwrap().proposed, Some(proposed));
        let mut tx = world.scope.begin().await.unwrap();
        tx.settle_gap(gap.id, Some("t.en"), &agent()).await.unwrap();
        tx.settle_gap(gap.id, None, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(world.scope.gap(gap.id).await, Err(StoreError::NotFound { .. })));
        let kinds = world.kinds().await;
        let kinds: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("gap.")).collect();
        assert_eq!(kinds, ["gap.found", "gap.proposed", "gap.settled"], "each once");
    }

    async fn a_closed_ticket_that_was_answered_may_propose(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let lease = world.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap();
        let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
        let to = [(address("ana@customer.example"), SubmitOutcome::Accepted { reply: "250 ok".into() })];
        let mut tx = world.scope.begin().await.unwrap();
        tx.settle_outbox(outbox, mail.attempt, &to, b"raw", false, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let thread = world.scope.thread(ticket, 10).await.unwrap();
        let message = thread.iter().find(|message| message.direction == Direction::Incoming).unwrap().id;
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_gap(message, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let answered = world.scope.answered_gaps(10).await.unwrap();
        assert_eq!((answered.len(), answered[0].ticket), (1, ticket));
        assert!(answered[0].reply.0 > message.0);
    }

    async fn who_sees_some_queues_sees_their_gaps_alone(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_gap(message, &host()).await.unwrap();
        let routing = Routing { queue: Some("refunds".into()), ..Routing::default() };
        tx.set_routing(ticket, &routing, "inbox", &host()).await.unwrap();
        tx.commit().await.unwrap();
        let gap = world.scope.gaps(10).await.unwrap().remove(0).id;
        let narrow = |queue: &str| world.scope.clone().seen_within(Some(&[queue.to_owned()]));
        assert_eq!(narrow("refunds").gaps(10).await.unwrap().len(), 1);
        assert!(narrow("inbox").gaps(10).await.unwrap().is_empty() && narrow("inbox").gap(gap).await.is_err());
        let other = world.other_tenant("other").await;
        assert!(other.gaps(10).await.unwrap().is_empty() && other.gap(gap).await.is_err());
    }
}
