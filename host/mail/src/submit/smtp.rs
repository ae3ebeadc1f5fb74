//! SMTP submission (RFC 5321, 6409) over lettre's connection, command by command.
//!
//! lettre's own `send` gives one error for the whole mail. Here each recipient keeps its own answer, and it is
//! known whether the final dot had been sent when something broke.

use super::{Envelope, Handover, RecipientOutcome, Submission, Submitter, xoauth2};
use crate::net::{self, Auth, ConnectError, ProbeReport, Security};
use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use posthouse_model::config::Provider;
use posthouse_model::outbox::SubmitOutcome;
use posthouse_model::refusal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

/// How long each step may take. RFC 5321, 4.5.3.2 allows servers minutes, above all after the final dot: giving up
/// early there turns a sent mail into an uncertain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Finding the name, TCP, TLS handshake: each.
    pub connect: Duration,
    /// Greeting and each command up to DATA.
    pub command: Duration,
    /// Sending the message and waiting for the answer to its final dot, together.
    pub data: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), command: Duration::from_secs(60), data: Duration::from_secs(600) }
    }
}

/// A way out by SMTP.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Host name or IP address.
    pub host: String,
    /// 465 for TLS, 587 for STARTTLS.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// None submits without signing in (a relay on this machine).
    pub auth: Option<Auth>,
    /// What EHLO says; the sender's domain is a good choice. Default: `[127.0.0.1]`.
    pub hello_name: Option<String>,
    /// An extra certificate authority, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Limits.
    pub timeouts: Timeouts,
}

impl SmtpConfig {
    /// With default limits and no extra authority.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, security: Security, auth: Option<Auth>) -> Self {
        Self {
            host: host.into(),
            port,
            security,
            auth,
            hello_name: None,
            extra_ca_pem: None,
            timeouts: Timeouts::default(),
        }
    }

    fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Submits over a new connection each time.
#[derive(Clone, Debug)]
pub struct SmtpSubmitter {
    config: SmtpConfig,
}

