//! Opening a session, and saying one command at a time with a limit on its answer.

use super::{ImapConfig, ImapError};
use crate::net::{self, Auth, BoxStream, ConnectError, ProbeReport, Security};
use async_imap::imap_proto::{Capability, MailboxDatum, RequestId, Response, Status};
use async_imap::{Authenticator, Client, Session};
use futures::FutureExt;
use posthouse_model::config::Provider;
use posthouse_model::refusal;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

/// A signed-in connection, and what the server told unasked.
#[derive(Debug)]
pub(super) struct Wire {
    session: Session<BoxStream>,
    /// Messages in the selected folder, as last told.
    pub(super) exists: u32,
    /// The server told of new messages since the last listing.
    pub(super) news: bool,
    pub(super) idle: bool,
    /// The server tells what went since a point in time (RFC 7162).
    pub(super) qresync: bool,
    /// The shortest time that an answer has taken.
    pub(super) answers_within: Duration,
}

/// The words of an answer that ended a command.
pub(super) struct Ended {
    pub(super) ok: bool,
    pub(super) words: String,
}

/// When this answer ends the command with that tag: how.
pub(super) fn ended(response: &Response<'_>, command: &RequestId) -> Option<Ended> {
    match response {
        Response::Done { tag, status, outcome } if tag == command => Some(Ended {
            ok: *status == Status::Ok,
            words: outcome.information.as_deref().unwrap_or_default().to_owned(),
        }),
        _ => None,
    }
}

impl Wire {
    /// Connects, secures, signs in; each step goes into the report.
    pub(super) async fn open(config: &ImapConfig, report: &mut ProbeReport) -> Result<Self, ImapError> {
        let limit = config.timeouts.connect;
        let server = format!("{}:{}", config.host, config.port);
        let tcp = net::tcp(&config.host, config.port, config.security == Security::Plain, limit, report).await?;

        let mut started = Instant::now();
        let secure =
            async |stream: BoxStream| net::tls(stream, &config.host, config.extra_ca_pem.as_deref(), limit).await;
        let mut client = match config.security {
            Security::Plain => greeted(Client::new(Box::new(tcp) as BoxStream), config).await,
            Security::Tls => match secure(Box::new(tcp)).await {
                Ok(stream) => {
                    report.pass("tls", "the certificate is valid", started);
                    greeted(Client::new(stream), config).await
                }
                Err(error) => {
                    report.fail("tls", error.to_string(), Some(crate::submit::connect_hint(&error)), started);
                    return Err(error.into());
                }
            },
            Security::StartTls => match greeted(Client::new(Box::new(tcp) as BoxStream), config).await {
                Ok(mut plain) => {
                    let said = timeout(config.timeouts.command, plain.run_command_and_check_ok("STARTTLS", None)).await;
                    if let Err(words) =
                        said.map_err(|_| "no answer".to_owned()).and_then(|r| r.map_err(|e| said_no(&e)))
                    {
                        let hint = "use `security = \"tls\"` with port 993 instead".to_owned();
                        report.fail("starttls", words.clone(), Some(hint), started);
                        return Err(ImapError::Tls(format!("{server} does not take STARTTLS: {words}")));
                    }
                    // What the server sent beyond its answer is dropped with the plain client: nothing slips into the
                    // protected part (CVE-2011-0411).
                    match secure(plain.into_inner()).await {
                        Ok(stream) => {
                            report.pass("starttls", "the certificate is valid", started);
                            Ok(Client::new(stream))
                        }
                        Err(error) => {
                            report.fail("tls", error.to_string(), Some(crate::submit::connect_hint(&error)), started);
                            return Err(error.into());
                        }
                    }
                }
                Err(error) => Err(error),
            },
        };
        if let Err(error) = &mut client {
            let hint = "check that this is the IMAP port, and that its security setting is right";
            report.fail("greeting", error.to_string(), Some(hint.to_owned()), started);
        }
        let client = client?;

        started = Instant::now();
        let session = match sign_in(client, &config.auth, config.timeouts.command).await {
            Ok(session) => session,
            Err(error) => {
                report.fail(
                    "sign-in",
                    error.to_string(),
                    Some(sign_in_hint(&error.to_string(), &config.host)),
                    started,
                );
                return Err(error);
            }
        };
        report.pass("sign-in", "accepted", started);
        let mut wire =
            Self { session, exists: 0, news: false, idle: false, qresync: false, answers_within: Duration::MAX };
        started = Instant::now();
        match wire.introduce(config).await {
            Ok(true) => report.pass("id", "the server was told who we are", started),
            Ok(false) => {}
            Err(error) => {
                report.fail("id", error.to_string(), None, started);
                return Err(error);
            }
        }
        Ok(wire)
    }

