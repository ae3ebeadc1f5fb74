//! The knowledge base.

use crate::sql::{Connection, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{TenantId, Timestamp};
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
    /// Counts up with every change.
    pub version: i64,
    /// Who changed it last ([`Actor::as_text`]); empty where nobody knows any more.
    pub changed_by: String,
}

impl ArticleRow {
    /// Somebody wrote it on the desk, so the tenant's folder may not have it.
    #[must_use]
    pub fn is_from_the_desk(&self) -> bool {
        self.changed_by.starts_with("agent:")
    }
}

/// Which article, and as of which change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleStamp {
    /// Its id.
    pub id: String,
    /// BCP 47.
    pub language: String,
    /// Counts up with every change.
    pub version: i64,
    /// When it last changed: one that was removed and made again may have a version twice.
    pub updated_at: Timestamp,
}

/// What an article said from some moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArticleVersion {
    /// Counts up with every change.
    pub version: i64,
    /// For people.
    pub title: String,
    /// Its text; none: it was removed.
    pub body: Option<String>,
    /// Who changed it.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// What became of a change on the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArticleSaved {
    /// It is the version of this number now.
    As(i64),
    /// Nothing was written: somebody else changed it meanwhile to this, or removed it.
    Changed(Option<Box<ArticleRow>>),
}

/// Largest article, in bytes: as a file of the tenant's folder.
pub const ARTICLE_BYTES_MAX: usize = 256 * 1024;
/// Most articles of a tenant: as in its folder.
pub const ARTICLES_MAX: usize = 10_000;
/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// So many versions of an article are kept, the newest.
pub const ARTICLE_VERSIONS_MAX: i64 = 50;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, language, title, body, updated_at, version, changed_by from article where tenant_id = $1 ",
            $rest
        )
    };
}

fn read(row: &crate::sql::Row) -> Result<ArticleRow> {
    let mut row = row.reader();
    Ok(ArticleRow {
        article: Article { id: row.next()?, language: row.next()?, title: row.next()?, body: row.next()? },
        updated_at: row.next()?,
        version: row.next()?,
        changed_by: row.next()?,
    })
}

impl Scope {
    /// All, by id and language.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn articles(&self) -> Result<Vec<ArticleRow>> {
        sql(select!("order by id, language"))
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// What has to be the same for all articles to be the same: cheaper than reading them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_stamps(&self) -> Result<Vec<ArticleStamp>> {
        sql("select id, language, version, updated_at from article where tenant_id = $1 order by id, language")
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(ArticleStamp {
                    id: row.next()?,
                    language: row.next()?,
                    version: row.next()?,
                    updated_at: row.next()?,
                })
            })
            .collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article(&self, id: &str, language: &str) -> Result<Option<ArticleRow>> {
        let mut connection = self.read().await?;
        one(&mut connection, self.tenant, id, language).await
    }

    /// What it said before and says now, the newest first: at most [`ARTICLE_VERSIONS_MAX`]. Empty where it never changed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_versions(&self, id: &str, language: &str) -> Result<Vec<ArticleVersion>> {
        sql("select version, title, body, changed_by, changed_at from article_version \
             where tenant_id = $1 and id = $2 and language = $3 order by version desc")
        .bind(self.tenant)
        .bind(id)
        .bind(language)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(ArticleVersion {
                version: row.next()?,
                title: row.next()?,
                body: row.next()?,
                changed_by: row.next()?,
                changed_at: row.next()?,
            })
        })
        .collect()
    }
}

