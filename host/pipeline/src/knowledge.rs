//! Search in a tenant's articles: BM25 over words, and over pairs of characters where a script has no spaces.
//!
//! The index, from each term to the articles that hold it, is made in memory when the tenant is loaded: ten thousand articles are the
//! most there are (`posthouse bench knowledge`).

use jiff::civil::Date;
use posthouse_model::config::{ANY_LANGUAGE, ArticleFront};
use posthouse_sandbox::{KnowledgeHit, KnowledgeQuery};
use posthouse_store::Article;
use std::collections::{HashMap, HashSet};

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
    /// By the term, its number.
    terms: HashMap<Box<str>, u32>,
    /// By the term's number, where its places begin in `places`, which end where the next one's begin.
    starts: Vec<u32>,
    /// Which articles a term is in.
    places: Vec<Place>,
}

/// For whom and when is searched.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// ISO 3166-1 alpha-2, where it is known.
    pub country: Option<&'a str>,
    /// In the tenant's time zone.
    pub today: Date,
}

struct Entry {
    /// Its text is what stands beneath the front matter.
    article: Article,
    front: ArticleFront,
    /// The language without region or script, in small letters.
    language: String,
    /// How much its length holds it back.
    held_back: f32,
}

/// That a term is in an article.
#[derive(Clone, Copy)]
struct Place {
    article: u32,
    /// How often; a word of the title counts more.
    often: f32,
}

