//! Tokens of the JSON API.

use crate::world::{World, agent, host};
use posthouse_model::AgentId;
use posthouse_model::event::Actor;
use posthouse_model::role::{Role, TokenScope};
use posthouse_store::{AgentChange, NewToken, StoreError, TOKEN_LASTS_MAX, TOKENS_MAX, USED_EVERY, hash_token};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MOMENT: Duration = Duration::from_micros(1);

async fn service(world: &World) -> AgentId {
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_service("crm", Role::Agent, "en", &agent()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn new(id: AgentId, token: &str, lasts: Duration) -> NewToken<'_> {
    NewToken { agent: id, name: "CRM", token, begins: &token[..2], scope: TokenScope::Act, lasts }
}

async fn add(world: &World, id: AgentId, token: &str, lasts: Duration) -> posthouse_store::Result<i64> {
    let mut tx = world.scope.begin().await.unwrap();
    let added = tx.add_token(&new(id, token, lasts), &agent()).await;
    tx.commit().await.unwrap();
    added
}

on_both! {
    async fn a_token_holds_until_it_runs_out_or_is_revoked(world) {
        let id = service(&world).await;
        let number = add(&world, id, "one", DAY).await.unwrap();
        let (row, found) = world.scope.token("one").await.unwrap().unwrap();
        assert_eq!((row.id, row.agent, row.scope, row.begins.as_str()), (number, id, TokenScope::Act, "on"));
        assert!(found.service && found.email == "crm@service" && found.password_hash.is_empty());
        assert!(world.scope.token("two").await.unwrap().is_none());
        assert!(world.scope.token(&hash_token("one")).await.unwrap().is_none(), "what is stored is no token");
        let other = world.other_tenant("other").await;
        assert!(other.token("one").await.unwrap().is_none() && other.tokens(id).await.unwrap().is_empty());
        let mut tx = other.begin().await.unwrap();
        assert!(!tx.revoke_token(id, number, &host()).await.unwrap());
        assert!(matches!(tx.add_token(&new(id, "x1", DAY), &host()).await, Err(StoreError::NotFound { .. })));
        tx.commit().await.unwrap();
        world.clock.advance(DAY - MOMENT);
        assert!(world.scope.token("one").await.unwrap().is_some());
        world.clock.advance(MOMENT);
        assert!(world.scope.token("one").await.unwrap().is_none());
        let second = add(&world, id, "two", DAY).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        assert!(!tx.revoke_token(AgentId(id.0 + 1), second, &agent()).await.unwrap(), "it is not hers");
        assert!(tx.revoke_token(id, second, &agent()).await.unwrap());
        assert!(!tx.revoke_token(id, second, &agent()).await.unwrap());
        tx.commit().await.unwrap();
        assert!(world.scope.token("two").await.unwrap().is_none());
        assert_eq!(world.scope.tokens(id).await.unwrap().len(), 2, "and both are remembered");
        let told = format!("{:?}", world.scope.events(0, 100).await.unwrap());
        assert!(told.contains("agent.token-made") && told.contains("agent.token-revoked") && !told.contains(&hash_token("two")));
    }

    async fn tokens_are_bounded(world) {
        let id = service(&world).await;
        for wrong in [Duration::ZERO, TOKEN_LASTS_MAX + MOMENT] {
            assert!(matches!(add(&world, id, "xx", wrong).await, Err(StoreError::Refused(_))), "{wrong:?}");
        }
        for n in 0..TOKENS_MAX {
            add(&world, id, &format!("t{n}"), if n == 0 { DAY } else { TOKEN_LASTS_MAX }).await.unwrap();
        }
        let refused = add(&world, id, "xx", DAY).await.unwrap_err();
        assert!(refused.to_string().contains("revoke some first"), "{refused}");
        world.clock.advance(DAY);
        add(&world, id, "xx", DAY).await.unwrap();
    }

    async fn a_token_is_worth_what_its_owner_is(world) {
        let id = service(&world).await;
        add(&world, id, "one", DAY).await.unwrap();
        let off = AgentChange { name: "crm".into(), role: Role::Agent, active: false, queues: None };
        let mut tx = world.scope.begin().await.unwrap();
        tx.invite_agent("eve@shop.example", "Eve", Role::Admin, "en", "link", &Actor::Operator).await.unwrap();
        tx.set_agent(id, &off, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.token("one").await.unwrap().is_none());
    }

    async fn use_of_a_token_is_noted_now_and_then(world) {
        let id = service(&world).await;
        add(&world, id, "one", DAY).await.unwrap();
        let used = async || {
            let (row, _) = world.scope.token("one").await.unwrap().unwrap();
            world.scope.token_used(&row).await.unwrap();
            world.scope.token("one").await.unwrap().unwrap().0.used_at
        };
        let first = used().await.unwrap();
        assert_eq!(first, world.store.now());
        world.clock.advance(USED_EVERY - MOMENT);
        assert_eq!(used().await, Some(first));
        world.clock.advance(MOMENT);
        assert_eq!(used().await, Some(first.plus(USED_EVERY)));
    }
}
