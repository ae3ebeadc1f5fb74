//! Address lists and Message-IDs as they stand in real headers (RFC 5322, 3.4 and 3.6.4, and what clients make of it).

use super::words::{VALUE_BYTES_MAX, decode_words, decode_words_near, unfold};
use posthouse_model::mail::Address;

/// At most this many addresses are read from one header.
const ADDRESSES_MAX: usize = 500;
/// At most this many ids are read from one header; the first and the newest are kept.
const IDS_MAX: usize = 200;

#[derive(Default)]
struct Entry {
    phrase: Vec<u8>,
    angle: Option<Vec<u8>>,
    comment: Vec<u8>,
}

#[cfg(test)]
fn addresses(raw: &[u8]) -> Vec<Address> {
    addresses_near(raw, None)
}

/// All addresses of a header of a mail whose text is in this charset, groups taken apart. What is no address at all but stands in one's place
/// (`MAILER-DAEMON`) is kept as it is.
pub(super) fn addresses_near(raw: &[u8], near: Option<&str>) -> Vec<Address> {
    let text = unfold(&raw[..raw.len().min(VALUE_BYTES_MAX)]);
    let mut found: Vec<Address> = Vec::new();
    // A name with an unquoted comma arrives in two entries: `Doe, John <j@x>`.
    let mut loose: Option<String> = None;
    for entry in entries(&text) {
        match read_entry(entry, near) {
            Some(Read::Address(mut address)) => {
                if let Some(first) = loose.take() {
                    match &mut address.name {
                        Some(name) => *name = format!("{first}, {name}"),
                        None => found.push(Address { name: None, address: first }),
                    }
                }
                found.push(address);
            }
            Some(Read::Loose(word)) => {
                if let Some(before) = loose.replace(word) {
                    found.push(Address { name: None, address: before });
                }
            }
            None => {}
        }
        if found.len() >= ADDRESSES_MAX {
            break;
        }
    }
    found.extend(loose.map(|address| Address { name: None, address }));
    found
}

fn entries(text: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut entry = Entry::default();
    let mut at = 0;
    while at < text.len() && entries.len() <= ADDRESSES_MAX {
        match text[at] {
            b'"' => {
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    if text[at] == b'\\' && text.get(at + 1).is_some_and(|b| matches!(b, b'"' | b'\\')) {
                        at += 1;
                    }
                    entry.phrase.push(text[at]);
                    at += 1;
                }
            }
            b'(' => {
                let mut depth = 1;
                at += 1;
                while at < text.len() && depth > 0 {
                    match text[at] {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        b => entry.comment.push(b),
                    }
                    at += 1;
                }
                at -= 1;
            }
            b'<' => {
                let rest = &text[at + 1..];
                // `<a@b<mailto:a@b>>` ends at the last of its brackets; `<a@b` without an end at the next comma.
                let end = rest
                    .iter()
                    .position(|b| *b == b'>')
                    .unwrap_or_else(|| rest.iter().position(|b| matches!(b, b',' | b';')).unwrap_or(rest.len()));
                if entry.angle.as_ref().is_none_or(|a| !a.contains(&b'@')) {
                    entry.angle = Some(rest[..end].to_vec());
                }
                at += end + 1;
                while text.get(at + 1) == Some(&b'>') {
                    at += 1;
                }
                if text.get(at).is_some_and(|b| matches!(b, b',' | b';')) {
                    continue;
                }
            }
            b',' | b';' => entries.push(std::mem::take(&mut entry)),
            b':' if entry.angle.is_none() && !entry.phrase.contains(&b'@') => {
                // A group's name, or `mailto:`.
                entry.phrase.clear();
            }
            b => entry.phrase.push(b),
        }
        at += 1;
    }
    entries.push(entry);
    entries
}

enum Read {
    Address(Address),
    Loose(String),
}

fn read_entry(entry: Entry, near: Option<&str>) -> Option<Read> {
    let phrase = tidy(&decode_words_near(&entry.phrase, near));
    let comment = tidy(&decode_words_near(&entry.comment, near));
    if let Some(angle) = entry.angle {
        let address = clean_address(&decode_words(&angle));
        if address.is_empty() {
            // `<>` names nobody, but the address may stand in the name's place.
            return phrase
                .contains('@')
                .then(|| Read::Address(Address { name: None, address: clean_address(&phrase) }));
        }
        let name = Some(if phrase.is_empty() { comment } else { phrase });
        let name = name.filter(|n| !n.is_empty() && !n.eq_ignore_ascii_case(&address));
        return Some(Read::Address(Address { name, address }));
    }
    if phrase.is_empty() {
        return None;
    }
    if !phrase.contains('@') {
        return Some(Read::Loose(phrase));
    }
    // `a@b`, or `Name a@b` without brackets.
    let mut name = Vec::new();
    let mut address = String::new();
    for word in phrase.split_whitespace() {
        if address.is_empty() && word.contains('@') && word.len() > 1 {
            address = clean_address(word);
        } else {
            name.push(word);
        }
    }
    if address.is_empty() {
        return Some(Read::Loose(phrase));
    }
    let name = if name.is_empty() { comment } else { tidy(&name.join(" ")) };
    Some(Read::Address(Address { name: Some(name).filter(|n| !n.is_empty()), address }))
}

