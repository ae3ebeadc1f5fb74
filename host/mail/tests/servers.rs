//! The IMAP and SMTP clients against real servers: Dovecot and Postfix on loopback ports of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_mail::imap::{FolderRole, ImapClient, ImapConfig, ImapError};
use posthouse_mail::net::{Auth, Secret, Security};
use posthouse_mail::submit::{Envelope, SmtpConfig, SmtpSubmitter, Submitter, Unrecorded};
use posthouse_mail::{BatchLimit, Content, Fetched, Held, Wake, imap, read, submit};
use posthouse_model::Timestamp;
use posthouse_model::outbox::SubmitOutcome;
use posthouse_servers::{Certificate, Dovecot, Postfix};
use std::time::{Duration, Instant};

const USER: &str = "help@shop.example";

fn password(user: &str, password: &str) -> Auth {
    Auth::Password { username: user.into(), password: Secret::new(password) }
}

fn plain(dovecot: &Dovecot) -> ImapConfig {
    ImapConfig::new("127.0.0.1", dovecot.imap_port(), Security::Plain, password(USER, dovecot.password()))
}

fn mail(number: usize, extra: &str) -> Vec<u8> {
    format!(
        "From: ana@x.example\r\nTo: {USER}\r\nMessage-ID: <{number}@x.example>\r\nSubject: mail {number} =?utf-8?B?5L2g5aW9?=\r\n\
         Date: Wed, 1 May 2024 10:15:00 +0200\r\n\r\nHello {number}\r\n{extra}"
    )
    .into_bytes()
}

fn subject(fetched: &Fetched) -> String {
    match &fetched.content {
        Content::Mail(raw) => read::read_mail(raw).subject,
        other => panic!("{other:?}"),
    }
}

fn median(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort();
    (times[0], times[times.len() / 2], times[times.len() - 1])
}

#[tokio::test]
async fn mail_is_fetched_once_and_in_order() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    let selected = client.select("INBOX").await.unwrap();
    assert_eq!((selected.exists, selected.uid_next), (0, Some(1)));
    assert!(client.fetch_since(0, BatchLimit::default()).await.unwrap().is_empty());

    for number in 1..=25 {
        dovecot.deliver("ana@x.example", USER, &mail(number, "")).await;
    }
    let limit = BatchLimit { count: 10, bytes: 1 << 20 };
    let mut last = 0;
    let mut subjects = Vec::new();
    let mut batches = 0;
    loop {
        let batch = client.fetch_since(last, limit).await.unwrap();
        if batch.is_empty() {
            break;
        }
        batches += 1;
        for fetched in &batch {
            assert!(fetched.uid > last && fetched.arrived_at.is_some());
            last = fetched.uid;
            subjects.push(subject(fetched));
        }
    }
    assert_eq!(batches, 3);
    assert_eq!(subjects, (1..=25).map(|n| format!("mail {n} 你好")).collect::<Vec<_>>());

    // Another session, from the cursor on; the raw bytes are what was delivered, below the server's own headers.
    let mut other = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    assert_eq!(other.select("INBOX").await.unwrap().uid_validity, selected.uid_validity);
    let rest = other.fetch_since(last - 1, limit).await.unwrap();
    let Content::Mail(raw) = &rest[0].content else { panic!() };
    assert!(raw.ends_with(&mail(25, "")), "{}", String::from_utf8_lossy(raw));
    other.logout().await;
    assert!(matches!(client.select("Nowhere").await, Err(ImapError::Refused { .. })));
}

