//! Shipment numbers of carriers, with their check digits where these are public.
//!
//! - Posts: UPU standard S10, `AB 12345678 C DE`, check digit modulo 11 with the weights 8 6 4 2 3 5 9 7. So write China Post,
//!   Royal Mail, La Poste, Deutsche Post, USPS abroad, PostNord, Yanwen (`YP`) and the rest.
//! - USPS at home: Publication 199, Intelligent Mail Package Barcode, modulo 10 with the weights 3 and 1 (GS1 General
//!   Specifications, 7.9), a ZIP code before it or not. DHL's `0034…` is a GS1 SSCC with the same arithmetic.
//! - UPS: `1Z`, fifteen characters, a check digit modulo 10 with doubled even places.
//! - FedEx: Express 12 (modulo 11 with 3 1 7), Ground 15 and 96… of 22 (modulo 10), and 34 digits that end with the 12.
//! - DPD: 14 digits, and a fifteenth character after ISO/IEC 7064 MOD 37,36. DHL Express: ten digits modulo 7. Deutsche Post
//!   Identcode: twelve digits, modulo 10 with the weights 4 and 9.
//! - YunExpress `YT` and 16 digits, 4PX `4PX…CN`, Cainiao `LP00…`, SF Express `SF` and 12 or 13, Amazon `TBA`, DHL `JJD`, `JVGL`
//!   and `GM`, Colissimo `6A` and eleven: no public check digit, told by their beginnings and lengths.
//!
//! A number with a public check digit that is wrong is none. What digits alone cannot tell ([`Guess::weak`]) counts only
//! beside a word for it or the carrier's name.

/// A number that looks like a carrier's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// The name people use.
    pub carrier: Option<&'static str>,
    /// 0 to 1.
    pub confidence: f32,
    /// Other things look like this too: counts only beside a word for it or the carrier's name.
    pub weak: bool,
}

fn sure(carrier: &'static str, confidence: f32) -> Option<Guess> {
    Some(Guess { carrier: Some(carrier), confidence, weak: false })
}

fn weak(carrier: &'static str, confidence: f32) -> Option<Guess> {
    Some(Guess { carrier: Some(carrier), confidence, weak: true })
}

/// Recognises capital letters and digits without spaces.
#[must_use]
pub fn recognise(number: &[u8]) -> Option<Guess> {
    if !(9..=34).contains(&number.len()) {
        return None;
    }
    if number.iter().all(u8::is_ascii_digit) { digits_only(number) } else { with_letters(number) }
}

