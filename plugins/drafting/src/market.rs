//! How one writes to customers of a market: manner, phrases to avoid, the line that says that a machine helped. All of it is data:
//! `data/manners.json` holds where a tenant does not say.

use crate::choose::primary;
use crate::facts::country_code;
use serde::Deserialize;
use std::collections::BTreeMap;

const BUNDLED: &str = include_str!("../data/manners.json");

/// How one writes to a market; what a tenant leaves out is bundled.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Told to the model as part of its instructions.
    pub manner: Option<String>,
    /// Never written: a model's draft that holds one is not used, a template that holds one says so.
    pub avoid: Option<Vec<String>>,
    /// The line that says that a machine helped.
    pub disclosure: Option<String>,
}

/// Where customers are told that a machine helped.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct DisclosureSettings {
    /// Countries of customers (ISO 3166-1 alpha-2) that ask for it; `*`: everywhere. Empty: nowhere.
    pub countries: Vec<String>,
    /// Also beneath drafts from templates alone, for replies that no person reads.
    pub templates: bool,
}

impl DisclosureSettings {
    /// Whether a draft needs the line: a customer of unknown country is told where anybody is.
    #[must_use]
    pub fn is_needed(&self, country: Option<&str>, model_written: bool) -> bool {
        let there = |one: &String| one == "*" || country.is_none_or(|country| one.eq_ignore_ascii_case(country));
        (model_written || self.templates) && self.countries.iter().any(there)
    }

    /// # Errors
    /// Names the country that is none.
    pub fn check(&self) -> Result<(), String> {
        match self.countries.iter().find(|one| *one != "*" && country_code(one).is_none()) {
            Some(bad) => Err(format!(
                "settings, `disclosure.countries`: `{bad}` is not a country: write two letters as in ISO 3166, or *"
            )),
            None => Ok(()),
        }
    }
}

/// Manners by market: `de`, `en-us`.
#[derive(Debug, Default, Clone)]
pub struct Manners(BTreeMap<String, Manner>);

impl Manners {
    /// The tenant's over the bundled ones.
    ///
    /// # Errors
    /// The bundled file cannot be read.
    pub fn new(own: &BTreeMap<String, Manner>) -> Result<Self, String> {
        let bundled: BTreeMap<String, Manner> =
            serde_json::from_str(BUNDLED).map_err(|error| format!("bundled manners: {error}"))?;
        let mut all: BTreeMap<String, Manner> =
            bundled.into_iter().map(|(market, manner)| (tag(&market), manner)).collect();
        for (market, manner) in own {
            let of = all.entry(tag(market)).or_default();
            of.manner = manner.manner.clone().or_else(|| of.manner.take());
            of.avoid = manner.avoid.clone().or_else(|| of.avoid.take());
            of.disclosure = manner.disclosure.clone().or_else(|| of.disclosure.take());
        }
        Ok(Self(all))
    }

    /// What holds for a market; what it does not say is its language's.
    #[must_use]
    pub fn of(&self, market: &str) -> Manner {
        let nothing = Manner::default();
        let (own, language) = (self.0.get(&tag(market)), self.0.get(&primary(market)));
        let (own, language) = (own.unwrap_or(&nothing), language.unwrap_or(&nothing));
        Manner {
            manner: own.manner.clone().or_else(|| language.manner.clone()),
            avoid: own.avoid.clone().or_else(|| language.avoid.clone()),
            disclosure: own.disclosure.clone().or_else(|| language.disclosure.clone()),
        }
    }
}

impl Manner {
    /// The first phrase of a text that is to be avoided.
    #[must_use]
    pub fn avoided(&self, text: &str) -> Option<&str> {
        let text = text.to_lowercase();
        let holds = |phrase: &&String| {
            let phrase = phrase.to_lowercase();
            !phrase.trim().is_empty()
                && text.match_indices(&phrase).any(|(at, _)| is_whole(&text, at, at + phrase.len()))
        };
        self.avoid.iter().flatten().find(holds).map(String::as_str)
    }
}

/// Not within a longer word, where words are parted.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let joins = |a: Option<char>, b: Option<char>| {
        a.zip(b).is_some_and(|(a, b)| parted(a) && parted(b) && a.is_alphanumeric() && b.is_alphanumeric())
    };
    !joins(text[..start].chars().next_back(), text[start..].chars().next())
        && !joins(text[..end].chars().next_back(), text[end..].chars().next())
}

/// Whether a letter is of a script that parts words.
fn parted(c: char) -> bool {
    !matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{0e00}'..='\u{0e7f}')
}

/// `en_US` and `en-US` are `en-us`; `zh-Hans` is `zh`, `zh-Hans-CN` `zh-cn`.
#[must_use]
pub fn tag(market: &str) -> String {
    let language = primary(market);
    let region = market.split(['-', '_']).skip(1).find(|piece| country_code(piece).is_some());
    match region {
        Some(region) => format!("{language}-{}", region.to_ascii_lowercase()),
        None => language,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_market_is_a_language_and_where() {
        for (text, market) in
            [("en_US", "en-us"), ("en", "en"), ("zh-Hans", "zh"), ("zh-Hans-CN", "zh-cn"), ("de-AT", "de-at")]
        {
            assert_eq!(tag(text), market);
        }
    }

    #[test]
    fn what_a_tenant_does_not_say_is_bundled_and_what_a_market_does_not_say_its_languages() {
        let own = BTreeMap::from([(
            "de-AT".to_owned(),
            Manner { avoid: Some(vec!["Tschüss".to_owned()]), ..Manner::default() },
        )]);
        let manners = Manners::new(&own).unwrap();
        let austrian = manners.of("de-AT");
        assert_eq!(austrian.avoided("Na dann: tschüss, bis bald"), Some("Tschüss"));
        assert!(austrian.manner.unwrap().contains("Sie, never du"));
        assert_eq!(manners.of("de").avoided("tschüss"), None);
        assert!(manners.of("en-US").manner.unwrap().contains("first name"));
        assert!(manners.of("fi").manner.is_none());
    }

    #[test]
    fn a_phrase_is_found_as_words_of_its_own() {
        let manners = Manners::new(&BTreeMap::new()).unwrap();
        assert_eq!(manners.of("de").avoided("Hey, das ist kein Problem."), Some("kein Problem"));
        assert_eq!(manners.of("de").avoided("Das Heyne-Buch"), None);
        assert_eq!(manners.of("ja").avoided("返品はできません。"), Some("できません。"));
        assert_eq!(manners.of("zh").avoided("您自己改一下"), Some("您自己"));
    }

    #[test]
    fn the_line_stands_where_it_is_asked_for() {
        let of = |countries: &[&str], templates| DisclosureSettings {
            countries: countries.iter().map(|&one| one.to_owned()).collect(),
            templates,
        };
        assert!(of(&["DE"], false).is_needed(Some("de"), true));
        assert!(of(&["DE"], false).is_needed(None, true), "nobody knows where: better said");
        assert!(!of(&["DE"], false).is_needed(Some("US"), true) && !of(&["DE"], false).is_needed(Some("DE"), false));
        assert!(of(&["*"], true).is_needed(Some("US"), false));
        assert!(!of(&[], true).is_needed(None, true));
        assert!(of(&["DE", "*"], false).check().is_ok());
        assert!(of(&["Germany"], false).check().unwrap_err().contains("`Germany`"));
    }
}
