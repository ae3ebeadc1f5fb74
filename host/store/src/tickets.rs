//! Tickets: reading them, and what the operations that change them share.

use crate::sql::{Connection, Row, sql};
use crate::{
    DraftRow, MessageRow, NoteRow, OutboxRow, Result, Scope, StoreError, Tx, decisions, drafts, events, messages,
    notes, outbox,
};
use posthouse_model::decision::Decision;
use posthouse_model::event::Event;
use posthouse_model::mail::Address;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Entity, Evidence, Fact, Order, Risk, Sentiment, Urgency};
use posthouse_model::{AgentId, MailboxId, MessageId, TenantId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};

/// Kept for "no deadline", so that one ascending index puts those last.
pub(crate) const NO_DEADLINE: Timestamp = Timestamp(i64::MAX);
/// Characters of a mail's beginning that the list shows.
const SNIPPET_CHARS: usize = 160;
/// Messages that the review page gets; older ones are reached through `thread`.
const DETAIL_MESSAGES_MAX: u32 = 200;

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
    /// An agent set the priority: routers leave it.
    pub priority_by_agent: bool,
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
    /// Why it was sorted so: the classifier's reasons.
    pub evidence: Vec<Evidence>,
    /// Why it waits where it does: the router's reasons.
    pub routing_evidence: Vec<Evidence>,
    /// Beginning of the newest incoming mail's text.
    pub snippet: String,
    /// Number of the ticket that everything of this one was moved to.
    pub merged_into: Option<i64>,
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

/// Everything the review page shows, from one moment.
#[derive(Clone, Debug, Serialize)]
pub struct TicketDetail {
    /// The ticket.
    pub ticket: TicketRow,
    /// Its messages, oldest first; the newest 200.
    pub messages: Vec<MessageRow>,
    /// The newest revision of each draft that still stands, by position.
    pub drafts: Vec<DraftRow>,
    /// What plugins said, oldest first; the newest 200.
    pub decisions: Vec<Decision>,
    /// What happened, oldest first; the newest 500.
    pub events: Vec<Event>,
    /// Approved replies with their attempts, oldest first.
    pub outbox: Vec<OutboxRow>,
    /// What agents noted, oldest first.
    pub notes: Vec<NoteRow>,
}

/// What plugins found, kept as one JSON column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Findings {
    message: Option<MessageId>,
    entities: Vec<Entity>,
    missing: Vec<String>,
    risks: Vec<Risk>,
    evidence: Vec<Evidence>,
    routing_evidence: Vec<Evidence>,
    facts: Vec<Fact>,
    orders: Vec<Order>,
}

impl Findings {
    /// Whether its spans point into this message: it was written by that one's triage.
    pub(crate) fn is_of(&self, message: MessageId) -> bool {
        self.message == Some(message)
    }

    /// What was read from the texts, and the numbers that the client's own systems know.
    pub(crate) fn named(&self) -> (Vec<String>, Vec<&str>) {
        let orders = self
            .orders
            .iter()
            .flat_map(|order| [Some(order.number.as_str()), order.tracking_number.as_deref()].into_iter().flatten());
        (self.entities.iter().map(|entity| entity.value.text()).collect(), orders.collect())
    }
}

impl TicketRow {
    /// Refuses to act on a ticket whose mails are elsewhere.
    pub(crate) fn is_here(&self) -> Result<()> {
        match self.merged_into {
            None => Ok(()),
            Some(there) => Err(StoreError::refused(format_args!(
                "ticket #{} was merged into #{there}: its mails are there",
                self.number
            ))),
        }
    }

