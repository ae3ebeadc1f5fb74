//! From bytes to text, when the label is missing, unknown or wrong.

mod guess;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_2022_JP, SHIFT_JIS, UTF_8, WINDOWS_1252};
use guess::{guess, mostly_utf8};

/// Text, and what was odd about its label.
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) warning: Option<String>,
}

/// Decodes with the declared charset where that works, otherwise with what the bytes look like. Never fails; bytes
/// that fit nothing become U+FFFD.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> Decoded {
    let plain = |text: String| Decoded { text, warning: None };
    let label = declared.map(clean_label).filter(|l| !l.is_empty());
    // UTF-7 and UTF-16 are the only charsets in which ASCII bytes do not mean ASCII.
    match label.as_deref() {
        Some("utf-7" | "unicode-1-1-utf-7" | "csutf7" | "utf7") => {
            if let Some(decoder) = mail_parser::decoders::charsets::map::charset_decoder(b"utf-7") {
                return plain(decoder(bytes));
            }
        }
        Some(l) if l.starts_with("utf-16") || l.starts_with("utf16") || l == "ucs-2" => {
            return plain(utf16(bytes, l.ends_with("be")));
        }
        _ => {}
    }
    if bytes.is_ascii() {
        // ISO-2022 and HZ hide other letters in ASCII bytes.
        if bytes.contains(&0x1b) {
            if is_iso_2022_jp(bytes) {
                return plain(iso_2022_jp(bytes));
            }
            if let Some(text) = iso_2022_kr(bytes) {
                return plain(text);
            }
        }
        if label.as_deref().is_some_and(|l| l.starts_with("hz"))
            && let Some(text) = hz(bytes)
        {
            return plain(text);
        }
        return plain(String::from_utf8_lossy(bytes).into_owned());
    }
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return plain(String::from_utf8_lossy(rest).into_owned());
    }

    let encoding = label.as_deref().and_then(encoding_for);
    let utf8 = std::str::from_utf8(bytes).ok();
    if let Some(text) = utf8 {
        // Text in another charset is valid UTF-8 only by chance, and hardly ever when it is long. A label that names
        // another multi-byte charset is believed for short text only.
        let surprising = encoding.is_some_and(|e| e != UTF_8);
        let is_wide = encoding.is_some_and(is_multi_byte);
        let high = bytes.iter().filter(|b| **b >= 0x80).count();
        if !is_wide || high >= 12 || encoding.is_some_and(|e| e.decode_without_bom_handling(bytes).1) {
            let warning = (surprising && !matches!(label.as_deref(), Some("us-ascii" | "ascii")))
                .then(|| format!("the text is UTF-8, not {} as declared", label.as_deref().unwrap_or_default()));
            return Decoded { text: text.to_owned(), warning };
        }
    }
    if let Some(encoding) = encoding {
        let (text, malformed) = encoding.decode_without_bom_handling(bytes);
        if !malformed {
            // In a charset of one byte a character nothing is malformed, and it is what programs write that know no better.
            if encoding == WINDOWS_1252
                && let Some((text, found)) = mostly_utf8(bytes).map(|text| (text, "UTF-8")).or_else(|| not_latin(bytes))
            {
                let label = label.as_deref().unwrap_or_default();
                return Decoded { text, warning: Some(format!("the text is {found}, not {label} as declared")) };
            }
            return plain(text.into_owned());
        }
        // A stray byte or a cut character: still the right charset.
        let broken = text.matches('\u{fffd}').count();
        let letters = text.chars().filter(|c| !c.is_ascii()).count();
        if broken * 10 <= letters {
            let warning = Some(format!("{broken} characters are not valid {}", encoding.name()));
            let mended = (encoding == UTF_8).then(|| mostly_utf8(bytes)).flatten();
            return Decoded { text: mended.unwrap_or_else(|| text.into_owned()), warning };
        }
    } else if let Some(label) = label.as_deref()
        && let Some(decoder) = mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes())
        && !matches!(label, "us-ascii" | "ascii")
    {
        // Charsets of old computers that the web has forgotten: cp437, cp850, Mac …
        return plain(decoder(bytes));
    }
    let (text, guess) = guess(bytes);
    let declared = label.as_deref().unwrap_or("nothing");
    Decoded { text, warning: Some(format!("the charset was guessed as {guess} ({declared} was declared)")) }
}

