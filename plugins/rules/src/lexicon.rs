//! All terms of all groups in one table that is asked once per word.
//!
//! The key is the first four folded bytes at the start of a word (or the whole word when it is shorter):
//! most words of a mail are answered by one probe. What shares a key lies side by side and is compared
//! to its end. The table is small on purpose: a call in the sandbox begins on a fresh copy of it, and each page
//! touched costs.

use crate::fold::{Folded, SINGLE, is_boundary};

/// Bit set of languages.
pub type Languages = u32;

/// A term that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which group.
    pub group: u16,
    /// Index of its first word.
    pub first: u16,
    /// Index of its last word.
    pub last: u16,
    /// Languages in which the term belongs to the group; 0: all.
    pub languages: Languages,
    /// Found with a spelling mistake.
    pub guessed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// First four bytes of the tail, the first the most significant, zeros behind a shorter one.
    pub(crate) head: u32,
    /// Where the tail lies.
    pub(crate) tail: u32,
    pub(crate) group: u16,
    /// The entry before this one, counted from it, whose tail this one's begins with; 0: none.
    pub(crate) shorter: u16,
    pub(crate) length: u8,
    pub(crate) flags: u8,
    /// Index of its set of languages.
    pub(crate) languages: u16,
}

/// The terms of one key: first those that are compared byte by byte, in order, then the open ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) key: u32,
    pub(crate) first: u32,
    pub(crate) fixed: u16,
    pub(crate) open: u16,
}

/// Bits of the filter that says which keys are not there: 8 KiB, asked before anything else.
const FILTER_BITS: u32 = 16;
/// So few terms of one key are looked at one by one.
const FEW: usize = 10;
/// The term may go on inside its last word.
pub(crate) const PREFIX: u8 = 1;
/// In a tail: the word may go on here ("przestal* dzialac").
pub(crate) const REST_OF_WORD: u8 = 1;

/// The filter's words of 64 bits.
pub(crate) type Filter = [u64; 1 << (FILTER_BITS - 6)];

/// Compiled terms. They are never given back: the bundled ones stand in the program, a tenant's own live as long as
/// its component.
#[derive(Clone, Copy, Debug)]
pub struct Lexicon {
    pub(crate) filter: &'static Filter,
    /// One more than the index of a bucket; 0: free.
    pub(crate) slots: &'static [u16],
    /// Language by language, and so do the entries stand: one mail touches few pages, and a call in the sandbox pays
    /// for each.
    pub(crate) buckets: &'static [Bucket],
    pub(crate) entries: &'static [Entry],
    pub(crate) tails: &'static [u8],
    pub(crate) languages: &'static [Languages],
    pub(crate) shift: u32,
}

impl Lexicon {
    /// Finds nothing.
    pub const EMPTY: Self = {
        static NO_KEY: Filter = [0; 1 << (FILTER_BITS - 6)];
        Self { filter: &NO_KEY, slots: &[], buckets: &[], entries: &[], tails: &[], languages: &[], shift: 0 }
    };
}

/// Which bit of the filter stands for a key.
pub(crate) fn filter_bit(key: u32) -> (usize, u64) {
    let bit = hash(key) >> (32 - FILTER_BITS);
    (bit as usize / 64, 1 << (bit % 64))
}

/// Where a key's slot is looked for first.
pub(crate) fn slot_of(key: u32, shift: u32) -> usize {
    (hash(key) >> shift) as usize
}

fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9E37_79B1)
}

/// The first four bytes as a number that orders like them.
pub(crate) fn head_of(bytes: &[u8]) -> u32 {
    let byte = |index: usize| u32::from(bytes.get(index).copied().unwrap_or(0));
    byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3)
}

