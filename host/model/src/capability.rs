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

impl Grants {
    /// What both allow: what a package asks for and what the tenant grants. Of two patterns of hosts the narrower counts.
    #[must_use]
    pub fn within(&self, asked: &Self) -> Self {
        let http = self.http.iter().flat_map(|mine| asked.http.iter().filter_map(|theirs| mine.within(theirs)));
        let secrets = self.secrets.iter().filter_map(|(name, hosts)| {
            let theirs = asked.secrets.get(name)?;
            let hosts: Vec<String> =
                hosts.iter().flat_map(|host| theirs.iter().filter_map(|other| narrower(host, other))).collect();
            (!hosts.is_empty()).then(|| (name.clone(), hosts))
        });
        Self {
            log: self.log && asked.log,
            model: self.model && asked.model,
            http: http.collect(),
            secrets: secrets.collect(),
            knowledge: self.knowledge && asked.knowledge,
            store: self.store.zip(asked.store).map(|(a, b)| StoreAllowance { bytes: a.bytes.min(b.bytes) }),
        }
    }
}

impl HttpAllowance {
    /// What both allow, if anything.
    fn within(&self, asked: &Self) -> Option<Self> {
        let usual = |a: &Self| a.port.unwrap_or(if a.scheme == "http" { 80 } else { 443 });
        if self.scheme != asked.scheme || usual(self) != usual(asked) {
            return None;
        }
        let allowed = |a: &Self| match a.methods.is_empty() {
            true => vec!["GET".to_owned(), "POST".to_owned()],
            false => a.methods.clone(),
        };
        let theirs = allowed(asked);
        let methods: Vec<String> = allowed(self).into_iter().filter(|method| theirs.contains(method)).collect();
        let host = narrower(&self.host, &asked.host)?;
        // Whether an address may be private is the operator's to say, not the package's.
        (!methods.is_empty()).then(|| Self { host, methods, ..self.clone() })
    }
}

/// Of two patterns the one that the other covers.
fn narrower(a: &str, b: &str) -> Option<String> {
    match (host_matches(a, b) || a == b, host_matches(b, a)) {
        (true, _) => Some(b.to_owned()),
        (false, true) => Some(a.to_owned()),
        (false, false) => None,
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

    fn http(host: &str, methods: &[&str]) -> HttpAllowance {
        HttpAllowance {
            host: host.into(),
            port: None,
            scheme: "https".into(),
            methods: methods.iter().map(|m| (*m).to_owned()).collect(),
            private: false,
        }
    }

    #[test]
    fn what_is_effective_is_what_both_allow() {
        let tenant = Grants {
            log: true,
            model: true,
            http: vec![
                http("api.example.com", &[]),
                http("*.example.org", &["GET", "PUT"]),
                http("other.example", &[]),
            ],
            secrets: BTreeMap::from([
                ("token".into(), vec!["api.example.com".into(), "other.example".into()]),
                ("own".into(), vec!["api.example.com".into()]),
            ]),
            knowledge: false,
            store: Some(StoreAllowance { bytes: 1_000 }),
        };
        let asked = Grants {
            log: true,
            model: false,
            http: vec![http("*.example.com", &["POST", "DELETE"]), http("a.example.org", &["GET"])],
            secrets: BTreeMap::from([("token".into(), vec!["*.example.com".into()])]),
            knowledge: true,
            store: Some(StoreAllowance { bytes: 500 }),
        };
        let both = tenant.within(&asked);
        assert_eq!((both.log, both.model, both.knowledge), (true, false, false));
        assert_eq!(both.http, [http("api.example.com", &["POST"]), http("a.example.org", &["GET"])]);
        assert_eq!(both.secrets, BTreeMap::from([("token".to_owned(), vec!["api.example.com".to_owned()])]));
        assert_eq!(both.store, Some(StoreAllowance { bytes: 500 }));
        assert_eq!(tenant.within(&tenant).http.len(), 3);
        assert_eq!(Grants::default().within(&asked), Grants::default());
        let plain = HttpAllowance { scheme: "http".into(), ..http("api.example.com", &[]) };
        assert_eq!(plain.within(&http("api.example.com", &[])), None);
        let other_port = HttpAllowance { port: Some(8443), ..http("api.example.com", &[]) };
        assert_eq!(other_port.within(&http("api.example.com", &[])), None);
    }

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
