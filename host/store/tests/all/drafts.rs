//! Drafts and their revisions.

use crate::world::{agent, host};
use posthouse_model::draft::{CheckFinding, DraftOrigin, DraftProposal};
use posthouse_store::{DraftEdit, StoreError};

fn proposal(body: &str) -> (DraftProposal, Vec<CheckFinding>) {
    (DraftProposal { body: body.into(), ..DraftProposal::default() }, Vec::new())
}

on_both! {
    async fn proposals_stand_side_by_side(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let finding = CheckFinding { blocks: false, code: "tone".into(), reason: "curt".into(), span: None };
        let mut tx = world.scope.begin().await.unwrap();
        let model = (DraftProposal { model_written: true, ..proposal("b").0 }, vec![finding.clone()]);
        let many = [proposal("a"), model, proposal("c"), proposal("too many")];
        let ids = tx.add_drafts(ticket, "drafter", &many, &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids.len(), 3);
        let drafts = world.scope.drafts(ticket).await.unwrap();
        let shown: Vec<_> = drafts.iter().map(|d| (d.position, d.revision, d.origin, d.proposal.body.as_str())).collect();
        assert_eq!(
            shown,
            [(1, 1, DraftOrigin::Template, "a"), (2, 1, DraftOrigin::Model, "b"), (3, 1, DraftOrigin::Template, "c")]
        );
        assert_eq!(drafts[1].checks, [finding]);
        assert_eq!(drafts[0].plugin.as_deref(), Some("drafter"));
        assert_eq!(world.scope.draft(ids[0]).await.unwrap(), drafts[0]);
    }

    async fn an_edit_is_a_revision_and_the_second_of_two_is_refused(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let base = world.draft(ticket, "first").await;
        let edit = |base, body: &str| DraftEdit { base: Some(base), subject: None, body: body.into() };
        let mut tx = world.scope.begin().await.unwrap();
        let second = tx.edit_draft(ticket, &edit(base, "second"), &agent()).await.unwrap();
        assert_eq!((second.revision, second.origin), (2, DraftOrigin::Agent));
        assert_eq!(second.author, "agent:li@shop.example");
        let error = tx.edit_draft(ticket, &edit(base, "also second"), &agent()).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
        // The same text again is the same revision.
        assert_eq!(tx.edit_draft(ticket, &edit(second.id, "second"), &agent()).await.unwrap(), second);
        tx.commit().await.unwrap();
        let drafts = world.scope.drafts(ticket).await.unwrap();
        assert_eq!(drafts, [second]);
    }

    async fn a_new_round_replaces_proposals_but_not_an_agents_work(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let base = world.draft(ticket, "first").await;
        let mut tx = world.scope.begin().await.unwrap();
        let edit = DraftEdit { base: Some(base), subject: Some("S".into()), body: "hers".into() };
        tx.edit_draft(ticket, &edit, &agent()).await.unwrap();
        tx.commit().await.unwrap();
        world.draft(ticket, "fresh").await;
        let bodies = async || -> Vec<String> {
            world.scope.drafts(ticket).await.unwrap().into_iter().map(|d| d.proposal.body).collect()
        };
        assert_eq!(bodies().await, ["fresh", "hers"]);
        world.draft(ticket, "fresher").await;
        assert_eq!(bodies().await, ["fresher", "hers"]);
    }

    async fn she_can_write_one_of_her_own(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let edit = |base, body: &str| DraftEdit { base, subject: None, body: body.into() };
        let mut tx = world.scope.begin().await.unwrap();
        let own = tx.edit_draft(ticket, &edit(None, "hello"), &agent()).await.unwrap();
        assert_eq!((own.position, own.revision), (0, 1));
        assert!(matches!(tx.edit_draft(ticket, &edit(None, "x"), &agent()).await, Err(StoreError::Conflict { .. })));
        let own = tx.edit_draft(ticket, &edit(Some(own.id), "hello there"), &agent()).await.unwrap();
        assert_eq!(own.revision, 2);
        let long = edit(Some(own.id), &"x".repeat(300 * 1024));
        assert!(matches!(tx.edit_draft(ticket, &long, &agent()).await, Err(StoreError::Refused(_))));
        tx.commit().await.unwrap();
        assert_eq!(world.scope.drafts(ticket).await.unwrap(), [own]);
    }

    async fn a_draft_belongs_to_its_ticket(world) {
        let (_, one) = world.waiting("a@x").await;
        let (_, two) = world.waiting("b@x").await;
        let draft = world.draft(one, "first").await;
        let mut tx = world.scope.begin().await.unwrap();
        let edit = DraftEdit { base: Some(draft), subject: None, body: "x".into() };
        assert!(matches!(tx.edit_draft(two, &edit, &agent()).await, Err(StoreError::NotFound { .. })));
    }

    async fn checks_are_written_to_a_revision(world) {
        let (_, ticket) = world.waiting("a@x").await;
        let draft = world.draft(ticket, "We refund you.").await;
        let finding = CheckFinding { blocks: true, code: "promise".into(), reason: "promises".into(), span: None };
        let mut tx = world.scope.begin().await.unwrap();
        tx.set_checks(draft, std::slice::from_ref(&finding), &host()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.scope.draft(draft).await.unwrap().checks, [finding]);
    }
}
