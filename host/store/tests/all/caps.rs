//! Caps on automatic mail: when it is queued, and again when it is about to go out.

use crate::world::{World, address, agent, host, tenant};
use posthouse_model::event::Actor;
use posthouse_model::mail::Bounce;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{OutboxId, TicketId};
use posthouse_store::{Approval, NewTenant, OutboxLease, StoreError};
use serde_json::json;
use std::time::Duration;

const ANA: &str = "ana@customer.example";

async fn capped(world: &World, automatic: serde_json::Value) {
    let new = NewTenant { settings: json!({ "automatic": automatic }), ..tenant("acme") };
    world.store.upsert_tenant(&new, &Actor::Operator).await.unwrap();
}

/// One more on a ticket that waits again.
async fn queue(world: &World, ticket: TicketId, id: &str) -> Result<OutboxId, StoreError> {
    if world.scope.ticket(ticket).await.unwrap().status == TicketStatus::Sent {
        let mut tx = world.scope.begin().await.unwrap();
        tx.reopen(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let draft = world.draft(ticket, "It is on its way.").await;
    world.approve(&Approval { automatic: true, ..world.approval(ticket, draft, &format!("auto-{id}")) }).await
}

async fn lease(world: &World, outbox: OutboxId) -> OutboxLease {
    world.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap()
}

/// Goes out, with this answer.
async fn submit(world: &World, outbox: OutboxId, outcome: SubmitOutcome) {
    let OutboxLease::Ready(mail) = lease(world, outbox).await else { panic!("{outbox} is held") };
    let mut tx = world.scope.begin().await.unwrap();
    tx.settle_outbox(outbox, mail.attempt, &[(address(ANA), outcome)], b"raw", false, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { reply: "250 ok".into() }
}

fn reason(lease: OutboxLease) -> Reason {
    match lease {
        OutboxLease::Held(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// Mail to Ana comes back for good.
async fn bounced(world: &World) {
    let (_, other) = world.approved("person@x").await;
    submit(world, other, accepted()).await;
    let report = Bounce {
        original_message_id: Some("reply-person@x".into()),
        status: Some("5.1.1".into()),
        diagnostic: Some("no such user".into()),
        recipient: None,
        hard: true,
    };
    let mut tx = world.scope.begin().await.unwrap();
    tx.take_bounce(other, &report, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn a_set_up_may_say_how_much_and_within_what_time(world) {
        capped(&world, json!({ "per_ticket": [{ "most": 2, "minutes": 60 }] })).await;
        let (_, ticket) = world.waiting("a@x").await;
        for id in ["1", "2"] {
            queue(&world, ticket, id).await.unwrap();
        }
        world.clock.advance(Duration::from_micros(3_600_000_000 - 1));
        let words = queue(&world, ticket, "3").await.unwrap_err().to_string();
        assert!(words.starts_with("S50 too many automatic mails: 2 automatic mails went out on this ticket within 60 minutes"), "{words}");
        // Others of the same address are not meant.
        let (_, other) = world.waiting("b@x").await;
        queue(&world, other, "4").await.unwrap();
        world.clock.advance(Duration::from_micros(1));
        queue(&world, ticket, "5").await.unwrap();
    }

    async fn what_passed_a_cap_meanwhile_is_held_for_a_person_and_not_lost(world) {
        let mut waiting = Vec::new();
        for id in ["1", "2", "3", "4", "5"] {
            let (_, ticket) = world.waiting(&format!("{id}@x")).await;
            waiting.push((ticket, queue(&world, ticket, id).await.unwrap()));
        }
        capped(&world, json!({ "per_recipient": [{ "most": 2, "minutes": 60 }] })).await;
        submit(&world, waiting[0].1, accepted()).await;
        // What nobody has got does not count.
        submit(&world, waiting[1].1, SubmitOutcome::Refused { reason: "550 no".into() }).await;
        submit(&world, waiting[2].1, accepted()).await;
        let (ticket, outbox) = waiting[3];
        world.clock.advance(Duration::from_micros(3_600_000_000 - 1));
        let held = reason(lease(&world, outbox).await);
        assert_eq!(held.code, ReasonCode::AutomaticCap);
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.attempts.len()), (OutboxState::Failed, 0), "nothing was submitted");
        assert_eq!(row.reason.unwrap(), "S50 too many automatic mails: 2 automatic mails went out to ana@customer.example within 60 minutes: it may be a loop, so a person must look");
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        assert_eq!(lease(&world, outbox).await, OutboxLease::Settled(OutboxState::Failed));
        assert!(world.kinds().await.contains(&"outbox.refused".to_owned()));

        // When the window has passed, the next may go again.
        world.clock.advance(Duration::from_micros(1));
        submit(&world, waiting[4].1, accepted()).await;
        // A person sends what was held: it is nobody's automatic mail then, and no cap holds it.
        capped(&world, json!({ "per_recipient": [{ "most": 1, "minutes": 60 }] })).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.scope.outbox(outbox).await.unwrap().automatic);
        submit(&world, outbox, accepted()).await;
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn what_is_put_back_by_a_machine_is_held_again(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let outbox = queue(&world, ticket, "1").await.unwrap();
        submit(&world, outbox, SubmitOutcome::Uncertain { reason: "cut".into() }).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.outbox(outbox).await.unwrap().automatic);
        bounced(&world).await;
        assert_eq!(reason(lease(&world, outbox).await).code, ReasonCode::AddressReturned);
    }

    async fn an_address_that_returned_mail_meanwhile_gets_none_from_a_machine(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let outbox = queue(&world, ticket, "1").await.unwrap();
        // The first try was put off; until the second the address is known to be gone.
        submit(&world, outbox, SubmitOutcome::Deferred { reason: "451 later".into() }).await;
        let (_, fresh) = world.waiting("b@x").await;
        let fresh = queue(&world, fresh, "2").await.unwrap();
        bounced(&world).await;
        world.advance(3_600);
        for id in [outbox, fresh] {
            let held = reason(lease(&world, id).await);
            assert_eq!(held.code, ReasonCode::AddressReturned);
            assert!(held.words.contains("5.1.1 no such user"), "{held}");
            assert_eq!(world.scope.outbox(id).await.unwrap().state, OutboxState::Failed);
        }
        // What a person wrote goes all the same.
        let (_, person) = world.approved("c@x").await;
        assert!(matches!(lease(&world, person).await, OutboxLease::Ready(_)));
    }
}
