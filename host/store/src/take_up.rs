//! Mail that was left out and is not lost: a person takes it up again, and what nobody took up is let go after a set time.

use crate::messages::by_id;
use crate::sql::{Json, sql, sql_of};
use crate::tickets::by_id as ticket_by_id;
use crate::{Result, Scope, StoreError, Tx, search};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::ReadMail;
use posthouse_model::reason::Reason;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{MessageId, TicketId, Timestamp};
use serde_json::json;

/// Mails let go in one transaction, so that others do not wait for it.
const EMPTIED_AT_ONCE: u32 = 200;

impl Scope {
    /// Whether there is anything to let go of: see [`Tx::let_go`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_left_out(&self, before: Timestamp) -> Result<bool> {
        let row = sql("select 1 from message where tenant_id = $1 and emptied_at is null \
             and outcome in ('skipped', 'spam') and stored_at < $2 limit 1")
        .bind(self.tenant)
        .bind(before)
        .optional(&mut *self.read().await?)
        .await?;
        Ok(row.is_some())
    }
}

impl Tx {
    /// Takes a mail up that ended anywhere but on a ticket: it is triaged again, and screening lets it pass. One without a
    /// ticket gets one. Taking up spam teaches the filter. Returns the ticket and its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a mail of ours, one that is on a ticket or not triaged yet, and
    /// one that was let go.
    pub async fn take_up(&mut self, message: MessageId, actor: &Actor) -> Result<(TicketId, i64)> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = by_id(self.on(), tenant, message).await?;
        if row.direction != Direction::Incoming || matches!(row.outcome, Outcome::Ticket | Outcome::Pending) {
            return Err(StoreError::refused("only mail that was left out can be taken up: this one is on a ticket"));
        }
        if row.emptied_at.is_some() {
            return Err(StoreError::refused(
                "what this mail said was let go: it is still on the mail server, if anywhere",
            ));
        }
        let (ticket, number) = match row.ticket {
            None => self.open_ticket(row.mailbox, &row.read, row.at).await?,
            Some(ticket) => {
                let before = ticket_by_id(self.on(), tenant, ticket).await?;
                if before.status != TicketStatus::New {
                    self.move_ticket(&before, TicketStatus::New).await?;
                }
                (ticket, before.number)
            }
        };
        sql("update message set ticket_id = $1, outcome = $2, taken_up_at = $3, triaged_at = null \
             where tenant_id = $4 and id = $5")
        .bind(ticket)
        .bind(Outcome::Pending)
        .bind(now)
        .bind(tenant)
        .bind(message)
        .run(self.on())
        .await?;
        self.index_again(message).await?;
        self.enqueue(&Job::Triage { message }).await?;
        if row.outcome == Outcome::Spam {
            // Who is no spammer with one mail is none with the others.
            self.recount(ticket, &[Outcome::Spam], Outcome::Ticket, None).await?;
            self.enqueue(&Job::Learn { ticket, spam: false }).await?;
        }
        let reason = row.reason.as_ref().map(Reason::to_string);
        let data = json!({ "message": message, "was": row.outcome, "reason": reason });
        self.record(actor, "message.taken-up", format_args!("ticket:{ticket}"), data);
        Ok((ticket, number))
    }

    /// Lets go of the bytes and texts of skipped mail and spam that was stored before a time; sender, subject and reason stay,
    /// and the ledger still counts it. At most 200 at once; how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn let_go(&mut self, before: Timestamp, actor: &Actor) -> Result<u64> {
        let (tenant, now) = (self.tenant(), self.now());
        let rows = sql("select id, ticket_id, read_json from message where tenant_id = $1 and emptied_at is null \
             and outcome in ('skipped', 'spam') and stored_at < $2 order by stored_at limit $3")
        .bind(tenant)
        .bind(before)
        .bind(EMPTIED_AT_ONCE)
        .all(self.on())
        .await?;
        for row in &rows {
            let mut row = row.reader();
            let (message, ticket): (MessageId, Option<TicketId>) = (row.next()?, row.next()?);
            let ReadMail { from, subject, .. } = row.json()?;
            let light = ReadMail { from, subject, ..ReadMail::default() };
            sql("update message set read_json = $1, body_text = '', full_text = null, html = null, emptied_at = $2 \
                 where tenant_id = $3 and id = $4")
            .bind(Json(&light))
            .bind(now)
            .bind(tenant)
            .bind(message)
            .run(self.on())
            .await?;
            for table in ["raw_piece", "raw_message"] {
                sql_of(format!("delete from {table} where tenant_id = $1 and message_id = $2"))
                    .bind(tenant)
                    .bind(message)
                    .run(self.on())
                    .await?;
            }
            sql("delete from translation where tenant_id + 0 = $1 and message_id = $2")
                .bind(tenant)
                .bind(message)
                .run(self.on())
                .await?;
            search::drop_ticket(self.on(), tenant, message).await?;
            if ticket.is_some() {
                search::put_mail(self.on(), tenant, message, &light).await?;
            }
            // The list shows the first words of a ticket's newest mail.
            sql("update ticket set snippet = '' where tenant_id = $1 and id = $2 and status in ('spam', 'handled') \
                 and not exists (select 1 from message m where m.ticket_id = ticket.id and m.emptied_at is null)")
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        }
        let count = rows.len() as u64;
        if count > 0 {
            self.record(actor, "messages.let-go", "tenant", json!({ "count": count, "before": before }));
        }
        Ok(count)
    }
}
