//! An answer that comes piece by piece, as server-sent events (HTML standard, section 9.2.6): OpenAI's chunks of a chat completion ("Chat
//! completions", "The chat completion chunk object"), and the events of Anthropic's messages ("Streaming Messages").

use crate::anthropic::Usage;
use crate::wire::{Answer, Content, ErrorWords, Stop, WireUsage};
use posthouse_model::config::ModelApi;
use serde::Deserialize;

/// Longest line of a stream, in bytes.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Longest text that is put together, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Why a stream is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The provider says that it is in trouble; its words.
    Told(String),
    /// It makes no sense, or is too long.
    Malformed(String),
}

/// What was heard so far.
pub(crate) struct Heard {
    api: ModelApi,
    line: Vec<u8>,
    /// The last line ended in CR: a LF that follows belongs to it.
    after_cr: bool,
    data: String,
    answer: Answer,
    ended: bool,
}

impl Heard {
    pub(crate) fn new(api: ModelApi) -> Self {
        let answer = Answer { model: None, text: String::new(), stop: Stop::Done, input_tokens: 0, output_tokens: 0 };
        Self { api, line: Vec::new(), after_cr: false, data: String::new(), answer, ended: false }
    }

    /// Takes what came; whether there is more text than before.
    ///
    /// # Errors
    /// It is no answer.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        let before = self.answer.text.len();
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    self.take(&String::from_utf8_lossy(&line))?;
                }
                _ => {
                    self.line.push(byte);
                    if self.line.len() > LINE_BYTES_MAX {
                        return Err(Fault::Malformed(format!(
                            "a line of the answer is longer than {} KiB",
                            LINE_BYTES_MAX / 1024
                        )));
                    }
                }
            }
        }
        Ok(self.answer.text.len() > before)
    }

    /// What the answer says so far.
    pub(crate) fn text(&self) -> &str {
        &self.answer.text
    }

    /// All of it; none: the stream broke off before the answer's end.
    pub(crate) fn end(self) -> Option<Answer> {
        self.ended.then_some(self.answer)
    }

    fn take(&mut self, line: &str) -> Result<(), Fault> {
        // A byte order mark may come first.
        let line = line.trim_start_matches('\u{feff}');
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return if data.is_empty() { Ok(()) } else { self.event(&data) };
        }
        // Comments, names of events and ids say nothing that the data does not.
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            if self.data.len() > LINE_BYTES_MAX {
                return Err(Fault::Malformed(format!(
                    "an event of the answer is longer than {} KiB",
                    LINE_BYTES_MAX / 1024
                )));
            }
        }
        Ok(())
    }

    fn event(&mut self, data: &str) -> Result<(), Fault> {
        if data.trim() == "[DONE]" {
            self.ended = true;
            return Ok(());
        }
        let told = ErrorWords::read(data.as_bytes());
        if data.contains("\"error\"") && !told.code.is_empty() {
            return Err(Fault::Told(told.words));
        }
        match self.api {
            ModelApi::OpenAi | ModelApi::Azure => self.chunk(serde_json::from_str(data).map_err(no_sense)?),
            ModelApi::Anthropic => self.message(serde_json::from_str(data).map_err(no_sense)?),
        }
        if self.answer.text.len() > TEXT_BYTES_MAX {
            return Err(Fault::Malformed(format!("the answer is larger than {} KiB", TEXT_BYTES_MAX / 1024)));
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: Chunk) {
        self.answer.model = self.answer.model.take().or(chunk.model);
        if let Some(usage) = chunk.usage {
            (self.answer.input_tokens, self.answer.output_tokens) = (usage.prompt_tokens, usage.completion_tokens);
        }
        let Some(choice) = chunk.choices.into_iter().next() else { return };
        let delta = choice.delta.unwrap_or_default();
        self.answer.text.push_str(&delta.content.map(Content::into_text).unwrap_or_default());
        if let Some(words) = delta.refusal.filter(|words| !words.is_empty()) {
            match &mut self.answer.stop {
                Stop::Refused(before) => before.push_str(&words),
                other => *other = Stop::Refused(words),
            }
        }
        let Some(reason) = choice.finish_reason else { return };
        self.ended = true;
        match (&self.answer.stop, reason.as_str()) {
            (Stop::Refused(_), _) => {}
            (_, "length") => self.answer.stop = Stop::Limit,
            (_, "content_filter") => self.answer.stop = Stop::Refused(String::new()),
            _ => {}
        }
    }

    fn message(&mut self, event: Event) {
        match event {
            Event::MessageStart { message } => {
                self.answer.model = message.model;
                let usage = message.usage.unwrap_or_default();
                self.answer.input_tokens = usage.read();
                self.answer.output_tokens = usage.output_tokens;
            }
            Event::ContentBlockDelta { delta } => {
                // Thinking and whatever else may come is no answer.
                if delta.r#type == "text_delta" {
                    self.answer.text.push_str(&delta.text);
                }
            }
            Event::MessageDelta { delta, usage } => {
                // Counted from the message's beginning, not from the last event.
                if let Some(usage) = usage.filter(|usage| usage.output_tokens > 0) {
                    self.answer.output_tokens = usage.output_tokens;
                }
                match delta.stop_reason.as_deref() {
                    Some("max_tokens" | "model_context_window_exceeded") => self.answer.stop = Stop::Limit,
                    Some("refusal") => self.answer.stop = Stop::Refused(String::new()),
                    _ => {}
                }
            }
            Event::MessageStop => self.ended = true,
            Event::Other => {}
        }
    }
}

