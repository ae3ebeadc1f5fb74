//! The job queue.
use crate::sql::Connection;
use crate::{Result, Scope, Store, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::{JobId, TenantId, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Where a job stands. One that is done is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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
        match self { Self::Queued => "queued", Self::Running => "running", Self::Failed => "failed" }
    }
}

impl std::str::FromStr for JobState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s { "queued" => Ok(Self::Queued), "running" => Ok(Self::Running), "failed" => Ok(Self::Failed), _ => Err(format!("`{s}` is not a job's state")) }
    }
}

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct ClaimRequest<'a> {
    /// Who asks: unique per process.
    pub worker: &'a str,
    /// Only these kinds ([`Job::kind`]); empty takes any.
    pub kinds: &'a [&'a str],
    /// At most this many.
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
    /// Which claim this is: an older one can no longer complete it.
    pub(crate) claim: i64,
    /// When the lease ends.
    pub lease_until: Timestamp,
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
    pub attempts: u32,
    /// When it is due.
    pub due_at: Timestamp,
    /// Why each try failed, oldest first.
    pub errors: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
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
    /// When the oldest of them was due.
    pub oldest_due: Timestamp,
}

impl Store {
    /// Claims jobs that are due, over all tenants in fair order: one of each tenant, then the second of each.
    pub async fn claim(&self, _request: &ClaimRequest<'_>) -> Result<Vec<ClaimedJob>> { todo!() }
    /// Says that jobs are done. Those whose lease is lost are left alone; how many were done.
    pub async fn complete(&self, _jobs: &[ClaimedJob]) -> Result<u64> { todo!() }
    /// Says that a try failed: queued again on the job's ladder, or given up.
    pub async fn fail(&self, _job: &ClaimedJob, _failure: &JobFailure) -> Result<JobState> { todo!() }
    /// Puts a job back as if it had not been claimed, due at a set time (not a failed try: the worker stops, or it is too early).
    pub async fn postpone(&self, _job: &ClaimedJob, _due: Timestamp) -> Result<()> { todo!() }
    /// Keeps jobs for longer; false per job whose lease is lost: stop working on it.
    pub async fn extend(&self, _jobs: &[ClaimedJob], _lease: Duration) -> Result<Vec<bool>> { todo!() }
    /// Queues again what workers left behind when they died; how many.
    pub async fn recover_expired(&self) -> Result<u64> { todo!() }
    /// As if every lease of this worker had ended: at its start, when it was here before.
    pub async fn release_worker(&self, _worker: &str) -> Result<u64> { todo!() }
    /// When the next queued job is due.
    pub async fn next_job_at(&self) -> Result<Option<Timestamp>> { todo!() }
    /// Counts for metrics.
    pub async fn job_counts(&self) -> Result<Vec<JobCounts>> { todo!() }
}

impl Scope {
    /// Jobs in a state, oldest first, at most 500.
    pub async fn jobs(&self, _state: JobState) -> Result<Vec<JobRow>> { todo!() }
}

impl Tx {
    /// Says that a job is done, in the transaction that writes its result: both happen or neither.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`](crate::StoreError::LeaseLost): drop the transaction.
    pub async fn complete(&mut self, _job: &ClaimedJob) -> Result<()> { todo!() }
    /// Begins a failed job anew, by a person's wish.
    pub async fn retry_job(&mut self, _job: JobId, _actor: &Actor) -> Result<()> { todo!() }
    /// Throws a failed job away, by a person's wish.
    pub async fn discard_job(&mut self, _job: JobId, _actor: &Actor) -> Result<()> { todo!() }
}

pub(crate) async fn enqueue(_on: &mut Connection, _tenant: TenantId, _job: &Job, _due: Timestamp, _now: Timestamp) -> Result<()> { todo!() }
