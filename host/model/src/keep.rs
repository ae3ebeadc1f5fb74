//! What a plugin keeps between calls: what one call read of it and wrote to it.
//!
//! A call sees what was kept when it looked, and its own writes. Both are brought to the store with the decision: there
//! the writes take effect only when nothing that was read has changed in the meantime, so that calls at the same time
//! behave as if they had run one after the other.

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What an entry costs of the plugin's allowance, in bytes.
#[must_use]
pub fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

/// A value, or that there is none, told apart from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen([u8; 32]);

impl Seen {
    /// Of a value; none where there is none.
    #[must_use]
    pub fn of(value: Option<&[u8]>) -> Self {
        let mut hash = Sha256::new();
        if let Some(value) = value {
            hash.update([1]);
            hash.update(value);
        }
        Self(hash.finalize().into())
    }

    /// Of a list of keys.
    #[must_use]
    pub fn of_keys(keys: &[String]) -> Self {
        let mut hash = Sha256::new();
        for key in keys {
            hash.update((key.len() as u64).to_le_bytes());
            hash.update(key);
        }
        Self(hash.finalize().into())
    }
}

/// A listing that a call looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenKeys {
    /// What they begin with.
    pub prefix: String,
    /// Those after this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
    /// What came.
    pub seen: Seen,
}

/// What one call read and wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    reads: BTreeMap<String, Seen>,
    listings: Vec<SeenKeys>,
    writes: BTreeMap<String, Option<Vec<u8>>>,
    allowed: u64,
}

impl Changes {
    /// Bytes of a key.
    pub const KEY_BYTES_MAX: usize = 256;
    /// Bytes of a value.
    pub const VALUE_BYTES_MAX: usize = 64 << 10;

    /// Nothing yet, within an allowance in bytes.
    #[must_use]
    pub fn within(allowed: u64) -> Self {
        Self { allowed, ..Self::default() }
    }

    /// Bytes that all entries of the plugin may have together.
    #[must_use]
    pub fn allowed(&self) -> u64 {
        self.allowed
    }

    /// Whether there is anything to bring to the store. A call that only read leaves nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Notes what was kept under a key. The first look counts: a later one that differs is a change.
    pub fn saw(&mut self, key: &str, value: Option<&[u8]>) {
        self.reads.entry(key.to_owned()).or_insert_with(|| Seen::of(value));
    }

    /// Notes which keys there were.
    pub fn saw_keys(&mut self, prefix: &str, after: Option<&str>, limit: u32, keys: &[String]) {
        let after = after.map(str::to_owned);
        self.listings.push(SeenKeys { prefix: prefix.to_owned(), after, limit, seen: Seen::of_keys(keys) });
    }

    /// Sets or deletes.
    pub fn write(&mut self, key: String, value: Option<Vec<u8>>) {
        self.writes.insert(key, value);
    }

    /// What this call wrote under a key: nothing, or a value, or that it deleted it.
    #[must_use]
    pub fn written(&self, key: &str) -> Option<Option<&[u8]>> {
        self.writes.get(key).map(Option::as_deref)
    }

    /// How many keys with a prefix this call deleted.
    #[must_use]
    pub fn deleted_under(&self, prefix: &str) -> usize {
        self.under(prefix).filter(|(_, value)| value.is_none()).count()
    }

    /// Makes a listing show this call's own writes.
    pub fn overlay(&self, prefix: &str, after: Option<&str>, keys: &mut BTreeSet<String>) {
        for (key, value) in self.under(prefix).filter(|(key, _)| after.is_none_or(|after| key.as_str() > after)) {
            match value {
                Some(_) => drop(keys.insert(key.clone())),
                None => drop(keys.remove(key)),
            }
        }
    }

    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a Option<Vec<u8>>)> {
        self.writes.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// What was read, by key.
    #[must_use]
    pub fn reads(&self) -> &BTreeMap<String, Seen> {
        &self.reads
    }

    /// The listings looked at.
    #[must_use]
    pub fn listings(&self) -> &[SeenKeys] {
        &self.listings
    }

    /// What was written, by key; none deletes.
    #[must_use]
    pub fn writes(&self) -> &BTreeMap<String, Option<Vec<u8>>> {
        &self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_not_an_empty_value() {
        assert_ne!(Seen::of(None), Seen::of(Some(b"")));
        assert_ne!(Seen::of_keys(&["ab".into(), "c".into()]), Seen::of_keys(&["a".into(), "bc".into()]));
    }

    #[test]
    fn a_call_sees_its_own_writes_in_a_listing() {
        let mut changes = Changes::default();
        changes.write("a/2".into(), Some(vec![]));
        changes.write("a/3".into(), None);
        changes.write("b".into(), Some(vec![]));
        let mut keys: BTreeSet<String> = ["a/1", "a/3"].map(str::to_owned).into();
        changes.overlay("a/", None, &mut keys);
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["a/1", "a/2"]);
        let mut keys = BTreeSet::new();
        changes.overlay("a/", Some("a/2"), &mut keys);
        assert!(keys.is_empty());
        assert_eq!(changes.deleted_under("a/"), 1);
        assert!(!changes.is_empty());
    }
}
