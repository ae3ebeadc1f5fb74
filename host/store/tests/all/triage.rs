//! What plugins found, and where mails end.

use crate::world::{agent, host};
use posthouse_model::decision::{CallCost, HostCall, NewDecision, World as PluginWorld};
use posthouse_model::exchange::{Exchange, Kept, StoreKey, Told};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::release::CallRecord;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{
    Enrichment, Entity, EntityValue, Evidence, Fact, Order, Risk, Routing, Scored, Sentiment, Span, TextPart, Triage,
    Urgency,
};
use posthouse_model::{TicketId, Timestamp};
use posthouse_store::{RecordedQuery, Scope, StoreError, TicketRow, Triaged};

fn order(number: &str, start: u32) -> Entity {
    Entity {
        value: EntityValue::OrderNumber { value: number.into() },
        confidence: 0.9,
        span: Some(Span { part: TextPart::Body, start, end: start + 4 }),
    }
}

fn shipping() -> Triage {
    Triage {
        category: Some(Scored { value: "shipping".into(), confidence: 0.75 }),
        urgency: Some(Scored { value: Urgency::High, confidence: 0.5 }),
        sentiment: Some(Scored { value: Sentiment::Negative, confidence: 0.5 }),
        language: Some(Scored { value: "es".into(), confidence: 1.0 }),
        entities: vec![order("1042", 3)],
        evidence: vec![Evidence::Text { text: "asks for a parcel".into() }],
        tags: vec!["parcel".into()],
        missing: vec!["photo".into()],
        risks: vec![Risk { kind: "chargeback".into(), reason: "names the bank".into(), span: None }],
        ..Triage::default()
    }
}

async fn status(scope: &Scope, ticket: TicketId) -> TicketStatus {
    scope.ticket(ticket).await.unwrap().status
}

