//! What a folder holds, by UID: the server's side of the ledger.
//!
//! A folder of 100,000 mails is not listed anew each time. Where the server has QRESYNC (RFC 7162) it is asked what came and what went
//! since the last count. Elsewhere it is asked for what lies beyond the last UID, and if the folder then holds as many as before and
//! these, nothing went: UIDs only grow. Once a day everything is counted from the beginning all the same, so that a server which
//! answers wrongly is found out.
//!
//! CONDSTORE by itself (the same RFC) tells of changed flags, which nobody here looks at; it is used as the part of QRESYNC that it is.

use super::client::ImapClient;
use super::{ImapError, folders};
use crate::Held;
use async_imap::imap_proto::{AttributeValue, Response};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;
use tokio::time::Instant;

const WHAT: &str = "counting messages";

/// After this time a count is not built on any more.
const FROM_SCRATCH_EVERY: Duration = Duration::from_secs(24 * 3600);

/// So many mails of all folders together are kept in mind for a mailbox: some 10 MB. Folders beyond are listed each time.
const KEPT_MAX: usize = 400_000;

/// What folders held when they were last counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    folders: HashMap<String, Count>,
}

#[derive(Debug)]
struct Count {
    uid_validity: u32,
    first_uid: u32,
    /// The folder's HIGHESTMODSEQ when it was opened, which was before it was counted.
    modseq: Option<u64>,
    /// Messages in the whole folder.
    exists: u32,
    /// When it was last counted from the beginning.
    from_scratch: Instant,
    /// By UID.
    mails: Vec<Held>,
}

impl Counted {
    /// The last count, if it can be built on.
    fn take(&mut self, folder: &str, uid_validity: u32, first_uid: u32, now: Instant) -> Option<Count> {
        self.folders.remove(folder).filter(|count| {
            count.uid_validity == uid_validity
                && count.first_uid == first_uid
                && now.saturating_duration_since(count.from_scratch) < FROM_SCRATCH_EVERY
        })
    }

    fn keep(&mut self, folder: String, count: Count) {
        let kept: usize = self.folders.values().map(|one| one.mails.len()).sum();
        if kept + count.mails.len() <= KEPT_MAX {
            self.folders.insert(folder, count);
        }
    }
}

/// What one question brought.
#[derive(Default)]
struct Told {
    mails: Vec<Held>,
    vanished: Vec<RangeInclusive<u32>>,
}

impl ImapClient {
    /// Everything that the folder holds from a UID on, by UID, without any content.
    ///
    /// # Errors
    /// No folder is open, or the connection broke.
    pub async fn held(&mut self, first_uid: u32) -> Result<Vec<Held>, ImapError> {
        self.ensure_open().await?;
        let Some((folder, selected)) = self.folder.clone() else {
            return Err(ImapError::Config("no folder is open".to_owned()));
        };
        let now = Instant::now();
        let last = self.counted.take(&folder, selected.uid_validity, first_uid, now);
        let built_on = match last {
            Some(count) => self.since(count).await?,
            None => None,
        };
        let count = match built_on {
            Some(count) => count,
            None => {
                let mut mails = self.ask(first_uid, "").await?.mails;
                mails.sort_unstable_by_key(|one| one.uid);
                mails.dedup_by_key(|one| one.uid);
                let (modseq, exists) = (selected.modseq, self.exists());
                Count { uid_validity: selected.uid_validity, first_uid, modseq, exists, from_scratch: now, mails }
            }
        };
        let mails = count.mails.clone();
        self.counted.keep(folder, count);
        Ok(mails)
    }

