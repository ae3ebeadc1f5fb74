//! What types cannot say about webhooks.

use super::super::mailbox::any_host_of;
use super::{Check, NAME_RULE, is_name};
use crate::config::WebhookConfig;
use std::collections::BTreeSet;

/// Webhooks of one tenant at most.
pub(super) const WEBHOOKS_MAX: usize = 20;

impl Check {
    pub(super) fn webhooks(&mut self, webhooks: &[WebhookConfig]) {
        if webhooks.len() > WEBHOOKS_MAX {
            self.say("webhook", format!("there are {}", webhooks.len()), format!("use at most {WEBHOOKS_MAX}"));
        }
        let mut names = BTreeSet::new();
        for (i, webhook) in webhooks.iter().enumerate() {
            let path = |key: &str| format!("webhook[{i}].{key}");
            if !is_name(&webhook.name) {
                self.say(path("name"), format!("`{}` cannot be a webhook's name", webhook.name), NAME_RULE);
            } else if !names.insert(webhook.name.as_str()) {
                self.say(path("name"), format!("`{}` is there twice", webhook.name), "give each its own name");
            }
            if any_host_of(&webhook.url).is_none() || webhook.url.len() > 2_000 {
                self.say(path("url"), "it is not an address", "use https://HOST/PATH, without a user name");
            } else if !webhook.url.starts_with("https://") && !webhook.private {
                self.say(
                    path("url"),
                    "over http:// what is told travels in the clear",
                    "use https://, or set private = true for an endpoint on your own network",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WEBHOOKS_MAX;
    use crate::config::{SecretRef, TenantConfig, WebhookConfig, WebhookEvent};

    fn webhook(name: &str, url: &str, private: bool) -> WebhookConfig {
        let secret = SecretRef { secret: "hook".to_owned() };
        WebhookConfig {
            name: name.to_owned(),
            url: url.to_owned(),
            events: vec![],
            secret,
            old_secret: None,
            private,
            enabled: true,
        }
    }

    fn problems(webhooks: Vec<WebhookConfig>) -> Vec<String> {
        let config = TenantConfig { webhooks, ..TenantConfig::new("acme", "Acme") };
        config.problems().into_iter().map(|problem| problem.path).filter(|path| path.starts_with("webhook")).collect()
    }

    #[test]
    fn addresses_are_safe_and_names_are_names() {
        assert_eq!(
            problems(vec![webhook("crm", "https://crm.example/x", false), webhook("lan", "http://10.0.0.7/x", true)]),
            [""; 0]
        );
        for (name, url, private, path) in [
            ("crm", "http://crm.example/x", false, "webhook[0].url"),
            ("crm", "ftp://crm.example/x", true, "webhook[0].url"),
            ("crm", "https://u:p@crm.example/x", false, "webhook[0].url"),
            ("C R M", "https://crm.example/x", false, "webhook[0].name"),
        ] {
            assert_eq!(problems(vec![webhook(name, url, private)]), [path], "{name} {url}");
        }
        let twice = vec![webhook("crm", "https://a.example", false), webhook("crm", "https://b.example", false)];
        assert_eq!(problems(twice), ["webhook[1].name"]);
    }

    #[test]
    fn there_are_so_many_at_most() {
        let some = |n: usize| (0..n).map(|n| webhook(&format!("w{n}"), "https://a.example", false)).collect();
        assert_eq!(problems(some(WEBHOOKS_MAX)), [""; 0]);
        assert_eq!(problems(some(WEBHOOKS_MAX + 1)), ["webhook"]);
    }

    #[test]
    fn events_of_the_chain_are_told_by_what_they_mean() {
        for (kind, told) in [
            ("ticket.opened", Some(WebhookEvent::TicketOpened)),
            ("ticket.mail-received", Some(WebhookEvent::MessageReceived)),
            ("ticket.handled", Some(WebhookEvent::TicketChanged)),
            ("outbox.sent", Some(WebhookEvent::ReplySent)),
            ("outbox.approved", None),
            ("agent.signed-in", None),
            ("webhook.turned-off", None),
            ("webhook.tested", Some(WebhookEvent::Test)),
        ] {
            assert_eq!(WebhookEvent::of(kind), told, "{kind}");
        }
        let mut some = webhook("crm", "https://a.example", false);
        assert!(some.wants(WebhookEvent::ReplySent));
        some.events = vec![WebhookEvent::TicketOpened];
        assert!(some.wants(WebhookEvent::TicketOpened) && !some.wants(WebhookEvent::ReplySent));
    }
}
