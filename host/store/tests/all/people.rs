//! Admins see to people: invitations, rights, what is seen; and the record of it all.

use crate::world::{World, agent, host};
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::role::Role;
use posthouse_model::triage::Routing;
use posthouse_model::{AgentId, MessageId, TicketId, Timestamp};
use posthouse_store::{
    AGENTS_MAX, AgentChange, AuditQuery, FOUND_MAX, INVITATION_LASTS, LOOKED_AT_MAX, NewAgent, SEEN_QUEUES_MAX, Scope,
    StoreError, TicketQuery,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MOMENT: Duration = Duration::from_micros(1);

async fn add(world: &World, email: &str, role: Role) -> AgentId {
    let new =
        NewAgent { email: email.into(), name: email.into(), role, password_hash: "hash".into(), language: "en".into() };
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_agent(&new, &host()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn change(role: Role, active: bool, queues: Option<Vec<String>>) -> AgentChange {
    AgentChange { name: "Wu".into(), role, active, queues }
}

async fn new_ticket(world: &World, id: &str) -> (TicketId, MessageId) {
    let (message, ticket) = world.waiting(id).await;
    (ticket, message)
}

async fn place(world: &World, ticket: TicketId, queue: &str) {
    let routing = Routing { queue: Some(queue.into()), ..Routing::default() };
    let mut tx = world.scope.begin().await.unwrap();
    tx.set_routing(ticket, &routing, "inbox", &host()).await.unwrap();
    tx.commit().await.unwrap();
}

fn narrowed(world: &World, queues: &[&str]) -> Scope {
    let queues: Vec<String> = queues.iter().map(|queue| (*queue).to_owned()).collect();
    world.scope.clone().seen_within(Some(&queues))
}

fn gone<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound { .. })), "{result:?}");
}

