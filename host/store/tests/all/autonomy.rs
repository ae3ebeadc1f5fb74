//! Levels, evidence, consent and what takes a level back, on both databases.

use crate::world::{World, address, agent, host, tenant};
use posthouse_model::autonomy::{Cause, Compared, Evidence, Level, Never};
use posthouse_model::event::Actor;
use posthouse_model::mail::Bounce;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Risk, Scored, Sentiment, Triage};
use posthouse_model::{DraftId, OutboxId, TicketId};
use posthouse_store::{Approval, NewAutonomyDraft, NewTenant, Noted, OutboxLease, Scope, StoreError, Triaged};
use serde_json::json;
use std::time::Duration;

const BODY: &str = "It is on its way.";

/// One comparison a step.
async fn easy(world: &World) {
    let bar = json!({ "compared": 1, "unchanged_percent": 1, "rejected_percent": 100 });
    let settings = json!({ "autonomy": { "suggested": bar, "sampled": bar, "automatic": bar, "drift_window": 3, "answer_days": 14 } });
    world.store.upsert_tenant(&NewTenant { settings, ..tenant("acme") }, &Actor::Operator).await.unwrap();
}

async fn note(scope: &Scope, ticket: TicketId, draft: DraftId, never: &[Never]) -> Noted {
    let mut tx = scope.begin().await.unwrap();
    let category = Some(Scored { value: "shipping".to_owned(), confidence: 0.9 });
    let triaged = Triage { category, ..Triage::default() };
    let message = scope.thread(ticket, 1).await.unwrap()[0].id;
    tx.set_triage(ticket, message, &triaged, &host()).await.unwrap();
    let noted = tx.note_autonomy(&NewAutonomyDraft { ticket, draft, category: "shipping", never }).await.unwrap();
    tx.commit().await.unwrap();
    noted
}

/// A ticket that waits, its draft noted.
async fn noted(world: &World, id: &str, never: &[Never]) -> (TicketId, DraftId, Noted) {
    let (_, ticket) = world.waiting(id).await;
    let draft = world.draft(ticket, BODY).await;
    let noted = note(&world.scope, ticket, draft, never).await;
    (ticket, draft, noted)
}

async fn answered(world: &World, id: &str, body: &str, never: &[Never]) -> (TicketId, OutboxId) {
    let (ticket, draft, _) = noted(world, id, never).await;
    let approval = Approval { body: body.into(), ..world.approval(ticket, draft, &format!("reply-{id}")) };
    (ticket, world.approve(&approval).await.unwrap())
}

async fn promote(world: &World, from: Level, actor: &Actor) -> Result<Level, StoreError> {
    let mut tx = world.scope.begin().await.unwrap();
    let level = tx.promote_autonomy("shipping", from, actor).await?;
    tx.commit().await.unwrap();
    Ok(level)
}

async fn level(world: &World) -> Level {
    world.scope.autonomy_level("shipping").await.unwrap().level
}

async fn climb(world: &World, to: Level) {
    easy(world).await;
    answered(world, "first@x", BODY, &[]).await;
    while level(world).await < to {
        promote(world, level(world).await, &agent()).await.unwrap();
    }
}

async fn evidence(world: &World) -> Evidence {
    world.scope.autonomy_evidence().await.unwrap().remove("shipping").unwrap_or_default()
}

async fn compared(world: &World, ticket: TicketId) -> Compared {
    world.scope.autonomy_draft(ticket).await.unwrap().unwrap().compared
}

/// A reply that goes out by itself.
async fn automatic(world: &World, id: &str) -> (TicketId, OutboxId) {
    let (ticket, draft, noted) = noted(world, id, &[]).await;
    assert!(noted.level.sends() && !noted.is_stopped && !noted.is_taken, "{noted:?}");
    let approval = Approval { automatic: true, ..world.approval(ticket, draft, &format!("auto-{id}")) };
    let mut tx = world.scope.begin().await.unwrap();
    let outbox = tx.approve(&approval, &Actor::Host("autonomy".into())).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(compared(world, ticket).await, Compared::Automatic);
    (ticket, outbox)
}

