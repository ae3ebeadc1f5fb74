//! The section `[capabilities]`.

use super::section::{Problems, Section};
use super::{Capabilities, ModelAsk, StoreAsk, check};
use crate::error::shown;
use crate::limits;
use posthouse_model::capability::{HttpAllowance, host_matches};
use std::collections::BTreeMap;

pub(super) fn read(p: &mut Problems<'_>, mut section: Section<'_>) -> Capabilities {
    let mut asked = Capabilities {
        log: section.flag(p, "log").unwrap_or_default(),
        knowledge: section.flag(p, "knowledge").unwrap_or_default(),
        ..Capabilities::default()
    };
    if let Some(mut model) = section.section(p, "model") {
        asked.model = Some(ModelAsk {
            tokens_per_day: model.number(p, "tokens_per_day", &limits::MODEL_TOKENS_PER_DAY),
            calls: model.number(p, "calls", &limits::MODEL_CALLS),
        });
        model.finish(p);
    }
    if let Some(mut store) = section.section(p, "store") {
        let before = p.count();
        let bytes = store.number(p, "bytes", &limits::STORE_BYTES);
        if bytes.is_none() && p.count() == before {
            p.add(store.at(), store.path("bytes"), "is missing: store = { bytes = 65536 }");
        }
        asked.store = bytes.map(|bytes| StoreAsk { bytes });
        store.finish(p);
    }
    let destinations = section.sections(p, "http");
    too_many(p, section.at(), "capabilities.http", destinations.len());
    for destination in destinations {
        let (at, path) = (destination.at(), destination.path(""));
        let Some(allowance) = http(p, destination) else { continue };
        if asked.http.iter().any(|other| destination_of(other) == destination_of(&allowance)) {
            p.add(at, path.trim_end_matches('.'), "names a destination that is named already: make it one");
        }
        asked.http.push(allowance);
    }
    if let Some(secrets) = section.section(p, "secrets") {
        asked.secrets = read_secrets(p, &secrets, &asked.http);
    }
    section.finish(p);
    asked
}

fn destination_of(allowance: &HttpAllowance) -> (&str, &str, u16) {
    let usual = if allowance.scheme == "http" { 80 } else { 443 };
    (&allowance.host, &allowance.scheme, allowance.port.unwrap_or(usual))
}

fn http(p: &mut Problems<'_>, mut section: Section<'_>) -> Option<HttpAllowance> {
    let host = section.needed(p, "host", "api.example.com", check::host);
    let port = section.number(p, "port", &(1..=u64::from(u16::MAX))).and_then(|port| u16::try_from(port).ok());
    let scheme = section.text(p, "scheme", check::scheme).map_or_else(|| "https".to_owned(), |(scheme, _)| scheme);
    let mut methods: Vec<String> = Vec::new();
    for (text, at) in section.texts(p, "methods").map(|(methods, _)| methods).unwrap_or_default() {
        match check::method(text) {
            Ok(method) if methods.contains(&method) => {
                p.add(at, section.path("methods"), format!("names {method} twice"));
            }
            Ok(method) => methods.push(method),
            Err(what) => p.add(at, section.path("methods"), what),
        }
    }
    let private = section.flag(p, "private").unwrap_or_default();
    section.finish(p);
    Some(HttpAllowance { host: host?.0, port, scheme, methods, private })
}

fn read_secrets(p: &mut Problems<'_>, section: &Section<'_>, http: &[HttpAllowance]) -> BTreeMap<String, Vec<String>> {
    let mut secrets = BTreeMap::new();
    let lists = section.lists(p);
    too_many(p, section.at(), "capabilities.secrets", lists.len());
    for ((name, at), hosts) in lists {
        let key = section.path(name);
        let name = match check::secret(name) {
            Ok(name) => name,
            Err(what) => {
                p.add(at, &key, what);
                continue;
            }
        };
        if hosts.is_empty() {
            p.add(at, &key, "may go nowhere; name its hosts: [\"api.example.com\"]");
        }
        too_many(p, at, &key, hosts.len());
        let mut allowed = Vec::new();
        for (text, at) in hosts {
            match check::host(text) {
                Err(what) => p.add(at, &key, what),
                Ok(host) if !http.iter().any(|to| to.host == host || host_matches(&to.host, &host)) => {
                    let line = format!("http = [{{ host = \"{host}\" }}]");
                    p.add(at, &key, format!("may go to {}, which `http` does not cover: add {line}", shown(&host)));
                }
                Ok(host) if allowed.contains(&host) => p.add(at, &key, format!("names {} twice", shown(&host))),
                Ok(host) => allowed.push(host),
            }
        }
        secrets.insert(name, allowed);
    }
    secrets
}

/// Notes a list that is too long.
pub(super) fn too_many(p: &mut Problems<'_>, at: usize, key: &str, count: usize) {
    if count > limits::LIST_ENTRIES {
        p.add(at, key, format!("has {count} entries; there may be {}", limits::LIST_ENTRIES));
    }
}
