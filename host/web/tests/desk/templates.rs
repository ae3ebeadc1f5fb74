//! Templates of replies: who reads them, who writes them, what is refused, and trying one on a ticket.

use crate::support::{House, Team, host};
use http::StatusCode;
use posthouse_model::capability::Grants;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::draft::{DraftProposal, Filled};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::limits::Limits;
use posthouse_model::template::{Template, Trial};
use posthouse_store::{JobState, NewPlugin, NewTenant};
use serde_json::json;

/// Gives a team the bundled drafter, and a template from its folder.
pub async fn with_drafter(house: &House, team: &Team) {
    let digest = house.store.put_component(b"\0asm drafter").await.unwrap();
    let row = team.scope.tenant().await.unwrap();
    let mut config: TenantConfig = serde_json::from_value(row.tenant.settings.clone()).unwrap();
    config.plugins = vec![PluginConfig::new("drafter", None)];
    let again = NewTenant { settings: serde_json::to_value(&config).unwrap(), digest: "2".into(), ..row.tenant };
    house.store.upsert_tenant(&again, &Actor::Operator).await.unwrap();
    let plugin = NewPlugin {
        name: "drafter".into(),
        world: World::Drafter,
        version: "1".into(),
        digest,
        settings: json!({ "variables": { "return_days": "30" } }),
        grants: Grants::default(),
        limits: Limits::default(),
    };
    let mut tx = team.scope.begin().await.unwrap();
    tx.set_plugins(&[plugin], &host()).await.unwrap();
    tx.set_templates(&[template("late.es", "Hola: {{order_status}}. <script>Secret words of luma</script>")], &host())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn template(id: &str, body: &str) -> Template {
    let front = json!({ "category": "shipping", "language": "es", "tone": "warm" });
    Template { plugin: "drafter".into(), id: id.into(), front: front.as_object().unwrap().clone(), body: body.into() }
}

const LATE: &str = "/templates/template?plugin=drafter&id=late.es";

fn form<'a>(csrf: &'a str, version: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("csrf", csrf),
        ("plugin", "drafter"),
        ("id", "late.es"),
        ("version", version),
        ("category", "shipping"),
        ("language", "es"),
        ("body", body),
    ]
}

