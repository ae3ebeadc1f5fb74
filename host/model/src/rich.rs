//! Emphasis, lists, links and quotes within the text of a reply.
//!
//! A reply is plain text; a few marks in it say what it looks like. What people write without a thought of marks (`*123*`,
//! `snake_case`, `2 * 3 * 4`, `- 5 EUR`) stays as it is:
//!
//! | written | shown | only where |
//! |---|---|---|
//! | `**words**` | bold | there is a letter inside, no blank at its edges, and no letter or digit right outside (Chinese, Japanese, Korean and Thai ones may be) |
//! | `*words*`, `_words_` | italic | as bold; and what is one piece with a digit in it (`*A123*`) is not |
//! | `[words](https://…)` | a link | to `http:`, `https:` or `mailto:` |
//! | `- ` or `1. ` before two lines or more | a list | the lines follow each other, and numbers count up by one |
//! | `> ` before a line | a quote | |
//! | `\*`, `\_`, `\[`; at the begin of a line `\-`, `\>`, `1\.` | the sign itself | |
//!
//! Marks do not go over the end of a line. [`html`] writes it for mail programs, [`plain`] for those that show text.

use crate::picture::{self, Piece};

mod write;

pub use write::{Page, Placed, attribution, html, page};

/// Bytes between the two ends of a mark: what is longer is none.
const MARK_BYTES_MAX: usize = 1_000;
/// Bytes of a link's address.
const ADDRESS_BYTES_MAX: usize = 2_000;

/// Lines that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block<'t> {
    /// A paragraph.
    Lines(Vec<&'t str>),
    /// `- `, without it.
    Bullets(Vec<&'t str>),
    /// `1. `, without it, and the first number.
    Numbers(u32, Vec<&'t str>),
    /// `> `, without it.
    Quote(Vec<&'t str>),
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline<'t> {
    /// Words.
    Text(&'t str),
    /// Bold.
    Bold(Vec<Inline<'t>>),
    /// Italic.
    Italic(Vec<Inline<'t>>),
    /// Words that lead to an address.
    Link(&'t str, &'t str),
    /// The address of a web page as it stands in the text.
    Address(&'t str),
}

/// The blocks of a text with `\n` line ends. Empty lines part paragraphs.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found: Vec<Block<'_>> = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        let quoted = run(rest, |line, _| quote(line));
        let bullets = run(rest, |line, _| line.strip_prefix("- ").filter(|item| !item.trim().is_empty()));
        let first = numbered(lines[at]).map(|(number, _)| number);
        let numbers = run(rest, |line, index| {
            let wanted = first?.checked_add(u32::try_from(index).ok()?)?;
            numbered(line).filter(|(number, _)| *number == wanted).map(|(_, item)| item)
        });
        let (block, taken) = match (quoted.len(), bullets.len(), numbers.len(), first) {
            (1.., ..) => (Block::Quote(quoted.clone()), quoted.len()),
            (_, 2.., ..) => (Block::Bullets(bullets.clone()), bullets.len()),
            (_, _, 2.., Some(first)) => (Block::Numbers(first, numbers.clone()), numbers.len()),
            _ => {
                if lines[at].is_empty() {
                    finish(&mut found, &mut paragraph);
                } else {
                    paragraph.push(lines[at]);
                }
                at += 1;
                continue;
            }
        };
        finish(&mut found, &mut paragraph);
        found.push(block);
        at += taken;
    }
    finish(&mut found, &mut paragraph);
    found
}

fn finish<'t>(found: &mut Vec<Block<'t>>, paragraph: &mut Vec<&'t str>) {
    if !paragraph.is_empty() {
        found.push(Block::Lines(std::mem::take(paragraph)));
    }
}

fn run<'t>(lines: &[&'t str], item: impl Fn(&'t str, usize) -> Option<&'t str>) -> Vec<&'t str> {
    lines.iter().enumerate().map_while(|(index, line)| item(line, index)).collect()
}

fn quote(line: &str) -> Option<&str> {
    if line == ">" { Some("") } else { line.strip_prefix("> ") }
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, item) = line.split_once(". ")?;
    let plain = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if !plain || item.trim().is_empty() {
        return None;
    }
    Some((number.parse().ok()?, item))
}

/// The pieces of one line.
#[must_use]
pub fn inlines(line: &str) -> Vec<Inline<'_>> {
    pieces(line, Within::Line)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Line,
    Bold,
    Italic,
}

fn pieces(line: &str, within: Within) -> Vec<Inline<'_>> {
    let mut found = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        let piece = match first {
            '\\' if is_escape(line, at) => {
                words(&mut found, &line[done..at]);
                done = at + 1;
                at = done + line[done..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            'h' => address(rest).map(|address| (Inline::Address(address), address.len())),
            '[' => link(rest),
            '*' | '_' => emphasis(line, at, within),
            _ => None,
        };
        match piece {
            Some((piece, length)) => {
                words(&mut found, &line[done..at]);
                found.push(piece);
                at += length;
                done = at;
            }
            None => at += first.len_utf8(),
        }
    }
    words(&mut found, &line[done..]);
    found
}

fn words<'t>(found: &mut Vec<Inline<'t>>, text: &'t str) {
    if !text.is_empty() {
        found.push(Inline::Text(text));
    }
}

/// Whether the backslash here only says that the next sign is none.
fn is_escape(line: &str, at: usize) -> bool {
    match line.as_bytes().get(at + 1) {
        Some(b'*' | b'_' | b'[') => true,
        Some(b'-' | b'>') => at == 0,
        Some(b'.') => (1..=3).contains(&at) && line[..at].bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

/// The address of a web page that begins here, without the punctuation that follows it.
fn address(rest: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme))?;
    let end = rest.find(|c: char| c.is_whitespace() || "<>\"'`\\）」》。，".contains(c)).unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*']);
    (address.len() > scheme.len()).then_some(address)
}

