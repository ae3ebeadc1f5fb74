//! Submitting: the lease is on disk before the server is spoken to, and what came of it is settled per recipient after.
//!
//! A row found `Submitting` when its lease has run out was interrupted. Where it is on record that its mail was being handed over
//! ([`Scope::hand_over`]), nobody knows how far it came: it becomes uncertain and waits for a person. Where it is not, nobody has a
//! byte of it, and it is tried again by itself.

use crate::messages::{NewMessage, insert};
use crate::outbox::by_outbox_id;
use crate::sql::{Json, sql, sql_of};
use crate::tickets::by_id;
use crate::{OutboxRow, Result, Scope, Store, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::reason::Reason;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{MessageId, OutboxId, TenantId, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// How long a provider gets to put its copy into the Sent folder.
const PROOF_AFTER: Duration = Duration::from_secs(30);

/// What asking for the lease came to.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboxLease {
    /// Submit now, then settle with this attempt's number. It is on disk that a try has begun.
    Ready(Box<OutboxMail>),
    /// Not due yet.
    NotYet {
        /// When it is.
        due: Timestamp,
    },
    /// Another worker is at it.
    Busy {
        /// When its lease ends.
        until: Timestamp,
    },
    /// A worker died while it handed the mail over: now uncertain, a person decides.
    BecameUncertain,
    /// No person has read it, and by now too many such mails went out, or mail to a recipient came back for good; or it was scheduled,
    /// and the customer has written since: failed with this reason, a person decides.
    Held(Reason),
    /// Nothing to do.
    Settled(OutboxState),
}

/// Mail to submit.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxMail {
    /// The row. Submit only to the recipients in `open`.
    pub row: OutboxRow,
    /// Addresses that have not got it yet.
    pub open: Vec<Address>,
    /// 1, 2, 3 …
    pub attempt: i64,
}

impl Scope {
    /// Leases a row for submitting, durably: when this gives `Ready`, not even a power failure can make anybody forget
    /// that a try has begun. The lease must be longer than submitting can take.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn lease_outbox(&self, outbox: OutboxId, worker: &str, lease: Duration) -> Result<OutboxLease> {
        let mut tx = self.begin_durable().await?;
        let (tenant, now) = (tx.tenant(), tx.now());
        let row = sql("select state, due_at, lease_until from outbox where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(outbox)
            .optional(tx.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("approved mail {outbox}")))?;
        let state: OutboxState = row.get(0)?;
        let due: Timestamp = row.get(1)?;
        let until: Option<Timestamp> = row.get(2)?;
        match state {
            OutboxState::Queued | OutboxState::Deferred if due > now => Ok(OutboxLease::NotYet { due }),
            OutboxState::Queued | OutboxState::Deferred => {
                let waiting = by_outbox_id(tx.on(), tenant, outbox).await?;
                let held = if waiting.automatic { tx.held(&waiting).await? } else { None };
                let held = if held.is_some() { held } else { tx.overtaken(&waiting).await? };
                if let Some(reason) = held {
                    tx.commit().await?;
                    return Ok(OutboxLease::Held(reason));
                }
                let mail = tx.begin_attempt(outbox, worker, lease).await?;
                tx.commit().await?;
                Ok(OutboxLease::Ready(Box::new(mail)))
            }
            OutboxState::Submitting => match until {
                Some(until) if until > now => Ok(OutboxLease::Busy { until }),
                _ => {
                    let now_is = tx.interrupted(outbox).await?;
                    tx.commit().await?;
                    Ok(match now_is {
                        OutboxState::Uncertain => OutboxLease::BecameUncertain,
                        _ => OutboxLease::NotYet { due: now },
                    })
                }
            },
            settled => Ok(OutboxLease::Settled(settled)),
        }
    }

    /// Puts on record, durably, that the mail of a try is about to be given to the server: from here on nobody knows whether it
    /// is out until the server has answered.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when this try was ended meanwhile: it must not go on, another may have begun;
    /// [`StoreError::NotFound`].
    pub async fn hand_over(&self, outbox: OutboxId, attempt: i64) -> Result<()> {
        let mut tx = self.begin_durable().await?;
        let (tenant, now) = (tx.tenant(), tx.now());
        let recorded = sql("update attempt set handed_over_at = $1 \
             where tenant_id = $2 and outbox_id = $3 and number = $4 and finished_at is null and handed_over_at is null \
             and number = (select max(a.number) from attempt a where a.outbox_id = $3) \
             and exists (select o.id from outbox o where o.tenant_id = $2 and o.id = $3 and o.state = 'submitting')")
        .bind(now)
        .bind(tenant)
        .bind(outbox)
        .bind(attempt)
        .run(tx.on())
        .await?;
        if recorded == 0 {
            by_outbox_id(tx.on(), tenant, outbox).await?;
            return Err(StoreError::lease_lost(format_args!("try {attempt} of approved mail {outbox}")));
        }
        tx.commit().await
    }
}

