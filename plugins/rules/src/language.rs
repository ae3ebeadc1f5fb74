//! Which language the words speak for. A help for choosing between look-alikes ("die", "gift"), and the
//! answer where the host had none.

use crate::fold::Scripts;
use crate::lexicon::Hit;

/// Languages of the words, by number; at most 32.
#[derive(Clone, Debug, Default)]
pub struct LanguageTable {
    names: Vec<String>,
}

impl LanguageTable {
    /// The bit of a language, made when new; 0 (all languages) for `any`.
    ///
    /// # Errors
    /// When there are more than 32.
    pub fn bit(&mut self, name: &str) -> Result<u32, String> {
        let name = primary(name);
        if name == "any" {
            return Ok(0);
        }
        if name.is_empty() || name.len() > 8 || !name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(format!("`{name}` is not a language; write its BCP 47 code, such as `de`"));
        }
        let index = match self.names.iter().position(|known| *known == name) {
            Some(index) => index,
            None if self.names.len() < 32 => {
                self.names.push(name);
                self.names.len() - 1
            }
            None => return Err("words in more than 32 languages".to_owned()),
        };
        Ok(1 << index)
    }

    /// The bit of a language that has words; 0 when it has none.
    #[must_use]
    pub fn known(&self, name: &str) -> u32 {
        let name = primary(name);
        self.names.iter().position(|known| *known == name).map_or(0, |index| 1 << index)
    }

    /// The language of a bit.
    #[must_use]
    pub fn name(&self, bit: u32) -> &str {
        self.names.get(bit.trailing_zeros() as usize).map_or("", String::as_str)
    }
}

/// `zh-Hant` → `zh`
#[must_use]
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// What was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spoken {
    /// Its bit; 0 when unsure.
    pub bit: u32,
    /// 0 to 1.
    pub confidence: f32,
}

/// Decides from letters and from words that belong to one language only.
#[must_use]
#[inline(never)]
pub fn decide(scripts: &Scripts, hits: &[Hit], common: u16, table: &LanguageTable) -> Spoken {
    let letters =
        scripts.latin / 3 + scripts.cyrillic / 3 + scripts.han + scripts.kana + scripts.hangul + scripts.arabic / 3;
    let mostly = |count: u32| count * 2 > letters;
    if scripts.kana > 0 && mostly(scripts.kana + scripts.han) && scripts.kana * 8 > scripts.han {
        return Spoken { bit: table.known("ja"), confidence: 0.97 };
    }
    if mostly(scripts.hangul) {
        return Spoken { bit: table.known("ko"), confidence: 0.97 };
    }
    if mostly(scripts.han) {
        return Spoken { bit: table.known("zh"), confidence: 0.95 };
    }
    let mut votes = [0u32; 32];
    for hit in hits {
        // A common word speaks for its language; a term of the trade only a little.
        let weight = if hit.group == common { 3 } else { 1 };
        let mut bits = hit.languages;
        if bits.count_ones() <= 3 {
            while bits != 0 {
                votes[bits.trailing_zeros() as usize] += weight;
                bits &= bits - 1;
            }
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
    if votes[best] < 3 || votes[best] < second + 2 {
        return Spoken::default();
    }
    let confidence = (votes[best] - second) as f32 / (votes[best] + 3) as f32;
    Spoken { bit: 1 << best, confidence: (0.5 + confidence / 2.0).min(0.99) }
}
