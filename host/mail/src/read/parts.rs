//! The part tree: what is the text, what are files.

use super::{charset, html_text, tnef, words};
use mail_parser::{Header, HeaderName, Message, MessagePart, PartType};
use posthouse_model::mail::{Attachment, Part};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Parts beyond this depth are not taken apart.
const DEPTH_MAX: usize = 32;
/// Parts beyond this number are not looked at.
const PARTS_MAX: usize = 1000;
/// Files are measured in pieces of so many bytes.
const PIECE: usize = 64 * 1024;
/// See [`Attachment::part`].
const WITHIN_BITS: u32 = 16;

/// One part in the flat list: depth first, the root is 0, the root of an enclosed message follows the part that
/// encloses it.
pub(super) struct FlatPart<'m> {
    message: &'m Message<'m>,
    part: &'m MessagePart<'m>,
    pub(super) content_type: words::Parameterised,
    disposition: words::Parameterised,
    /// Indices into the flat list.
    pub(super) children: Vec<usize>,
    /// Within an enclosed message: never part of the text.
    pub(super) enclosed: bool,
    in_alternative: bool,
}

pub(super) fn header_bytes<'r>(raw: &'r [u8], header: &Header<'_>) -> &'r [u8] {
    raw.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default()
}

impl<'m> FlatPart<'m> {
    pub(super) fn media_type(&self) -> &str {
        &self.content_type.value
    }

    /// Has children instead of content.
    pub(super) fn is_multipart(&self) -> bool {
        matches!(self.part.body, PartType::Multipart(_))
    }

    pub(super) fn header(&self, name: &HeaderName<'_>) -> Option<&'m [u8]> {
        let raw: &[u8] = &self.message.raw_message;
        self.part.headers.iter().rev().find(|h| h.name == *name).map(|h| header_bytes(raw, h))
    }

    fn raw_body(&self) -> &'m [u8] {
        let raw: &'m [u8] = &self.message.raw_message;
        raw.get(self.part.offset_body as usize..self.part.offset_end as usize).unwrap_or_default()
    }

