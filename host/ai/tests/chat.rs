//! The client against a provider that checks requests as a real one would.
#![allow(clippy::unwrap_used)]

mod server;

use posthouse_ai::{AiError, ApiKey, Models, ModelsOptions, Prompt, Provider};
use posthouse_model::config::{ModelApi, ModelConfig};
use serde_json::json;
use server::{Answer, KEY, TestProvider};
use std::sync::Mutex;
use std::time::Duration;

fn config(base_url: &str) -> ModelConfig {
    let value = json!({
        "base_url": base_url, "model": "test-model", "key": { "secret": "model_key" }, "output_tokens_max": 300,
        "timeout_seconds": 5, "attempts": 1, "plain_http": true,
    });
    serde_json::from_value(value).unwrap()
}

fn models() -> Models {
    Models::new(ModelsOptions::default()).unwrap()
}

fn prompt() -> Prompt {
    Prompt {
        instructions: "Answer politely.".to_owned(),
        inputs: vec!["Where is my order?".to_owned(), "Order 1042".to_owned()],
        max_output_tokens: Some(4_096),
    }
}

async fn ask(server: &TestProvider, config: &ModelConfig) -> Result<posthouse_ai::Completion, AiError> {
    let _ = server;
    let provider = Provider::new(config, Some(ApiKey::new(KEY).unwrap())).unwrap();
    models().complete(&provider, &prompt()).await
}

#[tokio::test]
async fn a_completion_carries_text_model_and_cost() {
    let server = TestProvider::start(Answer::Says("  It is on its way.\n")).await;
    let answer = ask(&server, &config(&server.base_url)).await.unwrap();
    assert_eq!(answer.text, "It is on its way.");
    assert_eq!(answer.model, "test-model-2026-01-01");
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.estimated), (21, 9, false));
    assert_eq!(answer.usage.total(), 30);
    // The call asked for more than the set-up allows: the set-up wins.
    let expected = json!({"model": "test-model", "messages": [
        {"role": "system", "content": "Answer politely."},
        {"role": "user", "content": "Where is my order?"},
        {"role": "user", "content": "Order 1042"}], "max_tokens": 300});
    assert_eq!(server.seen.lock().unwrap().as_slice(), [expected]);
}

