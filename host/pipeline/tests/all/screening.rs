//! Who is left out and why, by number; the marks of other filters; a real Rspamd; and mail that is taken up again.

use crate::house::{Test, actor, bundled, ids, letter};
use posthouse_model::config::RspamdConfig;
use posthouse_model::job::Job;
use posthouse_model::reason::ReasonCode;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::{MessageId, TicketId};
use posthouse_pipeline::{heartbeat, schedule, screening};
use posthouse_sandbox::SecretValue;
use posthouse_servers::Rspamd;
use posthouse_store::JobState;
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn ended(test: &Test, message: MessageId) -> (Outcome, Option<ReasonCode>) {
    let row = test.tenant.scope.message(message).await.unwrap();
    (row.outcome, row.reason.map(|reason| reason.code))
}

fn with_header(id: &str, header: &str) -> String {
    format!("{header}\r\n{}", letter(id, "Where is my parcel?", "My order 1042-88 has not arrived."))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_that_is_left_out_has_a_numbered_reason() {
    let test = Test::new(vec![bundled("classifier")], |config| {
        config.screen.blocked_senders = vec!["@blocked.example".to_owned()];
    })
    .await;
    let list = "List-Id: <news.shop.example>";
    let notice = "Auto-Submitted: auto-generated";
    for (raw, end, code) in [
        (with_header("a", "Auto-Submitted: auto-replied"), Outcome::Automatic, ReasonCode::AutoReply),
        (with_header("b", list), Outcome::Automatic, ReasonCode::List),
        (with_header("c", notice), Outcome::Automatic, ReasonCode::Notice),
        (with_header("d", "X-Spam-Flag: YES"), Outcome::Spam, ReasonCode::SpamByHeader),
        (
            letter("e", "Hello", "Where is it?").replace("mary@example.com", "x@blocked.example"),
            Outcome::Skipped,
            ReasonCode::BlockedSender,
        ),
        (letter("f", "", ""), Outcome::Skipped, ReasonCode::Blank),
        (
            with_header("g", &format!("X-Posthouse-Loop: {}", test.house.installation().hash())),
            Outcome::Skipped,
            ReasonCode::OwnMail,
        ),
    ] {
        let (message, _) = ids(&test.mail(raw).await);
        assert_eq!(ended(&test, message).await, (end, Some(code)));
    }
    let (message, _) = ids(&test.mail(letter("h", "Where is my parcel?", "My order has not arrived.")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_is_not_believed_of_whom_one_knows_or_when_it_is_turned_off() {
    let mut test = Test::new(vec![bundled("classifier")], |config| {
        config.screen.trusted_senders = vec!["ann@known.example".to_owned()];
    })
    .await;
    let marked = |id: &str| with_header(id, "X-Spam-Status: Yes, score=9.1 required=5.0");
    let trusted = marked("a").replace("mary@example.com", "ann@known.example");
    let (message, _) = ids(&test.mail(trusted).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));
    // Somebody who is in a conversation was heard already.
    ids(&test.mail(letter("b", "Where is my parcel?", "My order has not arrived.")).await);
    let reply = marked("c").replace("Subject:", "In-Reply-To: <b@example.com>\r\nSubject:");
    let (message, _) = ids(&test.mail(reply).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));
    let (message, _) = ids(&test.mail(marked("d")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Spam, Some(ReasonCode::SpamByHeader)));
    let mut config = test.tenant.config.clone();
    config.screen.spam_headers = false;
    test.apply(config).await;
    let (message, _) = ids(&test.mail(marked("e")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_takes_up_is_sorted_like_any_other_mail() {
    let test = Test::new(["classifier", "router", "drafter"].map(bundled).to_vec(), |_| {}).await;
    let scope = &test.tenant.scope;
    let (message, ticket) = ids(&test.mail(with_header("a", "X-Spam-Flag: YES")).await);
    assert_eq!(scope.ticket(ticket).await.unwrap().status, TicketStatus::Spam);
    assert!(scope.decisions(ticket).await.unwrap().is_empty(), "no plugin was asked");
    let mut tx = scope.begin().await.unwrap();
    tx.take_up(message, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, Some(ReasonCode::SpamByHeader)));
    let row = scope.ticket(ticket).await.unwrap();
    assert_eq!((row.status, row.category.as_deref()), (TicketStatus::Waiting, Some("shipping")));
    assert!(row.queue.is_some());
    let detail = scope.ticket_detail(row.number).await.unwrap();
    assert!(!detail.drafts.is_empty(), "a draft waits");
    assert!(scope.verify_chain().await.unwrap().faults.is_empty());

    // A duplicate has no ticket of its own until then.
    let copy = format!("X-Other: way\r\n{}", letter("a", "Where is my parcel?", "My order 1042-88 has not arrived."));
    let taken = test.mail(copy).await;
    let posthouse_store::Taken::Duplicate { message, .. } = taken else { panic!("{taken:?}") };
    assert_eq!(ended(&test, message).await, (Outcome::Skipped, Some(ReasonCode::Duplicate)));
    let mut tx = scope.begin().await.unwrap();
    let (other, _) = tx.take_up(message, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_ne!(other, ticket);
    assert_eq!(scope.ticket(other).await.unwrap().status, TicketStatus::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_keeps_what_it_said_for_as_long_as_the_tenant_says() {
    let mut test = Test::new(Vec::new(), |config| config.screen.keep_days = 30).await;
    let (message, _) = ids(&test.mail(with_header("a", "X-Spam-Flag: YES")).await);
    test.clock.forward(30 * DAY - Duration::from_secs(1));
    schedule::tick(&test.house).await.unwrap();
    assert!(!test.tenant.scope.raw(message).await.unwrap().is_empty());
    let mut config = test.tenant.config.clone();
    config.screen.keep_days = 0;
    test.apply(config.clone()).await;
    test.clock.forward(2 * DAY);
    schedule::tick(&test.house).await.unwrap();
    assert!(!test.tenant.scope.raw(message).await.unwrap().is_empty(), "0: for good");
    config.screen.keep_days = 30;
    test.apply(config).await;
    schedule::tick(&test.house).await.unwrap();
    assert!(test.tenant.scope.raw(message).await.is_err());
    assert_eq!(ended(&test, message).await, (Outcome::Spam, Some(ReasonCode::SpamByHeader)));
    assert!(test.events().await.contains(&"messages.let-go".to_owned()));
}

/// What every spam filter takes for spam (<https://spamassassin.apache.org/gtube/>).
fn gtube(id: &str) -> String {
    letter(id, "An offer", "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X")
}

fn rspamd(url: &str) -> RspamdConfig {
    serde_json::from_value(json!({ "url": url, "timeout_seconds": 20 })).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_rspamd_is_asked_and_mail_does_not_wait_for_it() {
    let Some(mut server) = Rspamd::start() else { return };
    let mut test =
        Test::new(vec![bundled("classifier")], |config| config.screen.rspamd = Some(rspamd(&server.url()))).await;
    let (message, ticket) = ids(&test.mail(gtube("a")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Spam, Some(ReasonCode::SpamByRspamd)));
    let words = test.tenant.scope.message(message).await.unwrap().reason.unwrap().words;
    assert!(words.starts_with("score 15.0 of 15, reject"), "{words}");
    assert!(test.tenant.scope.decisions(ticket).await.unwrap().is_empty(), "no plugin was asked");
    let question = |id: &str| letter(id, "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?");
    let (message, _) = ids(&test.mail(question("b")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));

    // By the tenant's own score, and with a password.
    let mut config = test.tenant.config.clone();
    let guarded = RspamdConfig { score_min: Some(-50.0), ..rspamd(&server.guarded_url()) };
    config.screen.rspamd = Some(RspamdConfig {
        password: Some(serde_json::from_value(json!({ "secret": "rspamd" })).unwrap()),
        ..guarded
    });
    test.secrets.more.lock().unwrap().insert("rspamd".to_owned(), SecretValue::anywhere(server.password()));
    test.apply(config.clone()).await;
    let (message, _) = ids(&test.mail(question("c")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Spam, Some(ReasonCode::SpamByRspamd)));
    let set_up = config.screen.rspamd.clone().unwrap();
    assert!(screening::rspamd::try_out(&test.house, &test.tenant, &set_up).await.is_ok());

    // A wrong password: the mail goes on without, it is told after a while, and the next mails do not wait.
    test.secrets.more.lock().unwrap().insert("rspamd".to_owned(), SecretValue::anywhere("wrong"));
    let refused = screening::rspamd::try_out(&test.house, &test.tenant, &set_up).await.unwrap_err().to_string();
    assert!(refused.contains("Rspamd refused with status 401"), "{refused}");
    server.stop();
    let (message, _) = ids(&test.mail(question("d")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Ticket, None));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert!(test.tenant.scope.open_incidents().await.unwrap().is_empty(), "a short outage is no incident");
    test.clock.forward(Duration::from_secs(16 * 60));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let open = test.tenant.scope.open_incidents().await.unwrap();
    assert_eq!(open.iter().map(|incident| incident.key.as_str()).collect::<Vec<_>>(), ["rspamd"]);
    assert!(open[0].detail.contains("mail is triaged without it"), "{}", open[0].detail);

    // It is back, elsewhere: asked again, and the incident is over.
    let Some(server) = Rspamd::start() else { return };
    config.screen.rspamd = Some(rspamd(&server.url()));
    test.apply(config).await;
    let (message, _) = ids(&test.mail(gtube("e")).await);
    assert_eq!(ended(&test, message).await, (Outcome::Spam, Some(ReasonCode::SpamByRspamd)));
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert!(test.tenant.scope.open_incidents().await.unwrap().is_empty());
}

/// What was recorded of teaching Rspamd: the answers, and whether each mail was called spam.
async fn taught(test: &Test) -> Vec<(String, bool)> {
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    let taught = events.into_iter().filter(|event| event.kind == "rspamd.taught");
    let data = taught.map(|event| serde_json::from_str::<serde_json::Value>(&event.data).unwrap());
    data.map(|one| (one["answer"].as_str().unwrap().to_owned(), one["spam"] == true)).collect()
}

/// Why the jobs that teach Rspamd wait.
async fn untaught(test: &Test) -> Vec<String> {
    let jobs = test.tenant.scope.jobs(JobState::Queued).await.unwrap();
    let jobs = jobs.into_iter().filter(|row| row.job.kind() == "teach-rspamd");
    jobs.map(|row| row.errors.last().unwrap().reason.clone()).collect()
}

async fn say(test: &Test, ticket: TicketId, spam: bool) {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    if spam {
        tx.mark_spam(ticket, &actor()).await.unwrap();
    } else {
        tx.mark_not_spam(ticket, &actor()).await.unwrap();
    }
    tx.commit().await.unwrap();
    test.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_rspamd_is_taught_what_people_say_and_nobody_waits_for_it() {
    let Some(mut server) = Rspamd::start() else { return };
    let set_up = |server: &Rspamd, learn: bool| {
        let learn_url = learn.then(|| server.guarded_url());
        let password = Some(serde_json::from_value(json!({ "secret": "rspamd" })).unwrap());
        Some(RspamdConfig { learn, learn_url, password, ..rspamd(&server.url()) })
    };
    let mut test = Test::new(vec![bundled("classifier")], |_| {}).await;
    test.secrets.more.lock().unwrap().insert("rspamd".to_owned(), SecretValue::anywhere(server.password()));
    let mut config = test.tenant.config.clone();
    config.screen.rspamd = set_up(&server, false);
    test.apply(config.clone()).await;
    let offer = |id: &str| {
        letter(
            id,
            "You won",
            &format!("Claim prize {id} of the great lottery in Madrid, before it closes for all of its winners today!"),
        )
    };

    // Not unless it is wanted.
    let (_, unwanted) = ids(&test.mail(offer("a")).await);
    say(&test, unwanted, true).await;
    assert_eq!((taught(&test).await, untaught(&test).await), (vec![], vec![]));

    config.screen.rspamd = set_up(&server, true);
    test.apply(config.clone()).await;
    assert!(
        screening::rspamd::try_teaching(&test.house, &test.tenant, config.screen.rspamd.as_ref().unwrap())
            .await
            .is_ok()
    );
    let (message, ticket) = ids(&test.mail(offer("b")).await);
    say(&test, ticket, true).await;
    say(&test, ticket, false).await;
    let (_, short) = ids(&test.mail(letter("c", "Hi", "Hi")).await);
    say(&test, short, true).await;
    let expected = [("learned", true), ("learned", false), ("not learned", true)];
    assert_eq!(taught(&test).await, expected.map(|(answer, spam)| (answer.to_owned(), spam)));
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    let last = events.iter().rfind(|event| event.kind == "rspamd.taught").unwrap();
    assert!(last.data.contains("less tokens than required"), "{}", last.data);
    // Already learned is as good: somebody else told it, or a worker died after it had.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.enqueue(&Job::TeachRspamd { message, spam: false }).await.unwrap();
    // What a person no longer says is not taught.
    tx.enqueue(&Job::TeachRspamd { message, spam: true }).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(taught(&test).await[3..], [("known".to_owned(), false)]);

    // A wrong password, mended; away, and back elsewhere.
    test.secrets.more.lock().unwrap().insert("rspamd".to_owned(), SecretValue::anywhere("wrong"));
    let (_, ticket) = ids(&test.mail(offer("d")).await);
    say(&test, ticket, true).await;
    let waits = untaught(&test).await;
    assert!(waits.len() == 1 && waits[0].contains("Rspamd refused with status 401"), "{waits:?}");
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Spam, "it is spam meanwhile");
    server.stop();
    test.clock.forward(Duration::from_secs(31));
    test.run().await;
    let waits = untaught(&test).await;
    assert!(waits.len() == 1 && waits[0].contains("Rspamd cannot be reached"), "{waits:?}");
    let Some(server) = Rspamd::start() else { return };
    test.secrets.more.lock().unwrap().insert("rspamd".to_owned(), SecretValue::anywhere(server.password()));
    config.screen.rspamd = set_up(&server, true);
    test.apply(config).await;
    test.clock.forward(Duration::from_secs(121));
    test.run().await;
    assert_eq!(taught(&test).await[4..], [("learned".to_owned(), true)]);
    assert_eq!(untaught(&test).await, [""; 0]);
    assert!(test.tenant.scope.verify_chain().await.unwrap().faults.is_empty());
}
