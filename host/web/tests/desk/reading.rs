//! What the pages show.

use crate::support::{BODY, House, Team, file, host, mail};
use http::StatusCode;
use posthouse_model::Timestamp;
use posthouse_model::decision::{CallCost, NewDecision, World};
use posthouse_model::outbox::SubmitOutcome;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::Outcome;
use posthouse_store::{Intake, OutboxLease, Source};
use std::time::Duration;

#[tokio::test]
async fn the_review_page_says_all_there_is_to_know() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut tx = luma.scope.begin().await.unwrap();
    let decision = NewDecision {
        ticket: Some(waiting.ticket),
        message: Some(waiting.message),
        world: World::Classifier,
        plugin: "classifier".into(),
        version: "1.2.0".into(),
        digest: "5f2b9a1c77d0".into(),
        input_hash: String::new(),
        output: Some(serde_json::json!({
            "category": { "value": "shipping", "confidence": 0.93 },
            "evidence": [{ "kind": "match", "rule": "where-is-it", "words": "no ha llegado", "span": null }],
        })),
        error: None,
        host_calls: vec![],
        cost: CallCost { duration_us: 48, memory_bytes: 0 },
        call: Default::default(),
        log: Vec::new(),
        changes: posthouse_model::keep::Changes::default(),
    };
    tx.add_decision(&decision, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    for part in [
        "<mark class=\"entity whole\" title=\"order number · 99 % sure\">1042-88</mark>",
        "their time 04:22 (UTC+1)",
        "data-ask=\"¿Nos envía una foto?\"",
        "from template shipping-es",
        "Why here?",
        "shipping, 93 % sure",
        "because of “no ha llegado”",
        "took 48 µs",
        "ticket made",
        "Queue leads",
    ] {
        assert!(page.text.contains(part), "{part} is not on the page");
    }
    // The list stands beside it, with this ticket marked.
    assert!(page.text.contains(&format!("/tickets/{}\" aria-current=\"true\"", waiting.number)));
}

#[tokio::test]
async fn both_languages_all_pages() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.csrf(&luma).await;
    let pages = [
        luma.path("/tickets"),
        luma.path(&format!("/tickets/{}", waiting.number)),
        luma.path("/status"),
        luma.path("/messages"),
    ];
    let back = pages[1].clone();
    let switched =
        browser.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh"), ("back", &back)]).await;
    assert_eq!(switched.location(), back);
    for path in &pages {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("<html lang=\"zh-CN\""), "{path}");
        assert!(!page.text.contains(">Tickets<") && page.text.contains("工单"), "{path}");
    }
    // The agent's own setting: it is there on the next device too, and nobody else's.
    assert!(house.signed_in(&luma, "jun").await.get(&pages[0]).await.text.contains("待审"));
    assert!(house.signed_in(&luma, "mei").await.get(&pages[0]).await.text.contains("Waiting"));
    let csrf = browser.csrf(&luma).await;
    let dark = browser
        .post(&luma.path("/me/theme"), &[("csrf", &csrf), ("theme", "dark"), ("back", "https://evil.example")])
        .await;
    assert_eq!(dark.location(), "/t/luma/tickets");
    assert!(browser.get(&pages[0]).await.text.contains("data-theme=\"dark\""));
}

