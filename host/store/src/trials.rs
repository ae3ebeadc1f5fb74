//! Trials that a person asked for on the desk: a worker tries a mailbox, a notifier or the model out and writes down what it found.

use crate::sql::{Json, sql};
use crate::{Result, Scope, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::trial::Finding;
use serde_json::json;

/// A trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRow {
    /// What is tried: see [`posthouse_model::trial::Subject`].
    pub what: String,
    /// Who asked ([`Actor::as_text`]).
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it was done; none: it is under way, or nobody does it.
    pub done_at: Option<Timestamp>,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Scope {
    /// The last trial of each thing.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn trials(&self) -> Result<Vec<TrialRow>> {
        let rows =
            sql("select what, asked_by, asked_at, done_at, findings from trial where tenant_id = $1 order by what")
                .bind(self.tenant)
                .all(&mut *self.read().await?)
                .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(TrialRow {
                    what: row.next()?,
                    asked_by: row.next()?,
                    asked_at: row.next()?,
                    done_at: row.next()?,
                    findings: row.next::<Option<Json<Vec<Finding>>>>()?.map(|json| json.0).unwrap_or_default(),
                })
            })
            .collect()
    }
}

impl Tx {
    /// Asks for one: makes its job. What an earlier one found is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn ask_trial(&mut self, what: &str, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("insert into trial (tenant_id, what, asked_by, asked_at) values ($1, $2, $3, $4) \
             on conflict (tenant_id, what) do update set asked_by = excluded.asked_by, asked_at = excluded.asked_at, \
             done_at = null, findings = null")
        .bind(tenant)
        .bind(what)
        .bind(actor.as_text())
        .bind(now)
        .run(self.on())
        .await?;
        self.record(actor, "trial.asked", format_args!("trial:{what}"), json!({}));
        self.enqueue(&Job::TryOut { what: what.to_owned() }).await
    }

    /// Writes down what one found.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn end_trial(&mut self, what: &str, findings: &[Finding], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update trial set done_at = $1, findings = $2 where tenant_id = $3 and what = $4")
            .bind(now)
            .bind(serde_json::to_string(findings).unwrap_or_default())
            .bind(tenant)
            .bind(what)
            .run(self.on())
            .await?;
        let well = findings.iter().all(|finding| finding.ok);
        self.record(actor, "trial.done", format_args!("trial:{what}"), json!({ "well": well }));
        Ok(())
    }
}
