//! Drafts: the drafters propose, the checkers look, the notifiers are told that something waits.

use crate::caller::{self, About};
use crate::card;
use crate::house::House;
use crate::notice;
use crate::tenant::Tenant;
use crate::triage::store;
use crate::view;
use posthouse_model::call::{CallContext, MessageView, OutgoingView, TicketView};
use posthouse_model::capability::{Capability, Grants};
use posthouse_model::decision::{NewDecision, World};
use posthouse_model::draft::{CheckFinding, DraftProposal, Verdict};
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::ticket::Direction;
use posthouse_model::{DraftId, MessageId, TicketId, Timestamp};
use posthouse_sandbox::Question;
use posthouse_store::{ClaimedJob, NewNotification, StoreError, TicketRow, Tx};
use std::sync::Arc;

/// What the drafters and checkers came to.
pub struct Drafted {
    /// Every call.
    pub decisions: Vec<NewDecision>,
    /// The plugin whose proposals are used.
    pub plugin: Option<String>,
    /// At most three, each with what checkers found.
    pub drafts: Vec<(DraftProposal, Vec<CheckFinding>)>,
    /// Checkers that gave no answer about one of the drafts.
    pub unchecked: Vec<String>,
    /// The ticket as it was shown to them.
    pub view: Arc<TicketView>,
}

/// Whether no drafter or checker of the tenant waits for anything outside the house.
#[must_use]
pub fn is_quick(tenant: &Tenant) -> bool {
    let waits = |grants: &Grants| grants.has(Capability::Model) || grants.has(Capability::Http);
    let mut installed = [World::Drafter, World::Checker].into_iter().flat_map(|world| tenant.plugins(world));
    installed.all(|installed| {
        let canary = installed.canary.as_ref().and_then(|canary| canary.release.plugin.as_ref().ok());
        !waits(&installed.row.plugin.grants) && !canary.is_some_and(|plugin| waits(plugin.grants()))
    })
}

