//! Templates that compete: how each did, and whether one does better by more than chance.

use super::frame::Frame;
use super::templates::address;
use maud::{Markup, html};
use posthouse_model::significance::{LEVEL, Outcome, REPLIES_MIN};

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The drafter.
    pub plugin: String,
    /// Its name.
    pub trial: String,
    /// The templates; the first is the one that the others are compared with.
    pub sides: Vec<Side>,
}

/// One template of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its name.
    pub id: String,
    /// Replies that went out as proposed, of all that were sent or did not fit.
    pub outcome: Outcome,
    /// How likely the difference from the first is by chance alone, corrected; none for the first.
    pub chance: Option<f64>,
}

/// What is to be said of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    First,
    TooFew,
    NoDifference,
    Better,
    Worse,
}

impl Comparison {
    fn word(&self, side: &Side) -> Word {
        let Some((first, chance)) = self.sides.first().zip(side.chance) else { return Word::First };
        if side.outcome.all < REPLIES_MIN || first.outcome.all < REPLIES_MIN {
            return Word::TooFew;
        }
        match (chance < LEVEL, side.outcome.share() > first.outcome.share()) {
            (false, _) => Word::NoDifference,
            (true, true) => Word::Better,
            (true, false) => Word::Worse,
        }
    }

    /// A table of its templates.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            h3 { bdi { (self.trial) } }
            table.uses {
                thead { tr {
                    th { (t.template_column()) } th.num { (t.trial_as_proposed()) } th.num { (t.trial_chance()) } th { (t.trial_says()) }
                } }
                tbody { @for side in &self.sides { tr {
                    td data-label=(t.template_column()) { a href=(address(frame, &self.plugin, &side.id, None)) { bdi { (side.id) } } }
                    td.num data-label=(t.trial_as_proposed()) {
                        (side.outcome.good) " / " (side.outcome.all)
                        @if let Some(share) = side.outcome.share() { span.mute.below { (format!("{:.0} %", share * 100.0)) } }
                    }
                    td.num data-label=(t.trial_chance()) { @if let Some(chance) = side.chance { (said(chance)) } }
                    td data-label=(t.trial_says()) {
                        @match self.word(side) {
                            Word::First => (t.trial_first()),
                            Word::TooFew => (t.trial_too_few(REPLIES_MIN)),
                            Word::NoDifference => (t.trial_no_difference()),
                            Word::Better => b { (t.trial_better()) },
                            Word::Worse => b { (t.trial_worse()) },
                        }
                    }
                } } }
            }
        }
    }
}

/// A chance as people read it.
fn said(chance: f64) -> String {
    if chance < 0.001 { "p < 0.001".to_owned() } else { format!("p = {chance:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(good: u64, all: u64, chance: Option<f64>) -> Side {
        Side { id: "x".into(), outcome: Outcome { good, all }, chance }
    }

    #[test]
    fn nothing_is_said_before_there_is_enough_and_more_than_chance() {
        let first = side(10, 40, None);
        let word = |second: Side| {
            let comparison =
                Comparison { plugin: "d".into(), trial: "t".into(), sides: vec![first.clone(), second.clone()] };
            comparison.word(&second)
        };
        assert_eq!(word(side(19, 19, Some(0.0001))), Word::TooFew);
        assert_eq!(word(side(16, 40, Some(0.2))), Word::NoDifference);
        assert_eq!(word(side(30, 40, Some(0.0001))), Word::Better);
        assert_eq!(word(side(1, 40, Some(0.01))), Word::Worse);
        assert_eq!(word(first.clone()), Word::First);
        assert_eq!((said(0.00001), said(0.0412)), ("p < 0.001".to_owned(), "p = 0.041".to_owned()));
    }
}
