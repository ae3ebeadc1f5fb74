//! An HTTP server on loopback that a test teaches how to judge a request: what a platform would refuse, it refuses.

use crate::chat::read_request;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// What came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// What is answered: a status, and JSON.
pub type Reply = (u16, Value);

/// The server. Ends when dropped: then nothing listens on its port any more.
pub struct Answering {
    port: u16,
    seen: Arc<Mutex<Vec<(Request, u16)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Answering {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(judge: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let seen: Arc<Mutex<Vec<(Request, u16)>>> = Arc::default();
        let judge = Arc::new(judge);
        let task = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (judge, seen) = (Arc::clone(&judge), Arc::clone(&seen));
                    tokio::spawn(async move {
                        let _ = serve(stream, judge.as_ref(), &seen).await;
                    });
                }
            }
        });
        Self { port, seen, task }
    }

    /// Of loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far, with the status that it got.
    ///
    /// # Panics
    /// When another thread panicked while it held the list.
    #[must_use]
    pub fn seen(&self) -> Vec<(Request, u16)> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    judge: &(dyn Fn(&Request) -> Reply + Send + Sync),
    seen: &Mutex<Vec<(Request, u16)>>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer).await? {
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let request = Request { method, target, headers, body };
        let (status, answer) = judge(&request);
        seen.lock().expect("not poisoned").push((request, status));
        let text = answer.to_string();
        let head =
            format!("HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}
