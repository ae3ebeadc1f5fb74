//! From raw bytes to a [`ReadMail`]. Reading never fails and never panics, whatever the bytes are: what was odd is in
//! `warnings`, and a mail that nothing can be made of is text.
//!
//! mail-parser finds the structure; names, addresses, charsets and file names are read here, because real mail breaks
//! the rules in ways that matter to support: characters cut between encoded words, wrong charset labels, bare 8-bit
//! headers.

mod address;
mod bounce;
mod charset;
mod date;
mod parts;
mod rtf;
mod tame;
mod tnef;
mod words;

use crate::{html, language, quote, screen, thread};
use mail_parser::{Message, MessageParser};
use posthouse_model::Timestamp;
use posthouse_model::mail::{Address, ReadMail};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// Bytes beyond this are not read: twice what the largest providers deliver.
pub const RAW_BYTES_MAX: usize = 100 * 1024 * 1024;
/// Text beyond this is cut. A support mail has a few thousand bytes; a pasted log should not fill the database.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// HTML beyond this is cut.
pub const HTML_BYTES_MAX: usize = 4 * 1024 * 1024;
/// At most this many headers are kept.
pub const HEADERS_MAX: usize = 1000;
/// At most this many bytes of header values are kept.
const HEADER_BYTES_MAX: usize = 512 * 1024;

/// Reads a mail. A leading mbox `From ` line and blank lines before the headers are passed over.
#[must_use]
pub fn read_mail(raw: &[u8]) -> ReadMail {
    let mut warnings = Vec::new();
    let raw = prepare(raw, &mut warnings);
    let read = catch_unwind(AssertUnwindSafe(|| {
        let message = parser().parse(raw.as_ref())?;
        has_headers(&message).then(|| from_message(&message, warnings.clone()))
    }));
    match read {
        Ok(Some(mail)) => mail,
        Ok(None) => {
            warnings.push("it has no headers; everything is taken for text".to_owned());
            text_only(&raw, warnings)
        }
        Err(_) => {
            tracing::warn!(bytes = raw.len(), "a mail's structure could not be read");
            warnings.push("its structure cannot be read; everything is taken for text".to_owned());
            text_only(&raw, warnings)
        }
    }
}

/// The decoded bytes of the part with this index ([`Attachment::part`](posthouse_model::mail::Attachment::part)). None
/// when there is no such part, or when it has children instead of content.
#[must_use]
pub fn attachment(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    let raw = prepare(raw, &mut Vec::new());
    catch_unwind(AssertUnwindSafe(|| {
        let message = parser().parse(raw.as_ref())?;
        let flat = parts::flatten(&message);
        let (part, within) = parts::place(part);
        let found = flat.get(part).filter(|found| !found.is_multipart())?;
        match within {
            None => Some(found.bytes().into_owned()),
            Some(number) => tnef::read(&found.bytes())?.files.into_iter().nth(number).map(|file| file.bytes),
        }
    }))
    .ok()
    .flatten()
}

/// The Message-ID in raw bytes, without angle brackets, reading only the headers.
#[must_use]
pub fn message_id(raw: &[u8]) -> Option<String> {
    let raw = prepare(raw, &mut Vec::new());
    let value = bounce::header_in(&raw[..raw.len().min(HEADER_BYTES_MAX)], "message-id")?;
    address::ids(&value).into_iter().next()
}

/// What tells this mail from every other: its Message-ID, else one made up from its sender and bytes, so that a mail
/// without one is neither dropped nor taken in twice.
#[must_use]
pub fn identity(mail: &ReadMail, raw: &[u8]) -> String {
    if let Some(id) = &mail.message_id {
        return id.clone();
    }
    let mut hash = Sha256::new();
    hash.update(mail.from.as_ref().map(Address::key).unwrap_or_default().as_bytes());
    hash.update([0]);
    hash.update(raw);
    format!("{}@no-message-id.posthouse.invalid", hex::encode(&hash.finalize()[..20]))
}

fn parser() -> &'static MessageParser {
    static PARSER: OnceLock<MessageParser> = OnceLock::new();
    // Of the headers only those that carry structure are parsed there; the others are read from their raw bytes here.
    PARSER.get_or_init(|| MessageParser::new().with_mime_headers().default_header_raw())
}

