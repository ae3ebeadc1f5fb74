//! Tells a DingTalk group through a custom robot: an action card, or Markdown where people are called by name.

pub mod message;

use message::DingTalk;
use posthouse_sdk::notice::deliver;
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;

/// Settings of this notifier.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `https://oapi.dingtalk.com`
    base_url: String,
    /// Name of the secret that holds `access_token` of the robot's URL.
    token: String,
    /// Name of the signing secret (SEC…); null when the robot has no signature check.
    sign: Option<String>,
    /// Phone numbers of members to call in every urgent notice.
    at_mobiles: Vec<String>,
    /// Call the whole group in every urgent notice.
    at_all_when_urgent: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://oapi.dingtalk.com".to_owned(),
            token: "dingtalk_token".to_owned(),
            sign: Some("dingtalk_sign".to_owned()),
            at_mobiles: Vec::new(),
            at_all_when_urgent: false,
        }
    }
}

impl Notifier for DingTalk {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.token.is_empty() {
            return Err("settings, `token`: name the secret that holds access_token of the robot's URL".to_owned());
        }
        if let Some(bad) =
            settings.at_mobiles.iter().find(|m| !m.chars().all(|c| c.is_ascii_digit() || c == '+' || c == '-'))
        {
            return Err(format!("settings, `at_mobiles`: `{bad}` is not a phone number"));
        }
        Ok(Self {
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            token: settings.token,
            sign: settings.sign,
            at_mobiles: settings.at_mobiles,
            at_all_when_urgent: settings.at_all_when_urgent,
        })
    }

    fn notify(&self, call: &desk::Call, notification: &Notification, out: &Delivery) -> Result<(), Failure> {
        deliver(self, call, notification, out)
    }
}

posthouse_sdk::export_notifier!(DingTalk);
