//! Just enough IMAP and LMTP to put a mail into a mailbox and look at what is there, written apart from the host's own
//! client so that a test does not trust the code that it tests.

use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Waiting for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A plain connection that speaks in lines.
pub(crate) struct Lines {
    stream: BufReader<TcpStream>,
}

impl Lines {
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the test server listens");
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) async fn send(&mut self, text: &[u8]) {
        self.stream.get_mut().write_all(text).await.expect("the test server reads");
    }

    /// One line without its end.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line);
        tokio::time::timeout(ANSWER_TIMEOUT, read).await.expect("the test server answers").expect("a line");
        assert!(!line.is_empty(), "the test server closed the connection");
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    async fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let read = self.stream.read_exact(&mut bytes);
        tokio::time::timeout(ANSWER_TIMEOUT, read).await.expect("the test server answers").expect("a literal");
        bytes
    }

    /// Reads an SMTP or LMTP reply to its last line; panics unless it starts with `code`.
    pub(crate) async fn reply(&mut self, code: &str) -> String {
        loop {
            let line = self.line().await;
            if line.as_bytes().get(3) != Some(&b'-') {
                assert!(line.starts_with(code), "expected {code}, the server said: {line}");
                return line;
            }
        }
    }
}

/// Hands one mail over by SMTP (`hello` is `EHLO`) or LMTP (`LHLO`).
pub(crate) async fn hand_over(port: u16, hello: &str, from: &str, to: &[&str], raw: &[u8]) {
    let mut lines = Lines::connect(port).await;
    lines.reply("220").await;
    lines.send(format!("{hello} localhost\r\n").as_bytes()).await;
    lines.reply("250").await;
    lines.send(format!("MAIL FROM:<{from}>\r\n").as_bytes()).await;
    lines.reply("250").await;
    for recipient in to {
        lines.send(format!("RCPT TO:<{recipient}>\r\n").as_bytes()).await;
        lines.reply("250").await;
    }
    lines.send(b"DATA\r\n").await;
    lines.reply("354").await;
    lines.send(&dot_stuffed(raw)).await;
    // LMTP answers once for each recipient, SMTP once for all.
    let answers = if hello == "LHLO" { to.len() } else { 1 };
    for _ in 0..answers {
        lines.reply("250").await;
    }
    lines.send(b"QUIT\r\n").await;
    lines.reply("221").await;
}

/// The mail with network line ends, leading dots doubled, and the ending dot.
fn dot_stuffed(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + 64);
    for line in raw.strip_suffix(b"\n").unwrap_or(raw).split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// A signed-in IMAP connection with one folder open.
pub struct Inbox {
    lines: Lines,
    tag: u32,
}

impl Inbox {
    pub(crate) async fn open(port: u16, user: &str, password: &str, folder: &str) -> Self {
        let mut inbox = Self { lines: Lines::connect(port).await, tag: 0 };
        inbox.lines.line().await;
        inbox.command(&format!("LOGIN \"{user}\" \"{password}\"")).await;
        inbox.command(&format!("SELECT \"{folder}\"")).await;
        inbox
    }

    /// Every mail of the folder, oldest first, as the server stores it. Marks nothing as seen.
    pub async fn mails(&mut self) -> Vec<Vec<u8>> {
        self.command("NOOP").await;
        self.command("UID FETCH 1:* (BODY.PEEK[])").await
    }

    /// Waits until the folder holds at least `count` mails and returns them all.
    ///
    /// # Panics
    /// When they have not come after `timeout`.
    pub async fn wait_for(&mut self, count: usize, timeout: Duration) -> Vec<Vec<u8>> {
        let end = Instant::now() + timeout;
        loop {
            let mails = self.mails().await;
            if mails.len() >= count {
                return mails;
            }
            assert!(Instant::now() < end, "{} of {count} mails came within {timeout:?}", mails.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many mails of the open folder nobody has read.
    ///
    /// # Panics
    /// When the server says nothing of it.
    pub async fn unseen(&mut self) -> usize {
        self.command("NOOP").await;
        let (lines, _) = self.ask("UID SEARCH UNSEEN").await;
        let found = lines.iter().find_map(|line| line.strip_prefix("* SEARCH"));
        found.expect("the server answers SEARCH").split_whitespace().count()
    }

    /// Marks every mail of the open folder as read, as a person does who looks at it elsewhere.
    pub async fn read_all(&mut self) {
        self.command("NOOP").await;
        self.command("STORE 1:* +FLAGS.SILENT (\\Seen)").await;
    }

    /// Makes a folder.
    pub async fn create(&mut self, folder: &str) {
        self.command(&format!("CREATE \"{folder}\"")).await;
    }

    /// Takes a folder away, with what is in it.
    pub async fn delete(&mut self, folder: &str) {
        self.command(&format!("DELETE \"{folder}\"")).await;
    }

    /// Takes mails out of the open folder for good.
    pub async fn expunge(&mut self, uids: &[u32]) {
        let set: Vec<String> = uids.iter().map(u32::to_string).collect();
        let set = set.join(",");
        self.command(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await;
        self.command(&format!("UID EXPUNGE {set}")).await;
    }

    /// Puts a mail into a folder, as a filter of the server or another program would.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn put(&mut self, folder: &str, raw: &[u8]) {
        // A folder that was made anew under a name which another connection still has open is not whole at once.
        const TRIES: u32 = 150;
        for left in (0..TRIES).rev() {
            let result = self.append(folder, raw).await;
            if result.starts_with("OK") {
                return;
            }
            let for_now = ["[SERVERBUG]", "deleted under us"].iter().any(|words| result.contains(words));
            assert!(left > 0 && for_now, "APPEND: the server said {result}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Puts a mail into a folder, and is told what the server says of it: `OK ...` or why not.
    pub async fn append(&mut self, folder: &str, raw: &[u8]) -> String {
        self.tag += 1;
        self.lines.send(format!("p{} APPEND \"{folder}\" {{{}+}}\r\n", self.tag, raw.len()).as_bytes()).await;
        self.lines.send(raw).await;
        self.lines.send(b"\r\n").await;
        let tag = format!("p{} ", self.tag);
        loop {
            let line = self.lines.line().await;
            if let Some(result) = line.strip_prefix(&tag) {
                return result.to_owned();
            }
        }
    }

    /// Runs one command and returns the literals of its answers.
    async fn command(&mut self, command: &str) -> Vec<Vec<u8>> {
        self.ask(command).await.1
    }

    /// Runs one command and returns its lines and the literals of its answers.
    async fn ask(&mut self, command: &str) -> (Vec<String>, Vec<Vec<u8>>) {
        self.tag += 1;
        let tag = format!("a{} ", self.tag);
        self.lines.send(format!("{tag}{command}\r\n").as_bytes()).await;
        let (mut lines, mut literals) = (Vec::new(), Vec::new());
        loop {
            let line = self.lines.line().await;
            if let Some(result) = line.strip_prefix(&tag) {
                assert!(result.starts_with("OK"), "{command}: the server said {result}");
                return (lines, literals);
            }
            let size = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')?.1.parse().ok());
            if let Some(size) = size {
                literals.push(self.lines.exactly(size).await);
            }
            lines.push(line);
        }
    }
}
