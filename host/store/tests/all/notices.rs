//! Notifications and incidents.

use crate::world::host;
use posthouse_model::job::Job;
use posthouse_model::notice::{Delivery, Notice, NoticeKind};
use posthouse_store::{JobState, NewNotification, NotificationState, StoreError};

fn notification(notifier: &str, key: &str) -> NewNotification {
    NewNotification {
        notifier: notifier.into(),
        key: key.into(),
        ticket: None,
        notice: Notice {
            id: "n1".into(),
            kind: NoticeKind::Alert,
            language: "zh-CN".into(),
            title: "收信中断".into(),
            lines: vec!["support".into()],
            fields: Vec::new(),
            link: None,
            urgency: None,
            deadline: None,
        },
    }
}

on_both! {
    async fn a_notifier_is_told_once(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let first = tx.notify(&notification("feishu", "k"), &host()).await.unwrap().unwrap();
        assert_eq!(tx.notify(&notification("feishu", "k"), &host()).await.unwrap(), None);
        let second = tx.notify(&notification("slack", "k"), &host()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let jobs: Vec<_> = world.scope.jobs(JobState::Queued).await.unwrap().into_iter().map(|j| j.job).collect();
        assert_eq!(jobs, [Job::Notify { notification: first }, Job::Notify { notification: second }]);
        let row = world.scope.notification(first).await.unwrap();
        assert_eq!((row.state, &row.notice), (NotificationState::Queued, &notification("", "").notice));

        let mut tx = world.scope.begin().await.unwrap();
        let delivery = Delivery { receipt: Some("om_1".into()), retry_after_seconds: None };
        tx.notification_sent(first, &delivery, &host()).await.unwrap();
        tx.notification_failed(second, "404", &host()).await.unwrap();
        tx.commit().await.unwrap();
        let newest = world.scope.notifications(10).await.unwrap();
        let summary: Vec<_> = newest.iter().map(|n| (n.notifier.as_str(), n.state, n.result.as_deref())).collect();
        assert_eq!(
            summary,
            [("slack", NotificationState::Failed, Some("404")), ("feishu", NotificationState::Sent, Some("om_1"))]
        );
        let other = world.other_tenant("other").await;
        assert!(matches!(other.notification(first).await, Err(StoreError::NotFound { .. })));
        let mut tx = other.begin().await.unwrap();
        assert!(tx.notification_failed(first, "x", &host()).await.is_err());
    }

    async fn an_incident_opens_once_and_closes_once(world) {
        let mut tx = world.scope.begin().await.unwrap();
        let opened = tx.open_incident("fetch:support", "no answer", &host()).await.unwrap().unwrap();
        assert_eq!(tx.open_incident("fetch:support", "still none", &host()).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(world.scope.open_incidents().await.unwrap(), std::slice::from_ref(&opened));
        world.advance(60);
        let mut tx = world.scope.begin().await.unwrap();
        let closed = tx.close_incident("fetch:support", &host()).await.unwrap().unwrap();
        assert_eq!((closed.id, closed.closed_at), (opened.id, Some(tx.now())));
        assert_eq!(tx.close_incident("fetch:support", &host()).await.unwrap(), None);
        assert!(tx.open_incident("fetch:support", "again", &host()).await.unwrap().is_some());
        tx.commit().await.unwrap();
    }
}
