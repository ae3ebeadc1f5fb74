//! `posthouse eval --spam … --ham …`: how good the filter that learns is, taught with one half and asked about the other.

use crate::failure::{Failure, Result};
use crate::output::Terminal;
use posthouse_mail::read::read_mail;
use posthouse_mail::source;
use posthouse_mail::spam::{self, Counts, Feature, LEARNED_MIN};
use serde::Serialize;
use std::collections::HashMap;
use std::path::PathBuf;

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    /// How many of each it was taught with.
    taught: Counts,
    /// How many of each it was asked about.
    asked: Counts,
    /// The share of those that it was right about.
    right: f64,
    /// Mails taken for spam: what a team would have missed.
    ham_lost: u32,
    /// Spam taken for mail.
    spam_missed: u32,
    /// From which confidence it is spam.
    spam_min: f64,
    /// What it was wrong about.
    wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    from: String,
    spam: bool,
    confidence: f64,
}

/// One mail, as the filter sees it.
struct Sample {
    from: String,
    features: Vec<Feature>,
    spam: bool,
}

/// Teaches with every second mail of either kind and asks about the others.
///
/// # Errors
/// Mails that cannot be read; too few of either kind.
pub(super) fn run(
    spam: &[PathBuf],
    ham: &[PathBuf],
    spam_min: f64,
    wrong: usize,
    json: bool,
    terminal: &mut Terminal,
) -> Result<()> {
    let mut taught = Vec::new();
    let mut asked = Vec::new();
    for (paths, spam) in [(spam, true), (ham, false)] {
        for (at, sample) in samples(paths, spam)?.into_iter().enumerate() {
            if at % 2 == 0 { taught.push(sample) } else { asked.push(sample) }
        }
    }
    let mut report = judge(&taught, &asked, spam_min)?;
    report.wrong.truncate(wrong);
    if json {
        return terminal.json(&report);
    }
    let share = |part: u32, of: u32| 100.0 * f64::from(part) / f64::from(of.max(1));
    let Report { taught, asked, .. } = &report;
    terminal.line(format!(
        "taught with {} spam and {} mails, asked about {} and {}",
        taught.spam, taught.ham, asked.spam, asked.ham
    ))?;
    terminal.line(format!("right        {:6.2} %", 100.0 * report.right))?;
    terminal.line(format!("mail lost    {:6.2} %  ({})", share(report.ham_lost, asked.ham), report.ham_lost))?;
    terminal.line(format!("spam missed  {:6.2} %  ({})", share(report.spam_missed, asked.spam), report.spam_missed))?;
    for one in &report.wrong {
        let was = if one.spam { "spam" } else { "mail" };
        terminal.line(format!("{}: {was}, {:.1} % sure that it is spam", one.from, 100.0 * one.confidence))?;
    }
    Ok(())
}

fn samples(paths: &[PathBuf], spam: bool) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for mail in source::mails(paths) {
        let mail = mail.map_err(|error| Failure::new(error.to_string()))?;
        let features = spam::features(&read_mail(&mail.raw));
        samples.push(Sample { from: mail.origin, features, spam });
    }
    Ok(samples)
}

fn judge(taught: &[Sample], asked: &[Sample], spam_min: f64) -> Result<Report> {
    let mut seen: HashMap<Feature, Counts> = HashMap::new();
    let mut learned = Counts::default();
    for sample in taught {
        learned.add(sample.spam);
        for feature in &sample.features {
            seen.entry(*feature).or_default().add(sample.spam);
        }
    }
    if !learned.is_enough() {
        return Err(Failure::new(format!(
            "too little to learn from: {} spam and {} mails, of which half teach; give at least {} of each",
            learned.spam,
            learned.ham,
            2 * LEARNED_MIN
        )));
    }
    let (mut counts, mut missed) = (Counts::default(), Counts::default());
    let mut wrong = Vec::new();
    for sample in asked {
        counts.add(sample.spam);
        let known = sample.features.iter().map(|feature| seen.get(feature).copied().unwrap_or_default());
        let confidence = spam::score(known, learned);
        if (confidence >= spam_min) != sample.spam {
            missed.add(sample.spam);
            wrong.push(Wrong { from: sample.from.clone(), spam: sample.spam, confidence });
        }
    }
    let all = f64::from(counts.spam + counts.ham).max(1.0);
    Ok(Report {
        taught: learned,
        asked: counts,
        right: 1.0 - f64::from(missed.ham + missed.spam) / all,
        ham_lost: missed.ham,
        spam_missed: missed.spam,
        spam_min,
        wrong,
    })
}
