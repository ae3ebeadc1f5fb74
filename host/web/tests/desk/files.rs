//! Files of replies: pictures within the text, and what becomes of files when a reply does not go out.

use crate::support::{Answer, Browser, House, Team, Waiting, host};
use http::StatusCode;
use posthouse_model::OutboxId;
use posthouse_model::outbox::SubmitOutcome;
use posthouse_store::OutboxLease;
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a";

async fn page(browser: &mut Browser, luma: &Team, waiting: &Waiting) -> Answer {
    browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await
}

async fn attach(browser: &mut Browser, luma: &Team, waiting: &Waiting, name: &str, content: &[u8]) {
    let csrf = browser.csrf(luma).await;
    let path = luma.path(&format!("/tickets/{}/attach", waiting.number));
    let added = browser.post_file(&path, &csrf, name, content).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
}

async fn outbox(luma: &Team, waiting: &Waiting) -> OutboxId {
    luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.last().unwrap().id
}

async fn settle(house: &House, luma: &Team, outbox: OutboxId, outcome: SubmitOutcome, raw: &[u8]) {
    house.hands.forward(Duration::from_secs(20));
    let lease = luma.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.settle_outbox(outbox, mail.attempt, &[(mail.open[0].clone(), outcome)], raw, false, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn with_files(luma: &Team, outbox: OutboxId) -> Vec<String> {
    luma.scope.outbox_files(outbox).await.unwrap().into_iter().map(|(file, _)| file.name).collect()
}

#[tokio::test]
async fn a_picture_is_shown_in_the_text_where_the_cursor_was() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    attach(&mut browser, &luma, &waiting, "标签.png", PNG).await;
    attach(&mut browser, &luma, &waiting, "page.png", b"<html>").await;
    let files = luma.scope.reply_files(waiting.ticket).await.unwrap();
    let ids: Vec<String> = files.iter().map(|file| file.id.to_string()).collect();
    let first = page(&mut browser, &luma, &waiting).await;
    assert_eq!(
        first.text.matches("Show in the text").count(),
        1,
        "only what is a picture by its bytes: {}",
        first.text
    );

    // Below the line of the cursor, with what was typed; twice is once; a page that calls itself a picture changes nothing.
    let fields = [("body", "Look here:\nRegards"), ("show", ids[0].as_str()), ("caret", "3")];
    for _ in 0..2 {
        let placed = browser.reply_from(&first, &luma, waiting.number, "picture", &fields).await;
        assert_eq!(placed.status, StatusCode::SEE_OTHER, "{}", placed.text);
    }
    browser.reply(&luma, waiting.number, "picture", &[("show", &ids[1])]).await;
    let placed = page(&mut browser, &luma, &waiting).await;
    assert_eq!(placed.editor(), "Look here:\n\n[image: 标签.png]\n\nRegards");
    let at = luma.path(&format!("/tickets/{}/files/{}", waiting.number, ids[0]));
    assert!(placed.text.contains(&format!("<img src=\"{at}\" alt=\"标签.png\"")), "{}", placed.text);
    assert!(placed.text.contains("Attach only") && placed.text.contains("As it will look"));
    let shown = browser.get(&at).await;
    assert_eq!((shown.header("content-type"), shown.bytes.as_slice()), ("image/png", PNG));
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox");
    let other = browser.get(&luma.path(&format!("/tickets/{}/files/{}", waiting.number, ids[1]))).await;
    assert_eq!(other.header("content-type"), "application/octet-stream");
    assert!(other.header("content-disposition").starts_with("attachment"));

    // A mark without its picture does not go out, in the reader's words, and the text stays in the editor.
    let body = "See [image: gone.png]";
    let refused = browser.reply(&luma, waiting.number, "approve", &[("body", body)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("The text says “[image: gone.png]”, and no picture of that name"),
        "{}",
        refused.text
    );
    assert_eq!(refused.editor(), body);

    // Out of the text again, by its button; and by taking the file away.
    browser.reply(&luma, waiting.number, "picture", &[("only", &ids[0])]).await;
    assert_eq!(page(&mut browser, &luma, &waiting).await.editor(), "Look here:\n\nRegards");
    browser.reply(&luma, waiting.number, "picture", &[("show", &ids[0])]).await;
    browser.reply(&luma, waiting.number, "detach", &[("remove", &ids[0])]).await;
    assert_eq!(page(&mut browser, &luma, &waiting).await.editor(), "Look here:\n\nRegards");
    browser.reply(&luma, waiting.number, "picture", &[("show", &ids[0])]).await;
    assert_eq!(page(&mut browser, &luma, &waiting).await.editor(), "Look here:\n\nRegards", "it is gone");
}

#[tokio::test]
async fn a_picture_that_was_sent_stands_in_the_thread() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    attach(&mut browser, &luma, &waiting, "<i>.png", PNG).await;
    let id = luma.scope.reply_files(waiting.ticket).await.unwrap()[0].id.to_string();
    browser.reply(&luma, waiting.number, "picture", &[("body", "Look:"), ("show", &id)]).await;
    let sent = browser.reply(&luma, waiting.number, "approve", &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    // The fifth part, as the reader of these tests finds it: a line.
    let row = outbox(&luma, &waiting).await;
    let raw = [&b"0\n1\n2\n3\n"[..], b"\x89PNG"].concat();
    settle(&house, &luma, row, SubmitOutcome::Accepted { reply: "250".into() }, &raw).await;
    let message = luma.scope.outbox(row).await.unwrap().message.unwrap();
    let seen = page(&mut browser, &luma, &waiting).await;
    let at = luma.path(&format!("/messages/{message}/attachments/4?show"));
    assert!(seen.text.contains(&format!("Look:\n\n<img src=\"{at}\" alt=\"&lt;i&gt;.png\"")), "{}", seen.text);
    let shown = browser.get(&at).await;
    assert_eq!((shown.header("content-type"), shown.bytes.as_slice()), ("image/png", &b"\x89PNG"[..]));
}

#[tokio::test]
async fn files_stay_with_a_reply_that_is_taken_back_or_fails() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    // The same form, sent by a double click.
    for _ in 0..2 {
        attach(&mut browser, &luma, &waiting, "label.png", PNG).await;
    }
    attach(&mut browser, &luma, &waiting, "terms.pdf", b"%PDF").await;
    assert_eq!(luma.scope.reply_files(waiting.ticket).await.unwrap().len(), 2);
    let body = "Look:\n\n[image: label.png]";
    browser.reply(&luma, waiting.number, "approve", &[("body", body)]).await;

    let row = outbox(&luma, &waiting).await;
    assert_eq!(with_files(&luma, row).await, ["label.png", "terms.pdf"]);
    let csrf = browser.csrf(&luma).await;
    let path = |verb: &str| luma.path(&format!("/tickets/{}/{verb}", waiting.number));
    let id = row.to_string();
    browser.post(&path("undo"), &[("csrf", &csrf), ("outbox", &id)]).await;
    let seen = page(&mut browser, &luma, &waiting).await;
    assert!(seen.text.contains("terms.pdf") && seen.text.contains("As it will look"), "{}", seen.text);

    // Mended and sent again: they go with it. The server refuses it: they are there once more.
    for (turn, body) in ["Look at it:\n\n[image: label.png]", "Please look:\n\n[image: label.png]"].iter().enumerate() {
        let sent = browser.reply(&luma, waiting.number, "approve", &[("body", body)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{turn}: {}", sent.text);
        let row = outbox(&luma, &waiting).await;
        assert_eq!(with_files(&luma, row).await, ["label.png", "terms.pdf"], "{turn}");
        settle(&house, &luma, row, SubmitOutcome::Refused { reason: "554 no".into() }, b"raw").await;
        let seen = page(&mut browser, &luma, &waiting).await;
        assert_eq!(seen.editor(), *body);
        assert!(seen.text.contains("terms.pdf") && seen.text.contains("As it will look"), "{turn}: {}", seen.text);
    }
}

#[tokio::test]
async fn a_held_automatic_mail_says_its_number() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    browser.reply(&luma, waiting.number, "approve", &[("body", "Hello")]).await;
    let row = outbox(&luma, &waiting).await;
    let words = "S50 too many automatic mails: 10 automatic mails went out on this ticket within 10 minutes";
    let mut tx = luma.scope.begin().await.unwrap();
    tx.refuse_send(row, words, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let seen = page(&mut browser, &luma, &waiting).await;
    assert!(seen.text.contains("<b class=\"code\">S50</b> too many automatic mails"), "{}", seen.text);
    assert!(seen.text.contains(" · 10 automatic mails went out on this ticket"), "{}", seen.text);
}
