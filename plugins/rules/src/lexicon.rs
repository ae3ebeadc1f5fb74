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
struct Entry {
    /// First four bytes of the tail, the first the most significant, zeros behind a shorter one.
    head: u32,
    /// Where the tail lies.
    tail: u32,
    group: u16,
    /// The entry before this one, counted from it, whose tail this one's begins with; 0: none.
    shorter: u16,
    length: u8,
    flags: u8,
    /// Index of its set of languages.
    languages: u8,
}

/// The terms of one key: first those that are compared byte by byte, in order, then the open ones.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u32,
    first: u32,
    fixed: u16,
    open: u16,
}

/// Bits of the filter that says which keys are not there: 8 KiB, asked before anything else.
const FILTER_BITS: u32 = 16;
/// So few terms of one key are looked at one by one.
const FEW: usize = 10;
/// The term may go on inside its last word.
const PREFIX: u8 = 1;
/// In a tail: the word may go on here ("przestal* dzialac").
const REST_OF_WORD: u8 = 1;

/// Compiled terms.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    filter: Vec<u64>,
    slots: Vec<Slot>,
    entries: Vec<Entry>,
    tails: Vec<u8>,
    languages: Vec<Languages>,
    shift: u32,
}

/// Collects terms before they are compiled.
///
/// Everything lies in two growing arrays: the memory that is used here is part of every call's start.
#[derive(Debug, Default)]
pub struct LexiconBuilder {
    folded: Vec<u8>,
    terms: Vec<Term>,
    scratch: Folded,
}

#[derive(Clone, Copy, Debug)]
struct Term {
    start: u32,
    languages: Languages,
    group: u16,
    length: u8,
    goes_on: bool,
}

/// Why a term cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum BadTerm {
    /// It holds no letter or digit.
    Empty,
    /// `x*` would match nearly everything.
    ShortPrefix,
    /// Longer than 200 bytes.
    Long,
}

impl LexiconBuilder {
    /// Adds a term. `languages` 0 means all.
    pub fn add(&mut self, group: u16, term: &str, languages: Languages) -> Result<(), BadTerm> {
        self.add_spelled(group, term, languages)?;
        // Umlauts are often typed as two letters.
        if term.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü', 'å', 'ø']) {
            let spelled = term
                .replace(['ä', 'Ä'], "ae")
                .replace(['ö', 'Ö', 'ø'], "oe")
                .replace(['ü', 'Ü'], "ue")
                .replace('å', "aa");
            self.add_spelled(group, &spelled, languages)?;
        }
        Ok(())
    }

    fn add_spelled(&mut self, group: u16, term: &str, languages: Languages) -> Result<(), BadTerm> {
        let (text, mut goes_on) = match term.strip_suffix('*') {
            Some(text) => (text, true),
            None => (term, false),
        };
        let start = self.folded.len();
        let added = self.fold_term(start, text, &mut goes_on);
        if added.is_err() {
            self.folded.truncate(start);
            return added;
        }
        self.terms.push(Term {
            start: start as u32,
            languages,
            group,
            length: (self.folded.len() - start) as u8,
            goes_on,
        });
        Ok(())
    }

    fn fold_term(&mut self, start: usize, text: &str, goes_on: &mut bool) -> Result<(), BadTerm> {
        for (index, piece) in text.split("* ").enumerate() {
            if index > 0 {
                if self.folded.len() - start < 4 {
                    return Err(BadTerm::ShortPrefix);
                }
                self.folded.extend_from_slice(&[REST_OF_WORD, b' ']);
            }
            self.scratch.fold("", piece);
            let from = self.folded.len();
            self.folded.extend_from_slice(&self.scratch.bytes);
            while self.folded.len() > from && self.folded.last() == Some(&b'\n') {
                self.folded.pop();
            }
            self.folded[from..].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        }
        let Some(last) = self.scratch.tokens.last() else { return Err(BadTerm::Empty) };
        let length = self.folded.len() - start;
        if last.flags & SINGLE != 0 {
            // The next character of such a script is always a word of its own.
            *goes_on = true;
        } else if *goes_on && length < 4 {
            return Err(BadTerm::ShortPrefix);
        }
        if length > 200 {
            return Err(BadTerm::Long);
        }
        Ok(())
    }

    /// Makes the table.
    #[must_use]
    pub fn build(self) -> Lexicon {
        let Self { folded, mut terms, .. } = self;
        let text = |term: &Term| &folded[term.start as usize..term.start as usize + usize::from(term.length)];
        let open = |term: &Term| text(term).contains(&REST_OF_WORD);
        // Short ones first, then by their first four bytes: one key's terms lie side by side, the open ones last.
        terms.sort_unstable_by(|one, other| {
            let head = |term: &Term| (term.length >= 4, text(term).get(..4).unwrap_or(text(term)));
            (head(one), open(one), text(one), one.goes_on, one.group).cmp(&(
                head(other),
                open(other),
                text(other),
                other.goes_on,
                other.group,
            ))
        });
        terms.dedup_by(|later, earlier| {
            let same = text(later) == text(earlier) && later.goes_on == earlier.goes_on && later.group == earlier.group;
            if same {
                // A term of all languages stays one.
                let all = earlier.languages == 0 || later.languages == 0;
                earlier.languages = if all { 0 } else { earlier.languages | later.languages };
            }
            same
        });
        let key_of = |term: &Term| if term.length < 4 { short_key(text(term)) } else { long_key(text(term)) };
        let tail_of = |term: &Term| text(term).get(4..).unwrap_or_default();
        let keys = terms.chunk_by(|one, other| key_of(one) == key_of(other)).count();
        let size = (keys * 3 / 2).next_power_of_two().max(64);
        let mut lexicon = Lexicon {
            filter: vec![0; 1 << (FILTER_BITS - 6)],
            slots: vec![Slot::default(); size],
            entries: Vec::with_capacity(terms.len()),
            tails: Vec::with_capacity(folded.len()),
            languages: Vec::new(),
            shift: 32 - size.trailing_zeros(),
        };
        for bucket in terms.chunk_by(|one, other| key_of(one) == key_of(other)) {
            let key = key_of(&bucket[0]);
            let bit = hash(key) >> (32 - FILTER_BITS);
            lexicon.filter[bit as usize / 64] |= 1 << (bit % 64);
            let mut slot = lexicon.start(key);
            while lexicon.slots[slot].key != 0 {
                slot = (slot + 1) & (size - 1);
            }
            let fixed = bucket.iter().take_while(|term| !open(term)).count();
            lexicon.slots[slot] = Slot {
                key,
                first: lexicon.entries.len() as u32,
                fixed: fixed.min(usize::from(u16::MAX)) as u16,
                open: (bucket.len() - fixed).min(usize::from(u16::MAX)) as u16,
            };
            for (index, term) in bucket.iter().enumerate() {
                // They are in the order of their tails, so what one begins with stands before it.
                let before = if index < fixed { &bucket[..index] } else { &[] };
                let shorter = before.iter().rposition(|other| tail_of(term).starts_with(tail_of(other)));
                let shorter = shorter.map_or(0, |at| (index - at) as u16);
                lexicon.push(tail_of(term), term.goes_on, term.group, term.languages, shorter);
            }
        }
        lexicon
    }
}

