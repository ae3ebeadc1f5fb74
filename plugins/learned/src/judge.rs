//! The model beside the rules: one category, how sure, and the words that made it.

use crate::lines::SPAM;
use crate::model::{MOODS, Model, Outlook, Reading, SHARES_MAX, Shares, said};
use posthouse_rules::fold::{Folded, SINGLE};
use posthouse_rules::{Engine, Findings, Mail, Mood, Part, Settings, Standing, Trained};
use std::collections::BTreeSet;

/// A rule of the tenant's own that counts at least so much for a category settles it.
const OWN_SETTLES: f32 = 2.0;
/// A lead over the next category of less than this is unsure.
const LEAD_MIN: f32 = 0.15;
/// The rules alone decide from this confidence on where the model does not know their category.
const RULES_SURE: f32 = 0.5;
/// Unwanted mail is told from this likelihood on where the rules came to this much evidence of it …
const SPAM_MIN: f32 = 0.9;
const SPAM_EVIDENCE_MIN: f32 = 1.0;
/// … from this one on where they saw none, and nothing that speaks for a customer either …
const SPAM_ALONE_MIN: f32 = 0.93;
/// … and from this one on where something does: bait speaks of parcels and orders too.
const SPAM_AGAINST_MIN: f32 = 0.985;
/// From this likelihood on a mail is held to be unwanted by those who would pay for reading it. It stays a ticket.
pub const SUSPECT_MIN: f32 = 0.3;
/// What the rules call spam is that only where the model thinks so too, this much at least.
const RULES_SPAM_MIN: f32 = 0.5;
/// Fury that the rules see is kept where the model holds it for this likely at least.
const FURIOUS_KEPT: f32 = 0.1;
/// Longest stretch of words that is shown as the reason.
const REASON_WORDS_MAX: usize = 6;
const REASON_SIGNS_MAX: usize = 12;

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The tenant's own rules, or rules of a category that the model does not know.
    Rules,
    /// The model, which has seen what the rules think.
    Model,
}

/// What was decided on a mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Who decided.
    pub by: Choice,
    /// The category.
    pub category: String,
    /// How likely it is right, from 0 to 1.
    pub confidence: f32,
    /// The next likely one.
    pub second: Option<(String, f32)>,
    /// Unwanted mail, how likely; from a higher likelihood on where the rules see no sign of it.
    pub spam: Option<f32>,
    /// How likely it is unwanted, from 0 to 1, to those who must not be wrong about it but may be careful. 0.5 at least where the
    /// rules are sure and the model is not.
    pub unwanted: f32,
    /// The rules alone may not call it spam: the model holds it for a customer's.
    pub is_no_spam: bool,
    /// Too close to call: somebody who reads better should.
    pub unsure: bool,
    /// How likely each mood is, in the order of [`Mood::ALL`]; none where the rules say it.
    pub moods: Option<[f32; MOODS]>,
    /// Where the words that spoke most for it stand; none where it was the rules.
    pub words: Option<(Part, usize, usize)>,
}

/// A model that knows its place among an engine's categories.
#[derive(Clone, Debug)]
pub struct Judge {
    model: Model,
    /// By the engine's number, the model's.
    column: Vec<Option<u8>>,
    /// By the model's number, the engine's.
    category: Vec<u8>,
    /// By the engine's number, the place among [`Model::rules`].
    input: Vec<Option<u8>>,
    own: BTreeSet<String>,
    wanted: Trained,
    spam: Option<usize>,
}

impl Judge {
    /// Sets a model beside an engine. Categories that only the model knows become the engine's.
    ///
    /// # Errors
    /// Names a category that cannot be one.
    pub fn new(model: Model, engine: &mut Engine, own_rules: &[String], wanted: Trained) -> Result<Self, String> {
        let mut category = Vec::new();
        for name in &model.categories {
            category.push(engine.know_category(name).map_err(|what| format!("the trained model: {what}"))?);
        }
        let names = engine.categories();
        let find = |list: &[String], name: &String| list.iter().position(|known| known == name).map(|at| at as u8);
        Ok(Self {
            column: names.iter().map(|name| find(&model.categories, name)).collect(),
            input: names.iter().map(|name| find(&model.rules, name)).collect(),
            category,
            spam: model.categories.iter().position(|name| name == SPAM),
            model,
            own: own_rules.iter().cloned().collect(),
            wanted,
        })
    }

