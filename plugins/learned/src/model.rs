//! The model: a table of small numbers, one row per feature, one column per category.

use crate::features::{self, Rows, slot};
use posthouse_rules::fold::Folded;
use std::borrow::Cow;

/// Beside what the rules say: how long the text is, and one that is always 1.
pub(crate) const EXTRA: usize = 2;
/// What the rules say of moods: one number each for positive, negative and angry.
pub(crate) const PER_MOOD: usize = 3;
/// Columns for how the customer sounds, behind those of the categories: [`posthouse_rules::Mood::ALL`].
pub const MOODS: usize = 4;
/// What is told of each category of the rules: its score, and how sure the rules are where it is the one they settle on.
const PER_RULE: usize = 2;

/// How many numbers stand beside the table for so many categories of the rules.
pub(crate) fn width(rules: usize) -> usize {
    rules * PER_RULE + PER_MOOD + EXTRA
}

/// What the rules say, as numbers: squashed scores, then for the category they settle on how sure they are, then squashed moods.
pub(crate) fn said(
    rules: usize,
    score: impl Fn(usize) -> f32,
    settled: Option<(usize, f32)>,
    moods: [f32; PER_MOOD],
) -> Vec<f32> {
    let mut numbers: Vec<f32> = (0..rules).map(|rule| squash(score(rule))).collect();
    numbers.resize(rules * PER_RULE, 0.0);
    if let Some((rule, sure)) = settled
        && let Some(place) = numbers.get_mut(rules + rule)
    {
        *place = sure;
    }
    numbers.extend(moods.map(squash));
    numbers
}
/// What a stored number of 0 means is this byte.
pub(crate) const ZERO: u8 = 128;

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What it can answer, in the order of the columns.
    pub categories: Vec<String>,
    /// It knows moods too: [`MOODS`] columns behind the categories', whose sums count so much more than the categories'.
    pub moods: Option<f32>,
    /// Categories whose score by the rules it looks at.
    pub rules: Vec<String>,
    /// Rows of the table: `1 << bits`.
    pub bits: u32,
    /// Bytes of a row: 8, 16, 32 or 64; the last ones may stand for no category.
    pub lanes: usize,
    /// What one step of a stored number is worth.
    pub scale: f32,
    /// For each column what each rule's score, the moods by the rules, the length and 1 are worth.
    pub dense: Vec<f32>,
    /// The table, row by row; [`ZERO`] is nothing.
    pub table: Cow<'static, [u8]>,
    /// How it came about.
    pub about: About,
}

/// How a model came about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct About {
    /// How many examples it was trained on.
    pub examples: u32,
    /// The seed of its training.
    pub seed: u64,
    /// Share of the held-back examples that it got right, from 0 to 1.
    pub held_back_right: f32,
}

/// What the model thinks of a text: the probability of each category, in the model's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook(pub Vec<f32>);

impl Outlook {
    /// The most likely category and the one after it, with their probabilities.
    #[must_use]
    pub fn first_two(&self) -> [(usize, f32); 2] {
        let mut best = [(0, 0.0), (0, 0.0)];
        for (index, likely) in self.0.iter().copied().enumerate() {
            if likely > best[0].1 {
                best = [(index, likely), best[0]];
            } else if likely > best[1].1 {
                best[1] = (index, likely);
            }
        }
        best
    }
}

/// Makes a score of the rules comparable: what is said twice does not count twice.
#[must_use]
pub fn squash(score: f32) -> f32 {
    if score >= 0.0 { (1.0 + score).ln() } else { -(1.0 - score).ln() }
}

/// How the length of a text is told.
#[must_use]
pub(crate) fn length(tokens: usize) -> f32 {
    (1.0 + tokens as f32).ln() / 4.0
}

/// Probabilities of sums.
pub(crate) fn soften(sums: &mut [f32]) {
    let top = sums.iter().copied().fold(f32::MIN, f32::max);
    let mut all = 0.0;
    for sum in sums.iter_mut() {
        *sum = (*sum - top).exp();
        all += *sum;
    }
    for sum in sums {
        *sum /= all;
    }
}

