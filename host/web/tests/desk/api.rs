//! The JSON API: the same acts, the same refusals.

use crate::support::{Answer, Browser, House, Team};
use axum::body::Body;
use http::StatusCode;
use posthouse_model::ticket::TicketStatus;
use serde_json::{Value, json};

async fn call(browser: &mut Browser, team: &Team, csrf: &str, path: &str, body: &Value) -> Answer {
    let request = browser
        .request("POST", &team.path(&format!("/api/{path}")))
        .header("x-csrf-token", csrf)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    browser.send(request).await
}

#[tokio::test]
async fn a_program_reads_approves_and_takes_back() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let me = browser.get(&luma.path("/api/me")).await.json();
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some("jun@luma.example"), Some("agent")));
    assert!(!me.to_string().contains("argon2"));
    let csrf = me["csrf"].as_str().unwrap().to_owned();
    let list = browser.get(&luma.path("/api/tickets?view=waiting")).await.json();
    assert_eq!(list["tickets"][0]["number"], waiting.number);
    assert_eq!(browser.get(&luma.path("/api/counts")).await.json()["views"]["waiting"], 1);
    let detail = browser.get(&luma.path(&format!("/api/tickets/{}", waiting.number))).await.json();
    let draft = &detail["drafts"][0];
    let path = format!("tickets/{}", waiting.number);
    let body = json!({ "draft": draft["id"], "seen": waiting.message, "body": "From a program" });
    assert_eq!(call(&mut browser, &luma, "", &format!("{path}/approve"), &body).await.status, StatusCode::FORBIDDEN);
    let approved = call(&mut browser, &luma, &csrf, &format!("{path}/approve"), &body).await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
    assert_eq!(approved.json()["ticket"]["status"], "sent");
    let outbox = luma.scope.ticket_detail(waiting.number).await.unwrap().outbox;
    assert_eq!(
        (outbox.len(), outbox[0].body.as_str(), outbox[0].subject.as_str()),
        (1, "From a program", "Re: ¿Dónde está?")
    );
    let undone = call(&mut browser, &luma, &csrf, &format!("{path}/undo"), &json!({ "outbox": outbox[0].id })).await;
    assert_eq!(undone.json()["done"], "undone");
    let handled = call(&mut browser, &luma, &csrf, &format!("{path}/handled"), &json!({ "reason": "duplicate" })).await;
    assert_eq!(handled.json()["ticket"]["status"], "handled");
    assert_eq!(luma.scope.ticket(waiting.ticket).await.unwrap().status, TicketStatus::Handled);
}

#[tokio::test]
async fn refusals_are_json_with_words() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.get(&luma.path("/api/me")).await.json()["csrf"].as_str().unwrap().to_owned();
    let path = format!("tickets/{}", waiting.number);
    for (verb, body, status, code) in [
        ("handled", json!({}), 422, "refused"),
        ("handled", json!({ "raeson": "x" }), 400, "malformed"),
        ("undo", json!({}), 400, "malformed"),
        ("undo", json!({ "outbox": 999 }), 404, "not-found"),
        ("approve", json!({ "draft": 999, "body": "x" }), 404, "not-found"),
        ("approve", json!({ "body": "" }), 422, "refused"),
        ("assign", json!({ "agent": 999 }), 422, "refused"),
        ("delete", json!({}), 404, "not-found"),
        ("not-spam", json!({}), 422, "refused"),
    ] {
        let answer = call(&mut browser, &luma, &csrf, &format!("{path}/{verb}"), &body).await;
        assert_eq!(answer.status.as_u16(), status, "{verb} {body}: {}", answer.text);
        assert_eq!(answer.json()["error"], code, "{verb} {body}");
        assert!(!answer.json()["message"].as_str().unwrap().is_empty());
    }
    let stranger = house.browser().get(&luma.path("/api/tickets")).await;
    assert_eq!(stranger.json()["sign_in"], "/t/luma/sign-in");
}
