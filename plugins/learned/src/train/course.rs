//! A whole training: texts → examples → weights → a tempered, rounded model and how good it is.

use super::descent::{Plan, Weights, descend};
use super::example::{Example, Examples};
use crate::augment::{self, Frames};
use crate::dice::Dice;
use crate::file::CATEGORIES_MAX;
use crate::lines::Labelled;
use crate::model::{About, Model, ZERO};
use posthouse_rules::Engine;
use std::collections::BTreeMap;

/// What is trained on, and how.
#[derive(Clone, Debug)]
pub struct Course {
    /// How to descend.
    pub plan: Plan,
    /// How many mails are made of each line, beside the line itself.
    pub mails_of_a_line: usize,
    /// Of a hundred texts so many are held back.
    pub held_back: u64,
    /// Once the temper is known, learn from what was held back too.
    pub whole: bool,
}

impl Default for Course {
    fn default() -> Self {
        Self { plan: Plan::default(), mails_of_a_line: 3, held_back: 10, whole: true }
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Texts are read.
    Reading,
    /// A round of learning, from 0.
    Round(usize),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// How many texts were held back, and how many of them it got right before it learned from them.
    pub held_back: (usize, usize),
    /// By how much sums were divided so that confidence is true.
    pub temper: f32,
}

/// Bytes of a row for so many categories.
pub(crate) fn lanes(categories: usize) -> usize {
    [8, 16, 32].into_iter().find(|lanes| categories <= *lanes).unwrap_or(64)
}

/// The table's size for so many categories: what a component has room for.
fn bits(plan: &Plan, categories: usize) -> u32 {
    let room = (2usize << 20) / lanes(categories);
    plan.bits.min(room.ilog2())
}

/// Trains a model beside an engine's rules.
///
/// # Errors
/// Too little to learn from, or too many categories.
pub fn train(
    texts: &[Labelled],
    engine: &Engine,
    course: &Course,
    mut told: impl FnMut(Progress),
) -> Result<Trained, String> {
    let mut categories: Vec<String> = Vec::new();
    for label in texts.iter().flat_map(|text| &text.labels) {
        if !categories.contains(label) {
            categories.push(label.clone());
        }
    }
    categories.sort();
    if categories.len() < 2 {
        return Err("there is nothing to tell apart: texts of at least two categories are needed".to_owned());
    }
    if categories.len() > CATEGORIES_MAX {
        return Err(format!("{} categories; a model tells at most {CATEGORIES_MAX} apart", categories.len()));
    }
    let plan = Plan { bits: bits(&course.plan, categories.len()), ..course.plan };
    let rules: Vec<String> = engine.categories().to_vec();
    let mask = |text: &Labelled| {
        text.labels.iter().filter_map(|label| categories.binary_search(label).ok()).fold(0u64, |all, at| all | 1 << at)
    };

    told(Progress::Reading);
    let mut dice = Dice::new(plan.seed ^ 0x5EED);
    let mut maker = Maker { examples: Examples::new(engine, &rules, plan.bits), frames: Frames::shipped() };
    let is_held: Vec<bool> = texts.iter().map(|_| dice.percent(course.held_back)).collect();
    let alike = alike(texts, &is_held);
    let often = often(texts, course.mails_of_a_line);
    let (mut learned, mut held) = (Vec::new(), Vec::new());
    let mut extra = Vec::new();
    let mut counted = (0u32, 0usize);
    for (index, text) in texts.iter().enumerate() {
        let right = mask(text);
        let is_held = is_held[index];
        let others = &alike[&(text.language.as_str(), text.labels.as_slice(), is_held)];
        let mut made = Vec::new();
        maker.make(text, index, others, texts, right, course.mails_of_a_line, &mut dice, &mut made);
        counted.0 += 1;
        if is_held {
            // One of each kind: the line itself, and a mail.
            counted.1 += 1;
            held.extend(made.iter().take(2).cloned());
            extra.extend(made);
        } else if text.is_line {
            learned.extend(made);
        } else {
            learned.extend(std::iter::repeat_n(made, often).flatten());
        }
    }
    if learned.is_empty() {
        return Err("there is nothing to learn from: all texts are empty".to_owned());
    }
    let mut weights = descend(&learned, categories.len(), &plan, |round| told(Progress::Round(round)));
    let temper = temper(&weights, &held);
    let right = held.iter().filter(|example| is_right(&weights, example)).count();
    let held_back = (held.len(), right);
    if course.whole && !extra.is_empty() {
        learned.append(&mut extra);
        weights = descend(&learned, categories.len(), &plan, |round| told(Progress::Round(round)));
    }
    let about =
        About { examples: counted.0, seed: plan.seed, held_back_right: right as f32 / held.len().max(1) as f32 };
    Ok(Trained { model: round(&weights, categories, rules, plan.bits, temper, about), held_back, temper })
}

/// A desk's own texts are few beside the lines and say more of its mail.
const OWN_SHARE: usize = 4;
/// But none is learned by heart.
const OWN_OFTEN_MAX: usize = 12;

/// How often each text that is no line is learned from: so often that such texts are a quarter of all, and not more often than
/// [`OWN_OFTEN_MAX`].
fn often(texts: &[Labelled], mails_of_a_line: usize) -> usize {
    let lines = texts.iter().filter(|text| text.is_line).count();
    let own = (texts.len() - lines).max(1);
    (lines * (1 + mails_of_a_line) / (OWN_SHARE * own)).clamp(1, OWN_OFTEN_MAX)
}

/// Texts of the same language and the same right categories; those held back by themselves, so that none of them is read as
/// the second sentence of a text that is learned from.
fn alike<'a>(texts: &'a [Labelled], is_held: &[bool]) -> BTreeMap<(&'a str, &'a [String], bool), Vec<usize>> {
    let mut all: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, (text, is_held)) in texts.iter().zip(is_held).enumerate() {
        all.entry((text.language.as_str(), text.labels.as_slice(), *is_held)).or_default().push(index);
    }
    all
}