#[tokio::test]
async fn a_model_that_wants_the_newer_limit_is_asked_again_once() {
    let server = TestProvider::start(Answer::Says("Yes.")).await;
    let thinker = ModelConfig { model: "test-thinker".to_owned(), ..config(&server.base_url) };
    assert_eq!(ask(&server, &thinker).await.unwrap().text, "Yes.");
    assert_eq!(*server.count.lock().unwrap(), 2);
    assert_eq!(server.seen.lock().unwrap()[0]["max_completion_tokens"], 300);
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_not_repeated_in_the_words() {
    let server = TestProvider::start(Answer::Says("never")).await;
    let provider = Provider::new(&config(&server.base_url), Some(ApiKey::new("sk-wrong-9999").unwrap())).unwrap();
    let error = models().complete(&provider, &prompt()).await.unwrap_err();
    assert_eq!(error, AiError::Rejected { status: 401, words: "Incorrect API key provided: [key].".to_owned() });
    assert!(error.hint().contains("posthouse secret set"));
    assert!(!format!("{provider:?}").contains("sk-wrong"));
}

#[tokio::test]
async fn wrong_model_and_wrong_path_say_so() {
    let server = TestProvider::start(Answer::Says("never")).await;
    let model = ModelConfig { model: "gone".to_owned(), ..config(&server.base_url) };
    let error = ask(&server, &model).await.unwrap_err();
    assert_eq!(error.to_string(), "the model's provider refused the request (404): The model `gone` does not exist");
    let path = config(&server.base_url.replace("/v1", "/api"));
    let error = ask(&server, &path).await.unwrap_err();
    assert!(matches!(&error, AiError::Rejected { status: 404, .. }), "{error}");
    assert!(error.hint().contains("model.base_url"));
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn a_named_key_without_value_is_a_matter_of_setup() {
    let error = Provider::new(&config("http://127.0.0.1:9/v1"), None).unwrap_err();
    assert!(error.to_string().contains("the secret `model_key`"), "{error}");
}

#[tokio::test]
async fn too_fast_and_out_of_credit_are_told_apart() {
    let body = |code: &str| json!({"error": {"message": "slow down", "code": code}}).to_string().into_bytes();
    let headers = vec![("retry-after", "12".to_owned())];
    let server = TestProvider::start(Answer::Raw(429, headers.clone(), body("rate_limit_exceeded"))).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    let expected = AiError::RateLimited { retry_after: Some(Duration::from_secs(12)), words: "slow down".to_owned() };
    assert_eq!(error, expected);
    assert!(error.is_temporary());

    let server = TestProvider::start(Answer::Raw(429, headers, body("insufficient_quota"))).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert_eq!(error, AiError::Rejected { status: 429, words: "slow down".to_owned() });
    assert!(error.hint().contains("credit"));
}

#[tokio::test]
async fn trouble_at_the_provider_is_temporary() {
    let server = TestProvider::start(Answer::Raw(503, vec![], b"<html>\r\nBad  Gateway</html>".to_vec())).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert_eq!(error.to_string(), "the model cannot be reached: 127.0.0.1 answered 503: <html> Bad Gateway</html>");
    for answer in [Answer::Hangs, Answer::Silent] {
        let server = TestProvider::start(answer).await;
        let quick = ModelConfig { timeout_seconds: 1, ..config(&server.base_url) };
        let error = ask(&server, &quick).await.unwrap_err();
        assert!(matches!(error, AiError::Unavailable(_)), "{error}");
    }
    let gone = config("http://127.0.0.1:1/v1");
    let error = ask(&server, &gone).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_provider_in_trouble_is_tried_again_as_often_as_the_set_up_says() {
    for (attempts, trouble, asked) in [(1, 1, 1), (2, 1, 2), (2, 2, 2), (3, 2, 3)] {
        let server = TestProvider::start(Answer::After(trouble, "At last.")).await;
        let patient = ModelConfig { attempts, timeout_seconds: 60, ..config(&server.base_url) };
        let answer = ask(&server, &patient).await;
        assert_eq!(answer.is_ok(), attempts as usize > trouble, "{attempts} attempts");
        assert_eq!(*server.count.lock().unwrap(), asked);
    }
}

#[tokio::test]
async fn what_will_not_help_is_not_tried_again() {
    let slow = || (429, vec![("retry-after", "12".to_owned())], b"slow down".to_vec());
    let late = || (429, vec![("retry-after", "3".to_owned())], b"slow down".to_vec());
    for (status, headers, body) in [(400, vec![], b"no".to_vec()), slow(), late()] {
        let server = TestProvider::start(Answer::Raw(status, headers, body)).await;
        // Three seconds and as long again do not fit into five.
        let patient = ModelConfig { attempts: 3, timeout_seconds: 5, ..config(&server.base_url) };
        assert!(ask(&server, &patient).await.is_err());
        assert_eq!(*server.count.lock().unwrap(), 1);
    }
}

#[tokio::test]
async fn anthropic_is_spoken_to_in_its_own_way() {
    let server = TestProvider::start(Answer::Writes(" Hello Ana ")).await;
    let claude = ModelConfig { api: ModelApi::Anthropic, ..config(&server.base_url) };
    let answer = ask(&server, &claude).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.model.as_str()), ("Hello Ana", "test-model-20260101"));
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.estimated), (20, 7, false));
    let text = |text: &str| json!({"type": "text", "text": text});
    let expected = json!({"model": "test-model", "max_tokens": 300, "system": "Answer politely.",
        "messages": [{"role": "user", "content": [text("Where is my order?"), text("Order 1042")]}]});
    assert_eq!(server.seen.lock().unwrap().as_slice(), [expected]);
    // One that wants another format says so.
    let wrong = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert!(matches!(wrong, AiError::Rejected { status: 404, .. }), "{wrong}");
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let server = TestProvider::start(Answer::Raw(529, vec![], overloaded.to_string().into_bytes())).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("Overloaded"), "{error}");
}

#[tokio::test]
async fn azure_takes_the_key_in_a_header_of_its_own() {
    let server = TestProvider::start(Answer::Says("Yes.")).await;
    let azure = ModelConfig { api: ModelApi::Azure, ..config(&server.base_url) };
    assert_eq!(ask(&server, &azure).await.unwrap().text, "Yes.");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = TestProvider::start(Answer::Says("stolen")).await;
    let target = vec![("location", format!("{}/chat/completions", other.base_url))];
    let server = TestProvider::start(Answer::Raw(307, target, vec![])).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert!(matches!(error, AiError::Rejected { status: 307, .. }), "{error}");
    assert_eq!(*other.count.lock().unwrap(), 0);
}

#[tokio::test]
async fn answers_that_are_no_completion_are_malformed() {
    let cases: [(&[u8], &str); 6] = [
        (b"<html>captive portal</html>", "expected value"),
        (b"{\"choices\": []}", "no choice"),
        (b"{\"choices\": [{\"message\": {\"content\": \" \"}}]}", "empty"),
        (b"{\"choices\": [{\"message\": {\"content\": null}}]}", "empty"),
        (b"{\"error\": {\"message\": \"bad sk-test-5b1d\", \"code\": \"x\"}}", "bad [key]"),
        (b"\xff\xfe", "makes no sense"),
    ];
    for (body, words) in cases {
        let server = TestProvider::start(Answer::Raw(200, vec![], body.to_vec())).await;
        let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
        assert!(matches!(error, AiError::Malformed(_)) && error.to_string().contains(words), "{error}");
    }
    let large = Answer::Raw(200, vec![], vec![b' '; 1024 * 1024 + 1]);
    let server = TestProvider::start(large).await;
    let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
    assert_eq!(error, AiError::Malformed("the answer is larger than 1024 KiB".to_owned()));
}

