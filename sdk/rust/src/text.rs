//! Text that the host completes: literal pieces, secrets and signatures.
//!
//! A plugin names a secret and never sees its value. [`Text`] is plain data until a request is sent,
//! so what a plugin would send can be tested natively (see `testing::render`).

#[cfg(target_arch = "wasm32")]
use crate::bindings::posthouse::plugin::templates;

/// How the value of a secret or a signature is written into the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    None,
    /// Percent-encoded, for a URL (RFC 3986, section 2.3).
    Percent,
    /// As inside a JSON string, without the quotes.
    Json,
}

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Standard base64 with padding (RFC 4648, section 4).
    Base64,
    /// The URL-safe alphabet without padding (RFC 4648, section 5).
    Base64Url,
}

/// One piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Never expanded, whatever it holds.
    Literal(String),
    /// The value of a secret of the tenant.
    Secret {
        /// Its name in the tenant's secrets.
        name: String,
        /// How its value is written.
        escape: Escape,
    },
    /// HMAC-SHA-256 (RFC 2104) of `message` under `key`.
    Hmac {
        /// May hold secrets.
        key: Text,
        /// May hold secrets.
        message: Text,
        /// How the digest is written.
        encoding: Encoding,
        /// How that is written into the text around it.
        escape: Escape,
    },
    /// Base64 (RFC 4648, section 4) of what another text completes to.
    Base64(Text),
}

/// Literal pieces, secrets and signatures, in order.
///
/// ```
/// use posthouse_sdk::text::{Encoding, Escape, Text};
/// let key = Text::new().secret("webhook_key", Escape::None);
/// let signature = Text::from("v1=").hmac_sha256(key, Text::from("1700000000.{}"), Encoding::Hex, Escape::None);
/// assert_eq!(signature.pieces().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds literal text.
    #[must_use]
    pub fn literal(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Literal(text.into()));
        self
    }

    /// Adds the value of a secret. The request is refused when the tenant has not granted it toward
    /// the request's host.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, escape: Escape) -> Self {
        self.pieces.push(Piece::Secret { name: name.into(), escape });
        self
    }

    /// Adds a signature.
    #[must_use]
    pub fn hmac_sha256(mut self, key: Text, message: Text, encoding: Encoding, escape: Escape) -> Self {
        self.pieces.push(Piece::Hmac { key, message, encoding, escape });
        self
    }

    /// Adds base64 of another text, as HTTP's Basic authentication wants it: see [`Text::basic`].
    #[must_use]
    pub fn base64(mut self, of: Text) -> Self {
        self.pieces.push(Piece::Base64(of));
        self
    }

    /// The value of an `Authorization` header for HTTP's Basic authentication (RFC 7617).
    ///
    /// ```
    /// use posthouse_sdk::text::{Escape, Text};
    /// let header = Text::basic("shop", Text::new().secret("api_password", Escape::None));
    /// assert_eq!(header.pieces().len(), 2);
    /// ```
    #[must_use]
    pub fn basic(user: &str, password: Text) -> Self {
        Self::from("Basic ").base64(Self::from(format!("{user}:")).then(password))
    }

    /// Adds all pieces of another text.
    #[must_use]
    pub fn then(mut self, other: Text) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Hands the pieces to the host.
    #[cfg(target_arch = "wasm32")]
    #[must_use]
    pub fn to_host(&self) -> templates::Template {
        let template = templates::Template::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => template.literal(text),
                Piece::Secret { name, escape } => template.secret(name, escape.to_host()),
                Piece::Hmac { key, message, encoding, escape } => {
                    template.hmac_sha256(&key.to_host(), &message.to_host(), encoding.to_host(), escape.to_host());
                }
                Piece::Base64(of) => template.base64(&of.to_host()),
            }
        }
        template
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().literal(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new().literal(text)
    }
}

#[cfg(target_arch = "wasm32")]
impl Escape {
    fn to_host(self) -> templates::Escape {
        match self {
            Self::None => templates::Escape::None,
            Self::Percent => templates::Escape::Percent,
            Self::Json => templates::Escape::Json,
        }
    }
}

#[cfg(target_arch = "wasm32")]
impl Encoding {
    fn to_host(self) -> templates::DigestEncoding {
        match self {
            Self::Hex => templates::DigestEncoding::Hex,
            Self::Base64 => templates::DigestEncoding::Base64,
            Self::Base64Url => templates::DigestEncoding::Base64Url,
        }
    }
}

/// At most `bytes_max` bytes of `text`, cut at a character boundary and marked with `…`.
///
/// ```
/// assert_eq!(posthouse_sdk::text::clip("你好世界", 9), "你好…");
/// assert_eq!(posthouse_sdk::text::clip("short", 9), "short");
/// ```
#[must_use]
pub fn clip(text: &str, bytes_max: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub(MARK.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", text[..end].trim_end())
}
