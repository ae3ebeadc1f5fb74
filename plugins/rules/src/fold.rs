//! Text as rules see it: folded letters, words, sentences; every word remembers where it stood.
//!
//! Folding makes spelling differences vanish: case, accents, full-width letters, apostrophes ("didn't"
//! is one word, "l'article" two). Scripts without spaces between words (Han, kana, Hangul, Thai and
//! others) become one word per character, with nothing between them, so that a term matches anywhere
//! in running text and whatever the spacing.

use crate::letters::{Letter, letter};

/// The word holds a digit.
pub const DIGIT: u8 = 1;
/// The word holds a letter.
pub const LETTER: u8 = 2;
/// The word is one character of a script without spaces, or a symbol that counts as a word.
pub const SINGLE: u8 = 4;
/// A letter of the word is lower case.
pub const LOWER: u8 = 8;

/// One word.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// First byte in its text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// First byte in the folded text.
    pub fold: u32,
    /// [`DIGIT`], [`LETTER`], [`SINGLE`], [`LOWER`].
    pub flags: u8,
}

/// One sentence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sentence {
    /// Index of its first word.
    pub first: u32,
    /// It ended with a question mark.
    pub question: bool,
    /// How many exclamation marks ended it.
    pub exclamations: u8,
}

/// How many letters of each script were seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scripts {
    /// Latin letters, upper-case ones counted again in `upper`.
    pub latin: u32,
    /// Latin and Cyrillic capitals.
    pub upper: u32,
    /// Cyrillic.
    pub cyrillic: u32,
    /// Han characters.
    pub han: u32,
    /// Hiragana and katakana.
    pub kana: u32,
    /// Hangul syllables.
    pub hangul: u32,
    /// Arabic.
    pub arabic: u32,
    /// Thai.
    pub thai: u32,
    /// Greek, Hebrew and everything else.
    pub other: u32,
}

/// Folded text with its words and sentences. Reused from text to text.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    /// Words joined by a space (nothing beside single-character words), sentences ended by a line feed.
    pub bytes: Vec<u8>,
    /// In order.
    pub tokens: Vec<Token>,
    /// In order; at least one when there is a word.
    pub sentences: Vec<Sentence>,
    /// Letters seen.
    pub scripts: Scripts,
    /// How many words belong to the first text (the subject).
    pub subject_tokens: u32,
}

/// Lines shorter than this many bytes end a sentence; longer ones were wrapped by the mailer.
const WRAPPED_LINE_BYTES_MIN: usize = 48;

// Classes of ASCII bytes, one bit each.
const ALNUM_LOWER: u8 = 1;
const ALNUM_UPPER: u8 = 2;
const ALNUM_DIGIT: u8 = 4;
const STOP: u8 = 8;
const APOSTROPHE: u8 = 16;
const NEWLINE: u8 = 32;
const ALNUM: u8 = ALNUM_LOWER | ALNUM_UPPER | ALNUM_DIGIT;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => ALNUM_LOWER,
            b'A'..=b'Z' => ALNUM_UPPER,
            b'0'..=b'9' => ALNUM_DIGIT,
            b'.' | b'!' | b'?' => STOP,
            b'\'' => APOSTROPHE,
            b'\n' => NEWLINE,
            _ => 0,
        };
        byte += 1;
    }
    table
};

