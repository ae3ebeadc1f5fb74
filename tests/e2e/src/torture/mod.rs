//! The house is killed again and again while mail comes in, agents answer it and replies go out, against a real Dovecot and a real
//! Postfix; then everything is counted. What must hold afterwards is in [`Report::problems`].
//!
//! Half of the deaths are at a chosen boundary between two steps (`POSTHOUSE_DIE_AT`), the other half are SIGKILL at a random
//! moment. In between there are rests, as a day has nights: the process is left alone, everything settles, and a person
//! decides about what is uncertain by looking into the customer's mailbox.

mod count;
mod fault;
mod report;
mod rest;

pub use fault::Fault;
pub use report::Report;

use crate::chat::Feishu;
use crate::desk::Desk;
use crate::house::House;
use crate::set_up::{MAIL_PASSWORD, SetUp};
use fault::Faults;
use posthouse_servers::{Dovecot, Postfix};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Mails that come in for each death, at least.
pub const MAILS_PER_DEATH: usize = 2;
/// Deaths between two rests.
const DEATHS_BETWEEN_RESTS: usize = 54;
/// How long a boundary may take to be come to before the process is killed anyway.
const BOUNDARY_MAX: Duration = Duration::from_secs(20);
/// When a boundary has not been come to, another mail comes in so often.
const MORE_MAIL_AFTER: Duration = Duration::from_secs(3);
/// Between two looks of the agent.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The mailbox that is written to.
const SUPPORT: &str = "support@shop.example";

/// What is done to the house.
pub struct Plan {
    /// How often it dies.
    pub deaths: usize,
    /// PostgreSQL; none: SQLite.
    pub database_url: Option<String>,
    /// The same seed, the same faults in the same order.
    pub seed: u64,
    /// Told what is going on, now and then.
    pub progress: fn(&str),
}

/// A house under torture.
struct Torture {
    house: House,
    desk: Desk,
    dovecot: Dovecot,
    postfix: Postfix,
    feishu: Feishu,
    progress: fn(&str),
    /// Mails delivered so far; they are numbered from 0.
    mails: usize,
    /// Tickets that need nothing more from the agent.
    answered: BTreeSet<i64>,
    /// Tickets whose reply is settled as sent.
    settled: BTreeSet<i64>,
    report: Report,
}

/// Carries a plan out; none, with the reason printed, where Dovecot or Postfix cannot be started.
///
/// # Panics
/// When the house cannot be set up, or does not start any more.
pub async fn run(plan: &Plan) -> Option<Report> {
    let dovecot = Dovecot::start()?;
    let postfix = Postfix::start(&dovecot, &["customer.example"])?;
    let began = Instant::now();
    let mut torture = Torture::begin(plan, dovecot, postfix).await;
    let mut faults = Faults::new(plan.seed);
    for death in 1..=plan.deaths {
        torture.die(faults.next()).await;
        if death % DEATHS_BETWEEN_RESTS == 0 && death < plan.deaths {
            torture.rest().await;
            (plan.progress)(&format!("{death} of {} deaths, {}", plan.deaths, torture.report.so_far()));
        }
    }
    torture.rest().await;
    torture.count().await;
    torture.report.duration = began.elapsed();
    Some(torture.report)
}

impl Torture {
    async fn begin(plan: &Plan, dovecot: Dovecot, postfix: Postfix) -> Self {
        let feishu = Feishu::start().await;
        let mut house = House::new(plan.database_url.as_deref());
        house.secret("shop", MAIL_PASSWORD, dovecot.password());
        house.secret("shop", "feishu_token", &feishu.token);
        house.secret("shop", "feishu_sign", &feishu.secret);
        house.apply("shop", &tenant(dovecot.imap_port(), postfix.smtp_port(), &feishu.base_url));
        house.serve().await;
        let desk = Desk::enter(&house, "shop").await;
        house.kill();
        let report =
            Report { database: if plan.database_url.is_some() { "PostgreSQL" } else { "SQLite" }, ..Report::default() };
        Self {
            house,
            desk,
            dovecot,
            postfix,
            feishu,
            progress: plan.progress,
            mails: 0,
            answered: BTreeSet::new(),
            settled: BTreeSet::new(),
            report,
        }
    }

