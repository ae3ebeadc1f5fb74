//! Which charset bytes are in that name none: the one in which they look most like written language.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, KOI8_R, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
};
use std::borrow::Cow;

/// The charset under which the bytes look most like written language.
pub(super) fn guess(bytes: &[u8]) -> (String, &'static str) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), "UTF-8");
    }
    if let Some(text) = mostly_utf8(bytes) {
        return (text, "UTF-8");
    }
    // A sample is enough to tell, and bounds the cost.
    let sample = &bytes[..bytes.len().min(16 * 1024)];
    if has_gb_signs(sample) {
        return (GB18030.decode_without_bom_handling(bytes).0.into_owned(), GB18030.name());
    }
    let sample = &*readable(sample);
    let candidates: [Candidate; 14] = [
        (GB18030, score_han),
        (BIG5, score_han),
        (SHIFT_JIS, score_japanese),
        (EUC_JP, score_japanese),
        (EUC_KR, score_hangul),
        (WINDOWS_1251, score_cyrillic),
        (KOI8_R, score_cyrillic),
        (WINDOWS_1253, score_greek),
        (WINDOWS_1255, score_hebrew),
        (WINDOWS_1256, score_arabic),
        (WINDOWS_874, score_thai),
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

/// UTF-8 that was cut, or has a few stray bytes in it: what Windows programs pasted. None: it is not, or not much of it.
pub(super) fn mostly_utf8(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let (mut good, mut stray) = (0, 0);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        match chunk.invalid() {
            [] => {}
            // The last character may have been cut.
            [byte] if chunks.peek().is_some() => {
                stray += 1;
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(&[*byte]).0);
            }
            _ => {
                stray += 1;
                text.push('\u{fffd}');
            }
        }
    }
    (good >= 4 && stray * 4 <= good).then_some(text)
}

/// Chinese quotation marks, dashes and blanks in a text that is otherwise English: what Chinese programs make of them where nobody
/// names a charset. All of the bytes have to be such signs; as Latin text they would be `¡°`, `¡¯`, `¡¡`.
fn has_gb_signs(sample: &[u8]) -> bool {
    let runs: Vec<&[u8]> = sample.split(u8::is_ascii).filter(|run| !run.is_empty()).collect();
    let is_sign = |pair: &[u8]| match pair {
        [0xa1, trail] => [0xa1, 0xa4, 0xaa, 0xad, 0xae, 0xaf, 0xb0, 0xb1, 0xc0, 0xc1, 0xc2, 0xe3, 0xe6].contains(trail),
        [0xa3, trail] => *trail > 0xa0,
        _ => false,
    };
    let all = runs.iter().all(|run| run.chunks(2).all(is_sign));
    // `¡¡Hola!!`
    let shouts = sample.windows(2).filter(|pair| pair == b"!!").count();
    all && runs.len() >= 2 && shouts < runs.len()
}

/// Without the lines that hold control characters: what is left of a file, or of text that was decoded twice, misleads.
fn readable(sample: &[u8]) -> Cow<'_, [u8]> {
    let is_text = |line: &&[u8]| !line.iter().any(|b| *b < 0x20 && !b"\t\r\n\x0c\x1b".contains(b) || *b == 0x7f);
    if sample.split_inclusive(|b| *b == b'\n').all(|line| is_text(&line)) {
        return Cow::Borrowed(sample);
    }
    let kept: Vec<u8> = sample.split_inclusive(|b| *b == b'\n').filter(is_text).flatten().copied().collect();
    if kept.is_ascii() { Cow::Borrowed(sample) } else { Cow::Owned(kept) }
}

