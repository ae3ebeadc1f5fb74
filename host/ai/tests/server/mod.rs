//! A provider for tests that is as strict as a real one: it answers 404 to another path, 405 to another method, 401 to
//! another key, 415 to another media type, 400 to a body that is not a chat request, and only then what a test asked for.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request that is right.
#[derive(Clone)]
pub enum Answer {
    /// A completion with this text.
    Says(&'static str),
    /// These bytes as JSON body with this status and headers.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The connection is closed without a word.
    Hangs,
    /// No answer ever comes.
    Silent,
    /// So often the provider is in trouble, then it says this.
    After(usize, &'static str),
    /// As `Says`, but a request to stream is refused as by one that does not know how to.
    Whole(&'static str),
    /// Half of an answer, and then the connection ends.
    BreaksOff(&'static str),
    /// As `Says`, in Anthropic's format.
    Writes(&'static str),
}

pub struct TestProvider {
    pub base_url: String,
    /// Bodies of the requests that were right.
    pub seen: Arc<Mutex<Vec<Value>>>,
    /// How many requests came to any path.
    pub count: Arc<Mutex<usize>>,
}

pub const KEY: &str = "sk-test-5b1d";

impl TestProvider {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let count = Arc::new(Mutex::new(0));
        let (log, number) = (seen.clone(), count.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), log.clone(), number.clone()));
            }
        });
        Self { base_url, seen, count }
    }
}

async fn serve(stream: TcpStream, answer: Answer, seen: Arc<Mutex<Vec<Value>>>, count: Arc<Mutex<usize>>) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = request(&mut stream).await {
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        let judged =
            if matches!(answer, Answer::Writes(_)) { judge_message(&head, &body) } else { judge(&head, &body) };
        let reply = match judged {
            Err((status, message, code)) => {
                let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
                (status, Vec::new(), body.to_string().into_bytes())
            }
            Ok(body) => {
                seen.lock().unwrap().push(body.clone());
                if body["stream"] == true {
                    match &answer {
                        Answer::Says(text) => drop(stream.write_all(&stream_of(&chunks(&body, text))).await),
                        Answer::Writes(text) => drop(stream.write_all(&stream_of(&events(&body, text))).await),
                        Answer::BreaksOff(text) => {
                            let chunks = chunks(&body, text);
                            drop(stream.write_all(&stream_of(&chunks[..chunks.len() / 2])).await);
                        }
                        _ => {}
                    }
                    // The end of the connection is the end of the stream.
                    if matches!(answer, Answer::Says(_) | Answer::Writes(_) | Answer::BreaksOff(_)) {
                        return;
                    }
                }
                match &answer {
                    Answer::Whole(_) if body["stream"] == true => {
                        let words = json!({"error": {"message": "Unrecognized request argument supplied: stream", "code": null}});
                        (400, Vec::new(), words.to_string().into_bytes())
                    }
                    Answer::Whole(text) | Answer::BreaksOff(text) => {
                        (200, Vec::new(), completion(&body, text).to_string().into_bytes())
                    }
                    Answer::Says(text) => (200, Vec::new(), completion(&body, text).to_string().into_bytes()),
                    Answer::Raw(status, headers, bytes) => (*status, headers.clone(), bytes.clone()),
                    Answer::After(times, _) if number <= *times => (503, Vec::new(), b"busy".to_vec()),
                    Answer::After(_, text) => (200, Vec::new(), completion(&body, text).to_string().into_bytes()),
                    Answer::Writes(text) => (200, Vec::new(), message(&body, text).to_string().into_bytes()),
                    Answer::Hangs => return,
                    Answer::Silent => std::future::pending().await,
                }
            }
        };
        let (status, headers, body) = reply;
        let mut text = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", body.len());
        if stream.write_all(text.as_bytes()).await.is_err() || stream.write_all(&body).await.is_err() {
            return;
        }
    }
}

/// A stream in pieces that break wherever they like.
fn stream_of(events: &[String]) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n";
    (head.to_owned() + &events.concat()).into_bytes()
}

