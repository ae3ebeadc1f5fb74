use crate::house::{Test, bundled, letter, silent_group};
use posthouse_model::Clock as _;
use posthouse_model::config::{DigestConfig, TimeOfDay};
use posthouse_model::notice::NoticeKind;
use posthouse_pipeline::{digest, heartbeat};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

async fn told(test: &Test) -> Vec<(NoticeKind, String)> {
    let mut rows = test.tenant.scope.notifications(50).await.unwrap();
    rows.reverse();
    rows.into_iter().map(|row| (row.notice.kind, row.notice.lines.join(" "))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_fails_is_told_once_and_its_recovery_once() {
    let test = Test::new(vec![silent_group()], |config| config.notify.notifiers = vec!["team".to_owned()]).await;
    let scope = &test.tenant.scope;
    scope.fetch_failed(test.mailbox, "connection refused").await.unwrap();
    test.clock.forward(14 * MINUTE);
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(told(&test).await.len(), 0, "not yet: a short outage is no incident");

    test.clock.forward(2 * MINUTE);
    for _ in 0..3 {
        heartbeat::beat(&test.house, &test.tenant).await.unwrap();
        test.clock.forward(MINUTE);
    }
    let alerts = told(&test).await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].0, NoticeKind::Alert);
    assert!(alerts[0].1.contains("connection refused"), "{}", alerts[0].1);

    scope.fetch_worked(test.mailbox).await.unwrap();
    for _ in 0..3 {
        heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    }
    let notices = told(&test).await;
    assert_eq!(notices.len(), 2);
    assert_eq!(notices[1].0, NoticeKind::Recovery);
    assert!(scope.open_incidents().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spam_filter_that_is_away_is_told_in_the_teams_language() {
    for (language, away, back) in
        [("en", "Rspamd has not answered since ", "works again"), ("zh", "Rspamd 自 ", "已恢复")]
    {
        let test = Test::new(vec![silent_group()], |config| {
            config.agent_language = language.to_owned();
            config.notify.notifiers = vec!["team".to_owned()];
            // Nobody listens there.
            config.screen.rspamd =
                Some(serde_json::from_value(serde_json::json!({ "url": "http://127.0.0.1:1" })).unwrap());
        })
        .await;
        test.mail(letter("a", "hi", "Where is my parcel?")).await;
        test.clock.forward(16 * MINUTE);
        heartbeat::beat(&test.house, &test.tenant).await.unwrap();
        let open = test.tenant.scope.open_incidents().await.unwrap();
        assert_eq!(open.iter().map(|incident| incident.key.as_str()).collect::<Vec<_>>(), ["rspamd"]);
        assert!(open[0].detail.starts_with(away), "{}", open[0].detail);
        assert!(
            language == "en" || open[0].detail.contains("起没有响应,邮件分拣暂不经过它。最近一次错误:Rspamd "),
            "{}",
            open[0].detail
        );
        let alerts = told(&test).await.into_iter().filter(|(kind, _)| *kind == NoticeKind::Alert).collect::<Vec<_>>();
        assert!(alerts.len() == 1 && alerts[0].1.contains(away), "{alerts:?}");

        // It is no longer asked: there is nothing to be told of.
        let mut test = test;
        let mut config = test.tenant.config.clone();
        config.screen.rspamd = None;
        test.apply(config).await;
        heartbeat::beat(&test.house, &test.tenant).await.unwrap();
        assert!(test.tenant.scope.open_incidents().await.unwrap().is_empty());
        let recovered = test.tenant.scope.notifications(50).await.unwrap();
        let recovered = recovered.iter().find(|row| row.notice.kind == NoticeKind::Recovery).unwrap();
        assert!(recovered.notice.title.contains(back), "{}", recovered.notice.title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_an_alarm_only_while_mail_is_expected() {
    let test = Test::new(vec![silent_group()], |config| {
        config.notify.notifiers = vec!["team".to_owned()];
        config.heartbeat.silent_after_minutes = Some(60);
        config.heartbeat.from = TimeOfDay::new(9, 0).unwrap();
        config.heartbeat.to = TimeOfDay::new(18, 0).unwrap();
    })
    .await;
    test.clock.forward(59 * MINUTE);
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(told(&test).await.len(), 0);
    test.clock.forward(2 * MINUTE);
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(told(&test).await.len(), 1, "an hour of silence at eleven in the morning");

    // A mail is triaged: it works again.
    test.mail(letter("a", "hi", "Where is my parcel?")).await;
    heartbeat::beat(&test.house, &test.tenant).await.unwrap();
    assert_eq!(told(&test).await.iter().filter(|(kind, _)| *kind == NoticeKind::Recovery).count(), 1);

    // The night is quiet, and that is no alarm; nor is the first half hour of the next morning.
    let before = told(&test).await.len();
    for _ in 0..20 {
        test.clock.forward(60 * MINUTE);
        let hour = test.clock.now().to_jiff().to_zoned(jiff::tz::TimeZone::UTC).hour();
        if !(9..18).contains(&hour) {
            heartbeat::beat(&test.house, &test.tenant).await.unwrap();
        }
    }
    let alerts = told(&test).await.split_off(before);
    assert!(alerts.iter().all(|(kind, _)| *kind != NoticeKind::Alert), "{alerts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_goes_out_once_a_day() {
    let test = Test::new(vec![bundled("classifier"), bundled("router"), silent_group()], |config| {
        config.notify.notifiers = vec!["team".to_owned()];
        config.time_zone = "Asia/Shanghai".to_owned();
        config.digest = Some(DigestConfig { at: TimeOfDay::new(18, 30).unwrap(), notifiers: Vec::new(), examples: 3 });
    })
    .await;
    // It is 18:00 in Shanghai.
    test.mail(letter("a", "Where is my parcel?", "My order 1042-88 has not arrived.")).await;
    assert!(!digest::schedule(&test.house, &test.tenant).await.unwrap());
    test.clock.forward(31 * MINUTE);
    assert!(digest::schedule(&test.house, &test.tenant).await.unwrap());
    assert!(!digest::schedule(&test.house, &test.tenant).await.unwrap(), "once");
    test.run().await;
    let rows = test.tenant.scope.notifications(10).await.unwrap();
    let digests: Vec<_> = rows.iter().filter(|row| row.notice.kind == NoticeKind::Digest).collect();
    assert_eq!(digests.len(), 1);
    let fields: Vec<_> = digests[0].notice.fields.iter().map(|f| format!("{}={}", f.label, f.value)).collect();
    assert_eq!(fields[..2], ["New=1", "Waiting=1"]);
    assert!(
        digests[0].notice.lines.iter().any(|line| line.contains("Where is my parcel?")),
        "{:?}",
        digests[0].notice.lines
    );

    test.clock.forward(Duration::from_secs(24 * 3600));
    assert!(digest::schedule(&test.house, &test.tenant).await.unwrap(), "and again the next day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_does_not_answer_is_tried_again_and_then_given_up_visibly() {
    let test = Test::new(vec![bundled("classifier"), bundled("router"), silent_group()], |config| {
        config.notify.notifiers = vec!["team".to_owned()];
    })
    .await;
    test.mail(letter("a", "Where is my parcel?", "Where is it?")).await;
    let state = |rows: Vec<posthouse_store::NotificationRow>| rows[0].state;
    let scope = &test.tenant.scope;
    assert_eq!(state(scope.notifications(5).await.unwrap()), posthouse_store::NotificationState::Queued);
    for _ in 0..8 {
        test.clock.forward(Duration::from_secs(4_000));
        test.run().await;
    }
    let rows = scope.notifications(5).await.unwrap();
    assert_eq!(rows[0].state, posthouse_store::NotificationState::Failed);
    assert!(rows[0].result.is_some(), "and it says why");
}
