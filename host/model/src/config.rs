//! A tenant's set-up as types: what `tenant.toml` says and what the store keeps once it is applied.
//!
//! One shape serves both. In a tenant folder some values may be given as files (`settings_file`, `templates_folder`, `ca_file`); the
//! loader of the binary puts the content in the field beside it and clears the reference, so what is *applied* stands
//! on its own, as JSON, with no path into a folder that may be gone.
//!
//! Secrets are only ever named here ([`SecretRef`]). Unknown keys are errors. What types cannot say (ranges, names that
//! must exist, one way in per mailbox) is found by [`TenantConfig::problems`], each with the path of the value, from which the
//! binary gives line and column.

mod article;
mod automatic;
mod autonomy;
mod check;
mod crew;
mod destination;
mod difference;
mod macros;
mod mailbox;
mod model;
mod people;
mod provider;
mod screen;
mod watch;
mod webhook;

pub use article::{ANY_LANGUAGE, ArticleConfig, ArticleFront, article_divided, article_language, article_title};
pub use automatic::{AutomaticConfig, Cap};
pub use autonomy::{AutonomyConfig, BarConfig};
pub use check::{ConfigProblem, is_name, is_secret_name, is_slug, secret_variable};
pub use crew::{AssignConfig, CrewConfig, EscalationConfig, Shift};
pub use destination::SecretUse;
pub use difference::{Difference, differences, paths_touch};
pub use macros::{
    MACRO_NAME_CHARS_MAX, MACRO_SNOOZE_HOURS_MAX, MACRO_TAGS_MAX, MACRO_TEXT_CHARS_MAX, MACROS_MAX, MacroConfig,
};
pub use mailbox::{
    FilesConfig, ImapConfig, MailboxConfig, MaildirConfig, OAuthConfig, Security, SmtpConfig, is_pattern,
};
pub use model::{Decimal, ModelApi, ModelConfig, ModelPrice, ModelTask, TaskModel};
pub use people::{OidcConfig, SecondFactor, SignInConfig};
pub use provider::{OAuthPreset, PasswordKind, Preset, Provider, ServerPreset};
pub use screen::{RspamdConfig, ScreenConfig};
pub use watch::{DigestConfig, HeartbeatConfig, TimeOfDay, Weekday};
pub use webhook::{DeliveryState, WebhookConfig, WebhookEvent};