    /// The names of a tenant's own rules: what they settle, the model does not touch.
    #[must_use]
    pub fn own_rules(settings: &Settings) -> Vec<String> {
        settings.rules.iter().map(|rule| rule.name.clone()).collect()
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Reads a mail with rules and model. No verdict where there is nothing to read, or the model is not trusted at all.
    #[must_use]
    pub fn read(&self, engine: &Engine, mail: &Mail<'_>) -> (Findings, Option<Verdict>) {
        let mut verdict: Option<Verdict> = None;
        let mut findings = engine.read_with(mail, &mut |standing| {
            if self.wanted.trust <= 0.0 {
                return None;
            }
            let decided = self.decide(standing);
            let chosen = (decided.0, decided.1.confidence);
            verdict = Some(decided.1);
            Some(chosen)
        });
        let unwanted = verdict.as_ref().and_then(|verdict| verdict.spam);
        if let Some(verdict) = verdict.as_mut().filter(|verdict| verdict.is_no_spam)
            && findings.spam.take().is_some()
        {
            verdict.unwanted = verdict.unwanted.max(0.5);
        }
        findings.spam = match (findings.spam, unwanted) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        if let Some(moods) = verdict.as_ref().and_then(|verdict| verdict.moods) {
            findings.mood = Some(mood(findings.mood.unwrap_or((Mood::Neutral, 0.0)), moods, self.wanted.trust));
        }
        (findings, verdict)
    }

    /// What the model is given of the rules: for each of [`Model::rules`] its squashed score, then for each how sure the rules are
    /// of it where it is the one they settle on.
    #[must_use]
    pub fn inputs(&self, standing: &Standing<'_>) -> Vec<f32> {
        let place = |category: usize| self.input.get(category).copied().flatten().map(usize::from);
        let mut scores = vec![0.0; self.model.rules.len()];
        for (category, score) in standing.scores.iter().enumerate() {
            if let Some(place) = place(category) {
                scores[place] = *score;
            }
        }
        let settled =
            standing.opinion.and_then(|(category, sure)| place(usize::from(category)).map(|place| (place, sure)));
        said(scores.len(), |rule| scores[rule], settled, standing.moods)
    }

    #[inline(never)]
    fn decide(&self, standing: &Standing<'_>) -> (u8, Verdict) {
        let opinion = standing.opinion;
        if let Some((category, confidence)) = opinion
            && self.settles(standing, category)
        {
            return (category, self.by_rules(standing, category, confidence));
        }
        let Reading { mut outlook, moods, shares } = self.model.read(standing.text, &self.inputs(standing));
        // What a tenant's own rules say of moods, the model does not touch.
        let moods = moods.filter(|_| !standing.spoke_of_mood().any(|name| self.own.contains(name)));
        let (unwanted, spam) = self.take_spam(&mut outlook, standing.spam);
        let is_no_spam = self.spam.is_some()
            && unwanted < RULES_SPAM_MIN
            && !standing.spoke_for_spam().any(|name| self.own.contains(name));
        self.temper(&mut outlook, opinion);
        let [(first, likely), (second, next)] = outlook.first_two();
        let category = self.category[first];
        (
            category,
            Verdict {
                by: Choice::Model,
                category: self.model.categories[first].clone(),
                confidence: likely.min(0.99),
                spam,
                unwanted,
                is_no_spam,
                moods,
                second: (next > 0.0).then(|| (self.model.categories[second].clone(), next)),
                unsure: likely < self.wanted.sure_from || likely - next < LEAD_MIN,
                words: reason(standing.text, &shares, first, second),
            },
        )
    }

    fn by_rules(&self, standing: &Standing<'_>, category: u8, confidence: f32) -> Verdict {
        Verdict {
            by: Choice::Rules,
            category: standing.categories[usize::from(category)].clone(),
            confidence,
            second: None,
            spam: None,
            unwanted: 0.0,
            is_no_spam: false,
            moods: None,
            unsure: confidence < self.wanted.sure_from,
            words: None,
        }
    }

    /// Whether the rules' category stands, whatever the model says.
    fn settles(&self, standing: &Standing<'_>, category: u8) -> bool {
        let known = self.column.get(usize::from(category)).copied().flatten().is_some();
        let sure = standing.opinion.is_some_and(|(_, confidence)| confidence >= RULES_SURE);
        if !known && sure {
            return true;
        }
        !self.own.is_empty()
            && standing.spoke().any(|(name, scores)| {
                self.own.contains(name) && scores.iter().any(|(of, weight)| *of == category && *weight >= OWN_SETTLES)
            })
    }

    /// Spam is no ticket's category: what it took goes to the others. How likely it is, and the same where that is enough.
    fn take_spam(&self, outlook: &mut Outlook, evidence: f32) -> (f32, Option<f32>) {
        let Some(column) = self.spam else { return (0.0, None) };
        let likely = std::mem::take(&mut outlook.0[column]);
        let rest = (1.0 - likely).max(1e-6);
        for other in &mut outlook.0 {
            *other /= rest;
        }
        let wanted = match evidence {
            seen if seen >= SPAM_EVIDENCE_MIN => SPAM_MIN,
            seen if seen >= 0.0 => SPAM_ALONE_MIN,
            _ => SPAM_AGAINST_MIN,
        };
        let likely = likely.min(0.99);
        (likely, (likely >= wanted).then_some(likely))
    }

    /// Where the model is trusted in part, the rules have the other part.
    fn temper(&self, outlook: &mut Outlook, opinion: Option<(u8, f32)>) {
        if self.wanted.trust >= 1.0 {
            return;
        }
        for likely in &mut outlook.0 {
            *likely *= self.wanted.trust;
        }
        let said = opinion.and_then(|(category, sure)| Some((self.column.get(usize::from(category)).copied()??, sure)));
        let rest = 1.0 - self.wanted.trust;
        let count = outlook.0.len() as f32;
        let (column, sure) = said.map_or((None, 0.0), |(column, sure)| (Some(usize::from(column)), sure));
        for (index, likely) in outlook.0.iter_mut().enumerate().filter(|(index, _)| Some(*index) != self.spam) {
            *likely += rest * if Some(index) == column { sure } else { (1.0 - sure) / count };
        }
    }
}

/// How the customer sounds: as the model hears it, as far as it is trusted. Who is furious by the rules' words stays so where the
/// model does not rule it out: nobody is answered by a machine for want of a second opinion.
fn mood(rules: (Mood, f32), moods: [f32; MOODS], trust: f32) -> (Mood, f32) {
    let best = moods.iter().copied().enumerate().max_by(|one, other| one.1.total_cmp(&other.1));
    let (at, likely) = best.unwrap_or((1, 0.0));
    let keeps = rules.0 == Mood::Angry && moods[MOODS - 1] >= FURIOUS_KEPT;
    let trusted = trust >= 1.0 || likely * trust >= rules.1;
    if keeps || !trusted { rules } else { (Mood::ALL[at], likely.min(0.99)) }
}

/// The stretch of one sentence that speaks most for one category against another.
#[inline(never)]
fn reason(text: &Folded, shares: &Shares, first: usize, second: usize) -> Option<(Part, usize, usize)> {
    let mut best: Option<(i32, usize, usize)> = None;
    let looked_at = text.tokens.len().min(SHARES_MAX);
    let mut worth = Vec::new();
    for sentence in 0..text.sentences.len() {
        let tokens = text.tokens_of(sentence);
        if tokens.start >= looked_at {
            break;
        }
        let from = tokens.start;
        worth.clear();
        worth.extend((from..tokens.end.min(looked_at)).map(|token| shares.contrast(token, first, second)));
        for start in 0..worth.len() {
            let mut sum = 0;
            let most = if text.tokens[from + start].flags & SINGLE != 0 { REASON_SIGNS_MAX } else { REASON_WORDS_MAX };
            for (end, own) in worth.iter().enumerate().skip(start).take(most) {
                sum += own;
                if sum > best.map_or(0, |(known, _, _)| known) {
                    best = Some((sum, from + start, from + end));
                }
            }
        }
    }
    let (_, first, last) = best?;
    let part = if first < text.subject_tokens as usize { Part::Subject } else { Part::Body };
    Some((part, text.tokens[first].start as usize, text.tokens[last].end as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_heard_on_moods_but_does_not_calm_down_who_is_furious() {
        let neutral = (Mood::Neutral, 0.6);
        assert_eq!(mood(neutral, [0.1, 0.2, 0.6, 0.1], 1.0), (Mood::Negative, 0.6));
        assert_eq!(mood(neutral, [0.9, 0.1, 0.0, 0.0], 1.0).0, Mood::Positive);
        let furious = (Mood::Angry, 0.7);
        assert_eq!(mood(furious, [0.0, 0.5, 0.4, FURIOUS_KEPT], 1.0), furious);
        assert_eq!(mood(furious, [0.9, 0.05, 0.0, 0.05], 1.0).0, Mood::Positive, "it rules it out");
        // Trusted in part, it has to be surer than the rules.
        assert_eq!(mood(neutral, [0.0, 0.0, 0.9, 0.1], 0.5), neutral);
        assert_eq!(mood(neutral, [0.0, 0.0, 0.9, 0.1], 0.8).0, Mood::Negative);
    }
}
