//! What a plugin may import, and what a tenant allows it.

use crate::triage::named;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

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

named! {
    /// What a plugin asked for and may not have.
    pub enum Denial {
        /// A request to where it may not go.
        Http = "http",
        /// A secret that it may not use, or not there.
        Secret = "secret",
        /// More of the model than the day's budget.
        Model = "model",
        /// More room than its store has.
        Store = "store",
    }
}

/// Stands for every host there is: in what packages ask for, those that the tenant names; in what a host allows, those on
/// the internet. A tenant never grants it.
pub const ANY_HOST: &str = "*";

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

/// How much of the client's model a plugin may use in a local day of its tenant. Where nothing is said, the tenant's own
/// budget is the only bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelAllowance {
    /// Input and output tokens, [`ModelAllowance::TOKENS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<u64>,
    /// Calls, [`ModelAllowance::CALLS`]; one that fails counts too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
}

impl ModelAllowance {
    /// What may be written for tokens of a day.
    pub const TOKENS: RangeInclusive<u64> = 1..=1_000_000_000;
    /// What may be written for calls of a day.
    pub const CALLS: RangeInclusive<u64> = 1..=1_000_000;

    /// What both allow.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let smaller = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self {
            tokens_per_day: smaller(self.tokens_per_day, other.tokens_per_day),
            calls: smaller(self.calls, other.calls),
        }
    }
}

/// `true`, `false`, or a table with bounds.
mod model_grant {
    use super::ModelAllowance;
    use serde::de::value::MapAccessDeserializer;
    use serde::de::{MapAccess, Visitor};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(grant: &Option<ModelAllowance>, serializer: S) -> Result<S::Ok, S::Error> {
        match grant {
            None => serializer.serialize_bool(false),
            Some(allowance) if *allowance == ModelAllowance::default() => serializer.serialize_bool(true),
            Some(allowance) => allowance.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ModelAllowance>, D::Error> {
        struct Grant;

        impl<'de> Visitor<'de> for Grant {
            type Value = Option<ModelAllowance>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false, or { tokens_per_day = 100_000, calls = 200 }")
            }

            fn visit_bool<E>(self, granted: bool) -> Result<Self::Value, E> {
                Ok(granted.then(ModelAllowance::default))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                ModelAllowance::deserialize(MapAccessDeserializer::new(map)).map(Some)
            }
        }

        deserializer.deserialize_any(Grant)
    }
}

/// A tenant's allowance of capabilities to one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// May log. In a file on unless turned off, since it reaches nobody but the operator.
    #[serde(default = "yes")]
    pub log: bool,
    /// May call the client's model: `true`, or so much of it in a day.
    #[serde(with = "model_grant")]
    pub model: Option<ModelAllowance>,
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
            Capability::Model => self.model.is_some(),
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
            model: self.model.zip(asked.model).map(|(mine, theirs)| mine.within(&theirs)),
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
        // Where the tenant names the host, it names scheme and port too, unless the package insists on them.
        let same_scheme = asked.scheme == ANY_HOST || self.scheme == asked.scheme;
        let same_port = asked.host == ANY_HOST && asked.port.is_none() || usual(self) == usual(asked);
        if !same_scheme || !same_port {
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

/// Whether a text can stand for hosts in a list: an exact name in lower case, an address, or `*.example.com`.
#[must_use]
pub fn is_host_pattern(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    !host.is_empty() && !host.contains(['*', '/', '@', ' ']) && !host.chars().any(|c| c.is_ascii_uppercase())
}

/// Whether a pattern means every host that another one means.
#[must_use]
pub fn covers(pattern: &str, other: &str) -> bool {
    pattern == ANY_HOST || pattern == other || host_matches(pattern, other)
}

/// Of two patterns the one that the other covers.
fn narrower(a: &str, b: &str) -> Option<String> {
    match (covers(a, b), covers(b, a)) {
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
            model: Some(ModelAllowance::default()),
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
            model: None,
            http: vec![http("*.example.com", &["POST", "DELETE"]), http("a.example.org", &["GET"])],
            secrets: BTreeMap::from([("token".into(), vec!["*.example.com".into()])]),
            knowledge: true,
            store: Some(StoreAllowance { bytes: 500 }),
        };
        let both = tenant.within(&asked);
        assert_eq!((both.log, both.model, both.knowledge), (true, None, false));
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
    fn a_package_may_leave_the_hosts_to_the_tenant() {
        let any = |port, scheme: &str| HttpAllowance { port, scheme: scheme.into(), ..http(ANY_HOST, &["POST"]) };
        let asked = |allowance| Grants {
            http: vec![allowance],
            secrets: BTreeMap::from([("key".into(), vec![ANY_HOST.into()])]),
            ..Grants::default()
        };
        let own = HttpAllowance { port: Some(8080), scheme: "http".into(), private: true, ..http("10.0.0.5", &[]) };
        let tenant = Grants {
            http: vec![http("hooks.example.com", &["POST", "PUT"]), own.clone()],
            secrets: BTreeMap::from([("key".into(), vec!["hooks.example.com".into()])]),
            ..Grants::default()
        };
        let both = tenant.within(&asked(any(None, ANY_HOST)));
        let posts = HttpAllowance { methods: vec!["POST".into()], ..own };
        assert_eq!(both.http, [http("hooks.example.com", &["POST"]), posts]);
        assert_eq!(both.secrets, tenant.secrets);
        assert_eq!(tenant.within(&asked(any(None, "https"))).http.len(), 1);
        assert_eq!(tenant.within(&asked(any(Some(8080), ANY_HOST))).http.len(), 1);
        assert!(
            Grants::default().within(&asked(any(None, ANY_HOST))).http.is_empty(),
            "nothing without a tenant's word"
        );
    }

    #[test]
    fn of_two_budgets_the_smaller_counts() {
        let allowance = |tokens_per_day, calls| ModelAllowance { tokens_per_day, calls };
        for (a, b, both) in [
            (allowance(None, None), allowance(None, None), allowance(None, None)),
            (allowance(Some(5), None), allowance(None, Some(7)), allowance(Some(5), Some(7))),
            (allowance(Some(5), Some(9)), allowance(Some(4), Some(10)), allowance(Some(4), Some(9))),
        ] {
            assert_eq!((a.within(&b), b.within(&a)), (both, both));
        }
    }

    #[test]
    fn a_grant_of_the_model_is_a_word_or_a_budget() {
        let grants = |text: &str| serde_json::from_str::<Grants>(text);
        assert_eq!(grants(r#"{"model": true}"#).unwrap().model, Some(ModelAllowance::default()));
        assert_eq!(grants(r#"{"model": false}"#).unwrap().model, None);
        assert_eq!(grants("{}").unwrap().model, None);
        let bounded = grants(r#"{"model": {"calls": 3}}"#).unwrap();
        assert_eq!(bounded.model, Some(ModelAllowance { calls: Some(3), tokens_per_day: None }));
        for grants_text in [r#"{"model": true}"#, r#"{"model": false}"#, r#"{"model": {"tokens_per_day": 9}}"#] {
            let granted = grants(grants_text).unwrap();
            assert_eq!(grants(&serde_json::to_string(&granted).unwrap()).unwrap(), granted);
        }
        let error = grants(r#"{"model": "yes"}"#).unwrap_err().to_string();
        assert!(error.contains("expected true, false, or { tokens_per_day"), "{error}");
        assert!(grants(r#"{"model": {"tokens": 1}}"#).is_err());
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
