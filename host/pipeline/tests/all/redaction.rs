//! What a model is not shown, and how it comes back.

use crate::house::{Test, actor, bundled, ids, letter};
use posthouse_model::capability::ModelAllowance;
use posthouse_model::config::{ModelConfig, ModelTask};
use posthouse_model::translation::{TranslationOf, TranslationState};
use posthouse_pipeline::model::{Asking, ask};
use posthouse_sandbox::{ModelRefusal, ModelRequest};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// Everything in the mails below that is somebody's.
const PERSONAL: [&str; 9] = [
    "Walker",
    "Mary",
    "mary@example.com",
    "mary.private@mail.example",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "12 Long Acre Road",
    "LS1 4AB",
];

const BODY: &str = "Hello,\r\nplease send order 1042-88 to my new address: 12 Long Acre Road, Leeds LS1 4AB\r\n\
    Write to mary.private@mail.example or call +44 20 7946 0958. I paid with 4111 1111 1111 1111, refund to\r\n\
    GB82 WEST 1234 5698 7654 32 please.\r\nMary Walker";

/// A provider that speaks chat completions, refuses what is none, keeps every byte it is sent, and answers with `answer`, or
/// with the last message.
struct Echo {
    base_url: String,
    heard: Arc<Mutex<String>>,
}

impl Echo {
    async fn start(answer: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(String::new()));
        let log = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.unwrap();
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head.push_str(&line);
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                let (status, reply) = judge(&head, &body, answer);
                let body = String::from_utf8(body).unwrap();
                log.lock().unwrap().push_str(&format!("{head}{body}\n"));
                let reply = reply.to_string();
                let head =
                    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", reply.len());
                stream.write_all(format!("{head}{reply}").as_bytes()).await.unwrap();
            }
        });
        Self { base_url, heard }
    }

    fn config(&self, redact: bool) -> ModelConfig {
        serde_json::from_value(json!({
            "base_url": self.base_url, "model": "m", "plain_http": true, "attempts": 1, "redact": redact,
        }))
        .unwrap()
    }

    /// Everything it was sent, with the escapes of JSON undone where they matter here.
    fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

fn judge(head: &str, body: &[u8], answer: Option<&str>) -> (u16, Value) {
    let bad = |what: &str| (400, json!({ "error": { "message": what } }));
    if !head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n") {
        return bad("path");
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return bad("no JSON") };
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let sound = |message: &Value| {
        matches!(message["role"].as_str(), Some("system" | "user"))
            && message["content"].as_str().is_some_and(|text| !text.is_empty())
    };
    if body["model"] != "m" || messages.is_empty() || !messages.iter().all(sound) {
        return bad("no chat");
    }
    let said = answer.map_or_else(|| messages.last().unwrap()["content"].clone(), Value::from);
    (
        200,
        json!({
            "id": "1", "object": "chat.completion", "model": "m",
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": said }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30 },
        }),
    )
}

async fn with_mail(echo: &Echo, redact: bool) -> (Test, posthouse_model::MessageId, posthouse_model::TicketId) {
    let test = Test::new(vec![bundled("classifier")], |config| config.model = Some(echo.config(redact))).await;
    let (message, ticket) = ids(&test.mail(letter("a", "Order 1042-88 of Mary Walker", BODY)).await);
    (test, message, ticket)
}

async fn translated(test: &Test, message: posthouse_model::MessageId) -> (TranslationState, String) {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.ask_translation(TranslationOf::Message(message), "zh", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let ticket = test.tenant.scope.message(message).await.unwrap().ticket.unwrap();
    let row = test.tenant.scope.translations(ticket, "zh").await.unwrap().remove(0);
    (row.state, row.content.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_reaches_the_model_and_everything_comes_back() {
    let echo = Echo::start(None).await;
    let (test, message, ticket) = with_mail(&echo, true).await;
    let (state, content) = translated(&test, message).await;
    assert_eq!(state, TranslationState::Done, "{content}");
    for piece in PERSONAL.iter().filter(|piece| **piece != "mary@example.com") {
        assert!(content.contains(piece), "{piece} came back: {content}");
    }

    // A plugin's own words go the same way, whatever it puts where.
    let request = ModelRequest {
        instructions: "You write for Mary Walker <mary@example.com>.".into(),
        inputs: vec!["customer_name: Mary Walker".into(), BODY.into()],
        max_output_tokens: None,
    };
    let allowance = ModelAllowance::default();
    let asking = Asking { plugin: "drafter", task: ModelTask::Draft, allowance: &allowance, ticket: Some(ticket) };
    assert_eq!(ask(&test.house, &test.tenant, asking, request).await.unwrap().text, BODY);

    let heard = echo.heard();
    assert_eq!(heard.matches("POST ").count(), 2);
    for piece in PERSONAL {
        assert!(!heard.to_lowercase().contains(&piece.to_lowercase()), "{piece} left the house: {heard}");
    }
    assert!(heard.contains("1042-88"), "an order's number is no secret");

    let calls = test.tenant.scope.model_calls(10).await.unwrap();
    assert!(calls.iter().all(|call| call.redacted.is_some_and(|count| count >= 6)), "{calls:?}");
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    let called = events.iter().find(|event| event.kind == "model.called").unwrap();
    let data: Value = serde_json::from_str(&called.data).unwrap();
    assert!(data["redacted"].as_i64().unwrap() >= 6, "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_does_not_ask_for_it_sends_what_it_sent() {
    let echo = Echo::start(None).await;
    let (test, message, _) = with_mail(&echo, false).await;
    translated(&test, message).await;
    assert!(echo.heard().contains("12 Long Acre Road"));
    assert_eq!(test.tenant.scope.model_calls(1).await.unwrap()[0].redacted, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_made_up_placeholder_goes_no_further() {
    let echo = Echo::start(Some("Dear [NAME-99], your refund goes to [IBAN-7].")).await;
    let (test, _, ticket) = with_mail(&echo, true).await;
    let request = ModelRequest { instructions: String::new(), inputs: vec![BODY.into()], max_output_tokens: None };
    let allowance = ModelAllowance::default();
    let asking = Asking { plugin: "drafter", task: ModelTask::Draft, allowance: &allowance, ticket: Some(ticket) };
    let refused = ask(&test.house, &test.tenant, asking, request).await.unwrap_err();
    assert!(matches!(&refused, ModelRefusal::Rejected(words) if words.contains("[NAME-99]")), "{refused:?}");
    let call = test.tenant.scope.model_calls(1).await.unwrap().remove(0);
    assert!(call.outcome.contains("[NAME-99]") && call.tokens_in == 20, "it is paid for: {call:?}");
}
