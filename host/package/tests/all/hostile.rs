//! Archives that somebody made to deceive, or that were damaged on their way.

use crate::support::{Raw, archive, crc, deflate, full, refusal, small, small_entries};
use posthouse_package::Package;

fn with(entry: Raw) -> Vec<u8> {
    let mut entries = small_entries();
    entries.push(entry);
    archive(&entries)
}

#[test]
fn an_honest_archive_made_by_hand_is_read() {
    assert_eq!(Package::read(&archive(&small_entries())).unwrap(), small().build().unwrap());
    let package = Package::read(&with(Raw::deflated("fixtures/a.txt", b"aaaaaaaaaaaaaaaa"))).unwrap();
    assert_eq!(package.fixtures().map(|(name, _)| name).collect::<Vec<_>>(), ["a.txt"]);
}

#[test]
fn no_name_leads_out_of_the_package() {
    for name in [
        "../plugin.toml",
        "fixtures/../../etc/passwd",
        "/etc/passwd",
        "fixtures//etc",
        "C:/windows/win.ini",
        "fixtures\\..\\..\\a",
        "./fixtures/a",
        "fixtures/./a",
        "other/file",
        "setup.sh",
        "",
    ] {
        refusal(&with(Raw::stored(name, b"x")));
    }
    refusal(&with(Raw { name: vec![b'f', 0xff], ..Raw::stored("", b"x") }));
    refusal(&with(Raw::stored("fixtures/a\0b", b"x")));
}

#[test]
fn no_two_files_have_one_name() {
    assert!(refusal(&with(Raw::stored("plugin.toml", b"x"))).contains("two files"));
    let mut entries = small_entries();
    entries.push(Raw::stored("fixtures/a", b"1"));
    entries.push(Raw::stored("fixtures/A", b"2"));
    assert!(refusal(&archive(&entries)).contains("two files"));
    for (first, second) in [("fixtures/a", "fixtures/A/b"), ("fixtures/a/b", "fixtures/a")] {
        let mut entries = small_entries();
        entries.push(Raw::stored(first, b"1"));
        entries.push(Raw::stored(second, b"2"));
        assert!(refusal(&archive(&entries)).contains("file and a folder"), "{first} {second}");
    }
    // Sorts between the two, and is neither.
    let mut entries = small_entries();
    for name in ["fixtures/a", "fixtures/a-b", "fixtures/a.b"] {
        entries.push(Raw::stored(name, b"1"));
    }
    Package::read(&archive(&entries)).unwrap();
}

#[test]
fn a_bomb_is_stopped_by_what_it_declares_and_by_what_it_unpacks_to() {
    let bomb = vec![0_u8; 8 << 20];
    // Honest about its size: over the limit of a fixture.
    assert!(refusal(&with(Raw::deflated("fixtures/bomb", &bomb))).contains("over the limit of 4 MiB"));
    // Declares less than it unpacks to, with the checksum of either.
    for crc in [crc(&bomb), crc(&bomb[..100])] {
        let liar = Raw { size: 100, crc, ..Raw::deflated("fixtures/bomb", &bomb) };
        assert!(refusal(&with(liar)).contains("more than the entry declares"));
    }
    // Declares more.
    let liar = Raw { size: 200, ..Raw::deflated("fixtures/a", &bomb[..100]) };
    assert!(refusal(&with(liar)).contains("damaged"));
}

#[test]
fn links_folders_and_devices_are_refused() {
    for (mode, name) in [(0o120_777, "fixtures/a"), (0o040_755, "fixtures/a"), (0o060_644, "fixtures/a")] {
        refusal(&with(Raw { attributes: mode << 16, ..Raw::stored(name, b"/etc/passwd") }));
    }
    assert!(refusal(&with(Raw::stored("fixtures/a/", b""))).contains("folder"));
    assert!(refusal(&with(Raw { attributes: 0x10, ..Raw::stored("fixtures/a", b"x") })).contains("folder"));
    Package::read(&with(Raw { attributes: 0o100_755 << 16, ..Raw::stored("fixtures/a", b"x") })).unwrap();
}

