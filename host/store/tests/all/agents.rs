//! Agents and sessions.

use crate::world::{agent, host};
use posthouse_model::role::Role;
use posthouse_store::{NewAgent, StoreError, hash_token};
use std::time::Duration;

fn li() -> NewAgent {
    NewAgent {
        email: " Li@Shop.example ".into(),
        name: "Li".into(),
        role: Role::Lead,
        password_hash: "$argon2id$…".into(),
        language: "zh-CN".into(),
    }
}

const DAY: Duration = Duration::from_secs(86_400);

on_both! {
    async fn an_address_signs_in_in_any_case_and_once(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.add_agent(&li(), &host()).await.unwrap();
        let error = tx.add_agent(&li(), &host()).await.unwrap_err();
        assert!(error.to_string().contains("li@shop.example"), "{error}");
        tx.commit().await.unwrap();
        let found = world.scope.agent_by_email("LI@shop.EXAMPLE").await.unwrap().unwrap();
        assert_eq!((found.id, found.role, found.active), (id, Role::Lead, true));
        assert_eq!(world.scope.agent(id).await.unwrap().unwrap(), found);
        assert_eq!(world.scope.agents().await.unwrap(), std::slice::from_ref(&found));
        assert!(!serde_json::to_string(&found).unwrap().contains("argon2id"));
    }

    async fn a_session_holds_until_it_ends(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.add_agent(&li(), &host()).await.unwrap();
        tx.open_session(id, "token", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (session, found) = world.scope.session("token").await.unwrap().unwrap();
        assert_eq!((session.agent, found.id), (id, id));
        assert!(world.scope.session("other").await.unwrap().is_none());
        assert!(world.scope.session(&hash_token("token")).await.unwrap().is_none());
        world.advance(86_400);
        assert!(world.scope.session("token").await.unwrap().is_none());
        // The next sign-in forgets it.
        let mut tx = world.scope.begin().await.unwrap();
        tx.open_session(id, "token", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.close_session("token", &agent()).await.unwrap();
        tx.close_session("token", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("token").await.unwrap().is_none());
        let signed_out = world.kinds().await.iter().filter(|kind| *kind == "agent.signed-out").count();
        assert_eq!(signed_out, 1);
    }

    async fn a_new_password_and_a_lost_right_end_sessions(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.add_agent(&li(), &host()).await.unwrap();
        tx.open_session(id, "one", DAY, &agent()).await.unwrap();
        tx.set_password(id, "new", &agent()).await.unwrap();
        tx.open_session(id, "two", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("one").await.unwrap().is_none());
        assert!(world.scope.session("two").await.unwrap().is_some());
        let mut tx = world.scope.begin().await.unwrap();
        tx.change_agent(id, "Li", Role::Auditor, "en", false, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("two").await.unwrap().is_none());
        let found = world.scope.agent(id).await.unwrap().unwrap();
        assert_eq!((found.role, found.language.as_str(), found.active), (Role::Auditor, "en", false));
    }

    async fn nobody_is_signed_in_to_a_tenant_that_is_off(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.add_agent(&li(), &host()).await.unwrap();
        tx.open_session(id, "token", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.store.set_tenant_active("acme", false, &host()).await.unwrap();
        assert!(world.scope.session("token").await.unwrap().is_none());
    }

    async fn another_tenants_agent_is_not_there(world) {
        let other = world.other_tenant("other").await;
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.add_agent(&li(), &host()).await.unwrap();
        tx.open_session(id, "token", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(other.session("token").await.unwrap().is_none());
        assert!(other.agent(id).await.unwrap().is_none());
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.set_password(id, "x", &host()).await.unwrap_err(), StoreError::NotFound { .. }));
        assert!(matches!(tx.open_session(id, "t", DAY, &host()).await.unwrap_err(), StoreError::NotFound { .. }));
        tx.close_session("token", &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("token").await.unwrap().is_some());
    }
}
