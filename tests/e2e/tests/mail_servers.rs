//! The host's mail clients against Dovecot and Postfix.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::time::Duration;

use posthouse_mail::imap::{FolderRole, ImapClient, ImapConfig, ImapError};
use posthouse_mail::net::{Auth, Secret, Security};
use posthouse_mail::submit::{Envelope, SmtpConfig, SmtpSubmitter, Submission, Submitter as _, Unrecorded};
use posthouse_mail::{BatchLimit, Content, Fetched, Wake};
use posthouse_model::outbox::SubmitOutcome;
use posthouse_servers::{Certificate, Dovecot, Postfix};

const SUPPORT: &str = "support@shop.example";
const ALL: BatchLimit = BatchLimit { count: 100, bytes: 10_000_000 };
const WAIT: Duration = Duration::from_secs(30);

fn password(dovecot: &Dovecot) -> Auth {
    Auth::Password { username: SUPPORT.to_owned(), password: Secret::new(dovecot.password()) }
}

fn imap(dovecot: &Dovecot, port: u16, security: Security, authority: Option<&Certificate>) -> ImapConfig {
    let mut config = ImapConfig::new("127.0.0.1", port, security, password(dovecot));
    config.extra_ca_pem = authority.map(|certificate| certificate.authority_pem.clone().into_bytes());
    config
}

fn mail(number: u32) -> Vec<u8> {
    format!(
        "From: ana@customer.example\r\nMessage-ID: <{number}@customer.example>\r\nSubject: {number}\r\n\r\nHello\r\n"
    )
    .into_bytes()
}

fn raw(fetched: &Fetched) -> &[u8] {
    match &fetched.content {
        Content::Mail(raw) => raw,
        other => panic!("not a mail: {other:?}"),
    }
}

#[tokio::test]
async fn imap_is_signed_in_to_over_tls_starttls_and_plain() {
    let certificate = Certificate::for_localhost();
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    dovecot.deliver("ana@customer.example", SUPPORT, &mail(1)).await;
    let ways = [
        imap(&dovecot, dovecot.imaps_port(), Security::Tls, Some(&certificate)),
        imap(&dovecot, dovecot.imap_port(), Security::StartTls, Some(&certificate)),
        imap(&dovecot, dovecot.imap_port(), Security::Plain, None),
    ];
    for config in ways {
        let mut client = ImapClient::connect(&config).await.unwrap_or_else(|e| panic!("{:?}: {e}", config.security));
        assert_eq!(client.select("INBOX").await.unwrap().exists, 1);
        assert_eq!(client.fetch_since(0, ALL).await.unwrap().len(), 1);
        client.logout().await;
    }
}

