//! The shapes on the wire: OpenAI's chat completions, as widely as its imitators follow it.

use crate::Prompt;
use serde::{Deserialize, Serialize};

/// What any provider's answer comes down to.
pub(crate) struct Answer {
    pub model: Option<String>,
    /// Untrimmed; may be empty.
    pub text: String,
    pub stop: Stop,
    /// 0 and 0: the provider did not say.
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// Why it ended.
pub(crate) enum Stop {
    /// It was done.
    Done,
    /// The limit of output tokens was reached.
    Limit,
    /// The provider, or the model, would not; its words, or none.
    Refused(String),
}

/// The request's body.
pub(crate) fn request(model: &str, prompt: &Prompt, limit: u32, newer: bool, streaming: bool) -> Vec<u8> {
    let system = (!prompt.instructions.is_empty()).then_some(("system", &prompt.instructions));
    let inputs = prompt.inputs.iter().map(|input| ("user", input));
    let messages = system.into_iter().chain(inputs).map(|(role, content)| ChatMessage { role, content }).collect();
    let request = ChatRequest {
        model,
        messages,
        max_tokens: (!newer).then_some(limit),
        max_completion_tokens: newer.then_some(limit),
        stream: streaming,
        // Without it a stream says nothing of tokens.
        stream_options: streaming.then_some(StreamOptions { include_usage: true }),
    };
    // Strings and numbers: nothing that JSON could not say.
    serde_json::to_vec(&request).unwrap_or_default()
}

/// Reads an answer; else why it is none.
pub(crate) fn answer(body: &[u8]) -> Result<Answer, String> {
    let answer: ChatAnswer = serde_json::from_slice(body).map_err(|error| {
        let told = ErrorWords::read(body);
        // Some imitators answer 200 with an error inside.
        let said = if told.code.is_empty() { String::new() } else { format!(" ({})", told.words) };
        format!("{error}{said}")
    })?;
    let choice = answer.choices.into_iter().next().ok_or("the answer holds no choice")?;
    let refusal = choice.message.refusal.filter(|words| !words.trim().is_empty());
    let stop = match (refusal, choice.finish_reason.as_deref()) {
        (Some(words), _) => Stop::Refused(words),
        (None, Some("length")) => Stop::Limit,
        (None, Some("content_filter")) => Stop::Refused(String::new()),
        _ => Stop::Done,
    };
    let usage = answer.usage.unwrap_or_default();
    Ok(Answer {
        model: answer.model,
        text: choice.message.content.map(Content::into_text).unwrap_or_default(),
        stop,
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
    })
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    pub model: &'a str,
    pub messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// What newer models of OpenAI want instead of `max_tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    pub include_usage: bool,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    pub role: &'static str,
    pub content: &'a str,
}

#[derive(Deserialize)]
struct ChatAnswer {
    #[serde(default)]
    pub model: Option<String>,
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Choice {
    pub message: AnswerMessage,
    #[serde(default)]
    pub finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct AnswerMessage {
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

#[derive(Default, Deserialize)]
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
