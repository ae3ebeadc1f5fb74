//! The card, its signature, and what the platform's answer means.

use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform, Tone};
use posthouse_sdk::text::{Encoding, Escape, Text, clip};
use serde_json::{Value, json};

/// A line of a card holds at most this much; the whole request may have 20 KB.
const LINE_BYTES_MAX: usize = 900;
const LINES_MAX: usize = 6;
const FIELDS_MAX: usize = 12;
const VALUE_BYTES_MAX: usize = 160;

/// A custom bot of a group.
pub struct Feishu {
    /// Without a slash at its end.
    pub base_url: String,
    /// Name of the secret: last part of the bot's URL.
    pub token: String,
    /// Name of the signing secret.
    pub sign: Option<String>,
}

impl Platform for Feishu {
    fn request(&self, notice: &Notice) -> Request {
        let url = Text::new()
            .literal(format!("{}/open-apis/bot/v2/hook/", self.base_url))
            .secret(self.token.as_str(), Escape::Percent);
        let card = json!({ "msg_type": "interactive", "card": card(notice) }).to_string();
        let body = match &self.sign {
            None => Text::from(card),
            // The platform wants HMAC-SHA-256 of an empty message under the key "timestamp\nsecret".
            Some(sign) => {
                let key = Text::new().literal(format!("{}\n", notice.now)).secret(sign.as_str(), Escape::None);
                Text::new()
                    .literal(format!("{{\"timestamp\":\"{}\",\"sign\":\"", notice.now))
                    .hmac_sha256(key, Text::new(), Encoding::Base64, Escape::Json)
                    .literal("\",")
                    .literal(&card[1..])
            }
        };
        Request::post(url).json(body)
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        let json = answer.json();
        // The newer form has `code`, the older `StatusCode`; both come with HTTP 200 even for a refusal.
        let code = json.get("code").or_else(|| json.get("StatusCode")).and_then(Value::as_i64);
        let text = json.get("msg").or_else(|| json.get("StatusMessage")).and_then(Value::as_str).unwrap_or_default();
        let Some(code) = code else {
            return match answer.status {
                200..=299 => Outcome::TryLater {
                    reason: format!("Feishu answered without a code: {}", clip(answer.text.trim(), 200)),
                    after_seconds: None,
                },
                _ => Outcome::of_status(answer),
            };
        };
        let reason = |hint: &str| format!("Feishu error {code}: {}{hint}", clip(text, 300));
        match code {
            0 => Outcome::Delivered {
                receipt: json.pointer("/data/message_id").and_then(Value::as_str).map(str::to_owned),
            },
            // 100 per minute and 5 per second for each bot
            11_232 | 11_233 | 11_247 | 99_991_400 => Outcome::TryLater {
                reason: reason(" (the bot posts too often)"),
                after_seconds: Some(answer.retry_after_seconds.unwrap_or(60)),
            },
            19_021 => Outcome::Refused {
                reason: reason(" (wrong signing secret, or this machine's clock is more than an hour off)"),
            },
            19_022 => Outcome::Refused { reason: reason(" (add this machine's public address to the bot's IP list)") },
            19_024 => {
                Outcome::Refused { reason: reason(" (the bot demands a keyword; use the signature check instead)") }
            }
            19_001 | 19_007 | 19_002 | 9_499 | 10_003 | 11_246 => {
                Outcome::Refused { reason: reason(" (check the bot's URL and that the bot is enabled)") }
            }
            _ => Outcome::TryLater { reason: reason(""), after_seconds: answer.retry_after_seconds },
        }
    }
}

fn card(notice: &Notice) -> Value {
    let mut elements = Vec::new();
    for line in notice.lines.iter().filter(|line| !line.trim().is_empty()).take(LINES_MAX) {
        // plain_text is shown as it is: a customer's words need no escaping there.
        elements.push(json!({ "tag": "div", "text": { "tag": "plain_text", "content": clip(line, LINE_BYTES_MAX) } }));
    }
    let fields: Vec<Value> = notice
        .fields
        .iter()
        .take(FIELDS_MAX)
        .map(|field| {
            let content =
                format!("**{}**\n{}", escape(&clip(&field.label, 60)), escape(&clip(&field.value, VALUE_BYTES_MAX)));
            json!({ "is_short": field.value.chars().count() <= 24, "text": { "tag": "lark_md", "content": content } })
        })
        .collect();
    if !fields.is_empty() {
        elements.push(json!({ "tag": "div", "fields": fields }));
    }
    if let Some(link) = &notice.link {
        elements.push(json!({
            "tag": "action",
            "actions": [{
                "tag": "button",
                "type": if notice.tone() == Tone::Alarm { "danger" } else { "primary" },
                "text": { "tag": "plain_text", "content": link.label },
                "url": link.url,
            }],
        }));
    }
    if elements.is_empty() {
        // A card without elements is refused.
        elements.push(json!({ "tag": "div", "text": { "tag": "plain_text", "content": notice.title } }));
    }
    let template = match notice.tone() {
        Tone::Calm => "turquoise",
        Tone::Good => "green",
        Tone::Caution => "orange",
        Tone::Alarm => "red",
    };
    json!({
        "config": { "wide_screen_mode": true },
        "header": { "template": template, "title": { "tag": "plain_text", "content": clip(&notice.title, 300) } },
        "elements": elements,
    })
}

