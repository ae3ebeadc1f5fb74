//! Translations: asked for once, kept, asked for again only where one came to nothing.

use crate::world::{agent, host};
use posthouse_model::draft::DraftProposal;
use posthouse_model::job::Job;
use posthouse_model::ticket::Outcome;
use posthouse_model::translation::{TranslationOf, TranslationState, TranslationTrouble};
use posthouse_store::{JobState, NewTranslation, StoreError};
use std::time::Duration;

fn jobs(rows: &[posthouse_store::JobRow]) -> usize {
    rows.iter().filter(|row| matches!(row.job, Job::Translate { .. })).count()
}

on_both! {
    async fn a_translation_is_asked_for_and_paid_for_once(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let mut tx = world.scope.begin().await.unwrap();
        let draft = tx.add_drafts(ticket, "drafter", &[(DraftProposal { body: "Hola".into(), ..DraftProposal::default() }, vec![])], &host()).await.unwrap()[0];
        let of_mail = tx.ask_translation(TranslationOf::Message(message), "zh", &agent()).await.unwrap();
        assert_eq!(tx.ask_translation(TranslationOf::Message(message), "zh", &agent()).await.unwrap(), of_mail, "twice is once");
        let english = tx.ask_translation(TranslationOf::Message(message), "en", &agent()).await.unwrap();
        let of_draft = tx.ask_translation(TranslationOf::Draft(draft), "zh", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(of_mail != english && of_mail != of_draft);
        assert_eq!(jobs(&world.scope.jobs(JobState::Queued).await.unwrap()), 3);

        let made = NewTranslation { content: "我的包裹".into(), cut: true, model: "m-1".into() };
        let mut tx = world.scope.begin().await.unwrap();
        tx.settle_translation(of_mail, &Ok(made.clone()), &host()).await.unwrap();
        tx.settle_translation(of_draft, &Err((TranslationTrouble::OverBudget, String::new())), &host()).await.unwrap();
        // What came late changes nothing, and what is there is not asked for again.
        tx.settle_translation(of_mail, &Err((TranslationTrouble::Rejected, "no".into())), &host()).await.unwrap();
        assert_eq!(tx.ask_translation(TranslationOf::Message(message), "zh", &agent()).await.unwrap(), of_mail);
        tx.commit().await.unwrap();
        let rows = world.scope.translations(ticket, "zh").await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [of_mail, of_draft]);
        assert_eq!((rows[0].state, rows[0].content.as_deref(), rows[0].cut), (TranslationState::Done, Some("我的包裹"), true));
        assert_eq!((rows[1].state, rows[1].trouble), (TranslationState::Failed, Some(TranslationTrouble::OverBudget)));
        assert_eq!(world.scope.translations(ticket, "en").await.unwrap()[0].state, TranslationState::Asked);

        // What came to nothing may be asked for again.
        let mut tx = world.scope.begin().await.unwrap();
        assert_eq!(tx.ask_translation(TranslationOf::Draft(draft), "zh", &agent()).await.unwrap(), of_draft);
        tx.commit().await.unwrap();
        let again = world.scope.translation(of_draft).await.unwrap();
        assert_eq!((again.state, again.trouble, again.draft), (TranslationState::Asked, None, Some(draft)));
        let detail = world.scope.ticket_detail(1).await.unwrap();
        let kinds: Vec<&str> = detail.events.iter().map(|e| e.kind.as_str()).filter(|kind| kind.starts_with("translation")).collect();
        assert_eq!(kinds, ["translation.asked", "translation.asked", "translation.asked", "translation.made", "translation.failed", "translation.asked"]);
        assert!(detail.events.iter().all(|event| !event.data.contains("我的包裹")), "the chain keeps no text");
    }

    async fn nobody_else_sees_it_and_it_goes_with_its_mail(world) {
        let (message, ticket) = world.take_new(&world.mail("a@x")).await;
        let other = world.other_tenant("other").await;
        let mut tx = other.begin().await.unwrap();
        let refused = tx.ask_translation(TranslationOf::Message(message), "zh", &agent()).await;
        assert!(matches!(refused, Err(StoreError::NotFound { .. })));
        drop(tx);
        let mut tx = world.scope.begin().await.unwrap();
        let id = tx.ask_translation(TranslationOf::Message(message), "zh", &agent()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(other.translation(id).await, Err(StoreError::NotFound { .. })));
        assert!(other.translations(ticket, "zh").await.unwrap().is_empty());
        let unseen = world.scope.clone().seen_within(Some(&["elsewhere".to_owned()]));
        assert!(unseen.translations(ticket, "zh").await.is_err());

        world.outcome(message, Outcome::Spam).await;
        let stored = world.scope.message(message).await.unwrap().stored_at;
        let mut tx = world.scope.begin().await.unwrap();
        tx.let_go(stored.plus(Duration::from_micros(1)), &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(world.scope.translation(id).await, Err(StoreError::NotFound { .. })));
        // A job that comes late finds nothing to write.
        let mut tx = world.scope.begin().await.unwrap();
        tx.settle_translation(id, &Err((TranslationTrouble::NoText, String::new())), &host()).await.unwrap();
        assert_eq!(world.scope.verify_chain().await.unwrap().faults, []);
    }
}