on_both! {
    async fn an_invitation_is_good_once_and_for_three_days(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.invite_agent(" Wu@Shop.example", "Wu", Role::Agent, "en", "first", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let stands = world.scope.people().await.unwrap().pop().unwrap();
        assert_eq!((stands.agent.email.as_str(), stands.agent.password_hash.as_str()), ("wu@shop.example", ""));
        assert_eq!(stands.invited_until, Some(world.store.now().plus(INVITATION_LASTS)));
        assert_eq!(world.scope.invited("first").await.unwrap().unwrap().id, id);
        let other = world.other_tenant("other").await;
        assert!(other.invited("first").await.unwrap().is_none());
        let mut tx = other.begin().await.unwrap();
        assert_eq!(tx.take_invitation("first", "hash").await.unwrap(), None);
        gone(tx.invite(id, "x", &host()).await);
        tx.commit().await.unwrap();
        let mut tx = world.scope.begin().await.unwrap();
        tx.invite(id, "second", &agent()).await.unwrap();
        tx.open_session(id, "session", DAY, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.invited("first").await.unwrap().is_none(), "the second takes its place");
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.take_invitation("second", "hash").await.unwrap(), Some(id));
        assert_eq!(tx.take_invitation("second", "other").await.unwrap(), None);
        tx.commit().await.unwrap();
        assert!(world.scope.session("session").await.unwrap().is_none());
        assert_eq!(world.scope.agent(id).await.unwrap().unwrap().password_hash, "hash");
        let mut tx = world.scope.begin().await.unwrap();
        tx.invite(id, "third", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.clock.advance(INVITATION_LASTS - MOMENT);
        assert!(world.scope.invited("third").await.unwrap().is_some());
        world.clock.advance(MOMENT);
        assert!(world.scope.invited("third").await.unwrap().is_none());
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.take_invitation("third", "late").await.unwrap(), None);
        tx.commit().await.unwrap();
    }

    async fn rights_are_changed_and_an_admin_stays(world) {
        let eve = add(&world, "eve@shop.example", Role::Admin).await;
        let wu = add(&world, "wu@shop.example", Role::Agent).await;
        let mut tx = world.scope.begin().await.unwrap();
        let last = tx.set_agent(eve, &change(Role::Lead, true, None), &agent()).await.unwrap_err();
        assert!(last.to_string().contains("make another person an admin first"), "{last}");
        drop(tx);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.set_agent(eve, &change(Role::Admin, false, None), &agent()).await.is_err());
        drop(tx);
        let many = Some(vec!["q".to_owned(); SEEN_QUEUES_MAX + 1]);
        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.set_agent(wu, &change(Role::Agent, true, many), &agent()).await.is_err());
        tx.set_agent(wu, &change(Role::Agent, true, Some(vec!["q".to_owned(); SEEN_QUEUES_MAX])), &agent()).await.unwrap();
        tx.set_agent(wu, &change(Role::Admin, true, Some(vec!["refunds".into()])), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.agent(wu).await.unwrap().unwrap().queues, None, "an admin sees all");
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_agent(eve, &change(Role::Agent, true, Some(vec!["refunds".into()])), &agent()).await.unwrap();
        tx.open_session(eve, "token", DAY, &agent()).await.unwrap();
        tx.invite(eve, "link", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (_, found) = world.scope.session("token").await.unwrap().unwrap();
        assert_eq!((found.role, found.queues.as_deref()), (Role::Agent, Some(&["refunds".to_owned()][..])));
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_agent(eve, &change(Role::Agent, false, Some(vec![])), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.session("token").await.unwrap().is_none() && world.scope.invited("link").await.unwrap().is_none());
        let mut tx = world.other_tenant("other").await.begin().await.unwrap();
        gone(tx.set_agent(wu, &change(Role::Agent, true, None), &host()).await);
    }

    async fn a_narrowed_scope_knows_no_other_tickets(world) {
        let (seen, seen_mail) = new_ticket(&world, "a@x").await;
        let (hidden, hidden_mail) = new_ticket(&world, "b@x").await;
        let (nowhere, _) = new_ticket(&world, "c@x").await;
        place(&world, seen, "refunds").await;
        place(&world, hidden, "leads").await;
        let number = async |ticket| world.scope.ticket(ticket).await.unwrap().number;
        let (seen_number, hidden_number) = (number(seen).await, number(hidden).await);
        for (scope, may) in [(narrowed(&world, &["refunds"]), true), (narrowed(&world, &[]), false)] {
            for ticket in [hidden, nowhere] {
                gone(scope.ticket(ticket).await);
                gone(scope.thread(ticket, 9).await);
                gone(scope.reply_files(ticket).await);
                gone(scope.reply_file(ticket, 1).await);
            }
            gone(scope.ticket_by_number(hidden_number).await);
            gone(scope.ticket_detail(hidden_number).await);
            gone(scope.message(hidden_mail).await);
            gone(scope.raw(hidden_mail).await);
            assert_eq!(scope.ticket(seen).await.is_ok(), may);
            assert_eq!(scope.ticket_detail(seen_number).await.is_ok(), may);
            assert_eq!(scope.raw(seen_mail).await.is_ok(), may);
            let rows = scope.tickets(&TicketQuery::default()).await.unwrap().rows;
            assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), if may { vec![seen] } else { vec![] });
            let wished = TicketQuery { within: None, queue: Some("leads".into()), ..TicketQuery::default() };
            assert!(scope.tickets(&wished).await.unwrap().rows.is_empty(), "whatever is wished for");
            let counts = scope.counts(None).await.unwrap();
            assert_eq!(counts.by_status.values().sum::<i64>(), i64::from(may));
        }
        assert_eq!(world.scope.counts(None).await.unwrap().by_status.values().sum::<i64>(), 3);
    }

    async fn counts_of_all_queues_are_the_counts(world) {
        for (id, queue) in [("a@x", "refunds"), ("b@x", "leads"), ("c@x", "leads")] {
            let (ticket, _) = new_ticket(&world, id).await;
            place(&world, ticket, queue).await;
        }
        let (whole, parts) = (world.scope.counts(None).await.unwrap(), narrowed(&world, &["refunds", "leads"]).counts(None).await.unwrap());
        assert_eq!(whole, parts);
    }

    async fn a_team_has_so_many_people_at_most(world) {
        let mut tx = world.scope.begin().await.unwrap();
        for n in 1..AGENTS_MAX {
            tx.invite_agent(&format!("{n}@shop.example"), "N", Role::Agent, "en", &n.to_string(), &host()).await.unwrap();
        }
        tx.invite_agent("last@shop.example", "N", Role::Agent, "en", "last", &host()).await.unwrap();
        let refused = tx.invite_agent("more@shop.example", "N", Role::Agent, "en", "more", &host()).await.unwrap_err();
        assert!(refused.to_string().contains("at most 1000 people"), "{refused}");
    }

    async fn the_record_is_looked_through(world) {
        let event = |actor: Actor, kind: &str| NewEvent {
            actor,
            kind: kind.to_owned(),
            subject: "ticket:7".into(),
            data: serde_json::json!({}),
        };
        let li = || Actor::Agent("li@shop.example".into());
        let begun = world.store.now();
        for day in 0..5_u64 {
            let mut tx = world.scope.begin().await.unwrap();
            tx.event(event(li(), "ticket.handled"));
            tx.event(event(Actor::Host("dispatch".into()), "outbox.sent"));
            tx.commit().await.unwrap();
            if day < 4 {
                world.clock.advance(DAY);
            }
        }
        let ask = async |query: AuditQuery| world.scope.audit(&AuditQuery { limit: 100, ..query }).await.unwrap();
        let hers = ask(AuditQuery { who: "li@".into(), ..Default::default() }).await;
        assert_eq!((hers.events.len(), hers.next), (5, None));
        assert!(hers.events.windows(2).all(|two| two[0].seq > two[1].seq), "the newest first");
        assert_eq!(ask(AuditQuery { what: "outbox.".into(), ..Default::default() }).await.events.len(), 5);
        assert_eq!(ask(AuditQuery { subject: Some("ticket:7".into()), ..Default::default() }).await.events.len(), 10);
        assert_eq!(ask(AuditQuery { subject: Some("ticket:8".into()), ..Default::default() }).await.events, []);
        // From the second day's moment on, and before the fourth's.
        let at = |day: u64| Some(begun.plus(DAY * u32::try_from(day).unwrap()));
        let some = ask(AuditQuery { who: "li@".into(), from: at(1), to: at(3), ..Default::default() }).await;
        assert_eq!(some.events.iter().map(|event| Some(event.at)).collect::<Vec<_>>(), [at(2), at(1)]);
        assert_eq!(ask(AuditQuery { to: Some(Timestamp(0)), ..Default::default() }).await.events, []);
        assert!(ask(AuditQuery { to: at(99), ..Default::default() }).await.events.len() >= 10);
        // Page by page.
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = world.scope.audit(&AuditQuery { who: "li@".into(), before, limit: 2, ..Default::default() }).await.unwrap();
            seen.extend(page.events.iter().map(|event| event.seq));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, hers.events.iter().map(|event| event.seq).collect::<Vec<_>>());
        let other = world.other_tenant("other").await;
        assert!(other.audit(&AuditQuery { who: "li@".into(), limit: 9, ..Default::default() }).await.unwrap().events.is_empty());
    }

    async fn one_look_goes_through_so_many_events(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let event = |kind: &str| NewEvent { actor: host(), kind: kind.into(), subject: "x".into(), data: serde_json::json!({}) };
        tx.event(event("rare.one"));
        for _ in 0..LOOKED_AT_MAX {
            tx.event(event("common"));
        }
        tx.commit().await.unwrap();
        let rare = AuditQuery { what: "rare".into(), limit: 9, ..Default::default() };
        let first = world.scope.audit(&rare).await.unwrap();
        assert!(first.events.is_empty() && first.next.is_some());
        let second = world.scope.audit(&AuditQuery { before: first.next, ..rare }).await.unwrap();
        assert_eq!((second.events.len(), second.next), (1, None));
        let most = world.scope.audit(&AuditQuery { limit: usize::MAX, ..Default::default() }).await.unwrap();
        assert_eq!(most.events.len(), FOUND_MAX);
    }
}
