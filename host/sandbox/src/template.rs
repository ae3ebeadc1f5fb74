//! Text that the host completes at the last moment with secrets and signatures.

use crate::valid;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes of one text, completed; also of all literals in it.
pub(crate) const TEXT_MAX: usize = 2 << 20;
/// Pieces of one text, those inside signatures counted as often as they are computed.
const PIECES_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    None,
    Percent,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigestEncoding {
    Hex,
    Base64,
    Base64Url,
}

/// Pieces in order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Template {
    pieces: Arc<Vec<Piece>>,
    /// Literal bytes and pieces to be worked through when completed.
    bytes: usize,
    count: usize,
}

#[derive(Clone, Debug)]
enum Piece {
    Literal(String),
    Secret { name: String, escape: Escape },
    Hmac { key: Template, message: Template, encoding: DigestEncoding, escape: Escape },
    Base64(Template),
}

/// The values of the secrets that a request uses.
pub(crate) type Secrets = BTreeMap<String, String>;

impl Template {
    /// Appends text as it is. False when the template is full.
    pub(crate) fn literal(&mut self, text: String) -> bool {
        let bytes = text.len();
        self.push(Piece::Literal(text), bytes, 1)
    }

    /// Appends the value of a secret.
    pub(crate) fn secret(&mut self, name: String, escape: Escape) -> bool {
        let bytes = name.len();
        self.push(Piece::Secret { name, escape }, bytes, 1)
    }

    /// Appends HMAC-SHA-256 (RFC 2104) of a message under a key.
    pub(crate) fn hmac(&mut self, key: &Self, message: &Self, encoding: DigestEncoding, escape: Escape) -> bool {
        let (bytes, count) = (key.bytes + message.bytes, key.count + message.count + 1);
        self.push(Piece::Hmac { key: key.clone(), message: message.clone(), encoding, escape }, bytes, count)
    }

    /// Appends base64 of what another text completes to.
    pub(crate) fn base64(&mut self, of: &Self) -> bool {
        self.push(Piece::Base64(of.clone()), of.bytes, of.count + 1)
    }

    fn push(&mut self, piece: Piece, bytes: usize, count: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.count = self.count.saturating_add(count);
        if self.bytes > TEXT_MAX || self.count > PIECES_MAX {
            return false;
        }
        Arc::make_mut(&mut self.pieces).push(piece);
        true
    }

    /// Adds the names of all secrets in it, those inside signatures too.
    pub(crate) fn secrets(&self, names: &mut BTreeSet<String>) {
        for piece in self.pieces.iter() {
            match piece {
                Piece::Literal(_) => {}
                Piece::Secret { name, .. } => {
                    names.insert(name.clone());
                }
                Piece::Hmac { key, message, .. } => {
                    key.secrets(names);
                    message.secrets(names);
                }
                Piece::Base64(of) => of.secrets(names),
            }
        }
    }

    /// What base64 pieces made of secrets look like on the wire, by a name for each: an echo of those is to be taken out too.
    pub(crate) fn disguised(&self, secrets: &Secrets, found: &mut Secrets) {
        for piece in self.pieces.iter() {
            if let Piece::Base64(of) = piece {
                let mut names = BTreeSet::new();
                of.secrets(&mut names);
                if let (false, Some(inside)) = (names.is_empty(), of.complete(secrets)) {
                    let names = names.into_iter().collect::<Vec<_>>().join(", ");
                    found.insert(format!("{names} in base64"), STANDARD.encode(inside));
                }
                of.disguised(secrets, found);
            }
        }
    }

    /// The text as it may be kept: a secret as `{secret:name}`, and what was computed from one as what it was made of.
    /// Braces that a plugin writes itself look the same; nothing ever expands them.
    pub(crate) fn shown(&self) -> String {
        let mut out = String::with_capacity(self.bytes);
        self.show(&mut out);
        out
    }

