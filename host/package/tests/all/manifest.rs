//! The manifest: what is accepted, and in which words it is refused.

use crate::support::{MANIFEST, SMALL_MANIFEST};
use posthouse_model::capability::ModelAllowance;
use posthouse_model::decision::World;
use posthouse_model::limits::Limit;
use posthouse_package::{Fallback, Manifest, fuzz, limits};
use proptest::prelude::*;

/// The only problem of a manifest.
fn problem(text: &str) -> String {
    let problems = Manifest::parse(text).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    problems.to_string()
}

fn changed(from: &str, to: &str) -> String {
    assert!(MANIFEST.contains(from), "{from}");
    MANIFEST.replacen(from, to, 1)
}

#[test]
fn every_key_is_read() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    assert_eq!((manifest.id.publisher(), manifest.id.name()), ("example", "parcel-rules"));
    assert_eq!(manifest.version.to_string(), "1.2.0");
    assert_eq!((manifest.world, manifest.fallback), (World::Classifier, Some(Fallback::Unsorted)));
    assert_eq!((manifest.api.major, manifest.api.minor), (1, 0));
    assert_eq!(manifest.homepage.as_deref(), Some("https://example.com/parcel-rules"));
    let asked = &manifest.capabilities;
    assert!(asked.log && asked.knowledge);
    let model = asked.model.unwrap();
    assert_eq!((model.tokens_per_day, model.calls), (Some(200_000), Some(500)));
    assert_eq!(asked.store.unwrap().bytes, 65_536);
    assert_eq!((asked.http[0].scheme.as_deref(), asked.http[0].port), (None, None));
    assert_eq!(asked.http[0].allowance().scheme, "https");
    assert_eq!((asked.http[1].port, asked.http[1].private), (Some(8443), true));
    assert_eq!(asked.secrets["api_key"], ["api.example.com", "a.hooks.example"]);
    assert_eq!((manifest.limits.cpu_ms, manifest.limits.model_calls), (Some(1_000), Some(2)));
    let grants = asked.as_grants();
    assert!(grants.log && grants.model == asked.model && grants.http.len() == 2 && grants.secrets == asked.secrets);
    let small = Manifest::parse(SMALL_MANIFEST).unwrap();
    assert!(small.limits.is_empty() && small.fallback.is_none() && !small.capabilities.log);
}

#[test]
fn a_manifest_means_the_same_after_being_written() {
    for text in [MANIFEST, SMALL_MANIFEST] {
        let manifest = Manifest::parse(text).unwrap();
        assert_eq!(Manifest::parse(&manifest.to_toml().unwrap()).unwrap(), manifest);
    }
    let json = Manifest::parse(MANIFEST).unwrap().to_json().unwrap();
    assert_eq!(json["id"], "example/parcel-rules");
    assert_eq!(json["fallback"]["when"], "unsorted");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let text = "id = \"Example\"\nversion = \"1\"\nworld = \"sorter\"\napi = 1\nauthors = []\nlicence = \"MIT\"\n\n[capabilities]\n  logs = true\n  http = [{ host = \"API.example.com\", port = 0, methods = [\"get\"] }]\n";
    let words = Manifest::parse(text).unwrap_err().to_string();
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(lines[0], "12 problems");
    for expected in [
        "line 1, column 1: `summary` is missing; add a line such as summary = \"What it does, in one line\"",
        "line 1, column 1: `license` is missing",
        "line 1, column 6: `id` should be publisher/name",
        "line 2, column 11: `version` is not a version such as 1.2.0",
        "line 3, column 9: `world` should be one of classifier, router",
        "line 4, column 7: `api` is integer and should be a text in quotes",
        "line 5, column 11: `authors` names nobody",
        "line 6, column 1: `licence` is not a key here; there are id, version",
        "line 9, column 3: `capabilities.logs` is not a key here; there are log, knowledge",
        "line 10, column 20: `capabilities.http[0].host` is not a host",
        "line 10, column 46: `capabilities.http[0].port` should be a whole number from 1 to 65535",
        "line 10, column 60: `capabilities.http[0].methods` should be GET, POST",
    ] {
        assert!(lines.iter().any(|line| line.trim().starts_with(expected)), "{expected}\nis not in\n{words}");
    }
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    let problems = Manifest::parse(&format!("{SMALL_MANIFEST}x = = 1\n")).unwrap_err();
    assert!(problems.0[0].to_string().starts_with("line 8, column 5: this is not TOML"), "{problems}");
    assert!(problem(&format!("{SMALL_MANIFEST}id = \"a/b\"\n")).contains("line 8"));
    assert!(Manifest::parse("").is_err());
}