/// Cuts what is too long, removes what stands before the headers, and takes the sting out of hostile structure.
fn prepare<'r>(raw: &'r [u8], warnings: &mut Vec<String>) -> Cow<'r, [u8]> {
    let mut raw = raw;
    if raw.len() > RAW_BYTES_MAX {
        warnings.push(format!("only the first {} MiB were read", RAW_BYTES_MAX / 1024 / 1024));
        raw = &raw[..RAW_BYTES_MAX];
    }
    raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    loop {
        let blank = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if blank > 0 {
            raw = &raw[blank..];
            continue;
        }
        let first = raw.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
        if first.starts_with(b"From ") || first.starts_with(b">From ") {
            raw = &raw[first.len()..];
            continue;
        }
        break;
    }
    tame::tame(raw, warnings)
}

/// At least one line that can only be a header: the parser takes any words before a colon for one.
fn has_headers(message: &Message<'_>) -> bool {
    let raw: &[u8] = &message.raw_message;
    message.parts.first().is_some_and(|part| {
        part.headers.iter().any(|header| {
            let name = raw.get(header.offset_field as usize..header.offset_start as usize).unwrap_or_default();
            name.strip_suffix(b":")
                .is_some_and(|n| !n.trim_ascii().is_empty() && n.trim_ascii().iter().all(u8::is_ascii_graphic))
        })
    })
}

fn text_only(raw: &[u8], mut warnings: Vec<String>) -> ReadMail {
    let decoded = charset::decode(&raw[..raw.len().min(TEXT_BYTES_MAX)], None);
    warnings.extend(decoded.warning);
    let text = unix_text(&decoded.text);
    let reply_text = fresh_text(&text, None, false, false);
    ReadMail { language: language::detect(&reply_text), reply_text, text, warnings, ..ReadMail::default() }
}

fn from_message<'m>(message: &'m Message<'m>, mut warnings: Vec<String>) -> ReadMail {
    let flat = parts::flatten(message);
    let near = parts::text_charset(&flat);
    let near = near.as_deref();
    let headers = headers(message, near, &mut warnings);
    let raw_of = |name: &'static str| raw_headers(message, name);
    let first = |name: &'static str| raw_of(name).next();
    let list = |name: &'static str| raw_of(name).flat_map(|raw| address::addresses_near(raw, near)).collect::<Vec<_>>();

    let from = first("From").map(|raw| address::addresses_near(raw, near)).unwrap_or_default().into_iter().next();
    let from = from.or_else(|| list("Sender").into_iter().next());
    match &from {
        None => warnings.push("it names no sender".to_owned()),
        Some(a) if !a.address.contains('@') => warnings.push("the sender is not a mail address".to_owned()),
        Some(_) => {}
    }
    for name in ["From", "Subject", "Message-ID", "Date"] {
        if raw_of(name).nth(1).is_some() {
            warnings.push(format!("there are several {name} headers; the first counts"));
        }
    }
    let subject = first("Subject").map(|raw| words::value_near(raw, near)).unwrap_or_default();
    let date = read_date(first("Date"), &mut warnings);
    let message_id = first("Message-ID").map(address::ids).unwrap_or_default().into_iter().next();
    if message_id.is_none() {
        warnings.push("it has no Message-ID".to_owned());
    }

    let body = parts::body(&flat, &mut warnings);
    let (mut text, mut html_part) = (body.text, body.html);
    if cut(&mut text, TEXT_BYTES_MAX) {
        warnings.push(format!("the text was cut after {} KiB", TEXT_BYTES_MAX / 1024));
    }
    if html_part.as_mut().is_some_and(|h| cut(h, HTML_BYTES_MAX)) {
        warnings.push(format!("the HTML was cut after {} KiB", HTML_BYTES_MAX / 1024));
    }

    let in_reply_to: Vec<String> = raw_of("In-Reply-To").flat_map(address::ids).collect();
    let references: Vec<String> = raw_of("References").flat_map(address::ids).collect();
    let bounce = bounce::bounce(&flat, &headers, from.as_ref(), &subject, &text);
    let report = bounce::report_type(&flat);
    let auto_submitted = screen::automatic_sign(&headers, from.as_ref().map(|f| f.address.as_str()), &subject)
        .or_else(|| report.map(|r| format!("report: {r}")))
        .or_else(|| bounce.is_some().then(|| "bounce: delivery report".to_owned()))
        .or_else(|| bounce::has_empty_return_path(&headers).then(|| "return-path: <>".to_owned()));

    let is_answer = !in_reply_to.is_empty() || !references.is_empty() || thread::is_reply_subject(&subject);
    let reply_text = fresh_text(&text, body.fresh.as_deref(), is_answer, bounce.is_some());
    // The quoted history may be in another language: ours.
    let language = language::detect(&reply_text).or_else(|| language::detect(&format!("{subject}\n{reply_text}")));

    ReadMail {
        message_id,
        from,
        to: list("To"),
        cc: list("Cc"),
        reply_to: list("Reply-To"),
        date,
        subject,
        text,
        reply_text,
        html: html_part,
        attachments: body.attachments,
        structure: Some(body.structure),
        in_reply_to,
        references,
        auto_submitted,
        bounce,
        language,
        headers,
        warnings,
    }
}

