//! One act on many tickets, and taking it back.

use crate::world::{World, agent, host};
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_model::ticket::TicketStatus;
use posthouse_store::{
    BULK_MAX, BULK_UNDO, BulkAct, BulkLeft, BulkReport, MacroActs, MacroHands, NewAgent, Picked, StoreError,
    TicketQuery,
};
use std::time::Duration;

async fn person(world: &World, name: &str) -> AgentId {
    let new = NewAgent {
        email: format!("{name}@x"),
        name: name.into(),
        role: Role::Agent,
        password_hash: String::new(),
        language: "zh".into(),
    };
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_agent(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn act(world: &World, me: AgentId, picked: &[Picked], act: BulkAct) -> posthouse_store::Result<BulkReport> {
    let mut tx = world.scope.begin().await.unwrap();
    let report = tx.bulk(me, picked, act, &agent()).await?;
    tx.commit().await.unwrap();
    Ok(report)
}

async fn undo(world: &World, me: AgentId, id: i64) -> posthouse_store::Result<BulkReport> {
    let mut tx = world.scope.begin().await.unwrap();
    let report = tx.undo_bulk(me, id, &agent()).await?;
    tx.commit().await.unwrap();
    Ok(report)
}

/// All tickets as the list shows them.
async fn seen(world: &World) -> Vec<Picked> {
    let rows = world.scope.tickets(&TicketQuery { limit: 200, ..TicketQuery::default() }).await.unwrap().rows;
    let mut picked: Vec<_> = rows.iter().map(|row| Picked { number: row.number, version: Some(row.version) }).collect();
    picked.sort_by_key(|one| one.number);
    picked
}

async fn state(world: &World, number: i64) -> (TicketStatus, Option<AgentId>, Option<String>) {
    let ticket = world.scope.ticket_by_number(number).await.unwrap();
    (ticket.status, ticket.assignee, ticket.category)
}

on_both! {
    async fn each_act_is_done_told_and_taken_back(world) {
        let li = person(&world, "li").await;
        world.waiting("a@x").await;
        let (_, snoozed) = world.waiting("b@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let later = tx.now().plus(Duration::from_secs(9_999));
        tx.snooze(snoozed, later, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let before = [state(&world, 1).await, state(&world, 2).await];
        for (what, kind, back) in [
            (BulkAct::Assign(Some(li)), "ticket.assigned", "ticket.assigned"),
            (BulkAct::Category("refund".into()), "ticket.categorised", "ticket.categorised"),
            (BulkAct::Handled("answered by phone".into()), "ticket.handled", "ticket.reopened"),
            (BulkAct::Spam, "ticket.marked-spam", "ticket.marked-not-spam"),
        ] {
            let events = world.kinds().await.len();
            let report = act(&world, li, &seen(&world).await, what.clone()).await.unwrap();
            assert_eq!((&report.done, &report.left), (&vec![1, 2], &vec![]), "{what:?}");
            assert_eq!(world.kinds().await[events..], [kind, kind], "one event for each");
            assert_ne!(state(&world, 1).await, before[0], "{what:?}");
            let report = undo(&world, li, report.id.unwrap()).await.unwrap();
            assert_eq!((&report.done, &report.left, report.undone), (&vec![1, 2], &vec![], true), "{what:?}");
            assert_eq!(world.kinds().await[events + 2..], [back, back]);
            assert_eq!([state(&world, 1).await, state(&world, 2).await], before, "{what:?}");
            assert_eq!(world.scope.ticket(snoozed).await.unwrap().snoozed_until, Some(later));
            // Twice is once.
            let events = world.kinds().await.len();
            assert_eq!(undo(&world, li, report.id.unwrap()).await.unwrap(), report);
            assert_eq!(world.kinds().await.len(), events);
        }
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }

    async fn what_is_left_as_it_was_says_why(world) {
        let li = person(&world, "li").await;
        for id in ["a@x", "b@x", "c@x", "d@x"] {
            world.waiting(id).await;
        }
        let picked = seen(&world).await;
        // 1: a mail has come. 2: was merged. 3: is closed.
        world.take_new(&world.reply("more@x", "a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let ids = [tx_id(&world, 2).await, tx_id(&world, 3).await, tx_id(&world, 4).await];
        tx.merge_tickets(ids[0], ids[2], &agent()).await.unwrap();
        tx.mark_handled(ids[1], "done", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let mut picked: Vec<_> = picked.into_iter().filter(|one| one.number < 4).collect();
        picked[2].version = None;
        picked.push(Picked { number: 99, version: None });
        let events = world.kinds().await.len();
        let report = act(&world, li, &picked, BulkAct::Handled("x".into())).await.unwrap();
        assert_eq!(report.id, None);
        assert_eq!(
            report.left,
            [
                (1, BulkLeft::Changed),
                (2, BulkLeft::Merged(4)),
                (3, BulkLeft::State(TicketStatus::Handled)),
                (99, BulkLeft::Unknown)
            ]
        );
        assert_eq!(world.kinds().await.len(), events, "nothing was done");
        // A new category harms no new mail: one is done, and what was so already says so.
        let one = [Picked { number: 1, version: Some(0) }];
        assert_eq!(act(&world, li, &one, BulkAct::Category("refund".into())).await.unwrap().done, [1]);
        let again = act(&world, li, &one, BulkAct::Category("refund".into())).await.unwrap();
        assert_eq!((again.id, again.left), (None, vec![(1, BulkLeft::Same)]));
    }

    async fn taking_back_leaves_what_changed_since(world) {
        let (li, mei) = (person(&world, "li").await, person(&world, "mei").await);
        world.waiting("a@x").await;
        world.waiting("b@x").await;
        let report = act(&world, li, &seen(&world).await, BulkAct::Handled("x".into())).await.unwrap();
        let id = report.id.unwrap();
        world.take_new(&world.reply("more@x", "a@x")).await;
        assert!(matches!(undo(&world, mei, id).await, Err(StoreError::NotFound { .. })), "another's");
        let report = undo(&world, li, id).await.unwrap();
        assert_eq!((report.done, report.left), (vec![2], vec![(1, BulkLeft::Changed)]));
        assert_eq!(state(&world, 1).await.0, TicketStatus::New);
        assert_eq!(world.scope.bulk(li, id).await.unwrap().left, [(1, BulkLeft::Changed)]);
    }

    async fn who_sees_some_queues_lists_and_acts_on_those_alone(world) {
        let li = person(&world, "li").await;
        world.waiting("a@x").await;
        let picked = [Picked { number: 1, version: None }];
        let narrowed = world.scope.clone().seen_within(Some(&["refunds".to_owned()]));
        // The plain list, a filtered one, and a search.
        for query in [
            TicketQuery::default(),
            TicketQuery { status: vec![TicketStatus::Waiting], ..TicketQuery::default() },
            TicketQuery { text: Some("parcel".into()), ..TicketQuery::default() },
            TicketQuery { text: Some("#1".into()), ..TicketQuery::default() },
        ] {
            assert!(narrowed.tickets(&query).await.unwrap().rows.is_empty(), "{query:?}");
            assert_eq!(world.scope.tickets(&query).await.unwrap().rows.len(), 1, "{query:?}");
        }
        let mut tx = narrowed.begin().await.unwrap();
        let report = tx.bulk(li, &picked, BulkAct::Spam, &agent()).await.unwrap();
        assert_eq!((report.id, report.left), (None, vec![(1, BulkLeft::Unknown)]));
        drop(tx);
        let report = act(&world, li, &picked, BulkAct::Handled("x".into())).await.unwrap();
        let mut tx = narrowed.begin().await.unwrap();
        let report = tx.undo_bulk(li, report.id.unwrap(), &agent()).await.unwrap();
        assert_eq!((report.done, report.left), (vec![], vec![(1, BulkLeft::Changed)]));
    }

    async fn there_is_an_end_to_numbers_and_time(world) {
        let li = person(&world, "li").await;
        world.waiting("a@x").await;
        let many = |n: usize| vec![Picked { number: 1, version: None }; n];
        for n in [0, BULK_MAX + 1] {
            let error = act(&world, li, &many(n), BulkAct::Spam).await.unwrap_err();
            assert!(error.to_string().contains("between 1 and 100"), "{error}");
        }
        // The same one a hundred times is one.
        let report = act(&world, li, &many(BULK_MAX), BulkAct::Handled("x".into())).await.unwrap();
        assert_eq!(report.done, [1]);
        world.clock.advance(BULK_UNDO);
        assert!(undo(&world, li, report.id.unwrap()).await.is_ok(), "at its very end");
        let report = act(&world, li, &many(1), BulkAct::Handled("x".into())).await.unwrap();
        world.clock.advance(BULK_UNDO + Duration::from_micros(1));
        assert!(undo(&world, li, report.id.unwrap()).await.unwrap_err().to_string().contains("too late"));
        let nobody = act(&world, li, &many(1), BulkAct::Assign(Some(AgentId(999)))).await;
        assert!(matches!(nobody, Err(StoreError::NotFound { .. })));
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        let report = tx.bulk(li, &many(1), BulkAct::Spam, &agent()).await.unwrap();
        assert_eq!(report.left, [(1, BulkLeft::Unknown)], "another tenant's");
    }
}

async fn tx_id(world: &World, number: i64) -> posthouse_model::TicketId {
    world.scope.ticket_by_number(number).await.unwrap().id
}

on_both! {
    /// Everything that a macro can do is done at once, with an event for each act and one for the macro, and taken back at once.
    async fn a_macro_does_all_and_is_taken_back_as_one(world) {
        let li = person(&world, "li").await;
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_tag(ticket, "old", &agent()).await.unwrap();
        let later = tx.now().plus(Duration::from_secs(3_600));
        tx.commit().await.unwrap();
        let whole = |row: &posthouse_store::TicketRow| {
            (row.status, row.assignee, row.category.clone(), row.tags.clone(), row.priority, row.snoozed_until)
        };
        let before = whole(&world.scope.ticket(ticket).await.unwrap());
        let acts = MacroActs {
            name: "Parcel is lost".into(),
            category: Some("lost".into()),
            tags: vec!["old".into(), "lost".into()],
            assign: Some(MacroHands::Agent(li)),
            priority: Some(91),
            snooze: Some(later),
            close: None,
        };
        let one = [Picked { number: 1, version: None }];
        let report = act(&world, li, &one, BulkAct::Macro(acts.clone())).await.unwrap();
        assert_eq!(report.done, [1]);
        let after = whole(&world.scope.ticket(ticket).await.unwrap());
        let tags = vec!["old".to_owned(), "lost".to_owned()];
        assert_eq!(after, (TicketStatus::Snoozed, Some(li), Some("lost".into()), tags, 91, Some(later)));
        let kinds: Vec<String> =
            world.scope.ticket_detail(1).await.unwrap().events.into_iter().map(|event| event.kind).collect();
        for kind in ["ticket.categorised", "ticket.tagged", "ticket.prioritised", "ticket.assigned", "ticket.snoozed", "ticket.macro"] {
            assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
        }
        let back = undo(&world, li, report.id.unwrap()).await.unwrap();
        assert_eq!((back.done, back.left), (vec![1], vec![]));
        assert_eq!(whole(&world.scope.ticket(ticket).await.unwrap()), before);

        // What the house does by itself after the act, a draft for the other category, is no reason to leave it; a person's act is.
        let report = act(&world, li, &one, BulkAct::Macro(acts.clone())).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        let proposal = posthouse_model::draft::DraftProposal { body: "Hello".into(), ..Default::default() };
        tx.add_drafts(ticket, "drafter", &[(proposal, vec![])], &host()).await.unwrap();
        tx.commit().await.unwrap();
        let back = undo(&world, li, report.id.unwrap()).await.unwrap();
        assert_eq!((back.done, back.left), (vec![1], vec![]));
        let report = act(&world, li, &one, BulkAct::Macro(acts.clone())).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.add_tag(ticket, "mine", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let back = undo(&world, li, report.id.unwrap()).await.unwrap();
        assert_eq!((back.done, back.left), (vec![], vec![(1, BulkLeft::Changed)]));
        let mut tx = world.scope.begin().await.unwrap();
        for tag in ["mine", "lost"] {
            tx.remove_tag(ticket, tag, &agent()).await.unwrap();
        }
        tx.wake(ticket, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let before = whole(&world.scope.ticket(ticket).await.unwrap());

        // Closing is refused where the ticket is not what was seen, and does nothing of the rest either.
        let closing = MacroActs { tags: vec!["gone".into()], close: Some("by phone".into()), ..MacroActs::default() };
        let old = [Picked { number: 1, version: Some(0) }];
        let report = act(&world, li, &old, BulkAct::Macro(closing.clone())).await.unwrap();
        assert_eq!(report.left, [(1, BulkLeft::Changed)]);
        let report = act(&world, li, &one, BulkAct::Macro(closing.clone())).await.unwrap();
        assert_eq!(state(&world, 1).await.0, TicketStatus::Handled);
        // Closed once more, or put aside, it cannot be: left as it is.
        for again in [closing, MacroActs { snooze: Some(later), ..MacroActs::default() }] {
            let report = act(&world, li, &one, BulkAct::Macro(again)).await.unwrap();
            assert_eq!(report.left, [(1, BulkLeft::State(TicketStatus::Handled))]);
        }
        undo(&world, li, report.id.unwrap()).await.unwrap();
        assert_eq!(whole(&world.scope.ticket(ticket).await.unwrap()), before);
        // What is so already is said, and is no event.
        let same = MacroActs { tags: vec!["old".into()], ..MacroActs::default() };
        let report = act(&world, li, &one, BulkAct::Macro(same)).await.unwrap();
        assert_eq!((report.id, report.left), (None, vec![(1, BulkLeft::Same)]));
    }
}
