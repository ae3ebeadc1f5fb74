//! The spam filter: it learns from what people do with a ticket, and says what it thinks of a mail that begins one.
//!
//! "Spam" and "not spam" teach it, and so does a reply that a person approves: nobody answers spam. Only its own tenant's mail
//! does. Until it has learned enough of either kind it says nothing.

use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::spam::{self, Counts, Feature};
use posthouse_model::TicketId;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::ticket::Direction;
use posthouse_store::{ClaimedJob, MessageRow, SpamCount, StoreError};

/// Mails of a ticket that are learned from, the newest.
const MAILS_MAX: u32 = 20;

/// Learns from a ticket's incoming mails; completes the job.
///
/// # Errors
/// When the store cannot be read or written: tried again, nothing is half done.
pub async fn run(
    house: &House,
    tenant: &Tenant,
    job: &ClaimedJob,
    ticket: TicketId,
    spam: bool,
) -> Result<(), JobFailure> {
    let thread = tenant.scope.thread(ticket, MAILS_MAX).await.map_err(store)?;
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    let actor = Actor::Host("spam filter".to_owned());
    let label = if spam { "yes" } else { "no" };
    // What a person has said otherwise since has a job of its own.
    if tx.is_spam(ticket).await.map_err(store)? == spam {
        for message in thread {
            if message.direction == Direction::Incoming && message.emptied_at.is_none() {
                let features = numbers(&spam::features(&message.read));
                if tx.teach_spam(message.id, &features, spam, &actor).await.map_err(store)? {
                    house.metrics().count("posthouse_spam_taught_total", &[("spam", label)]);
                }
            }
        }
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// How sure the filter is that a mail is spam, from 0 to 1, and from how many mails it learned; none before it learned enough.
///
/// # Errors
/// When the store cannot be read.
pub async fn verdict(tenant: &Tenant, message: &MessageRow) -> Result<Option<(f64, Counts)>, StoreError> {
    let learned = counts(tenant.scope.spam_learned().await?);
    if !learned.is_enough() {
        return Ok(None);
    }
    let features = spam::features(&message.read);
    let seen = tenant.scope.spam_counts(&numbers(&features)).await?;
    Ok(Some((spam::score(seen.into_iter().map(counts), learned), learned)))
}

fn numbers(features: &[Feature]) -> Vec<i64> {
    // They have 63 bits, so that databases can hold them.
    features.iter().map(|feature| i64::try_from(feature.0).unwrap_or(i64::MAX)).collect()
}

/// Taking back by another version's idea of a feature can leave a count below nothing.
fn counts(kept: SpamCount) -> Counts {
    let small = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
    Counts { spam: small(kept.spam), ham: small(kept.ham) }
}
