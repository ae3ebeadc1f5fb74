//! The engine: compiled words and rules, and one pass over a mail.

use crate::bundle::Bundle;
use crate::compile::LexiconBuilder;
use crate::data::{Missing, RuleFile, Scope, Settings, Urgency};
use crate::entities::{Cue, CueAt, Day, Entity, Habits, Reader, Value};
use crate::fold::{Folded, SINGLE};
use crate::found::FOUND;
use crate::language::LanguageTable;
use crate::lexicon::{Hit, Lexicon};
use crate::pattern::Pattern;
use crate::rules::{Compiled, Fired, Names, Rules, Set};
use crate::spoken::{Spoken, decide};
use crate::verdict::{Findings, Judge, Settle};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// More text than this is not read: a customer's point stands near the start.
const BODY_BYTES_MAX: usize = 32 * 1024;
/// How sure the host is of a language it names.
const TOLD_CONFIDENCE: f32 = 0.9;
/// Texts of at most this many words are read with spelling mistakes in mind; longer ones say things twice.
const GUESS_WORDS_MAX: usize = 48;
/// Groups of words with consequences, beside those of unwanted mail: a spelling mistake makes none of them.
const WEIGHTY: [&str; 6] = ["legal", "injury", "press", "chargeback", "data-request", "swear"];

/// What the engine reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mail<'a> {
    /// Subject line.
    pub subject: &'a str,
    /// New text, without quoted history.
    pub body: &'a str,
    /// BCP 47, as the host found it.
    pub language: Option<&'a str>,
    /// Seconds since 1970; days without a year are near it.
    pub sent_at: i64,
    /// A picture came with it.
    pub has_image: bool,
    /// Any file came with it.
    pub has_attachment: bool,
    /// It came through a mailing list or bulk sender.
    pub is_bulk: bool,
}

/// Compiled rules.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The little words, ours, then the tenant's own; those without a term are left out.
    tables: Vec<Lexicon>,
    /// How many of the first ones only tell the language.
    little: usize,
    rules: Rules,
    languages: LanguageTable,
    english: u32,
    chinese: u32,
    /// Cue of each group that is one.
    cues: Vec<Option<Cue>>,
    found: [u16; FOUND.len()],
    common: u16,
    /// Groups that are never guessed: see [`WEIGHTY`].
    weighty: Set,
    ask: Set,
    habits: Habits,
    judge: Judge,
    scratch: RefCell<Scratch>,
}

/// Kept from mail to mail: a call then starts with memory that is already there.
#[derive(Clone, Debug, Default)]
struct Scratch {
    text: Folded,
    hits: Vec<Hit>,
    covered: Vec<bool>,
    cues: Vec<CueAt>,
    entities: Vec<Entity>,
    fired: Vec<Fired>,
}

struct Groups<'a> {
    names: &'a BTreeMap<String, u16>,
    spelled: &'a BTreeSet<u16>,
    frequent: Vec<u16>,
    categories: &'a mut Vec<String>,
}

impl Names for Groups<'_> {
    fn group(&self, name: &str) -> Option<u16> {
        self.names.get(name).copied().filter(|group| self.spelled.contains(group) || FOUND.contains(&name))
    }

    fn is_frequent(&self, group: u16) -> bool {
        self.frequent.contains(&group)
    }

    fn category(&mut self, name: &str) -> Result<u8, String> {
        let index = match self.categories.iter().position(|known| known == name) {
            Some(index) => index,
            None => {
                let fine = (1..=64).contains(&name.len())
                    && name.chars().all(|c| {
                        c.is_ascii_lowercase()
                            || c.is_ascii_digit()
                            || matches!(c, '-' | '_' | '/')
                            || (!c.is_ascii() && c.is_alphabetic())
                    });
                if !fine {
                    return Err(format!("`{name}` cannot be a category: lower-case letters, digits, `-`, `_` and `/`"));
                }
                self.categories.push(name.to_owned());
                self.categories.len() - 1
            }
        };
        u8::try_from(index).map_err(|_| "more than 256 categories".to_owned())
    }
}

impl Engine {
    /// Compiles the bundled rules with a tenant's settings.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn new(settings: Settings, bundle: Bundle) -> Result<Self, String> {
        let mut file: RuleFile = if settings.use_default_rules {
            serde_json::from_str(bundle.rules).map_err(|error| format!("bundled rules: {error}"))?
        } else {
            RuleFile::default()
        };
        let fallback = file.fallback.take();
        merge(&mut file, &settings)?;

