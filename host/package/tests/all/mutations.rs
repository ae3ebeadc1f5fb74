//! Thousands of packages and manifests, each a little wrong, the same ones in every run: none makes the reader panic, and
//! what is read keeps every promise of [`posthouse_package::fuzz`].
//!
//! The targets in `host/package/fuzz` go on from here without an end.

use crate::support::{MANIFEST, Raw, SMALL_MANIFEST, archive, full, small};
use posthouse_package::signing::{generate_key, sign};
use posthouse_package::{Manifest, Package, fuzz};

/// Bytes that only its seed decides (xorshift*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below this; 0 where there is nothing below it.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One to four changes, each anywhere.
    fn mutate(&mut self, bytes: &mut Vec<u8>, words: &[&str]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let to = (at + self.below(40)).min(bytes.len());
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                2 => drop(bytes.drain(at..to)),
                3 => {
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 => bytes.truncate(at.max(bytes.len() / 2)),
                5 => {
                    let other = self.below(bytes.len() + 1);
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(other..other, piece);
                }
                6 => {
                    let number = self.pick(&[0_u32, 1, 0x7fff_ffff, 0xffff_ffff, 0xffff, 40_000]).to_le_bytes();
                    let end = (at + 4).min(bytes.len());
                    bytes.splice(at..end, number);
                }
                _ => {
                    let word = self.pick(words).as_bytes().to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
    }
}

/// What stands in manifests, and what people and attackers put there.
const WORDS: &[&str] = &[
    "\n",
    "\"",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    " = ",
    "#",
    "[[",
    "\\u0000",
    "\\",
    "'",
    "\u{202e}",
    "-1",
    "1e9",
    "0x7f",
    "18446744073709551616",
    "9223372036854775807",
    "true",
    "1979-05-27",
    "nan",
    "[capabilities]",
    "[limits]",
    "log = true\n",
    "http = [{ host = \"*\", reason = \"r\" }]\n",
    "host = \"*.example.com\"",
    "model = {}\n",
    "store = { bytes = 1 }\n",
    "cpu_ms = 60000\n",
    "secrets = { a = [\"*\"] }\n",
    "[fallback]\nwhen = \"unsorted\"\n",
    "a.b.c = 1\n",
];

/// Names in an archive.
const NAMES: &[&str] = &[
    "PK\x03\x04",
    "PK\x01\x02",
    "PK\x05\x06",
    "PK\x06\x06",
    "../",
    "fixtures/",
    "plugin.toml",
    "\0",
    "/",
    "signatures/",
];

#[test]
fn thousands_of_manifests() {
    let mut dice = Dice(0x5eed_0001);
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
    let mut dice = Dice(0x5eed_0002);
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
    let mut dice = Dice(0x5eed_0003);
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
