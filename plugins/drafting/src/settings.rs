//! Settings of the drafters, and the templates that come with them.

use crate::blocks::{BlockTexts, Blocks};
use crate::choose::{Shelf, primary};
use crate::market::{DisclosureSettings, Manner, Manners, tag};
use crate::occasions::{OccasionSettings, Occasions};
use serde::Deserialize;
use std::collections::BTreeMap;

const BUNDLED: [&str; 6] = [
    include_str!("../templates/en.json"),
    include_str!("../templates/zh.json"),
    include_str!("../templates/es.json"),
    include_str!("../templates/de.json"),
    include_str!("../templates/fr.json"),
    include_str!("../templates/ja.json"),
];

/// How one greets where it is done otherwise than in the rest of the language.
const MARKET_PHRASES: [(&str, &[(&str, &str)]); 1] = [(
    "en-US",
    &[
        ("greeting", "Hi there,"),
        ("greeting_named", "Hi {{first_name|there}},"),
        ("signoff", "{{#if wish}}{{wish}}\n\n{{/if}}Thanks so much,\n{{signature}}"),
        ("signature", "Your {{shop_name}} team"),
    ],
)];

/// Everything a tenant can say.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Variables of the shop: `shop_name`, `signature`, `return_days` …
    pub variables: BTreeMap<String, String>,
    /// The tenant's own templates; one with the id of a bundled one replaces it.
    pub templates: Vec<TemplateText>,
    /// What to ask, by key and language.
    pub questions: BTreeMap<String, BTreeMap<String, String>>,
    /// Phrases (`greeting`, `greeting_named`, `signoff`), by language.
    pub phrases: BTreeMap<String, BTreeMap<String, String>>,
    /// Blocks that replies are made of, by language or market (`de`, `en-US`), then by name.
    pub blocks: BlockTexts,
    /// How one writes to a market.
    pub manners: BTreeMap<String, Manner>,
    /// Where customers are told that a machine helped.
    pub disclosure: DisclosureSettings,
    /// Holidays and Ramadan.
    pub occasions: OccasionSettings,
    /// When no template is in the customer's language.
    pub default_language: String,
    /// 1 to 3.
    pub max_drafts: usize,
    /// Templates that come with the plugin.
    pub use_default_templates: bool,
    /// The client's model.
    pub model: ModelSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            variables: BTreeMap::new(),
            templates: Vec::new(),
            questions: BTreeMap::new(),
            phrases: BTreeMap::new(),
            blocks: BlockTexts::new(),
            manners: BTreeMap::new(),
            disclosure: DisclosureSettings::default(),
            occasions: OccasionSettings::default(),
            default_language: "en".to_owned(),
            max_drafts: 2,
            use_default_templates: true,
            model: ModelSettings::default(),
        }
    }
}

/// How the model is used.
#[derive(Deserialize, Debug, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Off: templates alone.
    pub enabled: bool,
    /// What the shop wants said to the model: tone, what it never says.
    pub instructions: String,
    /// 64 to 4,096.
    pub max_output_tokens: u32,
    /// Only in these; empty: in all.
    pub categories: Vec<String>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self { enabled: false, instructions: String::new(), max_output_tokens: 700, categories: Vec::new() }
    }
}

/// A template as data.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct TemplateText {
    /// Shown to agents; `{category}-{language}` when not said.
    #[serde(default)]
    pub id: Option<String>,
    /// `*` for any.
    pub category: String,
    /// BCP 47.
    #[serde(default)]
    pub language: Option<String>,
    /// Two letters (ISO 3166-1 alpha-2): only for customers that are known to be there.
    #[serde(default)]
    pub country: Option<String>,
    /// None keeps "Re: " and the ticket's subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// Text, or a list of paragraphs.
    pub body: Body,
    /// Variables that must be known for this template to be taken.
    #[serde(default)]
    pub needs: Vec<String>,
    /// It competes with the others of this name that fit as well: one of them is chosen by chance.
    #[serde(default)]
    pub trial: Option<String>,
}

/// One text, or paragraphs.
#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
pub enum Body {
    /// As it is.
    Text(String),
    /// Joined by empty lines.
    Paragraphs(Vec<String>),
}

impl Body {
    /// As one text.
    #[must_use]
    pub fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Paragraphs(paragraphs) => paragraphs.join("\n\n"),
        }
    }
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    language: String,
    phrases: BTreeMap<String, String>,
    questions: BTreeMap<String, String>,
    templates: Vec<TemplateText>,
}

