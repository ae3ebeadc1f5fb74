//! The ticket list: filters, orders, pages, counts.

use crate::filter::Compiler;
use crate::sql::{Connection, Row, Sql, placeholders, sql_of};
use crate::tickets::deadline;
use crate::{Result, Scope, StoreError, search};
use posthouse_model::mail::Address;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Sentiment, Urgency};
use posthouse_model::view::Filter;
use posthouse_model::{AgentId, TenantId, TicketId, Timestamp};
use serde::Serialize;
use std::sync::Arc;

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
    /// What a saved view lets through.
    pub filter: Option<Filter>,
    /// Who asks, for views that speak of her.
    pub reader: Option<AgentId>,
    /// Words that one mail of the ticket holds, in its text, subject, people, or what was read from it, all of them (the first
    /// twelve). The last one may go on; what stands in quotes must stand there so; `#1042` is the ticket of that number.
    pub text: Option<String>,
    /// In which order. A search is ordered by its newest mail that holds the words.
    pub sort: TicketSort,
    /// `next` of the page before.
    pub after: Option<String>,
    /// At most [`TicketQuery::LIMIT_MAX`]; 0 takes [`TicketQuery::LIMIT_DEFAULT`].
    pub limit: u32,
    /// Within these queues alone: set by the scope that is asked, whatever stands here.
    pub within: Option<Arc<[String]>>,
}

impl TicketQuery {
    /// Rows on a page when nothing is said.
    pub const LIMIT_DEFAULT: u32 = 50;
    /// Most rows on a page.
    pub const LIMIT_MAX: u32 = 200;
    /// Tickets that a page looks through in its order for those that a filter lets through. What stands behind them is on the next
    /// page, so that a filter that fits nothing costs no more than this.
    pub const WALK_MAX: u32 = 4_000;

    /// Whether anything but states narrows it.
    fn is_narrowed(&self) -> bool {
        let exact = [&self.queue, &self.category, &self.language];
        exact.iter().any(|value| value.is_some())
            || self.urgency.is_some()
            || self.assigned.is_some()
            || self.overdue
            || self.within.is_some()
            || self.filter.is_some()
    }

    /// The states whose tickets are walked through, and in which order: one that an index has. Open tickets are few enough to be
    /// sorted; of several other states all tickets are walked through, the newest or the oldest first.
    fn walk(&self) -> (&[TicketStatus], TicketSort) {
        let states = match (&self.status[..], &self.filter) {
            ([], Some(filter)) => filter.states().unwrap_or_default(),
            (states, _) => states,
        };
        match states {
            [_] => (states, self.sort),
            [_, ..] if states.iter().all(|status| status.is_open()) => (states, self.sort),
            _ if self.sort == TicketSort::Oldest => (&[], TicketSort::Oldest),
            _ => (&[], TicketSort::Newest),
        }
    }
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
    /// Goes up with every change.
    pub version: i64,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// In order.
    pub rows: Vec<T>,
    /// For the page after this; none at the end.
    pub next: Option<String>,
    /// There may be more, but this is as far as a list goes: a search lists at most 500 tickets and looks at the 2000 newest mails
    /// that hold its words.
    pub cut: bool,
}

impl Scope {
    /// One page of tickets.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an `after` that is not from this order.
    pub async fn tickets(&self, query: &TicketQuery) -> Result<Page<TicketSummary>> {
        let now = self.store.now();
        let query = TicketQuery { within: self.sees.clone(), ..query.clone() };
        page(&mut *self.read().await?, self.tenant, &query, now).await
    }
}

/// One page.
pub(crate) async fn page(
    on: &mut Connection,
    tenant: TenantId,
    query: &TicketQuery,
    now: Timestamp,
) -> Result<Page<TicketSummary>> {
    let limit = match query.limit {
        0 => TicketQuery::LIMIT_DEFAULT,
        n => n.min(TicketQuery::LIMIT_MAX),
    };
    if search::is_question(query.text.as_deref()) {
        return search::found(on, tenant, query, limit as usize, now).await;
    }
    if query.is_narrowed() {
        return walked(on, tenant, query, limit, now).await;
    }
    let (text, values) = statement(tenant, query)?;
    let text = format!("{text} limit ${}", values.len() + 1);
    // One more than asked for, to know whether there is a next page.
    let rows = bound(text, values).bind(limit + 1).all(on).await?;
    let more = rows.len() > limit as usize;
    let rows = rows.iter().take(limit as usize).map(read).collect::<Result<Vec<_>>>()?;
    let next = rows.last().filter(|_| more).map(|last| query.sort.position_of(last));
    Ok(Page { rows, next, cut: false })
}

