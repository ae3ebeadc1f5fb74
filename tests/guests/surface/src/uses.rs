//! Every capability, tried in every way.
#![allow(dead_code, reason = "each world tries its own part")]

use crate::lines::{line, number};
use posthouse_sdk::bindings::posthouse::plugin::http::{HttpError, Method, Request};
use posthouse_sdk::text::{Encoding, Escape, Text};
use posthouse_sdk::{knowledge, log, model, store};
use serde_json::{Value, json};

pub(crate) fn use_log() {
    for (level, text) in
        [(log::Level::Debug, "d"), (log::Level::Info, "i 1"), (log::Level::Warn, "w"), (log::Level::Error, "e")]
    {
        log::write(level, text);
    }
}

pub(crate) fn use_knowledge() -> Vec<String> {
    let query = knowledge::Query::new("returns");
    query.set_language("de");
    query.set_limit(2);
    let found = query.search().unwrap_or_default();
    let found: Value =
        found.iter().map(|a| json!([a.id(), a.title(), a.language(), a.text(), number(a.score())])).collect();
    vec![line("knowledge", found)]
}

pub(crate) fn use_model() -> Vec<String> {
    let prompt = model::Prompt::new();
    prompt.set_instructions("Answer kindly.");
    prompt.add_input("one");
    prompt.add_input("two");
    prompt.set_max_output_tokens(100);
    match prompt.complete() {
        Ok(said) => vec![line("model", json!([said.text(), said.model_name()]))],
        Err(error) => {
            let kind = match error {
                model::ModelError::NotConfigured => "not-configured",
                model::ModelError::OverBudget => "over-budget",
                model::ModelError::Unavailable(_) => "unavailable",
                model::ModelError::Rejected(_) => "rejected",
            };
            vec![line("model-error", json!(kind))]
        }
    }
}

pub(crate) fn use_store() -> Vec<String> {
    let text = |key: &str| {
        let value = store::get(key).ok().flatten();
        value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let keys = |after: Option<&str>, limit| json!(store::keys("", after, limit).unwrap_or_default());
    let mut lines = vec![line("store-before", json!(text("a")))];
    for (key, value) in [("a", "你好".as_bytes()), ("b", b"[1]"), ("c", &[0, 255])] {
        let _ = store::set(key, value);
    }
    lines.push(line("store-text", json!(text("a"))));
    let parsed: Value = text("b").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    lines.push(line("store-json", parsed));
    lines.push(line("store-bytes", json!(store::get("c").ok().flatten())));
    lines.push(line("store-keys", json!([keys(None, 1_000), keys(Some("a"), 1)])));
    let _ = store::delete("a");
    lines.push(line("store-after", keys(None, 1_000)));
    if let Err(store::StoreError::Invalid(_)) = store::get("") {
        lines.push(line("store-error", json!("invalid")));
    }
    lines
}

pub(crate) fn use_http(base: &str, head: bool) -> Vec<String> {
    let token = |escape| Text::new().secret("token", escape);
    let sign = |encoding| {
        let key = Text::new().secret("sign", Escape::None);
        Text::new().hmac_sha256(key, Text::from("1.").then(token(Escape::None)), encoding, Escape::None)
    };
    let in_json = |encoding| {
        let key = Text::new().secret("sign", Escape::None);
        Text::new().hmac_sha256(key, Text::from("1.").then(token(Escape::None)), encoding, Escape::Json)
    };
    let url = Text::from(format!("{base}/hook/")).then(token(Escape::Percent));
    let request = Request::new(Method::Post, &url.to_host());
    let set = |name: &str, value: Text| drop(request.set_header(name, &value.to_host()));
    set("Authorization", Text::basic("me", token(Escape::None)));
    set("X-Sign", sign(Encoding::Base64Url));
    let body = Text::from(r#"{"text":"你好 \"x\"","sign":""#)
        .then(in_json(Encoding::Base64))
        .literal(r#"","hex":[""#)
        .then(in_json(Encoding::Hex))
        .literal(r#""],"token":""#)
        .then(token(Escape::Json))
        .literal(r#"","b":""#)
        .base64(Text::from("b"))
        .literal(r#""}"#);
    request.set_body("application/json; charset=utf-8", &body.to_host());
    let mut lines = Vec::new();
    if let Ok(answer) = request.send() {
        let ok = (200..300).contains(&answer.status());
        let length = answer.body().len();
        lines.push(line("http", json!([answer.status(), ok, answer.header("CONTENT-TYPE"), length, answer.text()])));
    }
    let request = Request::new(Method::Put, &Text::from(format!("{base}/bytes")).to_host());
    request.set_body_bytes("image/x", &[1, 2]);
    if let Ok(answer) = request.send() {
        lines.push(line("http-put", serde_json::from_str(&answer.text()).unwrap_or_default()));
    }
    if head {
        let request = Request::new(Method::Head, &Text::from(format!("{base}/head")).to_host());
        if let Ok(answer) = request.send() {
            lines.push(line("http-head", json!([answer.status(), answer.header("x-nothing"), answer.text()])));
        }
    }
    let request = Request::new(Method::Get, &Text::from(base.to_owned()).to_host());
    let own = request.set_header("Host", &Text::from("x").to_host());
    let elsewhere = Request::new(Method::Get, &Text::from("https://elsewhere.example/").to_host()).send();
    for error in own.err().into_iter().chain(elsewhere.err()) {
        let kind = match error {
            HttpError::Denied(_) => "denied",
            HttpError::Unreachable(_) => "unreachable",
            HttpError::TooLarge(_) => "too-large",
            HttpError::Invalid(_) => "invalid",
        };
        lines.push(line("http-error", json!(kind)));
    }
    lines
}
