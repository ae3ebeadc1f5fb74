//! A provider that speaks chat completions, for tests that look at what it is asked: it refuses what is none, keeps every byte
//! it is sent, and answers what it was told to, or with the last message.

use posthouse_model::config::ModelConfig;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub struct Provider {
    pub base_url: String,
    talk: Arc<Talk>,
}

#[derive(Default)]
struct Talk {
    answer: Mutex<Option<String>>,
    /// Tokens of a question and of an answer, as the bill says.
    tokens: Mutex<(u64, u64)>,
    is_unwell: AtomicBool,
    asked: Mutex<Vec<Value>>,
    heard: Mutex<String>,
}

impl Provider {
    /// Answers with the last message.
    pub async fn echo() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let talk = Arc::new(Talk { tokens: Mutex::new((20, 10)), ..Talk::default() });
        let ours = talk.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                ours.serve(stream).await;
            }
        });
        Self { base_url, talk }
    }

    /// Answers always the same.
    pub async fn says(answer: &str) -> Self {
        let provider = Self::echo().await;
        *provider.talk.answer.lock().unwrap() = Some(answer.to_owned());
        provider
    }

    /// Bills so many tokens for a question and for an answer.
    pub fn bills(self, question: u64, answer: u64) -> Self {
        *self.talk.tokens.lock().unwrap() = (question, answer);
        self
    }

    pub fn set_well(&self, is_well: bool) {
        self.talk.is_unwell.store(!is_well, Ordering::SeqCst);
    }

    pub fn config(&self, more: Value) -> ModelConfig {
        let mut value = json!({
            "base_url": self.base_url, "model": "large", "plain_http": true, "tokens_per_day": 10_000_000, "attempts": 1,
            "timeout_seconds": 5, "output_tokens_max": 1_000,
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    /// Bodies of all questions so far.
    pub fn asked(&self) -> Vec<Value> {
        self.talk.asked.lock().unwrap().clone()
    }

    /// Every byte it was sent.
    pub fn heard(&self) -> String {
        self.talk.heard.lock().unwrap().clone()
    }
}

impl Talk {
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let (status, reply) = self.judge(&head, &body);
        self.heard.lock().unwrap().push_str(&format!("{head}{}\n", String::from_utf8(body).unwrap()));
        let reply = reply.to_string();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", reply.len());
        stream.write_all(format!("{head}{reply}").as_bytes()).await.unwrap();
    }

    fn judge(&self, head: &str, body: &[u8]) -> (u16, Value) {
        let bad = |what: &str| (400, json!({ "error": { "message": what } }));
        if !head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n") {
            return bad("path");
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return bad("no JSON") };
        self.asked.lock().unwrap().push(body.clone());
        if self.is_unwell.load(Ordering::SeqCst) {
            return (503, json!({ "error": "busy" }));
        }
        let messages = body["messages"].as_array().cloned().unwrap_or_default();
        let sound = |message: &Value| {
            matches!(message["role"].as_str(), Some("system" | "user"))
                && message["content"].as_str().is_some_and(|text| !text.is_empty())
        };
        if body["model"].as_str().is_none_or(str::is_empty) || messages.is_empty() || !messages.iter().all(sound) {
            return bad("no chat");
        }
        let last = messages.last().unwrap()["content"].clone();
        let said = self.answer.lock().unwrap().clone().map_or(last, Value::from);
        let (question, answer) = *self.tokens.lock().unwrap();
        (
            200,
            json!({
                "id": "1", "object": "chat.completion", "model": body["model"],
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": said }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": question, "completion_tokens": answer, "total_tokens": question + answer },
            }),
        )
    }
}
