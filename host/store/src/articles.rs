//! The knowledge base.
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use serde::{Deserialize, Serialize};

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

impl Scope {
    /// All, by id and language.
    pub async fn articles(&self) -> Result<Vec<ArticleRow>> { todo!() }
}

impl Tx {
    /// Sets the whole set. Idempotent; events for what is added, changed or removed.
    pub async fn set_articles(&mut self, _articles: &[Article], _actor: &Actor) -> Result<()> { todo!() }
}
