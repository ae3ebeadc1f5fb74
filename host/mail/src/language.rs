//! Which language a text is written in.
//!
//! Most scripts name the language by themselves. Among languages in Latin script common little words decide, which
//! costs microseconds; where they leave doubt a small trigram model (whatlang) is asked, and believed when it is sure.
//! A text too short or too mixed to tell has no language: a wrong one would choose a wrong template. (A large model was
//! measured as well: better on single words, but 79 MiB of memory once used and 80 MB in the program.)

mod words;

use std::sync::LazyLock;
use whatlang::{Detector, Lang};

/// Characters of a text that are looked at: the first ones say it.
const SAMPLE_CHARS: usize = 3000;
/// Letters below which nothing is said, by script: an ideograph says more than a Latin letter.
const LATIN_LETTERS_MIN: usize = 10;
const CYRILLIC_LETTERS_MIN: usize = 6;
const OTHER_LETTERS_MIN: usize = 2;

/// The language as BCP 47 (`en`, `zh`, `pt` …). None when unsure: too short, mixed, or not a language at all.
/// Addresses, links, numbers and quoted lines are passed over.
#[must_use]
pub fn detect(text: &str) -> Option<String> {
    let sample = sample(text);
    let counts = Counts::of(&sample);
    let (script, share) = counts.main()?;
    // A few words of another script (names, products, a signature) do not matter; a third of the text does.
    if share < 0.65 {
        return None;
    }
    let enough = |letters: usize, least: usize| letters >= least;
    match script {
        Script::Japanese => Some("ja"),
        Script::Han => enough(counts.han, OTHER_LETTERS_MIN).then_some("zh"),
        Script::Hangul => enough(counts.hangul, OTHER_LETTERS_MIN).then_some("ko"),
        Script::Thai => enough(counts.thai, OTHER_LETTERS_MIN * 2).then_some("th"),
        Script::Hebrew => enough(counts.hebrew, OTHER_LETTERS_MIN * 2).then_some("he"),
        Script::Greek => enough(counts.greek, CYRILLIC_LETTERS_MIN).then_some("el"),
        Script::Devanagari => enough(counts.devanagari, CYRILLIC_LETTERS_MIN).then_some("hi"),
        Script::Arabic => enough(counts.arabic, CYRILLIC_LETTERS_MIN).then(|| arabic(&sample)),
        Script::Cyrillic => enough(counts.cyrillic, CYRILLIC_LETTERS_MIN).then(|| cyrillic(&sample)),
        Script::Latin => {
            if !enough(counts.latin, LATIN_LETTERS_MIN) {
                return None;
            }
            words::by_little_words(&sample).or_else(|| by_model(&sample))
        }
    }
    .map(str::to_owned)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Han,
    Japanese,
    Hangul,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Thai,
    Devanagari,
}

#[derive(Default)]
struct Counts {
    latin: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    cyrillic: usize,
    greek: usize,
    arabic: usize,
    hebrew: usize,
    thai: usize,
    devanagari: usize,
}

impl Counts {
    fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for c in text.chars() {
            let count = match u32::from(c) {
                0x41..=0x5A | 0x61..=0x7A | 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0x24F | 0x1E00..=0x1EFF => {
                    &mut counts.latin
                }
                0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2FA1F | 0x3005 => &mut counts.han,
                0x3041..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F => &mut counts.kana,
                0xAC00..=0xD7A3 | 0x1100..=0x11FF | 0x3130..=0x318F => &mut counts.hangul,
                0x400..=0x52F => &mut counts.cyrillic,
                0x370..=0x3FF | 0x1F00..=0x1FFF => &mut counts.greek,
                0x600..=0x6FF | 0x750..=0x77F | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC => &mut counts.arabic,
                0x590..=0x5FF => &mut counts.hebrew,
                0xE00..=0xE7F => &mut counts.thai,
                0x900..=0x97F => &mut counts.devanagari,
                _ => continue,
            };
            *count += 1;
        }
        counts
    }

    /// The script that most of the text is in, and its share. An ideograph or a syllable weighs as much as the few
    /// letters it stands for.
    fn main(&self) -> Option<(Script, f64)> {
        // Ideographs beside kana are Japanese; a single kana (の as a fashion) in Chinese is not.
        let japanese = self.kana >= 2 && self.kana * 8 >= self.han;
        let east = (self.han + self.kana) as f64 * 3.0;
        let weights = [
            (Script::Latin, self.latin as f64),
            (if japanese { Script::Japanese } else { Script::Han }, east),
            (Script::Hangul, self.hangul as f64 * 2.0),
            (Script::Cyrillic, self.cyrillic as f64),
            (Script::Greek, self.greek as f64),
            (Script::Arabic, self.arabic as f64),
            (Script::Hebrew, self.hebrew as f64),
            (Script::Thai, self.thai as f64),
            (Script::Devanagari, self.devanagari as f64),
        ];
        let total: f64 = weights.iter().map(|(_, w)| w).sum();
        let (script, weight) = weights.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        (weight > 0.0).then(|| (script, weight / total))
    }
}

