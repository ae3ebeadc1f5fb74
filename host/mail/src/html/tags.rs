//! Taking HTML apart into text, start tags and end tags, as forgiving as browsers are.

/// What a tag means for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagKind {
    Br,
    Hr,
    Img,
    Li,
    Cell,
    Paragraph,
    Block,
    Blockquote,
    Pre,
    Inline,
    Other,
}

pub(super) enum Token<'h> {
    Text(&'h str),
    Open(Tag<'h>),
    Close(TagKind),
}

pub(super) struct Tag<'h> {
    pub(super) kind: TagKind,
    pub(super) self_closing: bool,
    attributes: &'h str,
}

pub(super) struct Scanner<'h> {
    html: &'h str,
    at: usize,
    /// An end that was looked for and is nowhere: not looked for again.
    no_comment_end: bool,
    no_tag_end: bool,
}

impl<'h> Scanner<'h> {
    pub(super) fn new(html: &'h str) -> Self {
        Self { html, at: 0, no_comment_end: false, no_tag_end: false }
    }

    pub(super) fn next(&mut self) -> Option<Token<'h>> {
        loop {
            let rest = &self.html[self.at..];
            if rest.is_empty() {
                return None;
            }
            let Some(open) = rest.find('<') else {
                self.at = self.html.len();
                return Some(Token::Text(rest));
            };
            if open > 0 {
                self.at += open;
                return Some(Token::Text(&rest[..open]));
            }
            let next = rest.as_bytes().get(1).copied().unwrap_or(b' ');
            if next == b'!' || next == b'?' {
                self.skip_declaration(rest);
                continue;
            }
            if !(next.is_ascii_alphabetic() || next == b'/') || self.no_tag_end {
                // A lone `<` is text.
                self.at += 1;
                return Some(Token::Text(&rest[..1]));
            }
            let Some(end) = tag_end(rest) else {
                self.no_tag_end = true;
                // The tag never ends: browsers drop it.
                self.at = self.html.len();
                return None;
            };
            let inside = &rest[1..end];
            self.at += (end + 1).min(rest.len());
            if rest.as_bytes().get(end) == Some(&b'<') {
                // `<p <p>`: the second tag begins here.
                self.at -= 1;
            }
            let closing = inside.starts_with('/');
            let inside = inside.trim_start_matches('/');
            let name_len =
                inside.find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-').unwrap_or(inside.len());
            let name = inside[..name_len].to_ascii_lowercase();
            if closing {
                return Some(Token::Close(kind(&name)));
            }
            if matches!(
                name.as_str(),
                "script" | "style" | "title" | "template" | "noscript" | "svg" | "textarea" | "select"
            ) {
                self.skip_element(&name);
                continue;
            }
            let attributes = inside[name_len..].trim();
            return Some(Token::Open(Tag { kind: kind(&name), self_closing: attributes.ends_with('/'), attributes }));
        }
    }

    fn skip_declaration(&mut self, rest: &'h str) {
        if let Some(inside) = rest.strip_prefix("<!--") {
            if !self.no_comment_end {
                if let Some(end) = inside.find("-->") {
                    self.at += 4 + end + 3;
                    return;
                }
                self.no_comment_end = true;
            }
            self.at = self.html.len();
            return;
        }
        match rest.find('>') {
            Some(end) => self.at += end + 1,
            None => self.at = self.html.len(),
        }
    }

    /// Past the end tag; everything when there is none.
    fn skip_element(&mut self, name: &str) {
        let bytes = self.html.as_bytes();
        let mut at = self.at;
        while let Some(open) = self.html[at..].find("</") {
            let start = at + open + 2;
            let matches = bytes.get(start..start + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
            if matches {
                self.at = self.html[start..].find('>').map_or(self.html.len(), |end| start + end + 1);
                return;
            }
            at = start;
        }
        self.at = self.html.len();
    }
}