impl Store {
    /// Sees to what a worker was submitting when it ended: a person decides about mail that was being handed over, the rest is
    /// tried again. At the start of a worker of this name, when the one before it is surely gone. Should it live after all, its
    /// settling sets the truth right. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn interrupt_submissions(&self, worker: &str) -> Result<u64> {
        self.interrupt("lease_owner = $1", worker).await
    }

    /// As [`Store::interrupt_submissions`] for every lease that has ended: whichever way its job came to an end, no reply
    /// stays "being submitted" for good.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn interrupt_expired_submissions(&self) -> Result<u64> {
        self.interrupt("lease_until <= $1", self.now()).await
    }

    async fn interrupt(&self, which: &'static str, value: impl crate::sql::Param + Clone) -> Result<u64> {
        // By way of the tenants: the index on states begins with them.
        let found = sql_of(format!(
            "select o.tenant_id, o.id from tenant t join outbox o on o.tenant_id = t.id and o.state = 'submitting' \
             where o.{which} order by o.id"
        ))
        .bind(value.clone())
        .all(&mut *self.inner.engine.read().await?)
        .await?;
        let mut interrupted = 0;
        for row in &found {
            let (tenant, outbox): (TenantId, OutboxId) = (row.get(0)?, row.get(1)?);
            let mut tx = self.tenant(tenant).begin_durable().await?;
            // Under the tenant's lock: it may have been settled since.
            let still = sql_of(format!(
                "select id from outbox where state = 'submitting' and {which} and tenant_id = $2 and id = $3"
            ))
            .bind(value.clone())
            .bind(tenant)
            .bind(outbox)
            .optional(tx.on())
            .await?;
            if still.is_some() {
                tx.interrupted(outbox).await?;
                tx.commit().await?;
                interrupted += 1;
            }
        }
        Ok(interrupted)
    }
}

impl Tx {
    /// Writes what a try came to, per recipient, and everything that follows from it: the next try, the message in the
    /// thread (`raw`: the bytes that were submitted), the copy for the Sent folder when `append_sent`, the ticket back
    /// to waiting when a person must look. A recipient that is not reported is uncertain. Settling the same attempt
    /// twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an attempt that was never begun.
    pub async fn settle_outbox(
        &mut self,
        outbox: OutboxId,
        attempt: i64,
        outcomes: &[(Address, SubmitOutcome)],
        raw: &[u8],
        append_sent: bool,
        actor: &Actor,
    ) -> Result<OutboxState> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        let open = row.attempts.iter().find(|a| a.number == attempt);
        let open = open.ok_or_else(|| StoreError::not_found(format_args!("attempt {attempt} of mail {outbox}")))?;
        let newest = row.attempts.iter().all(|a| a.number <= attempt);
        if open.finished_at.is_some() || !newest {
            return Ok(row.state);
        }
        // `Uncertain`: its lease had run out, and now the truth comes after all. Once a person has decided, it stays.
        if !matches!(row.state, OutboxState::Submitting | OutboxState::Uncertain) {
            return Ok(row.state);
        }
        let kept: Vec<(&str, &SubmitOutcome)> = outcomes.iter().map(|(a, o)| (a.address.as_str(), o)).collect();
        sql("update attempt set finished_at = $1, outcomes = $2 where tenant_id = $3 and outbox_id = $4 and number = $5")
            .bind(now)
            .bind(Json(&kept))
            .bind(tenant)
            .bind(outbox)
            .bind(attempt)
            .run(self.on())
            .await?;
        let next_try = self.next_try(outbox).await?;
        let states = self.settle_recipients(&row, outcomes, next_try.is_some()).await?;
        let state = overall(&states);
        self.set_outbox(outbox, state, reason(outcomes, state)).await?;

