//! From bytes to text, when the label is missing, unknown or wrong.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_2022_JP, KOI8_R, SHIFT_JIS, UTF_8, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1254,
};

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
            return plain(text.into_owned());
        }
        // A stray byte or a cut character: still the right charset.
        let broken = text.matches('\u{fffd}').count();
        let letters = text.chars().filter(|c| !c.is_ascii()).count();
        if broken * 10 <= letters {
            let warning = Some(format!("{broken} characters are not valid {}", encoding.name()));
            return Decoded { text: text.into_owned(), warning };
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

/// The charset under which the bytes look most like written language.
fn guess(bytes: &[u8]) -> (String, &'static str) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), "UTF-8");
    }
    // UTF-8 that was cut or has a few stray bytes in it.
    let lossy = String::from_utf8_lossy(bytes);
    let broken = lossy.matches('\u{fffd}').count();
    let good = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if good >= 4 && broken * 8 <= good {
        return (lossy.into_owned(), "UTF-8");
    }
    // A sample is enough to tell, and bounds the cost.
    let sample = &bytes[..bytes.len().min(16 * 1024)];
    let candidates: [Candidate; 10] = [
        (GB18030, score_han),
        (BIG5, score_han),
        (SHIFT_JIS, score_japanese),
        (EUC_JP, score_japanese),
        (EUC_KR, score_hangul),
        (WINDOWS_1251, score_cyrillic),
        (KOI8_R, score_cyrillic),
        (WINDOWS_1252, score_latin),
        (WINDOWS_1250, score_latin_east),
        (WINDOWS_1254, score_turkish),
    ];
    // A few lone letters in plain text are accents and typographic signs, whatever else they could be.
    let first = if is_sprinkled(sample) { candidates.len() - 3 } else { 0 };
    let mut best = (WINDOWS_1252, f64::MIN);
    for &(encoding, score) in &candidates[first..] {
        let (text, _) = encoding.decode_without_bom_handling(sample);
        let letters = text.chars().filter(|c| !c.is_ascii()).count().max(1) as f64;
        let broken = text.chars().filter(|c| *c == '\u{fffd}').count() as f64;
        let value = score(&text) / letters - 3.0 * broken / letters;
        if value > best.1 {
            best = (encoding, value);
        }
    }
    (best.0.decode_without_bom_handling(bytes).0.into_owned(), best.0.name())
}

