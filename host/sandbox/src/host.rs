//! What a call may ask of the rest of the host. The pipeline implements it: the sandbox knows no database, no
//! keys and no model.

use crate::turns::Lane;
use async_trait::async_trait;
use posthouse_model::exchange::{HttpAnswer, HttpAsk, HttpRefusal};
use std::collections::BTreeMap;

pub use posthouse_model::decision::LogLevel;
pub use posthouse_model::exchange::{KnowledgeHit, KnowledgeQuery, ModelAnswer, ModelRefusal, ModelRequest};

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

    /// Asked for every request that passed all checks (grants, hosts of secrets, addresses) before it goes out: what stands in
    /// for the server's answer, none to ask the server. The request names its secrets and holds none.
    async fn http(&self, request: &HttpAsk) -> Option<Result<HttpAnswer, HttpRefusal>> {
        let _ = request;
        None
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
