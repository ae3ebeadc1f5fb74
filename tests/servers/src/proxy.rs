//! A wire that breaks: a TCP proxy on loopback that cuts a connection at a chosen byte.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where the next connection breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// After so many bytes from the server, counted over all connections since this was asked for.
    FromServer(usize),
    /// After so many bytes from the client, counted so too.
    FromClient(usize),
    /// Once the client has said this: the server hears it, and its answer is not passed on.
    AnswerTo(&'static [u8]),
}

/// Passes everything on to a server on this machine, until it is told to break. Ends when dropped.
pub struct Proxy {
    port: u16,
    wire: Arc<Wire>,
    cuts: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

/// What all connections share.
struct Wire {
    next: Mutex<Option<Cut>>,
    cuts: watch::Sender<usize>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on a free port before the server on `port`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("bound").port();
        let (sender, cuts) = watch::channel(0);
        let wire = Arc::new(Wire { next: Mutex::new(None), cuts: sender });
        let task = tokio::spawn({
            let wire = Arc::clone(&wire);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, port, Arc::clone(&wire)));
                }
            }
        });
        Self { port: own, wire, cuts, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks one connection there; what comes after it passes again.
    ///
    /// # Panics
    /// Never: nobody panics while they hold it.
    pub fn cut(&self, cut: Cut) {
        *self.wire.next.lock().expect("not poisoned") = Some(cut);
    }

    /// Waits until so many connections were broken.
    ///
    /// # Panics
    /// When they are not within a minute.
    pub async fn wait_for_cuts(&self, wanted: usize) {
        let mut cuts = self.cuts.clone();
        let waiting = cuts.wait_for(|n| *n >= wanted);
        let came = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
        drop(came.expect("the wire breaks within a minute").expect("the proxy runs"));
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    FromServer,
    FromClient,
}

/// What becomes of some bytes.
enum Fate {
    Pass,
    /// Only so many are passed on, then the wire breaks.
    Break(usize),
    /// All are passed on, the other side may answer, and then it breaks.
    Deafen,
}

impl Wire {
    /// Takes bytes off the count, and says what becomes of them. `last` is the end of what was said before.
    fn fate(&self, way: Way, last: &[u8], bytes: &[u8]) -> Fate {
        let mut next = self.next.lock().expect("not poisoned");
        match (next.as_mut(), way) {
            (Some(Cut::FromServer(left)), Way::FromServer) | (Some(Cut::FromClient(left)), Way::FromClient) => {
                if bytes.len() < *left {
                    *left -= bytes.len();
                    return Fate::Pass;
                }
                let passed = *left;
                *next = None;
                Fate::Break(passed)
            }
            (Some(Cut::AnswerTo(words)), Way::FromClient) => {
                let said = [last, bytes].concat();
                if !said.windows(words.len()).any(|window| window == *words) {
                    return Fate::Pass;
                }
                *next = None;
                Fate::Deafen
            }
            _ => Fate::Pass,
        }
    }
}

async fn carry(client: TcpStream, port: u16, wire: Arc<Wire>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut client_reads, mut client_writes) = client.into_split();
    let (mut server_reads, mut server_writes) = server.into_split();
    // Set when the server's next words must not reach the client.
    let deaf = watch::Sender::new(false);
    tokio::select! {
        () = pass(&mut client_reads, &mut server_writes, Way::FromClient, &wire, &deaf) => {}
        () = pass(&mut server_reads, &mut client_writes, Way::FromServer, &wire, &deaf) => {}
    }
    // Both ends are dropped here: whoever still writes finds nobody.
}

/// Passes bytes on until one side closes or the wire breaks.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    way: Way,
    wire: &Wire,
    deaf: &watch::Sender<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut last = Vec::new();
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let bytes = &buffer[..count];
        if way == Way::FromServer && *deaf.borrow() {
            wire.cuts.send_modify(|n| *n += 1);
            return;
        }
        match wire.fate(way, &last, bytes) {
            Fate::Pass => {}
            Fate::Break(passed) => {
                let _ = to.write_all(&bytes[..passed]).await;
                let _ = to.flush().await;
                wire.cuts.send_modify(|n| *n += 1);
                return;
            }
            Fate::Deafen => drop(deaf.send_replace(true)),
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
        last = bytes[count.saturating_sub(16)..].to_vec();
    }
}