#[tokio::test]
async fn views_filters_and_pages() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    for i in 0..60 {
        let mut read = mail(&format!("m{i}"), &format!("Subject {i}"), BODY);
        read.from.as_mut().unwrap().address = format!("c{i}@customer.example");
        luma.sorted(read, b"raw", vec![]).await;
        house.hands.forward(Duration::from_secs(1));
    }
    luma.take(mail("fresh", "Just in", "x"), b"raw").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let first = browser.get(&luma.path("/tickets")).await;
    assert_eq!(first.text.matches("<li class=\"row").count(), 50);
    assert!(first.text.contains("60 waiting"));
    let older =
        first.text.split("class=\"older\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = browser.get(&older).await;
    assert_eq!(second.text.matches("<li class=\"row").count(), 10);
    assert!(second.text.contains("Back to the newest"));
    for (query, rows) in [
        ("view=new", 1),
        ("view=urgent", 50),
        ("view=sent", 0),
        ("q=c7%40customer.example", 1),
        ("q=nothing+like+this", 0),
        ("category=refund", 0),
        ("urgency=urgent&language=es&queue=leads", 50),
        ("language=de", 0),
        ("view=all&q=Just", 1),
        ("after=nonsense", 50),
    ] {
        let page = browser.get(&luma.path(&format!("/tickets?{query}"))).await;
        if query == "after=nonsense" {
            assert!(!page.status.is_server_error(), "{query}: {}", page.status);
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(page.text.matches("<li class=\"row").count(), rows, "{query}");
    }
}

#[tokio::test]
async fn files_are_saved_and_only_true_pictures_are_shown() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut read = mail("one", "photos", "see below");
    let png: &[u8] = b"\x89PNG picture";
    let script: &[u8] = b"<script>alert(1)</script>";
    read.attachments = vec![
        file("photo.png", "image/png", 0, png),
        file("evil.png", "image/png", 1, script),
        file("../../x\"\r\n.html", "text/html", 2, script),
        file("../notes.txt", "text/plain", 3, script),
        file("zeros.txt", "text/plain", 4, b"a\0b"),
    ];
    let raw = [png, script, script, script, b"a\0b"].join(&b'\n');
    let waiting = luma.sorted(read, &raw, vec![]).await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let at = |part: &str| luma.path(&format!("/messages/{}/attachments/{part}", waiting.message));
    let shown = browser.get(&at("0?show")).await;
    assert_eq!(
        (shown.header("content-type"), shown.header("content-disposition").starts_with("inline")),
        ("image/png", true)
    );
    assert_eq!(shown.bytes, png);
    // Plain text is looked at as text, whatever it says, and within a sandbox; what is no text is saved.
    let text = browser.get(&at("3?show")).await;
    assert_eq!((text.header("content-type"), text.bytes.as_slice()), ("text/plain; charset=utf-8", script));
    assert_eq!(text.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(text.header("x-content-type-options"), "nosniff");
    assert!(!text.header("content-disposition").contains(['/', '\\']));
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert_eq!(page.text.matches("Look into ").count(), 2, "{}", page.text);
    for part in ["0", "1", "1?show", "2", "2?show", "3", "4", "4?show"] {
        let saved = browser.get(&at(part)).await;
        assert_eq!(saved.header("content-type"), "application/octet-stream", "{part}");
        assert!(saved.header("content-disposition").starts_with("attachment; filename=\""), "{part}");
        assert_eq!(saved.header("content-security-policy"), "default-src 'none'; sandbox", "{part}");
    }
    assert!(!browser.get(&at("2")).await.header("content-disposition").contains(['/', '\\']));
    assert_eq!(browser.get(&at("5")).await.status, StatusCode::NOT_FOUND);
    let raw_mail = browser.get(&luma.path(&format!("/messages/{}/raw", waiting.message))).await;
    assert_eq!(raw_mail.bytes, raw);
    assert!(raw_mail.header("content-disposition").contains(".eml"));
}

#[tokio::test]
async fn a_failed_sending_is_told_and_decided_by_hand() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    browser.reply(&luma, waiting.number, "approve", &[("body", "Hello")]).await;
    house.hands.forward(Duration::from_secs(20));
    let row = luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.remove(0);
    let lease = luma.scope.lease_outbox(row.id, "w", Duration::from_secs(60)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    let outcome = SubmitOutcome::Uncertain { reason: "broke after the final dot".into() };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.settle_outbox(
        row.id,
        mail.attempt,
        &[(mail.row.recipients[0].address.clone(), outcome)],
        b"raw",
        false,
        &host(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("it may or may not have gone out") && page.text.contains("broke after the final dot"),
        "{}",
        page.text
    );
    let fields = [("csrf", page.field("csrf")), ("outbox", row.id.to_string()), ("to", "sent".into())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(browser.post(&format!("{path}/resolve"), &fields).await.status, StatusCode::SEE_OTHER);
    assert!(!browser.get(&path).await.text.contains("it may or may not have gone out"));
    let again = browser.post(&format!("{path}/resolve"), &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// A mail that was too large to fetch.
fn too_large(team: &Team, at: Timestamp, subject: &str, words: &str) -> Intake {
    Intake {
        mailbox: team.mailbox,
        source: Source { folder: "INBOX".into(), key: "big".into() },
        raw: b"x".to_vec(),
        received_at: at,
        read: mail("big", subject, ""),
        parked: Some(Reason::new(ReasonCode::TooLarge, words)),
        ticket_number: None,
        relayed: None,
    }
}

#[tokio::test]
async fn the_mail_log_shows_what_became_no_ticket() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut tx = luma.scope.begin().await.unwrap();
    tx.intake(&too_large(&luma, tx.now(), "<b>huge</b>", "61 MB is more than this host reads"), &host()).await.unwrap();
    tx.open_incident("mailbox:help", "help@luma.example: the server refuses the password", &host()).await.unwrap();
    tx.commit().await.unwrap();
    luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "ada").await;
    let log = browser.get(&luma.path("/messages")).await;
    assert!(
        log.text.contains("61 MB is more than this host reads") && log.text.contains("&lt;b&gt;huge"),
        "{}",
        log.text
    );
    assert!(log.text.contains("2026-03-01"), "the ledger has today's line");
    assert!(log.text.contains("S31") && log.text.contains("too large to fetch"), "by number and in words");
    assert!(!log.text.contains("take-up"), "an auditor only looks");
    let status = browser.get(&luma.path("/status")).await;
    assert!(status.text.contains("the server refuses the password") && status.text.contains("help@luma.example"));
    assert!(status.text.contains("No plugin is installed"));
}

#[tokio::test]
async fn one_click_on_the_mail_log_makes_a_ticket() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut tx = luma.scope.begin().await.unwrap();
    tx.intake(&too_large(&luma, tx.now(), "huge", "61 MB"), &host()).await.unwrap();
    tx.commit().await.unwrap();
    let id = luma.scope.messages_by_outcome(Outcome::Parked, None, 1).await.unwrap()[0].id;
    let mut browser = house.signed_in(&luma, "jun").await;
    let path = luma.path(&format!("/messages/{id}/take-up"));
    assert!(browser.get(&luma.path("/messages")).await.text.contains(&path));
    let csrf = browser.csrf(&luma).await;
    // A second click leads there too.
    for _ in 0..2 {
        let taken = browser.post(&path, &[("csrf", &csrf)]).await;
        assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, &*luma.path("/tickets/1")));
    }
    let ticket = browser.get(&luma.path("/tickets/1")).await;
    assert!(ticket.text.contains("S31") && ticket.text.contains("61 MB"), "why it had been left out is on the mail");
    assert!(!browser.get(&luma.path("/messages")).await.text.contains("61 MB"));

    // Spam and automatic mail have their own lists, and what was let go says so and has no button.
    let waiting = luma.waiting("one").await;
    let mut tx = luma.scope.begin().await.unwrap();
    let reason = Reason::new(ReasonCode::SpamByHeader, "X-Spam-Flag: yes");
    tx.set_outcome(waiting.message, Outcome::Spam, Some(&reason), &host()).await.unwrap();
    tx.let_go(tx.now().plus(Duration::from_secs(1)), &host()).await.unwrap();
    tx.commit().await.unwrap();
    let spam = browser.get(&luma.path("/messages?outcome=spam")).await;
    assert!(spam.text.contains("S22") && spam.text.contains("What it said is no longer kept."), "{}", spam.text);
    assert!(!spam.text.contains("take-up"));
    let path = luma.path(&format!("/messages/{}/take-up", waiting.message));
    let refused = browser.post(&path, &[("csrf", &csrf)]).await;
    assert!(refused.text.contains("no longer kept here"), "{}", refused.text);
    let ticket = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(ticket.text.contains("What it said is no longer kept."));
}

