//! The workers' side of the job queue: claiming, ending tries, finding what dead workers left.

use crate::chain::Chain;
use crate::engine::Kind;
use crate::jobs::{JobCounts, JobError, JobState};
use crate::sql::{Connection, Json, Row, placeholders, sql, sql_of};
use crate::wake::Touched;
use crate::{Result, Store, StoreError};
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::{JobId, TenantId, Timestamp};
use serde_json::json;
use std::time::Duration;

/// Most jobs claimed at once.
const CLAIM_MAX: u32 = 256;
/// Failed tries that are kept: more than any ladder is long.
const ERRORS_MAX: usize = 40;
/// Longest reason that is kept of a failed try, in bytes.
const REASON_BYTES_MAX: usize = 2000;

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct ClaimRequest<'a> {
    /// Who asks: unique per process.
    pub worker: &'a str,
    /// Only these kinds ([`Job::kind`]); empty takes any.
    pub kinds: &'a [&'a str],
    /// At most this many, and never more than 256.
    pub limit: u32,
    /// How long until somebody else may have it.
    pub lease: Duration,
}

/// A job that this worker has until its lease ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub tenant: TenantId,
    /// What.
    pub job: Job,
    /// 1 for the first try.
    pub attempt: u32,
    /// When the lease ends.
    pub lease_until: Timestamp,
    /// Which lease of the job this is.
    claim: i64,
}

/// On PostgreSQL other workers' rows are skipped, so that workers never wait for one another.
const CANDIDATES_POSTGRES: &str = "select j.id, j.tenant_id, j.due_at from tenant t cross join lateral \
     (select i.id, i.tenant_id, i.due_at from job i where i.tenant_id = t.id and i.state = 'queued' \
     and i.due_at <= $1 {kinds} order by i.due_at, i.id limit $2 for update skip locked) j where t.active = 1";
/// SQLite's writer is alone.
const CANDIDATES_SQLITE: &str = "select j.id, j.tenant_id, j.due_at from tenant t cross join job j where t.active = 1 \
     and j.id in (select i.id from job i where i.tenant_id = t.id and i.state = 'queued' and i.due_at <= $1 {kinds} \
     order by i.due_at, i.id limit $2)";
const CLAIM: &str = "with candidate as materialized ({candidates}), \
     turn as (select id, row_number() over (partition by tenant_id order by due_at, id) as turn, due_at from candidate) \
     update job set state = 'running', claim = claim + 1, attempts = attempts + 1, lease_owner = $3, lease_until = $4 \
     where id in (select id from turn order by turn, due_at, id limit $2) \
     returning id, tenant_id, content, attempts, claim, due_at";

/// How often a job's worker may die before the job is taken for the reason.
pub const DEATHS_MAX: usize = 12;
/// How long a job waits after its worker died for the first time, the second …; at last the last.
const DEATH_WAITS: [Duration; 6] = {
    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }
    // The first time at once: a restart should not delay anybody's mail.
    [s(0), s(1), s(3), s(10), s(30), s(60)]
};

/// When a job is begun again after a try that came to nothing.
#[derive(Clone, Copy)]
enum Next {
    /// Trying again will not help.
    Never,
    /// On the next rung of its ladder, and not before this long.
    OnLadder { after: Duration },
    /// Soon.
    AfterDeath,
}

impl Next {
    /// None: the job is given up. `errors` are all its tries so far, this one too.
    fn due(self, job: &Job, errors: &[JobError], now: Timestamp) -> Option<Timestamp> {
        let count = errors.iter().filter(|error| error.died == matches!(self, Self::AfterDeath)).count();
        match self {
            Self::Never => None,
            Self::OnLadder { after } => {
                job.ladder().get(count.saturating_sub(1)).map(|wait| now.plus((*wait).max(after)))
            }
            Self::AfterDeath if count >= DEATHS_MAX => None,
            Self::AfterDeath => DEATH_WAITS.get(count - 1).or(DEATH_WAITS.last()).map(|wait| now.plus(*wait)),
        }
    }
}

/// How soon a job is begun again that the house's own trouble held up.
const HELD_FOR: Duration = Duration::from_secs(5);

