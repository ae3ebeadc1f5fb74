//! What incoming mail and the mail server tell of our own mail: that it came back, or that it went out after all.

use crate::dispatch::overall;
use crate::outbox::by_outbox_id;
use crate::sql::{placeholders, sql, sql_of};
use crate::tickets::by_id;
use crate::{OutboxRow, Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::Bounce;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{OutboxId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// How many of a mail's references are looked up.
const REFERENCES_MAX: usize = 20;
/// Longest words of a delivery report that are kept, in characters.
const WORDS_CHARS_MAX: usize = 500;

/// What a delivery report said of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BounceNote {
    /// When the report was looked at.
    pub at: Timestamp,
    /// Trying again will not help.
    pub hard: bool,
    /// The server's words.
    pub words: String,
}

impl Scope {
    /// The approved mail that one of these Message-IDs names, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn outbox_named(&self, message_ids: &[String]) -> Result<Option<OutboxId>> {
        let Some(last) = message_ids.last() else { return Ok(None) };
        let ids = message_ids.iter().chain(std::iter::repeat(last)).take(REFERENCES_MAX);
        let row = sql_of(format!(
            "select id from outbox where tenant_id = $1 and message_id_header in ({}) order by id desc limit 1",
            placeholders(2, REFERENCES_MAX)
        ))
        .bind(self.tenant)
        .bind_all(ids)
        .optional(&mut *self.read().await?)
        .await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// In which words this address returned mail for good; none when it did not, or has written since.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn bounced(&self, address_key: &str) -> Result<Option<String>> {
        let row = sql("select words from bounced_address where tenant_id = $1 and address_key = $2")
            .bind(self.tenant)
            .bind(address_key)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }
}

