//! Search in a tenant's articles: BM25 over words, and over pairs of characters where a script has no spaces.
//!
//! A tenant has tens to hundreds of articles, so the index is made in memory when the tenant is loaded.

use posthouse_model::config::ANY_LANGUAGE;
use posthouse_sandbox::{KnowledgeHit, KnowledgeQuery};
use posthouse_store::Article;
use std::collections::HashMap;

/// How much a term that comes again adds, and how much long articles are held back: the usual values of BM25 (Robertson and
/// Zaragoza, 2009).
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// A word of the title counts as often.
const TITLE_WEIGHT: f32 = 3.0;
/// Different terms of a query that are looked up; a customer's whole mail has hundreds.
const QUERY_TERMS_MAX: usize = 400;

/// Letters of a word that says something by itself.
const TELLING_CHARS_MIN: usize = 4;
/// A text with fewer such words asks nothing.
const TELLING_TERMS_MIN: usize = 3;
/// Of fewer articles no word is too common.
const FEW_ARTICLES: usize = 3;

/// A tenant's articles, ready to be searched.
#[derive(Default)]
pub struct Knowledge {
    articles: Vec<Entry>,
    /// In how many articles each term is.
    found_in: HashMap<String, u32>,
    mean_length: f32,
}

struct Entry {
    article: Article,
    /// How often each term is in it, words of the title counted more.
    terms: HashMap<String, f32>,
    length: f32,
}

impl Knowledge {
    /// Of these articles.
    #[must_use]
    pub fn new(articles: Vec<Article>) -> Self {
        let articles: Vec<Entry> = articles.into_iter().map(Entry::new).collect();
        let mut found_in = HashMap::new();
        for term in articles.iter().flat_map(|entry| entry.terms.keys()) {
            *found_in.entry(term.clone()).or_insert(0) += 1;
        }
        let total: f32 = articles.iter().map(|entry| entry.length).sum();
        let mean_length = (total / articles.len().max(1) as f32).max(1.0);
        Self { articles, found_in, mean_length }
    }

    /// The articles that fit, the best first. Those in the language asked for come before all others; others come only where
    /// none in that language fits. An article without any of the words is never among them.
    #[must_use]
    pub fn search(&self, query: &KnowledgeQuery) -> Vec<KnowledgeHit> {
        let mut terms = Vec::new();
        each_term(&query.text, |term| {
            if terms.len() < QUERY_TERMS_MAX && self.found_in.contains_key(term) && !terms.iter().any(|t| t == term) {
                terms.push(term.to_owned());
            }
        });
        let best_possible: f32 = terms.iter().map(|term| self.weight(term) * (K1 + 1.0)).sum();
        let mut hits: Vec<(bool, f32, &Article)> = self
            .articles
            .iter()
            .filter_map(|entry| {
                let score = terms.iter().map(|term| self.score(entry, term)).sum::<f32>();
                let same = query.language.as_deref().is_none_or(|tag| same_language(tag, &entry.article.language));
                (score > 0.0).then_some((same, score / best_possible, &entry.article))
            })
            .collect();
        if hits.iter().any(|(same, ..)| *same) {
            hits.retain(|(same, ..)| *same);
        }
        // Equal ones in the order of their names, so that a search gives the same every time.
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.2.id.cmp(&b.2.id)));
        let limit = query.limit as usize;
        hits.into_iter().take(limit).map(|(_, score, article)| hit(article, score)).collect()
    }

    /// Whether no article speaks of a text: none in its language, or for every language, holds two of the text's telling words, or one
    /// of them in its title. A word tells something when it is long enough and at most half of these articles hold it. No articles,
    /// or a text of hardly any words: false, since then nothing is missing that could be named.
    #[must_use]
    pub fn lacks(&self, text: &str, language: Option<&str>) -> bool {
        let mut terms: Vec<String> = Vec::new();
        each_term(text, |term| {
            let telling = term.chars().count() >= TELLING_CHARS_MIN || term.chars().all(is_spaceless);
            if telling && terms.len() < QUERY_TERMS_MAX && !terms.iter().any(|known| known == term) {
                terms.push(term.to_owned());
            }
        });
        if self.articles.is_empty() || terms.len() < TELLING_TERMS_MIN {
            return false;
        }
        let here = |entry: &&Entry| {
            let own = &entry.article.language;
            own == ANY_LANGUAGE || language.is_none_or(|language| same_language(language, own))
        };
        let entries: Vec<&Entry> = self.articles.iter().filter(here).collect();
        let held_by = |term: &str| entries.iter().filter(|entry| entry.terms.contains_key(term)).count();
        terms.retain(|term| entries.len() < FEW_ARTICLES || held_by(term) * 2 <= entries.len());
        !entries.iter().any(|entry| {
            let held = terms.iter().filter_map(|term| entry.terms.get(term));
            held.map(|weight| if *weight >= TITLE_WEIGHT { 2 } else { 1 }).sum::<u32>() >= 2
        })
    }

    /// How telling a term is.
    fn weight(&self, term: &str) -> f32 {
        let count = self.articles.len() as f32;
        let found = self.found_in.get(term).copied().unwrap_or(0) as f32;
        (1.0 + (count - found + 0.5) / (found + 0.5)).ln()
    }

    fn score(&self, entry: &Entry, term: &str) -> f32 {
        let often = entry.terms.get(term).copied().unwrap_or(0.0);
        let held_back = K1 * (1.0 - B + B * entry.length / self.mean_length);
        self.weight(term) * often * (K1 + 1.0) / (often + held_back)
    }
}

