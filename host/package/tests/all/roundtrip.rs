//! What is written is read as it was, and written the same.

use crate::support::{full, small};
use posthouse_package::{Digest, Package, PackageBuilder, fuzz};
use proptest::prelude::*;

#[test]
fn a_package_gives_back_what_went_in() {
    let package = full();
    let read = Package::read(&package.write().unwrap()).unwrap();
    assert_eq!(read, package);
    assert_eq!(read.manifest(), package.manifest());
    assert_eq!(read.manifest().id.to_string(), "example/parcel-rules");
    assert_eq!(&read.component()[..4], b"\0asm");
    assert_eq!((read.readme(), read.licence()), ("# r\n", "MIT\n"));
    let fixtures: Vec<_> = read.fixtures().map(|(name, content)| (name, content.len())).collect();
    assert_eq!(fixtures, [("deep/er/expected.json", 2), ("late.eml", 31), ("text.txt", 14_000)]);
    assert!(read.schema().is_some());
    assert_eq!(read.signatures().count(), 0);
}

#[test]
fn the_digest_is_the_one_that_anybody_can_compute() {
    let package = small().build().unwrap();
    assert_eq!(package.listing().lines().count(), 5);
    // `printf 'MIT\n' | sha256sum`
    let licence = "posthouse-package-1\nadc37366f403835c1470ab2df93d3837d4719372fc1ef8593d922e06f033f8b2  4  LICENSE\n";
    assert!(package.listing().starts_with(licence), "{}", package.listing());
    assert_eq!(package.digest(), Digest::of(package.listing().as_bytes()));
    let names: Vec<&str> = package.listing().lines().skip(1).map(|line| line.split("  ").nth(2).unwrap()).collect();
    assert_eq!(names, ["LICENSE", "README.md", "plugin.toml", "plugin.wasm"]);
    assert!(package.listing().ends_with("  8  plugin.wasm\n"));
    assert!(package.digest().to_string().starts_with("sha256:"));
}

#[test]
fn what_every_package_has_is_missed_by_name() {
    for name in ["plugin.toml", "plugin.wasm", "README.md", "LICENSE"] {
        let mut builder = PackageBuilder::new();
        for (other, content) in small().build().unwrap().files().filter(|(other, _)| *other != name) {
            builder = builder.file(other, content.clone());
        }
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(&format!("the package has no `{name}`: ")), "{error}");
    }
}

#[test]
fn text_has_to_be_text_and_a_component_a_component() {
    let error = small().file("README.md", &b"ab\xff"[..]).build().unwrap_err();
    assert_eq!(error.to_string(), "README.md: byte 3 is not UTF-8: save it as UTF-8");
    let error = small().component(&b"\0asm\x01\0\0\0"[..]).build().unwrap_err().to_string();
    assert!(error.contains("wasm-tools component new"), "{error}");
}

fn builders() -> impl Strategy<Value = PackageBuilder> {
    let names = "[a-zA-Z0-9_-]{1,8}(/[a-z0-9._-]{0,6}[a-z]){0,2}";
    let fixtures = prop::collection::btree_map(names, prop::collection::vec(any::<u8>(), 0..300), 0..6);
    (fixtures, "[ -~\n]{0,80}", "[ -~\n]{0,80}").prop_map(|(fixtures, readme, licence)| {
        let start = small().readme(readme).licence(licence);
        fixtures.into_iter().fold(start, |package, (name, content)| package.fixture(&name, content))
    })
}

proptest! {
    #[test]
    fn any_package_survives_being_written_and_read(builder in builders()) {
        // Names that collide by case are refused, which other tests are about.
        if let Ok(package) = builder.build() {
            let file = package.write().unwrap();
            prop_assert_eq!(&file, &package.write().unwrap());
            let read = Package::read(&file).unwrap();
            prop_assert_eq!(read.digest(), package.digest());
            prop_assert_eq!(&file, &read.write().unwrap());
            prop_assert_eq!(read, package);
        }
    }

    #[test]
    fn a_damaged_package_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = full().write().unwrap();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzz::package(&bytes);
        let at = cut.index(bytes.len());
        bytes.remove(at);
        fuzz::package(&bytes);
    }
}