/// Asks the drafters in their order until one proposes something, then the checkers about each proposal. Without
/// a drafter, or when all fail, there is no draft and the agent writes.
pub async fn propose(
    house: &House,
    tenant: &Arc<Tenant>,
    context: &CallContext,
    about: About,
    ticket: Arc<TicketView>,
) -> Drafted {
    let view = Arc::clone(&ticket);
    let mut drafted = Drafted { decisions: Vec::new(), plugin: None, drafts: Vec::new(), unchecked: Vec::new(), view };
    for installed in tenant.plugins(World::Drafter) {
        let question = Question::Draft(Arc::clone(&ticket));
        let asked = caller::call::<Vec<DraftProposal>>(house, tenant, installed, about, context, question).await;
        drafted.decisions.extend(asked.decisions);
        if let Ok(proposals) = asked.result
            && !proposals.is_empty()
        {
            drafted.plugin = Some(installed.name().to_owned());
            drafted.drafts = proposals.into_iter().map(|p| (p, Vec::new())).collect();
            break;
        }
    }
    // Files stay with a reply that is not sent yet; without them a check would say too much, never too little.
    let files = match about.ticket {
        Some(ticket) if !drafted.drafts.is_empty() => file_names(tenant, ticket).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    for (proposal, findings) in &mut drafted.drafts {
        let outgoing = Arc::new(outgoing(proposal, &ticket, &files));
        let checked = check(house, tenant, context, about, &outgoing, &ticket).await;
        drafted.decisions.extend(checked.decisions);
        drafted.unchecked.extend(checked.failed);
        *findings = checked.findings;
    }
    drafted
}

/// Names of the files that go with the next reply to a ticket, in the order of the alphabet: a checker is told that they are there,
/// and a call that is made again is told the same.
pub(crate) async fn file_names(tenant: &Tenant, ticket: TicketId) -> Result<Vec<String>, StoreError> {
    Ok(in_order(tenant.scope.reply_files(ticket).await?.into_iter().map(|file| file.name)))
}

/// Names of files as checkers are told them.
pub(crate) fn in_order(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A draft as it would go out to the customer, with these files.
pub(crate) fn outgoing(proposal: &DraftProposal, ticket: &TicketView, files: &[String]) -> OutgoingView {
    OutgoingView {
        subject: proposal.subject.clone().unwrap_or_else(|| posthouse_mail::compose::reply_subject(&ticket.subject)),
        body: proposal.body.clone(),
        to: vec![ticket.customer.clone()],
        cc: Vec::new(),
        language: proposal.language.clone(),
        attachment_names: files.to_vec(),
        automatic: false,
    }
}

/// What the checkers came to.
#[derive(Default)]
pub struct Checked {
    /// Every call.
    pub decisions: Vec<NewDecision>,
    /// All findings.
    pub findings: Vec<CheckFinding>,
    /// Checkers that gave no answer: such a reply is never sent without a person.
    pub failed: Vec<String>,
}

/// Asks all checkers about one reply.
pub async fn check(
    house: &House,
    tenant: &Arc<Tenant>,
    context: &CallContext,
    about: About,
    outgoing: &Arc<OutgoingView>,
    ticket: &Arc<TicketView>,
) -> Checked {
    let mut checked = Checked::default();
    for installed in tenant.plugins(World::Checker) {
        let question = Question::Check(Arc::clone(outgoing), Arc::clone(ticket));
        let asked = caller::call::<Verdict>(house, tenant, installed, about, context, question).await;
        checked.decisions.extend(asked.decisions);
        match asked.result {
            Ok(verdict) => checked.findings.extend(verdict.findings),
            Err(failure) => checked.failed.push(format!("{}: {}", installed.name(), failure.reason)),
        }
    }
    checked
}

/// Writes decisions and drafts; the drafts' ids, in their order.
pub(crate) async fn write(tx: &mut Tx, ticket: TicketId, drafted: &Drafted) -> Result<Vec<DraftId>, StoreError> {
    let actor = actor();
    tx.add_decisions(&drafted.decisions, &actor).await?;
    match &drafted.plugin {
        Some(plugin) => tx.add_drafts(ticket, plugin, &drafted.drafts, &actor).await,
        None => Ok(Vec::new()),
    }
}

/// Makes the notifications about a message that waits for review, or whose reply `leaves` by itself.
#[expect(clippy::too_many_arguments, reason = "a card names all of it")]
pub(crate) async fn tell(
    tx: &mut Tx,
    house: &House,
    tenant: &Tenant,
    ticket: &TicketRow,
    drafted: &Drafted,
    newest: &MessageView,
    message: MessageId,
    notifiers: &[String],
    leaves: Option<Timestamp>,
) -> Result<(), StoreError> {
    let desk_url = house.desk_url(tenant.slug());
    for notifier in tenant.notifiers_or_default(notifiers) {
        let key = format!("ticket:{}:message:{message}", ticket.id);
        let reader = notice::Reader {
            language: tenant.config.notice_language(notifier),
            time_zone: &tenant.config.time_zone,
            desk_url: &desk_url,
        };
        let id = format!("{}-{notifier}-{key}", tenant.slug());
        let card =
            card::seal(house.installation(), tenant.slug(), ticket.number, tx.now(), tenant.config.notify.link_days);
        let ready = notice::Ready { drafts: drafted.drafts.len(), leaves };
        let notice = notice::ticket(id, &reader, &drafted.view, newest, ready, &card, tx.now());
        let notification = NewNotification { notifier: notifier.to_owned(), key, ticket: Some(ticket.id), notice };
        tx.notify(&notification, &actor()).await?;
    }
    Ok(())
}

/// Makes a new round of drafts for a ticket that a person changed; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: TicketId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let row = scope.ticket(id).await.map_err(store)?;
    let mut drafted = None;
    if row.status.is_open() {
        let thread = scope.thread(id, view::THREAD_MAX).await.map_err(store)?;
        let newest = thread.iter().find(|m| m.direction == Direction::Incoming).map(|m| m.id);
        let recent = thread.iter().map(|m| Arc::new(view::message(m))).collect();
        let context = caller::context(house, tenant, house.now());
        let about = About { ticket: Some(id), message: newest };
        let view = Arc::new(view::ticket(&row, recent));
        drafted = Some(propose(house, tenant, &context, about, view).await);
    }
    let mut tx = scope.begin().await.map_err(store)?;
    if let Some(drafted) = &drafted {
        write(&mut tx, id, drafted).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

fn actor() -> Actor {
    Actor::Host("draft".to_owned())
}