#[tokio::test]
async fn what_a_server_holds_and_is_not_here_is_fetched_at_the_press_of_a_button() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_balance(luma.mailbox, "INBOX", 9, 2, &serde_json::json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let mut auditor = house.signed_in(&luma, "ada").await;
    assert!(!auditor.get(&luma.path("/messages")).await.text.contains("messages/repair"));
    let mut browser = house.signed_in(&luma, "jun").await;
    let log = browser.get(&luma.path("/messages")).await;
    assert!(log.text.contains("2 are missing") && log.text.contains("Fetch what is missing"), "{}", log.text);
    let csrf = browser.csrf(&luma).await;
    let path = luma.path("/messages/repair");
    let unknown = browser.post(&path, &[("csrf", &csrf), ("mailbox", "nobody's")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(luma.scope.repairs().await.unwrap(), Vec::<String>::new());
    let name = luma.scope.mailboxes().await.unwrap()[0].mailbox.name.clone();
    let asked = browser.post(&path, &[("csrf", &csrf), ("mailbox", &name)]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    assert_eq!(luma.scope.repairs().await.unwrap(), [name]);
    assert!(browser.get(&luma.path("/messages")).await.text.contains("being compared"));
}

#[tokio::test]
async fn a_folder_that_was_empty_when_it_was_looked_at_is_not_called_complete() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let held = async |count| {
        let mut tx = luma.scope.begin().await.unwrap();
        tx.set_balance(luma.mailbox, "", count, 0, &serde_json::json!({})).await.unwrap();
        tx.commit().await.unwrap();
    };
    held(0).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let path = luma.path("/messages");
    for (language, empty, all) in [("en", "it was empty then", "all of them"), ("zh", "核对时为空", "全部在库")]
    {
        jun.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", language), ("back", &path)]).await;
        held(0).await;
        let page = jun.get(&path).await.text;
        assert!(page.contains(empty) && !page.contains(all), "{page}");
        held(3).await;
        let page = jun.get(&path).await.text;
        assert!(page.contains(all) && !page.contains(empty), "{page}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_health_is_told() {
    let house = House::new().await;
    let mut browser = house.browser();
    for asset in [&*posthouse_web::assets::STYLE, &*posthouse_web::assets::SCRIPT] {
        let answer = browser.get(asset.path()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("cache-control").contains("immutable"));
    }
    assert_eq!(browser.get("/health").await.json()["ready"], true);
    assert!(browser.get("/metrics").await.text.contains("posthouse_up"));
}
