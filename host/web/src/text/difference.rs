//! What was changed between two texts, word by word.

use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Longest texts, in characters of both together, that are compared word by word; longer ones line by line.
const WORDS_MAX: usize = 12_000;
/// A comparison that has taken this long is ended with what is known: still true, not the shortest.
const TAKES_MAX: Duration = Duration::from_millis(100);

/// A piece of either text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which it is.
    pub side: Side,
    /// Its words.
    pub text: String,
}

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In both.
    Both,
    /// Only in what was there before.
    Removed,
    /// Only in what is there now.
    Added,
}

/// The pieces of both texts in order: without those added it is the first, without those removed the second.
#[must_use]
pub fn pieces(before: &str, now: &str) -> Vec<Piece> {
    let mut config = TextDiff::configure();
    config.timeout(TAKES_MAX);
    let diff = if before.chars().count() + now.chars().count() <= WORDS_MAX {
        config.diff_unicode_words(before, now)
    } else {
        config.diff_lines(before, now)
    };
    let mut pieces: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let side = match change.tag() {
            ChangeTag::Equal => Side::Both,
            ChangeTag::Delete => Side::Removed,
            ChangeTag::Insert => Side::Added,
        };
        match pieces.last_mut().filter(|last| last.side == side) {
            Some(last) => last.text.push_str(change.value()),
            None => pieces.push(Piece { side, text: change.value().to_owned() }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(pieces: &[Piece], without: Side) -> String {
        pieces.iter().filter(|piece| piece.side != without).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn both_texts_are_in_it_whole() {
        let long = "a line of words\n".repeat(2_000);
        for (before, now) in [
            ("", ""),
            ("", "new"),
            ("It is on its way.", "It was on its way, Ana."),
            ("您好，包裹已寄出。", "您好，您的包裹昨天已寄出。"),
            ("a\n\nb\n", "a\nb"),
            (long.as_str(), "a line of words\nand another\n"),
        ] {
            let pieces = pieces(before, now);
            assert_eq!(side(&pieces, Side::Added), before);
            assert_eq!(side(&pieces, Side::Removed), now);
        }
    }

    #[test]
    fn it_is_told_by_words() {
        let found = pieces("Order 1042 is late", "Order 1043 is late");
        let told: Vec<_> = found.iter().map(|piece| (piece.side, piece.text.as_str())).collect();
        assert_eq!(
            told,
            [(Side::Both, "Order "), (Side::Removed, "1042"), (Side::Added, "1043"), (Side::Both, " is late")]
        );
        let found = pieces("已寄出", "已经寄出");
        assert!(found.contains(&Piece { side: Side::Added, text: "经".into() }), "{found:?}");
    }
}
