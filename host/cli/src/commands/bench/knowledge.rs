//! Ten thousand articles, made of the sentences that the classifier learned from, and whole mails that look for some of them.

use super::{Figure, quantiles};
use crate::failure::{Failure, Result};
use posthouse_learned::lines::Labelled;
use posthouse_learned::shipped;
use posthouse_pipeline::knowledge::{Asker, Knowledge};
use posthouse_sandbox::KnowledgeQuery;
use posthouse_store::{ARTICLES_MAX, Article};
use std::time::Duration;
use tokio::time::Instant;

/// Sentences of an article: about 1.2 kB.
const SENTENCES: usize = 14;
/// And of a mail that asks.
const ASKED: usize = 4;
/// What a drafter asks for.
const LIMIT: u32 = 5;

pub fn measure(rounds: u32) -> Result<Vec<Figure>> {
    let lines = shipped::lines().map_err(Failure::new)?;
    let articles: Vec<Article> = (0..ARTICLES_MAX)
        .map(|number| {
            let body = text(&lines, number * 3, SENTENCES);
            let language = lines[number * 3 % lines.len()].language.clone();
            Article { id: format!("article-{number}.{language}"), language, title: text(&lines, number * 7, 1), body }
        })
        .collect();
    let bytes: usize = articles.iter().map(|article| article.title.len() + article.body.len()).sum();
    let start = Instant::now();
    let knowledge = Knowledge::new(articles);
    let built = start.elapsed();
    let (mut searched, mut judged) = (Vec::new(), Vec::new());
    let asker = Asker { country: Some("DE"), today: jiff::civil::Date::constant(2026, 11, 28) };
    let mut hits = 0;
    for round in 0..rounds as usize {
        // Another stride than the articles': sentences in another company.
        let at = round * 11 + 5;
        let language = Some(lines[at % lines.len()].language.clone());
        let query = KnowledgeQuery { text: text(&lines, at, ASKED), language: language.clone(), limit: LIMIT };
        let start = Instant::now();
        hits += knowledge.search(&query, &asker).len();
        searched.push(start.elapsed());
        let start = Instant::now();
        std::hint::black_box(knowledge.lacks(&query.text, language.as_deref(), asker.today));
        judged.push(start.elapsed());
    }
    if hits == 0 {
        return Err(Failure::new("no search found anything"));
    }
    let say = |what: &str, times: Vec<Duration>| {
        let (median, note) = quantiles(times);
        Figure { what: what.to_owned(), value: median.as_secs_f64() * 1e6, unit: "µs", note }
    };
    Ok(vec![
        Figure {
            what: "10,000 articles, index made".to_owned(),
            value: built.as_secs_f64() * 1e3,
            unit: "ms",
            note: format!("{:.1} MB in {} languages", bytes as f64 / 1e6, shipped::languages().len()),
        },
        say("10,000 articles, search by a whole mail", searched),
        say("10,000 articles, whether one speaks of a mail", judged),
    ])
}

fn text(lines: &[Labelled], from: usize, count: usize) -> String {
    let lines: Vec<&str> = (from..from + count).map(|at| lines[at % lines.len()].body.as_str()).collect();
    lines.join("\n")
}
