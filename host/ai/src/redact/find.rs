//! Where in a text personal data stands.

use super::Kind;
use super::numbers::{is_card, is_iban};
use regex::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::LazyLock;

/// Something found: where, in bytes, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// Everything, in the order of the text, no two of them over each other: what is surer goes first.
pub(super) fn all(text: &str, names: &[String]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut put = |range: Range<usize>, kind: Kind| {
        let free = found.iter().all(|other| range.end <= other.start || other.end <= range.start);
        if free && !range.is_empty() {
            found.push(Found { start: range.start, end: range.end, kind });
        }
    };
    for one in MAIL.find_iter(text) {
        put(one.range(), Kind::Mail);
    }
    for range in ibans(text) {
        put(range, Kind::Iban);
    }
    for range in cards(text) {
        put(range, Kind::Card);
    }
    for one in PLACE.captures_iter(text) {
        let labelled = one.name("labelled").map(|place| sentence(text, place.range()));
        let shaped = || one.name("shaped").or_else(|| one.name("east")).map(|place| place.range());
        if let Some(place) = labelled.or_else(shaped) {
            let trimmed = trim(text, place);
            if text[trimmed.clone()].chars().any(char::is_numeric) {
                put(trimmed, Kind::Address);
            }
        }
    }
    for range in phones(text) {
        put(range, Kind::Phone);
    }
    for name in names {
        for range in words(text, name) {
            put(range, Kind::Name);
        }
    }
    found.sort_by_key(|one| one.start);
    found
}

/// As far as the sentence goes: a full stop behind a short word is an abbreviation's.
fn sentence(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let ends = |(at, c): (usize, char)| {
        let rest = &piece[at + c.len_utf8()..];
        let word = piece[..at].chars().rev().take_while(|c| c.is_alphabetic()).count();
        match c {
            '。' | '！' | '？' | '，' => true,
            '.' | '!' | '?' => (rest.is_empty() || rest.starts_with(char::is_whitespace)) && word > ABBREVIATION_MAX,
            _ => false,
        }
    };
    let end = piece.char_indices().find(|one| ends(*one)).map_or(piece.len(), |(at, _)| at);
    range.start..range.start + end
}

/// Letters of the longest abbreviation in an address: `Blvd.`, `Blok.`.
const ABBREVIATION_MAX: usize = 4;

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

/// Bytes of the largest pattern: classes of all scripts' letters that are counted take some.
const PATTERN_BYTES_MAX: usize = 64 * 1024 * 1024;

#[expect(clippy::expect_used, reason = "a constant, and tried by the tests here")]
fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().expect("a pattern of this file")
}

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)[\p{Latin}0-9._%+'\-]{1,64}(?:@|＠|%40)[\p{Latin}0-9\-]+(?:\.[\p{Latin}0-9\-]+)*\.[\p{Latin}0-9\-]{2,}")
});

static IBAN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)(?-u:\b)[A-Z]{2}\d{2}(?:[ \u{a0}\-]?[A-Z0-9]){11,40}(?-u:\b)"));

/// Of every candidate the longest beginning that proves itself: words may follow the number.
fn ibans(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for candidate in IBAN.find_iter(text) {
        let piece = candidate.as_str();
        let ends = piece.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, c)| at + c.len_utf8());
        let ends: Vec<usize> = ends.collect();
        let whole = |end: &&usize| {
            let bare: Vec<u8> =
                piece[..**end].bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect();
            let at_an_end = piece[**end..].chars().next().is_none_or(|next| !next.is_ascii_alphanumeric());
            at_an_end && is_iban(&bare)
        };
        if let Some(end) = ends.iter().rev().find(whole) {
            ranges.push(candidate.start()..candidate.start() + end);
        }
    }
    ranges
}

static DIGITS: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9](?:[ \u{a0}\-.]?[0-9]){12,30}"));
static GROUP: LazyLock<Regex> = LazyLock::new(|| regex("[0-9]+"));

/// Of every row of digits the longest groups together that prove themselves: a date of expiry may stand beside the number.
fn cards(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for row in DIGITS.find_iter(text) {
        let at = |group: regex::Match<'_>| row.start() + group.start()..row.start() + group.end();
        let groups: Vec<Range<usize>> = GROUP.find_iter(row.as_str()).map(at).collect();
        let mut spans: Vec<Range<usize>> = Vec::new();
        for (first, start) in groups.iter().enumerate() {
            spans.extend(groups[first..].iter().map(|end| start.start..end.end));
        }
        spans.sort_by_key(|span| std::cmp::Reverse(span.len()));
        let proves = |span: &&Range<usize>| {
            let digits: Vec<u8> = text[(**span).clone()].bytes().filter(u8::is_ascii_digit).collect();
            is_card(&digits) && stands_alone(text, span)
        };
        ranges.extend(spans.iter().find(proves).cloned());
    }
    ranges
}

