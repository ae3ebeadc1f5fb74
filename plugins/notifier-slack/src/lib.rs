//! Tells a Slack channel: Block Kit through an incoming webhook or `chat.postMessage`.

pub mod blocks;

use blocks::{Mode, Slack};
use posthouse_sdk::notice::deliver;
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;

/// Settings of this notifier.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `webhook` or `api`.
    mode: Mode,
    /// `https://hooks.slack.com` in mode `webhook`, `https://slack.com` in mode `api`, when not said.
    base_url: Option<String>,
    /// Mode `webhook`: name of the secret that holds what follows `/services/`.
    path: String,
    /// Mode `api`: name of the secret that holds the bot's token.
    token: String,
    /// Mode `api`: the channel's id.
    channel: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Webhook,
            base_url: None,
            path: "slack_path".to_owned(),
            token: "slack_token".to_owned(),
            channel: None,
        }
    }
}

impl Notifier for Slack {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.mode == Mode::Api && settings.channel.as_deref().unwrap_or_default().is_empty() {
            return Err("settings, `channel`: mode `api` needs the id of a channel, such as \"C0123456789\"".to_owned());
        }
        let base_url = settings.base_url.unwrap_or_else(|| match settings.mode {
            Mode::Webhook => "https://hooks.slack.com".to_owned(),
            Mode::Api => "https://slack.com".to_owned(),
        });
        Ok(Self {
            mode: settings.mode,
            base_url: base_url.trim_end_matches('/').to_owned(),
            path: settings.path,
            token: settings.token,
            channel: settings.channel.unwrap_or_default(),
        })
    }

    fn notify(&self, call: &desk::Call, notification: &Notification, out: &Delivery) -> Result<(), Failure> {
        deliver(self, call, notification, out)
    }
}

posthouse_sdk::export_notifier!(Slack);
