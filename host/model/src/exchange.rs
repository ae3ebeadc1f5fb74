//! What a plugin asked of the host and what it was answered, whole enough that the call can be made again without asking
//! anybody.
//!
//! Secrets are in none of it: where a request was completed with one, its name stands in braces (`{secret:token}`), and a
//! signature stands as what it was made of. Headers that carry credentials by their nature are left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// A request that went out.
    Http(Told<HttpAsk, HttpAnswer, HttpRefusal>),
    /// A call of the client's model.
    Model(Told<ModelRequest, ModelAnswer, ModelRefusal>),
    /// A search in the tenant's articles.
    Knowledge(Told<KnowledgeQuery, Vec<KnowledgeHit>, String>),
    /// What was kept under a key before the call wrote anything.
    StoreGet(Told<StoreKey, Kept, String>),
    /// Which keys there were before the call wrote anything.
    StoreKeys(Told<StoreListing, Vec<String>, String>),
    /// How many bytes the plugin's store had before the call wrote anything.
    StoreUsed(Told<Nothing, u64, String>),
}

impl Exchange {
    /// What is kept of one plugin call, all its exchanges together, in bytes of JSON.
    pub const BYTES_PER_CALL_MAX: usize = 256 << 10;

    /// Its size as it is kept, in bytes of JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let mut count = Count(0);
        // Every part of it has a JSON form; if one had not, it would be too large to keep.
        serde_json::to_writer(&mut count, self).map_or(usize::MAX, |()| count.0)
    }
}

/// Counts what is written to it.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What was asked, and the answer or why there is none. Written as `ask` with either `answer` or `error`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written<Q, A, E>", into = "Written<Q, A, E>")]
#[serde(bound(serialize = "Q: Clone + Serialize, A: Clone + Serialize, E: Clone + Serialize"))]
#[serde(bound(deserialize = "Q: Deserialize<'de> + Default, A: Deserialize<'de>, E: Deserialize<'de>"))]
pub struct Told<Q, A, E> {
    /// What was asked.
    pub ask: Q,
    /// What came of it.
    pub reply: Result<A, E>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(deserialize = "Q: Deserialize<'de> + Default, A: Deserialize<'de>, E: Deserialize<'de>"))]
struct Written<Q, A, E> {
    #[serde(default)]
    ask: Q,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<A>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<E>,
}

impl<Q, A, E> TryFrom<Written<Q, A, E>> for Told<Q, A, E> {
    type Error = &'static str;

    fn try_from(written: Written<Q, A, E>) -> Result<Self, Self::Error> {
        let reply = match (written.answer, written.error) {
            (Some(answer), None) => Ok(answer),
            (None, Some(error)) => Err(error),
            _ => return Err("give either `answer` or `error`"),
        };
        Ok(Self { ask: written.ask, reply })
    }
}

impl<Q, A, E> From<Told<Q, A, E>> for Written<Q, A, E> {
    fn from(told: Told<Q, A, E>) -> Self {
        let (answer, error) = match told.reply {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        Self { ask: told.ask, answer, error }
    }
}

/// A question without any detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A request as the plugin put it together, secrets by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpAsk {
    /// `GET`.
    pub method: String,
    /// `https://api.example.com/orders/1042?key={secret:token}`.
    pub url: String,
    /// By name in lower case; without those of [`carries_credentials`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// None where none was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Content>,
}

/// What a server said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpAnswer {
    /// `200`.
    pub status: u16,
    /// By name in lower case, the first of each; without those of [`carries_credentials`] and of the connection.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Secrets that came back in it are replaced by their names.
    #[serde(skip_serializing_if = "Content::is_empty")]
    pub body: Content,
}

/// Why a request was not answered. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpRefusal {
    /// Not granted; says which line would allow it.
    Denied(String),
    /// No connection, TLS failure, or no answer in time.
    Unreachable(String),
    /// Over a limit of size or count.
    TooLarge(String),
    /// The request is malformed.
    Invalid(String),
}

impl HttpRefusal {
    /// For the record of the call.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Denied(t) => format!("denied: {t}"),
            Self::Unreachable(t) => format!("unreachable: {t}"),
            Self::TooLarge(t) => format!("too large: {t}"),
            Self::Invalid(t) => format!("invalid: {t}"),
        }
    }
}

/// Whether a header's value is a credential whatever it says: such headers are never kept. The name is in lower case.
#[must_use]
pub fn carries_credentials(header: &str) -> bool {
    matches!(
        header,
        "authorization"
            | "proxy-authorization"
            | "www-authenticate"
            | "proxy-authenticate"
            | "authentication-info"
            | "cookie"
            | "set-cookie"
            | "set-cookie2"
            | "api-key"
            | "x-api-key"
            | "x-auth-token"
            | "x-access-token"
            | "x-csrf-token"
    )
}

