//! What of a server's folder is stored, and how its ledger stood.

use crate::world::{World, add_mailbox};
use posthouse_model::ticket::Outcome;
use posthouse_store::{Intake, Source};
use serde_json::json;

fn from_folder(world: &World, id: &str, uid_validity: u32, uid: u32) -> Intake {
    Intake { source: Source::imap("INBOX", uid_validity, uid), ..world.mail(id) }
}

on_both! {
    async fn what_is_stored_of_a_folder_is_listed_by_number(world) {
        // 70 is not 7, and what came under another UIDVALIDITY or from another folder is not of this one.
        for (id, validity, uid) in [("c@x", 7, 100), ("a@x", 7, 3), ("b@x", 7, 12), ("d@x", 70, 4), ("e@x", 8, 5)] {
            world.take(&from_folder(&world, id, validity, uid)).await;
        }
        world.take(&Intake { source: Source::imap("Orders", 7, 9), ..world.mail("f@x") }).await;
        let stored = world.scope.stored_uids(world.mailbox, "INBOX", 7).await.unwrap();
        assert_eq!(stored.iter().map(|one| one.uid).collect::<Vec<_>>(), [3, 12, 100]);
        assert!(stored.iter().all(|one| one.outcome == Outcome::Pending));
        assert!(world.other_tenant("other").await.stored_uids(world.mailbox, "INBOX", 7).await.unwrap().is_empty());
    }

    async fn a_duplicate_is_in_the_ledger_too(world) {
        world.take(&from_folder(&world, "a@x", 7, 1)).await;
        world.take(&from_folder(&world, "a@x", 7, 2)).await;
        let stored = world.scope.stored_uids(world.mailbox, "INBOX", 7).await.unwrap();
        assert_eq!(stored.iter().map(|one| (one.uid, one.outcome)).collect::<Vec<_>>(), [
            (1, Outcome::Pending),
            (2, Outcome::Skipped)
        ]);
    }

    async fn where_following_begins_stays_until_the_folder_is_renumbered(world) {
        let from = async |validity| world.scope.followed_from(world.mailbox, "INBOX", validity).await.unwrap();
        assert_eq!(from(7).await, None);
        for (validity, first) in [(7, 41), (7, 90)] {
            let mut tx = world.scope.begin().await.unwrap();
            tx.follow_from(world.mailbox, "INBOX", validity, first).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!((from(7).await, from(8).await), (Some(41), None));
        let mut tx = world.scope.begin().await.unwrap();
        tx.follow_from(world.mailbox, "INBOX", 8, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((from(7).await, from(8).await), (None, Some(1)));
    }

    async fn a_difference_has_the_time_it_was_first_seen(world) {
        let second = add_mailbox(&world.scope, "second").await;
        let set = async |mailbox, missing: i64| {
            let mut tx = world.scope.begin().await.unwrap();
            tx.set_balance(mailbox, "INBOX", 5, missing, &json!({ "missing": missing })).await.unwrap();
            tx.commit().await.unwrap();
        };
        let since = async || {
            let rows = world.scope.balances().await.unwrap();
            rows.iter().map(|row| (row.missing, row.missing_since.is_some())).collect::<Vec<_>>()
        };
        set(world.mailbox, 0).await;
        set(second, 2).await;
        assert_eq!(since().await, [(0, false), (2, true)]);
        let first_seen = world.scope.balances().await.unwrap()[1].missing_since;
        world.advance(60);
        set(second, 3).await;
        let row = world.scope.balances().await.unwrap().remove(1);
        assert_eq!((row.missing, row.missing_since, row.content), (3, first_seen, json!({ "missing": 3 })));
        assert!(Some(row.checked_at) > first_seen);
        set(second, 0).await;
        assert_eq!(since().await, [(0, false), (0, false)]);
        assert!(world.other_tenant("other").await.balances().await.unwrap().is_empty());
    }

    async fn a_folder_that_is_followed_no_longer_has_no_ledger(world) {
        let second = add_mailbox(&world.scope, "second").await;
        let mut tx = world.scope.begin().await.unwrap();
        for (mailbox, folder) in [(world.mailbox, "INBOX"), (world.mailbox, "Shop/Old"), (second, "Shop/Old")] {
            tx.set_balance(mailbox, folder, 5, 1, &json!({})).await.unwrap();
        }
        tx.keep_balances(world.mailbox, &["INBOX".to_owned(), "Shop/New".to_owned()]).await.unwrap();
        tx.commit().await.unwrap();
        let left = world.scope.balances().await.unwrap();
        let left: Vec<_> = left.iter().map(|row| (row.mailbox, row.folder.as_str())).collect();
        assert_eq!(left, [(world.mailbox, "INBOX"), (second, "Shop/Old")]);
        let mut tx = world.other_tenant("other").await.begin().await.unwrap();
        tx.keep_balances(world.mailbox, &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.balances().await.unwrap().len(), 2, "another tenant's stay");
    }
}
