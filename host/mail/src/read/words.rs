//! Header values: unfolding, encoded words (RFC 2047), parameters (RFC 2231).

use super::charset;

/// A header value is read up to this many bytes; longer ones are an attack or an accident.
pub(super) const VALUE_BYTES_MAX: usize = 64 * 1024;

/// A raw header value as text: unfolded, encoded words decoded, raw 8-bit bytes guessed, control characters gone.
pub(super) fn value(raw: &[u8]) -> String {
    value_near(raw, None)
}

/// The same, where the mail's text names or seems to have a charset (see [`charset::decode_near`]).
pub(super) fn value_near(raw: &[u8], near: Option<&str>) -> String {
    let raw = &raw[..raw.len().min(VALUE_BYTES_MAX)];
    let unfolded = unfold(raw);
    let decoded = decode_words_near(&unfolded, near);
    let mut out = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        match c {
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    let trimmed = out.trim();
    if trimmed.len() == out.len() { out } else { trimmed.to_owned() }
}

/// Without line ends; a fold is one space (RFC 5322, 2.2.3).
pub(super) fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == b'\r' || raw[at] == b'\n' {
            while at < raw.len() && matches!(raw[at], b'\r' | b'\n' | b' ' | b'\t') {
                at += 1;
            }
            if at < raw.len() && !out.is_empty() {
                out.push(b' ');
            }
        } else {
            out.push(raw[at]);
            at += 1;
        }
    }
    out
}

/// An encoded word: charset and bytes.
struct Word {
    charset: String,
    bytes: Vec<u8>,
    /// The same with the underscores that can be halves of characters as they stand: some senders forget to escape them.
    literal: Vec<u8>,
}

/// Decodes all encoded words. Neighbouring words of one charset are joined *before* their bytes become text, because
/// many clients cut in the middle of a character.
pub(super) fn decode_words(raw: &[u8]) -> String {
    decode_words_near(raw, None)
}

/// The same for a header: see [`value_near`].
pub(super) fn decode_words_near(raw: &[u8], near: Option<&str>) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut pending: Option<Word> = None;
    let mut literal_start = 0;
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == b'='
            && raw.get(at + 1) == Some(&b'?')
            && let Some((word, end)) = encoded_word(raw, at)
        {
            let between = &raw[literal_start..at];
            match &mut pending {
                Some(open) if between.iter().all(u8::is_ascii_whitespace) => {
                    if open.charset == word.charset {
                        open.bytes.extend_from_slice(&word.bytes);
                        open.literal.extend_from_slice(&word.literal);
                    } else {
                        flush(&mut out, pending.replace(word));
                    }
                }
                _ => {
                    flush(&mut out, pending.take());
                    push_literal(&mut out, between, near);
                    pending = Some(word);
                }
            }
            at = end;
            literal_start = end;
        } else {
            at += 1;
        }
    }
    flush(&mut out, pending);
    push_literal(&mut out, &raw[literal_start..], near);
    out
}

fn flush(out: &mut String, word: Option<Word>) {
    if let Some(word) = word {
        let mut text = charset::decode(&word.bytes, Some(&word.charset)).text;
        let sound = |bytes| charset::is_sound(bytes, &word.charset);
        if word.literal != word.bytes && !sound(&word.bytes) && sound(&word.literal) {
            text = charset::decode(&word.literal, Some(&word.charset)).text;
        }
        out.push_str(&text);
    }
}

fn push_literal(out: &mut String, bytes: &[u8], near: Option<&str>) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0x1b) => out.push_str(text),
        _ => out.push_str(&charset::decode_near(bytes, near)),
    }
}

/// `=?charset*lang?B|Q?text?=` at `start`. Blanks within the text, which RFC 2047 forbids, are common.
fn encoded_word(raw: &[u8], start: usize) -> Option<(Word, usize)> {
    let rest = &raw[start + 2..];
    let charset_end = rest.iter().take(60).position(|b| *b == b'?')?;
    let charset = std::str::from_utf8(&rest[..charset_end]).ok()?;
    let charset = charset.split('*').next()?.trim().to_ascii_lowercase();
    let kind = *rest.get(charset_end + 1)?;
    if rest.get(charset_end + 2) != Some(&b'?') {
        return None;
    }
    let body = &rest[charset_end + 3..];
    // A word has at most 75 characters by the book; real ones reach a few thousand.
    let window = &body[..body.len().min(16 * 1024)];
    let end = match kind {
        // A `?=` in Q text may be a literal question mark before `=XX`: the end is where a blank or nothing follows.
        b'q' | b'Q' => {
            let mut found = None;
            let mut from = 0;
            while let Some(p) = window[from..].windows(2).position(|w| w == b"?=").map(|p| p + from) {
                let hex = window.get(p + 2..p + 4).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit));
                if !hex {
                    found = Some(p);
                    break;
                }
                found = found.or(Some(p));
                from = p + 2;
            }
            found?
        }
        b'b' | b'B' => window.windows(2).position(|w| w == b"?=")?,
        _ => return None,
    };
    let text = &body[..end];
    let (bytes, literal) = if kind.eq_ignore_ascii_case(&b'b') {
        let bytes = base64(text);
        (bytes.clone(), bytes)
    } else {
        (q(text, false), q(text, charset::has_low_halves(&charset)))
    };
    Some((Word { charset, bytes, literal }, start + 2 + charset_end + 3 + end + 2))
}

