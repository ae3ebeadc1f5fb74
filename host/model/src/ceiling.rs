//! What the operator of a host lets no tenant go beyond.

use crate::capability::{ANY_HOST, Grants, StoreAllowance, covers};
use crate::limits::Limits;
use std::fmt;

/// What no plugin gets, whatever its package asks for and its tenant grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Hosts that may be called at all, exact or `*.example.com`; [`ANY_HOST`] for every one on the internet.
    pub http_hosts: Vec<String>,
    /// Hosts that may be called although they are on this machine or a private network.
    pub private_hosts: Vec<String>,
    /// Whether plugins may call their client's model.
    pub model: bool,
    /// Bytes that a plugin may keep; 0: none may keep anything.
    pub store_bytes: u64,
    /// What a call may cost; where nothing is said, [`Limit::ceiling`](crate::limits::Limit::ceiling).
    pub limits: Limits,
}

impl Default for Ceiling {
    /// Any public host, no private one, the model, the largest store.
    fn default() -> Self {
        Self {
            http_hosts: vec![ANY_HOST.to_owned()],
            private_hosts: Vec::new(),
            model: true,
            store_bytes: StoreAllowance::BYTES_MAX,
            limits: Limits::default(),
        }
    }
}

/// Something that is asked for or granted and goes beyond what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The key below the plugin in `tenant.toml`: `grants.http`, `limits.cpu_ms`.
    pub key: String,
    /// What is too much, in a sentence without a full stop.
    pub what: String,
    /// The line that would allow it, and where it goes.
    pub mend: String,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.key, self.what, self.mend)
    }
}

impl Ceiling {
    /// Whether a host, or every host of a pattern, may be called. One that is named as private may.
    #[must_use]
    pub fn allows_host(&self, host: &str, private: bool) -> bool {
        private && self.allows_private(host) || self.http_hosts.iter().any(|pattern| covers(pattern, host))
    }

    /// Whether a host may be called on a private address.
    #[must_use]
    pub fn allows_private(&self, host: &str) -> bool {
        self.private_hosts.iter().any(|known| known == host)
    }

    /// What of these grants goes beyond, each with the line that would allow it. Empty: they fit.
    #[must_use]
    pub fn excesses(&self, grants: &Grants) -> Vec<Excess> {
        let mut found = Vec::new();
        let mut say = |key: &str, what: String, mend: String| {
            found.push(Excess { key: format!("grants.{key}"), what, mend });
        };
        if grants.model.is_some() && !self.model {
            let mend = "write model = true under [plugins.ceiling] in posthouse.toml, or take the grant out";
            say("model", "this host lets no plugin call a model".to_owned(), mend.to_owned());
        }
        if let Some(store) = grants.store.filter(|store| store.bytes > self.store_bytes) {
            say(
                "store",
                format!("the plugin is to keep {} bytes, this host gives {}", store.bytes, self.store_bytes),
                format!("write store_bytes = {} under [plugins.ceiling] in posthouse.toml, or grant less", store.bytes),
            );
        }
        for allowance in &grants.http {
            let host = &allowance.host;
            if allowance.private && !self.allows_private(host) {
                say(
                    "http",
                    format!("this host lets no plugin call `{host}` on a private address"),
                    format!("add \"{host}\" to plugins.private_hosts in posthouse.toml, or take `private` out"),
                );
            } else if !self.allows_host(host, allowance.private) {
                say(
                    "http",
                    format!("this host lets no plugin call `{host}`"),
                    format!(
                        "add \"{host}\" to http_hosts under [plugins.ceiling] in posthouse.toml, or take the grant out"
                    ),
                );
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{HttpAllowance, ModelAllowance};

    fn http(host: &str, private: bool) -> HttpAllowance {
        HttpAllowance { host: host.into(), port: None, scheme: "https".into(), methods: vec![], private }
    }

    fn keys(ceiling: &Ceiling, grants: &Grants) -> Vec<String> {
        ceiling.excesses(grants).into_iter().map(|excess| excess.key).collect()
    }

    #[test]
    fn by_default_everything_public_is_allowed() {
        let grants = Grants {
            model: Some(ModelAllowance::default()),
            http: vec![http("api.example.com", false), http("*.example.org", false)],
            store: Some(StoreAllowance { bytes: StoreAllowance::BYTES_MAX }),
            ..Grants::default()
        };
        assert!(Ceiling::default().excesses(&grants).is_empty());
        let private = Grants { http: vec![http("10.0.0.5", true)], ..Grants::default() };
        let said = Ceiling::default().excesses(&private)[0].to_string();
        assert_eq!(
            said,
            "grants.http: this host lets no plugin call `10.0.0.5` on a private address; add \"10.0.0.5\" to plugins.private_hosts in posthouse.toml, or take `private` out"
        );
    }

    #[test]
    fn each_kind_of_power_has_its_ceiling() {
        let ceiling = Ceiling {
            http_hosts: vec!["*.example.com".into(), "hooks.example.org".into()],
            private_hosts: vec!["10.0.0.5".into()],
            model: false,
            store_bytes: 100,
            limits: Limits::default(),
        };
        let store = |bytes| Grants { store: Some(StoreAllowance { bytes }), ..Grants::default() };
        assert!(ceiling.excesses(&store(100)).is_empty());
        assert_eq!(keys(&ceiling, &store(101)), ["grants.store"]);
        assert_eq!(
            keys(&ceiling, &Grants { model: Some(ModelAllowance::default()), ..Grants::default() }),
            ["grants.model"]
        );
        for (host, private, fits) in [
            ("a.example.com", false, true),
            ("*.example.com", false, true),
            ("*.a.example.com", false, true),
            ("example.com", false, false),
            ("hooks.example.org", false, true),
            ("*.example.org", false, false),
            ("10.0.0.5", true, true),
            ("10.0.0.5", false, false),
            ("10.0.0.6", true, false),
        ] {
            let grants = Grants { http: vec![http(host, private)], ..Grants::default() };
            assert_eq!(ceiling.excesses(&grants).is_empty(), fits, "{host} {private}");
        }
        let none = Ceiling { http_hosts: Vec::new(), store_bytes: 0, ..Ceiling::default() };
        assert_eq!(
            keys(&none, &Grants { http: vec![http("a.example", false)], ..store(1) }),
            ["grants.store", "grants.http"]
        );
    }
}
