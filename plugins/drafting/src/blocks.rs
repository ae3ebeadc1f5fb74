//! Blocks that replies are made of: an apology in degrees, the cause, the options, what is offered, the closing; each with other
//! wordings of the same. Data: `data/blocks.json`, and the tenant's own.

use crate::choose::primary;
use crate::market::tag;
use crate::template::{Template, Values};
use std::collections::BTreeMap;

const BUNDLED: &str = include_str!("../data/blocks.json");

/// Blocks by language or market, then by name, each with one wording or several.
pub type BlockTexts = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// How much there is to be sorry for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degree {
    /// Nothing.
    #[default]
    None,
    /// They had to write again.
    Light,
    /// They are disappointed: each template has its own words.
    Ordinary,
    /// They are furious, or were let down before.
    Strong,
}

/// All blocks, compiled.
#[derive(Debug, Default, Clone)]
pub struct Blocks(BTreeMap<(String, String), Vec<Template>>);

/// What a cause may be called, in the fact `cause`.
const CAUSES: [&str; 5] = ["carrier", "customs", "stock", "warehouse", "weather"];
/// What may be offered, in the variable or fact `offer_options`, parted by commas.
const OPTIONS: [&str; 5] = ["wait", "resend", "refund", "exchange", "repair"];

/// Names of the variables that come from here.
pub const NAMES: [&str; 8] =
    ["apology_light", "apology_strong", "cause", "options", "compensation", "policy", "closing", "wish"];

impl Blocks {
    /// The tenant's over the bundled ones.
    ///
    /// # Errors
    /// Names the block and what is wrong with it.
    pub fn new(own: &BlockTexts) -> Result<Self, String> {
        let bundled: BlockTexts = serde_json::from_str(BUNDLED).map_err(|error| format!("bundled blocks: {error}"))?;
        let mut all = BTreeMap::new();
        for (market, blocks) in bundled.iter().chain(own) {
            for (name, wordings) in blocks {
                let compiled = wordings.iter().map(|text| {
                    Template::new(text).map_err(|what| format!("settings, `blocks.{market}.{name}`: {what}"))
                });
                all.insert((tag(market), name.clone()), compiled.collect::<Result<Vec<_>, _>>()?);
            }
        }
        Ok(Self(all))
    }

    /// One wording of a block for a market, by chance; none where there is none in its language, or where it would stay open.
    fn one(&self, name: &str, market: &str, values: &Values, seed: u64) -> Option<String> {
        let of = |market: String| self.0.get(&(market, name.to_owned())).filter(|wordings| !wordings.is_empty());
        let wordings = of(tag(market)).or_else(|| of(primary(market)))?;
        let chosen = usize::try_from(seed % wordings.len() as u64).unwrap_or(0);
        let rendered = wordings[chosen].render(values, seed / 7);
        rendered.unfilled.is_empty().then_some(rendered.text)
    }

    /// Adds to the values what blocks say in a market. What a fact or the tenant says under the same name stays, but for `cause`,
    /// whose fact is a word that stands for a sentence.
    pub fn fill(&self, values: &mut Values, market: &str, degree: Degree, seed: u64) {
        let apology = match degree {
            Degree::Light => Some("apology_light"),
            Degree::Strong => Some("apology_strong"),
            Degree::None | Degree::Ordinary => None,
        };
        let mut found: Vec<(&str, Option<String>)> = Vec::new();
        if let Some(name) = apology {
            found.push((name, self.one(name, market, values, seed)));
        }
        let known = |name: &str| values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let cause = known("cause").filter(|cause| CAUSES.contains(cause));
        let said = cause.and_then(|cause| self.one(&format!("cause_{cause}"), market, values, seed));
        if known("cause").is_some() {
            // Somebody's own word for it may be in any language.
            found.push(("cause", said.or(Some(String::new()))));
        }
        found.push(("options", self.options(values, market, seed)));
        if known("compensation_offer").is_some() {
            found.push(("compensation", self.one("compensation", market, values, seed)));
        }
        if known("policy_name").is_some() {
            found.push(("policy", self.one("policy", market, values, seed)));
        }
        found.push(("closing", self.one("closing", market, values, seed)));
        for (name, text) in found {
            let Some(text) = text else { continue };
            if name == "cause" || !values.contains_key(name) {
                values.insert(name.to_owned(), text);
            }
        }
    }

