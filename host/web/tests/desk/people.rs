//! Admins see to people: invitations, rights, the record.

use crate::support::{Answer, Browser, House, PASSWORD, Team};
use http::StatusCode;
use posthouse_model::role::Role;
use std::time::Duration;

async fn post(browser: &mut Browser, team: &Team, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(team).await;
    let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(&team.path(path), &fields).await
}

/// The link on the page, without the host.
fn link(page: &Answer) -> String {
    let link = page.text.split("<code class=\"key\">").nth(1).expect("a link").split('<').next().unwrap();
    link.strip_prefix("https://desk.example").expect("the desk's own address").to_owned()
}

async fn welcome(browser: &mut Browser, team: &Team, link: &str, new: &str, again: &str) -> Answer {
    let page = browser.get(link).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let (token, invitation) = (page.field("token"), page.field("invitation"));
    let fields = [("token", token.as_str()), ("invitation", &invitation), ("new", new), ("again", again)];
    browser.post(&team.path("/welcome"), &fields).await
}

#[tokio::test]
async fn somebody_is_invited_and_sets_her_own_password() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    for (email, said) in [("jun@luma.example", "taken"), ("no address", "taken"), ("a b@c", "taken")] {
        let refused = post(&mut eve, &luma, "/people", &[("name", "X"), ("email", email), ("role", "agent")]).await;
        assert!(refused.location().ends_with(said), "{email}: {}", refused.text);
    }
    let fields = [("name", "Wu <b>"), ("email", "Wu@luma.example"), ("role", "lead")];
    let shown = post(&mut eve, &luma, "/people", &fields).await;
    assert!(shown.text.contains("Wu &lt;b&gt;") && shown.text.contains("Hand this link to"), "{}", shown.text);
    let link = link(&shown);
    let mut wu = house.browser();
    assert!(
        wu.sign_in("luma", "wu@luma.example", "", "").await.status != StatusCode::SEE_OTHER,
        "no password fits yet"
    );
    const NEW: &str = "a password of her own";
    for (new, again, words) in
        [(NEW, "another one", "The two new passwords differ"), ("short", "short", "fewer than 10 characters")]
    {
        let refused = welcome(&mut wu, &luma, &link, new, again).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    let forged = wu
        .post(
            "/t/luma/welcome",
            &[("token", "x"), ("invitation", link.split_once('=').unwrap().1), ("new", NEW), ("again", NEW)],
        )
        .await;
    assert_eq!(forged.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = welcome(&mut wu, &luma, &link, NEW, NEW).await;
    assert_eq!(set.location(), "/t/luma/sign-in?welcome=1");
    assert!(wu.get(set.location()).await.text.contains("Your password is set. Sign in."));
    assert_eq!(wu.sign_in("luma", "wu@luma.example", NEW, "").await.status, StatusCode::SEE_OTHER);
    let agent = luma.scope.agent_by_email("wu@luma.example").await.unwrap().unwrap();
    assert_eq!((agent.role, agent.name.as_str()), (Role::Lead, "Wu <b>"));
    // Used up; and another team's link is none.
    let again = house.browser().get(&link).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.text.contains("has been used or has run out"));
    let shown = post(&mut eve, &luma, &format!("/people/{}/invite", agent.id), &[]).await;
    let second = self::link(&shown);
    house.team("other").await;
    assert_eq!(house.browser().get(&second.replace("luma", "other")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(wu.get(&luma.path("/tickets")).await.status, StatusCode::OK, "what she has holds until it is used");
    house.hands.forward(Duration::from_secs(3 * 24 * 3_600));
    assert_eq!(house.browser().get(&second).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rights_are_taken_away_at_once() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let id = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap().id;
    let path = format!("/people/{id}");
    let page = eve.get(&luma.path(&path)).await;
    assert!(page.text.contains("name=\"queue:inbox\"") && page.text.contains("name=\"all\" value=\"1\" checked"));
    let fields = [("name", "Jun"), ("role", "auditor"), ("active", "1"), ("queue:inbox", "1"), ("queue:nobody's", "1")];
    let saved = post(&mut eve, &luma, &path, &fields).await;
    assert!(eve.get(saved.location()).await.text.contains("Saved."));
    let row = luma.scope.agent(id).await.unwrap().unwrap();
    assert_eq!((row.role, row.queues), (Role::Auditor, Some(vec!["inbox".to_owned()])));
    assert!(!jun.get(&luma.path("/tickets")).await.text.contains("/audit"), "who sees some queues audits nothing");
    let ended = post(&mut eve, &luma, &format!("{path}/end-sessions"), &[]).await;
    assert!(eve.get(ended.location()).await.text.contains("All sessions have ended."));
    assert_eq!(jun.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
    let mut jun = house.signed_in(&luma, "jun").await;
    post(&mut eve, &luma, &path, &[("name", "Jun"), ("role", "agent"), ("all", "1")]).await;
    assert_eq!(jun.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER, "she may not sign in any more");
    let off = house.browser().sign_in("luma", "jun@luma.example", PASSWORD, "").await;
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Herself she neither demotes nor locks out.
    let me = luma.scope.agent_by_email("eve@luma.example").await.unwrap().unwrap();
    post(&mut eve, &luma, &format!("/people/{}", me.id), &[("name", "Eve"), ("role", "agent")]).await;
    let me = luma.scope.agent(me.id).await.unwrap().unwrap();
    assert_eq!((me.role, me.active, me.name.as_str()), (Role::Admin, true, "Eve"));
    for verb in ["end-sessions", "reset-second-factor", "delete"] {
        let refused = post(&mut eve, &luma, &format!("/people/{}/{verb}", me.id), &[]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{verb}");
    }
    assert_eq!(eve.get(&luma.path("/people/999")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(eve.get(&luma.path("/people/x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_record_is_looked_through_by_who_may() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let handled = format!("/tickets/{}/handled", waiting.number);
    post(&mut jun, &luma, &handled, &[("reason", "<img src=x> enough")]).await;
    assert_eq!(jun.get(&luma.path("/audit")).await.status, StatusCode::NOT_FOUND);
    let mut ada = house.signed_in(&luma, "ada").await;
    let page = ada.get(&luma.path("/audit?what=ticket.handled")).await;
    assert!(page.text.contains("marked as handled") && page.text.contains("&lt;img src=x&gt;"), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"/t/luma/tickets/{}\"", waiting.number)));
    for (query, found) in [
        ("who=jun%40&what=ticket.", true),
        ("who=mei", false),
        ("ticket=%231", true),
        ("ticket=1&what=ticket.handled", true),
        ("ticket=999", false),
        ("ticket=x", false),
        ("from=2026-03-01&what=ticket.handled", true),
        ("from=2026-03-02", false),
        ("to=2026-03-01&what=ticket.handled", true),
        ("to=2026-02-28", false),
        ("from=nonsense&what=ticket.handled", true),
        ("before=1", false),
        ("before=x&what=ticket.handled", true),
    ] {
        let page = ada.get(&luma.path(&format!("/audit?{query}"))).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(!page.text.contains("Nothing was found."), found, "{query}: {}", page.text);
    }
}
