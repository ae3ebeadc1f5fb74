//! Amounts: a number beside a currency, in the notations of many countries.

use super::{Cue, Entity, Reader, Value};

/// Longest first where one ends with another.
const BEFORE: &[(&str, &[u8; 3])] = &[
    ("US$", b"USD"),
    ("USD$", b"USD"),
    ("A$", b"AUD"),
    ("AU$", b"AUD"),
    ("C$", b"CAD"),
    ("CA$", b"CAD"),
    ("HK$", b"HKD"),
    ("NT$", b"TWD"),
    ("S$", b"SGD"),
    ("SG$", b"SGD"),
    ("NZ$", b"NZD"),
    ("MX$", b"MXN"),
    ("R$", b"BRL"),
    ("RM", b"MYR"),
    ("Rs.", b"INR"),
    ("Rs", b"INR"),
    ("Rp", b"IDR"),
    ("Fr.", b"CHF"),
    ("kr.", b"SEK"),
    ("kr", b"SEK"),
    ("zł", b"PLN"),
    ("€", b"EUR"),
    ("£", b"GBP"),
    ("₩", b"KRW"),
    ("₽", b"RUB"),
    ("₹", b"INR"),
    ("₺", b"TRY"),
    ("₫", b"VND"),
    ("฿", b"THB"),
    ("₪", b"ILS"),
    ("₴", b"UAH"),
    ("＄", b"USD"),
];

const AFTER: &[(&str, &[u8; 3])] = &[
    ("€", b"EUR"),
    ("£", b"GBP"),
    ("US$", b"USD"),
    ("₽", b"RUB"),
    ("₺", b"TRY"),
    ("zł", b"PLN"),
    ("Kč", b"CZK"),
    ("kč", b"CZK"),
    ("₩", b"KRW"),
    ("₴", b"UAH"),
    ("Ft", b"HUF"),
    ("лв", b"BGN"),
    ("元", b"CNY"),
    ("块", b"CNY"),
    ("人民币", b"CNY"),
    ("円", b"JPY"),
    ("원", b"KRW"),
    ("฿", b"THB"),
    ("₫", b"VND"),
    ("＄", b"USD"),
];

