//! Notes and whom they speak to; priority, tags; what is said of templates.

use crate::world::{World, agent, host};
use posthouse_model::draft::{DraftProposal, Misfit};
use posthouse_model::event::Actor;
use posthouse_model::role::Role;
use posthouse_model::triage::Routing;
use posthouse_model::{AgentId, TicketId};
use posthouse_store::{MENTIONS_MAX, NOTE_CHARS_MAX, NOTES_MAX, NewAgent, StoreError};

async fn person(world: &World, name: &str, role: Role) -> (AgentId, Actor) {
    let new = NewAgent {
        email: format!("{}@shop.example", name.to_lowercase()),
        name: name.into(),
        role,
        password_hash: "hash".into(),
        language: "en".into(),
    };
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_agent(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    (id, Actor::Agent(new.email))
}

async fn note(world: &World, ticket: TicketId, body: &str, by: &Actor) -> Result<i64, StoreError> {
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_note(ticket, body, by).await?;
    tx.commit().await.unwrap();
    Ok(id)
}

on_both! {
    async fn a_note_speaks_to_people_until_they_open_the_ticket(world) {
        let (mei, by_mei) = person(&world, "Mei", Role::Agent).await;
        let (jun, by_jun) = person(&world, "Jun", Role::Lead).await;
        let (ada, _) = person(&world, "Ada", Role::Auditor).await;
        let (_, one) = world.waiting("a@x").await;
        let (_, two) = world.waiting("b@x").await;
        let id = note(&world, one, "  @Jun and @Mei: is this ours? @Ada @nobody\nmei@shop.example knows ", &by_mei).await.unwrap();
        let notes = world.scope.ticket_detail(1).await.unwrap().notes;
        assert_eq!(notes.len(), 1);
        assert!(notes[0].body.starts_with("@Jun") && notes[0].body.ends_with("knows"), "{:?}", notes[0].body);
        assert_eq!((notes[0].author.as_str(), notes[0].edited_at), ("agent:mei@shop.example", None));
        // Neither who wrote it nor who may not act is spoken to.
        for (who, count) in [(mei, 0), (jun, 1), (ada, 0)] {
            assert_eq!(world.scope.unread_mentions(who, Some(one)).await.unwrap(), (count, count > 0));
        }
        assert_eq!(world.scope.unread_mentions(jun, Some(two)).await.unwrap(), (1, false));
        let listed = world.scope.mentions(jun, 10).await.unwrap();
        assert_eq!((listed[0].number, listed[0].note, listed[0].read_at), (1, id, None));
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.read_mentions(two, jun, &by_jun).await.unwrap(), 0);
        assert_eq!(tx.read_mentions(one, jun, &by_jun).await.unwrap(), 1);
        assert_eq!(tx.read_mentions(one, jun, &by_jun).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(world.scope.unread_mentions(jun, None).await.unwrap(), (0, false));
        assert!(world.scope.mentions(jun, 10).await.unwrap()[0].read_at.is_some());
        assert_eq!(world.kinds().await.last().unwrap(), "note.read");
    }

    async fn only_who_wrote_it_changes_it_and_the_trace_stays(world) {
        let (mei, by_mei) = person(&world, "Mei", Role::Agent).await;
        let (jun, by_jun) = person(&world, "Jun", Role::Agent).await;
        let (_, ticket) = world.waiting("a@x").await;
        let id = note(&world, ticket, "ask @Mei", &by_jun).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.edit_note(ticket, id, "mine now", &by_mei).await, Err(StoreError::Refused(_))));
        assert!(matches!(tx.delete_note(ticket, id, &by_mei).await, Err(StoreError::Refused(_))));
        assert!(matches!(tx.edit_note(TicketId(99), id, "x", &by_jun).await, Err(StoreError::NotFound { .. })));
        assert!(matches!(tx.delete_note(ticket, id + 1, &by_jun).await, Err(StoreError::NotFound { .. })));
        tx.edit_note(ticket, id, "ask @Mei ", &by_jun).await.unwrap();
        assert_eq!(world.scope.unread_mentions(mei, None).await.unwrap().0, 1);
        tx.edit_note(ticket, id, "never mind @Jun", &by_jun).await.unwrap();
        tx.commit().await.unwrap();
        let row = &world.scope.ticket_detail(1).await.unwrap().notes[0];
        assert_eq!((row.body.as_str(), row.edited_at.is_some()), ("never mind @Jun", true));
        for who in [mei, jun] {
            assert_eq!(world.scope.unread_mentions(who, None).await.unwrap().0, 0);
        }
        let mut tx = world.scope.begin().await.unwrap();
        tx.delete_note(ticket, id, &by_jun).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket_detail(1).await.unwrap().notes, []);
        let events = world.scope.ticket_events(ticket).await.unwrap();
        let kinds: Vec<_> = events.iter().filter(|e| e.kind.starts_with("note.")).map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["note.added", "note.edited", "note.deleted"]);
        // What it said is gone; that it was said can be proved.
        assert!(events.iter().all(|e| !e.data.contains("never mind")));
        assert!(events.iter().filter(|e| e.kind == "note.deleted").all(|e| e.data.contains("was_sha256")));
    }

    async fn notes_have_limits(world) {
        let (_, by_mei) = person(&world, "Mei", Role::Agent).await;
        let (_, ticket) = world.waiting("a@x").await;
        assert!(matches!(note(&world, ticket, " \n ", &by_mei).await, Err(StoreError::Refused(_))));
        note(&world, ticket, &"字".repeat(NOTE_CHARS_MAX), &by_mei).await.unwrap();
        assert!(matches!(note(&world, ticket, &"x".repeat(NOTE_CHARS_MAX + 1), &by_mei).await, Err(StoreError::Refused(_))));
        let mut names = String::new();
        for n in 0..MENTIONS_MAX {
            person(&world, &format!("P{n}"), Role::Agent).await;
            names.push_str(&format!("@P{n} "));
        }
        note(&world, ticket, &names, &by_mei).await.unwrap();
        person(&world, "One", Role::Agent).await;
        let error = note(&world, ticket, &format!("{names} @One"), &by_mei).await.unwrap_err().to_string();
        assert!(error.contains("speaks to 21"), "{error}");
        let mut tx = world.scope.begin().await.unwrap();
        for _ in 2..NOTES_MAX {
            tx.add_note(ticket, "x", &by_mei).await.unwrap();
        }
        assert!(matches!(tx.add_note(ticket, "x", &by_mei).await, Err(StoreError::Refused(_))));
    }

    async fn notes_go_where_the_ticket_goes(world) {
        let (_, by_mei) = person(&world, "Mei", Role::Agent).await;
        let (_, one) = world.waiting("a@x").await;
        let (_, two) = world.waiting("b@x").await;
        note(&world, one, "from one", &by_mei).await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.merge_tickets(one, two, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket_detail(2).await.unwrap().notes[0].body, "from one");
        assert!(matches!(note(&world, one, "late", &by_mei).await, Err(StoreError::Refused(_))));
    }

    async fn a_persons_priority_stays(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.set_priority(ticket, 101, &agent()).await, Err(StoreError::Refused(_))));
        let routing = Routing { priority: Some(70), ..Routing::default() };
        tx.set_routing(ticket, &routing, "inbox", &host()).await.unwrap();
        tx.set_priority(ticket, 100, &agent()).await.unwrap();
        tx.set_priority(ticket, 100, &agent()).await.unwrap();
        tx.set_routing(ticket, &routing, "inbox", &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.priority, row.priority_by_agent), (100, true));
        let kinds = world.kinds().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "ticket.prioritised").count(), 1);
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_priority(ticket, 0, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().priority, 0);
    }

    async fn tags_come_and_go(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        for tag in ["#VIP customer", "vip-customer", "大客户"] {
            tx.add_tag(ticket, tag, &agent()).await.unwrap();
        }
        assert!(matches!(tx.add_tag(ticket, "a,b", &agent()).await, Err(StoreError::Refused(_))));
        let odd = Routing { tags: vec!["Odd One!".into()], ..Routing::default() };
        tx.set_routing(ticket, &odd, "inbox", &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.ticket(ticket).await.unwrap().tags, ["vip-customer", "大客户", "Odd One!"]);
        let mut tx = world.scope.begin().await.unwrap();
        for tag in ["Odd One!", "VIP Customer", "not there"] {
            tx.remove_tag(ticket, tag, &agent()).await.unwrap();
        }
        for n in 1..50 {
            tx.add_tag(ticket, &format!("t{n}"), &agent()).await.unwrap();
        }
        assert!(matches!(tx.add_tag(ticket, "t50", &agent()).await, Err(StoreError::Refused(_))));
        tx.commit().await.unwrap();
        let kinds = world.kinds().await;
        let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        assert_eq!((count("ticket.tagged"), count("ticket.untagged")), (51, 2));
    }

    async fn what_is_said_of_a_template_is_counted(world) {
        let (_, by_mei) = person(&world, "Mei", Role::Agent).await;
        let (_, ticket) = world.waiting("a@x").await;
        let proposal = |template: Option<&str>| (DraftProposal { body: "x".into(), template: template.map(Into::into), ..DraftProposal::default() }, Vec::new());
        let mut tx = world.scope.begin().await.unwrap();
        let ids = tx.add_drafts(ticket, "drafter", &[proposal(Some("shipping-es")), proposal(None)], &host()).await.unwrap();
        tx.say_misfit(ids[0], Misfit::Tone, "", &agent()).await.unwrap();
        tx.say_misfit(ids[0], Misfit::Outdated, "the carrier is another", &agent()).await.unwrap();
        tx.say_misfit(ids[0], Misfit::Tone, "", &by_mei).await.unwrap();
        assert!(matches!(tx.say_misfit(ids[1], Misfit::Tone, "", &agent()).await, Err(StoreError::Refused(_))));
        let long = "x".repeat(posthouse_store::MISFIT_CHARS_MAX + 1);
        assert!(matches!(tx.say_misfit(ids[0], Misfit::Other, &long, &agent()).await, Err(StoreError::Refused(_))));
        tx.commit().await.unwrap();
        let counts: Vec<_> = world.scope.misfits().await.unwrap().into_iter().map(|c| (c.template, c.reason, c.count)).collect();
        assert_eq!(counts, [("shipping-es".to_owned(), Misfit::Outdated, 1), ("shipping-es".to_owned(), Misfit::Tone, 1)]);
        assert_eq!(world.scope.misfits_of("shipping-es").await.unwrap(), 2);
        // What was proposed at first is still known after she has changed it.
        let mut tx = world.scope.begin().await.unwrap();
        let edit = posthouse_store::DraftEdit { base: Some(ids[0]), subject: None, body: "y".into() };
        let edited = tx.edit_draft(ticket, &edit, &agent()).await.unwrap();
        let own = posthouse_store::DraftEdit { base: None, subject: None, body: "own".into() };
        let own = tx.edit_draft(ticket, &own, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.proposed(edited.id).await.unwrap().unwrap().id, ids[0]);
        assert_eq!(world.scope.proposed(own.id).await.unwrap(), None);
    }
}