    /// Asks what the server can do, and says who we are: 163, 126 and yeah.net refuse to open a folder before. Returns whether
    /// it was said.
    async fn introduce(&mut self, config: &ImapConfig) -> Result<bool, ImapError> {
        let mut id = false;
        let mut idle = false;
        let mut qresync = false;
        let limit = config.timeouts.command;
        let started = Instant::now();
        self.command("asking for capabilities", "CAPABILITY", limit, &mut |response| {
            if let Response::Capabilities(capabilities) = response {
                for capability in capabilities {
                    if let Capability::Atom(name) = capability {
                        id |= name.eq_ignore_ascii_case("ID");
                        idle |= name.eq_ignore_ascii_case("IDLE");
                        qresync |= name.eq_ignore_ascii_case("QRESYNC");
                    }
                }
            }
        })
        .await?;
        self.answers_within = started.elapsed();
        self.idle = idle;
        if qresync {
            // It is to be switched on before a folder is opened (RFC 7162, 3.2.3); who refuses does without.
            self.qresync = self.command("switching QRESYNC on", "ENABLE QRESYNC", limit, &mut |_| {}).await?.ok;
        }
        let host = config.host.to_ascii_lowercase();
        let wants_id = ["163.com", "126.com", "yeah.net", "188.com", "netease.com", "vip.163.com"];
        if id || wants_id.iter().any(|w| host.ends_with(w)) {
            let command = format!(
                "ID (\"name\" \"Posthouse\" \"version\" \"{}\" \"vendor\" \"Posthouse\")",
                env!("CARGO_PKG_VERSION")
            );
            // A server that does not like it says so, and that is all.
            self.command("introducing ourselves", &command, limit, &mut |_| {}).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Says a command and hands every untagged answer over until it ends. `limit` bounds the wait for each answer.
    pub(super) async fn command(
        &mut self,
        what: &str,
        command: &str,
        limit: Duration,
        each: &mut (dyn for<'r> FnMut(&'r Response<'r>) + Send),
    ) -> Result<Ended, ImapError> {
        let tag = self.say(what, command, limit).await?;
        loop {
            let told = self.next(what, limit, |response| match response {
                Response::Done { .. } => ended(response, &tag),
                other => {
                    each(other);
                    None
                }
            });
            if let Some(ended) = told.await? {
                return Ok(ended);
            }
        }
    }

    /// As [`Self::command`], with an error when the server refuses.
    pub(super) async fn must(
        &mut self,
        what: &str,
        command: &str,
        limit: Duration,
        each: &mut (dyn for<'r> FnMut(&'r Response<'r>) + Send),
    ) -> Result<(), ImapError> {
        let ended = self.command(what, command, limit, each).await?;
        if ended.ok { Ok(()) } else { Err(ImapError::Refused { what: what.to_owned(), words: ended.words }) }
    }

    pub(super) async fn say(&mut self, what: &str, command: &str, limit: Duration) -> Result<RequestId, ImapError> {
        match timeout(limit, self.session.run_command(command)).await {
            Ok(Ok(tag)) => Ok(tag),
            Ok(Err(_)) => Err(ImapError::Closed(what.to_owned())),
            Err(_) => Err(ImapError::Timeout { what: what.to_owned(), after: limit }),
        }
    }

    /// Hands over the next answer; what it tells about the folder is noted.
    pub(super) async fn next<T>(
        &mut self,
        what: &str,
        limit: Duration,
        look: impl for<'r> FnOnce(&'r Response<'r>) -> T,
    ) -> Result<T, ImapError> {
        // The protocol parser slices text by bytes here and there: a panic in it must not take the mailbox down.
        let read = AssertUnwindSafe(self.session.read_response()).catch_unwind();
        let response = match timeout(limit, read).await {
            Err(_) => return Err(ImapError::Timeout { what: what.to_owned(), after: limit }),
            Ok(Err(_)) => {
                return Err(ImapError::Protocol { what: what.to_owned(), words: "the parser failed".to_owned() });
            }
            Ok(Ok(Err(error))) if error.kind() == std::io::ErrorKind::Other => {
                // The library puts all the bytes into its message: they are the customer's mail, so they stay out.
                return Err(ImapError::Protocol { what: what.to_owned(), words: "it is not IMAP".to_owned() });
            }
            Ok(Ok(Err(_)) | Ok(Ok(None))) => return Err(ImapError::Closed(what.to_owned())),
            Ok(Ok(Ok(Some(response)))) => response,
        };
        match response.parsed() {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.news |= *count > self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            // With QRESYNC this is said instead of EXPUNGE; of those that went earlier EXISTS knows already.
            Response::Vanished { earlier: false, uids } => {
                let gone = uids.iter().map(|range| range.end().saturating_sub(*range.start()).saturating_add(1));
                self.exists = self.exists.saturating_sub(gone.fold(0, u32::saturating_add));
            }
            Response::Data { status: Status::Bye, .. } => return Err(ImapError::Closed(what.to_owned())),
            _ => {}
        }
        Ok(look(response.parsed()))
    }

    /// Writes bytes as they are: the literal of an APPEND, the end of an IDLE.
    pub(super) async fn write(&mut self, what: &str, bytes: &[u8], limit: Duration) -> Result<(), ImapError> {
        let stream = self.session.as_mut();
        let write = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match timeout(limit, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(ImapError::Closed(what.to_owned())),
            Err(_) => Err(ImapError::Timeout { what: what.to_owned(), after: limit }),
        }
    }
}

/// Reads the server's greeting.
async fn greeted(mut client: Client<BoxStream>, config: &ImapConfig) -> Result<Client<BoxStream>, ImapError> {
    let what = || "the greeting".to_owned();
    let limit = config.timeouts.command;
    match timeout(limit, client.read_response()).await {
        Err(_) => Err(ImapError::Timeout { what: what(), after: limit }),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::Other => {
            Err(ImapError::Protocol { what: what(), words: "it is not IMAP".to_owned() })
        }
        Ok(Err(_) | Ok(None)) => Err(ImapError::Closed(what())),
        Ok(Ok(Some(response))) => match response.parsed() {
            Response::Data { status: Status::Ok | Status::PreAuth, .. } => Ok(client),
            Response::Data { outcome, .. } => Err(ImapError::Refused {
                what: "the connection".to_owned(),
                words: outcome.information.as_deref().unwrap_or_default().to_owned(),
            }),
            _ => Err(ImapError::Protocol { what: what(), words: "no greeting".to_owned() }),
        },
    }
}

/// Says the whole first time, and nothing to a challenge that carries an error (as XOAUTH2 servers send one): its words are
/// kept, since the refusal that follows says less.
struct Once<'a> {
    answer: Option<String>,
    challenge: &'a mut String,
}

impl Authenticator for Once<'_> {
    type Response = String;

    fn process(&mut self, challenge: &[u8]) -> String {
        self.answer.take().unwrap_or_else(|| {
            *self.challenge = net::xoauth2_error(challenge);
            String::new()
        })
    }
}

type SignedIn = Result<Session<BoxStream>, (async_imap::error::Error, Client<BoxStream>)>;

async fn bounded(limit: Duration, work: impl Future<Output = SignedIn>) -> Result<SignedIn, ImapError> {
    timeout(limit, work).await.map_err(|_| ImapError::Timeout { what: "signing in".to_owned(), after: limit })
}

async fn sign_in(client: Client<BoxStream>, auth: &Auth, limit: Duration) -> Result<Session<BoxStream>, ImapError> {
    let mut challenge = String::new();
    let result = match auth {
        Auth::Password { username, password } if username.is_ascii() && password.reveal().is_ascii() => {
            bounded(limit, client.login(username, password.reveal())).await?
        }
        Auth::Password { username, password } => {
            // LOGIN takes ASCII only (RFC 3501, 6.2.3); SASL PLAIN takes UTF-8.
            let answer = Some(format!("\0{username}\0{}", password.reveal()));
            let once = Once { answer, challenge: &mut challenge };
            bounded(limit, client.authenticate("PLAIN", once)).await?
        }
        Auth::OAuth2 { username, tokens } => {
            let first = tokens.0.token(None).await.map_err(ImapError::Token)?;
            let once = Once { answer: Some(net::xoauth2(username, &first)), challenge: &mut challenge };
            match bounded(limit, client.authenticate("XOAUTH2", once)).await? {
                // It may have been revoked before its time: once more with a new one.
                Err((async_imap::error::Error::No(_), client)) => {
                    let next = tokens.0.token(Some(&first)).await.map_err(ImapError::Token)?;
                    let once = Once { answer: Some(net::xoauth2(username, &next)), challenge: &mut challenge };
                    bounded(limit, client.authenticate("XOAUTH2", once)).await?
                }
                other => other,
            }
        }
    };
    result.map_err(|(error, _)| match &error {
        async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => {
            let words = said_no(&error);
            ImapError::Auth(if challenge.is_empty() { words } else { format!("{words} ({challenge})") })
        }
        async_imap::error::Error::Validate(_) => {
            ImapError::Config("user name or password holds a line end; correct the secret".to_owned())
        }
        _ => ImapError::Closed("signing in".to_owned()),
    })
}

/// The server's own words out of the library's error.
fn said_no(error: &async_imap::error::Error) -> String {
    use async_imap::error::Error;
    match error {
        Error::No(text) | Error::Bad(text) => match text.split_once("info: Some(\"") {
            Some((_, words)) => words.strip_suffix("\")").unwrap_or(words).replace("\\\"", "\"").replace("\\\\", "\\"),
            None => "no reason given".to_owned(),
        },
        Error::ConnectionLost => "the connection was closed".to_owned(),
        _ => "the answer cannot be understood".to_owned(),
    }
}

/// What to do about a sign-in that failed, by what providers say.
fn sign_in_hint(words: &str, host: &str) -> String {
    match refusal::explain(words, Provider::of_host(host)) {
        Some(known) => known.text("en"),
        None => "check user name and password; many providers want an app password or authorisation code, and IMAP switched on"
            .to_owned(),
    }
}

impl From<ConnectError> for ImapError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Config(_) => Self::Config(error.to_string()),
            ConnectError::Tls { .. } => Self::Tls(error.to_string()),
            _ => Self::Connect(error.to_string()),
        }
    }
}
