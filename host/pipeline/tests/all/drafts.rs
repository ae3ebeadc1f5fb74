use crate::house::{Test, actor, bundled, ids, letter, plugin};
use posthouse_model::capability::Grants;
use posthouse_model::config::ModelConfig;
use posthouse_model::decision::World;
use posthouse_model::draft::DraftOrigin;
use posthouse_model::job::Job;
use posthouse_store::{DraftEdit, NewReplyFile};
use serde_json::json;

/// A text that a person saved is looked at like a drafter's: what was found stands with the text it was found in.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_text_is_checked_again() {
    let test = Test::new(["classifier", "router", "drafter", "checker"].map(bundled).to_vec(), |_| {}).await;
    let scope = &test.tenant.scope;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let (_, ticket) = ids(&taken);
    let save = async |base, body: &str| {
        let mut tx = scope.begin().await.unwrap();
        let edit = DraftEdit { base: Some(base), subject: None, body: body.to_owned() };
        let id = tx.edit_draft(ticket, &edit, &actor()).await.unwrap().id;
        tx.enqueue(&Job::Check { draft: id }).await.unwrap();
        tx.commit().await.unwrap();
        id
    };
    let proposed = scope.drafts(ticket).await.unwrap()[0].id;
    let leaking = save(proposed, "Dear Mary,\n\nyour key is AKIAIOSFODNN7EXAMPLE.").await;
    assert_eq!(scope.draft(leaking).await.unwrap().checks, []);
    test.run().await;
    let checks = scope.draft(leaking).await.unwrap().checks;
    assert!(checks.iter().any(|finding| finding.blocks), "{checks:?}");

    let checked = async || {
        let events = scope.ticket_detail(1).await.unwrap().events;
        events.into_iter().filter(|event| event.kind == "draft.checked").map(|event| event.data).collect::<Vec<_>>()
    };
    let harmless = save(leaking, "Dear Mary,\n\nyour parcel 1042-88 is on its way.").await;
    test.run().await;
    assert_eq!(scope.draft(harmless).await.unwrap().checks, []);
    assert_eq!(checked().await.len(), 2, "that nothing was found is on record too");
    let decisions = scope.decisions(ticket).await.unwrap();
    let calls = decisions.iter().filter(|d| d.record.world == World::Checker).count();

    // A text that was saved over before its turn came is not looked at any more.
    let hasty = save(harmless, "Dear Mary").await;
    let last = save(hasty, "Dear Mary, it is on its way").await;
    test.run().await;
    assert_eq!(checked().await.len(), 3);
    assert!(checked().await[2].contains(&format!("\"draft\":{last}")));
    let decisions = scope.decisions(ticket).await.unwrap();
    assert_eq!(decisions.iter().filter(|d| d.record.world == World::Checker).count(), calls + 1);
}

/// Whether a file goes along is known to the checks, of a draft and of what is about to go out, and when they are made again.
#[tokio::test(flavor = "multi_thread")]
async fn checks_know_of_the_files() {
    let test = Test::new(["classifier", "router", "drafter", "checker"].map(bundled).to_vec(), |_| {}).await;
    let scope = &test.tenant.scope;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let (_, ticket) = ids(&taken);
    let body = "Dear Mary,\n\nthe label is attached.";
    let mut tx = scope.begin().await.unwrap();
    let base = scope.drafts(ticket).await.unwrap()[0].id;
    let edit = DraftEdit { base: Some(base), subject: None, body: body.to_owned() };
    let draft = tx.edit_draft(ticket, &edit, &actor()).await.unwrap().id;
    tx.enqueue(&Job::Check { draft }).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let checks = scope.draft(draft).await.unwrap().checks;
    assert_eq!(checks.len(), 1, "{checks:?}");
    assert_eq!((checks[0].code.as_str(), checks[0].blocks), ("missing-attachment", false));
    assert_eq!(checks[0].span.unwrap().slice(body), Some("is attached"));

    let mut tx = scope.begin().await.unwrap();
    let file = NewReplyFile { name: "label.pdf", media_type: "application/pdf", content: b"%PDF-" };
    tx.add_reply_file(ticket, &file, &actor()).await.unwrap();
    tx.enqueue(&Job::Check { draft }).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert_eq!(scope.draft(draft).await.unwrap().checks, []);
    let decisions = scope.decisions(ticket).await.unwrap();
    let checked = decisions.iter().rfind(|decision| decision.record.world == World::Checker).unwrap();
    let rebuilt = posthouse_pipeline::rebuild::rebuild(scope, &test.tenant.config, checked).await.unwrap();
    assert!(rebuilt.exact, "{rebuilt:#?}");

    let outbox = crate::sending::approve(&test, ticket, &format!("{body} See you.")).await;
    assert_eq!(scope.outbox_file_names(outbox).await.unwrap(), ["label.pdf"]);
    test.clock.forward(std::time::Duration::from_secs(10));
    test.run().await;
    assert!(scope.outbox(outbox).await.unwrap().state == posthouse_model::outbox::OutboxState::Sent);
    let decisions = scope.decisions(ticket).await.unwrap();
    let checked = decisions.iter().rfind(|decision| decision.record.world == World::Checker).unwrap();
    let findings = &checked.record.output.as_ref().unwrap()["findings"];
    assert_eq!(findings, &json!([]), "what went out had its file");
}