/// Decodes bytes of a header that name no charset. `near` is the label of the mail's text: senders who leave it out here mean the
/// same there. It decides only between charsets that look alike.
pub(super) fn decode_near(bytes: &[u8], near: Option<&str>) -> String {
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
        return decode(bytes, None).text;
    }
    let near = near.map(clean_label).as_deref().and_then(encoding_for).filter(|encoding| *encoding != UTF_8);
    if let Some(near) = near {
        let (text, malformed) = near.decode_without_bom_handling(bytes);
        let (_, guessed) = guess(bytes);
        if !malformed && (is_multi_byte(near) || is_alike(near.name(), guessed)) {
            return text.into_owned();
        }
    }
    decode(bytes, None).text
}

/// What bytes without a label seem to be in; none: that is all the same.
pub(super) fn seems(bytes: &[u8]) -> Option<&'static str> {
    let sample = &bytes[..bytes.len().min(16 * 1024)];
    (!sample.is_ascii()).then(|| guess(sample).1)
}

/// Whether a byte below 0x80 that is no letter can be the second half of a character: an underscore.
pub(super) fn has_low_halves(label: &str) -> bool {
    encoding_for(&clean_label(label)).is_some_and(|encoding| [GB18030, BIG5, SHIFT_JIS].contains(&encoding))
}

/// Whether bytes are without a fault in the charset that they name.
pub(super) fn is_sound(bytes: &[u8], label: &str) -> bool {
    encoding_for(&clean_label(label)).is_some_and(|encoding| !encoding.decode_without_bom_handling(bytes).1)
}

/// Charsets that a few letters do not tell apart.
fn is_alike(one: &str, other: &str) -> bool {
    let families: [&[&str]; 2] = [
        &["windows-1250", "windows-1252", "windows-1254", "windows-1257", "iso-8859-2", "iso-8859-15"],
        &["windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "ibm866"],
    ];
    families.iter().any(|family| {
        let within = |name: &str| family.iter().any(|one| one.eq_ignore_ascii_case(name));
        within(one) && within(other)
    })
}

/// What text that is called Latin is instead, where hardly anything of it is: other scripts come out as long runs of accents.
fn not_latin(bytes: &[u8]) -> Option<(String, &'static str)> {
    let sample = &bytes[..bytes.len().min(16 * 1024)];
    let high = sample.iter().filter(|byte| **byte >= 0x80).count();
    let in_runs: usize = sample.split(u8::is_ascii).map(<[u8]>::len).filter(|length| *length >= 4).sum();
    if high < 8 || in_runs * 2 < high {
        return None;
    }
    let (text, found) = guess(bytes);
    let is_latin = is_alike(found, WINDOWS_1252.name()) || found == UTF_8.name();
    // Nearly whole, or nothing: a picture that was pasted into a text is neither.
    let letters = text.chars().filter(|c| !c.is_ascii()).count();
    (!is_latin && text.matches('\u{fffd}').count() * 20 <= letters).then_some((text, found))
}

fn clean_label(label: &str) -> String {
    label.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase()
}

/// The encoding of a label, with the aliases that mail uses. None for unknown labels and for those that say nothing.
fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let label = match label {
        // Supersets, since senders label by the older name.
        "gb2312" | "gb_2312-80" | "gbk" | "x-gbk" | "cp936" | "ms936" | "windows-936" | "euc-cn" | "gb18030"
        | "x-gb2312" => {
            return Some(GB18030);
        }
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" | "unknown" | "default"
        | "default_charset" | "x-user-defined" | "binary" | "8bit" | "none" | "_autodetect" | "_iso-2022-jp$esc" => {
            return None;
        }
        "utf8mb4" | "utf-8n" | "utf_8" | "utf-8-sig" | "x-unicode-2-0-utf-8" | "cp65001" => return Some(UTF_8),
        "ks_c_5601-1987" | "ks_c_5601" | "cp949" | "ms949" | "uhc" | "x-windows-949" | "ksc5601" => {
            return Some(EUC_KR);
        }
        "cp932" | "ms932" | "windows-31j" | "x-sjis" | "sjis" | "shift-jis" => return Some(SHIFT_JIS),
        "cp950" | "ms950" | "big5-hkscs" | "x-x-big5" | "big-5" => return Some(BIG5),
        "x-euc-jp" | "eucjp" | "euc_jp" | "cp51932" => return Some(EUC_JP),
        "iso-2022-jp-2" | "iso-2022-jp-ms" | "cp50220" | "cp50221" | "iso-2022-jp-1" => return Some(ISO_2022_JP),
        "ansi" | "latin-1" | "iso8859_1" | "8859_1" => return Some(WINDOWS_1252),
        other => other,
    };
    let direct = Encoding::for_label_no_replacement(label.as_bytes());
    direct.or_else(|| {
        // `cp1251`, `windows1252`, `iso_8859_2`, `x-mac-…` written loosely.
        let digits: String = label.chars().filter(char::is_ascii_digit).collect();
        let guess = if label.starts_with("cp125") || label.starts_with("windows") || label.starts_with("win") {
            format!("windows-{digits}")
        } else if label.contains("8859") && digits.len() > 4 {
            format!("iso-8859-{}", &digits[4..])
        } else {
            return None;
        };
        Encoding::for_label_no_replacement(guess.as_bytes())
    })
}

