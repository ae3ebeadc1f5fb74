//! A whole training: texts → examples → weights → a tempered, rounded model and how good it is.

use super::descent::{Plan, Weights, descend};
use super::example::{Among, Example, Examples};
use crate::augment::{self, Frames};
use crate::dice::Dice;
use crate::file::CATEGORIES_MAX;
use crate::lines::{Kind, Labelled};
use crate::model::{About, MOODS, Model, ZERO};
use posthouse_rules::{Engine, Mood};
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
    /// The same of texts whose mood is known.
    pub moods_held_back: (usize, usize),
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
    let has_moods = texts.iter().any(|text| text.mood.is_some());
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
    // With very many categories there is no room for moods beside them.
    let has_moods = has_moods && categories.len() + MOODS <= CATEGORIES_MAX;
    let columns = categories.len() + if has_moods { MOODS } else { 0 };
    let plan = Plan { bits: bits(&course.plan, columns), ..course.plan };
    let rules: Vec<String> = engine.categories().to_vec();
    let of_categories = (0, categories.len() as u8);
    let of_moods = (categories.len() as u8, columns as u8);
    let mask = |text: &Labelled| {
        let right = text.labels.iter().filter_map(|label| categories.binary_search(label).ok());
        (right.fold(0u64, |all, at| all | 1 << at), of_categories)
    };
    let mood = |text: &Labelled| {
        let at = Mood::ALL.iter().position(|known| Some(*known) == text.mood)?;
        Some((1u64 << (categories.len() + at), of_moods))
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
        let answers = [Some(mask(text)).filter(|_| !text.labels.is_empty()), mood(text).filter(|_| has_moods)];
        let is_held = is_held[index];
        let others = &alike[&(text.language.as_str(), text.labels.as_slice(), text.mood, is_held)];
        counted.0 += 1;
        counted.1 += usize::from(is_held);
        for answer in answers.into_iter().flatten() {
            let mut made = Vec::new();
            maker.make(text, index, others, texts, answer, course.mails_of_a_line, &mut dice, &mut made);
            if is_held {
                // One of each kind: the line itself, and a mail.
                held.extend(made.iter().take(2).cloned());
                extra.extend(made);
            } else if text.kind != Kind::Own {
                learned.extend(made);
            } else {
                learned.extend(std::iter::repeat_n(made, often).flatten());
            }
        }
    }
    if learned.is_empty() {
        return Err("there is nothing to learn from: all texts are empty".to_owned());
    }
    let mut weights = descend(&learned, columns, &plan, |round| told(Progress::Round(round)));
    let count = |among: Among| {
        let held = || held.iter().filter(move |example| example.among == among);
        (held().count(), held().filter(|example| is_right(&weights, example)).count())
    };
    let temper_of = |among: Among| temper(&weights, &held, among);
    let (held_back, moods_held_back, temper) = (count(of_categories), count(of_moods), temper_of(of_categories));
    let moods = has_moods.then(|| temper / temper_of(of_moods));
    if course.whole && !extra.is_empty() {
        learned.append(&mut extra);
        weights = descend(&learned, columns, &plan, |round| told(Progress::Round(round)));
    }
    let held_back_right = held_back.1 as f32 / held_back.0.max(1) as f32;
    let about = About { examples: counted.0, seed: plan.seed, held_back_right };
    let mut model = round(&weights, categories, rules, plan.bits, temper, about);
    model.moods = moods;
    Ok(Trained { model, held_back, moods_held_back, temper })
}

/// A desk's own texts are few beside the lines and say more of its mail.
const OWN_SHARE: usize = 4;
/// But none is learned by heart.
const OWN_OFTEN_MAX: usize = 12;

/// How often each text that is no line is learned from: so often that such texts are a quarter of all, and not more often than
/// [`OWN_OFTEN_MAX`].
fn often(texts: &[Labelled], mails_of_a_line: usize) -> usize {
    let lines = texts.iter().filter(|text| text.kind != Kind::Own).count();
    let own = (texts.len() - lines).max(1);
    (lines * (1 + mails_of_a_line) / (OWN_SHARE * own)).clamp(1, OWN_OFTEN_MAX)
}

/// Language, categories, mood, and whether it is held back.
type Alike<'a> = (&'a str, &'a [String], Option<Mood>, bool);

/// Texts of the same language, the same right categories and the same mood; those held back by themselves, so that none of them is read as
/// the second sentence of a text that is learned from.
fn alike<'a>(texts: &'a [Labelled], is_held: &[bool]) -> BTreeMap<Alike<'a>, Vec<usize>> {
    let mut all: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, (text, is_held)) in texts.iter().zip(is_held).enumerate() {
        all.entry((text.language.as_str(), text.labels.as_slice(), text.mood, *is_held)).or_default().push(index);
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
        answer: (u64, Among),
        mails: usize,
        dice: &mut Dice,
        made: &mut Vec<Example>,
    ) {
        // What the host would say of a mail; of a line it says often nothing.
        let language = (!text.language.is_empty()).then_some(text.language.as_str());
        let (subject, body) = augment::plain(text, &self.frames, dice);
        made.extend(self.examples.of(&subject, &body, None, answer));
        match text.kind {
            Kind::Line => {}
            Kind::Mail => {
                // What it says does not hang on its subject, nor on how well it is spelt.
                made.extend(self.examples.of("", &augment::slip(&body, dice), language, answer));
                return;
            }
            Kind::Own => return,
        }
        for number in 0..mails {
            let other = others.get(dice.below(others.len())).filter(|other| **other != index);
            let other =
                other.filter(|_| dice.percent(45)).and_then(|other| texts.get(*other)).filter(|o| o.kind == Kind::Line);
            let (subject, body) = if number == 1 {
                let filled = augment::fill(&text.body, &text.language, &self.frames, dice);
                (String::new(), augment::slip(&filled, dice))
            } else {
                augment::mail(text, other, &self.frames, dice)
            };
            made.extend(self.examples.of(&subject, &body, language.filter(|_| number != 1), answer));
        }
    }
}

fn is_right(weights: &Weights, example: &Example) -> bool {
    let mut sums = vec![0.0; weights.lanes];
    weights.sums(example, &mut sums);
    let (first, end) = (usize::from(example.among.0), usize::from(example.among.1));
    let asked = sums.iter().enumerate().take(end).skip(first);
    let best = asked.max_by(|one, other| one.1.total_cmp(other.1));
    best.is_some_and(|(at, _)| example.right >> at & 1 == 1)
}

/// The number that sums must be divided by so that "0.8" is right eight times of ten.
fn temper(weights: &Weights, held: &[Example], among: Among) -> f32 {
    let sums: Vec<(Vec<f32>, u64)> = held
        .iter()
        .filter(|example| example.among == among)
        .map(|example| {
            let mut sums = vec![0.0; weights.lanes];
            weights.sums(example, &mut sums);
            sums.truncate(usize::from(among.1));
            sums.drain(..usize::from(among.0));
            (sums, example.right >> among.0)
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
    if sums.is_empty() { 1.0 } else { best.1 }
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
    Model {
        categories,
        moods: None,
        rules,
        bits,
        lanes: weights.lanes,
        scale: step / temper,
        dense,
        table: table.into(),
        about,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: usize, own: usize) -> Vec<Labelled> {
        (0..lines + own)
            .map(|number| Labelled { kind: if number < lines { Kind::Line } else { Kind::Own }, ..Labelled::default() })
            .collect()
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
