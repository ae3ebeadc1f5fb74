//! Tells any HTTP endpoint: one signed JSON object per notice.

pub mod payload;

use payload::Webhook;
use posthouse_sdk::notice::deliver;
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Settings of this notifier.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to post.
    url: String,
    /// Name of the secret that signs; null posts unsigned.
    #[serde(default = "default_key")]
    key: Option<String>,
    /// Further headers, literal.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the setting is optional")]
fn default_key() -> Option<String> {
    Some("webhook_key".to_owned())
}

impl Notifier for Webhook {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if !settings.url.starts_with("https://") && !settings.url.starts_with("http://") {
            return Err(format!("settings, `url`: `{}` is not an http or https address", settings.url));
        }
        Ok(Self { url: settings.url, key: settings.key, headers: settings.headers.into_iter().collect() })
    }

    fn notify(&self, call: &desk::Call, notification: &Notification, out: &Delivery) -> Result<(), Failure> {
        deliver(self, call, notification, out)
    }
}

posthouse_sdk::export_notifier!(Webhook);
