//! Making the bytes of a reply: text with an HTML alternative, threading headers, pictures within the text, attachments.
//! What in the text is bold, a list or a link says [`posthouse_model::rich`], which also writes the HTML.
//!
//! A file that is shown within the text goes with the text as `multipart/related` (RFC 2387), its picture in the HTML named by
//! Content-ID (RFC 2392); in the plain text stands its mark ([`posthouse_model::picture`]). Other files stand beside, in
//! `multipart/mixed`.
//!
//! Nothing that comes in can add a header or a recipient: control characters are dropped from every header value,
//! names and subjects are encoded (RFC 2047, 2231), addresses are checked. The same input gives the same bytes.

use crate::submit::Envelope;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as BuilderAddress;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use posthouse_model::Timestamp;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::picture;
pub use posthouse_model::rich::attribution;
use posthouse_model::rich::{self, Page, Placed};
use sha2::{Digest, Sha256};

/// At most this many ids go into References: the first and the newest (RFC 5322 asks for all; servers cut lines).
pub const REFERENCES_MAX: usize = 30;

/// A mail about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The mailbox's address.
    pub from: Address,
    /// At least one of `to` and `cc` must be there.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// Where answers go, when not to `from`: a signed plus-address.
    pub reply_to: Vec<Address>,
    /// One line.
    pub subject: String,
    /// Text with the marks of [`posthouse_model::rich`]; plain text and HTML are made from it.
    pub body: String,
    /// BCP 47, for `Content-Language` and the HTML's `lang`.
    pub language: Option<String>,
    /// Without angle brackets, fixed when the reply was approved.
    pub message_id: String,
    /// The message answered, without angle brackets.
    pub in_reply_to: Option<String>,
    /// Oldest first, without angle brackets; see [`reply_references`].
    pub references: Vec<String>,
    /// For the Date header.
    pub date: Timestamp,
    /// The message answered, below the reply.
    pub quoted: Option<Quoted>,
    /// No person wrote it: marked so that no machine answers (RFC 3834).
    pub automatic: bool,
    /// [`Installation::hash`](crate::thread::Installation::hash), to recognise our own mail coming back.
    pub loop_mark: Option<String>,
    /// Files.
    pub attachments: Vec<OutgoingAttachment>,
}

/// What is quoted below a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// One line; see [`attribution`].
    pub attribution: String,
    /// The text answered.
    pub text: String,
}

/// A file to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingAttachment {
    /// File name, no path.
    pub name: String,
    /// `application/pdf`.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The body has its mark ([`posthouse_model::picture::mark`]): it is shown there. Only a picture by its first bytes is.
    pub shown: bool,
}

impl OutgoingAttachment {
    /// What is shown in place, and as what.
    fn picture(&self) -> Option<&'static str> {
        picture::kind(&self.bytes).filter(|_| self.shown)
    }
}

/// Why a mail cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Neither To nor Cc.
    #[error("the reply has no recipient; add one in To")]
    NoRecipient,
    /// An address that is none.
    #[error("`{address}` in {field} is not a mail address; correct it")]
    Address {
        /// `From`, `To` …
        field: &'static str,
        /// As given.
        address: String,
    },
    /// A Message-ID that is none.
    #[error("`{0}` cannot be a Message-ID")]
    MessageId(String),
    /// The builder failed.
    #[error("the mail could not be written: {0}")]
    Build(String),
}

