//! Where a model is, and what it is asked.

use crate::error::clean;
use crate::{AiError, ApiKey, budget};
use posthouse_model::config::{ModelApi, ModelConfig};
use std::time::Duration;
use url::Url;

/// Where a model is and how it is asked.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(crate) api: ModelApi,
    /// `…/chat/completions` or `…/messages`
    pub(crate) endpoint: Url,
    pub(crate) model: String,
    pub(crate) key: Option<ApiKey>,
    /// For all attempts together.
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
    output_tokens_max: u32,
}

impl Provider {
    /// From a tenant's set-up and the key that it names.
    ///
    /// # Errors
    /// [`AiError::Setup`] when the address cannot be used, or the set-up names a key and none is given.
    pub fn new(config: &ModelConfig, key: Option<ApiKey>) -> Result<Self, AiError> {
        if let (Some(named), None) = (&config.key, &key) {
            return Err(AiError::Setup(format!(
                "the secret `{}` that holds the model's key has no value",
                named.secret
            )));
        }
        let setup = |why: &str| AiError::Setup(format!("model.base_url `{}` {why}", clean(&config.base_url)));
        let path = match config.api {
            ModelApi::OpenAi | ModelApi::Azure => "chat/completions",
            ModelApi::Anthropic => "messages",
        };
        let endpoint = format!("{}/{path}", config.base_url.trim_end_matches('/'));
        let endpoint = Url::parse(&endpoint).map_err(|error| setup(&format!("is not an address: {error}")))?;
        match endpoint.scheme() {
            "https" => {}
            "http" if config.plain_http => {}
            _ => return Err(setup("must begin with https:// (or http:// with plain_http = true)")),
        }
        if endpoint.host_str().is_none() || !endpoint.username().is_empty() || endpoint.password().is_some() {
            return Err(setup("must name a host, and no user or password"));
        }
        Ok(Self {
            api: config.api,
            endpoint,
            model: config.model.clone(),
            key,
            timeout: Duration::from_secs(u64::from(config.timeout_seconds.clamp(1, 120))),
            attempts: config.attempts.clamp(1, 3),
            output_tokens_max: config.output_tokens_max.clamp(1, 4_096),
        })
    }

    /// The provider's name of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// `api.openai.com`, for records and messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or_default()
    }

    /// What is to be set aside of a budget before this prompt is sent: see [`budget::estimate_tokens`].
    #[must_use]
    pub fn reservation(&self, prompt: &Prompt) -> u64 {
        self.input_tokens(prompt) + u64::from(self.output_tokens(prompt))
    }

    /// How many tokens a prompt is likely to be: see [`budget::estimate_tokens`].
    #[must_use]
    pub fn input_tokens(&self, prompt: &Prompt) -> u64 {
        let texts = std::iter::once(&prompt.instructions).chain(&prompt.inputs);
        texts.map(|text| budget::estimate_tokens(text)).sum()
    }

    pub(crate) fn output_tokens(&self, prompt: &Prompt) -> u32 {
        prompt.max_output_tokens.unwrap_or(self.output_tokens_max).clamp(1, self.output_tokens_max)
    }
}

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// What it is told to do; empty: nothing.
    pub instructions: String,
    /// What it works on, a message each. Text from outside belongs here.
    pub inputs: Vec<String>,
    /// No more than the set-up allows; none: as many.
    pub max_output_tokens: Option<u32>,
}

impl Prompt {
    /// Longest prompt sent, in bytes of text.
    pub const BYTES_MAX: usize = 512 * 1024;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_that_would_leak_are_refused() {
        let config = |base_url: &str, plain_http| -> ModelConfig {
            serde_json::from_value(serde_json::json!({ "base_url": base_url, "model": "m", "plain_http": plain_http }))
                .unwrap()
        };
        for (base_url, plain_http) in [
            ("http://a.example/v1", false),
            ("ftp://a.example", true),
            ("https://u:p@a.example", true),
            ("nonsense", true),
        ] {
            assert!(matches!(Provider::new(&config(base_url, plain_http), None), Err(AiError::Setup(_))), "{base_url}");
        }
        let provider = Provider::new(&config("https://a.example/v1/", false), None).unwrap();
        assert_eq!(provider.endpoint.as_str(), "https://a.example/v1/chat/completions");
        let claude = ModelConfig { api: ModelApi::Anthropic, ..config("https://a.example/v1", false) };
        assert_eq!(Provider::new(&claude, None).unwrap().endpoint.as_str(), "https://a.example/v1/messages");
    }
}
