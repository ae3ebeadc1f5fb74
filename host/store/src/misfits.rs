//! "The template did not fit": what agents say of templates, counted per template.

use crate::drafts::by_draft_id;
use crate::sql::sql;
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::DraftId;
use posthouse_model::draft::Misfit;
use posthouse_model::event::Actor;
use serde::Serialize;
use serde_json::json;

/// Characters of what is said in one's own words.
pub const MISFIT_CHARS_MAX: usize = 500;

/// How often a template did not fit, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MisfitCount {
    /// The template's name.
    pub template: String,
    /// Why.
    pub reason: Misfit,
    /// How often.
    pub count: i64,
}

impl Scope {
    /// How often which template did not fit, and why; by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn misfits(&self) -> Result<Vec<MisfitCount>> {
        sql("select template, reason, count(*) from misfit where tenant_id = $1 group by template, reason \
             order by template, reason")
        .bind(self.tenant)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| Ok(MisfitCount { template: row.get(0)?, reason: row.get(1)?, count: row.get(2)? }))
        .collect()
    }

    /// How often one template did not fit.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn misfits_of(&self, template: &str) -> Result<i64> {
        sql("select count(*) from misfit where tenant_id = $1 and template = $2")
            .bind(self.tenant)
            .bind(template)
            .one(&mut *self.read().await?)
            .await?
            .get(0)
    }
}

impl Tx {
    /// Writes that the template of a draft did not fit. A person says it once per draft: again replaces what she said before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for a draft that no template made, and for more than [`MISFIT_CHARS_MAX`].
    pub async fn say_misfit(&mut self, draft: DraftId, reason: Misfit, words: &str, actor: &Actor) -> Result<()> {
        let words = words.trim();
        if words.chars().count() > MISFIT_CHARS_MAX {
            return Err(StoreError::refused(format_args!("say it in at most {MISFIT_CHARS_MAX} characters")));
        }
        let (tenant, now) = (self.tenant(), self.now());
        let row = by_draft_id(self.on(), tenant, draft).await?;
        let Some(template) = &row.proposal.template else {
            return Err(StoreError::refused("no template made this draft"));
        };
        sql("insert into misfit (tenant_id, ticket_id, round, position, template, reason, words, author, at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (ticket_id, round, position, author) \
             do update set template = excluded.template, reason = excluded.reason, words = excluded.words, at = excluded.at")
        .bind(tenant)
        .bind(row.ticket)
        .bind(row.round)
        .bind(row.position)
        .bind(template)
        .bind(reason)
        .bind(words)
        .bind(actor.as_text())
        .bind(now)
        .run(self.on())
        .await?;
        let data = json!({ "draft": draft, "template": template, "misfit": reason, "words": words });
        self.record(actor, "template.did-not-fit", format_args!("ticket:{}", row.ticket), data);
        Ok(())
    }
}
