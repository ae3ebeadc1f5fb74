//! For native tests: what the host would make of a [`Text`].

use crate::text::{Encoding, Escape, Piece, Text};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};

/// Completes a text with the given secrets. A secret that is not given is an error in the test: panics.
#[must_use]
pub fn render(text: &Text, secrets: &[(&str, &str)]) -> String {
    text.pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => literal.clone(),
            Piece::Secret { name, escape } => match secrets.iter().find(|(known, _)| known == name) {
                Some((_, value)) => escaped(value, *escape),
                None => panic!("secret `{name}` was not given to render()"),
            },
            Piece::Hmac { key, message, encoding, escape } => {
                let digest = hmac_sha256(render(key, secrets).as_bytes(), render(message, secrets).as_bytes());
                let digest = match encoding {
                    Encoding::Hex => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
                    Encoding::Base64 => STANDARD.encode(digest),
                    Encoding::Base64Url => URL_SAFE_NO_PAD.encode(digest),
                };
                escaped(&digest, *escape)
            }
            Piece::Base64(of) => STANDARD.encode(render(of, secrets)),
        })
        .collect()
}

/// HMAC-SHA-256 (RFC 2104).
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    match Hmac::<sha2::Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

fn escaped(value: &str, escape: Escape) -> String {
    match escape {
        Escape::None => value.to_owned(),
        Escape::Percent => value
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect(),
        Escape::Json => serde_json::Value::from(value).to_string().trim_matches('"').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_secrets_and_signatures_escaped() {
        let key = Text::new().secret("key", Escape::None);
        let text = Text::from("a=").secret("token", Escape::Percent).literal("&s=").hmac_sha256(
            key,
            Text::from("what do ya want for nothing?"),
            Encoding::Hex,
            Escape::None,
        );
        // RFC 4231, test case 2
        assert_eq!(
            render(&text, &[("key", "Jefe"), ("token", "x/y z")]),
            "a=x%2Fy%20z&s=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn basic_authentication_is_as_its_rfc_says() {
        let header = Text::basic("Aladdin", Text::new().secret("password", Escape::None));
        assert_eq!(render(&header, &[("password", "open sesame")]), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_literal_is_never_expanded() {
        assert_eq!(render(&Text::from("{{secret:key}}"), &[("key", "Jefe")]), "{{secret:key}}");
    }
}
