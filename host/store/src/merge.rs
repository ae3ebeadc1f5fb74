//! Two tickets that are one matter become one; a mail that is a matter of its own gets a ticket of its own.

use crate::messages;
use crate::sql::{placeholders, sql, sql_of};
use crate::tickets::{TicketRow, by_id, search_text};
use crate::{Result, Scope, StoreError, Tx, search};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{MessageId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// How many addresses of one customer are looked for.
const ADDRESSES_MAX: u32 = 50;

/// Another ticket of the same customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sibling {
    /// #1042
    pub number: i64,
    /// Of its thread.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// When its newest mail came or went.
    pub last_message_at: Timestamp,
}

impl Scope {
    /// The customer's other tickets under all addresses that are known to be theirs, the newest first. Without spam, and without
    /// those that were merged into others.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn siblings(&self, ticket: TicketId, limit: u32) -> Result<Vec<Sibling>> {
        let mut on = self.read().await?;
        let own = by_id(&mut on, self.tenant, ticket).await?.customer.key();
        let rows =
            sql("select address_key from customer_alias where tenant_id = $1 and address_key <> $2 and person = \
             (select a.person from customer_alias a where a.tenant_id = $1 and a.address_key = $2) \
             order by address_key limit $3")
            .bind(self.tenant)
            .bind(&own)
            .bind(ADDRESSES_MAX)
            .all(&mut on)
            .await?;
        let mut keys = vec![own];
        for row in &rows {
            keys.push(row.get(0)?);
        }
        let rows = sql_of(format!(
            "select number, subject, status, last_message_at, queue from ticket where tenant_id = $1 and id <> $2 \
             and merged_into is null and status <> 'spam' and customer_key in ({}) \
             order by last_message_at + 0 desc, id desc limit $3",
            placeholders(4, keys.len())
        ))
        .bind(self.tenant)
        .bind(ticket)
        .bind(limit)
        .bind_all(&keys)
        .all(&mut on)
        .await?;
        rows.iter()
            .filter(|row| {
                !self.is_narrowed() || row.get(4).is_ok_and(|queue: Option<String>| self.sees(queue.as_deref()))
            })
            .map(|row| {
                let mut row = row.reader();
                Ok(Sibling {
                    number: row.next()?,
                    subject: row.next()?,
                    status: row.next()?,
                    last_message_at: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Moves every mail, reply, note and decision of one ticket to another. What comes later for the first one joins the second; the
    /// first stays as a handled one that says where everything is. Two addresses are one customer's from then on. The second
    /// waits when the first was open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a ticket and itself, for one that was merged already, and for spam.
    pub async fn merge_tickets(&mut self, from: TicketId, into: TicketId, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let gone = by_id(self.on(), tenant, from).await?;
        let kept = by_id(self.on(), tenant, into).await?;
        mergeable(&gone, &kept)?;
        for table in ["message", "outbox", "decision", "reply_file", "note"] {
            sql_of(format!("update {table} set ticket_id = $1 where tenant_id = $2 and ticket_id = $3"))
                .bind(into)
                .bind(tenant)
                .bind(from)
                .run(self.on())
                .await?;
        }
        sql("update ticket set status = 'handled', merged_into = $1, reopened_from = null, snoozed_until = null, \
             closed_reason = null, closed_at = $2, message_count = 0, version = version + 1, updated_at = $2 \
             where tenant_id = $3 and id = $4")
        .bind(into)
        .bind(now)
        .bind(tenant)
        .bind(from)
        .run(self.on())
        .await?;
        // Those that were merged into it before.
        sql("update ticket set merged_into = $1 where tenant_id = $2 and merged_into = $3")
            .bind(into)
            .bind(tenant)
            .bind(from)
            .run(self.on())
            .await?;
        let newest = if gone.last_message_at > kept.last_message_at { &gone } else { &kept };
        sql("update ticket set mailbox_id = $1, snippet = $2, search = search || ' ' || $3 where tenant_id = $4 and id = $5")
            .bind(newest.mailbox)
            .bind(&newest.snippet)
            .bind(search_text(gone.number, &gone.subject, &gone.customer, &gone.entities))
            .bind(tenant)
            .bind(into)
            .run(self.on())
            .await?;
        self.count_messages(into).await?;
        if gone.status.is_open() && !kept.status.is_open() {
            self.move_ticket(&kept, TicketStatus::Waiting).await?;
        }
        if gone.status.is_open() {
            self.enqueue(&Job::Draft { ticket: into }).await?;
        }
        self.same_person(&gone.customer, &kept.customer).await?;
        let data = json!({ "from": gone.number, "into": kept.number });
        self.record(actor, "ticket.merged", format_args!("ticket:{from}"), data.clone());
        self.record(actor, "ticket.absorbed", format_args!("ticket:{into}"), data);
        Ok(())
    }

    /// Gives an incoming mail a ticket of its own, together with the replies that were approved to it. It is triaged anew unless
    /// it was answered. Returns the new ticket and its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when it is not a customer's mail on a ticket, or the only one there.
    pub async fn split_message(&mut self, message: MessageId, actor: &Actor) -> Result<(TicketId, i64)> {
        let tenant = self.tenant();
        let mail = messages::by_id(self.on(), tenant, message).await?;
        let Some(from) = mail.ticket.filter(|_| mail.direction == Direction::Incoming) else {
            return Err(StoreError::refused("only a customer's mail on a ticket can be split off"));
        };
        let others: i64 = sql("select count(*) from message where tenant_id + 0 = $1 and ticket_id = $2 and id <> $3 \
             and direction = 'incoming'")
        .bind(tenant)
        .bind(from)
        .bind(message)
        .one(self.on())
        .await?
        .get(0)?;
        if others == 0 {
            return Err(StoreError::refused(
                "this is the only mail of its ticket: there is nothing to split it off from",
            ));
        }
        let (ticket, number) = self.open_ticket(mail.mailbox, &mail.read, mail.at).await?;
        sql("update message set ticket_id = $1 where tenant_id + 0 = $2 and (id = $3 or id in \
             (select o.message_id from outbox o where o.tenant_id + 0 = $2 and o.answers = $3 \
             and o.message_id is not null))")
        .bind(ticket)
        .bind(tenant)
        .bind(message)
        .run(self.on())
        .await?;
        for (table, column) in [("outbox", "answers"), ("decision", "message_id")] {
            sql_of(format!("update {table} set ticket_id = $1 where tenant_id + 0 = $2 and {column} = $3"))
                .bind(ticket)
                .bind(tenant)
                .bind(message)
                .run(self.on())
                .await?;
        }
        // What was read from it beside the others' is read anew.
        search::drop_ticket(self.on(), tenant, message).await?;
        let answered = sql("select id from outbox where tenant_id + 0 = $1 and ticket_id = $2 and state <> $3 limit 1")
            .bind(tenant)
            .bind(ticket)
            .bind(OutboxState::Cancelled)
            .optional(self.on())
            .await?
            .is_some();
        if answered {
            let row = by_id(self.on(), tenant, ticket).await?;
            self.move_ticket(&row, TicketStatus::Sent).await?;
        } else {
            sql("update message set outcome = $1, reason = null, reason_code = null, triaged_at = null where tenant_id = $2 and id = $3")
                .bind(Outcome::Pending)
                .bind(tenant)
                .bind(message)
                .run(self.on())
                .await?;
            self.enqueue(&Job::Triage { message }).await?;
        }
        self.count_messages(from).await?;
        self.count_messages(ticket).await?;
        let was = by_id(self.on(), tenant, from).await?.number;
        let data = json!({ "message": message, "from": was, "into": number });
        self.record(actor, "ticket.split", format_args!("ticket:{from}"), data.clone());
        self.record(actor, "ticket.split-off", format_args!("ticket:{ticket}"), data);
        Ok((ticket, number))
    }

    /// What is counted of a ticket's mails, anew.
    async fn count_messages(&mut self, ticket: TicketId) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set version = version + 1, updated_at = $1, \
             message_count = (select count(*) from message m where m.ticket_id = ticket.id), \
             last_message_at = coalesce((select max(m.at) from message m where m.ticket_id = ticket.id), last_message_at) \
             where tenant_id = $2 and id = $3")
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        Ok(())
    }

    /// Writes that two addresses are one customer's.
    async fn same_person(&mut self, one: &Address, other: &Address) -> Result<()> {
        let (one, other) = (one.key(), other.key());
        if one == other || [&one, &other].iter().any(|key| key.ends_with(".invalid")) {
            return Ok(());
        }
        let mut people = Vec::new();
        for key in [&one, &other] {
            people.push(self.person(key).await?.unwrap_or_else(|| key.clone()));
        }
        let tenant = self.tenant();
        sql("update customer_alias set person = $1 where tenant_id = $2 and person = $3")
            .bind(&people[1])
            .bind(tenant)
            .bind(&people[0])
            .run(self.on())
            .await?;
        for key in [&one, &other] {
            sql("insert into customer_alias (tenant_id, address_key, person) values ($1, $2, $3) \
                 on conflict (tenant_id, address_key) do update set person = excluded.person")
            .bind(tenant)
            .bind(key)
            .bind(&people[1])
            .run(self.on())
            .await?;
        }
        Ok(())
    }

    async fn person(&mut self, key: &str) -> Result<Option<String>> {
        let tenant = self.tenant();
        let row = sql("select person from customer_alias where tenant_id = $1 and address_key = $2")
            .bind(tenant)
            .bind(key)
            .optional(self.on())
            .await?;
        row.map(|row| row.get(0)).transpose()
    }
}

fn mergeable(gone: &TicketRow, kept: &TicketRow) -> Result<()> {
    if gone.id == kept.id {
        return Err(StoreError::refused("a ticket cannot be merged into itself: name another"));
    }
    for ticket in [gone, kept] {
        if let Some(number) = ticket.merged_into {
            return Err(StoreError::refused(format_args!(
                "ticket #{} was merged into #{number}: take that one",
                ticket.number
            )));
        }
        if ticket.status == TicketStatus::Spam {
            return Err(StoreError::refused(format_args!(
                "ticket #{} is spam: say first that it is not",
                ticket.number
            )));
        }
    }
    Ok(())
}
