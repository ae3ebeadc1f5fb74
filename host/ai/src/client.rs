//! The call.

use crate::error::clean;
use crate::provider::{Prompt, Provider};
use crate::stream::{Fault, Heard};
use crate::wire::{Answer, ErrorWords, Stop};
use crate::{AiError, anthropic, budget, wire};
use bytes::BytesMut;
use posthouse_model::config::ModelApi;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use std::time::Duration;
use tokio::time::Instant;

/// What a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// The provider did not say: estimated from the texts.
    pub estimated: bool,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// What a model answered: untrusted text, never markup, never an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Never empty.
    pub text: String,
    /// As the provider named it in the answer, else as asked.
    pub model: String,
    /// What it cost.
    pub usage: Usage,
    /// It was cut at the limit of output tokens.
    pub truncated: bool,
}

/// A model that answered a trial question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// As the provider named it.
    pub model: String,
    /// What the trial cost.
    pub usage: Usage,
}

/// How calls are made.
#[derive(Clone, Debug)]
pub struct ModelsOptions {
    /// Sent with every request.
    pub user_agent: String,
    /// `http://proxy.example:3128`; none: straight. The environment is not looked at.
    pub proxy: Option<String>,
    /// Certificates (DER) trusted besides the system's.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for ModelsOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("posthouse/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            extra_roots: Vec::new(),
        }
    }
}

/// Is told all that an answer says so far, whenever there is more. Untrusted text, and nothing has looked at it yet.
pub type SoFar<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Makes calls. Cheap to clone; all clones share connections. Holds no key.
#[derive(Clone, Debug)]
pub struct Models {
    http: reqwest::Client,
}

/// Largest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Of an answer that comes piece by piece, with all that is said about each piece.
const STREAM_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Of an error, only this much is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Between the first attempt and the second; twice as long before the third.
const RETRY_WAIT: Duration = Duration::from_millis(500);
/// A provider that asks for a longer pause is not tried again within the call.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(10);

