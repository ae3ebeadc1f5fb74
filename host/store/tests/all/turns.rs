//! Mails of one ticket are triaged in turn.

use crate::world::{World, host};
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::ticket::Outcome;
use posthouse_model::{MessageId, TicketId};
use posthouse_store::{ClaimRequest, ClaimedJob, Store};
use std::time::Duration;

async fn claim(store: &Store) -> Vec<ClaimedJob> {
    let request = ClaimRequest { worker: "w", kinds: &["triage"], limit: 10, lease: Duration::from_secs(60) };
    store.claim(&request).await.unwrap()
}

fn messages(jobs: &[ClaimedJob]) -> Vec<MessageId> {
    let of = |job: &ClaimedJob| match job.job {
        Job::Triage { message } => message,
        ref other => panic!("{other:?}"),
    };
    jobs.iter().map(of).collect()
}

/// Three mails of one ticket and one of another; nothing is triaged yet.
async fn four_mails(world: &World) -> ([MessageId; 4], TicketId) {
    let (a, ticket) = world.take_new(&world.mail("a@x")).await;
    let (b, _) = world.take_new(&world.reply("b@x", "a@x")).await;
    let (c, _) = world.take_new(&world.reply("c@x", "b@x")).await;
    let (other, _) = world.take_new(&world.mail("other@x")).await;
    ([a, b, c, other], ticket)
}

async fn end(world: &World, job: &ClaimedJob, ticket: TicketId) {
    let [message] = messages(std::slice::from_ref(job))[..] else { unreachable!() };
    let mut tx = world.scope.begin().await.unwrap();
    tx.set_outcome(message, Outcome::Ticket, None, &host()).await.unwrap();
    tx.pass_turn(ticket, message).await.unwrap();
    tx.complete(job).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn a_mail_waits_for_the_earlier_ones_of_its_ticket(world) {
        let ([a, b, c, other], ticket) = four_mails(&world).await;
        let turn = async |message| world.scope.is_its_turn(ticket, message).await.unwrap();
        assert_eq!([turn(a).await, turn(b).await, turn(c).await], [true, false, false]);
        let jobs = claim(&world.store).await;
        assert_eq!(messages(&jobs), [a, b, c, other], "each has been begun, and two find that it is not their turn");
        assert_eq!([turn(a).await, turn(b).await, turn(c).await], [true, false, false]);
        let waits = JobFailure::Waits { reason: "turn".into(), wait: Duration::from_secs(30) };
        world.store.fail(&jobs[1], &waits).await.unwrap();
        world.store.fail(&jobs[2], &waits).await.unwrap();
        assert!(claim(&world.store).await.is_empty());

        // The next one goes ahead at once, and only the next one.
        end(&world, &jobs[0], ticket).await;
        assert_eq!([turn(b).await, turn(c).await], [true, false]);
        let second = claim(&world.store).await;
        assert_eq!(messages(&second), [b]);
        end(&world, &second[0], ticket).await;
        let third = claim(&world.store).await;
        assert_eq!(messages(&third), [c]);
        assert!(turn(c).await);
        assert_eq!(third[0].attempt, 1, "waiting was no try");
    }

    async fn a_turn_that_comes_while_one_is_about_to_wait_is_not_missed(world) {
        let ([a, b, _, _], ticket) = four_mails(&world).await;
        let jobs = claim(&world.store).await;
        assert!(!world.scope.is_its_turn(ticket, b).await.unwrap());
        end(&world, &jobs[0], ticket).await;
        let waits = JobFailure::Waits { reason: "turn".into(), wait: Duration::from_secs(30) };
        world.store.fail(&jobs[1], &waits).await.unwrap();
        assert_eq!(messages(&claim(&world.store).await), [b]);
        assert_ne!(a, b);
    }

    async fn a_mail_whose_triage_was_given_up_holds_up_nobody(world) {
        let ([a, b, _, _], ticket) = four_mails(&world).await;
        let jobs = claim(&world.store).await;
        assert_eq!(messages(&jobs)[0], a);
        world.store.fail(&jobs[0], &JobFailure::fail("broken")).await.unwrap();
        assert!(world.scope.is_its_turn(ticket, b).await.unwrap());
    }

    async fn the_last_mail_of_a_ticket_passes_its_turn_to_nobody(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let (done, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        world.outcome(done, Outcome::Ticket).await;
        let before = world.store.job_counts().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.pass_turn(ticket, message).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.store.job_counts().await.unwrap(), before);
    }
}