#[tokio::test]
async fn what_the_filter_holds_back_is_refused() {
    for body in [
        json!({"choices": [{"message": {"content": null, "refusal": "I cannot help with that."}}]}),
        json!({"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}),
    ] {
        let server = TestProvider::start(Answer::Raw(200, vec![], body.to_string().into_bytes())).await;
        let error = ask(&server, &config(&server.base_url)).await.unwrap_err();
        assert!(matches!(error, AiError::Rejected { status: 200, .. }), "{error}");
    }
}

#[tokio::test]
async fn a_cost_that_is_not_told_is_estimated() {
    let body = json!({"choices": [{"message": {"content": "Good day, sk-test-5b1d"}, "finish_reason": "length"}]});
    let server = TestProvider::start(Answer::Raw(200, vec![], body.to_string().into_bytes())).await;
    let answer = ask(&server, &config(&server.base_url)).await.unwrap();
    assert!(answer.usage.estimated && answer.usage.input_tokens > 10 && answer.usage.output_tokens > 2);
    assert!(answer.truncated);
    assert_eq!(answer.text, "Good day, [key]");
    assert_eq!(answer.model, "test-model");
}

async fn ask_streaming(config: &ModelConfig) -> (Result<posthouse_ai::Completion, AiError>, Vec<String>) {
    let provider = Provider::new(config, Some(ApiKey::new(KEY).unwrap())).unwrap();
    let heard = Mutex::new(Vec::new());
    let so_far = |text: &str| heard.lock().unwrap().push(text.to_owned());
    let answer = models().complete_streaming(&provider, &prompt(), &so_far).await;
    (answer, heard.into_inner().unwrap())
}

#[tokio::test]
async fn an_answer_is_told_of_while_it_comes() {
    for (answer, api) in [
        (Answer::Says("It is on sk-test-5b1d its way."), ModelApi::OpenAi),
        (Answer::Writes("It is on sk-test-5b1d its way."), ModelApi::Anthropic),
    ] {
        let server = TestProvider::start(answer).await;
        let config = ModelConfig { api, ..config(&server.base_url) };
        let (answer, heard) = ask_streaming(&config).await;
        let answer = answer.unwrap();
        assert_eq!(answer.text, "It is on [key] its way.");
        assert!(answer.model.starts_with("test-model-2026") && !answer.truncated, "{answer:?}");
        assert!(!answer.usage.estimated && answer.usage.total() >= 27, "{answer:?}");
        // Each is more of the same, and the last is all of it.
        assert!(heard.windows(2).all(|two| two[1].starts_with(two[0].trim_end())), "{heard:?}");
        assert_eq!(heard.last().map(String::as_str), Some("It is on [key] its way."));
        assert_eq!(server.seen.lock().unwrap()[0]["stream"], true);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_stream_is_asked_for_all_at_once() {
    let server = TestProvider::start(Answer::Whole("Yes.")).await;
    let (answer, heard) = ask_streaming(&config(&server.base_url)).await;
    assert_eq!((answer.unwrap().text.as_str(), heard.len()), ("Yes.", 0));
    assert_eq!(*server.count.lock().unwrap(), 2);
    assert!(server.seen.lock().unwrap()[1].get("stream").is_none());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let server = TestProvider::start(Answer::BreaksOff("One two three four five six")).await;
    let (answer, heard) = ask_streaming(&config(&server.base_url)).await;
    let error = answer.unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("broke off"), "{error}");
    assert!(heard.last().is_some_and(|text| text.starts_with("One") && !text.contains("six")), "{heard:?}");
}

#[tokio::test]
async fn the_probe_needs_address_key_and_model_to_be_right() {
    let server = TestProvider::start(Answer::Says("OK")).await;
    let provider = Provider::new(&config(&server.base_url), Some(ApiKey::new(KEY).unwrap())).unwrap();
    assert_eq!(models().probe(&provider).await.unwrap().model, "test-model-2026-01-01");
    let wrong = Provider::new(&config(&server.base_url), Some(ApiKey::new("sk-no").unwrap())).unwrap();
    assert!(models().probe(&wrong).await.is_err());
}

#[tokio::test]
async fn an_empty_or_endless_prompt_is_never_sent() {
    let server = TestProvider::start(Answer::Says("never")).await;
    let provider = Provider::new(&config(&server.base_url), Some(ApiKey::new(KEY).unwrap())).unwrap();
    let empty = Prompt { inputs: vec![" ".to_owned()], ..Prompt::default() };
    let endless = Prompt { inputs: vec!["a".repeat(Prompt::BYTES_MAX + 1)], ..Prompt::default() };
    for prompt in [empty, endless] {
        assert!(matches!(models().complete(&provider, &prompt).await, Err(AiError::Rejected { .. })));
    }
    assert_eq!(*server.count.lock().unwrap(), 0);
}