    /// Brings a count up to date; none when that takes a count from the beginning.
    async fn since(&mut self, mut count: Count) -> Result<Option<Count>, ImapError> {
        if let Some(modseq) = count.modseq
            && self.wire.as_ref().is_some_and(|wire| wire.qresync)
        {
            let changed = format!(" (CHANGEDSINCE {modseq} VANISHED)");
            let told = match self.ask(count.first_uid, &changed).await {
                // Announced and then refused: without it.
                Err(ImapError::Refused { words, .. }) => {
                    tracing::info!(words, "the server refuses QRESYNC");
                    if let Some(wire) = self.wire.as_mut() {
                        wire.qresync = false;
                    }
                    return Ok(None);
                }
                other => other?,
            };
            count.mails.extend(told.mails);
            // Also one that was told of and went before the command ended: a UID never comes back.
            count.mails.retain(|one| !told.vanished.iter().any(|range| range.contains(&one.uid)));
            // Those whose flags changed are told again: the first one of each stays.
            count.mails.sort_by_key(|one| one.uid);
            count.mails.dedup_by_key(|one| one.uid);
            count.exists = self.exists();
            // A server that kept something back is found out by the sum.
            let (held, exists) = (count.mails.len(), count.exists as usize);
            let adds_up = if count.first_uid <= 1 { held == exists } else { held <= exists };
            return Ok(adds_up.then_some(count));
        }
        let last = count.mails.last().map_or(count.first_uid.saturating_sub(1), |one| one.uid);
        let Some(next) = last.checked_add(1) else { return Ok(None) };
        let mut new = self.ask(next, "").await?.mails;
        new.sort_unstable_by_key(|one| one.uid);
        new.dedup_by_key(|one| one.uid);
        let expected = u32::try_from(new.len()).ok().and_then(|new| count.exists.checked_add(new));
        if expected != Some(self.exists()) {
            return Ok(None);
        }
        count.mails.extend(new);
        count.exists = self.exists();
        Ok(Some(count))
    }

    fn exists(&self) -> u32 {
        self.wire.as_ref().map_or(0, |wire| wire.exists)
    }

    async fn ask(&mut self, first_uid: u32, changed: &str) -> Result<Told, ImapError> {
        let limit = self.config.timeouts.body;
        let first_uid = first_uid.max(1);
        let command = format!("UID FETCH {first_uid}:* (UID INTERNALDATE){changed}");
        let mut told = Told::default();
        let result = match self.wire.as_mut() {
            Some(wire) => {
                wire.command(WHAT, &command, limit, &mut |response| match response {
                    // `n:*` always names the last message (RFC 3501, 6.4.8).
                    Response::Fetch(_, attributes) => {
                        told.mails.extend(holding(attributes).filter(|one| one.uid >= first_uid));
                    }
                    Response::Vanished { uids, .. } => told.vanished.extend(uids.iter().cloned()),
                    _ => {}
                })
                .await
            }
            None => Err(ImapError::Closed(WHAT.to_owned())),
        };
        let ended = self.note(result)?;
        // An empty folder is an error to some servers.
        if !ended.ok && (!told.mails.is_empty() || self.exists() > 0 || !changed.is_empty()) {
            return Err(ImapError::Refused { what: WHAT.to_owned(), words: ended.words });
        }
        Ok(told)
    }
}

fn holding(attributes: &[AttributeValue<'_>]) -> Option<Held> {
    let mut uid = None;
    let mut arrived_at = None;
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::InternalDate(date) => arrived_at = folders::internal_date(date),
            _ => {}
        }
    }
    Some(Held { uid: uid?, arrived_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(mails: usize, from_scratch: Instant) -> Count {
        let mails = (1..=mails).map(|uid| Held { uid: uid as u32, arrived_at: None }).collect();
        Count { uid_validity: 7, first_uid: 1, modseq: None, exists: 3, from_scratch, mails }
    }

    #[test]
    fn a_count_is_built_on_for_a_day_and_in_the_same_folder() {
        let begun = Instant::now();
        let mut counted = Counted::default();
        let just_before = begun + FROM_SCRATCH_EVERY - Duration::from_millis(1);
        counted.keep("INBOX".to_owned(), count(3, begun));
        assert!(counted.take("Other", 7, 1, begun).is_none());
        let kept = counted.take("INBOX", 7, 1, just_before).expect("less than a day");
        counted.keep("INBOX".to_owned(), kept);
        assert!(counted.take("INBOX", 7, 1, begun + FROM_SCRATCH_EVERY).is_none(), "a day");
        counted.keep("INBOX".to_owned(), count(3, begun));
        assert!(counted.take("INBOX", 8, 1, begun).is_none(), "another UIDVALIDITY");
        counted.keep("INBOX".to_owned(), count(3, begun));
        assert!(counted.take("INBOX", 7, 2, begun).is_none(), "from another UID on");
    }

    #[test]
    fn only_so_many_mails_are_kept_in_mind() {
        let now = Instant::now();
        let mut counted = Counted::default();
        counted.keep("A".to_owned(), count(KEPT_MAX - 1, now));
        counted.keep("B".to_owned(), count(2, now));
        counted.keep("C".to_owned(), count(1, now));
        assert_eq!(counted.take("A", 7, 1, now).map(|one| one.mails.len()), Some(KEPT_MAX - 1));
        assert!(counted.take("B", 7, 1, now).is_none());
        assert!(counted.take("C", 7, 1, now).is_some());
    }
}
