//! Signing in and out: sessions, tokens, limits, where one comes back to.

use crate::support::{House, PASSWORD};
use axum::body::Body;
use http::{StatusCode, header};
use posthouse_model::Clock as _;
use std::time::Duration;

#[tokio::test]
async fn the_link_of_a_chat_card_leads_to_its_ticket() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.browser();
    let link = luma.path(&format!("/tickets/{}", waiting.number));
    let asked = browser.get(&link).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let form = browser.get(asked.location()).await;
    let next = form.field("next");
    assert_eq!(next, link);
    let entered = browser.sign_in("luma", "MEI@luma.example", PASSWORD, &next).await;
    assert_eq!(entered.location(), link);
    let page = browser.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("¿Dónde está?"));
    // Signed in already: the sign-in page goes on by itself.
    assert_eq!(browser.get(&luma.path("/sign-in")).await.location(), "/t/luma/tickets");
}

#[tokio::test]
async fn next_leads_nowhere_else() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "/t/luma//evil.example",
        "/t/other/tickets",
        "/t/luma/../other",
        "/t/luma/sign-out",
        "javascript:alert(1)",
        "/\\evil.example",
    ] {
        let mut browser = house.browser();
        let answer = browser.sign_in(luma.slug, "mei@luma.example", PASSWORD, evil).await;
        assert_eq!(answer.location(), "/t/luma/tickets", "{evil}");
    }
}

#[tokio::test]
async fn wrong_tries_run_out_and_tell_nothing() {
    let house = House::new().await;
    house.team("luma").await;
    let mut browser = house.browser();
    let wrong = browser.sign_in("luma", "mei@luma.example", "not her password", "").await;
    let nobody = browser.sign_in("luma", "nobody@luma.example", "not her password", "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let strip = |text: &str| text.replace("mei@", "x@").replace("nobody@", "x@");
    assert_eq!(strip(&wrong.text), strip(&nobody.text), "the answer tells who exists");
    for _ in 0..4 {
        browser.sign_in("luma", "mei@luma.example", "not her password", "").await;
    }
    let limited = browser.sign_in("luma", "mei@luma.example", PASSWORD, "").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.text.contains("Wait 15 min") && !limited.header("retry-after").is_empty());
    house.hands.forward(Duration::from_secs(901));
    assert_eq!(browser.sign_in("luma", "mei@luma.example", PASSWORD, "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_is_new_ends_and_cannot_be_planted() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut browser = house.browser();
    let planted = "a".repeat(64);
    browser.cookies.insert(("posthouse_session".into(), "/t/luma".into()), planted.clone());
    browser.sign_in("luma", "mei@luma.example", PASSWORD, "").await;
    let session = browser.cookies[&("posthouse_session".to_owned(), "/t/luma".to_owned())].clone();
    assert_ne!(session, planted);
    let csrf = browser.csrf(&luma).await;
    let kept = browser.clone();
    let out = browser.post(&luma.path("/sign-out"), &[("csrf", &csrf)]).await;
    assert_eq!(out.location(), "/t/luma/sign-in?out=1");
    assert!(browser.get(out.location()).await.text.contains("You are signed out."));
    // The token is worth nothing any more, wherever it was copied to.
    assert_eq!(kept.clone().get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
    let mut again = house.signed_in(&luma, "mei").await;
    assert_eq!(again.get(&luma.path("/tickets")).await.status, StatusCode::OK);
    house.hands.forward(Duration::from_secs(8 * 24 * 3_600));
    assert_eq!(again.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_sign_in_form_cannot_be_posted_from_elsewhere() {
    let house = House::new().await;
    house.team("luma").await;
    let mut browser = house.browser();
    let fields = [("email", "mei@luma.example"), ("password", PASSWORD)];
    assert_eq!(browser.post("/t/luma/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
    let token = browser.get("/t/luma/sign-in").await.field("token");
    for origin in ["https://evil.example", "null"] {
        let request = browser
            .request("POST", "/t/luma/sign-in")
            .header(header::ORIGIN, origin)
            .body(Body::from(format!("token={token}&email=mei%40luma.example&password=post+horses+at+dawn")))
            .unwrap();
        assert_eq!(browser.send(request).await.status, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn forms_need_the_session_s_token_and_lose_no_text_without_it() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "mei").await;
    let other = house.signed_in(&luma, "jun").await.csrf(&luma).await;
    let path = luma.path(&format!("/tickets/{}/approve", waiting.number));
    for csrf in ["", "x", other.as_str()] {
        let answer = browser.post(&path, &[("csrf", csrf), ("body", "long typed words")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
        assert!(answer.text.contains("long typed words"), "what was typed is lost");
    }
    let own = browser.csrf(&luma).await;
    let request = browser
        .request("POST", &path)
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("csrf={own}&body=x")))
        .unwrap();
    assert_eq!(browser.send(request).await.status, StatusCode::FORBIDDEN);
    assert!(luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.is_empty());
    // The session ended while she wrote.
    let mut gone = house.browser();
    let answer = gone.post(&path, &[("csrf", &own), ("body", "long typed words <b>")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("long typed words &lt;b&gt;"));
    assert_eq!(answer.field("next"), luma.path(&format!("/tickets/{}", waiting.number)));
}

#[tokio::test]
async fn the_first_page_names_no_team_unless_told() {
    let house = House::new().await;
    house.team("luma").await;
    let mut browser = house.browser();
    assert_eq!(browser.get("/").await.location(), "/t/luma/tickets");
    house.team("other").await;
    let page = browser.get("/").await;
    assert!(!page.text.contains("luma") && !page.text.contains("other.example"));
    assert_eq!(browser.get("/?team=Luma").await.location(), "/t/luma/tickets");
    let unknown = browser.get("/?team=nobody").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text.contains("no team of this name"));
    assert!(browser.get("/?language=zh").await.text.contains("哪个团队"));
    assert!(browser.get("/").await.text.contains("哪个团队"), "the choice is not kept");
    browser.cookies.clear();
    browser.headers.insert(header::ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9".parse().unwrap());
    assert!(browser.get("/t/luma/sign-in").await.text.contains("登录"));
}

#[tokio::test]
async fn a_cards_link_leads_to_its_ticket_and_lets_nobody_in() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let other = house.team("other").await;
    let waiting = luma.waiting("one").await;
    let end = house.hands.now().plus(Duration::from_secs(60)).seconds();
    let link = luma.path(&format!("/r/luma.{}.{end}", waiting.number));
    let ticket = luma.path(&format!("/tickets/{}", waiting.number));
    let mut stranger = house.browser();
    assert_eq!(stranger.get(&link).await.location(), ticket);
    assert!(stranger.get(&ticket).await.location().starts_with(&luma.path("/sign-in?next=")), "and there one signs in");
    for wrong in [other.path(&format!("/r/luma.{}.{end}", waiting.number)), luma.path("/r/x"), luma.path("/r/luma..1")]
    {
        assert_eq!(stranger.get(&wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    house.hands.forward(Duration::from_secs(61));
    let mut mei = house.signed_in(&luma, "mei").await;
    for browser in [&mut stranger, &mut mei] {
        let late = browser.get(&link).await;
        assert_eq!(late.status, StatusCode::GONE);
        assert!(late.text.contains("This link has expired") && !late.text.contains(&ticket), "{}", late.text);
    }
}