    pub(crate) fn findings(&self) -> Findings {
        Findings {
            message: self.triaged_message,
            entities: self.entities.clone(),
            missing: self.missing.clone(),
            risks: self.risks.clone(),
            evidence: self.evidence.clone(),
            routing_evidence: self.routing_evidence.clone(),
            facts: self.facts.clone(),
            orders: self.orders.clone(),
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, number, mailbox_id, subject, customer_name, customer_address, status, closed_reason, category, \
             category_confidence, category_by_agent, urgency, sentiment, language, queue, urgency_rank, assignee_id, \
             deadline_at, snoozed_until, tags, snippet, message_count, version, created_at, updated_at, last_message_at, \
             (select m.number from ticket m where m.id = ticket.merged_into), priority_by_agent, findings from ticket ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<TicketRow> {
    let mut row = row.reader();
    let mut ticket = TicketRow {
        id: row.next()?,
        number: row.next()?,
        mailbox: row.next()?,
        subject: row.next()?,
        customer: Address { name: row.next()?, address: row.next()? },
        status: row.next()?,
        closed_reason: row.next()?,
        category: row.next()?,
        category_confidence: row.next()?,
        category_by_agent: row.next()?,
        urgency: row.next()?,
        sentiment: row.next()?,
        language: row.next()?,
        queue: row.next()?,
        priority: 100 - row.next::<i64>()?,
        assignee: row.next()?,
        deadline: deadline(row.next()?),
        snoozed_until: row.next()?,
        tags: row.json()?,
        snippet: row.next()?,
        message_count: row.next()?,
        version: row.next()?,
        created_at: row.next()?,
        updated_at: row.next()?,
        last_message_at: row.next()?,
        merged_into: row.next()?,
        priority_by_agent: row.next()?,
        entities: Vec::new(),
        triaged_message: None,
        missing: Vec::new(),
        risks: Vec::new(),
        facts: Vec::new(),
        orders: Vec::new(),
        evidence: Vec::new(),
        routing_evidence: Vec::new(),
    };
    let findings: Findings = row.json()?;
    // Kept while a new mail is triaged: it may turn out to be nothing.
    ticket.snoozed_until = ticket.snoozed_until.filter(|_| ticket.status == TicketStatus::Snoozed);
    ticket.entities = findings.entities;
    ticket.triaged_message = findings.message;
    ticket.missing = findings.missing;
    ticket.risks = findings.risks;
    ticket.facts = findings.facts;
    ticket.orders = findings.orders;
    ticket.evidence = findings.evidence;
    ticket.routing_evidence = findings.routing_evidence;
    Ok(ticket)
}

impl Scope {
    /// One ticket.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn ticket(&self, id: TicketId) -> Result<TicketRow> {
        let ticket = by_id(&mut *self.read().await?, self.tenant, id).await?;
        self.admit(ticket.queue.as_deref(), format_args!("ticket {id}"))?;
        Ok(ticket)
    }

    /// The ticket with this number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn ticket_by_number(&self, number: i64) -> Result<TicketRow> {
        let ticket = by_number(&mut *self.read().await?, self.tenant, number).await?;
        self.admit(ticket.queue.as_deref(), format_args!("ticket #{number}"))?;
        Ok(ticket)
    }

    /// Everything about the ticket with this number, from one moment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn ticket_detail(&self, number: i64) -> Result<TicketDetail> {
        let tenant = self.tenant;
        let mut on = self.store.inner.engine.snapshot().await?;
        let ticket = by_number(&mut on, tenant, number).await?;
        self.admit(ticket.queue.as_deref(), format_args!("ticket #{number}"))?;
        let mut messages = messages::thread(&mut on, tenant, ticket.id, DETAIL_MESSAGES_MAX).await?;
        messages.reverse();
        let drafts = drafts::standing(&mut on, tenant, ticket.id).await?;
        let decisions = decisions::of_ticket(&mut on, tenant, ticket.id).await?;
        let events = events::of_ticket(&mut on, tenant, ticket.id).await?;
        let outbox = outbox::of_ticket(&mut on, tenant, ticket.id).await?;
        let notes = notes::of_ticket(&mut on, tenant, ticket.id).await?;
        Ok(TicketDetail { ticket, messages, drafts, decisions, events, outbox, notes })
    }
}

pub(crate) async fn by_id(on: &mut Connection, tenant: TenantId, id: TicketId) -> Result<TicketRow> {
    let row = sql(select!("where tenant_id = $1 and id = $2")).bind(tenant).bind(id).optional(on).await?;
    read(&row.ok_or_else(|| StoreError::not_found(format_args!("ticket {id}")))?)
}

async fn by_number(on: &mut Connection, tenant: TenantId, number: i64) -> Result<TicketRow> {
    let row = sql(select!("where tenant_id = $1 and number = $2")).bind(tenant).bind(number).optional(on).await?;
    read(&row.ok_or_else(|| StoreError::not_found(format_args!("ticket #{number}")))?)
}

impl Tx {
    /// Moves a ticket to a status that its present one allows, and keeps the fields that go with statuses in order.
    pub(crate) async fn move_ticket(&mut self, ticket: &TicketRow, to: TicketStatus) -> Result<()> {
        if !ticket.status.may_become(to) {
            return Err(StoreError::refused(format_args!(
                "ticket #{} is {} and cannot become {to}: bring it back to waiting first",
                ticket.number, ticket.status
            )));
        }
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set status = $1, reopened_from = null, snoozed_until = null, closed_reason = null, \
             closed_at = null, version = version + 1, updated_at = $2 where tenant_id = $3 and id = $4")
        .bind(to)
        .bind(now)
        .bind(tenant)
        .bind(ticket.id)
        .run(self.on())
        .await?;
        Ok(())
    }
}

pub(crate) fn deadline(stored: Timestamp) -> Option<Timestamp> {
    (stored != NO_DEADLINE).then_some(stored)
}

/// What the list's search looks through, beside the mails' text: lower case.
pub(crate) fn search_text(number: i64, subject: &str, customer: &Address, entities: &[Entity]) -> String {
    let mut text = format!("#{number} {subject} {} {}", customer.name.as_deref().unwrap_or_default(), customer.address);
    for entity in entities {
        text.push(' ');
        text.push_str(&entity.value.text());
    }
    text.to_lowercase()
}

/// The beginning of a text on one line.
pub(crate) fn snippet(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().nth(SNIPPET_CHARS).is_some() {
            return line.chars().take(SNIPPET_CHARS - 1).chain(['…']).collect();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippet_is_one_short_line() {
        assert_eq!(snippet(" a\n\n b\t c "), "a b c");
        let long = snippet(&"你好 ".repeat(500));
        assert_eq!(long.chars().count(), SNIPPET_CHARS);
        assert!(long.ends_with('…'));
        assert_eq!(snippet(&"x".repeat(1_000_000)).chars().count(), SNIPPET_CHARS);
    }
}