    /// The content without its transfer encoding.
    pub(super) fn bytes(&self) -> Cow<'m, [u8]> {
        match self.transfer_encoding() {
            "base64" => Cow::Owned(words::base64(&self.raw_body()[..words::base64_end(self.raw_body())])),
            "quoted-printable" => Cow::Owned(words::quoted_printable(self.raw_body())),
            "uuencode" => words::uuencoded(self.raw_body()).map_or(Cow::Borrowed(self.raw_body()), Cow::Owned),
            _ => Cow::Borrowed(self.raw_body()),
        }
    }

    /// How many bytes that is, and their SHA-256. A large file is not decoded whole for it.
    fn measure(&self) -> (u64, String) {
        if self.transfer_encoding() != "base64" {
            let bytes = self.bytes();
            return (bytes.len() as u64, hex::encode(Sha256::digest(&bytes)));
        }
        let (mut decoder, mut hash, mut size) = (words::Base64::default(), Sha256::new(), 0);
        let mut piece = Vec::with_capacity(PIECE);
        let body = self.raw_body();
        for text in body[..words::base64_end(body)].chunks(PIECE) {
            piece.clear();
            decoder.decode(text, &mut piece);
            size += piece.len() as u64;
            hash.update(&piece);
        }
        (size, hex::encode(hash.finalize()))
    }

    fn transfer_encoding(&self) -> &'static str {
        let value = self.header(&HeaderName::ContentTransferEncoding).map(words::parameterised).unwrap_or_default();
        match value.value.as_str() {
            "base64" => "base64",
            "quoted-printable" | "quotedprintable" => "quoted-printable",
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => "uuencode",
            _ => "",
        }
    }

    fn file_name(&self) -> Option<String> {
        let name = self.disposition.get("filename").or_else(|| self.content_type.get("name"))?;
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        (!name.is_empty() && name != "." && name != "..").then(|| name.chars().take(255).collect())
    }

    /// Outlook's container.
    fn is_tnef(&self) -> bool {
        matches!(self.media_type(), "application/ms-tnef" | "application/vnd.ms-tnef")
            || self.file_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
    }

    fn content_id(&self) -> Option<String> {
        let raw = self.header(&HeaderName::ContentId)?;
        let id = words::value(raw);
        let id = id.trim().trim_start_matches('<').trim_end_matches('>').trim();
        (!id.is_empty()).then(|| id.to_owned())
    }

    /// Readable text that stands in the mail itself.
    fn is_body_text(&self, only_part: bool) -> bool {
        if self.enclosed || self.is_multipart() {
            return false;
        }
        let media = self.media_type();
        let readable = matches!(media, "text/plain" | "text/html" | "text/enriched" | "text/richtext" | "text")
            // A multipart that has no parts (no boundary, or one that never comes) is the text it holds.
            || media.starts_with("multipart/");
        if !readable {
            return false;
        }
        if only_part {
            return true;
        }
        self.disposition.value != "attachment" && self.file_name().is_none()
    }

    fn decoded_text(&self, warnings: &mut Vec<String>) -> String {
        let bytes = self.bytes();
        let declared = self.content_type.get("charset");
        // HTML that says something else in its head is common when a gateway changed the header or the bytes.
        let decoded = charset::decode(&bytes, declared.or_else(|| self.meta_charset(&bytes)));
        warnings.extend(decoded.warning);
        let mut text = super::unix_text(&decoded.text);
        if let Some(footer) = self.footer() {
            let footer = charset::decode(footer, declared).text;
            text.push('\n');
            // Beneath HTML it is text, too.
            let escape = self.media_type() == "text/html";
            let footer = super::unix_text(&footer);
            text.push_str(&if escape { as_html(&footer) } else { footer });
            warnings.push("somebody wrote on beneath the encoded text".to_owned());
        }
        let is_flowed = self.content_type.get("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
        if is_flowed && self.media_type() == "text/plain" {
            let delete_space = self.content_type.get("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes"));
            return unflow(&text, delete_space);
        }
        text
    }

    /// What somebody wrote beneath encoded text without encoding it.
    fn footer(&self) -> Option<&'m [u8]> {
        let raw = self.raw_body();
        let footer = (self.transfer_encoding() == "base64").then(|| &raw[words::base64_end(raw)..])?;
        (!footer.trim_ascii().is_empty()).then_some(footer)
    }

    /// The charset of the text: what it names, else what it seems to be.
    fn charset(&self) -> Option<Cow<'m, str>> {
        let named = self.content_type.get("charset").filter(|name| !name.eq_ignore_ascii_case("us-ascii"));
        named.map(|name| Cow::Owned(name.to_owned())).or_else(|| charset::seems(&self.bytes()).map(Cow::Borrowed))
    }

    fn meta_charset<'b>(&self, bytes: &'b [u8]) -> Option<&'b str> {
        if self.media_type() != "text/html" {
            return None;
        }
        let head = &bytes[..bytes.len().min(2048)];
        let at = head.windows(8).position(|w| w.eq_ignore_ascii_case(b"charset="))? + 8;
        let rest = &head[at..];
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':')))?;
        std::str::from_utf8(&rest[..end]).ok()
    }
}

fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{escaped}</pre>")
}

