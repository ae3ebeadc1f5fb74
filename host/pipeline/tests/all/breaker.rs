//! A plugin that keeps failing is cut off, told once, and comes back.

use crate::house::{Test, ids, letter, plugin, silent_group};
use posthouse_model::capability::{Grants, StoreAllowance};
use posthouse_model::config::PluginConfig;
use posthouse_model::decision::World;
use posthouse_model::notice::NoticeKind;
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::breaker::{FAILURES_MAX, PAUSE_MIN};
use posthouse_pipeline::heartbeat;
use posthouse_store::{JobState, NotificationState};
use serde_json::json;
use std::time::Duration;

fn enricher(orders: &str) -> PluginConfig {
    let grants = Grants { knowledge: true, store: Some(StoreAllowance { bytes: 1_000 }), ..Grants::default() };
    plugin("crm", "guests/keeper", json!({ "orders": orders }), grants)
}

/// What the record says of the enricher's call for a new mail.
async fn mail(test: &Test, n: u32) -> Option<String> {
    let taken = test.mail(letter(&format!("m{n}"), &format!("Question {n}"), "Where is it?")).await;
    let (message, ticket) = ids(&taken);
    let outcome = test.tenant.scope.message(message).await.unwrap().outcome;
    assert_eq!(outcome, Outcome::Ticket, "no mail is held up by a plugin");
    let decisions = test.tenant.scope.decisions(ticket).await.unwrap();
    decisions.into_iter().find(|d| d.record.world == World::Enricher).unwrap().record.error
}

async fn alerts(test: &Test) -> Vec<(NoticeKind, String)> {
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    let mut rows = test.tenant.scope.notifications(50).await.unwrap();
    rows.reverse();
    let kinds = [NoticeKind::Alert, NoticeKind::Recovery];
    let rows = rows.into_iter().map(|row| row.notice).filter(|notice| kinds.contains(&notice.kind));
    // The group itself, which does not answer, is another story.
    rows.map(|notice| (notice.kind, notice.lines.join(" "))).filter(|(_, text)| text.contains("“crm”")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_keeps_failing_is_cut_off_and_told_once() {
    let notify = |config: &mut posthouse_model::config::TenantConfig| config.notify.notifiers = vec!["team".to_owned()];
    let mut test = Test::new(vec![enricher("fail"), silent_group()], notify).await;
    for n in 0..FAILURES_MAX {
        assert!(alerts(&test).await.is_empty());
        assert_eq!(mail(&test, n).await.unwrap(), "the plugin gave up: told to fail");
    }
    let refused = "cut off after 5 failures in a row, the last one: the plugin gave up: told to fail";
    assert_eq!(mail(&test, 5).await.unwrap(), refused);
    for _ in 0..3 {
        let told = alerts(&test).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].1.contains("“crm” is cut off") && told[0].1.contains("told to fail"), "{}", told[0].1);
    }
    assert_eq!(test.tenant.scope.open_incidents().await.unwrap()[0].key, "plugin:crm");

    // After the pause one call is let through; it fails, so the next is refused again.
    test.clock.forward(PAUSE_MIN);
    assert_eq!(mail(&test, 6).await.unwrap(), "the plugin gave up: told to fail");
    assert!(mail(&test, 7).await.unwrap().starts_with("cut off after 6 failures"));

    // Set up anew it begins afresh, and its first answer ends the incident.
    test.plugins(vec![enricher("set a 1"), silent_group()]).await;
    assert_eq!(alerts(&test).await.len(), 1, "not before it has answered");
    assert_eq!(mail(&test, 8).await, None);
    let told = alerts(&test).await;
    assert_eq!((told.len(), told[1].0), (2, NoticeKind::Recovery));
    let open = test.tenant.scope.open_incidents().await.unwrap();
    assert!(open.iter().all(|incident| incident.key != "plugin:crm"), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notifier_is_to_tell_waits_while_it_is_cut_off() {
    let notify = |config: &mut posthouse_model::config::TenantConfig| config.notify.notifiers = vec!["team".to_owned()];
    let test = Test::new(vec![silent_group()], notify).await;
    // One card is made per mail; each is tried until the group's notifier is cut off, and then none is.
    for n in 0..FAILURES_MAX + 5 {
        test.mail(letter(&format!("m{n}"), &format!("Question {n}"), "Where is it?")).await;
    }
    assert_eq!(test.house.breakers().cut_off(test.tenant.id())[0].plugin, "team");
    let jobs = test.tenant.scope.jobs(JobState::Queued).await.unwrap();
    let tries = || jobs.iter().map(|job| job.attempts).collect::<Vec<_>>();
    assert_eq!(jobs.len(), 10);
    assert_eq!(tries().iter().sum::<i64>(), i64::from(FAILURES_MAX), "{:?}", tries());
    // A day later what was never tried is given up, and says so.
    test.clock.forward(Duration::from_secs(25 * 60 * 60));
    test.run().await;
    test.run().await;
    let failed: Vec<_> = test.tenant.scope.notifications(50).await.unwrap();
    let failed = failed.iter().filter(|row| row.state == NotificationState::Failed).count();
    assert!(failed >= 9, "{failed}");
}
