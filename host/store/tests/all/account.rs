//! What a person does with her own account: sessions, password, preferences, second factor.

use crate::world::{World, agent, host};
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_store::{
    FACTOR_TRIES, FACTOR_WINDOW, GivenCode, HALF_LASTS, NewAgent, SignedInFrom, StoreError, TriedCode, USED_EVERY,
    hash_token,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MOMENT: Duration = Duration::from_micros(1);

async fn li(world: &World) -> AgentId {
    let new = NewAgent {
        email: "li@shop.example".into(),
        name: "Li".into(),
        role: Role::Agent,
        password_hash: "hash".into(),
        language: "zh-CN".into(),
    };
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_agent(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn open(world: &World, id: AgentId, token: &str) {
    let from = SignedInFrom { user_agent: "x".repeat(400), address: "203.0.113.7".into() };
    let mut tx = world.scope.begin().await.unwrap();
    tx.open_session_from(id, token, DAY, &from, &agent()).await.unwrap();
    tx.commit().await.unwrap();
}

/// With a second factor that is confirmed.
async fn with_factor(world: &World) -> AgentId {
    let id = li(world).await;
    let mut tx = world.scope.begin().await.unwrap();
    tx.propose_second_factor(id, b"sealed", &agent()).await.unwrap();
    tx.confirm_second_factor(id, &["one".into(), "two".into()], &agent()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn give(world: &World, id: AgentId, given: GivenCode<'_>) -> TriedCode {
    let mut tx = world.scope.begin().await.unwrap();
    let tried = tx.try_code(id, given, &agent()).await.unwrap();
    tx.commit().await.unwrap();
    tried
}

on_both! {
    async fn sessions_say_from_where_and_end_one_by_one(world) {
        let id = li(&world).await;
        for token in ["one", "two", "three"] {
            open(&world, id, token).await;
            world.advance(1);
        }
        let sessions = world.scope.sessions(id).await.unwrap();
        let keys: Vec<&str> = sessions.iter().map(|session| session.key.as_str()).collect();
        assert_eq!(keys, [hash_token("three"), hash_token("two"), hash_token("one")]);
        assert_eq!(sessions[0].from.address, "203.0.113.7");
        assert_eq!(sessions[0].from.user_agent.len(), 300, "no browser's name is longer");
        let other = world.other_tenant("other").await;
        assert!(other.sessions(id).await.unwrap().is_empty());
        let mut tx = other.begin().await.unwrap();
        assert!(!tx.end_session(id, keys[0], &agent()).await.unwrap(), "another tenant ends none");
        tx.commit().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        assert!(!tx.end_session(AgentId(id.0 + 1), keys[0], &agent()).await.unwrap(), "nor does another person");
        assert!(tx.end_session(id, keys[0], &agent()).await.unwrap());
        assert!(!tx.end_session(id, keys[0], &agent()).await.unwrap());
        assert_eq!(tx.end_other_sessions(id, "one", &agent()).await.unwrap(), 1);
        assert_eq!(tx.end_other_sessions(id, "one", &agent()).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(world.scope.sessions(id).await.unwrap().len(), 1);
        assert!(world.scope.session("one").await.unwrap().is_some());
        assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "agent.session-ended").count(), 2);
    }

    async fn use_of_a_session_is_noted_now_and_then(world) {
        let id = li(&world).await;
        open(&world, id, "one").await;
        let (begun, _) = world.scope.session("one").await.unwrap().unwrap();
        world.clock.advance(USED_EVERY - MOMENT);
        world.scope.session_used(&begun).await.unwrap();
        assert_eq!(world.scope.session("one").await.unwrap().unwrap().0, begun, "too soon to be worth a write");
        world.clock.advance(MOMENT);
        world.scope.session_used(&begun).await.unwrap();
        let (used, _) = world.scope.session("one").await.unwrap().unwrap();
        assert_eq!(used.used_at, begun.used_at.plus(USED_EVERY));
    }

    async fn a_new_password_of_her_own_keeps_the_session_it_was_set_in(world) {
        let id = li(&world).await;
        open(&world, id, "here").await;
        open(&world, id, "there").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_own_password(id, "new", "here", &agent()).await.unwrap();
        tx.set_preferences(id, "en", Some("Asia/Tokyo"), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (_, found) = world.scope.session("here").await.unwrap().unwrap();
        assert_eq!((found.password_hash.as_str(), found.language.as_str()), ("new", "en"));
        assert_eq!(found.time_zone.as_deref(), Some("Asia/Tokyo"));
        assert!(world.scope.session("there").await.unwrap().is_none());
        let mut tx = world.other_tenant("other").await.begin().await.unwrap();
        for refused in [
            tx.set_own_password(id, "x", "here", &agent()).await,
            tx.set_preferences(id, "en", None, &agent()).await,
        ] {
            assert!(matches!(refused, Err(StoreError::NotFound { .. })));
        }
    }

    async fn a_second_factor_holds_once_it_is_confirmed(world) {
        let id = li(&world).await;
        assert_eq!(give(&world, id, GivenCode::Step(Some(5))).await, TriedCode::None);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.confirm_second_factor(id, &[], &agent()).await.is_err(), "there is nothing to confirm");
        tx.propose_second_factor(id, b"first", &agent()).await.unwrap();
        tx.propose_second_factor(id, b"sealed", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.scope.agent(id).await.unwrap().unwrap().second_factor);
        let row = world.scope.second_factor(id).await.unwrap().unwrap();
        assert_eq!((row.sealed.as_slice(), row.confirmed_at, row.codes_left), (&b"sealed"[..], None, 0));
        let mut tx = world.scope.begin().await.unwrap();
        tx.confirm_second_factor(id, &["a".into(), "b".into()], &agent()).await.unwrap();
        let again = tx.propose_second_factor(id, b"other", &agent()).await.unwrap_err();
        assert!(matches!(again, StoreError::Refused(_)), "a confirmed one is not replaced unseen");
        tx.commit().await.unwrap();
        assert!(world.scope.agent(id).await.unwrap().unwrap().second_factor);
        let row = world.scope.second_factor(id).await.unwrap().unwrap();
        assert_eq!((row.confirmed_at.is_some(), row.codes_left), (true, 2));
        let other = world.other_tenant("other").await;
        assert_eq!(other.second_factor(id).await.unwrap(), None);
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.propose_second_factor(id, b"x", &host()).await, Err(StoreError::NotFound { .. })));
        assert_eq!(tx.try_code(id, GivenCode::Step(Some(9)), &host()).await.unwrap(), TriedCode::None);
        assert!(!tx.remove_second_factor(id, &host()).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.remove_second_factor(id, &host()).await.unwrap());
        assert!(!tx.remove_second_factor(id, &host()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.scope.second_factor(id).await.unwrap(), None);
    }

    async fn a_code_is_taken_once_and_never_an_older_one(world) {
        let id = with_factor(&world).await;
        assert_eq!(give(&world, id, GivenCode::Step(Some(7))).await, TriedCode::Taken);
        assert_eq!(give(&world, id, GivenCode::Step(Some(7))).await, TriedCode::Replayed);
        assert_eq!(give(&world, id, GivenCode::Step(Some(6))).await, TriedCode::Replayed);
        assert_eq!(give(&world, id, GivenCode::Step(Some(8))).await, TriedCode::Taken);
        let (one, two) = tokio::join!(
            give(&world, id, GivenCode::Step(Some(9))),
            give(&world, id, GivenCode::Step(Some(9))),
        );
        let mut both = [one, two];
        both.sort_by_key(|tried| format!("{tried:?}"));
        assert_eq!(both, [TriedCode::Replayed, TriedCode::Taken], "of two at once one is taken");
        assert_eq!(give(&world, id, GivenCode::Recovery("one")).await, TriedCode::Taken);
        assert_eq!(give(&world, id, GivenCode::Recovery("one")).await, TriedCode::Wrong);
        assert_eq!(world.scope.second_factor(id).await.unwrap().unwrap().codes_left, 1);
        let mut tx = world.scope.begin().await.unwrap();
        tx.renew_recovery_codes(id, &["three".into()], &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(give(&world, id, GivenCode::Recovery("two")).await, TriedCode::Wrong, "the old ones are gone");
        assert_eq!(give(&world, id, GivenCode::Recovery("three")).await, TriedCode::Taken);
        let kinds = world.kinds().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "agent.recovery-code-used").count(), 2);
        assert_eq!(kinds.iter().filter(|kind| *kind == "agent.code-refused").count(), 5);
    }

    async fn guesses_run_out_and_come_back(world) {
        let id = with_factor(&world).await;
        for _ in 0..FACTOR_TRIES {
            assert_eq!(give(&world, id, GivenCode::Step(None)).await, TriedCode::Wrong);
        }
        let TriedCode::Wait(until) = give(&world, id, GivenCode::Step(Some(7))).await else { panic!("looked at") };
        assert_eq!(until, world.store.now().plus(FACTOR_WINDOW));
        assert!(matches!(give(&world, id, GivenCode::Recovery("one")).await, TriedCode::Wait(_)));
        world.clock.advance(FACTOR_WINDOW - MOMENT);
        assert!(matches!(give(&world, id, GivenCode::Step(Some(7))).await, TriedCode::Wait(_)));
        world.clock.advance(MOMENT);
        assert_eq!(give(&world, id, GivenCode::Step(Some(7))).await, TriedCode::Taken);
        for _ in 1..FACTOR_TRIES {
            assert_eq!(give(&world, id, GivenCode::Step(None)).await, TriedCode::Wrong);
        }
        assert_eq!(give(&world, id, GivenCode::Step(Some(8))).await, TriedCode::Taken, "the last try counts");
    }

    async fn half_a_sign_in_is_none_and_runs_out(world) {
        let id = with_factor(&world).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.begin_half(id, "half").await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("half").await.unwrap().is_none());
        assert_eq!(world.scope.half_signed_in("half").await.unwrap().unwrap().id, id);
        assert!(world.scope.half_signed_in("other").await.unwrap().is_none());
        let other = world.other_tenant("other").await;
        assert!(other.half_signed_in("half").await.unwrap().is_none());
        world.clock.advance(HALF_LASTS - MOMENT);
        assert!(world.scope.half_signed_in("half").await.unwrap().is_some());
        world.clock.advance(MOMENT);
        assert!(world.scope.half_signed_in("half").await.unwrap().is_none());
        let mut tx = world.scope.begin().await.unwrap();
        tx.begin_half(id, "again").await.unwrap();
        assert!(!tx.end_half("half").await.unwrap(), "the next one forgets what has run out");
        assert!(tx.end_half("again").await.unwrap());
        tx.commit().await.unwrap();
    }
}
