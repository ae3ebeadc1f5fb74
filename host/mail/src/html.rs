//! HTML mail as readable text. One pass, linear in its input, never fails: mail is not valid HTML.
//!
//! Blocks become lines, quoted blocks get `> `, lists get `- `, what a reader would not see (scripts, styles,
//! hidden preheaders) is left out. The result also knows which stretches a mail client marked as history.

mod tags;

use tags::{Tag, TagKind};

/// Open elements beyond this many are not followed: no reader renders such a tree either.
const DEPTH_MAX: usize = 400;

/// What an HTML body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// All readable text, `\n` line ends, no trailing blanks.
    pub text: String,
    /// The text without what a client marked as history (`gmail_quote`, `blockquote type="cite"`, Outlook's reply
    /// header …). None when nothing was marked.
    pub fresh: Option<String>,
}

/// Readable text of an HTML body.
#[must_use]
pub fn to_text(html: &str) -> String {
    convert(html).text
}

/// Readable text, and where the client marked history, the text without it.
#[must_use]
pub fn convert(html: &str) -> Converted {
    let mut writer = Writer::default();
    let mut scanner = tags::Scanner::new(html);
    while let Some(token) = scanner.next() {
        match token {
            tags::Token::Text(text) => writer.text(text),
            tags::Token::Open(tag) => writer.open(&tag),
            tags::Token::Close(name) => writer.close(name),
        }
    }
    writer.finish()
}

/// One open element that changes how its content is written.
struct Open {
    name: TagKind,
    hidden: bool,
    quote: bool,
    history: bool,
    preformatted: bool,
}

#[derive(Default)]
struct Writer {
    out: String,
    open: Vec<Open>,
    hidden: usize,
    quotes: usize,
    history: usize,
    preformatted: usize,
    /// Line breaks owed before the next text.
    breaks: usize,
    /// A space is owed before the next text.
    space: bool,
    /// Something stands on the current line already.
    on_line: bool,
    /// Ranges of `out` that are history.
    marked: Vec<(usize, usize)>,
    history_start: usize,
    /// Everything from here on is history.
    rest_is_history: Option<usize>,
}

impl Writer {
    fn text(&mut self, raw: &str) {
        if self.hidden > 0 || raw.is_empty() {
            return;
        }
        if self.preformatted > 0 {
            let mut first = true;
            for line in raw.split('\n') {
                if !first {
                    self.line_break();
                }
                first = false;
                if !line.trim().is_empty() {
                    self.flush();
                    tags::decode_into(&mut self.out, line.trim_end_matches('\r'));
                }
            }
            return;
        }
        let mut first = true;
        for word in raw.split(is_html_space) {
            if !first {
                self.space = true;
            }
            first = false;
            if word.is_empty() {
                continue;
            }
            if is_only_invisible(word) {
                // `&nbsp;` and zero-width characters hold a place, they say nothing.
                self.space = true;
                continue;
            }
            self.flush();
            tags::decode_into(&mut self.out, word);
        }
    }

    /// Writes the line breaks or the space that are owed.
    fn flush(&mut self) {
        if self.breaks > 0 {
            if !self.out.is_empty() {
                trim_line_end(&mut self.out);
                for index in 0..self.breaks.min(3) {
                    if index > 0 && self.quotes > 0 {
                        self.out.push_str(&">".repeat(self.quotes.min(9)));
                    }
                    self.out.push('\n');
                }
            }
            self.breaks = 0;
            self.on_line = false;
            self.space = false;
        }
        if !self.on_line {
            if self.quotes > 0 {
                self.out.push_str(&">".repeat(self.quotes.min(9)));
                self.out.push(' ');
            }
            self.space = false;
            self.on_line = true;
        } else if self.space {
            if !self.out.ends_with(' ') {
                self.out.push(' ');
            }
            self.space = false;
        }
    }

    fn line_break(&mut self) {
        self.breaks = (self.breaks + 1).min(3);
    }