/// The charset of the mail's first text.
pub(super) fn text_charset(flat: &[FlatPart<'_>]) -> Option<String> {
    let only_part = flat.len() == 1;
    flat.iter().find(|part| part.is_body_text(only_part))?.charset().map(Cow::into_owned)
}

/// All parts, depth first.
pub(super) fn flatten<'m>(message: &'m Message<'m>) -> Vec<FlatPart<'m>> {
    let mut flat = Vec::new();
    add(&mut flat, message, 0, Context { depth: 0, enclosed: false, in_alternative: false, in_digest: false });
    flat
}

#[derive(Clone, Copy)]
struct Context {
    depth: usize,
    enclosed: bool,
    in_alternative: bool,
    in_digest: bool,
}

fn add<'m>(flat: &mut Vec<FlatPart<'m>>, message: &'m Message<'m>, id: u32, context: Context) -> Option<usize> {
    let part = message.parts.get(id as usize)?;
    if flat.len() >= PARTS_MAX {
        return None;
    }
    let index = flat.len();
    let raw: &[u8] = &message.raw_message;
    let find = |name: HeaderName<'_>| part.headers.iter().rev().find(|h| h.name == name).map(|h| header_bytes(raw, h));
    let mut content_type = find(HeaderName::ContentType).map(words::parameterised).unwrap_or_default();
    content_type.value = media_type(&content_type.value, context.in_digest);
    flat.push(FlatPart {
        message,
        part,
        disposition: find(HeaderName::ContentDisposition).map(words::parameterised).unwrap_or_default(),
        children: Vec::new(),
        enclosed: context.enclosed,
        in_alternative: context.in_alternative,
        content_type,
    });
    if context.depth >= DEPTH_MAX {
        return Some(index);
    }
    let media = flat[index].content_type.value.clone();
    let inner = Context {
        depth: context.depth + 1,
        in_alternative: context.in_alternative || media == "multipart/alternative",
        in_digest: media == "multipart/digest",
        ..context
    };
    let children: Vec<usize> = match &part.body {
        PartType::Multipart(ids) => ids.iter().filter_map(|id| add(flat, message, *id, inner)).collect(),
        PartType::Message(enclosed) => {
            let inner = Context { enclosed: true, in_alternative: false, in_digest: false, ..inner };
            add(flat, enclosed, 0, inner).into_iter().collect()
        }
        _ => Vec::new(),
    };
    flat[index].children = children;
    Some(index)
}

/// A usable media type: the default where none is given (RFC 2045, 5.2; RFC 2046, 5.1.5), octets where it is broken.
fn media_type(declared: &str, in_digest: bool) -> String {
    let token = |t: &str| {
        !t.is_empty() && t.len() <= 127 && t.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
    };
    match declared.split_once('/') {
        _ if declared.is_empty() => (if in_digest { "message/rfc822" } else { "text/plain" }).to_owned(),
        Some((kind, sub)) if token(kind) && token(sub) => declared.to_owned(),
        None if declared == "text" => "text/plain".to_owned(),
        _ => "application/octet-stream".to_owned(),
    }
}

/// What a mail holds.
pub(super) struct Body {
    pub(super) text: String,
    /// The text without the history that the HTML marks, when the text was made from HTML.
    pub(super) fresh: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) structure: Part,
}