        let mut names: BTreeMap<String, u16> = BTreeMap::new();
        let mut languages = LanguageTable::default();
        let mut spelled = BTreeSet::new();
        let bundled = if settings.use_default_rules { bundle.groups } else { &[] };
        for name in FOUND.iter().chain(bundled).copied().chain(["common"]) {
            let next = names.len() as u16;
            names.entry(name.to_owned()).or_insert(next);
        }
        if settings.use_default_rules {
            spelled.extend(bundled.iter().map(|name| names[*name]));
            for language in bundle.languages {
                languages.bit(language)?;
            }
        }
        let mut builder = LexiconBuilder::default();
        for (group, by_language) in &settings.words {
            for (language, terms) in by_language {
                let one = BTreeMap::from([(group.clone(), terms.clone())]);
                add_words(&mut builder, &mut names, &mut spelled, &mut languages, language, &one)
                    .map_err(|what| format!("settings, `words.{group}.{language}`: {what}"))?;
            }
        }

        let mut categories = Vec::new();
        let frequent = file.frequent.split(['|', ' ']).filter_map(|name| names.get(name).copied()).collect();
        let mut groups = Groups { names: &names, spelled: &spelled, frequent, categories: &mut categories };
        let compiled: Result<Vec<Compiled>, String> =
            file.rules.iter().map(|rule| Compiled::new(rule, &mut groups)).collect();
        let compiled = compiled?;
        if compiled.len() > usize::from(u16::MAX) {
            return Err("more than 65,535 rules".to_owned());
        }
        let missing = compile_missing(&file.missing, &mut groups)?;
        let fallback = match fallback {
            Some(name) => Some(groups.category(&name)?),
            None => None,
        };
        let mut category_urgency: BTreeMap<u8, Urgency> = BTreeMap::new();
        for (name, urgency) in file.category_urgency.iter().chain(&settings.category_urgency) {
            category_urgency.insert(groups.category(name)?, *urgency);
        }

