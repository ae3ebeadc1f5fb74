//! The shapes of Anthropic's Messages API (docs.anthropic.com, "Messages", version 2023-06-01).

use crate::Prompt;
use crate::wire::{Answer, ErrorWords, Stop};
use serde::{Deserialize, Serialize};

/// Which header says what version is spoken.
pub(crate) const VERSION_HEADER: &str = "anthropic-version";
/// The version spoken here.
pub(crate) const VERSION: &str = "2023-06-01";

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: [Message<'a>; 1],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

/// Messages of one role in a row would be joined by the provider: they are pieces of one message here.
#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct Piece<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    model: Option<String>,
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Usage,
}

/// `text` blocks count; thinking and whatever else may come do not.
#[derive(Deserialize)]
struct Block {
    r#type: String,
    #[serde(default)]
    text: Option<String>,
}

/// What a message, or its part so far, cost.
#[derive(Default, Deserialize)]
pub(crate) struct Usage {
    #[serde(default)]
    pub input_tokens: u64,
    #[serde(default)]
    pub cache_creation_input_tokens: u64,
    #[serde(default)]
    pub cache_read_input_tokens: u64,
    #[serde(default)]
    pub output_tokens: u64,
}

impl Usage {
    /// All that was read, from a cache too.
    pub fn read(&self) -> u64 {
        self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens
    }
}

/// The request's body. A message must hold something: instructions without input are the message.
pub(crate) fn request(model: &str, prompt: &Prompt, limit: u32, stream: bool) -> Vec<u8> {
    // The API refuses a text block of blanks alone.
    let mut texts: Vec<&str> =
        prompt.inputs.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    let system = if texts.is_empty() { "" } else { prompt.instructions.as_str() };
    if texts.is_empty() {
        texts.push(&prompt.instructions);
    }
    let content = texts.into_iter().map(|text| Piece { r#type: "text", text }).collect();
    let messages = [Message { role: "user", content }];
    let request = Request { model, max_tokens: limit, system, messages, stream };
    // Strings and numbers: nothing that JSON could not say.
    serde_json::to_vec(&request).unwrap_or_default()
}

/// Reads an answer; else why it is none.
pub(crate) fn answer(body: &[u8]) -> Result<Answer, String> {
    let reply: Reply = serde_json::from_slice(body).map_err(|error| {
        let told = ErrorWords::read(body);
        if told.code.is_empty() { error.to_string() } else { format!("{error} ({})", told.words) }
    })?;
    let texts = reply.content.into_iter().filter(|block| block.r#type == "text").filter_map(|block| block.text);
    let stop = match reply.stop_reason.as_deref() {
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Limit,
        Some("refusal") => Stop::Refused(String::new()),
        _ => Stop::Done,
    };
    let usage = reply.usage;
    Ok(Answer {
        model: reply.model,
        text: texts.collect(),
        stop,
        input_tokens: usage.read(),
        output_tokens: usage.output_tokens,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn blanks_are_left_out_and_a_message_is_never_empty() {
        let body = |instructions: &str, inputs: &[&str]| -> Value {
            let inputs = inputs.iter().map(|text| (*text).to_owned()).collect();
            let prompt = Prompt { instructions: instructions.to_owned(), inputs, max_output_tokens: None };
            serde_json::from_slice(&request("m", &prompt, 5, false)).unwrap()
        };
        let text = |text: &str| json!({ "type": "text", "text": text });
        assert_eq!(
            body("Be kind.", &["a", " ", "b"]),
            json!({ "model": "m", "max_tokens": 5, "system": "Be kind.",
                    "messages": [{ "role": "user", "content": [text("a"), text("b")] }] })
        );
        assert_eq!(
            body("Say OK.", &[]),
            json!({ "model": "m", "max_tokens": 5, "messages": [{ "role": "user", "content": [text("Say OK.")] }] })
        );
    }

    #[test]
    fn thinking_is_no_answer_and_a_cache_costs_tokens() {
        let body = json!({
            "type": "message", "role": "assistant", "model": "claude-x", "stop_reason": "max_tokens",
            "content": [{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": "Dear " }, { "type": "text", "text": "Ana" }],
            "usage": { "input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 3 },
        });
        let answer = answer(body.to_string().as_bytes()).unwrap();
        assert_eq!((answer.text.as_str(), answer.input_tokens, answer.output_tokens), ("Dear Ana", 12, 3));
        assert!(matches!(answer.stop, Stop::Limit));
    }

    #[test]
    fn an_error_in_the_place_of_an_answer_is_told() {
        let body = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
        let words = answer(body.to_string().as_bytes()).err().unwrap();
        assert!(words.contains("Overloaded"), "{words}");
    }
}
