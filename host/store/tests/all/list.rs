//! The ticket list.

use crate::world::{START, World, agent, host};
use posthouse_model::role::Role;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Routing, Scored, Triage, Urgency};
use posthouse_model::{TicketId, Timestamp};
use posthouse_store::{Assigned, NewAgent, TicketQuery, TicketSort};
use std::time::Duration;

async fn numbers(world: &World, query: &TicketQuery) -> Vec<i64> {
    world.scope.tickets(query).await.unwrap().rows.into_iter().map(|row| row.number).collect()
}

async fn route(world: &World, ticket: TicketId, queue: &str, priority: u8, deadline: Option<Timestamp>) {
    let routing = Routing { queue: Some(queue.into()), priority: Some(priority), deadline, ..Routing::default() };
    let mut tx = world.scope.begin().await.unwrap();
    tx.set_routing(ticket, &routing, "general", &host()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn filters_restrict(world) {
        let (message, first) = world.waiting("a@x").await;
        world.advance(1);
        let (_, second) = world.waiting("b@x").await;
        world.advance(1);
        world.take_new(&world.mail("c@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let triage = Triage {
            category: Some(Scored { value: "shipping".into(), confidence: 1.0 }),
            urgency: Some(Scored { value: Urgency::Urgent, confidence: 1.0 }),
            language: Some(Scored { value: "es".into(), confidence: 1.0 }),
            ..Triage::default()
        };
        tx.set_triage(first, message, &triage, &host()).await.unwrap();
        let new = NewAgent {
            email: "li@x".into(),
            name: "Li".into(),
            role: Role::Agent,
            password_hash: String::new(),
            language: "zh".into(),
        };
        let li = tx.add_agent(&new, &host()).await.unwrap();
        tx.assign(second, Some(li), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        route(&world, first, "logistics", 50, Some(START)).await;

        let all = TicketQuery { sort: TicketSort::Newest, ..TicketQuery::default() };
        assert_eq!(numbers(&world, &all).await, [3, 2, 1]);
        let query = |change: fn(&mut TicketQuery)| {
            let mut query = all.clone();
            change(&mut query);
            query
        };
        let waiting = query(|q| q.status = vec![TicketStatus::Waiting]);
        assert_eq!(numbers(&world, &waiting).await, [2, 1]);
        let two = query(|q| q.status = vec![TicketStatus::Waiting, TicketStatus::New]);
        assert_eq!(numbers(&world, &two).await, [3, 2, 1]);
        assert_eq!(numbers(&world, &query(|q| q.category = Some("shipping".into()))).await, [1]);
        assert_eq!(numbers(&world, &query(|q| q.urgency = Some(Urgency::Urgent))).await, [1]);
        assert_eq!(numbers(&world, &query(|q| q.language = Some("es".into()))).await, [1]);
        assert_eq!(numbers(&world, &query(|q| q.queue = Some("logistics".into()))).await, [1]);
        assert_eq!(numbers(&world, &query(|q| q.overdue = true)).await, [1]);
        assert_eq!(numbers(&world, &query(|q| q.assigned = Some(Assigned::Nobody))).await, [3, 1]);
        let mine = TicketQuery { assigned: Some(Assigned::To(li)), ..all.clone() };
        assert_eq!(numbers(&world, &mine).await, [2]);

        let counts = world.scope.counts(Some(li)).await.unwrap();
        assert_eq!(counts.by_status[&TicketStatus::Waiting], 2);
        assert_eq!(counts.by_status[&TicketStatus::New], 1);
        assert_eq!(counts.by_queue["logistics"], 1);
        assert_eq!(counts.by_category["shipping"], 1);
        assert_eq!((counts.mine, counts.unassigned, counts.overdue, counts.urgent), (1, 1, 1, 1));
        let logistics = world.scope.clone().seen_within(Some(&["logistics".to_owned()])).counts(Some(li)).await.unwrap();
        assert_eq!((logistics.mine, logistics.unassigned, logistics.overdue, logistics.urgent), (0, 1, 1, 1));
        assert_eq!((logistics.by_status.values().sum::<i64>(), logistics.oldest_waiting), (1, Some(START)));
        assert_eq!(counts.oldest_waiting, Some(START));
    }

    async fn every_order_is_complete_over_its_pages(world) {
        for n in 0..23_u8 {
            let (_, ticket) = world.waiting(&format!("{n}@x")).await;
            let deadline = (n % 3 > 0).then(|| START.plus(Duration::from_secs(u64::from(n % 5) * 60)));
            route(&world, ticket, "q", n % 4 * 20, deadline).await;
            if n % 2 == 0 {
                world.advance(1);
            }
        }
        for sort in [TicketSort::Due, TicketSort::Priority, TicketSort::Newest, TicketSort::Oldest] {
            let whole = world.scope.tickets(&TicketQuery { sort, limit: 100, ..TicketQuery::default() }).await.unwrap();
            assert_eq!((whole.rows.len(), &whole.next), (23, &None));
            let ordered = whole.rows.windows(2).all(|pair| match sort {
                TicketSort::Due => {
                    let key = |t: &posthouse_store::TicketSummary| {
                        (t.deadline.unwrap_or(Timestamp(i64::MAX)), -t.priority, t.last_message_at, t.id)
                    };
                    key(&pair[0]) < key(&pair[1])
                }
                TicketSort::Priority => {
                    (-pair[0].priority, pair[0].last_message_at, pair[0].id)
                        < (-pair[1].priority, pair[1].last_message_at, pair[1].id)
                }
                TicketSort::Newest => (pair[0].last_message_at, pair[0].id) > (pair[1].last_message_at, pair[1].id),
                TicketSort::Oldest => (pair[0].last_message_at, pair[0].id) < (pair[1].last_message_at, pair[1].id),
            });
            assert!(ordered, "{sort:?}");
            let mut query = TicketQuery { sort, limit: 5, ..TicketQuery::default() };
            let mut paged = Vec::new();
            loop {
                let page = world.scope.tickets(&query).await.unwrap();
                paged.extend(page.rows);
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole.rows, "{sort:?}");
        }
    }

    async fn another_lists_position_is_refused(world) {
        let query = TicketQuery { after: Some("1.2.3".into()), sort: TicketSort::Newest, ..TicketQuery::default() };
        let error = world.scope.tickets(&query).await.unwrap_err();
        assert!(error.to_string().contains("first page"), "{error}");
    }

    async fn the_review_page_has_everything(world) {
        let (ticket, _) = world.approved("a@x").await;
        world.take_new(&world.reply("b@x", "a@x")).await;
        world.draft(ticket, "Second").await;
        let detail = world.scope.ticket_detail(1).await.unwrap();
        assert_eq!(detail.ticket.id, ticket);
        assert_eq!(detail.messages.iter().map(|m| m.identity.as_str()).collect::<Vec<_>>(), ["a@x", "b@x"]);
        assert_eq!(detail.drafts.len(), 1);
        assert_eq!(detail.outbox.len(), 1);
        assert_eq!(detail.events.first().unwrap().kind, "ticket.opened");
        assert_eq!(detail.events.last().unwrap().kind, "draft.proposed");
        serde_json::to_string(&detail).unwrap();
    }
}
