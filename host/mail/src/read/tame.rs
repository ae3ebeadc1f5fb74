//! Limits that a parser of nested structure needs before it starts.
//!
//! Each `message/rfc822` within another nests one level deeper, and dropping a tree a hundred thousand levels deep
//! ends the process; each declared boundary that never comes makes the parser look through all that follows. Ten
//! nested messages and a few dozen boundaries are already more than any real mail has. What goes beyond is made
//! harmless by changing one letter of the word, which keeps every offset.

use regex::bytes::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Words that make the parser nest.
const NESTING_MAX: usize = 100;
/// Boundaries are allowed so many that looking for each through all the bytes stays within this much work.
const SCAN_BYTES_MAX: usize = 2_000_000_000;
const BOUNDARIES: std::ops::RangeInclusive<usize> = 30..=500;

static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant")]
    Regex::new("(?i-u)/[ \t]*rfc822|/[ \t]*global|/[ \t]*digest|boundary").expect("a valid pattern")
});

pub(super) fn tame<'r>(raw: &'r [u8], warnings: &mut Vec<String>) -> Cow<'r, [u8]> {
    let boundaries_max = (SCAN_BYTES_MAX / raw.len().max(1)).clamp(*BOUNDARIES.start(), *BOUNDARIES.end());
    let mut nesting = 0;
    let mut boundaries = 0;
    let mut changed: Vec<usize> = Vec::new();
    for found in WORDS.find_iter(raw) {
        let (count, limit) =
            if found.as_bytes()[0] == b'/' { (&mut nesting, NESTING_MAX) } else { (&mut boundaries, boundaries_max) };
        *count += 1;
        if *count > limit {
            changed.push(found.end() - 1);
        }
    }
    if changed.is_empty() {
        return Cow::Borrowed(raw);
    }
    warnings.push("it is nested too deeply; the innermost parts were not taken apart".to_owned());
    let mut raw = raw.to_vec();
    for at in changed {
        raw[at] = b'_';
    }
    Cow::Owned(raw)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn ordinary_mail_is_not_touched() {
        let mut warnings = Vec::new();
        let raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n--x--";
        assert!(matches!(tame(raw, &mut warnings), Cow::Borrowed(_)));
        assert!(warnings.is_empty());
    }

    #[test]
    fn hostile_nesting_is_cut() {
        let raw = b"Content-Type: message/RFC822\n\n".repeat(10_000);
        let mut warnings = Vec::new();
        let tamed = tame(&raw, &mut warnings);
        assert_eq!(tamed.len(), raw.len());
        assert_eq!(tamed.windows(6).filter(|w| w.eq_ignore_ascii_case(b"rfc822")).count(), NESTING_MAX);
        assert_eq!(warnings.len(), 1);
    }
}
