//! The message, its signature, and what the platform's answer means.

use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform, Tone};
use posthouse_sdk::text::{Encoding, Escape, Text, clip};
use serde_json::{Value, json};

/// The whole request may have 20,000 bytes.
const LINE_BYTES_MAX: usize = 900;
const LINES_MAX: usize = 6;
const FIELDS_MAX: usize = 12;
const VALUE_BYTES_MAX: usize = 200;

/// A custom robot of a group.
pub struct DingTalk {
    /// Without a slash at its end.
    pub base_url: String,
    /// Name of the secret: `access_token`.
    pub token: String,
    /// Name of the signing secret.
    pub sign: Option<String>,
    /// Members called in urgent notices.
    pub at_mobiles: Vec<String>,
    /// Call everybody in urgent notices.
    pub at_all_when_urgent: bool,
}

impl Platform for DingTalk {
    fn request(&self, notice: &Notice) -> Request {
        let mut url = Text::new()
            .literal(format!("{}/robot/send?access_token=", self.base_url))
            .secret(self.token.as_str(), Escape::Percent);
        if let Some(sign) = &self.sign {
            // HMAC-SHA-256 of "timestamp\nsecret" under the secret; the time in milliseconds.
            let milliseconds = notice.now.saturating_mul(1_000);
            let key = Text::new().secret(sign.as_str(), Escape::None);
            let message = Text::new().literal(format!("{milliseconds}\n")).secret(sign.as_str(), Escape::None);
            url = url.literal(format!("&timestamp={milliseconds}&sign=")).hmac_sha256(
                key,
                message,
                Encoding::Base64,
                Escape::Percent,
            );
        }
        Request::post(url).json(self.message(notice).to_string())
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        let json = answer.json();
        let Some(code) = json.get("errcode").and_then(Value::as_i64) else {
            return match answer.status {
                200..=299 => Outcome::TryLater {
                    reason: format!("DingTalk answered without errcode: {}", clip(answer.text.trim(), 200)),
                    after_seconds: None,
                },
                _ => Outcome::of_status(answer),
            };
        };
        let text = json.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let reason = |hint: &str| format!("DingTalk error {code}: {}{hint}", clip(text, 300));
        match code {
            0 => Outcome::Delivered { receipt: None },
            // Over 20 messages in a minute the robot is silenced for a while.
            130_101 | 130_102 | 410_100 | 90_018 => Outcome::TryLater {
                reason: reason(" (the robot posts too often)"),
                after_seconds: Some(answer.retry_after_seconds.unwrap_or(60)),
            },
            310_000 => Outcome::Refused {
                reason: reason(
                    " (signature, keyword or IP check of the robot: compare the signing secret and this machine's clock)",
                ),
            },
            300_001 | 300_005 | 400_101 | 400_106 | 40_014 => {
                Outcome::Refused { reason: reason(" (check access_token of the robot's URL)") }
            }
            400_013 | 400_102 => Outcome::Refused { reason: reason(" (the group is gone or the robot is stopped)") },
            400_105 | 40_035 | 43_004 | 430_101 | 430_102 | 430_103 | 430_104 => {
                Outcome::Refused { reason: reason(" (the platform refuses this content)") }
            }
            _ => Outcome::TryLater { reason: reason(""), after_seconds: answer.retry_after_seconds },
        }
    }
}

impl DingTalk {
    fn message(&self, notice: &Notice) -> Value {
        let title = clip(&notice.title, 200);
        let calls = notice.tone() == Tone::Alarm && (self.at_all_when_urgent || !self.at_mobiles.is_empty());
        match &notice.link {
            // An action card cannot call anybody, Markdown has no button: urgent calls prefer Markdown.
            Some(link) if !calls => json!({
                "msgtype": "actionCard",
                "actionCard": {
                    "title": title,
                    "text": markdown(notice),
                    "singleTitle": link.label,
                    "singleURL": link.url,
                },
            }),
            link => {
                let mut text = markdown(notice);
                if let Some(link) = link {
                    text.push_str(&format!("\n\n[{}]({})", escape(&link.label), link.url.replace(')', "%29")));
                }
                if calls && !self.at_mobiles.is_empty() {
                    // A number is only called when it stands in the text as well.
                    let mobiles: Vec<String> = self.at_mobiles.iter().map(|mobile| format!("@{mobile}")).collect();
                    text.push_str(&format!("\n\n{}", mobiles.join(" ")));
                }
                json!({
                    "msgtype": "markdown",
                    "markdown": { "title": title, "text": text },
                    "at": {
                        "atMobiles": if calls { self.at_mobiles.clone() } else { Vec::new() },
                        "isAtAll": calls && self.at_all_when_urgent,
                    },
                })
            }
        }
    }
}

