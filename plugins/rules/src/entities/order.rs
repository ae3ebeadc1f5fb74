//! Order numbers: the common shops' forms, and whatever stands beside a word for it.

use super::{Cue, Entity, Identifier, Reader, Value};
use crate::pattern::Pattern;

/// Forms that are order numbers wherever they stand.
const KNOWN: &[(&str, f32)] = &[
    // Amazon
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
];

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn order(&self, identifier: &Identifier) -> Option<(Entity, usize)> {
        let raw = self.raw_of(identifier);
        let (first, last) = (identifier.first, identifier.last);
        let digits = raw.bytes().filter(u8::is_ascii_digit).count();
        if raw.len() > 32 || digits < 3 || !raw.is_ascii() {
            return None;
        }
        let foreign = self.cue_before(first, 2, |cue| cue == Cue::Foreign).is_some();
        if self.cue_before(first, 2, |cue| cue == Cue::Sku).is_some() {
            return Some((self.entity(Value::Sku(raw.to_owned()), 0.85, first, last), last));
        }
        // All of them have a dash.
        let form = if first < last { self.habits.known.iter().find(|(form, _)| form.matches(raw)) } else { None };
        let confidence = if let Some((_, confidence)) = form {
            *confidence
        } else if self.cue_before(first, 3, |cue| cue == Cue::OrderNumber).is_some() {
            0.95
        } else if foreign {
            return None;
        } else if self.cue_before(first, 2, |cue| cue == Cue::Order).is_some() {
            if digits >= 4 { 0.9 } else { 0.6 }
        } else if self.after_hash(first) {
            if self.cue_before(first, 8, |cue| cue == Cue::Order).is_some() { 0.9 } else { 0.75 }
        } else if self.cue_after(last, 3, |cue| matches!(cue, Cue::OrderNumber | Cue::Order)).is_some() && digits >= 5 {
            0.75
        } else if digits >= 8 && raw.len() <= 22 && !self.looks_like_phone(first) {
            // A long number in a customer's mail is most often the order's.
            if digits >= 12 { 0.5 } else { 0.4 }
        } else {
            return None;
        };
        Some((self.entity(Value::Order(raw.to_owned()), confidence, first, last), last))
    }

    fn after_hash(&self, token: usize) -> bool {
        let (part, start, _) = self.place(token);
        let before = self.text_of(part)[..start].trim_end_matches(' ');
        before.ends_with('#') || before.ends_with('№') || before.ends_with('＃')
    }

    fn looks_like_phone(&self, token: usize) -> bool {
        let (part, start, _) = self.place(token);
        let before = &self.text_of(part)[..start];
        before.ends_with('+') || before.ends_with("+ ") || before.ends_with('(') || self.raw(token).starts_with("00")
    }
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
    fn every_known_form_is_a_pattern() {
        assert_eq!(super::known_forms().len(), super::KNOWN.len());
    }
}