impl Knowledge {
    /// Of these articles.
    #[must_use]
    pub fn new(articles: Vec<Article>) -> Self {
        let mut terms: HashMap<Box<str>, u32> = HashMap::new();
        // Term, article, how often.
        let mut found: Vec<(u32, Place)> = Vec::new();
        let mut lengths = Vec::with_capacity(articles.len());
        let mut own: HashMap<u32, f32> = HashMap::new();
        let articles: Vec<(Article, ArticleFront)> = articles.into_iter().map(parted).collect();
        for (number, (article, front)) in (0u32..).zip(&articles) {
            let mut length = 0.0;
            let products = front.products.join("\n");
            for (text, weight) in [(&article.title, TITLE_WEIGHT), (&products, TITLE_WEIGHT), (&article.body, 1.0)] {
                each_term(text, |term| {
                    let next = terms.len() as u32;
                    let id = match terms.get(term) {
                        Some(id) => *id,
                        None => *terms.entry(term.into()).or_insert(next),
                    };
                    *own.entry(id).or_insert(0.0) += weight;
                    length += 1.0;
                });
            }
            found.extend(own.drain().map(|(id, often)| (id, Place { article: number, often })));
            lengths.push(length);
        }
        found.sort_unstable_by_key(|(id, place)| (*id, place.article));
        let mut starts = vec![0u32; terms.len() + 1];
        for (id, _) in &found {
            starts[*id as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mean_length = (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0);
        let entries = articles.into_iter().zip(lengths).map(|((article, front), length)| Entry {
            front,
            language: primary(&article.language),
            held_back: K1 * (1.0 - B + B * length / mean_length),
            article,
        });
        Self { articles: entries.collect(), terms, starts, places: found.into_iter().map(|(_, place)| place).collect() }
    }

    /// The articles that fit, the best first. Those in the language asked for come before all others; others come only where
    /// none in that language fits. An article without any of the words is never among them, nor one that does not hold today or is
    /// meant for other countries than the asker's. Of equally good ones those come first that name the country.
    #[must_use]
    pub fn search(&self, query: &KnowledgeQuery, asker: &Asker<'_>) -> Vec<KnowledgeHit> {
        let terms = self.known_terms(&query.text, |_| true);
        let mut best_possible = 0.0;
        let mut scores = vec![0.0f32; self.articles.len()];
        for term in terms {
            let places = self.places(term);
            let weight = self.weight(places.len());
            best_possible += weight * (K1 + 1.0);
            for place in places {
                let held_back = self.articles[place.article as usize].held_back;
                scores[place.article as usize] += weight * place.often * (K1 + 1.0) / (place.often + held_back);
            }
        }
        let wanted = query.language.as_deref().map(primary);
        let is_same = |at: usize| wanted.as_ref().is_none_or(|wanted| *wanted == self.articles[at].language);
        let holds = |at: usize| {
            let front = &self.articles[at].front;
            front.holds_on(asker.today) && front.is_for(asker.country)
        };
        let mut hits: Vec<(usize, f32)> =
            scores.into_iter().enumerate().filter(|(at, score)| *score > 0.0 && holds(*at)).collect();
        if hits.iter().any(|(at, _)| is_same(*at)) {
            hits.retain(|(at, _)| is_same(*at));
        }
        // Equal ones in the order of their names, so that a search gives the same every time.
        let better = |a: &(usize, f32), b: &(usize, f32)| {
            let (one, other) = (&self.articles[a.0], &self.articles[b.0]);
            let names = |entry: &Entry| asker.country.is_some() && !entry.front.countries.is_empty();
            let by_country = names(other).cmp(&names(one));
            b.1.total_cmp(&a.1).then(by_country).then_with(|| one.article.id.cmp(&other.article.id))
        };
        let limit = query.limit as usize;
        if limit < hits.len() {
            hits.select_nth_unstable_by(limit, better);
            hits.truncate(limit);
        }
        hits.sort_by(better);
        hits.into_iter().map(|(at, score)| hit(&self.articles[at].article, score / best_possible)).collect()
    }

    /// Whether no article speaks of a text: none in its language, or for every language, holds two of the text's telling words, or one
    /// of them in its title. A word tells something when it is long enough and at most half of these articles hold it. No articles,
    /// or a text of hardly any words: false, since then nothing is missing that could be named.
    #[must_use]
    pub fn lacks(&self, text: &str, language: Option<&str>, today: Date) -> bool {
        let is_telling = |term: &str| term.chars().count() >= TELLING_CHARS_MIN || term.chars().all(is_spaceless);
        let mut telling = HashSet::new();
        each_term(text, |term| {
            if telling.len() < TELLING_TERMS_MIN && is_telling(term) && !telling.contains(term) {
                telling.insert(term.to_owned());
            }
        });
        if self.articles.is_empty() || telling.len() < TELLING_TERMS_MIN {
            return false;
        }
        let wanted = language.map(primary);
        let is_here = |entry: &Entry| {
            let is_read = entry.article.language == ANY_LANGUAGE
                || wanted.as_ref().is_none_or(|wanted| *wanted == entry.language);
            is_read && entry.front.holds_on(today)
        };
        let here: Vec<bool> = self.articles.iter().map(is_here).collect();
        let count = here.iter().filter(|here| **here).count();
        let mut held = vec![0u32; self.articles.len()];
        for term in self.known_terms(text, is_telling) {
            let places = self.places(term).iter().filter(|place| here[place.article as usize]);
            if count >= FEW_ARTICLES && places.clone().count() * 2 > count {
                continue;
            }
            for place in places {
                held[place.article as usize] += if place.often >= TITLE_WEIGHT { 2 } else { 1 };
            }
        }
        held.iter().all(|held| *held < 2)
    }

    /// The different terms of a text that any article has, the first [`QUERY_TERMS_MAX`] of them.
    fn known_terms(&self, text: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut seen = HashSet::new();
        each_term(text, |term| {
            if numbers.len() < QUERY_TERMS_MAX
                && let Some(number) = self.terms.get(term)
                && is_wanted(term)
                && seen.insert(*number)
            {
                numbers.push(*number);
            }
        });
        numbers
    }

    fn places(&self, term: u32) -> &[Place] {
        let at = |term: u32| self.starts.get(term as usize).map_or(0, |start| *start as usize);
        self.places.get(at(term)..at(term + 1)).unwrap_or_default()
    }

    /// How telling a term is that so many articles hold.
    fn weight(&self, found: usize) -> f32 {
        let (count, found) = (self.articles.len() as f32, found as f32);
        (1.0 + (count - found + 0.5) / (found + 0.5)).ln()
    }
}

/// An article and what it says of itself. Front matter that cannot be read (a folder and the desk refuse it) is text.
fn parted(article: Article) -> (Article, ArticleFront) {
    match ArticleFront::read(&article.body) {
        Ok((front, body)) => {
            let body = body.to_owned();
            (Article { body, ..article }, front)
        }
        Err(_) => (article, ArticleFront::default()),
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
fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
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

    fn today() -> Date {
        Date::constant(2026, 11, 28)
    }

    fn nobody() -> Asker<'static> {
        Asker { country: None, today: today() }
    }

    #[test]
    fn an_article_is_found_where_and_when_it_holds() {
        let front = |front: &str, body: &str| format!("+++\n{front}\n+++\n{body}");
        let articles = [
            ("de", "country = \"DE\"", "Returns within 30 days"),
            ("gb", "country = [\"GB\", \"IE\"]", "Returns within 14 days"),
            ("all", "", "Returns within 10 days"),
            ("holidays", "valid_from = \"2026-12-01\"\nvalid_to = \"2027-01-06\"", "Returns until Epiphany"),
            ("lamp", "product = [\"FK-LM120\", \"Lumen desk lamp\"]", "It dims."),
        ]
        .map(|(id, said, body)| article(id, "en", body, &front(said, body)));
        let knowledge = Knowledge::new(articles.to_vec());
        let found = |text: &str, country: Option<&str>, today: Date| -> Vec<String> {
            let query = KnowledgeQuery { text: text.into(), language: Some("en".into()), limit: 5 };
            knowledge.search(&query, &Asker { country, today }).into_iter().map(|hit| hit.id).collect()
        };
        assert_eq!(found("returns days", Some("DE"), today()), ["de", "all"]);
        assert_eq!(found("returns days", Some("IE"), today()), ["gb", "all"]);
        assert_eq!(found("returns days", Some("FR"), today()), ["all"]);
        assert_eq!(found("returns days", None, today()).len(), 3, "where she is is not known");
        let christmas = Date::constant(2026, 12, 24);
        assert!(found("returns", Some("FR"), christmas).contains(&"holidays".to_owned()));
        assert_eq!(found("FK-LM120", None, today()), ["lamp"]);
        let query = KnowledgeQuery { text: "lumen desk".into(), language: None, limit: 5 };
        assert_eq!(knowledge.search(&query, &nobody())[0].text, "It dims.", "without its front");
    }

    fn found(text: &str, language: Option<&str>) -> Vec<String> {
        let query = KnowledgeQuery { text: text.into(), language: language.map(str::to_owned), limit: 5 };
        knowledge().search(&query, &nobody()).into_iter().map(|hit| format!("{} {}", hit.id, hit.language)).collect()
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
            Knowledge::default()
                .search(&KnowledgeQuery { text: "x y".into(), language: None, limit: 5 }, &nobody())
                .is_empty()
        );
    }

    #[test]
    fn what_no_article_speaks_of_is_a_gap() {
        let lacks = |text: &str, language: &str| knowledge().lacks(text, Some(language), today());
        assert!(!lacks("Who pays the customs duty at the border for these goods?", "en"));
        assert!(!lacks("Ist eine Rücksendung noch möglich, wenn ausgepackt?", "de"), "a word of the title is enough");
        assert!(lacks("Does the lamp dim, and which bulb fits the socket?", "en"));
        assert!(lacks("Welche Glühbirne passt in diese Lampe?", "de"));
        assert!(lacks("Est-ce que cette lampe est compatible?", "fr"), "there is none in French");
        assert!(!lacks("请问有尺码表吗？我想先测量胸围", "zh"));
        assert!(lacks("请问这款台灯可以调节亮度吗", "zh"));
        assert!(
            !lacks("Thanks!", "en") && !Knowledge::default().lacks("Does the lamp dim, and which bulb?", None, today())
        );
    }

    #[test]
    fn a_score_is_between_nothing_and_one() {
        let query = KnowledgeQuery { text: "customs duty".repeat(500), language: None, limit: 20 };
        let hits = knowledge().search(&query, &nobody());
        assert!(!hits.is_empty() && hits.iter().all(|hit| hit.score > 0.0 && hit.score <= 1.0));
    }
}
