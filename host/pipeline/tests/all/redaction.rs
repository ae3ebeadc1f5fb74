//! What a model is not shown, and how it comes back.

use crate::house::{Test, actor, bundled, ids, letter};
use crate::provider::Provider;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::config::ModelTask;
use posthouse_model::translation::{TranslationOf, TranslationState};
use posthouse_pipeline::model::{Asking, ask};
use posthouse_sandbox::{ModelRefusal, ModelRequest};
use serde_json::{Value, json};

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

async fn with_mail(echo: &Provider, redact: bool) -> (Test, posthouse_model::MessageId, posthouse_model::TicketId) {
    let test =
        Test::new(vec![bundled("classifier")], |config| config.model = Some(echo.config(json!({ "redact": redact }))))
            .await;
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
    let echo = Provider::echo().await;
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
    let echo = Provider::echo().await;
    let (test, message, _) = with_mail(&echo, false).await;
    translated(&test, message).await;
    assert!(echo.heard().contains("12 Long Acre Road"));
    assert_eq!(test.tenant.scope.model_calls(1).await.unwrap()[0].redacted, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_made_up_placeholder_goes_no_further() {
    let echo = Provider::says("Dear [NAME-99], your refund goes to [IBAN-7].").await;
    let (test, _, ticket) = with_mail(&echo, true).await;
    let request = ModelRequest { instructions: String::new(), inputs: vec![BODY.into()], max_output_tokens: None };
    let allowance = ModelAllowance::default();
    let asking = Asking { plugin: "drafter", task: ModelTask::Draft, allowance: &allowance, ticket: Some(ticket) };
    let refused = ask(&test.house, &test.tenant, asking, request).await.unwrap_err();
    assert!(matches!(&refused, ModelRefusal::Rejected(words) if words.contains("[NAME-99]")), "{refused:?}");
    let call = test.tenant.scope.model_calls(1).await.unwrap().remove(0);
    assert!(call.outcome.contains("[NAME-99]") && call.tokens_in == 20, "it is paid for: {call:?}");
}
