//! Each limit, at its edge and one beyond it.

use crate::support::{COMPONENT, Raw, SMALL_MANIFEST, archive, refusal, small, small_entries};
use posthouse_package::{Package, PackageError, limits};

fn bytes(count: u64) -> Vec<u8> {
    vec![b' '; usize::try_from(count).unwrap()]
}

#[test]
fn other_files_have_four_mebibytes() {
    let most = bytes(limits::OTHER_BYTES);
    let package = small().fixture("most", most.clone()).build().unwrap();
    assert_eq!(Package::read(&package.write().unwrap()).unwrap(), package);
    let more = small().fixture("more", [&most[..], b" "].concat()).build().unwrap_err();
    assert_eq!(more.to_string(), "fixtures/more is over the limit of 4 MiB: make it smaller");
    small().readme(String::from_utf8(most.clone()).unwrap()).build().unwrap();
    small().readme(format!("{} ", String::from_utf8(most).unwrap())).build().unwrap_err();
}

#[test]
fn the_manifest_has_256_kibibytes() {
    let fill = limits::MANIFEST_BYTES as usize - SMALL_MANIFEST.len();
    small().manifest(format!("{SMALL_MANIFEST}{}", "\n".repeat(fill))).build().unwrap();
    let more = small().manifest(format!("{SMALL_MANIFEST}{}", "\n".repeat(fill + 1))).build().unwrap_err();
    assert!(more.to_string().contains("plugin.toml is over the limit of 256 KiB"), "{more}");
}

#[test]
fn the_component_has_64_mebibytes_and_packs() {
    let mut component = COMPONENT.to_vec();
    component.resize(limits::COMPONENT_BYTES as usize, 0);
    let package = small().component(component.clone()).build().unwrap();
    let file = package.write().unwrap();
    assert!(file.len() < 1 << 20, "{}", file.len());
    assert_eq!(Package::read(&file).unwrap(), package);
    component.push(0);
    let more = small().component(component).build().unwrap_err();
    assert_eq!(more, PackageError::TooLarge { what: "plugin.wasm".into(), limit: "64 MiB".into() });
}

#[test]
fn all_files_together_have_128_mebibytes() {
    let used: u64 = small().build().unwrap().files().map(|(_, content)| content.len() as u64).sum();
    let mut package = small();
    let mut left = limits::UNPACKED_BYTES - used;
    let mut number = 0;
    while left > 0 {
        let size = left.min(limits::OTHER_BYTES);
        package = package.fixture(&number.to_string(), bytes(size));
        number += 1;
        left -= size;
    }
    let full = package.clone().build().unwrap();
    assert_eq!(Package::read(&full.write().unwrap()).unwrap().digest(), full.digest());
    let more = package.fixture("one-more", &b"x"[..]).build().unwrap_err();
    assert_eq!(more.to_string(), "the sum of all files, unpacked, is over the limit of 128 MiB: make it smaller");
}

#[test]
fn the_file_has_64_mebibytes() {
    let file = bytes(limits::FILE_BYTES);
    assert!(!refusal(&file).contains("over the limit"));
    assert!(refusal(&[&file[..], b" "].concat()).contains("the package is over the limit of 64 MiB"));
}

#[test]
fn a_file_that_cannot_be_packed_below_the_limit_is_not_written() {
    // Nothing repeats in it, so it does not get smaller.
    let mut state = 1_u64;
    let mut noise = COMPONENT.to_vec();
    while noise.len() < limits::COMPONENT_BYTES as usize {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend(&(state >> 16).to_le_bytes()[..4]);
    }
    noise.truncate(limits::COMPONENT_BYTES as usize);
    let error = small().component(noise).build().unwrap().write().unwrap_err();
    assert_eq!(error.to_string(), "the package is over the limit of 64 MiB: make it smaller");
}

#[test]
fn a_package_has_a_thousand_files() {
    let mut entries = small_entries();
    for number in entries.len()..limits::ENTRIES {
        entries.push(Raw::stored(&format!("fixtures/{number}"), b""));
    }
    let package = Package::read(&archive(&entries)).unwrap();
    assert_eq!(package.files().count(), 1_000);
    entries.push(Raw::stored("fixtures/one-more", b""));
    assert!(refusal(&archive(&entries)).contains("more than 1000 entries"));

    let mut builder = small();
    for (name, content) in package.files() {
        builder = builder.file(name, content.clone());
    }
    builder.clone().build().unwrap();
    assert!(builder.fixture("one-more", &b""[..]).build().unwrap_err().to_string().contains("1000 files"));
}

#[test]
fn a_name_has_200_bytes() {
    let longest = "a".repeat(limits::NAME_BYTES - "fixtures/".len());
    let package = small().fixture(&longest, &b"x"[..]).build().unwrap();
    assert_eq!(Package::read(&package.write().unwrap()).unwrap(), package);
    assert!(small().fixture(&format!("{longest}a"), &b"x"[..]).build().is_err());
}