        let group = |name: &str| names.get(name).copied().unwrap_or(0);
        let mut found = [0; FOUND.len()];
        for (slot, name) in found.iter_mut().zip(FOUND) {
            *slot = group(name);
        }
        let mut cues = vec![None; names.len()];
        for (name, index) in &names {
            cues[usize::from(*index)] = cue(name);
        }
        let mut weighty = Set::default();
        for (name, index) in &names {
            if WEIGHTY.contains(&name.as_str()) || name.starts_with("spam-") {
                weighty.add(*index);
            }
        }
        let mut ask = Set::default();
        for group in file.ask.split(['|', ' ']).filter_map(|name| names.get(name).copied()) {
            ask.add(group);
        }
        let patterns = |key: &str, list: &[String]| -> Result<Vec<Pattern>, String> {
            list.iter().map(|text| Pattern::new(text).map_err(|what| format!("settings, `{key}`: {what}"))).collect()
        };
        let habits =
            Habits {
                orders: patterns("order_numbers", &settings.order_numbers)?,
                skus: patterns("skus", &settings.skus)?,
                date_order: settings.date_order,
                known: crate::entities::order::known_forms(),
                dollar: settings.dollar.as_bytes().try_into().map_err(|_| {
                    format!("settings, `dollar`: `{}` is not a currency code such as USD", settings.dollar)
                })?,
            };
        if !(0.5..=1.0).contains(&settings.spam_threshold) {
            return Err("settings, `spam_threshold`: from 0.5 to 1".to_owned());
        }
        for (key, share) in [("trust", settings.trained.trust), ("sure_from", settings.trained.sure_from)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("settings, `trained.{key}`: from 0 to 1"));
            }
        }
        let judge = Judge { categories, fallback, category_urgency, missing, spam_threshold: settings.spam_threshold };
        let english = languages.known("en");
        let chinese = languages.known("zh");
        let count = names.len();
        let mut scratch = Scratch::default();
        scratch.text.reserve(8 * 1024);
        scratch.hits.reserve(1024);
        scratch.covered.reserve(1024);
        scratch.cues.reserve(256);
        scratch.fired.reserve(128);
        let mut tables = Vec::new();
        if settings.use_default_rules {
            tables.extend([bundle.little_words, bundle.words]);
        }
        let little = tables.len().min(1);
        if !builder.is_empty() {
            tables.push(builder.build().map_err(|what| format!("settings, `words`: {what}"))?);
        }
        Ok(Self {
            tables,
            little,
            rules: Rules::new(compiled, count),
            languages,
            english,
            chinese,
            cues,
            found,
            common: group("common"),
            weighty,
            ask,
            habits,
            judge,
            scratch: RefCell::new(scratch),
        })
    }

    /// Every category that rules speak of, by number and in the order of [`Findings::scores`].
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.judge.categories
    }

    /// The number of a category, which becomes one where no rule speaks of it.
    ///
    /// # Errors
    /// The name cannot be a category's, or there are too many.
    pub fn know_category(&mut self, name: &str) -> Result<u8, String> {
        let (names, spelled) = (BTreeMap::new(), BTreeSet::new());
        let categories = &mut self.judge.categories;
        Groups { names: &names, spelled: &spelled, frequent: Vec::new(), categories }.category(name)
    }

    /// What the rules gave each category in a verdict of this engine: 1 is a hint, 4 settles it, negative speaks against it.
    /// Not probabilities: they are sums of weights.
    pub fn scores<'a>(&'a self, findings: &'a Findings) -> impl Iterator<Item = (&'a str, f32)> {
        self.judge.categories.iter().map(String::as_str).zip(findings.scores.iter().copied())
    }

    /// Reads one mail.
    #[must_use]
    pub fn read(&self, mail: &Mail<'_>) -> Findings {
        self.read_with(mail, &mut |_| None)
    }

    /// Reads one mail; `settle` has the last word on its category, and everything that hangs on the category follows it.
    #[must_use]
    pub fn read_with(&self, mail: &Mail<'_>, settle: &mut Settle<'_>) -> Findings {
        let mut scratch = self.scratch.borrow_mut();
        let scratch = &mut *scratch;
        let body = head(mail.body, BODY_BYTES_MAX);
        let subject = head(mail.subject, 2048);
        let mail = Mail { subject, body, ..*mail };
        scratch.text.fold(subject, body);
        // The host says a language only when it is sure, and then the little words add only that they are no mistakes.
        let told = mail.language.map_or(0, |tag| self.languages.known(tag));
        let guesses = scratch.text.tokens.len() <= GUESS_WORDS_MAX;
        let tables = if told == 0 || guesses { &self.tables } else { &self.tables[self.little..] };
        Lexicon::scan(tables, &scratch.text, &mut scratch.hits);
        if guesses {
            self.guess(scratch);
        }
        let mut spoken = Spoken { bit: told, confidence: TOLD_CONFIDENCE, tag: "" };
        // Which of its writings Chinese is in, the host does not say.
        if told == 0 || told == self.chinese {
            let own = decide([subject, body], &scratch.text.scripts, &scratch.hits, self.common, &self.languages);
            if told == 0 || own.bit == told {
                spoken = own;
            }
        }
        self.drop_foreign(scratch, spoken);

        let language = self.languages.name(spoken.bit);
        self.collect_cues(scratch);
        let reader = Reader {
            subject,
            body,
            text: &scratch.text,
            cues: &scratch.cues,
            habits: &self.habits,
            language,
            today: if mail.sent_at > 0 { Day::of_instant(mail.sent_at) } else { None },
        };
        reader.read(&mut scratch.entities);
        let everything = self.ask_rules(scratch, &mail);
        let Scratch { text, entities, fired, .. } = scratch;
        let mut findings = self.judge.decide(&self.rules, fired, &everything, text, &mail, settle);
        findings.entities = std::mem::take(entities);
        findings.language = match (mail.language, spoken.tag) {
            (_, "zh-Hant") => Some(("zh-Hant".to_owned(), spoken.confidence)),
            // The host's tag may say more ("pt-BR").
            (Some(tag), _) if spoken.bit == 0 || self.languages.known(tag) == spoken.bit => {
                Some((tag.to_owned(), spoken.confidence.max(0.6)))
            }
            (_, "") if spoken.bit == 0 => None,
            (_, "") => Some((language.to_owned(), spoken.confidence)),
            (_, tag) => Some((tag.to_owned(), spoken.confidence)),
        };
        findings
    }

    /// Words that no term knew, with one spelling mistake in mind.
    #[inline(never)]
    fn guess(&self, scratch: &mut Scratch) {
        let weighty = &self.weighty;
        let Scratch { text, hits, covered, .. } = scratch;
        covered.clear();
        covered.resize(text.tokens.len(), false);
        for hit in hits.iter() {
            covered[usize::from(hit.first)..=usize::from(hit.last)].fill(true);
        }
        let before = hits.len();
        for (index, known) in covered.iter().enumerate() {
            if !known && text.tokens[index].flags & SINGLE == 0 {
                for table in &self.tables[self.little..] {
                    table.guess(text, index, hits);
                }
            }
        }
        if hits.len() > before {
            // "vendedor" is no "vencedor": nobody is accused by a spelling mistake.
            hits.retain(|hit| !hit.guessed || !weighty.has(hit.group));
            hits.sort_by_key(|hit| hit.first);
        }
    }

    /// Short terms of another language are most likely another word.
    #[inline(never)]
    fn drop_foreign(&self, scratch: &mut Scratch, spoken: Spoken) {
        if spoken.bit == 0 {
            return;
        }
        let Scratch { text, hits, covered, .. } = scratch;
        covered.clear();
        covered.resize(text.tokens.len(), false);
        for hit in hits.iter().filter(|hit| hit.languages & spoken.bit != 0) {
            covered[usize::from(hit.first)] = true;
        }
        hits.retain(|hit| {
            if hit.languages == 0 || hit.languages & spoken.bit != 0 {
                return true;
            }
            let from = text.tokens[usize::from(hit.first)];
            // A spelling mistake that makes a word of another language is no mistake, and a word that means
            // something in the language spoken means that.
            if hit.guessed || covered[usize::from(hit.first)] || from.flags & SINGLE != 0 {
                return false;
            }
            let length = text.fold_end(usize::from(hit.last)) - from.fold as usize;
            length >= 7 || (hit.languages & self.english != 0 && length >= 6)
        });
    }

    #[inline(never)]
    fn collect_cues(&self, scratch: &mut Scratch) {
        scratch.cues.clear();
        for hit in &scratch.hits {
            if let Some(cue) = self.cues[usize::from(hit.group)]
                && !hit.guessed
            {
                scratch.cues.push(CueAt { cue, first: usize::from(hit.first), last: usize::from(hit.last) });
            }
        }
    }

    /// Asks all rules; what was found anywhere.
    #[inline(never)]
    fn ask_rules(&self, scratch: &mut Scratch, mail: &Mail<'_>) -> Set {
        let Scratch { text, hits, entities, fired, .. } = scratch;
        fired.clear();
        let [order, tracking, sku, amount, date, image, attachment, question, exclaim, shout, bulk, short, in_subject] =
            self.found;
        let letters = text.scripts.latin + text.scripts.cyrillic;
        let mut always = Set::default();
        for (is, group) in [
            (mail.has_image, image),
            (mail.has_attachment, attachment),
            (mail.is_bulk, bulk),
            (letters >= 24 && text.scripts.upper * 10 > letters * 6, shout),
            (text.tokens.len() <= 24, short),
        ] {
            if is {
                always.add(group);
            }
        }
        let group_of = |entity: &Entity| match entity.value {
            Value::Order(_) => order,
            Value::Tracking { .. } => tracking,
            Value::Sku(_) => sku,
            Value::Amount { .. } => amount,
            Value::Date(_) => date,
        };
        let mut everything = always;
        let mut next_hit = 0;
        for sentence in 0..text.sentences.len() {
            let tokens = text.tokens_of(sentence);
            let from = next_hit;
            let mut present = always;
            while hits.get(next_hit).is_some_and(|hit| usize::from(hit.first) < tokens.end) {
                present.add(hits[next_hit].group);
                next_hit += 1;
            }
            for entity in entities.iter().filter(|entity| tokens.contains(&entity.token)) {
                present.add(group_of(entity));
            }
            let said = text.sentences[sentence];
            if said.question {
                present.add(question);
            }
            if said.exclamations >= 2 {
                present.add(exclaim);
            }
            let subject = tokens.start < text.subject_tokens as usize;
            if subject {
                present.add(in_subject);
            }
            let asks = said.question || self.ask.meets(&present);
            let strength = if subject { 1.2 } else { 1.0 } * if asks { 1.25 } else { 1.0 };
            self.rules.ask(Scope::Sentence, text, &hits[from..next_hit], &present, strength, fired);
            everything.join(&present);
        }
        // A number that was merged into another sentence's was still there.
        for entity in entities.iter() {
            everything.add(group_of(entity));
        }
        self.rules.ask(Scope::Message, text, hits, &everything, 1.0, fired);
        everything
    }
}