    /// Starts the process, lets it work until the fault, and has it dead.
    async fn die(&mut self, fault: Fault) {
        let own_end = fault.die_at();
        let environment: Vec<(&str, &str)> = own_end.iter().map(|at| ("POSTHOUSE_DIE_AT", at.as_str())).collect();
        // One waits when it starts, the other comes while it works: two batches.
        self.deliver().await;
        self.house.begin_to_serve(&environment);
        let begun = Instant::now();
        let mut delivered = 1;
        loop {
            let age = begun.elapsed();
            let over = match fault {
                Fault::Moment(moment) => age >= moment,
                Fault::Boundary { .. } => self.house.has_ended() || age >= BOUNDARY_MAX,
            };
            if over {
                break;
            }
            let works = self.answer().await;
            // A boundary that wants more mail than came gets more.
            let slow = begun.elapsed() > MORE_MAIL_AFTER * u32::try_from(delivered).unwrap_or(u32::MAX);
            if works && (delivered < MAILS_PER_DEATH || slow) {
                self.deliver().await;
                delivered += 1;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let by_itself = self.house.has_ended();
        self.house.kill();
        for _ in delivered..MAILS_PER_DEATH {
            self.deliver().await;
        }
        self.report.died(fault, by_itself, &self.house.log());
    }

    async fn deliver(&mut self) {
        let number = self.mails;
        let mail = format!(
            "From: Customer {number} <{customer}>\r\nTo: {SUPPORT}\r\nSubject: {subject}\r\n\
             Message-ID: <{number}@customer.example>\r\n\r\nHello, where is my order AC-1{number:04}? It has not arrived.\r\n",
            customer = customer(number),
            subject = subject(number)
        );
        self.dovecot.deliver(&customer(number), SUPPORT, mail.as_bytes()).await;
        self.mails += 1;
    }

    /// What an agent does: answers every ticket that waits and has no answer. False while nobody is at the desk.
    async fn answer(&mut self) -> bool {
        let Some(rows) = self.tickets("waiting").await else { return false };
        for row in rows {
            let (Some(ticket), Some(number)) = (row["number"].as_i64(), number_of(&row)) else { continue };
            if self.answered.contains(&ticket) {
                continue;
            }
            let Some(detail) = self.desk.try_json(&format!("/api/tickets/{ticket}")).await else { return false };
            if detail["outbox"].as_array().is_some_and(|outbox| !outbox.is_empty()) {
                // It was approved, and the desk died before it could say so; or a person must decide later.
                self.answered.insert(ticket);
                continue;
            }
            let body = json!({ "body": reply(number) });
            match self.desk.try_act(ticket, "approve", &body).await {
                Some(answer) if answer.status == 200 => drop(self.answered.insert(ticket)),
                Some(_) => {}
                None => return false,
            }
        }
        true
    }

    /// All tickets of a view; none when the desk is away.
    async fn tickets(&self, view: &str) -> Option<Vec<Value>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.desk.try_json(&format!("/api/tickets?view={view}{after}")).await?;
            rows.extend(page["tickets"].as_array()?.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Some(rows),
            }
        }
    }
}

fn customer(number: usize) -> String {
    format!("customer{number}@customer.example")
}

fn subject(number: usize) -> String {
    format!("Question {number} about my order")
}

fn reply(number: usize) -> String {
    format!("Reply number {number}. It is on its way.")
}

/// The mail's number that a ticket is about.
fn number_of(row: &Value) -> Option<usize> {
    row["subject"].as_str()?.split(' ').nth(1)?.parse().ok()
}

fn tenant(imap: u16, smtp: u16, chat: &str) -> String {
    let set_up = SetUp::new("shop", "The Shop", SUPPORT).imap(imap).smtp(smtp).undo_seconds(0);
    set_up.plugins(&["classifier", "router", "drafter"]).feishu(chat).toml()
}