on_both! {
    async fn findings_stand_on_the_ticket(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_triage(ticket, message, &shipping(), &host()).await.unwrap();
        let routing = Routing {
            priority: Some(80),
            deadline: Some(tx.now()),
            tags: vec!["vip".into(), "parcel".into()],
            evidence: vec![Evidence::Text { text: "shipping goes to logistics".into() }],
            ..Routing::default()
        };
        tx.set_routing(ticket, &routing, "general", &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!(row.category.as_deref(), Some("shipping"));
        assert_eq!(row.category_confidence, Some(0.75));
        assert_eq!((row.urgency, row.sentiment), (Some(Urgency::High), Some(Sentiment::Negative)));
        assert_eq!(row.language.as_deref(), Some("es"));
        assert_eq!(row.entities, shipping().entities);
        assert_eq!(row.triaged_message, Some(message));
        assert_eq!((row.missing, row.risks, row.evidence), (shipping().missing, shipping().risks, shipping().evidence));
        assert_eq!((row.queue.as_deref(), row.priority), (Some("general"), 80));
        assert_eq!(row.tags, ["parcel", "vip"]);
        assert_eq!(row.routing_evidence, routing.evidence);
        assert_eq!(row.deadline, routing.deadline);
        assert_eq!(row.version, 3);
    }

    async fn an_agents_category_outlives_triage(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_category(ticket, " refund ", &agent()).await.unwrap();
        tx.set_triage(ticket, message, &shipping(), &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!(row.category.as_deref(), Some("refund"));
        assert!(row.category_by_agent);
        assert_eq!(row.category_confidence, None);
        assert_eq!(row.urgency, Some(Urgency::High));
    }

    async fn entities_of_earlier_mails_stay_without_their_spans(world) {
        let (first, ticket) = world.take_new(&world.mail("a@x")).await;
        let (second, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let found = |entities| Triage { entities, ..Triage::default() };
        tx.set_triage(ticket, first, &found(vec![order("1042", 3), order("7", 9)]), &host()).await.unwrap();
        // Again after a crash: the same result.
        tx.set_triage(ticket, first, &found(vec![order("1042", 3)]), &host()).await.unwrap();
        tx.set_triage(ticket, second, &found(vec![order("2000", 5)]), &host()).await.unwrap();
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!(row.entities, [order("2000", 5), Entity { span: None, ..order("1042", 3) }]);
    }

    async fn enrichers_add_up(world) {
        let (_, ticket) = world.take_new(&world.mail("a@x")).await;
        let fact = |key: &str, value: &str| Fact { key: key.into(), label: key.into(), value: value.into() };
        let parcel = Order { number: "1042".into(), status: Some("paid".into()), ..Order::default() };
        let mut tx = world.scope.begin().await.unwrap();
        for facts in [vec![fact("a", "1")], vec![fact("b", "2")], vec![fact("a", "3")]] {
            let enrichment = Enrichment {
                facts,
                orders: vec![parcel.clone()],
                customer_name: Some("Ana G.".into()),
                ..Enrichment::default()
            };
            tx.set_enrichment(ticket, &enrichment, &host()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!(row.facts, [fact("b", "2"), fact("a", "3")]);
        assert_eq!(row.orders, [parcel]);
        assert_eq!(row.customer.name.as_deref(), Some("Ana G."));
    }

    async fn every_outcome_moves_a_new_ticket(world) {
        for (n, (outcome, expected)) in [
            (Outcome::Ticket, TicketStatus::Waiting),
            (Outcome::Spam, TicketStatus::Spam),
            (Outcome::Automatic, TicketStatus::Automatic),
            (Outcome::Skipped, TicketStatus::Handled),
        ]
        .into_iter()
        .enumerate()
        {
            let (message, ticket) = world.take_new(&world.mail(&format!("{n}@x"))).await;
            world.outcome(message, outcome).await;
            let row = world.scope.ticket(ticket).await.unwrap();
            assert_eq!(row.status, expected);
            let reason = (outcome == Outcome::Skipped).then(|| "S13 automatic notice: because".to_owned());
            assert_eq!(row.closed_reason, reason);
        }
    }

    async fn an_out_of_office_answer_leaves_the_ticket_where_it_was(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(ticket, "done", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let (message, _) = world.take_new(&world.reply("b@x", "a@x")).await;
        assert_eq!(status(&world.scope, ticket).await, TicketStatus::New);
        world.outcome(message, Outcome::Automatic).await;
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.status, row.closed_reason.as_deref()), (TicketStatus::Handled, Some("done")));
    }

    async fn two_mails_at_once_settle_in_any_order(world) {
        for (n, real_first) in [(1, true), (2, false)] {
            let first = format!("{n}a@x");
            let (real, ticket) = world.take_new(&world.mail(&first)).await;
            let (automatic, _) = world.take_new(&world.reply(&format!("{n}b@x"), &first)).await;
            if real_first {
                world.outcome(real, Outcome::Ticket).await;
                world.outcome(automatic, Outcome::Automatic).await;
            } else {
                world.outcome(automatic, Outcome::Automatic).await;
                assert_eq!(status(&world.scope, ticket).await, TicketStatus::New);
                world.outcome(real, Outcome::Ticket).await;
            }
            assert_eq!(status(&world.scope, ticket).await, TicketStatus::Waiting);
        }
    }

    async fn a_retried_triage_changes_nothing_more(world) {
        let (message, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.mark_handled(ticket, "by phone", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.outcome(message, Outcome::Ticket).await;
        assert_eq!(status(&world.scope, ticket).await, TicketStatus::Handled);
    }

    async fn nothing_goes_back_to_pending(world) {
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let error = tx.set_outcome(message, Outcome::Pending, None, &host()).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)));
    }

    async fn decisions_are_on_record(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let decision = NewDecision {
            ticket: Some(ticket),
            message: Some(message),
            world: PluginWorld::Classifier,
            plugin: "rules".into(),
            version: "1.0.0".into(),
            digest: "abc".into(),
            input_hash: "def".into(),
            output: Some(serde_json::json!({ "category": "shipping" })),
            error: None,
            host_calls: vec![HostCall {
                capability: "http".into(),
                what: "GET x".into(),
                outcome: "200".into(),
                duration_us: 5,
                exchange: None,
            }],
            cost: CallCost { duration_us: 44, memory_bytes: 65_536 },
            call: Default::default(),
            log: Vec::new(),
            changes: posthouse_model::keep::Changes::default(),
        };
        let failed = NewDecision { output: None, error: Some("trap".into()), ..decision.clone() };
        let mut tx = world.scope.begin().await.unwrap();
        let first = tx.add_decision(&decision, &host()).await.unwrap();
        tx.add_decision(&failed, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let decisions = world.scope.decisions(ticket).await.unwrap();
        assert_eq!(decisions[0].id, first);
        assert_eq!(decisions.iter().map(|d| d.record.clone()).collect::<Vec<_>>(), [decision, failed]);
    }

    async fn what_was_asked_in_full_is_read_only_where_it_is_asked_for(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let (other, other_ticket) = world.take_new(&world.mail("b@x")).await;
        let told = Told { ask: StoreKey { key: "k".into() }, reply: Ok(Kept { value: Some("a customer's".into()) }) };
        let call = |capability: &str| HostCall {
            capability: capability.into(),
            what: "GET x".into(),
            outcome: "200".into(),
            duration_us: 5,
            exchange: Some(Exchange::StoreGet(told.clone())),
        };
        let told_it = CallRecord { now: Timestamp(7), seed: u64::MAX, ..CallRecord::default() };
        let decision = NewDecision {
            ticket: Some(ticket),
            message: Some(message),
            world: PluginWorld::Enricher,
            plugin: "shop".into(),
            version: "1.0.0".into(),
            digest: "abc".into(),
            input_hash: "def".into(),
            output: None,
            error: None,
            host_calls: vec![call("http"), call("store")],
            cost: CallCost::default(),
            call: told_it,
            log: Vec::new(),
            changes: posthouse_model::keep::Changes::default(),
        };
        let elsewhere = NewDecision { ticket: Some(other_ticket), message: Some(other), ..decision.clone() };
        let other_plugin = NewDecision { plugin: "other".into(), ..decision.clone() };
        let mut tx = world.scope.begin().await.unwrap();
        let all = [decision.clone(), elsewhere.clone(), other_plugin, decision.clone()];
        let ids = tx.add_decisions(&all, &host()).await.unwrap();
        tx.commit().await.unwrap();

        let shown = world.scope.ticket_detail(1).await.unwrap().decisions;
        let standing = world.scope.decisions(ticket).await.unwrap();
        let on_message = world.scope.decisions_on(message).await.unwrap();
        for brief in [&shown, &standing, &on_message] {
            assert_eq!(brief.len(), 3);
            assert!(!serde_json::to_string(brief).unwrap().contains("a customer's"));
            assert!(brief.iter().all(|d| d.record.host_calls == [call("http").brief()]), "{brief:#?}");
        }
        let query = RecordedQuery { plugin: "shop", ticket: None, before: None, limit: 2 };
        let newest = world.scope.recorded(&query).await.unwrap();
        assert_eq!(newest.iter().map(|d| d.id).collect::<Vec<_>>(), [ids[3], ids[1]]);
        assert_eq!(newest[0].record, decision);
        let query = RecordedQuery { before: Some(newest[1].id), ..query };
        assert_eq!(world.scope.recorded(&query).await.unwrap().len(), 1);
        let query = RecordedQuery { ticket: Some(other_ticket), before: None, ..query };
        assert_eq!(world.scope.recorded(&query).await.unwrap()[0].record, elsewhere);
    }
}

on_both! {
    async fn all_at_once_is_the_same_as_one_after_the_other(world) {
        let enrichment = Enrichment {
            facts: vec![Fact { key: "a".into(), label: "A".into(), value: "1".into() }],
            customer_name: Some("Ana G.".into()),
            ..Enrichment::default()
        };
        let triage = shipping();
        let routing = Routing { queue: Some("logistics".into()), priority: Some(70), ..Routing::default() };
        let (one, first) = world.take_new(&world.mail("a@x")).await;
        let (two, second) = world.take_new(&world.mail("b@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let done = Triaged {
            message: one,
            enrichments: std::slice::from_ref(&enrichment),
            triage: Some(&triage),
            routing: Some(&routing),
            default_queue: "general",
            outcome: Outcome::Ticket,
            reason: None,
        };
        let settled = tx.finish_triage(&done, &host()).await.unwrap();
        assert_eq!(settled, Some((first, TicketStatus::Waiting)));
        tx.set_enrichment(second, &enrichment, &host()).await.unwrap();
        tx.set_triage(second, two, &triage, &host()).await.unwrap();
        tx.set_routing(second, &routing, "general", &host()).await.unwrap();
        tx.set_outcome(two, Outcome::Ticket, None, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let (a, b) = (world.scope.ticket(first).await.unwrap(), world.scope.ticket(second).await.unwrap());
        let alike = TicketRow {
            id: b.id,
            number: b.number,
            subject: b.subject.clone(),
            triaged_message: b.triaged_message,
            version: b.version,
            ..a
        };
        assert_eq!(alike, b);
        let events = async |ticket| -> Vec<String> {
            world.scope.ticket_events(ticket).await.unwrap().into_iter().map(|event| event.kind).collect()
        };
        assert_eq!(events(first).await, events(second).await);
    }

    async fn spam_is_not_routed(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let done = Triaged {
            message,
            enrichments: &[],
            triage: Some(&Triage { spam: Some(0.99), ..Triage::default() }),
            routing: None,
            default_queue: "general",
            outcome: Outcome::Spam,
            reason: Some(&Reason::new(ReasonCode::SpamByPlugin, "the classifier is sure")),
        };
        assert_eq!(tx.finish_triage(&done, &host()).await.unwrap(), Some((ticket, TicketStatus::Spam)));
        tx.commit().await.unwrap();
        let row = world.scope.ticket(ticket).await.unwrap();
        assert_eq!((row.queue, row.status), (None, TicketStatus::Spam));
    }

    async fn many_decisions_at_once_keep_their_order(world) {
        let (_, ticket) = world.take_new(&world.mail("a@x")).await;
        let decision = |n: u64| NewDecision {
            ticket: Some(ticket),
            message: None,
            world: PluginWorld::Checker,
            plugin: format!("p{n}"),
            version: "1".into(),
            digest: "d".into(),
            input_hash: "i".into(),
            output: None,
            error: None,
            host_calls: Vec::new(),
            cost: CallCost { duration_us: n, memory_bytes: 0 },
            call: Default::default(),
            log: Vec::new(),
            changes: posthouse_model::keep::Changes::default(),
        };
        let many: Vec<_> = (0..21).map(decision).collect();
        let mut tx = world.scope.begin().await.unwrap();
        let ids = tx.add_decisions(&many, &host()).await.unwrap();
        assert!(tx.add_decisions(&[], &host()).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let found = world.scope.decisions(ticket).await.unwrap();
        assert_eq!(found.iter().map(|d| d.id).collect::<Vec<_>>(), ids);
        assert_eq!(found.into_iter().map(|d| d.record).collect::<Vec<_>>(), many);
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }
}

on_both! {
    async fn a_confidence_may_come_after_none(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        for triage in [Triage::default(), shipping(), Triage::default()] {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_triage(ticket, message, &triage, &host()).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(world.scope.ticket(ticket).await.unwrap().category_confidence, Some(0.75));
    }
}
