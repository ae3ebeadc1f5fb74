//! The ledger: of every mail that a server holds, what became of it here. What it holds and what is stored must be the same,
//! number by number; what is missing is fetched again.
//!
//! A mail that was moved or deleted on the server afterwards is no difference: it is here. One that came after the last look is not
//! missing: it is next.

use crate::fetch::{found, whole};
use crate::house::House;
use crate::inbox::{Inbox, Trouble};
use crate::intake;
use crate::tenant::{Mailbox, Tenant};
use crate::triage::store;
use posthouse_mail::Held;
use posthouse_model::Timestamp;
use posthouse_model::job::JobFailure;
use posthouse_model::ticket::Outcome;
use posthouse_store::{ClaimedJob, StoreError, StoredUid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// A folder's ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// The mailbox's name.
    pub mailbox: String,
    /// `INBOX`; empty for a Maildir.
    pub folder: String,
    /// By the tenant's calendar, the oldest first.
    pub days: Vec<Day>,
    /// Held by the server and not stored here.
    pub missing: Vec<u32>,
    /// Held by the server and newer than the last look.
    pub to_come: usize,
    /// Stored here and no longer held by the server: deleted or moved there.
    pub gone: usize,
}

impl Balance {
    /// Whether everything that the server holds is here.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.missing.is_empty()
    }
}

/// One day of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// `2026-03-01`
    pub day: String,
    /// What the server holds of that day.
    pub held: usize,
    /// Where what is held ended.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// What of it is not stored.
    pub missing: usize,
}

/// Why there is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The server's words, or the folder's.
    #[error("{0}")]
    There(String),
    /// The own database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A mailbox is compared with what is stored when following it begins, so long after that, and then after four times as long
/// each time, up to [`PAUSE_MAX`]: what a fault did shows soon, and a large folder is not counted all day.
pub(crate) const PAUSE_MIN: Duration = Duration::from_secs(60);
/// See [`PAUSE_MIN`].
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(6 * 3600);

/// What came of a look at all folders of a mailbox.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Each folder's ledger.
    pub balances: Vec<Balance>,
    /// How many mails were fetched.
    pub taken: usize,
    /// The server's words about folders of which there is no ledger.
    pub troubles: Vec<String>,
}

impl Looked {
    /// Whether everything that the server holds is known to be here.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.troubles.is_empty() && self.balances.iter().all(Balance::is_even)
    }
}

impl From<Trouble> for LedgerError {
    fn from(trouble: Trouble) -> Self {
        Self::There(trouble.to_string())
    }
}