use crate::capability::Grants;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A tenant: the whole of `tenant.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantConfig {
    /// Name in addresses and on the command line: 1 to 40 of `a-z`, `0-9`, `-`; never changes.
    pub slug: String,
    /// Display name, for greetings, pages and chat messages.
    pub name: String,
    /// What the agents read, BCP 47: notices, evidence, the first language of the desk. Default `en`.
    #[serde(default = "english")]
    pub agent_language: String,
    /// IANA time zone of the digest, of active hours and of days in reports. Default `UTC`.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Categories offered on the desk. Plugins may name others. Default: [`TenantConfig::CATEGORIES`].
    #[serde(default = "default_categories")]
    pub categories: Vec<String>,
    /// Where tickets wait. Default: one queue named `inbox`. The first is where a ticket waits that no router placed.
    #[serde(default = "default_queues", rename = "queue")]
    pub queues: Vec<QueueConfig>,
    /// Ways in and out.
    #[serde(default, rename = "mailbox")]
    pub mailboxes: Vec<MailboxConfig>,
    /// Plugins, in the order they are called within their world.
    #[serde(default, rename = "plugin")]
    pub plugins: Vec<PluginConfig>,
    /// Addresses that are told what happens.
    #[serde(default, rename = "webhook", skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookConfig>,
    /// Several acts under one name each, in the order in which they are offered.
    #[serde(default, rename = "macro", skip_serializing_if = "Vec::is_empty")]
    pub macros: Vec<MacroConfig>,
    /// Public keys (minisign) whose packages are taken. Empty: no signed package is.
    #[serde(default)]
    pub trusted_keys: Vec<String>,
    /// Who is told by default.
    #[serde(default)]
    pub notify: NotifyConfig,
    /// Which mail is left out before any plugin sees it, and when spam is spam.
    #[serde(default)]
    pub screen: ScreenConfig,
    /// How people sign in to the desk.
    #[serde(default)]
    pub sign_in: SignInConfig,
    /// How replies are reviewed and sent.
    #[serde(default)]
    pub review: ReviewConfig,
    /// How much may go out that no person has read.
    #[serde(default)]
    pub automatic: AutomaticConfig,
    /// How much a category must have shown before it is answered by itself.
    #[serde(default)]
    pub autonomy: AutonomyConfig,
    /// Which queues' tickets are given out by load.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assign: AssignConfig,
    /// What the agents can do and when they work, for giving tickets out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crew: Vec<CrewConfig>,
    /// What happens as deadlines come near and pass, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<EscalationConfig>,
    /// Daily summary; none: no digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestConfig>,
    /// The watch that alerts when triage goes silent or work is stuck.
    #[serde(default)]
    pub heartbeat: HeartbeatConfig,
    /// The tenant's own model (bring your own key); none: drafts come from templates alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelConfig>,
}

impl TenantConfig {
    /// The categories of the bundled classifier, offered unless the tenant lists its own.
    pub const CATEGORIES: &'static [&'static str] =
        &["shipping", "refund", "return", "complaint", "product", "address", "order", "payment", "account", "other"];

    /// A tenant with defaults for everything but its names.
    #[must_use]
    pub fn new(slug: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            slug: slug.into(),
            name: name.into(),
            agent_language: english(),
            time_zone: utc(),
            categories: default_categories(),
            queues: default_queues(),
            mailboxes: Vec::new(),
            plugins: Vec::new(),
            webhooks: Vec::new(),
            macros: Vec::new(),
            trusted_keys: Vec::new(),
            notify: NotifyConfig::default(),
            screen: ScreenConfig::default(),
            sign_in: SignInConfig::default(),
            review: ReviewConfig::default(),
            automatic: AutomaticConfig::default(),
            autonomy: AutonomyConfig::default(),
            assign: AssignConfig::default(),
            crew: Vec::new(),
            escalation: Vec::new(),
            digest: None,
            heartbeat: HeartbeatConfig::default(),
            model: None,
        }
    }

    /// Fills in what follows from other values: see [`MailboxConfig::complete`].
    pub fn complete(&mut self) {
        self.mailboxes.iter_mut().for_each(MailboxConfig::complete);
    }

    /// Where a ticket waits that no router placed.
    #[must_use]
    pub fn default_queue(&self) -> &str {
        self.queues.first().map_or("inbox", |q| q.name.as_str())
    }

    /// The queue of that name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<&QueueConfig> {
        self.queues.iter().find(|q| q.name == name)
    }

    /// The mailbox of that name.
    #[must_use]
    pub fn mailbox(&self, name: &str) -> Option<&MailboxConfig> {
        self.mailboxes.iter().find(|m| m.name == name)
    }

    /// The plugin of that name.
    #[must_use]
    pub fn plugin(&self, name: &str) -> Option<&PluginConfig> {
        self.plugins.iter().find(|p| p.name == name)
    }

    /// The macro of that name.
    #[must_use]
    pub fn macro_named(&self, name: &str) -> Option<&MacroConfig> {
        self.macros.iter().find(|one| one.name == name)
    }

    /// The webhook of that name.
    #[must_use]
    pub fn webhook(&self, name: &str) -> Option<&WebhookConfig> {
        self.webhooks.iter().find(|webhook| webhook.name == name)
    }

    /// The language in which a notifier's group is told: the plugin's own, else the agents'.
    #[must_use]
    pub fn notice_language(&self, notifier: &str) -> &str {
        self.plugin(notifier).and_then(|p| p.language.as_deref()).unwrap_or(&self.agent_language)
    }

    /// All secrets that this set-up names, with where it names them, in order and without repetition.
    #[must_use]
    pub fn secret_names(&self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for (path, name) in self.secret_uses() {
            names.entry(name.to_owned()).or_insert(path);
        }
        names
    }

    pub(crate) fn secret_uses(&self) -> Vec<(String, &str)> {
        let mut uses = Vec::new();
        for (i, mailbox) in self.mailboxes.iter().enumerate() {
            if let Some(password) = mailbox.imap.as_ref().and_then(|imap| imap.password.as_ref()) {
                uses.push((format!("mailbox[{i}].imap.password.secret"), password.secret.as_str()));
            }
            if let Some(password) = mailbox.smtp.as_ref().and_then(|smtp| smtp.password.as_ref()) {
                uses.push((format!("mailbox[{i}].smtp.password.secret"), password.secret.as_str()));
            }
            for (at, oauth) in mailbox.oauths() {
                let at = format!("mailbox[{i}].{at}");
                if let Some(secret) = &oauth.client_secret {
                    uses.push((format!("{at}.client_secret.secret"), secret.secret.as_str()));
                }
                uses.push((format!("{at}.refresh_token.secret"), oauth.refresh_token.secret.as_str()));
            }
        }
        for (i, plugin) in self.plugins.iter().enumerate() {
            for name in plugin.grants.secrets.keys() {
                uses.push((format!("plugin[{i}].grants.secrets.{name}"), name.as_str()));
            }
        }
        if let Some(secret) = self.sign_in.oidc.as_ref().and_then(|oidc| oidc.client_secret.as_ref()) {
            uses.push(("sign_in.oidc.client_secret.secret".to_owned(), secret.secret.as_str()));
        }
        for (i, webhook) in self.webhooks.iter().enumerate() {
            uses.push((format!("webhook[{i}].secret.secret"), webhook.secret.secret.as_str()));
            if let Some(old) = &webhook.old_secret {
                uses.push((format!("webhook[{i}].old_secret.secret"), old.secret.as_str()));
            }
        }
        if let Some(key) = self.model.as_ref().and_then(|model| model.key.as_ref()) {
            uses.push(("model.key.secret".to_owned(), key.secret.as_str()));
        }
        if let Some(password) = self.screen.rspamd.as_ref().and_then(|rspamd| rspamd.password.as_ref()) {
            uses.push(("screen.rspamd.password.secret".to_owned(), password.secret.as_str()));
        }
        uses
    }
}

/// The name of a secret, never its value: `{ secret = "imap_password" }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// 1 to 64 of `a-z`, `0-9`, `_`; starts with a letter; no `__`.
    pub secret: String,
}