/// Writes the mail with CRLF line ends, all of it 7-bit.
///
/// # Errors
/// A missing recipient, an address or a Message-ID that is none.
pub fn compose(mail: &OutgoingMail) -> Result<Vec<u8>, ComposeError> {
    if mail.to.is_empty() && mail.cc.is_empty() {
        return Err(ComposeError::NoRecipient);
    }
    let id = bare_id(&mail.message_id).ok_or_else(|| ComposeError::MessageId(mail.message_id.clone()))?;
    let mut builder = MessageBuilder::new()
        .header("From", address("From", &mail.from)?)
        .message_id(MessageId::from(id.clone()))
        .date(Date::new(mail.date.seconds()))
        .subject(single_line(&mail.subject));
    for (field, list) in [("To", &mail.to), ("Cc", &mail.cc), ("Reply-To", &mail.reply_to)] {
        if !list.is_empty() {
            let list = list.iter().map(|a| address(field, a)).collect::<Result<Vec<_>, _>>()?;
            builder = builder.header(field, BuilderAddress::new_list(list));
        }
    }
    if let Some(parent) = mail.in_reply_to.as_deref().and_then(bare_id) {
        builder = builder.in_reply_to(MessageId::from(parent));
    }
    let references: Vec<String> = trim_references(mail.references.iter().filter_map(|r| bare_id(r)).collect());
    if !references.is_empty() {
        builder = builder.references(MessageId::from(references));
    }
    if mail.automatic {
        builder = builder
            .header("Auto-Submitted", Raw::new("auto-replied"))
            .header("X-Auto-Response-Suppress", Raw::new("All"));
    }
    if let Some(mark) = &mail.loop_mark {
        builder = builder.header(crate::screen::LOOP_HEADER, Raw::new(token(mark)));
    }
    if let Some(language) = mail.language.as_deref().map(token).filter(|l| !l.is_empty()) {
        builder = builder.header("Content-Language", Raw::new(language));
    }

    // The default boundaries hold the time of day; ours follow from the Message-ID, so the bytes are repeatable.
    let boundary = |part: &str| {
        let digest = Sha256::digest(format!("{part} {id}"));
        format!("=_{}", hex::encode(&digest[..18]))
    };
    let alternative = MimePart::new(
        ContentType::new("multipart/alternative").attribute("boundary", boundary("alternative")),
        vec![
            MimePart::new("text/plain", BodyPart::Text(plain_body(mail).into())),
            MimePart::new("text/html", BodyPart::Text(html_body(mail, &id).into())),
        ],
    );
    let (mut related, mut mixed) = (Vec::new(), Vec::new());
    for file in &mail.attachments {
        let content = BodyPart::Binary(file.bytes.as_slice().into());
        if let Some(kind) = file.picture() {
            // Named in both headers: there are mail programs that look into one only.
            let name = file_name(&file.name);
            let part = MimePart::new(ContentType::new(kind).attribute("name", name.clone()), content)
                .cid(picture::content_id(&id, related.len() + 1))
                .header("Content-Disposition", ContentType::new("inline").attribute("filename", name));
            related.push(part);
        } else {
            let part = MimePart::new(media_type(&file.media_type), content);
            mixed.push(part.attachment(file_name(&file.name)));
        }
    }
    let text = if related.is_empty() {
        alternative
    } else {
        related.insert(0, alternative);
        // Of what kind the root is, RFC 2387 (3.1) wants to be told.
        let kind = ContentType::new("multipart/related").attribute("type", "multipart/alternative");
        MimePart::new(kind.attribute("boundary", boundary("related")), related)
    };
    let body = if mixed.is_empty() {
        text
    } else {
        mixed.insert(0, text);
        MimePart::new(ContentType::new("multipart/mixed").attribute("boundary", boundary("mixed")), mixed)
    };
    builder.body(body).write_to_vec().map_err(|e| ComposeError::Build(e.to_string()))
}

/// Who it goes to: the sender's address (the empty return path for automatic mail, RFC 3834, 3.3) and every To and Cc
/// once.
#[must_use]
pub fn envelope(mail: &OutgoingMail) -> Envelope {
    let mut seen = std::collections::HashSet::new();
    let recipients = mail
        .to
        .iter()
        .chain(&mail.cc)
        .filter(|a| seen.insert(a.key()))
        .map(|a| ascii_domain(a.address.trim()))
        .collect();
    let from = (!mail.automatic).then(|| ascii_domain(mail.from.address.trim()));
    Envelope { from, recipients }
}

/// `Re: ` and the subject, once: a reply to a reply keeps its subject.
#[must_use]
pub fn reply_subject(subject: &str) -> String {
    let subject = single_line(subject);
    if crate::thread::is_reply_subject(&subject) { subject } else { format!("Re: {subject}").trim_end().to_owned() }
}

