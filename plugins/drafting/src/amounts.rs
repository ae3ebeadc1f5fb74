//! Amounts of money in a reply: what checkers look at, and what a model may not invent.

use std::ops::Range;

/// An amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Hundredths without separators, leading zeros or sign: 49.90, 49,9 and 49,90 are all "4990".
    pub digits: String,
    /// Where it stands.
    pub range: Range<usize>,
}

const MARKS: &[&str] = &[
    "€", "$", "£", "¥", "￥", "₩", "₽", "₹", "₺", "zł", "kr", "EUR", "USD", "GBP", "CNY", "RMB", "JPY", "CHF", "PLN",
    "CAD", "AUD", "SEK", "BRL", "KRW", "RUB", "euro", "dollar", "dólar", "dolar", "pound", "yuan", "元", "块", "円",
    "원", "руб", "R$", "reais",
];

/// Every number beside a currency.
#[must_use]
pub fn find(text: &str) -> Vec<Amount> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() || (at > 0 && bytes[at - 1].is_ascii_alphanumeric()) {
            at += 1;
            continue;
        }
        let end = number_end(text, at);
        let before = text[..at].trim_end_matches([' ', '\u{a0}', '\u{202f}']);
        let after = text[end..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let left = MARKS.iter().find(|mark| ends_with(before, mark));
        let right = MARKS.iter().find(|mark| starts_with(after, mark));
        if left.is_some() || right.is_some() {
            let start = left.map_or(at, |mark| before.len() - mark.len());
            let stop = right.map_or(end, |mark| text.len() - after.len() + mark.len());
            found.push(Amount { digits: hundredths(&text[at..end]), range: start..stop });
        }
        at = end.max(at + 1);
    }
    found
}

/// An exact amount as a person would write it.
#[must_use]
pub fn exact(units: i64, scale: u8, currency: &str) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{whole} {currency}") } else { format!("{whole}.{fraction} {currency}") }
}

fn ends_with(text: &str, mark: &str) -> bool {
    let fits = text.get(text.len().saturating_sub(mark.len())..).is_some_and(|tail| tail.eq_ignore_ascii_case(mark));
    fits && (!mark.is_ascii()
        || !text[..text.len() - mark.len()].ends_with(|c: char| c.is_ascii_alphabetic())
        || !mark.as_bytes()[0].is_ascii_alphabetic())
}

fn starts_with(text: &str, mark: &str) -> bool {
    text.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark))
}

fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = start;
    while end < bytes.len() {
        let byte = bytes[end];
        let joins = matches!(byte, b'.' | b',' | b'\'') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !joins {
            break;
        }
        end += 1;
    }
    end
}

fn hundredths(number: &str) -> String {
    let decimals = match number.rfind([',', '.']) {
        Some(at) if number.len() - at - 1 <= 2 => number.len() - at - 1,
        _ => 0,
    };
    let mut digits: String = number.chars().filter(char::is_ascii_digit).collect();
    for _ in decimals..2 {
        digits.push('0');
    }
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn digits(text: &str) -> Vec<String> {
        find(text).into_iter().map(|amount| amount.digits).collect()
    }

    #[test]
    fn one_amount_in_many_notations() {
        for text in ["49.90 EUR", "€49.90", "49,90 €", "49,9 euros", "EUR 49,90", "$49.90"] {
            assert_eq!(digits(text), ["4990"], "{text}");
        }
        assert_eq!(digits("1.234,50 € oder 1,234.50 USD"), ["123450", "123450"]);
        assert_eq!(digits("退款 300 元"), ["30000"]);
    }

    #[test]
    fn other_numbers_are_not_amounts() {
        assert!(digits("order 1042-88, 3 days, room A12, 2026-03-01").is_empty());
    }

    #[test]
    fn the_range_holds_number_and_currency() {
        let text = "We pay back 49,90 € today";
        assert_eq!(&text[find(text)[0].range.clone()], "49,90 €");
    }
}