impl Store {
    /// Claims jobs that are due, over all active tenants in fair order: the first of each tenant, then the second of
    /// each, so that one tenant's flood does not hold up another's mail.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim(&self, request: &ClaimRequest<'_>) -> Result<Vec<ClaimedJob>> {
        let now = self.now();
        let limit = request.limit.min(CLAIM_MAX);
        // A look first: an idle worker takes no write lock.
        if limit == 0 || self.next_job_at(request.kinds).await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let until = now.plus(request.lease);
        let candidates = match self.inner.engine.kind {
            Kind::Sqlite => CANDIDATES_SQLITE,
            Kind::Postgres => CANDIDATES_POSTGRES,
        };
        let candidates = candidates.replace("{kinds}", &kinds_clause("i", 5, request.kinds));
        let mut tx = self.write().await?;
        let mut rows = sql_of(CLAIM.replace("{candidates}", &candidates))
            .bind(now)
            .bind(limit)
            .bind(request.worker)
            .bind(until)
            .bind_all(request.kinds.iter().copied())
            .all(&mut tx)
            .await?
            .iter()
            .map(|row| Ok((row.get::<Timestamp>(5)?, claimed(row, until)?)))
            .collect::<Result<Vec<_>>>()?;
        self.commit(tx, Touched::default()).await?;
        rows.sort_by_key(|(due, job)| (*due, job.id));
        Ok(rows.into_iter().map(|(_, job)| job).collect())
    }

    /// Says that jobs are done. Those whose lease is lost are left alone; how many were done. Where a job has results
    /// to write, [`Tx::complete`](crate::Tx::complete) does both at once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn complete(&self, jobs: &[ClaimedJob]) -> Result<u64> {
        if jobs.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let mut done = 0;
        let mut again = false;
        for job in jobs {
            match complete(&mut tx, job).await? {
                Completed::Gone => done += 1,
                Completed::Again => {
                    done += 1;
                    again = true;
                }
                Completed::LeaseLost => {}
            }
        }
        self.commit(tx, Touched { jobs: again, tenant: None }).await?;
        Ok(done)
    }

    /// Says that a try failed: queued again on the job's ladder, or given up when the ladder is used up or trying again
    /// will not help. One that was held up by the house is put back as if it had not been claimed. Returns where it stands.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn fail(&self, job: &ClaimedJob, failure: &JobFailure) -> Result<JobState> {
        let now = self.now();
        let next = match failure {
            JobFailure::Fail { .. } => Next::Never,
            JobFailure::Held { .. } => {
                self.postpone(job, now.plus(HELD_FOR)).await?;
                return Ok(JobState::Queued);
            }
            JobFailure::Waits { wait, .. } => {
                self.postpone(job, now.plus(*wait)).await?;
                return Ok(JobState::Queued);
            }
            JobFailure::Overtaken { .. } => {
                self.postpone(job, now).await?;
                return Ok(JobState::Queued);
            }
            JobFailure::Retry { after, .. } => Next::OnLadder { after: after.unwrap_or_default() },
        };
        let ended = self.end_try(job, failure.reason(), next).await?;
        ended.ok_or_else(|| StoreError::lease_lost(format_args!("job {}", job.id)))
    }

    /// Puts a job back as if it had not been claimed, due at a set time: it is too early, or the worker stops. Not a
    /// failed try.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn postpone(&self, job: &ClaimedJob, due: Timestamp) -> Result<()> {
        let mut tx = self.write().await?;
        let put_back =
            sql("update job set state = 'queued', due_at = case when again_at < $1 then again_at else $1 end, \
             again_at = null, attempts = attempts - 1, lease_owner = null, lease_until = null \
             where id = $2 and claim = $3 and state = 'running'")
            .bind(due)
            .bind(job.id)
            .bind(job.claim)
            .run(&mut tx)
            .await?;
        if put_back == 0 {
            return Err(StoreError::lease_lost(format_args!("job {}", job.id)));
        }
        self.commit(tx, Touched { jobs: true, tenant: None }).await
    }

    /// Keeps jobs for longer, from now. False for a job whose lease is lost: stop working on it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn extend(&self, jobs: &[ClaimedJob], lease: Duration) -> Result<Vec<bool>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let until = self.now().plus(lease);
        let mut tx = self.write().await?;
        let mut kept = Vec::with_capacity(jobs.len());
        for job in jobs {
            let extended = sql("update job set lease_until = $1 where id = $2 and claim = $3 and state = 'running'")
                .bind(until)
                .bind(job.id)
                .bind(job.claim)
                .run(&mut tx)
                .await?;
            kept.push(extended > 0);
        }
        self.commit(tx, Touched::default()).await?;
        Ok(kept)
    }

    /// Queues again what workers left behind when they died, soon: of the many jobs that a worker has at a time hardly one is to
    /// blame. It is no rung of the job's ladder, but one that is there whenever a worker dies is given up after
    /// [`DEATHS_MAX`] times. How many were found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn recover_expired(&self) -> Result<u64> {
        let now = self.now();
        let expired = sql("select id from job where state = 'running' and lease_until <= $1 limit 1")
            .bind(now)
            .optional(&mut *self.inner.engine.read().await?)
            .await?;
        if expired.is_none() {
            return Ok(0);
        }
        self.recover("lease_until <= $1", now, "its worker stopped without a word").await
    }

    /// As if every lease of this worker had ended: at its start, when a worker of this name was here before and is
    /// surely gone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release_worker(&self, worker: &str) -> Result<u64> {
        self.recover("lease_owner = $1", worker, "its worker was started anew").await
    }

    async fn recover(&self, which: &'static str, value: impl crate::sql::Param, reason: &str) -> Result<u64> {
        let now = self.now();
        let left = sql_of(format!(
            "select id, tenant_id, content, attempts, claim from job where state = 'running' and {which} order by id"
        ))
        .bind(value)
        .all(&mut *self.inner.engine.read().await?)
        .await?;
        let mut recovered = 0;
        for row in &left {
            let job = claimed(row, now)?;
            if self.end_try(&job, reason, Next::AfterDeath).await?.is_some() {
                recovered += 1;
            }
        }
        Ok(recovered)
    }

    /// Ends a try that failed: queued again for `next`, or given up. One that was asked for once more while it was
    /// running begins anew instead of being given up. None when the lease is lost.
    async fn end_try(&self, job: &ClaimedJob, reason: &str, next: Next) -> Result<Option<JobState>> {
        let now = self.now();
        let mut tx = self.write().await?;
        // The tenant's lock comes before the job's row, as everywhere.
        let chain = Chain::lock(self.inner.engine.kind, &mut tx, job.tenant).await?;
        let row = sql("select errors from job where id = $1 and claim = $2 and state = 'running'")
            .bind(job.id)
            .bind(job.claim)
            .optional(&mut tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut errors = row.get::<Json<Vec<JobError>>>(0)?.0;
        errors.push(JobError { at: now, reason: shortened(reason), died: matches!(next, Next::AfterDeath) });
        let next = next.due(&job.job, &errors, now);
        let errors = &errors[errors.len().saturating_sub(ERRORS_MAX)..];
        let row = sql("update job set \
             state = case when $1 = 0 and again_at is null then 'failed' else 'queued' end, \
             due_at = case when $1 = 0 then coalesce(again_at, due_at) else $2 end, \
             attempts = case when $1 = 0 and again_at is not null then 0 else attempts end, \
             again_at = case when $1 = 0 then null else again_at end, \
             errors = case when $1 = 0 and again_at is not null then '[]' else $3 end, lease_owner = null, lease_until = null \
             where id = $4 and claim = $5 and state = 'running' returning state")
        .bind(next.is_some())
        .bind(next.unwrap_or(now))
        .bind(Json(&errors))
        .bind(job.id)
        .bind(job.claim)
        .optional(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let state: JobState = row.get(0)?;
        if state == JobState::Failed {
            tracing::warn!(tenant.id = job.tenant.0, job.name = job.job.kind(), job.id = job.id.0, "job given up");
            let event = NewEvent {
                actor: Actor::Host(job.job.kind().to_owned()),
                kind: "job.given-up".to_owned(),
                subject: format!("job:{}", job.id),
                data: json!({ "key": job.job.key(), "tries": job.attempt, "reason": shortened(reason) }),
            };
            chain.append(&mut tx, now, vec![event]).await?;
        }
        self.commit(tx, Touched { jobs: state == JobState::Queued, tenant: Some(job.tenant) }).await?;
        Ok(Some(state))
    }

    /// When the next queued job of these kinds (empty: of any) is due.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<Timestamp>> {
        let row = sql_of(format!(
            "select j.due_at from job j join tenant t on t.id = j.tenant_id and t.active = 1 \
             where j.state = 'queued' {} order by j.due_at limit 1",
            kinds_clause("j", 1, kinds)
        ))
        .bind_all(kinds.iter().copied())
        .optional(&mut *self.inner.engine.read().await?)
        .await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// Counts over all tenants, by kind and state.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn job_counts(&self) -> Result<Vec<JobCounts>> {
        let rows = sql("select kind, state, count(*), min(due_at) from job group by kind, state order by kind, state")
            .all(&mut *self.inner.engine.read().await?)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(JobCounts { kind: row.get(0)?, state: row.get(1)?, count: row.get(2)?, oldest_due: row.get(3)? })
            })
            .collect()
    }
}