/// The tenant's rules replace ours of the same name and add to the rest.
fn merge(file: &mut RuleFile, settings: &Settings) -> Result<(), String> {
    if let Some(unknown) = settings.remove_rules.iter().find(|name| !file.rules.iter().any(|rule| rule.name == **name))
    {
        return Err(format!("settings, `remove_rules`: there is no bundled rule `{unknown}`"));
    }
    let replaced: BTreeSet<&str> = settings
        .remove_rules
        .iter()
        .map(String::as_str)
        .chain(settings.rules.iter().map(|rule| rule.name.as_str()))
        .collect();
    file.rules.retain(|rule| !replaced.contains(rule.name.as_str()));
    file.rules.extend(settings.rules.iter().cloned());
    let keys: BTreeSet<&str> = settings.missing.iter().map(|entry| entry.key.as_str()).collect();
    file.missing.retain(|entry| !keys.contains(entry.key.as_str()));
    file.missing.extend(settings.missing.iter().cloned());
    Ok(())
}

fn add_words(
    builder: &mut LexiconBuilder,
    names: &mut BTreeMap<String, u16>,
    spelled: &mut BTreeSet<u16>,
    languages: &mut LanguageTable,
    language: &str,
    words: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let bit = languages.bit(language)?;
    for (name, terms) in words {
        if name.starts_with('@') {
            return Err(format!("`{name}`: groups with `@` are found, not spelled"));
        }
        let next = names.len() as u16;
        let group = *names.entry(name.clone()).or_insert(next);
        spelled.insert(group);
        for term in terms {
            builder.add(group, term, bit).map_err(|what| format!("`{name}` ({language}): the term `{term}` {what}"))?;
        }
    }
    Ok(())
}

