//! The shared PostgreSQL cluster.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use posthouse_servers::postgres;

#[tokio::test]
async fn every_test_gets_an_empty_database_of_its_own() {
    let Some(server) = postgres() else { return };
    let (first, second) = tokio::join!(server.fresh_database(), server.fresh_database());
    assert_ne!(first, second);
    assert!(first.starts_with("postgres://"));
}

#[tokio::test]
async fn asking_twice_gives_the_same_server() {
    let (Some(first), Some(second)) = (postgres(), postgres()) else { return };
    assert_eq!(first.admin_url(), second.admin_url());
}