fn bound(text: String, values: Vec<Value>) -> Sql {
    values.into_iter().fold(sql_of(text), |statement, value| value.bind_to(statement))
}

/// Those of some tickets that a query lets through, whatever its text, order and page. At most [`TicketQuery::LIMIT_MAX`].
pub(crate) fn narrowed(tenant: TenantId, query: &TicketQuery, now: Timestamp, tickets: &[TicketId]) -> Sql {
    // By their ids: SQLite takes an index of the tenant for as good.
    let mut text = SELECT.replace("t.tenant_id = $1", "t.tenant_id + 0 = $1");
    let mut values = vec![Value::Number(tenant.0)];
    narrow(&mut text, &mut values, query, now);
    let slots = placeholders(values.len() + 1, tickets.len());
    text.push_str(&format!(" and t.id in ({slots})"));
    values.extend(tickets.iter().map(|ticket| Value::Number(ticket.0)));
    bound(text, values)
}

impl TicketSort {
    /// The columns that order the list, and whether downwards. The last one is unique.
    fn columns(self) -> (&'static [&'static str], bool) {
        match self {
            Self::Due => (&["t.deadline_at", "t.urgency_rank", "t.last_message_at", "t.id"], false),
            Self::Priority => (&["t.urgency_rank", "t.last_message_at", "t.id"], false),
            Self::Newest => (&["t.last_message_at", "t.id"], true),
            Self::Oldest => (&["t.last_message_at", "t.id"], false),
        }
    }

    /// `order by …`
    fn order(self) -> String {
        let (columns, down) = self.columns();
        let direction = if down { " desc" } else { "" };
        let order: Vec<String> = columns.iter().map(|column| format!("{column}{direction}")).collect();
        format!(" order by {}", order.join(", "))
    }

    /// Where a ticket stands in this order, as text for the next page.
    fn position_of(self, ticket: &TicketSummary) -> String {
        let deadline = ticket.deadline.unwrap_or(crate::tickets::NO_DEADLINE).0;
        let (rank, last, id) = (100 - ticket.priority, ticket.last_message_at.0, ticket.id.0);
        match self {
            Self::Due => format!("{deadline}.{rank}.{last}.{id}"),
            Self::Priority => format!("{rank}.{last}.{id}"),
            Self::Newest | Self::Oldest => format!("{last}.{id}"),
        }
    }

    fn parse_position(self, text: &str) -> Result<Vec<i64>> {
        let numbers: Option<Vec<i64>> = text.split('.').map(|number| number.parse().ok()).collect();
        numbers
            .filter(|numbers| numbers.len() == self.columns().0.len())
            .ok_or_else(|| StoreError::refused("this page's address is not from this list: begin at the first page"))
    }
}

/// A value of a statement that is put together.
#[derive(Clone)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    fn bind_to(self, sql: Sql) -> Sql {
        match self {
            Self::Number(number) => sql.bind(number),
            Self::Text(text) => sql.bind(text),
        }
    }
}

const SELECT: &str = "select t.id, t.number, t.subject, t.customer_name, t.customer_address, t.status, t.category, t.urgency, \
     t.sentiment, t.language, t.queue, t.urgency_rank, t.assignee_id, t.deadline_at, t.snoozed_until, t.snippet, \
     t.message_count, t.created_at, t.last_message_at, t.version from ticket t where t.tenant_id = $1";

/// The query's text, made from constants only, and its values.
fn statement(tenant: TenantId, query: &TicketQuery) -> Result<(String, Vec<Value>)> {
    let mut text = SELECT.to_owned();
    let mut values = vec![Value::Number(tenant.0)];
    in_states(&mut text, &mut values, &query.status);
    onward(&mut text, &mut values, query.sort, query.after.as_deref())?;
    Ok((text, values))
}

