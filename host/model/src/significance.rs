//! Whether two templates really do differently, or only by chance: Fisher's exact test, and Holm's correction where several are
//! compared (R. A. Fisher, 1935; S. Holm, 1979).

/// From which chance on a difference is called one.
pub const LEVEL: f64 = 0.05;
/// Replies that each side needs before anything is said of a difference.
pub const REPLIES_MIN: u64 = 20;

/// How many of some replies did well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Did well.
    pub good: u64,
    /// All of them; never fewer than `good`.
    pub all: u64,
}

impl Outcome {
    /// The share that did well, 0 to 1; none of nothing.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| self.good as f64 / self.all as f64)
    }
}

/// How likely a difference as large as this one, or larger, is where there is none: Fisher's exact test, two-sided (the sum of all
/// tables with the same margins that are no likelier than the one seen). 1.0 where a side is empty.
#[must_use]
pub fn chance(a: Outcome, b: Outcome) -> f64 {
    if a.all == 0 || b.all == 0 {
        return 1.0;
    }
    let good = a.good + b.good;
    let logs = log_factorials(a.all + b.all);
    let log = |n: u64| logs[usize::try_from(n).unwrap_or(usize::MAX)];
    let choose = |n: u64, k: u64| log(n) - log(k) - log(n - k);
    let whole = choose(a.all + b.all, good);
    let likely = |of_a: u64| (choose(a.all, of_a) + choose(b.all, good - of_a) - whole).exp();
    let seen = likely(a.good);
    let least = good.saturating_sub(b.all);
    // What is as likely but for the rounding of floating numbers counts too.
    let sum: f64 = (least..=good.min(a.all)).map(likely).filter(|one| *one <= seen * (1.0 + 1e-7)).sum();
    sum.min(1.0)
}

/// ln 0!, ln 1! … ln n!
fn log_factorials(n: u64) -> Vec<f64> {
    let mut logs = vec![0.0];
    let mut sum = 0.0;
    for k in 1..=n {
        sum += (k as f64).ln();
        logs.push(sum);
    }
    logs
}

/// Chances of several comparisons, corrected so that all of them together err as often as one would (Holm's step-down).
#[must_use]
pub fn corrected(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut corrected = vec![1.0; chances.len()];
    let mut least: f64 = 0.0;
    for (rank, &at) in order.iter().enumerate() {
        least = least.max((chances[at] * (chances.len() - rank) as f64).min(1.0));
        corrected[at] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(good: u64, bad: u64) -> Outcome {
        Outcome { good, all: good + bad }
    }

    #[test]
    fn tables_of_the_books_have_the_chances_of_the_books() {
        // The lady tasting tea; and tables whose chances can be counted by hand.
        for (a, b, wanted) in [
            (of(3, 1), of(1, 3), 34.0 / 70.0),
            (of(4, 0), of(0, 4), 2.0 / 70.0),
            (of(1, 0), of(0, 1), 1.0),
            (of(2, 0), of(0, 2), 2.0 / 6.0),
            // C(10,8)·C(6,1) = 270, C(10,9)·C(6,0) = 10 and C(10,3)·C(6,6) = 120 of C(16,9) = 11440.
            (of(8, 2), of(1, 5), 400.0 / 11_440.0),
        ] {
            let found = chance(a, b);
            assert!((found - wanted).abs() < 1e-9, "{a:?} {b:?}: {found} is not {wanted}");
            assert!((chance(b, a) - wanted).abs() < 1e-9, "whichever goes first");
        }
    }

    #[test]
    fn nothing_and_the_same_prove_nothing() {
        assert!((chance(of(0, 0), of(5, 5)) - 1.0).abs() < 1e-12);
        assert!((chance(of(30, 30), of(30, 30)) - 1.0).abs() < 1e-9);
        assert!(chance(of(900, 100), of(700, 300)) < 1e-6, "large numbers do not overflow");
    }

    #[test]
    fn several_comparisons_are_held_to_more() {
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&corrected(&[0.01, 0.04, 0.03]), &[0.03, 0.06, 0.06]));
        assert!(close(&corrected(&[0.9, 0.6]), &[1.0, 1.0]));
        assert!(corrected(&[]).is_empty());
    }
}
