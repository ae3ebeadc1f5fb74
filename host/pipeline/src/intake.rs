//! Intake: raw bytes in, a stored message with its ticket and its triage job out, in one transaction.

use crate::house::House;
use crate::tenant::Tenant;
use crate::trouble::Part;
use posthouse_mail::read;
use posthouse_mail::thread::{self, Key};
use posthouse_model::event::Actor;
use posthouse_model::mail::ReadMail;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::{MailboxId, Step, Timestamp};
use posthouse_store::{Cursor, Intake, Relayed, Source, StoreError, Taken};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A mail as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What tells it from every other mail of its mailbox.
    pub source: Source,
    /// Its bytes; of a mail that was not fetched whole, what there is.
    pub raw: Vec<u8>,
    /// When the server got it; none: now.
    pub received_at: Option<Timestamp>,
    /// Why it is not the whole mail: it is kept for a person.
    pub parked: Option<Reason>,
}

/// Takes a batch in and moves the cursor, all or nothing. Reading is spread over the processors and never fails.
///
/// # Errors
/// When the store cannot be written: nothing was, and the cursor stands where it stood.
pub async fn take_in(
    house: &House,
    tenant: &Tenant,
    mailbox: MailboxId,
    found: Vec<Found>,
    cursor: Option<Cursor>,
) -> Result<Vec<Taken>, StoreError> {
    house.reached(Step::Fetched);
    let now = house.now();
    let installation = Arc::new(house.installation().clone());
    // One blocking task per mail: a 50 MB mail does not hold up its neighbours' reading.
    let tasks: Vec<_> = found
        .into_iter()
        .map(|found| {
            let installation = Arc::clone(&installation);
            tokio::task::spawn_blocking(move || prepare(&installation, mailbox, found, now))
        })
        .collect();
    let mut intakes = Vec::with_capacity(tasks.len());
    for task in tasks {
        match task.await {
            Ok(intake) => intakes.push(intake),
            // `prepare` catches panics: only a runtime that shuts down gets here, and nothing was written.
            Err(error) => return Err(StoreError::Io(std::io::Error::other(error))),
        }
    }
    let stored = store(house, tenant, &intakes, cursor.as_ref()).await;
    house.heed(Part::Intake, &stored);
    let taken = stored?;
    house.reached(Step::Committed);
    for one in &taken {
        let label = match one {
            Taken::New { .. } => "new",
            Taken::Known { .. } => "known",
            Taken::Duplicate { .. } => "duplicate",
            Taken::Parked { .. } => "parked",
        };
        house.metrics().count("posthouse_messages_total", &[("taken", label)]);
    }
    Ok(taken)
}

async fn store(
    house: &House,
    tenant: &Tenant,
    intakes: &[Intake],
    cursor: Option<&Cursor>,
) -> Result<Vec<Taken>, StoreError> {
    let actor = Actor::Host("intake".to_owned());
    let mut tx = tenant.scope.begin().await?;
    let taken = tx.intake_many(intakes, &actor).await?;
    if let Some(cursor) = cursor {
        tx.set_cursor(cursor).await?;
    }
    house.reached(Step::Committing);
    tx.commit().await?;
    Ok(taken)
}

fn prepare(installation: &thread::Installation, mailbox: MailboxId, found: Found, now: Timestamp) -> Intake {
    let Found { source, raw, received_at, mut parked } = found;
    // The reader is built not to panic on any bytes. Should it ever, the mail is kept for a person and the mailbox goes on.
    let read = catch_unwind(AssertUnwindSafe(|| read::read_mail(&raw))).unwrap_or_else(|_| {
        parked.get_or_insert_with(|| {
            Reason::new(ReasonCode::ReaderFailed, "reading it failed inside the host: please report it")
        });
        ReadMail::default()
    });
    if parked.is_none() && is_not_a_mail(&read) {
        let words = "no header could be found in it";
        parked = Some(Reason::new(ReasonCode::NotMail, words));
    }
    let ticket_number = thread::keys(&read, installation).into_iter().find_map(|key| match key {
        Key::Ticket(number) => Some(number),
        _ => None,
    });
    let relayed = thread::relayed(&read).map(|found| Relayed { order: found.order, subject: found.subject });
    Intake { mailbox, source, raw, received_at: received_at.unwrap_or(now), read, parked, ticket_number, relayed }
}

/// A mail has at least one of the headers that say who wrote what to whom.
fn is_not_a_mail(read: &ReadMail) -> bool {
    read.from.is_none()
        && read.message_id.is_none()
        && read.to.is_empty()
        && read.subject.trim().is_empty()
        && read.bounce.is_none()
        && read.header("Received").next().is_none()
        && read.header("Return-Path").next().is_none()
}
