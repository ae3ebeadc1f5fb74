//! The form of the model: where it is, what it may be asked, what it may cost.

use super::forms::keep_secret;
use super::{Read, number};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{
    Decimal, ModelApi, ModelConfig, ModelPrice, ModelTask, SecretRef, TaskModel, TenantConfig,
};

/// Under which name the model's key is kept where nothing else is said.
const MODEL_KEY: &str = "model_key";

pub(super) fn model(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let model = config.model.as_ref();
    let key = model.and_then(|model| model.key.as_ref()).map_or(MODEL_KEY, |key| key.secret.as_str());
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let price = model.and_then(|model| model.price.as_ref());
    let amount = |value: Option<Decimal>| value.map(|value| value.to_string()).unwrap_or_default();
    let small = model.and_then(|model| model.tasks.get(&ModelTask::Translate)?.model.as_ref());
    let price_field = |name: &str, key: &str, label: &str, value: Option<Decimal>| {
        Field::new(name, &format!("model.price.{key}"), label, Control::Line("text", 20), amount(value))
    };
    let main = vec![
        Field::tick("on", "", t.setup_model_on(), model.is_some()),
        Field::new(
            "url",
            "model.base_url",
            t.setup_model_url(),
            Control::Line("url", 300),
            text(model.map(|m| &m.base_url)),
        )
        .hint(t.setup_model_url_hint()),
        Field::new(
            "api",
            "model.api",
            t.setup_model_api(),
            Control::Choice(ModelApi::ALL.map(|api| (api.as_str().to_owned(), api_name(api, t))).to_vec()),
            model.map_or(ModelApi::default(), |m| m.api).as_str(),
        ),
        Field::new(
            "model",
            "model.model",
            t.setup_model_name(),
            Control::Line("text", 200),
            text(model.map(|m| &m.model)),
        ),
        Field::new("key", "model.key", t.setup_model_key(), Control::Hidden, "").hint(t.setup_hidden_hint(key)),
        Field::tick("keyless", "", t.setup_model_keyless(), model.is_some_and(|model| model.key.is_none())),
        Field::new(
            "tokens",
            "model.tokens_per_day",
            t.setup_tokens(),
            Control::Number(0, 1_000_000_000),
            model.map_or(200_000, |m| m.tokens_per_day).to_string(),
        )
        .hint(t.setup_tokens_hint()),
        Field::new(
            "output",
            "model.output_tokens_max",
            t.setup_output(),
            Control::Number(1, 4_096),
            model.map_or(1_024, |m| m.output_tokens_max).to_string(),
        ),
        Field::new(
            "timeout",
            "model.timeout_seconds",
            t.setup_timeout(),
            Control::Number(1, 120),
            model.map_or(30, |m| m.timeout_seconds).to_string(),
        ),
        Field::tick("plain", "model.plain_http", t.setup_plain(), model.is_some_and(|model| model.plain_http))
            .hint(t.setup_plain_hint()),
        Field::new(
            "translate",
            "model.tasks.translate.model",
            t.setup_model_translate(),
            Control::Line("text", 200),
            text(small),
        )
        .hint(t.setup_model_translate_hint()),
    ];
    let prices = vec![
        Field::new(
            "currency",
            "model.price.currency",
            t.setup_currency(),
            Control::Line("text", 3),
            text(price.map(|price| &price.currency)),
        ),
        price_field("price_in", "input", t.setup_price_in(), price.map(|price| price.input)),
        price_field("price_out", "output", t.setup_price_out(), price.map(|price| price.output)),
        price_field("per_day", "per_day", t.setup_price_day(), price.and_then(|price| price.per_day)),
    ];
    vec![
        Group { fields: main, ..Group::default() },
        Group {
            title: Some(t.setup_prices().to_owned()),
            hint: Some(t.setup_prices_hint().to_owned()),
            fields: prices,
            ..Group::default()
        },
    ]
}

fn api_name(api: ModelApi, t: Lang) -> String {
    match api {
        ModelApi::OpenAi => t.setup_api_openai(),
        ModelApi::Anthropic => t.setup_api_anthropic(),
        ModelApi::Azure => t.setup_api_azure(),
    }
    .to_owned()
}

pub(super) fn read_model(fields: &Fields, config: &mut TenantConfig, t: Lang, read: &mut Read) {
    if fields.get("on").is_empty() {
        config.model = None;
        return;
    }
    let old = config.model.take();
    let before = old.as_ref().and_then(|model| model.key.as_ref()).map_or(MODEL_KEY, |key| &key.secret).to_owned();
    let is_keyless = !fields.get("keyless").is_empty();
    let base_url = fields.line("url").trim_end_matches('/').to_owned();
    let api = ModelApi::ALL.into_iter().find(|api| api.as_str() == fields.line("api")).unwrap_or_default();
    // What the form does not show stays as it is.
    let mut tasks = old.as_ref().map(|model| model.tasks.clone()).unwrap_or_default();
    let translate = tasks.entry(ModelTask::Translate).or_default();
    translate.model = Some(fields.line("translate")).filter(|name| !name.is_empty());
    if *translate == TaskModel::default() {
        tasks.remove(&ModelTask::Translate);
    }
    config.model = Some(ModelConfig {
        api,
        model: fields.line("model"),
        key: (!is_keyless).then(|| SecretRef { secret: before.clone() }),
        tokens_per_day: number(fields, "tokens", t, read).unwrap_or(0),
        output_tokens_max: number(fields, "output", t, read).unwrap_or(1),
        timeout_seconds: number(fields, "timeout", t, read).unwrap_or(1),
        attempts: old.as_ref().map_or(2, |model| model.attempts),
        keep_exchanges_days: old.map_or(30, |model| model.keep_exchanges_days),
        plain_http: !fields.get("plain").is_empty(),
        price: read_price(fields, t, read),
        tasks,
        base_url,
    });
    keep_secret(fields, "key", &before, config, read);
}

/// The four together: without a currency and any amount there is no price.
fn read_price(fields: &Fields, t: Lang, read: &mut Read) -> Option<ModelPrice> {
    if ["currency", "price_in", "price_out", "per_day"].into_iter().all(|name| fields.line(name).is_empty()) {
        return None;
    }
    let mut amount = |name: &str| {
        let text = fields.line(name);
        let parsed = Decimal::parse(&text);
        if parsed.is_none() && !text.is_empty() {
            read.say(name, t.setup_no_amount());
        }
        parsed
    };
    let (input, output, per_day) = (amount("price_in"), amount("price_out"), amount("per_day"));
    let currency = fields.line("currency").to_uppercase();
    Some(ModelPrice { currency, input: input.unwrap_or_default(), output: output.unwrap_or_default(), per_day })
}
