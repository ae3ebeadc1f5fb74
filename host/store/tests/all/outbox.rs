//! Approved mail: nothing is sent twice, nothing is forgotten.

use crate::world::{START, World, address, agent, host};
use posthouse_model::OutboxId;
use posthouse_model::draft::{CheckFinding, DraftProposal};
use posthouse_model::job::Job;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_store::{JobState, OutboxLease, OutboxMail, Place, StoreError, Taken};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(300);

async fn lease(world: &World, outbox: OutboxId) -> OutboxLease {
    world.scope.lease_outbox(outbox, "w", LEASE).await.unwrap()
}

async fn ready(world: &World, outbox: OutboxId) -> OutboxMail {
    match lease(world, outbox).await {
        OutboxLease::Ready(mail) => *mail,
        other => panic!("{other:?}"),
    }
}

/// Leased, and on record that the server is about to be given it.
async fn handed_over(world: &World, outbox: OutboxId) -> OutboxMail {
    let mail = ready(world, outbox).await;
    world.scope.hand_over(outbox, mail.attempt).await.unwrap();
    mail
}

fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { reply: "250 ok".into() }
}

fn deferred() -> SubmitOutcome {
    SubmitOutcome::Deferred { reason: "451 later".into() }
}

fn refused() -> SubmitOutcome {
    SubmitOutcome::Refused { reason: "550 no such user".into() }
}

async fn settle(world: &World, outbox: OutboxId, attempt: i64, outcomes: &[(&str, SubmitOutcome)]) -> OutboxState {
    let outcomes: Vec<_> = outcomes.iter().map(|(a, o)| (address(a), o.clone())).collect();
    let mut tx = world.scope.begin().await.unwrap();
    let state = tx.settle_outbox(outbox, attempt, &outcomes, b"raw", true, &host()).await.unwrap();
    tx.commit().await.unwrap();
    state
}

async fn job_of(world: &World, kind: &str) -> Option<posthouse_store::JobRow> {
    let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
    jobs.into_iter().find(|job| job.job.kind() == kind)
}

async fn status(world: &World, outbox: OutboxId) -> TicketStatus {
    let ticket = world.scope.outbox(outbox).await.unwrap().ticket;
    world.scope.ticket(ticket).await.unwrap().status
}

const ANA: &str = "ana@customer.example";

