//! The message and what the platform's answer means. The robot's key in the URL is its only proof.

use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform, Tone};
use posthouse_sdk::text::{Escape, Text, clip};
use serde::Deserialize;
use serde_json::{Value, json};

/// Markdown of a robot holds at most 4,096 bytes.
const MARKDOWN_BYTES_MAX: usize = 4_096;
const LINE_BYTES_MAX: usize = 500;
const FIELD_BYTES_MAX: usize = 120;

/// What a notice becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Shows everything.
    Markdown,
    /// A card that opens the link when touched; shortens more.
    TemplateCard,
}

/// A group robot.
pub struct WeCom {
    /// Without a slash at its end.
    pub base_url: String,
    /// Name of the secret: `key`.
    pub key: String,
    /// What a notice becomes.
    pub format: Format,
}

impl Platform for WeCom {
    fn request(&self, notice: &Notice) -> Request {
        let url = Text::new()
            .literal(format!("{}/cgi-bin/webhook/send?key=", self.base_url))
            .secret(self.key.as_str(), Escape::Percent);
        let message = match (self.format, &notice.link) {
            // A card must open something.
            (Format::TemplateCard, Some(link)) => card(notice, &link.label, &link.url),
            _ => json!({ "msgtype": "markdown", "markdown": { "content": markdown(notice) } }),
        };
        Request::post(url).json(message.to_string())
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        let json = answer.json();
        let Some(code) = json.get("errcode").and_then(Value::as_i64) else {
            return match answer.status {
                200..=299 => Outcome::TryLater {
                    reason: format!("WeCom answered without errcode: {}", clip(answer.text.trim(), 200)),
                    after_seconds: None,
                },
                _ => Outcome::of_status(answer),
            };
        };
        let text = json.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let reason = |hint: &str| format!("WeCom error {code}: {}{hint}", clip(text, 300));
        match code {
            0 => Outcome::Delivered { receipt: None },
            // 20 messages a minute for each robot
            45_009 | 45_033 => Outcome::TryLater {
                reason: reason(" (the robot posts too often)"),
                after_seconds: Some(answer.retry_after_seconds.unwrap_or(60)),
            },
            93_000 | 93_004 | 93_008 | 93_017 | 40_014 => Outcome::Refused {
                reason: reason(" (check key of the robot's URL and that the robot is in the group)"),
            },
            40_008 | 40_039 | 40_058 | 44_004 | 45_002 | 47_001 => {
                Outcome::Refused { reason: reason(" (the platform refuses this content)") }
            }
            _ => Outcome::TryLater { reason: reason(""), after_seconds: answer.retry_after_seconds },
        }
    }
}

fn markdown(notice: &Notice) -> String {
    let colour = match notice.tone() {
        Tone::Alarm | Tone::Caution => Some("warning"),
        Tone::Good => Some("info"),
        Tone::Calm => None,
    };
    let title = escape(&clip(&notice.title, 200));
    let mut out = match colour {
        Some(colour) => format!("### <font color=\"{colour}\">{title}</font>"),
        None => format!("### {title}"),
    };
    let link = match &notice.link {
        Some(link) => format!("\n\n[{}]({})", escape(&link.label), link.url.replace(')', "%29")),
        None => String::new(),
    };
    // Pieces that no longer fit are left out as a whole; the link always fits.
    let mut room = MARKDOWN_BYTES_MAX.saturating_sub(out.len() + link.len());
    let lines = notice.lines.iter().filter(|line| !line.trim().is_empty());
    let pieces = lines.map(|line| format!("\n> {}", escape(&clip(line, LINE_BYTES_MAX)))).chain(
        notice.fields.iter().map(|field| {
            let (label, value) = (escape(&clip(&field.label, 60)), escape(&clip(&field.value, FIELD_BYTES_MAX)));
            format!("\n{label}: <font color=\"comment\">{value}</font>")
        }),
    );
    for piece in pieces {
        if piece.len() <= room {
            room -= piece.len();
            out.push_str(&piece);
        }
    }
    out.push_str(&link);
    out
}

