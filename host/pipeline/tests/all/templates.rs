//! Templates written on the desk, through the whole pipeline: in force, tried, and never in the way of drafts.

use crate::house::{Test, bundled, ids, letter, plugin};
use posthouse_model::capability::Grants;
use posthouse_model::role::Role;
use posthouse_model::template::{Template, Trial, TrialState};
use posthouse_model::{AgentId, TicketId};
use posthouse_store::{NewAgent, TemplateSaved};
use serde_json::{Value, json};

fn template(id: &str, front: &Value, body: &str) -> Template {
    Template { plugin: "drafter".into(), id: id.into(), front: front.as_object().unwrap().clone(), body: body.into() }
}

async fn save(test: &Test, template: &Template, base: i64) {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let saved = tx.save_template(template, base, &crate::house::actor()).await.unwrap();
    assert!(matches!(saved, TemplateSaved::As(_)), "{saved:?}");
    tx.commit().await.unwrap();
}

/// Templates and texts of the drafts that a new mail gets.
async fn drafts(test: &Test, id: &str) -> (TicketId, Vec<(String, String)>) {
    let (_, ticket) =
        ids(&test.mail(letter(id, "A question", "Hello, I have a question about your shop. Thank you!")).await);
    let drafts = test.tenant.scope.drafts(ticket).await.unwrap().into_iter().map(|row| row.proposal);
    (ticket, drafts.map(|one| (one.template.unwrap_or_default(), one.body)).collect())
}

async fn lead(test: &Test) -> AgentId {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let new = NewAgent {
        email: "mei@acme.example".into(),
        name: "Mei".into(),
        role: Role::Lead,
        password_hash: "x".into(),
        language: "en".into(),
    };
    let id = tx.add_agent(&new, &crate::house::actor()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn tried(test: &Test, by: AgentId, ticket: TicketId, template: &Template) -> Trial {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let id = tx.try_template(by, ticket, template).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let row = test.tenant.scope.template_trial(id, Some(by)).await.unwrap();
    assert_eq!(row.state, TrialState::Done);
    row.result
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_on_the_desk_is_what_the_next_mail_gets() {
    let mut test = Test::new(vec![bundled("drafter")], |_| {}).await;
    let (_, before) = drafts(&test, "a").await;
    assert_eq!(before[0].0, "other-en");
    let other = json!({ "category": "other", "language": "en" });
    save(&test, &template("mine", &other, "Dear {{customer_name|friend}}, {{eta}}"), 0).await;
    test.reload().await;
    let (_, now) = drafts(&test, "b").await;
    assert_eq!(now[0], ("mine".to_owned(), "Dear Mary Walker, {{eta}}".to_owned()));

    // One that its drafter cannot read, by whatever way it came there, costs nobody a draft.
    save(&test, &template("mine", &other, "Dear {{#if"), 1).await;
    test.reload().await;
    let (_, now) = drafts(&test, "c").await;
    assert_eq!(now[0].0, "other-en");
    // Nor does it take those of the folder with it.
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.set_templates(&[template("folder", &other, "From the folder")], &posthouse_model::event::Actor::Operator)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    save(&test, &template("mine", &other, "Dear {{#if"), 0).await;
    test.reload().await;
    assert_eq!(drafts(&test, "d").await.1[0].0, "folder");

    let uses = test.tenant.scope.template_use(30).await.unwrap();
    let counts: Vec<_> = uses.iter().map(|one| (one.template.as_str(), one.proposed)).collect();
    assert_eq!(counts, [("folder", 1), ("mine", 1), ("other-en", 4)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_an_earlier_host_are_used_until_the_first_change() {
    let old = json!({ "templates": [{ "id": "old", "category": "other", "language": "en", "body": ["One", "Two"] }] });
    let mut test = Test::new(vec![plugin("drafter", "drafter", old, Grants::default())], |_| {}).await;
    assert_eq!(drafts(&test, "a").await.1[0], ("old".to_owned(), "One\n\nTwo".to_owned()));
    save(&test, &template("old", &json!({ "category": "other", "language": "en" }), "Three"), 1).await;
    test.reload().await;
    assert_eq!(drafts(&test, "b").await.1[0], ("old".to_owned(), "Three".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_tried_on_a_ticket_and_nothing_comes_of_it() {
    let settings = json!({ "variables": { "shop_name": "Acme Outdoor" } });
    let test = Test::new(vec![plugin("drafter", "drafter", settings, Grants::default())], |_| {}).await;
    let (ticket, _) = drafts(&test, "a").await;
    let mei = lead(&test).await;
    let before = (test.events().await, test.tenant.scope.decisions(ticket).await.unwrap().len());

    let fits = template(
        "mine",
        &json!({ "category": "other", "language": "en" }),
        "{{customer_name}} of {{shop_name}}: {{eta}}",
    );
    let trial = tried(&test, mei, ticket, &fits).await;
    let proposal = trial.proposal.unwrap();
    assert_eq!((trial.place, trial.problem), (Some(1), None));
    assert_eq!(proposal.body, "Mary Walker of Acme Outdoor: {{eta}}");
    assert_eq!(proposal.unfilled, ["eta"]);
    let filled: Vec<_> = proposal.filled.iter().map(|one| (one.variable.as_str(), one.value.as_str())).collect();
    assert_eq!(filled, [("customer_name", "Mary Walker"), ("shop_name", "Acme Outdoor")]);

    // For another kind of ticket it says what it would say all the same, and which the ticket would get.
    let front = json!({ "category": "refund", "language": "fr", "country": "FR", "needs": ["order_status"] });
    let trial = tried(&test, mei, ticket, &template("refund", &front, "Bonjour {{customer_name}}")).await;
    assert_eq!((trial.place, trial.chosen), (None, vec!["other-en".to_owned()]));
    assert_eq!(trial.proposal.unwrap().body, "Bonjour Mary Walker");

    let trial = tried(&test, mei, ticket, &template("mine", &json!({ "category": "other" }), "{{#if")).await;
    assert!(trial.proposal.is_none());
    assert!(trial.problem.unwrap().contains("never closed"));
    let elsewhere = Template { plugin: "gone".into(), ..fits };
    assert_eq!(tried(&test, mei, ticket, &elsewhere).await.problem.unwrap(), "there is no plugin `gone`");

    let after = (test.events().await, test.tenant.scope.decisions(ticket).await.unwrap().len());
    assert_eq!(after, before, "nothing is stored of it");
    assert!(test.tenant.scope.templates().await.unwrap().is_empty());
}
