//! What a plugin may answer: checks of single values. A value that fails is left out, never mended into something
//! the plugin did not say.

use posthouse_model::triage::{Date, Money, Span, TextPart};

/// A name for machines (category, tag, key, kind): 1 to 64 bytes of lower-case ASCII letters, digits, `-`, `_`, `/`,
/// or any letter outside ASCII.
pub(crate) fn name(text: &str) -> bool {
    let fine = |c: char| match c {
        'a'..='z' | '0'..='9' | '-' | '_' | '/' => true,
        c => !c.is_ascii() && c.is_alphanumeric(),
    };
    (1..=64).contains(&text.len()) && text.chars().all(fine)
}

/// A name that people gave (queue, notifier, rule, template, variable): 1 to 128 bytes without control characters.
pub(crate) fn label(text: &str) -> bool {
    (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A language tag (BCP 47) by its shape: letters, then groups of letters and digits.
pub(crate) fn language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().is_some_and(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    first
        && tag.len() <= 35
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// How sure: a number from 0 to 1. NaN is none.
pub(crate) fn confidence(value: f32) -> bool {
    (0.0..=1.0).contains(&value)
}

/// An amount that prints exactly and has a currency.
pub(crate) fn money(value: &Money) -> bool {
    value.scale <= 6 && value.currency.len() == 3 && value.currency.bytes().all(|b| b.is_ascii_uppercase())
}

/// A day that exists, in the years 1 to 9999.
pub(crate) fn date(value: Date) -> bool {
    let (Ok(year), Ok(month), Ok(day)) =
        (i16::try_from(value.year), i8::try_from(value.month), i8::try_from(value.day))
    else {
        return false;
    };
    (1..=9999).contains(&year) && jiff::civil::Date::new(year, month, day).is_ok()
}

/// Two upper-case letters.
pub(crate) fn country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// A span that points at text there is.
pub(crate) fn span(span: Span, subject: &str, body: &str) -> bool {
    let text = match span.part {
        TextPart::Subject => subject,
        TextPart::Body => body,
    };
    span.slice(text).is_some()
}

/// Text as it may be stored: without NUL (which PostgreSQL refuses), at most `max` bytes, cut between characters.
pub(crate) fn text(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
    }
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The beginning of a text, at most `max` bytes, cut between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["refund", "a", "order-number", "vip/gold_2", "退款", "größe", "запрос"] {
            assert!(name(good), "{good}");
        }
        for bad in ["", "Refund", "a b", "a\n", "<b>", "a\0", "😀", "a\u{202e}b", &"x".repeat(65)] {
            assert!(!name(bad), "{bad:?}");
        }
        assert!(label("Refunds (EU)") && !label("") && !label("a\tb"));
    }

    #[test]
    fn languages() {
        for good in ["en", "zh-Hans", "pt-BR", "de-CH-1996", "yue"] {
            assert!(language(good), "{good}");
        }
        for bad in ["", "e", "en_US", "en-", "-en", "12", "en-<b>", "english language"] {
            assert!(!language(bad), "{bad}");
        }
    }

    #[test]
    fn numbers() {
        assert!(confidence(0.0) && confidence(1.0) && confidence(0.5));
        for bad in [-0.1, 1.1, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!confidence(bad), "{bad}");
        }
        let eur = |scale, currency: &str| Money { units: 1, scale, currency: currency.into() };
        assert!(money(&eur(2, "EUR")) && !money(&eur(7, "EUR")) && !money(&eur(2, "eur")) && !money(&eur(2, "EURO")));
        let day = |year, month, day| date(Date { year, month, day });
        assert!(day(2024, 2, 29) && !day(2023, 2, 29) && !day(2024, 13, 1) && !day(0, 1, 1) && !day(99_999, 1, 1));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(text("你好".into(), 5), "你");
        assert_eq!(text("a\0b".into(), 5), "a\u{fffd}b");
        assert_eq!(cut("你好", 100), "你好");
        assert_eq!(cut("你好", 2), "");
    }
}