#[test]
fn each_rule_has_its_words() {
    for (from, to, words) in [
        ("example/parcel-rules\"\nv", "a/parcel-rules\"\nv", "publisher/name"),
        ("example/parcel-rules\"\nv", "example/parcel/rules\"\nv", "publisher/name"),
        ("1.2.0", "v1.2", "is not a version"),
        ("\"1.0\"", "\"1\"", "two numbers"),
        ("\"1.0\"", "\"0.9\"", "two numbers"),
        ("\"1.0\"", "\"1.00\"", "two numbers"),
        ("\"1.0\"", "\"1.-0\"", "two numbers"),
        ("\"1.0\"", "\"1.99999\"", "two numbers"),
        ("Sorts mail", "Sorts\\nmail", "one line"),
        ("Sorts mail about parcels.", " ", "is empty"),
        ("\"Ada <ada@example.com>\"", "\"\"", "is empty"),
        ("\"Ada <ada@example.com>\"", "1", "`authors[0]` is integer"),
        ("Apache-2.0 OR MIT", "it's free", "SPDX"),
        ("https://example.com/p", "javascript:p", "https://"),
        ("log = true", "log = \"yes\"", "`capabilities.log` is string and should be true or false"),
        ("bytes = 65536", "bytes = 65536, more = 1", "there are bytes"),
        ("bytes = 65536", "", "`capabilities.store.bytes` is missing"),
        ("\"api.example.com\" },", "\"api.example.com\", tls = true },", "there are host, port"),
        ("\"http\",", "\"ftp\",", "https or http"),
        ("[\"PUT\"]", "[\"PUT\", \"PUT\"]", "names PUT twice"),
        ("[\"PUT\"]", "\"PUT\"", "a list of texts"),
        (
            "\"a.hooks.example\"",
            "\"b.example.com\"",
            "which `http` does not cover: add http = [{ host = \"b.example.com\" }]",
        ),
        ("\"a.hooks.example\"", "\"api.example.com\"", "twice"),
        ("[\"api.example.com\", \"a.hooks.example\"]", "[]", "may go nowhere"),
        ("api_key = ", "Api.key = ", "capabilities.secrets.Api"),
        ("api_key = ", "\"Api key\" = ", "is not a secret's name"),
        ("{ host = \"*.hooks", "{ host = \"api.example.com\" }, { host = \"*.hooks", "is named already"),
        ("when = \"unsorted\"", "when = \"retry\"", "`fallback.when` of a classifier should be \"unsorted\""),
        ("when = \"unsorted\"", "", "`fallback.when` is missing"),
        ("when = \"unsorted\"", "when = \"unsorted\"\nthen = 1", "there are when"),
        ("[limits]", "[limits]\ndisk = 1", "there are cpu_ms, wall_ms"),
        ("[limits]", "[limit]", "`limit` is not a key here"),
    ] {
        let problem = problem(&changed(from, to));
        assert!(problem.contains(words), "{from} → {to}: {problem}");
        assert!(!problem.contains("line 0"), "{problem}");
    }
}

#[test]
fn hosts_are_written_in_one_way() {
    let with =
        |host: &str| Manifest::parse(&format!("{SMALL_MANIFEST}\n[capabilities]\nhttp = [{{ host = \"{host}\" }}]\n"));
    for host in [
        "a.example",
        "localhost",
        "*.a.example",
        "127.0.0.1",
        "::1",
        "[::1]",
        "xn--bcher-kva.example",
        "a_b.c",
        "3d.example",
    ] {
        assert!(with(host).is_ok(), "{host}");
    }
    for host in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "A.example",
        "*",
        "*.com",
        "*.*.a.example",
        "a.*.b",
        "https://a.b",
        "a.b:443",
        "a.b/c",
        "a b",
        "-a.b",
        "a-.b",
        "bücher.example",
        "127.1",
        "0x7f.0.0.1",
        "127.0.0.01",
        "1",
        "::0001",
        "[127.0.0.1]",
        "[::1",
        "*.127.0.0.1",
        "user@a.b",
        "a.b#",
        "a.0x1",
    ] {
        assert!(with(host).is_err(), "{host}");
    }
    assert!(with(&format!("{}.a", "a".repeat(63))).is_ok());
    assert!(with(&format!("{}.a", "a".repeat(64))).is_err());
}