impl Folded {
    /// Room for a text of this many bytes without growing.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes + bytes / 4 + 8);
        self.tokens.reserve(bytes / 3 + 8);
        self.sentences.reserve(bytes / 40 + 8);
    }

    /// Folds a subject and a body.
    pub fn fold(&mut self, subject: &str, body: &str) {
        self.bytes.clear();
        self.tokens.clear();
        self.sentences.clear();
        self.scripts = Scripts::default();
        self.add(subject);
        self.subject_tokens = self.tokens.len() as u32;
        self.add(body);
        // A term is compared four bytes at a time at least: let it always find that many.
        self.bytes.extend_from_slice(b"\n\n\n\n");
    }

    /// One past the last folded byte of a word.
    #[must_use]
    pub fn fold_end(&self, index: usize) -> usize {
        let from = self.tokens[index].fold as usize;
        if self.tokens[index].flags & SINGLE != 0 {
            return from + utf8_length(self.bytes[from]);
        }
        let mut end = from;
        while !is_boundary(self.bytes[end]) {
            end += 1;
        }
        end
    }

    /// A word, folded.
    #[must_use]
    pub fn word(&self, index: usize) -> &[u8] {
        &self.bytes[self.tokens[index].fold as usize..self.fold_end(index)]
    }

    /// The words of a sentence.
    #[must_use]
    pub fn tokens_of(&self, sentence: usize) -> std::ops::Range<usize> {
        let first = self.sentences[sentence].first as usize;
        let end = self.sentences.get(sentence + 1).map_or(self.tokens.len(), |next| next.first as usize);
        first..end
    }

    #[inline(never)]
    fn add(&mut self, text: &str) {
        let first = self.tokens.len();
        self.open_sentence();
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut line_start = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte >= 0x80 {
                at = self.wide(text, at);
                continue;
            }
            let class = CLASSES[byte as usize];
            if class & ALNUM != 0 {
                let block = Block::at(bytes, at);
                let next = bytes.get(at + block.length).copied().unwrap_or(b' ');
                at = if block.length < 8 && next < 0x80 && next != b'\'' {
                    self.short_word(&block, at)
                } else {
                    self.word_from(text, at)
                };
                continue;
            }
            match class {
                0 => at += 1,
                STOP => {
                    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
                    if byte == b'.' {
                        // A dot inside "3.50" or "example.com" ends nothing.
                        if next.is_ascii_whitespace() {
                            self.close_sentence();
                        }
                    } else {
                        self.mark(byte == b'?', byte == b'!');
                        if next != b'!' && next != b'?' {
                            self.close_sentence();
                        }
                    }
                    at += 1;
                }
                NEWLINE => {
                    let blank = matches!(bytes.get(at + 1), None | Some(b'\n' | b'\r' | b'-' | b'*' | b'>'));
                    if blank || at - line_start < WRAPPED_LINE_BYTES_MIN {
                        self.close_sentence();
                    }
                    at += 1;
                    line_start = at;
                }
                _ => at += 1,
            }
        }
        self.close_sentence();
        if self.tokens.len() == first {
            // Nothing was said: no sentence either.
            if self.sentences.last().is_some_and(|last| last.first as usize == first) {
                self.sentences.pop();
            }
        } else if self.sentences.last().is_some_and(|last| last.first as usize == self.tokens.len()) {
            self.sentences.pop();
        }
    }

    fn open_sentence(&mut self) {
        if self.sentences.last().is_none_or(|last| last.first as usize != self.tokens.len()) {
            self.sentences.push(Sentence { first: self.tokens.len() as u32, ..Sentence::default() });
        }
    }

    fn close_sentence(&mut self) {
        let open = self.sentences.last().is_some_and(|last| (last.first as usize) < self.tokens.len());
        if open && self.sentences.len() < usize::from(u16::MAX) {
            self.bytes.push(b'\n');
            self.sentences.push(Sentence { first: self.tokens.len() as u32, ..Sentence::default() });
        }
    }

    /// Marks the sentence that is ending; when it has no word yet, the one before.
    fn mark(&mut self, question: bool, exclamation: bool) {
        let count = self.sentences.len();
        let empty = self.sentences.last().is_some_and(|last| last.first as usize == self.tokens.len());
        let index = if empty && count > 1 { count - 2 } else { count - 1 };
        let sentence = &mut self.sentences[index];
        sentence.question |= question;
        sentence.exclamations = sentence.exclamations.saturating_add(u8::from(exclamation));
    }

    /// A word of at most seven plain letters and digits, as most are; returns where it ends.
    #[inline(always)]
    fn short_word(&mut self, block: &Block, start: usize) -> usize {
        self.separate();
        let fold = self.bytes.len();
        // A fixed number of bytes on purpose: inside a component a copy of any length is a call to the host.
        self.bytes.extend_from_slice(&block.folded());
        self.bytes.truncate(fold + block.length);
        let flags = flags_of(block.classes);
        if flags & LETTER != 0 {
            self.scripts.latin += block.length as u32;
        }
        self.scripts.upper += block.upper;
        self.push_token(start, start + block.length, fold, flags);
        start + block.length
    }

    /// A word of letters and digits that starts here; returns where it ends.
    #[inline(never)]
    fn word_from(&mut self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        self.separate();
        let fold = self.bytes.len();
        let mut classes = 0;
        let mut at = start;
        let mut upper = 0;
        loop {
            // Runs of plain letters and digits, eight bytes at a time. The bit 0x20 makes capitals small and leaves
            // the rest.
            loop {
                let block = Block::at(bytes, at);
                let kept = self.bytes.len() + block.length;
                self.bytes.extend_from_slice(&block.folded());
                self.bytes.truncate(kept);
                classes |= block.classes;
                upper += block.upper;
                at += block.length;
                if block.length < 8 {
                    break;
                }
            }
            let Some(byte) = bytes.get(at) else { break };
            if *byte < 0x80 {
                if *byte == b'\'' && joins(bytes, at + 1) {
                    at += 1;
                    continue;
                }
                break;
            }
            // Plain Cyrillic letters, by far the most frequent of two bytes beside the accents.
            if let (0xD0 | 0xD1, Some(second)) = (*byte, bytes.get(at + 1)) {
                let code = (u32::from(*byte) & 0x1F) << 6 | u32::from(*second & 0x3F);
                if (0x0410..=0x044F).contains(&code) {
                    let capital = code < 0x0430;
                    let small = if capital { code + 0x20 } else { code };
                    classes |= if capital { ALNUM_UPPER } else { ALNUM_LOWER };
                    upper += u32::from(capital);
                    self.scripts.cyrillic += 1;
                    self.bytes.extend_from_slice(&[0xC0 | (small >> 6) as u8, 0x80 | (small & 0x3F) as u8]);
                    at += 2;
                    continue;
                }
            }
            let character = next_char(text, at);
            match letter(character) {
                Letter::Ascii(first, second, capital) => {
                    classes |= if capital { ALNUM_UPPER } else { ALNUM_LOWER };
                    upper += u32::from(capital);
                    self.bytes.push(first);
                    if second != 0 {
                        self.bytes.push(second);
                    }
                }
                Letter::Other(folded, capital) => {
                    classes |= if capital { ALNUM_UPPER } else { ALNUM_LOWER };
                    upper += u32::from(capital);
                    self.count_other(folded);
                    push_char(&mut self.bytes, folded);
                }
                Letter::Nothing => {}
                Letter::Apostrophe if joins(bytes, at + character.len_utf8()) => {}
                Letter::Digit(digit) => {
                    classes |= ALNUM_DIGIT;
                    self.bytes.push(digit);
                }
                _ => break,
            }
            at += character.len_utf8();
        }
        let article = arabic_article(&self.bytes[fold..]);
        if article > 0 {
            self.bytes.drain(fold..fold + article);
        }
        let flags = flags_of(classes);
        let length = (self.bytes.len() - fold) as u32;
        if flags & LETTER != 0 && self.bytes[fold] < 0x80 {
            self.scripts.latin += length;
        }
        self.scripts.upper += upper;
        self.push_token(start, at, fold, flags);
        at
    }

    fn count_other(&mut self, character: char) {
        match character as u32 {
            0x0400..=0x052F => self.scripts.cyrillic += 1,
            0x0600..=0x06FF => self.scripts.arabic += 1,
            _ => self.scripts.other += 1,
        }
    }

    /// Something outside ASCII that does not continue a word; returns where to go on.
    #[inline(never)]
    fn wide(&mut self, text: &str, at: usize) -> usize {
        if let &[lead @ 0xE3..=0xED, second, third, ..] = &text.as_bytes()[at..] {
            let code = (u32::from(lead) & 0x0F) << 12 | (u32::from(second) & 0x3F) << 6 | (u32::from(third) & 0x3F);
            let count = match code {
                0x4E00..=0x9FFF => Some(&mut self.scripts.han),
                0x3041..=0x30FA | 0x30FC => Some(&mut self.scripts.kana),
                0xAC00..=0xD7A3 => Some(&mut self.scripts.hangul),
                _ => None,
            };
            if let Some(count) = count {
                *count += 1;
                let fold = self.bytes.len();
                self.bytes.extend_from_slice(&[lead, second, third]);
                self.push_token(at, at + 3, fold, SINGLE);
                return at + 3;
            }
        }
        let character = next_char(text, at);
        let next = at + character.len_utf8();
        match letter(character) {
            Letter::Ascii(..) | Letter::Other(..) | Letter::Digit(_) => return self.word_from(text, at),
            Letter::Single => {
                match character as u32 {
                    0x3040..=0x30FF | 0x31F0..=0x31FF => self.scripts.kana += 1,
                    0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF => self.scripts.han += 1,
                    0xAC00..=0xD7A3 => self.scripts.hangul += 1,
                    0x0E00..=0x0E7F => self.scripts.thai += 1,
                    0x2000..=0x2FFF | 0x1_F000..=0x1_FFFF => {}
                    _ => self.scripts.other += 1,
                }
                let fold = self.bytes.len();
                push_char(&mut self.bytes, character);
                self.push_token(at, next, fold, SINGLE);
            }
            Letter::Stop => {
                self.mark(matches!(character, '？' | '؟'), character == '！');
                let more = text[next..].chars().next().is_some_and(|c| matches!(c, '！' | '？' | '!' | '?'));
                if !more {
                    self.close_sentence();
                }
            }
            _ => {}
        }
        next
    }

    /// A space between two words that both want one.
    fn separate(&mut self) {
        if let Some(last) = self.tokens.last()
            && last.flags & SINGLE == 0
            && self.bytes.last() != Some(&b'\n')
        {
            self.bytes.push(b' ');
        }
    }

    fn push_token(&mut self, start: usize, end: usize, fold: usize, flags: u8) {
        self.tokens.push(Token { start: start as u32, end: end as u32, fold: fold as u32, flags });
    }
}