    fn options(&self, values: &Values, market: &str, seed: u64) -> Option<String> {
        let wanted = values.get("offer_options")?.split(',').map(str::trim).filter(|one| OPTIONS.contains(one));
        let lines: Vec<String> = wanted
            .filter_map(|one| self.one(&format!("option_{one}"), market, values, seed))
            .map(|line| format!("- {line}"))
            .collect();
        if lines.is_empty() {
            return None;
        }
        let lead = self.one("options_lead", market, values, seed)?;
        Some(format!("{lead}\n{}", lines.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn filled(market: &str, degree: Degree, seed: u64, pairs: &[(&str, &str)]) -> Values {
        let mut values: Values = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Blocks::new(&BlockTexts::new()).unwrap().fill(&mut values, market, degree, seed);
        values
    }

    #[test]
    fn every_language_has_every_block_and_none_promises_an_amount() {
        let bundled: BlockTexts = serde_json::from_str(BUNDLED).unwrap();
        let names: Vec<&String> = bundled["en"].keys().collect();
        for language in ["en", "de", "fr", "es", "ja", "zh"] {
            assert_eq!(bundled[language].keys().collect::<Vec<_>>(), names, "{language}");
        }
        for (market, blocks) in &bundled {
            for (name, wordings) in blocks {
                assert!(names.contains(&name) && !wordings.is_empty(), "{market}: {name}");
                assert!(wordings.iter().all(|text| !text.chars().any(char::is_numeric)), "{market}: {name}");
            }
        }
        Blocks::new(&bundled).unwrap();
    }

    #[test]
    fn an_apology_is_as_strong_as_the_case() {
        let keys = |degree| {
            let values = filled("de", degree, 0, &[]);
            values.into_keys().filter(|name| name.starts_with("apology")).collect::<Vec<_>>()
        };
        assert_eq!(keys(Degree::None), [""; 0]);
        assert_eq!(keys(Degree::Light), ["apology_light"]);
        assert_eq!(keys(Degree::Ordinary), [""; 0], "each template has its own");
        assert_eq!(keys(Degree::Strong), ["apology_strong"]);
    }

    #[test]
    fn a_market_has_its_own_words_and_its_languages_where_it_has_none() {
        let american = filled("en-US", Degree::Strong, 0, &[("cause", "customs")]);
        assert!(american["apology_strong"].contains("I'm so sorry"), "{american:?}");
        assert!(american["cause"].contains("customs"), "{american:?}");
        assert!(filled("ja-JP", Degree::Strong, 1, &[])["apology_strong"].contains("お詫び申し上げます"));
        assert!(filled("fi", Degree::Strong, 0, &[]).is_empty());
    }

    #[test]
    fn wordings_change_with_the_seed_alone() {
        let closing = |seed| filled("de", Degree::None, seed, &[])["closing"].clone();
        assert_ne!(closing(0), closing(1));
        assert_eq!(closing(0), closing(2));
    }

    #[test]
    fn nothing_is_offered_that_the_shop_does_not_offer() {
        assert!(!filled("de", Degree::None, 0, &[]).contains_key("options"));
        let values = filled(
            "de",
            Degree::None,
            0,
            &[
                ("offer_options", "resend, refund, gold"),
                ("compensation_offer", "ein Gutschein"),
                ("policy_name", "AGB"),
            ],
        );
        assert_eq!(values["options"].lines().count(), 3, "{values:?}");
        assert!(values["compensation"].contains("ein Gutschein") && values["policy"] == "Grundlage hierfür: AGB.");
    }

    #[test]
    fn a_cause_that_is_no_word_of_ours_is_left_out() {
        assert_eq!(filled("de", Degree::None, 0, &[("cause", "lost by truck 7")])["cause"], "");
    }

    #[test]
    fn a_tenants_own_wordings_replace_ours() {
        let own: BlockTexts = serde_json::from_str(r#"{"de":{"closing":["Bis bald."]}}"#).unwrap();
        let mut values = Values::new();
        Blocks::new(&own).unwrap().fill(&mut values, "de-AT", Degree::None, 5);
        assert_eq!(values["closing"], "Bis bald.");
        let bad: BlockTexts = serde_json::from_str(r#"{"de":{"closing":["{{#if a}}x"]}}"#).unwrap();
        assert!(Blocks::new(&bad).unwrap_err().contains("`blocks.de.closing`"));
    }
}
