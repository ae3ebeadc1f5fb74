//! Which ticket a mail belongs to, and whether the same mail is here already.

use crate::intake::{Intake, Relayed};
use crate::messages::from_key;
use crate::sql::{Connection, placeholders, sql, sql_of};
use crate::{Result, StoreError};
use posthouse_model::mail::ReadMail;
use posthouse_model::ticket::Direction;
use posthouse_model::{MessageId, TenantId, TicketId, Timestamp};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// How many of a mail's references are looked up and kept: the newest are the nearest.
const REFERENCES_MAX: usize = 20;
/// Longest identity that is kept: a Message-ID line may not be longer (RFC 5322, 2.1.1). A longer one is hashed.
const IDENTITY_BYTES_MAX: usize = 998;

/// A buyer's later mail belongs to an earlier one about the same for this long: marketplaces let buyers write back for a month.
const RELAYED_WITHIN: Duration = Duration::from_secs(31 * 24 * 3600);

/// What is known about a mail before it is stored.
#[derive(Debug)]
pub(crate) struct Place {
    /// Message-ID, or made up from sender and bytes.
    pub(crate) identity: String,
    /// Tells two mails with the same Message-ID apart; the same for copies that came by different ways.
    pub(crate) content_hash: String,
    /// The same mail, stored before.
    pub(crate) duplicate_of: Option<(MessageId, &'static str)>,
    /// The ticket it belongs to.
    pub(crate) ticket: Option<TicketId>,
    /// References that found nothing.
    pub(crate) unresolved: Vec<String>,
}

/// What one of the ids that a mail names leads to.
struct Known {
    identity: String,
    message: MessageId,
    ticket: Option<TicketId>,
    content_hash: String,
    from_key: String,
    direction: Direction,
}

/// Looks a mail's ids up, in this order: what it answers, its references from the newest back, a verified token, and
/// mails that were here before it and name it (a late parent).
pub(crate) async fn place(on: &mut Connection, tenant: TenantId, mail: &Intake, raw_sha256: &str) -> Result<Place> {
    let read = &mail.read;
    let identity = identity(read, raw_sha256);
    let content_hash = content_hash(read, raw_sha256);
    let references = references(read, &identity);
    let known = look_up(on, tenant, &identity, &references).await?;

    let duplicate_of = known.iter().filter(|k| k.identity == identity).find_map(|k| {
        if k.content_hash == content_hash {
            Some((k.message, "the same mail came before"))
        } else if k.direction == Direction::Outgoing && k.from_key == from_key(read) {
            Some((k.message, "a copy of our own mail"))
        } else {
            // Some mailers give every mail the same Message-ID: those are different mails.
            None
        }
    });

    let mut ticket = references
        .iter()
        .find_map(|reference| known.iter().find(|k| k.identity == *reference && k.ticket.is_some()))
        .and_then(|k| k.ticket);
    if ticket.is_none() && !references.is_empty() {
        ticket = answered_outbox(on, tenant, &references).await?;
    }
    if ticket.is_none()
        && let Some(number) = mail.ticket_number
    {
        // One that was merged into another stands for that one.
        let row = sql("select coalesce(merged_into, id) from ticket where tenant_id = $1 and number = $2")
            .bind(tenant)
            .bind(number)
            .optional(on)
            .await?;
        ticket = row.map(|row| row.get(0)).transpose()?;
    }
    let unresolved = if ticket.is_none() { references } else { Vec::new() };
    if ticket.is_none() {
        ticket = waiting_child(on, tenant, &identity).await?;
    }
    if ticket.is_none() && !unresolved.is_empty() {
        ticket = waiting_sibling(on, tenant, &unresolved, &from_key(read)).await?;
    }
    if ticket.is_none()
        && let Some(relayed) = &mail.relayed
        && let Some(customer) = read.customer()
    {
        ticket = relayed_ticket(on, tenant, &customer.key(), relayed, mail.received_at).await?;
    }
    Ok(Place { identity, content_hash, duplicate_of, ticket, unresolved })
}

/// Keeps references that found nothing, for a late parent.
pub(crate) async fn keep_unresolved(
    on: &mut Connection,
    tenant: TenantId,
    message: MessageId,
    references: &[String],
) -> Result<()> {
    if references.is_empty() {
        return Ok(());
    }
    let slots: Vec<String> = (0..references.len()).map(|n| format!("($1, $2, ${})", n + 3)).collect();
    sql_of(format!("insert into message_reference (tenant_id, message_id, reference) values {}", slots.join(", ")))
        .bind(tenant)
        .bind(message)
        .bind_all(references)
        .run(on)
        .await?;
    Ok(())
}

async fn look_up(on: &mut Connection, tenant: TenantId, own: &str, references: &[String]) -> Result<Vec<Known>> {
    // Newest first, so that of several mails with one Message-ID the newest is found. Few lengths, few statements.
    let slots = match references.len() {
        0 => 1,
        1..=3 => 4,
        _ => REFERENCES_MAX + 1,
    };
    let ids =
        std::iter::once(own).chain(references.iter().map(String::as_str)).chain(std::iter::repeat(own)).take(slots);
    let rows = sql_of(format!(
        "select identity, id, ticket_id, content_hash, from_key, direction from message \
         where tenant_id = $1 and identity in ({}) order by id desc limit 200",
        placeholders(2, slots)
    ))
    .bind(tenant)
    .bind_all(ids)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok::<_, StoreError>(Known {
                identity: row.next()?,
                message: row.next()?,
                ticket: row.next()?,
                content_hash: row.next()?,
                from_key: row.next()?,
                direction: row.next()?,
            })
        })
        .collect()
}

