use crate::house::{START, Test, bundled, ids, letter, plugin};
use posthouse_model::capability::Grants;
use posthouse_model::decision::{Decision, World};
use posthouse_model::event::Actor;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::Routing;
use posthouse_model::{TicketId, Timestamp};
use posthouse_pipeline::rebuild::rebuild;
use posthouse_store::{RecordedQuery, Taken};
use serde_json::json;

fn all() -> Vec<posthouse_model::config::PluginConfig> {
    ["classifier", "router", "drafter", "checker"].map(bundled).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_ends_in_exactly_one_place() {
    let test = Test::new(all(), |config| {
        config.screen.blocked_senders = vec!["@.blocked.example".to_owned()];
        config.screen.trusted_senders = vec!["good@blocked.example".to_owned()];
    })
    .await;
    let scope = &test.tenant.scope;
    let question =
        test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let out_of_office = test
        .mail(
            "From: Bo <bo@example.com>\r\nTo: support@acme.example\r\nSubject: Out of office\r\nMessage-ID: <b@example.com>\r\n\
             Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
        )
        .await;
    let blank =
        test.mail("From: c@example.com\r\nTo: support@acme.example\r\nMessage-ID: <c@example.com>\r\n\r\n\r\n").await;
    let blocked =
        test.mail("From: d@offers.blocked.example\r\nSubject: hi\r\nMessage-ID: <d@example.com>\r\n\r\nBuy.\r\n").await;
    let noise = test.mail(vec![0xff, 0x00, 0x13, 0x37, 0x80]).await;

    let mut ends = Vec::new();
    for taken in [&question, &out_of_office, &blank, &blocked] {
        ends.push(scope.message(ids(taken).0).await.unwrap().outcome);
    }
    assert_eq!(ends, [Outcome::Ticket, Outcome::Automatic, Outcome::Skipped, Outcome::Skipped]);
    let Taken::Parked { message } = noise else { panic!("{noise:?}") };
    let parked = scope.message(message).await.unwrap();
    assert_eq!(parked.outcome, Outcome::Parked);
    assert_eq!(parked.reason.unwrap().to_string(), "S30 not a mail: no header could be found in it");
    assert_eq!(scope.raw(message).await.unwrap(), [0xff, 0x00, 0x13, 0x37, 0x80], "its bytes are kept");

    let trusted =
        test.mail("From: good@blocked.example\r\nSubject: hi\r\nMessage-ID: <e@example.com>\r\n\r\nBuy.\r\n").await;
    assert_eq!(scope.message(ids(&trusted).0).await.unwrap().outcome, Outcome::Ticket, "trusted beats blocked");

    // What the host screens by itself reaches no plugin.
    for taken in [&out_of_office, &blank, &blocked] {
        assert_eq!(scope.decisions(ids(taken).1).await.unwrap().len(), 0);
    }
    assert!(scope.verify_chain().await.unwrap().faults.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plugin_call_is_on_record() {
    let test = Test::new(all(), |_| {}).await;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let (_, ticket) = ids(&taken);
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let worlds: Vec<World> = decisions.iter().map(|d| d.record.world).collect();
    assert_eq!(worlds[..3], [World::Classifier, World::Router, World::Drafter]);
    assert!(worlds[3..].iter().all(|w| *w == World::Checker) && worlds.len() > 3);
    for decision in &decisions {
        assert_eq!(decision.record.error, None);
        assert_eq!(decision.record.digest.len(), 64);
        assert_eq!(decision.record.input_hash.len(), 64);
        assert!(decision.record.output.is_some());
    }
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!(row.category.as_deref(), Some("shipping"));
    assert_eq!(row.status, TicketStatus::Waiting);
    assert!(!row.evidence.is_empty(), "why here?");
    assert!(!test.tenant.scope.drafts(ticket).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_may_name_the_agent() {
    let to = |agent: &str| vec![plugin("router", "guests/grown", json!({ "agent": agent }), Grants::default())];
    let test = Test::new(to("Mei@Acme.example"), |_| {}).await;
    let agent = posthouse_store::NewAgent {
        email: "mei@acme.example".to_owned(),
        name: "Mei".to_owned(),
        role: posthouse_model::role::Role::Agent,
        password_hash: String::new(),
        language: "zh".to_owned(),
    };
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let mei = tx.add_agent(&agent, &crate::house::actor()).await.unwrap();
    tx.commit().await.unwrap();
    let (_, ticket) = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!(row.assignee, Some(mei));
    assert!(test.events().await.contains(&"ticket.assigned".to_owned()));
    let said = serde_json::to_string(&row.routing_evidence).unwrap();
    assert!(said.contains("a@example.com"), "{said}");

    let test = Test::new(to("nobody@acme.example"), |_| {}).await;
    let (_, ticket) = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!(row.assignee, None);
    let said = serde_json::to_string(&row.routing_evidence).unwrap();
    assert!(said.contains("nobody who signs in as “nobody@acme.example” works here"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_reaches_no_router_and_no_drafter() {
    let test = Test::new(all(), |config| config.screen.spam_confidence_min = 0.5).await;
    let body = "Dear Sir, we offer SEO services: rank #1 on Google, buy 10,000 backlinks, guaranteed traffic, FREE SEO audit. \
                Click here to unsubscribe from our marketing list.";
    let taken = test.mail(letter("s", "Rank #1 on Google - FREE SEO audit for your website", body)).await;
    let (message, ticket) = ids(&taken);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Spam);
    let worlds: Vec<World> =
        test.tenant.scope.decisions(ticket).await.unwrap().iter().map(|d| d.record.world).collect();
    assert_eq!(worlds, [World::Classifier]);

    // A person may take it back, and then it gets its draft.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.mark_not_spam(ticket, &crate::house::actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().status, TicketStatus::Waiting);
    assert!(!test.tenant.scope.drafts(ticket).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_cannot_be_loaded_costs_its_own_step_only() {
    let broken = plugin("classifier", "classifier", json!({ "no_such_key": 1 }), Grants::default());
    let test = Test::new(vec![broken, bundled("router")], |_| {}).await;
    let taken = test.mail(letter("a", "Where is my parcel?", "Where is it?")).await;
    let (message, ticket) = ids(&taken);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!((row.category.as_deref(), row.status), (None, TicketStatus::Waiting), "unsorted, before a person");
    assert_eq!(row.queue.as_deref(), Some("inbox"));
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let error = decisions[0].record.error.as_deref().unwrap();
    assert!(error.contains("no_such_key"), "the reason names the key: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_again_changes_nothing() {
    let test = Test::new(all(), |_| {}).await;
    let mail = letter("a", "Where is my parcel?", "Where is it?");
    let first = test.mail(mail.clone()).await;
    let events = test.events().await;
    let again = test.mail(mail).await;
    assert_eq!(again, Taken::Known { message: ids(&first).0 });
    assert_eq!(test.events().await, events);
}

#[tokio::test(flavor = "multi_thread")]
async fn routers_are_asked_until_one_names_a_queue() {
    let router = |name: &str, rules: serde_json::Value| {
        let settings = json!({ "use_default_rules": false, "rules": rules });
        plugin(name, "router", settings, Grants::default())
    };
    let clock =
        router("clock", json!([{ "name": "fast", "then": { "tags": ["fast"], "respond_within_minutes": 30 } }]));
    let places = router(
        "places",
        json!([
            { "name": "all", "then": { "queue": "inbox", "respond_within_minutes": 90, "priority": 70 } },
            { "name": "seen", "when": { "tags": ["fast"] }, "then": { "tags": ["seen"] } },
        ]),
    );
    let never = router("never", json!([{ "name": "never", "then": { "tags": ["never"] } }]));
    let test = Test::new(vec![clock, places, never], |_| {}).await;
    let (_, ticket) = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await);
    let row = test.tenant.scope.ticket(ticket).await.unwrap();
    assert_eq!((row.queue.as_deref(), row.priority), (Some("inbox"), 70));
    assert_eq!(row.tags, ["fast", "seen"], "the second saw what the first said, the third was not asked");
    assert_eq!(row.deadline, Some(START), "the earlier deadline counts: half an hour after it was sent");
    let asked: Vec<String> =
        test.tenant.scope.decisions(ticket).await.unwrap().into_iter().map(|d| d.record.plugin).collect();
    assert_eq!(asked, ["clock", "places"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_there_hides_no_ticket() {
    let rules = json!({ "default": { "queue": "nowhere" } });
    let test =
        Test::new(vec![bundled("classifier"), plugin("router", "router", rules, Grants::default())], |_| {}).await;
    let taken = test.mail(letter("a", "Where is my parcel?", "Where is it?")).await;
    assert_eq!(test.tenant.scope.ticket(ids(&taken).1).await.unwrap().queue.as_deref(), Some("inbox"));
}

/// What each mail's own triage said, in the order in which it was written.
async fn said(test: &Test) -> Vec<(i64, String)> {
    let events = test.tenant.scope.events(0, 500).await.unwrap();
    let triaged = events.into_iter().filter(|event| event.kind == "ticket.triaged");
    let data = triaged.map(|event| serde_json::from_str::<serde_json::Value>(&event.data).unwrap());
    data.map(|data| (data["message"].as_i64().unwrap(), data["category"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_of_one_ticket_are_triaged_in_turn_however_many_come_at_once() {
    let test = Test::new(all(), |_| {}).await;
    let bodies =
        ["Where is my parcel? Order 1042-88 has not arrived.", "I want my money back: please refund order 1042-88."];
    let mut messages = Vec::new();
    let mut ticket = None;
    for n in 0..12 {
        let answers = if n == 0 { String::new() } else { "In-Reply-To: <m0@example.com>\r\n".to_owned() };
        let mail = letter(&format!("m{n}"), "My order", bodies[n % 2]).replace("Date: ", &format!("{answers}Date: "));
        let (message, of) = ids(&test.take(mail).await);
        assert_eq!(*ticket.get_or_insert(of), of);
        messages.push(message.0);
    }
    test.run().await;
    let said = said(&test).await;
    assert_eq!(said.iter().map(|(message, _)| *message).collect::<Vec<_>>(), messages);
    let categories: Vec<&str> = said.iter().map(|(_, category)| category.as_str()).collect();
    assert_eq!(categories, ["shipping", "refund"].repeat(6));
    let row = test.tenant.scope.ticket(ticket.unwrap()).await.unwrap();
    assert_eq!((row.category.as_deref(), row.status), (Some("refund"), TicketStatus::Waiting));
}

/// Everything is in this queue and due an hour after it was sent.
fn within_an_hour() -> serde_json::Value {
    json!({
        "use_default_rules": false,
        "weights": { "earlier_tickets": [{ "at_least": 1, "points": 7 }], "vip": { "customers": ["example.com"], "points": 20 } },
        "rules": [{ "name": "all", "then": { "queue": "inbox", "respond_within_minutes": 60, "priority": 50, "skills": ["glass"] } }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_priority_is_a_sum_that_stands_on_the_decision() {
    let router = plugin("router", "router", within_an_hour(), Grants::default());
    let test = Test::new(vec![bundled("classifier"), router], |_| {}).await;
    let (_, first) = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await);
    let (_, second) = ids(&test.mail(letter("b", "A complaint", "The glass came broken.")).await);
    assert_ne!(first, second);
    for (ticket, priority, terms) in
        [(first, 70, vec![("base", 50), ("vip", 20)]), (second, 77, vec![("base", 50), ("history", 7), ("vip", 20)])]
    {
        assert_eq!(test.tenant.scope.ticket(ticket).await.unwrap().priority, priority);
        let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
        let routed = decisions.iter().find(|decision| decision.record.world == World::Router).unwrap();
        let routing: Routing = serde_json::from_value(routed.record.output.clone().unwrap()).unwrap();
        let said: Vec<(&str, i32)> = routing.terms().iter().map(|term| (term.reason.as_str(), term.points)).collect();
        assert_eq!(said, terms);
        // The host told the history, and tells it again when the call is made again.
        let again = rebuild(&test.tenant.scope, &test.tenant.config, &recorded(&test, ticket).await).await.unwrap();
        assert!(again.exact, "{:?}", again.doubts);
    }
}

/// The router's call on a ticket, with what it was told.
async fn recorded(test: &Test, ticket: TicketId) -> Decision {
    let query = RecordedQuery { plugin: "router", before: None, ticket: Some(ticket), limit: 1 };
    test.tenant.scope.recorded(&query).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn new_tickets_go_to_the_least_loaded_who_can_and_works_now() {
    let router = plugin("router", "router", within_an_hour(), Grants::default());
    let test = Test::new(vec![router], |config| {
        config.assign.queues = vec!["inbox".into()];
        config.crew = serde_json::from_value(json!([
            { "agent": "ann@acme.example", "skills": ["glass"] },
            { "agent": "bo@acme.example", "skills": ["glass", "wood"], "tickets_max": 1 },
            { "agent": "cy@acme.example", "skills": ["wood"] },
            { "agent": "di@acme.example", "skills": ["glass"], "languages": ["fi"] },
            { "agent": "ed@acme.example", "skills": ["glass"], "shifts": [{ "days": [], "from": "00:00", "to": "00:00" }] },
            { "agent": "nobody@acme.example", "skills": ["glass"] },
        ]))
        .unwrap();
    })
    .await;
    let mut people = Vec::new();
    for name in ["cy", "ann", "bo", "di", "ed"] {
        people.push((name, test.agent(&format!("{name}@acme.example")).await));
    }
    let mut given = Vec::new();
    for (n, subject) in
        ["My parcel", "Broken in transit", "An invoice please", "Another colour"].into_iter().enumerate()
    {
        let body = "Where is my parcel? I ordered it two weeks ago and it has not arrived yet.";
        let (_, ticket) = ids(&test.mail(letter(&format!("m{n}"), subject, body)).await);
        let row = test.tenant.scope.ticket(ticket).await.unwrap();
        given.push(people.iter().find(|(_, id)| Some(*id) == row.assignee).map(|(name, _)| *name));
    }
    assert_eq!(given, [Some("ann"), Some("bo"), Some("ann"), Some("ann")], "bo has room for one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_speaks_to_what_is_still_open_once_per_deadline() {
    let router = plugin("router", "router", within_an_hour(), Grants::default());
    let test = Test::new(vec![router], |config| {
        config.escalation = serde_json::from_value(json!([
            { "name": "soon", "minutes": -15, "priority": 80, "tag": "soon" },
            { "name": "late", "minutes": 10, "priority": 95, "tag": "late" },
            { "name": "elsewhere", "minutes": -15, "queues": ["leads"], "tag": "elsewhere" },
        ]))
        .unwrap();
    })
    .await;
    let (_, ticket) = ids(&test.mail(letter("a", "Where is my parcel?", "Where is it?")).await);
    let (_, answered) = ids(&test.mail(letter("b", "Another matter", "A question.")).await);
    let row = || async { test.tenant.scope.ticket(ticket).await.unwrap() };
    let deadline = row().await.deadline.unwrap();
    let to = |minutes: i64| Timestamp(deadline.0 + minutes * 60_000_000);

    test.at(to(-16)).await;
    assert_eq!((row().await.priority, row().await.tags.clone()), (70, vec!["skill/glass".to_owned()]));
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.mark_handled(answered, "done", &Actor::Host("test".into())).await.unwrap();
    tx.commit().await.unwrap();
    test.at(to(-15)).await;
    assert_eq!((row().await.priority, row().await.tags.len()), (80, 2));
    test.at(to(10)).await;
    let last = row().await;
    assert_eq!((last.priority, last.tags), (95, ["skill/glass", "soon", "late"].map(str::to_owned).to_vec()));
    let handled = test.tenant.scope.ticket(answered).await.unwrap();
    assert_eq!(handled.tags, ["skill/glass"], "it was answered before");
    let kinds = test.tenant.scope.events(0, 500).await.unwrap();
    assert_eq!(kinds.iter().filter(|event| event.kind == "ticket.escalated").count(), 2);
}
