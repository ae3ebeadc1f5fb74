//! Packages that this host has fetched, by digest, so that a set-up can be applied again without their registry.

use posthouse_package::limits::FILE_BYTES;
use posthouse_package::{Digest, Package};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of fetched packages.
#[derive(Clone, Debug)]
pub struct Packages {
    dir: PathBuf,
}

impl Packages {
    /// Below a host's data folder. Nothing is made before something is put there.
    #[must_use]
    pub fn below(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("packages") }
    }

    /// Where a package is, or would be.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.dir.join(format!("sha256-{}.phx", digest.hex()))
    }

    /// A package, if it is there. A file that has been damaged, or is another package, is as none.
    #[must_use]
    pub fn get(&self, digest: Digest) -> Option<Package> {
        let bytes = super::source::read_bytes(&self.path(digest), FILE_BYTES).ok()?;
        Package::read(&bytes).ok().filter(|package| package.digest() == digest)
    }

    /// Keeps a package's file: whole or not at all. One that is there is replaced, for it may have another signature.
    ///
    /// # Errors
    /// The system's, when it cannot be written.
    pub fn put(&self, digest: Digest, file: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let mut beside = tempfile::NamedTempFile::new_in(&self.dir)?;
        beside.write_all(file)?;
        beside.as_file().sync_all()?;
        beside.persist(self.path(digest)).map_err(|failed| failed.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use posthouse_package::PackageBuilder;

    fn package(readme: &str) -> Package {
        let manifest = "id = \"ab/cd\"\nversion = \"0.1.0\"\nworld = \"router\"\napi = \"1.0\"\nsummary = \"s\"\nauthors = [\"a\"]\nlicense = \"MIT\"\n";
        let start = PackageBuilder::new().manifest(manifest).component(&b"\0asm\x0d\0\x01\0"[..]);
        start.readme(readme).licence("MIT").build().unwrap()
    }

    #[test]
    fn what_is_damaged_or_another_package_is_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let packages = Packages::below(dir.path());
        let (one, other) = (package("one"), package("other"));
        assert!(packages.get(one.digest()).is_none());
        packages.put(one.digest(), &one.write().unwrap()).unwrap();
        assert_eq!(packages.get(one.digest()), Some(one.clone()));
        packages.put(one.digest(), &other.write().unwrap()).unwrap();
        assert!(packages.get(one.digest()).is_none(), "another one under its name");
        std::fs::write(packages.path(one.digest()), &one.write().unwrap()[..100]).unwrap();
        assert!(packages.get(one.digest()).is_none());
        packages.put(one.digest(), &one.write().unwrap()).unwrap();
        assert!(packages.get(one.digest()).is_some());
        assert_eq!(std::fs::read_dir(dir.path().join("packages")).unwrap().count(), 1, "nothing is left beside it");
    }
}