fn markdown(notice: &Notice) -> String {
    let mark = match notice.tone() {
        Tone::Alarm => "🔴 ",
        Tone::Caution => "🟠 ",
        Tone::Good => "🟢 ",
        Tone::Calm => "",
    };
    let mut out = format!("#### {mark}{}", escape(&clip(&notice.title, 200)));
    for line in notice.lines.iter().filter(|line| !line.trim().is_empty()).take(LINES_MAX) {
        out.push_str("\n\n> ");
        out.push_str(&escape(&clip(line, LINE_BYTES_MAX)));
    }
    for field in notice.fields.iter().take(FIELDS_MAX) {
        out.push_str(&format!(
            "\n\n**{}** {}",
            escape(&clip(&field.label, 60)),
            escape(&clip(&field.value, VALUE_BYTES_MAX))
        ));
    }
    out
}

/// Backslash before what the platform's Markdown would read as markup; line breaks become spaces, so
/// that no customer's line starts a heading, list or quote.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '!' | '~' | '|' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '#' | '-' | '+' if out.is_empty() => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\r' => out.push(' '),
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
    use posthouse_sdk::Urgency;
    use posthouse_sdk::notice::{Field, Link};
    use posthouse_sdk::testing::{hmac_sha256, render};

    const SECRETS: [(&str, &str); 2] = [("dingtalk_token", "tok"), ("dingtalk_sign", "SECabc")];

    fn dingtalk() -> DingTalk {
        DingTalk {
            base_url: "https://oapi.dingtalk.com".into(),
            token: "dingtalk_token".into(),
            sign: Some("dingtalk_sign".into()),
            at_mobiles: Vec::new(),
            at_all_when_urgent: false,
        }
    }

    fn notice() -> Notice {
        Notice {
            title: "退款 · 一般".into(),
            lines: vec!["# not a heading\n* not a list [x](http://evil)".into()],
            fields: vec![Field { label: "订单".into(), value: "1042".into() }],
            link: Some(Link { label: "审核".into(), url: "https://desk.example/t/acme/tickets/7".into() }),
            now: 1_700_000_000,
            ..Notice::default()
        }
    }

    #[test]
    fn the_url_is_signed_in_milliseconds() {
        let request = dingtalk().request(&notice());
        let digest = base64::engine::general_purpose::STANDARD.encode(hmac_sha256(b"SECabc", b"1700000000000\nSECabc"));
        let expected = digest.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(
            render(&request.url, &SECRETS),
            format!("https://oapi.dingtalk.com/robot/send?access_token=tok&timestamp=1700000000000&sign={expected}")
        );
    }

    #[test]
    fn a_ticket_is_an_action_card_and_its_words_are_not_markup() {
        let message = dingtalk().message(&notice());
        assert_eq!(message["msgtype"], "actionCard");
        assert_eq!(message["actionCard"]["singleURL"], "https://desk.example/t/acme/tickets/7");
        let text = message["actionCard"]["text"].as_str().unwrap();
        assert!(text.contains(r"> \# not a heading \* not a list \[x\]\(http://evil\)"), "{text}");
    }

    #[test]
    fn an_urgent_notice_calls_people() {
        let mut robot = dingtalk();
        robot.at_mobiles = vec!["13800000000".into()];
        let mut urgent = notice();
        urgent.urgency = Some(Urgency::Urgent);
        let message = robot.message(&urgent);
        assert_eq!(message["msgtype"], "markdown");
        assert_eq!(message["at"]["atMobiles"][0], "13800000000");
        assert!(message["markdown"]["text"].as_str().unwrap().contains("@13800000000"));
        assert_eq!(robot.message(&notice())["msgtype"], "actionCard");
    }

    #[test]
    fn codes_say_whether_to_try_again() {
        let of = |text: &str| dingtalk().judge(&Answer { status: 200, retry_after_seconds: None, text: text.into() });
        assert_eq!(of(r#"{"errcode":0,"errmsg":"ok"}"#), Outcome::Delivered { receipt: None });
        assert!(matches!(of(r#"{"errcode":310000,"errmsg":"sign not match"}"#), Outcome::Refused { .. }));
        assert!(matches!(
            of(r#"{"errcode":130101,"errmsg":"send too fast"}"#),
            Outcome::TryLater { after_seconds: Some(60), .. }
        ));
        assert!(matches!(of(r#"{"errcode":-1,"errmsg":"系统繁忙"}"#), Outcome::TryLater { .. }));
    }
}
