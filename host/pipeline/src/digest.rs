//! The daily digest: once per tenant and local day, through its notifiers.

use crate::house::House;
use crate::notice::{self, DigestExample, DigestNumbers, Reader};
use crate::tenant::Tenant;
use crate::triage::store;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, JobFailure};
use posthouse_store::{ClaimedJob, NewNotification, StoreError, Tx};

/// Makes the digest job of the local day when its time has come and it was not made before.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn schedule(house: &House, tenant: &Tenant) -> Result<bool, StoreError> {
    let Some(config) = &tenant.config.digest else { return Ok(false) };
    let local = notice::local(house.now(), &tenant.config.time_zone);
    let at = jiff::civil::time(
        i8::try_from(config.at.hour()).unwrap_or(0),
        i8::try_from(config.at.minute()).unwrap_or(0),
        0,
        0,
    );
    if local.time() < at {
        return Ok(false);
    }
    let day = local.date().to_string();
    let key = format!("digest-day:{}", tenant.id());
    if house.store().meta(&key).await?.is_some_and(|last| last >= day) {
        return Ok(false);
    }
    let mut tx = tenant.scope.begin().await?;
    tx.enqueue(&Job::Digest { day: day.clone() }).await?;
    tx.commit().await?;
    // After the job: a crash between the two makes the job once more, and its notifications are told once per day.
    house.store().set_meta(&key, &day).await?;
    Ok(true)
}

/// Makes the day's notifications; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run(house: &House, tenant: &Tenant, job: &ClaimedJob, day: &str) -> Result<(), JobFailure> {
    let numbers = numbers(house, tenant, day).await?;
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tell(house, tenant, &mut tx, day, &numbers, &format!("digest:{day}")).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Tells the digest so far now, by a person's wish, besides the daily one. Returns to how many notifiers.
///
/// # Errors
/// When the store cannot be read or written, in words for a person.
pub async fn send_now(house: &House, tenant: &Tenant) -> Result<usize, String> {
    let now = house.now();
    let day = notice::local(now, &tenant.config.time_zone).date().to_string();
    let numbers = numbers(house, tenant, &day).await.map_err(|failure| failure.reason().to_owned())?;
    let mut tx = tenant.scope.begin().await.map_err(|e| e.to_string())?;
    let key = format!("digest:{day}:{}", now.0);
    let told = tell(house, tenant, &mut tx, &day, &numbers, &key).await.map_err(|e| e.to_string())?;
    tx.commit().await.map_err(|e| e.to_string())?;
    Ok(told)
}

/// The numbers of a local day.
///
/// # Errors
/// When the store cannot be read, or the day is none.
pub async fn numbers(house: &House, tenant: &Tenant, day: &str) -> Result<DigestNumbers, JobFailure> {
    let (from, to) = bounds(day, &tenant.config.time_zone)
        .ok_or_else(|| JobFailure::fail(format!("`{day}` is no calendar day in the form 2026-03-01")))?;
    let rows = tenant.scope.digest(from, to).await.map_err(store)?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let examples = tenant.config.digest.as_ref().map_or(3, |d| d.examples) as usize;
    Ok(DigestNumbers {
        counts: [
            count(rows.new_tickets),
            count(rows.waiting),
            count(rows.sent),
            count(rows.handled),
            count(rows.spam),
            count(rows.automatic),
        ],
        oldest_waiting_minutes: rows.oldest_waiting.map(|t| house.now().since(t.last_message_at).as_secs() / 60),
        examples: rows
            .most_urgent
            .into_iter()
            .take(examples)
            .map(|t| DigestExample { number: t.number, category: t.category, customer: t.customer, subject: t.subject })
            .collect(),
    })
}

/// Beginning and end of a local day: 23 or 25 hours apart when the clocks change.
fn bounds(day: &str, time_zone: &str) -> Option<(Timestamp, Timestamp)> {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let date: Date = day.parse().ok()?;
    let from = date.to_zoned(zone.clone()).ok()?;
    let to = date.checked_add(1.day()).ok()?.to_zoned(zone).ok()?;
    Some((from.timestamp().into(), to.timestamp().into()))
}

async fn tell(
    house: &House,
    tenant: &Tenant,
    tx: &mut Tx,
    day: &str,
    numbers: &DigestNumbers,
    key: &str,
) -> Result<usize, StoreError> {
    let wanted = tenant.config.digest.as_ref().map(|d| d.notifiers.clone()).unwrap_or_default();
    let desk_url = house.desk_url(tenant.slug());
    let mut told = 0;
    for notifier in tenant.notifiers_or_default(&wanted) {
        let reader = Reader {
            language: tenant.config.notice_language(notifier),
            time_zone: &tenant.config.time_zone,
            desk_url: &desk_url,
        };
        let id = format!("{}-{notifier}-{key}", tenant.slug());
        let notice = notice::digest(id, &reader, &tenant.config.name, day, numbers);
        let new = NewNotification { notifier: notifier.to_owned(), key: key.to_owned(), ticket: None, notice };
        if tx.notify(&new, &Actor::Host("digest".to_owned())).await?.is_some() {
            told += 1;
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_days_follow_the_clocks() {
        let hours = |day| {
            let (from, to) = bounds(day, "Europe/Berlin").unwrap();
            to.since(from).as_secs() / 3600
        };
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-06-01"), 24);
        assert_eq!(hours("2026-10-25"), 25);
        assert!(bounds("2026-13-01", "UTC").is_none());
    }
}
