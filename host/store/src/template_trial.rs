//! Templates that are tried on a ticket while they are being written: kept for a worker, and its answer for whoever asked.

use crate::sql::{Json, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::job::Job;
use posthouse_model::template::{Template, Trial, TrialState};
use posthouse_model::{AgentId, TicketId, Timestamp};
use std::time::Duration;

/// One is kept for this long: it holds a customer's words.
pub const TRIAL_LASTS: Duration = Duration::from_secs(3_600);
/// Of each agent so many are kept, the newest.
pub const TRIALS_MAX: i64 = 10;

/// A template that is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateTrialRow {
    /// Its id.
    pub id: i64,
    /// On which ticket.
    pub ticket: TicketId,
    /// What was written.
    pub template: Template,
    /// How far it has got.
    pub state: TrialState,
    /// What came of it.
    pub result: Trial,
    /// When it was asked for.
    pub at: Timestamp,
}

impl Scope {
    /// One that this agent asked for within [`TRIAL_LASTS`]; with no agent given, whoever did.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn template_trial(&self, id: i64, agent: Option<AgentId>) -> Result<TemplateTrialRow> {
        let since = self.store.now().minus(TRIAL_LASTS);
        let row = sql("select id, ticket_id, template, state, result, at, agent_id from template_trial \
             where tenant_id = $1 and id = $2 and at > $3")
        .bind(self.tenant)
        .bind(id)
        .bind(since)
        .optional(&mut *self.read().await?)
        .await?;
        let missing = || StoreError::not_found(format_args!("trial {id}"));
        let row = row.ok_or_else(missing)?;
        let by: AgentId = row.get(6)?;
        if agent.is_some_and(|agent| agent != by) {
            return Err(missing());
        }
        let mut row = row.reader();
        Ok(TemplateTrialRow {
            id: row.next()?,
            ticket: row.next()?,
            template: row.json()?,
            state: row.next()?,
            result: row.json()?,
            at: row.next()?,
        })
    }
}

impl Tx {
    /// Keeps a template to be tried on a ticket, and makes the job that asks its drafter; its id. Nothing else is changed by it, so
    /// there is no event.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn try_template(&mut self, agent: AgentId, ticket: TicketId, template: &Template) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("delete from template_trial where tenant_id = $1 and at <= $2")
            .bind(tenant)
            .bind(now.minus(TRIAL_LASTS))
            .run(self.on())
            .await?;
        let id: i64 = sql("insert into template_trial (tenant_id, agent_id, ticket_id, template, state, result, at) \
             values ($1, $2, $3, $4, $5, $6, $7) returning id")
        .bind(tenant)
        .bind(agent)
        .bind(ticket)
        .bind(Json(template))
        .bind(TrialState::Waiting)
        .bind(Json(&Trial::default()))
        .bind(now)
        .one(self.on())
        .await?
        .get(0)?;
        sql("delete from template_trial where tenant_id = $1 and agent_id = $2 and id not in \
             (select id from template_trial where agent_id = $2 order by id desc limit $3)")
        .bind(tenant)
        .bind(agent)
        .bind(TRIALS_MAX)
        .run(self.on())
        .await?;
        self.enqueue(&Job::TryTemplate { trial: id }).await?;
        Ok(id)
    }

    /// Writes what came of one; of one that is gone, nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn template_tried(&mut self, id: i64, result: &Trial) -> Result<()> {
        let tenant = self.tenant();
        sql("update template_trial set state = $1, result = $2 where tenant_id = $3 and id = $4")
            .bind(TrialState::Done)
            .bind(Json(result))
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        Ok(())
    }
}
