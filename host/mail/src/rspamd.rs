//! A Rspamd that is asked what it thinks of a mail, and taught what people think of it, by its HTTP protocol
//! (<https://rspamd.com/doc/developers/protocol.html>).

use crate::hop::Hop;
use crate::net::Secret;
use serde::Deserialize;
use std::collections::HashMap;
use std::time::Duration;
use thiserror::Error;

/// Longest answer that is read, in bytes. Symbols of one mail are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Symbols that are told to a person, the heaviest.
const SYMBOLS_TOLD: usize = 5;

/// How to reach one.
#[derive(Clone, Debug)]
pub struct RspamdAt {
    /// `http://127.0.0.1:11333`
    pub url: String,
    /// When it asks for one.
    pub password: Option<Secret>,
    /// For the whole conversation about one mail.
    pub timeout: Duration,
}

/// Why there is no verdict.
#[derive(Debug, Error)]
pub enum RspamdError {
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Setup(String),
    /// No answer, or none in time.
    #[error("Rspamd cannot be reached: {0}")]
    Unreachable(String),
    /// It refused: a wrong password, a mail too large for it.
    #[error("Rspamd refused with status {status}: {words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its own words.
        words: String,
    },
    /// It only checks: teaching is its controller's.
    #[error(
        "this is Rspamd's normal worker, which learns nothing: its controller does (port 11334 unless it was given another)"
    )]
    NotController,
    /// It knows the password as one that may look and not teach.
    #[error("this password may look and not teach: Rspamd's controller wants its enable_password for that")]
    ReadOnly,
    /// Its answer makes no sense.
    #[error("Rspamd's answer cannot be understood: {0}")]
    Odd(String),
}

/// What is known of the way a mail came, beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'m> {
    /// The sender, where the mail says it: empty for a report.
    pub sender: Option<&'m str>,
    /// The address that the mail came to.
    pub mailbox: &'m str,
    /// Who handed it over, where that is clear.
    pub hop: Option<Hop>,
}

/// What became of teaching it a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taught {
    /// It learned it.
    Learned,
    /// It had learned the same of this mail before.
    Already,
    /// It learns nothing of this mail, and trying again would not help: too few words, a condition of its own. In its words.
    Not(String),
}

impl Taught {
    /// One word for the record.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Already => "known",
            Self::Not(_) => "not learned",
        }
    }
}

/// What Rspamd thinks.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// `no action`, `greylist`, `add header`, `rewrite subject`, `soft reject`, `reject`, or one of the client's own.
    pub action: String,
    /// The sum of its symbols.
    pub score: f64,
    /// From which score it rejects.
    pub required: f64,
    /// What it found, the heaviest first, at most 5.
    pub symbols: Vec<(String, f64)>,
}

impl Verdict {
    /// Whether the mail is spam: by score where a least one is given, else where Rspamd would mark it, reject it, put it aside or
    /// drop it. Greylisting and soft rejects only ask a server to come again.
    #[must_use]
    pub fn is_spam(&self, score_min: Option<f64>) -> bool {
        match score_min {
            Some(least) => self.score >= least,
            None => {
                ["add header", "rewrite subject", "reject", "quarantine", "discard"].contains(&self.action.as_str())
            }
        }
    }

    /// `score 15.2 of 15, reject: GTUBE, R_SPF_FAIL`
    #[must_use]
    pub fn words(&self) -> String {
        let symbols: Vec<&str> = self.symbols.iter().map(|(name, _)| name.as_str()).collect();
        let sum = format!("score {:.1} of {:.0}, {}", self.score, self.required, self.action);
        if symbols.is_empty() { sum } else { format!("{sum}: {}", symbols.join(", ")) }
    }
}

