//! The descent itself.

use super::example::{Among, Example, parts};
use crate::dice::Dice;
use crate::model::{EXTRA, soften};

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The same seed gives the same model.
    pub seed: u64,
    /// How often every example is seen.
    pub rounds: usize,
    /// Length of a first step.
    pub rate: f32,
    /// How much of a weight each step takes away, in steps.
    pub decay: f32,
    /// Of a hundred rows of an example, so many are left out each time.
    pub rows_left_out: u64,
    /// Of a hundred times, so many the rules are not heard.
    pub rules_left_out: u64,
    /// Rows of the table: `1 << bits`.
    pub bits: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { seed: 1, rounds: 4, rate: 0.8, decay: 0.001, rows_left_out: 15, rules_left_out: 20, bits: 17 }
    }
}

/// Weights as they are while they are learned.
#[derive(Debug)]
pub struct Weights {
    /// Columns in use.
    pub categories: usize,
    /// Columns of a row.
    pub lanes: usize,
    /// Row by row.
    pub table: Vec<f32>,
    /// Category by category.
    pub dense: Vec<f32>,
}

impl Weights {
    /// What each category comes to, written into `sums` (one for each lane).
    pub fn sums(&self, example: &Example, sums: &mut [f32]) {
        sums.fill(0.0);
        for entry in &example.rows {
            let (row, counts) = parts(*entry);
            let row = &self.table[row * self.lanes..(row + 1) * self.lanes];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += weight * counts;
            }
        }
        let width = example.numbers.len();
        for (category, sum) in sums.iter_mut().take(self.categories).enumerate() {
            *sum *= example.norm;
            let worth = &self.dense[category * width..(category + 1) * width];
            *sum += worth.iter().zip(&example.numbers).map(|(worth, number)| worth * number).sum::<f32>();
        }
    }
}

/// A gradient shorter than this is not worth a step.
const STEP_MIN: f32 = 0.02;

/// Learns from examples. `told` hears which round begins.
#[must_use]
pub fn descend(examples: &[Example], categories: usize, plan: &Plan, mut told: impl FnMut(usize)) -> Weights {
    let lanes = super::course::lanes(categories);
    let rows = 1usize << plan.bits;
    let width = examples.first().map_or(EXTRA, |example| example.numbers.len());
    let mut weights =
        Weights { categories, lanes, table: vec![0.0; rows * lanes], dense: vec![0.0; categories * width] };
    let mut walked = vec![0.0f32; rows];
    let mut walked_dense = vec![0.0f32; categories * width];
    let mut order: Vec<u32> = (0..examples.len() as u32).collect();
    let mut dice = Dice::new(plan.seed);
    let (mut sums, mut pull) = (vec![0.0f32; lanes], vec![0.0f32; lanes]);
    let mut seen = Example { rows: Vec::new(), norm: 1.0, numbers: Vec::new(), right: 0, among: (0, 0) };
    for round in 0..plan.rounds {
        told(round);
        dice.shuffle(&mut order);
        // Steps become shorter towards the end, so that the last examples do not have the last word.
        let rate = plan.rate * (1.0 - 0.8 * round as f32 / plan.rounds.max(1) as f32);
        for index in &order {
            let example = &examples[*index as usize];
            leave_out(example, &mut seen, plan, &mut dice);
            weights.sums(&seen, &mut sums);
            let Some(length) = pull_of(&mut sums, &mut pull, seen.right, seen.among) else { continue };
            step(&mut weights, &seen, &pull, length, rate, plan.decay, &mut walked, &mut walked_dense);
        }
    }
    weights
}

/// The example as it is seen this time.
fn leave_out(example: &Example, seen: &mut Example, plan: &Plan, dice: &mut Dice) {
    seen.rows.clear();
    let bound = plan.rows_left_out * ((u64::MAX / 100) >> 48);
    for chunk in example.rows.chunks(4) {
        let roll = dice.roll();
        seen.rows
            .extend(chunk.iter().enumerate().filter(|(at, _)| roll >> (16 * at) & 0xFFFF >= bound).map(|(_, e)| *e));
    }
    // As long as it would have been without them.
    let kept = 1.0 - plan.rows_left_out as f32 / 100.0;
    seen.norm = example.norm / kept.sqrt();
    seen.numbers.clear();
    seen.numbers.extend_from_slice(&example.numbers);
    if dice.percent(plan.rules_left_out) {
        let rules = seen.numbers.len() - EXTRA;
        seen.numbers[..rules].fill(0.0);
    }
    (seen.right, seen.among) = (example.right, example.among);
}

/// Where the sums should go; nothing where they are there.
fn pull_of(sums: &mut [f32], pull: &mut [f32], right: u64, (first, end): Among) -> Option<f32> {
    let (first, end) = (usize::from(first), usize::from(end));
    pull.fill(0.0);
    soften(&mut sums[first..end]);
    let asked = || sums.iter().enumerate().take(end).skip(first);
    let good: f32 = asked().filter(|(at, _)| right >> at & 1 == 1).map(|(_, likely)| likely).sum();
    let good = good.max(1e-6);
    let mut squares = 0.0;
    for (at, likely) in asked() {
        let wanted = if right >> at & 1 == 1 { likely / good } else { 0.0 };
        pull[at] = likely - wanted;
        squares += pull[at] * pull[at];
    }
    (squares > STEP_MIN * STEP_MIN).then_some(squares)
}

#[expect(clippy::too_many_arguments, reason = "the inner loop, in a function of its own for the compiler's sake")]
fn step(
    weights: &mut Weights,
    seen: &Example,
    pull: &[f32],
    squares: f32,
    rate: f32,
    decay: f32,
    walked: &mut [f32],
    walked_dense: &mut [f32],
) {
    let lanes = weights.lanes;
    for entry in &seen.rows {
        let (row, counts) = parts(*entry);
        let value = counts * seen.norm;
        walked[row] += value * value * squares;
        let step = rate / (walked[row] + 1e-4).sqrt();
        let (move_by, keep) = (step * value, 1.0 - step * decay);
        let row = &mut weights.table[row * lanes..(row + 1) * lanes];
        for (weight, pull) in row.iter_mut().zip(pull) {
            *weight = *weight * keep - move_by * pull;
        }
    }
    let width = seen.numbers.len();
    for (category, pull) in pull.iter().take(weights.categories).enumerate() {
        for (at, number) in seen.numbers.iter().enumerate() {
            let place = category * width + at;
            let slope = pull * number;
            walked_dense[place] += slope * slope;
            weights.dense[place] -= rate * slope / (walked_dense[place] + 1e-2).sqrt();
        }
    }
}