/// One page of what a filter lets through, looking through so many tickets and no more.
async fn walked(
    on: &mut Connection,
    tenant: TenantId,
    query: &TicketQuery,
    limit: u32,
    now: Timestamp,
) -> Result<Page<TicketSummary>> {
    let (states, sort) = query.walk();
    let mut walk = " from ticket t where t.tenant_id = $1".to_owned();
    let mut values = vec![Value::Number(tenant.0)];
    in_states(&mut walk, &mut values, states);
    onward(&mut walk, &mut values, sort, query.after.as_deref())?;
    let walk_values = values.len();
    let inner = format!("(select t.*{walk} limit {}) t where 1 = 1", TicketQuery::WALK_MAX);
    let mut text = SELECT.replace("ticket t where t.tenant_id = $1", &inner);
    narrow(&mut text, &mut values, query, now);
    text.push_str(&sort.order());
    text.push_str(&format!(" limit {}", limit + 1));
    let last_walked: Vec<Value> = values.iter().take(walk_values).cloned().collect();
    let rows = bound(text, values).all(on).await?;
    let more = rows.len() > limit as usize;
    let rows = rows.iter().take(limit as usize).map(read).collect::<Result<Vec<_>>>()?;
    let mut next = rows.last().filter(|_| more).map(|last| sort.position_of(last));
    if next.is_none() {
        // The list may go on behind what was looked through.
        let (columns, _) = sort.columns();
        let text = format!("select {}{walk} limit 1 offset {}", columns.join(", "), TicketQuery::WALK_MAX - 1);
        if let Some(row) = bound(text, last_walked).optional(on).await? {
            let numbers = (0..columns.len()).map(|at| row.get::<i64>(at)).collect::<Result<Vec<_>>>()?;
            next = Some(numbers.iter().map(i64::to_string).collect::<Vec<_>>().join("."));
        }
    }
    Ok(Page { rows, next, cut: false })
}

fn in_states(text: &mut String, values: &mut Vec<Value>, states: &[TicketStatus]) {
    if !states.is_empty() {
        let slots = placeholders(values.len() + 1, states.len());
        text.push_str(&format!(" and t.status in ({slots})"));
        values.extend(states.iter().map(|status| Value::Text(status.as_str().to_owned())));
    }
}

/// From a place on, in an order.
fn onward(text: &mut String, values: &mut Vec<Value>, sort: TicketSort, after: Option<&str>) -> Result<()> {
    let (columns, down) = sort.columns();
    if let Some(after) = after {
        let position = sort.parse_position(after)?;
        let slots = placeholders(values.len() + 1, position.len());
        let beyond = if down { '<' } else { '>' };
        text.push_str(&format!(" and ({}) {beyond} ({slots})", columns.join(", ")));
        values.extend(position.into_iter().map(Value::Number));
    }
    text.push_str(&sort.order());
    Ok(())
}

/// What restricts the rows.
fn narrow(text: &mut String, values: &mut Vec<Value>, query: &TicketQuery, now: Timestamp) {
    in_states(text, values, &query.status);
    let exact = [
        ("queue", query.queue.as_deref()),
        ("category", query.category.as_deref()),
        ("urgency", query.urgency.map(Urgency::as_str)),
        ("language", query.language.as_deref()),
    ];
    for (column, value) in exact {
        if let Some(value) = value {
            values.push(Value::Text(value.to_owned()));
            text.push_str(&format!(" and t.{column} = ${}", values.len()));
        }
    }
    if let Some(queues) = &query.within {
        if queues.is_empty() {
            text.push_str(" and 1 = 0");
        } else {
            text.push_str(&format!(" and t.queue in ({})", placeholders(values.len() + 1, queues.len())));
        }
        values.extend(queues.iter().map(|queue| Value::Text(queue.clone())));
    }
    match query.assigned {
        Some(Assigned::To(agent)) => {
            values.push(Value::Number(agent.0));
            text.push_str(&format!(" and t.assignee_id = ${}", values.len()));
        }
        Some(Assigned::Nobody) => text.push_str(" and t.assignee_id is null"),
        None => {}
    }
    if query.overdue {
        values.push(Value::Number(now.0));
        text.push_str(&format!(" and t.deadline_at <= ${}", values.len()));
    }
    if let Some(filter) = &query.filter {
        // No agent has the number of nobody.
        let me = query.reader.unwrap_or(AgentId(-1));
        let condition = Compiler { now, me, values }.condition(filter);
        text.push_str(&format!(" and {condition}"));
    }
}

pub(crate) fn read(row: &Row) -> Result<TicketSummary> {
    let mut row = row.reader();
    Ok(TicketSummary {
        id: row.next()?,
        number: row.next()?,
        subject: row.next()?,
        customer: Address { name: row.next()?, address: row.next()? },
        status: row.next()?,
        category: row.next()?,
        urgency: row.next()?,
        sentiment: row.next()?,
        language: row.next()?,
        queue: row.next()?,
        priority: 100 - row.next::<i64>()?,
        assignee: row.next()?,
        deadline: deadline(row.next()?),
        snoozed_until: row.next()?,
        snippet: row.next()?,
        message_count: row.next()?,
        created_at: row.next()?,
        last_message_at: row.next()?,
        version: row.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_another_order_is_refused() {
        assert!(TicketSort::Newest.parse_position("1.2").is_ok());
        for bad in ["", "1", "1.2.3", "a.b", "1.2; drop table ticket"] {
            assert!(TicketSort::Newest.parse_position(bad).is_err(), "{bad}");
        }
    }
}