/// Up to eight bytes of a text, looked at together.
struct Block {
    bytes: u64,
    /// How many of them, from the first on, are plain letters and digits.
    length: usize,
    /// Classes of those.
    classes: u8,
    /// How many of those are capitals.
    upper: u32,
}

impl Block {
    /// All eight, capitals made small.
    fn folded(&self) -> [u8; 8] {
        (self.bytes | 0x2020_2020_2020_2020).to_le_bytes()
    }

    #[inline(always)]
    fn at(text: &[u8], at: usize) -> Self {
        let bytes = match text.get(at..at + 8) {
            Some(eight) => {
                u64::from_le_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]])
            }
            None => {
                let rest = text.get(at..).unwrap_or_default();
                rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
            }
        };
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        // The high bit of each byte says whether it is at least `from`; no byte reaches into the next one, for the
        // high bits were taken off before.
        let at_least = |bytes: u64, from: u8| bytes + ONES * u64::from(0x80 - from);
        let plain = bytes & !HIGH;
        let small = plain | (ONES * 0x20);
        let letters = at_least(small, b'a') & !at_least(small, b'z' + 1) & !bytes & HIGH;
        let digits = at_least(plain, b'0') & !at_least(plain, b'9' + 1) & !bytes & HIGH;
        let length = (!(letters | digits) & HIGH).trailing_zeros() as usize / 8;
        let counted = if length == 8 { u64::MAX } else { (1 << (8 * length)) - 1 };
        // The bit 0x20, moved to the high bit, tells small letters from capitals.
        let capitals = letters & !(bytes << 2) & counted;
        let class = |found: u64, class: u8| if found == 0 { 0 } else { class };
        let classes = class(letters & counted & !capitals, ALNUM_LOWER)
            | class(capitals, ALNUM_UPPER)
            | class(digits & counted, ALNUM_DIGIT);
        Self { bytes, length, classes, upper: capitals.count_ones() }
    }
}

