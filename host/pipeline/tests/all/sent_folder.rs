//! A reply of which nobody knows whether it went out, and what the Sent folder tells: with a real Postfix whose answer to the final dot is
//! cut off, and a real Dovecot that keeps the provider's copies.

use crate::house::{Test, bundled, ids, letter};
use crate::sending::approve;
use posthouse_mail::read::read_mail;
use posthouse_model::OutboxId;
use posthouse_model::job::Job;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_sandbox::SecretValue;
use posthouse_servers::{Cut, Dovecot, Postfix, Proxy};
use posthouse_store::{JobState, OutboxRow};
use serde_json::json;
use std::time::Duration;

const OURS: &str = "support@acme.example";
const HERS: &str = "mary@example.com";

struct Servers {
    test: Test,
    dovecot: Dovecot,
    _postfix: Postfix,
    proxy: Proxy,
}

/// A house that fetches from Dovecot and sends through Postfix over a wire that can be cut. None where they are not installed.
async fn set_up() -> Option<Servers> {
    let dovecot = Dovecot::start()?;
    let postfix = Postfix::start(&dovecot, &["example.com"])?;
    let proxy = Proxy::start(postfix.smtp_port()).await;
    let (imap, smtp) = (dovecot.imap_port(), proxy.port());
    let test = Test::new(["classifier", "router", "drafter"].map(bundled).to_vec(), |config| {
        let mailbox = &mut config.mailboxes[0];
        (mailbox.maildir, mailbox.files) = (None, None);
        let from = json!({
            "host": "127.0.0.1", "port": imap, "security": "plain", "user": OURS, "password": { "secret": "mail" }
        });
        mailbox.imap = Some(serde_json::from_value(from).unwrap());
        let to = json!({ "host": "127.0.0.1", "port": smtp, "security": "plain" });
        mailbox.smtp = Some(serde_json::from_value(to).unwrap());
    })
    .await;
    test.secrets.more.lock().unwrap().insert("mail".to_owned(), SecretValue::anywhere(dovecot.password()));
    Some(Servers { test, dovecot, _postfix: postfix, proxy })
}

impl Servers {
    /// A reply whose answer never came: the server has it, and the house does not know.
    async fn uncertain(&self) -> (OutboxId, Vec<u8>) {
        let question = letter("q", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?");
        let taken = self.test.mail(question).await;
        let outbox = approve(&self.test, ids(&taken).1, "It is on its way.").await;
        self.proxy.cut(Cut::AnswerTo(b"\r\n.\r\n"));
        self.test.clock.forward(Duration::from_secs(60));
        self.test.run().await;
        self.proxy.wait_for_cuts(1).await;
        let row = self.row(outbox).await;
        assert_eq!(row.state, OutboxState::Uncertain, "{row:?}");
        assert_eq!(self.test.tenant.scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Waiting);
        let delivered = self.hers().await;
        (outbox, delivered)
    }

    async fn row(&self, outbox: OutboxId) -> OutboxRow {
        self.test.tenant.scope.outbox(outbox).await.unwrap()
    }

    /// The one mail that she has.
    async fn hers(&self) -> Vec<u8> {
        let mut mails = self.dovecot.open(HERS, "INBOX").await.wait_for(1, Duration::from_secs(30)).await;
        assert_eq!(mails.len(), 1, "it went out once");
        mails.remove(0)
    }

    async fn sent(&self) -> Vec<Vec<u8>> {
        self.dovecot.open(OURS, "Sent").await.mails().await
    }

    /// Jobs that have yet to look into the Sent folder, or gave up.
    async fn looks(&self) -> usize {
        let scope = &self.test.tenant.scope;
        let (queued, failed) =
            (scope.jobs(JobState::Queued).await.unwrap(), scope.jobs(JobState::Failed).await.unwrap());
        queued.iter().chain(&failed).filter(|row| matches!(row.job, Job::Prove { .. })).count()
    }

    /// Another two minutes, and what is due by then.
    async fn wait(&self) {
        self.test.clock.forward(Duration::from_secs(120));
        self.test.run().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_sent_proves_that_it_went_out_and_nothing_is_sent_again() {
    let Some(mut servers) = set_up().await else { return };
    let (outbox, delivered) = servers.uncertain().await;
    let id = servers.row(outbox).await.message_id;
    assert_eq!(read_mail(&delivered).message_id.as_deref(), Some(id.as_str()));
    // The server cannot be asked for a while, and then the copy is not there yet.
    servers.dovecot.stop();
    servers.wait().await;
    servers.dovecot.start_again();
    servers.wait().await;
    assert_eq!((servers.row(outbox).await.state, servers.looks().await), (OutboxState::Uncertain, 1));
    // Now the provider has put it there, as those that keep copies do.
    servers.dovecot.open(OURS, "INBOX").await.put("Sent", &delivered).await;
    for _ in 0..10 {
        servers.wait().await;
    }
    let row = servers.row(outbox).await;
    assert_eq!((row.state, row.attempts.len()), (OutboxState::Sent, 1), "{row:?}");
    let scope = &servers.test.tenant.scope;
    assert_eq!(scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Sent, "nobody has to look");
    assert_eq!(scope.thread(row.ticket, 10).await.unwrap().len(), 2, "it is part of the thread");
    assert!(servers.test.events().await.contains(&"outbox.proved".to_owned()));
    assert_eq!(servers.looks().await, 0);
    servers.hers().await;
    assert_eq!(servers.sent().await.len(), 1, "and the copy is not put there a second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_sent_stays_a_persons_to_decide() {
    let Some(servers) = set_up().await else { return };
    let (outbox, delivered) = servers.uncertain().await;
    let id = servers.row(outbox).await.message_id;
    // Of the same subject and to the same person, answering it, and with an id that begins like it: none is it.
    let text = String::from_utf8_lossy(&delivered).into_owned();
    let other = text.replace(&id, &format!("{id}.example"));
    let answer =
        text.replace(&id, "another@acme.example").replacen("Subject:", &format!("References: <{id}>\r\nSubject:"), 1);
    let mut inbox = servers.dovecot.open(OURS, "INBOX").await;
    for close in [other, answer] {
        inbox.put("Sent", close.as_bytes()).await;
    }
    for _ in 0..30 {
        servers.wait().await;
    }
    let row = servers.row(outbox).await;
    assert_eq!((row.state, row.attempts.len()), (OutboxState::Uncertain, 1), "{row:?}");
    assert!(
        row.reason.is_some_and(|words| words.contains("after the whole message was sent")),
        "it says what is known"
    );
    let scope = &servers.test.tenant.scope;
    assert_eq!(scope.ticket(row.ticket).await.unwrap().status, TicketStatus::Waiting, "before a person");
    assert_eq!(servers.looks().await, 0, "it was looked for often enough, and nothing is left as failed");
    assert!(!servers.test.events().await.contains(&"outbox.proved".to_owned()));
    servers.hers().await;
    assert_eq!(servers.sent().await.len(), 2);
}
