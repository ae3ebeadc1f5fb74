//! Compiled plugins on disk, so that a start takes milliseconds.
//!
//! An entry is proven before it is used: an HMAC-SHA-256 under the installation's own key covers its name and
//! all of its bytes. Whoever can write to the folder but does not have the key cannot bring code in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wasmtime::Engine;
use wasmtime::component::Component;

/// What all entries may take on disk, in bytes; the least recently used go first.
const BYTES_MAX: u64 = 4 << 30;
/// Compiled plugins.
const SUFFIX: &str = "cwasm";
/// Their functions, by component: see [`crate::functions`].
const FUNCTIONS: &str = "functions";
const TAG: usize = 32;

/// The name of an entry: what the compiled code depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(engine_fingerprint: &[u8; 32], digest: &str, settings: &str) -> Self {
        let mut sha = Sha256::new();
        sha.update(b"posthouse compiled plugin 1\0");
        sha.update([crate::fuse::VERSION]);
        sha.update(engine_fingerprint);
        sha.update(digest.as_bytes());
        sha.update([0]);
        sha.update(settings.as_bytes());
        Self(sha.finalize().into())
    }
}

impl Key {
    /// One of so many equal parts, for locks that are shared out.
    pub(crate) fn share(&self, parts: usize) -> usize {
        usize::from(self.0[0]) % parts
    }

    /// The name of a component's functions, whatever its settings.
    pub(crate) fn functions(engine_fingerprint: &[u8; 32], digest: &str) -> Self {
        let mut sha = Sha256::new();
        sha.update(b"posthouse compiled functions 1\0");
        sha.update(engine_fingerprint);
        sha.update(digest.as_bytes());
        Self(sha.finalize().into())
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a file, which no plugin and no rule sees")]
fn now() -> SystemTime {
    SystemTime::now()
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
        let content = self.read(key, SUFFIX)?;
        let (flag, code) = content.split_first()?;
        let component = load(engine, code)?;
        Some(Compiled { component, snapshot: *flag == 1 })
    }

    /// Writes an entry, whole or not at all. A failure costs the next start its time, nothing else.
    pub(crate) fn put(&self, key: Key, compiled: &Compiled) {
        match compiled.component.serialize() {
            Ok(code) => self.write(key, SUFFIX, &[&[u8::from(compiled.snapshot)], &code]),
            Err(reason) => tracing::warn!(%reason, "a compiled plugin could not be kept"),
        }
    }

    /// The functions that were kept, when they are ours.
    pub(crate) fn read_functions(&self, key: Key) -> Option<Vec<u8>> {
        self.read(key, FUNCTIONS)
    }

    /// Keeps functions. A failure costs the next compilation its time, nothing else.
    pub(crate) fn write_functions(&self, key: Key, functions: &[u8]) {
        self.write(key, FUNCTIONS, &[functions]);
    }

    /// An entry that this installation wrote, marked as used.
    fn read(&self, key: Key, suffix: &str) -> Option<Vec<u8>> {
        let path = self.path(key, suffix);
        let mut bytes = std::fs::read(&path).ok()?;
        let (tag, content) = bytes.split_at_checked(TAG)?;
        let mut mac = self.mac(key, suffix);
        mac.update(content);
        if mac.verify_slice(tag).is_err() {
            tracing::warn!("a compiled plugin in the cache was not written by this installation: compiling it again");
            return None;
        }
        // Only prolongs its life.
        let _ = std::fs::File::open(&path).and_then(|file| file.set_modified(now()));
        bytes.drain(..TAG);
        Some(bytes)
    }

    fn write(&self, key: Key, suffix: &str, parts: &[&[u8]]) {
        let mut mac = self.mac(key, suffix);
        for part in parts {
            mac.update(part);
        }
        let tag = mac.finalize().into_bytes();
        let written = tempfile::NamedTempFile::new_in(&self.folder).and_then(|mut file| {
            file.write_all(&tag)?;
            for part in parts {
                file.write_all(part)?;
            }
            file.persist(self.path(key, suffix)).map_err(|e| e.error)
        });
        if let Err(reason) = written {
            tracing::warn!(%reason, "a compiled plugin could not be kept: the next start compiles it again");
        }
        self.prune(BYTES_MAX);
    }

    fn prune(&self, bytes_max: u64) {
        let Ok(folder) = std::fs::read_dir(&self.folder) else { return };
        let mut entries: Vec<_> = folder
            .flatten()
            .filter(|e| e.path().extension().is_some_and(|x| x == SUFFIX || x == FUNCTIONS))
            .filter_map(|e| {
                let about = e.metadata().ok()?;
                Some((about.modified().ok()?, about.len(), e.path()))
            })
            .collect();
        // The newest first.
        entries.sort_by(|a, b| b.cmp(a));
        let mut held = 0;
        for (_, size, path) in entries {
            held += size;
            if held > bytes_max {
                // Another process may have been quicker.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    fn path(&self, key: Key, suffix: &str) -> PathBuf {
        self.folder.join(hex::encode(key.0)).with_extension(suffix)
    }

    fn mac(&self, key: Key, suffix: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of 32 bytes");
        mac.update(&key.0);
        mac.update(suffix.as_bytes());
        mac.update(&[0]);
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
        let engine = Engine::default();
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
        std::fs::copy(cache.path(key, SUFFIX), cache.path(other, SUFFIX)).unwrap();
        assert!(cache.get(&engine, other).is_none());
        let whole = std::fs::read(cache.path(key, SUFFIX)).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        for bytes in [&changed[..], &whole[..10], &whole[..TAG], &[]] {
            std::fs::write(cache.path(key, SUFFIX), bytes).unwrap();
            assert!(cache.get(&engine, key).is_none());
        }
        std::fs::write(cache.path(key, SUFFIX), &whole).unwrap();
        assert!(cache.get(&engine, key).is_some());
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), [1; 32]).unwrap();
        let keys: Vec<Key> = (0..5).map(|n| Key::functions(&[n; 32], "digest")).collect();
        for (age, key) in keys.iter().enumerate() {
            cache.write_functions(*key, &[0; 68]);
            let long_ago = now() - std::time::Duration::from_secs(3_600 * (1 + age as u64));
            std::fs::File::open(cache.path(*key, FUNCTIONS)).unwrap().set_modified(long_ago).unwrap();
        }
        assert!(cache.read_functions(keys[4]).is_some(), "used again");
        let there =
            |cache: &Cache| -> Vec<usize> { (0..5).filter(|n| cache.path(keys[*n], FUNCTIONS).exists()).collect() };
        cache.prune(500);
        assert_eq!(there(&cache), [0, 1, 2, 3, 4]);
        cache.prune(499);
        assert_eq!(there(&cache), [0, 1, 2, 4]);
        cache.prune(100);
        assert_eq!(there(&cache), [4]);
    }
}
