//! Order numbers: the common shops' forms, and whatever stands beside a word for it.

use super::{Cue, Entity, Identifier, Reader, Value};
use crate::fold::{DIGIT, LETTER};
use crate::pattern::Pattern;

/// Forms that are order numbers wherever they stand: the marketplaces' own help pages show them so.
const KNOWN: &[(&str, f32)] = &[
    // Amazon: three, seven and seven digits
    ("###-#######-#######", 0.97),
    // eBay
    ("##-#####-#####", 0.95),
    // Temu
    ("PO-###-#{12,22}", 0.97),
    // Rakuten
    ("#{6}-#{8}-#{8,10}", 0.95),
    // Walmart Marketplace
    ("#{7}-#{8}", 0.85),
    // Common prefixes of shop software
    ("ORD-?{3,12}", 0.9),
    ("ORD-#{2,8}-#{2,10}", 0.9),
    ("ORDER-?{3,12}", 0.9),
    ("SO-#{3,12}", 0.85),
    ("WC-#{3,12}", 0.85),
    // Letters, then digits, in capitals: many shops' own; articles look so too, but are mostly called such
    ("@{2,4}-#{4,10}", 0.55),
    ("@{2,4}-20##-#{3,8}", 0.7),
    ("@{2,4}/20##/#{3,8}", 0.7),
    ("20##{4}-#{3,8}", 0.6),
];

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn order(&self, identifier: &Identifier) -> Option<(Entity, usize)> {
        let raw = self.raw_of(identifier);
        let (first, last) = (identifier.first, identifier.last);
        let digits = raw.bytes().filter(u8::is_ascii_digit).count();
        if raw.len() > 32 || !raw.is_ascii() {
            return self.spelled_digits(identifier);
        }
        if digits < 3 {
            return None;
        }
        let year = raw.len() == 4 && digits == 4 && (raw.starts_with("19") || raw.starts_with("20"));
        let numbered = self.cue_before(first, 3, |cue| cue == Cue::OrderNumber).is_some();
        if !numbered && self.cue_before(first, 2, |cue| cue == Cue::Sku).is_some() {
            // "the model of 2019" is no article's number.
            let value = Value::Sku(raw.to_owned());
            return (!year).then(|| (self.entity(value, 0.85, first, last), last));
        }
        // All of them have a dash.
        let small = raw.bytes().any(|byte| byte.is_ascii_lowercase());
        let form = if first < last {
            self.habits.known.iter().find(|(form, sure)| (!small || *sure > 0.8) && form.matches(raw))
        } else {
            None
        };
        let about_numbers = |cue: Cue| matches!(cue, Cue::Foreign | Cue::Order | Cue::OrderNumber);
        let foreign = self.cue_before(first, 2, about_numbers).is_some_and(|at| at.cue == Cue::Foreign);
        let confidence = if let Some((_, confidence)) = form.filter(|(_, sure)| *sure > 0.8 || !foreign) {
            // The word before it settles what its form alone does not.
            let called = self.cue_before(first, 2, |cue| cue == Cue::Order).is_some();
            confidence.max(match (foreign, numbered, called && digits >= 4) {
                (false, true, _) => 0.95,
                (false, false, true) => 0.9,
                _ => 0.0,
            })
        } else if numbered && !foreign {
            0.95
        } else if foreign || (digits >= 7 && self.looks_like_phone(first, last)) {
            return None;
        } else if self.after_hash(first) {
            if self.cue_before(first, 8, |cue| cue == Cue::Order).is_some() { 0.9 } else { 0.75 }
        } else if self.cue_before(first, 2, |cue| cue == Cue::Order).is_some() {
            // "order 250 of them" is a quantity, "ordered 2024" a year.
            if digits < 4 || year {
                return None;
            }
            0.9
        } else if digits >= 4 && self.after_number_word(first) {
            0.6
        } else if digits >= 5
            && !self.looks_like_phone(first, last)
            && self.cue_after(last, 3, |cue| matches!(cue, Cue::OrderNumber | Cue::Order)).is_some()
        {
            0.75
        } else if digits == raw.len() {
            self.bare(raw)?
        } else {
            return None;
        };
        Some((self.entity(Value::Order(raw.to_owned()), confidence, first, last), last))
    }

    /// A number without a word beside it: AliExpress writes 16 digits, TikTok Shop 18, Etsy 10.
    fn bare(&self, raw: &str) -> Option<f32> {
        let bytes = raw.as_bytes();
        let spoken_of = |wanted: &dyn Fn(Cue) -> bool| self.cues.iter().any(|at| wanted(at.cue));
        match raw.len() {
            // A card's number ends with Luhn's digit and begins so.
            16 if matches!(bytes[0], b'4' | b'5') && luhn(bytes) => None,
            // A Chinese identity card: the day of birth stands in its middle.
            18 if matches!(&raw[6..8], "19" | "20") && ("01"..="12").contains(&&raw[10..12]) => None,
            16..=19 => Some(0.6),
            12..=15 => Some(0.45),
            8..=11 if bytes[0] != b'0' && spoken_of(&|cue| matches!(cue, Cue::Order | Cue::OrderNumber)) => Some(0.4),
            _ => None,
        }
    }

    /// A number that looks like an order's and of which nothing else is said: `H-260122`, `2026-10-04471`, `LW558213`.
    #[inline(never)]
    pub(super) fn like_an_order(&self, identifier: &Identifier) -> Option<Entity> {
        let raw = self.raw_of(identifier);
        let (first, last) = (identifier.first, identifier.last);
        let said = |cue: Cue| matches!(cue, Cue::Foreign | Cue::Sku);
        let ((part, start, _), (_, _, end)) = (self.place(first), self.place(last));
        let text = self.text_of(part);
        // Of a telephone number only a part stands between brackets.
        let is_enclosed = text[..start].ends_with('(') && text[end..].starts_with(')');
        let is_phone = !is_enclosed && self.looks_like_phone(first, last);
        if !looks_like_an_order(raw) || is_phone || self.cue_before(first, 3, said).is_some() {
            return None;
        }
        Some(self.entity(Value::Order(raw.to_owned()), 0.5, first, last))
    }

    /// Digits of another script, beside a word that says what they are.
    fn spelled_digits(&self, identifier: &Identifier) -> Option<(Entity, usize)> {
        let (first, last) = (identifier.first, identifier.last);
        let number = self.compact(first, last);
        let plain = first == last && number.len() <= 24 && number.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || number.len() < 4 || self.cue_before(first, 2, |cue| cue == Cue::Foreign).is_some() {
            return None;
        }
        let said = self.cue_before(first, 3, |cue| matches!(cue, Cue::OrderNumber | Cue::Order)).is_some();
        said.then(|| (self.entity(Value::Order(number), 0.85, first, last), last))
    }

    fn after_hash(&self, token: usize) -> bool {
        let (part, start, _) = self.place(token);
        let before = self.text_of(part)[..start].trim_end_matches(' ');
        before.ends_with('#') || before.ends_with('№') || before.ends_with('＃')
    }

    /// Whether "no." or "Nr." stands before a number.
    fn after_number_word(&self, token: usize) -> bool {
        let Some(before) = token.checked_sub(1).filter(|before| self.part(*before) == self.part(token)) else {
            return false;
        };
        matches!(
            self.text.word(before),
            b"no" | b"nr" | b"num" | b"nro" | b"number" | b"nummer" | b"numero" | b"numer" | b"n" | b"nomor"
        ) && matches!(self.between(before), Some(" " | ". " | "." | ": " | "º " | ".º " | "° " | " : "))
    }

    /// A plus or a bracket before it, a leading zero, or further groups of digits beside it.
    fn looks_like_phone(&self, first: usize, last: usize) -> bool {
        let (part, start, _) = self.place(first);
        let before = &self.text_of(part)[..start];
        let group = |left: usize, other: usize| {
            matches!(self.between(left), Some(" " | "-" | "." | "\u{a0}" | ") " | ")"))
                && self.text.tokens[other].flags & (DIGIT | LETTER) == DIGIT
        };
        before.ends_with('+')
            || before.ends_with("+ ")
            || before.ends_with('(')
            || (first == last && self.raw(first).starts_with('0'))
            || (first > 0 && group(first - 1, first - 1))
            || (last + 1 < self.text.tokens.len() && group(last, last + 1))
    }
}

