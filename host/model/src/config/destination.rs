//! Where a set-up sends each secret that it names.

use super::TenantConfig;
use super::mailbox::any_host_of;
use crate::capability::secret_may_go;

/// One use of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// The secret's name.
    pub secret: String,
    /// Who sends it: `mailbox support`, `plugin slack`, `model`.
    pub by: String,
    /// To which host, in lower case; empty where that is known only once it is asked.
    pub host: String,
}

impl TenantConfig {
    /// Every use of every secret, in the order of the set-up.
    #[must_use]
    pub fn secret_destinations(&self) -> Vec<SecretUse> {
        let mut found = Vec::new();
        let mut say = |secret: &str, by: String, host: String| {
            found.push(SecretUse { secret: secret.to_owned(), by, host });
        };
        for mailbox in &self.mailboxes {
            let by = || format!("mailbox {}", mailbox.name);
            let imap = mailbox.imap.iter().filter_map(|imap| Some((imap.password.as_ref()?, &imap.host)));
            let smtp = mailbox.smtp.iter().filter_map(|smtp| Some((smtp.password.as_ref()?, &smtp.host)));
            for (reference, host) in imap.chain(smtp) {
                say(&reference.secret, by(), host.to_lowercase());
            }
            for (_, oauth) in mailbox.oauths() {
                for reference in oauth.client_secret.iter().chain([&oauth.refresh_token]) {
                    say(&reference.secret, by(), oauth.token_host());
                }
            }
        }
        for plugin in &self.plugins {
            for (name, hosts) in &plugin.grants.secrets {
                for host in hosts {
                    say(name, format!("plugin {}", plugin.name), host.clone());
                }
            }
        }
        if let Some(model) = &self.model
            && let Some(key) = &model.key
        {
            say(&key.secret, "model".to_owned(), any_host_of(&model.base_url).unwrap_or_default());
        }
        for webhook in &self.webhooks {
            for reference in std::iter::once(&webhook.secret).chain(&webhook.old_secret) {
                // It signs, and goes nowhere.
                say(&reference.secret, format!("webhook {}", webhook.name), String::new());
            }
        }
        if let Some(secret) = self.sign_in.oidc.as_ref().and_then(|oidc| oidc.client_secret.as_ref()) {
            // The provider says itself where it takes it.
            say(&secret.secret, "sign-in".to_owned(), String::new());
        }
        if let Some(rspamd) = &self.screen.rspamd
            && let Some(password) = &rspamd.password
        {
            let controller = rspamd.learn.then(|| rspamd.teacher().url);
            for url in std::iter::once(&rspamd.url).chain(&controller) {
                say(&password.secret, "rspamd".to_owned(), any_host_of(url).unwrap_or_default());
            }
        }
        found
    }

    /// Hosts that this secret is sent to and that are not among the allowed ones. No allowed ones: all are.
    #[must_use]
    pub fn secret_strangers(&self, secret: &str, allowed: &[String]) -> Vec<String> {
        let uses = self.secret_destinations().into_iter().filter(|used| used.secret == secret && !used.host.is_empty());
        uses.map(|used| used.host).filter(|host| !secret_may_go(allowed, host)).collect()
    }
}
