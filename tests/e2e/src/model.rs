//! A provider of the OpenAI-compatible chat API that looks at each request as the real one does, and answers in its form.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the provider does with a request that is right.
#[derive(Clone, Debug)]
pub enum Says {
    /// A completion with this text, at the cost of so many tokens read and written.
    Text(String, u64, u64),
    /// A completion that repeats the key it was called with.
    Key,
    /// An error that repeats the key.
    ErrorWithKey,
}

/// A provider on loopback with one key.
pub struct Provider {
    port: u16,
    says: Arc<Mutex<Says>>,
    seen: Arc<Mutex<Vec<Value>>>,
    refused: Arc<Mutex<Vec<String>>>,
    holds: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(key: &str, says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let says = Arc::new(Mutex::new(says));
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let refused: Arc<Mutex<Vec<String>>> = Arc::default();
        let (holds, held) = watch::channel(false);
        let task = tokio::spawn({
            let (key, says, seen, refused) =
                (key.to_owned(), Arc::clone(&says), Arc::clone(&seen), Arc::clone(&refused));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (key, says, seen, refused) =
                        (key.clone(), Arc::clone(&says), Arc::clone(&seen), Arc::clone(&refused));
                    let mut held = held.clone();
                    tokio::spawn(async move {
                        let _ = serve(stream, &key, &says, &seen, &refused, &mut held).await;
                    });
                }
            }
        });
        Self { port, says, seen, refused, holds, task }
    }

    /// `http://127.0.0.1:PORT/v1`
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// From now on.
    ///
    /// # Panics
    /// When another thread panicked while it held the answer.
    pub fn say(&self, says: Says) {
        *self.says.lock().expect("not poisoned") = says;
    }

    /// From now on answers that stream stop after their first half, or go on.
    pub fn hold(&self, holds: bool) {
        self.holds.send_replace(holds);
    }

    /// Bodies of the requests that were right.
    ///
    /// # Panics
    /// As [`Provider::say`].
    #[must_use]
    pub fn seen(&self) -> Vec<Value> {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// Why requests were refused.
    ///
    /// # Panics
    /// As [`Provider::say`].
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().expect("not poisoned").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    key: &str,
    says: &Mutex<Says>,
    seen: &Mutex<Vec<Value>>,
    refused: &Mutex<Vec<String>>,
    held: &mut watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer).await? {
        let (status, answer) = match judge(&head, &body, key) {
            Err((status, code, words)) => {
                refused.lock().expect("not poisoned").push(words.clone());
                (status, error(code, &words))
            }
            Ok(request) => {
                seen.lock().expect("not poisoned").push(request.clone());
                let said = says.lock().expect("not poisoned").clone();
                if let (true, Says::Text(text, read, written)) = (request["stream"] == true, &said) {
                    return tell(stream, &request, text, (*read, *written), held).await;
                }
                match said {
                    Says::Text(text, read, written) => (200, completion(&request, &text, read, written)),
                    Says::Key => (200, completion(&request, &format!("Dear customer, the key is {key}."), 40, 9)),
                    Says::ErrorWithKey => {
                        (401, error("invalid_api_key", &format!("Incorrect API key provided: {key}. Ask your admin.")))
                    }
                }
            }
        };
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\nx-request-id: req_{}\r\ncontent-length: {}\r\n\r\n",
            body.len(),
            text.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}

/// Sends an answer as server-sent events, with a stop after its first half where it is held. The end of the connection ends it.
async fn tell(
    mut stream: TcpStream,
    request: &Value,
    text: &str,
    (read, written): (u64, u64),
    held: &mut watch::Receiver<bool>,
) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let mut half = text.len() / 2;
    while !text.is_char_boundary(half) {
        half += 1;
    }
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": request["model"], "choices": choices, "usage": usage });
        format!("data: {chunk}\n\n")
    };
    for (piece, reason) in [(&text[..half], Value::Null), (&text[half..], json!("stop"))] {
        let choice = json!([{ "index": 0, "delta": { "content": piece }, "finish_reason": reason }]);
        stream.write_all(chunk(choice, Value::Null).as_bytes()).await?;
        // Whoever holds it has gone: then it goes on.
        let _ = held.wait_for(|held| !held).await;
    }
    if request["stream_options"]["include_usage"] == true {
        let usage = json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written });
        stream.write_all(chunk(json!([]), usage).as_bytes()).await?;
    }
    stream.write_all(b"data: [DONE]\n\n").await?;
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length: usize = header(&head, "content-length").parse().unwrap_or(0);
            let whole = end + 4 + length;
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Ok(Some((head, body)));
            }
        }
        if buffer.len() > REQUEST_BYTES_MAX || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    found.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
}

/// What the real service refuses, with its status and code.
fn judge(head: &str, body: &[u8], key: &str) -> Result<Value, (u16, &'static str, String)> {
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if path != "/v1/chat/completions" {
        return Err((404, "unknown_url", format!("Invalid URL ({method} {path})")));
    }
    if method != "POST" {
        return Err((405, "method_not_allowed", format!("Not allowed to {method}")));
    }
    if header(head, "authorization") != format!("Bearer {key}") {
        return Err((401, "invalid_api_key", "Incorrect API key provided.".to_owned()));
    }
    if !header(head, "content-type").starts_with("application/json") {
        return Err((415, "unsupported_media_type", "Send application/json.".to_owned()));
    }
    let bad = |words: String| (400, "invalid_request_error", words);
    let request: Value = serde_json::from_slice(body).map_err(|error| bad(format!("not JSON: {error}")))?;
    let fields = request.as_object().ok_or_else(|| bad("not an object".to_owned()))?;
    for (name, value) in fields {
        let known = match name.as_str() {
            "model" => value.is_string(),
            "messages" => value.as_array().is_some_and(|list| !list.is_empty()),
            "max_tokens" | "max_completion_tokens" => value.as_u64().is_some_and(|n| n > 0),
            "stream" => value.is_boolean(),
            "stream_options" => request["stream"] == true && value["include_usage"].is_boolean(),
            "temperature" => value.as_f64().is_some_and(|t| (0.0..=2.0).contains(&t)),
            _ => false,
        };
        if !known {
            return Err(bad(format!("Unrecognized or invalid request argument supplied: {name}")));
        }
    }
    if request["model"] != "shop-model" {
        return Err((404, "model_not_found", format!("The model {} does not exist", request["model"])));
    }
    for message in request["messages"].as_array().ok_or_else(|| bad("messages are required".to_owned()))? {
        let role = message["role"].as_str().unwrap_or_default();
        let is_sound = matches!(role, "system" | "user" | "assistant") && message["content"].is_string();
        if !is_sound || message.as_object().map(serde_json::Map::len) != Some(2) {
            return Err(bad(format!("Invalid message: {message}")));
        }
    }
    Ok(request)
}

fn error(code: &str, words: &str) -> Value {
    json!({ "error": { "message": words, "type": "invalid_request_error", "param": null, "code": code } })
}

fn completion(request: &Value, text: &str, read: u64, written: u64) -> Value {
    json!({
        "id": "chatcmpl-CFa1", "object": "chat.completion", "created": 1_795_168_800,
        "model": format!("{}-2026-11-01", request["model"].as_str().unwrap_or_default()),
        "choices": [{
            "index": 0, "message": { "role": "assistant", "content": text, "refusal": null, "annotations": [] },
            "logprobs": null, "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
            "prompt_tokens_details": { "cached_tokens": 0 },
        },
        "service_tier": "default", "system_fingerprint": "fp_51db84afab",
    })
}
