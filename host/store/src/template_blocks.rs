//! Replies that began as a draft from a template, beside what was proposed: for seeing which of its pieces people change.

use crate::drafts::{by_draft_id, first_revision};
use crate::sql::sql;
use crate::{Result, Scope};
use posthouse_model::DraftId;

/// Newest replies of a team that are looked through for those of one template.
const LOOKED_AT_MAX: u32 = 1_000;
/// Replies of one template that are given.
pub const TEMPLATE_REPLIES_MAX: usize = 100;

/// What was proposed, and what went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateReply {
    /// The draft as it was proposed.
    pub proposed: String,
    /// The reply.
    pub sent: String,
}

impl Scope {
    /// The newest replies that went out and began as a draft from this template, at most [`TEMPLATE_REPLIES_MAX`] of the newest 1,000
    /// of the team.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn template_replies(&self, plugin: &str, template: &str) -> Result<Vec<TemplateReply>> {
        let mut on = self.read().await?;
        let rows = sql("select o.draft_id, o.body from outbox o join draft d on d.id = o.draft_id \
             where o.tenant_id = $1 and o.state = 'sent' and d.plugin = $2 order by o.id desc limit $3")
        .bind(self.tenant)
        .bind(plugin)
        .bind(LOOKED_AT_MAX)
        .all(&mut on)
        .await?;
        let mut replies = Vec::new();
        for row in &rows {
            if replies.len() == TEMPLATE_REPLIES_MAX {
                break;
            }
            let (draft, sent): (DraftId, String) = (row.get(0)?, row.get(1)?);
            let draft = by_draft_id(&mut on, self.tenant, draft).await?;
            if draft.proposal.template.as_deref() != Some(template) {
                continue;
            }
            if let Some(first) = first_revision(&mut on, self.tenant, &draft).await? {
                replies.push(TemplateReply { proposed: first.proposal.body, sent });
            }
        }
        Ok(replies)
    }
}
