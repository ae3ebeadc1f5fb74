//! The house dies more than a hundred times, at every boundary and at random moments, on both databases; then everything is counted.
//! `cargo xtask torture` does the same for as long as one likes (docs/faults.md).
#![allow(clippy::unwrap_used, clippy::expect_used)]

use posthouse_e2e::torture::{self, Plan};
use posthouse_servers::postgres;

/// Three times each boundary, and as many random moments.
const DEATHS: usize = 54;

#[tokio::test]
async fn it_dies_again_and_again_and_nothing_is_lost_or_sent_twice_on_sqlite() {
    torture(None).await;
}

#[tokio::test]
async fn it_dies_again_and_again_and_nothing_is_lost_or_sent_twice_on_postgresql() {
    let Some(server) = postgres() else { return };
    torture(Some(server.fresh_database().await)).await;
}

async fn torture(database_url: Option<String>) {
    let plan = Plan { deaths: DEATHS, database_url, seed: 1, progress: |words| println!("{words}") };
    let Some(report) = torture::run(&plan).await else { return };
    println!("{report}");
    assert!(report.problems().is_empty(), "{report}");
    assert_eq!(report.boundaries_missed(), Vec::<&str>::new(), "{report}");
    assert_eq!(report.deaths(), DEATHS, "{report}");
}