static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)
        (?:\+|(?-u:\b)00)[1-9][0-9\ \u{a0}\-()./]{6,18}[0-9]
      | \([0-9]{2,5}\)[0-9\ \u{a0}\-./]{4,14}[0-9]
      | (?-u:\b)0[0-9]{1,5}[\ \u{a0}\-/.][0-9\ \u{a0}\-/.]{3,14}[0-9]
      | (?-u:\b)0[1-9][0-9]{8,10}(?-u:\b)
      | (?-u:\b)[2-9][0-9]{2}[\-.\ ][2-9][0-9]{2}[\-.][0-9]{4}(?-u:\b)
      | (?-u:\b)1[3-9][0-9][\ \-]?[0-9]{4}[\ \-]?[0-9]{4}(?-u:\b)
      | (?:tel|telefon|telephone|phone|mobile|mobil|handy|cell|whatsapp|tél|téléphone|teléfono|móvil|电话|手机|電話|携帯|전화|тел)[.:：\ \u{a0}]{1,3}
        (?<labelled>[0-9][0-9\ \u{a0}\-()./]{4,16}[0-9])
    ",
    )
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:[0-9]{1,2}[./\-][0-9]{1,2}[./\-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}[./\-][0-9]{1,2}[./\-][0-9]{1,2})(?:[ ./\-]|$)",
    )
});

fn phones(text: &str) -> Vec<Range<usize>> {
    let found = PHONE.captures_iter(text).filter_map(|found| {
        let one = found.name("labelled").or_else(|| found.get(0))?;
        let digits = one.as_str().bytes().filter(u8::is_ascii_digit).count();
        let likely = (7..=15).contains(&digits) && !DATE.is_match(one.as_str());
        (likely && stands_alone(text, &one.range())).then(|| one.range())
    });
    found.collect()
}

/// Not a piece of a longer number: an order's, a parcel's.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let mut after = text[range.end..].chars();
    let joined_after = match after.next() {
        Some(c) if c.is_ascii_alphanumeric() => true,
        Some('-' | '/' | '_') => after.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => false,
    };
    let mut before = text[..range.start].chars().rev();
    let joined_before = match before.next() {
        Some(c) if c.is_ascii_alphanumeric() => true,
        Some('#' | '_') => true,
        Some('-' | '/') => before.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => false,
    };
    !joined_after && !joined_before
}

