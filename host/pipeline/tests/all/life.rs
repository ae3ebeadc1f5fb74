//! A plugin's life in a running house: shadow, canary, activation, roll back by hand and by itself, replay.

use crate::house::{Test, actor, bundled, ids, letter, plugin, silent_group};
use posthouse_model::TicketId;
use posthouse_model::capability::Grants;
use posthouse_model::decision::{Decision, World};
use posthouse_model::notice::NoticeKind;
use posthouse_model::release::{ReleaseState, Stage, UploadState, is_in_share};
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::life::replay;
use posthouse_store::{JobState, NewPlugin, NewRelease};
use serde_json::{Value, json};

/// Rules under which every mail about a parcel is a complaint.
fn complaints() -> Value {
    json!({ "rules": [{ "name": "parcel.complaint", "when": ["parcel-word"], "category": "complaint", "weight": 9.0 }],
            "words": { "parcel-word": { "en": ["parcel"] } } })
}

/// Installs the plugin of that name anew with other settings; its number.
async fn install(test: &Test, name: &str, settings: Value) -> i64 {
    let row = test.tenant.scope.plugins().await.unwrap().into_iter().find(|row| row.plugin.name == name).unwrap();
    let plugin = NewPlugin { settings, version: "2.0.0".to_owned(), ..row.plugin };
    let new = NewRelease { plugin, allowance: None, source: "next.phx".to_owned() };
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let number = tx.install_release(&new, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    number
}

async fn stage(test: &mut Test, name: &str, number: i64, state: ReleaseState, share: u32) {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.stage_release(name, number, state, share, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.reload().await;
}

async fn activate(test: &mut Test, name: &str, number: i64) {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.activate_release(name, number, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.reload().await;
}

/// Takes a mail through; its ticket.
async fn mail(test: &Test, n: u32) -> TicketId {
    let taken = test.mail(letter(&format!("m{n}"), &format!("Question {n}"), "Where is my parcel?")).await;
    let (message, ticket) = ids(&taken);
    assert_eq!(test.tenant.scope.message(message).await.unwrap().outcome, Outcome::Ticket);
    ticket
}

async fn decisions(test: &Test, ticket: TicketId, world: World) -> Vec<Decision> {
    let all = test.tenant.scope.decisions(ticket).await.unwrap();
    all.into_iter().filter(|decision| decision.record.world == world).collect()
}

async fn category(test: &Test, ticket: TicketId) -> Option<String> {
    test.tenant.scope.ticket(ticket).await.unwrap().category
}

async fn state(test: &Test, name: &str, number: i64) -> ReleaseState {
    let rows = test.tenant.scope.releases(name).await.unwrap();
    rows.into_iter().find(|row| row.number == number).unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_is_asked_beside_and_changes_nothing() {
    let mut test = Test::new(vec![bundled("classifier"), bundled("router")], |_| {}).await;
    let number = install(&test, "classifier", complaints()).await;
    let before = mail(&test, 0).await;
    assert_eq!(decisions(&test, before, World::Classifier).await.len(), 1, "an installed release is not called");

    stage(&mut test, "classifier", number, ReleaseState::Shadow, 0).await;
    let ticket = mail(&test, 1).await;
    assert_eq!(category(&test, ticket).await.as_deref(), Some("shipping"));
    let mut found = decisions(&test, ticket, World::Classifier).await;
    // The shadow is asked in a task of its own: which of the two is written first is nobody's promise.
    found.sort_by_key(|decision| decision.record.call.release);
    let said: Vec<_> = found
        .iter()
        .map(|d| {
            (d.record.call.stage, d.record.call.release, d.record.output.as_ref().unwrap()["category"]["value"].clone())
        })
        .collect();
    assert_eq!(said, [(Stage::Active, 1, json!("shipping")), (Stage::Shadow, number, json!("complaint"))]);
    // The very same input, so that the two can be compared.
    assert_eq!(found[0].record.input_hash, found[1].record.input_hash);
    assert_eq!(found[0].record.call.seed, found[1].record.call.seed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_answers_for_its_share_and_a_ticket_keeps_to_it() {
    let mut test = Test::new(vec![bundled("classifier")], |_| {}).await;
    let number = install(&test, "classifier", complaints()).await;
    stage(&mut test, "classifier", number, ReleaseState::Canary, 50).await;
    let mut seen = [0, 0];
    for n in 0..24 {
        let ticket = mail(&test, n).await;
        let inside = is_in_share("classifier", ticket, 50);
        seen[usize::from(inside)] += 1;
        let (expected, stage) = if inside { ("complaint", Stage::Canary) } else { ("shipping", Stage::Active) };
        assert_eq!(category(&test, ticket).await.as_deref(), Some(expected));
        let found = decisions(&test, ticket, World::Classifier).await;
        assert_eq!(found.iter().map(|d| d.record.call.stage).collect::<Vec<_>>(), [stage]);
    }
    assert!(seen[0] > 3 && seen[1] > 3, "{seen:?}");

    activate(&mut test, "classifier", number).await;
    let ticket = mail(&test, 99).await;
    assert_eq!(category(&test, ticket).await.as_deref(), Some("complaint"));
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.roll_back("classifier", None, None, "by hand", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.reload().await;
    let ticket = mail(&test, 100).await;
    assert_eq!(category(&test, ticket).await.as_deref(), Some("shipping"));
    assert!(test.tenant.scope.verify_chain().await.unwrap().faults.is_empty());
}

fn enricher(orders: &str) -> posthouse_model::config::PluginConfig {
    let grants = Grants {
        knowledge: true,
        store: Some(posthouse_model::capability::StoreAllowance { bytes: 1_000 }),
        ..Grants::default()
    };
    plugin("crm", "guests/keeper", json!({ "orders": orders }), grants)
}

async fn alerts(test: &Test) -> Vec<String> {
    let rows = test.tenant.scope.notifications(50).await.unwrap();
    let alerts = rows.into_iter().map(|row| row.notice).filter(|notice| notice.kind == NoticeKind::Alert);
    alerts.map(|notice| notice.lines.join(" ")).filter(|text| text.contains("“crm”")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_fails_costs_no_mail_its_answer_and_is_taken_back_by_itself() {
    let notify = |config: &mut posthouse_model::config::TenantConfig| config.notify.notifiers = vec!["team".to_owned()];
    let mut test = Test::new(vec![enricher("set a 1"), silent_group()], notify).await;
    let number = install(&test, "crm", json!({ "orders": "fail" })).await;
    stage(&mut test, "crm", number, ReleaseState::Canary, 100).await;
    for n in 0..5 {
        let ticket = mail(&test, n).await;
        let found = decisions(&test, ticket, World::Enricher).await;
        let said: Vec<_> = found.iter().map(|d| (d.record.call.stage, d.record.error.is_some())).collect();
        assert_eq!(said, [(Stage::Canary, true), (Stage::Active, false)], "the active one is asked after all");
    }
    assert_eq!(state(&test, "crm", number).await, ReleaseState::RolledBack);
    let told = alerts(&test).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let words = "5 of its last 5 calls failed; the last failure: the plugin gave up: told to fail";
    assert!(
        told[0].contains("The candidate 2.0.0 of plugin “crm” was taken back") && told[0].contains(words),
        "{}",
        told[0]
    );
    test.reload().await;
    let ticket = mail(&test, 9).await;
    assert_eq!(decisions(&test, ticket, World::Enricher).await.len(), 1);
    assert!(test.events().await.contains(&"plugin.release-ended".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_release_that_fails_on_probation_goes_back_by_itself() {
    let notify = |config: &mut posthouse_model::config::TenantConfig| config.notify.notifiers = vec!["team".to_owned()];
    let mut test = Test::new(vec![enricher("set a 1"), silent_group()], notify).await;
    let number = install(&test, "crm", json!({ "orders": "fail" })).await;
    activate(&mut test, "crm", number).await;
    for n in 0..5 {
        mail(&test, n).await;
    }
    assert_eq!(state(&test, "crm", number).await, ReleaseState::RolledBack);
    assert_eq!(state(&test, "crm", 1).await, ReleaseState::Active);
    test.reload().await;
    let ticket = mail(&test, 9).await;
    let found = decisions(&test, ticket, World::Enricher).await;
    assert_eq!((found.len(), found[0].record.call.release, &found[0].record.error), (1, 1, &None));
    let told = alerts(&test).await;
    assert!(told.iter().any(|text| text.contains("was rolled back to the version before")), "{told:?}");
    let settings = &test.tenant.config.plugin("crm").unwrap().settings;
    assert_eq!(settings["orders"], "set a 1", "what was applied says what is in force");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_has_served_its_probation_is_not_taken_back() {
    let mut test = Test::new(vec![enricher("set a 1")], |_| {}).await;
    let number = install(&test, "crm", json!({ "orders": "fail" })).await;
    activate(&mut test, "crm", number).await;
    test.clock.forward(posthouse_model::release::PATIENCE.probation);
    for n in 0..6 {
        mail(&test, n).await;
    }
    assert_eq!(state(&test, "crm", number).await, ReleaseState::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_says_what_would_have_been_otherwise_and_touches_nothing() {
    let mut test = Test::new(vec![bundled("classifier"), bundled("router")], |_| {}).await;
    for n in 0..6 {
        mail(&test, n).await;
    }
    for n in 6..10 {
        test.mail(letter(&format!("m{n}"), "Invoice", "Please send me the invoice.")).await;
    }
    let number = install(&test, "classifier", complaints()).await;
    let events = test.events().await.len();
    let report = replay::replay(&test.house, &test.tenant, "classifier", number, 400, |_| {}).await.unwrap();
    assert_eq!(test.events().await.len(), events);
    assert_eq!((report.calls, report.exact, report.differ), (10, 10, 6), "{report:#?}");
    assert_eq!(report.headline().split(',').next().unwrap(), "6 of 10 mails change category");
    let change = &report.aspects[0].changes[0];
    assert_eq!((change.from.as_str(), change.to.as_str(), change.calls), ("shipping", "complaint", 6));
    assert_eq!(change.tickets.len(), 5);

    // The same from the desk: a job, and the report with the release.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let job = posthouse_model::job::Job::Replay { plugin: "classifier".to_owned(), release: number };
    tx.enqueue(&job).await.unwrap();
    tx.commit().await.unwrap();
    assert!(test.tenant.scope.is_replaying("classifier").await.unwrap());
    assert!(!test.tenant.scope.is_replaying("router").await.unwrap());
    test.run().await;
    assert!(!test.tenant.scope.is_replaying("classifier").await.unwrap());
    let row = test.tenant.scope.releases("classifier").await.unwrap().remove(0);
    assert_eq!(row.replay.unwrap()["differ"], 6);

    // A router's input is what the classifier made of the mail; the same rules again differ in nothing.
    let router = install(&test, "router", json!({})).await;
    let report = replay::replay(&test.house, &test.tenant, "router", router, 3, |_| {}).await.unwrap();
    assert_eq!((report.calls, report.differ), (3, 0), "{report:#?}");
    test.reload().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_plugins_log_is_kept_with_release_and_ticket() {
    let test =
        Test::new(vec![plugin("words", "guests/reader", json!({}), Grants { log: true, ..Grants::default() })], |_| {})
            .await;
    let ticket = mail(&test, 0).await;
    let lines = test.tenant.scope.plugin_log(Some("words"), 0, 10).await.unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0].ticket, lines[0].release, lines[0].stage), (Some(ticket), 1, Stage::Active));
    assert!(lines[0].text.starts_with("line 0 "), "{}", lines[0].text);
}

#[tokio::test]
async fn what_is_handed_in_to_a_house_without_packages_is_refused_in_words() {
    let test = Test::new(vec![plugin("words", "guests/reader", json!({}), Grants::default())], |_| {}).await;
    let scope = &test.tenant.scope;
    let mut tx = scope.begin().await.unwrap();
    let id = tx.hand_in("a.phx", b"x", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let (row, content) = scope.upload(id).await.unwrap();
    assert_eq!((row.state, content), (UploadState::Refused, Vec::new()));
    assert!(row.problem.unwrap().contains("posthouse plugin install"));
    assert!(scope.jobs(JobState::Failed).await.unwrap().is_empty());
}
