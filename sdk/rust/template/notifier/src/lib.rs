//! Posts notifications to a webhook.

use posthouse_sdk::http::{Answer, Request};
use posthouse_sdk::notice::{Notice, Outcome, Platform, Tone, deliver};
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::text::{Escape, Text};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The platform's address, without a slash at its end.
    base: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base: "https://hooks.example.com".to_owned(),
        }
    }
}

struct Plugin {
    base: String,
}

impl Platform for Plugin {
    fn request(&self, notice: &Notice) -> Request {
        let mark = match notice.tone() {
            Tone::Alarm => "🔴 ",
            Tone::Caution => "🟠 ",
            Tone::Good => "🟢 ",
            Tone::Calm => "",
        };
        let mut lines = vec![format!("{mark}{}", notice.title)];
        lines.extend_from_slice(&notice.lines);
        for field in &notice.fields {
            lines.push(format!("{}: {}", field.label, field.value));
        }
        if let Some(link) = &notice.link {
            lines.push(format!("{}: {}", link.label, link.url));
        }
        let body = json!({ "text": lines.join("\n"), "id": notice.id });
        // The host fills the secret in; the plugin never sees it.
        let url = Text::from(format!("{}/", self.base)).secret("hook", Escape::Percent);
        Request::post(url).json(body.to_string())
    }

    /// Fails in the way that fits the status: try again later, or never.
    fn judge(&self, answer: &Answer) -> Outcome {
        Outcome::of_status(answer)
    }
}

impl Notifier for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            base: settings.base,
        })
    }

    /// For every notification.
    fn notify(
        &self,
        call: &desk::Call,
        notification: &Notification,
        out: &Delivery,
    ) -> Result<(), Failure> {
        deliver(self, call, notification, out)?;
        out.set_receipt(&notification.id());
        Ok(())
    }
}

posthouse_sdk::export_notifier!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_sdk::Urgency;
    use posthouse_sdk::testing::render;

    #[test]
    fn a_notification_becomes_one_request() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        let request = plugin.request(&Notice {
            title: "A new ticket".to_owned(),
            lines: vec!["Where is my order?".to_owned()],
            urgency: Some(Urgency::Urgent),
            ..Notice::default()
        });
        let secrets = [("hook", "s3cret")];
        assert_eq!(
            render(&request.url, &secrets),
            "https://hooks.example.com/s3cret"
        );
        let (_, body) = request.body.unwrap();
        let body: serde_json::Value = serde_json::from_str(&render(&body, &secrets)).unwrap();
        assert_eq!(body["text"], "🔴 A new ticket\nWhere is my order?");
    }

    #[test]
    fn a_platform_that_is_busy_is_asked_again_later() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        let busy = Answer {
            status: 429,
            retry_after_seconds: Some(30),
            ..Answer::default()
        };
        let outcome = plugin.judge(&busy);
        assert!(matches!(
            outcome,
            Outcome::TryLater {
                after_seconds: Some(30),
                ..
            }
        ));
    }
}
