//! Pictures within the text of a reply: a mark such as `[image: label.png]` says where a file is shown.
//!
//! The mark is part of the text, so whoever edits the text moves the picture or takes it out. It is also what stands in the plain
//! text of the mail, as mail programs write it themselves. A file that no mark names goes along as any other file; a mark that names
//! no picture among the files must not go out ([`unknown`]).

const OPENING: &str = "[image: ";
const CLOSING: char = ']';
/// What is longer than this, in characters, is no name.
const NAME_CHARS_MAX: usize = 200;

/// What a picture's first bytes say it is, of the four kinds that every mail program shows: PNG (W3C, 5.2), JPEG (ITU T.81, B.1.1.3),
/// GIF (GIF89a, 17) and WebP (RFC 9649, 2.4). Neither a name nor a header is believed.
#[must_use]
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// Whether this is one of the four kinds of [`kind`].
#[must_use]
pub fn is_kind(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}

/// `[image: label.png]`
#[must_use]
pub fn mark(name: &str) -> String {
    format!("{OPENING}{name}{CLOSING}")
}

/// A piece of a reply's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Words.
    Text(&'t str),
    /// Here stands the picture of this index among the names.
    Picture(usize),
    /// A mark with a name that is not among them.
    Unknown(&'t str),
}

/// Takes a text apart at its marks. `names` are those of the reply's pictures; of two with one name the first is meant, and an empty
/// one (a file that is no picture) is never meant. A name ends within its line.
#[must_use]
pub fn pieces<'t>(text: &'t str, names: &[&str]) -> Vec<Piece<'t>> {
    let mut found = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(at) = text[from..].find(OPENING).map(|at| from + at) {
        let inside = at + OPENING.len();
        let rest = &text[inside..];
        // The longest, since a name may hold a bracket itself.
        let known = names
            .iter()
            .enumerate()
            .filter(|(_, name)| is_name(name) && rest.strip_prefix(**name).is_some_and(|end| end.starts_with(CLOSING)))
            .max_by_key(|(index, name)| (name.len(), std::cmp::Reverse(*index)));
        let (length, piece) = match (known, closed(rest)) {
            (Some((index, name)), _) => (name.len(), Piece::Picture(index)),
            (None, Some(name)) => (name.len(), Piece::Unknown(name)),
            (None, None) => {
                from = inside;
                continue;
            }
        };
        if at > done {
            found.push(Piece::Text(&text[done..at]));
        }
        found.push(piece);
        done = inside + length + CLOSING.len_utf8();
        from = done;
    }
    if done < text.len() {
        found.push(Piece::Text(&text[done..]));
    }
    found
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

/// What stands before the closing bracket of this line.
fn closed(rest: &str) -> Option<&str> {
    let line = rest.split('\n').next().unwrap_or(rest);
    let name = line.split_once(CLOSING)?.0;
    // One that was begun and not ended takes nothing from the next.
    let sound = !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.contains(OPENING);
    sound.then_some(name)
}

/// Which of the pictures a text shows, in the order of `names`.
#[must_use]
pub fn shown(text: &str, names: &[&str]) -> Vec<bool> {
    let mut shown = vec![false; names.len()];
    for piece in pieces(text, names) {
        if let Piece::Picture(index) = piece {
            shown[index] = true;
        }
    }
    shown
}

/// The first name in a mark that is no picture's: the text must not go out like this.
#[must_use]
pub fn unknown<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    pieces(text, names).into_iter().find_map(|piece| match piece {
        Piece::Unknown(name) => Some(name),
        Piece::Text(_) | Piece::Picture(_) => None,
    })
}

