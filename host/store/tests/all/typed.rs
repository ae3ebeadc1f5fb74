//! What is typed and not saved, and who writes.

use crate::world::{START, World, agent, host};
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_store::{DraftEdit, NewAgent, NewTyped, StoreError, TYPED_LASTS, WRITING_LASTS};

async fn person(world: &World, name: &str) -> AgentId {
    let new = NewAgent {
        email: format!("{name}@shop.example"),
        name: name.into(),
        role: Role::Agent,
        password_hash: "hash".into(),
        language: "en".into(),
    };
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_agent(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn typed(body: &str) -> NewTyped {
    NewTyped { body: body.into(), ..NewTyped::default() }
}

on_both! {
    async fn what_is_typed_is_kept_until_it_is_saved(world) {
        let (li, mei) = (person(&world, "li").await, person(&world, "mei").await);
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "proposed").await;
        let changes = world.scope.changes();
        let events = world.kinds().await.len();
        let mut tx = world.scope.begin().await.unwrap();
        for body in ["h", "hello"] {
            let new = NewTyped { draft: Some(draft), ..typed(body) };
            assert_eq!(tx.keep_typed(ticket, li, &new).await.unwrap().agent, li);
        }
        tx.keep_typed(ticket, li, &typed("her own beside it")).await.unwrap();
        // Another's is kept all the same, though she does not hold the reply.
        assert_eq!(tx.keep_typed(ticket, mei, &typed("of Mei")).await.unwrap().agent, li);
        tx.commit_quietly().await.unwrap();
        let bodies = async || -> Vec<String> {
            let mut all: Vec<_> = world.scope.typed(ticket).await.unwrap().into_iter().map(|row| row.body).collect();
            all.sort();
            all
        };
        assert_eq!(bodies().await, ["hello", "her own beside it", "of Mei"]);
        // No page follows along, and the chain does not grow.
        if world.store.kind() == "sqlite" {
            assert!(!changes.has_changed().unwrap());
        }
        assert_eq!(world.kinds().await.len(), events);
        let mut tx = world.scope.begin().await.unwrap();
        let edit = DraftEdit { base: Some(draft), subject: None, body: "hello".into() };
        tx.edit_draft(ticket, &edit, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bodies().await, ["her own beside it", "of Mei"], "li@shop.example saved it");
        let mut tx = world.scope.begin().await.unwrap();
        tx.drop_typed(ticket, mei, None).await.unwrap();
        tx.commit_quietly().await.unwrap();
        assert_eq!(bodies().await, ["her own beside it"]);
        world.advance(TYPED_LASTS.as_secs() + 1);
        let mut tx = world.scope.begin().await.unwrap();
        tx.keep_typed(ticket, mei, &typed("new")).await.unwrap();
        tx.commit_quietly().await.unwrap();
        assert_eq!(bodies().await, ["new"], "after a month it is let go");
    }

    async fn one_writes_at_a_time_and_another_may_take_over(world) {
        let (li, mei) = (person(&world, "li").await, person(&world, "mei").await);
        let (_, ticket) = world.waiting("a@x").await;
        assert_eq!(world.scope.writing(ticket).await.unwrap(), None);
        let keep = async |who| {
            let mut tx = world.scope.begin().await.unwrap();
            let holder = tx.keep_typed(ticket, who, &typed("x")).await.unwrap();
            tx.commit_quietly().await.unwrap();
            holder
        };
        let holder = keep(li).await;
        assert_eq!((holder.agent, holder.since), (li, START));
        world.advance(WRITING_LASTS.as_secs() - 1);
        assert_eq!(keep(li).await.since, START, "she is still at it");
        assert_eq!(keep(mei).await.agent, li);
        let mut tx = world.scope.begin().await.unwrap();
        tx.take_over(ticket, mei, &posthouse_model::event::Actor::Agent("mei@shop.example".into())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.kinds().await.last().unwrap(), "reply.taken-over");
        assert_eq!(keep(li).await.agent, mei, "and is told so");
        assert_eq!(world.scope.typed(ticket).await.unwrap().len(), 2, "nobody's text is lost");
        world.advance(WRITING_LASTS.as_secs());
        assert_eq!(world.scope.writing(ticket).await.unwrap(), None);
        assert_eq!(keep(li).await.agent, li);
    }

    async fn what_is_too_long_or_elsewhere_is_refused(world) {
        let li = person(&world, "li").await;
        let (_, one) = world.waiting("a@x").await;
        let (_, two) = world.waiting("b@x").await;
        let draft = world.draft(one, "proposed").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.keep_typed(one, li, &typed(&"x".repeat(256 * 1024))).await.unwrap();
        assert!(matches!(tx.keep_typed(one, li, &typed(&"x".repeat(256 * 1024 + 1))).await, Err(StoreError::Refused(_))));
        let long = NewTyped { subject: "x".repeat(8 * 1024 + 1), ..typed("x") };
        assert!(matches!(tx.keep_typed(one, li, &long).await, Err(StoreError::Refused(_))));
        let elsewhere = NewTyped { draft: Some(draft), ..typed("x") };
        assert!(matches!(tx.keep_typed(two, li, &elsewhere).await, Err(StoreError::NotFound { .. })));
    }
}