fn with_model() -> Vec<posthouse_model::config::PluginConfig> {
    let grants = Grants { model: Some(Default::default()), ..Grants::default() };
    vec![
        bundled("classifier"),
        bundled("router"),
        plugin("drafter", "drafter-model", json!({ "model": { "enabled": true } }), grants),
    ]
}

fn model(base_url: &str, tokens_per_day: u64) -> ModelConfig {
    serde_json::from_value(json!({
        "base_url": base_url, "model": "m", "plain_http": true, "tokens_per_day": tokens_per_day, "timeout_seconds": 2
    }))
    .unwrap()
}

/// Whatever is the matter with the model, the template stands and the record says why.
async fn template_stands(model: Option<ModelConfig>) -> Vec<String> {
    let test = Test::new(with_model(), |config| config.model = model).await;
    let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived. Where is it?")).await;
    let (_, ticket) = ids(&taken);
    let drafts = test.tenant.scope.drafts(ticket).await.unwrap();
    assert_eq!(drafts[0].origin, DraftOrigin::Template);
    assert!(drafts[0].proposal.body.contains("1042-88"), "{}", drafts[0].proposal.body);
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    let drafted = decisions.iter().find(|d| d.record.world == World::Drafter).unwrap();
    drafted.record.host_calls.iter().map(|call| call.outcome.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_the_template_stands() {
    template_stands(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_budget_the_template_stands() {
    template_stands(Some(model("http://127.0.0.1:9/v1", 1))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_dead_model_the_template_stands() {
    let outcomes = template_stands(Some(model("http://127.0.0.1:9/v1", 1_000_000))).await;
    assert!(!outcomes.is_empty(), "the call is on record");
}

/// Whatever is the matter with the model, the page can say what.
#[tokio::test(flavor = "multi_thread")]
async fn a_translation_that_cannot_be_made_says_why() {
    use posthouse_model::translation::{TranslationOf, TranslationState, TranslationTrouble};
    for (set_up, trouble) in [
        (None, TranslationTrouble::NotConfigured),
        (Some(model("http://127.0.0.1:9/v1", 1)), TranslationTrouble::OverBudget),
        (Some(model("http://127.0.0.1:9/v1", 1_000_000)), TranslationTrouble::Unavailable),
    ] {
        let test = Test::new(["classifier", "router"].map(bundled).to_vec(), |config| config.model = set_up).await;
        let taken = test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived.")).await;
        let (message, ticket) = ids(&taken);
        let mut tx = test.tenant.scope.begin().await.unwrap();
        tx.ask_translation(TranslationOf::Message(message), "zh", &actor()).await.unwrap();
        tx.commit().await.unwrap();
        test.run().await;
        let rows = test.tenant.scope.translations(ticket, "zh").await.unwrap();
        assert_eq!((rows[0].state, rows[0].trouble), (TranslationState::Failed, Some(trouble)), "{rows:?}");
    }
}
