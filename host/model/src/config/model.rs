//! The tenant's own model: where it is, what it may be asked, what it may cost.

use super::SecretRef;
use crate::decision::World;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The tenant's own model, on its own key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// How it is spoken to. Default: OpenAI's chat completions.
    #[serde(default)]
    pub api: ModelApi,
    /// Up to and with the version: `https://api.openai.com/v1`; see [`ModelApi`] for what is added.
    pub base_url: String,
    /// The provider's name of the model.
    pub model: String,
    /// The key. None: the endpoint asks for none (a model on the own network).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretRef>,
    /// Input and output tokens allowed per local day, 0 to 1,000,000,000. Default 200,000.
    #[serde(default = "tokens_per_day")]
    pub tokens_per_day: u64,
    /// At most this many output tokens per call, 1 to 4,096. Default 1,024.
    #[serde(default = "output_tokens_max")]
    pub output_tokens_max: u32,
    /// A call is given up after this long, all its attempts together, 1 to 120. Default 30.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u32,
    /// How often a call is tried when the provider is in trouble, 1 to 3. Default 2.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// What was asked and answered is kept this many days, 0 (not at all) to 365. Default 30. That a call was made stays on record.
    #[serde(default = "keep_exchanges_days")]
    pub keep_exchanges_days: u32,
    /// Allows `http://`: the key and customers' words then travel in the clear. Default off.
    #[serde(default)]
    pub plain_http: bool,
    /// What tokens cost and how much money a day may cost. None: only tokens are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<ModelPrice>,
    /// What is different for one kind of task, such as a smaller model for translations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<ModelTask, TaskModel>,
}

impl ModelConfig {
    /// As it is for a task: the same endpoint and key, with what the task changes.
    #[must_use]
    pub fn for_task(&self, task: ModelTask) -> Self {
        let mut config = self.clone();
        if let Some(of) = self.tasks.get(&task) {
            config.model = of.model.clone().unwrap_or(config.model);
            config.output_tokens_max = of.output_tokens_max.unwrap_or(config.output_tokens_max);
            config.timeout_seconds = of.timeout_seconds.unwrap_or(config.timeout_seconds);
            config.price = match (of.input_price, of.output_price, config.price) {
                (input, output, Some(price)) => Some(ModelPrice {
                    input: input.unwrap_or(price.input),
                    output: output.unwrap_or(price.output),
                    ..price
                }),
                (_, _, None) => None,
            };
        }
        config
    }
}

/// How a model's provider is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelApi {
    /// `/chat/completions`, key as bearer: OpenAI, DeepSeek, Qwen, Moonshot, Mistral, Ollama, vLLM and most others.
    #[default]
    OpenAi,
    /// `/messages`, key in `x-api-key`: Anthropic's Messages API.
    Anthropic,
    /// `/chat/completions`, key in `api-key`: Azure OpenAI, base address up to and with `/openai/v1`.
    Azure,
}

impl ModelApi {
    /// All of them, as people choose.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Azure];

    /// As in `tenant.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Azure => "azure",
        }
    }
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelTask {
    /// By a classifier.
    Classify,
    /// By a router.
    Route,
    /// By an enricher.
    Enrich,
    /// By a drafter.
    Draft,
    /// By a checker.
    Check,
    /// By a notifier.
    Notify,
    /// By an agent who wants to read a mail or a draft in another language.
    Translate,
}

impl ModelTask {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Classify, Self::Route, Self::Enrich, Self::Draft, Self::Check, Self::Notify, Self::Translate];

    /// As in `tenant.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::Route => "route",
            Self::Enrich => "enrich",
            Self::Draft => "draft",
            Self::Check => "check",
            Self::Notify => "notify",
            Self::Translate => "translate",
        }
    }
}

impl std::str::FromStr for ModelTask {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|task| task.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no task of a model"))
    }
}

impl From<World> for ModelTask {
    fn from(world: World) -> Self {
        match world {
            World::Classifier => Self::Classify,
            World::Router => Self::Route,
            World::Enricher => Self::Enrich,
            World::Drafter => Self::Draft,
            World::Checker => Self::Check,
            World::Notifier => Self::Notify,
        }
    }
}

/// What is different for one kind of task; what is not said is as in the table above it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskModel {
    /// The provider's name of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// At most this many output tokens per call, 1 to 4,096.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_max: Option<u32>,
    /// A call is given up after this long, 1 to 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Its price per million input tokens, in the currency of `[model.price]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_price: Option<Decimal>,
    /// Its price per million output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_price: Option<Decimal>,
}

