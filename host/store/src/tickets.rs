//! Reading tickets.
use crate::{DraftRow, MessageRow, OutboxRow, Result, Scope};
use posthouse_model::decision::Decision;
use posthouse_model::event::Event;
use posthouse_model::mail::Address;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Entity, Evidence, Fact, Order, Risk, Sentiment, Urgency};
use posthouse_model::{AgentId, MailboxId, MessageId, TicketId, Timestamp};
use serde::Serialize;

/// A ticket, whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketRow {
    /// Its id.
    pub id: TicketId,
    /// #1042: counts up per tenant.
    pub number: i64,
    /// Where its newest mail came in; answers go out there.
    pub mailbox: MailboxId,
    /// Of the thread.
    pub subject: String,
    /// Whom it is about.
    pub customer: Address,
    /// Where it stands.
    pub status: TicketStatus,
    /// Why it was closed without a reply.
    pub closed_reason: Option<String>,
    /// Open set per tenant.
    pub category: Option<String>,
    /// 0.0 to 1.0; none when an agent said it.
    pub category_confidence: Option<f64>,
    /// An agent set the category: triage keeps it.
    pub category_by_agent: bool,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// How the customer sounds.
    pub sentiment: Option<Sentiment>,
    /// BCP 47.
    pub language: Option<String>,
    /// Where it waits.
    pub queue: Option<String>,
    /// 0 (some day) to 100 (now).
    pub priority: i64,
    /// Who has it.
    pub assignee: Option<AgentId>,
    /// When the customer must have an answer.
    pub deadline: Option<Timestamp>,
    /// Put aside until then.
    pub snoozed_until: Option<Timestamp>,
    /// Free labels.
    pub tags: Vec<String>,
    /// What was read from the text. Spans point into `triaged_message`; those read from earlier mails have none.
    pub entities: Vec<Entity>,
    /// Which message the spans of entities, risks and evidence point into.
    pub triaged_message: Option<MessageId>,
    /// Keys of what an answer needs and the customer has not said.
    pub missing: Vec<String>,
    /// Reasons to be careful.
    pub risks: Vec<Risk>,
    /// From enrichers.
    pub facts: Vec<Fact>,
    /// From enrichers.
    pub orders: Vec<Order>,
    /// Why it was sorted so.
    pub evidence: Vec<Evidence>,
    /// Beginning of the newest mail's text.
    pub snippet: String,
    /// Messages in the thread.
    pub message_count: i64,
    /// Goes up with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the newest mail came or went.
    pub last_message_at: Timestamp,
}

/// Everything the review page shows.
#[derive(Clone, Debug, Serialize)]
pub struct TicketDetail {
    /// The ticket.
    pub ticket: TicketRow,
    /// Its messages, oldest first.
    pub messages: Vec<MessageRow>,
    /// The newest revision of each proposal that still stands, by position.
    pub drafts: Vec<DraftRow>,
    /// What plugins said, oldest first.
    pub decisions: Vec<Decision>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// Approved replies with their attempts, oldest first.
    pub outbox: Vec<OutboxRow>,
}

impl Scope {
    /// One ticket.
    pub async fn ticket(&self, _id: TicketId) -> Result<TicketRow> { todo!() }
    /// The ticket with this number.
    pub async fn ticket_by_number(&self, _number: i64) -> Result<TicketRow> { todo!() }
    /// Everything about the ticket with this number, from one moment.
    pub async fn ticket_detail(&self, _number: i64) -> Result<TicketDetail> { todo!() }
}
