//! Taking mail in: raw bytes, message, thread, ticket and triage job in one transaction.

use crate::messages::{NewMessage, insert};
use crate::sql::{Json, clean, placeholders, sql, sql_of};
use crate::thread::{Place, keep_unresolved, place, waiting_tickets};
use crate::tickets::{Findings, NO_DEADLINE, by_id, search_text, snippet};
use crate::{Result, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_model::{MailboxId, MessageId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Mails of one batch that are looked up together.
const KEYS_PER_QUERY: usize = 64;

/// A Date header may be this far ahead of the server's clock before it is not believed.
const DATE_AHEAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// Date headers before 1990 are not believed: there was hardly any mail.
const DATE_MIN: Timestamp = Timestamp(631_152_000_000_000);
/// Middle of 0 to 100, until a router says otherwise.
const URGENCY_RANK_DEFAULT: i64 = 50;

/// Where a mail was found: unique per mailbox, so that finding it again stores nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `INBOX`; empty for files.
    pub folder: String,
    /// What tells it from every other mail of this folder, for good.
    pub key: String,
}

impl Source {
    /// A mail on an IMAP server.
    #[must_use]
    pub fn imap(folder: &str, uid_validity: u32, uid: u32) -> Self {
        Self { folder: folder.to_owned(), key: format!("{uid_validity}:{uid}") }
    }

    /// A file in a Maildir, by its unique name without flags.
    #[must_use]
    pub fn maildir(folder: &str, unique: &str) -> Self {
        Self { folder: folder.to_owned(), key: unique.to_owned() }
    }

    /// A mail fed by hand, by the SHA-256 of its bytes.
    #[must_use]
    pub fn file(sha256_hex: &str) -> Self {
        Self { folder: String::new(), key: sha256_hex.to_owned() }
    }
}

/// A mail about to be taken in.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Where it came in.
    pub mailbox: MailboxId,
    /// What tells it from others there.
    pub source: Source,
    /// As it came.
    pub raw: Vec<u8>,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Once read.
    pub read: ReadMail,
    /// Why it cannot be read: it is kept for a person and makes no ticket.
    pub parked: Option<Reason>,
    /// The ticket that a *verified* token names (signed plus-address), used when the mail's own headers find none.
    pub ticket_number: Option<i64>,
    /// It came by way of a marketplace, from an alias that is one buyer's: used when nothing else finds its ticket.
    pub relayed: Option<Relayed>,
}

/// What tells the matters of one buyer at a marketplace apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// The order or item that the subject names, lower case.
    pub order: Option<String>,
    /// The subject without reply prefixes, lower case.
    pub subject: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "taken", rename_all = "kebab-case")]
pub enum Taken {
    /// Stored; triage will look at it.
    New {
        /// The mail.
        message: MessageId,
        /// Its ticket.
        ticket: TicketId,
        /// The ticket's number.
        number: i64,
        /// The ticket was made for it.
        opened: bool,
    },
    /// Was stored before from the same place: nothing was written.
    Known {
        /// The mail.
        message: MessageId,
    },
    /// The same mail came by another way (another mailbox, a renumbered folder, a copy of our own): stored, skipped.
    Duplicate {
        /// This one.
        message: MessageId,
        /// The first one.
        of: MessageId,
    },
    /// Stored for a person.
    Parked {
        /// The mail.
        message: MessageId,
    },
}

impl Taken {
    /// The mail's row.
    #[must_use]
    pub fn message(&self) -> MessageId {
        match self {
            Self::New { message, .. }
            | Self::Known { message }
            | Self::Duplicate { message, .. }
            | Self::Parked { message } => *message,
        }
    }
}

impl Tx {
    /// Takes one mail in. Idempotent: the same source again gives [`Taken::Known`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a mailbox that is not this tenant's.
    pub async fn intake(&mut self, mail: &Intake, actor: &Actor) -> Result<Taken> {
        let mut taken = self.intake_many(std::slice::from_ref(mail), actor).await?;
        taken.pop().ok_or_else(|| StoreError::corrupt("intake", "no answer for a mail"))
    }

    /// Takes many in, oldest first by date so that threads come out the same in whatever order they were fetched.
    /// Answers in the order given.
    ///
    /// # Errors
    /// As [`Tx::intake`]; then none of them is taken in once the transaction is dropped.
    pub async fn intake_many(&mut self, mails: &[Intake], actor: &Actor) -> Result<Vec<Taken>> {
        let tenant = self.tenant();
        for mailbox in mails.iter().map(|m| m.mailbox).collect::<BTreeSet<_>>() {
            sql("select id from mailbox where tenant_id = $1 and id = $2")
                .bind(tenant)
                .bind(mailbox)
                .optional(self.on())
                .await?
                .ok_or_else(|| StoreError::not_found(format_args!("mailbox {mailbox}")))?;
        }
        let mut order: Vec<usize> = (0..mails.len()).collect();
        order.sort_by_key(|&n| sent_at(&mails[n]));
        let mut known = self.known(mails).await?;
        let mut taken = vec![None; mails.len()];
        for n in order {
            let place = place_of(&mails[n]);
            let one = match known.get(&place) {
                Some(&message) => Taken::Known { message },
                None => self.take(&mails[n], actor).await?,
            };
            known.insert(place, one.message());
            taken[n] = Some(one);
        }
        Ok(taken.into_iter().flatten().collect())
    }