/// Lines that a label says are an address; lines in the shape of a street with its number or of a postcode with its town; and
/// addresses as they are written in Chinese and Japanese.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xmi)
        (?:^|[\s,.;:，。；(（])
        (?:(?:my|our|the|new|shipping|delivery|billing|home|postal|mailing)\ (?:new\ )?address(?:\ is)?(?:\ now)?|address|ship(?:\ it)?\ to|deliver(?:\ it)?\ to
          |(?:liefer|rechnungs)?(?:anschrift|adresse)(?:\ (?:ist|lautet))?|adresse(?:\ de\ livraison)?(?:\ est)?|direcci[oó]n(?:\ es)?|indirizzo|endere[cç]o
          |(?:收货|收件|寄送|我的)?(?:新)?(?:地址|住址)(?:是|为)?|(?:お届け先|配送先)?(?:ご)?住所(?:は)?)
        \s*[:：\ ]\s*(?<labelled>[^\n]{4,160})
      | ^[\ \t]*(?<shaped>
            [^\n\d@]{0,50}\b[\p{L}\-]*(?:stra(?:ss|ß)e|str\.|gasse|allee|platz|weg|damm|ufer|laan|straat|gatan|vej)\ \d{1,4}\ ?[a-z]?(?:,[^\n]{0,60})?
          | (?:rue|avenue|boulevard|via|viale|piazza|calle|avenida|rua|ulica|ul\.)\ [^\n\d@]{2,50},?\ (?:n[°º.]\ ?)?\d{1,4}[a-z]?(?:,[^\n]{0,60})?
          | \d{1,5}[a-z]?,?\ (?:bis\ |ter\ )?(?:rue|avenue|boulevard|chemin|impasse|place)\ [^\n\d@]{2,60}(?:,[^\n]{0,60})?
          | (?:flat\ \w{1,4},?\ |apt\.?\ \w{1,5},?\ )?\d{1,5}[a-z]?,?\ (?:(?-i:[\p{Lu}\d])[\p{L}\d.'\-]*\ ){1,4}(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|court|ct\.?|close|way|terrace|square)\b(?:,?[^\n]{0,60})?
          | (?:[a-z]{1,2}-)?\d{4,6}\ (?-i:\p{Lu})[\p{L}\ .'\-]{1,40}
        )[\ \t]*$
      | (?<east>
            (?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)
            [\p{Han}]{0,20}(?:区|县|市|镇|乡|路|街|道)[\p{Han}0-9０-９A-Za-z\-－]{0,30}[0-9０-９][\p{Han}0-9０-９A-Za-z\-－]{0,20}
          | 〒\s?[0-9０-９]{3}[-－][0-9０-９]{4}[^\n]{0,60}
          | [\p{Han}]{2,3}(?:都|道|府|県)[\p{Han}]{1,8}(?:市|区|町|村)[\p{Han}\p{Hiragana}\p{Katakana}0-9０-９\-－ー丁目番地号\ ]{1,40}\d[^\n，。、]{0,20}
        )
    ",
    )
});

/// What somebody's name may stand as: whole, and each word of it that is long enough to mean them.
pub(super) fn names_of(name: &str) -> Vec<String> {
    let name = name.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '“' | '”' | '<' | '>'));
    if name.contains('@') || name.chars().filter(|c| c.is_alphabetic()).count() < 2 {
        return Vec::new();
    }
    let stays = |word: &str| STAYS.contains(&word.to_lowercase().as_str());
    if stays(name) {
        return Vec::new();
    }
    let mut names = vec![name.to_owned()];
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '/' | '·' | '・' | '　'));
    for word in words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())) {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let long_enough = letters >= if is_eastern(word) { 2 } else { 3 };
        if long_enough && !stays(word) {
            names.push(word.to_owned());
        }
    }
    let whole: Vec<char> = name.chars().collect();
    // A Chinese name of three: the given name alone means them too.
    if whole.len() == 3 && whole.iter().all(|c| is_han(*c)) {
        names.push(whole[1..].iter().collect());
    }
    names
}

/// Words of names that are no names.
const STAYS: [&str; 22] = [
    "mrs", "miss", "herr", "frau", "von", "van", "der", "den", "del", "della", "los", "las", "the", "and", "und",
    "via", "gmbh", "ltd", "inc", "llc", "shop", "customer",
];

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn is_eastern(word: &str) -> bool {
    word.chars().any(|c| is_han(c) || matches!(c, '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}'))
}