#[tokio::test]
async fn what_a_folder_holds_is_listed_and_any_of_it_fetched_again() {
    let Some(dovecot) = Dovecot::start() else { return };
    let config = imap(&dovecot, dovecot.imap_port(), Security::Plain, None);
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert!(client.held(1).await.unwrap().is_empty(), "an empty folder holds nothing");
    for number in 1..=5 {
        dovecot.deliver("ana@customer.example", SUPPORT, &mail(number)).await;
    }
    client.select("INBOX").await.unwrap();
    let held = client.held(3).await.unwrap();
    assert_eq!(held.iter().map(|one| one.uid).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(held.iter().all(|one| one.arrived_at.is_some()), "{held:?}");
    assert!(client.held(6).await.unwrap().is_empty(), "`6:*` names the last message, which is not from 6 on");

    // One after the other where the limit says so, and without those that are gone.
    let one = BatchLimit { count: 1, bytes: 10_000_000 };
    let mut left = vec![2, 4, 9];
    let mut seen = Vec::new();
    while let Some(last) = client.fetch_these(&left, one).await.unwrap().iter().map(|fetched| fetched.uid).max() {
        seen.push(last);
        left.retain(|uid| *uid > last);
    }
    assert_eq!(seen, [2, 4]);
    assert!(raw(&client.fetch_these(&[4], ALL).await.unwrap()[0]).ends_with(&mail(4)));
    // What comes next is as it was.
    assert_eq!(client.fetch_since(4, ALL).await.unwrap().iter().map(|fetched| fetched.uid).collect::<Vec<_>>(), [5]);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let Some(dovecot) = Dovecot::start_with_tls(&Certificate::for_localhost()) else { return };
    let stranger = Certificate::for_localhost();
    for authority in [None, Some(&stranger)] {
        let config = imap(&dovecot, dovecot.imaps_port(), Security::Tls, authority);
        let error = ImapClient::connect(&config).await.expect_err("refused");
        assert!(matches!(error, ImapError::Tls(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let certificate = Certificate::for_names(&["mail.elsewhere.example"]);
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    let config = imap(&dovecot, dovecot.imaps_port(), Security::Tls, Some(&certificate));
    let error = ImapClient::connect(&config).await.expect_err("refused");
    assert!(matches!(error, ImapError::Tls(_)), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_apart_from_an_outage() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    let mut config = imap(&dovecot, dovecot.imap_port(), Security::Plain, None);
    config.auth = Auth::Password { username: SUPPORT.to_owned(), password: Secret::new("wrong") };
    let error = ImapClient::connect(&config).await.expect_err("refused");
    assert!(matches!(error, ImapError::Auth(_)) && !error.is_temporary(), "{error:?}");

    dovecot.stop();
    let error = ImapClient::connect(&config).await.expect_err("nobody is there");
    assert!(matches!(error, ImapError::Connect(_)) && error.is_temporary(), "{error:?}");
}

#[tokio::test]
async fn fetching_goes_on_from_a_uid_and_idle_wakes() {
    let Some(dovecot) = Dovecot::start() else { return };
    for number in 1..=5 {
        dovecot.deliver("ana@customer.example", SUPPORT, &mail(number)).await;
    }
    let config = imap(&dovecot, dovecot.imap_port(), Security::Plain, None);
    let mut client = ImapClient::connect(&config).await.unwrap();
    let selected = client.select("INBOX").await.unwrap();
    assert_eq!((selected.exists, selected.uid_next), (5, Some(6)));

    let two = BatchLimit { count: 2, bytes: 10_000_000 };
    let mut last = 0;
    let mut seen = Vec::new();
    loop {
        let batch = client.fetch_since(last, two).await.unwrap();
        assert!(batch.len() <= 2);
        let Some(newest) = batch.last() else { break };
        last = newest.uid;
        seen.extend(batch.iter().map(|fetched| fetched.uid));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);

    let sixth = mail(6);
    let (woken, ()) = tokio::join!(client.idle(WAIT), dovecot.deliver("ana@customer.example", SUPPORT, &sixth));
    assert!(matches!(woken.unwrap(), Wake::Changed));
    let news = client.fetch_since(last, ALL).await.unwrap();
    assert_eq!(news.len(), 1);
    assert!(String::from_utf8_lossy(raw(&news[0])).contains("Subject: 6"));
    client.logout().await;
}

#[tokio::test]
async fn a_copy_is_put_into_the_folder_that_the_server_calls_sent_and_found_there() {
    let Some(dovecot) = Dovecot::start() else { return };
    let config = imap(&dovecot, dovecot.imap_port(), Security::Plain, None);
    let mut client = ImapClient::connect(&config).await.unwrap();
    let folders = client.folders().await.unwrap();
    assert!(folders.iter().any(|folder| folder.name == "Junk" && folder.role == Some(FolderRole::Junk)), "{folders:?}");
    let sent = client.sent_folder().await.unwrap().expect("a Sent folder");
    assert_eq!(sent, "Sent");
    assert!(!client.contains(&sent, "9@customer.example").await.unwrap());
    client.append(&sent, &mail(9), &["\\Seen"], None).await.unwrap();
    assert!(client.contains(&sent, "9@customer.example").await.unwrap());
    let copies = dovecot.open(SUPPORT, "Sent").await.mails().await;
    assert_eq!(copies, [mail(9)]);
    client.logout().await;
}

async fn submit(submitter: &SmtpSubmitter, recipients: &[&str]) -> Submission {
    let recipients = recipients.iter().map(|&recipient| recipient.to_owned()).collect();
    let envelope = Envelope { from: Some(SUPPORT.to_owned()), recipients };
    submitter.submit(&envelope, &mail(7), &Unrecorded).await
}

#[tokio::test]
async fn submission_signs_in_over_starttls_and_settles_each_recipient_by_itself() {
    let certificate = Certificate::for_localhost();
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    let Some(postfix) = Postfix::start_with_tls(&dovecot, &["customer.example"], &certificate) else { return };
    let port = postfix.submission_port();
    let mut config = SmtpConfig::new("127.0.0.1", port, Security::StartTls, Some(password(&dovecot)));
    config.extra_ca_pem = Some(certificate.authority_pem.clone().into_bytes());
    let submitter = SmtpSubmitter::new(config);
    assert!(submitter.probe().await.ok());

    let recipients = ["ana@customer.example", "unknown@customer.example", "busy@customer.example"];
    let submission = submit(&submitter, &recipients).await;
    let outcomes: Vec<_> = submission.recipients.iter().map(|r| (r.address.as_str(), &r.outcome)).collect();
    let as_expected = match outcomes.as_slice() {
        [
            (_, SubmitOutcome::Accepted { .. }),
            (_, SubmitOutcome::Refused { reason }),
            (_, SubmitOutcome::Deferred { .. }),
        ] => reason.contains("No such user here"),
        _ => false,
    };
    assert!(as_expected, "{outcomes:?}");
    let inbox = dovecot.open("ana@customer.example", "INBOX").await.wait_for(1, WAIT).await;
    assert_eq!(inbox.len(), 1);
}

#[tokio::test]
async fn a_submission_without_the_password_is_not_taken_and_says_why() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(postfix) = Postfix::start(&dovecot, &["customer.example"]) else { return };
    let wrong = Auth::Password { username: SUPPORT.to_owned(), password: Secret::new("wrong") };
    let config = SmtpConfig::new("127.0.0.1", postfix.submission_port(), Security::Plain, Some(wrong));
    let submitter = SmtpSubmitter::new(config);
    let submission = submit(&submitter, &["ana@customer.example"]).await;
    let outcome = &submission.recipients[0].outcome;
    assert!(!matches!(outcome, SubmitOutcome::Accepted { .. } | SubmitOutcome::Uncertain { .. }), "{outcome:?}");
    let report = submitter.probe().await;
    let failure = report.first_failure().expect("the probe finds it too");
    assert!(failure.hint.is_some(), "{failure:?}");
    assert!(dovecot.open("ana@customer.example", "INBOX").await.mails().await.is_empty());
}

#[tokio::test]
async fn a_server_that_is_away_defers_and_takes_the_mail_when_it_is_back() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(mut postfix) = Postfix::start(&dovecot, &["customer.example"]) else { return };
    let submitter = SmtpSubmitter::new(SmtpConfig::new("127.0.0.1", postfix.smtp_port(), Security::Plain, None));
    postfix.stop();
    let submission = submit(&submitter, &["ana@customer.example"]).await;
    assert!(matches!(submission.recipients[0].outcome, SubmitOutcome::Deferred { .. }), "{submission:?}");
    postfix.start_again();
    let submission = submit(&submitter, &["ana@customer.example"]).await;
    assert!(submission.all_accepted(), "{submission:?}");
    let inbox = dovecot.open("ana@customer.example", "INBOX").await.wait_for(1, WAIT).await;
    assert_eq!(inbox.len(), 1);
}
