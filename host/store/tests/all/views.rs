//! Saved views, their filters, and lists that look through no more than they may.

use crate::world::{World, agent, host};
use posthouse_model::AgentId;
use posthouse_model::role::Role;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Routing, Scored, Sentiment, Triage, Urgency};
use posthouse_model::view::{Filter, NAME_CHARS_MAX, SHARED_VIEWS_MAX, VIEWS_PER_AGENT_MAX, ViewSort, Who};
use posthouse_store::{Counts, NewAgent, NewView, StoreError, TicketQuery, TicketSort};
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

fn view(name: &str, shared: bool) -> NewView {
    NewView { name: name.into(), shared, filter: Filter::Overdue, sort: ViewSort::Newest }
}

async fn add(world: &World, of: AgentId, new: &NewView) -> posthouse_store::Result<i64> {
    let mut tx = world.scope.begin().await.unwrap();
    let id = tx.add_view(of, new, &agent()).await?;
    tx.commit().await.unwrap();
    Ok(id)
}

async fn names(world: &World, of: AgentId) -> Vec<String> {
    world.scope.views(of).await.unwrap().into_iter().map(|view| view.name).collect()
}

async fn found(world: &World, me: AgentId, filter: Filter) -> Vec<i64> {
    let query =
        TicketQuery { filter: Some(filter), reader: Some(me), sort: TicketSort::Newest, ..TicketQuery::default() };
    world.scope.tickets(&query).await.unwrap().rows.iter().map(|row| row.number).collect()
}

