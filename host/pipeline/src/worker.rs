//! The job loop: claim, run, complete; and what becomes of a job that is given up.

use crate::house::House;
use crate::tenant::Tenant;
use crate::trouble::Part;
use crate::{
    check, digest, dispatch, draft, escalate, index, learn, ledger, life, notify, oidc, proof, sent, sign_in,
    template_trial, translate, triage, trial, webhooks,
};
use futures::FutureExt as _;
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::{JobId, Step};
use posthouse_store::{ClaimRequest, ClaimedJob, JobState, StoreError};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long a job is this worker's before another may have it; renewed while it runs.
const LEASE: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// Looked at no less often than this, should a wake-up be missed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After the store failed.
const PAUSE: Duration = Duration::from_secs(1);

/// How many jobs one process runs at once. They share two processors with the sandbox and the database; what they
/// mostly do is wait for one of them, or for a chat platform.
pub const CONCURRENCY: usize = 16;

/// Runs jobs until stopped; then lets those that run finish (at most the lease's length).
pub async fn run(house: House, stop: CancellationToken) {
    if let Err(error) = house.store().release_worker(house.worker()).await {
        tracing::warn!(%error, "jobs of a run before this one wait for their lease to end");
    }
    if let Err(error) = house.store().interrupt_submissions(house.worker()).await {
        tracing::warn!(%error, "replies that a run before this one was submitting wait for their lease to end");
    }
    let mut running = Running::new(house.clone());
    let mut wake = house.store().wakeups();
    loop {
        wake.mark_unchanged();
        let filled = running.fill().await;
        house.heed(Part::Jobs, &filled);
        let wait = match filled {
            Ok(Filled::More) => continue,
            Ok(Filled::All { next_in }) => next_in.unwrap_or(LOOK_EVERY).min(LOOK_EVERY),
            Err(error) => {
                tracing::error!(%error, "jobs cannot be claimed");
                PAUSE
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = running.reap() => {}
            _ = wake.changed(), if running.has_room() => {}
            () = tokio::time::sleep(wait), if running.has_room() => {}
        }
    }
    let _ = tokio::time::timeout(LEASE, async {
        running.finish().await;
        house.shadows_done().await;
    })
    .await;
}

/// Runs every job that is due, and those they make, until none is; for commands that feed and leave, and tests.
/// Returns how many ran.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run_until_idle(house: &House) -> Result<u64, StoreError> {
    let mut running = Running::new(house.clone());
    loop {
        match running.fill().await? {
            Filled::More => {}
            Filled::All { .. } if running.is_empty() => {
                house.shadows_done().await;
                return Ok(running.ran);
            }
            Filled::All { .. } => running.reap().await,
        }
    }
}

enum Filled {
    /// Room and probably more to claim.
    More,
    /// Nothing more is due now, or no room.
    All { next_in: Option<Duration> },
}

struct Running {
    house: House,
    tasks: JoinSet<JobId>,
    claimed: HashMap<JobId, ClaimedJob>,
    renewed: Instant,
    ran: u64,
}

impl Running {
    fn new(house: House) -> Self {
        Self { house, tasks: JoinSet::new(), claimed: HashMap::new(), renewed: Instant::now(), ran: 0 }
    }

    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn has_room(&self) -> bool {
        self.tasks.len() < CONCURRENCY
    }

    /// Claims as many as there is room for. Claiming many at once spares transactions, so it waits for half the room.
    async fn fill(&mut self) -> Result<Filled, StoreError> {
        self.renew().await?;
        let room = CONCURRENCY.saturating_sub(self.tasks.len());
        if room < CONCURRENCY / 2 {
            return Ok(Filled::All { next_in: None });
        }
        let limit = u32::try_from(room).unwrap_or(1);
        let request = ClaimRequest { worker: self.house.worker(), kinds: &[], limit, lease: LEASE };
        let jobs = self.house.store().claim(&request).await?;
        if !jobs.is_empty() {
            self.house.reached(Step::Claimed);
        }
        let more = jobs.len() == room;
        for job in jobs {
            self.claimed.insert(job.id, job.clone());
            let house = self.house.clone();
            let span = tracing::info_span!("job", tenant.id = %job.tenant, job.name = job.job.kind(), job.id = %job.id);
            self.tasks.spawn(
                async move {
                    run_one(&house, &job).await;
                    job.id
                }
                .instrument(span),
            );
        }
        if more {
            return Ok(Filled::More);
        }
        let now = self.house.now();
        let next = self.house.store().next_job_at(&[]).await?;
        Ok(Filled::All { next_in: next.filter(|at| *at > now).map(|at| at.since(now)) })
    }

