//! A door in front of a server: shut, the server is unreachable, and what was said through it breaks off.

use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A port that leads to another one.
pub struct Door {
    port: u16,
    to: u16,
    accepting: Option<JoinHandle<()>>,
    open: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Door {
    /// An open door to a port on this machine.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("bound").port();
        let mut door = Self { port: own, to: port, accepting: None, open: Arc::default() };
        door.accept(listener);
        door
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn accept(&mut self, listener: TcpListener) {
        let (to, open) = (self.to, Arc::clone(&self.open));
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((mut outside, _)) = listener.accept().await {
                let through = tokio::spawn(async move {
                    if let Ok(mut inside) = TcpStream::connect(("127.0.0.1", to)).await {
                        let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                    }
                });
                open.lock().expect("not poisoned").push(through);
            }
        }));
    }

    fn cut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        for through in self.open.lock().expect("not poisoned").drain(..) {
            through.abort();
        }
    }

    /// Refuses new connections and breaks those there are.
    pub async fn shut(&mut self) {
        let accepting = self.accepting.take();
        self.cut();
        if let Some(accepting) = accepting {
            accepting.abort();
            // The port is free only when the task is gone.
            let _ = accepting.await;
        }
    }

    /// Lets everybody through again.
    ///
    /// # Panics
    /// When somebody else took the port meanwhile.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port is still ours");
        self.accept(listener);
    }
}
