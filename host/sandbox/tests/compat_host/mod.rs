//! What stands in for the house in the tests of guests in other languages: everything a plugin may ask for.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use async_trait::async_trait;
use posthouse_model::capability::{Grants, HttpAllowance, StoreAllowance};
use posthouse_sandbox::{
    CallHost, KnowledgeHit, KnowledgeQuery, LogLevel, ModelAnswer, ModelRefusal, ModelRequest, SecretValue,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A house with one entry in the store, two articles, two secrets and a model.
#[derive(Default)]
pub struct House {
    logged: Mutex<Vec<String>>,
    asked: Mutex<Vec<ModelRequest>>,
    without_model: bool,
}

impl House {
    pub fn without_model() -> Self {
        Self { without_model: true, ..Self::default() }
    }

    pub fn lines(&self) -> Vec<String> {
        self.logged.lock().unwrap().clone()
    }

    /// Instructions, inputs, most tokens.
    pub fn prompts(&self) -> Vec<(String, Vec<String>, Option<u32>)> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|p| (p.instructions.clone(), p.inputs.clone(), p.max_output_tokens)).collect()
    }
}

#[async_trait]
impl CallHost for House {
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        self.asked.lock().unwrap().push(request);
        match self.without_model {
            true => Err(ModelRefusal::OverBudget),
            false => Ok(ModelAnswer { text: "Dear Ann".to_owned(), model: "small".to_owned() }),
        }
    }

    async fn secret(&self, name: &str) -> Option<SecretValue> {
        let secrets = BTreeMap::from([("token", "s3cr/t \"token\""), ("sign", "Jefe")]);
        secrets.get(name).map(|value| SecretValue::anywhere(*value))
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.logged.lock().unwrap().push(format!("{} {text}", format!("{level:?}").to_lowercase()));
    }

    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        let hit = |n: u32| KnowledgeHit {
            id: format!("a{n}"),
            title: query.text.clone(),
            language: query.language.clone().unwrap_or_default(),
            text: "Returns.".to_owned(),
            score: 0.5 / n as f32,
        };
        Ok((1..=query.limit).map(hit).collect())
    }

    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok((key == "a").then(|| b"kept before".to_vec()))
    }

    async fn kept_keys(&self, prefix: &str, after: Option<&str>, _: u32) -> Result<Vec<String>, String> {
        let listed = "a".starts_with(prefix) && after.is_none_or(|after| "a" > after);
        Ok(if listed { vec!["a".to_owned()] } else { Vec::new() })
    }

    async fn kept_bytes(&self) -> Result<u64, String> {
        Ok(12)
    }
}

/// Everything; HTTP only to this port of this machine.
pub fn grants(port: Option<u16>) -> Grants {
    let to = vec!["127.0.0.1".to_owned()];
    let methods = ["GET", "POST", "PUT"].map(str::to_owned).to_vec();
    let http = HttpAllowance { host: "127.0.0.1".into(), port, scheme: "http".into(), methods, private: true };
    Grants {
        log: true,
        model: Some(Default::default()),
        http: vec![http],
        secrets: BTreeMap::from([("token".into(), to.clone()), ("sign".into(), to)]),
        knowledge: true,
        store: Some(StoreAllowance { bytes: 1 << 20 }),
    }
}

/// What the server got.
pub type Got = Arc<Mutex<Vec<String>>>;

/// A server that says which bytes of a body it got, on a port of this machine.
pub async fn server() -> (u16, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = Got::default();
    let kept = got.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&request) {
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                if count == 0 {
                    break;
                }
                request.extend_from_slice(&buffer[..count]);
            }
            let text = String::from_utf8_lossy(&request).into_owned();
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let answer = match text.split(' ').next() {
                Some("PUT") => format!("{:?}", body.bytes().collect::<Vec<_>>()),
                Some("HEAD") => String::new(),
                _ => "grüße".to_owned(),
            };
            let head = "HTTP/1.1 201 Created\r\nContent-Type: text/x\r\nConnection: close\r\nContent-Length:";
            // Kept first: once it is answered, the guest is done and the test looks.
            kept.lock().unwrap().push(text);
            stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).await.unwrap();
        }
    });
    (port, got)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    request.len() >= head.len() + 4 + length.map_or(0, |l| l.parse::<usize>().unwrap())
}
