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
        /// Search in the tenant's articles.
        Knowledge = "knowledge",
        /// A small memory per tenant and plugin.
        Store = "store",
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

/// A plugin's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreAllowance {
    /// Bytes of all its keys and values together, 1 to [`StoreAllowance::BYTES_MAX`].
    pub bytes: u64,
}

impl StoreAllowance {
    /// No plugin gets more: 16 MiB.
    pub const BYTES_MAX: u64 = 16 << 20;
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
    /// May search the tenant's articles.
    pub knowledge: bool,
    /// May keep something between calls.
    pub store: Option<StoreAllowance>,
}

impl Grants {
    /// Whether the capability is linked.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::Log => self.log,
            Capability::Http => !self.http.is_empty(),
            Capability::Model => self.model,
            Capability::Knowledge => self.knowledge,
            Capability::Store => self.store.is_some(),
        }
    }
}

/// Whether a host is meant by a pattern; both in lower case. `*.example.com` means every name below, not the name itself.
#[must_use]
pub fn host_matches(pattern: &str, host: &str) -> bool {
    let bare = |text: &'_ str| text.trim_start_matches('[').trim_end_matches(']').to_owned();
    match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => bare(pattern) == bare(host),
    }
}

/// Whether a secret that may go to these hosts (none named: wherever the set-up sends it) may go to this one, which may be
/// a pattern itself.
#[must_use]
pub fn secret_may_go(allowed: &[String], host: &str) -> bool {
    let host = host.to_lowercase();
    allowed.is_empty() || allowed.iter().any(|pattern| *pattern == host || host_matches(pattern, &host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_the_hosts_it_names_and_to_no_other() {
        let allowed = ["imap.example.com".to_owned(), "*.hooks.example".to_owned(), "::1".to_owned()];
        for host in ["imap.example.com", "IMAP.example.com", "a.hooks.example", "*.hooks.example", "[::1]", "::1"] {
            assert!(secret_may_go(&allowed, host), "{host}");
        }
        for host in ["example.com", "hooks.example", "evil-hooks.example", "imap.example.com.evil.example", ""] {
            assert!(!secret_may_go(&allowed, host), "{host}");
        }
        assert!(secret_may_go(&[], "anywhere.example"));
    }
}