    /// A block begins or ends: a new line, and with `gap` a blank one.
    fn block(&mut self, gap: bool) {
        let owed = if self.on_line || self.breaks > 0 { 1 + usize::from(gap) } else { 0 };
        self.breaks = self.breaks.max(owed);
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let kind = tag.kind;
        match kind {
            TagKind::Br => {
                if self.hidden == 0 {
                    self.line_break();
                }
                return;
            }
            TagKind::Hr => {
                if self.hidden == 0 {
                    self.block(false);
                    self.text("________________________________");
                    self.block(false);
                }
                return;
            }
            TagKind::Img => {
                // A picture's words stand for it only when it is no decoration.
                return;
            }
            TagKind::Li => {
                if self.hidden == 0 {
                    self.block(false);
                    self.flush();
                    self.out.push_str("- ");
                }
            }
            TagKind::Cell => {
                if self.hidden == 0 && self.on_line {
                    self.space = true;
                }
            }
            TagKind::Paragraph => self.block(true),
            TagKind::Block | TagKind::Blockquote | TagKind::Pre => self.block(false),
            TagKind::Other | TagKind::Inline => {}
        }
        if tag.self_closing && kind == TagKind::Other {
            return;
        }
        let hidden = tag.is_hidden();
        let (mark, to_end) = tag.history();
        let quote = kind == TagKind::Blockquote && (mark || tag.looks_quoted());
        if to_end && self.hidden == 0 {
            self.block(false);
            self.rest_is_history.get_or_insert(self.out.len());
        }
        if self.open.len() >= DEPTH_MAX {
            return;
        }
        let open =
            Open { name: kind, hidden, quote, history: mark, preformatted: kind == TagKind::Pre || tag.keeps_spaces() };
        // Inline elements without an effect need no entry: they only could hide a missing end tag.
        if kind == TagKind::Inline && !open.hidden && !open.history && !open.preformatted {
            return;
        }
        self.hidden += usize::from(open.hidden);
        self.preformatted += usize::from(open.preformatted);
        if open.history {
            if self.history == 0 {
                self.history_start = self.out.len();
            }
            self.history += 1;
        }
        if open.quote {
            self.breaks = self.breaks.max(usize::from(self.on_line));
            self.settle_breaks();
            self.quotes += 1;
        }
        self.open.push(open);
    }

    /// Writes owed line breaks now, so that they belong to what came before.
    fn settle_breaks(&mut self) {
        if self.breaks > 0 {
            let quotes = std::mem::take(&mut self.quotes);
            if !self.out.is_empty() {
                trim_line_end(&mut self.out);
                for _ in 0..self.breaks.min(2) {
                    self.out.push('\n');
                }
            }
            self.quotes = quotes;
            self.breaks = 0;
            self.on_line = false;
            self.space = false;
        }
    }

    fn close(&mut self, kind: TagKind) {
        match kind {
            TagKind::Paragraph => self.block(true),
            TagKind::Block | TagKind::Pre | TagKind::Li | TagKind::Blockquote => self.block(false),
            TagKind::Cell => self.space = true,
            // `</br>` is a line break to browsers.
            TagKind::Br => self.line_break(),
            _ => {}
        }
        // Up to the matching start tag; a stray end tag closes nothing. An inline end tag does not close blocks.
        let reach = if kind == TagKind::Inline { 4 } else { DEPTH_MAX };
        let Some(depth) = self.open.iter().rev().take(reach).position(|o| o.name == kind) else { return };
        for _ in 0..=depth {
            if let Some(open) = self.open.pop() {
                self.leave(&open);
            }
        }
    }

    fn leave(&mut self, open: &Open) {
        self.hidden -= usize::from(open.hidden);
        self.preformatted -= usize::from(open.preformatted);
        if open.quote {
            self.breaks = self.breaks.max(usize::from(self.on_line));
            self.quotes -= 1;
        }
        if open.history {
            self.history -= 1;
            if self.history == 0 && self.out.len() > self.history_start {
                self.marked.push((self.history_start, self.out.len()));
            }
        }
    }

    fn finish(mut self) -> Converted {
        while let Some(open) = self.open.pop() {
            self.leave(&open);
        }
        let cut = self.rest_is_history.unwrap_or(self.out.len()).min(self.out.len());
        let fresh = (!self.marked.is_empty() || cut < self.out.len()).then(|| {
            let mut fresh = String::with_capacity(cut);
            let mut at = 0;
            for &(start, end) in &self.marked {
                if start >= cut {
                    break;
                }
                fresh.push_str(&self.out[at..start.max(at)]);
                at = at.max(end);
            }
            if at < cut {
                fresh.push_str(&self.out[at..cut]);
            }
            tidy(&fresh)
        });
        Converted { text: tidy(&self.out), fresh }
    }
}