const CODES: &[&[u8; 3]] = &[
    b"AED", b"AUD", b"BGN", b"BRL", b"CAD", b"CHF", b"CLP", b"CNY", b"COP", b"CZK", b"DKK", b"EUR", b"GBP", b"HKD",
    b"HUF", b"IDR", b"ILS", b"INR", b"JPY", b"KRW", b"KZT", b"MXN", b"MYR", b"NOK", b"NZD", b"PEN", b"PHP", b"PLN",
    b"RMB", b"RON", b"RUB", b"SAR", b"SEK", b"SGD", b"THB", b"TRY", b"TWD", b"UAH", b"USD", b"VND", b"ZAR",
];

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn amount(&self, token: usize) -> Option<(Entity, usize)> {
        let (part, start, _) = self.place(token);
        let text = self.text_of(part);
        // "USD49.90" is one word: the number begins behind the letters.
        let letters = text[start..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let glued = match letters {
            0 => None,
            _ => Some(code(&text[start..start + letters])?),
        };
        let number = read_number(text, start + letters)?;
        let before = text[..start].trim_end_matches([' ', '\u{a0}', '\u{202f}']);
        let after = text[number.end..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let gap = text.len() - number.end - after.len();
        let mut entity_start = start;
        let mut end = number.end;
        let mut confidence = 0.95;
        let minus = before.ends_with('-') || before.ends_with('−');
        let before = before.trim_end_matches(['-', '−']);
        let currency = if let Some(code) = glued {
            code
        } else if let Some((symbol, code)) = self.symbol_before(before) {
            entity_start = before.len() - symbol;
            code
        } else if gap <= 2
            && let Some((symbol, code)) = self.symbol_after(after)
        {
            end = text.len() - after.len() + symbol;
            code
        } else if let Some((code, code_start)) = code_before(before) {
            entity_start = code_start;
            code
        } else {
            // "49.90 euros", "49 dólares"
            let last = self.last_token_before(token, number.end);
            let cue = self.cue_after(last, 0, |cue| matches!(cue, Cue::Currency(_)))?;
            let (_, _, cue_end) = self.place(cue.last);
            end = cue_end;
            confidence = 0.9;
            match cue.cue {
                Cue::Currency(code) => code,
                _ => return None,
            }
        };
        let units = if minus { -number.units } else { number.units };
        let value = Value::Amount { units, scale: number.scale, currency };
        let last = self.last_token_before(token, end);
        Some((Entity { value, confidence, part, start: entity_start, end, token }, last))
    }

    /// The last word that begins before this byte.
    fn last_token_before(&self, token: usize, end: usize) -> usize {
        let mut last = token;
        while last + 1 < self.text.tokens.len()
            && self.part(last + 1) == self.part(token)
            && (self.text.tokens[last + 1].start as usize) < end
        {
            last += 1;
        }
        last
    }

    fn symbol_before(&self, before: &str) -> Option<(usize, [u8; 3])> {
        let last = before.chars().next_back()?;
        if last.is_ascii_digit() || (last.is_ascii_alphabetic() && !matches!(last, 'r' | 's' | 'p' | 'M' | 'R')) {
            return None;
        }
        if last.is_ascii() && !last.is_ascii_alphabetic() && !matches!(last, '$' | '.') {
            return None;
        }
        let end = before.as_bytes().last();
        for (symbol, code) in BEFORE {
            if symbol.as_bytes().last() == end && before.ends_with(symbol) {
                let alone = !symbol.ends_with(|c: char| c.is_ascii_alphabetic())
                    || !before[..before.len() - symbol.len()].ends_with(|c: char| c.is_alphanumeric());
                if alone {
                    return Some((symbol.len(), **code));
                }
            }
        }
        match last {
            '$' => Some((1, self.habits.dollar)),
            '¥' | '￥' => Some((last.len_utf8(), self.yen())),
            _ => None,
        }
    }

    fn symbol_after(&self, after: &str) -> Option<(usize, [u8; 3])> {
        let first = after.chars().next()?;
        match first {
            '$' => return Some((1, self.habits.dollar)),
            '¥' | '￥' => return Some((first.len_utf8(), self.yen())),
            '%' | '.' | ',' | '-' | '\n' => return None,
            _ => {}
        }
        let begin = after.as_bytes().first();
        let mut symbols = AFTER.iter().filter(|(symbol, _)| symbol.as_bytes().first() == begin);
        if let Some((symbol, code)) = symbols.find(|(symbol, _)| after.starts_with(symbol)) {
            return Some((symbol.len(), **code));
        }
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        if after[letters..].starts_with(|c: char| c.is_alphanumeric() && (c as u32) < 0x250) {
            return None;
        }
        code(&after[..letters]).map(|code| (letters, code))
    }

    fn yen(&self) -> [u8; 3] {
        if self.language == "ja" { *b"JPY" } else { *b"CNY" }
    }
}

fn code(word: &str) -> Option<[u8; 3]> {
    if word.len() != 3
        || !(word.bytes().all(|b| b.is_ascii_uppercase()) || word.bytes().all(|b| b.is_ascii_lowercase()))
    {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    let known = CODES.iter().find(|known| known.as_slice() == upper.as_bytes())?;
    Some(if *known == b"RMB" { *b"CNY" } else { **known })
}

fn code_before(before: &str) -> Option<([u8; 3], usize)> {
    let start = before.len().checked_sub(3)?;
    let word = before.get(start..)?;
    if before[..start].ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    code(word).map(|code| (code, start))
}

struct Number {
    units: i64,
    scale: u8,
    end: usize,
}

/// Digits with separators of thousands and a decimal point or comma: 1,234.56 · 1.234,56 · 1 234,56 · 1'234.50
fn read_number(text: &str, start: usize) -> Option<Number> {
    let bytes = text.as_bytes();
    let digits_from =
        |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits_from(start);
    if first == 0 || first > 12 {
        return None;
    }
    let mut digits = text[start..start + first].to_owned();
    let mut end = start + first;
    let mut thousands: Option<&str> = None;
    let mut scale = 0;
    loop {
        let rest = &text[end..];
        if !matches!(rest.as_bytes(), [b',' | b'.' | b'\'' | b' ' | 0xC2 | 0xE2, ..]) {
            break;
        }
        let Some(separator) =
            ["\u{a0}", "\u{202f}", "\u{2019}", ",", ".", "'", " "].iter().find(|s| rest.starts_with(**s))
        else {
            break;
        };
        let from = end + separator.len();
        let count = digits_from(from);
        let decimal = matches!(*separator, "," | ".");
        let grouping = count == 3 && digits.len() - usize::from(scale) <= 12 && (thousands.is_some() || first <= 3);
        if grouping && thousands.is_none_or(|known| known == *separator) && !(first == 1 && digits == "0") {
            thousands = Some(separator);
            digits.push_str(&text[from..from + count]);
            end = from + count;
            continue;
        }
        if decimal && (1..=2).contains(&count) && thousands != Some(separator) {
            digits.push_str(&text[from..from + count]);
            scale = count as u8;
            end = from + count;
        }
        break;
    }
    if scale == 0 && (text[end..].starts_with(",-") || text[end..].starts_with(".-")) {
        end += 2;
    }
    digits.parse().ok().map(|units| Number { units, scale, end })
}
