//! A browser sent to a mailbox's provider and back: who may, what is brought back, and what is said when it cannot be taken.

use crate::support::{Answer, Browser, House, PASSWORD, Team};
use http::StatusCode;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, SignInState};
use posthouse_store::{JobState, NewMailbox, NewTenant, SignInRow, VISIT_LASTS, visit_name};
use std::time::Duration;

/// A team whose mailbox `help` signs in with a browser, and whose mailbox `code` does with a code alone.
async fn team(house: &House, slug: &'static str) -> Team {
    let team = house.team(slug).await;
    let row = team.scope.tenant().await.unwrap();
    let mut settings = row.tenant.settings.clone();
    let oauth = |more: serde_json::Value| {
        let mut oauth = serde_json::json!({
            "client_id": "app", "refresh_token": { "secret": "token" }, "token_url": "https://login.example/token"
        });
        oauth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        oauth
    };
    let mailbox = |name: &str, oauth: serde_json::Value| {
        serde_json::json!({
            "name": name, "address": format!("{name}@{slug}.example"), "oauth": oauth,
            "imap": { "host": "imap.example", "user": format!("{name}@{slug}.example") }
        })
    };
    settings["mailbox"] = serde_json::json!([
        mailbox("help", oauth(serde_json::json!({ "authorize_url": "https://login.example/authorize" }))),
        mailbox("code", oauth(serde_json::json!({ "device_url": "https://login.example/device" }))),
    ]);
    let again = NewTenant { settings, digest: "with mailboxes".to_owned(), ..row.tenant };
    house.store.upsert_tenant(&again, &Actor::Operator).await.unwrap();
    let mut tx = team.scope.begin().await.unwrap();
    let code = NewMailbox {
        name: "code".to_owned(),
        address: format!("code@{slug}.example"),
        settings: serde_json::json!({}),
    };
    tx.upsert_mailbox(&code, &Actor::Operator).await.unwrap();
    tx.commit().await.unwrap();
    team
}

