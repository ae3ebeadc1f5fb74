//! Whether a reply is written in the language it should be in. Only what is plain is said: another script, or
//! clearly the small words of another language.

const SMALL_WORDS: &[(&str, &[&str])] = &[
    ("en", &["the", "and", "you", "your", "is", "are", "we", "for", "with", "this", "have", "will", "our", "please"]),
    (
        "de",
        &["der", "die", "das", "und", "wir", "sie", "ist", "nicht", "ihre", "ihnen", "für", "mit", "haben", "bitte"],
    ),
    (
        "es",
        &["el", "los", "las", "que", "su", "para", "con", "por", "hemos", "usted", "gracias", "pedido", "le", "una"],
    ),
    (
        "fr",
        &["le", "les", "des", "vous", "nous", "votre", "est", "pour", "avec", "avons", "merci", "et", "une", "dans"],
    ),
    (
        "it",
        &["il", "gli", "che", "per", "con", "suo", "sua", "abbiamo", "grazie", "sono", "della", "ordine", "non", "una"],
    ),
    ("pt", &["os", "que", "seu", "sua", "para", "com", "obrigado", "não", "uma", "do", "da", "você", "pedido", "em"]),
    (
        "nl",
        &[
            "de",
            "het",
            "een",
            "uw",
            "wij",
            "niet",
            "voor",
            "met",
            "bestelling",
            "hebben",
            "graag",
            "wordt",
            "en",
            "van",
        ],
    ),
    (
        "pl",
        &[
            "nie",
            "jest",
            "się",
            "na",
            "do",
            "dla",
            "dziękujemy",
            "zamówienie",
            "państwa",
            "oraz",
            "proszę",
            "że",
            "i",
            "w",
        ],
    ),
];

/// Words of a reply below which nothing is said.
const WORDS_MIN: usize = 12;

/// The language a reply is in, when it is plain.
#[must_use]
pub fn plain_language(text: &str) -> Option<&'static str> {
    let (mut latin, mut han, mut kana, mut hangul, mut cyrillic) = (0usize, 0usize, 0usize, 0usize, 0usize);
    for character in text.chars() {
        match character as u32 {
            0x41..=0x5A | 0x61..=0x7A | 0xC0..=0x24F => latin += 1,
            0x3040..=0x30FF => kana += 1,
            0x3400..=0x9FFF => han += 1,
            0xAC00..=0xD7A3 => hangul += 1,
            0x400..=0x4FF => cyrillic += 1,
            _ => {}
        }
    }
    // A character of these scripts says as much as three letters.
    let letters = latin / 3 + han + kana + hangul + cyrillic / 3;
    if letters < 8 {
        return None;
    }
    if kana * 6 > letters && (kana + han) * 2 > letters {
        return Some("ja");
    }
    if hangul * 2 > letters {
        return Some("ko");
    }
    if han * 2 > letters {
        return Some("zh");
    }
    if cyrillic / 3 * 2 > letters {
        return Some("ru");
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    if words.len() < WORDS_MIN {
        return None;
    }
    let mut counts: Vec<(&str, usize)> = SMALL_WORDS
        .iter()
        .map(|(language, small)| (*language, words.iter().filter(|word| small.contains(word)).count()))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (best, second) = (counts[0], counts[1]);
    (best.1 * 8 >= words.len() && best.1 > second.1 * 2).then_some(best.0)
}

/// `zh-Hant` → `zh`
#[must_use]
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn plain_languages_are_told_apart() {
        let cases = [
            ("We have found your order and will write to you as soon as the carrier answers our question.", Some("en")),
            (
                "Wir haben Ihre Bestellung gefunden und melden uns, sobald der Paketdienst uns und Ihnen die Antwort gibt.",
                Some("de"),
            ),
            (
                "Hemos encontrado su pedido y le escribiremos en cuanto los compañeros de la tienda nos respondan, gracias por su paciencia.",
                Some("es"),
            ),
            ("您好,我们已查看您的订单,会尽快答复您。", Some("zh")),
            ("ご注文を確認いたしました。追ってご連絡いたします。", Some("ja")),
            ("Здравствуйте, мы нашли ваш заказ и скоро ответим.", Some("ru")),
            ("OK, thanks!", None),
            ("1042-88 YT2012345678901234", None),
        ];
        for (text, language) in cases {
            assert_eq!(plain_language(text), language, "{text}");
        }
    }
}