impl SmtpSubmitter {
    /// Connects only when something is submitted.
    #[must_use]
    pub fn new(config: SmtpConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Submitter for SmtpSubmitter {
    async fn submit(&self, envelope: &Envelope, raw: &[u8], handover: &dyn Handover) -> Submission {
        let started = Instant::now();
        let submission = submit(&self.config, envelope, raw, handover).await;
        let accepted =
            submission.recipients.iter().filter(|r| matches!(r.outcome, SubmitOutcome::Accepted { .. })).count();
        tracing::debug!(
            recipients = submission.recipients.len(),
            accepted,
            bytes = raw.len(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "mail submitted"
        );
        submission
    }

    async fn probe(&self) -> ProbeReport {
        probe(&self.config).await
    }
}

/// Why a session could not be opened. Nothing was handed over, so each of these may be tried again.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{0} does not offer STARTTLS")]
    NoStartTls(String),
    #[error("{server} did not greet properly: {words}")]
    Greeting { server: String, words: String },
    #[error("{server} refused to sign in: {words}")]
    Auth { server: String, words: String },
}

async fn submit(config: &SmtpConfig, envelope: &Envelope, raw: &[u8], handover: &dyn Handover) -> Submission {
    let server = config.server();
    let all = |outcome: SubmitOutcome| Submission::for_all(&server, envelope, &outcome);
    let mut connection = match open(config, &mut ProbeReport::default()).await {
        Ok(connection) => connection,
        Err(error) => return all(SubmitOutcome::Deferred { reason: error.to_string() }),
    };
    let command = config.timeouts.command;

    // Addresses that SMTP could not even carry are refused here, each on its own.
    let mut outcomes: Vec<Option<SubmitOutcome>> = vec![None; envelope.recipients.len()];
    let mut recipients: Vec<(usize, Address)> = Vec::new();
    for (index, recipient) in envelope.recipients.iter().enumerate() {
        match parse_address(recipient) {
            Ok(address) => recipients.push((index, address)),
            Err(reason) => outcomes[index] = Some(SubmitOutcome::Refused { reason }),
        }
    }
    let from = match envelope.from.as_deref().map(parse_address).transpose() {
        Ok(from) => from,
        Err(reason) => return all(SubmitOutcome::Refused { reason: format!("sender address: {reason}") }),
    };
    let finish = |outcomes: Vec<Option<SubmitOutcome>>, rest: SubmitOutcome| Submission {
        server: server.clone(),
        recipients: envelope
            .recipients
            .iter()
            .zip(outcomes)
            .map(|(address, outcome)| RecipientOutcome {
                address: address.clone(),
                outcome: outcome.unwrap_or_else(|| rest.clone()),
            })
            .collect(),
    };
    if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        // Each on its own: the others get theirs.
        recipients.retain(|(index, address)| {
            let plain = AsRef::<str>::as_ref(address).is_ascii();
            if !plain {
                outcomes[*index] = Some(SubmitOutcome::Refused { reason: no_utf8(address) });
            }
            plain
        });
    }
    if recipients.is_empty() {
        let none = SubmitOutcome::Refused { reason: "there is nobody to send it to".to_owned() };
        return finish(outcomes, none);
    }

    let options = match mail_options(&connection, from.as_ref(), recipients.iter().map(|(_, a)| a), raw) {
        Ok(options) => options,
        Err(reason) => return finish(outcomes, SubmitOutcome::Refused { reason }),
    };
    if let Err(stop) = step(&mut connection, command, Mail::new(from, options)).await {
        close(connection).await;
        return finish(outcomes, stop.outcome);
    }

    let mut accepted = 0;
    for (index, address) in recipients {
        match step(&mut connection, command, Rcpt::new(address, vec![])).await {
            Ok(_) => accepted += 1,
            Err(Stop { outcome, closed }) => {
                // When the session ends here nobody gets it, not even those accepted before: no message was sent.
                let rest = SubmitOutcome::Deferred { reason: outcome.words().to_owned() };
                outcomes[index] = Some(outcome);
                if closed {
                    return finish(outcomes, rest);
                }
            }
        }
    }
    if accepted == 0 {
        close(connection).await;
        // Every recipient has its own answer by now.
        return finish(outcomes, SubmitOutcome::Deferred { reason: "no recipient was accepted".to_owned() });
    }
    let rest = match step(&mut connection, command, Data).await {
        Ok(_) => match handover.hand_over().await {
            Ok(()) => transfer(&mut connection, &config.timeouts, raw).await,
            // The server waits for a mail whose end never comes, so it takes none (RFC 5321, 4.1.1.4). Whatever were said now
            // would be part of the mail: the connection is dropped without a word.
            Err(reason) => return finish(outcomes, SubmitOutcome::Deferred { reason }),
        },
        Err(stop) => stop.outcome,
    };
    close(connection).await;
    finish(outcomes, rest)
}

/// A command that did not succeed.
struct Stop {
    outcome: SubmitOutcome,
    /// The session cannot go on.
    closed: bool,
}

/// One command before the message itself: whatever goes wrong, nothing is out.
async fn step<C: std::fmt::Display>(
    connection: &mut AsyncSmtpConnection,
    limit: Duration,
    command: C,
) -> Result<Response, Stop> {
    let error = match timeout(limit, connection.command(command)).await {
        Ok(Ok(response)) => return Ok(response),
        Ok(Err(error)) => error,
        Err(_) => {
            let reason = format!("no answer within {} s", limit.as_secs());
            return Err(Stop { outcome: SubmitOutcome::Deferred { reason }, closed: true });
        }
    };
    let reason = words(&error);
    Err(match error.status() {
        Some(_) if error.is_permanent() => Stop { outcome: SubmitOutcome::Refused { reason }, closed: false },
        // 421 announces that the server closes the connection (RFC 5321, 3.8).
        Some(code) => Stop { outcome: SubmitOutcome::Deferred { reason }, closed: code.to_string() == "421" },
        None => {
            let reason = format!("the connection broke: {reason}");
            Stop { outcome: SubmitOutcome::Deferred { reason }, closed: true }
        }
    })
}

/// Sends the message and its final dot. Until the last byte of the message is written a failure means that the
/// server cannot have taken it; from the moment the dot is on its way only the server's answer tells.
async fn transfer(connection: &mut AsyncSmtpConnection, timeouts: &Timeouts, raw: &[u8]) -> SubmitOutcome {
    let limit = timeouts.data;
    let message = canonical(raw);
    // lettre asks the iterator for more only after what it had was written; so when it finds the end, the dot is next.
    let dot = AtomicBool::new(false);
    let chunks = message.chunks(64 * 1024).map(Some).chain(std::iter::once(None)).map_while(|chunk| {
        if chunk.is_none() {
            dot.store(true, Ordering::Release);
        }
        chunk
    });
    let result = timeout(limit, connection.message_iter(chunks)).await;
    let sent = dot.load(Ordering::Acquire);
    match result {
        Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => {
            SubmitOutcome::Accepted { reply: answer(&response) }
        }
        Ok(Ok(response)) => {
            SubmitOutcome::Uncertain { reason: format!("unexpected answer to the message: {}", answer(&response)) }
        }
        Ok(Err(error)) if error.is_permanent() => SubmitOutcome::Refused { reason: words(&error) },
        Ok(Err(error)) if error.status().is_some() => SubmitOutcome::Deferred { reason: words(&error) },
        Ok(Err(error)) if sent => SubmitOutcome::Uncertain {
            reason: format!("the connection broke after the whole message was sent: {}", words(&error)),
        },
        Ok(Err(error)) => {
            // A server that had enough (too big, unwanted) says so before it hangs up; its words may still be there.
            match timeout(Duration::from_secs(2), connection.read_response()).await {
                Ok(Err(said)) if said.is_permanent() => SubmitOutcome::Refused { reason: words(&said) },
                Ok(Err(said)) if said.status().is_some() => SubmitOutcome::Deferred { reason: words(&said) },
                _ => SubmitOutcome::Deferred {
                    reason: format!("the connection broke before the message was complete: {}", words(&error)),
                },
            }
        }
        Err(_) if sent => SubmitOutcome::Uncertain {
            reason: format!("no answer within {} s after the whole message was sent", limit.as_secs()),
        },
        Err(_) => {
            SubmitOutcome::Deferred { reason: format!("the message could not be sent within {} s", limit.as_secs()) }
        }
    }
}

/// `\r\n` line ends (RFC 5321, 2.3.8: no bare CR or LF), without the last one: lettre writes it with the dot.
fn canonical(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            other => out.push(other),
        }
    }
    if out.ends_with(b"\r\n") {
        out.truncate(out.len() - 2);
    }
    out
}