fn card(notice: &Notice, link_label: &str, link_url: &str) -> Value {
    let fields: Vec<Value> = notice
        .fields
        .iter()
        .take(6)
        .map(|field| json!({ "keyname": clip_chars(&field.label, 5), "value": clip_chars(&field.value, 26) }))
        .collect();
    json!({
        "msgtype": "template_card",
        "template_card": {
            "card_type": "text_notice",
            "source": { "desc": "Posthouse", "desc_color": if notice.tone() == Tone::Alarm { 2 } else { 0 } },
            "main_title": { "title": clip_chars(&notice.title, 36) },
            "sub_title_text": clip_chars(&notice.lines.join("\n"), 112),
            "horizontal_content_list": fields,
            "jump_list": [{ "type": 1, "title": clip_chars(link_label, 13), "url": link_url }],
            "card_action": { "type": 1, "url": link_url },
        },
    })
}

/// The platform counts characters here.
fn clip_chars(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(characters_max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// The platform's Markdown has no escape character: what would be markup becomes its full-width twin,
/// which reads the same and calls nobody.
fn escape(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '<' => '＜',
            '>' => '＞',
            '[' => '［',
            ']' => '］',
            '*' => '＊',
            '`' => '｀',
            '#' => '＃',
            '\n' | '\r' => ' ',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use posthouse_sdk::notice::{Field, Link};
    use posthouse_sdk::testing::render;

    fn wecom(format: Format) -> WeCom {
        WeCom { base_url: "https://qyapi.weixin.qq.com".into(), key: "wecom_key".into(), format }
    }

    fn notice() -> Notice {
        Notice {
            title: "投诉 · 紧急".into(),
            lines: vec!["broken <@all> [x](http://evil)".into()],
            fields: vec![Field { label: "国家".into(), value: "DE".into() }],
            link: Some(Link { label: "审核".into(), url: "https://desk.example/t/acme/tickets/7".into() }),
            urgency: Some(posthouse_sdk::Urgency::Urgent),
            ..Notice::default()
        }
    }

    fn body(format: Format, notice: &Notice) -> Value {
        let request = wecom(format).request(notice);
        assert_eq!(
            render(&request.url, &[("wecom_key", "k-1")]),
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-1"
        );
        serde_json::from_str(&render(&request.body.unwrap().1, &[])).unwrap()
    }

    #[test]
    fn markdown_calls_nobody_and_links_to_the_desk() {
        let body = body(Format::Markdown, &notice());
        let content = body["markdown"]["content"].as_str().unwrap();
        assert!(content.starts_with("### <font color=\"warning\">投诉"), "{content}");
        assert!(content.contains("broken ＜@all＞ ［x］(http://evil)"), "{content}");
        assert!(content.ends_with("[审核](https://desk.example/t/acme/tickets/7)"), "{content}");
    }

    #[test]
    fn a_card_opens_the_ticket() {
        let body = body(Format::TemplateCard, &notice());
        assert_eq!(body["msgtype"], "template_card");
        assert_eq!(body["template_card"]["card_action"]["url"], "https://desk.example/t/acme/tickets/7");
        let mut without_link = notice();
        without_link.link = None;
        assert_eq!(super::tests::body(Format::TemplateCard, &without_link)["msgtype"], "markdown");
    }

    #[test]
    fn long_text_keeps_the_link_and_the_limit() {
        let mut long = notice();
        long.lines = vec!["界".repeat(2_000); 30];
        long.fields = vec![Field { label: "a".repeat(300), value: "<".repeat(3_000) }; 30];
        let content = markdown(&long);
        assert!(content.len() <= MARKDOWN_BYTES_MAX, "{}", content.len());
        assert!(content.ends_with("/tickets/7)"));
    }

    #[test]
    fn codes_say_whether_to_try_again() {
        let of = |text: &str| {
            wecom(Format::Markdown).judge(&Answer { status: 200, retry_after_seconds: None, text: text.into() })
        };
        assert_eq!(of(r#"{"errcode":0,"errmsg":"ok"}"#), Outcome::Delivered { receipt: None });
        assert!(matches!(of(r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#), Outcome::TryLater { .. }));
        assert!(matches!(of(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#), Outcome::Refused { .. }));
        assert!(matches!(of(r#"{"errcode":-1,"errmsg":"system busy"}"#), Outcome::TryLater { .. }));
    }
}