    fn show(&self, out: &mut String) {
        for piece in self.pieces.iter() {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Secret { name, .. } => {
                    out.push_str("{secret:");
                    out.push_str(name);
                    out.push('}');
                }
                Piece::Hmac { key, message, encoding, .. } => {
                    out.push_str(match encoding {
                        DigestEncoding::Hex => "{hmac-sha256 in hex, key ",
                        DigestEncoding::Base64 => "{hmac-sha256 in base64, key ",
                        DigestEncoding::Base64Url => "{hmac-sha256 in base64url, key ",
                    });
                    key.show(out);
                    out.push_str(", message ");
                    message.show(out);
                    out.push('}');
                }
                Piece::Base64(of) => match of.complete(&Secrets::new()) {
                    // Without secrets there is nothing to hide.
                    Some(plain) => STANDARD.encode_string(plain, out),
                    None => {
                        out.push_str("{base64 of ");
                        of.show(out);
                        out.push('}');
                    }
                },
            }
        }
    }

    /// The completed text; none when it is longer than [`TEXT_MAX`]. Every secret in it must be in `secrets`.
    pub(crate) fn complete(&self, secrets: &Secrets) -> Option<String> {
        let mut out = String::with_capacity(self.bytes);
        for piece in self.pieces.iter() {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Secret { name, escape } => append(&mut out, secrets.get(name)?, *escape),
                Piece::Hmac { key, message, encoding, escape } => {
                    let key = key.complete(secrets)?;
                    let message = message.complete(secrets)?;
                    append(&mut out, &sign(key.as_bytes(), message.as_bytes(), *encoding), *escape);
                }
                Piece::Base64(of) => STANDARD.encode_string(of.complete(secrets)?, &mut out),
            }
            if out.len() > TEXT_MAX {
                return None;
            }
        }
        Some(out)
    }
}

fn sign(key: &[u8], message: &[u8], encoding: DigestEncoding) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message);
    let digest = mac.finalize().into_bytes();
    match encoding {
        DigestEncoding::Hex => hex::encode(digest),
        DigestEncoding::Base64 => STANDARD.encode(digest),
        DigestEncoding::Base64Url => URL_SAFE_NO_PAD.encode(digest),
    }
}

fn append(out: &mut String, text: &str, escape: Escape) {
    match escape {
        Escape::None => out.push_str(text),
        Escape::Percent => {
            for byte in text.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                    // Writing to a string does not fail.
                    _ => drop(write!(out, "%{byte:02X}")),
                }
            }
        }
        Escape::Json => {
            let quoted = serde_json::Value::from(text).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
}

/// Takes the values of secrets out of what came back, in each form in which they may have been sent. Values
/// shorter than 6 bytes stay: they would be found everywhere, and are no secrets.
pub(crate) fn redact(bytes: Vec<u8>, secrets: &Secrets) -> Vec<u8> {
    let mut bytes = bytes;
    for (name, value) in secrets {
        if value.len() < 6 {
            continue;
        }
        let mut forms = BTreeSet::new();
        for escape in [Escape::None, Escape::Percent, Escape::Json] {
            let mut form = String::new();
            append(&mut form, value, escape);
            forms.insert(form);
        }
        // Longest first: the plain form may be a part of an escaped one.
        let mut forms: Vec<_> = forms.into_iter().collect();
        forms.sort_by_key(|f| std::cmp::Reverse(f.len()));
        for form in forms {
            bytes = replace(bytes, form.as_bytes(), format!("[secret {name}]").as_bytes());
        }
    }
    bytes
}

/// As [`redact`], for text.
pub(crate) fn redact_text(text: String, secrets: &Secrets) -> String {
    String::from_utf8_lossy(&redact(text.into_bytes(), secrets)).into_owned()
}

