//! The ticket list.
use crate::{Result, Scope};
use posthouse_model::mail::Address;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Sentiment, Urgency};
use posthouse_model::{AgentId, TicketId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Whose tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Hers.
    To(AgentId),
    /// Nobody's.
    Nobody,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TicketSort {
    /// What should be done first: earliest deadline, then highest priority, then longest waiting.
    #[default]
    Due,
    /// Highest priority first, then longest waiting.
    Priority,
    /// Newest mail first.
    Newest,
    /// Oldest mail first.
    Oldest,
}

/// Which tickets. Empty fields do not restrict.
#[derive(Clone, Debug, Default)]
pub struct TicketQuery {
    /// Any of these.
    pub status: Vec<TicketStatus>,
    /// Exactly.
    pub queue: Option<String>,
    /// Exactly.
    pub category: Option<String>,
    /// Exactly.
    pub urgency: Option<Urgency>,
    /// BCP 47, exactly.
    pub language: Option<String>,
    /// Whose.
    pub assigned: Option<Assigned>,
    /// Deadline has passed.
    pub overdue: bool,
    /// Words in subject, customer, number, entities or text; all must occur.
    pub text: Option<String>,
    /// In which order.
    pub sort: TicketSort,
    /// `next` of the page before.
    pub after: Option<String>,
    /// At most [`TicketQuery::LIMIT_MAX`]; 0 takes [`TicketQuery::LIMIT_DEFAULT`].
    pub limit: u32,
}

impl TicketQuery {
    /// Rows on a page when nothing is said.
    pub const LIMIT_DEFAULT: u32 = 50;
    /// Most rows on a page.
    pub const LIMIT_MAX: u32 = 200;
}

/// A ticket in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketSummary {
    /// Its id.
    pub id: TicketId,
    /// #1042
    pub number: i64,
    /// Of the thread.
    pub subject: String,
    /// Whom it is about.
    pub customer: Address,
    /// Where it stands.
    pub status: TicketStatus,
    /// Open set per tenant.
    pub category: Option<String>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// How the customer sounds.
    pub sentiment: Option<Sentiment>,
    /// BCP 47.
    pub language: Option<String>,
    /// Where it waits.
    pub queue: Option<String>,
    /// 0 to 100.
    pub priority: i64,
    /// Who has it.
    pub assignee: Option<AgentId>,
    /// When the customer must have an answer.
    pub deadline: Option<Timestamp>,
    /// Put aside until then.
    pub snoozed_until: Option<Timestamp>,
    /// Beginning of the newest mail's text.
    pub snippet: String,
    /// Messages in the thread.
    pub message_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the newest mail came or went.
    pub last_message_at: Timestamp,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// In order.
    pub rows: Vec<T>,
    /// For the page after this; none at the end.
    pub next: Option<String>,
}

/// How many tickets stand where.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// By status; those with none are left out.
    pub by_status: BTreeMap<TicketStatus, i64>,
    /// Open tickets by queue.
    pub by_queue: BTreeMap<String, i64>,
    /// Open tickets by category.
    pub by_category: BTreeMap<String, i64>,
    /// Waiting tickets of the agent asked for.
    pub mine: i64,
    /// Waiting and nobody's.
    pub unassigned: i64,
    /// Waiting and past their deadline.
    pub overdue: i64,
    /// Waiting and due within the hour.
    pub due_within_hour: i64,
    /// When the newest mail of the longest-waiting ticket came.
    pub oldest_waiting: Option<Timestamp>,
    /// Messages parked.
    pub parked: i64,
    /// Replies failed or uncertain: a person must look.
    pub send_trouble: i64,
}

impl Scope {
    /// One page of tickets.
    pub async fn tickets(&self, _query: &TicketQuery) -> Result<Page<TicketSummary>> { todo!() }
    /// Counts for the views of an agent.
    pub async fn counts(&self, _agent: Option<AgentId>) -> Result<Counts> { todo!() }
}