fn link(rest: &str) -> Option<(Inline<'_>, usize)> {
    let inside = &rest[1..];
    let end = inside.find(['[', ']'])?;
    let (text, after) = (&inside[..end], &inside[end..]);
    let target = after.strip_prefix("](")?;
    let mut bound = target.len().min(ADDRESS_BYTES_MAX + 1);
    while !target.is_char_boundary(bound) {
        bound -= 1;
    }
    let address = &target[..target[..bound].find(')')?];
    let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| address.starts_with(scheme))?;
    let sound = !text.trim().is_empty()
        && text.len() <= MARK_BYTES_MAX
        && address.len() > scheme.len()
        && address.len() <= ADDRESS_BYTES_MAX
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"(\\".contains(c));
    sound.then_some((Inline::Link(text, address), 1 + end + 2 + address.len() + 1))
}

fn emphasis(line: &str, at: usize, within: Within) -> Option<(Inline<'_>, usize)> {
    let rest = &line[at..];
    let sign = rest.chars().next()?;
    let bold = rest.starts_with("**");
    let mark = &rest[..if bold { 2 } else { 1 }];
    // Bold may hold italic; neither holds itself.
    if (bold && within != Within::Line) || within == Within::Italic {
        return None;
    }
    let before = line[..at].chars().next_back();
    let opens = is_outside(before, sign, "([{\"'“‘«—–-/,:;，。、：；（「『【《¿¡*_");
    if before == Some(sign) || !opens {
        return None;
    }
    let inside = &rest[mark.len()..];
    if inside.starts_with(|c: char| c.is_whitespace() || c == sign) {
        return None;
    }
    let mut bound = inside.len().min(MARK_BYTES_MAX);
    while !inside.is_char_boundary(bound) {
        bound -= 1;
    }
    let (end, _) = inside[..bound].match_indices(mark).find(|(end, _)| {
        let last = inside[..*end].chars().next_back();
        let after = inside[end + mark.len()..].chars().next();
        let alone = last != Some(sign) && after != Some(sign);
        alone
            && last.is_some_and(|c| !c.is_whitespace() && c != '\\')
            && is_outside(after, sign, ")]}\"'”’»…—–-/.,:;!?，。、：；！？）」』】》*_")
    })?;
    let words = &inside[..end];
    if !words.chars().any(char::is_alphabetic) {
        return None;
    }
    // A number of an order or an article between stars is one.
    let code = !words.contains(char::is_whitespace) && words.contains(|c: char| c.is_ascii_digit());
    let length = end + 2 * mark.len();
    match bold {
        true => Some((Inline::Bold(pieces(words, Within::Bold)), length)),
        false if code => None,
        false => Some((Inline::Italic(pieces(words, Within::Italic)), length)),
    }
}

/// Whether what stands right outside of a mark lets it be one.
fn is_outside(c: Option<char>, sign: char, punctuation: &str) -> bool {
    c.is_none_or(|c| c.is_whitespace() || punctuation.contains(c) || (sign == '*' && is_dense(c)))
}

/// Written without blanks between words.
fn is_dense(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x0E00..=0x0E7F)
}

/// Line ends as `\n`, without control characters that no mail program shows, and without blanks at its end.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect();
    kept.trim_end().to_owned()
}

/// The text for mail programs that show text: bold between single stars, italic between underscores, as people write them, and
/// addresses of links in angle brackets behind their words. A text without marks stays as it is.
#[must_use]
pub fn plain(text: &str) -> String {
    plain_with(text, &[])
}

/// As [`plain`], for a text that shows pictures of these names ([`picture::pieces`]): their marks stay as they are.
#[must_use]
pub fn plain_with(text: &str, pictures: &[&str]) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // What is behind the mark of a quote or a list begins anew.
        let item = quote(line).or_else(|| line.strip_prefix("- ")).unwrap_or(line);
        out.push_str(&line[..line.len() - item.len()]);
        for piece in picture::pieces(item, pictures) {
            match piece {
                Piece::Text(words) => flat(&mut out, &inlines(words)),
                Piece::Picture(index) => out.push_str(&picture::mark(pictures[index])),
                Piece::Unknown(name) => out.push_str(&picture::mark(name)),
            }
        }
    }
    out
}

fn flat(out: &mut String, pieces: &[Inline<'_>]) {
    for piece in pieces {
        match piece {
            Inline::Text(text) | Inline::Address(text) => out.push_str(text),
            Inline::Bold(inner) => {
                out.push('*');
                flat(out, inner);
                out.push('*');
            }
            Inline::Italic(inner) => {
                out.push('_');
                flat(out, inner);
                out.push('_');
            }
            Inline::Link(text, address) => {
                let bare = address.strip_prefix("mailto:").unwrap_or(address);
                if *text == bare {
                    out.push_str(bare);
                } else {
                    out.push_str(&format!("{text} <{bare}>"));
                }
            }
        }
    }
}

/// The mailbox's signature below what an agent wrote, after the line that tells it from the text (RFC 3676, 4.3).
#[must_use]
pub fn with_signature(body: &str, signature: Option<&str>) -> String {
    match signature.map(str::trim_end).filter(|signature| !signature.trim().is_empty()) {
        Some(signature) => format!("{}\n\n-- \n{signature}", body.trim_end()),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests;