/// What tokens cost: the provider's price list, written down by the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// ISO 4217: `USD`.
    pub currency: String,
    /// For a million input tokens, 0 to 10,000.
    pub input: Decimal,
    /// For a million output tokens, 0 to 10,000.
    pub output: Decimal,
    /// What all calls of a local day may cost together, 0 to 1,000,000. None: only tokens are bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Decimal>,
}

impl ModelPrice {
    /// What so many tokens cost, in millionths of the currency's unit, rounded up.
    #[must_use]
    pub fn cost(&self, input: i64, output: i64) -> i64 {
        let part = |tokens: i64, price: Decimal| i128::from(tokens.max(0)) * i128::from(price.0);
        let millionths = (part(input, self.input) + part(output, self.output) + 999_999) / 1_000_000;
        i64::try_from(millionths).unwrap_or(i64::MAX)
    }
}

/// An exact decimal number of at most six places, in millionths. In TOML and JSON a number, or text such as `"0.27"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(pub i64);

impl Decimal {
    /// The largest that is read: beyond, a floating-point number has not six exact places.
    pub const MAX: Self = Self(1_000_000_000 * 1_000_000);

    /// `0.27`, `12`, `1.5`; at most six places, no sign, no exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, places) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 10 || places.len() > 6 || !digits(whole) || !digits(places) {
            return None;
        }
        let millionths = whole.parse::<i64>().ok()? * 1_000_000 + format!("{places:0<6}").parse::<i64>().ok()?;
        Some(Self(millionths)).filter(|decimal| *decimal <= Self::MAX)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(i64),
            Number(f64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Whole(number) => number.to_string(),
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        Self::parse(&text).ok_or_else(|| {
            let want = "a number from 0 to 1000000000 with at most six places, such as 0.27";
            serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &want)
        })
    }
}

fn tokens_per_day() -> u64 {
    200_000
}

fn keep_exchanges_days() -> u32 {
    30
}

fn output_tokens_max() -> u32 {
    1_024
}

fn timeout_seconds() -> u32 {
    30
}

fn attempts() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decimal_is_exact_and_comes_back_as_it_was_written() {
        for (text, millionths) in [("0.27", 270_000), ("12", 12_000_000), ("0.000001", 1), ("1.5", 1_500_000), ("0", 0)]
        {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!((decimal.0, decimal.to_string().as_str()), (millionths, text));
            assert_eq!(serde_json::from_value::<Decimal>(json!(decimal)).unwrap(), decimal);
        }
        assert_eq!(serde_json::from_value::<Decimal>(json!(0.27)).unwrap(), Decimal(270_000));
        assert_eq!(serde_json::from_value::<Decimal>(json!(3)).unwrap(), Decimal(3_000_000));
        assert_eq!(Decimal::parse("1000000000"), Some(Decimal::MAX));
        for bad in ["", ".5", "-1", "1e3", "0.1234567", "1000000000.000001", "１", "1,5", "nan"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
        assert!(serde_json::from_value::<Decimal>(json!(-0.5)).unwrap_err().to_string().contains("such as 0.27"));
    }

    #[test]
    fn a_cost_is_rounded_up_and_never_overflows() {
        let price = |input: &str, output: &str| ModelPrice {
            currency: "USD".to_owned(),
            input: Decimal::parse(input).unwrap(),
            output: Decimal::parse(output).unwrap(),
            per_day: None,
        };
        assert_eq!(price("0.27", "1.1").cost(1_000_000, 1_000_000), 1_370_000);
        assert_eq!(price("0.27", "1.1").cost(1, 0), 1);
        assert_eq!(price("0", "0").cost(5, 5), 0);
        assert_eq!(price("10000", "10000").cost(i64::MAX, i64::MAX), i64::MAX);
    }

    #[test]
    fn a_task_changes_what_it_names_and_nothing_else() {
        let config: ModelConfig = serde_json::from_value(json!({
            "base_url": "https://m.example/v1", "model": "large",
            "price": { "currency": "USD", "input": 3, "output": 15, "per_day": 2.5 },
            "tasks": { "translate": { "model": "small", "input_price": 0.1 } },
        }))
        .unwrap();
        assert_eq!(config.for_task(ModelTask::Draft), config);
        let small = config.for_task(ModelTask::Translate);
        assert_eq!(
            (small.model.as_str(), small.timeout_seconds, small.base_url.as_str()),
            ("small", 30, "https://m.example/v1")
        );
        let price = small.price.unwrap();
        assert_eq!(
            (price.input, price.output, price.per_day),
            (Decimal(100_000), Decimal(15_000_000), Some(Decimal(2_500_000)))
        );
    }
}
