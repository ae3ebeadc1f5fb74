//! Rate limits of a mailbox: what is over waits, and says so.

use crate::house::House;
use crate::tenant::{Mailbox, Tenant};
use posthouse_model::event::Actor;
use posthouse_model::{OutboxId, Timestamp};
use posthouse_store::{Place, StoreError};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a reply may go out, if its mailbox has sent as much as it may for now; that is written on the reply. None: it may go now,
/// and its place is taken.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn hold_back(
    house: &House,
    tenant: &Tenant,
    mailbox: &Mailbox,
    id: OutboxId,
) -> Result<Option<Timestamp>, StoreError> {
    let config = &mailbox.config;
    let limits = [
        (config.send_per_day, DAY, "send_per_day", "in 24 hours"),
        (config.send_per_minute, MINUTE, "send_per_minute", "in a minute"),
    ];
    let limits: Vec<_> =
        limits.into_iter().filter_map(|(limit, window, key, words)| Some((limit?, window, key, words))).collect();
    if limits.is_empty() {
        return Ok(None);
    }
    let windows: Vec<_> = limits.iter().map(|&(limit, window, ..)| (limit, window)).collect();
    let mut tx = tenant.scope.begin().await?;
    let (which, until) = match tx.take_place(mailbox.row.id, id, &windows).await? {
        Place::Taken => {
            tx.commit().await?;
            return Ok(None);
        }
        Place::Full { limit, until } => (limit, until),
    };
    let (limit, _, key, words) = limits[which];
    let name = &config.name;
    let reason = format!("mailbox “{name}” has sent {limit} mails {words}, which is its limit ({key}): it waits");
    tx.hold_back(id, until, &reason, &Actor::Host("dispatch".to_owned())).await?;
    tx.commit().await?;
    house.metrics().count("posthouse_replies_held_back_total", &[]);
    Ok(Some(until))
}
