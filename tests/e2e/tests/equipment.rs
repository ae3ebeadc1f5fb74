//! The test equipment itself: what the other tests rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use posthouse_servers::{Certificate, Chromium, Dovecot, Postfix};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const MAIL: &[u8] = b"From: Ana <ana@customer.example>\r\nTo: help@shop.example\r\nSubject: Where is it?\r\n\
    Message-ID: <1@customer.example>\r\n\r\nHello,\r\n.a line that starts with a dot\r\n";

fn text(mail: &[u8]) -> String {
    String::from_utf8_lossy(mail).into_owned()
}

#[tokio::test]
async fn a_mail_given_to_postfix_is_in_the_inbox_of_dovecot() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(postfix) = Postfix::start(&dovecot, &["shop.example", "customer.example"]) else { return };
    let start = Instant::now();
    postfix.send("ana@customer.example", &["help@shop.example"], MAIL).await;
    let mails = dovecot.open("help@shop.example", "INBOX").await.wait_for(1, Duration::from_secs(20)).await;
    println!("SMTP to IMAP took {:?}", start.elapsed());
    assert!(text(&mails[0]).contains("\r\n.a line that starts with a dot"), "{}", text(&mails[0]));
    assert!(dovecot.open("ana@customer.example", "INBOX").await.mails().await.is_empty());
}

#[tokio::test]
async fn a_detail_after_a_plus_sign_reaches_the_plain_mailbox() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("ana@customer.example", "help+ticket-7@shop.example", MAIL).await;
    let mails = dovecot.open("help@shop.example", "INBOX").await.mails().await;
    assert_eq!(mails.len(), 1);
}

#[tokio::test]
async fn mail_outlives_an_outage_of_dovecot_and_postfix_waits_for_it() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    let Some(mut postfix) = Postfix::start(&dovecot, &["shop.example"]) else { return };
    dovecot.deliver("ana@customer.example", "help@shop.example", MAIL).await;
    dovecot.stop();
    postfix.send("ana@customer.example", &["help@shop.example"], MAIL).await;
    postfix.stop();
    dovecot.start_again();
    postfix.start_again();
    let mails = dovecot.open("help@shop.example", "INBOX").await.wait_for(2, Duration::from_secs(40)).await;
    assert_eq!(mails.len(), 2);
}

#[tokio::test]
async fn servers_speak_tls_and_submission_demands_it() {
    let certificate = Certificate::for_localhost();
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    let Some(postfix) = Postfix::start_with_tls(&dovecot, &["shop.example"], &certificate) else { return };
    assert_ne!(dovecot.imap_port(), dovecot.imaps_port());

    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", postfix.submission_port())).await.unwrap();
    let mut said = String::new();
    let mut buffer = [0; 4096];
    for line in ["", "EHLO localhost\r\n", "MAIL FROM:<ana@shop.example>\r\n"] {
        stream.write_all(line.as_bytes()).await.unwrap();
        let count = stream.read(&mut buffer).await.unwrap();
        said.push_str(&text(&buffer[..count]));
    }
    assert!(said.contains("STARTTLS"), "{said}");
    assert!(said.contains("530 5.7.0 Must issue a STARTTLS command first"), "{said}");
}

#[tokio::test]
async fn chromium_renders_a_page_and_takes_its_picture() {
    let Some(browser) = Chromium::start("zh-CN").await else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(
        &page,
        "<!doctype html><meta charset=utf-8><title>驿站</title><p id=size></p>\
        <script>size.textContent = innerWidth + ' ' + navigator.language; console.error('a complaint')</script>",
    )
    .unwrap();
    browser.resize(390, 844).await;
    browser.goto(&format!("file://{}", page.display())).await;
    assert_eq!(browser.client().title().await.unwrap(), "驿站");
    let size = browser.client().find(fantoccini::Locator::Id("size")).await.unwrap().text().await.unwrap();
    assert!(size.ends_with(" zh-CN"), "{size}");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().any(|c| c.contains("a complaint")), "{complaints:?}");
    let picture = folder.path().join("page.png");
    browser.screenshot(&picture).await;
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    browser.close().await;
}