fn flags_of(classes: u8) -> u8 {
    // One bit each, moved to its place.
    const { assert!(ALNUM_LOWER == 1 && ALNUM_UPPER == 2 && ALNUM_DIGIT == 4 && DIGIT == 1 && LETTER == 2 && LOWER == 8) };
    classes >> 2 & DIGIT | (classes << 1 | classes) & LETTER | classes << 3 & LOWER
}

/// True where a word of letters ends: at a space, at the end of a sentence, before a single-character word.
/// Folded letters of words that run on have lead bytes below 0xE0.
#[must_use]
pub fn is_boundary(byte: u8) -> bool {
    byte == b' ' || byte == b'\n' || byte >= 0xE0
}

fn utf8_length(lead: u8) -> usize {
    match lead {
        0x00..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

fn next_char(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or(' ')
}

fn push_char(bytes: &mut Vec<u8>, character: char) {
    let mut buffer = [0; 4];
    bytes.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
}

/// How many bytes the Arabic article takes at the start of a folded word, with "and", "with", "so", "like" or "for" before
/// it: "والطلب" is found as "طلب". At least two letters stay.
fn arabic_article(word: &[u8]) -> usize {
    let length = match word {
        [0xD9, 0x88 | 0x81 | 0x83, 0xD8, 0xA7, 0xD9, 0x84, ..] | [0xD8, 0xA8, 0xD8, 0xA7, 0xD9, 0x84, ..] => 6,
        // "إلغاء", cancellation, begins like an article and has none.
        [0xD8, 0xA7, 0xD9, 0x84, 0xD8, 0xBA, 0xD8 | 0xD9, 0xA7 | 0x8A | 0x88, ..] => return 0,
        [0xD8, 0xA7, 0xD9, 0x84, ..] | [0xD9, 0x84, 0xD9, 0x84, ..] => 4,
        _ => return 0,
    };
    if word.len() >= length + 4 { length } else { 0 }
}

/// An apostrophe inside a word joins English endings ("didn't", "I'll"); elsewhere it divides ("l'article").
fn joins(bytes: &[u8], after: usize) -> bool {
    let mut end = after;
    while end < bytes.len() && end - after < 3 && bytes[end].is_ascii_alphabetic() {
        end += 1;
    }
    if bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) {
        return false;
    }
    matches!(
        &bytes[after..end],
        b"t" | b"s" | b"m" | b"d" | b"re" | b"ve" | b"ll" | b"T" | b"S" | b"M" | b"D" | b"RE" | b"VE" | b"LL"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn folded(text: &str) -> Folded {
        let mut folded = Folded::default();
        folded.fold("", text);
        folded
    }

    fn shown(text: &str) -> String {
        let folded = folded(text);
        String::from_utf8(folded.bytes).unwrap().trim_end_matches('\n').replace('\n', "|")
    }

    #[test]
    fn spelling_differences_vanish() {
        assert_eq!(shown("Où est l’Article?  Garçon"), "ou est l article|garcon");
        assert_eq!(shown("I didn't, I’ll; it's GRÖSSE Straße"), "i didnt ill its grosse strasse");
        assert_eq!(shown("Ｏｒｄｅｒ １２３"), "order 123");
        assert_eq!(shown("Ещё Żółw Øre Æble œuvre"), "еще zolw ore aeble oeuvre");
        assert_eq!(shown("e\u{301}te\u{301}"), "ete");
        assert_eq!(shown("والطلبُ للطلب الطلب إلى إلغاء ٤٥"), "طلب طلب طلب الي الغاء 45");
        assert_eq!(shown("เลข ๑๒"), "เลข12");
    }

    #[test]
    fn scripts_without_spaces_run_together() {
        assert_eq!(shown("我的 订单 12345 呢？谢谢"), "我的订单12345呢|谢谢");
        assert_eq!(shown("배송 언제 와요"), "배송언제와요");
        let text = folded("订单 AB12 号");
        assert_eq!(text.tokens.len(), 4);
        assert_eq!(text.word(2), b"ab12");
    }

    #[test]
    fn every_word_remembers_where_it_stood() {
        let text = "Où est ma commande №12345 ?\nMerci d'avance — 你好";
        let folded = folded(text);
        let words: Vec<&str> = folded.tokens.iter().map(|t| &text[t.start as usize..t.end as usize]).collect();
        assert_eq!(words, ["Où", "est", "ma", "commande", "12345", "Merci", "d", "avance", "你", "好"]);
        for (index, token) in folded.tokens.iter().enumerate() {
            assert!(folded.fold_end(index) > token.fold as usize);
        }
    }

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        let text = folded("Paid 3.50 at example.com. Where is it?! Thanks!!!\n\nBest");
        assert_eq!(text.sentences.len(), 4);
        assert!(text.sentences[1].question);
        assert_eq!(text.sentences[2].exclamations, 3);
        assert_eq!(text.tokens_of(3).len(), 1);
        let wrapped = folded("This line was wrapped by a mail program after many words\nand goes on here. Done");
        assert_eq!(wrapped.sentences.len(), 2);
    }

    #[test]
    fn nothing_said_is_no_sentence() {
        for text in ["", " \n\n", "...", "?!", "—"] {
            let folded = folded(text);
            assert!(folded.tokens.is_empty());
            assert!(folded.sentences.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn eight_bytes_are_read_like_one_after_the_other() {
        let every: Vec<u8> = (0..=255).collect();
        for byte in every {
            for place in 0..8 {
                let mut text = *b"aZ9bY8cX";
                text[place] = byte;
                for end in [8, place + 1] {
                    let block = Block::at(&text[..end], 0);
                    let run: Vec<u8> = text[..end].iter().copied().take_while(u8::is_ascii_alphanumeric).collect();
                    assert_eq!(block.length, run.len(), "{byte} at {place} of {end}");
                    assert_eq!(block.upper as usize, run.iter().filter(|b| b.is_ascii_uppercase()).count());
                    let classes = run.iter().fold(0, |all, byte| all | CLASSES[usize::from(*byte)]);
                    assert_eq!(block.classes, classes, "{byte} at {place} of {end}");
                }
            }
        }
        assert_eq!(Block::at(b"ab", 2).length, 0);
    }
}