#[tokio::test]
async fn everybody_reads_and_leads_write() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    with_drafter(&house, &luma).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let list = jun.get(&luma.path("/templates")).await.text;
    assert!(list.contains("late.es") && list.contains("shipping-de") && list.contains("Come with Posthouse"), "{list}");
    assert!(!list.contains("New template") && !list.contains("<script>Secret"), "{list}");
    let narrowed = jun.get(&luma.path("/templates?language=de&category=refund")).await.text;
    assert!(narrowed.contains("refund-de") && !narrowed.contains(">late.es") && !narrowed.contains(">shipping-de"));
    let page = jun.get(&luma.path(LATE)).await;
    assert!(page.text.contains("&lt;script&gt;Secret") && !page.text.contains("<textarea"), "{}", page.text);
    for path in ["id=nothing&plugin=drafter", "id=late.es&plugin=router", "id=../x&plugin=drafter", ""] {
        let answer = jun.get(&luma.path(&format!("/templates/template?{path}"))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let csrf = jun.csrf(&luma).await;
    for verb in ["save", "remove", "restore", "try"] {
        let answer = jun.post(&luma.path(&format!("/templates/{verb}")), &form(&csrf, "1", "x")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
    }

    let (mut mei, mut eve) = (house.signed_in(&luma, "mei").await, house.signed_in(&luma, "eve").await);
    let (mine, hers) = (mei.csrf(&luma).await, eve.csrf(&luma).await);
    let mut fields = form(&mine, "1", "Hola {{customer_name|amigo}}:\r\n\r\n{{order_status}}");
    fields.extend([("country", "mx"), ("needs", "order_status, carrier"), ("subject", "Su pedido")]);
    let saved = mei.post(&luma.path("/templates/save"), &fields).await;
    assert_eq!(saved.location(), "/t/luma/templates/template?plugin=drafter&id=late.es&done=template-saved");
    let row = luma.scope.templates().await.unwrap().remove(0);
    assert_eq!((row.version, row.changed_by.as_str()), (2, "agent:mei@luma.example"));
    assert_eq!(
        serde_json::Value::Object(row.template.front),
        json!({"category": "shipping", "language": "es", "tone": "warm", "country": "MX",
            "needs": ["order_status", "carrier"], "subject": "Su pedido"}),
        "what the editor does not show stays"
    );
    assert_eq!(row.template.body, "Hola {{customer_name|amigo}}:\n\n{{order_status}}");

    // Eve had the first version open.
    let late = eve.post(&luma.path("/templates/save"), &form(&hers, "1", "¿Qué tal?")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("mei@luma.example changed this template") && late.text.contains("country: MX"));
    assert!(late.editor() == "¿Qué tal?" && late.field("version") == "2", "{}", late.text);
    let look = mei.get(&luma.path(&format!("{LATE}&version=1"))).await.text;
    assert!(look.contains("country: MX</ins>") && look.contains("Secret words of luma&lt;/script&gt;</del>"), "{look}");
    let back = [("csrf", mine.as_str()), ("plugin", "drafter"), ("id", "late.es"), ("version", "2"), ("earlier", "1")];
    mei.post(&luma.path("/templates/restore"), &back).await;
    let row = luma.scope.templates().await.unwrap().remove(0);
    assert_eq!((row.version, row.template.country(), row.template.body.starts_with("Hola: ")), (3, None, true));

    // One that comes with the host is taken over, and comes back.
    let bundled = mei.get(&luma.path("/templates/template?plugin=drafter&id=refund-de")).await;
    assert!(bundled.text.contains("This template comes with Posthouse."), "{}", bundled.text);
    let text = bundled.editor();
    assert!(text.contains("{{signoff}}"), "{text}");
    let own = [
        ("csrf", mine.as_str()),
        ("plugin", "drafter"),
        ("id", "refund-de"),
        ("version", "0"),
        ("category", "refund"),
        ("language", "de"),
        ("body", "Guten Tag"),
    ];
    mei.post(&luma.path("/templates/save"), &own).await;
    let page = mei.get(&luma.path("/templates/template?plugin=drafter&id=refund-de")).await;
    assert!(page.text.contains("stands in the place of one") && page.editor() == "Guten Tag", "{}", page.text);
    let gone = mei.post(&luma.path("/templates/remove"), &[&own[..3], &[("version", "1")]].concat()).await;
    assert_eq!(gone.location(), "/t/luma/templates?done=template-removed");
    let page = mei.get(&luma.path("/templates/template?plugin=drafter&id=refund-de")).await;
    assert_eq!(page.editor(), text);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place_and_nothing_is_lost() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    with_drafter(&house, &luma).await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let csrf = mei.csrf(&luma).await;
    let mut save = async |fields: Vec<(&str, &str)>| mei.post(&luma.path("/templates/save"), &fields).await;
    for (body, words) in [
        (
            "Hola\n{{#if order_status}}x",
            "Line 2, character 1: This block has no end. Write {{/if}} where it is to end.",
        ),
        ("a {{b c}}", "Line 1, character 3: {{b c}} is not a variable&#39;s name."),
        ("x{{/if}}", "character 2: {{/if}} ends a block that does not begin."),
        ("{{#each a}}", "There are #if, #unless and #alt."),
        ("{{a", "{{a is never closed. Write }} after the name."),
        ("", "needs a category and a text"),
    ] {
        let refused = save(form(&csrf, "1", body)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let text = refused.text.replace("&#39;", "'");
        assert!(text.contains(&words.replace("&#39;", "'")), "{body}: {text}");
        assert_eq!(refused.editor(), body);
    }
    let mut subject = form(&csrf, "1", "fine");
    subject.push(("subject", "Re {{x y}}"));
    assert!(save(subject).await.text.contains("Subject · Line 1, character 4"));
    let mut country = form(&csrf, "1", "fine");
    country.push(("country", "ESP"));
    assert!(save(country).await.text.contains("A country is two letters"));
    let mut none = form(&csrf, "1", "fine");
    none[4].1 = " ";
    assert!(save(none).await.text.contains("Say which category"));
    assert_eq!(luma.scope.templates().await.unwrap()[0].version, 1, "nothing was written");

    // What nothing fills is a warning, and it is saved.
    let body = "{{greeting}} {{return_days}} {{#if eta}}{{eta}}{{/if}} {{eta}} {{loyalty_level}} {{missing_photo|}}";
    assert_eq!(save(form(&csrf, "1", body)).await.status, StatusCode::SEE_OTHER);
    let page = mei.get(&luma.path(LATE)).await.text;
    assert!(page.contains("names fills {{eta}}, {{loyalty_level}}."), "{page}");

    for bad in ["name=../x", "name=A", "name=", "name=a.de"] {
        let refused = mei.get(&luma.path(&format!("/templates/new?plugin=drafter&{bad}"))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let new = mei.get(&luma.path("/templates/new?plugin=drafter&name=a/b&category=refund&language=fr")).await;
    assert_eq!((new.status, new.field("version").as_str(), new.field("id").as_str()), (StatusCode::OK, "0", "a/b"));
    assert!(
        new.text.contains("value=\"refund\" selected") && new.text.contains("value=\"fr\" selected"),
        "{}",
        new.text
    );
    assert_eq!(mei.get(&luma.path("/templates/new?plugin=nobody&name=a")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_template_is_tried_on_a_ticket_before_it_is_saved() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    with_drafter(&house, &luma).await;
    let waiting = luma.waiting("one").await;
    let (mut mei, mut eve) = (house.signed_in(&luma, "mei").await, house.signed_in(&luma, "eve").await);
    let csrf = mei.csrf(&luma).await;
    let page = mei.get(&luma.path(LATE)).await.text;
    assert!(page.contains(&format!("<option value=\"{}\"", waiting.number)), "it is offered: {page}");
    let number = format!("#{}", waiting.number);
    let mut fields = form(&csrf, "1", "Hola {{customer_name}}, {{eta}}");
    fields.push(("number", &number));

    // A worker answers while the request waits.
    let scope = luma.scope.clone();
    let worker = tokio::spawn(async move {
        let mut changes = scope.changes();
        loop {
            changes.mark_unchanged();
            let jobs = scope.jobs(JobState::Queued).await.unwrap();
            if let Some(Job::TryTemplate { trial }) =
                jobs.iter().map(|job| job.job.clone()).find(|job| job.kind() == "try-template")
            {
                let row = scope.template_trial(trial, None).await.unwrap();
                assert_eq!(row.template.body, "Hola {{customer_name}}, {{eta}}");
                let proposal = DraftProposal {
                    body: "Hola <b>Ana</b>, {{eta}}".into(),
                    template: Some("late.es".into()),
                    filled: vec![Filled { variable: "customer_name".into(), value: "<b>Ana</b>".into() }],
                    unfilled: vec!["eta".into()],
                    ..DraftProposal::default()
                };
                let result = Trial { proposal: Some(proposal), place: Some(2), ..Trial::default() };
                let mut tx = scope.begin().await.unwrap();
                tx.template_tried(trial, &result).await.unwrap();
                tx.commit().await.unwrap();
                return;
            }
            changes.changed().await.unwrap();
        }
    });
    let sent = mei.post(&luma.path("/templates/try"), &fields).await;
    worker.await.unwrap();
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let tried = mei.get(sent.location().split('#').next().unwrap()).await;
    assert!(tried.text.contains("It would be draft 2."), "{}", tried.text);
    assert!(
        tried.text.contains("<span class=\"var\" title=\"customer_name\">&lt;b&gt;Ana&lt;/b&gt;</span>"),
        "{}",
        tried.text
    );
    assert!(tried.text.contains("<mark class=\"open\">{{eta}}</mark>"), "{}", tried.text);
    assert_eq!(tried.editor(), "Hola {{customer_name}}, {{eta}}", "what was not saved is still there");
    assert_eq!(tried.field("version"), "1");
    assert_eq!(luma.scope.templates().await.unwrap()[0].version, 1, "and it is not saved");
    // It is hers: a colleague's address with its number shows the template as it is.
    let theirs = eve.get(sent.location().split('#').next().unwrap()).await;
    assert!(!theirs.text.contains("It would be draft 2.") && theirs.editor().contains("Secret"), "{}", theirs.text);
    let after = luma.scope.ticket(waiting.ticket).await.unwrap();
    assert_eq!(after.version, luma.scope.ticket_by_number(waiting.number).await.unwrap().version);

    for (field, value) in [("number", "999999"), ("number", "x"), ("ticket", "")] {
        let mut fields = form(&csrf, "1", "Hola");
        fields.push((field, value));
        let refused = mei.post(&luma.path("/templates/try"), &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        assert!(refused.text.contains("There is no ticket of this number.") && refused.editor() == "Hola");
    }
    let wrong = mei.post(&luma.path("/templates/try"), &form(&csrf, "1", "{{#if")).await;
    assert!(wrong.text.contains("is never closed"), "{}", wrong.text);

    // A ticket of a queue that she does not see any more: neither by its number, nor by what she tried before.
    let row = luma.scope.agent_by_email("mei@luma.example").await.unwrap().unwrap();
    let queues = Some(vec!["general".to_owned()]);
    let change = posthouse_store::AgentChange { name: "Mei".into(), role: row.role, active: true, queues };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_agent(row.id, &change, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let mut fields = form(&csrf, "1", "Hola");
    fields.push(("number", &number));
    let refused = mei.post(&luma.path("/templates/try"), &fields).await;
    assert!(refused.text.contains("There is no ticket of this number."), "{}", refused.text);
    let before = mei.get(sent.location().split('#').next().unwrap()).await;
    assert_eq!(before.status, StatusCode::OK);
    assert!(!before.text.contains("It would be draft 2.") && !before.text.contains("Ana"), "{}", before.text);
}

#[tokio::test]
async fn the_list_says_what_became_of_each() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    with_drafter(&house, &luma).await;
    for id in ["a", "b", "c"] {
        luma.waiting(id).await;
    }
    let mut jun = house.signed_in(&luma, "jun").await;
    let list = jun.get(&luma.path("/templates")).await.text;
    let row = list.split("<bdi>shipping-es").nth(1).unwrap().split("</tr>").next().unwrap().to_owned();
    assert!(row.contains("data-label=\"Proposed\">3</td>"), "{row}");
    let page = jun.get(&luma.path("/templates/template?plugin=drafter&id=shipping-es")).await.text;
    assert!(page.contains("Last 90 days") && page.contains("data-label=\"Proposed\">3</td>"), "{page}");
    let unused = jun.get(&luma.path(LATE)).await.text;
    assert!(unused.contains("No draft was made from it in the last 90 days."), "{unused}");
}
