//! Saved views: made without a script, refused where they are wrong, seen by whom they are for.

use crate::support::{Answer, Browser, House, Team};
use http::StatusCode;
use serde_json::json;

async fn send(browser: &mut Browser, luma: &Team, to: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(luma).await;
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    browser.post(&luma.path(to), &fields).await
}

#[tokio::test]
async fn a_view_is_put_together_with_plain_forms() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let blank = jun.get(&luma.path("/views/new")).await;
    assert!(blank.text.contains("name=\"c.0/waiting\" value=\"on\" checked"), "{}", blank.text);
    let begun = [("name", "Vips"), ("sort", "newest"), ("g", "all"), ("k.0", "status"), ("c.0/waiting", "on")];
    // A test is added to the group whose button it was, a group within it, and one is taken out again.
    let with = |more: &[(&'static str, &'static str)]| begun.iter().chain(more).copied().collect::<Vec<_>>();
    let added = send(&mut jun, &luma, "/views/new", &with(&[("n", "tag"), ("do", "add")])).await;
    assert_eq!(added.status, StatusCode::OK);
    assert!(added.text.contains("name=\"k.1\" value=\"tag\"") && added.text.contains("value=\"Vips\""));
    let grouped = send(&mut jun, &luma, "/views/new", &with(&[("do", "group")])).await;
    assert!(grouped.text.contains("name=\"g.1\"") && grouped.text.contains("name=\"k.1.0\""));
    let dropped = send(&mut jun, &luma, "/views/new", &with(&[("do", "drop.0")])).await;
    assert!(!dropped.text.contains("name=\"k.0\""));
    // What is wrong is said where it is wrong, and nothing is lost.
    let wrong = send(
        &mut jun,
        &luma,
        "/views/new",
        &with(&[("k.1", "due-within"), ("v.1", "soon"), ("u.1", "d"), ("do", "save")]),
    )
    .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Write a whole number") && wrong.text.contains("value=\"soon\""), "{}", wrong.text);
    let kept = send(
        &mut jun,
        &luma,
        "/views/new",
        &with(&[
            ("g.1", "any"),
            ("k.1.0", "urgency"),
            ("c.1.0/urgent", "on"),
            ("k.1.1", "tag"),
            ("v.1.1", "vip, 退款"),
            ("do", "save"),
        ]),
    )
    .await;
    assert_eq!((kept.status, kept.location()), (StatusCode::SEE_OTHER, "/t/luma/tickets?saved=1"), "{}", kept.text);
    let list = jun.get(kept.location()).await;
    assert!(
        list.text.contains("aria-current=\"true\">Vips") && list.text.matches("<li class=\"row").count() == 1,
        "{}",
        list.text
    );
    // A ticket opened from it stays within it.
    assert!(list.text.contains("/tickets/1?saved=1"));
    let page = jun.get(&luma.path("/views/1")).await;
    assert!(
        page.text.contains("value=\"vip, 退款\"") && page.text.contains("name=\"c.1.0/urgent\" value=\"on\" checked")
    );
    let gone = send(&mut jun, &luma, "/views/1", &[("do", "delete")]).await;
    assert_eq!(gone.location(), "/t/luma/views");
    // The bookmark still opens.
    assert_eq!(jun.get("/t/luma/tickets?saved=1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn views_are_private_or_shared_by_leads() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let (mut jun, mut mei) = (house.signed_in(&luma, "jun").await, house.signed_in(&luma, "mei").await);
    let form =
        [("name", "Team <b>"), ("sort", "due"), ("g", "all"), ("k.0", "overdue"), ("shared", "on"), ("do", "save")];
    let refused = send(&mut jun, &luma, "/views/new", &form).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("Only leads"));
    assert_eq!(send(&mut mei, &luma, "/views/new", &form).await.status, StatusCode::SEE_OTHER);
    let list = jun.get(&luma.path("/views")).await;
    assert!(
        list.text.contains("Team &lt;b&gt;") && !list.text.contains("href=\"/t/luma/views/1\""),
        "seen, not changed"
    );
    assert_eq!(jun.get(&luma.path("/views/1")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&mut jun, &luma, "/views/1", &[("do", "delete")]).await.status, StatusCode::NOT_FOUND);
    // From an older page: said, and the form keeps what was made.
    let old = [
        ("version", "0"),
        ("name", "Mine now"),
        ("sort", "due"),
        ("g", "all"),
        ("k.0", "overdue"),
        ("shared", "on"),
        ("do", "save"),
    ];
    let conflict = send(&mut mei, &luma, "/views/1", &old).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    assert!(conflict.text.contains("value=\"Mine now\"") && conflict.text.contains("name=\"version\" value=\"1\""));
    let mut ada = house.signed_in(&luma, "ada").await;
    assert_eq!(ada.get(&luma.path("/views")).await.status, StatusCode::OK);
    assert_eq!(ada.get(&luma.path("/views/new")).await.status, StatusCode::NOT_FOUND, "an auditor makes none");
}

