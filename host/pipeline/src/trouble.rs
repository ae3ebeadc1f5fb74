//! What is wrong with the house itself, kept in memory: when the database takes no writes, the database is no place to say so.

use posthouse_model::Timestamp;
use posthouse_store::{StoreError, StoreTrouble};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HouseTrouble {
    /// Which kind.
    pub what: StoreTrouble,
    /// What could not be done, and why, for a person.
    pub words: String,
    /// Since when.
    pub since: Timestamp,
}

/// The part of the work that noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Mail that was fetched cannot be stored.
    Intake,
    /// Jobs cannot be claimed or ended.
    Jobs,
    /// Tenants cannot be read.
    Tenants,
    /// The regular look failed.
    Schedule,
    /// What a mail server answered to a reply cannot be written.
    Settle,
}

/// Each part's newest trouble; gone as soon as the same part succeeds.
#[derive(Debug, Default)]
pub struct Troubles {
    now: Mutex<BTreeMap<Part, HouseTrouble>>,
}

impl Troubles {
    /// Takes down how something went. Failures that are not the database's own change nothing.
    pub fn heed<T>(&self, part: Part, result: &Result<T, StoreError>, at: Timestamp) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(_) => {
                now.remove(&part);
            }
            Err(error) => {
                if let Some(what) = error.trouble() {
                    let since = now.get(&part).map_or(at, |known| known.since);
                    now.insert(part, HouseTrouble { what, words: error.to_string(), since });
                }
            }
        }
    }

    /// The trouble that began first.
    #[must_use]
    pub fn first(&self) -> Option<HouseTrouble> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.values().min_by_key(|trouble| trouble.since).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_well_again_when_it_succeeds_and_other_failures_are_no_trouble() {
        let troubles = Troubles::default();
        troubles.heed::<()>(Part::Jobs, &Err(StoreError::Refused("too late".to_owned())), Timestamp(1));
        assert_eq!(troubles.first(), None);
        let away = || Err(StoreError::from(std::io::Error::other("x")));
        troubles.heed::<()>(Part::Jobs, &away(), Timestamp(1));
        assert_eq!(troubles.first(), None, "a backup that cannot be read is not the database's trouble");
    }
}
