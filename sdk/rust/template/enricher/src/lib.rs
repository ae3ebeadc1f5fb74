//! Looks a customer's orders up in a shop.

use posthouse_sdk::enriching::Enrichment;
use posthouse_sdk::http::{Answer, NoAnswer, Request};
use posthouse_sdk::text::{Escape, Text};
use posthouse_sdk::{Enricher, Failure, Money, desk};
use serde::Deserialize;

/// What the host takes of one customer.
const ORDERS_MAX: usize = 32;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The shop's address, without a slash at its end.
    base: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base: "https://shop.example.com".to_owned(),
        }
    }
}

/// An order as the shop's interface gives it.
#[derive(Deserialize, Debug, PartialEq)]
struct Order {
    number: String,
    status: String,
    /// In hundredths of the currency.
    total_cents: i64,
    currency: String,
}

struct Plugin {
    base: String,
}

impl Plugin {
    fn request(&self, customer: &str) -> Request {
        let url = format!("{}/api/orders?email={}", self.base, percent(customer));
        // The host fills the secret in; the plugin never sees it.
        let token = Text::from("Bearer ").secret("token", Escape::None);
        Request::get(url).header("Authorization", token)
    }
}

fn read(answer: &Answer) -> Result<Vec<Order>, Failure> {
    match answer.status {
        200 => serde_json::from_str(&answer.text)
            .map_err(|error| Failure::Permanent(format!("the shop's answer: {error}"))),
        status => Err(Failure::Temporary(format!(
            "the shop answered HTTP {status}"
        ))),
    }
}

/// Percent-encoded for a URL (RFC 3986, section 2.3).
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

impl Enricher for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            base: settings.base,
        })
    }

    /// For every ticket.
    fn enrich(
        &self,
        _: &desk::Call,
        ticket: &desk::Ticket,
        out: &Enrichment,
    ) -> Result<(), Failure> {
        let request = self.request(&ticket.customer().address);
        let orders = read(&request.send().map_err(NoAnswer::into_failure)?)?;
        out.add_fact("orders", "Orders", &orders.len().to_string());
        for order in orders.iter().take(ORDERS_MAX) {
            let entry = out.add_order(&order.number).map_err(Failure::Permanent)?;
            entry.set_status(&order.status);
            entry.set_total(&Money {
                units: order.total_cents,
                scale: 2,
                currency: order.currency.clone(),
            });
        }
        Ok(())
    }
}

posthouse_sdk::export_enricher!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_sdk::testing::render;

    fn answer(status: u16, text: &str) -> Answer {
        Answer {
            status,
            text: text.to_owned(),
            ..Answer::default()
        }
    }

    #[test]
    fn the_shop_is_asked_with_the_token() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        let request = plugin.request("ann@example.com");
        let secrets = [("token", "t")];
        assert_eq!(
            render(&request.url, &secrets),
            "https://shop.example.com/api/orders?email=ann%40example.com"
        );
        assert_eq!(render(&request.headers[0].1, &secrets), "Bearer t");
    }

    #[test]
    fn orders_are_read() {
        let text =
            r#"[{"number":"1042-88","status":"shipped","total_cents":4990,"currency":"EUR"}]"#;
        let orders = read(&answer(200, text)).unwrap();
        assert_eq!(orders[0].number, "1042-88");
        assert_eq!(orders[0].total_cents, 4990);
    }

    #[test]
    fn a_shop_that_is_down_is_asked_again_later() {
        let failure = read(&answer(503, "")).unwrap_err();
        assert!(matches!(failure, Failure::Temporary(_)), "{failure:?}");
    }
}
