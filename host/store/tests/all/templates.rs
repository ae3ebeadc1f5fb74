//! Templates of replies: kept with versions, guarded, counted, tried.

use crate::world::{START, World, address, agent, host};
use posthouse_model::capability::Grants;
use posthouse_model::decision::World as PluginWorld;
use posthouse_model::draft::{DraftProposal, Misfit};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::limits::Limits;
use posthouse_model::outbox::SubmitOutcome;
use posthouse_model::role::Role;
use posthouse_model::template::{Template, Trial, TrialState};
use posthouse_model::{DraftId, TicketId};
use posthouse_store::{
    JobState, NewAgent, NewPlugin, OutboxLease, TEMPLATE_BYTES_MAX, TEMPLATE_VERSIONS_MAX, TEMPLATES_MAX, TRIAL_LASTS,
    TRIALS_MAX, TemplateSaved, TemplateUse,
};
use serde_json::{Value, json};
use std::time::Duration;

fn template(id: &str, body: &str) -> Template {
    let front = json!({ "category": "shipping", "language": "en" }).as_object().unwrap().clone();
    Template { plugin: "drafter".into(), id: id.into(), front, body: body.into() }
}

async fn drafter(world: &World, settings: Value) {
    let digest = world.store.put_component(b"\0asm drafter").await.unwrap();
    let plugin = |name: &str, kind: PluginWorld| NewPlugin {
        name: name.into(),
        world: kind,
        version: "1".into(),
        digest: digest.clone(),
        settings: settings.clone(),
        grants: Grants::default(),
        limits: Limits::default(),
    };
    let mut tx = world.scope.begin().await.unwrap();
    let plugins = [plugin("drafter", PluginWorld::Drafter), plugin("rules", PluginWorld::Classifier)];
    tx.set_plugins(&plugins, &Actor::Operator).await.unwrap();
    tx.commit().await.unwrap();
}

async fn save(world: &World, template: &Template, base: i64) -> posthouse_store::Result<TemplateSaved> {
    let mut tx = world.scope.begin().await.unwrap();
    let saved = tx.save_template(template, base, &agent()).await?;
    tx.commit().await.map(|()| saved)
}

/// A draft of a template.
async fn proposed(world: &World, mail: &str, template: &str, body: &str) -> (TicketId, DraftId) {
    let (_, ticket) = world.waiting(mail).await;
    let mut tx = world.scope.begin().await.unwrap();
    let proposal = DraftProposal { body: body.into(), template: Some(template.into()), ..DraftProposal::default() };
    let ids = tx.add_drafts(ticket, "drafter", &[(proposal, Vec::new())], &host()).await.unwrap();
    tx.commit().await.unwrap();
    (ticket, ids[0])
}