impl Model {
    /// Columns in use.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.categories.len() + self.moods.map_or(0, |_| MOODS)
    }

    /// What each column's rows and numbers come to. `rules` is what the rules say, see [`crate::Judge::inputs`].
    #[must_use]
    pub fn sums(&self, text: &Folded, rules: &[f32]) -> Vec<f32> {
        self.add_up(text, rules).0
    }

    /// How likely each category is.
    #[must_use]
    pub fn outlook(&self, text: &Folded, rules: &[f32]) -> Outlook {
        self.read(text, rules).outlook
    }

    /// Everything that it says of a text.
    #[must_use]
    pub(crate) fn read(&self, text: &Folded, rules: &[f32]) -> Reading {
        let (mut sums, shares) = self.add_up(text, rules);
        let mut moods = sums.split_off(self.categories.len());
        soften(&mut sums);
        let moods = self.moods.map(|worth| {
            moods.iter_mut().for_each(|sum| *sum *= worth);
            soften(&mut moods);
            std::array::from_fn(|at| moods.get(at).copied().unwrap_or(0.0))
        });
        Reading { outlook: Outlook(sums), moods, shares }
    }

    fn add_up(&self, text: &Folded, rules: &[f32]) -> (Vec<f32>, Shares) {
        let (mut sums, shares) = match self.lanes {
            8 => self.add_rows::<1>(text),
            16 => self.add_rows::<2>(text),
            32 => self.add_rows::<4>(text),
            _ => self.add_rows::<8>(text),
        };
        let width = width(self.rules.len());
        for (sum, worth) in sums.iter_mut().zip(self.dense.chunks_exact(width)) {
            let (of_rules, extra) = worth.split_at(width - EXTRA);
            *sum += of_rules.iter().zip(rules).map(|(worth, score)| worth * score).sum::<f32>();
            *sum += extra[0] * length(text.tokens.len()) + extra[1];
        }
        (sums, shares)
    }

    #[inline(never)]
    fn add_rows<const WORDS: usize>(&self, text: &Folded) -> (Vec<f32>, Shares) {
        let mut sum = Sum::<WORDS>::new(&self.table, self.bits);
        features::each(text, &mut sum);
        sum.carry();
        let norm = (sum.squares.max(1) as f32).sqrt();
        let sums = sum.totals.iter().take(self.columns()).map(|total| *total as f32 * self.scale / norm).collect();
        (sums, sum.shares)
    }
}

/// What a model says of a text.
pub(crate) struct Reading {
    /// How likely each category is.
    pub(crate) outlook: Outlook,
    /// How likely each mood is, where the model knows them.
    pub(crate) moods: Option<[f32; MOODS]>,
    /// What each of the first words spoke for.
    pub(crate) shares: Shares,
}

/// Words whose share is kept.
pub(crate) const SHARES_MAX: usize = 200;

/// What each of a text's first words spoke for.
pub(crate) struct Shares {
    /// Token after token its even lanes, then its odd ones.
    lanes: Vec<u64>,
    words: usize,
}

impl Shares {
    /// How much more a token speaks for one category than for another.
    pub(crate) fn contrast(&self, token: usize, one: usize, other: usize) -> i32 {
        let of = |column: usize| {
            let place = token * self.words * 2 + column % 2 * self.words + column / 8;
            self.lanes.get(place).map_or(0, |lanes| (lanes >> (column % 8 / 2 * 16) & 0xFFFF) as i32)
        };
        of(one) - of(other)
    }
}

const EVERY_SECOND: u64 = 0x00FF_00FF_00FF_00FF;
/// A lane of sixteen bits holds so many bytes.
const HELD_MAX: u32 = 257;
/// Words whose pieces are kept in mind: the small words of a language come again and again.
const KNOWN: usize = 128;

/// Rows added up eight columns at a time: each byte of a word becomes a lane of sixteen bits.
#[derive(Clone, Copy)]
struct Lanes<const WORDS: usize> {
    even: [u64; WORDS],
    odd: [u64; WORDS],
    /// What the lanes hold, in rows.
    held: u32,
    squares: u32,
}

impl<const WORDS: usize> Lanes<WORDS> {
    const NONE: Self = Self { even: [0; WORDS], odd: [0; WORDS], held: 0, squares: 0 };

    #[inline(always)]
    fn add(&mut self, other: &Self) {
        for word in 0..WORDS {
            self.even[word] += other.even[word];
            self.odd[word] += other.odd[word];
        }
        self.held += other.held;
        self.squares += other.squares;
    }
}