on_both! {
    async fn a_view_is_its_agents_or_everybodys(world) {
        let (li, mei) = (person(&world, "li").await, person(&world, "mei").await);
        let own = add(&world, li, &view("  Mine   first ", false)).await.unwrap();
        let shared = add(&world, li, &view("All", true)).await.unwrap();
        assert_eq!(names(&world, li).await, ["Mine first", "All"]);
        assert_eq!(names(&world, mei).await, ["All"]);
        assert!(matches!(world.scope.view(mei, own).await, Err(StoreError::NotFound { .. })));
        let other = world.other_tenant("other").await;
        assert!(other.views(li).await.unwrap().is_empty());
        assert!(matches!(other.view(li, shared).await, Err(StoreError::NotFound { .. })));
        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.remove_view(mei, own, &agent()).await, Err(StoreError::NotFound { .. })));
        assert!(matches!(tx.change_view(mei, own, 1, &view("x", false), &agent()).await, Err(StoreError::NotFound { .. })));
        // From an older page: nothing is written over.
        tx.change_view(mei, shared, 1, &view("Everything", true), &agent()).await.unwrap();
        assert!(matches!(tx.change_view(li, shared, 1, &view("Old", true), &agent()).await, Err(StoreError::Conflict { .. })));
        tx.remove_view(li, own, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(&world, li).await, ["Everything"]);
        let kinds = world.kinds().await;
        let views: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("view.")).collect();
        assert_eq!(views, ["view.added", "view.added", "view.changed", "view.removed"]);
    }

    async fn views_keep_to_their_limits(world) {
        let li = person(&world, "li").await;
        for n in 0..VIEWS_PER_AGENT_MAX {
            add(&world, li, &view(&format!("v{n}"), false)).await.unwrap();
        }
        let refused = |result: posthouse_store::Result<i64>| result.unwrap_err().to_string();
        assert!(refused(add(&world, li, &view("one more", false)).await).contains("30 such views"));
        for n in 0..SHARED_VIEWS_MAX {
            add(&world, li, &view(&format!("v{n}"), true)).await.unwrap();
        }
        assert!(refused(add(&world, li, &view("one more", true)).await).contains("50 such views"));
        let mei = person(&world, "mei").await;
        add(&world, mei, &view(&"n".repeat(NAME_CHARS_MAX), false)).await.unwrap();
        assert!(refused(add(&world, mei, &view(&"n".repeat(NAME_CHARS_MAX + 1), false)).await).contains("1 to 40"));
        assert!(refused(add(&world, mei, &view(" ", false)).await).contains("1 to 40"));
        add(&world, mei, &view("v1", false)).await.unwrap();
        assert!(refused(add(&world, mei, &view("v1", false)).await).contains("already"));
        let empty = NewView { filter: Filter::All(Vec::new()), ..view("empty", false) };
        assert!(refused(add(&world, mei, &empty).await).contains("holds no test"));
    }

    async fn views_are_put_in_order(world) {
        let li = person(&world, "li").await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c"] {
            ids.push(add(&world, li, &view(name, false)).await.unwrap());
        }
        add(&world, li, &view("shared", true)).await.unwrap();
        for (id, up, order) in [
            (ids[2], true, ["a", "c", "b", "shared"]),
            (ids[2], true, ["c", "a", "b", "shared"]),
            (ids[2], true, ["c", "a", "b", "shared"]),
            (ids[1], false, ["c", "a", "b", "shared"]),
            (ids[2], false, ["a", "c", "b", "shared"]),
        ] {
            let mut tx = world.scope.begin().await.unwrap();
            tx.move_view(li, id, up, &agent()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(names(&world, li).await, order);
        }
    }

    async fn filters_let_through_what_they_say(world) {
        let (li, mei) = (person(&world, "li").await, person(&world, "mei").await);
        // 1: plain, new. 2: much is known of it, with Li. 3: waiting, with Mei.
        world.take_new(&world.mail("a@x")).await;
        world.advance(3600);
        let (message, second) = world.waiting("b@x").await;
        world.advance(3600);
        let (_, third) = world.waiting("c@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let triage = Triage {
            category: Some(Scored { value: "shipping".into(), confidence: 1.0 }),
            urgency: Some(Scored { value: Urgency::High, confidence: 1.0 }),
            sentiment: Some(Scored { value: Sentiment::Angry, confidence: 1.0 }),
            language: Some(Scored { value: "de".into(), confidence: 1.0 }),
            tags: vec!["vip".into(), "100%\"_x".into()],
            ..Triage::default()
        };
        tx.set_triage(second, message, &triage, &host()).await.unwrap();
        let deadline = world.scope.ticket(second).await.unwrap().last_message_at.plus(Duration::from_secs(2 * 3600));
        let routing = Routing { queue: Some("returns".into()), deadline: Some(deadline), ..Routing::default() };
        tx.set_routing(second, &routing, "general", &host()).await.unwrap();
        tx.assign(second, Some(li), &agent()).await.unwrap();
        tx.assign(third, Some(mei), &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let text = |text: &str| text.to_owned();
        for (filter, numbers) in [
            (Filter::Status(vec![TicketStatus::New]), vec![1]),
            (Filter::Status(vec![TicketStatus::New, TicketStatus::Waiting]), vec![3, 2, 1]),
            (Filter::Queue(vec![text("returns"), text("none")]), vec![2]),
            (Filter::Category(vec![text("shipping")]), vec![2]),
            (Filter::Urgency(vec![Urgency::High, Urgency::Urgent]), vec![2]),
            (Filter::Sentiment(vec![Sentiment::Angry]), vec![2]),
            (Filter::Language(vec![text("de")]), vec![2]),
            (Filter::Tag(vec![text("vip")]), vec![2]),
            (Filter::Tag(vec![text("vi")]), vec![]),
            (Filter::Tag(vec![text("100%\"_x")]), vec![2]),
            (Filter::Tag(vec![text("100_\"_x")]), vec![]),
            (Filter::Assignee(vec![Who::Me]), vec![2]),
            (Filter::Assignee(vec![Who::Nobody]), vec![1]),
            (Filter::Assignee(vec![Who::Somebody]), vec![3, 2]),
            (Filter::Assignee(vec![Who::Agent(mei), Who::Nobody]), vec![3, 1]),
            (Filter::OlderThan(60), vec![2, 1]),
            (Filter::OlderThan(61), vec![1]),
            (Filter::YoungerThan(60), vec![3]),
            (Filter::DueWithin(59), vec![]),
            (Filter::DueWithin(60), vec![2]),
            (Filter::Overdue, vec![]),
            (Filter::Text(text("GARCÍA")), vec![3, 2, 1]),
            (Filter::Text(text("about b@x")), vec![2]),
            (Filter::Text(text("%")), vec![]),
            // What is not known is in none of them, and so in "none of them".
            (Filter::None(vec![Filter::Category(vec![text("shipping")]), Filter::Assignee(vec![Who::Agent(mei)])]), vec![1]),
            (
                Filter::All(vec![
                    Filter::Any(vec![Filter::Tag(vec![text("vip")]), Filter::Status(vec![TicketStatus::New])]),
                    Filter::None(vec![Filter::Any(vec![Filter::Sentiment(vec![Sentiment::Angry])])]),
                ]),
                vec![1],
            ),
        ] {
            assert_eq!(found(&world, li, filter.clone()).await, numbers, "{filter:?}");
        }
        world.advance(3601);
        assert_eq!(found(&world, li, Filter::Overdue).await, [2]);
        // With text, by the index, narrowed by the filter.
        let query = TicketQuery {
            text: Some("parcel".into()),
            filter: Some(Filter::Tag(vec![text("vip")])),
            reader: Some(li),
            ..TicketQuery::default()
        };
        let rows = world.scope.tickets(&query).await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2]);
    }

    async fn a_filter_that_fits_little_is_paged_and_not_walked_to_the_end(world) {
        // One page looks through so many; what fits stands at the very end.
        let total = TicketQuery::WALK_MAX + 5;
        let (_, oldest) = world.take_new(&world.mail("first@x")).await;
        route(&world, oldest).await;
        let copies = format!(
            "insert into ticket (tenant_id, number, mailbox_id, subject, customer_address, customer_key, status, category_by_agent, \
             urgency_rank, deadline_at, tags, findings, snippet, search, message_count, draft_round, version, created_at, \
             updated_at, last_message_at) \
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {}) \
             select t.tenant_id, 1 + n.i, t.mailbox_id, 'copy', t.customer_address, t.customer_key, t.status, 0, t.urgency_rank, \
             t.deadline_at, '[]', t.findings, '', '', 1, 0, 1, t.created_at, t.updated_at, t.last_message_at + n.i \
             from ticket t, n where t.number = 1",
            total - 1
        );
        world.run(&copies).await;
        for sort in [TicketSort::Newest, TicketSort::Oldest, TicketSort::Due] {
            let mut query = TicketQuery { queue: Some("rare".into()), sort, ..TicketQuery::default() };
            if sort == TicketSort::Due {
                query.status = vec![TicketStatus::New];
            }
            let first = world.scope.tickets(&query).await.unwrap();
            let mut rows = first.rows.clone();
            if sort == TicketSort::Newest {
                assert!(first.rows.is_empty(), "it stands behind what one page looks through");
            }
            query.after = first.next;
            assert!(query.after.is_some(), "{sort:?}");
            let second = world.scope.tickets(&query).await.unwrap();
            rows.extend(second.rows);
            assert_eq!((rows.iter().map(|row| row.number).collect::<Vec<_>>(), second.next), (vec![1], None), "{sort:?}");
        }
        // And the counts stop where they say.
        let counts = world.scope.counts(None).await.unwrap();
        assert_eq!(counts.by_status[&TicketStatus::New], Counts::MAX + 1);
        assert!(!counts.cut);
        assert_eq!(counts.by_queue["rare"], 1);
    }
}

async fn route(world: &World, ticket: posthouse_model::TicketId) {
    let routing = Routing { queue: Some("rare".into()), ..Routing::default() };
    let mut tx = world.scope.begin().await.unwrap();
    tx.set_routing(ticket, &routing, "general", &host()).await.unwrap();
    tx.commit().await.unwrap();
}
