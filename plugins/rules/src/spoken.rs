//! Which language a mail is written in: scripts first, then letters that few languages have, then little words.
//!
//! A help for choosing between look-alikes ("die", "gift"), and the answer where the host had none.

use crate::fold::Scripts;
use crate::language::LanguageTable;
use crate::lexicon::Hit;

/// What was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spoken {
    /// Bit of the language whose words are believed; 0 when unsure or when it has none.
    pub bit: u32,
    /// 0 to 1.
    pub confidence: f32,
    /// The BCP 47 tag where it says more than the bit's name (`zh-Hant`) or where there is no bit (`uk`); else empty.
    pub tag: &'static str,
}

/// Bytes of each text that letters are looked for in.
const SAMPLE_BYTES: usize = 2048;
/// A letter counts at most so often: one name full of them is not a language.
const LETTER_TIMES_MAX: u32 = 4;
/// So many points are enough to say a language, when it is so far ahead of the next one.
const VOTES_MIN: u32 = 5;
const LEAD_MIN: u32 = 3;

/// Letters of the Latin script that tell languages apart: points for each language.
fn latin_letter(letter: char) -> &'static [(&'static str, u32)] {
    match letter {
        'ñ' | 'Ñ' | '¿' | '¡' => &[("es", 6)],
        'ã' | 'Ã' | 'õ' | 'Õ' => &[("pt", 6), ("vi", 1)],
        'ß' => &[("de", 6)],
        'ä' | 'Ä' => &[("de", 2), ("sv", 2), ("fi", 3)],
        'ö' | 'Ö' => &[("de", 2), ("sv", 2), ("fi", 1), ("tr", 2), ("hu", 1)],
        'ü' | 'Ü' => &[("de", 3), ("tr", 2), ("hu", 1)],
        'å' | 'Å' => &[("sv", 2), ("da", 2), ("no", 2)],
        'æ' | 'Æ' | 'ø' | 'Ø' => &[("da", 4), ("no", 4)],
        'ğ' | 'Ğ' | 'ş' | 'Ş' | 'ı' | 'İ' => &[("tr", 6)],
        'ą' | 'ę' | 'ł' | 'Ł' | 'ż' | 'Ż' | 'ź' | 'ś' | 'Ś' | 'ć' | 'ń' => &[("pl", 6)],
        'ř' | 'ě' | 'ů' | 'Ř' => &[("cs", 6)],
        'č' | 'š' | 'ž' => &[("cs", 2)],
        'ő' | 'ű' => &[("hu", 6)],
        'ț' | 'ș' | 'ţ' => &[("ro", 6)],
        'ă' => &[("ro", 4), ("vi", 2)],
        'ç' | 'Ç' => &[("fr", 2), ("pt", 2), ("tr", 2)],
        'è' | 'ê' => &[("fr", 2), ("it", 1), ("vi", 1)],
        'È' | 'ì' | 'ò' | 'ù' => &[("it", 2), ("vi", 1)],
        'œ' | 'Œ' | 'û' | 'ë' | 'ï' => &[("fr", 2), ("nl", 1)],
        'ơ' | 'Ơ' | 'ư' | 'Ư' | 'đ' | 'Đ' | '\u{1EA0}'..='\u{1EF9}' => &[("vi", 4)],
        'â' => &[("fr", 1), ("pt", 1), ("vi", 1), ("tr", 1), ("ro", 2)],
        'á' | 'í' | 'ó' => &[("es", 1), ("pt", 1), ("cs", 1), ("hu", 1)],
        _ => &[],
    }
}

/// Characters that only the traditional or only the simplified writing has, of those that support mail is full of; in pairs.
const TRADITIONAL: &str = "們這個來時會對說沒為發還樣過現後點間電話東實請問題單訂貨兩種錢嗎給讓應該關開見車馬長門語認識誰難買賣貴頭兒幾歲聽寫讀書愛\
     習業務員價質運費復盡總換壞損紅綠顏碼據聯繫網絡圖轉賬戶號帳項產積極處辦動郵遞寄達標準確稅統編臺灣廣國際貼張雙塊帶鐵裝寶氣體驗證\
     謝謝麻煩級區縣樓溫濕淨機無線鍵續從與並嚴滿賠償審傳態漲銀補資訊連結響覺讚優惠邊晒係嘅喺咗冇唔哋佢";
const SIMPLIFIED: &str = "们这个来时会对说没为发还样过现后点间电话东实请问题单订货两种钱吗给让应该关开见车马长门语认识谁难买卖贵头儿几岁听写读书爱\
     习业务员价质运费复尽总换坏损红绿颜码据联系网络图转账户号帐项产积极处办动邮递达标准确税统编台湾广国际贴张双块带铁装宝气体验证\
     谢烦级区县楼温湿净机无线键续从与并严满赔偿审传态涨银补资讯连结响觉赞优边";

/// Letters of a text that tell.
#[derive(Default)]
struct Letters {
    traditional: u32,
    simplified: u32,
    persian: u32,
    urdu: u32,
    ukrainian: u32,
    russian: u32,
    bulgarian: u32,
    serbian: u32,
    greek: u32,
    hebrew: u32,
    devanagari: u32,
}