/// In-Reply-To and References of an answer to `parent` (RFC 5322, 3.6.4).
#[must_use]
pub fn reply_references(parent: &ReadMail) -> (Option<String>, Vec<String>) {
    let mut references =
        if parent.references.is_empty() { parent.in_reply_to.clone() } else { parent.references.clone() };
    if let Some(id) = &parent.message_id {
        references.retain(|r| r != id);
        references.push(id.clone());
    }
    (parent.message_id.clone(), trim_references(references))
}

fn trim_references(mut references: Vec<String>) -> Vec<String> {
    if references.len() > REFERENCES_MAX {
        references.drain(1..references.len() - (REFERENCES_MAX - 1));
    }
    references
}

fn plain_body(mail: &OutgoingMail) -> String {
    let shown = mail.attachments.iter().filter(|file| file.picture().is_some());
    let names: Vec<&str> = shown.map(|file| file.name.as_str()).collect();
    let mut text = rich::plain_with(&rich::clean(&mail.body), &names);
    if let Some(quoted) = &mail.quoted {
        text.push_str("\n\n");
        text.push_str(&single_line(&quoted.attribution));
        for line in rich::clean(&quoted.text).lines() {
            text.push_str(if line.starts_with('>') { "\n>" } else { "\n> " });
            text.push_str(line);
        }
    }
    text.push('\n');
    text
}

fn html_body(mail: &OutgoingMail, id: &str) -> String {
    let files = mail.attachments.iter().filter(|file| file.picture().is_some());
    let pictures: Vec<Placed<'_>> = files
        .zip(1..)
        .map(|(file, number)| Placed { name: &file.name, content_id: picture::content_id(id, number) })
        .collect();
    let language = mail.language.as_deref().map(token).unwrap_or_default();
    let quoted = mail.quoted.as_ref().map(|quoted| (single_line(&quoted.attribution), rich::clean(&quoted.text)));
    rich::page(&Page {
        body: &rich::clean(&mail.body),
        language: &language,
        quoted: quoted.as_ref().map(|(attribution, text)| (attribution.as_str(), text.as_str())),
        pictures: &pictures,
    })
}

/// For header values: control characters become spaces, so no line can be added.
fn single_line(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Letters, digits and a little punctuation: for values written as they are.
fn token(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')).take(100).collect()
}

fn media_type(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let fit = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.' | b'_'))
    };
    match text.split_once('/') {
        // A multipart or an enclosed message as a file would be taken for structure.
        Some((kind, sub)) if fit(kind) && fit(sub) && kind != "multipart" && kind != "message" => text,
        _ => "application/octet-stream".to_owned(),
    }
}

fn file_name(name: &str) -> String {
    let name = single_line(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    // A name that names nothing, or a folder, would be dropped by whoever reads it.
    if matches!(name, "" | "." | "..") { "attachment".to_owned() } else { name.chars().take(150).collect() }
}

/// Without brackets and blanks; none when it could break out of its header.
fn bare_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>').trim();
    let fit = !id.is_empty() && id.len() <= 900 && id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    fit.then(|| id.to_owned())
}

fn address(field: &'static str, address: &Address) -> Result<BuilderAddress<'static>, ComposeError> {
    let bad = || ComposeError::Address { field, address: single_line(&address.address) };
    let text = ascii_domain(address.address.trim());
    // lettre's own check, so that what is composed can also be submitted.
    let checked: lettre::Address = text.parse().map_err(|_| bad())?;
    if checked.to_string().chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';')) {
        return Err(bad());
    }
    let name = address.name.as_deref().map(single_line).filter(|n| !n.is_empty());
    Ok(BuilderAddress::new_address(name, text))
}

/// The address with its domain in ASCII form (RFC 5890): `a@bücher.example` → `a@xn--bcher-kva.example`. What cannot
/// be converted comes back as it was.
#[must_use]
pub fn ascii_domain(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => match url::Host::parse(domain) {
            Ok(url::Host::Domain(ascii)) => format!("{local}@{ascii}"),
            _ => address.to_owned(),
        },
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests;