pub(crate) fn long_key(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Never equal to a long key: no text byte is 1, 2 or 3.
pub(crate) fn short_key(bytes: &[u8]) -> u32 {
    let byte = |index: usize| u32::from(bytes.get(index).copied().unwrap_or(0));
    byte(0) | byte(1) << 8 | byte(2) << 16 | (bytes.len() as u32) << 24
}

impl Lexicon {
    fn find(&self, key: u32) -> Option<&'static Bucket> {
        let (word, bit) = filter_bit(key);
        if self.filter[word] & bit == 0 {
            return None;
        }
        let mut at = slot_of(key, self.shift);
        loop {
            let bucket = &self.buckets[usize::from(self.slots[at]).checked_sub(1)?];
            if bucket.key == key {
                return Some(bucket);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Finds every term at the start of every word. `hits` is in the order of the words, for one word in the order of
    /// the tables.
    #[inline(never)]
    pub fn scan(tables: &[Self], text: &Folded, hits: &mut Vec<Hit>) {
        hits.clear();
        let bytes = text.bytes.as_slice();
        // A word's index must fit a hit.
        let count = text.tokens.len().min(usize::from(u16::MAX));
        for (index, token) in text.tokens[..count].iter().enumerate() {
            let from = token.fold as usize;
            let Some(head) = bytes.get(from..from + 4) else { break };
            let short = if token.flags & SINGLE != 0 {
                if head[0] >= 0xF0 { 0 } else { 3 }
            } else if is_boundary(head[1]) {
                1
            } else if is_boundary(head[2]) {
                2
            } else if is_boundary(head[3]) {
                3
            } else {
                0
            };
            let (long, short) = (long_key(head), if short > 0 { short_key(&head[..short]) } else { 0 });
            for table in tables {
                if let Some(bucket) = table.find(long) {
                    Scan { table, text, index, from: from + 4, hits }.compare(bucket);
                }
                if short != 0
                    && let Some(bucket) = table.find(short)
                {
                    let first = bucket.first as usize;
                    for entry in &table.entries[first..first + usize::from(bucket.fixed)] {
                        hits.push(table.hit(entry, index, index));
                    }
                }
            }
        }
    }

    fn hit(&self, entry: &Entry, first: usize, last: usize) -> Hit {
        let languages = self.languages[usize::from(entry.languages)];
        Hit { group: entry.group, first: first as u16, last: last as u16, languages, guessed: false }
    }

    fn tail(&self, entry: &Entry) -> &[u8] {
        &self.tails[entry.tail as usize..entry.tail as usize + usize::from(entry.length)]
    }

    /// Finds terms that one spelling mistake away (a letter too many, too few, another one, or two
    /// swapped) from a word that was not found. Only words of six letters and more, and only where the
    /// first letter is right: shorter ones are too often another word.
    #[inline(never)]
    pub fn guess(&self, text: &Folded, index: usize, hits: &mut Vec<Hit>) {
        if self.entries.is_empty() {
            return;
        }
        let word = text.word(index);
        if word.len() < 6 || word.len() > 24 || !word.iter().all(u8::is_ascii_lowercase) {
            return;
        }
        let before = hits.len();
        let mut head = [word[0], word[1], word[2], word[3]];
        // The mistake is behind the key …
        self.guess_key(word, head, index, hits);
        // … or within it: every key that one mistake could have made this one.
        for at in 1..4 {
            let mut swapped = [word[0], word[1], word[2], word[3], word[4]];
            swapped.swap(at, at + 1);
            self.guess_key(word, [swapped[0], swapped[1], swapped[2], swapped[3]], index, hits);
            let mut dropped = [0; 4];
            for (to, slot) in dropped.iter_mut().enumerate() {
                *slot = word[to + usize::from(to >= at)];
            }
            self.guess_key(word, dropped, index, hits);
            for other in b'a'..=b'z' {
                let kept = head[at];
                head[at] = other;
                self.guess_key(word, head, index, hits);
                head[at] = kept;
                let mut inserted = [0; 4];
                for (to, slot) in inserted.iter_mut().enumerate() {
                    *slot = match to.cmp(&at) {
                        std::cmp::Ordering::Less => word[to],
                        std::cmp::Ordering::Equal => other,
                        std::cmp::Ordering::Greater => word[to - 1],
                    };
                }
                self.guess_key(word, inserted, index, hits);
            }
        }
        hits[before..].sort_unstable_by_key(|hit| hit.group);
        let mut kept = before;
        for at in before..hits.len() {
            if kept == before || hits[kept - 1].group != hits[at].group {
                hits[kept] = hits[at];
                kept += 1;
            }
        }
        hits.truncate(kept);
    }

    fn guess_key(&self, word: &[u8], key: [u8; 4], index: usize, hits: &mut Vec<Hit>) {
        let Some(bucket) = self.find(long_key(&key)) else { return };
        let first = bucket.first as usize;
        for entry in &self.entries[first..first + usize::from(bucket.fixed)] {
            let tail = self.tail(entry);
            // Single words only, and long enough that one letter does not make another word of it.
            if tail.len() < 2 || !tail.iter().all(u8::is_ascii_lowercase) {
                continue;
            }
            let term_length = 4 + tail.len();
            let near = if entry.flags & PREFIX != 0 {
                (term_length - 1..=term_length + 1)
                    .filter(|length| *length <= word.len())
                    .any(|length| one_mistake(&word[..length], &key, tail))
            } else {
                one_mistake(word, &key, tail)
            };
            if near {
                hits.push(Hit { guessed: true, ..self.hit(entry, index, index) });
            }
        }
    }
}

/// The terms of one key against the text at one word.
struct Scan<'a> {
    table: &'a Lexicon,
    text: &'a Folded,
    /// Of the word.
    index: usize,
    /// Where the text goes on behind the key.
    from: usize,
    hits: &'a mut Vec<Hit>,
}

impl Scan<'_> {
    /// All terms of a key that the text goes on with: the last one in order that is not behind the text, and
    /// those it begins with.
    #[inline(never)]
    fn compare(mut self, bucket: &Bucket) {
        let table = self.table;
        let rest = self.text.bytes.get(self.from..).unwrap_or_default();
        let head = head_of(rest);
        let first = bucket.first as usize;
        let (fixed, open) = (usize::from(bucket.fixed), usize::from(bucket.open));
        let entries = &table.entries[first..first + fixed];
        if fixed <= FEW {
            for entry in entries {
                if begins(table, rest, head, entry) {
                    self.found(self.from + usize::from(entry.length), entry);
                }
            }
        } else {
            let mut at = entries.partition_point(|entry| {
                if entry.head != head || entry.length <= 4 {
                    // Zeros stand behind a short tail, so it orders before every text that goes on.
                    entry.head <= head
                } else {
                    let wanted = &table.tail(entry)[4..];
                    let length = wanted.len().min(rest.len().saturating_sub(4));
                    wanted <= &rest[4..4 + length]
                }
            });
            while at > 0 {
                let entry = &entries[at - 1];
                if begins(table, rest, head, entry) {
                    self.found(self.from + usize::from(entry.length), entry);
                }
                if entry.shorter == 0 {
                    break;
                }
                at -= usize::from(entry.shorter);
            }
        }
        if open > 0 {
            self.compare_open(&table.entries[first + fixed..first + fixed + open]);
        }
    }

    #[inline(never)]
    fn compare_open(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Some(end) = open_end(&self.text.bytes, self.from, self.table.tail(entry)) {
                self.found(end, entry);
            }
        }
    }

    /// The text goes on with this entry up to `end`.
    fn found(&mut self, end: usize, entry: &Entry) {
        let whole = entry.flags & PREFIX != 0 || self.text.bytes.get(end).is_none_or(|byte| is_boundary(*byte));
        if !whole {
            return;
        }
        let mut last = self.index;
        while self.text.tokens.get(last + 1).is_some_and(|next| (next.fold as usize) < end) {
            last += 1;
        }
        if last <= usize::from(u16::MAX) {
            self.hits.push(self.table.hit(entry, self.index, last));
        }
    }
}

