//! Finding words in a text, whatever their case.

use std::ops::Range;

/// Where any of these stands, without regard to case.
#[must_use]
pub fn found_any(text: &str, words: &[&str]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for word in words {
        let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
        let Some(first) = wanted.first() else { continue };
        let whole_word = first.is_alphabetic() && !is_dense(*first);
        for (start, character) in text.char_indices() {
            if character.to_lowercase().next() != Some(*first) {
                continue;
            }
            if let Some(end) = same(&text[start..], &wanted) {
                let whole = !whole_word || !text[..start].ends_with(|c: char| c.is_alphanumeric() && !is_dense(c));
                if whole && found.iter().all(|known| start >= known.end || start + end <= known.start) {
                    found.push(start..start + end);
                }
            }
        }
    }
    found
}

/// The sentence, within its line, that this place is in.
#[must_use]
pub fn sentence(text: &str, at: usize) -> &str {
    const ENDS: &[char] = &['\n', '!', '?', '。', '！', '？', ';', '；'];
    let ends = |before: &str, c: char, after: &str| {
        // A full stop that no blank follows is part of a number or an address.
        ENDS.contains(&c)
            || (c == '.' && !before.is_empty() && (after.is_empty() || after.starts_with(char::is_whitespace)))
    };
    let start = text[..at]
        .char_indices()
        .rfind(|(place, c)| ends(&text[..*place], *c, &text[place + c.len_utf8()..]))
        .map_or(0, |(place, c)| place + c.len_utf8());
    let end = text[at..]
        .char_indices()
        .find(|(place, c)| ends(&text[..at + place], *c, &text[at + place + c.len_utf8()..]))
        .map_or(text.len(), |(place, c)| at + place + c.len_utf8());
    &text[start..end]
}

/// Written without blanks between words.
fn is_dense(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x0E00..=0x0E7F)
}

/// How many bytes of `text` are `wanted` in whatever case.
fn same(text: &str, wanted: &[char]) -> Option<usize> {
    let mut at = 0;
    let mut rest = wanted;
    for character in text.chars() {
        if rest.is_empty() {
            break;
        }
        for lower in character.to_lowercase() {
            let (first, others) = rest.split_first()?;
            if *first != lower {
                return None;
            }
            rest = others;
        }
        at += character.len_utf8();
    }
    rest.is_empty().then_some(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn words_begin_where_a_word_begins() {
        assert_eq!(found_any("Is attached", &["is attached"]), vec![0..11]);
        assert_eq!(found_any("This attached", &["is attached"]), Vec::new());
        assert_eq!(found_any("ÜBER über", &["über"]).len(), 2);
        assert_eq!(found_any("订单见附件", &["见附件"]).len(), 1);
        assert_eq!(found_any("abc", &[""]), Vec::new());
    }

    #[test]
    fn a_sentence_ends_at_its_mark() {
        let text = "One 4.90 EUR. Two a.b? Three\nFour";
        assert_eq!(sentence(text, 1), "One 4.90 EUR.");
        assert_eq!(sentence(text, 15), " Two a.b?");
        assert_eq!(sentence(text, text.len() - 1), "Four");
        assert_eq!(sentence("", 0), "");
    }
}