/// A place where tickets wait for agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// What routers call it; see [`is_name`].
    pub name: String,
    /// What agents read, by language (BCP 47): `{ en = "Refunds", zh = "退款" }`. Where the language is missing: `name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub title: BTreeMap<String, String>,
}

/// An installed plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// Its name in this tenant; see [`is_name`]. Routers name notifiers by it.
    pub name: String,
    /// A bundled plugin's name (`classifier`); a package in a registry (`oci:registry.example.com/team/rules:1.2.0`); or a path
    /// relative to the tenant's folder to a package (`.phx`), a plugin project's folder or a `.wasm` file. Default: the
    /// plugin's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Off: stays installed, is never called. Default on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For notifiers: the language of the group. Default: the agents' language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its settings, in the plugin's own words. Given to it as JSON.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// A `.toml` or `.json` file with its settings, relative to the tenant's folder, instead of `settings`. Never set
    /// in what is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_file: Option<String>,
    /// A folder relative to the tenant's, each `*.md` file of which becomes an entry of the setting `templates`: the keys
    /// of its front matter (TOML between two lines of `+++`), `id` from the file's name, `body` from the rest. Never set in
    /// what is applied, which keeps the templates of drafters apart: [`crate::template`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates_folder: Option<String>,
    /// What it may do. Default: write to its log and nothing else.
    #[serde(default = "log_only")]
    pub grants: Grants,
    /// What one call may cost at most, where less than the package asks for or the host gives is to do; for a component
    /// without a package what it gets. Default: what the package asks for.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
}

impl PluginConfig {
    /// One with everything else left to its default.
    #[must_use]
    pub fn new(name: &str, component: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            component,
            enabled: true,
            language: None,
            settings: serde_json::Map::new(),
            settings_file: None,
            templates_folder: None,
            grants: log_only(),
            limits: Limits::default(),
        }
    }

    /// What it is made from: `component`, else its name.
    #[must_use]
    pub fn component(&self) -> &str {
        self.component.as_deref().unwrap_or(&self.name)
    }
}

/// Who is told by default, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyConfig {
    /// Notifiers told about a ticket when the router names none, and of digests and alerts where those name none.
    pub notifiers: Vec<String>,
    /// For how many days the link on a card leads to its ticket, 1 to 365. Default 30.
    pub link_days: u32,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self { notifiers: Vec::new(), link_days: 30 }
    }
}

/// How replies are reviewed and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewConfig {
    /// How long an approved reply can be taken back, 0 to 600. Default 10.
    pub undo_seconds: u32,
    /// The customer's mail is quoted beneath the reply. Default on.
    pub quote_original: bool,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self { undo_seconds: 10, quote_original: true }
    }
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(crate) fn yes() -> bool {
    true
}

fn english() -> String {
    "en".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

fn log_only() -> Grants {
    Grants { log: true, ..Grants::default() }
}

fn default_categories() -> Vec<String> {
    TenantConfig::CATEGORIES.iter().map(|&name| name.to_owned()).collect()
}

fn default_queues() -> Vec<QueueConfig> {
    vec![QueueConfig {
        name: "inbox".to_owned(),
        title: [("en", "Inbox"), ("zh", "收件箱")].map(|(l, t)| (l.to_owned(), t.to_owned())).into(),
    }]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_article_says_its_language_and_title() {
        assert_eq!(article_language("a/faq.zh-CN").as_deref(), Some("zh-CN"));
        for plain in ["version.2", "a.de/faq", "faq", "faq.DE", "faq.d"] {
            assert_eq!(article_language(plain), None, "{plain}");
        }
        assert_eq!(article_title("faq", "text\n# Returns \n# More"), "Returns");
        assert_eq!(article_title("faq", "#no heading\n# \n"), "faq");
        assert_eq!(article_title("faq", &format!("# {}", "退".repeat(201))).chars().count(), 200);
    }

    #[test]
    fn what_is_applied_survives_json() {
        let mut config = TenantConfig::new("acme", "Acme");
        config.digest = Some(DigestConfig { at: "18:00".parse().unwrap(), notifiers: vec![], examples: 3 });
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TenantConfig>(&text).unwrap(), config);
        assert!(serde_json::from_str::<TenantConfig>(r#"{"slug":"a","name":"A","color":"red"}"#).is_err());
    }
}
