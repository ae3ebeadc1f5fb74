//! The look of a reply, and what its checks point at.

use crate::support::{House, host};
use http::StatusCode;
use posthouse_model::draft::CheckFinding;
use posthouse_model::job::Job;
use posthouse_model::triage::{Span, TextPart};
use posthouse_store::JobState;
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a";

#[tokio::test]
async fn the_preview_is_the_mail() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.csrf(&luma).await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    browser.post_file(&format!("{path}/attach"), &csrf, "a.png", PNG).await;
    let before = serde_json::to_value(luma.scope.ticket_detail(waiting.number).await.unwrap()).unwrap();
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("formtarget=\"reply-preview\"") && page.text.contains("data-mark=\"**\""),
        "{}",
        page.text
    );

    let body = "**Hello** <script>alert(1)</script> [here](https://shop.example/a)\n- one\n- two\n\n[image: a.png]";
    let shown = browser.reply(&luma, waiting.number, "preview", &[("body", body)]).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("<b>Hello</b> &lt;script&gt;"), "{}", shown.text);
    assert!(
        shown.text.contains("href=\"https://shop.example/a\"") && shown.text.contains("<li>one</li>"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("src=\"data:image/png;base64,"), "{}", shown.text);
    assert!(
        shown.text.contains("gmail_quote") || shown.text.contains("<blockquote"),
        "the mail that is answered: {}",
        shown.text
    );
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(shown.header("x-frame-options"), "SAMEORIGIN");
    let after = serde_json::to_value(luma.scope.ticket_detail(waiting.number).await.unwrap()).unwrap();
    assert_eq!(before, after, "nothing is saved by looking");
}

#[tokio::test]
async fn a_check_points_at_its_place_and_looks_again_when_a_file_comes() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    house.give_checker(&luma).await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut browser = house.signed_in(&luma, "jun").await;
    browser.reply(&luma, waiting.number, "draft", &[("body", "Hello, the <label> is attached.")]).await;
    let draft = luma.scope.drafts(waiting.ticket).await.unwrap().into_iter().max_by_key(|draft| draft.id).unwrap().id;
    let mut tx = luma.scope.begin().await.unwrap();
    let finding = CheckFinding {
        blocks: false,
        code: "missing-attachment".into(),
        reason: "No file".into(),
        span: Some(Span { part: TextPart::Body, start: 11, end: 30 }),
    };
    let beyond = CheckFinding { span: Some(Span { part: TextPart::Body, start: 11, end: 9_000 }), ..finding.clone() };
    tx.set_checks(draft, &[finding, beyond], &host()).await.unwrap();
    tx.commit().await.unwrap();
    let page = browser.get(&path).await;
    assert_eq!(page.text.matches("data-find=\"&lt;label&gt; is attached\"").count(), 1, "{}", page.text);
    assert!(page.text.contains("data-found=\"[&quot;&lt;label&gt; is attached&quot;]\""), "{}", page.text);
    assert!(!page.text.contains("data-coming"), "they have been");

    let csrf = browser.csrf(&luma).await;
    house.hands.forward(Duration::from_secs(1));
    browser.post_file(&format!("{path}/attach"), &csrf, "label.pdf", b"%PDF-").await;
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|j| j.job == Job::Check { draft }), "{jobs:?}");
    assert!(browser.get(&path).await.text.contains("Your text is being checked"));
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_checks(draft, &[], &host()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(browser.get(&path).await.text.contains("Checks: nothing found"));
}

/// The team's set-up names a model from now on.
async fn with_model(house: &House, slug: &str) {
    let mut config = posthouse_model::config::TenantConfig::new(slug, format!("Team {slug}"));
    let model = serde_json::json!({ "base_url": "https://models.example/v1", "model": "m", "tokens_per_day": 1000 });
    config.model = Some(serde_json::from_value(model).unwrap());
    let tenant = posthouse_store::NewTenant {
        slug: slug.to_owned(),
        name: config.name.clone(),
        language: "en".into(),
        time_zone: "Asia/Shanghai".into(),
        settings: serde_json::to_value(&config).unwrap(),
        digest: "model".into(),
    };
    house.store.upsert_tenant(&tenant, &posthouse_model::event::Actor::Operator).await.unwrap();
}

#[tokio::test]
async fn a_mail_and_the_reply_are_translated_for_who_asks() {
    use posthouse_model::translation::TranslationTrouble;
    use posthouse_store::NewTranslation;
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let stranger = luma.waiting("two").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut browser = house.signed_in(&luma, "jun").await;
    let ask = luma.path(&format!("/tickets/{}/translate", waiting.number));
    let csrf = browser.csrf(&luma).await;
    let message = waiting.message.0.to_string();

    // Without a model it is not there.
    assert!(!browser.get(&path).await.text.contains("/translate"));
    assert_eq!(browser.post(&ask, &[("csrf", &csrf), ("message", &message)]).await.status, StatusCode::NOT_FOUND);
    with_model(&house, "luma").await;
    assert_eq!(browser.get(&path).await.text.matches("/translate").count(), 2, "the mail and the reply");
    let other = stranger.message.0.to_string();
    assert_eq!(browser.post(&ask, &[("csrf", &csrf), ("message", &other)]).await.status, StatusCode::NOT_FOUND);

    let asked = browser.post(&ask, &[("csrf", &csrf), ("message", &message)]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    assert!(browser.get(&path).await.text.contains("Being translated"));
    let id = luma.scope.translations(waiting.ticket, "en").await.unwrap()[0].id;
    let hostile =
        NewTranslation { content: "<script>alert(1)</script> Where is it?".into(), cut: true, model: "m\"1".into() };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.settle_translation(id, &Ok(hostile), &host()).await.unwrap();
    tx.commit().await.unwrap();
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; Where is it?")
            && !page.text.contains("<script>alert"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("Machine translation · only the beginning") && page.text.contains("title=\"m&quot;1\""),
        "{}",
        page.text
    );

    // The reply is saved first, and what went wrong is said.
    let said = browser.reply(&luma, waiting.number, "translate", &[("body", "Buenos días")]).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text);
    let page = browser.get(&path).await;
    assert_eq!(page.editor(), "Buenos días");
    assert!(page.text.contains("Your reply in your language"), "{}", page.text);
    let rows = luma.scope.translations(waiting.ticket, "en").await.unwrap();
    let id = rows.iter().find(|row| row.draft.is_some()).unwrap().id;
    let mut tx = luma.scope.begin().await.unwrap();
    tx.settle_translation(id, &Err((TranslationTrouble::Rejected, "<b>no</b>".into())), &host()).await.unwrap();
    tx.commit().await.unwrap();
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("The model&#39;s provider refused.") || page.text.contains("The model's provider refused."),
        "{}",
        page.text
    );
    assert!(page.text.contains("&lt;b&gt;no&lt;/b&gt;"));
    let empty = browser.reply(&luma, waiting.number, "translate", &[("body", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Who reads and does not act has no button.
    let mut auditor = house.signed_in(&luma, "ada").await;
    assert!(!auditor.get(&path).await.text.contains("/translate"));
}