/// Where the tag that starts `rest` ends: the index of `>`, or of a `<` that cannot belong to it. Quoted values may
/// hold `>`; a quote that is not closed within the tag's plausible length is taken as a stray character.
fn tag_end(rest: &str) -> Option<usize> {
    const VALUE_MAX: usize = 20_000;
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'>' | b'<' => return Some(at),
            quote @ (b'"' | b'\'') if bytes[at - 1] == b'=' => {
                let window = &bytes[at + 1..bytes.len().min(at + 1 + VALUE_MAX)];
                if let Some(close) = window.iter().position(|b| *b == quote) {
                    at += close + 1;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    None
}

fn kind(name: &str) -> TagKind {
    // Outlook's `o:p` is a paragraph within a paragraph.
    match name {
        "br" => TagKind::Br,
        "hr" => TagKind::Hr,
        "img" => TagKind::Img,
        "li" | "dt" | "dd" => TagKind::Li,
        "td" | "th" => TagKind::Cell,
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => TagKind::Paragraph,
        "blockquote" => TagKind::Blockquote,
        "pre" => TagKind::Pre,
        "div" | "tr" | "table" | "ul" | "ol" | "dl" | "section" | "article" | "header" | "footer" | "address"
        | "form" | "center" | "main" | "aside" | "nav" | "fieldset" | "tbody" | "thead" | "caption" | "body"
        | "includetail" => TagKind::Block,
        "span" | "a" | "b" | "i" | "u" | "em" | "strong" | "font" | "small" | "big" | "sub" | "sup" | "code" | "tt"
        | "label" | "s" | "strike" | "del" | "ins" | "mark" | "bdi" | "bdo" | "cite" | "q" => TagKind::Inline,
        _ => TagKind::Other,
    }
}

/// Classes and ids by which clients mark the history they put below a reply.
const HISTORY: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "gmail_extra",
    "yahoo_quoted",
    "ydpyahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "moz-cite-prefix",
    "zmail_extra",
    "isreplycontent",
    "ntes_not_fresh_quote",
    "ntes-mailmaster-quote",
    "qmbox_quote",
    "foxmail_quote",
    "history-quote-wrapper",
    "lark-mail-quote",
    "lark-mail-quote-wrapper",
    "alimail-quote",
    "wm_quote",
    "hmquote",
    "edo-reply",
    "edo-quote",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "reference-message",
    "spark-quote",
    "airmail_ext_on",
    "mcntmcontentquote",
    "quoted-text",
    "elided-text",
    "front-blockquote",
    "missive_quote",
    "superhuman-quote",
    "gwt-htmlquote",
];

/// Ids after which everything is history.
const HISTORY_TO_END: &[&str] = &["divrplyfwdmsg", "olk_src_body_section", "reply-intro", "mobileoutlookreplyheader"];

impl Tag<'_> {
    /// Whether the element is history, and whether everything after it is as well.
    pub(super) fn history(&self) -> (bool, bool) {
        if self.attributes.is_empty() {
            return (false, false);
        }
        if self.kind == TagKind::Blockquote && self.value("type").is_some_and(|t| t.eq_ignore_ascii_case("cite")) {
            return (true, false);
        }
        let mut mark = false;
        for name in ["class", "id", "name"] {
            let Some(value) = self.value(name) else { continue };
            if value.len() > 300 {
                continue;
            }
            for word in value.to_ascii_lowercase().split_ascii_whitespace() {
                // Clients that quote one another put `x_` in front of every name.
                let mut word = word;
                while let Some(rest) = word.strip_prefix("x_") {
                    word = rest;
                }
                if HISTORY_TO_END.contains(&word) {
                    return (true, true);
                }
                mark |= HISTORY.contains(&word);
            }
        }
        (mark, false)
    }

    /// A blockquote drawn with a line at its side.
    pub(super) fn looks_quoted(&self) -> bool {
        self.value("style").is_some_and(|s| {
            let s = squeeze(s);
            s.contains("border-left:") && !s.contains("border-left:none") && !s.contains("border-left:0")
                || s.contains("border-inline-start:")
        }) || self.value("class").is_some_and(|c| c.to_ascii_lowercase().contains("quote"))
    }

    pub(super) fn is_hidden(&self) -> bool {
        if self.attributes.len() < 6 {
            return false;
        }
        self.value("style").is_some_and(|s| {
            let s = squeeze(s);
            s.contains("display:none") || s.contains("visibility:hidden") || s.contains("mso-hide:all")
        })
    }

    pub(super) fn keeps_spaces(&self) -> bool {
        self.kind == TagKind::Block && self.value("style").is_some_and(|s| squeeze(s).contains("white-space:pre"))
    }

    /// The value of an attribute, as written.
    fn value(&self, name: &str) -> Option<&str> {
        let text = self.attributes;
        let bytes = text.as_bytes();
        let mut at = 0;
        // At most a few dozen attributes matter; a hostile tag may hold a million.
        for _ in 0..64 {
            while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
                at += 1;
            }
            let start = at;
            while at < bytes.len() && !bytes[at].is_ascii_whitespace() && !matches!(bytes[at], b'=' | b'/') {
                at += 1;
            }
            if at == start && bytes.get(at) != Some(&b'=') {
                return None;
            }
            let found = text.get(start..at)?.eq_ignore_ascii_case(name);
            let mut equals = at;
            while equals < bytes.len() && bytes[equals].is_ascii_whitespace() {
                equals += 1;
            }
            if bytes.get(equals) != Some(&b'=') {
                if found {
                    return Some("");
                }
                continue;
            }
            at = equals + 1;
            while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            let (value_start, value_end) = match bytes.get(at) {
                Some(&quote @ (b'"' | b'\'')) => {
                    let end = bytes[at + 1..].iter().position(|b| *b == quote).map_or(bytes.len(), |p| at + 1 + p);
                    let range = (at + 1, end);
                    at = (end + 1).min(bytes.len());
                    range
                }
                _ => {
                    let start = at;
                    while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
                        at += 1;
                    }
                    (start, at)
                }
            };
            if found {
                return text.get(value_start..value_end);
            }
        }
        None
    }
}