fn with_letters(number: &[u8]) -> Option<Guess> {
    let digits = |from: usize, to: usize| number.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let length = number.len();
    match number {
        [b'1', b'Z', ..] if length == 18 => return if ups(number) { sure("UPS", 0.98) } else { None },
        [b'4', b'P', b'X', ..] if length >= 16 && digits(3, 16) => return sure("4PX", 0.96),
        [b'Y', b'T', ..] if length == 18 && digits(2, 18) => return sure("YunExpress", 0.96),
        [b'Y', b'T', ..] if length == 15 && digits(2, 15) => return sure("YTO", 0.9),
        [b'S', b'F', ..] if (14..=15).contains(&length) && digits(2, length) => return sure("SF Express", 0.95),
        [b'L', b'P', b'0', b'0', ..] if (14..=18).contains(&length) && digits(2, length) => {
            return sure("Cainiao", 0.92);
        }
        [b'T', b'B', b'A' | b'C' | b'M', ..] if length == 15 && digits(3, 15) => return sure("Amazon Logistics", 0.95),
        [b'J', b'J', b'D', ..] if (14..=23).contains(&length) && digits(3, length) => return sure("DHL", 0.95),
        [b'J', b'V', b'G', b'L', ..] if length >= 14 && digits(4, length) => return sure("DHL", 0.95),
        [b'J', b'D', b'0', ..] if length >= 18 && digits(2, length) => return sure("DHL", 0.88),
        [b'G', b'M', ..] if length >= 16 && digits(2, length) => return sure("DHL eCommerce", 0.92),
        [b'J', b'T', ..] if (14..=15).contains(&length) && digits(2, length) => return sure("J&T Express", 0.9),
        [b'G', b'F', b'U', b'S', ..] if length >= 16 && digits(4, length) => return sure("GOFO", 0.9),
        [b'U', b'U', b'S', ..] if length >= 14 => return sure("UniUni", 0.85),
        [b'3', b'S', ..] if length >= 13 && digits(length - 7, length) => return sure("PostNL", 0.9),
        [b'1', b'L', b'S', ..] if length >= 15 && digits(3, 15) => return sure("OnTrac", 0.9),
        [b'P', b'Q' | b'K' | b'X', ..] if (22..=23).contains(&length) => return sure("Correos", 0.85),
        [b'C', b'N', b'U', b'S', ..] if length >= 18 && digits(4, length) => return sure("CNE Express", 0.85),
        _ if length == 15 && digits(0, 14) && mod37(number) => return sure("DPD", 0.9),
        [b'A', b'E', b'C' | b'E', ..] if (14..=18).contains(&length) && digits(length - 10, length) => {
            return sure("AliExpress Standard", 0.75);
        }
        [b'H' | b'T', b'0', ..] if length == 16 => return weak("Evri", 0.7),
        [b'C' | b'D', ..] if length == 15 && digits(1, 15) => return weak("OnTrac", 0.75),
        [b'6' | b'8' | b'9', letter, ..] if length == 13 && letter.is_ascii_uppercase() && digits(2, 13) => {
            return sure("Colissimo", 0.8);
        }
        _ => {}
    }
    universal(number)
}

/// UPU S10: two letters, eight digits, a check digit, the country.
fn universal(number: &[u8]) -> Option<Guess> {
    let [service, kind, digits @ .., first, second] = number else { return None };
    if digits.len() != 9
        || !digits.iter().all(u8::is_ascii_digit)
        || ![service, kind, first, second].iter().all(|letter| letter.is_ascii_uppercase())
    {
        return None;
    }
    let carrier = match &[*first, *second] {
        b"CN" => Some("China Post"),
        b"US" => Some("USPS"),
        b"GB" => Some("Royal Mail"),
        b"DE" => Some("DHL"),
        b"FR" => Some("La Poste"),
        b"JP" => Some("Japan Post"),
        b"HK" => Some("Hongkong Post"),
        b"SG" => Some("Singapore Post"),
        b"NL" => Some("PostNL"),
        b"ES" => Some("Correos"),
        b"IT" => Some("Poste Italiane"),
        b"PT" => Some("CTT"),
        b"BE" => Some("bpost"),
        b"CH" => Some("Swiss Post"),
        b"AT" => Some("Austrian Post"),
        b"PL" => Some("Poczta Polska"),
        b"SE" | b"DK" | b"NO" => Some("PostNord"),
        b"RU" => Some("Russian Post"),
        b"UA" => Some("Ukrposhta"),
        b"KR" => Some("Korea Post"),
        b"TW" => Some("Chunghwa Post"),
        b"MY" => Some("Pos Malaysia"),
        b"TH" => Some("Thailand Post"),
        b"CA" => Some("Canada Post"),
        b"AU" => Some("Australia Post"),
        b"BR" => Some("Correios"),
        b"YP" => Some("Yanwen"),
        _ => None,
    };
    let sum: u32 = digits.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(digit, weight)| value(*digit) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        other => other,
    };
    if check != value(digits[8]) {
        return None;
    }
    Some(Guess { carrier, confidence: if carrier.is_some() { 0.97 } else { 0.9 }, weak: false })
}

