//! The knowledge base.

use crate::page::knowledge::{ArticleLine, ArticlePage, Earlier, GapLine, KnowledgePage, VersionLine};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::text::lines;
use posthouse_model::config::{ArticleFront, article_title};
use posthouse_store::ArticleRow;

/// Articles on the page.
const ARTICLES_SHOWN: usize = 500;
/// Gaps on the page.
const GAPS_SHOWN: u32 = 50;

/// `agent:li@shop.example` is a person; everything else came with the team's folder.
pub(crate) fn person(by: &str) -> Option<String> {
    by.strip_prefix("agent:").map(str::to_owned)
}

/// The articles that hold all the words looked for.
pub(crate) async fn list(seat: &Seat, text: &str) -> Result<KnowledgePage, Refusal> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |row: &ArticleRow| {
        let whole = format!("{}\n{}\n{}", row.article.id, row.article.title, row.article.body).to_lowercase();
        words.iter().all(|word| whole.contains(word))
    };
    let mut articles: Vec<ArticleRow> = seat.scope.articles().await?.into_iter().filter(fits).collect();
    let more = articles.len().saturating_sub(ARTICLES_SHOWN);
    articles.truncate(ARTICLES_SHOWN);
    let articles = articles
        .into_iter()
        .map(|row| ArticleLine {
            by: person(&row.changed_by),
            front: ArticleFront::read(&row.article.body).map(|(front, _)| front).unwrap_or_default(),
            id: row.article.id,
            language: row.article.language,
            title: row.article.title,
            at: row.updated_at,
        })
        .collect();
    let gaps = match seat.agent.role.may_lead() && text.is_empty() {
        true => seat.scope.gaps(GAPS_SHOWN).await?,
        false => Vec::new(),
    };
    let gaps = gaps.into_iter().map(|gap| GapLine {
        id: gap.id,
        number: gap.number,
        subject: gap.subject,
        category: gap.category,
        language: gap.language,
        at: gap.at,
        proposed: gap.proposed.is_some(),
    });
    Ok(KnowledgePage {
        text: text.to_owned(),
        articles,
        more,
        gaps: gaps.collect(),
        may_write: seat.agent.role.may_lead(),
        languages: crate::words::language_tags().collect(),
    })
}

/// One article with its history, and a version of it beside what it says now. Not there: one that was removed still has its history.
pub(crate) async fn article(
    seat: &Seat,
    id: &str,
    language: &str,
    version: Option<i64>,
) -> Result<ArticlePage, Refusal> {
    let (row, versions) =
        tokio::try_join!(seat.scope.article(id, language), seat.scope.article_versions(id, language))?;
    if row.is_none() && versions.is_empty() {
        return Err(Refusal::NotFound);
    }
    let now = row.as_ref().map_or("", |row| row.article.body.as_str());
    let earlier = versions.iter().find(|one| Some(one.version) == version).and_then(|one| {
        let body = one.body.clone()?;
        let changes = if row.is_some() { lines::lines(&body, now) } else { Vec::new() };
        Some(Earlier { number: one.version, body, changes })
    });
    let mut page = written(seat, id, language, "").await?;
    page.versions = versions
        .into_iter()
        .map(|one| VersionLine {
            number: one.version,
            at: one.changed_at,
            by: person(&one.changed_by),
            removed: one.body.is_none(),
        })
        .collect();
    page.earlier = earlier;
    if let Some(row) = row {
        page.title = row.article.title;
        page.version = row.version;
        page.at = Some(row.updated_at);
        page.by = person(&row.changed_by);
        page.body = row.article.body;
    }
    Ok(page)
}

/// An article that is being written: nothing of it is stored.
pub(crate) async fn written(seat: &Seat, id: &str, language: &str, body: &str) -> Result<ArticlePage, Refusal> {
    let name = stem(id, language);
    let others = seat.scope.articles().await?.into_iter().map(|row| row.article);
    let others = others
        .filter(|other| other.id != id && stem(&other.id, &other.language) == name)
        .map(|other| (other.language, other.id))
        .collect();
    Ok(ArticlePage {
        id: id.to_owned(),
        language: language.to_owned(),
        title: article_title(id, body),
        version: 0,
        at: None,
        by: None,
        body: body.to_owned(),
        may_write: seat.agent.role.may_lead(),
        versions: Vec::new(),
        earlier: None,
        meanwhile: None,
        others,
        gap: None,
    })
}

/// `returns` of `returns.de`.
fn stem<'a>(id: &'a str, language: &str) -> &'a str {
    id.strip_suffix(language).and_then(|rest| rest.strip_suffix('.')).unwrap_or(id)
}
