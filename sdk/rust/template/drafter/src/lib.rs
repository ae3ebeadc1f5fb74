//! Proposes a reply from the tenant's articles.

use posthouse_sdk::drafting::Drafts;
use posthouse_sdk::knowledge::{KnowledgeError, Query};
use posthouse_sdk::{Drafter, Failure, desk};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The line above the tenant's name.
    closing: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            closing: "Kind regards".to_owned(),
        }
    }
}

struct Plugin {
    closing: String,
}

impl Plugin {
    fn reply(&self, customer: &str, article: &str, tenant: &str) -> String {
        let closing = &self.closing;
        format!("Dear {customer},\n\n{article}\n\n{closing}\n{tenant}")
    }
}

impl Drafter for Plugin {
    type Settings = Settings;

    /// Once, when the plugin is activated. An error refuses the settings.
    fn new(settings: Settings) -> Result<Self, String> {
        if settings.closing.trim().is_empty() {
            return Err("settings, `closing`: must not be empty".to_owned());
        }
        Ok(Self {
            closing: settings.closing,
        })
    }

    /// For every ticket that wants a reply.
    fn draft(&self, call: &desk::Call, ticket: &desk::Ticket, out: &Drafts) -> Result<(), Failure> {
        let query = Query::new(&ticket.latest().body());
        query.set_limit(1);
        let language = ticket.language();
        if let Some(language) = &language {
            query.set_language(language);
        }
        let articles = query.search().map_err(|error| match error {
            KnowledgeError::Unavailable(text) => Failure::Temporary(text),
            KnowledgeError::Invalid(text) => Failure::Permanent(text),
        })?;
        let Some(article) = articles.first() else {
            return Ok(()); // Nothing to say: a person writes.
        };

        let name = ticket.customer().name;
        let name = name.as_deref().unwrap_or("customer");
        let body = self.reply(name, &article.text(), &call.tenant_name());
        let draft = out.add(&body).map_err(Failure::Permanent)?;
        draft.add_citation(&article.id(), &article.title());
        draft.add_filled("name", name);
        draft.set_confidence(0.5);
        if let Some(language) = &language {
            draft.set_language(language);
        }
        if ticket.missing().iter().any(|key| key == "order-number") {
            draft.add_question("order-number", "Could you tell us your order number?");
        }
        Ok(())
    }
}

posthouse_sdk::export_drafter!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_becomes_a_reply() {
        let plugin = Plugin::new(Settings::default()).unwrap();
        assert_eq!(
            plugin.reply("Ann", "You have 30 days.", "Acme"),
            "Dear Ann,\n\nYou have 30 days.\n\nKind regards\nAcme"
        );
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let settings = Settings {
            closing: " ".to_owned(),
        };
        let refused = Plugin::new(settings).err().unwrap();
        assert!(refused.contains("`closing`"), "{refused}");
    }
}