    /// Those that were stored before, by the place they come from.
    async fn known<'a>(&mut self, mails: &'a [Intake]) -> Result<HashMap<PlaceKey<'a>, MessageId>> {
        let tenant = self.tenant();
        let mut by_folder: BTreeMap<(MailboxId, &str), Vec<&'a str>> = BTreeMap::new();
        for mail in mails {
            let (mailbox, folder, key) = place_of(mail);
            by_folder.entry((mailbox, folder)).or_default().push(key);
        }
        let mut known = HashMap::new();
        for ((mailbox, folder), keys) in by_folder {
            for keys in keys.chunks(KEYS_PER_QUERY) {
                // One prepared statement for one mail, one for all other numbers: a short list repeats its last key.
                let slots = if keys.len() == 1 { 1 } else { KEYS_PER_QUERY };
                let padded = keys.iter().copied().chain(std::iter::repeat(keys[keys.len() - 1])).take(slots);
                let rows = sql_of(format!(
                    "select source_key, id from message where tenant_id + 0 = $1 and mailbox_id = $2 and folder = $3 \
                     and source_key in ({})",
                    placeholders(4, slots)
                ))
                .bind(tenant)
                .bind(mailbox)
                .bind(folder)
                .bind_all(padded)
                .all(self.on())
                .await?;
                for row in rows {
                    let found: String = row.get(0)?;
                    // A key is stored without what PostgreSQL cannot hold.
                    if let Some(key) = keys.iter().find(|key| clean(key) == found) {
                        known.insert((mailbox, folder, *key), row.get(1)?);
                    }
                }
            }
        }
        Ok(known)
    }

    async fn take(&mut self, mail: &Intake, actor: &Actor) -> Result<Taken> {
        let tenant = self.tenant();
        let raw_sha256 = hex::encode(Sha256::digest(&mail.raw));
        let place = place(self.on(), tenant, mail, &raw_sha256).await?;
        if let Some(reason) = &mail.parked {
            return self.take_parked(mail, &place, reason, &raw_sha256, actor).await;
        }
        if let Some((of, reason)) = place.duplicate_of {
            return self.take_duplicate(mail, &place, of, reason, &raw_sha256, actor).await;
        }
        let (ticket, number, opened) = match place.ticket {
            Some(ticket) => (ticket, self.reopen_for(ticket, mail).await?, false),
            None => {
                let (ticket, number) = self.open_ticket(mail.mailbox, &mail.read, sent_at(mail)).await?;
                (ticket, number, true)
            }
        };
        let message = self.store_message(mail, &place, Some(ticket), Outcome::Pending, None).await?;
        keep_unresolved(self.on(), tenant, message, &place.unresolved).await?;
        self.enqueue(&Job::Triage { message }).await?;
        if !opened {
            self.rejoin(&place.identity, ticket, actor).await?;
        }
        self.record(
            actor,
            if opened { "ticket.opened" } else { "ticket.mail-received" },
            format_args!("ticket:{ticket}"),
            json!({ "message": message, "mailbox": mail.mailbox, "sha256": raw_sha256 }),
        );
        Ok(Taken::New { message, ticket, number, opened })
    }

    /// A late parent may find a ticket of its own while answers to it wait on another: of one customer they are one matter.
    async fn rejoin(&mut self, identity: &str, ticket: TicketId, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        for other in waiting_tickets(self.on(), tenant, identity, ticket).await? {
            let (gone, kept) = (by_id(self.on(), tenant, other).await?, by_id(self.on(), tenant, ticket).await?);
            let same = gone.customer.key() == kept.customer.key();
            let here = [&gone, &kept].iter().all(|row| row.merged_into.is_none() && row.status != TicketStatus::Spam);
            if same && here {
                self.merge_tickets(other, ticket, actor).await?;
            }
        }
        Ok(())
    }

    async fn take_parked(
        &mut self,
        mail: &Intake,
        place: &Place,
        reason: &Reason,
        raw_sha256: &str,
        actor: &Actor,
    ) -> Result<Taken> {
        let message = self.store_message(mail, place, None, Outcome::Parked, Some(reason)).await?;
        self.record(
            actor,
            "message.parked",
            format_args!("message:{message}"),
            json!({ "mailbox": mail.mailbox, "reason": reason.to_string(), "sha256": raw_sha256 }),
        );
        Ok(Taken::Parked { message })
    }

    async fn take_duplicate(
        &mut self,
        mail: &Intake,
        place: &Place,
        of: MessageId,
        reason: &str,
        raw_sha256: &str,
        actor: &Actor,
    ) -> Result<Taken> {
        let reason = Reason::new(ReasonCode::Duplicate, format!("message {of}, {reason}"));
        let message = self.store_message(mail, place, None, Outcome::Skipped, Some(&reason)).await?;
        self.record(
            actor,
            "message.skipped",
            format_args!("message:{message}"),
            json!({ "mailbox": mail.mailbox, "reason": reason.to_string(), "sha256": raw_sha256 }),
        );
        Ok(Taken::Duplicate { message, of })
    }

    async fn store_message(
        &mut self,
        mail: &Intake,
        place: &Place,
        ticket: Option<TicketId>,
        outcome: Outcome,
        reason: Option<&Reason>,
    ) -> Result<MessageId> {
        let (tenant, now) = (self.tenant(), self.now());
        let new = NewMessage {
            ticket,
            mailbox: mail.mailbox,
            folder: &mail.source.folder,
            source_key: &mail.source.key,
            direction: Direction::Incoming,
            identity: &place.identity,
            content_hash: &place.content_hash,
            outcome,
            reason,
            at: sent_at(mail),
            received_at: mail.received_at,
            stored_at: now,
            read: &mail.read,
            raw: &mail.raw,
        };
        insert(self.on(), tenant, &new).await
    }

    /// Makes a ticket for a mail; its number too.
    pub(crate) async fn open_ticket(
        &mut self,
        mailbox: MailboxId,
        read: &ReadMail,
        at: Timestamp,
    ) -> Result<(TicketId, i64)> {
        let (tenant, now) = (self.tenant(), self.now());
        let number: i64 = sql("update tenant set last_ticket = last_ticket + 1 where id = $1 returning last_ticket")
            .bind(tenant)
            .one(self.on())
            .await?
            .get(0)?;
        let customer = customer(read);
        let id = sql("insert into ticket (tenant_id, number, mailbox_id, subject, customer_name, customer_address, \
             customer_key, status, category_by_agent, language, urgency_rank, deadline_at, tags, findings, snippet, \
             search, message_count, draft_round, version, created_at, updated_at, last_message_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, '[]', $12, $13, $14, 1, 0, 1, $15, $15, $16) \
             returning id")
        .bind(tenant)
        .bind(number)
        .bind(mailbox)
        .bind(&read.subject)
        .bind(customer.name.as_ref())
        .bind(&customer.address)
        .bind(customer.key())
        .bind(TicketStatus::New)
        .bind(read.language.as_ref())
        .bind(URGENCY_RANK_DEFAULT)
        .bind(NO_DEADLINE)
        .bind(Json(&Findings::default()))
        .bind(snippet(&read.reply_text))
        .bind(search_text(number, &read.subject, &customer, &[]))
        .bind(now)
        .bind(at)
        .one(self.on())
        .await?
        .get(0)?;
        Ok((id, number))
    }

    /// A new mail brings every ticket but spam back to new; where it was is kept for the case that the mail turns
    /// out to be nothing (an out-of-office answer). Returns the ticket's number.
    async fn reopen_for(&mut self, ticket: TicketId, mail: &Intake) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        sql(
            "update ticket set reopened_from = case when status in ('new', 'spam') then reopened_from else status end, \
             status = case when status = 'spam' then status else 'new' end, mailbox_id = $1, \
             snippet = $2, message_count = message_count + 1, version = version + 1, updated_at = $3, \
             last_message_at = case when last_message_at > $4 then last_message_at else $4 end \
             where tenant_id = $5 and id = $6 returning number",
        )
        .bind(mail.mailbox)
        .bind(snippet(&mail.read.reply_text))
        .bind(now)
        .bind(sent_at(mail))
        .bind(tenant)
        .bind(ticket)
        .one(self.on())
        .await?
        .get(0)
    }
}

/// Where a mail comes from: mailbox, folder, and its key there.
type PlaceKey<'a> = (MailboxId, &'a str, &'a str);

fn place_of(mail: &Intake) -> PlaceKey<'_> {
    (mail.mailbox, &mail.source.folder, &mail.source.key)
}

/// By its own Date header when that is sane, else when the server got it.
fn sent_at(mail: &Intake) -> Timestamp {
    mail.read
        .date
        .filter(|date| (DATE_MIN..=mail.received_at.plus(DATE_AHEAD_MAX)).contains(date))
        .unwrap_or(mail.received_at)
}

/// Whom the ticket is about. A mail may name nobody; `.invalid` reaches nobody (RFC 2606, 2).
fn customer(mail: &ReadMail) -> Address {
    let known = mail.customer().filter(|a| !a.address.trim().is_empty()).cloned();
    known.unwrap_or_else(|| Address { name: None, address: "unknown@sender.invalid".to_owned() })
}
