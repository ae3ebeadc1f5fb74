//! What was said in a model's calls: kept beside them, for some days, and gone with the ticket.

use crate::world::host;
use posthouse_model::TicketId;
use posthouse_model::config::ModelTask;
use posthouse_store::{EXCHANGE_BYTES_MAX, ModelCall, ModelExchange, SetAside, StoreError, Tx};

fn exchange(input: &str, answer: Option<&str>) -> ModelExchange {
    ModelExchange {
        task: ModelTask::Draft,
        instructions: "Write.".into(),
        inputs: vec![input.into(), String::new()],
        output_tokens_max: None,
        answer: answer.map(str::to_owned),
    }
}

async fn call(tx: &mut Tx, ticket: Option<TicketId>, said: Option<&ModelExchange>) -> i64 {
    let call = ModelCall {
        at: tx.now(),
        ticket,
        plugin: "drafter".into(),
        version: "2.0.1".into(),
        model: "m".into(),
        tokens_in: 1,
        tokens_out: 2,
        duration_ms: 3,
        outcome: "ok".into(),
        cost: 0,
        currency: String::new(),
    };
    let id = tx.record_model_call("2026-03-01", SetAside::default(), &call, &host()).await.unwrap();
    if let Some(said) = said {
        tx.keep_exchange(id, call.at, said).await.unwrap();
    }
    id
}

on_both! {
    async fn what_was_said_is_read_back_and_the_newest_comes_first(world) {
        let (_, ticket) = world.take_new(&world.mail("a@x")).await;
        let (said, silent) = (exchange("你好 '\"", Some("Dear Ana")), exchange("b", None));
        let mut tx = world.scope.begin().await.unwrap();
        let first = call(&mut tx, Some(ticket), Some(&said)).await;
        let second = call(&mut tx, None, Some(&silent)).await;
        let third = call(&mut tx, None, None).await;
        tx.commit().await.unwrap();
        assert_eq!(world.scope.kept_call(first).await.unwrap().1, Some(said));
        assert_eq!(world.scope.kept_call(second).await.unwrap().1, Some(silent));
        let (kept, none) = world.scope.kept_call(third).await.unwrap();
        assert_eq!((kept.has_exchange, none, kept.call.version.as_str()), (false, None, "2.0.1"));
        let ids = async |of, before, limit| {
            let calls = world.scope.kept_calls(of, before, limit).await.unwrap();
            calls.into_iter().map(|kept| (kept.id, kept.has_exchange)).collect::<Vec<_>>()
        };
        assert_eq!(ids(None, None, 10).await, [(third, false), (second, true), (first, true)]);
        assert_eq!(ids(None, Some(second), 10).await, [(first, true)]);
        assert_eq!(ids(None, None, 1).await, [(third, false)]);
        assert_eq!(ids(Some(ticket), None, 10).await, [(first, true)]);
        // Another team has no such call.
        let other = world.other_tenant("other").await;
        assert!(matches!(other.kept_call(first).await, Err(StoreError::NotFound { .. })));
        assert!(other.kept_calls(None, None, 10).await.unwrap().is_empty());
    }

    async fn words_go_after_their_time_and_the_call_stays(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let old = call(&mut tx, None, Some(&exchange("a", Some("b")))).await;
        tx.commit().await.unwrap();
        world.advance(60);
        let mut tx = world.scope.begin().await.unwrap();
        let new = call(&mut tx, None, Some(&exchange("c", Some("d")))).await;
        tx.commit().await.unwrap();
        let at = world.store.now();
        assert!(world.scope.has_exchanges_before(at).await.unwrap());
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.drop_exchanges(at, &host()).await.unwrap(), 1);
        assert_eq!(tx.drop_exchanges(at, &host()).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert!(!world.scope.has_exchanges_before(at).await.unwrap());
        assert_eq!(world.scope.kept_call(old).await.unwrap().1, None);
        assert!(world.scope.kept_call(new).await.unwrap().1.is_some());
        assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "model.let-go").count(), 1);
    }

    async fn of_a_very_long_one_the_call_alone_is_kept(world) {
        let room = EXCHANGE_BYTES_MAX - "Write.".len();
        let mut tx = world.scope.begin().await.unwrap();
        let just = call(&mut tx, None, Some(&exchange(&"x".repeat(room), None))).await;
        let over = call(&mut tx, None, Some(&exchange(&"x".repeat(room + 1), None))).await;
        tx.commit().await.unwrap();
        assert!(world.scope.kept_call(just).await.unwrap().1.is_some());
        assert!(world.scope.kept_call(over).await.unwrap().1.is_none());
    }
}
