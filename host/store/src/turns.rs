//! The mails of one ticket are triaged in turn, in the order in which they came: each sees what the one before it left, and
//! what the newest says stands at the end. Mails of different tickets do not wait for each other.

use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::job::Job;
use posthouse_model::{MessageId, TicketId};

/// How many earlier mails of a ticket are looked at: one that waits behind more than these is in no hurry.
const EARLIER_MAX: i64 = 50;

impl Scope {
    /// Whether the triage of every earlier mail of the ticket is done, or given up.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn is_its_turn(&self, ticket: TicketId, message: MessageId) -> Result<bool> {
        let before = sql("select 1 from (select id from message \
             where ticket_id = $1 and id < $2 and direction = 'incoming' order by at desc, id desc limit $3) m \
             join job j on j.tenant_id = $4 and j.key = 'triage:' || m.id and j.state <> 'failed' limit 1")
        .bind(ticket)
        .bind(message)
        .bind(EARLIER_MAX)
        .bind(self.tenant)
        .optional(&mut *self.read().await?)
        .await?;
        Ok(before.is_none())
    }
}

impl Tx {
    /// The next mail of the ticket need not wait for this one any longer: its triage is due now.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn pass_turn(&mut self, ticket: TicketId, message: MessageId) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        // `+ 0`: by the ticket's index. By the tenant's, SQLite walks through all mails that wait, for each one.
        let next = sql("select id from message where tenant_id + 0 = $1 and ticket_id = $2 and id > $3 \
             and direction = 'incoming' and outcome = 'pending' order by id limit 1")
        .bind(tenant)
        .bind(ticket)
        .bind(message)
        .optional(self.on())
        .await?;
        if let Some(row) = next {
            crate::jobs::enqueue(self.on(), tenant, &Job::Triage { message: row.get(0)? }, now, now).await?;
            self.jobs_made();
        }
        Ok(())
    }
}