fn begins(table: &Lexicon, rest: &[u8], head: u32, entry: &Entry) -> bool {
    let length = usize::from(entry.length);
    let mask = if length >= 4 { u32::MAX } else { !(u32::MAX >> (8 * length as u32)) };
    if head & mask != entry.head {
        return false;
    }
    if length <= 4 {
        return true;
    }
    let wanted = &table.tail(entry)[4..];
    rest.get(4..length).is_some_and(|text| text.iter().zip(wanted).all(|(one, other)| one == other))
}

/// Where a tail with open words ends in the text, when it is there.
fn open_end(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let mut at = from;
    for byte in wanted {
        if *byte == REST_OF_WORD {
            while !is_boundary(*bytes.get(at)?) {
                at += 1;
            }
        } else if bytes.get(at) == Some(byte) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// Whether `word` is the term (`head` then `tail`) but for one mistake.
fn one_mistake(word: &[u8], head: &[u8; 4], tail: &[u8]) -> bool {
    let length = 4 + tail.len();
    let term = |index: usize| if index < 4 { head[index] } else { tail[index - 4] };
    let mut same = 0;
    while same < word.len() && same < length && word[same] == term(same) {
        same += 1;
    }
    let rest_equal = |word_from: usize, term_from: usize| {
        word.len().saturating_sub(word_from) == length.saturating_sub(term_from)
            && (word_from..word.len()).zip(term_from..length).all(|(w, t)| word[w] == term(t))
    };
    if same == word.len() && same == length {
        return true;
    }
    rest_equal(same + 1, same + 1)
        || rest_equal(same + 1, same)
        || rest_equal(same, same + 1)
        || (same + 1 < word.len()
            && same + 1 < length
            && word[same] == term(same + 1)
            && word[same + 1] == term(same)
            && rest_equal(same + 2, same + 2))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::compile::{BadTerm, LexiconBuilder};

    fn groups(terms: &[(u16, &str)], text: &str) -> Vec<(u16, String)> {
        let mut builder = LexiconBuilder::default();
        for (group, term) in terms {
            builder.add(*group, term, 0).unwrap();
        }
        let lexicon = builder.build().unwrap();
        let mut folded = Folded::default();
        folded.fold("", text);
        let mut hits = Vec::new();
        Lexicon::scan(&[lexicon], &folded, &mut hits);
        hits.iter()
            .map(|hit| {
                let (first, last) = (folded.tokens[hit.first as usize], folded.tokens[hit.last as usize]);
                (hit.group, text[first.start as usize..last.end as usize].to_owned())
            })
            .collect()
    }

    #[test]
    fn words_prefixes_and_phrases() {
        assert_eq!(
            groups(&[(1, "przestal* dzialac")], "Czajnik przestała działać."),
            [(1, "przestała działać".to_owned())]
        );
        let terms = [(1, "refund*"), (2, "order number"), (3, "no"), (4, "退款"), (5, "订单号"), (6, "退")];
        assert_eq!(
            groups(&terms, "Refunding order-number 12? No, know. 我要退款,订单号12"),
            [
                (1, "Refunding".to_owned()),
                (2, "order-number".to_owned()),
                (3, "No".to_owned()),
                (4, "退款".to_owned()),
                (6, "退".to_owned()),
                (5, "订单号".to_owned()),
            ]
        );
    }

    #[test]
    fn a_whole_word_is_not_a_beginning() {
        assert!(groups(&[(1, "order")], "orders ordering border").is_empty());
        assert_eq!(groups(&[(1, "order")], "the order.").len(), 1);
        assert_eq!(groups(&[(1, "order")], "order订单").len(), 1);
    }

    #[test]
    fn umlauts_are_found_in_both_spellings() {
        assert_eq!(groups(&[(1, "rücksend*")], "Ruecksendung und Rücksendung, rucksendung").len(), 3);
    }

    #[test]
    fn bad_terms_are_refused() {
        let mut builder = LexiconBuilder::default();
        assert_eq!(builder.add(1, "--", 0), Err(BadTerm::Empty));
        assert_eq!(builder.add(1, "re*", 0), Err(BadTerm::ShortPrefix));
        assert_eq!(builder.add(1, &"x".repeat(300), 0), Err(BadTerm::Long));
    }

    #[test]
    fn one_mistake_is_forgiven_in_a_long_word() {
        let mut builder = LexiconBuilder::default();
        builder.add(1, "refund*", 0).unwrap();
        builder.add(2, "address", 0).unwrap();
        builder.add(3, "shipping", 0).unwrap();
        let lexicon = builder.build().unwrap();
        let guess = |word: &str| {
            let mut folded = Folded::default();
            folded.fold("", word);
            let mut hits = Vec::new();
            lexicon.guess(&folded, 0, &mut hits);
            hits.iter().map(|hit| hit.group).collect::<Vec<_>>()
        };
        assert_eq!(guess("rfeunding"), [1]);
        assert_eq!(guess("refnd"), [] as [u16; 0], "too short");
        assert_eq!(guess("reefund"), [1]);
        assert_eq!(guess("adress"), [2]);
        assert_eq!(guess("addresss"), [2]);
        assert_eq!(guess("shippng"), [3]);
        assert_eq!(guess("shoppers"), [] as [u16; 0]);
    }
}
