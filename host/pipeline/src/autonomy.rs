//! Whether the first draft of a mail goes out by itself: what may be said against it, whether its category has earned it, and how it is
//! approved. The rules are pure (`posthouse_model::autonomy`), the levels are the store's; here is the way from one to the other.
//!
//! Two looks: [`consider`], before the transaction, asks the checkers about the reply as one that nobody reads. [`decide`], in the
//! transaction that writes the draft, finds the level and the switches as they are then. A third one, at the moment of sending, is the
//! store's own ([`posthouse_store::Scope::lease_outbox`]).

use crate::caller::About;
use crate::draft::{self, Drafted};
use crate::house::House;
use crate::tenant::Tenant;
use posthouse_mail::compose;
use posthouse_model::autonomy::{self, Candidate, Never};
use posthouse_model::call::{CallContext, MessageView, OutgoingView};
use posthouse_model::decision::{NewDecision, World};
use posthouse_model::draft::CheckFinding;
use posthouse_model::event::Actor;
use posthouse_model::triage::Triage;
use posthouse_model::{DraftId, MessageId, Timestamp};
use posthouse_store::{Approval, NewAutonomyDraft, StoreError, TicketRow, Tx};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who approves what goes out by itself.
const ACTOR: &str = "autonomy";

/// What the plugins' calls on a mail's way say about trusting its draft.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    plugin_failed: bool,
    model_failed: bool,
    categories: BTreeSet<String>,
}

impl Course {
    /// Takes calls in.
    pub(crate) fn heed(&mut self, decisions: &[NewDecision]) {
        for decision in decisions {
            self.plugin_failed |= decision.error.is_some();
            self.model_failed |= decision
                .host_calls
                .iter()
                .any(|call| call.capability == "model" && call.outcome != "ok" && !call.outcome.starts_with("ok,"));
            if decision.world == World::Classifier
                && let Some(output) = &decision.output
                && let Some(name) = output.pointer("/category/value").and_then(serde_json::Value::as_str)
            {
                self.categories.insert(name.to_owned());
            }
        }
    }
}

/// The draft that would be sent, and what can be said against sending it unread.
#[derive(Clone, Debug)]
pub(crate) struct Considered {
    category: String,
    never: Vec<Never>,
}

/// Looks at the first draft of a mail, outside of any transaction. None: there is no draft, or the mail is of no category, so that there is
/// nothing to compare.
#[expect(clippy::too_many_arguments, reason = "a reply is judged by all of it")]
pub(crate) async fn consider(
    house: &House,
    tenant: &Arc<Tenant>,
    context: &CallContext,
    about: About,
    newest: &MessageView,
    triage: &Triage,
    mut course: Course,
    drafted: &mut Drafted,
) -> Option<Considered> {
    let (proposal, findings) = drafted.drafts.first()?;
    let category = drafted.view.category.clone().filter(|category| !category.trim().is_empty())?;
    course.heed(&drafted.decisions);
    let config = &tenant.config.autonomy;
    let is_checked = tenant.plugins(World::Checker).next().is_some() && drafted.unchecked.is_empty();
    let mail = format!("{}\n{}", newest.subject, newest.body);
    let candidate = Candidate {
        mail: &mail,
        category: Some(&category),
        confidence: triage.category.as_ref().map(|category| category.confidence),
        categories_named: course.categories.len(),
        sentiment: triage.sentiment.as_ref().map(|mood| mood.value),
        language: drafted.view.language.as_deref(),
        risks: &drafted.view.risks,
        missing: &drafted.view.missing,
        entities: &drafted.view.entities,
        is_first: drafted.view.message_count == 1,
        files: newest.attachments.len(),
        customer: &drafted.view.customer,
        draft: Some(proposal),
        findings,
        is_checked,
        plugin_failed: course.plugin_failed,
        model_failed: course.model_failed,
    };
    let mut never = autonomy::never(&candidate, config);
    if never.is_empty() && sends(tenant, &category).await {
        // A checker may be stricter with what nobody reads.
        let outgoing = OutgoingView { automatic: true, ..draft::outgoing(proposal, &drafted.view, &[]) };
        let view = Arc::clone(&drafted.view);
        let checked = draft::check(house, tenant, context, about, &Arc::new(outgoing), &view).await;
        never = objections(&candidate, &checked.findings, checked.failed.is_empty(), tenant);
        drafted.decisions.extend(checked.decisions);
    }
    Some(Considered { category, never })
}

fn objections(candidate: &Candidate<'_>, findings: &[CheckFinding], all_answered: bool, tenant: &Tenant) -> Vec<Never> {
    let is_checked = candidate.is_checked && all_answered;
    autonomy::never(&Candidate { findings, is_checked, ..*candidate }, &tenant.config.autonomy)
}

/// Whether it is worth asking the checkers. When the store does not say, nothing goes out.
async fn sends(tenant: &Tenant, category: &str) -> bool {
    match tenant.scope.autonomy_sends(category).await {
        Ok(sends) => sends,
        Err(error) => {
            tracing::warn!(tenant.id = %tenant.id(), %error, "a category's level cannot be read: a person sends");
            false
        }
    }
}

/// Notes what would be sent, and approves it where nothing forbids it. When it leaves; none: a person decides.
#[expect(clippy::too_many_arguments, reason = "a reply is made of all of it")]
pub(crate) async fn decide(
    tx: &mut Tx,
    house: &House,
    tenant: &Tenant,
    ticket: &TicketRow,
    message: MessageId,
    drafted: &Drafted,
    ids: &[DraftId],
    considered: &Considered,
) -> Result<Option<Timestamp>, StoreError> {
    let (Some(id), Some((proposal, _))) = (ids.first(), drafted.drafts.first()) else { return Ok(None) };
    let config = &tenant.config.autonomy;
    let new =
        NewAutonomyDraft { ticket: ticket.id, draft: *id, category: &considered.category, never: &considered.never };
    let noted = tx.note_autonomy(&new).await?;
    let goes = noted.level.sends()
        && considered.never.is_empty()
        && !noted.is_stopped
        && !noted.is_taken
        && !autonomy::is_reviewed(noted.level, ticket.id, config);
    let Some(mailbox) = tenant.mailbox(ticket.mailbox).filter(|_| goes) else { return Ok(None) };
    let domain = mailbox.config.address.rsplit('@').next().unwrap_or_default();
    let approval = Approval {
        ticket: ticket.id,
        draft: *id,
        seen: Some(message),
        subject: proposal.subject.clone().unwrap_or_else(|| compose::reply_subject(&ticket.subject)),
        body: proposal.body.clone(),
        to: vec![drafted.view.customer.clone()],
        cc: Vec::new(),
        undo: config.undo(),
        send_at: None,
        message_id: house.installation().message_id(house.entropy(), domain),
        automatic: true,
    };
    match tx.approve(&approval, &Actor::Host(ACTOR.to_owned())).await {
        Ok(_) => Ok(Some(tx.now().plus(approval.undo))),
        // Nothing was written: a cap, an address that returned mail, a newer mail. A person decides.
        Err(reason @ (StoreError::Refused(_) | StoreError::Conflict { .. })) => {
            tracing::info!(tenant.id = %tenant.id(), ticket = ticket.number, %reason, "a reply does not go out by itself");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
