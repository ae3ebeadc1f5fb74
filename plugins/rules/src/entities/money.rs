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
    ("CLP$", b"CLP"),
    ("COL$", b"COP"),
    ("AR$", b"ARS"),
    ("TL", b"TRY"),
    ("S/", b"PEN"),
    ("S/.", b"PEN"),
    ("د.إ", b"AED"),
    ("ر.س", b"SAR"),
    ("R$", b"BRL"),
    ("RM", b"MYR"),
    ("Rs.", b"INR"),
    ("Rs", b"INR"),
    ("Rp", b"IDR"),
    ("Fr.", b"CHF"),
    ("kr.", b"SEK"),
    ("kr", b"SEK"),
    ("Kr.", b"SEK"),
    ("Kr", b"SEK"),
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
    ("VNĐ", b"VND"),
    ("vnđ", b"VND"),
    ("đ", b"VND"),
    ("Đ", b"VND"),
    ("R$", b"BRL"),
    ("MX$", b"MXN"),
    ("C$", b"CAD"),
    ("A$", b"AUD"),
    ("HK$", b"HKD"),
    ("NT$", b"TWD"),
    ("₹", b"INR"),
    ("₪", b"ILS"),
    ("руб", b"RUB"),
    ("грн", b"UAH"),
    ("د.إ", b"AED"),
    ("ر.س", b"SAR"),
    ("＄", b"USD"),
    ("kr.", b"SEK"),
    ("kr", b"SEK"),
    (":-", b"SEK"),
];

/// Ten thousands in Chinese, Japanese and Korean, and thousands and millions as people type them.
const MULTIPLES: &[(&str, &str, i64)] = &[
    ("万", "", 10_000),
    ("萬", "", 10_000),
    ("만", "", 10_000),
    ("k", "vi", 1_000),
    ("K", "vi", 1_000),
    ("ribu", "id", 1_000),
    ("rb", "id", 1_000),
    ("juta", "id", 1_000_000),
    ("jt", "id", 1_000_000),
    ("тыс.", "ru", 1_000),
    ("тыс", "ru", 1_000),
];

