//! What a fuzzer calls: each function takes any bytes and panics only where a promise is broken.

use crate::lock::LockFile;
use crate::manifest::Manifest;
use crate::package::{Package, PackageBuilder};
use crate::settings::SettingsSchema;
use crate::signing::TrustedKey;

/// A package file. What is read can be written and read again, and stays the same package.
///
/// # Panics
/// When it does not.
pub fn package(bytes: &[u8]) {
    let Ok(package) = Package::read(bytes) else { return };
    let again = package.write().and_then(|bytes| Package::read(&bytes));
    assert_eq!(again.as_ref(), Ok(&package), "a package changes when it is written and read");
    assert_eq!(again.map(|again| again.digest()), Ok(package.digest()), "a package's digest changes");
    let _ = package.verify(&[]);
}

/// What lies in a package, divided by bytes 0xff: manifest, README, licence, schema (none where empty), a signature, a
/// fixture's name, its content. What can be built can be written and read, and stays the same package.
///
/// # Panics
/// When it does not.
pub fn contents(bytes: &[u8]) {
    let mut pieces = bytes.split(|byte| *byte == 0xff);
    let mut text = || pieces.next().map(|piece| String::from_utf8_lossy(piece).into_owned()).unwrap_or_default();
    let (manifest, readme, licence, schema) = (text(), text(), text(), text());
    let (signature, name, content) = (text(), text(), text());
    let mut builder = PackageBuilder::new().manifest(manifest).component(&b"\0asm\x0d\0\x01\0"[..]);
    builder = builder.readme(readme).licence(licence);
    if !schema.is_empty() {
        builder = builder.schema(schema);
    }
    if !signature.is_empty() {
        builder = builder.file("signatures/0123456789ABCDEF.minisig", signature.into_bytes());
    }
    if !name.is_empty() {
        builder = builder.fixture(&name, content.into_bytes());
    }
    let Ok(built) = builder.build() else { return };
    if let Ok(file) = built.write() {
        assert_eq!(Package::read(&file).as_ref(), Ok(&built), "a package changes when it is written and read");
        package(&file);
    }
}

/// A manifest. What is accepted means the same after being written and read.
///
/// # Panics
/// When it does not.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Manifest::parse(text) {
        Ok(manifest) => {
            let again = manifest.to_toml().map(|text| Manifest::parse(&text));
            assert_eq!(again, Ok(Ok(manifest)), "a manifest changes when it is written and read");
        }
        Err(problems) => assert!(!problems.0.is_empty(), "a manifest is refused without a reason"),
    }
}

/// A lock file. What is accepted means the same after being written and read.
///
/// # Panics
/// When it does not.
pub fn lock_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(lock) = LockFile::parse(text) {
        let again = lock.write().and_then(|text| LockFile::parse(&text));
        assert_eq!(again, Ok(lock), "a lock file changes when it is written and read");
    }
}

/// A schema of settings, which then is tried on itself.
pub fn schema(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(schema) = SettingsSchema::parse(text) {
        let _ = schema.validate(schema.json());
    }
}

/// A public key.
pub fn trusted_key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = TrustedKey::parse(text) {
        assert_eq!(TrustedKey::parse(&key.line()), Ok(key), "a key changes when it is written and read");
    }
}
