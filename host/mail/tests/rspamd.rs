//! The client of Rspamd against a real one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use posthouse_mail::hop;
use posthouse_mail::net::Secret;
use posthouse_mail::read::read_mail;
use posthouse_mail::rspamd::{Envelope, RspamdAt, RspamdClient, RspamdError, Taught};
use posthouse_servers::Rspamd;
use std::time::Duration;

const OFFER: &[u8] = b"Received: from mail.prize.example (mail.prize.example [198.51.100.7]) by mx.shop.example with ESMTP\r\n\
    From: win@prize.example\r\nTo: support@shop.example\r\nSubject: You won\r\nMessage-ID: <offer@prize.example>\r\n\r\n\
    Claim your free prize now, before the great lottery of this week in Madrid closes for all of its winners!\r\n";

fn at(url: String, password: &str) -> RspamdAt {
    RspamdAt { url, password: Some(Secret::new(password)), timeout: Duration::from_secs(20) }
}

// One server for both, since starting one takes its time.
#[tokio::test]
async fn it_learns_and_says_so_and_is_told_who_handed_a_mail_over() {
    let Some(server) = Rspamd::start() else { return };
    let client = RspamdClient::new().unwrap();
    a_controller_learns_and_says_so(&client, &server).await;
    it_is_told_who_handed_the_mail_over(&client, &server).await;
}

async fn a_controller_learns_and_says_so(client: &RspamdClient, server: &Rspamd) {
    let right = at(server.guarded_url(), server.password());
    client.try_teaching(&right).await.unwrap();
    assert_eq!(client.teach(&right, OFFER.to_vec(), true).await.unwrap(), Taught::Learned);
    assert_eq!(client.teach(&right, OFFER.to_vec(), true).await.unwrap(), Taught::Already);
    // Somebody thought again.
    assert_eq!(client.teach(&right, OFFER.to_vec(), false).await.unwrap(), Taught::Learned);
    let short = b"From: a@x.example\r\nSubject: Hi\r\n\r\nHi\r\n".to_vec();
    match client.teach(&right, short, true).await.unwrap() {
        Taught::Not(words) => assert!(words.contains("less tokens than required"), "{words}"),
        other => panic!("{other:?}"),
    }

    let wrong = at(server.guarded_url(), "wrong");
    for refused in [client.teach(&wrong, OFFER.to_vec(), true).await.map(|_| ()), client.try_teaching(&wrong).await] {
        assert!(matches!(refused, Err(RspamdError::Refused { status: 401, .. })), "{refused:?}");
    }
    let worker = at(server.url(), server.password());
    for refused in [client.teach(&worker, OFFER.to_vec(), true).await.map(|_| ()), client.try_teaching(&worker).await] {
        assert!(matches!(refused, Err(RspamdError::NotController)), "{refused:?}");
    }
}

async fn it_is_told_who_handed_the_mail_over(client: &RspamdClient, server: &Rspamd) {
    let at = at(server.url(), "");
    let envelope = |raw: &[u8]| Envelope {
        sender: Some("win@prize.example"),
        mailbox: "support@shop.example",
        hop: hop::border(&read_mail(raw)),
    };
    client.check(&at, OFFER.to_vec(), &envelope(OFFER)).await.unwrap();
    let inside = String::from_utf8(OFFER.to_vec()).unwrap().replace("198.51.100.7", "10.1.2.3");
    assert_eq!(envelope(inside.as_bytes()).hop, None);
    client.check(&at, inside.clone().into_bytes(), &envelope(inside.as_bytes())).await.unwrap();
    let log = server.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("rspamd_task_write_log")).collect();
    assert_eq!(told.len(), 2, "{log}");
    assert!(told[0].contains("ip: 198.51.100.7"), "{}", told[0]);
    assert!(told[0].contains("from: <win@prize.example>"), "{}", told[0]);
}
