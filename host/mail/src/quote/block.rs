//! Separators and blocks of header lines above history.

use super::labels::{FROM, SENT, SUBJECT, TO};
use super::phrases::{INTRODUCES, ORIGINAL, REPLY_ABOVE};
use super::{Line, is_rule};

/// A block of header lines is looked for in this many lines.
const BLOCK_LINES_MAX: usize = 9;

/// Whether everything from this line on is history.
pub(super) fn starts_history(lines: &[Line<'_>], at: usize) -> bool {
    let line = lines[at].plain.as_str();
    if line.len() <= 300 {
        let lower = line.to_lowercase();
        if is_separator(&lower) || INTRODUCES.iter().any(|i| lower == *i) {
            return true;
        }
        if lower.len() <= 160 && REPLY_ABOVE.iter().any(|r| lower.contains(r)) {
            return true;
        }
    }
    if is_rule(line) {
        // A rule starts history when a header block follows it.
        return super::next_speaking(lines, at + 1).is_some_and(|next| is_header_block(lines, next));
    }
    is_header_block(lines, at)
}

/// `-----Original Message-----`, `------------------ 原始邮件 ------------------`, `---- 回复的原邮件 ----`,
/// `---------- Forwarded message ---------`, also `*** Original Message ***` without its stars.
fn is_separator(lower: &str) -> bool {
    let drawn = |c: char| matches!(c, '-' | '_' | '=' | '~' | '—' | '–' | '─' | '━' | '·' | '•' | '#' | '|' | ' ');
    let inside = lower.trim_matches(drawn);
    if inside.is_empty() || inside.chars().count() > 60 {
        return false;
    }
    let lead = lower.chars().take_while(|c| drawn(*c) && *c != ' ').count();
    let is_drawn = lead >= 2 || (lead >= 1 && lower.ends_with(['-', '_', '=', '—', '–']));
    let inside = inside.trim_end_matches(':').trim();
    if is_drawn {
        return ORIGINAL.contains(&inside)
            // `---------- Forwarded by Ana/Shop on 05/01/2024 ----------`
            || inside.starts_with("forwarded by ")
            || inside.starts_with("forwarded message")
            || inside.starts_with("original message")
            || inside.starts_with("原始邮件")
            || inside.starts_with("原始郵件");
    }
    // Bare, but unmistakable.
    matches!(
        inside,
        "原始邮件"
            | "原始郵件"
            | "原始信件"
            | "original message"
            | "ursprüngliche nachricht"
            | "message d'origine"
            | "mensaje original"
    ) && inside == lower.trim_end_matches(':').trim()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    To,
    Subject,
}

/// `From: … / Sent: … / To: … / Subject: …` in any of the languages, in any order that begins with From or a date.
/// Values may run on to the next line.
fn is_header_block(lines: &[Line<'_>], at: usize) -> bool {
    let Some(first) = label(&lines[at].plain) else { return false };
    if !matches!(first, Label::From | Label::Sent) {
        // A few clients begin with the subject; then the sender must follow at once.
        let next = lines.get(at + 1).and_then(|l| label(&l.plain));
        if !(first == Label::Subject && matches!(next, Some(Label::From | Label::Sent))
            || first == Label::To && next == Some(Label::From))
        {
            return false;
        }
    }
    let mut seen: Vec<Label> = vec![first];
    let mut has_address = lines[at].plain.contains('@');
    let mut gap = 0;
    let mut blanks = 0;
    for line in lines[at + 1..].iter().take(BLOCK_LINES_MAX) {
        if line.is_blank() {
            blanks += 1;
            // HTML tables put a blank line between the rows.
            if blanks > 1 || gap > 0 {
                break;
            }
            continue;
        }
        match label(&line.plain) {
            Some(label) => {
                if !seen.contains(&label) {
                    seen.push(label);
                }
                has_address |= line.plain.contains('@');
                gap = 0;
                blanks = 0;
            }
            None if blanks > 0 => break,
            None => {
                gap += 1;
                has_address |= line.plain.contains('@');
                if gap > 2 {
                    break;
                }
            }
        }
    }
    let has = |l: Label| seen.contains(&l);
    let names_writer = has(Label::From);
    // Three kinds are a block; two need an address, or a writer with a date or a subject.
    names_writer && (seen.len() >= 3 || (seen.len() == 2 && (has_address || !has(Label::To))))
}

/// The label that a line begins with.
fn label(line: &str) -> Option<Label> {
    let line = line.trim_start_matches(['|', '>', ' ']);
    // `发件人 | Ana <a@x>` is how tables come out.
    let end = line.char_indices().take(32).find(|(_, c)| matches!(c, ':' | '|'))?.0;
    let name: String = line[..end].to_lowercase();
    let name = name.trim();
    let squeezed: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    // `主　题` is spread to the width of the others.
    let is = |list: &[&str]| {
        list.contains(&name)
            || (!squeezed.is_ascii() && list.iter().any(|l| !l.is_ascii() && l.replace(' ', "") == squeezed))
    };
    if is(FROM) {
        Some(Label::From)
    } else if is(SENT) {
        Some(Label::Sent)
    } else if is(SUBJECT) {
        Some(Label::Subject)
    } else if is(TO) {
        Some(Label::To)
    } else {
        None
    }
}