/// Decides from scripts, letters and words.
#[must_use]
#[inline(never)]
pub fn decide(texts: [&str; 2], scripts: &Scripts, hits: &[Hit], common: u16, table: &LanguageTable) -> Spoken {
    let mut votes = [0u32; 32];
    let letters = look(texts, table, &mut votes);
    let all = scripts.latin / 3
        + scripts.cyrillic / 3
        + scripts.han
        + scripts.kana
        + scripts.hangul
        + scripts.arabic / 3
        + scripts.thai / 2
        + scripts.other / 3;
    let mostly = |count: u32| count * 2 > all;
    let said = |name: &'static str, confidence: f32| Spoken { bit: table.known(name), confidence, tag: name };
    if scripts.kana > 0 && mostly(scripts.kana + scripts.han) && scripts.kana * 8 > scripts.han {
        return said("ja", 0.97);
    }
    if mostly(scripts.hangul) {
        return said("ko", 0.97);
    }
    if mostly(scripts.han) {
        let tag = if letters.traditional > letters.simplified { "zh-Hant" } else { "zh" };
        return Spoken { tag, ..said("zh", 0.95) };
    }
    if mostly(scripts.thai / 2) {
        return said("th", 0.98);
    }
    if mostly(scripts.arabic / 3) {
        return match () {
            () if letters.urdu > 0 => said("ur", 0.9),
            () if letters.persian * 25 > scripts.arabic => said("fa", 0.9),
            () => said("ar", 0.95),
        };
    }
    if mostly(scripts.cyrillic / 3) {
        return match () {
            () if letters.serbian > letters.russian + letters.ukrainian => said("sr", 0.85),
            () if letters.ukrainian > letters.russian => said("uk", 0.9),
            () if letters.russian == 0 && letters.bulgarian * 40 > scripts.cyrillic => said("bg", 0.8),
            () => said("ru", 0.93),
        };
    }
    if mostly(scripts.other / 3) {
        let most = letters.greek.max(letters.hebrew).max(letters.devanagari);
        return match () {
            () if most == 0 => Spoken::default(),
            () if letters.greek == most => said("el", 0.95),
            () if letters.hebrew == most => said("he", 0.95),
            () => said("hi", 0.85),
        };
    }
    for hit in hits.iter().filter(|hit| !hit.guessed) {
        // A common word speaks for its language, the more the fewer have it; a term of the trade only a little.
        let weight = match (hit.group == common, hit.languages.count_ones()) {
            (true, 1) => 6,
            (true, 2) => 3,
            (true, 3) => 2,
            (true, 4 | 5) | (false, 2) => 1,
            (false, 1) => 2,
            _ => continue,
        };
        let mut bits = hit.languages;
        while bits != 0 {
            votes[bits.trailing_zeros() as usize] += weight;
            bits &= bits - 1;
        }
    }
    let mut best = 0;
    for index in 1..votes.len() {
        if votes[index] > votes[best] {
            best = index;
        }
    }
    let second =
        votes.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, count)| *count).max().unwrap_or(0);
    if votes[best] < VOTES_MIN || votes[best] < second + LEAD_MIN {
        return Spoken::default();
    }
    let confidence = (votes[best] - second) as f32 / (votes[best] + 6) as f32;
    Spoken { bit: 1 << best, confidence: (0.5 + confidence / 2.0).min(0.99), tag: "" }
}

/// Counts letters outside ASCII; those of the Latin script vote at once.
#[inline(never)]
fn look(texts: [&str; 2], table: &LanguageTable, votes: &mut [u32; 32]) -> Letters {
    let mut letters = Letters::default();
    let mut seen: [(char, u32); 24] = [('\0', 0); 24];
    for text in texts {
        for character in text
            .bytes()
            .take(SAMPLE_BYTES)
            .enumerate()
            .filter(|(_, byte)| *byte >= 0xC0)
            .filter_map(|(at, _)| text.get(at..).and_then(|rest| rest.chars().next()))
        {
            let count = match character {
                '\u{A1}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => {
                    let known = seen.iter_mut().find(|(known, _)| *known == character || *known == '\0');
                    if let Some((known, times)) = known {
                        *known = character;
                        *times += 1;
                    }
                    continue;
                }
                '\u{4E00}'..='\u{9FFF}' => {
                    if letters.traditional + letters.simplified >= 64 {
                        continue;
                    }
                    // What stands in both lists says nothing.
                    match (TRADITIONAL.contains(character), SIMPLIFIED.contains(character)) {
                        (true, false) => &mut letters.traditional,
                        (false, true) => &mut letters.simplified,
                        _ => continue,
                    }
                }
                'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' => &mut letters.persian,
                'ٹ' | 'ڈ' | 'ڑ' | 'ے' | 'ں' => &mut letters.urdu,
                'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' | 'Ґ' => &mut letters.ukrainian,
                'ы' | 'э' | 'ё' | 'Ы' | 'Э' | 'Ё' => &mut letters.russian,
                'ъ' | 'Ъ' => &mut letters.bulgarian,
                'ђ' | 'ј' | 'љ' | 'њ' | 'ћ' | 'џ' | 'Ј' => &mut letters.serbian,
                '\u{370}'..='\u{3FF}' => &mut letters.greek,
                '\u{5D0}'..='\u{5EA}' => &mut letters.hebrew,
                '\u{900}'..='\u{97F}' => &mut letters.devanagari,
                _ => continue,
            };
            *count += 1;
        }
    }
    for (letter, times) in seen.iter().take_while(|(letter, _)| *letter != '\0') {
        for (language, points) in latin_letter(*letter) {
            let bit = table.known(language);
            if bit != 0 {
                votes[bit.trailing_zeros() as usize] += points * (*times).min(LETTER_TIMES_MAX);
            }
        }
    }
    letters
}
