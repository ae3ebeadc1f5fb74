//! A mail server (RFC 5321) that counts what it took, and stops at a chosen step until it is let on: for what happens when
//! the other side dies just then. A mail counts as taken once its final dot has come, whether or not the client still
//! hears the answer: that is what real servers do.

use std::sync::Arc;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The client is connected; the server has said nothing.
    Connected,
    /// The sender was named; the server has not answered.
    Sender,
    /// A recipient was named; the server has not answered.
    Recipient,
    /// The client asked to send the mail; the server has not answered.
    Data,
    /// The first line of the mail has come.
    Within,
    /// The final dot has come: the mail is taken. The server has not answered.
    Taken,
    /// The server has said that it took it.
    Answered,
}

/// A mail server on loopback.
pub struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
    hold: watch::Sender<Option<Step>>,
    held: watch::Receiver<Option<Step>>,
    count: watch::Receiver<usize>,
    talking: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared {
    taken: Arc<Mutex<Vec<String>>>,
    hold: watch::Receiver<Option<Step>>,
    held: watch::Sender<Option<Step>>,
    count: watch::Sender<usize>,
    talking: watch::Sender<usize>,
}

impl MailServer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let (hold, hold_receiver) = watch::channel(None);
        let (held_sender, held) = watch::channel(None);
        let (count_sender, count) = watch::channel(0);
        let (talking_sender, talking) = watch::channel(0);
        let shared = Arc::new(Shared {
            taken: Arc::clone(&taken),
            hold: hold_receiver,
            held: held_sender,
            count: count_sender,
            talking: talking_sender,
        });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                shared.talking.send_modify(|n| *n += 1);
                tokio::spawn(async move {
                    let _ = converse(stream, &shared).await;
                    shared.talking.send_modify(|n| *n -= 1);
                });
            }
        });
        Self { port, taken, hold, held, count, talking, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops every conversation at this step, until [`MailServer::go_on`].
    pub fn stop_at(&self, step: Step) {
        self.hold.send_replace(Some(step));
    }

    /// Lets everybody on.
    pub fn go_on(&self) {
        self.hold.send_replace(None);
    }

    /// Waits until a conversation stands at the step that was chosen.
    ///
    /// # Panics
    /// When none comes there within a minute.
    pub async fn wait_until_stopped(&self, at: Step) {
        let mut held = self.held.clone();
        let waiting = held.wait_for(|step| *step == Some(at));
        let stopped = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
        drop(stopped.unwrap_or_else(|_| panic!("nobody came to {at:?}")).expect("the server runs"));
    }

    /// Waits until every conversation has ended: what a client had sent before it died has been read by then.
    ///
    /// # Panics
    /// When one does not end within a minute.
    pub async fn wait_until_quiet(&self) {
        let mut talking = self.talking.clone();
        let waiting = talking.wait_for(|n| *n == 0);
        let quiet = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
        drop(quiet.expect("the conversations end").expect("the server runs"));
    }

    /// Everything taken so far.
    ///
    /// # Panics
    /// When another thread panicked while it held the list.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("not poisoned").clone()
    }

    /// How many mails with these words were taken.
    #[must_use]
    pub fn taken_with(&self, words: &str) -> usize {
        self.taken().iter().filter(|mail| mail.contains(words)).count()
    }

    /// Waits until so many mails were taken.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn wait_for(&self, wanted: usize) {
        let mut count = self.count.clone();
        let waiting = count.wait_for(|n| *n >= wanted);
        let came = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
        drop(
            came.unwrap_or_else(|_| panic!("{} of {wanted} mails came", self.taken().len())).expect("the server runs"),
        );
    }
}

impl Shared {
    async fn pass(&self, step: Step) {
        let mut hold = self.hold.clone();
        if *hold.borrow_and_update() == Some(step) {
            self.held.send_replace(Some(step));
            let _ = hold.wait_for(|hold| *hold != Some(step)).await;
            self.held.send_replace(None);
        }
    }
}

async fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    shared.pass(Step::Connected).await;
    say(&mut stream, "220 mail.test ESMTP").await?;
    let (mut sender, mut recipients) = (false, 0);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.trim_end().to_ascii_uppercase();
        if verb.starts_with("EHLO ") {
            say(&mut stream, "250-mail.test\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250 SMTPUTF8").await?;
        } else if verb.starts_with("HELO ") {
            say(&mut stream, "250 mail.test").await?;
        } else if verb.starts_with("MAIL FROM:<") {
            shared.pass(Step::Sender).await;
            sender = true;
            recipients = 0;
            say(&mut stream, "250 2.1.0 Ok").await?;
        } else if verb.starts_with("RCPT TO:<") && sender {
            shared.pass(Step::Recipient).await;
            recipients += 1;
            say(&mut stream, "250 2.1.5 Ok").await?;
        } else if verb == "DATA" && recipients > 0 {
            shared.pass(Step::Data).await;
            say(&mut stream, "354 End data with <CR><LF>.<CR><LF>").await?;
            let Some(mail) = read_mail(&mut stream, shared).await? else { return Ok(()) };
            shared.taken.lock().expect("not poisoned").push(mail);
            shared.count.send_modify(|n| *n += 1);
            shared.pass(Step::Taken).await;
            say(&mut stream, "250 2.0.0 Ok: queued as 4fQ1").await?;
            shared.pass(Step::Answered).await;
            (sender, recipients) = (false, 0);
        } else if verb == "QUIT" {
            say(&mut stream, "221 2.0.0 Bye").await?;
            return Ok(());
        } else if verb == "RSET" || verb == "NOOP" {
            say(&mut stream, "250 2.0.0 Ok").await?;
        } else {
            say(&mut stream, "503 5.5.1 Bad sequence of commands").await?;
        }
    }
}

/// The mail with its dots unstuffed; none when the connection ends before the final dot.
async fn read_mail(stream: &mut BufReader<TcpStream>, shared: &Shared) -> std::io::Result<Option<String>> {
    let mut mail = String::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if line == ".\r\n" {
            return Ok(Some(mail));
        }
        if mail.is_empty() {
            shared.pass(Step::Within).await;
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> std::io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await
}
