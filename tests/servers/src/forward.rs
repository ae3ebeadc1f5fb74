//! A proxy for HTTP on loopback (RFC 9110, 9.3.6; RFC 9112, 3.2.2): the one way to hosts that only it knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes on what it is asked for, and remembers it. Ends when dropped.
#[derive(Debug)]
pub struct ForwardProxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ForwardProxy {
    /// Listens on a free port. `hosts` are `name:port`, each with the port of this machine that it means; every other is refused.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(hosts: &[(&str, u16)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let hosts: Arc<BTreeMap<String, u16>> =
            Arc::new(hosts.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect());
        let task = tokio::spawn({
            let asked = Arc::clone(&asked);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, Arc::clone(&hosts), Arc::clone(&asked)));
                }
            }
        });
        Self { port, asked, task }
    }

    /// `http://127.0.0.1:PORT`, as set-ups name it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The hosts asked for so far, in order: `name:port`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn carry(mut client: TcpStream, hosts: Arc<BTreeMap<String, u16>>, asked: Arc<Mutex<Vec<String>>>) {
    let Some(head) = head(&mut client).await else { return };
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let host = match target.strip_prefix("http://") {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => target,
    };
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(host.to_owned());
    let server = match hosts.get(host) {
        Some(port) => TcpStream::connect(("127.0.0.1", *port)).await.ok(),
        None => None,
    };
    let Some(mut server) = server else {
        let _ = client.write_all(b"HTTP/1.1 502 No such host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        return;
    };
    let begun = if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await
    } else {
        // The server is asked by path alone.
        let path = text.replacen(&format!("http://{host}"), "", 1);
        server.write_all(path.as_bytes()).await
    };
    if begun.is_ok() {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// What comes up to the empty line, and what came with it.
async fn head(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = client.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
    Some(bytes)
}
