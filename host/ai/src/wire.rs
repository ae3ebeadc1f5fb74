//! The shapes on the wire: OpenAI's chat completions, as widely as its imitators follow it.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(crate) struct ChatRequest<'a> {
    pub model: &'a str,
    pub messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// What newer models of OpenAI want instead of `max_tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
pub(crate) struct ChatMessage<'a> {
    pub role: &'static str,
    pub content: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct ChatAnswer {
    #[serde(default)]
    pub model: Option<String>,
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub usage: Option<WireUsage>,
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    pub message: AnswerMessage,
    #[serde(default)]
    pub finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct AnswerMessage {
    #[serde(default)]
    pub content: Option<Content>,
    #[serde(default)]
    pub refusal: Option<String>,
}

/// Plain text, or pieces of which only the text ones count.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Pieces(Vec<Piece>),
}

#[derive(Deserialize)]
pub(crate) struct Piece {
    #[serde(default)]
    pub text: Option<String>,
}

impl Content {
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Pieces(pieces) => pieces.into_iter().filter_map(|piece| piece.text).collect(),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct WireUsage {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

/// What an error's body says: `{"error":{"message","code","type"}}`, `{"error":"…"}`, `{"message":"…"}`, or any text.
#[derive(Default)]
pub(crate) struct ErrorWords {
    pub words: String,
    pub code: String,
}

impl ErrorWords {
    pub fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else {
            return Self { words: text.into_owned(), code: String::new() };
        };
        let error = json.get("error").unwrap_or(&json);
        let field = |name: &str| error.get(name).and_then(|v| v.as_str()).map(str::to_owned);
        let words = field("message").or_else(|| error.as_str().map(str::to_owned)).unwrap_or_else(|| text.into_owned());
        Self { words, code: field("code").or_else(|| field("type")).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn errors_are_read_in_every_common_shape() {
        let cases = [
            (r#"{"error":{"message":"no such model","code":"model_not_found"}}"#, "no such model", "model_not_found"),
            (r#"{"error":{"message":"slow","type":"rate","code":null}}"#, "slow", "rate"),
            (r#"{"error":"model is loading"}"#, "model is loading", ""),
            (r#"{"message":"nope"}"#, "nope", ""),
            ("<html>Bad Gateway</html>", "<html>Bad Gateway</html>", ""),
        ];
        for (body, words, code) in cases {
            let read = ErrorWords::read(body.as_bytes());
            assert_eq!((read.words.as_str(), read.code.as_str()), (words, code));
        }
    }

    #[test]
    fn content_is_text_or_pieces_of_it() {
        let answer: ChatAnswer = serde_json::from_str(
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"x"},{"type":"text","text":"b"}]}}]}"#,
        )
        .unwrap();
        assert_eq!(answer.choices.into_iter().next().unwrap().message.content.unwrap().into_text(), "ab");
    }
}