fn compile_missing(entries: &[Missing], groups: &mut Groups<'_>) -> Result<Vec<crate::verdict::MissingRule>, String> {
    let mut compiled = Vec::new();
    for entry in entries {
        let list = |text: &Option<String>, groups: &Groups<'_>| -> Result<Vec<u16>, String> {
            text.as_deref()
                .unwrap_or_default()
                .split(['|', ' '])
                .filter(|name| !name.is_empty())
                .map(|name| {
                    groups
                        .group(name)
                        .ok_or_else(|| format!("missing `{}`: there is no group of words `{name}`", entry.key))
                })
                .collect()
        };
        let (when, unless) = (list(&entry.when, groups)?, list(&entry.unless, groups)?);
        let categories: Result<Vec<u8>, String> = entry.categories.iter().map(|name| groups.category(name)).collect();
        compiled.push(crate::verdict::MissingRule { key: entry.key.clone(), categories: categories?, when, unless });
    }
    Ok(compiled)
}

/// What a group with a reserved name tells the readers of numbers.
fn cue(name: &str) -> Option<Cue> {
    if let Some(month) = name.strip_prefix("month-") {
        return month.parse().ok().filter(|month| (1..=12).contains(month)).map(Cue::Month);
    }
    if let Some(code) = name.strip_prefix("currency-") {
        return code.as_bytes().try_into().ok().map(Cue::Currency);
    }
    if let Some(carrier) = name.strip_prefix("carrier-") {
        // Once per engine, and an engine lives as long as its component.
        return Some(Cue::Carrier(Box::leak(carrier.to_owned().into_boxed_str())));
    }
    match name {
        "cue-order-number" => Some(Cue::OrderNumber),
        "cue-order" => Some(Cue::Order),
        "cue-tracking-number" => Some(Cue::Tracking),
        "cue-sku" => Some(Cue::Sku),
        "cue-foreign-number" => Some(Cue::Foreign),
        "day-today" => Some(Cue::DaysAway(0)),
        "day-yesterday" => Some(Cue::DaysAway(-1)),
        "day-before-yesterday" => Some(Cue::DaysAway(-2)),
        "day-none" => Some(Cue::NoDay),
        "day-tomorrow" => Some(Cue::DaysAway(1)),
        _ => None,
    }
}

/// At most so many bytes, cut at a character boundary.
fn head(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let mut end = bytes_max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
