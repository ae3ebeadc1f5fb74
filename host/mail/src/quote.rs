//! The new text of a mail: without quoted history, without the line above it, without signature.
//!
//! Three things mark history. Lines with `>`. A line that tells who wrote when (`On 1 May 2024, Ana <a@x> wrote:`),
//! in any language: recognised by its make (a date, an address, a verb of writing, a colon at the end) more than by
//! its words. And a separator or a block of header lines (`From: … Sent: … To: …`, `发件人：… 发送时间：…`).
//! Everything else is new text, also between and below quoted lines.

mod attribution;
mod block;
mod devices;
mod labels;
mod phrases;
mod signature;

/// Lines beyond this are history anyhow; it bounds the work on a pasted log.
const LINES_MAX: usize = 20_000;

/// A mail's text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The new text, blank lines around it gone. Empty when there is only history.
    pub reply: String,
    /// There was quoted history.
    pub quoted: bool,
    /// There was a signature (`-- `, "Sent from my phone" in any of the languages known).
    pub signature: bool,
}

/// The new text; see [`split`].
#[must_use]
pub fn reply_text(text: &str) -> String {
    split(text).reply
}

/// Takes a text apart. Linear in its length; never fails.
#[must_use]
pub fn split(text: &str) -> Split {
    let lines: Vec<Line<'_>> = text.lines().take(LINES_MAX).map(Line::new).collect();
    let mut result = Split::default();
    let mut kept: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        if line.is_quoted() {
            result.quoted = true;
            at = end_of_quote(&lines, at);
            continue;
        }
        if line.is_blank() {
            kept.push(at);
            at += 1;
            continue;
        }
        if let Some(end) = attribution::at(&lines, at) {
            result.quoted = true;
            match next_speaking(&lines, end) {
                // Quoted lines follow: what comes below them may be new again.
                Some(next) if lines[next].is_quoted() => {
                    at = next;
                    continue;
                }
                _ => break,
            }
        }
        if block::starts_history(&lines, at) {
            result.quoted = true;
            break;
        }
        if signature::is_delimiter(&lines, at) || (line.plain.len() <= 200 && signature::is_sent_from(&line.plain)) {
            result.signature = true;
            // The signature of an answer above its history ends the new text. Under history, or with nothing above,
            // look on: the answer may stand below.
            if says_something(&lines, &kept) || signature::is_delimiter(&lines, at) {
                result.quoted |= lines[at..].iter().any(Line::is_quoted);
                break;
            }
            at += 1;
            continue;
        }
        kept.push(at);
        at += 1;
    }
    result.reply = join(&lines, &kept);
    result
}

/// One line: as it came, and in the form that patterns look at.
pub(crate) struct Line<'t> {
    raw: &'t str,
    /// Trimmed; exotic blanks and colons in their plain form; direction marks and emphasis (`*From:*`) gone.
    plain: String,
}

impl<'t> Line<'t> {
    fn new(raw: &'t str) -> Self {
        Self { raw, plain: plain(raw) }
    }

    fn is_blank(&self) -> bool {
        self.plain.is_empty()
    }

    /// `> text`. A lone `>` before a letter without a blank is counted too: many clients write it so.
    fn is_quoted(&self) -> bool {
        self.plain.starts_with('>') || self.plain.starts_with('＞')
    }
}

fn plain(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(2000));
    // Nothing that marks history is longer.
    for c in raw.chars().take(2000) {
        match c {
            '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' | '\u{3000}' | '\t' => out.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}' => {}
            '：' | '﹕' => out.push(':'),
            '*' => {}
            c => out.push(c),
        }
    }
    let trimmed = out.trim();
    if trimmed.len() == out.len() { out } else { trimmed.to_owned() }
}

fn next_speaking(lines: &[Line<'_>], from: usize) -> Option<usize> {
    // A gap of more than a few blank lines parts what does not belong together.
    (from..lines.len().min(from + 6)).find(|i| !lines[*i].is_blank())
}

/// Past the quoted lines that start at `at`, and past pieces of quoted lines that a mailer broke off: unquoted lines
/// between two quoted ones, without a blank line before them, after a line that was full.
fn end_of_quote(lines: &[Line<'_>], at: usize) -> usize {
    let mut end = at;
    loop {
        while end < lines.len() && lines[end].is_quoted() {
            end += 1;
        }
        let full = lines[end - 1].raw.trim_end().chars().count() >= 60;
        let broken_off =
            (end..lines.len().min(end + 2)).take_while(|i| !lines[*i].is_blank() && !lines[*i].is_quoted());
        let after = end + broken_off.count();
        let is_short = after > end && lines[end..after].iter().all(|l| l.plain.chars().count() <= 60);
        if full && is_short && lines.get(after).is_some_and(Line::is_quoted) {
            end = after;
            continue;
        }
        return end;
    }
}

fn says_something(lines: &[Line<'_>], kept: &[usize]) -> bool {
    kept.iter().any(|i| lines[*i].plain.chars().any(|c| c.is_alphanumeric() || u32::from(c) >= 0x2600))
}

/// The kept lines, without separators and greetings of machines at the end, blank lines around them gone.
fn join(lines: &[Line<'_>], kept: &[usize]) -> String {
    let mut kept = kept;
    while let [rest @ .., last] = kept {
        let line = &lines[*last].plain;
        if line.is_empty() || is_rule(line) || (line.len() <= 200 && signature::is_sent_from(line)) {
            kept = rest;
        } else {
            break;
        }
    }
    let mut out = String::new();
    let mut blank = 0;
    let mut previous: Option<usize> = None;
    for &index in kept {
        let line = lines[index].raw.trim_end();
        if line.is_empty() || lines[index].is_blank() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
            // Where history was cut out from between, one blank line parts the pieces.
            let gap = previous.is_some_and(|p| index > p + 1 + blank);
            for _ in 0..if gap { 1 } else { blank } {
                out.push('\n');
            }
        }
        blank = 0;
        previous = Some(index);
        out.push_str(line);
    }
    out
}

/// A line that only draws: `____`, `====`, `* * *`.
fn is_rule(line: &str) -> bool {
    line.chars().count() >= 3
        && line.chars().all(|c| matches!(c, '_' | '-' | '=' | '*' | '~' | '—' | '–' | '─' | '━' | '#' | ' '))
}

#[cfg(test)]
mod tests;
