//! The job queue.

use crate::world::{START, World, agent};
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::{OutboxId, TicketId, Timestamp};
use posthouse_store::{ClaimRequest, ClaimedJob, DEATHS_MAX, JobState, Scope, Store, StoreError};
use std::collections::HashSet;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

fn draft(n: i64) -> Job {
    Job::Draft { ticket: TicketId(n) }
}

async fn make(scope: &Scope, jobs: impl IntoIterator<Item = Job>) {
    let mut tx = scope.begin().await.unwrap();
    for job in jobs {
        tx.enqueue(&job).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn claim(store: &Store, limit: u32) -> Vec<ClaimedJob> {
    store.claim(&ClaimRequest { worker: "w", kinds: &[], limit, lease: LEASE }).await.unwrap()
}

async fn claim_one(world: &World) -> ClaimedJob {
    let mut jobs = claim(&world.store, 1).await;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

on_both! {
    async fn a_job_is_done_once(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        assert_eq!((job.attempt, &job.job, job.tenant), (1, &draft(1), world.scope.id()));
        assert_eq!(job.lease_until, START.plus(LEASE));
        assert!(claim(&world.store, 10).await.is_empty());
        assert_eq!(world.store.complete(std::slice::from_ref(&job)).await.unwrap(), 1);
        assert_eq!(world.store.complete(&[job]).await.unwrap(), 0);
        assert!(world.store.job_counts().await.unwrap().is_empty());
    }

    async fn the_same_job_is_made_once(world) {
        make(&world.scope, [draft(1), draft(1), draft(2)]).await;
        make(&world.scope, [draft(1)]).await;
        assert_eq!(claim(&world.store, 10).await.len(), 2);
    }

    async fn a_job_waits_until_it_is_due(world) {
        let due = START.plus(Duration::from_secs(30));
        let mut tx = world.scope.begin().await.unwrap();
        tx.enqueue_at(&draft(1), due).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(due));
        assert_eq!(world.store.next_job_at(&["triage"]).await.unwrap(), None);
        assert!(claim(&world.store, 1).await.is_empty());
        world.advance(30);
        claim_one(&world).await;
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), None);
    }

    async fn asked_for_earlier_it_comes_earlier_never_later(world) {
        let at = |seconds| START.plus(Duration::from_secs(seconds));
        for (due, expected) in [(30, 30), (10, 10), (20, 10)] {
            let mut tx = world.scope.begin().await.unwrap();
            tx.enqueue_at(&draft(1), at(due)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(at(expected)));
        }
    }

    async fn a_flood_of_one_tenant_does_not_hold_up_another(world) {
        let quiet = world.other_tenant("quiet").await;
        make(&world.scope, (0..50).map(draft)).await;
        world.advance(1);
        make(&quiet, [draft(1), draft(2)]).await;
        let jobs = claim(&world.store, 6).await;
        let of_quiet = jobs.iter().filter(|job| job.tenant == quiet.id()).count();
        assert_eq!((jobs.len(), of_quiet), (6, 2));
    }

    async fn workers_never_share_a_job(world) {
        make(&world.scope, (0..100).map(draft)).await;
        let other = world.other_process().await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let store = if n % 2 == 0 { world.store.clone() } else { other.clone() };
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        let jobs = claim(&store, 3).await;
                        if jobs.is_empty() && store.next_job_at(&[]).await.unwrap().is_none() {
                            return mine;
                        }
                        mine.extend(jobs.into_iter().map(|job| job.id));
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        assert_eq!(all.len(), 100);
        assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 100);
    }

    async fn kinds_can_be_chosen(world) {
        make(&world.scope, [draft(1), Job::Dispatch { outbox: OutboxId(1) }]).await;
        let request = ClaimRequest { worker: "w", kinds: &["dispatch", "append-sent"], limit: 9, lease: LEASE };
        let jobs = world.store.claim(&request).await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.job.kind()).collect::<Vec<_>>(), ["dispatch"]);
    }

    async fn failures_climb_the_ladder_and_end(world) {
        make(&world.scope, [draft(1)]).await;
        let ladder = draft(1).ladder();
        for (n, wait) in (1..).zip(ladder) {
            let job = claim_one(&world).await;
            assert_eq!(job.attempt, n);
            assert_eq!(world.store.fail(&job, &JobFailure::retry("busy")).await.unwrap(), JobState::Queued);
            let due = world.store.now().plus(*wait);
            assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(due));
            world.clock.advance(*wait);
        }
        let job = claim_one(&world).await;
        assert_eq!(world.store.fail(&job, &JobFailure::retry("still busy")).await.unwrap(), JobState::Failed);
        let failed = world.scope.jobs(JobState::Failed).await.unwrap();
        assert_eq!(failed[0].errors.len(), ladder.len() + 1);
        assert_eq!(failed[0].errors.last().unwrap().reason, "still busy");
        assert_eq!(world.kinds().await.last().unwrap(), "job.given-up");
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), None);
    }

    async fn what_the_houses_own_trouble_held_up_was_no_try(world) {
        make(&world.scope, [draft(1)]).await;
        for _ in 0..20 {
            let job = claim_one(&world).await;
            assert_eq!(job.attempt, 1);
            assert_eq!(world.store.fail(&job, &JobFailure::held("the disk is full")).await.unwrap(), JobState::Queued);
            world.advance(60);
        }
    }

    async fn a_longer_wait_is_respected_and_a_hopeless_job_ends_at_once(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        let after = Some(Duration::from_secs(3000));
        world.store.fail(&job, &JobFailure::Retry { reason: "429".into(), after }).await.unwrap();
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(START.plus(Duration::from_secs(3000))));
        world.advance(3000);
        let job = claim_one(&world).await;
        let long = "é".repeat(5000);
        assert_eq!(world.store.fail(&job, &JobFailure::fail(long)).await.unwrap(), JobState::Failed);
        let failed = world.scope.jobs(JobState::Failed).await.unwrap();
        assert_eq!(failed[0].errors[1].reason.len(), 2000);
    }

    async fn a_person_retries_or_discards(world) {
        make(&world.scope, [draft(1), draft(2)]).await;
        for job in claim(&world.store, 2).await {
            world.store.fail(&job, &JobFailure::fail("no")).await.unwrap();
        }
        let failed = world.scope.jobs(JobState::Failed).await.unwrap();
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(tx.retry_job(failed[0].id, &agent()).await.is_err());
        drop(tx);
        let mut tx = world.scope.begin().await.unwrap();
        tx.retry_job(failed[0].id, &agent()).await.unwrap();
        tx.discard_job(failed[1].id, &agent()).await.unwrap();
        assert!(matches!(tx.discard_job(failed[1].id, &agent()).await, Err(StoreError::NotFound { .. })));
        tx.commit().await.unwrap();
        assert_eq!(claim_one(&world).await.attempt, 1);
        assert!(world.scope.jobs(JobState::Failed).await.unwrap().is_empty());
    }

    async fn a_failed_job_that_is_asked_for_again_begins_anew(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        world.store.fail(&job, &JobFailure::fail("no")).await.unwrap();
        make(&world.scope, [draft(1)]).await;
        assert_eq!(claim_one(&world).await.attempt, 1);
    }

    async fn asked_for_while_it_runs_it_runs_once_more(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        make(&world.scope, [draft(1), draft(1)]).await;
        assert!(claim(&world.store, 1).await.is_empty());
        let mut tx = world.scope.begin().await.unwrap();
        tx.complete(&job).await.unwrap();
        tx.commit().await.unwrap();
        let again = claim_one(&world).await;
        assert_eq!((again.id, again.attempt), (job.id, 1));
        world.store.complete(&[again]).await.unwrap();
        assert!(claim(&world.store, 1).await.is_empty());
    }

    async fn a_hopeless_try_does_not_swallow_the_next_request(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        make(&world.scope, [draft(1)]).await;
        assert_eq!(world.store.fail(&job, &JobFailure::fail("no")).await.unwrap(), JobState::Queued);
        assert_eq!(claim_one(&world).await.attempt, 1);
    }

    async fn result_and_completion_are_one(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.complete(&job).await.unwrap();
        tx.enqueue(&draft(2)).await.unwrap();
        drop(tx);
        assert_eq!(world.scope.jobs(JobState::Running).await.unwrap().len(), 1);
        assert!(world.scope.jobs(JobState::Queued).await.unwrap().is_empty());
        let mut tx = world.scope.begin().await.unwrap();
        tx.complete(&job).await.unwrap();
        tx.enqueue(&draft(2)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claim_one(&world).await.job, draft(2));
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.complete(&job).await.unwrap_err(), StoreError::NotFound { .. }));
    }

    async fn what_a_dead_worker_left_is_done_by_another(world) {
        make(&world.scope, [draft(1)]).await;
        let lost = claim_one(&world).await;
        assert_eq!(world.store.recover_expired().await.unwrap(), 0);
        world.advance(60);
        assert_eq!(world.store.recover_expired().await.unwrap(), 1);
        let job = claim_one(&world).await;
        assert_eq!(job.attempt, 2);
        // The first one comes back from the dead: nothing it says counts.
        assert_eq!(world.store.complete(std::slice::from_ref(&lost)).await.unwrap(), 0);
        assert!(matches!(world.store.fail(&lost, &JobFailure::retry("x")).await, Err(StoreError::LeaseLost { .. })));
        assert!(matches!(world.store.postpone(&lost, START).await, Err(StoreError::LeaseLost { .. })));
        assert_eq!(world.store.extend(&[lost.clone(), job.clone()], LEASE).await.unwrap(), [false, true]);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.complete(&lost).await, Err(StoreError::LeaseLost { .. })));
        drop(tx);
        assert_eq!(world.store.complete(&[job]).await.unwrap(), 1);
    }

    async fn a_job_that_kills_its_workers_is_given_up(world) {
        make(&world.scope, [draft(1)]).await;
        for _ in 0..DEATHS_MAX {
            claim_one(&world).await;
            world.advance(60);
            world.store.recover_expired().await.unwrap();
            world.advance(60);
        }
        assert!(claim(&world.store, 1).await.is_empty());
        assert_eq!(world.scope.jobs(JobState::Failed).await.unwrap().len(), 1);
    }

    async fn a_death_is_no_rung_of_the_ladder(world) {
        // The one with the longest waits.
        make(&world.scope, [Job::AppendSent { outbox: OutboxId(1) }]).await;
        for wait in [0, 1, 3, 10, 30, 60, 60] {
            claim_one(&world).await;
            world.store.release_worker("w").await.unwrap();
            let due = world.store.now().plus(Duration::from_secs(wait));
            assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(due));
            world.advance(wait);
        }
        let job = claim_one(&world).await;
        world.store.fail(&job, &JobFailure::retry("the server is away")).await.unwrap();
        let due = world.store.now().plus(job.job.ladder()[0]);
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(due), "its first own failure");
    }

    async fn a_worker_that_starts_again_frees_what_it_had(world) {
        make(&world.scope, [draft(1)]).await;
        claim_one(&world).await;
        assert_eq!(world.store.release_worker("somebody else").await.unwrap(), 0);
        assert_eq!(world.store.release_worker("w").await.unwrap(), 1);
        claim_one(&world).await;
    }

    async fn too_early_is_not_a_failure(world) {
        make(&world.scope, [draft(1)]).await;
        let job = claim_one(&world).await;
        let due: Timestamp = START.plus(Duration::from_secs(5));
        world.store.postpone(&job, due).await.unwrap();
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), Some(due));
        world.advance(5);
        assert_eq!(claim_one(&world).await.attempt, 1);
    }

    async fn a_tenant_that_is_off_has_no_jobs(world) {
        make(&world.scope, [draft(1)]).await;
        world.store.set_tenant_active("acme", false, &agent()).await.unwrap();
        assert_eq!(world.store.next_job_at(&[]).await.unwrap(), None);
        assert!(claim(&world.store, 1).await.is_empty());
        let mut woken = world.store.wakeups();
        woken.mark_unchanged();
        world.store.set_tenant_active("acme", true, &agent()).await.unwrap();
        assert!(woken.has_changed().unwrap());
        claim_one(&world).await;
    }

    async fn counts_say_what_waits(world) {
        make(&world.scope, [draft(1), draft(2)]).await;
        world.advance(5);
        claim_one(&world).await;
        let counts = world.store.job_counts().await.unwrap();
        let summary: Vec<_> = counts.iter().map(|c| (c.kind.as_str(), c.state, c.count, c.oldest_due)).collect();
        assert_eq!(summary, [("draft", JobState::Queued, 1, START), ("draft", JobState::Running, 1, START)]);
    }
}
