//! From words to a table: done once for the bundled words, when this crate is built, and for a tenant's own when a
//! component is configured.

use crate::fold::{Folded, SINGLE};
use crate::lexicon::{
    Bucket, Entry, Filter, Languages, Lexicon, PREFIX, REST_OF_WORD, filter_bit, head_of, long_key, short_key, slot_of,
};

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

impl std::fmt::Display for BadTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "holds no letter or digit",
            Self::ShortPrefix => "would match nearly every word: at least four letters before `*`",
            Self::Long => "is longer than 200 bytes",
        })
    }
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

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Makes the table.
    ///
    /// # Errors
    /// When there are more terms than a table has numbers for: about 60,000.
    pub fn build(self) -> Result<Lexicon, String> {
        if self.is_empty() {
            return Ok(Lexicon::EMPTY);
        }
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
        let mut by_key: Vec<&[Term]> = terms.chunk_by(|one, other| key_of(one) == key_of(other)).collect();
        if by_key.len() >= usize::from(u16::MAX) {
            return Err(format!("{} different beginnings of terms: at most 65,534", by_key.len()));
        }
        by_key.sort_by_key(|bucket| {
            let language = bucket.iter().map(|term| term.languages.trailing_zeros()).min();
            (language, key_of(&bucket[0]))
        });
        let size = (by_key.len() * 3 / 2).next_power_of_two().max(64);
        let shift = 32 - size.trailing_zeros();
        let mut filter: Box<Filter> = Box::new([0; _]);
        let mut slots = vec![0; size];
        let mut buckets = Vec::with_capacity(by_key.len());
        let mut packed = Packed { entries: Vec::with_capacity(terms.len()), ..Packed::default() };
        for bucket in by_key {
            let key = key_of(&bucket[0]);
            let (word, bit) = filter_bit(key);
            filter[word] |= bit;
            let mut slot = slot_of(key, shift);
            while slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = buckets.len() as u16 + 1;
            let fixed = bucket.iter().take_while(|term| !open(term)).count();
            buckets.push(Bucket {
                key,
                first: packed.entries.len() as u32,
                fixed: fixed.min(usize::from(u16::MAX)) as u16,
                open: (bucket.len() - fixed).min(usize::from(u16::MAX)) as u16,
            });
            for (index, term) in bucket.iter().enumerate() {
                // They are in the order of their tails, so what one begins with stands before it.
                let before = if index < fixed { &bucket[..index] } else { &[] };
                let shorter = before.iter().rposition(|other| tail_of(term).starts_with(tail_of(other)));
                let shorter = shorter.map_or(0, |at| (index - at) as u16);
                packed.push(tail_of(term), term.goes_on, term.group, term.languages, shorter);
            }
        }
        let Packed { entries, tails, languages } = packed;
        Ok(Lexicon {
            filter: Box::leak(filter),
            slots: slots.leak(),
            buckets: buckets.leak(),
            entries: entries.leak(),
            tails: tails.leak(),
            languages: languages.leak(),
            shift,
        })
    }
}

#[derive(Default)]
struct Packed {
    entries: Vec<Entry>,
    tails: Vec<u8>,
    languages: Vec<Languages>,
}

impl Packed {
    fn push(&mut self, tail: &[u8], goes_on: bool, group: u16, languages: Languages, shorter: u16) {
        let known = self.languages.iter().position(|set| *set == languages);
        // More than 65,536 different sets of languages do not occur.
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
            languages: index.min(65_535) as u16,
        });
        self.tails.extend_from_slice(tail);
    }
}
