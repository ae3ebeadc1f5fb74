//! The blocks and what the platform's answer means.

use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform, Tone};
use posthouse_sdk::text::{Escape, Text, clip};
use serde::Deserialize;
use serde_json::{Value, json};

/// The platform's limits are 150 for a header, 3,000 for a section, 10 fields of 2,000 each, 50 blocks.
const HEADER_BYTES_MAX: usize = 150;
const LINE_BYTES_MAX: usize = 1_000;
const LINES_MAX: usize = 8;
const FIELDS_MAX: usize = 20;
const FIELDS_PER_SECTION_MAX: usize = 10;
const VALUE_BYTES_MAX: usize = 300;

/// How it reaches the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An incoming webhook.
    Webhook,
    /// `chat.postMessage` with a bot's token.
    Api,
}

/// A channel.
pub struct Slack {
    /// How it is reached.
    pub mode: Mode,
    /// Without a slash at its end.
    pub base_url: String,
    /// Name of the secret: what follows `/services/`.
    pub path: String,
    /// Name of the secret: the bot's token.
    pub token: String,
    /// The channel's id.
    pub channel: String,
}

impl Platform for Slack {
    fn request(&self, notice: &Notice) -> Request {
        let mut message = json!({
            // Shown in notices of the system and read aloud.
            "text": escape(&clip(&notice.title, 300)),
            "blocks": blocks(notice),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        match self.mode {
            Mode::Webhook => {
                let url = Text::new()
                    .literal(format!("{}/services/", self.base_url))
                    // Its three parts are divided by slashes, which stay.
                    .secret(self.path.as_str(), Escape::None);
                Request::post(url).json(message.to_string())
            }
            Mode::Api => {
                message["channel"] = json!(self.channel);
                Request::post(format!("{}/api/chat.postMessage", self.base_url))
                    .header("Authorization", Text::from("Bearer ").secret(self.token.as_str(), Escape::None))
                    .json(message.to_string())
            }
        }
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        if self.mode == Mode::Webhook || !(200..=299).contains(&answer.status) {
            return match answer.status {
                // Words of the webhook that mean "for now"
                400..=499 if answer.text.contains("rollup_error") => {
                    Outcome::TryLater { reason: webhook_reason(answer), after_seconds: None }
                }
                200..=299 | 408 | 425 | 429 | 500..=599 => Outcome::of_status(answer),
                _ => Outcome::Refused { reason: webhook_reason(answer) },
            };
        }
        let json = answer.json();
        if json.get("ok").and_then(Value::as_bool) == Some(true) {
            return Outcome::Delivered { receipt: json.get("ts").and_then(Value::as_str).map(str::to_owned) };
        }
        let error = json.get("error").and_then(Value::as_str).unwrap_or("no `ok` and no `error` in the answer");
        let reason = format!("Slack error: {}", clip(error, 200));
        match error {
            "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
                Outcome::TryLater { reason, after_seconds: Some(answer.retry_after_seconds.unwrap_or(30)) }
            }
            "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "team_added_to_org" => {
                Outcome::TryLater { reason, after_seconds: answer.retry_after_seconds }
            }
            "not_in_channel" => Outcome::Refused { reason: format!("{reason} (invite the bot to the channel)") },
            _ => Outcome::Refused { reason },
        }
    }
}

fn webhook_reason(answer: &Answer) -> String {
    let hint = match answer.text.trim() {
        "no_service" | "no_service_id" | "no_team" | "invalid_token" => {
            " (check what follows /services/ in the webhook's URL)"
        }
        "channel_not_found" | "channel_is_archived" => " (the webhook's channel is gone)",
        "action_prohibited" | "posting_to_general_channel_denied" => " (an admin of the workspace forbids it)",
        _ => "",
    };
    format!("Slack answered HTTP {}: {}{hint}", answer.status, clip(answer.text.trim(), 200))
}