fn chunks(request: &Value, text: &str) -> Vec<String> {
    let model = format!("{}-2026-01-01", request["model"].as_str().unwrap());
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, reason: Value| {
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": reason}]), Value::Null)
    };
    let mut all = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    all.extend(text.split_inclusive(' ').map(|word| delta(json!({"content": word}), Value::Null)));
    all.push(delta(json!({}), json!("stop")));
    if request["stream_options"]["include_usage"] == true {
        all.push(chunk(json!([]), json!({"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30})));
    }
    all.push("data: [DONE]\n\n".to_owned());
    all
}

fn events(request: &Value, text: &str) -> Vec<String> {
    let model = format!("{}-20260101", request["model"].as_str().unwrap());
    let event = |kind: &str, mut data: Value| {
        data["type"] = json!(kind);
        format!("event: {kind}\ndata: {data}\n\n")
    };
    let usage =
        json!({"input_tokens": 18, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 1});
    let mut all = vec![
        event("message_start", json!({"message": {"id": "msg_1", "model": model, "content": [], "usage": usage}})),
        event("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
        event("ping", json!({})),
    ];
    all.extend(
        text.split_inclusive(' ').map(|word| {
            event("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": word}}))
        }),
    );
    all.push(event("content_block_stop", json!({"index": 0})));
    all.push(event("message_delta", json!({"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}})));
    all.push(event("message_stop", json!({})));
    all
}

struct Head {
    line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(Head, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let headers = lines[1..].iter().filter_map(|l| l.split_once(':'));
    let headers = headers.map(|(n, v)| (n.to_lowercase(), v.trim().to_owned())).collect();
    let head = Head { line: lines[0].clone(), headers };
    let mut body = vec![0; head.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

type Refusal = (u16, String, &'static str);

fn judge(head: &Head, body: &[u8]) -> Result<Value, Refusal> {
    let mut words = head.line.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    if path != "/v1/chat/completions" {
        return Err((404, format!("Invalid URL ({method} {path})"), "not_found"));
    }
    if method != "POST" {
        return Err((405, "Not allowed".into(), "method_not_allowed"));
    }
    let bearer = match head.header("api-key") {
        "" => head.header("authorization").to_owned(),
        key => format!("Bearer {key}"),
    };
    if bearer != format!("Bearer {KEY}") {
        let given = bearer.trim_start_matches("Bearer ");
        return Err((401, format!("Incorrect API key provided: {given}."), "invalid_api_key"));
    }
    if !head.header("content-type").starts_with("application/json") {
        return Err((415, "Unsupported media type".into(), "unsupported"));
    }
    let body: Value = serde_json::from_slice(body).map_err(|e| (400, format!("not JSON: {e}"), "invalid"))?;
    let bad = |message: String| (400, message, "invalid");
    for (key, value) in body.as_object().ok_or_else(|| bad("not an object".into()))? {
        match key.as_str() {
            "model" if value.is_string() => {}
            "messages" if value.as_array().is_some_and(|list| !list.is_empty()) => {}
            "max_tokens" | "max_completion_tokens" if value.as_u64().is_some_and(|n| n >= 1) => {}
            "stream" if value.is_boolean() => {}
            "stream_options" if body["stream"] == true && value["include_usage"].is_boolean() => {}
            _ => return Err(bad(format!("Unrecognized or invalid request argument supplied: {key}"))),
        }
    }
    match body["model"].as_str() {
        Some("test-model") => {}
        Some("test-thinker") if body.get("max_tokens").is_some() => {
            let words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
            return Err((400, words.into(), "unsupported_parameter"));
        }
        Some("test-thinker") => {}
        other => return Err((404, format!("The model `{}` does not exist", other.unwrap_or("")), "model_not_found")),
    }
    for message in body["messages"].as_array().ok_or_else(|| bad("messages are required".into()))? {
        let role = message["role"].as_str().unwrap_or_default();
        let sound = matches!(role, "system" | "user" | "assistant") && message["content"].is_string();
        if !sound || message.as_object().map(serde_json::Map::len) != Some(2) {
            return Err(bad(format!("Invalid message: {message}")));
        }
    }
    Ok(body)
}

fn completion(request: &Value, text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_772_382_600,
        "model": format!("{}-2026-01-01", request["model"].as_str().unwrap()),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
                     "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30},
        "service_tier": "default"
    })
}

/// As strict as Anthropic's: the version's header, the key in its own header, `max_tokens`, and content that is not blank.
fn judge_message(head: &Head, body: &[u8]) -> Result<Value, Refusal> {
    if head.line != "POST /v1/messages HTTP/1.1" {
        return Err((404, "Not found".into(), "not_found_error"));
    }
    if head.header("x-api-key") != KEY || !head.header("authorization").is_empty() {
        return Err((401, format!("invalid x-api-key {}", head.header("x-api-key")), "authentication_error"));
    }
    if head.header("anthropic-version") != "2023-06-01" || !head.header("content-type").starts_with("application/json")
    {
        return Err((400, "anthropic-version: header is required".into(), "invalid_request_error"));
    }
    let bad = |message: String| (400, message, "invalid_request_error");
    let body: Value = serde_json::from_slice(body).map_err(|e| bad(format!("not JSON: {e}")))?;
    for (key, value) in body.as_object().ok_or_else(|| bad("not an object".into()))? {
        match key.as_str() {
            "model" | "system" if value.as_str().is_some_and(|text| !text.is_empty()) => {}
            "max_tokens" if value.as_u64().is_some_and(|n| n >= 1) => {}
            "messages" => {}
            "stream" if value.is_boolean() => {}
            _ => return Err(bad(format!("{key}: Extra inputs are not permitted"))),
        }
    }
    for key in ["model", "max_tokens"] {
        if body.get(key).is_none() {
            return Err(bad(format!("{key}: Field required")));
        }
    }
    let messages = body["messages"].as_array().filter(|list| !list.is_empty()).ok_or_else(|| bad("messages".into()))?;
    for message in messages {
        let pieces = message["content"].as_array().ok_or_else(|| bad("content".into()))?;
        let sound =
            |piece: &Value| piece["type"] == "text" && piece["text"].as_str().is_some_and(|t| !t.trim().is_empty());
        if message["role"] != "user" || pieces.is_empty() || !pieces.iter().all(sound) {
            return Err(bad("messages: text content blocks must contain non-whitespace text".into()));
        }
    }
    Ok(body)
}

fn message(request: &Value, text: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant",
        "model": format!("{}-20260101", request["model"].as_str().unwrap()),
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 18, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 7}
    })
}
