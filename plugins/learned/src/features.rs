//! From a folded text to rows of the model's table.
//!
//! Alphabetic words give themselves, pairs of neighbours, and their pieces of three to five letters with their ends marked;
//! running characters of scripts without spaces give themselves and runs of two and three. Numbers are no words: only
//! that there is one, and about how long it is, is told.

use posthouse_rules::fold::{DIGIT, Folded, LETTER, SINGLE};

/// A word counts as much as this many of its pieces.
pub const WORD_COUNTS: u32 = 2;
/// Letters of the shortest and the longest piece of a word, ends included.
const PIECE_MIN: usize = 3;
const PIECE_MAX: usize = 5;
/// More words than this are not read: the point of a mail stands near its start.
pub const TOKENS_MAX: usize = 1_200;
/// Letters of a word beyond this many give no pieces.
const WORD_BYTES_MAX: usize = 40;

const PRIME: u64 = 0x0000_0100_0000_01B3;
const START_WORD: u64 = 0xCBF2_9CE4_8422_2325;
const START_PIECE: u64 = 0x6C62_272E_07BB_0142;
const START_PAIR: u64 = 0x27D4_EB2F_1656_67C5;

/// Told of every row that a text has.
pub trait Rows {
    /// A row, by the hash of what it stands for, and how much it counts.
    fn row(&mut self, hash: u64, counts: u32);

    /// The pieces of a word. Who knows the word by its [`name`] already may add them all at once.
    #[inline(always)]
    fn pieces(&mut self, _name: u64, word: &[u8])
    where
        Self: Sized,
    {
        pieces(word, self);
    }

    /// One token's rows are told.
    #[inline(always)]
    fn end(&mut self) {}
}

/// Row of a hash in a table of `1 << bits` rows.
#[inline(always)]
#[must_use]
pub fn slot(hash: u64, bits: u32) -> usize {
    (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize
}

#[inline(always)]
fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(PRIME)
}

/// What a word is to its neighbours: its own hash, or that of its kind of number.
#[inline(never)]
#[must_use]
pub fn name(text: &Folded, index: usize) -> u64 {
    let token = &text.tokens[index];
    let word = text.word(index);
    if token.flags & DIGIT != 0 {
        let kind = if token.flags & LETTER != 0 { b'%' } else { b'#' };
        return step(step(START_WORD, kind), word.len().min(9) as u8);
    }
    word.iter().fold(START_WORD, |hash, byte| step(hash, *byte))
}

/// Tells every row of a text.
#[inline(never)]
pub fn each(text: &Folded, rows: &mut impl Rows) {
    let mut before = None;
    let mut sentence_end = 0;
    let mut sentence = 0;
    for index in 0..text.tokens.len().min(TOKENS_MAX) {
        if index == sentence_end {
            // Neighbours are of one sentence.
            before = None;
            sentence_end = text.tokens_of(sentence).end;
            sentence += 1;
        }
        let flags = text.tokens[index].flags;
        if flags & SINGLE != 0 {
            run(text, index, sentence_end, rows);
            before = None;
            rows.end();
            continue;
        }
        let own = name(text, index);
        rows.row(own, WORD_COUNTS);
        if let Some(before) = before {
            rows.row(pair(before, own), WORD_COUNTS);
        }
        before = Some(own);
        if flags & DIGIT == 0 {
            rows.pieces(own, text.word(index));
        }
        rows.end();
    }
}

/// The row of two neighbours.
#[inline(always)]
#[must_use]
pub fn pair(before: u64, own: u64) -> u64 {
    (START_PAIR ^ before).wrapping_mul(PRIME).rotate_left(23) ^ own.wrapping_mul(PRIME)
}

/// A character without spaces around it, and the runs of two and three that begin with it.
#[inline(never)]
fn run(text: &Folded, index: usize, end: usize, rows: &mut impl Rows) {
    let mut hash = START_WORD;
    for length in 1..=3usize {
        let at = index + length - 1;
        if at >= end || text.tokens[at].flags & SINGLE == 0 {
            return;
        }
        for byte in text.word(at) {
            hash = step(hash, *byte);
        }
        rows.row(hash, if length == 1 { 1 } else { WORD_COUNTS });
    }
}