fn digits_only(number: &[u8]) -> Option<Guess> {
    let checked = mod10(number);
    match number.len() {
        // Beginnings of USPS service codes (Publication 199); a ZIP code may stand before them.
        22 | 20 | 26 if (b'1'..=b'5').contains(&number[1]) && number[0] == b'9' && checked => sure("USPS", 0.95),
        30 | 34 if number.starts_with(b"420") => {
            let from = if number.len() == 30 { 8 } else { 12 };
            let valid = number[from] == b'9' && mod10(&number[from..]);
            if valid { sure("USPS", 0.95) } else { None }
        }
        20 if number.starts_with(b"0034") && checked => sure("DHL", 0.95),
        20 | 18 if number.starts_with(b"00") && checked => weak("Poczta Polska", 0.8),
        22 if number.starts_with(b"96") && mod10(&number[7..]) => sure("FedEx", 0.93),
        34 if (number.starts_with(b"10") || number.starts_with(b"96")) && fedex(&number[22..]) => sure("FedEx", 0.93),
        15 if checked => weak("FedEx", 0.8),
        15 if mod37(number) => weak("DPD", 0.75),
        12 if fedex(number) => weak("FedEx", 0.8),
        24 if matches!(number[0], b'5' | b'6') => weak("InPost", 0.75),
        14 if checked => weak("Russian Post", 0.6),
        14 => weak("DPD", 0.6),
        16 if checked => weak("Canada Post", 0.6),
        12 if identcode(number) => weak("Deutsche Post", 0.65),
        12 if remainder(&number[..11], 7) == value(number[11]) => weak("Yamato", 0.6),
        10 if remainder(&number[..9], 7) == value(number[9]) => weak("DHL", 0.75),
        11 if number[0] == b'0' || number[0] == b'6' => weak("GLS", 0.5),
        _ => None,
    }
}

fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

fn remainder(digits: &[u8], by: u32) -> u32 {
    digits.iter().fold(0, |rest, digit| (rest * 10 + value(*digit)) % by)
}

/// 1Z and sixteen characters: letters count as their place in the alphabet plus two, odd places single,
/// even places double.
fn ups(number: &[u8]) -> bool {
    let place = |byte: u8| if byte.is_ascii_digit() { value(byte) } else { (u32::from(byte - b'A') + 2) % 10 };
    let body = &number[2..17];
    let sum: u32 = body.iter().enumerate().map(|(at, byte)| place(*byte) * if at % 2 == 0 { 1 } else { 2 }).sum();
    let last = number[17];
    last.is_ascii_digit() && (10 - sum % 10) % 10 == value(last)
}

/// Modulo 10 with weights 3 and 1 from the right (USPS, SSCC).
fn mod10(number: &[u8]) -> bool {
    let (last, body) = match number.split_last() {
        Some(split) => split,
        None => return false,
    };
    let sum: u32 =
        body.iter().rev().enumerate().map(|(at, digit)| value(*digit) * if at % 2 == 0 { 3 } else { 1 }).sum();
    (10 - sum % 10) % 10 == value(*last)
}

/// Twelve digits: weights 3, 1, 7 from the left, modulo 11, then modulo 10.
fn fedex(number: &[u8]) -> bool {
    let sum: u32 = number[..11].iter().enumerate().map(|(at, digit)| value(*digit) * [3, 1, 7][at % 3]).sum();
    sum % 11 % 10 == value(number[11])
}

/// Twelve digits: weights 4 and 9 from the left, modulo 10.
fn identcode(number: &[u8]) -> bool {
    let sum: u32 = number[..11].iter().enumerate().map(|(at, digit)| value(*digit) * [4, 9][at % 2]).sum();
    (10 - sum % 10) % 10 == value(number[11])
}

