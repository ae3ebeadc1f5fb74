//! What is known of a ticket, as plain data.

use crate::blocks::Degree;
use crate::market::tag;
use crate::occasions::Day;
use crate::template::Values;
use std::collections::BTreeMap;

/// A ticket as a drafter sees it.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// None: unsorted.
    pub category: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The customer sounds angry or disappointed.
    pub upset: bool,
    /// The customer sounds angry.
    pub angry: bool,
    /// Keys of what is missing.
    pub missing: Vec<String>,
    /// Kinds of risk.
    pub risks: Vec<String>,
    /// The customer's name as it stood in the header or as an enricher knows it.
    pub customer_name: Option<String>,
    /// The tenant's name.
    pub tenant_name: String,
    /// Subject of the ticket.
    pub subject: String,
    /// The customer's newest mail.
    pub mail: String,
    /// `order_number`, `tracking_number`, facts of enrichers …
    pub known: BTreeMap<String, String>,
    /// Chooses among wordings.
    pub seed: u64,
    /// The language the agents read.
    pub agent_language: String,
    /// The day it is.
    pub today: Option<Day>,
}

impl Case {
    /// Values for templates in a language. Facts win over the shop's constants.
    #[must_use]
    pub fn values(&self, shop: &BTreeMap<String, String>) -> Values {
        let mut values = shop.clone();
        values.entry("shop_name".to_owned()).or_insert_with(|| self.tenant_name.clone());
        values.insert("tenant_name".to_owned(), self.tenant_name.clone());
        if let Some(name) = self.customer_name.as_deref().and_then(polite_name) {
            if let Some(first) = first_name(&name) {
                values.insert("first_name".to_owned(), first.to_owned());
            }
            values.insert("customer_name".to_owned(), name);
        }
        values.insert("subject".to_owned(), self.subject.clone());
        for (key, value) in &self.known {
            values.insert(key.clone(), value.clone());
            // Enrichers write `order.status`; both spellings work in a template.
            if key.contains(['.', '-']) {
                values.insert(key.replace(['.', '-'], "_"), value.clone());
            }
        }
        if self.upset {
            values.insert("upset".to_owned(), "yes".to_owned());
        }
        for kind in &self.risks {
            values.insert(format!("risk_{}", kind.replace('-', "_")), "yes".to_owned());
        }
        for key in &self.missing {
            values.insert(format!("missing_{}", key.replace('-', "_")), "yes".to_owned());
        }
        values
    }
}

/// The fact under which the host says how many other tickets the customer opened in the 30 days before.
const EARLIER_TICKETS: &str = "history.tickets-30d";

impl Case {
    /// How much there is to be sorry for.
    #[must_use]
    pub fn degree(&self) -> Degree {
        let before = self.known.get(EARLIER_TICKETS).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0) > 0;
        match (self.angry, self.upset, before) {
            (true, ..) | (_, true, true) => Degree::Strong,
            (_, true, false) => Degree::Ordinary,
            (_, false, true) => Degree::Light,
            (_, false, false) => Degree::None,
        }
    }

    /// Whether a wish for the holidays would be welcome.
    #[must_use]
    pub fn is_glad(&self) -> bool {
        !self.upset && !self.angry && self.risks.is_empty() && self.category.as_deref() != Some("complaint")
    }

    /// In a language, the market of the customer: `en-us` for English of a customer who is in the United States.
    #[must_use]
    pub fn market(&self, language: &str) -> String {
        let own = self.language.as_deref().map(tag).filter(|own| own.contains('-'));
        let own = own.filter(|own| own.split('-').next() == tag(language).split('-').next());
        match (tag(language), own, self.country()) {
            (language, ..) if language.contains('-') => language,
            (_, Some(own), _) => own,
            (language, None, Some(country)) => format!("{language}-{}", country.to_ascii_lowercase()),
            (language, None, None) => language,
        }
    }
}