type Candidate = (&'static Encoding, fn(&str) -> f64);

/// Bytes beyond ASCII are few and stand alone or in pairs, or nearly all of those that do stand beside plain letters, as in Turkish:
/// no other script is written into the midst of Latin words.
fn is_sprinkled(sample: &[u8]) -> bool {
    let high = sample.iter().filter(|b| **b >= 0x80).count();
    let letters = sample.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let (mut runs, mut beside) = (0, 0);
    let mut at = 0;
    while at < sample.len() {
        let length = sample[at..].iter().take_while(|b| **b >= 0x80).count();
        if length > 0 {
            let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
            let before = at.checked_sub(1).and_then(|at| sample.get(at));
            runs += 1;
            beside += usize::from(length <= 2 && (letter(before) || letter(sample.get(at + length))));
        }
        at += length.max(1);
    }
    high <= runs * 2 && (high * 6 <= letters || (high <= letters && beside * 10 >= runs * 9))
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

/// Letters of which some stand at the end of a word only, and their others nowhere else.
fn score_words(text: &str, is_letter: fn(char) -> bool, ends: &str, never_ends: &str, value: fn(char) -> f64) -> f64 {
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    let mut sum = 0.0;
    while let Some(c) = chars.next() {
        let more = chars.peek().is_some_and(|next| is_letter(*next));
        if !c.is_ascii() {
            let misplaced = ends.contains(c) && more || never_ends.contains(c) && !more && is_letter(before);
            let shouted = c.is_uppercase() && before.is_lowercase();
            let foreign = is_letter(c) && before.is_ascii_alphabetic();
            sum += if misplaced || shouted || foreign { -0.8 } else { value(c) };
        }
        before = c;
    }
    sum
}

fn score_greek(text: &str) -> f64 {
    let is_letter = |c: char| ('\u{386}'..='\u{3ce}').contains(&c);
    score_words(text, is_letter, "ς", "σ", |c| match c {
        'α'..='ω' | 'ά' | 'έ' | 'ή' | 'ί' | 'ό' | 'ύ' | 'ώ' => 1.0,
        'Α'..='Ω' | 'Ά' | 'Έ' | 'Ή' | 'Ί' | 'Ό' | 'Ύ' | 'Ώ' | '«' | '»' | '·' => 0.5,
        'ϊ' | 'ϋ' | 'ΐ' | 'ΰ' => -0.3,
        _ => -0.6,
    })
}

fn score_hebrew(text: &str) -> f64 {
    let is_letter = |c: char| ('א'..='ת').contains(&c);
    score_words(text, is_letter, "ךםןףץ", "כמנפצ", |c| match c {
        'א'..='ת' => 1.1,
        '\u{5b0}'..='\u{5c2}' => 0.2,
        '“' | '”' | '–' | '₪' => 0.5,
        _ => -0.6,
    })
}

fn score_arabic(text: &str) -> f64 {
    let is_letter = |c: char| ('\u{621}'..='\u{64a}').contains(&c);
    score_words(text, is_letter, "ةى", "", |c| match c {
        'ا' | 'ل' | 'م' | 'ن' | 'و' | 'ي' | 'ر' | 'ت' | 'ب' | 'ه' => 1.1,
        '\u{621}'..='\u{64a}' => 0.8,
        '،' | '؟' | '؛' => 1.0,
        _ => -0.6,
    })
}

fn score_thai(text: &str) -> f64 {
    // Vowels and tones stand above and below consonants, and some vowels before one: anything else is another script.
    let is_consonant = |c: char| ('\u{e01}'..='\u{e2e}').contains(&c);
    let is_mark = |c: char| matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}');
    // Of the letters of any text about one in four is such a mark.
    let letters = text.chars().filter(|c| ('\u{e01}'..='\u{e4e}').contains(c)).count();
    let worth = if text.chars().filter(|c| is_mark(*c)).count() * 10 >= letters { 1.0 } else { 0.2 };
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    let mut sum = 0.0;
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if !c.is_ascii() {
            sum += match c {
                _ if is_mark(c) && !is_consonant(before) && !is_mark(before) => -0.8,
                '\u{e40}'..='\u{e44}' if !is_consonant(after) => -0.8,
                '\u{e01}'..='\u{e4e}' => worth,
                '\u{e4f}'..='\u{e5b}' => 0.2,
                _ => -0.6,
            };
        }
        before = c;
    }
    sum
}

fn score_latin(text: &str) -> f64 {
    score_letters(text, "äöüßéèêëàâáãåæçíìîïñóòôõøúûùœÿ", "ÄÖÜÉÈÀÂÁÃÅÆÇÍÎÑÓÔØÚ")
}

fn score_latin_east(text: &str) -> f64 {
    // Who writes this letter writes others too; alone it is what Turkish looks like.
    let accents: Vec<char> = text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).collect();
    let is_turkish = accents.len() >= 3 && accents.iter().all(|c| matches!(c, 'ý' | 'Ý'));
    let letters = text.chars().filter(|c| !c.is_ascii()).count() as f64;
    let handicap = if is_turkish { letters * 0.05 } else { 0.01 };
    score_letters(text, "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșțşţ", "ĄĆĘŁŃÓŚŹŻČĎÉĚŇŘŠŤŮÝŽŐŰ") - handicap
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
            '¡' | '¿' | 'º' | 'ª' | '’' | '‘' | '“' | '”' | '–' | '—' | '…' | '€' | '£' | '°' | '®' | '©'
            | '\u{a0}' | '«' | '»' | '•' | '™' => 0.8,
            _ => -0.6,
        };
        sum += if alone || value < 0.0 { value } else { value * 0.3 };
    }
    sum
}