#[tokio::test]
async fn news_comes_at_once() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert_eq!(client.idle(Duration::from_millis(300)).await.unwrap(), Wake::Timeout);
    let mut last = 0;
    let mut woken = Vec::new();
    for number in 0..12 {
        let raw = mail(number, "");
        let deliver = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            dovecot.deliver("ana@x.example", USER, &raw).await;
            Instant::now()
        };
        let wait = async {
            assert_eq!(client.idle(Duration::from_secs(20)).await.unwrap(), Wake::Changed);
            let batch = client.fetch_since(last, BatchLimit::default()).await.unwrap();
            (Instant::now(), batch)
        };
        let (delivered, (fetched_at, batch)) = tokio::join!(deliver, wait);
        assert_eq!(batch.len(), 1);
        last = batch[0].uid;
        woken.push(fetched_at.saturating_duration_since(delivered));
    }
    println!("from delivered to fetched over IDLE: {:?} (least, median, most)", median(woken));

    // What comes while nobody idles is known as soon as one does.
    dovecot.deliver("ana@x.example", USER, &mail(99, "")).await;
    let started = Instant::now();
    assert_eq!(client.idle(Duration::from_secs(20)).await.unwrap(), Wake::Changed);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn an_outage_loses_nothing() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    dovecot.deliver("ana@x.example", USER, &mail(1, "")).await;
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    client.select("INBOX").await.unwrap();
    let last = client.fetch_since(0, BatchLimit::default()).await.unwrap()[0].uid;
    dovecot.stop();
    let error = client.idle(Duration::from_secs(20)).await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
    let error = client.fetch_since(last, BatchLimit::default()).await.unwrap_err();
    assert!(matches!(error, ImapError::Connect(_)), "{error}");
    dovecot.start_again();
    dovecot.deliver("ana@x.example", USER, &mail(2, "")).await;
    let batch = client.fetch_since(last, BatchLimit::default()).await.unwrap();
    assert_eq!(batch.iter().map(subject).collect::<Vec<_>>(), ["mail 2 你好"]);
}

#[tokio::test]
async fn large_mail_is_reported_and_passed_over() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("ana@x.example", USER, &mail(1, "")).await;
    dovecot.deliver("ana@x.example", USER, &mail(2, &"0123456789\r\n".repeat(20_000))).await;
    dovecot.deliver("ana@x.example", USER, &mail(3, "")).await;
    let config = ImapConfig { mail_bytes_max: 100_000, ..plain(&dovecot) };
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    let mut all = Vec::new();
    loop {
        let last = all.last().map_or(0, |f: &Fetched| f.uid);
        let batch = client.fetch_since(last, BatchLimit::default()).await.unwrap();
        if batch.is_empty() {
            break;
        }
        all.extend(batch);
    }
    assert_eq!(all.len(), 3);
    assert_eq!((subject(&all[0]), subject(&all[2])), ("mail 1 你好".into(), "mail 3 你好".into()));
    let Content::TooLarge { bytes, headers } = &all[1].content else { panic!("{:?}", all[1]) };
    assert!(*bytes > 200_000 && read::message_id(headers).as_deref() == Some("2@x.example"));
}

#[tokio::test]
async fn a_large_mail_comes_in_parts_as_it_was_delivered() {
    let Some(dovecot) = Dovecot::start() else { return };
    // No two lines are alike, so that a part in the wrong place shows.
    let lines: String = (0..800_000).map(|line| format!("line {line}\r\n")).collect();
    let raw = mail(1, &lines);
    assert!(raw.len() > 8 << 20);
    dovecot.deliver("ana@x.example", USER, &raw).await;
    dovecot.deliver("ana@x.example", USER, &mail(2, "")).await;
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    client.select("INBOX").await.unwrap();
    let mut all = client.fetch_since(0, BatchLimit::default()).await.unwrap();
    all.extend(client.fetch_since(all[0].uid, BatchLimit::default()).await.unwrap());
    assert_eq!(all.len(), 2);
    let Content::Mail(fetched) = &all[0].content else { panic!("{:?}", all[0].uid) };
    // Delivery puts headers before it.
    assert!(fetched.ends_with(&raw), "{} of {} bytes", fetched.len(), raw.len());
    assert!(all[0].arrived_at.is_some());
    assert_eq!(subject(&all[1]), "mail 2 你好");
}