/// What says where a customer or an order is, the surest first.
const COUNTRY_KEYS: [&str; 4] = ["order_country", "order.country", "customer_country", "customer.country"];

impl Case {
    /// Where the order goes, else where the customer is: two letters in capitals, where that is known.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        COUNTRY_KEYS.iter().filter_map(|key| self.known.get(*key)).find_map(|value| country_code(value))
    }
}

/// Two letters as in ISO 3166-1 alpha-2, in capitals; none for anything else. Which of them are in use is not looked at.
#[must_use]
pub fn country_code(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())).then(|| text.to_ascii_uppercase())
}

/// A name one can greet with; none for what is an address, a number or a shout.
fn polite_name(name: &str) -> Option<String> {
    let name = name.trim().trim_matches(['"', '\'', ',']);
    let bad = name.is_empty()
        || name.chars().count() > 40
        || name.contains(['@', '<', '>', '{', '}', '/', '\n', '\r'])
        || name.chars().any(|c| c.is_ascii_digit())
        || !name.chars().any(char::is_alphabetic);
    if bad {
        return None;
    }
    // "García, Ana" is a catalogue's order.
    let name = match name.split_once(", ") {
        Some((last, first)) if !first.contains(',') => format!("{first} {last}"),
        _ => name.to_owned(),
    };
    let shouted = name.is_ascii() && name.len() > 3 && !name.bytes().any(|b| b.is_ascii_lowercase());
    Some(if shouted { capitalised(&name) } else { name })
}

/// The first of two names or more, in scripts in which the given name goes first.
fn first_name(name: &str) -> Option<&str> {
    let (first, _) = name.split_once(' ')?;
    let latin = name.chars().all(|c| !c.is_alphabetic() || c < '\u{250}');
    (latin && first.chars().count() > 1 && !first.ends_with('.')).then_some(first)
}

fn capitalised(name: &str) -> String {
    name.split(' ')
        .map(|word| {
            let mut characters = word.chars();
            match characters.next() {
                Some(first) => first.to_string() + &characters.as_str().to_ascii_lowercase(),
                None => String::new(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_fit_for_a_greeting() {
        assert_eq!(polite_name("García, Ana").as_deref(), Some("Ana García"));
        assert_eq!(polite_name("TOM ODE").as_deref(), Some("Tom Ode"));
        assert_eq!(polite_name("李雷").as_deref(), Some("李雷"));
        for bad in ["a@b.c", "shopper1987", "", "{{x}}", "eBay <x>"] {
            assert_eq!(polite_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_first_name_is_one_of_several() {
        assert_eq!(first_name("Mary Walker"), Some("Mary"));
        for none in ["Mary", "J. Walker", "王 小明", "Иван Петров"] {
            assert_eq!(first_name(none), None, "{none}");
        }
    }

    #[test]
    fn who_wrote_before_is_owed_more() {
        let before = BTreeMap::from([(EARLIER_TICKETS.to_owned(), "2".to_owned())]);
        let degree = |angry, upset, known: &BTreeMap<String, String>| {
            Case { angry, upset, known: known.clone(), ..Case::default() }.degree()
        };
        let nothing = BTreeMap::new();
        assert_eq!(degree(false, false, &nothing), Degree::None);
        assert_eq!(degree(false, false, &before), Degree::Light);
        assert_eq!(degree(false, true, &nothing), Degree::Ordinary);
        assert_eq!(degree(false, true, &before), Degree::Strong);
        assert_eq!(degree(true, true, &nothing), Degree::Strong);
    }

    #[test]
    fn facts_win_over_constants() {
        let case = Case {
            known: BTreeMap::from([
                ("order.status".to_owned(), "shipped".to_owned()),
                ("return_days".to_owned(), "14".to_owned()),
            ]),
            ..Case::default()
        };
        let values = case.values(&BTreeMap::from([("return_days".to_owned(), "30".to_owned())]));
        assert_eq!(values["order_status"], "shipped");
        assert_eq!(values["return_days"], "14");
    }
}