pub(super) fn body(flat: &[FlatPart<'_>], warnings: &mut Vec<String>) -> Body {
    if flat.len() >= PARTS_MAX {
        warnings.push(format!("only the first {PARTS_MAX} parts were looked at"));
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut is_text = vec![false; flat.len()];
    let only_part = flat.len() == 1;
    for (index, part) in flat.iter().enumerate() {
        if !part.is_body_text(only_part) {
            continue;
        }
        is_text[index] = true;
        let text = part.decoded_text(warnings);
        let is_html = part.media_type() == "text/html" || looks_like_html(&text);
        // Alternatives of one another are one piece; everything else follows in order.
        let joins = part.in_alternative
            && pieces.last().is_some_and(|p| {
                p.alternative
                    && shares_alternative(flat, p.last, index)
                    && if is_html { p.html.is_none() } else { p.plain.is_none() }
            });
        if !joins {
            pieces.push(Piece { plain: None, html: None, alternative: part.in_alternative, last: index });
        }
        if let Some(piece) = pieces.last_mut() {
            *(if is_html { &mut piece.html } else { &mut piece.plain }) = Some(text);
            piece.last = index;
        }
    }

    let mut text = String::new();
    let mut fresh = String::new();
    let mut is_marked = false;
    let mut html: Option<String> = None;
    for piece in pieces {
        let converted = piece.html.as_deref().map(html_text);
        // A plain part without a word stands for the HTML only where both are the same.
        let is_as_good = |p: &str| converted.as_ref().is_none_or(|c| c.text.is_empty() || c.text.trim() == p.trim());
        let plain = piece.plain.filter(|p| says_something(p) || is_as_good(p));
        let (shown, new) = match (plain, converted) {
            (Some(plain), Some(converted)) => {
                // The HTML knows what is history; its text only helps when it agrees with the plain part.
                let new = converted.fresh.filter(|f| says_something(f) && begins_alike(&plain, f));
                is_marked |= new.is_some();
                let new = new.unwrap_or_else(|| plain.clone());
                (plain, new)
            }
            (Some(plain), None) => (plain.clone(), plain),
            (None, Some(converted)) => {
                is_marked |= converted.fresh.is_some();
                let new = converted.fresh.unwrap_or_else(|| converted.text.clone());
                (converted.text, new)
            }
            (None, None) => continue,
        };
        for (target, piece) in [(&mut text, shown), (&mut fresh, new)] {
            if !target.is_empty() && !piece.is_empty() {
                target.push('\n');
            }
            target.push_str(&piece);
        }
        if let Some(part) = piece.html {
            match &mut html {
                Some(all) => {
                    all.push('\n');
                    all.push_str(&part);
                }
                None => html = Some(part),
            }
        }
    }

    let mut attachments = Vec::new();
    for (index, part) in flat.iter().enumerate() {
        if is_text[index] || part.is_multipart() || part.enclosed {
            continue;
        }
        let Some(container) = part.is_tnef().then(|| tnef::read(&part.bytes())).flatten() else {
            attachments.push(attachment(index, part, html.as_deref()));
            continue;
        };
        // What Outlook hid in there is the mail's text where it has no other.
        if !says_something(&text) && html.is_none() {
            if let Some(found) = container.html {
                let converted = html_text(&found);
                (text, html) = (converted.text, Some(found));
                is_marked |= converted.fresh.is_some();
                fresh = converted.fresh.unwrap_or_else(|| text.clone());
            } else if let Some(found) = container.text {
                text = super::unix_text(&found);
                fresh.clone_from(&text);
            }
        }
        for (number, file) in container.files.into_iter().enumerate() {
            attachments.push(contained(index, number, file, html.as_deref()));
        }
    }
    let text = text.trim_end().to_owned();
    Body { text, fresh: is_marked.then_some(fresh), html, attachments, structure: tree(flat, 0) }
}

struct Piece {
    plain: Option<String>,
    html: Option<String>,
    alternative: bool,
    last: usize,
}

/// Whether two parts stand under one `multipart/alternative`.
fn shares_alternative(flat: &[FlatPart<'_>], a: usize, b: usize) -> bool {
    fn holds(flat: &[FlatPart<'_>], root: usize, wanted: usize) -> bool {
        root == wanted || flat[root].children.iter().any(|c| *c <= wanted && holds(flat, *c, wanted))
    }
    flat.iter().enumerate().take(a).any(|(index, part)| {
        part.media_type() == "multipart/alternative" && holds(flat, index, a) && holds(flat, index, b)
    })
}

fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric) || text.chars().any(|c| u32::from(c) >= 0x2600)
}

/// The first letters of both are the same, whatever the line breaks.
fn begins_alike(plain: &str, other: &str) -> bool {
    let letters = |t: &str| t.chars().filter(|c| c.is_alphanumeric()).take(24).collect::<String>();
    let (a, b) = (letters(plain), letters(other));
    a.starts_with(&b) || b.starts_with(&a)
}

fn looks_like_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

fn attachment(index: usize, part: &FlatPart<'_>, html: Option<&str>) -> Attachment {
    let (size, sha256) = part.measure();
    let content_id = part.content_id();
    let shown = content_id.as_ref().is_some_and(|id| html.is_some_and(|h| h.contains(&format!("cid:{id}"))));
    Attachment {
        name: part.file_name(),
        media_type: part.media_type().to_owned(),
        size,
        sha256,
        inline: shown || (part.disposition.value == "inline" && part.media_type().starts_with("image/")),
        content_id,
        part: u32::try_from(index).unwrap_or(u32::MAX),
    }
}

/// A file of a container.
fn contained(index: usize, number: usize, file: tnef::File, html: Option<&str>) -> Attachment {
    let place = (number + 1) << WITHIN_BITS | index;
    Attachment {
        size: file.bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&file.bytes)),
        inline: file.content_id.as_ref().is_some_and(|id| html.is_some_and(|h| h.contains(&format!("cid:{id}")))),
        media_type: media_type(file.media_type.as_deref().unwrap_or("application/octet-stream"), false),
        name: file.name,
        content_id: file.content_id,
        part: u32::try_from(place).unwrap_or(u32::MAX),
    }
}