#[tokio::test]
async fn a_folder_is_counted_on_by_what_came_and_went() {
    let Some(dovecot) = Dovecot::start() else { return };
    for number in 1..=4 {
        dovecot.deliver("ana@x.example", USER, &mail(number, "")).await;
    }
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    client.select("INBOX").await.unwrap();
    let uids = |held: Vec<Held>| held.iter().map(|one| one.uid).collect::<Vec<_>>();
    assert_eq!(uids(client.held(1).await.unwrap()), [1, 2, 3, 4]);
    let mut other = dovecot.open(USER, "INBOX").await;
    other.expunge(&[2, 3]).await;
    dovecot.deliver("ana@x.example", USER, &mail(5, "")).await;
    // Dovecot looks for new mail at the end of a command.
    client.held(1).await.unwrap();
    assert_eq!(uids(client.held(1).await.unwrap()), [1, 4, 5]);
    assert_eq!(other.mails().await.len(), 3, "the other connection has heard of the new one as well");
    other.expunge(&[1, 4, 5]).await;
    client.held(1).await.unwrap();
    assert_eq!(uids(client.held(1).await.unwrap()), [0; 0]);
    // A new connection, which knows nothing, finds the same.
    dovecot.deliver("ana@x.example", USER, &mail(6, "")).await;
    let mut fresh = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    fresh.select("INBOX").await.unwrap();
    client.held(1).await.unwrap();
    let (known, anew) = (client.held(1).await.unwrap(), fresh.held(1).await.unwrap());
    assert_eq!(known, anew);
    assert_eq!(uids(known), [6]);
}

#[tokio::test]
async fn a_copy_goes_into_sent() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("ana@x.example", USER, &mail(1, "")).await;
    let mut client = ImapClient::connect(&plain(&dovecot)).await.unwrap();
    client.select("INBOX").await.unwrap();
    let folders = client.folders().await.unwrap();
    assert!(folders.iter().any(|f| f.role == Some(FolderRole::Inbox)));
    let sent = client.sent_folder().await.unwrap().unwrap();
    assert_eq!(sent, "Sent");
    let raw = mail(77, "line\n.dot\n");
    assert!(!client.contains(&sent, "77@x.example").await.unwrap());
    let at = Timestamp::from_seconds(1_714_551_300);
    client.append(&sent, &raw, &["\\Seen"], Some(at)).await.unwrap();
    assert!(client.contains(&sent, "77@x.example").await.unwrap());
    // The folder that was open still is.
    assert_eq!(client.fetch_since(0, BatchLimit::default()).await.unwrap().len(), 1);

    let mut inbox = dovecot.open(USER, "Sent").await;
    assert_eq!(inbox.mails().await.len(), 1);
    client.select("Sent").await.unwrap();
    let copy = client.fetch_since(0, BatchLimit::default()).await.unwrap().remove(0);
    assert_eq!(copy.arrived_at, Some(at));
    assert!(matches!(&copy.content, Content::Mail(raw) if raw.ends_with(b"line\r\n.dot\r\n")));

    let error = client.append("Nowhere", &raw, &[], None).await.unwrap_err();
    assert!(matches!(error, ImapError::Refused { .. }), "{error}");
    assert!(client.append("Sent", &raw, &["\\Seen"], None).await.is_ok(), "a refusal leaves the session usable");
}

#[tokio::test]
async fn connections_are_protected_and_probed() {
    let certificate = Certificate::for_localhost();
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    let authority = Some(certificate.authority_pem.clone().into_bytes());
    for (port, security) in [(dovecot.imaps_port(), Security::Tls), (dovecot.imap_port(), Security::StartTls)] {
        let mut config = ImapConfig::new("localhost", port, security, password(USER, dovecot.password()));
        assert!(
            matches!(ImapClient::connect(&config).await, Err(ImapError::Tls(_))),
            "{security:?}: an unknown authority"
        );
        config.extra_ca_pem = authority.clone();
        ImapClient::connect(&config).await.unwrap().select("INBOX").await.unwrap();

        let report = imap::probe(&config, "INBOX").await;
        assert!(report.ok(), "{report:?}");
        assert!(report.steps.iter().any(|s| s.name == "idle" && s.words == "tells of news at once"));
        let report = imap::probe(&config, "Nowhere").await;
        assert!(report.first_failure().unwrap().hint.as_ref().unwrap().contains("INBOX"), "{report:?}");

        config.auth = password(USER, "wrong");
        let error = ImapClient::connect(&config).await.unwrap_err();
        assert!(matches!(&error, ImapError::Auth(words) if words.contains("Authentication failed")), "{error}");
        assert!(!error.is_temporary());
        assert_eq!(imap::probe(&config, "INBOX").await.first_failure().unwrap().name, "sign-in");
    }
    // A name that the certificate is not for.
    let mut config =
        ImapConfig::new("127.0.0.2", dovecot.imaps_port(), Security::Tls, password(USER, dovecot.password()));
    config.extra_ca_pem = authority;
    assert!(ImapClient::connect(&config).await.is_err());
    // Speaking TLS to a plain port ends in time, with a word about the port.
    config = ImapConfig::new("localhost", dovecot.imap_port(), Security::Tls, password(USER, dovecot.password()));
    config.timeouts.connect = Duration::from_secs(2);
    let report = imap::probe(&config, "INBOX").await;
    assert_eq!(report.first_failure().unwrap().name, "tls");
    // A password beyond ASCII is sent in a form that can carry it, and refused as wrong.
    let odd = ImapConfig::new("127.0.0.1", dovecot.imap_port(), Security::Plain, password(USER, "pässwörd"));
    assert!(matches!(ImapClient::connect(&odd).await, Err(ImapError::Auth(_))));
}