/// Letters in capitals and digits, or groups of digits, as shops count orders; no year, no postal code, no telephone number.
fn looks_like_an_order(raw: &str) -> bool {
    if !(6..=20).contains(&raw.len()) || raw.starts_with('0') || raw.contains('_') {
        return false;
    }
    let letters = raw.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = raw[letters..].strip_prefix('-').filter(|_| letters > 0).unwrap_or(&raw[letters..]);
    let groups: Vec<&str> = rest.split(['-', '/']).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let plain = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    let is_year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    let begins = &raw[..letters];
    let is_named = rest.len() < raw.len() - letters;
    match letters {
        // A long group, or a year and what is counted in it: telephone numbers, sizes, spans and months have neither.
        0 => {
            let counted = groups.windows(2).any(|pair| is_year(pair[0]) && pair[1].len() >= 4 && !is_year(pair[1]));
            let is_place = groups.len() == 2 && groups[0].len() == 5 && groups[1].len() == 4;
            plain && groups.len() > 1 && digits >= 6 && !is_place && (counted || groups.iter().any(|g| g.len() >= 5))
        }
        // A postal code behind the sign of a country, a number for value-added tax, a standard.
        1 if is_named && groups.len() == 1 && digits == 5 => false,
        2 if !is_named && groups.len() == 1 && digits >= 8 => false,
        2 | 3 if matches!(begins, "EN" | "ISO" | "DIN" | "IEC") => false,
        1..=3 => plain && digits >= 5,
        _ => false,
    }
}

/// The last digit of a payment card's number (ISO/IEC 7812-1).
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 2 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The known forms, compiled.
#[must_use]
pub fn known_forms() -> Vec<(Pattern, f32)> {
    KNOWN
        .iter()
        .filter_map(|(form, confidence)| Pattern::new(form).ok().map(|pattern| (pattern, *confidence)))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_looks_like_an_order() {
        for raw in [
            "H-260122",
            "2026-10-04471",
            "LW558213",
            "A-119204",
            "118-40277",
            "2026/04471",
            "FR260211-778",
            "88-30122",
            "K-207731",
        ] {
            assert!(super::looks_like_an_order(raw), "{raw}");
        }
        for raw in [
            "2024-2025",
            "2024/2025",
            "123-4567",
            "1234-567",
            "12345-6789",
            "0171-2345678",
            "WH-1000XM5",
            "TK-300",
            "RTX-4090",
            "12-14",
            "88231",
            "abc-12345",
            "415-555-0123",
            "138-1234-5678",
            "12/2026",
            "2026-10",
            "2025/26",
            "122/128",
            "90-60-90",
            "220-240",
            "12/10-12/15",
            "DE123456789",
            "EN14683",
            "ISO14001",
            "D-80331",
            "PB-20K-BLK",
            "3-4",
            "ABCD-12345",
            "12_345_678",
            "",
            "-",
            "A-",
        ] {
            assert!(!super::looks_like_an_order(raw), "{raw}");
        }
    }

    #[test]
    fn every_known_form_is_a_pattern() {
        assert_eq!(super::known_forms().len(), super::KNOWN.len());
    }
}
