//! How sure a share is that was counted in a sample: the score interval of Edwin B. Wilson.
//!
//! Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American Statistical
//! Association 22 (1927), pages 209 to 212. L. D. Brown, T. T. Cai and A. DasGupta, "Interval Estimation for a Binomial Proportion",
//! Statistical Science 16 (2001), pages 101 to 133, recommend it for small samples, where the textbook's normal interval
//! promises far more than it holds: of 20 of 20 that one would say "surely 100 %", Wilson says "at least 88 %".

/// A share of a sample with its one-sided bounds, each from 0 to 1. Each bound alone holds with the confidence that `z` stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The share that was counted.
    pub share: f64,
    /// It is at least this.
    pub lower: f64,
    /// It is at most this.
    pub upper: f64,
}

impl Bound {
    /// Of `hits` among `sample`; `z` is the quantile of the normal distribution for the one-sided confidence. Of an empty sample nothing
    /// is known: 0 to 1.
    #[must_use]
    pub fn of(hits: u32, sample: u32, z: f64) -> Self {
        if sample == 0 {
            return Self { share: 0.0, lower: 0.0, upper: 1.0 };
        }
        let n = f64::from(sample);
        let share = f64::from(hits.min(sample)) / n;
        let z2 = z * z;
        let centre = share + z2 / (2.0 * n);
        let reach = z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        let whole = 1.0 + z2 / n;
        Self {
            share,
            lower: ((centre - reach) / whole).clamp(0.0, 1.0),
            upper: ((centre + reach) / whole).clamp(0.0, 1.0),
        }
    }

    /// The lower bound in thousandths, rounded down.
    #[must_use]
    pub fn lower_permille(self) -> u32 {
        permille(self.lower.mul_add(1000.0, 1e-9).floor())
    }

    /// The upper bound in thousandths, rounded up.
    #[must_use]
    pub fn upper_permille(self) -> u32 {
        permille(self.upper.mul_add(1000.0, -1e-9).ceil())
    }
}

/// A whole number from 0 to 1000.
fn permille(value: f64) -> u32 {
    value.clamp(0.0, 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One-sided 95 %.
    const Z: f64 = 1.644_853_626_951_472_7;

    #[test]
    fn the_bounds_are_wilson_s() {
        // Worked out by hand: with all of n, the lower bound is n / (n + z²); with none, the upper bound is z² / (n + z²).
        for n in [1_u32, 5, 20, 100, 10_000] {
            let z2 = Z * Z;
            let all = Bound::of(n, n, Z);
            assert!((all.lower - f64::from(n) / (f64::from(n) + z2)).abs() < 1e-12, "{n}: {all:?}");
            assert!((all.upper - 1.0).abs() < 1e-12);
            let none = Bound::of(0, n, Z);
            assert!((none.upper - z2 / (f64::from(n) + z2)).abs() < 1e-12, "{n}: {none:?}");
            assert!(none.lower.abs() < 1e-12);
        }
        // At a bound the score test is exactly as sure as asked for: (share - bound) / sqrt(bound (1 - bound) / n) = z.
        for (hits, n) in [(45_u32, 50_u32), (90, 100), (7, 10), (1, 3)] {
            let bound = Bound::of(hits, n, Z);
            for (edge, sign) in [(bound.lower, 1.0), (bound.upper, -1.0)] {
                let score = sign * (bound.share - edge) / (edge * (1.0 - edge) / f64::from(n)).sqrt();
                assert!((score - Z).abs() < 1e-9, "{hits}/{n}: {score}");
            }
        }
    }

    #[test]
    fn more_of_the_same_is_surer() {
        let mut before = 0.0;
        for n in [10, 20, 50, 100, 500] {
            let lower = Bound::of(n * 9 / 10, n, Z).lower;
            assert!(lower > before && lower < 0.9, "{n}: {lower}");
            before = lower;
        }
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let bound = Bound::of(0, 0, Z);
        assert_eq!((bound.lower_permille(), bound.upper_permille()), (0, 1000));
        // More hits than there were tries is a slip that must not promise anything impossible.
        assert!(Bound::of(9, 3, Z).lower <= 1.0);
        assert_eq!(Bound::of(20, 20, Z).lower_permille(), 880);
    }
}