fn blocks(notice: &Notice) -> Vec<Value> {
    let mark = match notice.tone() {
        Tone::Alarm => "🔴 ",
        Tone::Caution => "🟠 ",
        Tone::Good => "🟢 ",
        Tone::Calm => "",
    };
    let title = clip(&format!("{mark}{}", notice.title), HEADER_BYTES_MAX);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&title) })];
    for line in notice.lines.iter().filter(|line| !line.trim().is_empty()).take(LINES_MAX) {
        blocks.push(json!({ "type": "section", "text": plain(&clip(line, LINE_BYTES_MAX)) }));
    }
    let fields: Vec<Value> = notice
        .fields
        .iter()
        .take(FIELDS_MAX)
        .map(|field| labelled(&clip(&field.label, 100), &clip(&field.value, VALUE_BYTES_MAX)))
        .collect();
    for section in fields.chunks(FIELDS_PER_SECTION_MAX) {
        blocks.push(json!({ "type": "section", "fields": section }));
    }
    if let Some(link) = &notice.link {
        let mut button = json!({
            "type": "button",
            "text": plain(&clip(&link.label, 75)),
            "url": link.url,
            "action_id": "open",
        });
        button["style"] = json!(if notice.tone() == Tone::Alarm { "danger" } else { "primary" });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    blocks
}

/// Never markup, whatever it holds.
fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// Bold label over the value; a value with marks that would format falls back to plain text.
fn labelled(label: &str, value: &str) -> Value {
    let marks = |text: &str| text.contains(['*', '_', '~', '`']);
    if marks(label) || marks(value) {
        plain(&format!("{label}\n{value}"))
    } else {
        json!({ "type": "mrkdwn", "text": format!("*{}*\n{}", escape(label), escape(value)), "verbatim": true })
    }
}

/// The three characters that begin links and mentions.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use posthouse_sdk::notice::{Field, Link};
    use posthouse_sdk::testing::render;

    fn slack(mode: Mode) -> Slack {
        Slack {
            mode,
            base_url: "https://hooks.slack.com".into(),
            path: "slack_path".into(),
            token: "slack_token".into(),
            channel: "C1".into(),
        }
    }

    fn notice() -> Notice {
        Notice {
            title: "Refund <!channel>".into(),
            lines: vec!["*bold* <!here> <http://evil|click>".into()],
            fields: vec![
                Field { label: "Order".into(), value: "1042 <!channel>".into() },
                Field { label: "SKU".into(), value: "*x*".into() },
            ],
            link: Some(Link { label: "Review".into(), url: "https://desk.example/t/acme/tickets/7".into() }),
            ..Notice::default()
        }
    }

    #[test]
    fn nothing_a_customer_wrote_calls_anybody() {
        let request = slack(Mode::Webhook).request(&notice());
        assert_eq!(render(&request.url, &[("slack_path", "T0/B0/xyz")]), "https://hooks.slack.com/services/T0/B0/xyz");
        let body: Value = serde_json::from_str(&render(&request.body.unwrap().1, &[])).unwrap();
        assert_eq!(body["text"], "Refund &lt;!channel&gt;");
        assert_eq!(body["blocks"][1]["text"]["type"], "plain_text");
        assert_eq!(body["blocks"][2]["fields"][0]["text"], "*Order*\n1042 &lt;!channel&gt;");
        assert_eq!(body["blocks"][2]["fields"][1]["type"], "plain_text");
        assert_eq!(body["blocks"][3]["elements"][0]["url"], "https://desk.example/t/acme/tickets/7");
    }

    #[test]
    fn the_api_posts_to_the_channel_with_the_bots_token() {
        let request = slack(Mode::Api).request(&notice());
        let body: Value = serde_json::from_str(&render(&request.body.unwrap().1, &[])).unwrap();
        assert_eq!(body["channel"], "C1");
        assert_eq!(render(&request.headers[0].1, &[("slack_token", "xoxb-1")]), "Bearer xoxb-1");
    }

    #[test]
    fn answers_say_whether_to_try_again() {
        let hook = |status, text: &str| {
            slack(Mode::Webhook).judge(&Answer { status, retry_after_seconds: Some(30), text: text.into() })
        };
        assert_eq!(hook(200, "ok"), Outcome::Delivered { receipt: None });
        assert!(matches!(hook(429, ""), Outcome::TryLater { after_seconds: Some(30), .. }));
        assert!(matches!(hook(404, "no_service"), Outcome::Refused { .. }));
        let api =
            |text: &str| slack(Mode::Api).judge(&Answer { status: 200, retry_after_seconds: None, text: text.into() });
        assert_eq!(api(r#"{"ok":true,"ts":"1.2"}"#), Outcome::Delivered { receipt: Some("1.2".into()) });
        assert!(matches!(
            api(r#"{"ok":false,"error":"ratelimited"}"#),
            Outcome::TryLater { after_seconds: Some(30), .. }
        ));
        assert!(matches!(api(r#"{"ok":false,"error":"channel_not_found"}"#), Outcome::Refused { .. }));
    }
}