        let maybe_out =
            outcomes.iter().any(|(_, o)| matches!(o, SubmitOutcome::Accepted { .. } | SubmitOutcome::Uncertain { .. }));
        if maybe_out && row.message.is_none() {
            self.store_outgoing(&row, raw).await?;
        }
        if state == OutboxState::Sent {
            self.files_are_out(outbox).await?;
        }
        let accepted = outcomes.iter().any(|(_, o)| matches!(o, SubmitOutcome::Accepted { .. }));
        if accepted && append_sent {
            self.enqueue(&Job::AppendSent { outbox }).await?;
        }
        match (state, next_try) {
            (OutboxState::Deferred, Some(due)) => {
                sql("update outbox set due_at = $1 where tenant_id = $2 and id = $3")
                    .bind(due)
                    .bind(tenant)
                    .bind(outbox)
                    .run(self.on())
                    .await?;
                self.enqueue_at(&Job::Dispatch { outbox }, due).await?;
            }
            (OutboxState::Failed | OutboxState::Uncertain, _) => self.ticket_waits(row.ticket).await?,
            _ => {}
        }
        if state == OutboxState::Failed {
            self.files_are_offered(outbox).await?;
            if row.automatic {
                self.autonomy_bounced(outbox, row.ticket, reason(outcomes, state).unwrap_or_default()).await?;
            }
        }
        if state == OutboxState::Uncertain {
            self.look_for_proof(outbox).await?;
        }
        if row.state == OutboxState::Uncertain && matches!(state, OutboxState::Sent | OutboxState::Deferred) {
            // The truth came after all: what was given back to the agents is on its way.
            let ticket = by_id(self.on(), tenant, row.ticket).await?;
            if ticket.status == TicketStatus::Waiting {
                self.move_ticket(&ticket, TicketStatus::Sent).await?;
            }
        }
        let summary: Vec<_> = outcomes.iter().map(|(_, o)| o.state().as_str()).collect();
        self.record(
            actor,
            &format!("outbox.{state}"),
            format_args!("ticket:{}", row.ticket),
            json!({
                "outbox": outbox,
                "attempt": attempt,
                "outcomes": summary,
                "sha256": hex::encode(Sha256::digest(raw)),
            }),
        );
        Ok(state)
    }

    async fn begin_attempt(&mut self, outbox: OutboxId, worker: &str, lease: Duration) -> Result<OutboxMail> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update outbox set state = 'submitting', tries = tries + 1, lease_owner = $1, lease_until = $2 \
             where tenant_id = $3 and id = $4")
        .bind(worker)
        .bind(now.plus(lease))
        .bind(tenant)
        .bind(outbox)
        .run(self.on())
        .await?;
        let attempt: i64 = sql("insert into attempt (outbox_id, tenant_id, number, worker, started_at, outcomes) \
             select $1, $2, coalesce(max(number), 0) + 1, $3, $4, '[]' from attempt where outbox_id = $1 \
             returning number")
        .bind(outbox)
        .bind(tenant)
        .bind(worker)
        .bind(now)
        .one(self.on())
        .await?
        .get(0)?;
        let waiting = [OutboxState::Queued, OutboxState::Deferred];
        self.set_recipients(outbox, &waiting, OutboxState::Submitting).await?;
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        let open = row.recipients.iter().filter(|r| r.state == OutboxState::Submitting);
        let open = open.map(|r| r.address.clone()).collect();
        self.record(
            &Actor::Host("dispatch".to_owned()),
            "outbox.submitting",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "attempt": attempt, "worker": worker }),
        );
        Ok(OutboxMail { row, open, attempt })
    }

    /// Uncertain, or waiting for its next try.
    async fn interrupted(&mut self, outbox: OutboxId) -> Result<OutboxState> {
        let tenant = self.tenant();
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        if let Some(attempt) = row.attempts.last().filter(|attempt| attempt.handed_over_at.is_none()) {
            self.not_handed_over(&row, attempt.number).await?;
            return Ok(OutboxState::Deferred);
        }
        let reason =
            "the worker stopped while it was submitting: see at the mail provider whether it went out, then decide";
        self.set_outbox(outbox, OutboxState::Uncertain, Some(reason)).await?;
        self.set_recipients(outbox, &[OutboxState::Submitting], OutboxState::Uncertain).await?;
        self.look_for_proof(outbox).await?;
        self.ticket_waits(row.ticket).await?;
        self.record(
            &Actor::Host("dispatch".to_owned()),
            "outbox.uncertain",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": outbox, "reason": reason }),
        );
        Ok(OutboxState::Uncertain)
    }

    /// Has the Sent folder looked into, once the provider had time to put a copy there.
    async fn look_for_proof(&mut self, outbox: OutboxId) -> Result<()> {
        let due = self.now().plus(PROOF_AFTER);
        self.enqueue_at(&Job::Prove { outbox }, due).await
    }

    /// Ends a try of which nothing is out, as if it had not been begun: it does not count on the ladder, and the next is due.
    async fn not_handed_over(&mut self, row: &OutboxRow, attempt: i64) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let reason = "the worker stopped before it had handed anything over: it is tried again";
        let outcome = SubmitOutcome::Deferred { reason: reason.to_owned() };
        let open = row.recipients.iter().filter(|r| r.state == OutboxState::Submitting);
        let outcomes: Vec<(&str, &SubmitOutcome)> = open.map(|r| (r.address.address.as_str(), &outcome)).collect();
        sql("update attempt set finished_at = $1, outcomes = $2 where tenant_id = $3 and outbox_id = $4 and number = $5")
            .bind(now)
            .bind(Json(&outcomes))
            .bind(tenant)
            .bind(row.id)
            .bind(attempt)
            .run(self.on())
            .await?;
        self.set_outbox(row.id, OutboxState::Deferred, Some(reason)).await?;
        self.set_recipients(row.id, &[OutboxState::Submitting], OutboxState::Deferred).await?;
        sql("update outbox set due_at = $1, tries = tries - 1 where tenant_id = $2 and id = $3")
            .bind(now)
            .bind(tenant)
            .bind(row.id)
            .run(self.on())
            .await?;
        self.enqueue(&Job::Dispatch { outbox: row.id }).await?;
        self.record(
            &Actor::Host("dispatch".to_owned()),
            "outbox.deferred",
            format_args!("ticket:{}", row.ticket),
            json!({ "outbox": row.id, "attempt": attempt, "reason": reason }),
        );
        Ok(())
    }

    /// When the next try is due, none when the ladder is used up.
    async fn next_try(&mut self, outbox: OutboxId) -> Result<Option<Timestamp>> {
        let (tenant, now) = (self.tenant(), self.now());
        let tries: i64 = sql("select tries from outbox where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(outbox)
            .one(self.on())
            .await?
            .get(0)?;
        let rung = usize::try_from(tries - 1).unwrap_or(0);
        Ok(Job::Dispatch { outbox }.ladder().get(rung).map(|wait| now.plus(*wait)))
    }

    /// Gives every recipient of the attempt its state; the states of all recipients of the mail.
    async fn settle_recipients(
        &mut self,
        row: &OutboxRow,
        outcomes: &[(Address, SubmitOutcome)],
        may_try_again: bool,
    ) -> Result<Vec<OutboxState>> {
        let tenant = self.tenant();
        let mut states = Vec::with_capacity(row.recipients.len());
        for recipient in &row.recipients {
            if !matches!(recipient.state, OutboxState::Submitting | OutboxState::Uncertain) {
                states.push(recipient.state);
                continue;
            }
            let key = recipient.address.key();
            let outcome = outcomes.iter().find(|(address, _)| address.key() == key).map(|(_, outcome)| outcome);
            let (state, words) = match outcome {
                None if recipient.state == OutboxState::Uncertain => {
                    states.push(recipient.state);
                    continue;
                }
                None => (OutboxState::Uncertain, "nothing was reported about this recipient".to_owned()),
                Some(SubmitOutcome::Deferred { reason }) if !may_try_again => {
                    (OutboxState::Failed, format!("given up after the last try: {reason}"))
                }
                Some(outcome) => (outcome.state(), outcome.words().to_owned()),
            };
            sql("update outbox_recipient set state = $1, words = $2 \
                 where tenant_id = $3 and outbox_id = $4 and address_key = $5")
            .bind(state)
            .bind(words)
            .bind(tenant)
            .bind(row.id)
            .bind(key)
            .run(self.on())
            .await?;
            states.push(state);
        }
        Ok(states)
    }

    /// Puts a reply into its thread that was found to be sent after its worker had died (`raw`: the bytes that were submitted).
    /// What is there already is left as it is; so is a reply that is not sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn keep_outgoing(&mut self, outbox: OutboxId, raw: &[u8]) -> Result<()> {
        let tenant = self.tenant();
        let row = by_outbox_id(self.on(), tenant, outbox).await?;
        if row.message.is_none() && row.state == OutboxState::Sent {
            self.store_outgoing(&row, raw).await?;
            self.files_are_out(outbox).await?;
        }
        Ok(())
    }

    async fn store_outgoing(&mut self, row: &OutboxRow, raw: &[u8]) -> Result<MessageId> {
        let (tenant, now) = (self.tenant(), self.now());
        let from: String = sql("select address from mailbox where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(row.mailbox)
            .one(self.on())
            .await?
            .get(0)?;
        let read = ReadMail { attachments: self.files_of(row).await?, ..as_mail(row, from) };
        let new = NewMessage {
            ticket: Some(row.ticket),
            mailbox: row.mailbox,
            // No mailbox has a folder of this name with such keys: an IMAP key is two numbers.
            folder: "outbox",
            source_key: &row.message_id,
            direction: Direction::Outgoing,
            identity: &row.message_id,
            content_hash: &hex::encode(Sha256::digest(raw)),
            outcome: Outcome::Ticket,
            reason: None,
            at: row.date(),
            received_at: now,
            stored_at: now,
            read: &read,
            raw,
        };
        let message = insert(self.on(), tenant, &new).await?;
        sql("update outbox set message_id = $1 where tenant_id = $2 and id = $3")
            .bind(message)
            .bind(tenant)
            .bind(row.id)
            .run(self.on())
            .await?;
        sql("update ticket set message_count = message_count + 1, version = version + 1, updated_at = $1, \
             last_message_at = case when last_message_at > $2 then last_message_at else $2 end \
             where tenant_id = $3 and id = $4")
        .bind(now)
        .bind(row.date())
        .bind(tenant)
        .bind(row.ticket)
        .run(self.on())
        .await?;
        Ok(message)
    }
}

