//! SQLite while another program holds its lock.

use crate::world::{World, agent};
use posthouse_model::event::NewEvent;
use posthouse_store::StoreTrouble;
use sqlx::Connection as _;
use std::time::Duration;

fn note() -> NewEvent {
    NewEvent { actor: agent(), kind: "test".into(), subject: "test".into(), data: serde_json::json!({}) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_waiting_for_a_lock_leaves_the_store_able_to_write() {
    let world = World::on_sqlite().await;
    let mut other = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    for _ in 0..3 {
        sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(100), world.scope.begin()).await;
        assert!(given_up.is_err(), "it waits for the lock");
        sqlx::raw_sql("commit").execute(&mut other).await.unwrap();

        let mut tx = world.scope.begin().await.unwrap();
        tx.event(note());
        tx.commit().await.unwrap();
    }
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "test").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_does_not_go_away_is_said_to_be_one() {
    let world = World::on_sqlite().await;
    let mut other = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let error = world.store.ping().await.unwrap_err();
    assert_eq!((error.trouble(), error.is_temporary()), (Some(StoreTrouble::Locked), true), "{error}");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    world.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_grow_is_said_to_be_full() {
    let world = World::on_sqlite().await;
    // The error that SQLite itself gives, by a limit on another connection: the store's own has none.
    let mut other = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    sqlx::raw_sql("pragma max_page_count = 1").execute(&mut other).await.unwrap();
    let big = "insert into meta (key, value) values ('big', hex(zeroblob(3000000)))";
    let error = sqlx::raw_sql(big).execute(&mut other).await.unwrap_err();
    let error = posthouse_store::StoreError::from(error);
    assert_eq!((error.trouble(), error.is_temporary()), (Some(StoreTrouble::DiskFull), true), "{error}");
}
