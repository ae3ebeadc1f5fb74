//! What a plugin may import, and what a tenant allows it.

use crate::triage::named;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

named! {
    /// A kind of power a plugin can import.
    pub enum Capability {
        /// Write to the plugin's log.
        Log = "log",
        /// Outbound HTTP through the host.
        Http = "http",
        /// The client's own model.
        Model = "model",
    }
}

/// One destination a plugin may reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpAllowance {
    /// Exact host name or IP address, lower case; `*.example.com` allows every name below, not the name
    /// itself.
    pub host: String,
    /// Default: 443 for https, 80 for http.
    #[serde(default)]
    pub port: Option<u16>,
    /// `https` unless said otherwise.
    #[serde(default = "https")]
    pub scheme: String,
    /// Upper case; empty allows GET and POST.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Allows this destination to resolve to a loopback or private address. Off: refused.
    #[serde(default)]
    pub private: bool,
}

fn yes() -> bool {
    true
}

fn https() -> String {
    "https".to_owned()
}

/// A tenant's allowance of capabilities to one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// May log. In a file on unless turned off, since it reaches nobody but the operator.
    #[serde(default = "yes")]
    pub log: bool,
    /// May call the client's model.
    pub model: bool,
    /// Where it may call. Empty: the capability is not linked at all.
    pub http: Vec<HttpAllowance>,
    /// Names of secrets it may use, each with the hosts it may go to (subset of `http`).
    pub secrets: BTreeMap<String, Vec<String>>,
}

impl Grants {
    /// Whether the capability is linked.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::Log => self.log,
            Capability::Http => !self.http.is_empty(),
            Capability::Model => self.model,
        }
    }
}
