//! The knowledge base.

use crate::sql::sql;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// A piece of the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Its id in the tenant's folder; with the language unique per tenant.
    pub id: String,
    /// BCP 47.
    pub language: String,
    /// For people.
    pub title: String,
    /// Plain text or Markdown.
    pub body: String,
}

/// A stored article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArticleRow {
    /// What it says.
    #[serde(flatten)]
    pub article: Article,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const SELECT: &str =
    "select id, language, title, body, updated_at from article where tenant_id = $1 order by id, language";

fn read(row: &crate::sql::Row) -> Result<ArticleRow> {
    let mut row = row.reader();
    Ok(ArticleRow {
        article: Article { id: row.next()?, language: row.next()?, title: row.next()?, body: row.next()? },
        updated_at: row.next()?,
    })
}

impl Scope {
    /// All, by id and language.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn articles(&self) -> Result<Vec<ArticleRow>> {
        sql(SELECT).bind(self.tenant).all(&mut *self.read().await?).await?.iter().map(read).collect()
    }
}

impl Tx {
    /// Sets the whole set. What does not change is left alone; an event for each that is added, changed or removed.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an id that comes twice in one language.
    pub async fn set_articles(&mut self, articles: &[Article], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let mut keys = HashSet::new();
        for article in articles {
            if !keys.insert((article.id.as_str(), article.language.as_str())) {
                return Err(StoreError::refused(format_args!(
                    "the article `{}` comes twice in language `{}`: remove one",
                    article.id, article.language
                )));
            }
        }
        let before = sql(SELECT).bind(tenant).all(self.on()).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
        let before: Vec<Article> = before.into_iter().map(|row| row.article).collect();
        for old in before.iter().filter(|old| !keys.contains(&(old.id.as_str(), old.language.as_str()))) {
            sql("delete from article where tenant_id = $1 and id = $2 and language = $3")
                .bind(tenant)
                .bind(&old.id)
                .bind(&old.language)
                .run(self.on())
                .await?;
            self.record_article(old, "article.removed", actor);
        }
        for article in articles.iter().filter(|article| !before.contains(article)) {
            sql("insert into article (tenant_id, id, language, title, body, updated_at) values ($1, $2, $3, $4, $5, $6) \
                 on conflict (tenant_id, id, language) do update set title = excluded.title, body = excluded.body, \
                 updated_at = excluded.updated_at")
            .bind(tenant)
            .bind(&article.id)
            .bind(&article.language)
            .bind(&article.title)
            .bind(&article.body)
            .bind(now)
            .run(self.on())
            .await?;
            let known = before.iter().any(|old| old.id == article.id && old.language == article.language);
            self.record_article(article, if known { "article.changed" } else { "article.added" }, actor);
        }
        Ok(())
    }

    fn record_article(&mut self, article: &Article, kind: &str, actor: &Actor) {
        self.record(actor, kind, format_args!("article:{}", article.id), json!({ "language": article.language }));
    }
}