/// Approves a draft with this text and sends it.
async fn sent(world: &World, (ticket, draft): (TicketId, DraftId), body: &str) {
    let mut approval = world.approval(ticket, draft, &format!("reply-{draft}"));
    approval.body = body.into();
    let outbox = world.approve(&approval).await.unwrap();
    let lease = world.scope.lease_outbox(outbox, "w", Duration::from_secs(60)).await.unwrap();
    let OutboxLease::Ready(mail) = lease else { panic!("{lease:?}") };
    let outcome = SubmitOutcome::Accepted { reply: "250 ok".into() };
    let mut tx = world.scope.begin().await.unwrap();
    let to = [(address("ana@customer.example"), outcome)];
    tx.settle_outbox(outbox, mail.attempt, &to, b"raw", false, &host()).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn templates_are_set_as_a_whole_and_leave_the_settings(world) {
        drafter(&world, json!({ "templates": [{ "id": "old", "category": "refund", "body": "from settings" }] })).await;
        let ids = async || world.scope.templates().await.unwrap().into_iter().map(|row| row.template.id).collect::<Vec<_>>();
        assert_eq!(ids().await, ["old"], "as an earlier host kept them");
        assert!(world.scope.templates_by_drafter().await.unwrap().is_empty());
        let set = async |templates: &[Template]| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_templates(templates, &Actor::Operator).await?;
            tx.commit().await
        };
        set(&[template("b", "1"), template("a", "1")]).await.unwrap();
        assert_eq!(ids().await, ["a", "b"], "the settings' are no more");
        world.advance(60);
        set(&[template("a", "2"), template("b", "1")]).await.unwrap();
        let rows = world.scope.templates().await.unwrap();
        assert_eq!((rows[0].version, rows[0].updated_at, rows[1].updated_at), (2, world.store.now(), START));
        assert!(!rows[0].is_from_the_desk());
        set(&[]).await.unwrap();
        assert!(ids().await.is_empty());
        assert_eq!(world.scope.templates_by_drafter().await.unwrap()["drafter"], []);
        assert!(set(&[template("a", "1"), template("a", "2")]).await.unwrap_err().to_string().contains("comes twice"));
        let kinds = world.kinds().await;
        let kinds: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("template.")).collect();
        assert_eq!(kinds, ["template.added", "template.added", "template.changed", "template.removed", "template.removed"]);
    }

    async fn a_template_written_on_the_desk_has_versions(world) {
        drafter(&world, json!({})).await;
        let applied = world.scope.tenant().await.unwrap().applied_at;
        world.advance(60);
        assert_eq!(save(&world, &template("a", "one"), 0).await.unwrap(), TemplateSaved::As(1));
        assert!(world.scope.tenant().await.unwrap().applied_at > applied, "running hosts load it anew");
        let row = world.scope.templates().await.unwrap().remove(0);
        assert!(row.is_from_the_desk() && row.changed_by == agent().as_text());
        let TemplateSaved::Changed(Some(theirs)) = save(&world, &template("a", "mine"), 0).await.unwrap() else { panic!() };
        assert_eq!(theirs.template.body, "one");
        assert_eq!(save(&world, &template("a", "one"), 1).await.unwrap(), TemplateSaved::As(1), "the same is no version");
        let mut other = template("a", "one");
        other.front.insert("country".into(), json!("AT"));
        assert_eq!(save(&world, &other, 1).await.unwrap(), TemplateSaved::As(2));

        let mut tx = world.scope.begin().await.unwrap();
        assert!(matches!(tx.remove_template("drafter", "a", 1, &agent()).await.unwrap(), TemplateSaved::Changed(Some(_))));
        assert_eq!(tx.remove_template("drafter", "a", 2, &agent()).await.unwrap(), TemplateSaved::As(3));
        assert_eq!(tx.remove_template("drafter", "a", 3, &agent()).await.unwrap(), TemplateSaved::Changed(None));
        tx.commit().await.unwrap();
        assert_eq!(save(&world, &template("a", "anew"), 0).await.unwrap(), TemplateSaved::As(4));
        let versions = world.scope.template_versions("drafter", "a").await.unwrap();
        let told: Vec<_> = versions.iter().map(|v| (v.version, v.template.as_ref().map(|t| t.body.as_str()))).collect();
        assert_eq!(told, [(4, Some("anew")), (3, None), (2, Some("one")), (1, Some("one"))]);
        assert_eq!(versions[2].template.as_ref().unwrap().country(), Some("AT"));
        for n in 0..TEMPLATE_VERSIONS_MAX {
            save(&world, &template("a", &format!("number {n}")), 4 + n).await.unwrap();
        }
        let versions = world.scope.template_versions("drafter", "a").await.unwrap();
        assert_eq!((versions.len() as i64, versions[0].version), (TEMPLATE_VERSIONS_MAX, 4 + TEMPLATE_VERSIONS_MAX));
        let other = world.other_tenant("other").await;
        assert!(other.templates().await.unwrap().is_empty() && other.template_versions("drafter", "a").await.unwrap().is_empty());
    }

    async fn what_cannot_be_a_template_is_refused(world) {
        drafter(&world, json!({})).await;
        let mut bare = template("a", "x");
        bare.front.clear();
        // Values of the fields, as JSON.
        let fields = r#""shipping""en""#.len();
        let most = "x".repeat(TEMPLATE_BYTES_MAX - fields);
        let elsewhere = |plugin: &str| Template { plugin: plugin.into(), ..template("a", "x") };
        for (bad, words) in [
            (template("a", ""), "needs a category and a text"),
            (bare, "needs a category and a text"),
            (template("../a", "x"), "cannot be the name of a file"),
            (template("a", &format!("{most}y")), "may have 262144"),
            (elsewhere("rules"), "`rules` is no drafter of this team"),
            (elsewhere("nobody"), "is no drafter of this team"),
        ] {
            let refused = save(&world, &bad, 0).await.unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
        assert_eq!(save(&world, &template("a", &most), 0).await.unwrap(), TemplateSaved::As(1));
        let all: Vec<Template> = (0..TEMPLATES_MAX).map(|n| template(&format!("t{n}"), "x")).collect();
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_templates(&all, &host()).await.unwrap();
        let refused = tx.save_template(&template("more", "x"), 0, &agent()).await.unwrap_err();
        assert_eq!(refused.to_string(), "there are 2000 templates, which is the most: remove one first");
        assert_eq!(tx.save_template(&template("t7", "y"), 1, &agent()).await.unwrap(), TemplateSaved::As(2));
    }

    async fn templates_of_an_earlier_host_are_taken_over_with_the_first_change(world) {
        let old = |id: &str| json!({ "id": id, "category": "refund", "body": ["One", "Two"] });
        drafter(&world, json!({ "templates": [old("a"), old("b")] })).await;
        let row = world.scope.templates().await.unwrap().remove(0);
        assert_eq!((row.version, row.changed_by.as_str(), row.template.body.as_str()), (1, "", "One\n\nTwo"));
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.remove_template("drafter", "a", 1, &agent()).await.unwrap(), TemplateSaved::As(2));
        tx.commit().await.unwrap();
        let rows = world.scope.templates().await.unwrap();
        assert_eq!(rows.iter().map(|row| row.template.id.as_str()).collect::<Vec<_>>(), ["b"]);
        let by = world.scope.templates_by_drafter().await.unwrap();
        assert_eq!(by["drafter"], rows, "and they are what the drafter is loaded with");
        let versions = world.scope.template_versions("drafter", "a").await.unwrap();
        assert_eq!(versions[1].template.as_ref().unwrap().body, "One\n\nTwo");
    }

    async fn what_becomes_of_drafts_is_counted(world) {
        let text = "Hello Ana, your parcel is on its way and comes soon.";
        let words: Vec<&str> = text.split(' ').collect();
        sent(&world, proposed(&world, "a@x", "late", text).await, text).await;
        sent(&world, proposed(&world, "b@x", "late", text).await, &text.replace("soon", "tomorrow")).await;
        sent(&world, proposed(&world, "c@x", "late", text).await, "Something else altogether was written here instead.").await;
        let (ticket, draft) = proposed(&world, "d@x", "late", text).await;
        // Approved, taken back, and approved again it was taken once and never sent.
        for id in ["one", "two"] {
            let mut approval = world.approval(ticket, draft, id);
            approval.body = text.into();
            approval.undo = Duration::from_secs(60);
            let outbox = world.approve(&approval).await.unwrap();
            let mut tx = world.scope.begin().await.unwrap();
            tx.cancel_send(outbox, &agent()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let (_, left) = proposed(&world, "e@x", "late", text).await;
        proposed(&world, "f@x", "other", text).await;
        let mut tx = world.scope.begin().await.unwrap();
        tx.say_misfit(left, Misfit::Tone, "", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        let uses = world.scope.template_use(30).await.unwrap();
        let late = TemplateUse {
            plugin: "drafter".into(),
            template: "late".into(),
            proposed: 5,
            taken: 4,
            unedited: 1,
            edited: 2,
            // One word of eleven, of both texts: 9 %.
            median_changed: Some(10),
            misfits: 1,
        };
        assert_eq!((words.len(), &uses[0]), (11, &late));
        assert_eq!((uses.len(), uses[1].template.as_str(), uses[1].proposed, uses[1].misfits), (2, "other", 1, 0));

        world.advance(29 * 24 * 3_600);
        assert_eq!(world.scope.template_use(30).await.unwrap()[0], late, "the first of thirty days");
        world.advance(24 * 3_600);
        assert!(world.scope.template_use(30).await.unwrap().is_empty());
        assert_eq!(world.scope.template_use(90).await.unwrap()[0], late);
        world.advance(371 * 24 * 3_600);
        sent(&world, proposed(&world, "g@x", "late", text).await, text).await;
        assert_eq!(world.scope.template_use(10_000).await.unwrap()[0].proposed, 1, "older counts are gone");
        assert!(world.other_tenant("other").await.template_use(90).await.unwrap().is_empty());
    }

    async fn a_template_is_tried_and_forgotten(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let mut tx = world.scope.begin().await.unwrap();
        let new = |email: &str| NewAgent {
            email: email.into(),
            name: "Li".into(),
            role: Role::Lead,
            password_hash: "x".into(),
            language: "en".into(),
        };
        let (li, wu) = (
            tx.add_agent(&new("li@shop.example"), &host()).await.unwrap(),
            tx.add_agent(&new("wu@shop.example"), &host()).await.unwrap(),
        );
        let events = world.kinds().await.len();
        let first = tx.try_template(li, ticket, &template("a", "Hi")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.kinds().await.len(), events + 2, "the agents; a trial changes nothing");
        let jobs = world.scope.jobs(JobState::Queued).await.unwrap();
        assert!(jobs.iter().any(|job| job.job == Job::TryTemplate { trial: first }));
        let row = world.scope.template_trial(first, Some(li)).await.unwrap();
        assert_eq!((row.ticket, row.template, row.state), (ticket, template("a", "Hi"), TrialState::Waiting));
        assert!(world.scope.template_trial(first, Some(wu)).await.is_err(), "it is hers");
        assert!(world.other_tenant("other").await.template_trial(first, None).await.is_err());
        let result = Trial { place: Some(1), ..Trial::default() };
        let mut tx = world.scope.begin().await.unwrap();
        tx.template_tried(first, &result).await.unwrap();
        for n in 0..TRIALS_MAX {
            tx.try_template(wu, ticket, &template("a", &n.to_string())).await.unwrap();
        }
        tx.commit().await.unwrap();
        let row = world.scope.template_trial(first, None).await.unwrap();
        assert_eq!((row.state, row.result), (TrialState::Done, result), "her own are not so many");
        let mut tx = world.scope.begin().await.unwrap();
        let last = tx.try_template(wu, ticket, &template("a", "last")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.scope.template_trial(first + 1, None).await.is_err(), "the oldest of hers went");
        assert!(world.scope.template_trial(first + 2, None).await.is_ok());
        world.advance(TRIAL_LASTS.as_secs());
        assert!(world.scope.template_trial(last, Some(wu)).await.is_err());
    }

    async fn replies_are_beside_what_was_proposed(world) {
        sent(&world, proposed(&world, "a@x", "shipping-de", "one two three").await, "one two").await;
        sent(&world, proposed(&world, "b@x", "refund-de", "other").await, "other").await;
        proposed(&world, "c@x", "shipping-de", "not sent").await;
        let replies = world.scope.template_replies("drafter", "shipping-de").await.unwrap();
        let told: Vec<_> = replies.iter().map(|reply| (reply.proposed.as_str(), reply.sent.as_str())).collect();
        assert_eq!(told, [("one two three", "one two")]);
        assert!(world.scope.template_replies("another", "shipping-de").await.unwrap().is_empty());
        let other = world.other_tenant("other").await;
        assert!(other.template_replies("drafter", "shipping-de").await.unwrap().is_empty());
    }
}