fn squeeze(style: &str) -> String {
    style.chars().take(4000).filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

pub(super) fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200c}' | '\u{2060}' | '\u{feff}' | '\u{34f}' | '\u{ad}' | '\0')
}

/// A numeric reference at the start of a text, and its length in bytes; its semicolon may be missing. No character: one that there is
/// not, or a control. 128 to 159 mean what they do in windows-1252 (HTML, 13.2.5.80): that is where `&#146;` is an apostrophe.
fn numeric(text: &str) -> Option<(Option<char>, usize)> {
    let digits = text.strip_prefix("&#")?;
    let (radix, digits) = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    let count = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if count == 0 {
        return None;
    }
    let start = text.len() - digits.len();
    let end = start + count;
    let length = end + usize::from(text[end..].starts_with(';'));
    let c = match u32::from_str_radix(&digits[..count], radix).ok() {
        Some(number @ 0x80..=0x9f) => {
            let byte = [u8::try_from(number).unwrap_or(b' ')];
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next()
        }
        Some(number) => char::from_u32(number),
        None => None,
    };
    Some((c.filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')), length))
}

/// Appends text with its entities decoded; non-breaking spaces become spaces, zero-width characters and NUL go.
pub(super) fn decode_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) =
        rest.find(['&', '\u{a0}', '\u{200b}', '\u{200c}', '\u{2060}', '\u{feff}', '\u{34f}', '\u{ad}', '\0'])
    {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if !rest.starts_with('&') {
            let c = rest.chars().next().unwrap_or(' ');
            if c == '\u{a0}' {
                out.push(' ');
            }
            rest = &rest[c.len_utf8()..];
            continue;
        }
        if let Some((c, length)) = numeric(rest) {
            match c {
                Some('\u{a0}') => out.push(' '),
                Some(c) if !is_zero_width(c) => out.push(c),
                _ => {}
            }
            rest = &rest[length..];
            continue;
        }
        // The longest entity name has 31 letters.
        match rest.bytes().take(34).position(|b| b == b';') {
            Some(end) if end > 1 => {
                let start = out.len();
                mail_parser::decoders::html::add_html_token(out, &rest.as_bytes()[..=end], false);
                let decoded = out[start..].chars().next().unwrap_or(' ');
                if decoded == '\u{a0}' {
                    out.truncate(start);
                    out.push(' ');
                } else if is_zero_width(decoded) || decoded == '\u{fffd}' {
                    out.truncate(start);
                }
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}