impl Models {
    /// # Errors
    /// [`AiError::Setup`] when the proxy's address or a certificate cannot be used.
    pub fn new(options: ModelsOptions) -> Result<Self, AiError> {
        let setup = |what: &str, error: &dyn std::fmt::Display| AiError::Setup(format!("{what}: {error}"));
        let mut roots = rustls::RootCertStore::empty();
        // A machine without certificates can still use a model on its own network; TLS then fails with its own words.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for der in options.extra_roots {
            roots.add(rustls_pki_types::CertificateDer::from(der)).map_err(|e| setup("an extra certificate", &e))?;
        }
        let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|e| setup("TLS", &e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(options.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        if let Some(proxy) = options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(&proxy).map_err(|e| setup("the proxy's address", &e))?);
        }
        Ok(Self { http: builder.build().map_err(|e| setup("the HTTP client", &e))? })
    }

    /// Asks; again, as often as the set-up allows, while the provider is in trouble or asks to slow down for a moment. Models that know
    /// the output limit only under its newer name are asked again under that name.
    ///
    /// # Errors
    /// See [`AiError`], the last attempt's. The timeout of the provider's set-up covers the whole call with all its attempts.
    pub async fn complete(&self, provider: &Provider, prompt: &Prompt) -> Result<Completion, AiError> {
        self.call(provider, prompt, None).await
    }

    /// As [`Models::complete`], and tells of the answer while it comes. A provider that does not know how to is asked for all of it at
    /// once. An attempt that breaks off is begun anew: then there is less text than before.
    ///
    /// # Errors
    /// As [`Models::complete`].
    pub async fn complete_streaming(
        &self,
        provider: &Provider,
        prompt: &Prompt,
        so_far: SoFar<'_>,
    ) -> Result<Completion, AiError> {
        self.call(provider, prompt, Some(so_far)).await
    }

    async fn call(
        &self,
        provider: &Provider,
        prompt: &Prompt,
        mut so_far: Option<SoFar<'_>>,
    ) -> Result<Completion, AiError> {
        let bytes: usize = prompt.instructions.len() + prompt.inputs.iter().map(String::len).sum::<usize>();
        if bytes > Prompt::BYTES_MAX {
            return Err(AiError::Rejected {
                status: 413,
                words: format!("the prompt is {bytes} bytes long, the limit is {}", Prompt::BYTES_MAX),
            });
        }
        if prompt.inputs.iter().all(|input| input.trim().is_empty()) && prompt.instructions.trim().is_empty() {
            return Err(AiError::Rejected { status: 400, words: "the prompt is empty".to_owned() });
        }
        let begun = Instant::now();
        let mut wait = RETRY_WAIT;
        let mut attempt = 1;
        let mut newer = false;
        loop {
            let left = provider.timeout.saturating_sub(begun.elapsed());
            let error = match self.ask(provider, prompt, newer, left, so_far).await {
                Ok(completion) => return Ok(completion),
                Err(AiError::Rejected { status: 400, words }) if !newer && words.contains("max_completion_tokens") => {
                    newer = true;
                    continue;
                }
                Err(AiError::Rejected { status: 400 | 422, words }) if so_far.is_some() && words.contains("stream") => {
                    so_far = None;
                    continue;
                }
                Err(error) => error,
            };
            if let AiError::RateLimited { retry_after: Some(asked), .. } = &error {
                wait = (*asked).max(RETRY_WAIT);
            }
            // One that would come too late is not waited for: a template stands in meanwhile.
            let is_in_time = wait < RETRY_WAIT_MAX && begun.elapsed() + wait * 2 < provider.timeout;
            if attempt >= provider.attempts || !error.is_temporary() || !is_in_time {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            attempt += 1;
            wait *= 2;
        }
    }

    /// Asks for one short word, to see that address, key and model work together. Costs a few tokens.
    ///
    /// # Errors
    /// As [`Models::complete`].
    pub async fn probe(&self, provider: &Provider) -> Result<Probe, AiError> {
        let prompt = Prompt {
            instructions: String::new(),
            inputs: vec!["Reply with the word OK.".to_owned()],
            // Enough for models that think before they speak.
            max_output_tokens: Some(64),
        };
        let bare = match self.complete(provider, &prompt).await {
            // Thinking used it all up: it answered all the same.
            Err(AiError::Malformed(words)) if words == EMPTY_AT_LIMIT => None,
            result => Some(result?),
        };
        Ok(match bare {
            Some(answer) => Probe { model: answer.model, usage: answer.usage },
            None => Probe {
                model: provider.model.clone(),
                usage: Usage { input_tokens: provider.reservation(&prompt), output_tokens: 0, estimated: true },
            },
        })
    }

    async fn ask(
        &self,
        provider: &Provider,
        prompt: &Prompt,
        newer: bool,
        timeout: Duration,
        so_far: Option<SoFar<'_>>,
    ) -> Result<Completion, AiError> {
        let limit = provider.output_tokens(prompt);
        let body = match provider.api {
            ModelApi::OpenAi | ModelApi::Azure => {
                wire::request(&provider.model, prompt, limit, newer, so_far.is_some())
            }
            ModelApi::Anthropic => anthropic::request(&provider.model, prompt, limit, so_far.is_some()),
        };
        let accept = if so_far.is_some() { EVENT_STREAM } else { "application/json" };
        let mut request = self.http.post(provider.endpoint.clone()).timeout(timeout).header(ACCEPT, accept);
        request = request.header(CONTENT_TYPE, "application/json").body(body);
        if provider.api == ModelApi::Anthropic {
            request = request.header(anthropic::VERSION_HEADER, anthropic::VERSION);
        }
        if let Some(key) = &provider.key {
            let (name, value) = match provider.api {
                ModelApi::OpenAi => (AUTHORIZATION, format!("Bearer {}", key.reveal())),
                ModelApi::Anthropic => (HeaderName::from_static("x-api-key"), key.reveal().to_owned()),
                ModelApi::Azure => (HeaderName::from_static("api-key"), key.reveal().to_owned()),
            };
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| AiError::Setup("the model's key cannot be put into a header".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let words = |error: reqwest::Error| AiError::Unavailable(connection_words(provider, &error));
        let response = request.send().await.map_err(words)?;
        let status = response.status();
        if !status.is_success() {
            let headers = response.headers().clone();
            // An error whose body does not come is still that error.
            let body = read_body(provider, response, ERROR_BYTES_MAX, true).await.unwrap_or_default();
            return Err(refusal(provider, status.as_u16(), &headers, &body));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some(so_far) = so_far
            && kind.trim_start().to_ascii_lowercase().starts_with(EVENT_STREAM)
        {
            let answer = listen(provider, response, so_far).await?;
            return completion(provider, prompt, answer);
        }
        let body = read_body(provider, response, ANSWER_BYTES_MAX, false).await?;
        let read = match provider.api {
            ModelApi::OpenAi | ModelApi::Azure => wire::answer(&body),
            ModelApi::Anthropic => anthropic::answer(&body),
        };
        completion(provider, prompt, read.map_err(|words| malformed(provider, &words))?)
    }
}

/// RFC 6838's registration of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";

fn malformed(provider: &Provider, words: &str) -> AiError {
    AiError::Malformed(clean(&provider.key.as_ref().map_or(words.to_owned(), |key| key.redact(words))))
}

/// Hears an answer to its end.
async fn listen(provider: &Provider, mut response: reqwest::Response, so_far: SoFar<'_>) -> Result<Answer, AiError> {
    let mut heard = Heard::new(provider.api);
    let mut bytes = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                bytes += chunk.len();
                if bytes > STREAM_BYTES_MAX {
                    return Err(malformed(
                        provider,
                        &format!("the answer is larger than {} KiB", STREAM_BYTES_MAX / 1024),
                    ));
                }
                let more = heard.hear(&chunk).map_err(|fault| match fault {
                    Fault::Malformed(words) => malformed(provider, &words),
                    Fault::Told(words) => {
                        let words = provider.key.as_ref().map_or(words.clone(), |key| key.redact(&words));
                        AiError::Unavailable(format!("{}: {}", provider.host(), clean(&words)))
                    }
                })?;
                if more {
                    match &provider.key {
                        Some(key) => so_far(&key.redact(heard.text())),
                        None => so_far(heard.text()),
                    }
                }
            }
            Ok(None) => {
                let words =
                    || AiError::Unavailable(format!("{} broke off in the middle of its answer", provider.host()));
                return heard.end().ok_or_else(words);
            }
            Err(error) => return Err(AiError::Unavailable(connection_words(provider, &error))),
        }
    }
}

