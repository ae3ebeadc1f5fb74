//! Which templates fit a case, and what becomes of them.

use crate::blocks::{self, Blocks};
use crate::facts::{self, Case};
use crate::market::{DisclosureSettings, Manner, Manners, tag};
use crate::occasions::Occasions;
use crate::settings::TemplateText;
use crate::template::{Rendered, Template, Values};
use std::collections::BTreeMap;

/// All templates, questions and phrases.
#[derive(Clone, Debug)]
pub struct Shelf {
    templates: Vec<Stored>,
    questions: BTreeMap<(String, String), String>,
    phrases: BTreeMap<(String, String), Template>,
    shop: BTreeMap<String, String>,
    default_language: String,
    drafts_max: usize,
    /// Apologies, causes, options …
    pub(crate) blocks: Blocks,
    /// How one writes to a market.
    pub(crate) manners: Manners,
    /// Where customers are told that a machine helped.
    pub(crate) disclosure: DisclosureSettings,
    /// Holidays and Ramadan.
    pub(crate) occasions: Occasions,
}

#[derive(Clone, Debug)]
struct Stored {
    id: String,
    category: String,
    language: String,
    country: Option<String>,
    subject: Option<Template>,
    body: Template,
    needs: Vec<String>,
    trial: Option<String>,
    bundled: bool,
}

/// A proposal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Plain text.
    pub body: String,
    /// None keeps the ticket's.
    pub subject: Option<String>,
    /// BCP 47.
    pub language: String,
    /// Id of the template.
    pub template: String,
    /// 0 to 1.
    pub confidence: f32,
    /// Variable and value.
    pub filled: Vec<(String, String)>,
    /// Variables without a value.
    pub unfilled: Vec<String>,
    /// Key and question.
    pub questions: Vec<(String, String)>,
    /// Why, in the agents' language.
    pub evidence: Vec<String>,
    /// The model wrote it.
    pub model_written: bool,
}

impl Shelf {
    /// An empty shelf.
    #[must_use]
    pub fn new(default_language: &str, drafts_max: usize, shop: BTreeMap<String, String>) -> Self {
        Self {
            templates: Vec::new(),
            questions: BTreeMap::new(),
            phrases: BTreeMap::new(),
            shop,
            default_language: primary(default_language),
            drafts_max,
            blocks: Blocks::default(),
            manners: Manners::default(),
            disclosure: DisclosureSettings::default(),
            occasions: Occasions::default(),
        }
    }

    /// Adds a template; one of the same id is replaced.
    ///
    /// # Errors
    /// Names the template and what is wrong with it.
    pub fn add(&mut self, text: &TemplateText, language: &str, bundled: bool) -> Result<(), String> {
        let language = primary(text.language.as_deref().unwrap_or(language));
        let id = text.id.clone().unwrap_or_else(|| format!("{}-{language}", text.category));
        let compiled = |piece: &str| Template::new(piece).map_err(|what| format!("template `{id}`: {what}"));
        let stored = Stored {
            body: compiled(&text.body.joined())?,
            subject: text.subject.as_deref().map(compiled).transpose()?,
            category: text.category.clone(),
            language,
            country: text.country.as_deref().map(|country| country_code(country, &id)).transpose()?,
            needs: text.needs.clone(),
            trial: text.trial.clone().filter(|trial| !trial.trim().is_empty()),
            bundled,
            id: id.clone(),
        };
        self.templates.retain(|known| known.id != stored.id);
        self.templates.push(stored);
        Ok(())
    }

    /// Sets a question.
    pub fn add_question(&mut self, key: &str, language: &str, question: &str) {
        self.questions.insert((key.to_owned(), primary(language)), question.to_owned());
    }