/// What became of a job that a worker says is done.
pub(crate) enum Completed {
    Gone,
    /// It was asked for once more while it was running.
    Again,
    LeaseLost,
}

/// Ends a job that is done, unless its lease is lost.
pub(crate) async fn complete(on: &mut Connection, job: &ClaimedJob) -> Result<Completed> {
    let gone = sql("delete from job where id = $1 and claim = $2 and state = 'running' and again_at is null")
        .bind(job.id)
        .bind(job.claim)
        .run(on)
        .await?;
    if gone > 0 {
        return Ok(Completed::Gone);
    }
    let again =
        sql("update job set state = 'queued', due_at = again_at, again_at = null, attempts = 0, errors = '[]', \
         lease_owner = null, lease_until = null where id = $1 and claim = $2 and state = 'running'")
        .bind(job.id)
        .bind(job.claim)
        .run(on)
        .await?;
    Ok(if again > 0 { Completed::Again } else { Completed::LeaseLost })
}

fn claimed(row: &Row, until: Timestamp) -> Result<ClaimedJob> {
    let mut row = row.reader();
    Ok(ClaimedJob {
        id: row.next()?,
        tenant: row.next()?,
        job: row.json()?,
        attempt: u32::try_from(row.next::<i64>()?).unwrap_or(u32::MAX),
        claim: row.next()?,
        lease_until: until,
    })
}

fn kinds_clause(alias: &str, first: usize, kinds: &[&str]) -> String {
    if kinds.is_empty() { String::new() } else { format!("and {alias}.kind in ({})", placeholders(first, kinds.len())) }
}

fn shortened(reason: &str) -> String {
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}
