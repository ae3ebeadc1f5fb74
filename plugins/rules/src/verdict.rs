//! From rules that spoke to findings.

use crate::data::{Mood, Urgency};
use crate::engine::Mail;
use crate::entities::{Entity, Part};
use crate::fold::Folded;
use crate::rules::{Fired, Rules, Set};
use std::collections::BTreeMap;

/// A rule that spoke, the words that made it, and where they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The rule's name.
    pub rule: String,
    /// As they stand in the text, shortened.
    pub words: String,
    /// In which text.
    pub part: Part,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A reason to be careful.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// `legal-threat` …
    pub kind: String,
    /// Where it was read.
    pub found: Match,
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// What it is about, how surely.
    pub category: Option<(String, f32)>,
    /// How soon.
    pub urgency: Option<(Urgency, f32)>,
    /// How the customer sounds.
    pub mood: Option<(Mood, f32)>,
    /// BCP 47.
    pub language: Option<(String, f32)>,
    /// What the rules gave each category, in the order of [`crate::Engine::categories`]; may be negative. Empty for a blank
    /// mail.
    pub scores: Vec<f32>,
    /// Unwanted, how surely; none when it is not.
    pub spam: Option<f32>,
    /// Numbers with a meaning.
    pub entities: Vec<Entity>,
    /// Why.
    pub matches: Vec<Match>,
    /// Labels.
    pub tags: Vec<String>,
    /// What an answer needs.
    pub missing: Vec<String>,
    /// Reasons to be careful.
    pub risks: Vec<Risk>,
}

/// What the rules came to, before a category is settled: for whoever settles it with more than rules.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The text, folded.
    pub text: &'a Folded,
    /// Names of the categories by number.
    pub categories: &'a [String],
    /// What the rules came to for each.
    pub scores: &'a [f32],
    /// The category the rules settle on, and how sure they are.
    pub opinion: Option<(u8, f32)>,
    /// Evidence for unwanted mail.
    pub spam: f32,
    /// What the rules came to for [`Mood::Positive`], [`Mood::Negative`] and [`Mood::Angry`].
    pub moods: [f32; 3],
    fired: &'a [Fired],
    rules: &'a Rules,
}

impl<'a> Standing<'a> {
    /// The rules that spoke: their names, and what each counts for which category.
    pub fn spoke(&self) -> impl Iterator<Item = (&'a str, &'a [(u8, f32)])> {
        let rules: &'a Rules = self.rules;
        self.fired.iter().map(move |spoke| {
            let rule = &rules.rules[usize::from(spoke.rule)];
            (rule.name.as_str(), rule.scores.as_slice())
        })
    }

    /// The names of the rules that spoke of how the customer sounds.
    pub fn spoke_of_mood(&self) -> impl Iterator<Item = &'a str> {
        let rules: &'a Rules = self.rules;
        self.fired
            .iter()
            .map(move |spoke| &rules.rules[usize::from(spoke.rule)])
            .filter(|rule| !rule.mood.is_empty())
            .map(|rule| rule.name.as_str())
    }

    /// The names of the rules that spoke for unwanted mail.
    pub fn spoke_for_spam(&self) -> impl Iterator<Item = &'a str> {
        let rules: &'a Rules = self.rules;
        self.fired
            .iter()
            .map(move |spoke| &rules.rules[usize::from(spoke.rule)])
            .filter(|rule| rule.spam > 0.0)
            .map(|rule| rule.name.as_str())
    }
}

/// Settles a category otherwise than the rules do: its number and how sure it is. None: as the rules do.
pub type Settle<'a> = dyn FnMut(&Standing<'_>) -> Option<(u8, f32)> + 'a;

/// What an answer needs, compiled.
#[derive(Clone, Debug)]
pub struct MissingRule {
    /// `order-number` …
    pub key: String,
    /// Empty: in every category.
    pub categories: Vec<u8>,
    /// Empty: always.
    pub when: Vec<u16>,
    /// Any of these satisfies it.
    pub unless: Vec<u16>,
}

/// Weighs rules.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    /// Names by number.
    pub categories: Vec<String>,
    /// When nothing spoke.
    pub fallback: Option<u8>,
    /// When no rule said how urgent.
    pub category_urgency: BTreeMap<u8, Urgency>,
    /// What answers need.
    pub missing: Vec<MissingRule>,
    /// From 0.5 to 1.
    pub spam_threshold: f32,
}

/// Below this a category is a guess.
const SCORE_MIN: f32 = 0.6;
/// How much evidence for unwanted mail makes it as likely as not.
const SPAM_EVEN: f32 = 3.5;
/// A further intent has at least this score …
const INTENT_MIN: f32 = 3.0;
/// … and this share of the first one's.
const INTENT_SHARE: f32 = 0.3;
const INTENTS_MAX: usize = 2;
const MATCHES_MAX: usize = 8;
const WORDS_BYTES_MAX: usize = 80;