/// The platform's Markdown takes numeric character references for what would be markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '!' | '&' | '$' | '|' => {
                out.push_str(&format!("&#{};", u32::from(character)));
            }
            // A dash, plus or number starts a list only at the start of a line; a value is one line.
            '\n' | '\r' => out.push(' '),
            '-' | '+' if out.is_empty() => out.push_str(&format!("&#{};", u32::from(character))),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use base64::Engine as _;
    use posthouse_sdk::notice::{Field, Link};
    use posthouse_sdk::testing::{hmac_sha256, render};

    const SECRETS: [(&str, &str); 2] = [("feishu_token", "abc-123"), ("feishu_sign", "demo")];

    fn feishu() -> Feishu {
        Feishu {
            base_url: "https://open.feishu.cn".into(),
            token: "feishu_token".into(),
            sign: Some("feishu_sign".into()),
        }
    }

    fn notice() -> Notice {
        Notice {
            title: "物流 · 紧急 · Ana".into(),
            lines: vec!["Where is my parcel? <at id=all></at>".into()],
            fields: vec![Field { label: "订单".into(), value: "*1042*<at id=all>".into() }],
            link: Some(Link { label: "审核".into(), url: "https://desk.example/t/acme/tickets/7".into() }),
            urgency: Some(posthouse_sdk::Urgency::Urgent),
            now: 1_599_360_473,
            ..Notice::default()
        }
    }

    #[test]
    fn the_body_is_a_signed_card() {
        let request = feishu().request(&notice());
        assert_eq!(render(&request.url, &SECRETS), "https://open.feishu.cn/open-apis/bot/v2/hook/abc-123");
        let body: Value = serde_json::from_str(&render(&request.body.unwrap().1, &SECRETS)).unwrap();
        assert_eq!(body["timestamp"], "1599360473");
        let expected =
            base64::engine::general_purpose::STANDARD.encode(hmac_sha256("1599360473\ndemo".as_bytes(), b""));
        assert_eq!(body["sign"], expected.as_str());
        assert_eq!(body["msg_type"], "interactive");
        assert_eq!(body["card"]["header"]["template"], "red");
        assert_eq!(body["card"]["elements"][2]["actions"][0]["url"], "https://desk.example/t/acme/tickets/7");
    }

    #[test]
    fn customers_words_are_never_markup() {
        let card = card(&notice());
        let field = card["elements"][1]["fields"][0]["text"]["content"].as_str().unwrap();
        assert_eq!(field, "**订单**\n&#42;1042&#42;&#60;at id=all&#62;");
        assert_eq!(card["elements"][0]["text"]["tag"], "plain_text");
    }

    #[test]
    fn codes_say_whether_to_try_again() {
        let of = |text: &str| feishu().judge(&Answer { status: 200, retry_after_seconds: None, text: text.into() });
        assert_eq!(of(r#"{"code":0,"msg":"success","data":{}}"#), Outcome::Delivered { receipt: None });
        assert_eq!(of(r#"{"StatusCode":0,"StatusMessage":"success"}"#), Outcome::Delivered { receipt: None });
        assert!(matches!(of(r#"{"code":19021,"msg":"sign match fail"}"#), Outcome::Refused { .. }));
        assert!(matches!(
            of(r#"{"code":11232,"msg":"frequency limited"}"#),
            Outcome::TryLater { after_seconds: Some(60), .. }
        ));
        assert!(matches!(of("<html>"), Outcome::TryLater { .. }));
        let gone = Answer { status: 404, retry_after_seconds: None, text: String::new() };
        assert!(matches!(feishu().judge(&gone), Outcome::Refused { .. }));
    }

    #[test]
    fn a_long_notice_stays_under_the_platform_s_limit() {
        let mut long = notice();
        long.lines = vec!["界".repeat(5_000); 20];
        long.fields = vec![Field { label: "x".repeat(500), value: "*".repeat(5_000) }; 40];
        let request = feishu().request(&long);
        let length = render(&request.body.unwrap().1, &SECRETS).len();
        assert!(length < 20_000, "{length}");
    }
}