    /// Sets a phrase.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add_phrase(&mut self, key: &str, language: &str, phrase: &str) -> Result<(), String> {
        self.phrases.insert((key.to_owned(), tag(language)), Template::new(phrase).map_err(String::from)?);
        Ok(())
    }

    /// Forgets what the markets of a language say of a phrase, but for those that are named.
    pub(crate) fn forget_markets<'a>(&mut self, key: &str, language: &str, but: impl Iterator<Item = &'a String>) {
        let but: Vec<String> = but.map(|market| tag(market)).collect();
        let begins = format!("{}-", primary(language));
        self.phrases.retain(|(known, market), _| known != key || !market.starts_with(&begins) || but.contains(market));
    }

    /// How one writes to the customer of a case.
    #[must_use]
    pub fn manner(&self, case: &Case, language: &str) -> Manner {
        self.manners.of(&case.market(language))
    }

    /// The text with the line that says that a machine helped, where it is needed and not there yet.
    #[must_use]
    pub fn disclosed(&self, body: String, case: &Case, language: &str, model_written: bool) -> String {
        if !self.disclosure.is_needed(case.country().as_deref(), model_written) {
            return body;
        }
        // English where the language has no line of its own: better said in another language than not at all.
        let line = self.manner(case, language).disclosure.or_else(|| self.manners.of("en").disclosure);
        match line {
            Some(line) if !body.contains(&line) => format!("{body}\n\n{line}"),
            _ => body,
        }
    }

    /// The proposals for a case, the best first.
    #[must_use]
    pub fn drafts(&self, case: &Case) -> Vec<Draft> {
        let mut drafts: Vec<Draft> = Vec::new();
        for stored in self.ranked(case) {
            if drafts.len() == self.drafts_max {
                break;
            }
            let draft = self.draft(stored, case);
            if !drafts.iter().any(|known| known.body == draft.body) {
                drafts.push(draft);
            }
        }
        drafts
    }

    /// What was known when a draft was made; the model may use this and nothing else.
    #[must_use]
    pub fn values(&self, case: &Case, language: &str) -> Values {
        let mut values = case.values(&self.shop);
        let market = case.market(language);
        let language = primary(language);
        if let (Some(country), Some(day)) = (case.country(), case.today) {
            for occasion in self.occasions.on(day, &country) {
                values.insert(format!("occasion_{}", occasion.id.replace('-', "_")), "yes".to_owned());
            }
            if let Some(wish) = self.occasions.wish(day, &country, &market).filter(|_| case.is_glad()) {
                values.insert("wish".to_owned(), wish.to_owned());
            }
        }
        self.blocks.fill(&mut values, &market, case.degree(), case.seed);
        let questions = self.questions_for(case, &language);
        if !questions.is_empty() {
            let list: Vec<String> = questions.iter().map(|(_, question)| format!("- {question}")).collect();
            values.insert("questions".to_owned(), list.join("\n"));
        }
        for key in ["signature", "greeting_named", "greeting", "signoff"] {
            if key == "greeting" && values.contains_key("customer_name") {
                if let Some(named) = values.get("greeting_named").cloned() {
                    values.insert("greeting".to_owned(), named);
                }
                continue;
            }
            if values.contains_key(key) || (key == "greeting_named" && !values.contains_key("customer_name")) {
                continue;
            }
            if let Some(phrase) = self.phrase(key, &market) {
                let text = phrase.render(&values, case.seed).text;
                values.insert(key.to_owned(), text);
            }
        }
        values
    }

    fn phrase(&self, key: &str, market: &str) -> Option<&Template> {
        let of = |market: &str| self.phrases.get(&(key.to_owned(), market.to_owned()));
        of(&tag(market)).or_else(|| of(&primary(market))).or_else(|| of("en"))
    }

    fn questions_for(&self, case: &Case, language: &str) -> Vec<(String, String)> {
        case.missing
            .iter()
            .filter_map(|key| {
                let of = |language: &str| self.questions.get(&(key.clone(), language.to_owned()));
                of(language).or_else(|| of("en")).map(|question| (key.clone(), question.clone()))
            })
            .collect()
    }

    /// Category before language before the tenant's own before the customer's country before what needs more. A template for a
    /// country is for customers that are known to be there and for nobody else.
    fn ranked(&self, case: &Case) -> Vec<&Stored> {
        let category = case.category.as_deref().unwrap_or("other");
        let language = case.language.as_deref().map(primary);
        let country = case.country();
        let values = case.values(&self.shop);
        let mut fitting: Vec<(&Stored, [u8; 5])> = self
            .templates
            .iter()
            .filter(|stored| stored.needs.iter().all(|name| values.contains_key(name)))
            .filter(|stored| stored.country.is_none() || stored.country == country)
            .filter_map(|stored| {
                let by_category = match stored.category.as_str() {
                    own if own == category => 0,
                    "*" => 1,
                    "other" if !self.templates.iter().any(|known| known.category == category) => 2,
                    _ => return None,
                };
                let by_language = if Some(&stored.language) == language.as_ref() {
                    0
                } else if stored.language == self.default_language {
                    1
                } else if stored.language == "en" {
                    2
                } else {
                    return None;
                };
                let needs = u8::try_from(stored.needs.len()).unwrap_or(u8::MAX);
                let by_country = u8::from(stored.country.is_none());
                let rank = [by_language, by_category, u8::from(stored.bundled), by_country, u8::MAX - needs];
                Some((stored, rank))
            })
            .collect();
        fitting.sort_by_key(|(_, rank)| *rank);
        let mut ranked: Vec<&Stored> = fitting.into_iter().map(|(stored, _)| stored).collect();
        compete(&mut ranked, case.seed);
        ranked
    }

    fn draft(&self, stored: &Stored, case: &Case) -> Draft {
        let values = self.values(case, &stored.language);
        let Rendered { text, filled, unfilled } = stored.body.render(&values, case.seed);
        let questions = self.questions_for(case, &stored.language);
        let hidden = |name: &str| {
            ["greeting", "signoff", "signature", "questions"].contains(&name) || blocks::NAMES.contains(&name)
        };
        let text = self.disclosed(text, case, &stored.language, false);
        let same_language = case.language.as_deref().map(primary).as_deref() == Some(stored.language.as_str());
        let mut confidence: f32 = if stored.category == "other" { 0.5 } else { 0.75 };
        confidence -= 0.1 * unfilled.len().min(3) as f32 + 0.05 * questions.len().min(3) as f32;
        if !same_language {
            confidence -= 0.1;
        }
        let say =
            |english: String, chinese: String| if case.agent_language.starts_with("zh") { chinese } else { english };
        let mut evidence = vec![say(
            format!("template `{}` for {}", stored.id, case.category.as_deref().unwrap_or("unsorted")),
            format!("模板 `{}`,类别 {}", stored.id, case.category.as_deref().unwrap_or("未分类")),
        )];
        if !same_language && let Some(language) = &case.language {
            evidence.push(say(
                format!("no template in the customer's language ({language}) for this"),
                format!("没有客户语言({language})的模板"),
            ));
        }
        if let Some(phrase) = self.manner(case, &stored.language).avoided(&text) {
            evidence.push(say(
                format!("holds “{phrase}”, which this market's manner avoids"),
                format!("含有该市场应避免的说法“{phrase}”"),
            ));
        }
        Draft {
            body: text,
            subject: stored.subject.as_ref().map(|subject| subject.render(&values, case.seed).text),
            language: stored.language.clone(),
            template: stored.id.clone(),
            confidence: confidence.clamp(0.1, 0.95),
            filled: filled.into_iter().filter(|(name, _)| !hidden(name)).collect(),
            unfilled,
            questions,
            evidence,
            model_written: false,
        }
    }
}