/// What the plugin asks of a model. All text is the plugin's, bounded by its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelRequest {
    /// What the model is told to do.
    pub instructions: String,
    /// What it works on, in order: text from outside.
    pub inputs: Vec<String>,
    /// At most 4,096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelAnswer {
    /// Untrusted text.
    pub text: String,
    /// `gpt-5-mini`
    pub model: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRefusal {
    /// No model, or no key for it.
    NotConfigured,
    /// Today's budget is used up.
    OverBudget,
    /// No answer in time, or the provider failed.
    Unavailable(String),
    /// The provider refused the request.
    Rejected(String),
}

/// What the plugin looks for in the tenant's articles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnowledgeQuery {
    /// Words in any language, or a customer's whole text; at most 8 KiB.
    pub text: String,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 20.
    pub limit: u32,
}

/// An article that fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnowledgeHit {
    /// What a citation names.
    pub id: String,
    /// For people.
    pub title: String,
    /// BCP 47.
    pub language: String,
    /// Markdown.
    pub text: String,
    /// 0 to 1, to compare within one search.
    pub score: f32,
}

/// Of which key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreKey {
    /// At most 256 bytes.
    pub key: String,
}

/// What was kept there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    /// None: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Content>,
}

/// Which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreListing {
    /// Those that begin with this.
    pub prefix: String,
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Text as it is, other bytes as base64: a string, or `{ base64 = "…" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// UTF-8.
    Text(String),
    /// What is not.
    Bytes(Vec<u8>),
}

impl Content {
    /// Text where it is UTF-8.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(error.into_bytes()), Self::Text)
    }

    /// As bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(bytes))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or { base64 = \"…\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Content, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Content, M::Error> {
                let Some((key, text)) = map.next_entry::<String, String>()? else {
                    return Err(M::Error::missing_field("base64"));
                };
                if key != "base64" {
                    return Err(M::Error::unknown_field(&key, &["base64"]));
                }
                if let Some(more) = map.next_key::<String>()? {
                    return Err(M::Error::unknown_field(&more, &["base64"]));
                }
                STANDARD.decode(text).map(Content::Bytes).map_err(|e| M::Error::custom(format!("not base64: {e}")))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reads(value: serde_json::Value) -> Result<Exchange, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn it_is_written_as_a_person_would_write_it() {
        let ask = HttpAsk {
            method: "POST".into(),
            url: "https://api.example.com/{secret:token}".into(),
            media_type: Some("image/x".into()),
            body: Some(Content::of(vec![0xff, 1])),
            ..HttpAsk::default()
        };
        let answer = HttpAnswer { status: 200, body: "fine".into(), ..HttpAnswer::default() };
        let exchange = Exchange::Http(Told { ask, reply: Ok(answer) });
        let written = json!({"http": {
            "ask": {
                "method": "POST", "url": "https://api.example.com/{secret:token}", "media_type": "image/x",
                "body": {"base64": "/wE="},
            },
            "answer": {"status": 200, "body": "fine"},
        }});
        assert_eq!(serde_json::to_value(&exchange).unwrap(), written);
        assert_eq!(exchange.bytes(), written.to_string().len());
        assert_eq!(reads(written), Ok(exchange));
    }

    #[test]
    fn errors_and_nothing_have_their_form() {
        let refused = Exchange::Model(Told { ask: ModelRequest::default(), reply: Err(ModelRefusal::OverBudget) });
        let written = json!({"model": {"ask": {"instructions": "", "inputs": []}, "error": "over_budget"}});
        assert_eq!(serde_json::to_value(&refused).unwrap(), written);
        let nothing = reads(json!({"store_get": {"ask": {"key": "a"}, "answer": {}}}));
        let ask = StoreKey { key: "a".into() };
        assert_eq!(nothing, Ok(Exchange::StoreGet(Told { ask, reply: Ok(Kept::default()) })));
        assert_eq!(
            reads(json!({"store_used": {"answer": 3}})),
            Ok(Exchange::StoreUsed(Told { ask: Nothing {}, reply: Ok(3) }))
        );
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (written, words) in [
            (json!({"http": {"ask": {"verb": "GET"}, "answer": {}}}), "unknown field `verb`"),
            (json!({"http": {"ask": {}}}), "give either `answer` or `error`"),
            (json!({"http": {"ask": {}, "answer": {}, "error": {"denied": ""}}}), "give either `answer` or `error`"),
            (json!({"http": {"ask": {}, "answer": {"body": {"hex": "00"}}}}), "unknown field `hex`"),
            (json!({"http": {"ask": {}, "answer": {"body": {"base64": "?"}}}}), "not base64"),
            (json!({"smtp": {}}), "unknown variant `smtp`"),
        ] {
            let error = reads(written).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
