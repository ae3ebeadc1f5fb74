//! The plugins pages: who sees them, a release's steps, a package handed in.

use crate::support::{House, Team, host};
use http::StatusCode;
use posthouse_model::capability::Grants;
use posthouse_model::decision::World;
use posthouse_model::job::Job;
use posthouse_model::release::{ReleaseState, UploadState};
use posthouse_store::{JobState, NewPlugin, NewRelease};

fn classifier(digest: &str, version: &str) -> NewPlugin {
    NewPlugin {
        name: "rules".into(),
        world: World::Classifier,
        version: version.into(),
        digest: digest.into(),
        settings: serde_json::json!({}),
        grants: Grants::default(),
        limits: Default::default(),
    }
}

/// A team whose classifier has a candidate, and its number.
async fn with_candidate(house: &House) -> (Team, i64) {
    let luma = house.team("luma").await;
    let digest = house.store.put_component(b"not called here").await.unwrap();
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_plugins(&[classifier(&digest, "1.0.0")], &host()).await.unwrap();
    let new = NewRelease { plugin: classifier(&digest, "1.1.0"), allowance: None, source: "rules.phx".into() };
    let number = tx.install_release(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    (luma, number)
}

async fn states(team: &Team) -> Vec<(ReleaseState, u32)> {
    team.scope.releases("rules").await.unwrap().into_iter().map(|row| (row.state, row.share)).collect()
}

#[tokio::test]
async fn an_admin_leads_a_release_and_a_lead_does_not_see_it() {
    let house = House::new().await;
    let (luma, number) = with_candidate(&house).await;
    let mut lead = house.signed_in(&luma, "mei").await;
    assert_eq!(lead.get(&luma.path("/plugins")).await.status, StatusCode::NOT_FOUND);
    assert!(!lead.get(&luma.path("/tickets")).await.text.contains("/plugins"));

    let mut admin = house.signed_in(&luma, "eve").await;
    let list = admin.get(&luma.path("/plugins")).await;
    assert!(list.text.contains("1.0.0") && list.text.contains("1.1.0 · installed"), "{}", list.text);
    let csrf = admin.csrf(&luma).await;
    let number = number.to_string();
    let act = async |browser: &mut crate::support::Browser, verb: &str, more: &[(&str, &str)]| {
        let fields = [&[("csrf", csrf.as_str()), ("release", number.as_str())], more].concat();
        browser.post(&luma.path(&format!("/plugins/rules/{verb}")), &fields).await
    };
    let refused = act(&mut lead, "activate", &[]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let shadow = act(&mut admin, "shadow", &[]).await;
    assert_eq!(shadow.location(), "/t/luma/plugins/rules?done=staged", "{}", shadow.text);
    assert_eq!(states(&luma).await[0].0, ReleaseState::Shadow);
    act(&mut admin, "canary", &[("share", "25")]).await;
    assert_eq!(states(&luma).await[0], (ReleaseState::Canary, 25));
    let wrong = act(&mut admin, "canary", &[("share", "101")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    act(&mut admin, "replay", &[]).await;
    assert!(luma.scope.jobs(JobState::Queued).await.unwrap().iter().any(|row| row.job.kind() == "replay"));
    act(&mut admin, "activate", &[]).await;
    assert_eq!(
        states(&luma).await.iter().map(|s| s.0).collect::<Vec<_>>(),
        [ReleaseState::Active, ReleaseState::Retired]
    );
    act(&mut admin, "rollback", &[]).await;
    assert_eq!(
        states(&luma).await.iter().map(|s| s.0).collect::<Vec<_>>(),
        [ReleaseState::RolledBack, ReleaseState::Active]
    );
    let page = admin.get(&luma.path("/plugins/rules")).await;
    assert!(page.text.contains("taken back on the desk"), "{}", page.text);
    let unknown = act(&mut admin, "explode", &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_package_is_handed_in_by_an_admin_and_by_nobody_else() {
    let house = House::new().await;
    let (luma, _) = with_candidate(&house).await;
    let path = luma.path("/plugins");
    let mut admin = house.signed_in(&luma, "eve").await;
    let csrf = admin.csrf(&luma).await;
    let package = vec![7; 3 << 20];

    // Somebody else, another page's form, nobody: nothing is taken in.
    for name in ["mei", "jun", "ada"] {
        let mut other = house.signed_in(&luma, name).await;
        let token = other.csrf(&luma).await;
        assert_eq!(other.post_file(&path, &token, "a.phx", &package).await.status, StatusCode::NOT_FOUND);
    }
    let forged = admin.post_file(&path, "0", "a.phx", &package).await;
    assert!(forged.status.is_client_error(), "{}", forged.status);
    assert!(house.browser().post_file(&path, &csrf, "a.phx", &package).await.status.is_client_error());
    // More than the 70 MiB that a form with a file may have.
    let large = admin.post_file(&path, &csrf, "a.phx", &vec![0; 71 << 20]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", large.text);
    assert!(luma.scope.uploads(10).await.unwrap().is_empty());

    let taken = admin.post_file(&path, &csrf, "rules <2>.phx", &package).await;
    assert_eq!(taken.location(), "/t/luma/plugins?done=handed-in", "{}", taken.text);
    let row = luma.scope.uploads(10).await.unwrap().remove(0);
    assert_eq!((row.file.as_str(), row.state), ("rules <2>.phx", UploadState::Waiting));
    assert_eq!(luma.scope.upload(row.id).await.unwrap().1, package);
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|job| job.job == Job::Install { upload: row.id }));
    let page = admin.get(&path).await;
    assert!(page.text.contains("rules &lt;2&gt;.phx") && page.text.contains("waits to be checked"), "{}", page.text);

    let mut tx = luma.scope.begin().await.unwrap();
    tx.settle_upload(row.id, Err("rules <2>.phx is no package"), &host()).await.unwrap();
    tx.commit().await.unwrap();
    let page = admin.get(&path).await;
    assert!(page.text.contains("rules &lt;2&gt;.phx is no package"), "{}", page.text);
}
