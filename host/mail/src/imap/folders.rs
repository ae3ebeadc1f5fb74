//! Names of folders, and other small forms of the protocol.

use super::{Folder, FolderRole, ImapError};
use async_imap::imap_proto::{MailboxListData, NameAttribute};
use base64::Engine;
use base64::alphabet::Alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use posthouse_model::Timestamp;
use std::sync::LazyLock;

/// Base64 with `,` for `/` and without padding (RFC 3501, 5.1.3).
static MODIFIED: LazyLock<GeneralPurpose> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "64 different characters")]
    let alphabet =
        Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").expect("an alphabet");
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet, config)
});

/// A folder's name as a quoted string, in modified UTF-7.
pub(super) fn quoted(name: &str) -> Result<String, ImapError> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(ImapError::Config(format!("`{}` cannot be a folder's name", name.escape_default())));
    }
    Ok(format!("\"{}\"", encode(name).replace('\\', "\\\\").replace('"', "\\\"")))
}

fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut wide: Vec<u8> = Vec::new();
    let flush = |out: &mut String, wide: &mut Vec<u8>| {
        if !wide.is_empty() {
            out.push('&');
            out.push_str(&MODIFIED.encode(&*wide));
            out.push('-');
            wide.clear();
        }
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut out, &mut wide);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                wide.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    flush(&mut out, &mut wide);
    out
}

/// Modified UTF-7 as text; what is not valid stays as it is.
fn decode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let Some(end) = rest.find('-') else {
            out.push('&');
            break;
        };
        let inside = &rest[..end];
        if inside.is_empty() {
            out.push('&');
        } else if let Ok(bytes) = MODIFIED.decode(inside) {
            let units = bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
            out.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')));
        } else {
            out.push('&');
            out.push_str(inside);
            out.push('-');
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

pub(super) fn folder(list: &MailboxListData<'_>) -> Folder {
    let name = decode(&list.name);
    let mut role = None;
    let mut selectable = true;
    for attribute in &list.name_attributes {
        match attribute {
            NameAttribute::NoSelect => selectable = false,
            NameAttribute::Sent => role = Some(FolderRole::Sent),
            NameAttribute::Drafts => role = Some(FolderRole::Drafts),
            NameAttribute::Junk => role = Some(FolderRole::Junk),
            NameAttribute::Trash => role = Some(FolderRole::Trash),
            NameAttribute::Archive => role = Some(FolderRole::Archive),
            NameAttribute::All => role = Some(FolderRole::All),
            _ => {}
        }
    }
    let last = list.delimiter.as_deref().map_or(name.as_str(), |d| name.rsplit(d).next().unwrap_or(&name));
    let delimiter = list.delimiter.as_deref().and_then(|d| d.chars().next());
    Folder { role: role.or_else(|| role_of(last)), selectable, delimiter, name }
}

/// The role by a well-known name: many servers mark nothing.
fn role_of(name: &str) -> Option<FolderRole> {
    const SENT: &[&str] = &[
        "sent",
        "sent items",
        "sent messages",
        "sent mail",
        "sent-mail",
        "outbox sent",
        "gesendet",
        "gesendete objekte",
        "gesendete elemente",
        "gesendete nachrichten",
        "envoyés",
        "éléments envoyés",
        "messages envoyés",
        "enviados",
        "elementos enviados",
        "correo enviado",
        "itens enviados",
        "inviata",
        "posta inviata",
        "elementi inviati",
        "verzonden",
        "verzonden items",
        "verzonden berichten",
        "skickat",
        "skickade objekt",
        "sendt",
        "sendte elementer",
        "lähetetyt",
        "wysłane",
        "elementy wysłane",
        "odeslané",
        "odoslané",
        "elküldött",
        "trimise",
        "gönderilmiş öğeler",
        "gönderilenler",
        "отправленные",
        "надіслані",
        "已发送",
        "已发送邮件",
        "已发邮件",
        "寄件備份",
        "寄件备份",
        "已傳送",
        "送信済み",
        "送信済みアイテム",
        "送信済みメール",
        "보낸 편지함",
        "보낸편지함",
        "đã gửi",
        "terkirim",
    ];
    const DRAFTS: &[&str] = &[
        "drafts",
        "draft",
        "entwürfe",
        "brouillons",
        "borradores",
        "rascunhos",
        "bozze",
        "concepten",
        "草稿箱",
        "草稿",
        "下書き",
    ];
    const JUNK: &[&str] = &[
        "junk",
        "spam",
        "junk e-mail",
        "junk email",
        "bulk mail",
        "垃圾邮件",
        "垃圾箱",
        "垃圾郵件",
        "迷惑メール",
        "spamverdacht",
    ];
    const TRASH: &[&str] = &[
        "trash",
        "deleted items",
        "deleted messages",
        "papierkorb",
        "corbeille",
        "papelera",
        "lixeira",
        "cestino",
        "prullenbak",
        "已删除",
        "已删除邮件",
        "ゴミ箱",
    ];
    let name = name.to_lowercase();
    let is = |list: &[&str]| list.contains(&name.as_str());
    if name == "inbox" {
        Some(FolderRole::Inbox)
    } else if is(SENT) {
        Some(FolderRole::Sent)
    } else if is(DRAFTS) {
        Some(FolderRole::Drafts)
    } else if is(JUNK) {
        Some(FolderRole::Junk)
    } else if is(TRASH) {
        Some(FolderRole::Trash)
    } else {
        None
    }
}

/// UIDs in order as a set, neighbours as a range: `4,7:9`.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &uid in uids {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == uid => *end = uid,
            _ => parts.push((uid, uid)),
        }
    }
    let text = parts.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}:{b}") });
    text.collect::<Vec<_>>().join(",")
}

/// With the line ends of the network.
pub(super) fn crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut before = 0;
    for &byte in raw {
        if byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        before = byte;
    }
    out
}

/// `" 1-May-2024 10:15:00 +0200"` (RFC 3501, 9: date-time).
pub(super) fn internal_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    parsed.to_timestamp().ok().map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn folder_names_are_translated() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("已发送", "&XfJT0ZAB-"),
            ("A&B", "A&-B"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("📦", "&2D3c5g-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
        assert_eq!(decode("&broken"), "&broken");
        assert_eq!(quoted("a\"b\\c").unwrap(), "\"a\\\"b\\\\c\"");
        assert!(quoted("a\r\nb").is_err());
    }

    #[test]
    fn small_forms() {
        assert_eq!(uid_set(&[4, 7, 8, 9, 11]), "4,7:9,11");
        assert_eq!(internal_date(" 1-May-2024 10:15:00 +0200").unwrap().to_rfc3339(), "2024-05-01T08:15:00Z");
        assert_eq!(internal_date("01-May-2024 10:15:00 +0000").unwrap().to_rfc3339(), "2024-05-01T10:15:00Z");
        assert_eq!(internal_date("yesterday"), None);
    }
}