/// `halves`: an underscore after the first half of a character is its second.
fn q(text: &[u8], halves: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut open = false;
    while at < text.len() {
        let before = out.len();
        match text[at] {
            b'_' if halves && open => out.push(b'_'),
            b'_' => out.push(b' '),
            b'=' => {
                if let Some(byte) = text.get(at + 1..at + 3).and_then(hex_byte) {
                    out.push(byte);
                    at += 2;
                } else {
                    out.push(b'=');
                }
            }
            b => out.push(b),
        }
        for byte in &out[before..] {
            open = !open && *byte > 0x80;
        }
        at += 1;
    }
    out
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?).ok()
}

/// Base64 without complaint: what is not in the alphabet is passed over, padding in the middle begins anew (words
/// that were joined, parts that were pasted together).
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    Base64::default().decode(text, &mut out);
    out
}

/// The same, piece by piece.
#[derive(Default)]
pub(super) struct Base64 {
    bits: u32,
    have: u32,
}

impl Base64 {
    /// Appends what this piece and what was left of the last one come to.
    pub(super) fn decode(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let (mut bits, mut have) = (self.bits, self.have);
        for &byte in text {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                b'=' => {
                    bits = 0;
                    have = 0;
                    continue;
                }
                _ => continue,
            };
            bits = (bits << 6) | u32::from(value);
            have += 6;
            if have >= 8 {
                have -= 8;
                out.push((bits >> have) as u8);
                bits &= (1 << have) - 1;
            }
        }
        (self.bits, self.have) = (bits, have);
    }
}

/// Where base64 text ends that somebody wrote on beneath, as mailing lists do with their footers: after its padding, a blank line or
/// a short one, at words with blanks between them or a line of dashes. The rest is plain text.
pub(super) fn base64_end(text: &[u8]) -> usize {
    let mut ended = false;
    let (mut at, mut width) = (0, 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() {
            ended |= width > 0;
            at += line.len();
            continue;
        }
        let words = trimmed.iter().any(u8::is_ascii_whitespace);
        let rule = trimmed.len() > 2 && trimmed.iter().all(|b| matches!(b, b'-' | b'_' | b'='));
        // A boundary of a form that the mail does not have.
        let boundary = trimmed.starts_with(b"--");
        if ended && (words || rule || boundary) {
            return at;
        }
        if words && let Some(padding) = line.iter().position(|b| *b == b'=') {
            let after = padding + line[padding..].iter().take_while(|b| **b == b'=').count();
            if line.get(after).is_some_and(u8::is_ascii_whitespace) {
                return at + after;
            }
        }
        ended |= trimmed.ends_with(b"=") || trimmed.len() < width;
        width = width.max(trimmed.len());
        at += line.len();
    }
    text.len()
}

/// Quoted-printable without complaint (RFC 2045, 6.7): wrong escapes stay as they are.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        let rest = &text[at..];
        if let Some(value) = rest.get(..2).and_then(hex_byte) {
            out.push(value);
            at += 2;
            continue;
        }
        // Soft line break, perhaps with blanks that a server added.
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        match &rest[blanks..] {
            [b'\r', b'\n', ..] => at += blanks + 2,
            [b'\n', ..] | [b'\r', ..] => at += blanks + 1,
            [] => at += blanks,
            _ => out.push(b'='),
        }
    }
    out
}

/// Uuencoded text: the bytes between `begin` and `end`. None when there is no `begin`.
pub(super) fn uuencoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    lines.by_ref().find(|l| l.starts_with(b"begin "))?;
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for line in lines {
        if line == b"end" {
            break;
        }
        let Some((&length, data)) = line.split_first() else { continue };
        let wanted = usize::from(length.wrapping_sub(32) & 63);
        let start = out.len();
        for group in data.chunks(4) {
            let value = |i: usize| u32::from(group.get(i).map_or(0, |b| b.wrapping_sub(32) & 63));
            let bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        out.truncate(start + wanted.min(out.len() - start));
    }
    Some(out)
}

