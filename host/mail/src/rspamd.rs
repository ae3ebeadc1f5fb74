//! A Rspamd that is asked what it thinks of a mail, by its HTTP protocol
//! (<https://rspamd.com/doc/developers/protocol.html>).

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
    /// Its answer makes no sense.
    #[error("Rspamd's answer cannot be understood: {0}")]
    Odd(String),
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

    /// What it thinks of a mail that came to a mailbox. The sender is the one of the envelope where the mail says it.
    ///
    /// # Errors
    /// See [`RspamdError`].
    pub async fn check(
        &self,
        at: &RspamdAt,
        raw: Vec<u8>,
        sender: Option<&str>,
        mailbox: &str,
    ) -> Result<Verdict, RspamdError> {
        let mut request = self.request(reqwest::Method::POST, at, "checkv2").body(raw);
        if let Some(rcpt) = header(mailbox) {
            request = request.header("Rcpt", rcpt.clone()).header("Deliver-To", rcpt);
        }
        if let Some(from) = sender.and_then(header) {
            request = request.header("From", from);
        }
        verdict(&self.answer(request).await?)
    }

    /// Whether it is there and takes the password.
    ///
    /// # Errors
    /// See [`RspamdError`].
    pub async fn try_out(&self, at: &RspamdAt) -> Result<Verdict, RspamdError> {
        let mail = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\nA mail to try Rspamd out.\r\n";
        self.check(at, mail.to_vec(), None, "b@example.com").await
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
        let unreachable = |error: reqwest::Error| RspamdError::Unreachable(crate::net::causes(&error));
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(RspamdError::Odd(format!("it is larger than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let said = serde_json::from_slice::<Answer>(&bytes).ok().and_then(|answer| answer.error);
        let words = said.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        let words = words.chars().filter(|c| !c.is_control()).take(200).collect();
        Err(RspamdError::Refused { status: status.as_u16(), words })
    }
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