async fn submit(world: &World, outbox: OutboxId, outcome: SubmitOutcome) {
    let lease = world.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    let mut tx = world.scope.begin().await.unwrap();
    let outcomes = [(address("ana@customer.example"), outcome)];
    tx.settle_outbox(outbox, mail.attempt, &outcomes, b"raw", false, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn sent(world: &World, id: &str) -> (TicketId, OutboxId) {
    let (ticket, outbox) = automatic(world, id).await;
    submit(world, outbox, SubmitOutcome::Accepted { reply: "250".into() }).await;
    (ticket, outbox)
}

/// The customer writes again, and triage finds this.
async fn writes(world: &World, id: &str, to: &str, triage: &Triage) {
    let (message, _) = world.take_new(&world.reply(id, to)).await;
    let mut tx = world.scope.begin().await.unwrap();
    let done = Triaged {
        message,
        enrichments: &[],
        triage: Some(triage),
        routing: None,
        default_queue: "inbox",
        outcome: Outcome::Ticket,
        reason: None,
    };
    tx.finish_triage(&done, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

fn mood(mood: Sentiment) -> Triage {
    Triage { sentiment: Some(Scored { value: mood, confidence: 0.9 }), ..Triage::default() }
}

async fn cause(world: &World) -> Cause {
    world.scope.autonomy_steps(Some("shipping"), 1).await.unwrap()[0].cause
}

on_both! {
    async fn what_agents_send_is_compared_with_what_would_have_been_sent(world) {
        easy(&world).await;
        let (same, _) = answered(&world, "a@x", &format!("{BODY}\n"), &[]).await;
        let (edited, _) = answered(&world, "b@x", "It is on its way, Ana.", &[]).await;
        let (other, _) = answered(&world, "c@x", "We are sorry, that item was sold out long ago.", &[]).await;
        let (uncounted, _) = answered(&world, "d@x", BODY, &[Never::Legal]).await;
        assert_eq!(compared(&world, same).await, Compared::Unchanged);
        assert_eq!(compared(&world, edited).await, Compared::SmallEdit);
        assert_eq!(compared(&world, other).await, Compared::Rejected);
        assert_eq!(compared(&world, uncounted).await, Compared::Unchanged);
        let (closed, _, _) = noted(&world, "e@x", &[]).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(closed, "no reply needed", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(compared(&world, closed).await, Compared::Rejected);
        assert_eq!(evidence(&world).await, Evidence { unchanged: 1, small_edits: 1, large_edits: 0, rejected: 2 });
        let drafts = world.scope.autonomy_drafts("shipping", 10).await.unwrap();
        assert_eq!(drafts.len(), 5);
        let shown = drafts.iter().find(|draft| draft.ticket == other).unwrap();
        assert_eq!((shown.proposed.as_str(), shown.sent.as_deref()), (BODY, Some("We are sorry, that item was sold out long ago.")));
        assert_eq!(drafts.iter().find(|draft| draft.ticket == closed).unwrap().sent, None);
        assert!(world.other_tenant("other").await.autonomy_drafts("shipping", 10).await.unwrap().is_empty());
        // What is older than the window is forgotten.
        world.advance(91 * 24 * 3_600);
        assert_eq!(evidence(&world).await, Evidence::default());
    }

    async fn a_second_reply_says_nothing_and_one_that_was_taken_back_is_compared_anew(world) {
        easy(&world).await;
        let (ticket, draft, _) = noted(&world, "a@x", &[]).await;
        let first = world.approve(&world.approval(ticket, draft, "one")).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.cancel_send(first, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let other = Approval { body: "Something else was sent in its place here.".into(), ..world.approval(ticket, draft, "two") };
        world.approve(&other).await.unwrap();
        assert_eq!(compared(&world, ticket).await, Compared::Rejected);
        let mut tx = world.scope.begin().await.unwrap();
        tx.reopen(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let again = world.draft(ticket, BODY).await;
        world.approve(&world.approval(ticket, again, "three")).await.unwrap();
        assert_eq!(evidence(&world).await, Evidence { rejected: 1, ..Evidence::default() });
    }

    async fn a_step_up_needs_evidence_consent_and_the_level_that_was_seen(world) {
        easy(&world).await;
        assert!(matches!(promote(&world, Level::Manual, &agent()).await, Err(StoreError::Refused(words)) if words.contains("0 of 1 comparisons")));
        answered(&world, "a@x", BODY, &[]).await;
        assert!(matches!(promote(&world, Level::Manual, &host()).await, Err(StoreError::Refused(_))), "the house does not agree with itself");
        assert!(matches!(promote(&world, Level::Suggested, &agent()).await, Err(StoreError::Conflict { .. })));
        assert_eq!(promote(&world, Level::Manual, &agent()).await.unwrap(), Level::Suggested);
        assert_eq!(promote(&world, Level::Suggested, &Actor::Operator).await.unwrap(), Level::Sampled);
        assert_eq!(promote(&world, Level::Sampled, &agent()).await.unwrap(), Level::Automatic);
        assert!(promote(&world, Level::Automatic, &agent()).await.is_err());
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.take_back_autonomy("shipping", Level::Automatic, "", &agent()).await.is_err());
        tx.take_back_autonomy("shipping", Level::Sampled, "as a precaution", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(evidence(&world).await, Evidence::default(), "what stood before counts no longer");
        assert!(promote(&world, Level::Sampled, &agent()).await.is_err());
        let steps = world.scope.autonomy_steps(None, 10).await.unwrap();
        assert_eq!(steps.len(), 4);
        assert_eq!((steps[0].cause, steps[0].detail.as_str(), steps[1].evidence.unchanged), (Cause::ByHand, "as a precaution", 1));
        assert!(world.kinds().await.contains(&"autonomy.promoted".to_owned()));
    }

    async fn a_person_at_the_ticket_is_noticed(world) {
        climb(&world, Level::Automatic).await;
        let (_, _, free) = noted(&world, "a@x", &[]).await;
        assert!(!free.is_taken);
        let (_, ticket) = world.waiting("b@x").await;
        let draft = world.draft(ticket, BODY).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.edit_draft(ticket, &posthouse_store::DraftEdit { base: Some(draft), subject: None, body: "Mine".into() }, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(note(&world.scope, ticket, draft, &[]).await.is_taken, "she has written");
        let (_, ticket) = world.waiting("c@x").await;
        let draft = world.draft(ticket, BODY).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(ticket, "done", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(note(&world.scope, ticket, draft, &[]).await.is_taken, "she has closed it");
    }

    async fn whatever_speaks_against_it_takes_the_level_back(world) {
        climb(&world, Level::Automatic).await;
        let again = async |world: &World| {
            world.advance(1);
            answered(world, &format!("again{}@x", world.scope.autonomy_steps(None, 50).await.unwrap().len()), BODY, &[]).await;
            while level(world).await < Level::Automatic {
                promote(world, level(world).await, &agent()).await.unwrap();
            }
        };
        // Thanks do not; a question, a risk, anger do.
        let risky = Triage { risks: vec![Risk { kind: "chargeback".into(), reason: String::new(), span: None }], ..mood(Sentiment::Positive) };
        for (n, (triage, wanted)) in [
            (mood(Sentiment::Positive), None),
            (mood(Sentiment::Neutral), Some(Cause::Reopened)),
            (Triage::default(), Some(Cause::Reopened)),
            (mood(Sentiment::Angry), Some(Cause::Complaint)),
            (mood(Sentiment::Negative), Some(Cause::Complaint)),
            (risky, Some(Cause::Complaint)),
        ].into_iter().enumerate() {
            let id = format!("heard{n}@x");
            sent(&world, &id).await;
            writes(&world, &format!("back{n}@x"), &format!("auto-{id}"), &triage).await;
            let fell = level(&world).await == Level::Suggested;
            assert_eq!(fell.then_some(cause(&world).await), wanted, "{n}");
            again(&world).await;
        }
        // It came back; the server refused it.
        let (ticket, outbox) = sent(&world, "bounced@x").await;
        let report = Bounce {
            original_message_id: Some("auto-bounced@x".into()),
            recipient: None,
            status: Some("5.2.2".into()),
            diagnostic: Some("full".into()),
            hard: true,
        };
        let mut tx = world.scope.begin().await.unwrap();
        tx.take_bounce(outbox, &report, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((level(&world).await, cause(&world).await), (Level::Suggested, Cause::Bounced));
        assert_eq!(world.scope.autonomy_steps(None, 1).await.unwrap()[0].ticket, Some(ticket));
        assert!(world.scope.autonomy_level("shipping").await.unwrap().demoted_at.is_some());
        again(&world).await;
        assert_eq!(world.scope.autonomy_level("shipping").await.unwrap().demoted_at, None, "who agrees anew knows");
        let (_, outbox) = automatic(&world, "refused@x").await;
        submit(&world, outbox, SubmitOutcome::Refused { reason: "550 no".into() }).await;
        assert_eq!((level(&world).await, cause(&world).await), (Level::Suggested, Cause::Bounced));
        again(&world).await;
        // An agent reopens it.
        let (ticket, _) = sent(&world, "reopened@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.reopen(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((level(&world).await, cause(&world).await), (Level::Suggested, Cause::Reopened));
        again(&world).await;
        // A late answer speaks of something else.
        sent(&world, "late@x").await;
        world.advance(15 * 24 * 3_600);
        writes(&world, "late-back@x", "auto-late@x", &mood(Sentiment::Angry)).await;
        assert_eq!(level(&world).await, Level::Automatic);
    }

    async fn what_was_approved_is_looked_at_again_when_it_is_handed_over(world) {
        climb(&world, Level::Automatic).await;
        let held = async |outbox| match world.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap() {
            OutboxLease::Held(reason) => reason.code.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
        let (ticket, outbox) = automatic(&world, "a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.stop_autonomy("look", &agent()).await.unwrap();
        tx.stop_autonomy("again", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.autonomy_stop().await.unwrap().unwrap().reason, "look", "who was first stands");
        assert!(!world.scope.autonomy_sends("shipping").await.unwrap());
        assert_eq!(held(outbox).await, "S53");
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        assert_eq!(compared(&world, ticket).await, Compared::Open);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.resume_autonomy(&agent()).await.unwrap());
        assert!(!tx.resume_autonomy(&agent()).await.unwrap());
        tx.commit().await.unwrap();
        // A person sends it after all: what she sends is hers.
        let mut tx = world.scope.begin().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.store.stop_house_autonomy("", &Actor::Operator).await.unwrap();
        submit(&world, outbox, SubmitOutcome::Accepted { reply: "250".into() }).await;

        assert!(world.kinds().await.contains(&"autonomy.house-stopped".to_owned()), "it stands in the tenant's own record");
        assert_eq!(world.scope.autonomy_stop().await.unwrap(), None, "and is not the tenant's");
        assert!(world.store.resume_house_autonomy(&Actor::Operator).await.unwrap());
        assert!(!world.store.resume_house_autonomy(&Actor::Operator).await.unwrap());
        let (_, outbox) = automatic(&world, "b@x").await;
        world.store.stop_house_autonomy("", &Actor::Operator).await.unwrap();
        assert_eq!(held(outbox).await, "S53");
        world.store.resume_house_autonomy(&Actor::Operator).await.unwrap();

        let (_, outbox) = automatic(&world, "c@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.take_back_autonomy("shipping", Level::Manual, "", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(held(outbox).await, "S54");
        assert!(world.scope.verify_chain().await.unwrap().faults.is_empty());
    }

    async fn agents_who_change_what_they_review_take_it_back(world) {
        climb(&world, Level::Sampled).await;
        let strict = json!({ "compared": 1, "unchanged_percent": 90, "rejected_percent": 100 });
        let settings = json!({ "autonomy": { "sampled": strict, "automatic": strict, "drift_window": 3 } });
        world.store.upsert_tenant(&NewTenant { settings, digest: "d2".into(), ..tenant("acme") }, &Actor::Operator).await.unwrap();
        world.advance(1);
        answered(&world, "counts-not@x", "Something else altogether was sent to her instead.", &[Never::Anger]).await;
        assert_eq!(level(&world).await, Level::Sampled, "what could not have gone out says nothing");
        for n in 0..3 {
            if level(&world).await == Level::Sampled {
                world.advance(1);
                answered(&world, &format!("drift{n}@x"), "Something else altogether was sent to her instead.", &[]).await;
            }
        }
        assert_eq!((level(&world).await, cause(&world).await), (Level::Suggested, Cause::Drift));
        assert!(world.scope.autonomy_steps(None, 1).await.unwrap()[0].detail.contains("sent as proposed"));
    }
}
