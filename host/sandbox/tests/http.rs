//! Outbound HTTP of plugins against a server on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::server::{Server, local, with_secrets};
use common::{TestHost, context, notice, sandbox, spec};
use posthouse_model::capability::Grants;
use posthouse_model::limits::Limits;
use posthouse_model::notice::Delivery;
use posthouse_sandbox::{CallError, CallLimits, Called, PluginSpec, SecretValue};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;

fn sends(line: &str, grants: Grants) -> PluginSpec {
    let mut spec = spec("notifier", line);
    spec.grants = grants;
    spec
}

async fn notify(spec: PluginSpec, title: &str) -> Called<Delivery> {
    let plugin = sandbox().load(spec).await.unwrap();
    plugin.notify(context(), with_secrets(), notice(title), None).await
}

fn failure(called: &Called<Delivery>) -> &str {
    match &called.result {
        Err(CallError::Failure { text, .. }) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_completed_with_secrets_that_the_plugin_never_sees() {
    let server = Server::start().await;
    let line = format!("POST http://127.0.0.1:{}/echo/{{token}}?x=1", server.port);
    let called = notify(sends(&line, local(server.port)), "hello").await;
    // The server echoed the path; the plugin sees the secret's name instead.
    assert_eq!(called.result.unwrap().receipt.unwrap(), "200 text/plain 33 you said /echo/[secret token]?x=1");
    let got = server.got.lock().unwrap()[0].clone();
    assert!(got.starts_with("POST /echo/s3cr%2Ft-token?x=1 HTTP/1.1\r\n"), "{got}");
    assert!(got.to_lowercase().contains("x-title: hello\r\n") && got.contains("Posthouse/"), "{got}");
    // RFC 2104 with key "Jefe" over "message".
    let sign = "3fb788de423849ae5b81d278bfc5fac1bee13f829c60478bc7de537d9466a420";
    assert!(got.ends_with(&format!("{{\"lines\":\"one two\",\"sign\":\"{sign}\"}}")), "{got}");
    let recorded = &called.host_calls[0];
    assert_eq!(
        (recorded.capability.as_str(), recorded.what.as_str(), recorded.outcome.as_str()),
        ("http", "POST 127.0.0.1", "200")
    );
}

#[tokio::test]
async fn basic_authentication_shows_the_plugin_nothing_either() {
    let server = Server::start().await;
    let line = format!("BASIC http://127.0.0.1:{}/headers", server.port);
    let called = notify(sends(&line, local(server.port)), "").await;
    let receipt = called.result.unwrap().receipt.unwrap();
    assert!(receipt.contains("authorization: Basic [secret token in base64]"), "{receipt}");
    let got = server.got.lock().unwrap()[0].clone();
    // base64 of shop:s3cr/t-token
    assert!(got.contains("authorization: Basic c2hvcDpzM2NyL3QtdG9rZW4=\r\n"), "{got}");
}

#[tokio::test]
async fn redirects_are_answers_and_large_answers_are_errors() {
    let server = Server::start().await;
    let called = notify(sends(&format!("GET http://127.0.0.1:{}/redirect", server.port), local(server.port)), "").await;
    assert!(called.result.unwrap().receipt.unwrap().starts_with("302 "));
    let called = notify(sends(&format!("GET http://127.0.0.1:{}/large", server.port), local(server.port)), "").await;
    assert!(failure(&called).starts_with("too large: "), "{}", failure(&called));
}

#[tokio::test]
async fn what_is_not_granted_never_leaves() {
    let server = Server::start().await;
    let port = server.port;
    let here = format!("http://127.0.0.1:{port}/");
    let private_off = {
        let mut grants = local(port);
        grants.http[0].private = false;
        grants
    };
    let localhost = {
        let mut grants = local(port);
        grants.http[0].host = "localhost".into();
        grants.http[0].private = false;
        grants.secrets.clear();
        grants
    };
    let cases = [
        (format!("PUT {here}"), local(port), "denied: PUT to 127.0.0.1 is not granted"),
        (format!("GET http://127.0.0.2:{port}/"), local(port), "host = \"127.0.0.2\", scheme = \"http\", port ="),
        ("GET http://127.0.0.1:1/".to_owned(), local(port), "denied: GET to 127.0.0.1 is not granted"),
        (format!("GET {here}{{other}}"), local(port), "denied: secret `other` is not granted"),
        (format!("GET {here}{{No Name}}"), local(port), "invalid: a secret's name"),
        (format!("GET http://u:p@127.0.0.1:{port}/"), local(port), "invalid: the address holds a user name"),
        (format!("GET {here}"), private_off, "denied: 127.0.0.1 is not an address on the internet"),
        (format!("GET http://localhost:{port}/"), localhost, "is not an address on the internet"),
        ("GET nonsense".to_owned(), local(port), "invalid: not an address"),
    ];
    for (line, grants, expected) in cases {
        let called = notify(sends(&line, grants), "").await;
        assert!(failure(&called).contains(expected), "{line}: {}", failure(&called));
        assert_eq!(called.host_calls.len(), 1);
    }
    assert!(server.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_secret_stays_home_where_the_person_who_set_it_did_not_name_the_host() {
    let server = Server::start().await;
    let plugin = sandbox()
        .load(sends(&format!("GET http://127.0.0.1:{}/{{token}}", server.port), local(server.port)))
        .await
        .unwrap();
    let kept = |hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let token = SecretValue { value: "s3cr/t-token".to_owned(), hosts };
        Arc::new(TestHost { secrets: BTreeMap::from([("token".to_owned(), token)]), ..TestHost::default() })
    };
    let elsewhere = kept(&["hooks.example.com", "*.example.com"]);
    let called = plugin.notify(context(), elsewhere.clone(), notice(""), None).await;
    assert!(failure(&called).contains("secret `token` may not be sent to 127.0.0.1"), "{}", failure(&called));
    assert_eq!(*elsewhere.refused.lock().unwrap(), ["token 127.0.0.1"]);
    assert!(server.got.lock().unwrap().is_empty(), "nothing was sent");

    let here = kept(&["hooks.example.com", "127.0.0.1"]);
    assert!(plugin.notify(context(), here.clone(), notice(""), None).await.result.is_ok());
    assert!(here.refused.lock().unwrap().is_empty());
    assert_eq!(server.got.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_header_cannot_be_split_and_a_missing_secret_is_named() {
    let server = Server::start().await;
    let line = format!("GET http://127.0.0.1:{}/", server.port);
    let called = notify(sends(&line, local(server.port)), "a\r\nx-evil: b").await;
    assert!(failure(&called).contains("control character"), "{}", failure(&called));
    let plugin = sandbox().load(sends(&format!("{line}{{token}}"), local(server.port))).await.unwrap();
    let called = plugin.notify(context(), common::host(), notice(""), None).await;
    assert!(failure(&called).contains("secret `token` has no value"), "{}", failure(&called));
    assert!(server.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn requests_are_counted() {
    let server = Server::start().await;
    let line = format!("GET http://127.0.0.1:{}/\n", server.port);
    let called = notify(sends(&line.repeat(9), local(server.port)), "").await;
    assert!(failure(&called).contains("at most 8 requests"), "{}", failure(&called));
    assert_eq!(server.got.lock().unwrap().len(), 8);
}

#[tokio::test]
async fn so_many_requests_go_out_as_were_asked_for() {
    let server = Server::start().await;
    let line = format!("GET http://127.0.0.1:{}/\n", server.port);
    let mut gone = 0;
    for (allowed, sent) in [(0, 1), (2, 2), (2, 3), (12, 12)] {
        let asked = Limits { http_requests: Some(allowed), ..Limits::default() };
        let bounds = asked.settle(&Limits::default(), &Limits::default()).unwrap();
        let mut spec = sends(&line.repeat(sent), local(server.port));
        spec.limits = CallLimits::from(&bounds);
        let called = notify(spec, "").await;
        gone += sent.min(usize::try_from(allowed).unwrap());
        assert_eq!(server.got.lock().unwrap().len(), gone, "{allowed} {sent}");
        if sent as u64 > allowed {
            assert!(failure(&called).contains(&format!("at most {allowed} requests")), "{}", failure(&called));
        } else {
            called.result.unwrap();
        }
    }
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_the_secret() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let called = notify(sends(&format!("GET http://127.0.0.1:{port}/{{token}}"), local(port)), "").await;
    let text = failure(&called);
    assert!(text.starts_with("unreachable: ") && !text.contains("s3cr"), "{text}");
}
