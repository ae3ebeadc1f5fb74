//! Thousands of packages and manifests, each a little wrong, the same ones in every run: none makes the reader panic, and
//! what is read keeps every promise of [`posthouse_package::fuzz`].
//!
//! The targets in `host/package/fuzz` go on from here without an end.

use crate::support::{MANIFEST, Raw, SMALL_MANIFEST, archive, full, small};
use posthouse_dice::Dice;
use posthouse_package::signing::{generate_key, sign};
use posthouse_package::{Manifest, Package, fuzz};

/// What stands in manifests, and what people and attackers put there.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\"",
    b"\"\"\"",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b" = ",
    b"#",
    b"[[",
    b"\\u0000",
    b"\\",
    b"'",
    "\u{202e}".as_bytes(),
    b"-1",
    b"1e9",
    b"0x7f",
    b"18446744073709551616",
    b"9223372036854775807",
    b"true",
    b"1979-05-27",
    b"nan",
    b"[capabilities]",
    b"[limits]",
    b"log = true\n",
    b"http = [{ host = \"*\", reason = \"r\" }]\n",
    b"host = \"*.example.com\"",
    b"model = {}\n",
    b"store = { bytes = 1 }\n",
    b"cpu_ms = 60000\n",
    b"secrets = { a = [\"*\"] }\n",
    b"[fallback]\nwhen = \"unsorted\"\n",
    b"a.b.c = 1\n",
];

/// Names in an archive.
const NAMES: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"../",
    b"fixtures/",
    b"plugin.toml",
    b"\0",
    b"/",
    b"signatures/",
];

#[test]
fn thousands_of_manifests() {
    let mut dice = Dice::new(0x5eed_0001);
    let mut sound = 0;
    for _ in 0..20_000 {
        let mut text = dice.pick(&[MANIFEST, SMALL_MANIFEST]).as_bytes().to_vec();
        dice.mutate(&mut text, WORDS);
        fuzz::manifest(&text);
        fuzz::lock_file(&text);
        let text = String::from_utf8_lossy(&text);
        sound += usize::from(Manifest::parse(&text).is_ok());
    }
    // Both ways are walked, or the test tests nothing.
    assert!((200..19_800).contains(&sound), "{sound}");
}

#[test]
fn thousands_of_archives() {
    let key = generate_key(None).unwrap();
    let seeds = [
        small().build().unwrap().write().unwrap(),
        full().write().unwrap(),
        sign(&small().build().unwrap(), &key.secret, None, "c").unwrap().write().unwrap(),
    ];
    let mut dice = Dice::new(0x5eed_0002);
    let mut sound = 0;
    for _ in 0..6_000 {
        let mut file = dice.pick(&seeds).clone();
        dice.mutate(&mut file, NAMES);
        fuzz::package(&file);
        sound += usize::from(Package::read(&file).is_ok());
    }
    // Sums and sizes are checked: next to nothing that was changed is read.
    assert!(sound < 600, "{sound}");
}

/// What lies inside is wrong, and the archive around it is right: past its sums, every file meets its own reader.
#[test]
fn thousands_of_contents() {
    let key = generate_key(None).unwrap();
    let signed = sign(&full(), &key.secret, None, "c").unwrap();
    let files: Vec<(String, Vec<u8>)> =
        signed.files().map(|(name, content)| (name.to_owned(), content.to_vec())).collect();
    assert!(files.iter().any(|(name, _)| name.ends_with(".minisig")) || signed.signatures().count() == 1);
    let mut dice = Dice::new(0x5eed_0003);
    let (mut sound, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut files = files.clone();
        let chosen = dice.below(files.len());
        if dice.below(6) == 0 {
            let mut name = files[chosen].0.clone().into_bytes();
            dice.mutate(&mut name, NAMES);
            files[chosen].0 = String::from_utf8_lossy(&name).into_owned();
        } else {
            dice.mutate(&mut files[chosen].1, WORDS);
        }
        let pack = |(name, content): &(String, Vec<u8>)| match content.len() % 2 {
            0 => Raw::stored(name, content),
            _ => Raw::deflated(name, content),
        };
        let file = archive(&files.iter().map(pack).collect::<Vec<_>>());
        fuzz::package(&file);
        match Package::read(&file) {
            Ok(_) => sound += 1,
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(sound > 300 && refused > 300, "{sound} {refused}");
}