impl Tx {
    /// Writes what a delivery report says of a reply: with its recipient, and in the list of addresses that nothing is sent to
    /// automatically when it came back for good. Its agents are told by the ticket waiting again. A report about an uncertain
    /// reply proves that it went out. The ticket concerned; none when the report names no recipient of this reply.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn take_bounce(&mut self, outbox: OutboxId, bounce: &Bounce, actor: &Actor) -> Result<Option<TicketId>> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        let Some(key) = recipient_of(&row, bounce) else { return Ok(None) };
        let words = words_of(bounce);
        let known = row.recipients.iter().find(|r| r.address.key() == key).and_then(|r| r.bounce.as_ref());
        // The same report once more, or a late word about mail that came back for good.
        if known
            .is_some_and(|known| (known.hard == bounce.hard && known.words == words) || (known.hard && !bounce.hard))
        {
            return Ok(Some(row.ticket));
        }
        sql("update outbox_recipient set bounced_at = $1, bounced_hard = $2, bounced_words = $3 \
             where tenant_id = $4 and outbox_id = $5 and address_key = $6")
        .bind(now)
        .bind(bounce.hard)
        .bind(&words)
        .bind(tenant)
        .bind(outbox)
        .bind(&key)
        .run(self.on())
        .await?;
        self.record(
            actor,
            "outbox.bounced",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "hard": bounce.hard, "status": bounce.status }),
        );
        if bounce.hard && nobody_is_there(bounce) {
            sql("insert into bounced_address (tenant_id, address_key, at, words) values ($1, $2, $3, $4) \
                 on conflict (tenant_id, address_key) do update set at = excluded.at, words = excluded.words")
            .bind(tenant)
            .bind(&key)
            .bind(now)
            .bind(&words)
            .run(self.on())
            .await?;
        }
        if bounce.hard {
            sql("update outbox_recipient set state = 'failed' where tenant_id = $1 and outbox_id = $2 \
                 and address_key = $3 and state = 'uncertain'")
            .bind(tenant)
            .bind(outbox)
            .bind(&key)
            .run(self.on())
            .await?;
        }
        // One transaction with the mail server carries a try to all its recipients: what is known of one is known of all.
        if row.recipients.iter().any(|r| r.address.key() == key && r.state == OutboxState::Uncertain) {
            self.prove_sent(outbox, "a delivery report about it came back", actor).await?;
        }
        if bounce.hard {
            self.ticket_waits(row.ticket).await?;
            if row.automatic {
                self.autonomy_bounced(outbox, row.ticket, &words).await?;
            }
        }
        Ok(Some(row.ticket))
    }

    /// Settles an uncertain reply that is known to have gone out: who was uncertain got it. Everything else is left as it is;
    /// whether anything changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound).
    pub async fn prove_sent(&mut self, outbox: OutboxId, by: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        if by_outbox_id(self.on(), tenant, outbox).await?.state != OutboxState::Uncertain {
            return Ok(false);
        }
        self.set_recipients(outbox, &[OutboxState::Uncertain], OutboxState::Sent).await?;
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        let states: Vec<OutboxState> = row.recipients.iter().map(|recipient| recipient.state).collect();
        let state = overall(&states);
        let reason = row.recipients.iter().find_map(|r| r.bounce.as_ref().filter(|b| b.hard)).map(|b| b.words.clone());
        self.set_outbox(outbox, state, reason.as_deref().filter(|_| state != OutboxState::Sent)).await?;
        if states.contains(&OutboxState::Sent) {
            self.enqueue(&Job::AppendSent { outbox }).await?;
        }
        match state {
            OutboxState::Failed => self.files_are_offered(outbox).await?,
            OutboxState::Sent if row.message.is_some() => self.files_are_out(outbox).await?,
            _ => {}
        }
        if state == OutboxState::Sent {
            let ticket = by_id(self.on(), tenant, row.ticket).await?;
            // The agents were asked to look: there is nothing to look at any more. A newer mail makes it wait for another reason.
            if ticket.status == TicketStatus::Waiting && !self.has_newer_mail(&row).await? {
                self.move_ticket(&ticket, TicketStatus::Sent).await?;
            }
        }
        self.record(
            actor,
            "outbox.proved",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "now": state, "by": by }),
        );
        Ok(true)
    }

    /// Forgets that an address returned mail: it writes, on this ticket, so somebody is there. Whether it was remembered.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn forgive_bounce(&mut self, address_key: &str, ticket: TicketId, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let forgiven = sql("delete from bounced_address where tenant_id = $1 and address_key = $2")
            .bind(tenant)
            .bind(address_key)
            .run(self.on())
            .await?;
        if forgiven > 0 {
            self.record(actor, "ticket.heard-from", format_args!("ticket:{ticket}"), json!({}));
        }
        Ok(forgiven > 0)
    }

    /// The first of these addresses that returned mail for good, with the words.
    pub(crate) async fn first_bounced(&mut self, keys: &[String]) -> Result<Option<(String, String)>> {
        let tenant = self.tenant();
        for key in keys {
            let row = sql("select words from bounced_address where tenant_id = $1 and address_key = $2")
                .bind(tenant)
                .bind(key)
                .optional(self.on())
                .await?;
            if let Some(row) = row {
                return Ok(Some((key.clone(), row.get(0)?)));
            }
        }
        Ok(None)
    }

    /// Whether the customer wrote after this reply was approved.
    async fn has_newer_mail(&mut self, row: &OutboxRow) -> Result<bool> {
        let tenant = self.tenant();
        let found =
            sql("select id from message where tenant_id + 0 = $1 and ticket_id = $2 and direction = 'incoming' \
             and outcome in ('pending', 'ticket') and stored_at > $3 limit 1")
            .bind(tenant)
            .bind(row.ticket)
            .bind(row.approved_at)
            .optional(self.on())
            .await?;
        Ok(found.is_some())
    }
}

/// The recipient that a report is about: the one it names, or the only one there is. A mailbox that forwards is reported by the
/// address that it forwards to, which is none of ours.
fn recipient_of(row: &OutboxRow, bounce: &Bounce) -> Option<String> {
    let named = bounce.recipient.as_deref().map(|address| address.trim().to_lowercase());
    let keys = || row.recipients.iter().map(|recipient| recipient.address.key());
    let found = named.and_then(|named| keys().find(|key| *key == named));
    found.or_else(|| keys().next().filter(|_| row.recipients.len() == 1))
}

/// It failed for good for a reason that will not go away. A full mailbox (5.2.2) and a server that gave up after days (4.4.7) fail a
/// mail and say nothing about the next (RFC 3463, 3).
fn nobody_is_there(bounce: &Bounce) -> bool {
    bounce.status.as_deref().is_none_or(|status| status.starts_with('5') && status != "5.2.2")
}

fn words_of(bounce: &Bounce) -> String {
    let parts = [bounce.status.as_deref(), bounce.diagnostic.as_deref()];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS_CHARS_MAX).collect();
    if line.is_empty() { "the report gives no reason".to_owned() } else { line }
}
