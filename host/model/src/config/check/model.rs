//! The model's endpoint, its limits and its prices.

use super::Check;
use crate::config::{Decimal, ModelConfig};

/// Highest price of a million tokens, in the currency's unit.
const TOKENS_PRICE_MAX: Decimal = Decimal(10_000 * 1_000_000);
/// Most money that a day may be allowed to cost.
const MONEY_A_DAY_MAX: Decimal = Decimal(1_000_000 * 1_000_000);

impl Check {
    pub(super) fn model(&mut self, model: &ModelConfig) {
        let https = model.base_url.starts_with("https://");
        let http = model.base_url.starts_with("http://");
        let rest = model.base_url.split_once("://").map_or("", |(_, rest)| rest);
        if !(https || http) || rest.is_empty() || rest.starts_with('/') || rest.contains([' ', '@', '?', '#']) {
            self.say(
                "model.base_url",
                format!("`{}` is not an endpoint", model.base_url),
                "use https://HOST/PATH up to and with the version, such as \"https://api.openai.com/v1\"",
            );
        } else if http && !model.plain_http {
            self.say(
                "model.base_url",
                "over http:// the key and customers' words travel in the clear",
                "use https://, or set plain_http = true for a model on your own network",
            );
        }
        if model.model.trim().is_empty() {
            self.say("model.model", "the model's name is empty", "use the name from the provider's list");
        }
        self.range("model.tokens_per_day", model.tokens_per_day, 0, 1_000_000_000);
        self.range("model.keep_exchanges_days", model.keep_exchanges_days, 0, 365);
        self.range("model.output_tokens_max", model.output_tokens_max, 1, 4_096);
        self.range("model.timeout_seconds", model.timeout_seconds, 1, 120);
        self.range("model.attempts", model.attempts, 1, 3);
        if let Some(price) = &model.price {
            let sound = price.currency.len() == 3 && price.currency.bytes().all(|byte| byte.is_ascii_uppercase());
            if !sound {
                let what = format!("`{}` is not a currency", price.currency);
                self.say("model.price.currency", what, "use three capital letters of ISO 4217, such as \"USD\"");
            }
            self.amount("model.price.input", Some(price.input), TOKENS_PRICE_MAX);
            self.amount("model.price.output", Some(price.output), TOKENS_PRICE_MAX);
            self.amount("model.price.per_day", price.per_day, MONEY_A_DAY_MAX);
        }
        for (task, of) in &model.tasks {
            let name =
                serde_json::to_value(task).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
            let path = |key: &str| format!("model.tasks.{name}.{key}");
            if of.model.as_ref().is_some_and(|model| model.trim().is_empty()) {
                self.say(path("model"), "the model's name is empty", "use the name from the provider's list");
            }
            self.range(path("output_tokens_max"), of.output_tokens_max.unwrap_or(1), 1, 4_096);
            self.range(path("timeout_seconds"), of.timeout_seconds.unwrap_or(1), 1, 120);
            self.amount(path("input_price"), of.input_price, TOKENS_PRICE_MAX);
            self.amount(path("output_price"), of.output_price, TOKENS_PRICE_MAX);
            if model.price.is_none() && (of.input_price.is_some() || of.output_price.is_some()) {
                self.say(
                    path("input_price"),
                    "the price has no currency",
                    "add [model.price] with currency, input and output",
                );
            }
        }
    }

    fn amount(&mut self, path: impl Into<String>, amount: Option<Decimal>, max: Decimal) {
        if let Some(amount) = amount.filter(|amount| *amount > max) {
            self.say(path, format!("{amount} is more than {max}"), format!("use at most {max}"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn problems(model: serde_json::Value) -> Vec<String> {
        let mut model = model;
        model["base_url"] = json!("https://m.example/v1");
        model["model"] = json!("m");
        let mut found = Check(Vec::new());
        found.model(&serde_json::from_value(model).unwrap());
        found.0.into_iter().map(|problem| format!("{}: {}", problem.path, problem.what)).collect()
    }

    #[test]
    fn prices_and_tasks_are_bounded_and_named_where_they_stand() {
        let price = json!({ "currency": "USD", "input": 10_000, "output": 0.5, "per_day": 1_000_000 });
        assert_eq!(problems(json!({ "price": price, "attempts": 3 })), Vec::<String>::new());
        let bad = json!({
            "attempts": 4,
            "price": { "currency": "usd", "input": "10000.000001", "output": 1, "per_day": "1000000.5" },
            "tasks": { "translate": { "model": " ", "timeout_seconds": 121, "output_price": 20000 } },
        });
        assert_eq!(
            problems(bad),
            [
                "model.attempts: 4 is out of range",
                "model.price.currency: `usd` is not a currency",
                "model.price.input: 10000.000001 is more than 10000",
                "model.price.per_day: 1000000.5 is more than 1000000",
                "model.tasks.translate.model: the model's name is empty",
                "model.tasks.translate.timeout_seconds: 121 is out of range",
                "model.tasks.translate.output_price: 20000 is more than 10000",
            ]
        );
        let alone = problems(json!({ "tasks": { "draft": { "input_price": 1 } } }));
        assert_eq!(alone, ["model.tasks.draft.input_price: the price has no currency"]);
    }
}
