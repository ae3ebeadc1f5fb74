//! Devices on which no code is asked for.

use crate::world::{World, agent};
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_store::{DEVICE_LASTS, DEVICES_MAX, Scope};
use std::time::Duration;

async fn remember(scope: &Scope, id: AgentId, token: &str, user_agent: &str) {
    let mut tx = scope.begin().await.unwrap();
    tx.remember_device(id, token, user_agent, &agent()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn is_known(scope: &Scope, id: AgentId, token: &str) -> bool {
    let mut tx = scope.begin().await.unwrap();
    let known = tx.know_device(id, token).await.unwrap();
    tx.commit().await.unwrap();
    known
}

async fn add(world: &World, name: &str) -> AgentId {
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.invite_agent(&format!("{name}@shop.example"), name, Role::Agent, "en", name, &agent()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

on_both! {
    async fn a_device_is_one_persons_and_ends(world) {
        let (wu, an) = (add(&world, "wu").await, add(&world, "an").await);
        remember(&world.scope, wu, "phone", &"x".repeat(1_000)).await;
        assert!(is_known(&world.scope, wu, "phone").await);
        assert!(!is_known(&world.scope, an, "phone").await, "another person");
        assert!(!is_known(&world.scope, wu, "phon").await);
        let other = world.other_tenant("other").await;
        assert!(!is_known(&other, wu, "phone").await, "another team");
        let row = world.scope.devices(wu).await.unwrap().pop().unwrap();
        assert_eq!((row.user_agent.len(), row.expires_at), (300, row.created_at.plus(DEVICE_LASTS)));
        assert!(world.scope.devices(an).await.unwrap().is_empty());

        world.clock.advance(DEVICE_LASTS - Duration::from_micros(1));
        assert!(is_known(&world.scope, wu, "phone").await);
        assert_eq!(world.scope.devices(wu).await.unwrap()[0].used_at, world.store.now());
        world.clock.advance(Duration::from_micros(1));
        assert!(!is_known(&world.scope, wu, "phone").await);
        assert!(world.scope.devices(wu).await.unwrap().is_empty());
    }

    async fn a_device_is_forgotten_one_by_one_and_all_at_once(world) {
        let (wu, an) = (add(&world, "wu").await, add(&world, "an").await);
        for n in 0..=DEVICES_MAX {
            remember(&world.scope, wu, &format!("d{n}"), "").await;
            world.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(world.scope.devices(wu).await.unwrap().len() as i64, DEVICES_MAX);
        assert!(!is_known(&world.scope, wu, "d0").await, "the one used longest ago made room");
        assert!(is_known(&world.scope, wu, "d1").await);

        let last = world.scope.devices(wu).await.unwrap()[0].id;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(!tx.forget_device(an, last, &agent()).await.unwrap(), "not hers");
        assert!(tx.forget_device(wu, last, &agent()).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!is_known(&world.scope, wu, "d1").await);

        // Her new password, an admin's, and every other end of all sessions.
        for n in 0..3 {
            remember(&world.scope, wu, &format!("again{n}"), "").await;
            remember(&world.scope, an, &format!("an{n}"), "").await;
            let mut tx = world.scope.begin().await.unwrap();
            match n {
                0 => tx.set_own_password(wu, "hash", "token", &agent()).await.unwrap(),
                1 => tx.set_password(wu, "hash", &agent()).await.unwrap(),
                _ => tx.end_all_sessions(wu, &agent()).await.unwrap(),
            }
            tx.commit().await.unwrap();
            assert!(world.scope.devices(wu).await.unwrap().is_empty(), "{n}");
        }
        assert_eq!(world.scope.devices(an).await.unwrap().len(), 3);
    }
}