/// ISO/IEC 7064 MOD 37,36 over all but the last character.
fn mod37(number: &[u8]) -> bool {
    let place = |byte: u8| match byte {
        b'0'..=b'9' => value(byte),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let Some((last, body)) = number.split_last() else { return false };
    let carried = body.iter().fold(36u32, |carried, byte| {
        let sum = match (carried + place(*byte)) % 36 {
            0 => 36,
            sum => sum,
        };
        sum * 2 % 37
    });
    (37 - carried) % 36 == place(*last)
}

/// ISO 13616: the first four characters behind the rest, letters as 10 to 35, modulo 97 is 1.
pub(super) fn iban(account: &[u8]) -> bool {
    let rest = account[4..].iter().chain(&account[..4]).fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + value(*byte)) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_lowercase().saturating_sub(b'a')) + 10) % 97,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn carrier(number: &str) -> Option<&'static str> {
        recognise(number.as_bytes()).and_then(|guess| guess.carrier)
    }

    #[test]
    fn published_examples_are_recognised() {
        assert_eq!(carrier("1Z999AA10123456784"), Some("UPS"));
        assert!(recognise(b"1Z999AA10123456784").unwrap().confidence > 0.9);
        assert_eq!(carrier("9400100000000000000006"), Some("USPS"));
        assert_eq!(carrier("RA123456785GB"), Some("Royal Mail"));
        assert!(recognise(b"RA123456785GB").unwrap().confidence > 0.9);
        assert_eq!(carrier("986578788855"), Some("FedEx"));
        assert_eq!(carrier("YT2012345678901234"), Some("YunExpress"));
        assert_eq!(carrier("4PX3000512345678CN"), Some("4PX"));
        assert_eq!(carrier("LP00432123456789"), Some("Cainiao"));
        assert_eq!(carrier("TBA123456789012"), Some("Amazon Logistics"));
        assert_eq!(carrier("JJD0099999999"), None);
        assert_eq!(carrier("JJD000390007915168516"), Some("DHL"));
    }

    #[test]
    fn a_wrong_check_digit_is_no_shipment() {
        for number in [
            "1Z999AA10123456785",
            "RA123456786GB",
            "LX123456780CN",
            "9400100000000000000007",
            "00340434161094042558",
            "9611020987654312345673",
            "1001921334250001000300779017972698",
        ] {
            assert_eq!(recognise(number.as_bytes()), None, "{number}");
        }
        for (number, carrier) in [("986578788856", "FedEx"), ("4123456789", "DHL")] {
            assert!(recognise(number.as_bytes()).is_none_or(|guess| guess.carrier != Some(carrier)), "{number}");
        }
    }

    #[test]
    fn each_carrier_has_its_form() {
        for (number, wanted, weak) in [
            ("LX123456785CN", "China Post", false),
            ("RR123456785DE", "DHL", false),
            ("CP123456785FR", "La Poste", false),
            ("UB123456785YP", "Yanwen", false),
            ("00340434161094042557", "DHL", false),
            ("9611020987654312345672", "FedEx", false),
            ("1001921334250001000300779017972697", "FedEx", false),
            ("JVGL0612345678901234", "DHL", false),
            ("GM2951173225174494", "DHL eCommerce", false),
            ("6A19034456712", "Colissimo", false),
            ("SF1421567890123", "SF Express", false),
            ("TBC123456789012", "Amazon Logistics", false),
            ("4123456783", "DHL", true),
            ("01508884382075", "DPD", true),
        ] {
            let guess = recognise(number.as_bytes()).unwrap_or_else(|| panic!("{number} is none"));
            assert_eq!((guess.carrier, guess.weak), (Some(wanted), weak), "{number}");
        }
    }

    #[test]
    fn bank_accounts_are_told_by_their_check_digits() {
        assert!(iban(b"DE89370400440532013000") && iban(b"nl91abna0417164300"));
        assert!(!iban(b"DE88370400440532013000"));
    }

    #[test]
    fn an_ordinary_number_is_not_a_shipment() {
        for text in ["123456789", "2026030112", "ORDER123456", "ABCDEFGHIJKLM"] {
            assert!(recognise(text.as_bytes()).is_none_or(|guess| guess.weak), "{text}");
        }
    }
}