fn is_html_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_only_invisible(word: &str) -> bool {
    if !word.starts_with('&') && word.is_ascii() {
        return false;
    }
    if word.len() > 200 {
        return false;
    }
    let mut text = String::new();
    tags::decode_into(&mut text, word);
    text.chars().all(|c| c == ' ' || c == '\u{a0}' || tags::is_zero_width(c))
}

fn trim_line_end(out: &mut String) {
    let len = out.trim_end_matches([' ', '\t']).len();
    out.truncate(len);
}

/// No blanks at line ends, at most two blank lines in a row, none at start and end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
            for _ in 0..blank.min(2) {
                out.push('\n');
            }
        }
        blank = 0;
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
    use super::*;

    #[test]
    fn blocks_become_lines() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>Hello&nbsp;<b>Ana</b>,</p>\
                    <p>one<br>two</p><div>three</div><div>four</div><ul><li>a</li><li>b</li></ul>\
                    <table><tr><td>k</td><td>v</td></tr><tr><td>k2</td><td>v2</td></tr></table></body></html>";
        assert_eq!(to_text(html), "Hello Ana,\n\none\ntwo\n\nthree\nfour\n- a\n- b\nk v\nk2 v2");
    }

    #[test]
    fn unseen_things_are_left_out() {
        let html = "<div style=\"display:none;max-height:0\">preheader</div><script>if (a<b) x()</script>seen\
                    <!-- <p>no</p> --><!--[if mso]>no<![endif]--> &lt;b&gt; &#8364;&euro;&#x4f60; &unknown; a&amp;b&zwnj;";
        assert_eq!(to_text(html), "seen <b> €€你 &unknown; a&b");
    }

    #[test]
    fn quotes_are_marked() {
        let html = "<div dir=\"ltr\">Thanks!</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On Mon Ana \
                    wrote:<br></div><blockquote class=\"gmail_quote\">old<br>text<blockquote type=cite>older</blockquote>\
                    </blockquote></div>";
        let converted = convert(html);
        assert_eq!(converted.text, "Thanks!\n\nOn Mon Ana wrote:\n> old\n> text\n>> older");
        assert_eq!(converted.fresh.as_deref(), Some("Thanks!"));
    }

    #[test]
    fn outlook_history_runs_to_the_end() {
        let html = "<body><div>New text</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> \
                    a</div><div>old</div></body>";
        let converted = convert(html);
        assert!(converted.fresh.unwrap().starts_with("New text"));
        assert!(converted.text.ends_with("From: a\nold"));
    }

    #[test]
    fn indentation_is_no_quote() {
        let converted = convert("a<blockquote style=\"margin-left:40px\">b</blockquote>c");
        assert_eq!(converted.text, "a\nb\nc");
        assert_eq!(converted.fresh, None);
    }

    #[test]
    fn broken_html_is_read_anyway() {
        for (html, text) in [
            ("", ""),
            ("<", "<"),
            ("a < b and c > d", "a < b and c > d"),
            ("<p>open <b>never closed", "open never closed"),
            ("</div></div>x", "x"),
            ("<!-- never ended <p>x</p>", ""),
            ("<script>never ended", ""),
            ("a<p <p>b", "a\n\nb"),
            // What Windows calls 146 has no meaning in Unicode, and stands in mails by the million; the semicolon is left out as often.
            ("it&#146;s &#147;so&#148; &#150; &#x80;5&#153;", "it’s “so” – €5™"),
            ("&#149 one<br>&#8226 two &#129;&#x9d;&#7;!", "• one\n• two !"),
            ("a&#160;b&#8203;c&#173;d &#x4f60;", "a bcd 你"),
            ("&#0;&#xffffffff;&;&#;x", "&;&#;x"),
            ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn hostile_html_takes_linear_time() {
        let started = std::time::Instant::now();
        for piece in
            ["<!--", "<script>", "<div>", "<blockquote type=cite>", "&", "<p ", "<a href='", "</div>", "<div style='"]
        {
            let html = piece.repeat(300_000 / piece.len());
            let _ = convert(&html);
        }
        // Ten seconds stand for "quadratic"; linear is far below one even on a slow machine without optimisation.
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    }
}