on_both! {
    async fn approved_leased_accepted(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
        assert_eq!(job_of(&world, "dispatch").await.unwrap().job, Job::Dispatch { outbox });
        // What is approved is no longer offered as a draft.
        assert!(world.scope.drafts(ticket).await.unwrap().is_empty());

        let mail = ready(&world, outbox).await;
        assert_eq!((mail.attempt, &mail.open), (1, &vec![address(ANA)]));
        assert_eq!(mail.row.state, OutboxState::Submitting);
        assert_eq!(mail.row.in_reply_to.as_deref(), Some("a@x"));
        assert_eq!(mail.row.references, ["a@x"]);
        assert_eq!(mail.row.approved_by, "agent:li@shop.example");
        assert!(matches!(lease(&world, outbox).await, OutboxLease::Busy { until } if until == START.plus(LEASE)));

        assert_eq!(settle(&world, outbox, 1, &[(ANA, accepted())]).await, OutboxState::Sent);
        assert_eq!(lease(&world, outbox).await, OutboxLease::Settled(OutboxState::Sent));
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!(row.recipients[0].words.as_deref(), Some("250 ok"));
        assert_eq!(row.attempts[0].outcomes, [(ANA.to_owned(), accepted())]);
        assert_eq!(row.attempts[0].finished_at, Some(START));
        let message = world.scope.message(row.message.unwrap()).await.unwrap();
        assert_eq!((message.direction, message.ticket), (Direction::Outgoing, Some(ticket)));
        assert_eq!(message.read.text, "It is on its way.");
        assert_eq!(message.read.from.unwrap().address, "support@shop.example");
        assert_eq!(world.scope.raw(message.id).await.unwrap(), b"raw");
        assert_eq!(job_of(&world, "append-sent").await.unwrap().job, Job::AppendSent { outbox });
        assert_eq!(world.scope.ticket(ticket).await.unwrap().message_count, 2);
        let kinds = world.kinds().await;
        assert_eq!(kinds[kinds.len() - 3..], ["outbox.approved", "outbox.submitting", "outbox.sent"]);
    }

    async fn what_a_worker_was_submitting_when_it_ended_is_a_persons_to_decide_at_once(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        handed_over(&world, outbox).await;
        assert_eq!(world.store.interrupt_submissions("somebody else").await.unwrap(), 0);
        assert_eq!(world.store.interrupt_submissions("w").await.unwrap(), 1);
        assert_eq!(world.store.interrupt_submissions("w").await.unwrap(), 0, "once");
        assert_eq!(world.scope.outbox(outbox).await.unwrap().state, OutboxState::Uncertain);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        assert_eq!(lease(&world, outbox).await, OutboxLease::Settled(OutboxState::Uncertain), "never again by itself");
        // It lived after all: the truth holds.
        assert_eq!(settle(&world, outbox, 1, &[(ANA, accepted())]).await, OutboxState::Sent);
        assert_eq!(status(&world, outbox).await, TicketStatus::Sent);
    }

    async fn a_lease_that_ended_is_noticed_without_its_job(world) {
        let (_, outbox) = world.approved("a@x").await;
        handed_over(&world, outbox).await;
        world.advance(LEASE.as_secs() - 1);
        assert_eq!(world.store.interrupt_expired_submissions().await.unwrap(), 0);
        world.advance(1);
        assert_eq!(world.store.interrupt_expired_submissions().await.unwrap(), 1);
        assert_eq!(world.scope.outbox(outbox).await.unwrap().state, OutboxState::Uncertain);
        assert_eq!(status(&world, outbox).await, TicketStatus::Waiting);
    }

    async fn a_worker_that_dies_before_it_hands_over_is_followed_by_another_try(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let first = ready(&world, outbox).await;
        world.advance(7);
        assert_eq!(world.store.interrupt_submissions("w").await.unwrap(), 1);
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.recipients[0].state), (OutboxState::Deferred, OutboxState::Deferred));
        assert_eq!((row.due_at, row.attempts[0].handed_over_at), (world.store.now(), None));
        assert!(row.reason.unwrap().contains("before it had handed anything over"));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent, "nobody has to do anything");
        assert_eq!(job_of(&world, "dispatch").await.unwrap().job, Job::Dispatch { outbox });

        // It lives after all, only slower: it may not hand over any more, and what it says does not count.
        let late = world.scope.hand_over(outbox, first.attempt).await.unwrap_err();
        assert!(matches!(&late, StoreError::LeaseLost { what } if what.contains("approved mail")), "{late}");
        let second = handed_over(&world, outbox).await;
        assert_eq!(second.attempt, 2);
        assert!(world.scope.hand_over(outbox, first.attempt).await.is_err());
        assert!(world.scope.hand_over(outbox, second.attempt).await.is_err(), "once");
        assert_eq!(settle(&world, outbox, 1, &[(ANA, refused())]).await, OutboxState::Submitting);
        assert_eq!(settle(&world, outbox, 2, &[(ANA, accepted())]).await, OutboxState::Sent);
        assert!(world.scope.hand_over(outbox, second.attempt).await.is_err(), "it is settled");
    }

    async fn a_lease_that_ends_before_anything_was_handed_over_is_taken_again(world) {
        let (_, outbox) = world.approved("a@x").await;
        for attempt in 1..=30 {
            // More often than the ladder is long: these are no tries.
            assert_eq!(ready(&world, outbox).await.attempt, attempt);
            world.clock.advance(LEASE);
            let due = world.store.now();
            assert_eq!(lease(&world, outbox).await, OutboxLease::NotYet { due });
        }
        handed_over(&world, outbox).await;
        assert_eq!(settle(&world, outbox, 31, &[(ANA, deferred())]).await, OutboxState::Deferred);
        let rung = Job::Dispatch { outbox }.ladder()[0];
        assert_eq!(world.scope.outbox(outbox).await.unwrap().due_at, world.store.now().plus(rung));
    }

    async fn a_double_click_sends_once(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let first = world.approve(&world.approval(ticket, draft, "one")).await.unwrap();
        assert_eq!(world.approve(&world.approval(ticket, draft, "two")).await.unwrap(), first);
        assert_eq!(world.approve(&world.approval(ticket, draft, "one")).await.unwrap(), first);
        let queued = world.scope.outbox_in(OutboxState::Queued).await.unwrap();
        assert_eq!(queued.len(), 1);
        assert_eq!(queued[0].message_id, "one");
    }

    async fn a_newer_mail_stops_an_approval(world) {
        let (seen, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let mut approval = world.approval(ticket, draft, "one");
        approval.seen = Some(seen);
        world.take_new(&world.reply("b@x", "a@x")).await;
        let error = world.approve(&approval).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }));
        assert!(error.to_string().contains("a newer mail has come"), "{error}");
    }

    async fn what_may_not_go_out_is_refused_in_words(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let finding = CheckFinding { blocks: true, code: "promise".into(), reason: "it promises".into(), span: None };
        let proposal = DraftProposal {
            body: "Hello {name}".into(),
            unfilled: vec!["name".into()],
            ..DraftProposal::default()
        };
        let mut tx = world.scope.begin().await.unwrap();
        let blocked = DraftProposal { body: "We refund you.".into(), ..DraftProposal::default() };
        let drafts = [(proposal, Vec::new()), (blocked, vec![finding])];
        let ids = tx.add_drafts(ticket, "drafter", &drafts, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let refusal = async |draft, body: &str, to: Vec<_>| {
            let approval = posthouse_store::Approval { body: body.into(), to, ..world.approval(ticket, draft, "one") };
            world.approve(&approval).await.unwrap_err().to_string()
        };
        let ana = || vec![address(ANA)];
        assert_eq!(refusal(ids[0], "Hello {name}", ana()).await, "fill in first: name");
        assert_eq!(refusal(ids[0], "Hello {name}!", ana()).await, "fill in first: name");
        assert_eq!(refusal(ids[1], "We refund you.", ana()).await, "it may not go out like this: it promises");
        assert_eq!(refusal(ids[0], " \n", ana()).await, "the reply is empty: write something first");
        assert_eq!(refusal(ids[0], "Hello Ana", vec![]).await, "a reply needs at least one recipient");
        assert_eq!(refusal(ids[0], "Hello Ana", vec![address("ana")]).await, "`ana` is not a mail address");
        let crowd = (0..101).map(|n| address(&format!("{n}@x"))).collect();
        assert!(refusal(ids[0], "Hello Ana", crowd).await.contains("100 recipients"));
        // And with the name in it, it goes.
        let approval = posthouse_store::Approval { body: "Hello Ana".into(), ..world.approval(ticket, ids[0], "one") };
        let outbox = world.approve(&approval).await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!(world.scope.draft(row.draft).await.unwrap().proposal.body, "Hello Ana");
        assert_ne!(row.draft, ids[0]);
    }

    async fn undo_within_the_window(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let mut approval = world.approval(ticket, draft, "one");
        approval.undo = Duration::from_secs(10);
        let outbox = world.approve(&approval).await.unwrap();
        let due = START.plus(Duration::from_secs(10));
        assert_eq!(lease(&world, outbox).await, OutboxLease::NotYet { due });
        assert_eq!(job_of(&world, "dispatch").await.unwrap().due_at, due);
        let mut tx = world.scope.begin().await.unwrap();
        tx.cancel_send(outbox, &agent()).await.unwrap();
        assert!(matches!(tx.cancel_send(outbox, &agent()).await, Err(StoreError::Refused(_))));
        tx.commit().await.unwrap();
        world.advance(10);
        assert_eq!(lease(&world, outbox).await, OutboxLease::Settled(OutboxState::Cancelled));
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
        // The draft stands again and may be approved again.
        assert_eq!(world.scope.drafts(ticket).await.unwrap()[0].id, draft);
        assert_ne!(world.approve(&world.approval(ticket, draft, "two")).await.unwrap(), outbox);
    }

    async fn too_late_to_take_back(world) {
        let (_, outbox) = world.approved("a@x").await;
        ready(&world, outbox).await;
        let mut tx = world.scope.begin().await.unwrap();
        let error = tx.cancel_send(outbox, &agent()).await.unwrap_err();
        assert_eq!(error.to_string(), "this reply is submitting: it cannot be taken back any more");
    }

    async fn a_worker_that_dies_while_submitting_leaves_it_to_a_person(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        handed_over(&world, outbox).await;
        world.clock.advance(LEASE);
        assert_eq!(lease(&world, outbox).await, OutboxLease::BecameUncertain);
        assert_eq!(lease(&world, outbox).await, OutboxLease::Settled(OutboxState::Uncertain));
        let row = world.scope.outbox(outbox).await.unwrap();
        assert!(row.reason.unwrap().contains("then decide"));
        assert_eq!(row.recipients[0].state, OutboxState::Uncertain);
        assert_eq!(row.attempts[0].finished_at, None);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn the_truth_may_come_late(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let mail = handed_over(&world, outbox).await;
        world.clock.advance(LEASE);
        assert_eq!(lease(&world, outbox).await, OutboxLease::BecameUncertain);
        assert_eq!(settle(&world, outbox, mail.attempt, &[(ANA, accepted())]).await, OutboxState::Sent);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Sent);
        // But not twice, and not after a person decided.
        assert_eq!(settle(&world, outbox, mail.attempt, &[(ANA, refused())]).await, OutboxState::Sent);
    }

    async fn a_persons_decision_stands(world) {
        let (_, outbox) = world.approved("a@x").await;
        let mail = handed_over(&world, outbox).await;
        world.clock.advance(LEASE);
        lease(&world, outbox).await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.resolve_send(outbox, OutboxState::Submitting, &agent()).await.is_err());
        tx.resolve_send(outbox, OutboxState::Cancelled, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(settle(&world, outbox, mail.attempt, &[(ANA, accepted())]).await, OutboxState::Cancelled);
    }

    async fn a_person_sends_it_again(world) {
        let (_, outbox) = world.approved("a@x").await;
        handed_over(&world, outbox).await;
        world.clock.advance(LEASE);
        lease(&world, outbox).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(status(&world, outbox).await, TicketStatus::Sent);
        let mail = ready(&world, outbox).await;
        assert_eq!((mail.attempt, mail.open.len()), (2, 1));
        assert_eq!(settle(&world, outbox, 1, &[(ANA, refused())]).await, OutboxState::Submitting);
        assert_eq!(settle(&world, outbox, 2, &[(ANA, accepted())]).await, OutboxState::Sent);
    }

    async fn deferred_mail_climbs_the_ladder_and_ends(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        let ladder = Job::Dispatch { outbox }.ladder();
        for (attempt, wait) in (1..).zip(ladder) {
            assert_eq!(ready(&world, outbox).await.attempt, attempt);
            assert_eq!(settle(&world, outbox, attempt, &[(ANA, deferred())]).await, OutboxState::Deferred);
            let due = world.store.now().plus(*wait);
            assert_eq!(lease(&world, outbox).await, OutboxLease::NotYet { due });
            world.clock.advance(*wait);
        }
        let last = ready(&world, outbox).await;
        assert_eq!(settle(&world, outbox, last.attempt, &[(ANA, deferred())]).await, OutboxState::Failed);
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!(row.recipients[0].words.as_deref(), Some("given up after the last try: 451 later"));
        assert_eq!(row.message, None);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    }

    async fn each_recipient_has_a_fate_of_its_own(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let mut approval = world.approval(ticket, draft, "one");
        approval.to = vec![address("a@x"), address("b@x"), address("A@X")];
        approval.cc = vec![address("c@x"), address("b@x")];
        let outbox = world.approve(&approval).await.unwrap();
        let mail = ready(&world, outbox).await;
        assert_eq!(mail.open, [address("a@x"), address("b@x"), address("c@x")]);
        assert!(mail.row.recipients[2].cc);
        let outcomes = [("A@x", accepted()), ("b@x", deferred()), ("c@x", refused())];
        assert_eq!(settle(&world, outbox, 1, &outcomes).await, OutboxState::Deferred);
        world.advance(3600);
        let mail = ready(&world, outbox).await;
        assert_eq!(mail.open, [address("b@x")]);
        assert_eq!(settle(&world, outbox, 2, &[("b@x", accepted())]).await, OutboxState::Failed);
        let row = world.scope.outbox(outbox).await.unwrap();
        let states: Vec<_> = row.recipients.iter().map(|r| r.state).collect();
        assert_eq!(states, [OutboxState::Sent, OutboxState::Sent, OutboxState::Failed]);
        assert_eq!(world.scope.ticket(ticket).await.unwrap().message_count, 2);
        // Trying again reaches only the one who did not get it.
        let mut tx = world.scope.begin().await.unwrap();
        tx.resolve_send(outbox, OutboxState::Queued, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ready(&world, outbox).await.open, [address("c@x")]);
    }

    async fn a_recipient_nobody_reports_is_uncertain(world) {
        let (_, outbox) = world.approved("a@x").await;
        ready(&world, outbox).await;
        assert_eq!(settle(&world, outbox, 1, &[]).await, OutboxState::Uncertain);
        assert_eq!(status(&world, outbox).await, TicketStatus::Waiting);
    }

    async fn an_attempt_that_never_began_cannot_be_settled(world) {
        let (_, outbox) = world.approved("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let error = tx.settle_outbox(outbox, 1, &[], b"", false, &host()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
    }

    async fn refused_before_it_goes_out(world) {
        let (_, outbox) = world.approved("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.refuse_send(outbox, "the checker objects", &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.reason.as_deref()), (OutboxState::Failed, Some("the checker objects")));
        assert_eq!(status(&world, outbox).await, TicketStatus::Waiting);
        assert_eq!(world.scope.counts(None).await.unwrap().send_trouble, 1);
    }

    async fn the_customers_answer_threads_even_before_we_know_it_is_out(world) {
        let (ticket, outbox) = world.approved("a@x").await;
        ready(&world, outbox).await;
        assert_eq!(world.take_new(&world.reply("b@x", "reply-a@x")).await.1, ticket);
        settle(&world, outbox, 1, &[(ANA, accepted())]).await;
        assert_eq!(world.take_new(&world.reply("c@x", "reply-a@x")).await.1, ticket);
    }

    async fn a_copy_of_our_own_mail_is_skipped_but_not_a_forgery(world) {
        let (_, outbox) = world.approved("a@x").await;
        ready(&world, outbox).await;
        settle(&world, outbox, 1, &[(ANA, accepted())]).await;
        let mut copy = world.mail("reply-a@x");
        copy.read.from = Some(address("Support@shop.example"));
        assert!(matches!(world.take(&copy).await, Taken::Duplicate { .. }));
        let mut forged = world.mail("reply-a@x");
        forged.source.key = "elsewhere".into();
        world.take_new(&forged).await;
    }

    async fn a_made_up_identity_never_goes_out(world) {
        let mut mail = world.mail("a");
        mail.read.message_id = None;
        let (_, ticket) = world.take_new(&mail).await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let outbox = world.approve(&world.approval(ticket, draft, "one")).await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.in_reply_to, row.references), (None, Vec::new()));
        assert!(row.answers.is_some());
    }

    async fn long_threads_keep_their_first_reference(world) {
        let mut mail = world.mail("last@x");
        mail.read.references = (0..60).map(|n| format!("{n}@x")).collect();
        let (_, ticket) = world.take_new(&mail).await;
        let draft = world.draft(ticket, "It is on its way.").await;
        let outbox = world.approve(&world.approval(ticket, draft, "one")).await.unwrap();
        let references = world.scope.outbox(outbox).await.unwrap().references;
        assert_eq!(references.len(), 20);
        assert_eq!((references[0].as_str(), references[19].as_str()), ("0@x", "last@x"));
    }
}

