//! Accuracy, F1 and confusion. Arithmetic only.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How good the answers are.
#[derive(Debug, Serialize, PartialEq)]
pub struct Score {
    /// How many texts.
    pub rows: usize,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean of F1 over all labels that occur in the data, 0 to 1.
    pub macro_f1: f64,
    /// By label; those that only occur among the answers come last and do not count for the mean.
    pub classes: Vec<Class>,
    /// Which was taken for which.
    pub confusion: Confusion,
}

/// How good the answers are for one label.
#[derive(Debug, Serialize, PartialEq)]
pub struct Class {
    /// Its name.
    pub label: String,
    /// Of the answers with this label, how many are right; none when there is no such answer.
    pub precision: Option<f64>,
    /// Of the texts with this label, how many were found; none when there is no such text.
    pub recall: Option<f64>,
    /// Harmonic mean of the two, 0 where nothing was found.
    pub f1: f64,
    /// Texts with this label.
    pub support: usize,
}

/// A row is what was right, a column what was answered.
#[derive(Debug, Serialize, PartialEq)]
pub struct Confusion {
    /// Of rows and of columns.
    pub labels: Vec<String>,
    /// Counts.
    pub matrix: Vec<Vec<usize>>,
}

impl Confusion {
    /// What was right, what was answered, how often; the most frequent first.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(&str, &str, usize)> {
        let mut found = Vec::new();
        for (i, row) in self.matrix.iter().enumerate() {
            for (j, &count) in row.iter().enumerate() {
                if i != j && count > 0 {
                    found.push((self.labels[i].as_str(), self.labels[j].as_str(), count));
                }
            }
        }
        found.sort_by(|a, b| b.2.cmp(&a.2).then(a.cmp(b)));
        found
    }
}

/// Scores answers. Each comes with the labels of which any is right: the one that was answered counts as what was right,
/// else the first.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn score(pairs: &[(&[String], &str)]) -> Score {
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(labels, answer)| {
            let right = labels.iter().find(|label| label == answer).or(labels.first());
            (right.map_or("", String::as_str), *answer)
        })
        .collect();
    let gold: BTreeSet<&str> = pairs.iter().map(|(right, _)| *right).collect();
    let extra: BTreeSet<&str> =
        pairs.iter().map(|(_, answer)| *answer).filter(|answer| !gold.contains(answer)).collect();
    let labels: Vec<&str> = gold.iter().chain(&extra).copied().collect();
    let place: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (*label, i)).collect();
    let mut matrix = vec![vec![0; labels.len()]; labels.len()];
    for (right, answer) in &pairs {
        matrix[place[right]][place[answer]] += 1;
    }
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let classes: Vec<Class> = labels
        .iter()
        .enumerate()
        .map(|(i, label)| {
            let hits = matrix[i][i];
            let support: usize = matrix[i].iter().sum();
            let answered: usize = matrix.iter().map(|row| row[i]).sum();
            let f1 = share(2 * hits, support + answered).unwrap_or(0.0);
            Class {
                label: (*label).to_owned(),
                precision: share(hits, answered),
                recall: share(hits, support),
                f1,
                support,
            }
        })
        .collect();
    let hits: usize = (0..labels.len()).map(|i| matrix[i][i]).sum();
    let macro_f1 = classes[..gold.len()].iter().map(|class| class.f1).sum::<f64>() / gold.len().max(1) as f64;
    Score {
        rows: pairs.len(),
        accuracy: share(hits, pairs.len()).unwrap_or(0.0),
        macro_f1,
        confusion: Confusion { labels: labels.iter().map(|label| (*label).to_owned()).collect(), matrix },
        classes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(&str, &str)]) -> Score {
        let labels: Vec<Vec<String>> = rows.iter().map(|(l, _)| l.split('|').map(str::to_owned).collect()).collect();
        let pairs: Vec<_> = labels.iter().map(Vec::as_slice).zip(rows.iter().map(|(_, answer)| *answer)).collect();
        score(&pairs)
    }

    #[test]
    fn figures_are_as_by_hand() {
        // a: 2 of 3 found, 2 of 3 answers right; b: 1 of 1 found, 1 of 2 answers right.
        let score = of(&[("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("c", "a"), ("c", "none")]);
        assert_eq!((score.rows, score.accuracy), (6, 0.5));
        let class = |label: &str| score.classes.iter().find(|class| class.label == label);
        let a = class("a").map(|c| (c.precision, c.recall, c.support));
        assert_eq!(a, Some((Some(2.0 / 3.0), Some(2.0 / 3.0), 3)));
        assert_eq!(class("c").map(|c| (c.precision, c.recall, c.f1)), Some((None, Some(0.0), 0.0)));
        assert_eq!(class("none").map(|c| (c.precision, c.recall, c.support)), Some((Some(0.0), None, 0)));
        // The mean is over a, b and c: what only occurs among the answers is no class of the data.
        let expected = (2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 3.0;
        assert!((score.macro_f1 - expected).abs() < 1e-12);
        assert_eq!(score.confusion.mistakes(), [("a", "b", 1), ("c", "a", 1), ("c", "none", 1)]);
    }

    #[test]
    fn either_of_two_labels_is_right() {
        let score = of(&[("refund|return", "return"), ("refund|return", "refund"), ("refund|return", "other")]);
        assert_eq!(score.accuracy, 2.0 / 3.0);
        assert_eq!(score.confusion.mistakes(), [("refund", "other", 1)]);
    }

    #[test]
    fn nothing_at_all_is_no_division_by_zero() {
        let score = of(&[]);
        assert_eq!((score.rows, score.accuracy, score.macro_f1), (0, 0.0, 0.0));
    }
}
