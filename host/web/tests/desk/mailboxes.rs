//! Signing in to a mailbox from the status page: who may, what is shown, and what a server's words mean.

use crate::support::{House, Team, host};
use http::StatusCode;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, SignInState};
use posthouse_store::{JobState, NewTenant, SignInRow};
use std::time::Duration;

/// A team whose mailbox `help` signs in with codes, and whose mailbox `files` does not.
async fn team(house: &House) -> Team {
    let luma = house.team("luma").await;
    let row = luma.scope.tenant().await.unwrap();
    let mut settings = row.tenant.settings.clone();
    settings["mailbox"] = serde_json::json!([
        { "name": "help", "address": "help@luma.example", "provider": "microsoft",
          "oauth": { "client_id": "app", "refresh_token": { "secret": "token" },
                     "token_url": "https://login.example/token", "device_url": "https://login.example/device" },
          "imap": { "host": "outlook.office365.com", "user": "help@luma.example" } },
        { "name": "files", "address": "files@luma.example", "maildir": { "path": "in" }, "files": { "path": "out" } }
    ]);
    let again = NewTenant { settings, digest: "with mailboxes".to_owned(), ..row.tenant };
    house.store.upsert_tenant(&again, &Actor::Operator).await.unwrap();
    luma
}

async fn stands(luma: &Team, state: SignInState, words: Option<&str>) {
    let mut tx = luma.scope.begin().await.unwrap();
    let row = SignInRow {
        mailbox: "help".to_owned(),
        state,
        user_code: (state == SignInState::Waiting).then(|| "WDJB-<MJHT>".to_owned()),
        address: (state == SignInState::Waiting).then(|| "https://login.example/enter".to_owned()),
        words: words.map(str::to_owned),
        changed_at: tx.now(),
        expires_at: Some(tx.now().plus(Duration::from_secs(900))),
    };
    tx.set_sign_in(&row, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_admin_signs_in_to_a_mailbox_and_nobody_else_sees_the_code() {
    let house = House::new().await;
    let luma = team(&house).await;
    let status = luma.path("/status");
    let mut admin = house.signed_in(&luma, "eve").await;
    let mut agent = house.signed_in(&luma, "jun").await;
    let page = admin.get(&status).await.text;
    assert_eq!(page.matches("Sign in with a code").count(), 1, "only for the mailbox that has it: {page}");
    assert!(!agent.get(&status).await.text.contains("Sign in with a code"));

    let csrf = admin.csrf(&luma).await;
    let path = luma.path("/status/sign-in");
    for unknown in ["files", "nothing"] {
        let answer = admin.post(&path, &[("csrf", &csrf), ("mailbox", unknown)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    let theirs = agent.csrf(&luma).await;
    assert_eq!(agent.post(&path, &[("csrf", &theirs), ("mailbox", "help")]).await.status, StatusCode::NOT_FOUND);
    assert!(luma.scope.sign_ins().await.unwrap().is_empty());
    let asked = admin.post(&path, &[("csrf", &csrf), ("mailbox", "help")]).await;
    assert_eq!(asked.location(), status);
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert_eq!(jobs.iter().filter(|job| job.job == Job::SignIn { mailbox: "help".to_owned() }).count(), 1);
    assert!(admin.get(&status).await.text.contains("The provider is being asked for a code."));

    stands(&luma, SignInState::Waiting, None).await;
    let page = admin.get(&status).await.text;
    assert!(page.contains("WDJB-&lt;MJHT&gt;") && page.contains("href=\"https://login.example/enter\""), "{page}");
    assert!(page.contains("and sign in as help@luma.example."));
    let page = agent.get(&status).await.text;
    assert!(page.contains("An admin is signing in to it.") && !page.contains("WDJB"), "{page}");

    house.hands.forward(Duration::from_secs(900));
    assert!(admin.get(&status).await.text.contains("the code was not entered in time"));
    stands(&luma, SignInState::Done, None).await;
    assert!(admin.get(&status).await.text.contains("signed in 2026-03-01"));
}

#[tokio::test]
async fn what_a_server_says_is_explained_in_the_readers_language() {
    let house = House::new().await;
    let luma = team(&house).await;
    stands(&luma, SignInState::Failed, Some("access_denied: AADSTS65004: User declined to consent")).await;
    luma.scope.fetch_failed(luma.mailbox, "the mail server refused to sign in: AUTHENTICATE failed.").await.unwrap();
    let mut eve = house.signed_in(&luma, "eve").await;
    let page = eve.get(&luma.path("/status")).await.text;
    assert!(page.contains("AADSTS65004") && page.contains("nobody has agreed that the app may read"), "{page}");
    assert!(page.contains("AUTHENTICATE failed. → the sign-in was refused; this provider takes OAuth2 only"), "{page}");
    let csrf = eve.csrf(&luma).await;
    eve.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh"), ("back", "/t/luma/status")]).await;
    let page = eve.get(&luma.path("/status")).await.text;
    assert!(page.contains("AUTHENTICATE failed. → 登录被拒绝；该服务商只接受 OAuth2"), "{page}");
    assert!(page.contains("登录失败：") && page.contains("尚未有人同意该应用读取和发送邮件"), "{page}");
}

#[tokio::test]
async fn how_far_a_long_catch_up_is_stands_on_the_status_page() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let path = luma.path("/status");
    for (language, words) in [("en", "catching up: 4321 mails to come"), ("zh", "正在补收，还有 4321 封")] {
        jun.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", language), ("back", &path)]).await;
        luma.scope.fetch_progress(luma.mailbox, Some(4_321)).await.unwrap();
        let page = jun.get(&path).await.text;
        assert_eq!(page.matches(words).count(), 1, "of one mailbox only: {page}");
        luma.scope.fetch_progress(luma.mailbox, None).await.unwrap();
        let page = jun.get(&path).await.text;
        let verb = words.split([':', '，']).next().unwrap();
        assert!(!page.contains(verb), "{page}");
    }
}

#[tokio::test]
async fn a_mailbox_is_removed_on_the_desk_and_no_mail_with_it() {
    let house = House::new().await;
    let luma = team(&house).await;
    let waiting = luma.waiting("one").await;
    let (mut eve, mut mei) = (house.signed_in(&luma, "eve").await, house.signed_in(&luma, "mei").await);
    let page = luma.path("/settings/mailbox?name=help");
    let said = eve.get(&page).await;
    assert!(said.text.contains("Every mail, ticket and draft stays here"), "{}", said.text);
    assert!(!mei.get(&page).await.text.contains("mailbox/remove"), "a lead only reads");
    let remove = luma.path("/settings/mailbox/remove");
    let csrf = eve.csrf(&luma).await;
    // Not without a yes, and not one that there is not.
    let unsure = eve.post(&remove, &[("csrf", &csrf), ("mailbox", "help")]).await;
    assert!(unsure.location().contains("name=help"), "{}", unsure.location());
    let gone = eve.post(&remove, &[("csrf", &csrf), ("mailbox", "gone"), ("sure", "1")]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let done = eve.post(&remove, &[("csrf", &csrf), ("mailbox", "help"), ("sure", "1")]).await;
    assert_eq!(done.location(), luma.path("/settings/mailboxes?said=mailbox-removed"), "{}", done.text);
    assert!(eve.get(done.location()).await.text.contains("Its mails and tickets stay."));
    let config: posthouse_model::config::TenantConfig =
        serde_json::from_value(luma.scope.tenant().await.unwrap().tenant.settings).unwrap();
    assert!(config.mailbox("help").is_none() && config.mailbox("files").is_some());
    // The row, its mail and its ticket are there; what was done is on record with what it was.
    let rows = luma.scope.mailboxes().await.unwrap();
    assert!(rows.iter().any(|row| row.mailbox.name == "help" && !row.active), "{rows:?}");
    assert_eq!(luma.scope.ticket_by_number(waiting.number).await.unwrap().id, waiting.ticket);
    assert!(luma.scope.message(waiting.message).await.is_ok());
    assert!(luma.scope.desk_settings().await.unwrap().iter().any(|set| set.path == "mailboxes.help"));
}