/// Where a name stands in a text as a word of its own, in whatever case.
fn words(text: &str, name: &str) -> Vec<Range<usize>> {
    let Ok(pattern) = Regex::new(&format!("(?i){}", regex::escape(name).replace("\\ ", " ").replace(' ', r"\s+")))
    else {
        return Vec::new();
    };
    let eastern = is_eastern(name);
    let alone = |range: &Range<usize>| {
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_eastern(c.encode_utf8(&mut [0; 4])));
        eastern || !(joins(text[..range.start].chars().next_back()) || joins(text[range.end..].chars().next()))
    };
    pattern.find_iter(text).map(|found| found.range()).filter(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, names: &[&str]) -> Vec<(Kind, String)> {
        let mut known: Vec<String> = names.iter().flat_map(|name| names_of(name)).collect();
        known.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
        all(text, &known).into_iter().map(|one| (one.kind, text[one.start..one.end].to_owned())).collect()
    }

    #[test]
    fn addresses_of_mail_are_found_in_every_dress() {
        for (text, address) in [
            ("write to ann.lee+shop@mail.example.co.uk.", "ann.lee+shop@mail.example.co.uk"),
            ("<mailto:ann@example.com>", "ann@example.com"),
            ("https://shop.example/u?mail=ann%40example.com&x=1", "ann%40example.com"),
            ("我的邮箱ann@example.com谢谢", "ann@example.com"),
            ("jürgen@müller.example", "jürgen@müller.example"),
        ] {
            assert_eq!(found(text, &[]), [(Kind::Mail, address.to_owned())], "{text}");
        }
        assert_eq!(found("3 @ 5 EUR, @ann, a@b", &[]), []);
    }

    #[test]
    fn cards_and_accounts_prove_themselves() {
        for (text, kind, number) in [
            ("Card 4111-1111-1111-1111.", Kind::Card, "4111-1111-1111-1111"),
            ("卡号4111111111111111，", Kind::Card, "4111111111111111"),
            ("amex 3782 822463 10005", Kind::Card, "3782 822463 10005"),
            ("4111 1111 1111 1111 12/27", Kind::Card, "4111 1111 1111 1111"),
            ("IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFF", Kind::Iban, "DE89 3704 0044 0532 0130 00"),
            ("gb82 west 1234 5698 7654 32", Kind::Iban, "gb82 west 1234 5698 7654 32"),
        ] {
            assert_eq!(found(text, &[]), [(kind, number.to_owned())], "{text}");
        }
        for other in ["4111 1111 1111 1112", "order 4111111111111111-2"] {
            assert_eq!(found(other, &[]), [], "{other}");
        }
        let wrong = found("DE88 3704 0044 0532 0130 00", &[]);
        assert!(wrong.iter().all(|(kind, _)| *kind != Kind::Iban && *kind != Kind::Card), "{wrong:?}");
    }

    #[test]
    fn telephone_numbers_are_found_and_orders_parcels_and_days_are_not() {
        for number in [
            "+49 170 1234567",
            "0049 30 901820",
            "0170 1234567",
            "01701234567",
            "030/901820",
            "(555) 123-4567",
            "555-234-4567",
            "13812345678",
            "138 1234 5678",
            "+86 138-1234-5678",
            "+33 1 23 45 67 89",
        ] {
            assert_eq!(found(&format!("call {number}, please"), &[]), [(Kind::Phone, number.to_owned())], "{number}");
        }
        assert_eq!(found("电话：12345678", &[]), [(Kind::Phone, "12345678".to_owned())]);
        for other in [
            "01.03.2026",
            "01/03/2026",
            "2026-03-01",
            "order 028-1234567-1234567",
            "#0123456789",
            "RR473124829CN",
            "1Z5R89390357567127",
            "420 10115",
            "00:30:00",
            "1042-88",
            "0.1234567",
        ] {
            assert_eq!(found(other, &[]), [], "{other}");
        }
    }

    #[test]
    fn where_somebody_lives_is_found_where_it_is_certain() {
        for (text, places) in [
            ("Please send it to\nMary\n12 Long Acre Road\n10115 Berlin\n", vec!["12 Long Acre Road", "10115 Berlin"]),
            ("Hauptstraße 12\nThanks", vec!["Hauptstraße 12"]),
            ("My new address is: 5 High Street, Leeds LS1 4AB", vec!["5 High Street, Leeds LS1 4AB"]),
            ("Lieferadresse: Am Markt 3, 04109 Leipzig", vec!["Am Markt 3, 04109 Leipzig"]),
            ("24 rue de la Paix, 75002 Paris", vec!["24 rue de la Paix, 75002 Paris"]),
            ("地址：上海市南京路 12 号", vec!["上海市南京路 12 号"]),
            ("请寄到广东省深圳市南山区科技路88号3栋，谢谢", vec!["广东省深圳市南山区科技路88号3栋"]),
            ("〒150-0001 東京都渋谷区神宮前1-2-3", vec!["〒150-0001 東京都渋谷区神宮前1-2-3"]),
        ] {
            let wanted: Vec<_> = places.into_iter().map(|place| (Kind::Address, place.to_owned())).collect();
            assert_eq!(found(text, &[]), wanted, "{text}");
        }
        for other in [
            "My order 1042-88 is on the road.",
            "I ordered 2 items",
            "the address is wrong",
            "2026 was a good year for us",
            "Your address book lists nothing",
        ] {
            assert_eq!(found(other, &[]), [], "{other}");
        }
    }

    #[test]
    fn a_name_is_a_word_of_its_own() {
        let name = |text: &str| (Kind::Name, text.to_owned());
        assert_eq!(
            found("Mary  Walker, mary, Mary's; maryland Walkers", &["Mary Walker"]),
            [name("Mary  Walker"), name("mary"), name("Mary")]
        );
        assert_eq!(found("我叫王小明，小明谢谢", &["王小明"]), [name("王小明"), name("小明")]);
        assert_eq!(found("Hi, Li here. Live well", &["Li Wei"]), []);
        assert_eq!(found("Frau von Berg: Berg", &["Frau von Berg"]), [name("Frau von Berg"), name("Berg")]);
        assert_eq!(found("Dear (A.) customer", &["customer", "(A.)"]), []);
    }
}
