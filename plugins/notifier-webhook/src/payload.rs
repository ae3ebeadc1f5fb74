//! The request, its signature, and what the endpoint's answer means.

use posthouse_sdk::Urgency;
use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform};
use posthouse_sdk::text::{Encoding, Escape, Text};
use serde_json::{Value, json};

/// An endpoint that takes our JSON.
pub struct Webhook {
    /// Where to post.
    pub url: String,
    /// Name of the signing secret.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Platform for Webhook {
    fn request(&self, notice: &Notice) -> Request {
        let body = body(notice).to_string();
        let timestamp = notice.now.to_string();
        let mut request = Request::post(self.url.as_str());
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        request = request
            .header("User-Agent", "Posthouse")
            .header("X-Posthouse-Id", notice.id.as_str())
            .header("X-Posthouse-Timestamp", timestamp.as_str());
        if let Some(key) = &self.key {
            // The time is signed with the body, so an old request cannot be sent again as a new one.
            let message = Text::new().literal(format!("{timestamp}.")).literal(body.as_str());
            let key = Text::new().secret(key.as_str(), Escape::None);
            request = request.header(
                "X-Posthouse-Signature",
                Text::from("v1=").hmac_sha256(key, message, Encoding::Hex, Escape::None),
            );
        }
        request.json(body)
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        match answer.status {
            300..=399 => Outcome::Refused {
                reason: format!(
                    "HTTP {}: the endpoint redirects, and redirects are not followed; set `url` to its final address",
                    answer.status
                ),
            },
            200..=299 => Outcome::Delivered {
                receipt: answer.json().get("id").and_then(Value::as_str).map(|id| posthouse_sdk::text::clip(id, 200)),
            },
            _ => Outcome::of_status(answer),
        }
    }
}

fn body(notice: &Notice) -> Value {
    json!({
        "version": 1,
        "id": notice.id,
        "kind": notice.kind,
        "language": notice.language,
        "title": notice.title,
        "lines": notice.lines,
        "fields": notice.fields.iter().map(|field| json!({ "label": field.label, "value": field.value })).collect::<Vec<_>>(),
        "link": notice.link.as_ref().map(|link| json!({ "label": link.label, "url": link.url })),
        "urgency": notice.urgency.map(urgency_name),
        "deadline": notice.deadline,
        "ticket": notice.ticket_number,
        "sent_at": notice.now,
    })
}

fn urgency_name(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
        Urgency::Urgent => "urgent",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use posthouse_sdk::testing::{hmac_sha256, render};

    fn webhook() -> Webhook {
        Webhook {
            url: "https://example.com/hook".into(),
            key: Some("webhook_key".into()),
            headers: vec![("X-Shop".into(), "acme".into())],
        }
    }

    fn notice() -> Notice {
        Notice {
            id: "n-1".into(),
            kind: "ticket".into(),
            language: "en".into(),
            title: "shipping · urgent".into(),
            lines: vec!["Where is \"it\"?\n</script>".into()],
            urgency: Some(Urgency::Urgent),
            deadline: Some(1_700_003_600),
            now: 1_700_000_000,
            ..Notice::default()
        }
    }

    #[test]
    fn signs_time_and_body() {
        let request = webhook().request(&notice());
        let secrets = [("webhook_key", "s3cret")];
        let body = render(&request.body.as_ref().unwrap().1, &secrets);
        let parsed: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(parsed["lines"][0], "Where is \"it\"?\n</script>");
        assert_eq!(parsed["urgency"], "urgent");
        let expected: String = hmac_sha256(b"s3cret", format!("1700000000.{body}").as_bytes())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let signature = &request.headers.iter().find(|(name, _)| name == "X-Posthouse-Signature").unwrap().1;
        assert_eq!(render(signature, &secrets), format!("v1={expected}"));
    }

    #[test]
    fn statuses_say_whether_to_try_again() {
        let of = |status| webhook().judge(&Answer { status, retry_after_seconds: Some(7), text: "{}".into() });
        assert_eq!(of(204), Outcome::Delivered { receipt: None });
        assert!(matches!(of(503), Outcome::TryLater { after_seconds: Some(7), .. }));
        assert!(matches!(of(429), Outcome::TryLater { .. }));
        assert!(matches!(of(302), Outcome::Refused { .. }));
        assert!(matches!(of(404), Outcome::Refused { .. }));
    }
}
