//! What must never leave the house: keys, private keys, card numbers, passwords.

use std::ops::Range;

/// Beginnings of well-known keys, and how long such a key is at least.
const KEYS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("pk_live_", 16),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 35),
    ("shpat_", 30),
    ("shpss_", 30),
    ("SG.", 40),
    ("eyJhbGciOi", 40),
    ("-----BEGIN", 10),
    ("SEC", 60),
];

/// Words before a password that is being told.
const PASSWORD_WORDS: &[&str] = &[
    "password is",
    "password:",
    "passwort ist",
    "passwort:",
    "passwort lautet",
    "contraseña es",
    "contraseña:",
    "mot de passe est",
    "mot de passe :",
    "密码是",
    "密码:",
    "密码:",
    "パスワードは",
    "パスワード:",
    "api key:",
    "api_key",
    "secret key:",
];

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A key of a service.
    Key(Range<usize>),
    /// A payment card's number (Luhn).
    Card(Range<usize>),
    /// A password in words.
    Password(Range<usize>),
}

/// Everything that looks like a secret. `known` numbers (orders, shipments) are none.
#[must_use]
pub fn find(text: &str, known: &[String]) -> Vec<Secret> {
    let mut found = Vec::new();
    for (beginning, length_min) in KEYS {
        let mut from = 0;
        while let Some(at) = text[from..].find(beginning).map(|at| at + from) {
            let end = text[at..]
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ','))
                .map_or(text.len(), |e| at + e);
            let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric());
            if alone && end - at >= *length_min {
                found.push(Secret::Key(at..end));
            }
            from = at + beginning.len();
        }
    }
    let lower = text.to_lowercase();
    // Only where lower case did not move anything can a place be told.
    if lower.len() == text.len() {
        for words in PASSWORD_WORDS {
            if let Some(at) = lower.find(words) {
                let rest = &text[at + words.len()..];
                let told = rest.split_whitespace().next().unwrap_or_default();
                if told.chars().count() >= 4 && told.chars().any(|c| c.is_ascii_digit()) {
                    let start = at + words.len() + (rest.len() - rest.trim_start().len());
                    found.push(Secret::Password(at..start + told.len()));
                }
            }
        }
    }
    found.extend(cards(text, known));
    found
}

fn cards(text: &str, known: &[String]) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() || (at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'-')) {
            at += 1;
            continue;
        }
        let mut end = at;
        let mut digits = String::new();
        while end < bytes.len() {
            match bytes[end] {
                digit @ b'0'..=b'9' => digits.push(char::from(digit)),
                b' ' | b'-' if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {}
                _ => break,
            }
            end += 1;
        }
        let issuer = matches!(digits.as_bytes().first(), Some(b'3' | b'4' | b'5' | b'6'));
        let ours = known.iter().any(|number| number.chars().filter(char::is_ascii_digit).collect::<String>() == digits);
        let letters_follow = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
        if (15..=16).contains(&digits.len()) && issuer && !ours && !letters_follow && luhn(&digits) {
            found.push(Secret::Card(at..end));
        }
        at = end.max(at + 1);
    }
    found
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match (place % 2, value * 2) {
                (0, _) => value,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn keys_cards_and_passwords_are_found() {
        assert!(matches!(find("use sk-abcdefghijklmnopqrstuvwx please", &[])[0], Secret::Key(_)));
        assert!(matches!(find("card 4111 1111 1111 1111.", &[])[0], Secret::Card(_)));
        assert!(matches!(find("Your password is hunter22", &[])[0], Secret::Password(_)));
        assert!(matches!(find("-----BEGIN RSA PRIVATE KEY-----", &[])[0], Secret::Key(_)));
    }

    #[test]
    fn ordinary_numbers_are_none() {
        let order = "4111111111111111".to_owned();
        assert!(find("Order 4111111111111111 is on its way", &[order]).is_empty());
        assert!(find("Tracking 1Z999AA10123456784, order 112-1234567-1234567, call +49 30 1234567", &[]).is_empty());
        assert!(find("You can reset your password: click the link. ask-me-anything-about-everything", &[]).is_empty());
    }
}
