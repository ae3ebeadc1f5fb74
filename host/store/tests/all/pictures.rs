//! Pictures of a sender: shown once somebody said so, for that team and sender alone, and asked for again when it is taken back.

use crate::world::{agent, host};
use posthouse_model::ticket::Outcome;
use posthouse_store::StoreError;

on_both! {
    async fn pictures_are_shown_for_a_sender_until_it_is_taken_back(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let (second, _) = world.take_new(&world.mail("b@x")).await;
        let read = world.scope.message(message).await.unwrap().read;
        let sender = read.from.unwrap().key();
        let keys = [sender.clone(), "nobody@customer.example".to_owned()];
        assert!(world.scope.picture_senders(&keys).await.unwrap().is_empty());
        assert!(world.scope.picture_senders(&[]).await.unwrap().is_empty());

        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.set_pictures(message, true, &agent()).await.unwrap());
        // Twice is once, by whichever mail.
        assert!(!tx.set_pictures(second, true, &agent()).await.unwrap());
        tx.set_outcome(message, Outcome::Ticket, None, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.picture_senders(&keys).await.unwrap().into_iter().collect::<Vec<_>>(), std::slice::from_ref(&sender));
        // Asked about with many others, as a long thread does.
        let many: Vec<String> = (0..120).map(|n| format!("n{n}@customer.example")).chain(keys.clone()).collect();
        assert_eq!(world.scope.picture_senders(&many).await.unwrap().len(), 1);

        let other = world.other_tenant("other").await;
        assert!(other.picture_senders(&keys).await.unwrap().is_empty(), "for this team alone");
        let mut tx = other.begin().await.unwrap();
        for always in [true, false] {
            let refused = tx.set_pictures(message, always, &agent()).await;
            assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
        }
        drop(tx);

        let mut tx = world.scope.begin().await.unwrap();
        assert!(tx.set_pictures(message, false, &agent()).await.unwrap());
        assert!(!tx.set_pictures(message, false, &agent()).await.unwrap());
        tx.commit().await.unwrap();
        assert!(world.scope.picture_senders(&keys).await.unwrap().is_empty());
        let events = world.scope.ticket_events(ticket).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|e| e.kind.as_str()).filter(|kind| kind.starts_with("pictures")).collect();
        assert_eq!(kinds, ["pictures.always", "pictures.asked-for"], "each step is on record once");
        assert!(events.iter().all(|event| !event.kind.starts_with("pictures") || !event.data.contains(&sender)));
    }
}
