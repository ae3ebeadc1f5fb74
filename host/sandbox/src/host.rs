//! What a call may ask of the rest of the host. The pipeline implements it: the sandbox knows no database, no
//! keys and no model.

use crate::turns::Lane;
use async_trait::async_trait;
pub use posthouse_model::decision::LogLevel;
use std::collections::BTreeMap;

/// The tenant's side of a call. One object may serve many calls.
#[async_trait]
pub trait CallHost: Send + Sync + 'static {
    /// Calls the client's own model on the client's key and budget. Only reached with the grant `model`.
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal>;

    /// A secret of this tenant; none when there is none of that name. Only reached for names that the plugin was granted,
    /// and the value never enters the plugin.
    async fn secret(&self, name: &str) -> Option<SecretValue>;

    /// A request was refused because this secret may not go to that host: nothing was sent.
    async fn secret_refused(&self, name: &str, host: &str) {
        let _ = (name, host);
    }

    /// Searches the tenant's articles, the best first. Only reached with the grant `knowledge`.
    ///
    /// # Errors
    /// Why they cannot be searched now, in words for the plugin's author.
    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        let _ = query;
        Ok(Vec::new())
    }

    /// What the plugin keeps under a key. Only reached with the grant `store`, as are the next two.
    ///
    /// # Errors
    /// Why it cannot be read now.
    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let _ = key;
        Ok(None)
    }

    /// The keys that begin with a prefix, in the order of their bytes, those after one when given, at most `limit`.
    ///
    /// # Errors
    /// Why they cannot be read now.
    async fn kept_keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, String> {
        let _ = (prefix, after, limit);
        Ok(Vec::new())
    }

    /// Bytes of all the plugin's keys and values, as they are kept now.
    ///
    /// # Errors
    /// Why they cannot be counted now.
    async fn kept_bytes(&self) -> Result<u64, String> {
        Ok(0)
    }

    /// Where the tenant's calls compute, one after the other; none where the caller is alone.
    fn lane(&self) -> Option<Lane> {
        None
    }

    /// A line for the people who run the plugin. At most the call's `log_bytes` arrive here. The text is
    /// untrusted: it may hold control characters and anything a customer wrote.
    fn log(&self, level: LogLevel, text: &str);
}

/// A secret, for the host's side of a call. It never prints.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretValue {
    /// Its value.
    pub value: String,
    /// The hosts it may be sent to, as the person who set it said; none: wherever the grants say.
    pub hosts: Vec<String>,
}

impl SecretValue {
    /// One that may be sent wherever the grants say.
    #[must_use]
    pub fn anywhere(value: impl Into<String>) -> Self {
        Self { value: value.into(), hosts: Vec::new() }
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretValue").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// What the plugin asks of a model. All text is the plugin's, bounded by its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelRequest {
    /// What the model is told to do.
    pub instructions: String,
    /// What it works on, in order: text from outside.
    pub inputs: Vec<String>,
    /// At most 4,096.
    pub max_output_tokens: Option<u32>,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAnswer {
    /// Untrusted text.
    pub text: String,
    /// `gpt-5-mini`
    pub model: String,
}

/// What the plugin looks for in the tenant's articles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnowledgeQuery {
    /// Words in any language, or a customer's whole text; at most 8 KiB.
    pub text: String,
    /// BCP 47.
    pub language: Option<String>,
    /// At most 20.
    pub limit: u32,
}

/// An article that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct KnowledgeHit {
    /// What a citation names.
    pub id: String,
    /// For people.
    pub title: String,
    /// BCP 47.
    pub language: String,
    /// Markdown.
    pub text: String,
    /// 0 to 1, to compare within one search.
    pub score: f32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelRefusal {
    /// No model, or no key for it.
    NotConfigured,
    /// Today's budget is used up.
    OverBudget,
    /// No answer in time, or the provider failed.
    Unavailable(String),
    /// The provider refused the request.
    Rejected(String),
}

/// A host without model and log, with a fixed set of secrets: for tests, benchmarks and `plugin run`.
#[derive(Clone, Debug, Default)]
pub struct PlainHost {
    /// By name.
    pub secrets: BTreeMap<String, SecretValue>,
    /// See [`CallHost::lane`].
    pub lane: Option<Lane>,
}

#[async_trait]
impl CallHost for PlainHost {
    async fn model(&self, _: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        Err(ModelRefusal::NotConfigured)
    }

    async fn secret(&self, name: &str) -> Option<SecretValue> {
        self.secrets.get(name).cloned()
    }

    fn lane(&self) -> Option<Lane> {
        self.lane.clone()
    }

    fn log(&self, _: LogLevel, _: &str) {}
}
