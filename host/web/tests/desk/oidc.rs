//! Signing in at the team's own provider, as the desk sees it: which browser is sent, what it may bring back, and where it ends.

use crate::support::{Answer, Browser, House, PASSWORD, Team, host};
use http::StatusCode;
use posthouse_model::config::{OidcConfig, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_store::{NewTenant, visit_name};

async fn set_up(house: &House) -> Team {
    let luma = house.team("luma").await;
    let mut config = TenantConfig::new("luma", "Team luma");
    config.sign_in.oidc = Some(OidcConfig {
        issuer: "https://id.example".into(),
        client_id: "desk".into(),
        client_secret: None,
        title: Some("Luma ID".into()),
        create_as: None,
        domains: vec![],
    });
    let tenant = NewTenant {
        slug: "luma".into(),
        name: config.name.clone(),
        language: "en".into(),
        time_zone: "UTC".into(),
        settings: serde_json::to_value(&config).unwrap(),
        digest: "oidc".into(),
    };
    house.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
    luma
}

/// Presses the button, and has the worker find the provider. The state is the browser's alone.
async fn begin(browser: &mut Browser, team: &Team, next: &str) -> String {
    let form = browser.get(&team.path("/sign-in")).await;
    assert!(form.text.contains("Sign in with Luma ID"));
    let fields = [("token", form.field("token")), ("next", next.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let begun = browser.post(&team.path("/sign-in/oidc"), &fields).await;
    assert_eq!(begun.location(), team.path("/sign-in/oidc"), "{}", begun.text);
    let state = browser.cookies[&("posthouse_oidc".to_owned(), team.path(""))].clone();
    let mut tx = team.scope.begin().await.unwrap();
    tx.set_oidc_endpoint(&visit_name(&state), "https://id.example/authorize").await.unwrap();
    tx.commit().await.unwrap();
    state
}

async fn back(browser: &mut Browser, query: &str) -> Answer {
    let sent = browser.get(&format!("/oidc/callback?{query}")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    browser.get(sent.location()).await
}

async fn end(team: &Team, state: &str, name: &str) {
    let agent = team.scope.agent_by_email(&format!("{name}@luma.example")).await.unwrap().unwrap();
    let mut tx = team.scope.begin().await.unwrap();
    tx.end_oidc(&visit_name(state), Ok(agent.id), &host()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_browser_goes_there_and_comes_back_signed_in() {
    let house = House::new().await;
    let luma = set_up(&house).await;
    let mut browser = house.browser();
    let state = begin(&mut browser, &luma, "/t/luma/messages").await;
    let leaving = browser.get(&luma.path("/sign-in/oidc")).await;
    assert_eq!(leaving.header("refresh"), format!("0;url=https://id.example/authorize?state={state}"));
    assert!(leaving.text.contains("Go on to id.example"));
    let brought = back(&mut browser, &format!("state={state}&code=abc")).await;
    assert_eq!(brought.location(), luma.path("/sign-in/oidc"), "{}", brought.text);
    end(&luma, &state, "jun").await;
    let entered = browser.get(&luma.path("/sign-in/oidc")).await;
    assert_eq!(entered.location(), "/t/luma/messages", "{}", entered.text);
    assert_eq!(browser.get(&luma.path("/api/me")).await.json()["email"], "jun@luma.example");
    assert!(!browser.cookies.keys().any(|(name, _)| name == "posthouse_oidc"));
    // The way is used up, also for somebody who has its cookie.
    let mut thief = house.browser();
    thief.cookies.insert(("posthouse_oidc".into(), "/t/luma".into()), state.clone());
    let late = thief.get(&luma.path("/sign-in/oidc")).await;
    assert!(late.text.contains("took too long or was used already"), "{}", late.text);
}

#[tokio::test]
async fn what_another_browser_brings_is_not_taken() {
    let house = House::new().await;
    let luma = set_up(&house).await;
    let mut browser = house.browser();
    let state = begin(&mut browser, &luma, "").await;
    for query in [format!("state={state}&code=abc"), format!("state={state}x&code=abc")] {
        let refused = back(&mut house.browser(), &query).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{query}");
    }
    // Another's code on a link: the browser that opens it is not on that way.
    let mut other = house.browser();
    begin(&mut other, &luma, "").await;
    assert_eq!(back(&mut other, &format!("state={state}&code=stolen")).await.status, StatusCode::FORBIDDEN);
    assert!(!luma.scope.oidc_way(&state).await.unwrap().unwrap().is_back, "nothing was taken");
    back(&mut browser, &format!("state={state}&code=abc")).await;
    let twice = back(&mut browser, &format!("state={state}&code=abc")).await;
    assert_eq!(twice.status, StatusCode::FORBIDDEN);
    for query in ["", "state=x", "state=%2e%2e.x", "state=a/b.x"] {
        let nowhere = house.browser().get(&format!("/oidc/callback?{query}")).await;
        assert_eq!(nowhere.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let forged = browser.post(&luma.path("/sign-in/oidc"), &[("token", "x")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    // A team without a provider has no such way.
    let plain = house.team("plain").await;
    assert_eq!(browser.get(&plain.path("/sign-in/oidc")).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get(&plain.path("/sign-in")).await.text.contains("sign-in/oidc"));
}

#[tokio::test]
async fn a_no_is_said_and_the_password_stays() {
    let house = House::new().await;
    let luma = set_up(&house).await;
    let mut browser = house.browser();
    let state = begin(&mut browser, &luma, "https://evil.example/").await;
    back(&mut browser, &format!("state={state}&error=access_denied&error_description=%3Cb%3Eno")).await;
    let refused = browser.get(&luma.path("/sign-in/oidc")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("access_denied: &lt;b&gt;no") && refused.text.contains("name=\"password\""));
    assert_eq!(browser.sign_in("luma", "jun@luma.example", PASSWORD, "").await.location(), "/t/luma/tickets");
    let mut second = house.browser();
    let state = begin(&mut second, &luma, "https://evil.example/").await;
    back(&mut second, &format!("state={state}&code=abc")).await;
    end(&luma, &state, "mei").await;
    assert_eq!(second.get(&luma.path("/sign-in/oidc")).await.location(), "/t/luma/tickets", "and nowhere else");
    // Only so many are begun from one place.
    let mut many = house.browser();
    for _ in 0..28 {
        let token = many.get(&luma.path("/sign-in")).await.field("token");
        assert_eq!(many.post(&luma.path("/sign-in/oidc"), &[("token", &token)]).await.status, StatusCode::SEE_OTHER);
    }
    let token = many.get(&luma.path("/sign-in")).await.field("token");
    assert_eq!(
        many.post(&luma.path("/sign-in/oidc"), &[("token", &token)]).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}
