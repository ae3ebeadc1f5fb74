//! Rules and words as data: what stands in `plugins/classifier/rules` and in a tenant's settings.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Words: name of a group → language → terms.
///
/// A term is folded like the text it is looked for in. `refund*` matches every word that begins so (also inside a phrase);
/// `order number` matches the two words in a row, whatever stands between them besides letters and digits.
pub type Words = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Rules and everything else that is not words.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct RuleFile {
    /// Groups that make a sentence a request; what is said in one counts a quarter more.
    pub ask: String,
    /// Groups that stand in most mails: a rule is not asked because of them alone.
    pub frequent: String,
    /// What a mail is about when nothing else was found.
    pub fallback: Option<String>,
    /// How urgent a category is when no rule said anything.
    pub category_urgency: BTreeMap<String, Urgency>,
    /// All are asked; the order does not matter.
    pub rules: Vec<Rule>,
    /// What an answer needs.
    pub missing: Vec<Missing>,
}

/// When groups of words meet, something is said.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Shown to people as the reason.
    pub name: String,
    /// Groups that must all be there: `cancel`, `order|item`, or one that must not: `!refund`. Names with `@` are
    /// found, not spelled: `@order-number @tracking-number @sku @amount @date @image @attachment @question @exclaim
    /// @shout @link @bulk @short`.
    pub when: Vec<String>,
    /// How many words may stand between the first group and each other one; not said: anywhere in `scope`.
    #[serde(default)]
    pub within: Option<u16>,
    /// How far the groups may be apart.
    #[serde(default)]
    pub scope: Scope,
    /// Counts for this category …
    #[serde(default)]
    pub category: Option<String>,
    /// … so much. 1 is a hint, 2 speaks for it, 4 settles it. Negative counts against it.
    #[serde(default = "two")]
    pub weight: f32,
    /// Further categories and weights.
    #[serde(default)]
    pub scores: BTreeMap<String, f32>,
    /// At least so urgent.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// How the customer sounds: `positive`, `negative`, `angry` and a weight each (1: says so by itself).
    #[serde(default)]
    pub mood: BTreeMap<Mood, f32>,
    /// Evidence for unwanted mail; negative speaks for a real customer.
    #[serde(default)]
    pub spam: f32,
    /// A reason to be careful.
    #[serde(default)]
    pub risk: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Missing unless found elsewhere in the mail.
    #[serde(default)]
    pub missing: Vec<String>,
}

fn two() -> f32 {
    2.0
}

/// How far the groups of a rule may be apart.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One sentence.
    #[default]
    Sentence,
    /// The whole mail.
    Message,
}

/// How soon a person should look.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Whenever there is time.
    Low,
    /// The ordinary case.
    Medium,
    /// Today.
    High,
    /// Now.
    Urgent,
}

/// How the customer sounds.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Mood {
    /// Thanks, praise.
    Positive,
    /// The ordinary case.
    Neutral,
    /// Disappointed, worried.
    Negative,
    /// Furious, threatening.
    Angry,
}

impl Mood {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Positive, Self::Neutral, Self::Negative, Self::Angry];

    /// As in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
            Self::Angry => "angry",
        }
    }
}

/// What an answer needs, and where it may already be.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// `order-number`, `photo` …
    pub key: String,
    /// Asked for in these categories.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Only when one of these groups was found; not said: always.
    #[serde(default)]
    pub when: Option<String>,
    /// Not when one of these groups was found.
    #[serde(default)]
    pub unless: Option<String>,
}

/// What a tenant may say. Everything is optional and adds to the bundled rules.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// More words for a group, or new groups for own rules.
    pub words: Words,
    /// More rules; one with the name of a bundled rule replaces it.
    pub rules: Vec<Rule>,
    /// Bundled rules that do not fit, by name.
    pub remove_rules: Vec<String>,
    /// More information to ask for; one with the key of a bundled entry replaces all of that key.
    pub missing: Vec<Missing>,
    /// How this shop's order numbers look: `AC-#####`, `@@#{6,8}`.
    pub order_numbers: Vec<String>,
    /// How this shop's article numbers look.
    pub skus: Vec<String>,
    /// How 03/04/2026 is read when nothing else tells: `dmy` or `mdy`; not said: by language.
    pub date_order: Option<DateOrder>,
    /// What `$` alone means.
    pub dollar: String,
    /// From 0 to 1: unwanted mail is marked when it is at least so sure.
    pub spam_threshold: f32,
    /// Off: only what these settings say.
    pub use_default_rules: bool,
    /// How urgent a category is when no rule said anything.
    pub category_urgency: BTreeMap<String, Urgency>,
    /// The trained model beside the rules.
    pub trained: Trained,
    /// The client's own model, where both are unsure; for the classifier that may call one.
    pub model: ModelSettings,
}

/// How the client's own model is used.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Off: it is never asked.
    pub enabled: bool,
    /// What the shop wants said to the model of its mail.
    pub instructions: String,
    /// What a category means, in words for the model: needed for a tenant's own ones.
    pub meanings: BTreeMap<String, String>,
    /// 32 to 1,024.
    pub max_output_tokens: u32,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self { enabled: false, instructions: String::new(), meanings: BTreeMap::new(), max_output_tokens: 200 }
    }
}

/// What a tenant says of the trained model.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Trained {
    /// From 0 (rules alone) to 1 (the model decides, having seen what the rules think).
    pub trust: f32,
    /// From 0 to 1: a category that is less likely than this is unsure.
    pub sure_from: f32,
}

impl Default for Trained {
    fn default() -> Self {
        Self { trust: 1.0, sure_from: 0.5 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            words: Words::new(),
            rules: Vec::new(),
            remove_rules: Vec::new(),
            missing: Vec::new(),
            order_numbers: Vec::new(),
            skus: Vec::new(),
            date_order: None,
            dollar: "USD".to_owned(),
            spam_threshold: 0.8,
            use_default_rules: true,
            category_urgency: BTreeMap::new(),
            trained: Trained::default(),
            model: ModelSettings::default(),
        }
    }
}

/// Which number of 03/04/2026 is the day.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// 3 April
    Dmy,
    /// March 4
    Mdy,
}
