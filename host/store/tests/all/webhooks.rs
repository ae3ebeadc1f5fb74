//! What webhooks are told, and how each stands.

use crate::world::{World, agent, host};
use posthouse_model::config::{DeliveryState, WebhookEvent};
use posthouse_model::job::Job;
use posthouse_store::{
    DELIVERIES_KEPT, DeliveryRow, JobState, NewDelivery, StoreError, Told, WEBHOOK_ANSWER_CHARS_MAX, WEBHOOK_FAILS_MAX,
};
use std::time::Duration;

const MOMENT: Duration = Duration::from_micros(1);

fn new(seq: i64) -> NewDelivery {
    NewDelivery { webhook: "crm".into(), seq, kind: WebhookEvent::TicketOpened, body: format!("{{\"n\":{seq}}}") }
}

async fn add(world: &World, seq: i64) -> DeliveryRow {
    let mut tx = world.scope.begin().await.unwrap();
    tx.follow_webhook("crm", seq).await.unwrap();
    tx.add_deliveries(&[new(seq)]).await.unwrap();
    tx.commit().await.unwrap();
    world.scope.deliveries("crm", 1).await.unwrap().remove(0)
}

async fn told(world: &World, row: &DeliveryRow, taken: bool, status: Option<u16>) -> bool {
    let told = Told { taken, status, answer: "x".repeat(600) };
    let mut tx = world.scope.begin().await.unwrap();
    let off = tx.told_webhook(row, &told, &host()).await.unwrap();
    tx.commit().await.unwrap();
    off
}

async fn stands(world: &World) -> posthouse_store::WebhookRow {
    world.scope.webhooks().await.unwrap().remove(0)
}

on_both! {
    async fn an_event_is_told_once_and_again_by_hand(world) {
        let row = add(&world, 7).await;
        let again = add(&world, 7).await;
        assert_eq!((row.id, row.state, row.tries, row.body.as_str()), (again.id, DeliveryState::Waiting, 0, "{\"n\":7}"));
        let mut tx = world.scope.begin().await.unwrap();
        tx.follow_webhook("crm", 3).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(stands(&world).await.seq, 7, "never less than before");
        let jobs = async || world.scope.jobs(JobState::Queued).await.unwrap().iter().filter(|job| job.job == Job::Deliver { delivery: row.id }).count();
        assert_eq!(jobs().await, 1);
        assert!(!told(&world, &row, true, Some(204)).await);
        let delivered = world.scope.delivery(row.id).await.unwrap().unwrap();
        assert_eq!((delivered.state, delivered.tries, delivered.status), (DeliveryState::Delivered, 1, Some(204)));
        assert_eq!(delivered.answer.map(|answer| answer.len()), Some(WEBHOOK_ANSWER_CHARS_MAX));
        let other = world.other_tenant("other").await;
        assert!(other.delivery(row.id).await.unwrap().is_none() && other.deliveries("crm", 9).await.unwrap().is_empty());
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.replay_delivery(row.id, &agent()).await, Err(StoreError::NotFound { .. })));
        drop(tx);
        let mut tx = world.scope.begin().await.unwrap();
        tx.replay_delivery(row.id, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let replayed = world.scope.delivery(row.id).await.unwrap().unwrap();
        assert_eq!((replayed.state, replayed.body.as_str()), (DeliveryState::Waiting, "{\"n\":7}"));
        assert!(world.kinds().await.contains(&"webhook.replayed".to_owned()));
    }

    async fn one_that_fails_for_days_is_turned_off_and_on_again_by_hand(world) {
        let row = add(&world, 7).await;
        assert!(!told(&world, &row, false, None).await);
        let since = world.store.now();
        assert_eq!(stands(&world).await.failing_since, Some(since));
        world.clock.advance(WEBHOOK_FAILS_MAX - MOMENT);
        assert!(!told(&world, &row, false, Some(500)).await);
        world.clock.advance(MOMENT);
        assert!(told(&world, &row, false, Some(500)).await);
        assert!(!told(&world, &row, false, Some(500)).await, "once");
        assert_eq!(stands(&world).await.disabled_at, Some(world.store.now()));
        assert_eq!(world.scope.delivery(row.id).await.unwrap().unwrap().tries, 4);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.enable_webhook("crm", &agent()).await.unwrap());
        assert!(!tx.enable_webhook("crm", &agent()).await.unwrap());
        tx.commit().await.unwrap();
        let on = stands(&world).await;
        assert_eq!((on.failing_since, on.disabled_at, on.seq), (None, None, 7));
    }

    async fn a_success_in_between_ends_the_failing(world) {
        let row = add(&world, 7).await;
        told(&world, &row, false, Some(500)).await;
        world.clock.advance(WEBHOOK_FAILS_MAX - MOMENT);
        told(&world, &row, true, Some(200)).await;
        assert_eq!(stands(&world).await.failing_since, None);
        world.clock.advance(MOMENT);
        assert!(!told(&world, &row, false, Some(500)).await);
    }

    async fn an_endpoint_that_is_gone_says_so_once(world) {
        let row = add(&world, 7).await;
        assert!(told(&world, &row, false, Some(410)).await);
    }

    async fn what_was_told_is_remembered_for_a_month(world) {
        let old = add(&world, 7).await;
        world.clock.advance(DELIVERIES_KEPT);
        add(&world, 8).await;
        assert!(world.scope.delivery(old.id).await.unwrap().is_some());
        world.clock.advance(MOMENT);
        add(&world, 9).await;
        assert!(world.scope.delivery(old.id).await.unwrap().is_none());
        assert_eq!(world.scope.deliveries("crm", 9).await.unwrap().len(), 2);
    }
}