fn replace(bytes: Vec<u8>, what: &[u8], with: &[u8]) -> Vec<u8> {
    let first = what[0];
    let mut out: Option<Vec<u8>> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(step) = bytes[at..].iter().position(|b| *b == first) {
        at += step;
        if bytes[at..].starts_with(what) {
            let out = out.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
            out.extend_from_slice(&bytes[copied..at]);
            out.extend_from_slice(with);
            at += what.len();
            copied = at;
        } else {
            at += 1;
        }
    }
    match out {
        None => bytes,
        Some(mut out) => {
            out.extend_from_slice(&bytes[copied..]);
            out
        }
    }
}

/// Whether a name can be that of a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    valid::name(name) && name.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::from([("key".to_owned(), "Jefe".to_owned()), ("token".to_owned(), "a\"b/ç d-secret".to_owned())])
    }

    #[test]
    fn pieces_are_completed_in_order() {
        let mut t = Template::default();
        assert!(t.literal("x={{secret}}&t=".into()));
        assert!(t.secret("token".into(), Escape::Percent));
        assert!(t.literal("&j=".into()));
        assert!(t.secret("token".into(), Escape::Json));
        assert_eq!(t.complete(&secrets()).unwrap(), "x={{secret}}&t=a%22b%2F%C3%A7%20d-secret&j=a\\\"b/ç d-secret");
        let mut names = BTreeSet::new();
        t.secrets(&mut names);
        assert_eq!(names, BTreeSet::from(["token".to_owned()]));
        assert_eq!(t.complete(&Secrets::new()), None);
    }

    #[test]
    fn signs_as_in_rfc_4231_test_case_2() {
        let (mut key, mut message) = (Template::default(), Template::default());
        assert!(key.secret("key".into(), Escape::None));
        assert!(message.literal("what do ya want for nothing?".into()));
        let mut t = Template::default();
        assert!(t.hmac(&key, &message, DigestEncoding::Hex, Escape::None));
        assert_eq!(t.complete(&secrets()).unwrap(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let mut t = Template::default();
        assert!(t.hmac(&key, &message, DigestEncoding::Base64, Escape::Percent));
        assert_eq!(t.complete(&secrets()).unwrap(), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM%3D");
        let mut names = BTreeSet::new();
        t.secrets(&mut names);
        assert_eq!(names.len(), 1, "a key inside a signature counts as used");
    }

    #[test]
    fn what_is_kept_names_secrets_and_holds_none() {
        let (mut key, mut message, mut t) = (Template::default(), Template::default(), Template::default());
        assert!(key.secret("key".into(), Escape::None));
        assert!(message.literal("1.".into()) && message.secret("token".into(), Escape::Json));
        assert!(t.literal("a=".into()) && t.secret("token".into(), Escape::Percent) && t.literal("&b=".into()));
        assert!(t.hmac(&key, &message, DigestEncoding::Hex, Escape::None) && t.base64(&message));
        let mut plain = Template::default();
        assert!(plain.literal("b".into()) && t.base64(&plain));
        assert_eq!(
            t.shown(),
            "a={secret:token}&b={hmac-sha256 in hex, key {secret:key}, message 1.{secret:token}}{base64 of \
             1.{secret:token}}Yg=="
        );
    }

    #[test]
    fn a_bomb_of_nested_signatures_is_refused() {
        let mut t = Template::default();
        assert!(t.literal("x".repeat(1000)));
        let mut nested = 0;
        while nested < 64 {
            let inner = t.clone();
            if !t.hmac(&inner, &inner, DigestEncoding::Hex, Escape::None) {
                break;
            }
            nested += 1;
        }
        assert!(nested < 16, "{nested}");
        assert!(!Template::default().literal("x".repeat(TEXT_MAX + 1)));
    }

    #[test]
    fn an_echoed_secret_is_taken_out() {
        let body = "you sent a\"b/ç d-secret, a%22b%2F%C3%A7%20d-secret, a\\\"b/ç d-secret; Jefe stays".to_owned();
        let clean = redact_text(body, &secrets());
        assert_eq!(clean, "you sent [secret token], [secret token], [secret token]; Jefe stays");
    }
}