/// The new text: the shortest result that says anything. `marked` is what the HTML's own marks of history leave.
fn fresh_text(text: &str, marked: Option<&str>, is_answer: bool, is_bounce: bool) -> String {
    if is_bounce {
        return text.trim().to_owned();
    }
    let mut best = quote::reply_text(text);
    if let Some(marked) = marked {
        let other = quote::reply_text(marked);
        // Shorter in what it says; blanks alone are the HTML's loss.
        let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).count();
        if !other.is_empty() && (best.is_empty() || letters(&other) < letters(&best)) {
            best = other;
        }
    }
    // A mail that is no answer and consists of quoted text only is a forward: the quoted text is what it says.
    if best.is_empty() && !is_answer { text.trim().to_owned() } else { best }
}

/// Line ends as `\n`, no NUL, no other control characters but tabs.
pub(crate) fn unix_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
            '\u{c}' | '\u{b}' => out.push('\n'),
            c if c.is_control() || c == '\u{feff}' => {}
            c => out.push(c),
        }
    }
    out
}

fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    true
}

/// The raw values of a header of the outermost message.
fn raw_headers<'m>(message: &'m Message<'m>, name: &'static str) -> impl Iterator<Item = &'m [u8]> {
    let raw: &[u8] = &message.raw_message;
    message
        .parts
        .first()
        .into_iter()
        .flat_map(|p| &p.headers)
        .filter(move |h| h.name.as_str().eq_ignore_ascii_case(name))
        .map(move |h| parts::header_bytes(raw, h))
}

fn headers(message: &Message<'_>, near: Option<&str>, warnings: &mut Vec<String>) -> Vec<(String, String)> {
    let raw: &[u8] = &message.raw_message;
    let mut found = Vec::new();
    let mut bytes = 0;
    for header in message.parts.first().into_iter().flat_map(|p| &p.headers) {
        if found.len() >= HEADERS_MAX || bytes >= HEADER_BYTES_MAX {
            warnings.push(format!("only the first {} headers were kept", found.len()));
            break;
        }
        let name = raw.get(header.offset_field as usize..header.offset_start as usize).unwrap_or_default();
        let name = String::from_utf8_lossy(name).trim_end_matches(':').trim().to_owned();
        let name = if name.is_empty() || name.len() > 200 { header.name.as_str().to_owned() } else { name };
        let value = words::value_near(parts::header_bytes(raw, header), near);
        bytes += value.len();
        found.push((name, value));
    }
    found
}

fn read_date(raw: Option<&[u8]>, warnings: &mut Vec<String>) -> Option<Timestamp> {
    let Some(raw) = raw else {
        warnings.push("it has no date".to_owned());
        return None;
    };
    let date = date::parse(&words::value(raw));
    if date.is_none() {
        warnings.push("its date cannot be understood".to_owned());
    }
    date
}

/// The text of an HTML body, for parts that have nothing else.
fn html_text(html: &str) -> html::Converted {
    let mut end = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    html::convert(&html[..end])
}

#[cfg(test)]
mod tests;