#[test]
fn hosts_may_be_left_to_the_tenant_with_a_reason() {
    let with = |http: &str, secrets: &str| {
        Manifest::parse(&format!("{SMALL_MANIFEST}\n[capabilities]\nhttp = [{http}]\nsecrets = {{ {secrets} }}\n"))
    };
    let any = "{ host = \"*\", methods = [\"POST\"], reason = \"the team's own server\" }";
    let manifest = with(any, "key = [\"*\"]").unwrap();
    let asked = &manifest.capabilities.http[0];
    assert!(asked.is_any() && asked.reason.as_deref() == Some("the team's own server"));
    assert_eq!(asked.allowance().scheme, "*", "the tenant names scheme and port as well");
    assert_eq!(Manifest::parse(&manifest.to_toml().unwrap()).unwrap(), manifest);
    assert!(with(any, "key = [\"a.example.com\"]").is_ok());
    for (http, secrets, words) in [
        ("{ host = \"*\" }", "", "`capabilities.http[0].host` is any host that the tenant names: say why"),
        ("{ host = \"*\", reason = \" \" }", "", "`capabilities.http[0].reason` is empty"),
        ("{ host = \"a.example\", reason = \"r\" }", "", "`capabilities.http[0].reason` is given only where"),
        (
            "{ host = \"a.example\" }",
            "key = [\"*\"]",
            "`capabilities.secrets.key` may go to *, which `http` does not cover",
        ),
        ("{ host = \"*.*\", reason = \"r\" }", "", "is not a host"),
    ] {
        let said = with(http, secrets).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    let twice = format!("{any}, {any}");
    assert!(with(&twice, "").unwrap_err().to_string().contains("named already"));
}

#[test]
fn numbers_stay_within_their_limits() {
    let fixed = "\n[capabilities]\nstore = { bytes = 1 }\nmodel = {}\n[limits]\n";
    for limit in Limit::ALL.iter().copied() {
        let (key, range) = (limit.as_str(), limit.range());
        let with = |number: &str| Manifest::parse(&format!("{SMALL_MANIFEST}{fixed}{key} = {number}\n"));
        assert!(with(&range.start().to_string()).is_ok() && with(&range.end().to_string()).is_ok());
        let beyond = (range.end() + 1).to_string();
        let below = (i64::try_from(*range.start()).unwrap() - 1).to_string();
        for wrong in [beyond.as_str(), &below, "1.5", "\"1\"", "99999999999999999999", "-1"] {
            let words = with(wrong).unwrap_err().to_string();
            assert!(words.contains(&format!("a whole number from {} to {}", range.start(), range.end())), "{words}");
        }
    }
    for (key, range) in [
        ("store = { bytes", limits::STORE_BYTES),
        ("model = { tokens_per_day", ModelAllowance::TOKENS),
        ("model = { calls", ModelAllowance::CALLS),
    ] {
        let with = |number: u64| Manifest::parse(&format!("{SMALL_MANIFEST}\n[capabilities]\n{key} = {number} }}\n"));
        assert!(with(*range.start()).is_ok() && with(*range.end()).is_ok());
        assert!(with(range.end() + 1).is_err() && with(0).is_err());
    }
    let hexadecimal = format!("{SMALL_MANIFEST}\n[limits]\ncpu_ms = 0x10\n");
    assert_eq!(Manifest::parse(&hexadecimal).unwrap().limits.cpu_ms, Some(16));
}

#[test]
fn lists_stay_within_their_limits() {
    let with = |count: usize| {
        let hosts: Vec<String> = (0..count).map(|n| format!("{{ host = \"h{n}.example\" }}")).collect();
        Manifest::parse(&format!("{SMALL_MANIFEST}\n[capabilities]\nhttp = [{}]\n", hosts.join(", ")))
    };
    assert!(with(limits::LIST_ENTRIES).is_ok());
    assert!(with(limits::LIST_ENTRIES + 1).unwrap_err().to_string().contains("there may be 64"));
    let many = format!("{SMALL_MANIFEST}{}", (0..200).map(|n| format!("key{n} = 1\n")).collect::<String>());
    assert_eq!(Manifest::parse(&many).unwrap_err().0.len(), limits::PROBLEMS);
}

#[test]
fn each_world_has_its_fallback() {
    for world in World::ALL {
        let text = SMALL_MANIFEST.replace("router", world.as_str());
        for other in World::ALL {
            let fallback = Fallback::of(*other);
            let text = format!("{text}[fallback]\nwhen = \"{}\"\n", fallback.as_str());
            assert_eq!(Manifest::parse(&text).is_ok(), world == other, "{world} {}", fallback.as_str());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_manifest_with_random_edits_is_read_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, "(\\PC{1,4}|[\\[\\]{}\"=,.0-9\n'#-]{1,3})"), 1..4),
    ) {
        let mut text: Vec<char> = MANIFEST.chars().collect();
        for (at, remove, new) in edits {
            let at = at.index(text.len());
            let until = (at + remove).min(text.len());
            text.splice(at..until, new.chars());
        }
        fuzz::manifest(text.into_iter().collect::<String>().as_bytes());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        fuzz::manifest(text.as_bytes());
        fuzz::trusted_key(text.as_bytes());
        fuzz::lock_file(text.as_bytes());
    }
}
