//! A text as the trainer sees it.

use crate::features::{self, Rows, slot};
use crate::model::{length, said};
use posthouse_rules::fold::Folded;
use posthouse_rules::{Engine, Mail};

/// Bits of a row's number; the others say how often.
const ROW_BITS: u32 = 20;
const COUNT_MAX: u32 = (1 << (32 - ROW_BITS)) - 1;

/// Rows with how often they count, and numbers.
#[derive(Clone, Debug)]
pub struct Example {
    /// Number of a row in the low 20 bits, how much it counts in the others; each row once.
    pub rows: Vec<u32>,
    /// One over the length of the rows as a vector.
    pub norm: f32,
    /// What the rules say, then the length of the text, then 1.
    pub numbers: Vec<f32>,
    /// Columns that are right, one bit each.
    pub right: u64,
    /// The columns among which they are: those of the categories, or those of the moods.
    pub among: Among,
}

/// First column and one past the last.
pub type Among = (u8, u8);

/// Makes examples of texts.
#[derive(Debug)]
pub struct Examples<'a> {
    engine: &'a Engine,
    /// The engine's number of each category whose score is a number of the example.
    inputs: Vec<usize>,
    bits: u32,
    slots: Slots,
}

#[derive(Debug, Default)]
struct Slots {
    bits: u32,
    all: Vec<u32>,
    squares: u64,
}

impl Rows for Slots {
    fn row(&mut self, hash: u64, counts: u32) {
        let row = slot(hash, self.bits) as u32;
        self.squares += u64::from(counts * counts);
        for _ in 0..counts {
            self.all.push(row);
        }
    }
}

impl<'a> Examples<'a> {
    /// For a table of `1 << bits` rows, with the scores of these categories of the engine.
    #[must_use]
    pub fn new(engine: &'a Engine, rules: &[String], bits: u32) -> Self {
        let place = |name: &String| engine.categories().iter().position(|known| known == name).unwrap_or(usize::MAX);
        Self { engine, inputs: rules.iter().map(place).collect(), bits, slots: Slots::default() }
    }

    /// An example of a text; none where there is nothing to learn from.
    pub fn of(&mut self, subject: &str, body: &str, language: Option<&str>, answer: (u64, Among)) -> Option<Example> {
        let mut found = None;
        let mail = Mail { subject, body, language, ..Mail::default() };
        let (inputs, bits, slots) = (&self.inputs, self.bits, &mut self.slots);
        let _ = self.engine.read_with(&mail, &mut |standing| {
            let settled = standing.opinion.and_then(|(category, sure)| {
                inputs.iter().position(|at| *at == usize::from(category)).map(|rule| (rule, sure))
            });
            let score = |rule: usize| standing.scores.get(inputs[rule]).copied().unwrap_or(0.0);
            found =
                Some(example(standing.text, said(inputs.len(), score, settled, standing.moods), answer, bits, slots));
            None
        });
        found
    }
}

fn example(
    text: &Folded,
    mut numbers: Vec<f32>,
    (right, among): (u64, Among),
    bits: u32,
    slots: &mut Slots,
) -> Example {
    (slots.bits, slots.squares) = (bits, 0);
    slots.all.clear();
    features::each(text, slots);
    slots.all.sort_unstable();
    let mut rows: Vec<u32> = Vec::new();
    for row in &slots.all {
        match rows.last_mut() {
            Some(last) if *last & ((1 << ROW_BITS) - 1) == *row => {
                if *last >> ROW_BITS < COUNT_MAX {
                    *last += 1 << ROW_BITS;
                }
            }
            _ => rows.push(row | 1 << ROW_BITS),
        }
    }
    rows.shrink_to_fit();
    numbers.extend([length(text.tokens.len()), 1.0]);
    Example { rows, norm: 1.0 / (slots.squares.max(1) as f32).sqrt(), numbers, right, among }
}

/// The row of an entry of [`Example::rows`] and how much it counts.
#[inline(always)]
pub(crate) fn parts(entry: u32) -> (usize, f32) {
    ((entry & ((1 << ROW_BITS) - 1)) as usize, (entry >> ROW_BITS) as f32)
}
