//! A server on this machine, what reaches it, and a host with secrets for it.

use super::TestHost;
use posthouse_model::capability::{Grants, HttpAllowance};
use posthouse_sandbox::SecretValue;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers by path and keeps what it got.
pub struct Server {
    pub port: u16,
    pub got: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut buffer = [0; 4096];
                    loop {
                        let count = stream.read(&mut buffer).await.unwrap_or(0);
                        request.extend_from_slice(&buffer[..count]);
                        let text = String::from_utf8_lossy(&request).into_owned();
                        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                            let length = head
                                .lines()
                                .find_map(|l| l.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                            body.len() >= length.map_or(0, |l| l.parse().unwrap())
                        });
                        if whole || count == 0 {
                            kept.lock().unwrap().push(text.clone());
                            stream.write_all(&answer(&text)).await.unwrap();
                            return;
                        }
                    }
                });
            }
        });
        Self { port, got }
    }
}

fn answer(request: &str) -> Vec<u8> {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/redirect" => ("302 Found\r\nLocation: http://127.0.0.1:1/", String::new()),
        "/large" => ("200 OK", "x".repeat((1 << 20) + 1)),
        "/headers" => {
            ("200 OK", request.lines().find(|l| l.starts_with("authorization")).unwrap_or_default().to_owned())
        }
        "/session" => ("200 OK\r\nSet-Cookie: id=s3ssion\r\nX-Note: kept", "fine".to_owned()),
        p if p.starts_with("/sized/") => ("200 OK", "x".repeat(p["/sized/".len()..].parse().unwrap())),
        p if p.starts_with("/echo") => ("200 OK", format!("you said {p}")),
        _ => ("200 OK", "fine".to_owned()),
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn local(port: u16) -> Grants {
    let http = HttpAllowance {
        host: "127.0.0.1".into(),
        port: Some(port),
        scheme: "http".into(),
        methods: vec![],
        private: true,
    };
    let to = vec!["127.0.0.1".to_owned()];
    Grants {
        log: false,
        model: None,
        http: vec![http],
        secrets: BTreeMap::from([("token".into(), to.clone()), ("sign".into(), to)]),
        ..Grants::default()
    }
}

pub fn with_secrets() -> Arc<TestHost> {
    let secrets = [("token", "s3cr/t-token"), ("sign", "Jefe"), ("other", "not granted")];
    Arc::new(TestHost {
        secrets: secrets.iter().map(|(n, v)| ((*n).to_owned(), SecretValue::anywhere(*v))).collect(),
        ..TestHost::default()
    })
}
