//! Browsers on their way to a mailbox's provider and back.

use crate::world::{World, host};
use posthouse_model::job::{Job, SignInState};
use posthouse_store::{Brought, JobState, Returned, VISIT_LASTS, VISITS_MAX, visit_name};
use std::time::Duration;

async fn begin(world: &World, state: &str) {
    let mut tx = world.scope.begin().await.unwrap();
    tx.begin_visit(state, "help", "session", &host()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn end(world: &World, state: &str, session: &str, brought: Brought) -> Returned {
    let mut tx = world.scope.begin().await.unwrap();
    let returned = tx.end_visit(state, session, &brought, &host()).await.unwrap();
    tx.commit().await.unwrap();
    returned
}

fn code() -> Brought {
    Brought::Code("the code".to_owned())
}

async fn state(world: &World) -> Option<(SignInState, Option<String>)> {
    world.scope.sign_ins().await.unwrap().pop().map(|row| (row.state, row.words))
}

on_both! {
    async fn what_a_browser_brings_is_taken_once_from_the_session_that_sent_it(world) {
        begin(&world, "a").await;
        assert_eq!(end(&world, "b", "session", code()).await, Returned::Unknown);
        assert_eq!(end(&world, "a", "another", code()).await, Returned::Elsewhere);
        assert_eq!(state(&world).await, None, "nothing was changed");
        assert_eq!(end(&world, "a", "session", code()).await, Returned::Taken);
        assert_eq!(state(&world).await, Some((SignInState::Agreed, None)));
        let job = Job::FinishSignIn { mailbox: "help".to_owned(), visit: visit_name("a") };
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert_eq!(jobs.iter().filter(|row| row.job == job).count(), 1);
        assert_eq!(end(&world, "a", "session", code()).await, Returned::Twice);
        let kept = world.scope.visit_code(&visit_name("a")).await.unwrap().unwrap();
        assert_eq!(kept.code, "the code");
        let other = world.other_tenant("other").await;
        assert_eq!(other.visit_code(&visit_name("a")).await.unwrap(), None);
        let mut tx = other.begin().await.unwrap();
        assert_eq!(tx.end_visit("a", "session", &code(), &host()).await.unwrap(), Returned::Unknown);
        tx.forget_visit_code(&visit_name("a")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.visit_code(&visit_name("a")).await.unwrap().is_some(), "another tenant's stays");
        let mut tx = world.scope.begin().await.unwrap();
        tx.forget_visit_code(&visit_name("a")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.visit_code(&visit_name("a")).await.unwrap(), None);

        begin(&world, "c").await;
        let no = Brought::Refusal("access_denied: no thanks".to_owned());
        assert_eq!(end(&world, "c", "session", no).await, Returned::Taken);
        assert_eq!(state(&world).await, Some((SignInState::Failed, Some("access_denied: no thanks".to_owned()))));
        assert_eq!(world.scope.visit_code(&visit_name("c")).await.unwrap(), None);
        let events = world.scope.events(0, 100).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).filter(|kind| kind.starts_with("mailbox.sign")).collect();
        assert_eq!(
            kinds,
            [
                "mailbox.sign-in-begun", "mailbox.sign-in-refused", "mailbox.sign-in-agreed", "mailbox.sign-in-refused",
                "mailbox.sign-in-begun", "mailbox.sign-in-failed",
            ]
        );
        assert!(!format!("{events:?}").contains("the code"), "no event holds a code");
    }

    async fn a_browser_that_comes_back_at_the_last_moment_is_in_time(world) {
        for state in ["in time", "late"] {
            begin(&world, state).await;
        }
        world.clock.advance(VISIT_LASTS - Duration::from_micros(1));
        assert_eq!(end(&world, "in time", "session", code()).await, Returned::Taken);
        world.clock.advance(Duration::from_micros(1));
        assert_eq!(end(&world, "late", "session", code()).await, Returned::Late);
        // It is remembered as late for a day, and then as nobody's.
        world.clock.advance(Duration::from_secs(24 * 3_600));
        begin(&world, "another").await;
        assert_eq!(end(&world, "late", "session", code()).await, Returned::Late);
        world.clock.advance(Duration::from_micros(1));
        begin(&world, "one more").await;
        assert_eq!(end(&world, "late", "session", code()).await, Returned::Unknown);
    }

    async fn of_too_many_that_are_away_those_that_left_first_are_forgotten(world) {
        for n in 0..=VISITS_MAX {
            begin(&world, &n.to_string()).await;
            world.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(end(&world, "0", "session", code()).await, Returned::Unknown);
        assert_eq!(end(&world, "1", "session", code()).await, Returned::Taken);
    }

    async fn of_two_that_come_back_at_once_one_is_taken(world) {
        begin(&world, "a").await;
        let (one, other) = tokio::join!(end(&world, "a", "session", code()), end(&world, "a", "session", code()));
        let mut both = [one, other];
        both.sort_by_key(|returned| format!("{returned:?}"));
        assert_eq!(both, [Returned::Taken, Returned::Twice]);
    }
}