/// A structured value with parameters: `text/plain; charset=utf-8; name="a b"`.
#[derive(Debug, Default)]
pub(super) struct Parameterised {
    /// What stands before the first `;`, lower case.
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Parameterised {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads a value with parameters; continuations and charsets (RFC 2231) put together, encoded words in values, which
/// RFC 2047 forbids, decoded.
pub(super) fn parameterised(raw: &[u8]) -> Parameterised {
    let text = unfold(&raw[..raw.len().min(VALUE_BYTES_MAX)]);
    let mut pieces = split_outside_quotes(&text, b';').into_iter();
    let first = String::from_utf8_lossy(pieces.next().unwrap_or_default()).into_owned();
    let (value, glued) = leading_value(strip_comment(&first));
    let mut result = Parameterised { value: value.to_ascii_lowercase(), parameters: Vec::new() };
    let mut sections: Sections = Vec::new();
    // `text/plain charset=utf-8`: a forgotten semicolon.
    for piece in glued.as_deref().map(str::as_bytes).into_iter().chain(pieces.take(200)) {
        let Some(equals) = piece.iter().position(|b| *b == b'=') else { continue };
        let name = String::from_utf8_lossy(&piece[..equals]).trim().to_ascii_lowercase();
        let bytes = unquote(piece[equals + 1..].trim_ascii());
        let encoded = name.ends_with('*');
        let bare = name.trim_end_matches('*');
        match bare.split_once('*') {
            Some((base, number)) => {
                let Ok(number) = number.parse() else { continue };
                push_section(&mut sections, base, (number, encoded, bytes));
            }
            None if encoded => push_section(&mut sections, bare, (0, true, bytes)),
            None => {
                if result.get(bare).is_none() {
                    result.parameters.push((bare.to_owned(), clean(&decode_words(&bytes))));
                }
            }
        }
    }
    for (name, mut parts) in sections {
        parts.sort_by_key(|(number, ..)| *number);
        let mut charset = None;
        let mut bytes = Vec::new();
        for (number, encoded, part) in &parts {
            if !encoded {
                bytes.extend_from_slice(part);
                continue;
            }
            let mut part = part.as_slice();
            if *number == 0 {
                // charset'language'text
                let mut cuts = part.splitn(3, |b| *b == b'\'');
                if let (Some(label), Some(_), Some(rest)) = (cuts.next(), cuts.next(), cuts.next()) {
                    charset = Some(String::from_utf8_lossy(label).into_owned());
                    part = rest;
                }
            }
            bytes.extend_from_slice(&percent(part));
        }
        let text = charset::decode(&bytes, charset.as_deref()).text;
        // The extended form is the exact one: it wins over a plain parameter of the same name.
        result.parameters.retain(|(n, _)| *n != name);
        result.parameters.push((name, clean(&text)));
    }
    result
}

/// The value, without blanks around its slash, and what stands after it without a semicolon.
fn leading_value(text: &str) -> (String, Option<String>) {
    let mut value = String::new();
    let mut rest = text.trim();
    loop {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        value.push_str(&rest[..end]);
        rest = rest[end..].trim_start();
        if rest.is_empty() || !(rest.starts_with('/') || value.ends_with('/')) {
            break;
        }
    }
    (value, rest.contains('=').then(|| rest.to_owned()))
}

/// By name: number of the section, whether it is percent-encoded, its bytes.
type Sections = Vec<(String, Vec<Section>)>;
type Section = (u32, bool, Vec<u8>);

fn push_section(sections: &mut Sections, name: &str, part: Section) {
    match sections.iter_mut().find(|(n, _)| n == name) {
        Some((_, parts)) => parts.push(part),
        None => sections.push((name.to_owned(), vec![part])),
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

fn strip_comment(value: &str) -> &str {
    value.split('(').next().unwrap_or(value)
}

fn percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%'
            && let Some(byte) = text.get(at + 1..at + 3).and_then(hex_byte)
        {
            out.push(byte);
            at += 3;
            continue;
        }
        out.push(text[at]);
        at += 1;
    }
    out
}

/// Without the quotes, `\x` as `x`. A backslash before a multi-byte character is a path, not an escape.
pub(super) fn unquote(text: &[u8]) -> Vec<u8> {
    let Some(inside) = text.strip_prefix(b"\"") else { return text.to_vec() };
    let mut out = Vec::with_capacity(inside.len());
    let mut at = 0;
    while at < inside.len() {
        match inside[at] {
            b'"' => break,
            b'\\' if inside.get(at + 1).is_some_and(|b| matches!(b, b'"' | b'\\')) => {
                out.push(inside[at + 1]);
                at += 1;
            }
            b => out.push(b),
        }
        at += 1;
    }
    out
}

/// Splits at a byte that stands outside of quoted strings.
pub(super) fn split_outside_quotes(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b if b == separator && !quoted => {
                pieces.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    pieces.push(&text[start.min(text.len())..]);
    pieces
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn encoded_words_are_decoded() {
        for (raw, text) in [
            ("plain", "plain"),
            ("=?utf-8?B?5L2g5aW9?=", "你好"),
            ("=?UTF-8?Q?Gr=C3=B6=C3=9Fe_L?= ok", "Größe L ok"),
            ("Re: =?iso-8859-1?q?caf=E9?=, please", "Re: café, please"),
            // The blank between two words is no text (RFC 2047, 6.2).
            ("=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"),
            // A character cut in two.
            ("=?utf-8?B?5L2g5Q==?= =?utf-8?B?pb0=?=", "你好"),
            ("=?gb2312?B?0tG+?= =?gb2312?B?rbTyv6o=?=", "已经打开"),
            ("=?utf-8*en?Q?x?=", "x"),
            ("=?utf-8?Q?a b?=", "a b"),
            ("=?utf-8?Q?what?=3F?=", "what??"),
            ("=?broken", "=?broken"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("a=?utf-8?Q?b?=c", "abc"),
            // Underscores that should have been escaped, and one that is a blank.
            ("=?big5?Q?=A4@=B0_=A8=D3?=", "一起來"),
            ("=?big5?Q?=A4@=A4@_a_b?=", "一一 a b"),
            ("=?gb2312?Q?=C4=E3_=BA=C3?=", "你 好"),
        ] {
            assert_eq!(value(raw.as_bytes()), text, "{raw}");
        }
        assert_eq!(value(b"caf\xe9 cr\xe8me"), "café crème");
        assert_eq!(value("Größe".as_bytes()), "Größe");
    }

    #[test]
    fn parameters_are_read() {
        let p = parameterised(b"text/plain; charset=\"utf-8\"; name=\"a;b \\\"c\\\".txt\"");
        assert_eq!(
            (p.value.as_str(), p.get("charset"), p.get("name")),
            ("text/plain", Some("utf-8"), Some("a;b \"c\".txt"))
        );
        let p =
            parameterised(b"attachment; filename*0*=gb2312''%C4; filename*1*=%E3%BA; filename*2*=%C3.txt; filename=x");
        assert_eq!(p.get("filename"), Some("你好.txt"));
        let p = parameterised(b"attachment;\r\n filename=\"=?utf-8?B?5L2g5aW9LnR4dA==?=\"");
        assert_eq!(p.get("filename"), Some("你好.txt"));
        let p = parameterised(b"attachment; filename*=UTF-8''%e4%bd%a0.txt");
        assert_eq!(p.get("filename"), Some("你.txt"));
        let p = parameterised(b"text/plain charset=us-ascii");
        assert_eq!((p.value.as_str(), p.get("charset")), ("text/plain", Some("us-ascii")));
        let p = parameterised(b"multipart / mixed\n\tboundary=\"b c\"");
        assert_eq!((p.value.as_str(), p.get("boundary")), ("multipart/mixed", Some("b c")));
        let p = parameterised(b"Text/HTML (comment) ; charset = utf-8");
        assert_eq!((p.value.as_str(), p.get("charset")), ("text/html", Some("utf-8")));
        let p = parameterised(b";;=;x*=;y*9999999999*=z;\"");
        assert_eq!(p.value, "");
    }

    #[test]
    fn transfer_encodings_forgive() {
        assert_eq!(base64(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(base64(b"aGVsbG8"), b"hello");
        assert_eq!(base64(b"!!aGV$sbG8="), b"hello");
        assert_eq!(base64(b"aGk=aGk="), b"hihi");
        let footer = b"-----------------------------\r\nThis list is kept by Ana.\r\n";
        for body in [&b"SGVsbG8sIHdo\r\nZXJlIGlzIGl0Pw==\r\n"[..], b"\r\nSGVsbG8s\r\nIHdo\r\n", b"SGVsbG8s\r\n\r\n"] {
            assert_eq!(base64_end(body), body.len());
            assert_eq!(base64_end(&[body, footer].concat()), body.len());
        }
        assert_eq!(base64_end(b"SGk= ignored\n"), 4);
        assert_eq!(base64_end(b"SGk=\n--DeathToSpam--\n"), 5);
        // Blanks within it, and pieces one after the other, are all of it.
        for whole in [&b"SGVs bG8s\r\nIHdo ZXJl\r\n"[..], b"aGk=\r\naGk=\r\n", b"", b"\r\n\r\n"] {
            assert_eq!(base64_end(whole), whole.len());
        }
        assert_eq!(uuencoded(b"begin 644 a.txt\n#0V%T\n`\nend\n").unwrap(), b"Cat");
        assert_eq!(uuencoded(b"no"), None);
        assert_eq!(quoted_printable(b"a=3Db=\r\nc=  \nd=zz=4"), b"a=bcd=zz=4");
    }
}