/// Of the templates of one trial one is left, by chance, in the place of the first of them. They are put in order by name, so that
/// the same seed chooses the same one whatever else is on the shelf.
fn compete(ranked: &mut Vec<&Stored>, seed: u64) {
    let trials: Vec<String> = ranked.iter().filter_map(|stored| stored.trial.clone()).collect();
    for trial in trials {
        let mut own: Vec<&Stored> =
            ranked.iter().copied().filter(|stored| stored.trial.as_ref() == Some(&trial)).collect();
        if own.len() < 2 {
            continue;
        }
        own.sort_by(|a, b| a.id.cmp(&b.id));
        // Not the remainder itself, which also chooses among wordings.
        let chosen = own[usize::try_from((seed / 1_009) % own.len() as u64).unwrap_or(0)];
        let first = ranked.iter().position(|stored| stored.trial.as_ref() == Some(&trial));
        ranked.retain(|stored| stored.trial.as_ref() != Some(&trial));
        ranked.insert(first.unwrap_or(0), chosen);
    }
}

/// `zh-Hant` → `zh`
#[must_use]
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// A country's two letters (ISO 3166-1 alpha-2), in capitals.
fn country_code(text: &str, id: &str) -> Result<String, String> {
    facts::country_code(text).ok_or_else(|| {
        format!("template `{id}`: `{text}` is not a country: write two letters as in ISO 3166, such as DE")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::settings::Settings;

    fn shelf(settings: &str) -> Shelf {
        posthouse_sdk::settings::parse::<Settings>(settings).unwrap().shelf().unwrap()
    }

    fn case() -> Case {
        Case {
            category: Some("shipping".into()),
            language: Some("es-MX".into()),
            missing: vec!["order-number".into()],
            customer_name: Some("Ana García".into()),
            tenant_name: "Acme".into(),
            agent_language: "en".into(),
            ..Case::default()
        }
    }

    #[test]
    fn the_customers_language_comes_first_and_english_second() {
        let drafts = shelf("").drafts(&case());
        assert_eq!(drafts[0].template, "shipping-es");
        assert!(drafts[0].body.contains("Ana García"), "{}", drafts[0].body);
        assert!(drafts[0].body.contains("número de pedido"), "{}", drafts[0].body);
        assert_eq!(drafts[1].template, "shipping-en");
        assert!(drafts[0].unfilled.is_empty());
    }

    #[test]
    fn a_language_without_templates_gets_english_and_says_so() {
        let drafts = shelf("").drafts(&Case { language: Some("fi".into()), ..case() });
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].language, "en");
        assert!(drafts[0].evidence[1].contains("(fi)"));
    }

    #[test]
    fn the_tenants_own_template_wins_when_what_it_needs_is_known() {
        let settings = r#"{"templates":[{"id":"mine","category":"shipping","language":"es","needs":["order_status"],"body":"{{order_status}} {{foo}}"}]}"#;
        let mut case = case();
        assert_eq!(shelf(settings).drafts(&case)[0].template, "shipping-es");
        case.known.insert("order.status".into(), "enviado".into());
        let mut known = case.clone();
        known.known.insert("order_status".into(), "enviado".into());
        let drafts = shelf(settings).drafts(&known);
        assert_eq!(drafts[0].template, "mine");
        assert_eq!(drafts[0].body, "enviado {{foo}}");
        assert_eq!(drafts[0].unfilled, ["foo"]);
    }

    #[test]
    fn templates_of_one_trial_take_turns_by_chance() {
        let settings = r#"{"templates":[
            {"id":"b","category":"shipping","language":"es","trial":"tone","body":"B"},
            {"id":"a","category":"shipping","language":"es","trial":"tone","body":"A"},
            {"id":"c","category":"shipping","language":"es","body":"C"}]}"#;
        let shelf = shelf(settings);
        let mut counts = BTreeMap::new();
        for n in 0..1_000_u64 {
            // Any numbers that are spread over the whole range.
            let seed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let drafts = shelf.drafts(&Case { seed, ..case() });
            assert_eq!(drafts.iter().filter(|draft| ["A", "B"].contains(&draft.body.as_str())).count(), 1);
            *counts.entry(drafts[0].body.clone()).or_insert(0) += 1;
            assert_eq!(shelf.drafts(&Case { seed, ..case() }), drafts, "the same seed, the same draft");
        }
        assert!(counts["A"] > 420 && counts["B"] > 420, "{counts:?}");
    }

    fn written(settings: &str, case: &Case) -> String {
        shelf(settings).drafts(case).remove(0).body
    }

    #[test]
    fn americans_are_written_to_as_americans() {
        let mut case = Case {
            language: Some("en".into()),
            customer_name: Some("Mary Walker".into()),
            angry: true,
            upset: true,
            known: [("order_country".to_owned(), "US".to_owned())].into(),
            ..case()
        };
        let body = written("", &case);
        assert!(body.starts_with("Hi Mary,") && body.contains("Thanks so much,") && body.contains("sorry"), "{body}");
        case.known.clear();
        assert!(written("", &case).starts_with("Hello Mary Walker,"));
        case.language = Some("en-US".into());
        assert!(written("", &case).starts_with("Hi Mary,"));
        let own = r#"{"phrases":{"greeting_named":{"en":"Good day {{customer_name}},"}}}"#;
        assert!(
            written(own, &case).starts_with("Good day Mary Walker,"),
            "the shop's own word for the language counts"
        );
    }

    #[test]
    fn a_german_refund_names_its_policy_and_a_japanese_apology_is_honorific() {
        let german = Case { category: Some("refund".into()), language: Some("de".into()), ..case() };
        let body = written(r#"{"variables":{"policy_name":"Widerrufsrecht, Ziffer drei"}}"#, &german);
        assert!(body.contains("Grundlage hierfür: Widerrufsrecht, Ziffer drei."), "{body}");
        let japanese = Case { language: Some("ja".into()), angry: true, upset: true, ..case() };
        assert!(written("", &japanese).contains("お詫び申し上げます"));
    }

    #[test]
    fn the_line_on_machines_stands_where_it_is_wanted() {
        assert!(!written("", &case()).contains("inteligencia artificial"));
        let always = r#"{"disclosure":{"countries":["*"],"templates":true}}"#;
        assert!(written(always, &case()).ends_with("con ayuda de inteligencia artificial."));
        let model_only = r#"{"disclosure":{"countries":["*"]}}"#;
        assert!(!written(model_only, &case()).contains("inteligencia artificial"));
    }

    #[test]
    fn a_wish_is_for_who_is_there_and_is_glad() {
        let wishes = r#"{"occasions":{"wishes":true}}"#;
        let ramadan = Case {
            language: Some("en".into()),
            known: [("order_country".to_owned(), "AE".to_owned())].into(),
            today: Some((2026, 3, 1)),
            ..case()
        };
        assert!(written(wishes, &ramadan).contains("a blessed Ramadan"));
        assert!(!written("", &ramadan).contains("Ramadan"), "a shop says that it wants wishes");
        assert!(!written(wishes, &Case { upset: true, ..ramadan.clone() }).contains("Ramadan"));
        assert!(!written(wishes, &Case { today: Some((2026, 4, 1)), ..ramadan.clone() }).contains("Ramadan"));
        let asks = r#"{"templates":[{"id":"x","category":"shipping","language":"en","body":"{{#if occasion_ramadan}}later{{else}}soon{{/if}}"}]}"#;
        assert_eq!(written(asks, &ramadan), "later");
    }

    #[test]
    fn what_a_market_avoids_is_pointed_out() {
        let settings =
            r#"{"templates":[{"id":"x","category":"shipping","language":"es","body":"Cálmese, por favor."}]}"#;
        let draft = shelf(settings).drafts(&case()).remove(0);
        assert!(draft.evidence.iter().any(|text| text.contains("cálmese")), "{:?}", draft.evidence);
    }

    #[test]
    fn a_template_for_a_country_is_for_customers_there() {
        let settings = r#"{"max_drafts":1,"templates":[
            {"id":"mexico","category":"shipping","language":"es","country":"mx","body":"México"},
            {"id":"own","category":"shipping","language":"es","body":"todos"}]}"#;
        let shelf = shelf(settings);
        let first = |key: &str, value: &str| {
            let mut case = case();
            case.known.insert(key.to_owned(), value.to_owned());
            shelf.drafts(&case)[0].template.clone()
        };
        for (key, value) in [("order_country", "MX"), ("customer.country", "mx"), ("customer_country", " MX ")] {
            assert_eq!(first(key, value), "mexico", "{key}");
        }
        assert_eq!(first("order_country", "ES"), "own");
        assert_eq!(first("order_country", "Mexico"), "own", "a name is no code");
        assert_eq!(shelf.drafts(&case())[0].template, "own", "nobody knows where");
        let wrong = r#"{"templates":[{"id":"x","category":"a","country":"MEX","body":"b"}]}"#;
        let wrong = posthouse_sdk::settings::parse::<Settings>(wrong).unwrap().shelf().unwrap_err();
        assert!(wrong.contains("`x`: `MEX` is not a country"), "{wrong}");
    }

    #[test]
    fn every_bundled_template_renders_with_nothing_known() {
        let shelf = shelf(r#"{"max_drafts":1}"#);
        for language in ["en", "zh", "es", "de", "fr", "ja"] {
            for category in [
                "shipping",
                "refund",
                "return",
                "complaint",
                "product",
                "address",
                "order",
                "payment",
                "account",
                "other",
            ] {
                for upset in [false, true] {
                    let case = Case {
                        category: Some(category.into()),
                        language: Some(language.into()),
                        upset,
                        tenant_name: "Acme".into(),
                        ..Case::default()
                    };
                    let drafts = shelf.drafts(&case);
                    assert_eq!(drafts[0].template, format!("{category}-{language}"));
                    assert!(drafts[0].unfilled.is_empty(), "{} {:?}", drafts[0].template, drafts[0].unfilled);
                    assert!(!drafts[0].body.contains("{{"), "{}", drafts[0].body);
                }
            }
        }
    }
}