impl Judge {
    /// Weighs what spoke.
    #[must_use]
    #[inline(never)]
    pub fn decide(
        &self,
        rules: &Rules,
        fired: &[Fired],
        present: &Set,
        text: &Folded,
        mail: &Mail<'_>,
        settle: &mut Settle<'_>,
    ) -> Findings {
        let mut findings = Findings::default();
        if text.tokens.is_empty() {
            return findings;
        }
        let mut scores = vec![0.0f32; self.categories.len()];
        let mut moods = [0.0f32; 3];
        let mut urgency: Option<Urgency> = None;
        let mut claims = 0u32;
        let mut spam = 0.0f32;
        for spoke in fired {
            let rule = &rules.rules[usize::from(spoke.rule)];
            let often = 1.0 + 0.2 * f32::from(spoke.times.saturating_sub(1).min(2));
            for (category, weight) in &rule.scores {
                scores[usize::from(*category)] += weight * spoke.strength * often;
            }
            for (mood, weight) in &rule.mood {
                let slot = match mood {
                    Mood::Positive => 0,
                    Mood::Negative => 1,
                    Mood::Angry => 2,
                    Mood::Neutral => continue,
                };
                moods[slot] += weight * often;
            }
            if let Some(level) = rule.urgency {
                claims += 1;
                urgency = urgency.max(Some(level));
            }
            spam += rule.spam * often;
        }

        let top = self.top(&scores);
        let (category, confidence) = match top {
            Some((category, score, second)) if score >= SCORE_MIN => {
                let sure = score * score / (score * score + second * second + 1.5);
                (Some(category), sure.min(0.99))
            }
            _ => (self.fallback, 0.2),
        };
        let opinion = category.map(|category| (category, confidence));
        let standing =
            Standing { text, categories: &self.categories, scores: &scores, opinion, spam, moods, fired, rules };
        let (category, confidence) =
            settle(&standing).map_or((category, confidence), |(category, sure)| (Some(category), sure));
        findings.category = category.map(|category| (self.categories[usize::from(category)].clone(), confidence));

        let likely = 1.0 / (1.0 + (-(spam - SPAM_EVEN) * 1.2).exp());
        findings.spam = (likely >= self.spam_threshold).then_some(likely.min(0.99));
        findings.mood = Some(mood(moods));
        findings.urgency = Some(match urgency {
            Some(level) => (level, (0.6 + 0.1 * claims as f32).min(0.95)),
            None => {
                let usual = category.and_then(|category| self.category_urgency.get(&category));
                (usual.copied().unwrap_or(Urgency::Medium), 0.5)
            }
        });
        let intents = self.intents(&scores, category);
        self.explain(&mut findings, rules, fired, category, text, mail);
        self.sort_tags(&mut findings.tags, category, &intents);
        self.find_missing(&mut findings, rules, fired, category, present);
        findings.scores = scores;
        findings
    }

    /// Categories beside the chosen one that the mail speaks of as well: with a score that would do alone, and not far behind.
    fn intents(&self, scores: &[f32], category: Option<u8>) -> Vec<u8> {
        let top = category.and_then(|category| scores.get(usize::from(category))).copied().unwrap_or(0.0);
        let mut found: Vec<u8> = (0..scores.len() as u8)
            .filter(|index| Some(*index) != category && Some(*index) != self.fallback)
            .filter(|index| scores[usize::from(*index)] >= INTENT_MIN.max(top * INTENT_SHARE))
            .collect();
        found.sort_by(|one, other| scores[usize::from(*other)].total_cmp(&scores[usize::from(*one)]));
        found.truncate(INTENTS_MAX);
        found
    }

    /// Keeps of the sub-categories (`shipping/customs`) those of what the mail is about, and adds further intents
    /// (`intent/refund`). Tags that begin with no category's name are a tenant's own and stay.
    fn sort_tags(&self, tags: &mut Vec<String>, category: Option<u8>, intents: &[u8]) {
        tags.retain(|tag| {
            let of = tag.split_once('/').map(|(name, _)| name);
            match self.categories.iter().position(|known| of == Some(known.as_str())) {
                Some(index) => category == Some(index as u8) || intents.contains(&(index as u8)),
                None => true,
            }
        });
        tags.extend(intents.iter().map(|index| format!("intent/{}", self.categories[usize::from(*index)])));
    }

