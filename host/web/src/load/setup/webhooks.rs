//! The form of webhooks: each a group of its own, and an empty one for the next. What each was told stands on a page of its own.

use super::forms::keep_secret;
use super::mailbox::secret_name;
use super::{Around, Read, optional, ticked};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{SecretRef, TenantConfig, WebhookConfig, WebhookEvent};
use std::collections::BTreeSet;

/// What the webhook that is not there yet is called in the form; none can be.
const NEW: &str = "";

fn events(t: Lang) -> Vec<(String, String)> {
    let told = WebhookEvent::ALL.iter().filter(|event| **event != WebhookEvent::Test);
    told.map(|event| (event.as_str().to_owned(), t.webhook_event_name(*event).to_owned())).collect()
}

pub(super) fn form(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let mut groups: Vec<Group> = (config.webhooks.iter())
        .map(|webhook| {
            let mut fields = fields(Some(webhook), t);
            fields.push(Field::tick(&format!("remove:{}", webhook.name), "", t.webhook_remove(), false));
            Group { title: Some(webhook.name.clone()), hint: None, row: false, fields }
        })
        .collect();
    let mut new = vec![
        Field::new("name", "webhook[].name", t.webhook_name(), Control::Line("text", 64), "")
            .hint(t.webhook_name_hint()),
    ];
    new.extend(fields(None, t));
    groups.push(Group { title: Some(t.webhook_new().to_owned()), hint: None, row: false, fields: new });
    groups
}

fn fields(webhook: Option<&WebhookConfig>, t: Lang) -> Vec<Field> {
    let at = webhook.map_or(NEW, |webhook| &webhook.name);
    let name = |field: &str| format!("{field}:{at}");
    let path = |key: &str| format!("webhook[{at}].{key}");
    let hint = match webhook {
        Some(webhook) => t.setup_hidden_hint(&webhook.secret.secret),
        None => t.webhook_secret_hint().to_owned(),
    };
    let told = webhook.map(|webhook| webhook.events.iter().map(|event| event.as_str().to_owned()).collect());
    vec![
        Field::new(
            &name("url"),
            &path("url"),
            t.webhook_url(),
            Control::Line("url", 2_000),
            webhook.map(|webhook| webhook.url.clone()).unwrap_or_default(),
        ),
        Field::ticks(&name("events"), &path("events"), t.webhook_events(), events(t), told.unwrap_or_default())
            .hint(t.webhook_events_hint()),
        Field::new(&name("secret"), &path("secret"), t.webhook_secret(), Control::Hidden, "").hint(hint),
        Field::tick(
            &name("private"),
            &path("private"),
            t.webhook_private(),
            webhook.is_some_and(|webhook| webhook.private),
        )
        .hint(t.webhook_private_hint()),
        Field::tick(&name("enabled"), &path("enabled"), t.webhook_on(), webhook.is_none_or(|webhook| webhook.enabled)),
    ]
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let offered: Vec<String> = WebhookEvent::ALL.iter().map(|event| event.as_str().to_owned()).collect();
    let used: BTreeSet<String> = config.secret_destinations().into_iter().map(|used| used.secret).collect();
    let mut webhooks = std::mem::take(&mut config.webhooks);
    webhooks.retain(|webhook| fields.get(&format!("remove:{}", webhook.name)).is_empty());
    let mut at: Vec<String> = webhooks.iter().map(|webhook| webhook.name.clone()).collect();
    if let Some(name) = optional(fields, "name") {
        at.push(NEW.to_owned());
        let secret = SecretRef { secret: free_name(&format!("{}_webhook", secret_name(&name)), &used) };
        read.needed.push(secret.secret.clone());
        let (url, events) = (String::new(), Vec::new());
        webhooks.push(WebhookConfig { name, url, events, secret, old_secret: None, private: false, enabled: true });
    } else if !fields.line("url:").is_empty() || !fields.get("secret:").is_empty() {
        read.say("name", t.name_missing());
    }
    for (webhook, at) in webhooks.iter_mut().zip(&at) {
        let field = |field: &str| format!("{field}:{at}");
        let told = ticked(fields, &field("events"), &offered);
        webhook.url = fields.line(&field("url"));
        // In the order of the set-up where nothing was changed.
        let mut events: Vec<WebhookEvent> = told.iter().filter_map(|name| name.parse().ok()).collect();
        // A test is told without being asked for: that it is named stays as it is.
        events.extend(webhook.events.iter().filter(|event| **event == WebhookEvent::Test));
        events.sort_by_key(|event| webhook.events.iter().position(|known| known == event).unwrap_or(usize::MAX));
        webhook.events = events;
        webhook.private = !fields.get(&field("private")).is_empty();
        webhook.enabled = !fields.get(&field("enabled")).is_empty();
        let typed = fields.get(&field("secret"));
        if !typed.is_empty() && WebhookConfig::key(typed).is_none() {
            read.say(field("secret"), t.webhook_no_secret());
        }
    }
    config.webhooks = webhooks;
    let secrets: Vec<String> = config.webhooks.iter().map(|webhook| webhook.secret.secret.clone()).collect();
    for (secret, at) in secrets.iter().zip(&at) {
        keep_secret(fields, &format!("secret:{at}"), secret, config, read);
    }
}

/// A name for a secret that nothing else is kept under.
fn free_name(wanted: &str, used: &BTreeSet<String>) -> String {
    let names = std::iter::once(wanted.to_owned()).chain((2..).map(|number| format!("{wanted}_{number}")));
    names.into_iter().find(|name| !used.contains(name)).unwrap_or_default()
}