fn is_multi_byte(encoding: &'static Encoding) -> bool {
    [GB18030, BIG5, SHIFT_JIS, EUC_JP, EUC_KR].contains(&encoding)
}

fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@" | b"\x1b(J" | b"\x1b(I") || w == b"\x1b$(")
}

/// Two escapes in a row, as joined pieces have them, are an error to the decoder: the first one does nothing.
fn iso_2022_jp(bytes: &[u8]) -> String {
    let mut clean = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let idle = matches!(&bytes[at..], [0x1b, b'(', b'B' | b'J', 0x1b, ..]);
        if idle {
            at += 3;
        } else {
            clean.push(bytes[at]);
            at += 1;
        }
    }
    ISO_2022_JP.decode_without_bom_handling(&clean).0.into_owned()
}

fn utf16(bytes: &[u8], declared_big: bool) -> String {
    let (big, body) = match bytes {
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0xff, 0xfe, rest @ ..] => (false, rest),
        rest => {
            // Without a mark: in most scripts the high byte is 0 or repeats; count zeros on either side.
            let zeros = |offset: usize| rest.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
            let (even, odd) = (zeros(0), zeros(1));
            (if even == odd { declared_big } else { even > odd }, rest)
        }
    };
    let units = body
        .chunks_exact(2)
        .map(|c| if big { u16::from_be_bytes([c[0], c[1]]) } else { u16::from_le_bytes([c[0], c[1]]) });
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// ISO-2022-KR (RFC 1557): `ESC $ ) C` once, then SO and SI switch to and from KS C 5601.
fn iso_2022_kr(bytes: &[u8]) -> Option<String> {
    let at = bytes.windows(4).position(|w| w == b"\x1b$)C")?;
    let mut plain = bytes[..at].to_vec();
    let mut shifted = false;
    for &byte in &bytes[at + 4..] {
        match byte {
            0x0e => shifted = true,
            0x0f => shifted = false,
            b'\n' => {
                shifted = false;
                plain.push(byte);
            }
            b if shifted && b > 0x20 => plain.push(b | 0x80),
            b => plain.push(b),
        }
    }
    Some(EUC_KR.decode_without_bom_handling(&plain).0.into_owned())
}

/// HZ-GB-2312 (RFC 1843): `~{` and `~}` switch to and from GB 2312.
fn hz(bytes: &[u8]) -> Option<String> {
    if !bytes.windows(2).any(|w| w == b"~{") {
        return None;
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut at = 0;
    while at < bytes.len() {
        match (&bytes[at..], shifted) {
            ([b'~', b'{', ..], false) => {
                shifted = true;
                at += 2;
            }
            ([b'~', b'}', ..], true) => {
                shifted = false;
                at += 2;
            }
            ([b'~', b'~', ..], false) => {
                plain.push(b'~');
                at += 2;
            }
            ([b'~', b'\n', ..], false) => at += 2,
            ([b'\n', ..], _) => {
                shifted = false;
                plain.push(b'\n');
                at += 1;
            }
            (_, true) => {
                plain.push(bytes[at] | 0x80);
                at += 1;
            }
            (_, false) => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    Some(GB18030.decode_without_bom_handling(&plain).0.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use encoding_rs::{
        KOI8_R, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    };

    fn text(bytes: &[u8], declared: Option<&str>) -> String {
        decode(bytes, declared).text
    }

    #[test]
    fn declared_charsets_work() {
        let (gbk, ..) = GB18030.encode("订单在哪里？");
        assert_eq!(text(&gbk, Some("gb2312")), "订单在哪里？");
        assert_eq!(text(&gbk, Some("\"GBK\"")), "订单在哪里？");
        assert_eq!(text(b"\x1b$B4A;z\x1b(B", Some("us-ascii")), "漢字");
        assert_eq!(text(b"~{VPND~} ok", Some("hz-gb-2312")), "中文 ok");
        assert_eq!(text(b"\x1b$)C\x0e>H3g\x0f ok", Some("iso-2022-kr")), "안녕 ok");
        assert_eq!(text(b"\xff\xfeh\0i\0", Some("utf-16")), "hi");
        assert_eq!(text(b"h\0i\0", Some("utf-16")), "hi");
        assert_eq!(text(b"caf\xe9", Some("windows1252")), "café");
        assert_eq!(text(b"+ZYeB9FH6ckh5Pg-", Some("utf-7")), "文致出版社");
    }

    #[test]
    fn wrong_labels_are_seen_through() {
        let utf8 = "您好，我的订单还没有收到".as_bytes();
        let decoded = decode(utf8, Some("gb2312"));
        assert_eq!(decoded.text, "您好，我的订单还没有收到");
        assert!(decoded.warning.unwrap().contains("UTF-8"));
        assert_eq!(text("Größe".as_bytes(), Some("iso-8859-1")), "Größe");
        assert_eq!(text("Größe".as_bytes(), Some("x-made-up")), "Größe");
        // Bytes of GBK that happen to be valid UTF-8 stay what the label says.
        let (gbk, ..) = GB18030.encode("模式");
        assert!(std::str::from_utf8(&gbk).is_ok());
        assert_eq!(text(&gbk, Some("gbk")), "模式");
    }

    #[test]
    fn unlabelled_text_is_guessed() {
        for (encoding, sample) in [
            (GB18030, "您好，我上个月买的东西还没有收到，请问现在到哪里了？谢谢！"),
            (BIG5, "您好，我上個月買的東西還沒有收到，請問現在到哪裡了？謝謝！"),
            (SHIFT_JIS, "先月注文した商品がまだ届いていません。どうなっていますか。"),
            (EUC_JP, "先月注文した商品がまだ届いていません。どうなっていますか。"),
            (EUC_KR, "지난달에 주문한 상품이 아직 도착하지 않았습니다. 확인 부탁드립니다."),
            (WINDOWS_1251, "Здравствуйте, мой заказ до сих пор не пришёл. Где он?"),
            (KOI8_R, "Здравствуйте, мой заказ до сих пор не пришёл. Где он?"),
            (WINDOWS_1252, "Die Größe stimmt nicht, ich möchte das Gerät zurückgeben – können Sie mir helfen?"),
            (WINDOWS_1252, "Bonjour, le colis n’est jamais arrivé, où est-il passé ?"),
            (
                WINDOWS_1252,
                "The hospital's £97m bill – “never again”, they said in the café on Tuesday after the meeting.",
            ),
            (WINDOWS_1254, "Merhaba, siparişim hâlâ gelmedi. Kargonun nerede olduğunu öğrenebilir miyim?"),
            (WINDOWS_1250, "Dobrý den, zásilka ještě nepřišla, můžete to prosím ověřit?"),
            // More accents than one letter in six.
            (WINDOWS_1254, "Artık tüm ürünlerinizi görmüyorum, çünkü şifrem değişmiş. Açılış ücretsiz mi?"),
            (WINDOWS_1252, "Vederò se sarò lì, però così non va: è già la terza volta."),
            (WINDOWS_1253, "Καλημέρα σας, η παραγγελία μου δεν έχει φτάσει ακόμα. Πού βρίσκεται;"),
            (WINDOWS_1255, "שלום, ההזמנה שלי עדיין לא הגיעה. איפה היא נמצאת עכשיו?"),
            (WINDOWS_1256, "مرحبا، لم يصل طلبي حتى الآن. أين هو الطرد؟"),
            // Neither capitals nor the last letters of the alphabet, which others do not have.
            (WINDOWS_1251, "привет, как дела с заказом номер три, когда его доставят"),
            (KOI8_R, "привет, как дела с заказом номер три, когда его доставят"),
            (WINDOWS_874, "สวัสดีค่ะ สั่งของไปเมื่อเดือนที่แล้ว ยังไม่ได้รับสินค้าเลยค่ะ"),
        ] {
            let (bytes, ..) = encoding.encode(sample);
            assert_eq!(text(&bytes, None), sample, "{}", encoding.name());
        }
    }

    #[test]
    fn text_that_is_called_latin_and_is_another_script_is_seen_through() {
        for (encoding, sample) in [
            (GB18030, "您好，我上个月买的东西还没有收到。Order 1042, 谢谢！"),
            (BIG5, "您好，我上個月買的東西還沒有收到，請問現在到哪裡了？謝謝！"),
            (EUC_KR, "지난달에 주문한 상품이 아직 도착하지 않았습니다."),
            (WINDOWS_1251, "Здравствуйте, мой заказ до сих пор не пришёл."),
            (WINDOWS_874, "สั่งของไปเมื่อเดือนที่แล้ว ยังไม่ได้รับสินค้าเลย"),
            (WINDOWS_1253, "Η παραγγελία μου δεν έχει φτάσει ακόμα."),
        ] {
            let (bytes, ..) = encoding.encode(sample);
            for label in ["iso-8859-1", "windows-1252"] {
                let decoded = decode(&bytes, Some(label));
                assert_eq!(decoded.text, sample, "{label}");
                assert!(decoded.warning.unwrap().contains(encoding.name()));
            }
        }
        for latin in ["Ärgerlich: Größe und Maß", "©®™ §§ £££ «»«»", "Déjà vu à l’été", "áóúäöüß"]
        {
            let (bytes, ..) = WINDOWS_1252.encode(latin);
            assert_eq!(text(&bytes, Some("iso-8859-1")), latin);
        }
    }

    #[test]
    fn a_few_stray_bytes_do_not_spoil_the_rest() {
        let bytes = [&b"It\x92s "[..], "“Größe” – café, über, naïve, 5 €".as_bytes(), b"\xa0!"].concat();
        for label in [None, Some("utf-8"), Some("iso-8859-1")] {
            assert_eq!(text(&bytes, label), "It’s “Größe” – café, über, naïve, 5 €\u{a0}!", "{label:?}");
        }
        // Cut in the midst of the last one.
        let cut = "您好，我的订单".as_bytes();
        assert_eq!(text(&cut[..cut.len() - 1], None), "您好，我的订\u{fffd}");
        assert_eq!(text("Größe und Maß".as_bytes(), Some("iso-8859-1")), "Größe und Maß");
    }

    #[test]
    fn chinese_signs_in_an_english_text_are_signs() {
        let (bytes, ..) = GB18030.encode("　　Dear friend,\n　　our “best” price — it’s 5％ off…");
        assert!(text(&bytes, None).starts_with("　　Dear friend,\n　　our “best” price"), "{}", text(&bytes, None));
        let (bytes, ..) = WINDOWS_1252.encode("¡¡Hola!! ¡¡Qué bien!!");
        assert_eq!(text(&bytes, None), "¡¡Hola!! ¡¡Qué bien!!");
        let (bytes, ..) = WINDOWS_1252.encode("¡Vaya! ¡Hola! ¿Qué tal?");
        assert_eq!(text(&bytes, None), "¡Vaya! ¡Hola! ¿Qué tal?");
    }

    #[test]
    fn chinese_with_its_halves_among_plain_letters_is_no_thai() {
        let sample = "不好意思打攪您！如果本廣告信對您產生困擾，在此深感抱歉";
        let (bytes, ..) = BIG5.encode(sample);
        assert_eq!(text(&bytes, None), sample);
        // The last character was cut.
        let cut = text(&bytes[..bytes.len() - 1], None);
        assert!(cut.starts_with("不好意思打攪您！如果本廣告信對您產生困擾，在此深感抱"), "{cut}");
    }

    #[test]
    fn what_is_no_text_does_not_decide() {
        let (turkish, ..) = WINDOWS_1254.encode("Artık tüm ürünlerinizi görmüyorum, çünkü şifrem değişmiş.");
        let junk = [0xff_u8, 0xff, 0xff, 0xff, 0xd3, 0x86, 0x1f, 0xf9, 0xe5, 0x16, 0xb5, 0xe9, 0x9a, 0x7f].repeat(12);
        let bytes = [&turkish[..], b"\n", &junk].concat();
        assert!(text(&bytes, None).starts_with("Artık tüm ürünlerinizi görmüyorum"), "{}", text(&bytes, None));
        // The only accents that Turkish has of these.
        assert_eq!(text(b"\xddnternetten t\xfdklad\xfdktan sonra", None), "İnternetten tıkladıktan sonra");
        assert_eq!(text(b"Nov\xfd", None), "Nový");
    }

    #[test]
    fn a_header_without_a_charset_is_in_that_of_the_text() {
        let near = |bytes: &[u8], near: &str| decode_near(bytes, Some(near));
        // Nothing in these bytes says that they are Turkish.
        assert_eq!(near(b"CEK\xddL\xddS\xdd", "windows-1254"), "CEKİLİSİ");
        let (big5, ..) = BIG5.encode("訂單");
        assert_eq!(near(&big5, "big5"), "訂單");
        // A label that cannot be right is none.
        let (gbk, ..) = GB18030.encode("您好，我的订单还没有收到");
        assert_eq!(near(&gbk, "windows-1252"), "您好，我的订单还没有收到");
        assert_eq!(near("Größe".as_bytes(), "windows-1254"), "Größe");
        assert_eq!(near(b"caf\xe9", "utf-8"), "café");
        assert_eq!(near(b"plain", "gbk"), "plain");
    }

    #[test]
    fn any_bytes_give_text() {
        let all: Vec<u8> = (0..=255).collect();
        for label in [
            None,
            Some(""),
            Some("utf-8"),
            Some("gbk"),
            Some("utf-16be"),
            Some("utf-7"),
            Some("iso-2022-jp"),
            Some("\u{0}"),
        ] {
            let _ = text(&all, label);
            let _ = text(b"\x1b", label);
            let _ = text(b"\xff", label);
        }
    }
}