#[test]
fn encryption_other_methods_and_later_sizes_are_refused() {
    assert!(refusal(&with(Raw { flags: 1, ..Raw::stored("fixtures/a", b"x") })).contains("encrypted"));
    assert!(refusal(&with(Raw { flags: 8, ..Raw::stored("fixtures/a", b"x") })).contains("pipe"));
    assert!(refusal(&with(Raw { flags: 1 << 6, ..Raw::stored("fixtures/a", b"x") })).contains("feature"));
    for method in [1, 9, 12, 14, 93, 95, 99] {
        assert!(refusal(&with(Raw { method, ..Raw::stored("fixtures/a", b"x") })).contains("deflate"));
    }
}

#[test]
fn an_archive_has_one_meaning() {
    let honest = archive(&small_entries());
    let mut prefixed = b"#!/bin/sh\n".to_vec();
    prefixed.extend(&honest);
    refusal(&prefixed);
    for tail in [&b"x"[..], b"PK\x05\x06", &[0; 22]] {
        let mut longer = honest.clone();
        longer.extend(tail);
        refusal(&longer);
    }
    // A second end, which another reader may take for the first.
    let mut twice = honest.clone();
    twice.extend(&honest);
    refusal(&twice);
    // A comment that holds another archive's end.
    let mut commented = honest.clone();
    let length = commented.len();
    commented[length - 2] = 4;
    commented.extend(b"note");
    refusal(&commented);

    let plain = Raw::stored("fixtures/a", b"x");
    for lying in [
        Raw { local_name: Some(b"fixtures/b".to_vec()), ..plain.clone() },
        Raw { local_name: Some(b"fixtures/ab".to_vec()), ..plain.clone() },
        Raw { local_size: Some(2), ..plain.clone() },
        Raw { extra: vec![0; 4], ..plain.clone() },
        Raw { local_extra: vec![0; 4], ..plain.clone() },
        Raw { comment: b"c".to_vec(), ..plain.clone() },
        Raw { packed_size: Some(0), ..plain.clone() },
        Raw { packed_size: Some(u32::MAX), size: u32::MAX, ..plain.clone() },
        Raw { offset: Some(0), ..plain.clone() },
        Raw { offset: Some(u32::MAX), ..plain.clone() },
        Raw { crc: 0, ..plain.clone() },
        Raw { packed: [deflate(b"x"), b"more".to_vec()].concat(), ..Raw::deflated("fixtures/a", b"x") },
        Raw { packed: vec![], ..Raw::deflated("fixtures/a", b"x") },
    ] {
        refusal(&with(lying));
    }
}

#[test]
fn a_package_cut_off_anywhere_is_an_error() {
    let bytes = full().write().unwrap();
    for length in 0..bytes.len() {
        assert!(Package::read(&bytes[..length]).is_err(), "cut off at {length}");
    }
}

#[test]
fn a_package_with_any_bit_flipped_is_an_error_or_honest_about_what_it_is() {
    let package = full();
    let bytes = package.write().unwrap();
    let mut damaged = bytes.clone();
    let mut read = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            if let Ok(other) = Package::read(&damaged) {
                // Times and permissions do not count; content and names do.
                assert_eq!(other, package, "byte {at}, bit {bit}");
                assert_eq!(other.digest(), package.digest());
                read += 1;
            }
            damaged[at] ^= 1 << bit;
        }
    }
    assert!(read < bytes.len(), "{read} of {} flips went unnoticed", bytes.len() * 8);
}

#[test]
fn noise_is_no_package() {
    for length in [0, 1, 21, 22, 23, 100] {
        for byte in [0, 0xff, b'P'] {
            refusal(&vec![byte; length]);
        }
    }
    refusal(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    refusal(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
}
