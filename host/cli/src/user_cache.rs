//! Where compiled plugins are kept outside a host's own folder: for whoever writes plugins, in their own cache folder.

use posthouse_model::Entropy;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const KEY: usize = 32;

/// A folder for compiled plugins, and the key that its entries are proven with.
#[derive(Debug)]
pub struct UserCache {
    /// `posthouse/compiled` in the user's folder for caches.
    pub folder: PathBuf,
    /// Random, made at the first use, readable by this user alone.
    pub key: [u8; KEY],
}

impl UserCache {
    /// The folder, made if need be; none where it cannot be written.
    #[must_use]
    pub fn open(caches: &Path, entropy: &dyn Entropy) -> Option<Self> {
        let folder = caches.join("posthouse").join("compiled");
        std::fs::create_dir_all(&folder).ok()?;
        let key = key(&folder.join("key"), entropy)?;
        Some(Self { folder, key })
    }
}

fn key(path: &Path, entropy: &dyn Entropy) -> Option<[u8; KEY]> {
    for _ in 0..2 {
        if let Ok(bytes) = std::fs::read(path) {
            return bytes.try_into().ok();
        }
        // Whole or not at all, and whoever is first stays.
        let mut file = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
        let mut key = [0; KEY];
        entropy.fill(&mut key);
        file.write_all(&key).ok()?;
        let _ = file.persist_noclobber(path);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn the_key_is_made_once_and_is_this_users_alone() {
        let home = tempfile::tempdir().unwrap();
        let first = UserCache::open(home.path(), &SystemEntropy).unwrap();
        let again = UserCache::open(home.path(), &SystemEntropy).unwrap();
        assert_eq!((first.key, &first.folder), (again.key, &again.folder));
        assert_ne!(first.key, [0; KEY]);
        let path = first.folder.join("key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // What is no key is not written over: it may be somebody's.
        std::fs::write(&path, b"short").unwrap();
        assert!(UserCache::open(home.path(), &SystemEntropy).is_none());
        let file = home.path().join("file");
        std::fs::write(&file, b"").unwrap();
        assert!(UserCache::open(&file, &SystemEntropy).is_none());
    }
}