#[derive(Deserialize)]
struct Answer {
    action: Option<String>,
    score: Option<f64>,
    required_score: Option<f64>,
    #[serde(default)]
    symbols: HashMap<String, Symbol>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Symbol {
    #[serde(default)]
    score: f64,
}

/// Asks. Clones share connections.
#[derive(Clone, Debug)]
pub struct RspamdClient {
    http: reqwest::Client,
}

impl RspamdClient {
    /// # Errors
    /// [`RspamdError::Setup`] when TLS cannot be set up.
    pub fn new() -> Result<Self, RspamdError> {
        let tls = crate::net::system_tls().map_err(|error| RspamdError::Setup(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .user_agent(concat!("posthouse/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| RspamdError::Setup(error.to_string()))?;
        Ok(Self { http })
    }

    /// What it thinks of a mail.
    ///
    /// # Errors
    /// See [`RspamdError`].
    pub async fn check(&self, at: &RspamdAt, raw: Vec<u8>, envelope: &Envelope<'_>) -> Result<Verdict, RspamdError> {
        let mut request = self.request(reqwest::Method::POST, at, "checkv2").body(raw);
        if let Some(rcpt) = header(envelope.mailbox) {
            request = request.header("Rcpt", rcpt.clone()).header("Deliver-To", rcpt);
        }
        if let Some(from) = envelope.sender.and_then(header) {
            request = request.header("From", from);
        }
        if let Some(hop) = &envelope.hop {
            request = request.header("IP", hop.address.to_string());
            if let Some(helo) = hop.helo.as_deref().and_then(header) {
                request = request.header("Helo", helo);
            }
        }
        verdict(&self.answer(request).await?)
    }

    /// Teaches its controller that a mail is spam, or that it is none. What it learned otherwise of the same mail it takes back by
    /// itself.
    ///
    /// # Errors
    /// See [`RspamdError`]; of [`RspamdError::Refused`] 400 and 413 are about this mail, the others about the controller.
    pub async fn teach(&self, at: &RspamdAt, raw: Vec<u8>, spam: bool) -> Result<Taught, RspamdError> {
        let path = if spam { "learnspam" } else { "learnham" };
        let request = self.request(reqwest::Method::POST, at, path).body(raw);
        let (status, bytes) = self.raw_answer(request).await?;
        match status {
            // It keeps its words for this one in the status line, since such an answer has no body.
            204 => {
                let words = if bytes.is_empty() { "no reason given".to_owned() } else { words(&bytes) };
                Ok(Taught::Not(words))
            }
            208 => Ok(Taught::Already),
            200..=299 => Ok(Taught::Learned),
            status => match refused(status, &bytes) {
                // What its SQLite cache says; the one in Redis says 208.
                RspamdError::Refused { status: 404, words } if words.contains("already learned") => Ok(Taught::Already),
                error => Err(error),
            },
        }
    }

    /// Whether its controller is there, takes the password, and would learn.
    ///
    /// # Errors
    /// See [`RspamdError`].
    pub async fn try_teaching(&self, at: &RspamdAt) -> Result<(), RspamdError> {
        #[derive(Deserialize)]
        struct Auth {
            read_only: Option<bool>,
        }
        let bytes = self.answer(self.request(reqwest::Method::GET, at, "auth")).await?;
        let auth: Auth = serde_json::from_slice(&bytes).map_err(|error| RspamdError::Odd(error.to_string()))?;
        if auth.read_only == Some(true) { Err(RspamdError::ReadOnly) } else { Ok(()) }
    }

    /// Whether it is there and takes the password.
    ///
    /// # Errors
    /// See [`RspamdError`].
    pub async fn try_out(&self, at: &RspamdAt) -> Result<Verdict, RspamdError> {
        let mail = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\nA mail to try Rspamd out.\r\n";
        self.check(at, mail.to_vec(), &Envelope { mailbox: "b@example.com", ..Envelope::default() }).await
    }

    fn request(&self, method: reqwest::Method, at: &RspamdAt, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", at.url.trim_end_matches('/'));
        let request = self.http.request(method, url).timeout(at.timeout);
        match at.password.as_ref().and_then(|password| header(password.reveal())) {
            Some(mut password) => {
                password.set_sensitive(true);
                request.header("Password", password)
            }
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, RspamdError> {
        let (status, bytes) = self.raw_answer(request).await?;
        if (200..300).contains(&status) { Ok(bytes) } else { Err(refused(status, &bytes)) }
    }

    /// Status and body; where there is no body, the words of the status line if they are not the usual ones.
    async fn raw_answer(&self, request: reqwest::RequestBuilder) -> Result<(u16, Vec<u8>), RspamdError> {
        let unreachable = |error: reqwest::Error| RspamdError::Unreachable(crate::net::causes(&error));
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let phrase = response.extensions().get::<hyper::ext::ReasonPhrase>().map(|phrase| phrase.as_bytes().to_vec());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(RspamdError::Odd(format!("it is larger than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((status, if bytes.is_empty() { phrase.unwrap_or_default() } else { bytes }))
    }
}

fn refused(status: u16, bytes: &[u8]) -> RspamdError {
    let words = words(bytes);
    if words.contains("invalid command") { RspamdError::NotController } else { RspamdError::Refused { status, words } }
}

/// What an answer that is no verdict says, at most 200 characters.
fn words(bytes: &[u8]) -> String {
    let said = serde_json::from_slice::<Answer>(bytes).ok().and_then(|answer| answer.error);
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    said.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// None: it cannot stand in a header.
fn header(text: &str) -> Option<reqwest::header::HeaderValue> {
    reqwest::header::HeaderValue::from_bytes(text.as_bytes()).ok()
}

fn verdict(bytes: &[u8]) -> Result<Verdict, RspamdError> {
    let answer: Answer = serde_json::from_slice(bytes).map_err(|error| RspamdError::Odd(error.to_string()))?;
    if let Some(words) = answer.error {
        return Err(RspamdError::Odd(words));
    }
    let (Some(action), Some(score)) = (answer.action, answer.score) else {
        return Err(RspamdError::Odd("it holds no action and no score".to_owned()));
    };
    let mut symbols: Vec<(String, f64)> = answer
        .symbols
        .into_iter()
        .map(|(name, symbol)| (name, symbol.score))
        .filter(|(_, score)| *score > 0.0)
        .collect();
    symbols.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    symbols.truncate(SYMBOLS_TOLD);
    Ok(Verdict { action, score, required: answer.required_score.unwrap_or_default(), symbols })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_verdict_names_what_weighs_most() {
        let text = r#"{"is_skipped":false,"score":8.2,"required_score":15.0,"action":"add header","symbols":{
            "A":{"name":"A","score":0.1},"B":{"name":"B","score":4.0},"C":{"name":"C","score":-2.0},
            "D":{"name":"D","score":6.1},"E":{"score":0.0}},"messages":{},"time_real":0.1}"#;
        let verdict = verdict(text.as_bytes()).unwrap();
        assert_eq!(verdict.words(), "score 8.2 of 15, add header: D, B, A");
        assert!(verdict.is_spam(None));
        assert!(verdict.is_spam(Some(8.2)) && !verdict.is_spam(Some(8.3)));
    }

    #[test]
    fn asking_a_server_to_come_again_is_no_verdict_of_spam() {
        let of = |action: &str| Verdict { action: action.into(), score: 5.0, required: 15.0, symbols: vec![] };
        for (action, spam) in [
            ("no action", false),
            ("greylist", false),
            ("soft reject", false),
            ("add header", true),
            ("rewrite subject", true),
            ("reject", true),
        ] {
            assert_eq!(of(action).is_spam(None), spam, "{action}");
        }
    }

    #[test]
    fn an_odd_answer_is_told() {
        for text in ["", "[]", "{}", r#"{"action":"reject"}"#, r#"{"error":"no such thing"}"#] {
            assert!(matches!(verdict(text.as_bytes()), Err(RspamdError::Odd(_))), "{text}");
        }
    }
}