fn cyrillic(text: &str) -> &'static str {
    let count = |letters: &str| text.chars().filter(|c| letters.contains(*c)).count();
    let ukrainian = count("іїєґІЇЄҐ");
    let russian = count("ыэёЫЭЁ");
    if count("ўЎ") > 0 && ukrainian > 0 {
        "be"
    } else if count("ђјљњћџЂЈЉЊЋЏ") > 0 {
        if count("ѓќѕЃЌЅ") > 0 { "mk" } else { "sr" }
    } else if ukrainian > russian {
        "uk"
    } else if russian == 0 && count("ъЪ") * 60 > text.chars().count() {
        "bg"
    } else {
        "ru"
    }
}

fn arabic(text: &str) -> &'static str {
    let count = |letters: &str| text.chars().filter(|c| letters.contains(*c)).count();
    if count("ٹڈڑےں") > 0 {
        "ur"
    } else if count("پچژگ") > 0 || count("یک") > count("يك") {
        "fa"
    } else {
        "ar"
    }
}

/// The first characters, without what is no language: quoted lines, links, addresses, words with digits in them.
fn sample(text: &str) -> String {
    let mut out = String::with_capacity(SAMPLE_CHARS.min(text.len()));
    let mut chars = 0;
    for line in text.lines() {
        if line.trim_start().starts_with('>') {
            continue;
        }
        for word in line.split_whitespace() {
            if word.contains("://") || word.contains('@') || word.starts_with("www.") {
                continue;
            }
            if word.is_ascii() && word.bytes().any(|b| b.is_ascii_digit()) {
                continue;
            }
            let length = word.chars().count();
            if length > 60 && word.is_ascii() {
                continue;
            }
            out.extend(word.chars().take(SAMPLE_CHARS));
            out.push(' ');
            chars += length + 1;
            if chars >= SAMPLE_CHARS {
                return out;
            }
        }
    }
    out
}

fn detector() -> &'static Detector {
    static DETECTOR: LazyLock<Detector> =
        LazyLock::new(|| Detector::with_allowlist(CODES.iter().map(|(lang, _)| *lang).collect()));
    &DETECTOR
}

/// Languages in Latin script that the model may answer with. Many more would only be ways to be wrong.
const CODES: &[(Lang, &str)] = &[
    (Lang::Eng, "en"),
    (Lang::Spa, "es"),
    (Lang::Fra, "fr"),
    (Lang::Deu, "de"),
    (Lang::Ita, "it"),
    (Lang::Por, "pt"),
    (Lang::Nld, "nl"),
    (Lang::Pol, "pl"),
    (Lang::Swe, "sv"),
    (Lang::Dan, "da"),
    (Lang::Nob, "no"),
    (Lang::Fin, "fi"),
    (Lang::Ces, "cs"),
    (Lang::Slk, "sk"),
    (Lang::Hun, "hu"),
    (Lang::Ron, "ro"),
    (Lang::Tur, "tr"),
    (Lang::Vie, "vi"),
    (Lang::Ind, "id"),
    (Lang::Hrv, "hr"),
    (Lang::Slv, "sl"),
    (Lang::Lit, "lt"),
    (Lang::Lav, "lv"),
    (Lang::Est, "et"),
];

fn by_model(sample: &str) -> Option<&'static str> {
    let info = detector().detect(sample)?;
    if !info.is_reliable() {
        return None;
    }
    CODES.iter().find(|(lang, _)| *lang == info.lang()).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests;
