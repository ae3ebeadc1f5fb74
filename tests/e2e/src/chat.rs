//! A chat platform that looks at each request as the real one does: path, signature, shape of the card. What a
//! platform would refuse it refuses, in the platform's words.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Longest request read.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// One accepted message.
#[derive(Clone, Debug)]
pub struct Posted {
    /// When it arrived.
    pub at: std::time::Instant,
    /// The whole body.
    pub body: Value,
}

/// A Feishu-format webhook on loopback (custom bot with signature verification: the signature is
/// base64(HMAC-SHA256(key = "{timestamp}\n{secret}", message = ""))).
pub struct Feishu {
    /// `http://127.0.0.1:PORT`
    pub base_url: String,
    /// Last part of the bot's address.
    pub token: String,
    /// The bot's signing secret.
    pub secret: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    refused: Arc<Mutex<Vec<String>>>,
    count: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Feishu {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feishu {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (token, secret) = ("b7d2c0de-0000-4000-8000-000000000001".to_owned(), "s3cr3t-for-signing".to_owned());
        let posted: Arc<Mutex<Vec<Posted>>> = Arc::default();
        let refused: Arc<Mutex<Vec<String>>> = Arc::default();
        let (sender, count) = watch::channel(0);
        let task = tokio::spawn({
            let (token, secret) = (token.clone(), secret.clone());
            let (posted, refused) = (Arc::clone(&posted), Arc::clone(&refused));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (token, secret) = (token.clone(), secret.clone());
                    let (posted, refused, sender) = (Arc::clone(&posted), Arc::clone(&refused), sender.clone());
                    tokio::spawn(async move {
                        let _ = serve(stream, &token, &secret, &posted, &refused, &sender).await;
                    });
                }
            }
        });
        Self { base_url: format!("http://{address}"), token, secret, posted, refused, count, task }
    }

    /// Everything accepted so far.
    ///
    /// # Panics
    /// When another thread panicked while it held the list.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("not poisoned").clone()
    }

    /// Why requests were refused.
    ///
    /// # Panics
    /// As [`Feishu::posted`].
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().expect("not poisoned").clone()
    }

    /// Waits until so many messages were accepted.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn wait_for(&self, wanted: usize) -> Vec<Posted> {
        let mut count = self.count.clone();
        let waiting = count.wait_for(|n| *n >= wanted);
        match tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await {
            Ok(result) => drop(result.expect("the server runs")),
            Err(_) => panic!("{} of {wanted} messages came; refused: {:?}", self.posted().len(), self.refused()),
        }
        self.posted()
    }
}

async fn serve(
    mut stream: TcpStream,
    token: &str,
    secret: &str,
    posted: &Mutex<Vec<Posted>>,
    refused: &Mutex<Vec<String>>,
    count: &watch::Sender<usize>,
) -> std::io::Result<()> {
    // One connection may carry many requests (HTTP/1.1).
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer).await? {
        let at = std::time::Instant::now();
        let answer = match judge(&head, &body, token, secret) {
            Ok(value) => {
                posted.lock().expect("not poisoned").push(Posted { at, body: value });
                count.send_modify(|n| *n += 1);
                json!({ "code": 0, "msg": "success", "data": {} })
            }
            Err((code, words)) => {
                refused.lock().expect("not poisoned").push(words.clone());
                json!({ "code": code, "msg": words })
            }
        };
        let text = answer.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}

pub(crate) async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length: usize = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
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

/// What Feishu looks at, with its error codes.
fn judge(head: &str, body: &[u8], token: &str, secret: &str) -> Result<Value, (i64, String)> {
    let refuse = |code: i64, words: &str| Err((code, words.to_owned()));
    let line = head.lines().next().unwrap_or_default();
    if line != format!("POST /open-apis/bot/v2/hook/{token} HTTP/1.1") {
        return refuse(19001, "param invalid: incoming webhook access token invalid");
    }
    if !head.to_ascii_lowercase().contains("content-type: application/json") {
        return refuse(9499, "Bad Request: content type");
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return refuse(9499, "Bad Request: no JSON") };
    let timestamp = value["timestamp"].as_str().unwrap_or_default();
    let Ok(seconds) = timestamp.parse::<i64>() else {
        return refuse(19021, "sign match fail or timestamp is not within one hour");
    };
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs()))
            .unwrap_or(0);
    let mac = Hmac::<Sha256>::new_from_slice(format!("{timestamp}\n{secret}").as_bytes()).expect("any length is a key");
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    if (now - seconds).abs() > 3600 || value["sign"].as_str() != Some(&expected) {
        return refuse(19021, "sign match fail or timestamp is not within one hour");
    }
    if value["msg_type"] != "interactive" || !value["card"].is_object() {
        return refuse(9499, "Bad Request: msg_type");
    }
    let title = &value["card"]["header"]["title"];
    if title["tag"] != "plain_text" || title["content"].as_str().is_none_or(str::is_empty) {
        return refuse(11246, "card header title is not valid");
    }
    Ok(value)
}

/// The address of the card's button.
#[must_use]
pub fn link_of(card: &Value) -> Option<String> {
    match card {
        Value::Object(map) => {
            let own = map.get("url").or_else(|| map.get("default_url")).and_then(Value::as_str);
            own.map(str::to_owned).or_else(|| map.values().find_map(link_of))
        }
        Value::Array(items) => items.iter().find_map(link_of),
        _ => None,
    }
}
