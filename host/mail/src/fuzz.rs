//! What a fuzzer calls: each function takes any bytes and panics only where a promise is broken.

use crate::compose::{ComposeError, OutgoingAttachment, OutgoingMail, Quoted, compose};
use crate::read::{attachment, read_mail};
use crate::thread::{Installation, Key, MESSAGE_ID_KEYS_MAX, keys, normal_subject};
use crate::{marked, quote, screen, spam};
use posthouse_model::Timestamp;
use posthouse_model::mail::Address;
use posthouse_model::picture;
use std::collections::BTreeSet;

/// Header fields that a composed mail may have: RFC 5322 and 2045, and our own.
const OURS: &[&str] = &[
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-language",
    "content-transfer-encoding",
    "content-disposition",
    "x-posthouse-loop",
];

/// A mail. Whatever the bytes are, it is read, the same twice, every file that is listed can be had, and everything that looks at a
/// mail can look at it.
///
/// # Panics
/// When not.
pub fn read(bytes: &[u8]) {
    let mail = read_mail(bytes);
    assert_eq!(mail, read_mail(bytes), "a mail reads differently the second time");
    for file in &mail.attachments {
        let there = attachment(bytes, file.part);
        assert_eq!(there.map(|bytes| bytes.len() as u64), Some(file.size), "a listed file cannot be had whole");
    }
    let installation = Installation::new(&[7; 32]);
    let own = screen::Own { installation: &installation, addresses: &["support@shop.example".to_owned()] };
    let _ = screen::screen(&mail, &own);
    let _ = screen::asks_for_silence(&mail);
    let _ = marked::spam_mark(&mail);
    let _ = spam::features(&mail);
    let ids = keys(&mail, &installation).into_iter().filter(|key| matches!(key, Key::MessageId(_))).count();
    assert!(ids <= MESSAGE_ID_KEYS_MAX + 1, "{ids} Message-IDs of one mail are looked up");
}

/// A text. What is called new is made of the text's own lines, in their order, and nothing is called history where there is none of it.
///
/// # Panics
/// When not.
pub fn quoting(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let split = quote::split(&text);
    let mut rest = text.lines().map(str::trim);
    for line in split.reply.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(rest.any(|one| one == line), "a line that the text does not have: {line:?}");
    }
    let taken_out = split.quoted || split.signature;
    // A line of dashes at the end says nothing.
    let words = |text: &str| {
        let speaks = |word: &&str| word.chars().any(char::is_alphanumeric);
        text.split_whitespace().filter(speaks).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(
        taken_out || words(&split.reply) == words(&text),
        "words are lost and nothing was found to take out: {text:?} became {:?}",
        split.reply
    );
}

/// A subject, an address and a text. Only what this installation signed names a ticket, and it always does.
///
/// # Panics
/// When not.
pub fn threading(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let normal = normal_subject(&text);
    assert_eq!(normal_subject(&normal), normal, "a subject that was made plain is not plain");
    let (one, other) = (Installation::new(&[1; 32]), Installation::new(&[2; 32]));
    let number = bytes.iter().take(6).fold(1_i64, |n, b| (n * 251 + i64::from(*b)).abs().max(1));
    let marked = format!("{text}{}", one.body_marker(number));
    assert_eq!(one.ticket_in_text(&marked), Some(number), "a marker of ours is not found");
    assert_eq!(other.ticket_in_text(&marked), None, "a marker of another installation is believed");
    assert_eq!(one.ticket_in_subject(&format!("{text}{}", one.subject_token(number))), Some(number));
    let address = one.plus_address("support@shop.example", number);
    assert_eq!(one.ticket_of_address(&address), Some(number), "an address of ours is not known");
    assert_eq!(other.ticket_of_address(&address), None);
    assert_eq!(one.ticket_of_address(&text), None, "somebody guessed a signature");
    assert!(!one.is_ours(&text), "somebody guessed a Message-ID");
}

/// What an agent, a customer or a plugin may have put into a reply, divided by bytes 0xff: name, address, subject, text, language,
/// quoted text, an ancestor's Message-ID, a file's name, its kind, its bytes. What can be written has exactly the recipients and
/// files that were meant, and no header of anybody else's.
///
/// # Panics
/// When not.
pub fn composing(bytes: &[u8]) {
    let mut pieces = bytes.split(|byte| *byte == 0xff);
    let mut text = || pieces.next().map(|piece| String::from_utf8_lossy(piece).into_owned()).unwrap_or_default();
    let (name, address, subject, body) = (text(), text(), text(), text());
    let (language, quoted, ancestor, file, kind) = (text(), text(), text(), text(), text());
    let mut content = text().into_bytes();
    let body_shows = picture::shown(&body, &[&file]) == [true];
    if body_shows {
        content.splice(..0, *b"GIF89a");
    }
    let mail = OutgoingMail {
        from: Address { name: Some(name.clone()), address: "support@shop.example".into() },
        to: vec![Address { name: Some(name), address }],
        cc: Vec::new(),
        reply_to: Vec::new(),
        subject,
        body,
        language: Some(language),
        message_id: "fixed@shop.example".into(),
        in_reply_to: Some(ancestor.clone()),
        references: vec![ancestor],
        date: Timestamp::from_seconds(1_795_168_800),
        quoted: Some(Quoted { attribution: quoted.clone(), text: quoted }),
        automatic: false,
        loop_mark: Some("mark".into()),
        attachments: vec![OutgoingAttachment {
            // Whether it is shown in the text is up to its first bytes, which may be anything here.
            shown: body_shows,
            name: file,
            media_type: kind,
            bytes: content.clone(),
        }],
    };
    let raw = match compose(&mail) {
        Ok(raw) => raw,
        Err(ComposeError::Address { .. } | ComposeError::NoRecipient) => return,
        Err(error) => panic!("{error}"),
    };
    // An address may need SMTPUTF8 (RFC 6532); nothing else does.
    assert!(raw.is_ascii() || !mail.to[0].address.is_ascii(), "it is not 7-bit");
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 1_000), "a line is longer than servers take");
    let read = read_mail(&raw);
    let names: BTreeSet<String> = read.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    assert!(names.iter().all(|name| OURS.contains(&name.as_str())), "a header came in: {names:?}");
    assert_eq!((read.to.len(), read.cc.len()), (1, 0), "a recipient came in or was lost");
    assert_eq!(read.message_id.as_deref(), Some("fixed@shop.example"));
    assert_eq!(read.attachments.len(), 1, "a file came in or was lost");
    let there = attachment(&raw, read.attachments[0].part);
    assert_eq!(there.as_deref(), Some(content.as_slice()), "a file is not what it was");
    if body_shows {
        let id = read.attachments[0].content_id.clone().unwrap_or_default();
        let html = read.html.unwrap_or_default();
        assert!(!id.is_empty() && read.attachments[0].inline, "a picture is not told from a file");
        assert!(html.contains(&format!("<img src=\"cid:{id}\"")), "a picture is not where it should be: {html}");
    }
}