/// SMTPUTF8 and 8BITMIME, where they are needed and offered (RFC 6531, 6152).
fn mail_options<'a>(
    connection: &AsyncSmtpConnection,
    from: Option<&'a Address>,
    recipients: impl Iterator<Item = &'a Address>,
    raw: &[u8],
) -> Result<Vec<MailParameter>, String> {
    let server = connection.server_info();
    let mut options = Vec::new();
    let international = from.into_iter().chain(recipients).find(|a| !AsRef::<str>::as_ref(a).is_ascii());
    if let Some(address) = international {
        if !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(no_utf8(address));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !raw.is_ascii() {
        if !server.supports_feature(Extension::EightBitMime) {
            return Err("the message has 8-bit bytes and the server takes only 7 (8BITMIME)".to_owned());
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

fn no_utf8(address: &Address) -> String {
    format!("{address} has letters beyond ASCII and the server does not take such (SMTPUTF8)")
}

/// International domains go in their ASCII form (RFC 5890), which every server takes.
fn parse_address(text: &str) -> Result<Address, String> {
    let text = crate::compose::ascii_domain(text.trim());
    text.parse().map_err(|_| format!("`{text}` is not a mail address"))
}

pub(super) fn words(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    match (error.status(), error.source()) {
        (Some(code), Some(source)) => format!("{code} {}", one_line(&source.to_string())),
        (Some(code), None) => code.to_string(),
        (None, Some(source)) => one_line(&source.to_string()),
        (None, None) => one_line(&error.to_string()),
    }
}

pub(super) fn answer(response: &Response) -> String {
    format!("{} {}", response.code(), one_line(&response.message().collect::<Vec<_>>().join(" ")))
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says QUIT and does not wait long: the mail's fate is decided.
async fn close(mut connection: AsyncSmtpConnection) {
    let _ = timeout(Duration::from_secs(2), connection.quit()).await;
}

/// Connects, secures, greets and signs in; each step goes into the report.
async fn open(config: &SmtpConfig, report: &mut ProbeReport) -> Result<AsyncSmtpConnection, OpenError> {
    let server = config.server();
    let limit = config.timeouts.connect;
    let plain = config.security == Security::Plain;
    let tcp = net::tcp(&config.host, config.port, plain, limit, report).await?;
    let mut started;
    let hello = hello(config);
    let stream: net::BoxStream = match config.security {
        Security::Plain => Box::new(tcp),
        Security::Tls => {
            started = Instant::now();
            secure(config, tcp, report, started).await?
        }
        Security::StartTls => {
            started = Instant::now();
            let tcp = match timeout(config.timeouts.command, start_tls(tcp, &hello.to_string())).await {
                Ok(Ok(tcp)) => tcp,
                Ok(Err(Some(words))) => {
                    report.fail("starttls", words.clone(), None, started);
                    return Err(OpenError::Greeting { server, words });
                }
                Ok(Err(None)) => {
                    let hint = "use `security = \"tls\"` with port 465, or ask the provider which port takes STARTTLS";
                    report.fail("starttls", "the server does not offer STARTTLS", Some(hint.to_owned()), started);
                    return Err(OpenError::NoStartTls(server));
                }
                Err(_) => {
                    let words = "no greeting in time; is this a TLS port?".to_owned();
                    report.fail("starttls", words.clone(), None, started);
                    return Err(OpenError::Greeting { server, words });
                }
            };
            secure(config, tcp, report, started).await?
        }
    };
    // The plain part of STARTTLS has already taken the only greeting: lettre is given one to read.
    let stream: Box<dyn lettre::transport::smtp::client::AsyncTokioStream> = match config.security {
        Security::StartTls => Box::new(greeted::Greeted::new(stream)),
        _ => Box::new(greeted::Greeted::ungreeted(stream)),
    };
    started = Instant::now();
    let connected = timeout(config.timeouts.command, AsyncSmtpConnection::connect_with_transport(stream, &hello)).await;
    let mut connection = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            let words = words(&error);
            report.fail("greeting", words.clone(), None, started);
            return Err(OpenError::Greeting { server, words });
        }
        Err(_) => {
            let words = format!("no greeting within {} s", config.timeouts.command.as_secs());
            report.fail("greeting", words.clone(), None, started);
            return Err(OpenError::Greeting { server, words });
        }
    };
    report.pass("greeting", connection.server_info().name().to_owned(), started);
    if let Some(auth) = &config.auth {
        started = Instant::now();
        let limit = config.timeouts.command;
        let refused = match auth {
            Auth::Password { username, password } => {
                let credentials = Credentials::new(username.clone(), password.reveal().to_owned());
                let mechanisms = [Mechanism::Plain, Mechanism::Login];
                match timeout(limit, connection.auth(&mechanisms, &credentials)).await {
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) => Some(words(&error)),
                    Err(_) => Some(format!("no answer within {} s", limit.as_secs())),
                }
            }
            Auth::OAuth2 { username, tokens } => xoauth2::sign_in(&mut connection, username, tokens, limit).await.err(),
        };
        let Some(words) = refused else {
            report.pass("sign-in", "accepted", started);
            return Ok(connection);
        };
        let known = refusal::explain(&words, Provider::of_host(&config.host)).map(|known| known.text("en"));
        let hint = known.unwrap_or_else(|| {
            "check user name and password; many providers want an app password or authorisation code here".to_owned()
        });
        report.fail("sign-in", words.clone(), Some(hint), started);
        return Err(OpenError::Auth { server, words });
    }
    Ok(connection)
}

fn hello(config: &SmtpConfig) -> ClientId {
    let fit = |name: &&String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    match config.hello_name.as_ref().filter(fit) {
        Some(name) => ClientId::Domain(name.clone()),
        None => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
    }
}

async fn secure(
    config: &SmtpConfig,
    tcp: tokio::net::TcpStream,
    report: &mut ProbeReport,
    started: Instant,
) -> Result<net::BoxStream, OpenError> {
    match net::tls(tcp, &config.host, config.extra_ca_pem.as_deref(), config.timeouts.connect).await {
        Ok(stream) => {
            report.pass("tls", "the certificate is valid", started);
            Ok(stream)
        }
        Err(error) => {
            report.fail("tls", error.to_string(), Some(connect_hint(&error)), started);
            Err(error.into())
        }
    }
}

/// What to do about a connection that did not come about; also used for IMAP.
pub(crate) fn connect_hint(error: &ConnectError) -> String {
    match error {
        ConnectError::Config(_) => "correct the mailbox's section in tenant.toml".to_owned(),
        ConnectError::Resolve { .. } => "check the host name, and that this machine can resolve names".to_owned(),
        ConnectError::Connect { .. } => "check host and port, and that the server runs".to_owned(),
        ConnectError::Timeout { .. } => "check host and port, and whether a firewall is in the way".to_owned(),
        ConnectError::Tls { .. } => {
            "check that the port speaks TLS; for a private certificate authority name its file as extra CA".to_owned()
        }
    }
}

/// Reads the greeting, says EHLO and STARTTLS in the clear. `Err(None)`: not offered. Nothing may have been sent by
/// the server beyond its answer, or it could slip into the protected part (CVE-2011-0411).
async fn start_tls(mut tcp: tokio::net::TcpStream, hello: &str) -> Result<tokio::net::TcpStream, Option<String>> {
    let greeting = read_answer(&mut tcp).await?;
    if !greeting.starts_with("220") {
        return Err(Some(one_line(&greeting)));
    }
    say(&mut tcp, &format!("EHLO {hello}\r\n")).await?;
    let offers = read_answer(&mut tcp).await?;
    let offered = offers.lines().any(|l| l.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")));
    if !offers.starts_with("250") || !offered {
        return Err(None);
    }
    say(&mut tcp, "STARTTLS\r\n").await?;
    let ready = read_answer(&mut tcp).await?;
    if ready.starts_with("220") { Ok(tcp) } else { Err(Some(one_line(&ready))) }
}

async fn say(tcp: &mut tokio::net::TcpStream, line: &str) -> Result<(), Option<String>> {
    tcp.write_all(line.as_bytes()).await.map_err(|e| Some(e.to_string()))
}

/// One answer of one or more lines, byte by byte so that nothing beyond it is taken.
async fn read_answer(tcp: &mut tokio::net::TcpStream) -> Result<String, Option<String>> {
    let mut text: Vec<u8> = Vec::with_capacity(512);
    let mut line_start = 0;
    while text.len() < 64 * 1024 {
        let byte = tcp.read_u8().await.map_err(|e| Some(format!("the connection broke: {e}")))?;
        text.push(byte);
        if byte == b'\n' {
            let line = &text[line_start..];
            if line.len() < 4 || line[3] != b'-' {
                return Ok(String::from_utf8_lossy(&text).into_owned());
            }
            line_start = text.len();
        }
    }
    Err(Some("the server's answer is endless".to_owned()))
}

/// Looks whether submitting would work: connects, secures, signs in, says goodbye. Sends nothing.
pub async fn probe(config: &SmtpConfig) -> ProbeReport {
    probe_as(config, None).await
}

/// As [`probe`], and asks whether mail from this address would be taken (MAIL FROM, then RSET: nothing is sent).
pub async fn probe_as(config: &SmtpConfig, from: Option<&str>) -> ProbeReport {
    let mut report = ProbeReport::default();
    let Ok(mut connection) = open(config, &mut report).await else { return report };
    if let Some(from) = from {
        let started = Instant::now();
        let asked = match parse_address(from) {
            Ok(address) => match mail_options(&connection, Some(&address), std::iter::empty(), b"") {
                Ok(options) => {
                    let asked = step(&mut connection, config.timeouts.command, Mail::new(Some(address), options)).await;
                    asked.map(drop).map_err(|stop| stop.outcome.words().to_owned())
                }
                Err(words) => Err(words),
            },
            Err(words) => Err(words),
        };
        match asked {
            Ok(()) => {
                report.pass("sender", format!("mail from {from} would be taken"), started);
                let _ = step(&mut connection, config.timeouts.command, Rset).await;
            }
            Err(words) => {
                let known = refusal::explain(&words, Provider::of_host(&config.host)).map(|known| known.text("en"));
                report.fail("sender", words, known, started);
            }
        }
    }
    close(connection).await;
    report
}

/// A stream that lettre can use, with a greeting put in front where the real one was already read.
mod greeted {
    use crate::net::BoxStream;
    use lettre::transport::smtp::client::AsyncTokioStream;
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    #[derive(Debug)]
    pub(super) struct Greeted {
        greeting: &'static [u8],
        stream: BoxStream,
    }

    impl Greeted {
        pub(super) fn new(stream: BoxStream) -> Self {
            Self { greeting: b"220 ready\r\n", stream }
        }

        pub(super) fn ungreeted(stream: BoxStream) -> Self {
            Self { greeting: b"", stream }
        }
    }

    impl AsyncRead for Greeted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            if !self.greeting.is_empty() {
                let take = self.greeting.len().min(buf.remaining());
                let (now, later) = self.greeting.split_at(take);
                buf.put_slice(now);
                self.greeting = later;
                return Poll::Ready(Ok(()));
            }
            Pin::new(&mut self.stream).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Greeted {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    impl AsyncTokioStream for Greeted {
        fn peer_addr(&self) -> std::io::Result<SocketAddr> {
            Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "not known here"))
        }
    }
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