    /// Waits until at least one job has ended. Waits for ever when none runs.
    async fn reap(&mut self) {
        match self.tasks.join_next().await {
            Some(done) => self.ended(done),
            None => std::future::pending().await,
        }
        while let Some(done) = self.tasks.try_join_next() {
            self.ended(done);
        }
    }

    fn ended(&mut self, done: Result<JobId, tokio::task::JoinError>) {
        self.ran += 1;
        match done {
            Ok(id) => {
                self.claimed.remove(&id);
            }
            // `run_one` catches panics of the work itself. Which job it was is not known here; it stays claimed until
            // this process ends.
            Err(error) => tracing::error!(%error, "a job broke off"),
        }
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        if self.renewed.elapsed() >= RENEW_EVERY && !self.claimed.is_empty() {
            let jobs: Vec<ClaimedJob> = self.claimed.values().cloned().collect();
            // A lease that is lost shows when the job is completed: its result is not written then.
            self.house.store().extend(&jobs, LEASE).await?;
            self.renewed = Instant::now();
        }
        Ok(())
    }

    async fn finish(&mut self) {
        while let Some(done) = self.tasks.join_next().await {
            self.ended(done);
        }
    }
}

async fn run_one(house: &House, job: &ClaimedJob) {
    let start = Instant::now();
    let result = match house.tenant(job.tenant).await {
        Ok(Some(tenant)) => {
            // Nothing of a job outlives its panic but rows of the store, and those change only in whole transactions.
            let run = AssertUnwindSafe(run_job(house, &tenant, job)).catch_unwind().await;
            let broke_off = |_| Err(JobFailure::retry("it broke off inside the host: please report it"));
            run.unwrap_or_else(broke_off).map_err(|failure| (Some(tenant), failure))
        }
        Ok(None) => Err((None, JobFailure::retry("the tenant is turned off"))),
        Err(error) => Err((None, triage::store(error))),
    };
    let label = match &result {
        Ok(()) => "done",
        Err((_, failure)) if failure.is_no_try() => "put-back",
        Err(_) => "failed",
    };
    let labels = [("job", job.job.kind()), ("result", label)];
    house.metrics().observe("posthouse_job_seconds", &labels, start.elapsed());
    let Err((tenant, failure)) = result else { return };
    match failure {
        // Part of the ordinary course: nobody needs to look.
        JobFailure::Waits { .. } | JobFailure::Overtaken { .. } => {
            tracing::debug!(reason = failure.reason(), "job put back");
        }
        _ => tracing::warn!(attempt = job.attempt, reason = failure.reason(), "job failed"),
    }
    let ended = house.store().fail(job, &failure).await;
    house.heed(Part::Jobs, &ended);
    match ended {
        Ok(JobState::Failed) => {
            if let Some(tenant) = tenant
                && let Err(error) = given_up(&tenant, &job.job, failure.reason()).await
            {
                tracing::error!(%error, "the end of a job could not be written");
            }
        }
        // Another worker has it by now.
        Ok(_) | Err(StoreError::LeaseLost { .. }) => {}
        Err(error) => {
            tracing::error!(%error, "a failed try could not be written; the job comes back when its lease ends")
        }
    }
}