/// Without blanks, brackets, quotes, a `mailto:` or a route in front.
fn clean_address(text: &str) -> String {
    // `<Undisclosed-Recipient:;@relay.example>` is nobody.
    if text.contains(":;") {
        return String::new();
    }
    let text = without_comments(text);
    let text = text.split('<').next().unwrap_or(&text);
    let text = text.trim().trim_matches(['<', '>', '"', '\'', ' ']);
    let text = text.strip_prefix("mailto:").or_else(|| text.strip_prefix("MAILTO:")).unwrap_or(text);
    // `@relay1,@relay2:a@b` (RFC 5322, 4.4)
    let text = if text.starts_with('@') { text.rsplit(':').next().unwrap_or(text) } else { text };
    // Old mailers put blanks around the `@`; in a quoted local part they may stay.
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    squeezed.chars().take(320).collect()
}

fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Blanks collapsed, control characters and surrounding quotes gone.
fn tidy(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = joined.as_str();
    for quote in ['"', '\''] {
        if text.len() >= 2 && text.starts_with(quote) && text.ends_with(quote) {
            text = text[1..text.len() - 1].trim();
        }
    }
    text.chars().take(300).collect()
}

/// All Message-IDs of a header, without brackets. Free text around them (`message of Monday from a@b`) is passed
/// over.
pub(super) fn ids(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(&unfold(&raw[..raw.len().min(VALUE_BYTES_MAX)])).into_owned();
    let mut ids: Vec<String> = Vec::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        let inside = rest[open + 1..open + close].rsplit('<').next().unwrap_or_default();
        push_id(&mut ids, inside);
        rest = &rest[open + close + 1..];
    }
    if ids.is_empty() {
        let mut words = text.split_whitespace();
        if let (Some(word), None) = (words.next(), words.next())
            && word.contains('@')
        {
            push_id(&mut ids, word.trim_matches(['<', '>', ',', ';', '"']));
        }
    }
    if ids.len() > IDS_MAX {
        ids.drain(1..ids.len() - (IDS_MAX - 1));
    }
    ids
}

fn push_id(ids: &mut Vec<String>, id: &str) {
    // Folded in the middle by a mailer that counts columns.
    let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(900).collect();
    if !id.is_empty() && !ids.contains(&id) {
        ids.push(id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn read(raw: &str) -> Vec<(String, String)> {
        addresses(raw.as_bytes()).into_iter().map(|a| (a.name.unwrap_or_default(), a.address)).collect()
    }

    #[test]
    fn addresses_are_read() {
        for (raw, expected) in [
            ("a@x.example", vec![("", "a@x.example")]),
            ("Ana B <a@x>", vec![("Ana B", "a@x")]),
            ("\"B, Ana\" <a@x>, c@x", vec![("B, Ana", "a@x"), ("", "c@x")]),
            ("B, Ana <a@x>", vec![("B, Ana", "a@x")]),
            ("a@x (Ana B)", vec![("Ana B", "a@x")]),
            ("=?utf-8?B?5L2g5aW9?= <a@x>", vec![("你好", "a@x")]),
            ("\"=?utf-8?Q?B=2C_Ana?=\" <a@x>", vec![("B, Ana", "a@x")]),
            ("Team: a@x, B <b@x>;, c@x", vec![("", "a@x"), ("B", "b@x"), ("", "c@x")]),
            ("undisclosed-recipients:;", vec![]),
            ("<a@x>", vec![("", "a@x")]),
            ("a@x<mailto:a@x>", vec![("", "a@x")]),
            ("Ana <a@x<mailto:a@x>>, b@x", vec![("Ana", "a@x"), ("", "b@x")]),
            ("Ana <a@x", vec![("Ana", "a@x")]),
            ("<@relay:a@x>", vec![("", "a@x")]),
            ("MAILER-DAEMON (Mail Delivery System)", vec![("", "MAILER-DAEMON")]),
            ("Ana a@x", vec![("Ana", "a@x")]),
            ("'a@x' <a@x>", vec![("", "a@x")]),
            ("<Undisclosed-Recipient:;@relay.example>", vec![]),
            ("Pete(A nice chap) <pete(his account)@silly.test(his host)>", vec![("Pete", "pete@silly.test")]),
            ("<>", vec![]),
            ("", vec![]),
            ("\"never closed <a@x>", vec![("never closed", "a@x")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(n, a)| (n.to_owned(), a.to_owned())).collect();
            if raw.starts_with("\"never") {
                assert!(!read(raw).is_empty(), "{raw}");
            } else {
                assert_eq!(read(raw), expected, "{raw}");
            }
        }
    }

    #[test]
    fn ids_are_read() {
        for (raw, expected) in [
            ("<a@x>", vec!["a@x"]),
            ("<a@x>\r\n\t<b@x> <a@x>", vec!["a@x", "b@x"]),
            ("a@x", vec!["a@x"]),
            ("Your message of Mon <a@x> \"hello\"", vec!["a@x"]),
            ("message of Mon", vec![]),
            ("<a\r\n b@x>", vec!["ab@x"]),
            ("<<a@x>>", vec!["a@x"]),
            ("", vec![]),
        ] {
            assert_eq!(ids(raw.as_bytes()), expected, "{raw}");
        }
    }
}