#[tokio::test]
async fn mail_is_submitted_and_each_recipient_answered() {
    let certificate = Certificate::for_localhost();
    let Some(dovecot) = Dovecot::start_with_tls(&certificate) else { return };
    let Some(postfix) = Postfix::start_with_tls(&dovecot, &["shop.example", "x.example"], &certificate) else { return };
    let auth = Some(password(USER, dovecot.password()));
    let mut config = SmtpConfig::new("localhost", postfix.submission_port(), Security::StartTls, auth);
    config.extra_ca_pem = Some(certificate.authority_pem.clone().into_bytes());
    config.hello_name = Some("shop.example".into());
    let report = submit::probe(&config).await;
    assert!(report.ok(), "{report:?}");

    let recipients = ["ana@x.example", "unknown@x.example", "busy@x.example"].map(str::to_owned).to_vec();
    let envelope = Envelope { from: Some(USER.into()), recipients };
    let raw = mail(5, ".\r\n..\r\nend\r\n");
    let submission = SmtpSubmitter::new(config.clone()).submit(&envelope, &raw, &Unrecorded).await;
    let outcomes: Vec<&SubmitOutcome> = submission.recipients.iter().map(|r| &r.outcome).collect();
    assert!(matches!(outcomes[0], SubmitOutcome::Accepted { reply } if reply.starts_with("250")), "{outcomes:?}");
    assert!(matches!(outcomes[1], SubmitOutcome::Refused { reason } if reason.starts_with("550")), "{outcomes:?}");
    assert!(matches!(outcomes[2], SubmitOutcome::Deferred { reason } if reason.starts_with("451")), "{outcomes:?}");

    let mut inbox = dovecot.open("ana@x.example", "INBOX").await;
    let got = inbox.wait_for(1, Duration::from_secs(20)).await;
    assert!(got[0].ends_with(b".\r\n..\r\nend\r\n"), "{}", String::from_utf8_lossy(&got[0]));

    let mut times = Vec::new();
    let envelope = Envelope { from: Some(USER.into()), recipients: vec!["ana@x.example".into()] };
    for number in 100..110 {
        let started = Instant::now();
        let submission = SmtpSubmitter::new(config.clone()).submit(&envelope, &mail(number, ""), &Unrecorded).await;
        assert!(submission.all_accepted(), "{submission:?}");
        times.push(started.elapsed());
    }
    println!("submitting with STARTTLS and sign-in: {:?} (least, median, most)", median(times));

    config.auth = Some(password(USER, "wrong"));
    let submission = SmtpSubmitter::new(config.clone()).submit(&envelope, &raw, &Unrecorded).await;
    assert!(
        matches!(&submission.recipients[0].outcome, SubmitOutcome::Deferred { reason } if reason.contains("535")),
        "{submission:?}"
    );
    assert_eq!(submit::probe(&config).await.first_failure().unwrap().name, "sign-in");
    config.extra_ca_pem = None;
    assert_eq!(submit::probe(&config).await.first_failure().unwrap().name, "tls");
}