/// The text with the picture's mark as a paragraph of its own: after the line in which the cursor stands (`caret`, in UTF-16 units as
/// browsers count), else at the end. A text that has the mark stays as it is.
#[must_use]
pub fn put_in(text: &str, name: &str, caret: Option<usize>) -> String {
    if shown(text, &[name]) == [true] {
        return text.to_owned();
    }
    let caret = caret.map_or(text.len(), |caret| byte_of(text, caret));
    let end = text[caret..].find('\n').map_or(text.len(), |at| caret + at);
    let (before, after) = (text[..end].trim_end(), text[end..].trim_matches('\n'));
    let pieces = [before, &mark(name), after];
    pieces.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn byte_of(text: &str, caret: usize) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= caret {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}

/// The text without the picture's mark, wherever it stands; a line that held nothing else goes with it.
#[must_use]
pub fn take_out(text: &str, name: &str) -> String {
    let mark = mark(name);
    if !text.contains(&mark) {
        return text.to_owned();
    }
    let mut kept: Vec<String> = Vec::new();
    let mut gone = false;
    for line in text.split('\n') {
        let blank = line.trim().is_empty();
        if line.trim() == mark {
            gone = true;
        } else if !(gone && blank && kept.last().is_none_or(|last| last.trim().is_empty())) {
            kept.push(line.replace(&mark, ""));
            gone &= blank;
        }
    }
    kept.join("\n").trim_end().to_owned()
}

/// The Content-ID of a mail's picture (RFC 2392), from its Message-ID, counted from 1: one of its kind in the world, and the same at
/// every try. What a `cid:` address would have to encode is left out.
#[must_use]
pub fn content_id(message_id: &str, number: usize) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect()
    };
    let (left, right) = message_id.rsplit_once('@').unwrap_or((message_id, ""));
    let right = plain(right);
    format!("image{number}.{}@{}", plain(left), if right.is_empty() { "localhost" } else { &right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Picture, Text, Unknown};

    #[test]
    fn marks_are_found_wherever_they_stand() {
        let names = ["a.png", "b].png", "", "a.png"];
        assert_eq!(pieces("Look: [image: a.png]!", &names), [Text("Look: "), Picture(0), Text("!")]);
        assert_eq!(pieces("[image: b].png][image: c.png]", &names), [Picture(1), Unknown("c.png")]);
        for words in ["", "[image: ]", "[image: a.png", "[image: a\n.png]", "[Image: a.png]", "[image:a.png]"] {
            assert_eq!(unknown(words, &names), None, "{words}");
            assert_eq!(shown(words, &names), [false; 4], "{words}");
        }
        assert_eq!(pieces("[image: x [image: a.png]", &names), [Text("[image: x "), Picture(0)]);
        assert_eq!(unknown(&mark(&"n".repeat(201)), &names), None);
        assert_eq!(unknown(&mark(&"n".repeat(200)), &names).map(str::len), Some(200));
        assert_eq!(shown("[image: a.png] [image: a.png]", &names), [true, false, false, false]);
    }

    #[test]
    fn a_mark_gets_a_paragraph_of_its_own() {
        assert_eq!(put_in("", "a.png", None), "[image: a.png]");
        assert_eq!(put_in("Hello\n", "a.png", None), "Hello\n\n[image: a.png]");
        let text = "你好\u{1F600} Ana\nsee below\n\nRegards";
        // After the line of the cursor, which browsers count in UTF-16 units: the smiley is two of them.
        for caret in [0, 8] {
            assert_eq!(
                put_in(text, "a.png", Some(caret)),
                "你好\u{1F600} Ana\n\n[image: a.png]\n\nsee below\n\nRegards",
                "{caret}"
            );
        }
        let below = "你好\u{1F600} Ana\nsee below\n\n[image: a.png]\n\nRegards";
        assert_eq!(put_in(text, "a.png", Some(9)), below);
        assert_eq!(put_in(below, "a.png", Some(0)), below, "once");
        assert_eq!(put_in("x", "a.png", Some(usize::MAX)), "x\n\n[image: a.png]");
    }

    #[test]
    fn taking_a_mark_out_leaves_the_text_as_it_was() {
        for text in ["", "Hello", "Hello\n\nRegards", "a\nb\n\nc"] {
            for caret in [None, Some(0), Some(3)] {
                let there = put_in(text, "a.png", caret);
                assert_eq!(take_out(&there, "a.png").replace('\n', ""), text.replace('\n', ""), "{there:?}");
            }
        }
        assert_eq!(take_out("Hello\n\n[image: a.png]\n\nRegards", "a.png"), "Hello\n\nRegards");
        assert_eq!(take_out("See [image: a.png].\n\n\nEnd", "a.png"), "See .\n\n\nEnd");
        assert_eq!(take_out("See [image: b.png].", "a.png"), "See [image: b.png].");
    }

    #[test]
    fn a_content_id_stands_in_an_address_as_it_is() {
        assert_eq!(content_id("0af.b1@shop.example", 2), "image2.0af.b1@shop.example");
        assert_eq!(content_id("a%\"<>@b/@c d", 1), "image1.ab@cd");
        assert_eq!(content_id("x", 1), "image1.x@localhost");
    }

    #[test]
    fn a_page_is_never_a_picture() {
        assert_eq!(kind(b"<html>"), None);
        assert_eq!(kind(b"<svg xmlns="), None);
        assert_eq!(kind(&[0x89, b'P', b'N', b'G', 13]), Some("image/png"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(kind(b"RIFF\0\0\0\0WAVE"), None);
        assert_eq!(kind(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind(&[0xFF, 0xD8, 0xFF, 0xE0]), Some("image/jpeg"));
    }
}