const CODES: &[&[u8; 3]] = &[
    b"AED", b"ARS", b"AUD", b"BGN", b"BRL", b"CAD", b"CHF", b"CLP", b"CNY", b"COP", b"CZK", b"DKK", b"EUR", b"GBP",
    b"HKD", b"HUF", b"EGP", b"IDR", b"ILS", b"INR", b"JPY", b"KRW", b"KZT", b"MXN", b"MYR", b"NOK", b"NZD", b"PEN",
    b"PHP", b"PLN", b"RMB", b"RON", b"RUB", b"SAR", b"SEK", b"SGD", b"THB", b"TRY", b"TWD", b"UAH", b"USD", b"VND",
    b"ZAR",
];

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn amount(&self, token: usize) -> Option<(Entity, usize)> {
        let (part, start, _) = self.place(token);
        let text = self.text_of(part);
        // "USD49.90" and "Rp275.000" are one word: the number begins behind the letters.
        let letters = text[start..].find(|c: char| !c.is_alphabetic()).unwrap_or(0);
        let glued = match &text[start..start + letters] {
            "" => None,
            "Rp" => Some(*b"IDR"),
            "RM" => Some(*b"MYR"),
            "Rs" => Some(*b"INR"),
            "TL" => Some(*b"TRY"),
            "kr" | "Kr" => Some(self.crown()),
            "zł" => Some(*b"PLN"),
            letters => Some(code(letters)?),
        };
        let mut number = read_number(text, start + letters)?;
        self.multiply(text, &mut number);
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
            // "49€90"
            let cents = &after.as_bytes()[symbol..];
            if number.scale == 0
                && gap == 0
                && cents.len() >= 2
                && cents[..2].iter().all(u8::is_ascii_digit)
                && !cents.get(2).is_some_and(u8::is_ascii_alphanumeric)
            {
                number.units = number.units * 100 + i64::from(cents[0] - b'0') * 10 + i64::from(cents[1] - b'0');
                number.scale = 2;
                end += 2;
            }
            code
        } else if let Some((code, code_start)) = code_before(before) {
            entity_start = code_start;
            code
        } else {
            // "49.90 euros", "49 dólares"
            let last = self.last_token_before(token, number.end);
            let cue = self.cue_after(last, 0, |cue| matches!(cue, Cue::Currency(_)))?;
            let (_, cue_start, _) = self.place(cue.first);
            let (_, _, cue_end) = self.place(cue.last);
            // Nothing but a space or a dash between: "(AB-20205). 원" is no amount.
            if !text.get(number.end..cue_start)?.trim_matches([' ', '\u{a0}', '\u{202f}', '-']).is_empty() {
                return None;
            }
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
                    return Some((symbol.len(), self.local(code)));
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
        let found = symbols.find(|(symbol, _)| {
            // "kr" is none in "kräver".
            let goes_on = symbol.ends_with(char::is_alphabetic)
                && after.starts_with(symbol)
                && after[symbol.len()..].starts_with(|c: char| c.is_alphabetic() && (c as u32) < 0x2E80);
            after.starts_with(symbol) && !goes_on
        });
        if let Some((symbol, code)) = found {
            return Some((symbol.len(), self.local(code)));
        }
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        if after[letters..].starts_with(|c: char| c.is_alphanumeric() && (c as u32) < 0x250) {
            return None;
        }
        code(&after[..letters]).map(|code| (letters, code))
    }

    /// Crowns are Swedish, Danish or Norwegian.
    fn crown(&self) -> [u8; 3] {
        match self.language {
            "da" => *b"DKK",
            "no" => *b"NOK",
            _ => *b"SEK",
        }
    }

    fn local(&self, code: &[u8; 3]) -> [u8; 3] {
        if code == b"SEK" { self.crown() } else { *code }
    }

    /// "3万円", "450k", "1,5 juta"
    fn multiply(&self, text: &str, number: &mut Number) {
        let rest = text[number.end..].trim_start_matches(' ');
        let gap = text.len() - number.end - rest.len();
        if gap > 1 {
            return;
        }
        for (word, language, times) in MULTIPLES {
            let ends = || !rest[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
            if (language.is_empty() || *language == self.language) && rest.starts_with(word) && ends() {
                number.units = number.units.saturating_mul(*times);
                while number.scale > 0 && number.units % 10 == 0 {
                    number.units /= 10;
                    number.scale -= 1;
                }
                number.end += gap + word.len();
                return;
            }
        }
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

/// The digit that a text begins with, in the scripts that shops meet: its value and how many bytes it takes.
fn digit(text: &str) -> Option<(u8, usize)> {
    match text.as_bytes() {
        [byte @ b'0'..=b'9', ..] => Some((byte - b'0', 1)),
        // Arabic, Persian
        [0xD9, byte @ 0xA0..=0xA9, ..] => Some((byte - 0xA0, 2)),
        [0xDB, byte @ 0xB0..=0xB9, ..] => Some((byte - 0xB0, 2)),
        // Thai, full-width
        [0xE0, 0xB9, byte @ 0x90..=0x99, ..] => Some((byte - 0x90, 3)),
        [0xEF, 0xBC, byte @ 0x90..=0x99, ..] => Some((byte - 0x90, 3)),
        _ => None,
    }
}

/// A run of digits: its value, how many there are, and how many bytes they take.
fn digits(text: &str) -> (i64, usize, usize) {
    let (mut value, mut count, mut bytes) = (0i64, 0, 0);
    while let Some((digit, length)) = digit(&text[bytes..]) {
        value = value.saturating_mul(10).saturating_add(i64::from(digit));
        count += 1;
        bytes += length;
    }
    (value, count, bytes)
}

/// Digits with separators of thousands and a decimal point or comma: 1,234.56 · 1.234,56 · 1 234,56 · 1'234.50 · ١٬٢٣٤٫٥٦
fn read_number(text: &str, start: usize) -> Option<Number> {
    const SEPARATORS: [&str; 10] =
        ["\u{a0}", "\u{202f}", "\u{2019}", "\u{66c}", "\u{66b}", "\u{ff0c}", ",", ".", "'", " "];
    let (mut units, first, bytes) = digits(&text[start..]);
    if first == 0 || first > 12 {
        return None;
    }
    let mut count_all = first;
    let zero = units == 0;
    let mut end = start + bytes;
    let mut thousands: Option<&str> = None;
    let mut scale = 0;
    loop {
        let rest = &text[end..];
        if !matches!(rest.as_bytes(), [b',' | b'.' | b'\'' | b' ' | 0xC2 | 0xE2 | 0xD9 | 0xEF, ..]) {
            break;
        }
        let Some(separator) = SEPARATORS.iter().find(|separator| rest.starts_with(**separator)) else {
            break;
        };
        let from = end + separator.len();
        let (value, count, bytes) = digits(&text[from..]);
        let decimal = matches!(*separator, "," | "." | "\u{66b}" | "\u{ff0c}");
        let grouping = count == 3 && count_all <= 12 && (thousands.is_some() || first <= 3) && *separator != "\u{66b}";
        if grouping && thousands.is_none_or(|known| known == *separator) && !(first == 1 && zero) {
            thousands = Some(separator);
            units = units.saturating_mul(1000).saturating_add(value);
            count_all += 3;
            end = from + bytes;
            continue;
        }
        if decimal && (1..=2).contains(&count) && thousands != Some(separator) {
            units = units.saturating_mul(10i64.pow(count as u32)).saturating_add(value);
            scale = count as u8;
            end = from + bytes;
        }
        break;
    }
    if scale == 0 && (text[end..].starts_with(",-") || text[end..].starts_with(".-")) {
        end += 2;
    }
    Some(Number { units, scale, end })
}
