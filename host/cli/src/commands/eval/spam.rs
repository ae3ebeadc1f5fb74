//! `posthouse eval --spam … --ham …`: how good the filter that learns is, taught with one half and asked about the other.

use crate::failure::{Failure, Result};
use crate::output::Terminal;
use posthouse_mail::read::read_mail;
use posthouse_mail::source;
use posthouse_mail::spam::{self, Feature, LEARNED_MIN, Learned, Seen};
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

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    spam: u32,
    ham: u32,
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
    let mut seen: HashMap<Feature, Seen> = HashMap::new();
    let mut learned = Learned::default();
    for sample in taught {
        *(if sample.spam { &mut learned.spam } else { &mut learned.ham }) += 1;
        for feature in &sample.features {
            let seen = seen.entry(*feature).or_default();
            *(if sample.spam { &mut seen.spam } else { &mut seen.ham }) += 1;
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
    let (mut counts, mut ham_lost, mut spam_missed) = (Counts::default(), 0, 0);
    let mut wrong = Vec::new();
    for sample in asked {
        let counts = sample.features.iter().map(|feature| seen.get(feature).copied().unwrap_or_default());
        let confidence = spam::score(counts, learned);
        if (confidence >= spam_min) != sample.spam {
            *(if sample.spam { &mut spam_missed } else { &mut ham_lost }) += 1;
            wrong.push(Wrong { from: sample.from.clone(), spam: sample.spam, confidence });
        }
    }
    for sample in asked {
        *(if sample.spam { &mut counts.spam } else { &mut counts.ham }) += 1;
    }
    let all = f64::from(counts.spam + counts.ham).max(1.0);
    Ok(Report {
        taught: Counts { spam: learned.spam, ham: learned.ham },
        asked: counts,
        right: 1.0 - f64::from(ham_lost + spam_missed) / all,
        ham_lost,
        spam_missed,
        spam_min,
        wrong,
    })
}
