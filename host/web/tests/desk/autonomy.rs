//! The page of earned autonomy, and a reply that goes out by itself.

use crate::support::{Browser, DRAFT, House, Team, Waiting, host};
use http::StatusCode;
use posthouse_model::autonomy::{Compared, Level, Never};
use posthouse_model::config::{BarConfig, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_store::{Approval, NewAutonomyDraft, NewTenant};
use serde_json::json;
use std::time::Duration;

async fn house() -> (House, Team) {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut config = TenantConfig::new("luma", "Team luma");
    let bar = BarConfig { compared: 1, unchanged_percent: 1, rejected_percent: 100 };
    (config.autonomy.suggested, config.autonomy.sampled, config.autonomy.automatic) = (bar, bar, bar);
    let tenant = NewTenant {
        slug: "luma".into(),
        name: config.name.clone(),
        language: "en".into(),
        time_zone: "UTC".into(),
        settings: serde_json::to_value(&config).unwrap(),
        digest: "autonomy".into(),
    };
    house.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
    (house, luma)
}

/// A ticket whose draft would be sent, but for these reasons.
async fn noted(luma: &Team, id: &str, never: &[Never]) -> Waiting {
    let waiting = luma.waiting(id).await;
    let draft = luma.scope.drafts(waiting.ticket).await.unwrap()[0].id;
    let mut tx = luma.scope.begin().await.unwrap();
    tx.note_autonomy(&NewAutonomyDraft { ticket: waiting.ticket, draft, category: "shipping", never }).await.unwrap();
    tx.commit().await.unwrap();
    waiting
}

async fn act(browser: &mut Browser, luma: &Team, fields: &[(&str, &str)]) -> String {
    let csrf = browser.csrf(luma).await;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    let answer = browser.post(&luma.path("/autonomy"), &all).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = browser.get(answer.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    page.text
}

async fn level(luma: &Team) -> Level {
    luma.scope.autonomy_level("shipping").await.unwrap().level
}

const PROMOTE: [(&str, &str); 3] = [("verb", "promote"), ("category", "shipping"), ("from", "manual")];

#[tokio::test]
async fn a_lead_looks_at_what_was_measured_and_agrees() {
    let (house, luma) = house().await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let page = mei.get(&luma.path("/autonomy")).await;
    assert!(
        page.text.contains("Nothing has been compared yet") && page.text.contains("0 of 1 comparisons"),
        "{}",
        page.text
    );

    let same = noted(&luma, "a", &[]).await;
    let edited = noted(&luma, "b", &[]).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let sent = jun.reply(&luma, same.number, "approve", &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let other = DRAFT.replace("está en camino", "<b>llega mañana</b>");
    jun.reply(&luma, edited.number, "approve", &[("body", &other)]).await;

    let page = mei.get(&luma.path("/autonomy")).await;
    for words in [
        "Of 2 drafts that would have been sent, agents sent 1 as they were, changed 1, and did not send 0.",
        "50 % unchanged, 50 % edited, 0 % not sent",
        "With 95 % confidence, at least 12",
        "Go on to: suggested",
        "<ins>",
        "&lt;b&gt;llega",
        ">jun</td>",
    ] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(!page.text.contains("<b>llega"), "what customers and agents write is never markup");

    // Without consent nothing happens, nor on a level that she did not see.
    assert!(act(&mut mei, &luma, &PROMOTE).await.contains("tick that you agree"));
    assert_eq!(level(&luma).await, Level::Manual);
    let agreed = [&PROMOTE[..], &[("consent", "yes")]].concat();
    assert!(act(&mut mei, &luma, &agreed).await.contains("It is a step up."));
    assert_eq!(level(&luma).await, Level::Suggested);
    assert!(act(&mut mei, &luma, &agreed).await.contains("nothing was changed"), "a double click");
    assert_eq!(level(&luma).await, Level::Suggested);
    let steps = luma.scope.autonomy_steps(None, 5).await.unwrap();
    assert_eq!((steps.len(), steps[0].actor.as_str()), (1, "agent:mei@luma.example"));

    // The ticket says what would go out, and what a person must read.
    let would = noted(&luma, "c", &[]).await;
    let must = noted(&luma, "d", &[Never::Legal, Never::Files]).await;
    let page = jun.get(&luma.path(&format!("/tickets/{}", would.number))).await;
    assert!(page.text.contains("The first draft would have been sent by itself"), "{}", page.text);
    let page = jun.get(&luma.path(&format!("/tickets/{}", must.number))).await;
    assert!(page.text.contains("lawyers or courts are spoken of, the mail carries files"), "{}", page.text);

    assert!(
        act(&mut mei, &luma, &[("verb", "demote"), ("category", "shipping"), ("to", "manual")])
            .await
            .contains("taken back")
    );
    assert_eq!(level(&luma).await, Level::Manual);
    let page = mei.get(&luma.path("/autonomy")).await;
    assert!(page.text.contains("suggested → people answer: taken back by hand, "), "{}", page.text);
}

#[tokio::test]
async fn leads_and_admins_alone_see_it_and_it_speaks_both_languages() {
    let (house, luma) = house().await;
    for (name, status) in [
        ("eve", StatusCode::OK),
        ("mei", StatusCode::OK),
        ("jun", StatusCode::NOT_FOUND),
        ("ada", StatusCode::NOT_FOUND),
    ] {
        let mut browser = house.signed_in(&luma, name).await;
        assert_eq!(browser.get(&luma.path("/autonomy")).await.status, status, "{name}");
        let csrf = browser.csrf(&luma).await;
        let stop = browser.post(&luma.path("/autonomy"), &[("csrf", &csrf), ("verb", "stop")]).await;
        let done = if status == StatusCode::OK { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
        assert_eq!(stop.status, done, "{name}");
        let page = browser.get(&luma.path("/tickets")).await;
        assert_eq!(page.text.contains("/t/luma/autonomy"), status == StatusCode::OK, "{name}");
    }
    let mut mei = house.signed_in(&luma, "mei").await;
    let csrf = mei.csrf(&luma).await;
    mei.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh"), ("back", "/t/luma/autonomy")]).await;
    let page = mei.get(&luma.path("/autonomy")).await;
    assert!(
        page.text.contains("自动回复") && page.text.contains("恢复自动回复") && page.text.contains("尚无比对数据"),
        "{}",
        page.text
    );
    let odd = mei.post(&luma.path("/autonomy"), &[("csrf", &csrf), ("verb", "explode")]).await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
    let odd = mei
        .post(&luma.path("/autonomy"), &[("csrf", &csrf), ("verb", "demote"), ("category", "shipping"), ("to", "god")])
        .await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_reply_that_leaves_by_itself_is_seen_and_stopped() {
    let (house, luma) = house().await;
    let waiting = noted(&luma, "a", &[]).await;
    let draft = luma.scope.drafts(waiting.ticket).await.unwrap()[0].id;
    let approval = Approval {
        ticket: waiting.ticket,
        draft,
        seen: None,
        subject: "Re: x".into(),
        body: DRAFT.into(),
        to: vec![Address { name: None, address: "ana@customer.example".into() }],
        cc: vec![],
        undo: Duration::from_secs(600),
        send_at: None,
        message_id: "auto@luma.example".into(),
        automatic: true,
    };
    let mut tx = luma.scope.begin().await.unwrap();
    let outbox = tx.approve(&approval, &Actor::Host("autonomy".into())).await.unwrap();
    tx.commit().await.unwrap();

    let mut jun = house.signed_in(&luma, "jun").await;
    let ticket = jun.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    let list = jun.get(&luma.path("/tickets?view=sent")).await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let page = mei.get(&luma.path("/autonomy")).await;
    for (name, page) in [("ticket", &ticket), ("list", &list), ("page", &page)] {
        assert!(
            page.text.contains("goes out by itself at") && page.text.contains("data-until-ms"),
            "{name}: {}",
            page.text
        );
    }
    assert!(ticket.text.contains("Stop it"), "{}", ticket.text);
    let csrf = ticket.field("csrf");
    let path = luma.path(&format!("/tickets/{}/undo", waiting.number));
    let stopped = jun.post(&path, &[("csrf", &csrf), ("outbox", &outbox.to_string())]).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
    assert_eq!(luma.scope.outbox(outbox).await.unwrap().state, OutboxState::Cancelled);
    let noted = luma.scope.autonomy_draft(waiting.ticket).await.unwrap().unwrap();
    assert_eq!((noted.compared, noted.answered_by.as_deref()), (Compared::Rejected, Some("agent:jun@luma.example")));
    let page = mei.get(&luma.path("/autonomy")).await;
    assert!(page.text.contains("Nothing is about to go out by itself."), "{}", page.text);
}

#[tokio::test]
async fn the_switch_says_who_and_why() {
    let (house, luma) = house().await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let page = act(&mut mei, &luma, &[("verb", "stop"), ("reason", "<i>bad</i> template")]).await;
    assert!(
        page.contains("mei stopped all automatic replies") && page.contains("&lt;i&gt;bad&lt;/i&gt; template"),
        "{page}"
    );
    assert!(luma.scope.autonomy_stop().await.unwrap().is_some());
    let page = act(&mut mei, &luma, &[("verb", "go")]).await;
    assert!(page.contains("Automatic replies go on.") && page.contains("Stop all automatic replies"), "{page}");
    assert!(luma.scope.autonomy_stop().await.unwrap().is_none());
    // What the operator stopped, a lead does not let go on.
    house.store.stop_house_autonomy("update", &Actor::Operator).await.unwrap();
    let page = act(&mut mei, &luma, &[("verb", "go")]).await;
    assert!(page.contains("Only the operator lets them go on"), "{page}");
    assert!(!luma.scope.autonomy_sends("shipping").await.unwrap());
    let mut tx = luma.scope.begin().await.unwrap();
    tx.acknowledge_autonomy("shipping", &host()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn programs_look_stop_and_take_back_and_cannot_promote() {
    let (house, luma) = house().await;
    let same = noted(&luma, "a", &[]).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    jun.reply(&luma, same.number, "approve", &[]).await;
    let mut mei = house.signed_in(&luma, "mei").await;
    act(&mut mei, &luma, &[PROMOTE[0], PROMOTE[1], PROMOTE[2], ("consent", "yes")]).await;

    let seen = mei.get(&luma.path("/api/autonomy")).await.json();
    let shipping =
        seen["categories"].as_array().unwrap().iter().find(|one| one["category"] == "shipping").unwrap().clone();
    assert_eq!((&shipping["level"], &shipping["unchanged"]), (&"suggested".into(), &1.into()), "{seen:#}");
    let bound = shipping["unchanged_at_least"].as_f64().unwrap();
    assert!(bound > 0.1 && bound < 0.9, "one of one is little: {bound}");
    assert!(seen["stopped"].is_null());

    let stopped = mei.post_json(&luma, "/api/autonomy/stop", &json!({ "reason": "wrong template" })).await.json();
    assert_eq!(stopped["stopped"]["reason"], "wrong template", "{stopped:#}");
    let going = mei.post_json(&luma, "/api/autonomy/go", &json!({})).await.json();
    assert!(going["stopped"].is_null());
    let demote = json!({ "category": "shipping", "to": "manual" });
    assert_eq!(mei.post_json(&luma, "/api/autonomy/demote", &demote).await.status, StatusCode::OK);
    assert_eq!(level(&luma).await, Level::Manual);

    let again = mei.post_json(&luma, "/api/autonomy/demote", &demote).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it is there already");
    let up = mei.post_json(&luma, "/api/autonomy/promote", &json!({ "category": "shipping" })).await;
    assert_eq!(up.status, StatusCode::NOT_FOUND);
    let odd = mei.post_json(&luma, "/api/autonomy/stop", &json!({ "why": "x" })).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    // Agents neither look nor act.
    assert_eq!(jun.get(&luma.path("/api/autonomy")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(jun.post_json(&luma, "/api/autonomy/stop", &json!({})).await.status, StatusCode::NOT_FOUND);
}
