//! Packages handed in on the desk.

use crate::world::host;
use posthouse_model::job::Job;
use posthouse_model::release::UploadState;
use posthouse_store::{JobState, StoreError};

on_both! {
    async fn a_file_waits_until_it_is_settled_and_then_goes(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.hand_in("hook.phx", &[1, 2, 255], &host()).await.unwrap();
        tx.commit().await.unwrap();
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|row| row.job == Job::Install { upload: id }));
        let (row, content) = world.scope.upload(id).await.unwrap();
        assert_eq!((row.state, row.file.as_str(), content), (UploadState::Waiting, "hook.phx", vec![1, 2, 255]));

        let mut tx = world.scope.begin().await.unwrap();
        tx.settle_upload(id, Ok(("hook", 3)), &host()).await.unwrap();
        // Once only.
        let again = tx.settle_upload(id, Err("no"), &host()).await.unwrap_err();
        assert!(matches!(again, StoreError::Refused(_)), "{again}");
        tx.commit().await.unwrap();
        let (row, content) = world.scope.upload(id).await.unwrap();
        assert_eq!((row.state, row.plugin.as_deref(), row.release), (UploadState::Installed, Some("hook"), Some(3)));
        assert!(content.is_empty());
        // Nobody else's.
        let other = world.store.tenant(posthouse_model::TenantId(99));
        assert!(matches!(other.upload(id).await, Err(StoreError::NotFound { .. })));
        assert!(other.uploads(10).await.unwrap().is_empty());
    }

    async fn the_list_is_bounded_and_names_and_reasons_are_cut(world) {
        for n in 0..25 {
            let mut tx = world.scope.begin().await.unwrap();
            let id = tx.hand_in(&format!("{n}{}", "é".repeat(200)), &[0; 10], &host()).await.unwrap();
            tx.settle_upload(id, Err(&"ü".repeat(3_000)), &host()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let rows = world.scope.uploads(100).await.unwrap();
        assert!(rows.len() <= 21, "{}", rows.len());
        assert!(rows[0].file.starts_with("24é") && rows[0].file.len() <= 200);
        assert_eq!(rows[0].problem.as_ref().map(String::len), Some(4_000));
    }
}
