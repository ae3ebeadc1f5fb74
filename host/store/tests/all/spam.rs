//! What the spam filter learned, as it is kept.

use crate::world::{World, host};
use posthouse_store::SpamCount;

async fn teach(world: &World, message: posthouse_model::MessageId, features: &[i64], spam: bool) -> bool {
    let mut tx = world.scope.begin().await.unwrap();
    let learned = tx.teach_spam(message, features, spam, &host()).await.unwrap();
    tx.commit().await.unwrap();
    learned
}

fn count(spam: i64, ham: i64) -> SpamCount {
    SpamCount { spam, ham }
}

on_both! {
    async fn a_mail_teaches_once_and_can_be_taken_back(world) {
        let (first, _) = world.take_new(&world.mail("a@x")).await;
        let (second, _) = world.take_new(&world.mail("b@x")).await;
        assert_eq!(world.scope.spam_learned().await.unwrap(), count(0, 0));
        assert!(teach(&world, first, &[1, 2, i64::MAX], true).await);
        assert!(!teach(&world, first, &[1, 2, i64::MAX], true).await, "said twice, learned once");
        assert!(teach(&world, second, &[2, 3], false).await);
        assert_eq!(world.scope.spam_learned().await.unwrap(), count(1, 1));
        let counts = world.scope.spam_counts(&[3, 1, i64::MAX, 2, 4]).await.unwrap();
        assert_eq!(counts, [count(0, 1), count(1, 0), count(1, 0), count(1, 1), count(0, 0)]);

        assert!(teach(&world, first, &[1, 2, i64::MAX], false).await);
        assert_eq!(world.scope.spam_learned().await.unwrap(), count(0, 2));
        assert_eq!(world.scope.spam_counts(&[1, 2]).await.unwrap(), [count(0, 1), count(0, 2)]);
    }

    async fn as_many_features_as_a_mail_can_have(world) {
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        let features: Vec<i64> = (0..2_000).collect();
        assert!(teach(&world, message, &features, true).await);
        let counts = world.scope.spam_counts(&features).await.unwrap();
        assert!(counts.len() == 2_000 && counts.iter().all(|one| *one == count(1, 0)));
    }

    async fn each_tenant_learns_for_itself(world) {
        let other = world.other_tenant("other").await;
        let (message, _) = world.take_new(&world.mail("a@x")).await;
        assert!(teach(&world, message, &[7], true).await);
        assert_eq!(other.spam_learned().await.unwrap(), count(0, 0));
        assert_eq!(other.spam_counts(&[7]).await.unwrap(), [count(0, 0)]);
    }
}
