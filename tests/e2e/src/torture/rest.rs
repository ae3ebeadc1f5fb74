//! A rest: nothing is done to the process, everything settles, and a person decides about what is uncertain.

use super::{SUPPORT, Torture, customer, number_of, reply};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long everything may take to settle. A job that died twelve times waits a minute, and IMAP servers limit sign-ins.
const REST_MAX: Duration = Duration::from_secs(240);
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Torture {
    /// Lets the process work in peace until every mail is answered, every answer sent, and every copy made; or until that takes
    /// too long, which the count then shows.
    pub(super) async fn rest(&mut self) {
        self.house.serve().await;
        let end = Instant::now() + REST_MAX;
        while !self.is_at_rest().await {
            if Instant::now() >= end {
                (self.progress)(&format!("not at rest after {} s:\n{}", REST_MAX.as_secs(), self.house.log()));
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.house.kill();
    }

    async fn is_at_rest(&mut self) -> bool {
        self.answer().await
            && self.settle().await
            && self.postfix.is_quiet()
            && self.is_copied().await
            && self.all_told()
    }

    /// Looks at every ticket whose reply is not known to be sent, and decides about what is uncertain. True when all are sent.
    async fn settle(&mut self) -> bool {
        let Some(rows) = self.tickets("all").await else { return false };
        let mut open = self.mails.saturating_sub(rows.len());
        for row in rows {
            let (Some(ticket), Some(number)) = (row["number"].as_i64(), number_of(&row)) else { continue };
            if self.settled.contains(&ticket) {
                continue;
            }
            let Some(detail) = self.desk.try_json(&format!("/api/tickets/{ticket}")).await else { return false };
            let replies = detail["outbox"].as_array().cloned().unwrap_or_default();
            if !replies.is_empty() && replies.iter().all(|reply| reply["state"] == "sent") {
                self.settled.insert(ticket);
                continue;
            }
            open += 1;
            for reply in replies.iter().filter(|reply| reply["state"] == "uncertain") {
                self.decide(ticket, number, reply).await;
            }
        }
        open == 0
    }

    /// What the desk asks a person to do: to see whether it went out.
    async fn decide(&mut self, ticket: i64, number: usize, uncertain: &Value) {
        // What the mail server took it may still be delivering.
        if !self.postfix.is_quiet() {
            return;
        }
        let attempts = uncertain["attempts"].as_array().cloned().unwrap_or_default();
        if attempts.last().is_none_or(|attempt| attempt["handed_over_at"].is_null()) {
            self.report.uncertain_without_reason.push(format!("ticket {ticket}: {uncertain}"));
        }
        let arrived = self.arrived(number).await > 0;
        let to = if arrived { "sent" } else { "queued" };
        let decision = json!({ "outbox": uncertain["id"], "state": to });
        if self.desk.try_act(ticket, "resolve", &decision).await.is_some_and(|answer| answer.status == 200) {
            self.report.uncertain += 1;
        }
    }

    /// How many copies of a reply its customer has.
    pub(super) async fn arrived(&self, number: usize) -> usize {
        let mails = self.dovecot.open(&customer(number), "INBOX").await.mails().await;
        mails.iter().filter(|raw| contains(raw, &reply(number))).count()
    }

    async fn is_copied(&self) -> bool {
        self.copies().await.len() >= self.mails
    }

    /// The copies in the Sent folder.
    pub(super) async fn copies(&self) -> Vec<Vec<u8>> {
        self.dovecot.open(SUPPORT, "Sent").await.mails().await
    }

    fn all_told(&self) -> bool {
        self.told().len() >= self.mails
    }
}

pub(super) fn contains(raw: &[u8], words: &str) -> bool {
    raw.windows(words.len()).any(|window| window == words.as_bytes())
}
