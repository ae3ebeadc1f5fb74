//! The spam filter: it learns from what people do with a ticket, and says what it thinks of a mail that begins one.
//!
//! "Spam" and "not spam" teach it, and so does a reply that a person approves: nobody answers spam. Only its own tenant's mail
//! does. Until it has learned enough of either kind it says nothing.
//!
//! What it learns the tenant's Rspamd is taught too, where that is wanted: by a job for each mail, so that nobody waits for it.

use crate::house::House;
use crate::screening::rspamd::{self, AskError};
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::rspamd::{RspamdError, Taught};
use posthouse_mail::spam::{self, Counts, Feature};
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::ticket::Direction;
use posthouse_model::{MessageId, TicketId};
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
                    if tenant.config.screen.rspamd.as_ref().is_some_and(|rspamd| rspamd.learn) {
                        tx.enqueue(&Job::TeachRspamd { message: message.id, spam }).await.map_err(store)?;
                    }
                }
            }
        }
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Teaches the tenant's Rspamd what a person said of a mail; completes the job. What a person has said otherwise since, and a mail
/// whose bytes are gone, it is not taught.
///
/// # Errors
/// Tried again on the ladder where Rspamd does not answer, or refuses for a reason that somebody can mend.
pub async fn teach_rspamd(
    house: &House,
    tenant: &Tenant,
    job: &ClaimedJob,
    message: MessageId,
    spam: bool,
) -> Result<(), JobFailure> {
    let config = tenant.config.screen.rspamd.as_ref().filter(|rspamd| rspamd.learn);
    let said = tenant.scope.spam_taught(message).await.map_err(store)?;
    let raw = match (config, said == Some(spam)) {
        (Some(_), true) if tenant.scope.message(message).await.map_err(store)?.emptied_at.is_none() => {
            Some(tenant.scope.raw(message).await.map_err(store)?)
        }
        _ => None,
    };
    let taught = match (config, raw) {
        (Some(config), Some(raw)) => Some(match rspamd::teach(house, tenant, config, raw, spam).await {
            Ok(taught) => taught,
            // About this mail alone.
            Err(AskError::Rspamd(error @ RspamdError::Refused { status: 400 | 413, .. })) => {
                Taught::Not(error.to_string())
            }
            Err(error) => {
                house.metrics().count("posthouse_rspamd_taught_total", &[("answer", "none")]);
                return Err(JobFailure::retry(format_args!("Rspamd was not taught: {error}")));
            }
        }),
        _ => None,
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some(taught) = taught {
        let words = if let Taught::Not(words) = &taught { Some(words.as_str()) } else { None };
        if let Some(words) = words {
            tracing::info!(tenant.id = %tenant.id(), message.id = %message, words, "Rspamd learns nothing of this mail");
        }
        house.metrics().count("posthouse_rspamd_taught_total", &[("answer", taught.word())]);
        tx.rspamd_taught(message, spam, taught.word(), words, &Actor::Host("spam filter".to_owned()));
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