async fn run_job(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob) -> Result<(), JobFailure> {
    match &job.job {
        Job::Triage { message } => triage::run(house, tenant, job, *message).await,
        Job::Draft { ticket } => draft::run(house, tenant, job, *ticket).await,
        Job::Check { draft } => check::run(house, tenant, job, *draft).await,
        Job::Translate { translation } => translate::run(house, tenant, job, *translation).await,
        Job::Notify { notification } => notify::run(house, tenant, job, *notification).await,
        Job::Dispatch { outbox } => dispatch::run(house, tenant, job, *outbox).await,
        Job::AppendSent { outbox } => sent::run(house, tenant, job, *outbox).await,
        Job::Prove { outbox } => proof::run(house, tenant, job, *outbox).await,
        Job::Digest { day } => digest::run(house, tenant, job, day).await,
        Job::Replay { plugin, release } => life::replay::run(house, tenant, job, plugin, *release).await,
        Job::Learn { ticket, spam } => learn::run(house, tenant, job, *ticket, *spam).await,
        Job::TeachRspamd { message, spam } => learn::teach_rspamd(house, tenant, job, *message, *spam).await,
        Job::Install { upload } => life::install::run(house, tenant, job, *upload).await,
        Job::SignIn { mailbox } => sign_in::run(house, tenant, job, mailbox).await,
        Job::FinishSignIn { mailbox, visit } => sign_in::finish(house, tenant, job, mailbox, visit).await,
        Job::Repair { mailbox } => ledger::run(house, tenant, job, mailbox).await,
        Job::IndexMails => index::run(tenant, job).await,
        Job::FindProvider { visit } => oidc::find(house, tenant, job, visit).await,
        Job::Identify { visit } => oidc::finish(house, tenant, job, visit).await,
        Job::TryOut { what } => trial::run(house, job, what).await,
        Job::Deliver { delivery } => webhooks::run(house, tenant, job, *delivery).await,
        Job::TryTemplate { trial } => template_trial::run(house, tenant, job, *trial).await,
        Job::Escalate { ticket, rung, deadline } => escalate::run(house, tenant, job, *ticket, rung, *deadline).await,
    }
}

/// Sees to jobs that were given up while nobody could: the process ended at that very moment, or the job killed every
/// worker that took it. What was seen to already is left as it is.
///
/// # Errors
/// When the store cannot be read or written.
pub(crate) async fn see_to_given_up(house: &House, tenant: &Tenant) -> Result<(), StoreError> {
    for row in tenant.scope.jobs(JobState::Failed).await? {
        let last = row.errors.last();
        let key = format!("given up {} {:?}", row.id, last.map(|error| error.at));
        if !house.first_time(&key) {
            continue;
        }
        let reason = last.map_or("it was tried as often as allowed", |error| error.reason.as_str());
        match given_up(tenant, &row.job, reason).await {
            Err(error) if error.is_temporary() => {
                house.forget(&key);
                return Err(error);
            }
            Err(error) => {
                tracing::error!(tenant.id = %tenant.id(), job.id = %row.id, %error, "the end of a job could not be written")
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

/// No message and no reply is lost to a job that is given up: each has a place where a person sees it.
async fn given_up(tenant: &Tenant, job: &Job, reason: &str) -> Result<(), StoreError> {
    match job {
        Job::Triage { message } => triage::given_up(tenant, *message, reason).await,
        Job::Notify { notification } => notify::given_up(tenant, *notification, reason).await,
        Job::Dispatch { outbox } => dispatch::given_up(tenant, *outbox, reason).await,
        Job::Install { upload } => life::install::given_up(tenant, *upload, reason).await,
        Job::FinishSignIn { mailbox, visit } => sign_in::given_up(tenant, mailbox, visit, reason).await,
        Job::FindProvider { visit } | Job::Identify { visit } => oidc::given_up(tenant, visit, reason).await,
        Job::TryOut { what } => trial::given_up(tenant, what, reason).await,
        Job::Deliver { delivery } => webhooks::given_up(tenant, *delivery, reason).await,
        Job::TryTemplate { trial } => template_trial::given_up(tenant, *trial, reason).await,
        Job::Translate { translation } => translate::given_up(tenant, *translation, reason).await,
        // What a filter did not learn of one ticket it learns of others; a person who waits for a code, or for what a server holds,
        // asks again.
        Job::Learn { .. } | Job::TeachRspamd { .. } | Job::SignIn { .. } | Job::Repair { .. } => Ok(()),
        // The reply is before a person already.
        Job::Prove { .. } => Ok(()),
        // It is listed among the failed jobs, and the list says which mails are not found.
        Job::IndexMails => Ok(()),
        // The ticket is on the list as overdue whatever becomes of it.
        Job::Escalate { .. } => Ok(()),
        // The ticket is there without a draft, or with one that the page calls unchecked; the copy, the digest and
        // the replay are listed among the failed jobs.
        Job::Draft { .. } | Job::Check { .. } | Job::AppendSent { .. } | Job::Digest { .. } | Job::Replay { .. } => {
            Ok(())
        }
    }
}
