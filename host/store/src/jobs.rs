//! The job queue: durable, leased, fair between tenants, bounded in its tries.
//!
//! A job that is done is deleted; one that is given up is kept as failed until a person decides. Every lease has a
//! number (`claim`), so a worker that comes back after its lease was given to another cannot write over that one's work.

use crate::claim::{ClaimedJob, Completed, complete};
use crate::sql::{Connection, Json, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::{JobId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where a job stands. One that is done is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits until it is due.
    Queued,
    /// A worker has it.
    Running,
    /// Given up after its last try; kept for a person.
    Failed,
}

impl JobState {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "queued" => Ok(Self::Queued),
            "running" => Ok(Self::Running),
            "failed" => Ok(Self::Failed),
            _ => Err(format!("`{s}` is not one of queued, running, failed")),
        }
    }
}

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What.
    pub job: Job,
    /// Where it stands.
    pub state: JobState,
    /// Tries so far.
    pub attempts: i64,
    /// When it is due.
    pub due_at: Timestamp,
    /// Why each try failed, oldest first.
    pub errors: Vec<JobError>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why one try failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// When.
    pub at: Timestamp,
    /// Why, at most 2000 bytes.
    pub reason: String,
    /// Its worker died: no rung of the ladder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub died: bool,
}

/// How many jobs stand where, over all tenants: for metrics and the heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobCounts {
    /// [`Job::kind`].
    pub kind: String,
    /// Where they stand.
    pub state: JobState,
    /// How many.
    pub count: i64,
    /// When the first of them was due.
    pub oldest_due: Timestamp,
}

impl Scope {
    /// Whether a replay of one of a plugin's releases is to be run, or is running.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_replaying(&self, plugin: &str) -> Result<bool> {
        // By its key: the queue may be long.
        let row =
            sql("select id from job where tenant_id = $1 and kind = 'replay' and state in ('queued', 'running') \
             and key in (select 'replay:' || plugin || ':' || cast(number as text) from plugin_release \
             where tenant_id = $1 and plugin = $2) limit 1")
            .bind(self.tenant)
            .bind(plugin)
            .optional(&mut *self.read().await?)
            .await?;
        Ok(row.is_some())
    }

    /// Jobs in a state, oldest first, at most 500.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn jobs(&self, state: JobState) -> Result<Vec<JobRow>> {
        // The state in the text, so that the index of failed jobs is known to hold them.
        let rows = sql_of(format!(
            "select id, content, state, attempts, due_at, errors, created_at from job \
             where tenant_id = $1 and state = '{}' order by id limit 500",
            state.as_str()
        ))
        .bind(self.tenant)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(JobRow {
                    id: row.next()?,
                    job: row.json()?,
                    state: row.next()?,
                    attempts: row.next()?,
                    due_at: row.next()?,
                    errors: row.json()?,
                    created_at: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Says that a job is done, in the transaction that writes its result: both happen or neither. Call it first: when
    /// the lease is lost, nothing else needs to be tried.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]: drop the transaction. [`StoreError::NotFound`] for another tenant's job.
    pub async fn complete(&mut self, job: &ClaimedJob) -> Result<()> {
        if job.tenant != self.tenant() {
            return Err(StoreError::not_found(format_args!("job {}", job.id)));
        }
        match complete(self.on(), job).await? {
            Completed::Gone => Ok(()),
            Completed::Again => {
                self.jobs_made();
                Ok(())
            }
            Completed::LeaseLost => Err(StoreError::lease_lost(format_args!("job {}", job.id))),
        }
    }

    /// Begins a failed job anew, by a person's wish.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has not failed.
    pub async fn retry_job(&mut self, job: JobId, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("update job set state = 'queued', due_at = $1, attempts = 0, errors = '[]' \
             where tenant_id = $2 and id = $3 and state = 'failed' returning key")
        .bind(now)
        .bind(tenant)
        .bind(job)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("failed job {job}")))?;
        self.jobs_made();
        self.record(actor, "job.retried", format_args!("job:{job}"), json!({ "key": row.get::<String>(0)? }));
        Ok(())
    }

    /// Throws a failed job away, by a person's wish.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has not failed.
    pub async fn discard_job(&mut self, job: JobId, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let row = sql("delete from job where tenant_id = $1 and id = $2 and state = 'failed' returning key")
            .bind(tenant)
            .bind(job)
            .optional(self.on())
            .await?
            .ok_or_else(|| StoreError::not_found(format_args!("failed job {job}")))?;
        self.record(actor, "job.discarded", format_args!("job:{job}"), json!({ "key": row.get::<String>(0)? }));
        Ok(())
    }
}

/// Makes a job. One that is queued already is left alone, unless this one is due earlier; one that is running is run
/// again afterwards; one that has failed begins anew.
pub(crate) async fn enqueue(
    on: &mut Connection,
    tenant: TenantId,
    job: &Job,
    due: Timestamp,
    now: Timestamp,
) -> Result<()> {
    sql("insert into job (tenant_id, kind, key, content, state, due_at, attempts, claim, errors, created_at) \
         values ($1, $2, $3, $4, 'queued', $5, 0, 0, '[]', $6) \
         on conflict (tenant_id, key) do update set \
         again_at = case when job.state <> 'running' then null \
             when job.again_at < excluded.due_at then job.again_at else excluded.due_at end, \
         due_at = case when job.state = 'running' then job.due_at \
             when job.state = 'queued' and job.due_at < excluded.due_at then job.due_at else excluded.due_at end, \
         attempts = case when job.state = 'failed' then 0 else job.attempts end, \
         errors = case when job.state = 'failed' then '[]' else job.errors end, \
         state = case when job.state = 'running' then 'running' else 'queued' end")
    .bind(tenant)
    .bind(job.kind())
    .bind(job.key())
    .bind(Json(job))
    .bind(due)
    .bind(now)
    .run(on)
    .await?;
    Ok(())
}