type Candidate = (&'static Encoding, fn(&str) -> f64);

/// Bytes beyond ASCII are few and stand alone or in pairs.
fn is_sprinkled(sample: &[u8]) -> bool {
    let high = sample.iter().filter(|b| **b >= 0x80).count();
    let letters = sample.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let runs = sample.windows(2).filter(|w| w[0] < 0x80 && w[1] >= 0x80).count()
        + usize::from(sample.first().is_some_and(|b| *b >= 0x80));
    high * 6 <= letters && high <= runs * 2
}

/// Each score is a sum over the non-ASCII characters: 1 for what the language is made of, 0 or less for what it never
/// has. Multi-byte charsets make fewer, rarer characters of the wrong bytes.
fn score(text: &str, value: impl Fn(char) -> f64) -> f64 {
    text.chars().filter(|c| !c.is_ascii()).map(value).sum()
}

fn score_han(text: &str) -> f64 {
    // The characters that make up half of any Chinese text, simplified and traditional.
    const COMMON: &str = "的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于\
        着下自之年过過发發后後作里道所然事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她\
        本前开開但因只从從想实實日军者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問\
        很最重并物手应應向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話回特代内信表化老给給世位次度门門任常先海通教\
        儿兒原东東声聲提立及比员員解水名真论論处處走义義各入几口认認条條平系气氣题題活尔更别别打女变變四神总總何电電数數安少报報\
        才结結反受目太量再感建务務做接必场場件计計管期市直德资資命山金指克许許统統区區保至队隊形社便空决決治展马馬科司五基眼书書\
        非则則听聽白却界达達光放强強即像难難且权權思王象完设設式色路记記南品住告类類求据據程北边邊死张張该該交规規万萬取拉格望觉\
        覺术術领領共确確传傳师師观觀清今切院让讓识識候带帶导導争爭运運笔請请谢謝收货貨单單订訂退款您吗嗎";
    score(text, |c| match c {
        '\u{4e00}'..='\u{9fff}' if COMMON.contains(c) => 1.3,
        '\u{4e00}'..='\u{9fff}' => 0.6,
        '。' | '，' | '、' | '！' | '？' | '：' | '；' | '（' | '）' | '“' | '”' | '《' | '》' | '\u{3000}' => {
            1.0
        }
        '\u{3040}'..='\u{30ff}' => -0.2,
        _ => -0.6,
    })
}

fn score_japanese(text: &str) -> f64 {
    score(text, |c| match c {
        '\u{3041}'..='\u{3096}' => 1.4,
        '\u{30a0}'..='\u{30ff}' => 1.1,
        '。' | '、' | '「' | '」' => 1.2,
        '\u{4e00}'..='\u{9fff}' => 0.5,
        // Half-width katakana is what other charsets look like in Shift_JIS.
        '\u{ff61}'..='\u{ff9f}' => -0.8,
        _ => -0.6,
    })
}

fn score_hangul(text: &str) -> f64 {
    score(text, |c| match c {
        '\u{ac00}'..='\u{d7a3}' => 1.1,
        '\u{4e00}'..='\u{9fff}' => 0.0,
        _ => -0.6,
    })
}

fn score_cyrillic(text: &str) -> f64 {
    // Capitals within words betray the wrong one of two single-byte charsets, Latin letters beside Cyrillic ones that
    // it is neither.
    let chars: Vec<char> = text.chars().collect();
    let mut sum = 0.0;
    for (index, &c) in chars.iter().enumerate() {
        if c.is_ascii() {
            continue;
        }
        let before = index.checked_sub(1).map_or(' ', |i| chars[i]);
        let after = chars.get(index + 1).copied().unwrap_or(' ');
        if before.is_ascii_alphabetic() || after.is_ascii_alphabetic() {
            sum -= 0.6;
            continue;
        }
        sum += match c {
            'а'..='я' | 'ё' | 'і' | 'ї' | 'є' => 1.0,
            'А'..='Я' | 'Ё' if before.is_lowercase() => -0.8,
            'А'..='Я' | 'Ё' => 0.5,
            '—' | '«' | '»' | '№' | '„' | '“' | '\u{a0}' => 0.5,
            _ => -0.6,
        };
    }
    sum
}

fn score_latin(text: &str) -> f64 {
    score_letters(text, "äöüßéèêëàâáãåæçíîïñóôõøúûùœÿ", "ÄÖÜÉÈÀÂÁÃÅÇÍÎÑÓÔØÚ")
}

fn score_latin_east(text: &str) -> f64 {
    score_letters(text, "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșțşţ", "ĄĆĘŁŃÓŚŹŻČĎÉĚŇŘŠŤŮÝŽŐŰ") - 0.01
}

fn score_turkish(text: &str) -> f64 {
    score_letters(text, "çğıöşüâî", "ÇĞİÖŞÜ") - 0.02
}

fn score_letters(text: &str, lower: &str, upper: &str) -> f64 {
    // Accented letters stand next to plain ones; a run of accented letters is another script.
    let chars: Vec<char> = text.chars().collect();
    let mut sum = 0.0;
    for (index, &c) in chars.iter().enumerate() {
        if c.is_ascii() {
            continue;
        }
        let ascii = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_none_or(char::is_ascii);
        let alone = ascii(index.checked_sub(1)) && ascii(Some(index + 1));
        let value = match c {
            c if lower.contains(c) => 0.9,
            c if upper.contains(c) => 0.5,
            '’' | '‘' | '“' | '”' | '–' | '—' | '…' | '€' | '£' | '°' | '®' | '©' | '\u{a0}' | '«' | '»' | '•'
            | '™' => 0.8,
            _ => -0.6,
        };
        sum += if alone || value < 0.0 { value } else { value * 0.3 };
    }
    sum
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

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
        ] {
            let (bytes, ..) = encoding.encode(sample);
            assert_eq!(text(&bytes, None), sample, "{}", encoding.name());
        }
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
