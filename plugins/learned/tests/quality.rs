//! What the shipped lines make of texts that nobody looked at while lines and rules were written. The floors stand below what was
//! measured (docs/classifier.md), so that a change that costs much is seen, and one that costs a text or two is not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../rules/tests/labelled/mod.rs"]
mod labelled;

use labelled::{Labelled, Treated, Unwanted};
use posthouse_learned::train::{Course, train};
use posthouse_learned::{Judge, SUSPECT_MIN, lines, shipped};
use posthouse_rules::{Engine, Findings, Mail, Settings, Trained, bundled};
use std::collections::BTreeSet;

const SHORT: &str = include_str!("../../rules/tests/data/short-measure.tsv");
const MAILS: [(&str, &str, f64); 3] = [
    ("mails-measure", include_str!("../../rules/tests/data/mails-measure.jsonl"), 95.0),
    ("mails-blind", include_str!("../../rules/tests/data/mails-blind.jsonl"), 92.0),
    // Written so that few of them have a word that their category is known by.
    ("mails-hard", include_str!("../../rules/tests/data/mails-hard.jsonl"), 71.0),
];
/// Unwanted mail of every kind, and mail of customers that looks like it: so much of the one must be kept from models, and so many
/// of the other may be marked as spam. Who wrote the one file knew neither lines nor rules nor the other file.
const SPAM: [(&str, &str, f64, usize); 2] = [
    ("spam-measure", include_str!("../../rules/tests/data/spam-measure.jsonl"), 95.0, 4),
    ("spam-blind", include_str!("../../rules/tests/data/spam-blind.jsonl"), 94.0, 4),
];
/// Of a hundred mails, on each file, the mood of so many must be right.
const MOOD_FLOOR: f64 = 74.0;
/// Of a hundred short lines so many must be right.
const SHORT_FLOOR: f64 = 86.0;
/// Of what it says it is at least 0.9 sure of, so many of a hundred must be right.
const SURE_FLOOR: f64 = 93.0;

/// Language, accepted labels, text.
fn short() -> Vec<(&'static str, &'static str, &'static str)> {
    let cells = |line: &'static str| {
        let mut cells = line.split('\t');
        (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap())
    };
    SHORT.lines().skip(1).map(cells).collect()
}

#[test]
fn texts_that_were_never_seen_are_mostly_right() {
    let mut engine = Engine::new(Settings::default(), bundled()).unwrap();
    let trained = train(&shipped::lines().unwrap(), &engine, &Course::default(), |_| {}).unwrap();
    let judge = Judge::new(trained.model, &mut engine, &[], Trained::default()).unwrap();

    let all = short();
    let (mut right, mut sure, mut sure_right) = (0, 0, 0);
    for (_, label, text) in &all {
        let (findings, _) = judge.read(&engine, &Mail { body: text, ..Mail::default() });
        let (said, confidence) = match (&findings.spam, findings.category) {
            (Some(likely), _) => ("spam".to_owned(), *likely),
            (None, category) => category.unwrap_or_default(),
        };
        let good = label.split('|').any(|label| label == said);
        right += usize::from(good);
        sure += usize::from(confidence >= 0.9);
        sure_right += usize::from(good && confidence >= 0.9);
    }
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
    assert!(percent(right, all.len()) >= SHORT_FLOOR, "{right} of {} short lines", all.len());
    assert!(sure > 200 && percent(sure_right, sure) >= SURE_FLOOR, "{sure_right} of {sure} sure ones");

    for (name, text, floor) in MAILS {
        let mails = labelled::read(text).unwrap();
        let report = labelled::measure_with(&mails, &mut |mail| judge.read(&engine, mail).0);
        let share = report.all.percent(report.all.category);
        assert!(share >= floor, "{name}: {share:.1} %\n{}", report.mistakes.join("\n"));
        let share = report.all.percent(report.all.sentiment);
        assert!(share >= MOOD_FLOOR, "{name}: {share:.1} % of the moods");
    }

    for (name, text, floor, marked_max) in SPAM {
        let treat = &mut |mail: &Labelled| match judge.read(&engine, &mail.mail()) {
            (Findings { spam: Some(_), .. }, _) => Treated::Marked,
            (_, Some(verdict)) if verdict.unwanted >= SUSPECT_MIN => Treated::Suspected,
            _ => Treated::Mail,
        };
        let counts = Unwanted::of(&labelled::read(text).unwrap(), treat);
        assert!(counts.kept_from_models() >= floor && counts.other[0] <= marked_max, "{name}: {counts:?}");
    }
}

/// Subjects are left out: thousands of mails have the same.
#[test]
fn nothing_that_is_measured_is_learned() {
    let learned: BTreeSet<String> = shipped::lines().unwrap().into_iter().map(|line| line.body).collect();
    for (_, _, text) in short() {
        assert!(!learned.contains(text), "{text}");
    }
    let spam = SPAM.map(|(name, text, ..)| (name, text));
    for (name, text) in MAILS.map(|(name, text, _)| (name, text)).into_iter().chain(spam) {
        for mail in labelled::read(text).unwrap() {
            assert!(!learned.contains(&mail.body.replace('\n', " ")), "{name}: {}", mail.id);
        }
    }
}

#[test]
fn no_line_stands_twice_and_every_label_is_known() {
    let mut engine = Engine::new(Settings::default(), bundled()).unwrap();
    let known: BTreeSet<String> = engine.categories().iter().cloned().chain([lines::SPAM.to_owned()]).collect();
    let mut seen = BTreeSet::new();
    for line in shipped::lines().unwrap() {
        assert!(line.labels.iter().all(|label| known.contains(label)), "{line:?}");
        assert!(seen.insert((line.language.clone(), line.body.clone())), "twice: {line:?}");
    }
    assert!(engine.know_category("shipping").is_ok());
}