#[tokio::test]
async fn a_form_without_an_end_is_cut() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let mut fields = vec![("name".to_owned(), "x".to_owned()), ("do".to_owned(), "save".to_owned())];
    let mut path = String::new();
    for _ in 0..500 {
        fields.push((format!("g{path}"), "all".to_owned()));
        path.push_str(".0");
    }
    let deep: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = send(&mut jun, &luma, "/views/new", &deep).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("deep within each other"), "{}", answer.text);
    let wide: Vec<_> = (0..500).map(|n| (format!("k.{n}"), "overdue".to_owned())).collect();
    let wide: Vec<_> = wide
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([("g", "all"), ("name", "x"), ("do", "save")])
        .collect();
    let answer = send(&mut jun, &luma, "/views/new", &wide).await;
    assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.text.contains("more than 30 conditions"));
    for step in ["add.9.9.9", "drop.7", "drop", "nonsense", "add.x", "group.0.0.0.0.0.0.0"] {
        let answer = send(&mut jun, &luma, "/views/new", &[("g", "all"), ("do", step)]).await;
        assert!(answer.status.as_u16() < 500, "{step}: {}", answer.status);
    }
}

#[tokio::test]
async fn programs_make_views_too() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let body = json!({ "name": "Urgent", "sort": "due", "filter": { "all": [{ "urgency": ["urgent"] }, { "status": ["waiting"] }] } });
    let made = jun.post_json(&luma, "/api/views", &body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(made.json()["view"]["filter"], body["filter"]);
    let listed = jun.get(&luma.path("/api/tickets?saved=1")).await.json();
    assert_eq!(listed["tickets"].as_array().unwrap().len(), 1);
    for (bad, status) in [
        (json!({ "name": "x", "sort": "due", "filter": { "all": [] } }), 422),
        (json!({ "name": "x", "sort": "due", "filter": { "nothing": [] } }), 400),
        (json!({ "name": "x", "sort": "up", "filter": "overdue" }), 400),
        (json!({ "name": "", "sort": "due", "filter": "overdue" }), 422),
        (json!({ "name": "x", "sort": "due", "filter": "overdue", "more": 1 }), 400),
        (json!({ "name": "x", "sort": "due", "filter": "overdue", "shared": true }), 422),
    ] {
        assert_eq!(jun.post_json(&luma, "/api/views", &bad).await.status.as_u16(), status, "{bad}");
    }
    let changed = jun
        .post_json(
            &luma,
            "/api/views/1",
            &json!({ "name": "Now", "sort": "oldest", "filter": "overdue", "version": 1 }),
        )
        .await;
    assert_eq!((changed.status, changed.json()["view"]["name"].as_str()), (StatusCode::OK, Some("Now")));
    let late = jun
        .post_json(
            &luma,
            "/api/views/1",
            &json!({ "name": "Old", "sort": "oldest", "filter": "overdue", "version": 1 }),
        )
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(jun.post_json(&luma, "/api/views/1/delete", &json!({})).await.status, StatusCode::OK);
    assert!(jun.get(&luma.path("/api/views")).await.json()["views"].as_array().unwrap().is_empty());
}
