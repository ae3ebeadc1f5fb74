//! What a call may ask of the rest of the host. The pipeline implements it: the sandbox knows no database, no
//! keys and no model.

use async_trait::async_trait;
use std::collections::BTreeMap;

/// The tenant's side of a call. One object may serve many calls.
#[async_trait]
pub trait CallHost: Send + Sync + 'static {
    /// Calls the client's own model on the client's key and budget. Only reached with the grant `model`.
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal>;

    /// The value of a secret of this tenant; none when there is none of that name. Only reached for names that
    /// the plugin was granted, and the value never enters the plugin.
    async fn secret(&self, name: &str) -> Option<String>;

    /// A line for the people who run the plugin. At most the call's `log_bytes` arrive here. The text is
    /// untrusted: it may hold control characters and anything a customer wrote.
    fn log(&self, level: LogLevel, text: &str);
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

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// A host without model and log, with a fixed set of secrets: for tests, benchmarks and `plugin run`.
#[derive(Clone, Debug, Default)]
pub struct PlainHost {
    /// Name and value.
    pub secrets: BTreeMap<String, String>,
}

#[async_trait]
impl CallHost for PlainHost {
    async fn model(&self, _: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        Err(ModelRefusal::NotConfigured)
    }

    async fn secret(&self, name: &str) -> Option<String> {
        self.secrets.get(name).cloned()
    }

    fn log(&self, _: LogLevel, _: &str) {}
}
