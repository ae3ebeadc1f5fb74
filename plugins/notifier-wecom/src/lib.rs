//! Tells a WeCom group through a group robot: Markdown or a text card.

pub mod message;

use message::{Format, WeCom};
use posthouse_sdk::notice::deliver;
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;

/// Settings of this notifier.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `https://qyapi.weixin.qq.com`
    base_url: String,
    /// Name of the secret that holds `key` of the robot's URL.
    key: String,
    /// `markdown` or `template_card`.
    format: Format,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://qyapi.weixin.qq.com".to_owned(),
            key: "wecom_key".to_owned(),
            format: Format::Markdown,
        }
    }
}

impl Notifier for WeCom {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.key.is_empty() {
            return Err("settings, `key`: name the secret that holds key of the robot's URL".to_owned());
        }
        Ok(Self {
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            key: settings.key,
            format: settings.format,
        })
    }

    fn notify(&self, call: &desk::Call, notification: &Notification, out: &Delivery) -> Result<(), Failure> {
        deliver(self, call, notification, out)
    }
}

posthouse_sdk::export_notifier!(WeCom);