fn no_sense(error: serde_json::Error) -> Fault {
    Fault::Malformed(error.to_string())
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<ChunkChoice>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    delta: Option<ChunkDelta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct ChunkDelta {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Started,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: Ending,
        #[serde(default)]
        usage: Option<Usage>,
    },
    MessageStop,
    /// Pings, beginnings and ends of blocks, and what is yet to come.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Delta {
    r#type: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Ending {
    #[serde(default)]
    stop_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHUNKS: &str = ": hello\r\n\r\n\u{feff}data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
        data: {\"choices\":[{\"delta\":{\"content\":\"Gr\u{fc}\u{df} \"}}]}\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"Gott\"},\"finish_reason\":null}]}\r\r\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";

    #[test]
    fn pieces_are_put_together_wherever_they_are_cut() {
        for size in [1, 2, 7, 4_096] {
            let mut heard = Heard::new(ModelApi::OpenAi);
            let mut grew = 0;
            for piece in CHUNKS.as_bytes().chunks(size) {
                grew += usize::from(heard.hear(piece).unwrap());
            }
            assert!(grew >= 1 && (size > 1 || grew == 2), "{size}: {grew}");
            let answer = heard.end().unwrap();
            assert_eq!((answer.text.as_str(), answer.model.as_deref()), ("Gr\u{fc}\u{df} Gott", Some("m-1")), "{size}");
            assert_eq!((answer.input_tokens, answer.output_tokens), (12, 3));
            assert!(matches!(answer.stop, Stop::Limit));
        }
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        let mut heard = Heard::new(ModelApi::OpenAi);
        let cut = CHUNKS.find("Gott").unwrap();
        heard.hear(&CHUNKS.as_bytes()[..cut]).unwrap();
        assert_eq!(heard.text(), "Gr\u{fc}\u{df} ");
        assert!(heard.end().is_none());
    }

    #[test]
    fn anthropic_tells_of_tokens_first_and_of_thinking_in_between() {
        let events = r#"event: message_start
data: {"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":20,"cache_read_input_tokens":5,"output_tokens":1}}}

event: ping
data: {"type":"ping"}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Dear "}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Ana"}}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}

data: {"type":"message_stop"}

"#;
        let mut heard = Heard::new(ModelApi::Anthropic);
        heard.hear(events.as_bytes()).unwrap();
        let answer = heard.end().unwrap();
        assert_eq!((answer.text.as_str(), answer.input_tokens, answer.output_tokens), ("Dear Ana", 25, 7));
        assert!(matches!(answer.stop, Stop::Done));
    }

    #[test]
    fn an_error_on_the_way_is_told_in_its_words() {
        for (api, event) in [
            (ModelApi::OpenAi, r#"data: {"error":{"message":"Overloaded","code":"busy"}}"#),
            (
                ModelApi::Anthropic,
                r#"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            ),
        ] {
            assert_eq!(
                Heard::new(api).hear(format!("{event}\n\n").as_bytes()),
                Err(Fault::Told("Overloaded".to_owned()))
            );
        }
        assert!(Heard::new(ModelApi::OpenAi).hear(b"data: {oops\n\n").is_err());
        let long = [b"data: ".as_slice(), &vec![b'x'; LINE_BYTES_MAX]].concat();
        let fault = Heard::new(ModelApi::OpenAi).hear(&long).unwrap_err();
        assert!(matches!(&fault, Fault::Malformed(words) if words.contains("1024 KiB")), "{fault:?}");
    }
}