struct Maker<'a> {
    examples: Examples<'a>,
    frames: Frames,
}

impl Maker<'_> {
    #[expect(clippy::too_many_arguments, reason = "one call of it; a struct would only be taken apart again")]
    fn make(
        &mut self,
        text: &Labelled,
        index: usize,
        others: &[usize],
        texts: &[Labelled],
        right: u64,
        mails: usize,
        dice: &mut Dice,
        made: &mut Vec<Example>,
    ) {
        // What the host would say of a mail; of a line it says often nothing.
        let language = (!text.language.is_empty()).then_some(text.language.as_str());
        let (subject, body) = augment::plain(text, &self.frames, dice);
        made.extend(self.examples.of(&subject, &body, None, right));
        if !text.is_line {
            return;
        }
        for number in 0..mails {
            let other = others.get(dice.below(others.len())).filter(|other| **other != index);
            let other =
                other.filter(|_| dice.percent(45)).and_then(|other| texts.get(*other)).filter(|other| other.is_line);
            let (subject, body) = if number == 1 {
                let filled = augment::fill(&text.body, &text.language, &self.frames, dice);
                (String::new(), augment::slip(&filled, dice))
            } else {
                augment::mail(text, other, &self.frames, dice)
            };
            made.extend(self.examples.of(&subject, &body, language.filter(|_| number != 1), right));
        }
    }
}

fn is_right(weights: &Weights, example: &Example) -> bool {
    let mut sums = vec![0.0; weights.lanes];
    weights.sums(example, &mut sums);
    let best = sums[..weights.categories].iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1));
    best.is_some_and(|(at, _)| example.right >> at & 1 == 1)
}

/// The number that sums must be divided by so that "0.8" is right eight times of ten.
fn temper(weights: &Weights, held: &[Example]) -> f32 {
    let sums: Vec<(Vec<f32>, u64)> = held
        .iter()
        .map(|example| {
            let mut sums = vec![0.0; weights.lanes];
            weights.sums(example, &mut sums);
            sums.truncate(weights.categories);
            (sums, example.right)
        })
        .collect();
    let loss = |temper: f32| -> f64 {
        sums.iter()
            .map(|(sums, right)| {
                let mut likely: Vec<f32> = sums.iter().map(|sum| sum / temper).collect();
                crate::model::soften(&mut likely);
                let good: f32 =
                    likely.iter().enumerate().filter(|(at, _)| right >> at & 1 == 1).map(|(_, likely)| likely).sum();
                -f64::from(good.max(1e-6)).ln()
            })
            .sum()
    };
    let mut best = (f64::MAX, 1.0f32);
    for step in 0..40 {
        let temper = 0.4 * 1.06f32.powi(step);
        let cost = loss(temper);
        if cost < best.0 {
            best = (cost, temper);
        }
    }
    if held.is_empty() { 1.0 } else { best.1 }
}

/// Weights as whole numbers of one byte; the few that are very large are cut.
fn round(
    weights: &Weights,
    categories: Vec<String>,
    rules: Vec<String>,
    bits: u32,
    temper: f32,
    about: About,
) -> Model {
    let mut sizes: Vec<f32> = weights.table.iter().map(|weight| weight.abs()).filter(|size| *size > 0.0).collect();
    let most = if sizes.is_empty() {
        1.0
    } else {
        let at = (sizes.len() - 1) - sizes.len() / 2_000;
        *sizes.select_nth_unstable_by(at, f32::total_cmp).1
    };
    let step = (most / 127.0).max(f32::MIN_POSITIVE);
    let table: Vec<u8> = weights
        .table
        .iter()
        .map(|weight| ((weight / step).round().clamp(-127.0, 127.0) as i16 + i16::from(ZERO)) as u8)
        .collect();
    let dense = weights.dense.iter().map(|worth| worth / temper).collect();
    Model { categories, rules, bits, lanes: weights.lanes, scale: step / temper, dense, table: table.into(), about }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: usize, own: usize) -> Vec<Labelled> {
        (0..lines + own).map(|number| Labelled { is_line: number < lines, ..Labelled::default() }).collect()
    }

    #[test]
    fn a_desks_own_texts_count_more_the_fewer_they_are() {
        assert_eq!(often(&texts(1_000, 0), 3), OWN_OFTEN_MAX, "there are none");
        assert_eq!(often(&texts(1_000, 50), 3), OWN_OFTEN_MAX);
        assert_eq!(often(&texts(1_000, 200), 3), 5);
        assert_eq!(often(&texts(1_000, 10_000), 3), 1);
        assert_eq!(often(&texts(0, 100), 3), 1);
    }
}
