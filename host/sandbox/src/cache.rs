//! Compiled plugins on disk, so that a start takes milliseconds.
//!
//! An entry is proven before it is used: an HMAC-SHA-256 under the installation's own key covers its name and
//! all of its bytes. Whoever can write to the folder but does not have the key cannot bring code in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Entries kept; the least recently written go first.
const ENTRIES_MAX: usize = 200;
const SUFFIX: &str = "cwasm";
const TAG: usize = 32;

/// The name of an entry: what the compiled code depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(engine_fingerprint: &[u8; 32], digest: &str, settings: &str) -> Self {
        let mut sha = Sha256::new();
        sha.update(b"posthouse compiled plugin 1\0");
        sha.update(engine_fingerprint);
        sha.update(digest.as_bytes());
        sha.update([0]);
        sha.update(settings.as_bytes());
        Self(sha.finalize().into())
    }
}

/// Code ready to run.
#[derive(Clone)]
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// `configure` has run and its state is part of it.
    pub(crate) snapshot: bool,
}

pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
}

impl Cache {
    /// Makes the folder if need be.
    pub(crate) fn open(folder: &Path, key: [u8; 32]) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// The entry, when there is one, it is ours, and it fits the engine. Anything else is as if it were not there.
    pub(crate) fn get(&self, engine: &Engine, key: Key) -> Option<Compiled> {
        let bytes = std::fs::read(self.path(key)).ok()?;
        let (tag, content) = bytes.split_at_checked(TAG)?;
        let mut mac = self.mac(key);
        mac.update(content);
        if mac.verify_slice(tag).is_err() {
            tracing::warn!("a compiled plugin in the cache was not written by this installation: compiling it again");
            return None;
        }
        let (flag, code) = content.split_first()?;
        let component = load(engine, code)?;
        Some(Compiled { component, snapshot: *flag == 1 })
    }

    /// Writes an entry, whole or not at all. A failure costs the next start its time, nothing else.
    pub(crate) fn put(&self, key: Key, compiled: &Compiled) {
        let written = compiled.component.serialize().map_err(|e| e.to_string()).and_then(|code| {
            let flag = [u8::from(compiled.snapshot)];
            let mut mac = self.mac(key);
            mac.update(&flag);
            mac.update(&code);
            let tag = mac.finalize().into_bytes();
            self.write(key, &[&tag, &flag, &code]).map_err(|e| e.to_string())
        });
        if let Err(reason) = written {
            tracing::warn!(reason, "a compiled plugin could not be kept: the next start compiles it again");
        }
        self.prune();
    }

    fn write(&self, key: Key, parts: &[&[u8]]) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.persist(self.path(key)).map_err(|e| e.error)?;
        Ok(())
    }

    fn prune(&self) {
        let Ok(folder) = std::fs::read_dir(&self.folder) else { return };
        let mut entries: Vec<_> = folder
            .flatten()
            .filter(|e| e.path().extension().is_some_and(|x| x == SUFFIX))
            .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
            .collect();
        if entries.len() > ENTRIES_MAX {
            entries.sort();
            for (_, path) in &entries[..entries.len() - ENTRIES_MAX] {
                // Another process may have been quicker.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    fn path(&self, key: Key) -> PathBuf {
        self.folder.join(hex::encode(key.0)).with_extension(SUFFIX)
    }

    fn mac(&self, key: Key) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of 32 bytes");
        mac.update(&key.0);
        mac
    }
}

#[expect(unsafe_code, reason = "the one way to load compiled code")]
fn load(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `deserialize` asks that the bytes come from `Component::serialize`, unchanged. The caller has just
    // verified an HMAC over exactly these bytes, in memory, under a key that only this installation has, and
    // this installation computes that HMAC in one place: over what `serialize` returned. Code of another version
    // of wasmtime, other engine settings or another processor has another key (`engine::fingerprint`), and
    // wasmtime checks all three again itself.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Some(component),
        Err(reason) => {
            tracing::warn!(%reason, "a compiled plugin in the cache does not fit this host: compiling it again");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn only_our_own_unchanged_entries_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let engine = crate::engine::for_setup().unwrap();
        let fingerprint = crate::engine::fingerprint(&engine);
        let cache = Cache::open(folder.path(), [1; 32]).unwrap();
        let key = Key::new(&fingerprint, "digest", "{}");
        let compiled = Compiled { component: Component::new(&engine, EMPTY).unwrap(), snapshot: true };
        assert!(cache.get(&engine, key).is_none());
        cache.put(key, &compiled);
        assert!(cache.get(&engine, key).unwrap().snapshot);

        // Another key, another name, a changed byte, a truncated file: as if it were not there.
        assert!(Cache::open(folder.path(), [2; 32]).unwrap().get(&engine, key).is_none());
        let other = Key::new(&fingerprint, "digest", "{ }");
        std::fs::copy(cache.path(key), cache.path(other)).unwrap();
        assert!(cache.get(&engine, other).is_none());
        let whole = std::fs::read(cache.path(key)).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        for bytes in [&changed[..], &whole[..10], &whole[..TAG], &[]] {
            std::fs::write(cache.path(key), bytes).unwrap();
            assert!(cache.get(&engine, key).is_none());
        }
        std::fs::write(cache.path(key), &whole).unwrap();
        assert!(cache.get(&engine, key).is_some());
    }

    #[test]
    fn old_entries_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), [1; 32]).unwrap();
        for n in 0..ENTRIES_MAX + 5 {
            std::fs::write(folder.path().join(format!("{n}.{SUFFIX}")), b"").unwrap();
        }
        cache.prune();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), ENTRIES_MAX);
    }
}
