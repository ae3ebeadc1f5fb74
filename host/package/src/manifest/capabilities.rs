//! The section `[capabilities]`.

use super::section::{Problems, Section};
use super::{Capabilities, HttpAsk, StoreAsk, check};
use crate::error::shown;
use crate::limits;
use posthouse_model::capability::{ANY_HOST, HttpAllowance, ModelAllowance, covers};
use std::collections::BTreeMap;

pub(super) fn read(p: &mut Problems<'_>, mut section: Section<'_>) -> Capabilities {
    let mut asked = Capabilities {
        log: section.flag(p, "log").unwrap_or_default(),
        knowledge: section.flag(p, "knowledge").unwrap_or_default(),
        ..Capabilities::default()
    };
    if let Some(mut model) = section.section(p, "model") {
        asked.model = Some(ModelAllowance {
            tokens_per_day: model.number(p, "tokens_per_day", &ModelAllowance::TOKENS),
            calls: model.number(p, "calls", &ModelAllowance::CALLS),
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

fn destination_of(ask: &HttpAsk) -> (String, String, Option<u16>) {
    let HttpAllowance { host, scheme, port, .. } = ask.allowance();
    let usual = if scheme == "http" { 80 } else { 443 };
    (host, scheme, port.or((!ask.is_any()).then_some(usual)))
}

fn http(p: &mut Problems<'_>, mut section: Section<'_>) -> Option<HttpAsk> {
    let host = section.needed(p, "host", "api.example.com", check::host_or_any);
    let port = section.number(p, "port", &(1..=u64::from(u16::MAX))).and_then(|port| u16::try_from(port).ok());
    let scheme = section.text(p, "scheme", check::scheme).map(|(scheme, _)| scheme);
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
    let reason = section.text(p, "reason", check::line(200));
    match (&host, &reason) {
        (Some((host, at)), None) if host == ANY_HOST => {
            let what =
                "is any host that the tenant names: say why, reason = \"the team's own server\", or name the hosts";
            p.add(*at, section.path("host"), what);
        }
        (Some((host, _)), Some((_, at))) if host != ANY_HOST => {
            p.add(
                *at,
                section.path("reason"),
                "is given only where the tenant names the hosts, host = \"*\": remove it",
            );
        }
        _ => {}
    }
    section.finish(p);
    Some(HttpAsk { host: host?.0, port, scheme, methods, private, reason: reason.map(|(reason, _)| reason) })
}

fn read_secrets(p: &mut Problems<'_>, section: &Section<'_>, http: &[HttpAsk]) -> BTreeMap<String, Vec<String>> {
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
            match check::host_or_any(text) {
                Err(what) => p.add(at, &key, what),
                Ok(host) if !http.iter().any(|to| covers(&to.host, &host)) => {
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