/// The customer may answer before we know that our mail is out.
async fn answered_outbox(on: &mut Connection, tenant: TenantId, references: &[String]) -> Result<Option<TicketId>> {
    let last = references[references.len() - 1].as_str();
    let ids = references.iter().map(String::as_str).chain(std::iter::repeat(last)).take(REFERENCES_MAX);
    let row = sql_of(format!(
        "select ticket_id from outbox where tenant_id = $1 and message_id_header in ({}) order by id desc limit 1",
        placeholders(2, REFERENCES_MAX)
    ))
    .bind(tenant)
    .bind_all(ids)
    .optional(on)
    .await?;
    row.map(|row| row.get(0)).transpose()
}

async fn waiting_child(on: &mut Connection, tenant: TenantId, identity: &str) -> Result<Option<TicketId>> {
    let row = sql("select m.ticket_id from message_reference r join message m on m.id = r.message_id \
         where r.tenant_id = $1 and r.reference = $2 and m.ticket_id is not null order by m.id limit 1")
    .bind(tenant)
    .bind(identity)
    .optional(on)
    .await?;
    row.map(|row| row.get(0)).transpose()
}

/// What a buyer at a marketplace wrote about lately: the same order, or, where the subject names none, the same subject.
async fn relayed_ticket(
    on: &mut Connection,
    tenant: TenantId,
    customer_key: &str,
    relayed: &Relayed,
    received_at: Timestamp,
) -> Result<Option<TicketId>> {
    let rows = sql("select id, subject, search from ticket where tenant_id = $1 and customer_key = $2 \
         and merged_into is null and status <> 'spam' and last_message_at + 0 >= $3 \
         order by last_message_at + 0 desc, id desc limit 20")
    .bind(tenant)
    .bind(customer_key)
    .bind(received_at.minus(RELAYED_WITHIN))
    .all(on)
    .await?;
    for row in &rows {
        let (subject, search): (String, String) = (row.get(1)?, row.get(2)?);
        let same = match &relayed.order {
            Some(order) => search.contains(order.as_str()),
            None => !relayed.subject.is_empty() && subject.to_lowercase().trim_end().ends_with(&relayed.subject),
        };
        if same {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

/// The tickets of mails that wait for this one, but for one.
pub(crate) async fn waiting_tickets(
    on: &mut Connection,
    tenant: TenantId,
    identity: &str,
    but: TicketId,
) -> Result<Vec<TicketId>> {
    let rows = sql("select distinct m.ticket_id from message_reference r join message m on m.id = r.message_id \
         where r.tenant_id = $1 and r.reference = $2 and m.ticket_id is not null and m.ticket_id <> $3 \
         order by m.ticket_id limit 10")
    .bind(tenant)
    .bind(identity)
    .bind(but)
    .all(on)
    .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Another mail of the same sender that answers the same mail which is not here (yet). Of others it proves nothing: a mail that was sent
/// to many is answered by many.
async fn waiting_sibling(
    on: &mut Connection,
    tenant: TenantId,
    references: &[String],
    from: &str,
) -> Result<Option<TicketId>> {
    let last = references[references.len() - 1].as_str();
    let ids = references.iter().map(String::as_str).chain(std::iter::repeat(last)).take(REFERENCES_MAX);
    let row = sql_of(format!(
        "select m.ticket_id from message_reference r join message m on m.id = r.message_id \
         where r.tenant_id = $1 and m.from_key = $2 and m.ticket_id is not null and r.reference in ({}) \
         order by m.id limit 1",
        placeholders(3, REFERENCES_MAX)
    ))
    .bind(tenant)
    .bind(from)
    .bind_all(ids)
    .optional(on)
    .await?;
    row.map(|row| row.get(0)).transpose()
}

/// In-Reply-To, then References from the newest back, each once, not the mail itself.
fn references(mail: &ReadMail, own: &str) -> Vec<String> {
    let mut all = Vec::new();
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        let id = bounded(id);
        if !id.is_empty() && id != own && !all.contains(&id) {
            all.push(id);
        }
        if all.len() == REFERENCES_MAX {
            break;
        }
    }
    all
}

fn identity(mail: &ReadMail, raw_sha256: &str) -> String {
    match mail.message_id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => bounded(id),
        None => format!("no-message-id:{}", hex::encode(Sha256::digest(format!("{}\n{raw_sha256}", from_key(mail))))),
    }
}

fn bounded(id: &str) -> String {
    let id = id.trim();
    if id.len() <= IDENTITY_BYTES_MAX {
        id.replace('\0', "\u{fffd}")
    } else {
        format!("sha256:{}", hex::encode(Sha256::digest(id)))
    }
}

/// What the sender wrote, without what servers on the way added.
fn content_hash(mail: &ReadMail, raw_sha256: &str) -> String {
    if mail.from.is_none() && mail.text.is_empty() && mail.subject.is_empty() {
        // Nothing to compare by but the bytes.
        return raw_sha256.to_owned();
    }
    let mut hash = Sha256::new();
    let date = mail.date.map(|d| d.0.to_string()).unwrap_or_default();
    for field in [from_key(mail).as_str(), &date, &mail.subject, &mail.text] {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    for attachment in &mail.attachments {
        hash.update(&attachment.sha256);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_ordered_bounded_and_never_the_mail_itself() {
        let mail = ReadMail {
            message_id: Some("own@x".into()),
            in_reply_to: vec!["c@x".into()],
            references: vec!["a@x".into(), "b@x".into(), "c@x".into(), "own@x".into(), String::new()],
            ..ReadMail::default()
        };
        assert_eq!(references(&mail, "own@x"), ["c@x", "b@x", "a@x"]);

        let many = ReadMail { references: (0..100).map(|n| format!("{n}@x")).collect(), ..ReadMail::default() };
        let found = references(&many, "");
        assert_eq!(found.len(), REFERENCES_MAX);
        assert_eq!(found[0], "99@x");
    }

    #[test]
    fn endless_ids_are_hashed() {
        let id = "x".repeat(5000);
        assert_eq!(bounded(&id).len(), "sha256:".len() + 64);
    }
}
