//! Bytes that are a little wrong, the same ones in every run: what tests throw at readers.

/// Dice whose seed decides every throw (xorshift64*, Marsaglia 2003 and Vigna 2016). Not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From a seed; 0 would throw nothing but zeros, and counts as 1.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below this; 0 where there is nothing below it.
    pub fn below(&mut self, end: usize) -> usize {
        // What is below a `usize` is one.
        (self.throw() % end.max(1) as u64) as usize
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One to five changes, each anywhere: a bit or a byte changed, a piece of at most 59 bytes taken out, doubled or put elsewhere, the
    /// end cut off (at most half), a number of four bytes over what stood there, or one of `words` put in.
    ///
    /// # Panics
    /// When there are no words.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>, words: &[&[u8]]) {
        for _ in 0..=self.below(5) {
            let at = self.below(bytes.len() + 1);
            let to = (at + self.below(60)).min(bytes.len());
            match self.below(9) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.throw().to_le_bytes()[7],
                2 => drop(bytes.drain(at..to)),
                3 => {
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 | 5 => {
                    let piece = bytes[at..to].to_vec();
                    let other = self.below(bytes.len() + 1);
                    bytes.splice(other..other, piece);
                }
                6 => bytes.truncate(at.max(bytes.len() / 2)),
                7 => {
                    let number = self.pick(&[0_u32, 1, 0x7fff_ffff, 0xffff_ffff, 0xffff, 40_000]).to_le_bytes();
                    let end = (at + 4).min(bytes.len());
                    bytes.splice(at..end, number);
                }
                _ => {
                    let word = self.pick(words).to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_decides_everything() {
        let run = |seed| {
            let mut dice = Dice::new(seed);
            let mut bytes = b"From: ana@customer.example\r\n\r\nWhere is it?\r\n".to_vec();
            dice.mutate(&mut bytes, &[b"word"]);
            (bytes, dice.below(1_000_000))
        };
        assert_eq!(run(7), run(7));
        let different: BTreeSet<_> = (0..100).map(run).collect();
        assert!(different.len() > 95, "{}", different.len());
    }

    #[test]
    fn a_throw_is_below_its_end() {
        let mut dice = Dice::new(0);
        let seen: BTreeSet<usize> = (0..1_000).map(|_| dice.below(6)).collect();
        assert_eq!(seen, (0..6).collect());
        assert_eq!((dice.below(0), dice.below(1)), (0, 0));
        let mut empty = Vec::new();
        (0..1_000).for_each(|_| dice.mutate(&mut empty, &[b""]));
    }
}