/// Adds up the rows of one token or of a word's pieces, which are fewer than a lane holds.
struct Adding<'a, const WORDS: usize> {
    table: &'a [u8],
    bits: u32,
    lanes: Lanes<WORDS>,
}

impl<const WORDS: usize> Rows for Adding<'_, WORDS> {
    #[inline(always)]
    fn row(&mut self, hash: u64, counts: u32) {
        let lanes = &mut self.lanes;
        lanes.held += counts;
        lanes.squares += counts * counts;
        let from = slot(hash, self.bits) * (WORDS * 8);
        if let Some(row) = self.table.get(from..from + WORDS * 8) {
            for (word, bytes) in row.chunks_exact(8).enumerate() {
                let bytes = [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]];
                let row = u64::from_le_bytes(bytes);
                lanes.even[word] += (row & EVERY_SECOND) * u64::from(counts);
                lanes.odd[word] += (row >> 8 & EVERY_SECOND) * u64::from(counts);
            }
        }
    }
}

/// Adds up a text.
struct Sum<'a, const WORDS: usize> {
    token: Adding<'a, WORDS>,
    whole: Lanes<WORDS>,
    totals: Vec<i64>,
    squares: u64,
    shares: Shares,
    known: Vec<(u64, Lanes<WORDS>)>,
}

impl<'a, const WORDS: usize> Sum<'a, WORDS> {
    fn new(table: &'a [u8], bits: u32) -> Self {
        Self {
            token: Adding { table, bits, lanes: Lanes::NONE },
            whole: Lanes::NONE,
            totals: vec![0; WORDS * 8],
            squares: 0,
            shares: Shares { lanes: Vec::with_capacity(SHARES_MAX * WORDS * 2), words: WORDS },
            known: vec![(0, Lanes::NONE); KNOWN],
        }
    }

    /// Empties the lanes into the totals.
    #[inline(never)]
    fn carry(&mut self) {
        let zero = i64::from(self.whole.held) * i64::from(ZERO);
        for word in 0..WORDS {
            for lane in 0..4 {
                let of = |lanes: u64| (lanes >> (16 * lane) & 0xFFFF) as i64 - zero;
                self.totals[word * 8 + lane * 2] += of(self.whole.even[word]);
                self.totals[word * 8 + lane * 2 + 1] += of(self.whole.odd[word]);
            }
        }
        self.squares += u64::from(self.whole.squares);
        self.whole = Lanes::NONE;
    }
}