on_both! {
    async fn a_mailbox_that_has_sent_its_share_is_told_when_to_go_on(world) {
        const MINUTE: Duration = Duration::from_secs(60);
        const DAY: Duration = posthouse_store::PACE_WINDOW_MAX;
        let mailbox = world.mailbox;
        let place = async |outbox: OutboxId| {
            let mut tx = world.scope.begin().await.unwrap();
            let place = tx.take_place(mailbox, outbox, &[(3, DAY), (2, MINUTE)]).await.unwrap();
            tx.commit().await.unwrap();
            place
        };
        let mut rows = Vec::new();
        for id in ["a@x", "b@x", "c@x", "d@x"] {
            rows.push(world.approved(id).await.1);
        }
        assert_eq!(place(rows[0]).await, Place::Taken);
        world.clock.advance(Duration::from_secs(20));
        assert_eq!(place(rows[1]).await, Place::Taken);
        // Asking again before the try has begun takes no second place.
        assert_eq!(place(rows[1]).await, Place::Taken);
        // Two in the minute: the first of them leaves it first.
        let full = Place::Full { limit: 1, until: START.plus(MINUTE) };
        assert_eq!(place(rows[2]).await, full);
        world.clock.advance(Duration::from_secs(40) - Duration::from_millis(1));
        assert_eq!(place(rows[2]).await, full);
        // Another mailbox has its own.
        let mut tx = world.scope.begin().await.unwrap();
        let other = posthouse_model::MailboxId(mailbox.0 + 1);
        assert_eq!(tx.take_place(other, rows[3], &[(1, MINUTE)]).await.unwrap(), Place::Taken);
        drop(tx);
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(place(rows[2]).await, Place::Taken);
        // Three in the day, which counts for longer than the minute.
        world.clock.advance(MINUTE);
        assert_eq!(place(rows[3]).await, Place::Full { limit: 0, until: START.plus(DAY) });
        world.clock.advance(DAY);
        assert_eq!(place(rows[3]).await, Place::Taken);
        // A try that began has used its place: the next one takes its own.
        ready(&world, rows[3]).await;
        assert_eq!(place(rows[3]).await, Place::Taken);
        assert_eq!(place(rows[0]).await, Place::Full { limit: 1, until: START.plus(DAY + 3 * MINUTE) });
    }

    async fn what_is_held_back_says_why_and_only_while_it_waits(world) {
        let (_, outbox) = world.approved("a@x").await;
        let due = START.plus(Duration::from_secs(90));
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.hold_back(outbox, due, "its limit", &host()).await.unwrap());
        tx.commit().await.unwrap();
        let row = world.scope.outbox(outbox).await.unwrap();
        assert_eq!((row.state, row.due_at, row.reason.as_deref()), (OutboxState::Queued, due, Some("its limit")));
        assert_eq!(lease(&world, outbox).await, OutboxLease::NotYet { due });
        world.clock.advance(Duration::from_secs(90));
        ready(&world, outbox).await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(!tx.hold_back(outbox, due, "too late", &host()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.scope.outbox(outbox).await.unwrap().state, OutboxState::Submitting);
    }
}
