//! The lock file.

use crate::support::{full, small};
use posthouse_package::{Digest, LockEntry, LockFile, fuzz};
use proptest::prelude::*;

fn lock() -> LockFile {
    let mut lock = LockFile::default();
    let source = "oci:registry.example.com/team/rules:1.2.0".parse().unwrap();
    let mut entry = LockEntry::new("rules", source, &full());
    entry.signed_by = Some("0123456789ABCDEF".into());
    entry.resolved = Some(Digest::of(b"registry"));
    lock.set(entry);
    lock.set(LockEntry::new("adapter", "file:plugins/a.phx".parse().unwrap(), &small().build().unwrap()));
    lock
}

#[test]
fn a_lock_file_is_sorted_and_reads_what_it_writes() {
    let text = lock().write().unwrap();
    assert_eq!(LockFile::parse(&text).unwrap(), lock());
    assert_eq!(LockFile::parse(&text).unwrap().write().unwrap(), text);
    let expected = format!(
        "# Written by Posthouse. Keep it with the set-up, and do not edit it.\n\
         format = 1\n\n\
         [[plugin]]\nname = \"adapter\"\nsource = \"file:plugins/a.phx\"\nversion = \"0.1.0\"\ndigest = \"{}\"\n\n\
         [[plugin]]\nname = \"rules\"\nsource = \"oci:registry.example.com/team/rules:1.2.0\"\nversion = \"1.2.0\"\n\
         digest = \"{}\"\nsigned_by = \"0123456789ABCDEF\"\nresolved = \"{}\"\n",
        small().build().unwrap().digest(),
        full().digest(),
        Digest::of(b"registry"),
    );
    assert_eq!(text, expected);
    assert_eq!(LockFile::parse("format = 1\n").unwrap(), LockFile::default());
}

#[test]
fn another_package_than_the_locked_one_is_refused_with_both_digests() {
    let lock = lock();
    lock.check("rules", &full()).unwrap();
    let other = small().build().unwrap();
    let error = lock.check("rules", &other).unwrap_err().to_string();
    assert!(error.contains(&full().digest().to_string()) && error.contains(&other.digest().to_string()), "{error}");
    let error = lock.check("unknown", &other).unwrap_err().to_string();
    assert!(error.contains("no plugin `unknown`"), "{error}");
}

#[test]
fn what_is_not_a_lock_file_is_refused() {
    let text = lock().write().unwrap();
    for (from, to) in [
        ("format = 1", "format = 2"),
        ("format = 1", ""),
        ("name = \"adapter\"", "name = \"rules\""),
        ("name = \"adapter\"", "name = \"adapter\"\nmore = 1"),
        ("file:plugins", "plugins"),
        ("file:plugins/a.phx", "file:"),
        ("oci:registry", "https://registry"),
        ("sha256:", "sha1:"),
        ("signed_by = \"0123", "signed_by = \"x123"),
        ("version = \"0.1.0\"", "version = \"0.1\""),
        ("[[plugin]]\nname", "[[plugin\nname"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(LockFile::parse(&changed).is_err(), "{from} → {to}");
    }
    let error = LockFile::parse("format = 1\nmore = 1\n").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

proptest! {
    #[test]
    fn a_damaged_lock_file_never_panics(at in any::<prop::sample::Index>(), new in "\\PC{0,6}") {
        let text: Vec<char> = lock().write().unwrap().chars().collect();
        let at = at.index(text.len());
        let changed: String = text[..at].iter().copied().chain(new.chars()).chain(text[at + 1..].iter().copied()).collect();
        fuzz::lock_file(changed.as_bytes());
    }
}
