//! The page of webhooks: what each was told, told again, turned on again.

use crate::support::{House, host};
use http::StatusCode;
use posthouse_model::config::{SecretRef, TenantConfig, WebhookConfig, WebhookEvent};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_store::{JobState, NewDelivery, NewTenant, Told};

#[tokio::test]
async fn an_admin_sees_what_was_told_and_tells_it_again() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    assert!(eve.get(&luma.path("/webhooks")).await.text.contains("There is none yet."));
    let mut config = TenantConfig::new("luma", "Team luma");
    config.webhooks.push(WebhookConfig {
        name: "crm".into(),
        url: "https://crm.example/hook".into(),
        events: vec![],
        secret: SecretRef { secret: "crm".into() },
        old_secret: None,
        private: false,
        enabled: true,
    });
    let tenant = NewTenant {
        slug: "luma".into(),
        name: config.name.clone(),
        language: "en".into(),
        time_zone: "UTC".into(),
        settings: serde_json::to_value(&config).unwrap(),
        digest: "webhooks".into(),
    };
    house.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
    assert!(eve.get(&luma.path("/webhooks")).await.text.contains("Nothing yet."));
    let new = NewDelivery { webhook: "crm".into(), seq: 7, kind: WebhookEvent::TicketOpened, body: "{}".into() };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.follow_webhook("crm", 7).await.unwrap();
    tx.add_deliveries(&[new]).await.unwrap();
    tx.commit().await.unwrap();
    let row = luma.scope.deliveries("crm", 1).await.unwrap().remove(0);
    let told = Told { taken: false, status: Some(410), answer: "<b>gone</b>".into() };
    let mut tx = luma.scope.begin().await.unwrap();
    assert!(tx.told_webhook(&row, &told, &host()).await.unwrap());
    tx.give_up_delivery(row.id, "gone").await.unwrap();
    tx.commit().await.unwrap();
    let page = eve.get(&luma.path("/webhooks")).await;
    for words in ["ticket.opened", "given up", "410", "&lt;b&gt;gone&lt;/b&gt;", "turned off since"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let csrf = page.field("csrf");
    let on = eve.post(&luma.path("/webhooks"), &[("csrf", &csrf), ("on", "crm")]).await;
    assert!(eve.get(on.location()).await.text.contains("It is on again"));
    assert_eq!(luma.scope.webhooks().await.unwrap()[0].disabled_at, None);
    let again = eve.post(&luma.path("/webhooks"), &[("csrf", &csrf), ("again", &row.id.to_string())]).await;
    let page = eve.get(again.location()).await;
    assert!(page.text.contains("It is being told again.") && page.text.contains("waits"), "{}", page.text);
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|job| job.job == Job::Deliver { delivery: row.id }));
    let test = eve.post(&luma.path("/webhooks"), &[("csrf", &csrf), ("test", "crm")]).await;
    assert!(eve.get(test.location()).await.text.contains("A test is on its way."));
    let events = luma.scope.events(0, 500).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "webhook.tested" && event.subject == "webhook:crm"));
    for fields in
        [("again", "999"), ("nothing", "1"), ("test", "another")].map(|field| [("csrf", csrf.as_str()), field])
    {
        assert_eq!(eve.post(&luma.path("/webhooks"), &fields).await.status, StatusCode::NOT_FOUND);
    }
}