impl Entry {
    fn new(article: Article) -> Self {
        let mut terms: HashMap<String, f32> = HashMap::new();
        let mut length = 0.0;
        for (text, weight) in [(&article.title, TITLE_WEIGHT), (&article.body, 1.0)] {
            each_term(text, |term| {
                *terms.entry(term.to_owned()).or_insert(0.0) += weight;
                length += 1.0;
            });
        }
        Self { article, terms, length }
    }
}

fn hit(article: &Article, score: f32) -> KnowledgeHit {
    KnowledgeHit {
        id: article.id.clone(),
        title: article.title.clone(),
        language: article.language.clone(),
        text: article.body.clone(),
        score: score.clamp(0.0, 1.0),
    }
}

/// `pt-BR` is asked and answered by `pt`.
fn same_language(a: &str, b: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    primary(a) == primary(b)
}

/// Scripts that put no space between words.
fn is_spaceless(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// Words in lower case; of scripts without spaces each pair of neighbours, and a character that stands alone.
fn each_term(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    let mut run: Vec<char> = Vec::new();
    let mut flush = |word: &mut String, run: &mut Vec<char>| {
        if word.chars().count() > 1 {
            found(word);
        }
        word.clear();
        match run.as_slice() {
            [] => {}
            [alone] => found(&alone.to_string()),
            many => many.windows(2).for_each(|pair| found(&pair.iter().collect::<String>())),
        }
        run.clear();
    };
    for character in text.chars() {
        if is_spaceless(character) {
            if !word.is_empty() {
                flush(&mut word, &mut run);
            }
            run.push(character);
        } else if character.is_alphanumeric() {
            if !run.is_empty() {
                flush(&mut word, &mut run);
            }
            word.extend(character.to_lowercase());
        } else {
            flush(&mut word, &mut run);
        }
    }
    flush(&mut word, &mut run);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(id: &str, language: &str, title: &str, body: &str) -> Article {
        Article { id: id.into(), language: language.into(), title: title.into(), body: body.into() }
    }

    fn knowledge() -> Knowledge {
        Knowledge::new(vec![
            article("returns", "en", "Returns", "You may send goods back within 30 days. We pay the way back."),
            article("returns", "de", "Rücksendung", "Sie können die Ware binnen 30 Tagen zurücksenden."),
            article("customs", "en", "Customs duty", "Goods above 150 EUR may be taxed at the border."),
            article("size", "zh", "尺码表", "请先测量胸围，再对照尺码表选择。"),
            article("shipping", "ja", "配送について", "ご注文から7日以内に発送いたします。"),
        ])
    }

    fn found(text: &str, language: Option<&str>) -> Vec<String> {
        let query = KnowledgeQuery { text: text.into(), language: language.map(str::to_owned), limit: 5 };
        knowledge().search(&query).into_iter().map(|hit| format!("{} {}", hit.id, hit.language)).collect()
    }

    #[test]
    fn the_article_that_speaks_of_it_comes_first() {
        assert_eq!(found("Do I pay customs for my goods?", None)[0], "customs en");
        assert_eq!(found("可以给我尺码表吗", Some("zh")), ["size zh"]);
        assert_eq!(found("発送はいつですか", Some("ja-JP")), ["shipping ja"]);
        assert_eq!(found("Ist Rücksendung möglich?", Some("de")), ["returns de"]);
    }

    #[test]
    fn another_language_only_where_none_in_the_own_fits() {
        assert_eq!(found("30", Some("de-AT")), ["returns de"]);
        assert_eq!(found("customs duty", Some("de")), ["customs en"]);
    }

    #[test]
    fn nothing_fits_is_nothing() {
        assert!(found("warranty", None).is_empty());
        assert!(found("", None).is_empty());
        assert!(
            Knowledge::default().search(&KnowledgeQuery { text: "x y".into(), language: None, limit: 5 }).is_empty()
        );
    }

    #[test]
    fn what_no_article_speaks_of_is_a_gap() {
        let lacks = |text: &str, language: &str| knowledge().lacks(text, Some(language));
        assert!(!lacks("Who pays the customs duty at the border for these goods?", "en"));
        assert!(!lacks("Ist eine Rücksendung noch möglich, wenn ausgepackt?", "de"), "a word of the title is enough");
        assert!(lacks("Does the lamp dim, and which bulb fits the socket?", "en"));
        assert!(lacks("Welche Glühbirne passt in diese Lampe?", "de"));
        assert!(lacks("Est-ce que cette lampe est compatible?", "fr"), "there is none in French");
        assert!(!lacks("请问有尺码表吗？我想先测量胸围", "zh"));
        assert!(lacks("请问这款台灯可以调节亮度吗", "zh"));
        assert!(!lacks("Thanks!", "en") && !Knowledge::default().lacks("Does the lamp dim, and which bulb?", None));
    }

    #[test]
    fn a_score_is_between_nothing_and_one() {
        let query = KnowledgeQuery { text: "customs duty".repeat(500), language: None, limit: 20 };
        let hits = knowledge().search(&query);
        assert!(!hits.is_empty() && hits.iter().all(|hit| hit.score > 0.0 && hit.score <= 1.0));
    }
}
