//! Amounts of money in a text, found carelessly on purpose: what might be an amount is one. It decides whether a person reads a reply
//! before it goes out, so that what is found too much costs a look, and what is missed costs money.

/// An amount as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whole units, rounded up: `49.90 EUR` is 50.
    pub units: u64,
    /// ISO 4217; `%` for a percentage; empty when the sign is of several currencies or unknown.
    pub currency: &'static str,
}

/// Signs and words that make a number an amount, folded to lower case. Of a sign that several currencies share the one is meant of which
/// a unit is worth most.
const SIGNS: &[(&str, &str)] = &[
    ("us$", "USD"),
    ("r$", "BRL"),
    ("$", "USD"),
    ("＄", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("￡", "GBP"),
    ("¥", "CNY"),
    ("￥", "CNY"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₹", "INR"),
    ("₺", "TRY"),
    ("₫", "VND"),
    ("₴", "UAH"),
    ("฿", "THB"),
    ("元", "CNY"),
    ("块", "CNY"),
    ("円", "JPY"),
    ("원", "KRW"),
    ("欧元", "EUR"),
    ("美元", "USD"),
    ("ユーロ", "EUR"),
    ("ドル", "USD"),
    ("유로", "EUR"),
    ("달러", "USD"),
    ("euro", "EUR"),
    ("dollar", "USD"),
    ("dólar", "USD"),
    ("pound", "GBP"),
    ("bucks", "USD"),
    ("złot", "PLN"),
    ("zł", "PLN"),
    ("руб", "RUB"),
    ("kr", ""),
    ("%", "%"),
    ("％", "%"),
    ("percent", "%"),
    ("per cent", "%"),
    ("prozent", "%"),
    ("折", "%"),
];

/// Codes, with which an amount is written as often before as behind.
const CODES: &[&str] = &[
    "USD", "EUR", "GBP", "CNY", "RMB", "JPY", "KRW", "AUD", "CAD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF",
    "RON", "BRL", "MXN", "INR", "RUB", "TRY", "ZAR", "SGD", "HKD", "TWD", "NZD", "THB", "AED", "SAR", "ILS", "VND",
    "IDR", "MYR", "PHP", "UAH",
];

/// Codes that are no word in small letters either.
const SMALL: &[&str] = &["USD", "EUR", "GBP", "RMB", "CHF", "JPY"];

/// All amounts of a text, in order.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if digit(chars[at]).is_none() {
            at += 1;
            continue;
        }
        let begin = at;
        // A separator belongs to the number when a digit follows it.
        while at < chars.len() && (digit(chars[at]).is_some() || (at + 1 < chars.len() && is_part(&chars, at))) {
            at += 1;
        }
        let before: String = chars[begin.saturating_sub(10)..begin].iter().collect();
        let after: String = chars[at..chars.len().min(at + 12)].iter().collect();
        if let Some(currency) = currency(&before, &after) {
            found.push(Found { units: units(&chars[begin..at]), currency });
        }
    }
    found
}

fn is_part(chars: &[char], at: usize) -> bool {
    matches!(chars[at], '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}') && digit(chars[at + 1]).is_some()
}

/// Digits of the scripts that customers write in.
fn digit(c: char) -> Option<u64> {
    let zero = match c {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06f0}'..='\u{06f9}' => '\u{06f0}',
        '\u{0966}'..='\u{096f}' => '\u{0966}',
        _ => return None,
    };
    Some(u64::from(u32::from(c) - u32::from(zero)))
}

/// The last separator with one or two digits behind it divides units from hundredths; all others only group.
fn units(number: &[char]) -> u64 {
    let point = number.iter().rposition(|c| digit(*c).is_none()).filter(|at| number.len() - at - 1 <= 2);
    let (whole, rest) = number.split_at(point.unwrap_or(number.len()));
    let value = |digits: &[char]| {
        digits.iter().filter_map(|c| digit(*c)).fold(0_u64, |sum, d| sum.saturating_mul(10).saturating_add(d))
    };
    value(whole).saturating_add(u64::from(value(rest) > 0))
}

fn currency(before: &str, after: &str) -> Option<&'static str> {
    let (before, after) = (before.trim_end(), after.trim_start());
    let (lower_before, lower_after) = (before.to_lowercase(), after.to_lowercase());
    let near = |sign: &str| lower_before.ends_with(sign) || lower_after.starts_with(sign);
    let longest = SIGNS.iter().filter(|(sign, _)| near(sign)).max_by_key(|(sign, _)| sign.len());
    if let Some((_, currency)) = longest {
        return Some(*currency);
    }
    // In small letters most codes are words: "try 2 times".
    let word = |text: &str, code: &str| {
        text == code || (code.len() == text.len() && SMALL.contains(&code) && text.eq_ignore_ascii_case(code))
    };
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let first = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let code = CODES.iter().copied().find(|code| word(last, code) || word(first, code))?;
    Some(if code == "RMB" { "CNY" } else { code })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_found_however_they_are_written() {
        for (text, units, currency) in [
            ("49.90 EUR", 50, "EUR"),
            ("EUR 49,90", 50, "EUR"),
            ("€1.299,00", 1299, "EUR"),
            ("$1,299.50", 1300, "USD"),
            ("500 dollars", 500, "USD"),
            ("US$ 20", 20, "USD"),
            ("R$ 80", 80, "BRL"),
            ("¥300", 300, "CNY"),
            ("300元", 300, "CNY"),
            ("５０円", 50, "JPY"),
            ("20 欧元", 20, "EUR"),
            ("1 299 kr", 299, ""),
            ("CHF 1'200.00", 1200, "CHF"),
            ("80% discount", 80, "%"),
            ("15 Prozent", 15, "%"),
            ("8折", 8, "%"),
            ("٥٠ $", 50, "USD"),
        ] {
            assert_eq!(find(text), [Found { units, currency }], "{text}");
        }
        assert_eq!(find("from 10 to 20 EUR, then £5").len(), 2);
    }

    #[test]
    fn other_numbers_are_none() {
        for text in
            ["Order 1042-88", "on 2026-11-20", "try 2 times", "within 14 days", "call 0800 123", "", "no number"]
        {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn a_number_without_end_is_no_panic() {
        assert_eq!(find(&format!("{} EUR", "9".repeat(100))), [Found { units: u64::MAX, currency: "EUR" }]);
    }
}