/// Presses the button; the page that it leads to, and the state that the browser goes away with.
async fn leave(browser: &mut Browser, team: &Team) -> (Answer, String) {
    let csrf = browser.csrf(team).await;
    let page = browser.post(&team.path("/status/sign-in/browser"), &[("csrf", &csrf), ("mailbox", "help")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let state = page.header("refresh").split_once("state=").expect("a state").1.to_owned();
    (page, state)
}

/// Comes back from the provider with this query: over the registered address, and on to the team. The page that ends it.
async fn come_back(browser: &mut Browser, query: &str) -> Answer {
    let registered = browser.get(&format!("/oauth/callback?{query}")).await;
    assert_eq!(registered.status, StatusCode::SEE_OTHER, "{}", registered.text);
    let taken = browser.get(registered.location()).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let status = taken.location().to_owned();
    assert!(!status.contains("code"), "what is secret is gone from the address: {status}");
    browser.get(&status).await
}

async fn stands(team: &Team) -> Option<SignInRow> {
    team.scope.sign_ins().await.unwrap().pop()
}

async fn exchanges(team: &Team) -> usize {
    let jobs = team.scope.jobs(JobState::Queued).await.unwrap();
    jobs.iter().filter(|row| matches!(row.job, Job::FinishSignIn { .. })).count()
}

#[tokio::test]
async fn an_admins_browser_goes_to_the_provider_and_its_code_is_taken_once() {
    let house = House::new().await;
    let luma = team(&house, "luma").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let page = eve.get(&luma.path("/status")).await.text;
    assert_eq!(page.matches("Sign in with the browser").count(), 1, "only where the provider takes browsers: {page}");
    assert_eq!(page.matches("Sign in with a code").count(), 1, "{page}");
    assert!(page.contains("comes back to https://desk.example/oauth/callback"), "{page}");

    let (left, state) = leave(&mut eve, &luma).await;
    assert!(state.starts_with("luma.") && state.len() == "luma.".len() + 64, "{state}");
    let url = format!("https://login.example/authorize?state={state}");
    assert_eq!(left.header("refresh"), format!("0;url={url}"), "goes on by itself, without a script");
    assert!(left.text.contains(&format!("href=\"{url}\"")), "and by a link: {}", left.text);
    assert!(left.text.contains("The browser goes on to login.example. Sign in there as help@luma.example"));
    assert!(left.header("content-security-policy").contains("form-action 'self'"), "the policy is as strict as before");
    assert_eq!(stands(&luma).await, None, "nothing is known of it until it comes back");

    // Google appends what nobody asked for; it is not passed on.
    let registered = eve.get(&format!("/oauth/callback?state={state}&code=4%2F0Ab&scope=mail&prompt=consent")).await;
    assert_eq!(registered.location(), format!("/t/luma/sign-in/mailbox?state={state}&code=4%2F0Ab"));
    let page = come_back(&mut eve, &format!("state={state}&code=4%2F0Ab&scope=mail")).await;
    assert!(page.text.contains("The provider agreed. The sign-in is being completed."), "{}", page.text);
    assert!(page.text.contains("Agreed; the sign-in is being completed."), "{}", page.text);
    assert_eq!(page.header("refresh"), "2;url=/t/luma/status", "the outcome shows itself");
    let job = Job::FinishSignIn { mailbox: "help".to_owned(), visit: visit_name(&state) };
    assert!(luma.scope.jobs(JobState::Queued).await.unwrap().iter().any(|row| row.job == job));
    assert_eq!(luma.scope.visit_code(&visit_name(&state)).await.unwrap().unwrap().code, "4/0Ab");

    // Once more: the back button, or somebody who saw the address.
    let page = come_back(&mut eve, &format!("state={state}&code=another")).await;
    assert!(page.text.contains("was brought back before and is used up"), "{}", page.text);
    assert_eq!(exchanges(&luma).await, 1);
    assert_eq!(luma.scope.visit_code(&visit_name(&state)).await.unwrap().unwrap().code, "4/0Ab");
    house.hands.forward(Duration::from_secs(120));
    assert_eq!(eve.get(&luma.path("/status")).await.header("refresh"), "", "nobody reloads for ever");
}

#[tokio::test]
async fn what_the_provider_refuses_stands_with_the_mailbox_in_both_languages() {
    let house = House::new().await;
    let luma = team(&house, "luma").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let (_, state) = leave(&mut eve, &luma).await;
    let no = "error=access_denied&error_description=no%0Athanks%20%3Cb%3E";
    let page = come_back(&mut eve, &format!("state={state}&{no}")).await;
    assert!(page.text.contains("The sign-in was refused; the reason stands with the mailbox below."));
    assert!(
        page.text.contains("access_denied: no thanks &lt;b&gt; → the person at the browser said no"),
        "{}",
        page.text
    );
    let row = stands(&luma).await.unwrap();
    assert_eq!((row.state, exchanges(&luma).await), (SignInState::Failed, 0));

    // A person who said no and then pressed "back" and "yes" begins again.
    let page = come_back(&mut eve, &format!("state={state}&code=yes")).await;
    assert!(page.text.contains("used up"), "{}", page.text);

    let csrf = eve.csrf(&luma).await;
    eve.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh"), ("back", "/t/luma/status")]).await;
    let (left, state) = leave(&mut eve, &luma).await;
    assert!(left.text.contains("浏览器将前往 login.example，请以 help@luma.example 登录"), "{}", left.text);
    let page = come_back(&mut eve, &format!("state={state}&error=server_error")).await;
    assert!(
        page.text.contains("登录被拒绝，原因见下方该邮箱。") && page.text.contains("server_error"),
        "{}",
        page.text
    );
    // Neither a code nor an error, a code that cannot be one, and one that is too long.
    let long = "a".repeat(8_193);
    for nothing in ["", "&code=", "&code=a%20b", &format!("&code={long}")] {
        let (_, state) = leave(&mut eve, &luma).await;
        let page = come_back(&mut eve, &format!("state={state}{nothing}")).await;
        assert!(page.text.contains("invalid_response") && page.text.contains("浏览器返回时没有带回授权码"));
    }
    let (_, state) = leave(&mut eve, &luma).await;
    let page = come_back(&mut eve, &format!("state={state}&code={}", &long[1..])).await;
    assert!(page.text.contains("服务商已同意，正在完成登录。"), "{}", page.text);
    assert_eq!(exchanges(&luma).await, 1);
}

#[tokio::test]
async fn what_nobody_sent_or_another_sent_or_too_late_changes_nothing() {
    let house = House::new().await;
    let luma = team(&house, "luma").await;
    let other = team(&house, "other").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    for unknown in ["luma.guessed", "luma."] {
        let page = come_back(&mut eve, &format!("state={unknown}&code=forged")).await;
        assert!(page.text.contains("Nobody here began this sign-in, or it was long ago"), "{}", page.text);
    }
    // Nobody's team: said on a page of its own, in the browser's language.
    for none in ["", "?state=x&code=y", "?state=.x", "?state=..%2Fother.x", "?state=Luma.x", "?code=y"] {
        let page = eve.get(&format!("/oauth/callback{none}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{none}");
        assert!(page.text.contains("Begin it with the button at the mailbox."), "{none}: {}", page.text);
    }
    let mut away = eve.clone();
    away.headers.insert("accept-language", "zh-CN".parse().unwrap());
    away.cookies.clear();
    assert!(away.get("/oauth/callback").await.text.contains("没有人在此开始过这次登录"));

    // Her own on another device, another admin's, and one of another team's admin.
    let (_, state) = leave(&mut eve, &luma).await;
    let mut again = house.signed_in(&luma, "eve").await;
    let page = come_back(&mut again, &format!("state={state}&code=c")).await;
    assert!(page.text.contains("begun in another session"), "{}", page.text);
    let mut foreign = house.signed_in(&other, "eve").await;
    let theirs = state.replacen("luma.", "other.", 1);
    let page = come_back(&mut foreign, &format!("state={theirs}&code=c")).await;
    assert!(page.text.contains("Nobody here began this sign-in"), "{}", page.text);
    // Who is signed out is asked to sign in, and what was brought goes nowhere.
    let mut nobody = house.browser();
    let asked = nobody.get(&format!("/t/luma/sign-in/mailbox?state={state}&code=c")).await;
    assert_eq!(asked.location(), "/t/luma/sign-in");
    nobody.sign_in("luma", "jun@luma.example", PASSWORD, "").await;
    let agent = nobody.get(&format!("/t/luma/sign-in/mailbox?state={state}&code=c")).await;
    assert_eq!(agent.status, StatusCode::NOT_FOUND, "no agent signs in to a mailbox");
    assert_eq!((stands(&luma).await, exchanges(&luma).await), (None, 0));

    // None of them used it up, and at last it is too late.
    house.hands.forward(VISIT_LASTS);
    let page = come_back(&mut eve, &format!("state={state}&code=c")).await;
    assert!(page.text.contains("came back too late"), "{}", page.text);
    assert_eq!((stands(&luma).await, exchanges(&luma).await), (None, 0));
    let (_, state) = leave(&mut eve, &luma).await;
    house.hands.forward(VISIT_LASTS - Duration::from_secs(1));
    let page = come_back(&mut eve, &format!("state={state}&code=c")).await;
    assert!(page.text.contains("The provider agreed"), "{}", page.text);
}

#[tokio::test]
async fn nobody_but_an_admin_sends_a_browser_anywhere() {
    let house = House::new().await;
    let luma = team(&house, "luma").await;
    let path = luma.path("/status/sign-in/browser");
    for name in ["mei", "jun", "ada"] {
        let mut browser = house.signed_in(&luma, name).await;
        let csrf = browser.csrf(&luma).await;
        let answer = browser.post(&path, &[("csrf", &csrf), ("mailbox", "help")]).await;
        assert_eq!((answer.status, answer.header("refresh")), (StatusCode::NOT_FOUND, ""), "{name}");
        assert!(!browser.get(&luma.path("/status")).await.text.contains("Sign in with the browser"), "{name}");
    }
    let mut eve = house.signed_in(&luma, "eve").await;
    let csrf = eve.csrf(&luma).await;
    for unknown in ["code", "nothing", ""] {
        let answer = eve.post(&path, &[("csrf", &csrf), ("mailbox", unknown)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    let forged = eve.post(&path, &[("csrf", "guessed"), ("mailbox", "help")]).await;
    assert_eq!((forged.status, forged.header("refresh")), (StatusCode::FORBIDDEN, ""));
    // A word in an address is no sentence of ours.
    let page = eve.get(&luma.path("/status?sign-in=%3Cb%3Eowned")).await;
    assert!(!page.text.contains("<b>owned") && !page.text.contains("<p class=\"note"), "{}", page.text);
}