impl Lexicon {
    fn push(&mut self, tail: &[u8], goes_on: bool, group: u16, languages: Languages, shorter: u16) {
        let known = self.languages.iter().position(|set| *set == languages);
        // More than 256 different sets of languages do not occur; the last would then be taken for all.
        let index = known.unwrap_or_else(|| {
            self.languages.push(languages);
            self.languages.len() - 1
        });
        self.entries.push(Entry {
            head: head_of(tail),
            tail: self.tails.len() as u32,
            group,
            shorter,
            length: tail.len() as u8,
            flags: if goes_on { PREFIX } else { 0 },
            languages: index.min(255) as u8,
        });
        self.tails.extend_from_slice(tail);
    }
}

fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9E37_79B1)
}

/// The first four bytes as a number that orders like them.
fn head_of(bytes: &[u8]) -> u32 {
    let byte = |index: usize| u32::from(bytes.get(index).copied().unwrap_or(0));
    byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3)
}

fn long_key(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Never equal to a long key: no text byte is 1, 2 or 3.
fn short_key(bytes: &[u8]) -> u32 {
    let byte = |index: usize| u32::from(bytes.get(index).copied().unwrap_or(0));
    byte(0) | byte(1) << 8 | byte(2) << 16 | (bytes.len() as u32) << 24
}

impl Lexicon {
    fn start(&self, key: u32) -> usize {
        (hash(key) >> self.shift) as usize
    }

    fn find(&self, key: u32) -> Option<Slot> {
        let bit = hash(key) >> (32 - FILTER_BITS);
        if self.filter[bit as usize / 64] & 1 << (bit % 64) == 0 {
            return None;
        }
        let mut at = self.start(key);
        loop {
            let slot = self.slots[at];
            if slot.key == key {
                return Some(slot);
            }
            if slot.key == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Finds every term at the start of every word. `hits` is in the order of the words.
    #[inline(never)]
    pub fn scan(&self, text: &Folded, hits: &mut Vec<Hit>) {
        hits.clear();
        if self.entries.is_empty() {
            return;
        }
        let bytes = text.bytes.as_slice();
        // A word's index must fit a hit.
        let count = text.tokens.len().min(usize::from(u16::MAX));
        for index in 0..count {
            let token = text.tokens[index];
            let from = token.fold as usize;
            let Some(head) = bytes.get(from..from + 4) else { break };
            if let Some(slot) = self.find(long_key(head)) {
                self.compare(text, index, slot, hits);
            }
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
            if short > 0
                && let Some(slot) = self.find(short_key(&head[..short]))
            {
                for entry in &self.entries[slot.first as usize..slot.first as usize + usize::from(slot.fixed)] {
                    hits.push(self.hit(entry, index, index));
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

    /// All terms of a key that the text goes on with: the last one in order that is not behind the text, and
    /// those it begins with.
    #[inline(never)]
    fn compare(&self, text: &Folded, index: usize, slot: Slot, hits: &mut Vec<Hit>) {
        let bytes = text.bytes.as_slice();
        let from = text.tokens[index].fold as usize + 4;
        let rest = bytes.get(from..).unwrap_or_default();
        let head = head_of(rest);
        let first = slot.first as usize;
        let fixed = &self.entries[first..first + usize::from(slot.fixed)];
        if fixed.len() <= FEW {
            for entry in fixed {
                if self.begins(rest, head, entry) {
                    self.push_hit(text, index, from + usize::from(entry.length), entry, hits);
                }
            }
            return self.compare_open(text, index, slot, hits);
        }
        let behind = fixed.partition_point(|entry| {
            if entry.head != head || entry.length <= 4 {
                // Zeros stand behind a short tail, so it orders before every text that goes on.
                entry.head <= head
            } else {
                let wanted = &self.tail(entry)[4..];
                let length = wanted.len().min(rest.len().saturating_sub(4));
                wanted <= &rest[4..4 + length]
            }
        });
        let mut at = behind;
        while at > 0 {
            let entry = &fixed[at - 1];
            let length = usize::from(entry.length);
            if self.begins(rest, head, entry) {
                self.push_hit(text, index, from + length, entry, hits);
            }
            if entry.shorter == 0 {
                break;
            }
            at -= usize::from(entry.shorter);
        }
        self.compare_open(text, index, slot, hits);
    }

    #[inline(never)]
    fn compare_open(&self, text: &Folded, index: usize, slot: Slot, hits: &mut Vec<Hit>) {
        let bytes = text.bytes.as_slice();
        let from = text.tokens[index].fold as usize + 4;
        let open = slot.first as usize + usize::from(slot.fixed);
        for entry in &self.entries[open..open + usize::from(slot.open)] {
            if let Some(end) = open_end(bytes, from, self.tail(entry)) {
                self.push_hit(text, index, end, entry, hits);
            }
        }
    }

    fn begins(&self, rest: &[u8], head: u32, entry: &Entry) -> bool {
        let length = usize::from(entry.length);
        let mask = if length >= 4 { u32::MAX } else { !(u32::MAX >> (8 * length as u32)) };
        if head & mask != entry.head {
            return false;
        }
        if length <= 4 {
            return true;
        }
        let wanted = &self.tail(entry)[4..];
        rest.get(4..length).is_some_and(|text| text.iter().zip(wanted).all(|(one, other)| one == other))
    }

    fn push_hit(&self, text: &Folded, index: usize, end: usize, entry: &Entry, hits: &mut Vec<Hit>) {
        let whole = entry.flags & PREFIX != 0 || text.bytes.get(end).is_none_or(|byte| is_boundary(*byte));
        if !whole {
            return;
        }
        let mut last = index;
        while text.tokens.get(last + 1).is_some_and(|next| (next.fold as usize) < end) {
            last += 1;
        }
        if last <= usize::from(u16::MAX) {
            hits.push(self.hit(entry, index, last));
        }
    }

    /// Finds terms that one spelling mistake away (a letter too many, too few, another one, or two
    /// swapped) from a word that was not found. Only words of six letters and more, and only where the
    /// first letter is right: shorter ones are too often another word.
    #[inline(never)]
    pub fn guess(&self, text: &Folded, index: usize, hits: &mut Vec<Hit>) {
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
        let Some(slot) = self.find(long_key(&key)) else { return };
        let first = slot.first as usize;
        for entry in &self.entries[first..first + usize::from(slot.fixed)] {
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

    fn groups(terms: &[(u16, &str)], text: &str) -> Vec<(u16, String)> {
        let mut builder = LexiconBuilder::default();
        for (group, term) in terms {
            builder.add(*group, term, 0).unwrap();
        }
        let lexicon = builder.build();
        let mut folded = Folded::default();
        folded.fold("", text);
        let mut hits = Vec::new();
        lexicon.scan(&folded, &mut hits);
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
        let lexicon = builder.build();
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