/// Tells the pieces of one word: at most three for each of its bytes and ends.
#[inline(never)]
pub fn pieces(word: &[u8], rows: &mut impl Rows) {
    let word = &word[..word.len().min(WORD_BYTES_MAX)];
    // The ends count as letters: "^lost$".
    let mut marked = [b'$'; WORD_BYTES_MAX + 2];
    marked[0] = b'^';
    for (place, byte) in marked[1..].iter_mut().zip(word) {
        *place = *byte;
    }
    let marked = &marked[..word.len() + 2];
    if marked.is_ascii() {
        for window in marked.windows(PIECE_MAX) {
            let three = window[..PIECE_MIN].iter().fold(START_PIECE, |hash, byte| step(hash, *byte));
            let four = step(three, window[3]);
            rows.row(three, 1);
            rows.row(four, 1);
            rows.row(step(four, window[4]), 1);
        }
        // What begins too near the end for a long one.
        let from = marked.len().saturating_sub(PIECE_MAX - 1);
        for start in from..marked.len().saturating_sub(PIECE_MIN - 1) {
            let three = marked[start..start + PIECE_MIN].iter().fold(START_PIECE, |hash, byte| step(hash, *byte));
            rows.row(three, 1);
            if let Some(next) = marked.get(start + PIECE_MIN) {
                rows.row(step(three, *next), 1);
            }
        }
        return;
    }
    for start in 0..marked.len() {
        if is_inside(marked[start]) {
            continue;
        }
        let mut hash = START_PIECE;
        let mut letters = 0;
        let mut at = start;
        while at < marked.len() {
            hash = step(hash, marked[at]);
            at += 1;
            if marked.get(at).is_some_and(|byte| is_inside(*byte)) {
                continue;
            }
            letters += 1;
            if letters >= PIECE_MIN {
                rows.row(hash, 1);
            }
            if letters == PIECE_MAX {
                break;
            }
        }
        if letters < PIECE_MIN {
            break;
        }
    }
}

/// A byte that continues a letter.
#[inline(always)]
fn is_inside(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Vec<(u64, u32)>);

    impl Rows for Heard {
        fn row(&mut self, hash: u64, counts: u32) {
            self.0.push((hash, counts));
        }
    }

    fn heard(text: &str) -> Vec<(u64, u32)> {
        let mut folded = Folded::default();
        folded.fold("", text);
        let mut heard = Heard::default();
        each(&folded, &mut heard);
        heard.0
    }

    #[test]
    fn a_word_gives_itself_and_its_pieces() {
        // ^lost$: itself; of three letters 4, of four 3, of five 2.
        assert_eq!(heard("lost").len(), 1 + 4 + 3 + 2);
        // ^a$: one piece.
        assert_eq!(heard("a").len(), 2);
        // Letters of two bytes are one letter.
        assert_eq!(heard("где").len(), heard("abc").len());
    }

    /// The quick way for plain letters tells the same pieces as the way for all.
    #[test]
    fn pieces_are_every_run_of_three_to_five_letters() {
        for word in ["a", "on", "the", "lost", "parcel", "verfolgungsnummer", "б", "где", "naïve"] {
            let letters: Vec<char> = format!("^{word}$").chars().collect();
            let mut wanted = Vec::new();
            for length in PIECE_MIN..=PIECE_MAX {
                for piece in letters.windows(length) {
                    let piece: String = piece.iter().collect();
                    wanted.push((piece.bytes().fold(START_PIECE, step), 1));
                }
            }
            let mut told = Heard::default();
            pieces(word.as_bytes(), &mut told);
            wanted.sort_unstable();
            told.0.sort_unstable();
            assert_eq!(told.0, wanted, "{word}");
        }
    }

    #[test]
    fn spelling_that_folds_away_changes_nothing() {
        assert_eq!(heard("Où est l'ARTICLE"), heard("ou est l article"));
    }

    #[test]
    fn numbers_are_alike() {
        assert_eq!(heard("order 12345"), heard("order 98765"));
        assert_ne!(heard("order 12345"), heard("order 12"));
        assert_ne!(heard("order ab345"), heard("order 12345"));
    }

    #[test]
    fn neighbours_are_of_one_sentence() {
        assert_eq!(heard("one. two").len() + 1, heard("one two").len());
    }

    #[test]
    fn characters_without_spaces_give_runs() {
        // 退款: two characters, one run of two.
        assert_eq!(heard("退款").len(), 3);
        assert_eq!(heard("退 款"), heard("退款"));
        assert_eq!(heard("还没到").len(), 3 + 2 + 1);
    }

    #[test]
    fn long_texts_and_words_end() {
        assert_eq!(heard(&"a ".repeat(5_000)).len(), TOKENS_MAX * 2 + TOKENS_MAX - 1);
        assert!(heard(&"x".repeat(9_000)).len() < 3 * 44);
        assert!(heard(&"й".repeat(9_000)).len() < 3 * 44);
    }
}
