//! What changed between two texts, line by line.

use similar::{ChangeTag, TextDiff};

/// Unchanged lines shown around a change.
const AROUND: usize = 3;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stands in both.
    Same,
    /// It stands in the newer one alone.
    Added,
    /// It stands in the older one alone.
    Removed,
    /// So many unchanged lines are not shown; the text is their number.
    LeftOut,
}

/// A line and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub change: Change,
    /// Without its end.
    pub text: String,
}

/// The lines of both texts, in order; long unchanged stretches are left out. Empty where nothing differs. Takes at most half a second:
/// beyond that the rest is shown as taken out and put in.
#[must_use]
pub fn lines(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::configure().timeout(std::time::Duration::from_millis(500)).diff_lines(before, after);
    let all: Vec<Line> = diff
        .iter_all_changes()
        .map(|change| Line {
            change: match change.tag() {
                ChangeTag::Equal => Change::Same,
                ChangeTag::Delete => Change::Removed,
                ChangeTag::Insert => Change::Added,
            },
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        })
        .collect();
    if all.iter().all(|line| line.change == Change::Same) {
        return Vec::new();
    }
    let changed: Vec<usize> = (0..all.len()).filter(|at| all[*at].change != Change::Same).collect();
    let mut shown = Vec::new();
    let mut left_out = 0_usize;
    for (at, line) in all.into_iter().enumerate() {
        let next = changed.partition_point(|changed| *changed < at);
        let near = |index: Option<&usize>| index.is_some_and(|other| other.abs_diff(at) <= AROUND);
        if near(changed.get(next)) || near(next.checked_sub(1).and_then(|before| changed.get(before))) {
            if left_out > 0 {
                shown.push(Line { change: Change::LeftOut, text: left_out.to_string() });
                left_out = 0;
            }
            shown.push(line);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        shown.push(Line { change: Change::LeftOut, text: left_out.to_string() });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let mark = |change| match change {
            Change::Same => ' ',
            Change::Added => '+',
            Change::Removed => '-',
            Change::LeftOut => '…',
        };
        lines(before, after).iter().map(|line| format!("{}{}", mark(line.change), line.text)).collect()
    }

    #[test]
    fn what_changed_stands_among_its_neighbours() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        assert_eq!(
            told(&before, &after),
            ["…6", " line 7", " line 8", " line 9", "-line 10", "+line ten", " line 11", " line 12", " line 13", "…7"]
        );
    }

    #[test]
    fn texts_that_are_the_same_differ_in_nothing() {
        assert_eq!(told("a\nb\n", "a\nb\n"), Vec::<String>::new());
        assert_eq!(told("", "a"), ["+a"]);
        assert_eq!(told("退货\n30 天", "退货\n14 天"), [" 退货", "-30 天", "+14 天"]);
    }
}