const EMPTY_AT_LIMIT: &str = "the limit of output tokens was reached before the first word";

async fn read_body(
    provider: &Provider,
    mut response: reqwest::Response,
    bytes_max: usize,
    cut: bool,
) -> Result<BytesMut, AiError> {
    let too_large = || AiError::Malformed(format!("the answer is larger than {} KiB", bytes_max / 1024));
    let announced = response.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if !cut && announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk);
                if body.len() > bytes_max {
                    if cut {
                        body.truncate(bytes_max);
                        return Ok(body);
                    }
                    return Err(too_large());
                }
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err(AiError::Unavailable(connection_words(provider, &error))),
        }
    }
}

fn completion(provider: &Provider, prompt: &Prompt, answer: Answer) -> Result<Completion, AiError> {
    let redact = |words: &str| clean(&provider.key.as_ref().map_or(words.to_owned(), |key| key.redact(words)));
    let Answer { model, text, stop, input_tokens, output_tokens } = answer;
    let text = provider.key.as_ref().map_or_else(|| text.clone(), |key| key.redact(&text));
    let text = text.trim();
    match stop {
        Stop::Refused(words) if !words.trim().is_empty() => {
            return Err(AiError::Rejected { status: 200, words: redact(&words) });
        }
        Stop::Refused(_) if text.is_empty() => {
            let words = "the provider's content filter held the answer back".to_owned();
            return Err(AiError::Rejected { status: 200, words });
        }
        Stop::Limit if text.is_empty() => return Err(AiError::Malformed(EMPTY_AT_LIMIT.to_owned())),
        _ if text.is_empty() => return Err(AiError::Malformed("the answer is empty".to_owned())),
        _ => {}
    }
    let usage = if input_tokens + output_tokens > 0 {
        Usage { input_tokens, output_tokens, estimated: false }
    } else {
        let output = budget::estimate_tokens(text);
        Usage { input_tokens: provider.input_tokens(prompt), output_tokens: output, estimated: true }
    };
    let model = model.map(|name| redact(&name)).filter(|name| name != "(no words)");
    let model = model.unwrap_or_else(|| provider.model.clone());
    Ok(Completion { text: text.to_owned(), model, usage, truncated: matches!(stop, Stop::Limit) })
}

fn refusal(provider: &Provider, status: u16, headers: &HeaderMap, body: &[u8]) -> AiError {
    let told = ErrorWords::read(body);
    let words = clean(&provider.key.as_ref().map_or(told.words.clone(), |key| key.redact(&told.words)));
    match status {
        300..=399 => AiError::Rejected {
            status,
            words: "the endpoint answers with a redirect, which is not followed; write its target as base_url"
                .to_owned(),
        },
        // Out of credit wears the same status as too fast, but waiting does not mend it.
        429 if told.code.contains("insufficient_quota") => AiError::Rejected { status, words },
        429 => AiError::RateLimited { retry_after: retry_after(headers), words },
        408 | 409 | 425 | 500..=599 => AiError::Unavailable(format!("{} answered {status}: {words}", provider.host())),
        _ => AiError::Rejected { status, words },
    }
}

/// RFC 9110, section 10.2.3: seconds, or a date, which is compared with the date of the answer itself.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let parse = |text: &str| jiff::fmt::rfc2822::parse(text.trim()).ok().map(|at| at.timestamp());
    let now = parse(headers.get(DATE)?.to_str().ok()?)?;
    let wait = parse(text)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX))
}

/// The innermost cause says most: "connection refused", "certificate has expired".
fn connection_words(provider: &Provider, error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return if error.is_connect() {
            format!("no connection to {} within {} s", provider.host(), CONNECT_TIMEOUT.as_secs())
        } else {
            format!("no answer from {} within {} s", provider.host(), provider.timeout.as_secs())
        };
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let words = cause.to_string();
    let words = provider.key.as_ref().map_or(words.clone(), |key| key.redact(&words));
    clean(&format!("{}: {words}", provider.host()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        let seconds = |h: &[_]| retry_after(&headers(h)).map(|d| d.as_secs());
        assert_eq!(seconds(&[("retry-after", "7")]), Some(7));
        assert_eq!(seconds(&[("retry-after", "999999")]), Some(3_600));
        let date = ("date", "Sun, 01 Mar 2026 08:00:00 GMT");
        assert_eq!(seconds(&[date, ("retry-after", "Sun, 01 Mar 2026 08:01:30 GMT")]), Some(90));
        assert_eq!(seconds(&[date, ("retry-after", "Sun, 01 Mar 2026 07:00:00 GMT")]), Some(0));
        assert_eq!(seconds(&[("retry-after", "Sun, 01 Mar 2026 08:01:30 GMT")]), None);
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
    }
}
