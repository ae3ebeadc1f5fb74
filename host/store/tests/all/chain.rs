//! The audit chain.

use crate::world::{World, agent, host};
use posthouse_model::event::{ChainFault, NewEvent};
use serde_json::json;

async fn faults(world: &World) -> Vec<ChainFault> {
    world.scope.verify_chain().await.unwrap().faults
}

on_both! {
    async fn every_act_is_chained(world) {
        world.approved("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.event(NewEvent {
            actor: agent(),
            kind: "note.with-nul".into(),
            subject: "a\0b".into(),
            data: json!({ "text": "a\0b", "中文": "é" }),
        });
        tx.commit().await.unwrap();
        let report = world.scope.verify_chain().await.unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(report.events, i64::try_from(world.kinds().await.len()).unwrap());
        let events = world.scope.events(0, 1000).await.unwrap();
        assert!(events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq && pair[0].hash == pair[1].previous));
        assert_eq!(world.scope.events(events[2].seq, 2).await.unwrap(), events[3..5]);
        let newest = world.scope.newest_events(None, 2).await.unwrap();
        assert_eq!(newest[0], *events.last().unwrap());
        assert_eq!(world.scope.newest_events(Some(newest[1].seq), 1).await.unwrap()[0].seq, newest[1].seq - 1);
        assert_eq!(world.scope.events(0, 1).await.unwrap()[0].kind, "tenant.added");
    }

    async fn an_altered_row_is_found(world) {
        world.waiting("a@x").await;
        world.tamper("update event set data = '{}' where seq = 3").await;
        assert_eq!(faults(&world).await, [ChainFault::Altered { seq: 3 }]);
    }

    async fn a_missing_row_is_found(world) {
        world.waiting("a@x").await;
        world.tamper("delete from event where seq = 2").await;
        assert_eq!(faults(&world).await, [ChainFault::Missing { expected: 2, found: 3 }]);
    }

    async fn a_cut_chain_is_found(world) {
        world.waiting("a@x").await;
        let last = world.kinds().await.len();
        world.tamper("delete from event where seq = (select max(seq) from event)").await;
        let expected = i64::try_from(last).unwrap();
        assert_eq!(faults(&world).await, [ChainFault::Head { expected, found: expected - 1 }]);
    }

    async fn another_tenants_row_does_not_fit(world) {
        let other = world.other_tenant("other").await;
        world.waiting("a@x").await;
        world
            .tamper(
                "insert into event select tenant_id, 99, at, actor, kind, subject, data, previous, hash \
                 from event where seq = 2 and tenant_id = 1",
            )
            .await;
        assert!(!faults(&world).await.is_empty());
        assert_eq!(other.verify_chain().await.unwrap().faults, []);
    }

    async fn ten_thousand_events_are_walked(world) {
        let mut tx = world.scope.begin().await.unwrap();
        for n in 0..10_000 {
            tx.event(NewEvent { actor: host(), kind: "n".into(), subject: "s".into(), data: json!(n) });
        }
        tx.commit().await.unwrap();
        let report = world.scope.verify_chain().await.unwrap();
        assert!(report.events > 10_000);
        assert_eq!(report.faults, []);
    }
}
