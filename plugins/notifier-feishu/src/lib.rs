//! Tells a Feishu (Lark) group through a custom bot: one interactive card per notice.

pub mod card;

use card::Feishu;
use posthouse_sdk::notice::deliver;
use posthouse_sdk::notices::{Delivery, Notification};
use posthouse_sdk::{Failure, Notifier, desk};
use serde::Deserialize;

/// Settings of this notifier.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `https://open.feishu.cn`, or `https://open.larksuite.com` for Lark.
    base_url: String,
    /// Name of the secret that holds the last part of the bot's URL.
    token: String,
    /// Name of the signing secret; null when the bot has no signature check.
    sign: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://open.feishu.cn".to_owned(),
            token: "feishu_token".to_owned(),
            sign: Some("feishu_sign".to_owned()),
        }
    }
}

impl Notifier for Feishu {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.token.is_empty() {
            return Err("settings, `token`: name the secret that holds the last part of the bot's URL".to_owned());
        }
        Ok(Self {
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            token: settings.token,
            sign: settings.sign,
        })
    }

    fn notify(&self, call: &desk::Call, notification: &Notification, out: &Delivery) -> Result<(), Failure> {
        deliver(self, call, notification, out)
    }
}

posthouse_sdk::export_notifier!(Feishu);