impl Settings {
    /// All templates, compiled: ours where wanted, then the tenant's.
    ///
    /// # Errors
    /// Names the template and what is wrong with it.
    pub fn shelf(&self) -> Result<Shelf, String> {
        if !(1..=3).contains(&self.max_drafts) {
            return Err("settings, `max_drafts`: from 1 to 3".to_owned());
        }
        if self.model.enabled && !(64..=4096).contains(&self.model.max_output_tokens) {
            return Err("settings, `model.max_output_tokens`: from 64 to 4096".to_owned());
        }
        self.disclosure.check()?;
        let mut shelf = Shelf::new(&self.default_language, self.max_drafts, self.variables.clone());
        shelf.blocks = Blocks::new(&self.blocks)?;
        shelf.manners = Manners::new(&self.manners)?;
        shelf.disclosure = self.disclosure.clone();
        shelf.occasions = Occasions::new(&self.occasions)?;
        for text in BUNDLED {
            let file: LanguageFile =
                serde_json::from_str(text).map_err(|error| format!("bundled templates: {error}"))?;
            // Questions and phrases stay of use to a tenant with templates of its own.
            for (key, question) in &file.questions {
                shelf.add_question(key, &file.language, question);
            }
            for (key, phrase) in &file.phrases {
                shelf
                    .add_phrase(key, &file.language, phrase)
                    .map_err(|what| format!("bundled phrase `{key}`: {what}"))?;
            }
            if self.use_default_templates {
                for template in &file.templates {
                    shelf.add(template, &file.language, true)?;
                }
            }
        }
        for (key, by_language) in &self.questions {
            for (language, question) in by_language {
                shelf.add_question(key, language, question);
            }
        }
        for (market, phrases) in MARKET_PHRASES {
            for (key, phrase) in phrases {
                shelf.add_phrase(key, market, phrase).map_err(|what| format!("bundled phrase `{key}`: {what}"))?;
            }
        }
        for (key, by_language) in &self.phrases {
            for (language, phrase) in by_language {
                let mut add = |market: &str| {
                    shelf
                        .add_phrase(key, market, phrase)
                        .map_err(|what| format!("settings, `phrases.{key}.{language}`: {what}"))
                };
                add(language)?;
                // Said for a market alone, it is said for the language too; said for the language, for all of its markets.
                if !by_language.keys().any(|other| tag(other) == primary(language)) {
                    add(&primary(language))?;
                }
            }
            for language in by_language.keys().filter(|language| tag(language) == primary(language)) {
                shelf.forget_markets(key, language, by_language.keys());
            }
        }
        for template in &self.templates {
            shelf.add(template, &self.default_language, false)?;
        }
        Ok(shelf)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const CATEGORIES: [&str; 10] =
        ["shipping", "refund", "return", "complaint", "product", "address", "order", "payment", "account", "other"];
    const KEYS: [&str; 8] =
        ["order-number", "photo", "return-reason", "new-address", "product", "amount", "payment-date", "account-email"];

    #[test]
    fn every_language_has_every_category_question_and_phrase() {
        for text in BUNDLED {
            let file: LanguageFile = serde_json::from_str(text).unwrap();
            for category in CATEGORIES {
                assert!(file.templates.iter().any(|t| t.category == category), "{}: {category}", file.language);
            }
            for key in KEYS {
                assert!(file.questions.contains_key(key), "{}: {key}", file.language);
            }
            for key in ["greeting", "greeting_named", "signoff", "signature"] {
                assert!(file.phrases.contains_key(key), "{}: {key}", file.language);
            }
        }
        Settings::default().shelf().unwrap();
    }

    #[test]
    fn no_bundled_template_promises_an_amount() {
        for text in BUNDLED {
            let file: LanguageFile = serde_json::from_str(text).unwrap();
            for template in file.templates {
                let body = template.body.joined();
                assert!(!body.chars().any(|c| c.is_ascii_digit()), "{}: {body}", file.language);
            }
        }
    }

    #[test]
    fn no_bundled_text_holds_what_its_market_avoids() {
        let manners = Manners::new(&BTreeMap::new()).unwrap();
        for text in BUNDLED {
            let file: LanguageFile = serde_json::from_str(text).unwrap();
            let manner = manners.of(&file.language);
            assert!(manner.manner.is_some() && manner.disclosure.is_some(), "{}", file.language);
            for template in &file.templates {
                assert_eq!(manner.avoided(&template.body.joined()), None, "{} {}", file.language, template.category);
            }
        }
        let blocks: BlockTexts = serde_json::from_str(include_str!("../data/blocks.json")).unwrap();
        for (market, blocks) in blocks {
            for wording in blocks.values().flatten() {
                assert_eq!(manners.of(&market).avoided(wording), None, "{market}: {wording}");
            }
        }
    }

    #[test]
    fn mistakes_name_the_template() {
        let settings: Settings =
            posthouse_sdk::settings::parse(r#"{"templates":[{"id":"mine","category":"refund","body":"{{#if a}}x"}]}"#)
                .unwrap();
        let error = settings.shelf().unwrap_err();
        assert!(error.contains("`mine`"), "{error}");
    }
}