impl<const WORDS: usize> Rows for Sum<'_, WORDS> {
    #[inline(always)]
    fn row(&mut self, hash: u64, counts: u32) {
        self.token.row(hash, counts);
    }

    #[inline(always)]
    fn pieces(&mut self, name: u64, word: &[u8]) {
        let place = (name ^ name >> 32) as usize % KNOWN;
        if self.known[place].0 != name || self.known[place].1.held == 0 {
            let mut own = Adding { lanes: Lanes::NONE, ..self.token };
            features::pieces(word, &mut own);
            self.known[place] = (name, own.lanes);
        }
        self.token.lanes.add(&self.known[place].1);
    }

    #[inline(always)]
    fn end(&mut self) {
        let lanes = std::mem::replace(&mut self.token.lanes, Lanes::NONE);
        if self.shares.lanes.len() < SHARES_MAX * WORDS * 2 {
            self.shares.lanes.extend_from_slice(&lanes.even);
            self.shares.lanes.extend_from_slice(&lanes.odd);
        }
        if self.whole.held + lanes.held > HELD_MAX {
            self.carry();
        }
        self.whole.add(&lanes);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dice::Dice;

    /// A model whose table holds anything.
    pub(crate) fn any(categories: usize, lanes: usize, bits: u32) -> Model {
        let mut dice = Dice::new(7);
        let rules = vec!["refund".to_owned(), "shipping".to_owned()];
        Model {
            categories: (0..categories).map(|index| format!("c{index}")).collect(),
            moods: (categories + MOODS <= lanes).then_some(1.5),
            dense: (0..(categories + if categories + MOODS <= lanes { MOODS } else { 0 }) * width(rules.len()))
                .map(|_| dice.below(100) as f32 / 50.0 - 1.0)
                .collect(),
            rules,
            bits,
            lanes,
            scale: 0.05,
            table: (0..lanes << bits).map(|_| dice.below(256) as u8).collect::<Vec<_>>().into(),
            about: About { examples: 3, seed: 7, held_back_right: 0.5 },
        }
    }

    /// One row after the other, one column after the other.
    struct Slow<'a>(&'a Model, Vec<f64>, f64);

    impl Rows for Slow<'_> {
        fn row(&mut self, hash: u64, counts: u32) {
            let row = slot(hash, self.0.bits) * self.0.lanes;
            for (column, sum) in self.1.iter_mut().enumerate() {
                *sum += (f64::from(self.0.table[row + column]) - 128.0) * f64::from(counts);
            }
            self.2 += f64::from(counts * counts);
        }
    }

    #[test]
    fn lanes_add_up_to_what_columns_add_up_to() {
        for (categories, lanes) in [(3, 8), (8, 8), (11, 16), (20, 32), (64, 64)] {
            let model = any(categories, lanes, 10);
            for words in [1, 7, 400, 3_000] {
                let mut text = Folded::default();
                text.fold("Where is it?", &"my parcel is lost 退款了 and заказ 123 not here ".repeat(words));
                let mut slow = Slow(&model, vec![0.0; model.columns()], 0.0);
                features::each(&text, &mut slow);
                let sums = model.sums(&text, &[0.5, -0.5, 0.0, 0.75, 0.25, 0.0, 1.0]);
                assert_eq!(sums.len(), model.columns());
                for (column, sum) in sums.iter().enumerate() {
                    let dense = &model.dense[column * 9..column * 9 + 9];
                    let plain = slow.1[column] * f64::from(model.scale) / slow.2.sqrt()
                        + f64::from(dense[0] * 0.5 - dense[1] * 0.5 + dense[3] * 0.75)
                        + f64::from(dense[4] * 0.25 + dense[6])
                        + f64::from(dense[7] * length(text.tokens.len()) + dense[8]);
                    assert!((f64::from(*sum) - plain).abs() < 1e-3 * plain.abs().max(1.0), "{sum} {plain}");
                }
            }
        }
    }

    #[test]
    fn shares_of_words_are_what_their_rows_say() {
        let model = any(20, 32, 10);
        let mut text = Folded::default();
        text.fold("", "my parcel my parcel 退款了 заказ 123. not here");
        let shares = model.read(&text, &[0.0; 7]).shares;
        // All words together come to what the whole text does.
        let mut slow = Slow(&model, vec![0.0; 20], 0.0);
        features::each(&text, &mut slow);
        for (one, other) in [(0, 1), (3, 17), (19, 8)] {
            let all: i32 = (0..text.tokens.len()).map(|token| shares.contrast(token, one, other)).sum();
            assert!((f64::from(all) - (slow.1[one] - slow.1[other])).abs() < 0.5, "{all}");
        }
        assert_eq!(shares.contrast(SHARES_MAX, 0, 1), 0, "what is not kept speaks for nothing");
    }

    #[test]
    fn probabilities_are_that() {
        let model = any(11, 16, 8);
        let mut text = Folded::default();
        text.fold("", "anything at all");
        let outlook = model.outlook(&text, &[0.0; 7]);
        assert!((outlook.0.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let moods = model.read(&text, &[0.0; 7]).moods.unwrap();
        assert!((moods.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let [first, second] = outlook.first_two();
        assert!(first.1 >= second.1 && outlook.0.iter().all(|likely| *likely <= first.1));
        assert!(first.0 != second.0);
    }

    #[test]
    fn what_the_rules_say_has_its_places() {
        let numbers = said(3, |rule| [0.0, 4.0, -1.0][rule], Some((1, 0.9)), [0.0, 2.0, 0.0]);
        assert_eq!(numbers, [0.0, squash(4.0), squash(-1.0), 0.0, 0.9, 0.0, 0.0, squash(2.0), 0.0]);
        assert_eq!(said(2, |_| 0.0, None, [0.0; 3]), [0.0; 7]);
        assert_eq!(numbers.len() + EXTRA, width(3));
    }

    #[test]
    fn squashed_scores_keep_their_order_and_sign() {
        assert_eq!(squash(0.0), 0.0);
        assert!(squash(4.0) < 2.0 && squash(4.0) > squash(2.0));
        assert_eq!(squash(-2.0), -squash(2.0));
    }
}