/// Compares what each folder of a mailbox holds with what is stored of it, and keeps the result for the desk and the watch.
///
/// # Errors
/// The server is away, or the store.
pub async fn balance(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Looked, LedgerError> {
    let mut inbox = Inbox::open(house, tenant, mailbox).await?;
    check_all(tenant, mailbox, &mut inbox).await
}

/// Fetches what is missing, and compares again.
///
/// # Errors
/// As [`balance`]; what was taken in by then stays.
pub async fn repair(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Looked, LedgerError> {
    let mut inbox = Inbox::open(house, tenant, mailbox).await?;
    let mut taken = 0;
    for folder in inbox.folders().0 {
        match inbox.enter(&folder.name).await {
            Ok(()) => taken += mend(house, tenant, mailbox, &mut inbox).await?,
            // The look afterwards tells of it.
            Err(Trouble::Folder(_)) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(Looked { taken, ..check_all(tenant, mailbox, &mut inbox).await? })
}

/// Does that as a job, which a person asked for on the desk; completes it.
///
/// # Errors
/// As [`repair`]: tried again.
pub async fn run(house: &House, tenant: &Tenant, job: &ClaimedJob, mailbox: &str) -> Result<(), JobFailure> {
    // One that was taken out of the set-up meanwhile has nothing to compare.
    if let Some(mailbox) = tenant.mailboxes().iter().find(|one| one.config.name == mailbox) {
        let looked = repair(house, tenant, mailbox).await.map_err(|error| match error {
            LedgerError::Store(error) => store(error),
            LedgerError::There(_) => JobFailure::retry(error),
        })?;
        tracing::info!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, taken = looked.taken, "ledger repaired");
    }
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Fetches what is missing of the open folder.
async fn mend(house: &House, tenant: &Tenant, mailbox: &Mailbox, inbox: &mut Inbox) -> Result<usize, LedgerError> {
    let mut left = compare(tenant, mailbox, inbox).await?.missing;
    let (folder, uid_validity) = (inbox.folder().to_owned(), inbox.uid_validity());
    let mut taken = 0;
    while !left.is_empty() {
        let batch = inbox.fetch_these(left.clone()).await?;
        // What is left is gone from the server since it was counted.
        let Some(last) = batch.iter().map(|fetched| fetched.uid).max() else { break };
        taken += batch.len();
        let whole = whole(&batch);
        let mails = batch.into_iter().map(|fetched| found(&folder, uid_validity, fetched)).collect();
        intake::take_in(house, tenant, mailbox.row.id, mails, None).await?;
        inbox.mark_seen(&whole).await?;
        left.retain(|uid| *uid > last);
    }
    Ok(taken)
}

/// Compares every folder, and keeps the results; those of folders that are followed no longer go. Another folder may be open
/// afterwards.
pub(crate) async fn check_all(tenant: &Tenant, mailbox: &Mailbox, inbox: &mut Inbox) -> Result<Looked, LedgerError> {
    let mut looked = Looked::default();
    let folders: Vec<String> = inbox.folders().0.into_iter().map(|folder| folder.name).collect();
    for folder in &folders {
        match inbox.enter(folder).await {
            Ok(()) => looked.balances.push(check(tenant, mailbox, inbox).await?),
            Err(Trouble::Folder(words)) => looked.troubles.push(format!("{folder}: {words}")),
            Err(trouble) => return Err(trouble.into()),
        }
    }
    let mut tx = tenant.scope.begin().await?;
    tx.keep_balances(mailbox.row.id, &folders).await?;
    tx.commit().await?;
    Ok(looked)
}

/// Compares the open folder, and keeps the result.
async fn check(tenant: &Tenant, mailbox: &Mailbox, inbox: &mut Inbox) -> Result<Balance, LedgerError> {
    let balance = compare(tenant, mailbox, inbox).await?;
    if !balance.is_even() {
        tracing::error!(
            tenant.id = %tenant.id(), mailbox = %balance.mailbox, folder = %balance.folder, missing = balance.missing.len(),
            "the server holds mail that is not stored: posthouse ledger --repair"
        );
    }
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let held = whole(balance.days.iter().map(|day| day.held).sum());
    let content = serde_json::to_value(&balance).map_err(|error| LedgerError::There(error.to_string()))?;
    let mut tx = tenant.scope.begin().await?;
    tx.set_balance(mailbox.row.id, &balance.folder, held, whole(balance.missing.len()), &content).await?;
    tx.commit().await?;
    Ok(balance)
}

async fn compare(tenant: &Tenant, mailbox: &Mailbox, inbox: &mut Inbox) -> Result<Balance, LedgerError> {
    let scope = &tenant.scope;
    let id = mailbox.row.id;
    let (folder, uid_validity) = (inbox.folder().to_owned(), inbox.uid_validity());
    let stored = scope.stored_uids(id, &folder, uid_validity).await?;
    let first = match scope.followed_from(id, &folder, uid_validity).await? {
        Some(first) => Some(first),
        None => stored.first().map(|one| one.uid),
    };
    let cursor = scope.cursor(id, &folder).await?.filter(|cursor| cursor.uid_validity == uid_validity);
    let held = match first {
        Some(first) => inbox.held(first).await?,
        None => Vec::new(),
    };
    let last = cursor.map_or(0, |cursor| cursor.last_uid);
    let zone = &tenant.config.time_zone;
    Ok(weigh(&mailbox.config.name, folder, &held, &stored, last, |at| local_day(at, zone)))
}

fn local_day(at: Timestamp, zone: &str) -> String {
    posthouse_ai::budget::day(at, zone)
}

fn weigh(
    mailbox: &str,
    folder: String,
    held: &[Held],
    stored: &[StoredUid],
    last_uid: u32,
    day_of: impl Fn(Timestamp) -> String,
) -> Balance {
    let by_uid: HashMap<u32, &StoredUid> = stored.iter().map(|one| (one.uid, one)).collect();
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    let (mut missing, mut to_come) = (Vec::new(), 0);
    for one in held {
        let here = by_uid.get(&one.uid);
        if here.is_none() && one.uid > last_uid {
            to_come += 1;
            continue;
        }
        let at = one.arrived_at.or(here.map(|here| here.received_at));
        let name = at.map_or_else(|| "?".to_owned(), &day_of);
        let day = days.entry(name.clone()).or_insert_with(|| Day { day: name, ..Day::default() });
        day.held += 1;
        match here {
            Some(here) => *day.outcomes.entry(here.outcome).or_default() += 1,
            None => {
                day.missing += 1;
                missing.push(one.uid);
            }
        }
    }
    let still: std::collections::HashSet<u32> = held.iter().map(|one| one.uid).collect();
    let gone = stored.iter().filter(|one| !still.contains(&one.uid)).count();
    Balance { mailbox: mailbox.to_owned(), folder, days: days.into_values().collect(), missing, to_come, gone }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(uid: u32, day: i64) -> Held {
        Held { uid, arrived_at: Some(Timestamp(day)) }
    }

    fn stored(uid: u32, outcome: Outcome) -> StoredUid {
        StoredUid { uid, outcome, received_at: Timestamp(9) }
    }

    #[test]
    fn every_mail_of_the_server_is_somewhere_or_missing() {
        let there = [held(3, 1), held(4, 1), held(5, 2), held(7, 2), held(9, 2)];
        let here = [
            stored(2, Outcome::Ticket),
            stored(3, Outcome::Ticket),
            stored(5, Outcome::Spam),
            stored(7, Outcome::Ticket),
        ];
        let balance = weigh("support", "INBOX".to_owned(), &there, &here, 8, |at| format!("day {}", at.0));
        assert_eq!((balance.missing.as_slice(), balance.to_come, balance.gone), ([4].as_slice(), 1, 1));
        assert!(!balance.is_even());
        let days: Vec<_> = balance.days.iter().map(|day| (day.day.as_str(), day.held, day.missing)).collect();
        assert_eq!(days, [("day 1", 2, 1), ("day 2", 2, 0)]);
        assert_eq!(balance.days[1].outcomes, BTreeMap::from([(Outcome::Ticket, 1), (Outcome::Spam, 1)]));
        for day in &balance.days {
            assert_eq!(day.held, day.missing + day.outcomes.values().sum::<usize>());
        }
    }

    #[test]
    fn an_empty_folder_is_even() {
        assert!(weigh("a", String::new(), &[], &[], 0, |_| String::new()).is_even());
    }
}
