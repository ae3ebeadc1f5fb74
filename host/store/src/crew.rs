//! Who gets a ticket, what its customer wrote before, and what is done when a deadline comes near.

use crate::agents::{names, normal};
use crate::sql::{placeholders, sql, sql_of};
use crate::tickets::by_id;
use crate::{Result, Scope, TicketRow, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{AgentId, TicketId, Timestamp};
use serde_json::json;

/// Most earlier tickets that are counted.
const EARLIER_MAX: i64 = 100;

/// Somebody to whom a ticket may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address she signs in with.
    pub email: String,
    /// At most so many open tickets are given to her.
    pub tickets_max: u32,
}

impl Scope {
    /// How many other tickets the customer opened between `since` and this one, under the address of this one; without spam and
    /// automatic mail, at most 100.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn earlier_tickets(&self, ticket: &TicketRow, since: Timestamp) -> Result<u32> {
        let count: i64 =
            sql("select count(*) from (select id from ticket where tenant_id = $1 and customer_key = $2 and id <> $3 \
             and created_at >= $4 and created_at <= $5 and status not in ('spam', 'automatic') limit $6) earlier")
            .bind(self.tenant)
            .bind(ticket.customer.key())
            .bind(ticket.id)
            .bind(since)
            .bind(ticket.created_at)
            .bind(EARLIER_MAX)
            .one(&mut *self.read().await?)
            .await?
            .get(0)?;
        Ok(u32::try_from(count).unwrap_or(0))
    }
}

impl Tx {
    /// Gives a ticket that nobody has to the one of these who has the fewest open tickets, of those who are active, see its queue
    /// and have room; of several the one who was added first. Whom it was given to and how many she had before; none where it
    /// stays nobody's. `who` says who comes into question for the ticket as it is in this transaction.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) for the ticket.
    pub async fn give_out(
        &mut self,
        ticket: TicketId,
        who: impl Fn(&TicketRow) -> Vec<Candidate> + Send,
        actor: &Actor,
    ) -> Result<Option<(AgentId, u32)>> {
        let tenant = self.tenant();
        let row = by_id(self.on(), tenant, ticket).await?;
        if row.assignee.is_some() || !row.status.is_open() {
            return Ok(None);
        }
        let candidates = who(&row);
        if candidates.is_empty() {
            return Ok(None);
        }
        let emails: Vec<String> = candidates.iter().map(|candidate| normal(&candidate.email)).collect();
        let rows = sql_of(format!(
            "select a.id, a.email, a.queues, (select count(*) from ticket t where t.tenant_id = $1 and t.assignee_id = a.id \
             and t.status in ('new', 'waiting', 'snoozed')) from agent a \
             where a.tenant_id = $1 and a.active = 1 and a.service = 0 and a.email in ({}) order by 4, 1",
            placeholders(2, emails.len())
        ))
        .bind(tenant)
        .bind_all(&emails)
        .all(self.on())
        .await?;
        for found in &rows {
            let (id, email, load): (AgentId, String, i64) = (found.get(0)?, found.get(1)?, found.get(3)?);
            let queues: Option<Vec<String>> = found.get::<Option<String>>(2)?.map(|queues| names(&queues));
            let sees = queues.is_none_or(|queues| row.queue.as_ref().is_some_and(|queue| queues.contains(queue)));
            let room = emails
                .iter()
                .zip(&candidates)
                .any(|(known, candidate)| *known == email && load < i64::from(candidate.tickets_max));
            if sees && room {
                self.assign(ticket, Some(id), actor).await?;
                return Ok(Some((id, u32::try_from(load).unwrap_or(u32::MAX))));
            }
        }
        Ok(None)
    }

    /// Raises a ticket's priority to at least this, unless a person set it. Routers may set it again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn raise_priority(&mut self, ticket: TicketId, least: u8, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let before = by_id(self.on(), tenant, ticket).await?;
        let least = i64::from(least.min(100));
        if before.priority_by_agent || before.priority >= least {
            return Ok(());
        }
        sql("update ticket set urgency_rank = $1, version = version + 1, updated_at = $2 where tenant_id = $3 and id = $4")
            .bind(100 - least)
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        let data = json!({ "priority": least, "was": before.priority });
        self.record(actor, "ticket.prioritised", format_args!("ticket:{ticket}"), data);
        Ok(())
    }

    /// Writes down that a rung of the ladder spoke. What it does is done beside it.
    pub fn record_escalated(&mut self, ticket: TicketId, rung: &str, deadline: Timestamp, actor: &Actor) {
        let data = json!({ "rung": rung, "deadline": deadline });
        self.record(actor, "ticket.escalated", format_args!("ticket:{ticket}"), data);
    }
}