    /// The best category, its score, and the next best score.
    fn top(&self, scores: &[f32]) -> Option<(u8, f32, f32)> {
        let mut best: Option<(usize, f32)> = None;
        let mut second = 0.0f32;
        for (index, score) in scores.iter().enumerate() {
            match best {
                Some((_, known)) if *score <= known => second = second.max(*score),
                _ => {
                    second = second.max(best.map_or(0.0, |(_, known)| known));
                    best = Some((index, *score));
                }
            }
        }
        best.map(|(index, score)| (index as u8, score, second.max(0.0)))
    }

    #[inline(never)]
    fn explain(
        &self,
        findings: &mut Findings,
        rules: &Rules,
        fired: &[Fired],
        category: Option<u8>,
        text: &Folded,
        mail: &Mail<'_>,
    ) {
        let weight_of = |spoke: &Fired| {
            let rule = &rules.rules[usize::from(spoke.rule)];
            rule.scores
                .iter()
                .filter(|(own, _)| Some(*own) == category)
                .map(|(_, weight)| weight * spoke.strength)
                .sum::<f32>()
        };
        let mut for_category: Vec<(&Fired, f32)> =
            fired.iter().map(|spoke| (spoke, weight_of(spoke))).filter(|(_, weight)| *weight > 0.0).collect();
        for_category.sort_by(|one, other| other.1.total_cmp(&one.1));
        for (spoke, _) in for_category.into_iter().take(4) {
            findings.matches.push(found(rules, spoke, text, mail));
        }
        let spam = findings.spam.is_some();
        for spoke in fired {
            let rule = &rules.rules[usize::from(spoke.rule)];
            if let Some(kind) = &rule.risk
                && findings.risks.iter().all(|risk| risk.kind != *kind)
            {
                findings.risks.push(Risk { kind: kind.clone(), found: found(rules, spoke, text, mail) });
            }
            for tag in &rule.tags {
                if !findings.tags.contains(tag) {
                    findings.tags.push(tag.clone());
                }
            }
            // Sub-categories are told by the rules of the category above.
            let labels = rule.tags.iter().any(|tag| !tag.contains('/'));
            let tells = rule.urgency.is_some() || !rule.mood.is_empty() || labels || (spam && rule.spam > 0.0);
            if tells
                && findings.matches.len() < MATCHES_MAX
                && findings.matches.iter().all(|known| known.rule != rule.name)
            {
                findings.matches.push(found(rules, spoke, text, mail));
            }
        }
    }

    #[inline(never)]
    fn find_missing(
        &self,
        findings: &mut Findings,
        rules: &Rules,
        fired: &[Fired],
        category: Option<u8>,
        present: &Set,
    ) {
        let mut wanted: Vec<&str> = Vec::new();
        for entry in &self.missing {
            let asked =
                entry.categories.is_empty() || category.is_some_and(|category| entry.categories.contains(&category));
            let when = entry.when.is_empty() || entry.when.iter().any(|group| present.has(*group));
            if asked && when && !entry.unless.iter().any(|group| present.has(*group)) {
                wanted.push(&entry.key);
            }
        }
        for spoke in fired {
            wanted.extend(rules.rules[usize::from(spoke.rule)].missing.iter().map(String::as_str));
        }
        for key in wanted {
            if !findings.missing.iter().any(|known| known == key) {
                findings.missing.push(key.to_owned());
            }
        }
    }
}

fn mood([positive, negative, angry]: [f32; 3]) -> (Mood, f32) {
    let upset = negative + angry;
    if angry >= 1.0 && upset > positive {
        (Mood::Angry, (0.5 + angry / 6.0).min(0.95))
    } else if upset >= 0.9 && upset > positive {
        (Mood::Negative, (0.5 + upset / 8.0).min(0.95))
    } else if positive >= 0.9 && positive > upset {
        (Mood::Positive, (0.5 + positive / 8.0).min(0.95))
    } else {
        (Mood::Neutral, 0.6)
    }
}

fn found(rules: &Rules, spoke: &Fired, text: &Folded, mail: &Mail<'_>) -> Match {
    let tokens = &text.tokens;
    let (first, mut last) = (usize::from(spoke.first), usize::from(spoke.last));
    let subject_tokens = text.subject_tokens as usize;
    let (part, source) = if first < subject_tokens { (Part::Subject, mail.subject) } else { (Part::Body, mail.body) };
    if part == Part::Subject {
        last = last.min(subject_tokens - 1);
    }
    let start = tokens[first].start as usize;
    while last > first && tokens[last].end as usize - start > WORDS_BYTES_MAX {
        last -= 1;
    }
    let end = tokens[last].end as usize;
    let words = source.get(start..end).unwrap_or_default();
    let words = if words.contains(['\n', '\r', '\t']) {
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        words.to_owned()
    };
    Match { rule: rules.rules[usize::from(spoke.rule)].name.clone(), words, part, start, end }
}