/// The approved mail as the thread shows it.
fn as_mail(row: &OutboxRow, from: String) -> ReadMail {
    let whom = |cc| row.recipients.iter().filter(|r| r.cc == cc).map(|r| r.address.clone()).collect();
    ReadMail {
        message_id: Some(row.message_id.clone()),
        from: Some(Address { name: None, address: from }),
        to: whom(false),
        cc: whom(true),
        date: Some(row.date()),
        subject: row.subject.clone(),
        text: row.body.clone(),
        reply_text: row.body.clone(),
        in_reply_to: row.in_reply_to.iter().cloned().collect(),
        references: row.references.clone(),
        language: row.language.clone(),
        ..ReadMail::default()
    }
}

/// The whole is as its least settled recipient: one that is tried again, then one to decide on, then one that failed.
pub(crate) fn overall(states: &[OutboxState]) -> OutboxState {
    let order = [OutboxState::Deferred, OutboxState::Uncertain, OutboxState::Failed];
    order.into_iter().find(|state| states.contains(state)).unwrap_or(OutboxState::Sent)
}

fn reason(outcomes: &[(Address, SubmitOutcome)], state: OutboxState) -> Option<&str> {
    if state == OutboxState::Sent {
        return None;
    }
    outcomes
        .iter()
        .map(|(_, outcome)| outcome)
        .find(|o| !matches!(o, SubmitOutcome::Accepted { .. }))
        .map(SubmitOutcome::words)
}