async fn one(on: &mut Connection, tenant: TenantId, id: &str, language: &str) -> Result<Option<ArticleRow>> {
    sql(select!("and id = $2 and language = $3"))
        .bind(tenant)
        .bind(id)
        .bind(language)
        .optional(on)
        .await?
        .as_ref()
        .map(read)
        .transpose()
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
        let before = sql(select!("order by id, language"))
            .bind(tenant)
            .all(self.on())
            .await?
            .iter()
            .map(read)
            .collect::<Result<Vec<_>>>()?;
        for old in before.iter().filter(|old| !keys.contains(&(old.article.id.as_str(), old.article.language.as_str())))
        {
            self.drop_article(old, now, actor).await?;
        }
        for article in articles.iter() {
            let old =
                before.iter().find(|old| old.article.id == article.id && old.article.language == article.language);
            if old.is_none_or(|old| old.article != *article) {
                self.put_article(article, old, now, actor).await?;
            }
        }
        Ok(())
    }

    /// Writes an article on the desk, if it still is the version that it was made from; 0: it is new. Running hosts take it over
    /// within seconds.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a text beyond [`ARTICLE_BYTES_MAX`], an empty one, or more than [`ARTICLES_MAX`] articles.
    pub async fn save_article(&mut self, article: &Article, base: i64, actor: &Actor) -> Result<ArticleSaved> {
        let (tenant, now) = (self.tenant(), self.now());
        if article.body.trim().is_empty() || article.title.trim().is_empty() {
            return Err(StoreError::refused(format_args!("an article needs a title and a text")));
        }
        if article.body.len() > ARTICLE_BYTES_MAX {
            return Err(StoreError::refused(format_args!(
                "the article has {} bytes and may have {ARTICLE_BYTES_MAX}: divide it",
                article.body.len()
            )));
        }
        let old = one(self.on(), tenant, &article.id, &article.language).await?;
        if old.as_ref().map_or(0, |old| old.version) != base {
            return Ok(ArticleSaved::Changed(old.map(Box::new)));
        }
        let article =
            Article { title: article.title.trim().chars().take(TITLE_CHARS_MAX).collect(), ..article.clone() };
        if let Some(old) = old.as_ref().filter(|old| old.article == article) {
            return Ok(ArticleSaved::As(old.version));
        }
        if old.is_none() {
            let count: i64 =
                sql("select count(*) from article where tenant_id = $1").bind(tenant).one(self.on()).await?.get(0)?;
            if usize::try_from(count).unwrap_or(usize::MAX) >= ARTICLES_MAX {
                return Err(StoreError::refused(format_args!(
                    "there are {ARTICLES_MAX} articles, which is the most: remove one first"
                )));
            }
        }
        let version = self.put_article(&article, old.as_ref(), now, actor).await?;
        self.load_anew(now).await?;
        Ok(ArticleSaved::As(version))
    }

    /// Removes an article on the desk, if it still is the version that the person saw. What it said stays among its versions.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_article(&mut self, id: &str, language: &str, base: i64, actor: &Actor) -> Result<ArticleSaved> {
        let (tenant, now) = (self.tenant(), self.now());
        match one(self.on(), tenant, id, language).await? {
            Some(old) if old.version == base => {
                self.drop_article(&old, now, actor).await?;
                self.load_anew(now).await?;
                Ok(ArticleSaved::As(base + 1))
            }
            other => Ok(ArticleSaved::Changed(other.map(Box::new))),
        }
    }

    async fn put_article(
        &mut self,
        article: &Article,
        old: Option<&ArticleRow>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<i64> {
        let tenant = self.tenant();
        let version = self.next_version(&article.id, &article.language, old).await?;
        sql("insert into article (tenant_id, id, language, title, body, updated_at, version, changed_by) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) \
             on conflict (tenant_id, id, language) do update set title = excluded.title, body = excluded.body, \
             updated_at = excluded.updated_at, version = excluded.version, changed_by = excluded.changed_by")
        .bind(tenant)
        .bind(&article.id)
        .bind(&article.language)
        .bind(&article.title)
        .bind(&article.body)
        .bind(now)
        .bind(version)
        .bind(actor.as_text())
        .run(self.on())
        .await?;
        self.keep_version(article, version, Some(&article.body), &actor.as_text(), now).await?;
        self.record_article(article, if old.is_some() { "article.changed" } else { "article.added" }, actor);
        Ok(version)
    }

    async fn drop_article(&mut self, old: &ArticleRow, now: Timestamp, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let version = self.next_version(&old.article.id, &old.article.language, Some(old)).await?;
        sql("delete from article where tenant_id = $1 and id = $2 and language = $3")
            .bind(tenant)
            .bind(&old.article.id)
            .bind(&old.article.language)
            .run(self.on())
            .await?;
        self.keep_version(&old.article, version, None, &actor.as_text(), now).await?;
        self.record_article(&old.article, "article.removed", actor);
        Ok(())
    }

    /// The number of the next version. What an article said that never changed since versions are kept is kept first.
    async fn next_version(&mut self, id: &str, language: &str, old: Option<&ArticleRow>) -> Result<i64> {
        let tenant = self.tenant();
        let last: i64 = sql("select coalesce(max(version), 0) from article_version \
             where tenant_id = $1 and id = $2 and language = $3")
        .bind(tenant)
        .bind(id)
        .bind(language)
        .one(self.on())
        .await?
        .get(0)?;
        if let Some(old) = old.filter(|old| old.version > last) {
            let (body, by) = (old.article.body.clone(), old.changed_by.clone());
            self.keep_version(&old.article, old.version, Some(&body), &by, old.updated_at).await?;
        }
        Ok(last.max(old.map_or(0, |old| old.version)) + 1)
    }

    async fn keep_version(
        &mut self,
        article: &Article,
        version: i64,
        body: Option<&str>,
        by: &str,
        at: Timestamp,
    ) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into article_version (tenant_id, id, language, version, title, body, changed_by, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(tenant)
        .bind(&article.id)
        .bind(&article.language)
        .bind(version)
        .bind(&article.title)
        .bind(body)
        .bind(by)
        .bind(at)
        .run(self.on())
        .await?;
        sql("delete from article_version where tenant_id = $1 and id = $2 and language = $3 and version <= $4")
            .bind(tenant)
            .bind(&article.id)
            .bind(&article.language)
            .bind(version - ARTICLE_VERSIONS_MAX)
            .run(self.on())
            .await?;
        Ok(())
    }

    /// Lets running hosts load the tenant anew, as after an apply.
    async fn load_anew(&mut self, now: Timestamp) -> Result<()> {
        let tenant = self.tenant();
        // Two changes within one reading of the clock are two.
        sql("update tenant set applied_at = case when applied_at < $1 then $1 else applied_at + 1 end where id = $2")
            .bind(now)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }

    fn record_article(&mut self, article: &Article, kind: &str, actor: &Actor) {
        self.record(actor, kind, format_args!("article:{}", article.id), json!({ "language": article.language }));
    }
}