/// The part that an [`Attachment::part`] names, and which file within it.
pub(super) fn place(part: u32) -> (usize, Option<usize>) {
    let within = (part >> WITHIN_BITS) as usize;
    ((part & ((1 << WITHIN_BITS) - 1)) as usize, within.checked_sub(1))
}

fn tree(flat: &[FlatPart<'_>], index: usize) -> Part {
    match flat.get(index) {
        Some(part) => Part {
            media_type: part.media_type().to_owned(),
            parts: part.children.iter().map(|child| tree(flat, *child)).collect(),
        },
        None => Part { media_type: "text/plain".to_owned(), parts: Vec::new() },
    }
}

/// Joins lines that `format=flowed` broke (RFC 3676): a blank at the end means that the line goes on, as long as the
/// quoting is equally deep. The signature's `-- ` is no such line.
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        match open {
            Some(quoted) if quoted == depth && !is_signature => out.push_str(content),
            _ => {
                if open.is_some() {
                    out.push('\n');
                }
                out.push_str(&line[..depth]);
                if depth > 0 {
                    out.push(' ');
                }
                out.push_str(content);
            }
        }
        if content.ends_with(' ') && !is_signature {
            if delete_space {
                out.pop();
            }
            open = Some(depth);
        } else {
            out.push('\n');
            open = None;
        }
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_file_is_measured_as_it_is_handed_out() {
        // Pieces end within groups of four, within lines, and one in the middle of a line that is padded.
        let body: String = (0..9_000).map(|line| format!("line{line:05}AAE=x\r\n")).collect();
        assert!(body.len() > 2 * PIECE);
        for encoding in ["base64", "quoted-printable", "8bit"] {
            let raw = format!(
                "Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"
            );
            let read = crate::read::read_mail(raw.as_bytes());
            let bytes = crate::read::attachment(raw.as_bytes(), read.attachments[0].part).unwrap();
            let measured = (read.attachments[0].size, read.attachments[0].sha256.as_str());
            assert_eq!(measured, (bytes.len() as u64, hex::encode(Sha256::digest(&bytes)).as_str()), "{encoding}");
        }
    }

    #[test]
    fn flowed_lines_are_joined() {
        assert_eq!(unflow("a \nb\n> q \n> r\nc\n-- \nsig", false), "a b\n> q r\nc\n-- \nsig");
        assert_eq!(unflow("你 \n好", true), "你好");
        assert_eq!(unflow(" From x\n", false), "From x\n");
        assert_eq!(unflow("a \n> b", false), "a \n> b");
        assert_eq!(unflow("", false), "");
    }
}
