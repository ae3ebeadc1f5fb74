//! The call.

use crate::error::clean;
use crate::provider::{Prompt, Provider};
use crate::wire::{ChatAnswer, ChatMessage, ChatRequest, ErrorWords};
use crate::{AiError, budget};
use bytes::BytesMut;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::time::Duration;

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

/// Makes calls. Cheap to clone; all clones share connections. Holds no key.
#[derive(Clone, Debug)]
pub struct Models {
    http: reqwest::Client,
}

/// Largest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Of an error, only this much is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

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

    /// Asks once. Nothing is retried but one thing: models that know the output limit only under its newer name are
    /// asked again under that name.
    ///
    /// # Errors
    /// See [`AiError`]. The timeout of the provider's set-up covers the whole call.
    pub async fn complete(&self, provider: &Provider, prompt: &Prompt) -> Result<Completion, AiError> {
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
        match self.ask(provider, prompt, false).await {
            Err(AiError::Rejected { status: 400, words }) if words.contains("max_completion_tokens") => {
                self.ask(provider, prompt, true).await
            }
            result => result,
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

    async fn ask(&self, provider: &Provider, prompt: &Prompt, newer: bool) -> Result<Completion, AiError> {
        let limit = provider.output_tokens(prompt);
        let system = (!prompt.instructions.is_empty()).then_some(("system", &prompt.instructions));
        let inputs = prompt.inputs.iter().map(|input| ("user", input));
        let messages = system.into_iter().chain(inputs).map(|(role, content)| ChatMessage { role, content }).collect();
        let body = ChatRequest {
            model: &provider.model,
            messages,
            max_tokens: (!newer).then_some(limit),
            max_completion_tokens: newer.then_some(limit),
        };
        let mut request = self
            .http
            .post(provider.endpoint.clone())
            .timeout(provider.timeout)
            .header(ACCEPT, "application/json")
            .json(&body);
        if let Some(key) = &provider.key {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.reveal()))
                .map_err(|_| AiError::Setup("the model's key cannot be put into a header".to_owned()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
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
        let body = read_body(provider, response, ANSWER_BYTES_MAX, false).await?;
        completion(provider, prompt, &body)
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

fn completion(provider: &Provider, prompt: &Prompt, body: &[u8]) -> Result<Completion, AiError> {
    let redact = |words: &str| clean(&provider.key.as_ref().map_or(words.to_owned(), |key| key.redact(words)));
    let answer: ChatAnswer = serde_json::from_slice(body).map_err(|error| {
        let told = ErrorWords::read(body);
        // Some imitators answer 200 with an error inside.
        let said = if told.code.is_empty() { String::new() } else { format!(" ({})", told.words) };
        AiError::Malformed(redact(&format!("{error}{said}")))
    })?;
    let choice = answer.choices.into_iter().next();
    let choice = choice.ok_or_else(|| AiError::Malformed("the answer holds no choice".to_owned()))?;
    if let Some(refusal) = choice.message.refusal.filter(|words| !words.trim().is_empty()) {
        return Err(AiError::Rejected { status: 200, words: redact(&refusal) });
    }
    let truncated = choice.finish_reason.as_deref() == Some("length");
    let text = choice.message.content.map(crate::wire::Content::into_text).unwrap_or_default();
    let text = provider.key.as_ref().map_or_else(|| text.clone(), |key| key.redact(&text));
    let text = text.trim();
    if text.is_empty() {
        return Err(match choice.finish_reason.as_deref() {
            Some("content_filter") => AiError::Rejected {
                status: 200,
                words: "the provider's content filter held the answer back".to_owned(),
            },
            Some("length") => AiError::Malformed(EMPTY_AT_LIMIT.to_owned()),
            _ => AiError::Malformed("the answer is empty".to_owned()),
        });
    }
    let usage = match answer.usage {
        Some(usage) if usage.prompt_tokens + usage.completion_tokens > 0 => {
            Usage { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens, estimated: false }
        }
        _ => {
            let output = budget::estimate_tokens(text);
            let input = provider.reservation(prompt).saturating_sub(u64::from(provider.output_tokens(prompt)));
            Usage { input_tokens: input, output_tokens: output, estimated: true }
        }
    };
    let model = answer.model.map(|name| redact(&name)).filter(|name| name != "(no words)");
    Ok(Completion { text: text.to_owned(), model: model.unwrap_or_else(|| provider.model.clone()), usage, truncated })
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
